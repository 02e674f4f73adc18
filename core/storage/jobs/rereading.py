"""Result lines that were not understood: who wants them read again, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, select, update

from core.domain.job import JOB_ENDED, JobState
from core.domain.records import ShardClaim
from core.errors import Refused
from core.storage.database import Database
from core.storage.jobs.job_moves import job_row, record_event
from core.storage.jobs.results import Stray, keep_place
from core.storage.jobs.shards import check_fence
from core.storage.jobs.unread_lines import unread
from core.storage.sql import table
from core.storage.tables import JobTable, ShardTable, StrayTable

_J, _S, _STRAY = table(JobTable), table(ShardTable), table(StrayTable)

WISHED = "reread_wish"
"""Event of a wish."""


class Rereading:
    """Reads and writes what reading again needs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def wish(self, job_id: str, *, actor: str, at: datetime) -> None:
        """Note that somebody wants the stored lines of a job read again; a worker does it.

        Raises:
            NotFound: No such job.
            Refused: It has not ended.
        """
        with self._database.write() as connection:
            row = job_row(connection, job_id)
            if JobState(row.state) not in JOB_ENDED:
                raise Refused(f"Job {job_id} is {row.state}: its lines can be read again once it has ended.")
            if not row.reread_by:
                connection.execute(update(_J).where(_J.c.job_id == job_id).values(reread_by=actor))
                record_event(connection, job_id, None, at, actor, WISHED, "asked to read its stored lines again")

    def wished(self, *, limit: int, providers: Sequence[str]) -> dict[str, str]:
        """Who wants which job read again."""
        query = (
            select(_J.c.job_id, _J.c.reread_by)
            .where(_J.c.reread_by != "", _J.c.provider_id.in_(list(providers)))
            .order_by(_J.c.job_id)
            .limit(limit)
        )
        with self._database.read() as connection:
            return {row.job_id: row.reread_by for row in connection.execute(query)}

    def is_wished(self, job_id: str) -> bool:
        """Whether somebody waits for it."""
        with self._database.read() as connection:
            found = connection.execute(select(_J.c.reread_by).where(_J.c.job_id == job_id)).scalar_one_or_none()
            return bool(found)

    def done(self, job_id: str, *, actor: str, note: str, at: datetime) -> None:
        """Note what reading again came to."""
        with self._database.write() as connection:
            connection.execute(update(_J).where(_J.c.job_id == job_id).values(reread_by=""))
            record_event(connection, job_id, None, at, actor, "reread", note)

    def not_understood(self, shard_id: str) -> bool:
        """Whether a batch has lines that were not understood."""
        query = select(_S.c.shard_id).where(_S.c.shard_id == shard_id, unread())
        with self._database.read() as connection:
            return connection.execute(query).first() is not None

    def replace_strays(self, claim: ShardClaim, strays: Sequence[Stray]) -> None:
        """Put these in the place of a batch's lines that named no request.

        Raises:
            StaleMove: The claim was taken over. Nothing was changed.
        """
        with self._database.write() as connection:
            check_fence(connection, claim)
            _forget_strays(connection, claim.shard_id)
            keep_place(connection, claim, strays, file="", read_to=0)


def _forget_strays(connection: Connection, shard_id: str) -> None:
    connection.execute(delete(_STRAY).where(_STRAY.c.shard_id == shard_id, _STRAY.c.custom_id == ""))
