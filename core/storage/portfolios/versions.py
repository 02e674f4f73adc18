"""Versions of what a portfolio's figures are made of: a stamp that changes with any of it, and the days' revisions."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Any

from sqlalchemy import func, select

from core.storage.database import Database
from core.storage.sql import table
from core.storage.tables import (
    EconomicSeriesTable,
    FundCodeTable,
    FundHoldingsTable,
    GroupMemberTable,
    InstrumentTable,
    IsinLeiTable,
    LegalNameTable,
    LegalParentTable,
    PolicyTable,
    PriceTable,
    SnapshotTable,
)

_S = table(SnapshotTable)
_T = table(PriceTable)
_E = table(EconomicSeriesTable)
_I = table(InstrumentTable)
_P = table(PolicyTable)
_M = table(GroupMemberTable)
_F = table(FundHoldingsTable)
_C = table(FundCodeTable)
_ENTITIES = [table(one) for one in (IsinLeiTable, LegalNameTable, LegalParentTable)]


class Versions:
    """Reads versions, without any holdings."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def stamp(self, portfolio_id: str, symbols: Collection[str]) -> str:
        """A text that changes whenever the portfolio's figures may: what was computed under it may be shown again.

        It covers the snapshots, the prices of `symbols`, economic series, the register, policies, funds, legal entities
        and the portfolio's groups.

        Args:
            symbols: Of the holdings and of the benchmark.
        """
        held = _T.c.symbol.in_(sorted(set(symbols)))
        member = _M.c.portfolio_id == portfolio_id
        parts: list[Any] = []
        for newest, rows, condition in (
            (func.max(_S.c.imported_at), _S, _S.c.portfolio_id == portfolio_id),
            (func.max(_T.c.updated_at), _T, held),
            (func.max(_T.c.last_day), _T, held),
            (func.sum(_T.c.closes), _T, held),
            (func.max(_E.c.fetched_at), _E, None),
            (func.max(_I.c.changed_at), _I, None),
            (func.max(_P.c.stored_at), _P, None),
            (func.max(_F.c.imported_at), _F, None),
            (func.max(_C.c.updated_at), _C, None),
            (func.max(_M.c.at), _M, member),
            *((func.max(one.c.updated_at), one, None) for one in _ENTITIES),
        ):
            for value in (newest, func.count()):
                query = select(value).select_from(rows)
                parts.append((query if condition is None else query.where(condition)).scalar_subquery())
        with self._database.read() as connection:
            (found,) = connection.execute(select(*parts)).all()
        return "|".join(str(value) for value in found)

    def days(self, portfolio_id: str) -> dict[date, int]:
        """How many revisions each stored day has, the oldest day first; empty for no such portfolio."""
        query = (
            select(_S.c.as_of, func.max(_S.c.revision).label("newest"))
            .where(_S.c.portfolio_id == portfolio_id)
            .group_by(_S.c.as_of)
            .order_by(_S.c.as_of)
        )
        with self._database.read() as connection:
            return {date.fromisoformat(row.as_of): int(row.newest) for row in connection.execute(query)}
