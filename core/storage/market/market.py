"""Answers of market data sources in the database: the last one to each question, with the moment it was given."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import orjson
from sqlalchemy import func, select

from core.storage.database import Database
from core.storage.sql import insert_or_replace, table
from core.storage.tables import MarketAnswerTable

_T = table(MarketAnswerTable)


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """A stored answer: the JSON value, the newest day it speaks of, and when it was asked for."""

    body: Any
    as_of: date | None
    fetched_at: datetime


class MarketAnswers:
    """Keeps one answer for each source, kind of question and item. What may not be stored never comes here."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def keep(self, source_id: str, kind: str, item: str, body: Any, *, as_of: date | None, at: datetime) -> None:
        """Store an answer in place of the last one to the same question."""
        row = {
            "source_id": source_id,
            "kind": kind,
            "item": item,
            "as_of": None if as_of is None else as_of.isoformat(),
            "fetched_at": at,
            "body": orjson.dumps(body).decode(),
        }
        with self._database.write() as connection:
            connection.execute(insert_or_replace(connection, MarketAnswerTable, ["source_id", "kind", "item"]), [row])

    def find(self, source_id: str, kind: str, item: str) -> KeptAnswer | None:
        """The stored answer to a question, or None."""
        query = select(_T.c.body, _T.c.as_of, _T.c.fetched_at).where(
            _T.c.source_id == source_id, _T.c.kind == kind, _T.c.item == item
        )
        with self._database.read() as connection:
            row = connection.execute(query).first()
        if row is None:
            return None
        as_of = None if row.as_of is None else date.fromisoformat(row.as_of)
        return KeptAnswer(orjson.loads(row.body), as_of, row.fetched_at)

    def newest(self) -> dict[str, tuple[datetime, int]]:
        """By source: when the newest of its stored answers was given, and how many there are."""
        query = select(_T.c.source_id, func.max(_T.c.fetched_at).label("at"), func.count().label("answers"))
        with self._database.read() as connection:
            rows = connection.execute(query.group_by(_T.c.source_id)).all()
        return {row.source_id: (row.at, row.answers) for row in rows}
