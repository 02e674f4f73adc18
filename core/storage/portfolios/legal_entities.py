"""What registers of legal entities say, as far as it is kept: identifiers of issuers, names, ultimate parents."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from core.domain.issuers import IssuerLinks
from core.storage.database import Database
from core.storage.sql import insert_or_replace, table
from core.storage.tables import IsinLeiTable, LegalNameTable, LegalParentTable

_I = table(IsinLeiTable)
_N = table(LegalNameTable)
_P = table(LegalParentTable)
_AT_ONCE = 5_000


@dataclass(frozen=True, slots=True)
class EntityCounts:
    """How much is kept, and since when; None where nothing is."""

    isins: int
    names: int
    parents: int
    updated_at: datetime | None


class LegalEntities:
    """Reads and writes what is kept of the registers. A newer row takes the place of the older."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def keep(self, links: IssuerLinks, ended: Collection[str], *, at: datetime) -> None:
        """Add and correct; entities in `ended` are no longer consolidated by anybody."""
        with self._database.write() as connection:
            for model, key, rows in (
                (IsinLeiTable, "isin", _rows(links.leis, "isin", "lei", at)),
                (LegalNameTable, "lei", _rows(links.names, "lei", "name", at)),
                (LegalParentTable, "lei", _rows(links.parents, "lei", "parent", at)),
            ):
                for start in range(0, len(rows), _AT_ONCE):
                    connection.execute(insert_or_replace(connection, model, [key]), rows[start : start + _AT_ONCE])
            gone = sorted(ended)
            for start in range(0, len(gone), _AT_ONCE):
                connection.execute(_P.delete().where(_P.c.lei.in_(gone[start : start + _AT_ONCE])))

    def links(self) -> IssuerLinks:
        """Everything that is kept."""
        with self._database.read() as connection:
            return IssuerLinks(
                {row.isin: row.lei for row in connection.execute(select(_I.c.isin, _I.c.lei))},
                {row.lei: row.name for row in connection.execute(select(_N.c.lei, _N.c.name))},
                {row.lei: row.parent for row in connection.execute(select(_P.c.lei, _P.c.parent))},
            )

    def counts(self) -> EntityCounts:
        """How much is kept."""
        with self._database.read() as connection:
            found = [connection.execute(select(func.count(), func.max(one.c.updated_at))).one() for one in (_I, _N, _P)]
        moments = [row[1] for row in found if row[1] is not None]
        isins, names, parents = (int(row[0]) for row in found)
        return EntityCounts(isins, names, parents, max(moments, default=None))


def _rows(values: Mapping[str, str], key: str, value: str, at: datetime) -> list[dict[str, Any]]:
    return [{key: one, value: other, "updated_at": at} for one, other in sorted(values.items())]
