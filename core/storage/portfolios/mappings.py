"""Mappings of a table's columns, remembered by the fingerprint of its header."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import select

from core.intake.cells.numbers import NumberStyle
from core.intake.tables.column_mapping import ColumnMapping
from core.intake.transactions.moments import DayOrder
from core.storage.database import Database
from core.storage.sql import insert_or_replace, table
from core.storage.tables import ImportMappingTable

_T = table(ImportMappingTable)


@dataclass(frozen=True, slots=True)
class RememberedMapping:
    """A mapping as somebody confirmed it.

    Attributes:
        fingerprint: Of the header (`core.intake.tables.mapping.fingerprint_of`).
        header: The header's cells, for people.
        confirmed_by: The actor's subject.
    """

    fingerprint: str
    header: tuple[str, ...]
    mapping: ColumnMapping
    confirmed_by: str
    confirmed_at: datetime


class Mappings:
    """Keeps one mapping a header, for everybody who imports here; a new one replaces it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def keep(self, remembered: RememberedMapping) -> None:
        """Store a mapping in place of the last one for the same header."""
        row = {
            "fingerprint": remembered.fingerprint,
            "header": orjson.dumps(remembered.header).decode(),
            "mapping": orjson.dumps(_document(remembered.mapping)).decode(),
            "confirmed_by": remembered.confirmed_by,
            "confirmed_at": remembered.confirmed_at,
        }
        with self._database.write() as connection:
            connection.execute(insert_or_replace(connection, ImportMappingTable, ["fingerprint"]), [row])

    def find(self, fingerprint: str) -> ColumnMapping | None:
        """The mapping for a header, or None."""
        with self._database.read() as connection:
            found = connection.execute(select(_T.c.mapping).where(_T.c.fingerprint == fingerprint)).scalar()
        return None if found is None else _mapping(orjson.loads(found))

    def all(self) -> list[RememberedMapping]:
        """Every mapping, the newest first."""
        query = select(_T).order_by(_T.c.confirmed_at.desc(), _T.c.fingerprint)
        with self._database.read() as connection:
            rows = connection.execute(query).all()
        return [
            RememberedMapping(
                row.fingerprint,
                tuple(orjson.loads(row.header)),
                _mapping(orjson.loads(row.mapping)),
                row.confirmed_by,
                row.confirmed_at,
            )
            for row in rows
        ]

    def forget(self, fingerprint: str) -> bool:
        """Drop a mapping; True when there was one."""
        with self._database.write() as connection:
            return bool(connection.execute(_T.delete().where(_T.c.fingerprint == fingerprint)).rowcount)


def _document(mapping: ColumnMapping) -> dict[str, Any]:
    return {
        "columns": mapping.columns,
        "fixed": mapping.fixed,
        "day_order": mapping.day_order.value,
        "style": None if mapping.style is None else mapping.style.value,
    }


def _mapping(found: dict[str, Any]) -> ColumnMapping:
    return ColumnMapping(
        columns=tuple((field, int(place)) for field, place in found["columns"]),
        fixed=tuple((field, value) for field, value in found["fixed"]),
        day_order=DayOrder(found["day_order"]),
        style=None if found["style"] is None else NumberStyle(found["style"]),
    )
