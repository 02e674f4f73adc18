"""Alerts: raised once for each kind and subject, cleared when they are over."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, select, update

from core.domain.alert import Alert, AlertKind
from core.storage.database import Database
from core.storage.sql import insert_or_ignore, table
from core.storage.tables import AlertTable

_A = table(AlertTable)

KEPT = timedelta(days=90)
"""How long an alert that is over is remembered."""


class Alerts:
    """Reads and writes alerts."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def raise_(self, kind: AlertKind, subject: str, text: str, *, at: datetime) -> bool:
        """Say something once; True when it is news, False when it was said already and still stands."""
        standing = select(_A.c.kind).where(_A.c.kind == kind.value, _A.c.subject == subject, _A.c.cleared_at.is_(None))
        with self._database.read() as connection:
            if connection.execute(standing).first() is not None:
                return False  # the usual case of what goes on being so: no write
        with self._database.write() as connection:
            return raise_alert(connection, kind, subject, text, at=at)

    def clear(self, subject: str, *kinds: AlertKind, at: datetime) -> int:
        """Say that it is over; returns how many alerts stood. Without kinds: all of the subject."""
        query = select(_A.c.kind).where(_A.c.subject == subject, _A.c.cleared_at.is_(None))
        with self._database.read() as connection:
            standing = {AlertKind(row.kind) for row in connection.execute(query)}
        over = standing & set(kinds) if kinds else standing
        if not over:
            return 0
        with self._database.write() as connection:
            connection.execute(
                update(_A)
                .where(_A.c.subject == subject, _A.c.kind.in_([kind.value for kind in over]))
                .values(cleared_at=at)
            )
            connection.execute(delete(_A).where(_A.c.cleared_at < at - KEPT))
        return len(over)

    def standing(self, *, limit: int = 200) -> list[Alert]:
        """Alerts that are not over, the newest first."""
        query = select(_A).where(_A.c.cleared_at.is_(None)).order_by(_A.c.raised_at.desc(), _A.c.subject).limit(limit)
        with self._database.read() as connection:
            return [_to_alert(row) for row in connection.execute(query)]

    def subjects(self, kind: AlertKind) -> set[str]:
        """What alerts of a kind stand about."""
        query = select(_A.c.subject).where(_A.c.kind == kind.value, _A.c.cleared_at.is_(None))
        with self._database.read() as connection:
            return set(connection.execute(query).scalars())

    def ever(self, kind: AlertKind) -> set[str]:
        """What alerts of a kind were about that are remembered, over or not."""
        with self._database.read() as connection:
            return set(connection.execute(select(_A.c.subject).where(_A.c.kind == kind.value)).scalars())

    def of(self, subject: str) -> list[Alert]:
        """Everything ever said about a subject and still remembered, the newest first."""
        query = select(_A).where(_A.c.subject == subject).order_by(_A.c.raised_at.desc())
        with self._database.read() as connection:
            return [_to_alert(row) for row in connection.execute(query)]


def raise_alert(connection: Connection, kind: AlertKind, subject: str, text: str, *, at: datetime) -> bool:
    """`Alerts.raise_` inside a transaction of the caller's."""
    mine = (_A.c.kind == kind.value) & (_A.c.subject == subject)
    if connection.execute(select(_A.c.kind).where(mine)).first() is None:
        connection.execute(
            insert_or_ignore(connection, AlertTable),
            {"kind": kind.value, "subject": subject, "text": text, "raised_at": at, "cleared_at": None},
        )
        return True
    again = connection.execute(
        update(_A).where(mine, _A.c.cleared_at.is_not(None)).values(text=text, raised_at=at, cleared_at=None)
    )
    return again.rowcount == 1


def clear_alert(connection: Connection, kind: AlertKind, subject: str, *, at: datetime) -> None:
    """`Alerts.clear` of one kind, inside a transaction of the caller's."""
    connection.execute(
        update(_A)
        .where(_A.c.kind == kind.value, _A.c.subject == subject, _A.c.cleared_at.is_(None))
        .values(cleared_at=at)
    )


def _to_alert(row: Any) -> Alert:
    return Alert(AlertKind(row.kind), row.subject, row.text, row.raised_at, row.cleared_at)
