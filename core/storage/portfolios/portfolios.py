"""Portfolios and their snapshots in the database."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, func, select

from core.domain.filters import EVERY_PORTFOLIO, PortfolioFilter
from core.domain.portfolio import Portfolio, PortfolioRow
from core.errors import NotFound
from core.storage.database import Database
from core.storage.portfolios.groups import Groups, in_group, with_tag
from core.storage.portfolios.portfolio_document import from_document, to_document
from core.storage.sql import insert_or_replace, table
from core.storage.tables import EditTable, PortfolioTable, SnapshotTable

CHUNK = 400


class ImportOutcome(StrEnum):
    """What importing one portfolio did."""

    ADDED = "added"
    NEW_SNAPSHOT = "new_snapshot"
    REVISED = "revised"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class Stored:
    """What importing one portfolio did, and to which."""

    portfolio_id: str
    change: ImportOutcome


TotalOf = Callable[[Portfolio], Decimal | None]
"""Total value of a portfolio in its base currency; None where a rate is missing."""

_P = table(PortfolioTable)
_S = table(SnapshotTable)
_E = table(EditTable)


class Portfolios:
    """Reads and writes portfolios. Every date and every revision ever imported stays."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._groups = Groups(database)

    def save(self, portfolios: Sequence[Portfolio], total_of: TotalOf, *, actor: str, at: datetime) -> list[Stored]:
        """Store portfolios in chunks; the same content again changes nothing, so an import can be repeated.

        That holds for what people have edited since: a file that says what it said before leaves their edits alone.
        """
        stored: list[Stored] = []
        for start in range(0, len(portfolios), CHUNK):
            chunk = [(portfolio, total_of(portfolio)) for portfolio in portfolios[start : start + CHUNK]]
            with self._database.write() as connection:
                stored += self._save_chunk(connection, chunk, actor, at)
        return stored

    def _save_chunk(
        self, connection: Connection, chunk: Sequence[tuple[Portfolio, Decimal | None]], actor: str, at: datetime
    ) -> list[Stored]:
        ids = {portfolio.portfolio_id for portfolio, _ in chunk}
        newest_revision: dict[tuple[str, str], tuple[int, str]] = {}
        newest_import: dict[tuple[str, str], str] = {}
        days: dict[str, set[str]] = {}
        edited = (
            (_E.c.portfolio_id == _S.c.portfolio_id) & (_E.c.as_of == _S.c.as_of) & (_E.c.revision == _S.c.revision)
        )
        for row in connection.execute(
            select(_S.c.portfolio_id, _S.c.as_of, _S.c.revision, _S.c.content_hash, _E.c.kind)
            .join(_E, edited, isouter=True)
            .where(_S.c.portfolio_id.in_(ids))
            .order_by(_S.c.revision)
        ):
            newest_revision[row.portfolio_id, row.as_of] = (row.revision, row.content_hash)
            if row.kind is None:
                newest_import[row.portfolio_id, row.as_of] = row.content_hash
            days.setdefault(row.portfolio_id, set()).add(row.as_of)
        stored: list[Stored] = []
        snapshots: list[dict[str, Any]] = []
        rows: dict[str, dict[str, Any]] = {}
        for portfolio, total in chunk:
            key = (portfolio.portfolio_id, portfolio.as_of.isoformat())
            document = to_document(portfolio)
            digest = hashlib.sha256(document).hexdigest()
            known = newest_revision.get(key)
            if known is not None and digest in (known[1], newest_import.get(key)):
                stored.append(Stored(portfolio.portfolio_id, ImportOutcome.UNCHANGED))
                continue
            earlier = days.setdefault(portfolio.portfolio_id, set())
            change = ImportOutcome.REVISED if known else ImportOutcome.NEW_SNAPSHOT if earlier else ImportOutcome.ADDED
            revision = known[0] + 1 if known else 1
            newest_revision[key] = (revision, digest)
            newest_import[key] = digest
            earlier.add(key[1])
            snapshots.append(
                {
                    "portfolio_id": key[0],
                    "as_of": key[1],
                    "revision": revision,
                    "content_hash": digest,
                    "imported_at": at,
                    "imported_by": actor,
                    "document": document.decode(),
                }
            )
            if key[1] == max(earlier):
                rows[key[0]] = row_values(portfolio, total, at)
            if key[0] in rows:
                rows[key[0]]["snapshots"] = len(earlier)
            stored.append(Stored(portfolio.portfolio_id, change))
        if snapshots:
            connection.execute(_S.insert(), snapshots)
        if rows:
            connection.execute(insert_or_replace(connection, PortfolioTable, ["portfolio_id"]), list(rows.values()))
        for portfolio_id in {row["portfolio_id"] for row in snapshots} - rows.keys():
            connection.execute(
                _P.update().where(_P.c.portfolio_id == portfolio_id).values(snapshots=len(days[portfolio_id]))
            )
        return stored

    def page(
        self, wanted: PortfolioFilter = EVERY_PORTFOLIO, *, limit: int | None = None, offset: int = 0
    ) -> list[PortfolioRow]:
        """Portfolios by name, with their tags and groups."""
        query = narrowed(select(_P), wanted)
        query = query.order_by(_P.c.name, _P.c.portfolio_id).offset(offset)
        if limit is not None:
            query = query.limit(limit)
        with self._database.read() as connection:
            rows = [_to_row(row) for row in connection.execute(query)]
        ids = [row.portfolio_id for row in rows]
        tags, groups = self._groups.tags_of(ids), self._groups.groups_of(ids)
        return [
            replace(row, tags=tags.get(row.portfolio_id, ()), groups=groups.get(row.portfolio_id, ()))
            if row.portfolio_id in tags or row.portfolio_id in groups
            else row
            for row in rows
        ]

    def count(self, wanted: PortfolioFilter = EVERY_PORTFOLIO) -> int:
        """How many portfolios `page` would give without a limit."""
        query = narrowed(select(func.count()).select_from(_P), wanted)
        with self._database.read() as connection:
            return int(connection.execute(query).scalar_one())

    def count_by_region(self) -> dict[str, int]:
        """How many there are of each region, by region."""
        query = select(_P.c.region, func.count().label("n")).group_by(_P.c.region).order_by(_P.c.region)
        with self._database.read() as connection:
            return {row.region: int(row.n) for row in connection.execute(query)}

    def ids(self) -> list[str]:
        """Every portfolio id, by name."""
        with self._database.read() as connection:
            return list(connection.execute(select(_P.c.portfolio_id).order_by(_P.c.name, _P.c.portfolio_id)).scalars())

    def load(self, portfolio_ids: Iterable[str], *, as_of: date | None = None) -> list[Portfolio]:
        """Portfolios with their holdings, in the order asked for: the newest snapshot, or that of a day.

        Raises:
            NotFound: Names the first id that is not stored (or has no snapshot on that day).
        """
        wanted = list(portfolio_ids)
        found: dict[str, Portfolio] = {}
        with self._database.read() as connection:
            for start in range(0, len(wanted), CHUNK):
                ids = wanted[start : start + CHUNK]
                query = (
                    select(_S.c.portfolio_id, _S.c.document).where(_S.c.portfolio_id.in_(ids)).order_by(_S.c.revision)
                )
                if as_of is None:
                    query = query.join(_P, (_P.c.portfolio_id == _S.c.portfolio_id) & (_P.c.as_of == _S.c.as_of))
                else:
                    query = query.where(_S.c.as_of == as_of.isoformat())
                # Ordered by revision, so the newest one of a day is the last that is kept.
                documents = {row.portfolio_id: row.document for row in connection.execute(query)}
                found.update({key: from_document(document) for key, document in documents.items()})
        for portfolio_id in wanted:
            if portfolio_id not in found:
                raise NotFound(
                    f"There is no portfolio '{portfolio_id}'"
                    + (f" on {as_of.isoformat()}" if as_of else "")
                    + ". See the ids with: mosychlos portfolio list"
                )
        return [found[portfolio_id] for portfolio_id in wanted]

    def days(self, portfolio_id: str) -> list[date]:
        """The days a portfolio has a snapshot of, oldest first."""
        with self._database.read() as connection:
            rows = connection.execute(
                select(_S.c.as_of).where(_S.c.portfolio_id == portfolio_id).distinct().order_by(_S.c.as_of)
            ).scalars()
            return [date.fromisoformat(day) for day in rows]


