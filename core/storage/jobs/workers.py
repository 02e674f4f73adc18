"""Signs of life of worker processes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, select

from core.domain.records import WorkerRow
from core.storage.database import Database
from core.storage.sql import insert_or_replace, table
from core.storage.tables import WorkerTable

_W = table(WorkerTable)
FORGOTTEN = timedelta(days=1)


class Workers:
    """Reads and writes heartbeats."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def beat(
        self, worker_id: str, *, started_at: datetime, now: datetime, provider: str, accepts: Sequence[str] = ()
    ) -> None:
        """Say that a worker lives; rows of workers silent for a day are dropped.

        Args:
            provider: Whom it serves, for people; `accepts`: ids of the jobs that it works on.
        """
        with self._database.write() as connection:
            connection.execute(
                insert_or_replace(connection, WorkerTable, ["worker_id"]),
                {"worker_id": worker_id, "started_at": started_at, "beat_at": now}
                | {"provider": provider, "accepts": " ".join(accepts)},
            )
            connection.execute(delete(_W).where(_W.c.beat_at < now - FORGOTTEN))

    def leave(self, worker_id: str) -> None:
        """A worker ends in an orderly way."""
        with self._database.write() as connection:
            connection.execute(delete(_W).where(_W.c.worker_id == worker_id))

    def alive(self) -> list[WorkerRow]:
        """Workers heard of within a day, the liveliest first."""
        with self._database.read() as connection:
            rows = connection.execute(select(_W).order_by(_W.c.beat_at.desc())).all()
        return [
            WorkerRow(row.worker_id, row.started_at, row.beat_at, row.provider, tuple(row.accepts.split()))
            for row in rows
        ]