def narrowed(query: Any, wanted: PortfolioFilter) -> Any:
    """Only the chosen portfolios; the query has the portfolios' table."""
    for word in wanted.search.lower().split():
        query = query.where(_P.c.search.contains(word, autoescape=True))
    if wanted.region:
        query = query.where(_P.c.region == wanted.region)
    if wanted.tag:
        query = query.where(with_tag(wanted.tag))
    if wanted.group:
        query = query.where(in_group(wanted.group))
    return query


def row_values(portfolio: Portfolio, total: Decimal | None, at: datetime) -> dict[str, Any]:
    """The portfolio's row in the table of portfolios, as it is when this is its first and newest day."""
    return {
        "portfolio_id": portfolio.portfolio_id,
        "name": portfolio.name,
        "account": portfolio.account,
        "region": portfolio.region,
        "base_currency": portfolio.base_currency,
        "source_format": portfolio.source_format,
        "is_sample": portfolio.is_sample,
        "as_of": portfolio.as_of.isoformat(),
        "holdings": len(portfolio.holdings),
        "total_value": None if total is None else str(total),
        "snapshots": 1,
        "search": f"{portfolio.name} {portfolio.account} {portfolio.portfolio_id}".lower(),
        "updated_at": at,
    }


def _to_row(row: Any) -> PortfolioRow:
    return PortfolioRow(
        portfolio_id=row.portfolio_id,
        name=row.name,
        account=row.account,
        region=row.region,
        base_currency=row.base_currency,
        as_of=date.fromisoformat(row.as_of),
        holdings=row.holdings,
        total_value=None if row.total_value is None else Decimal(row.total_value),
        source_format=row.source_format,
        is_sample=row.is_sample,
        snapshots=row.snapshots,
    )
