"""What those who watch jobs read beside their rows: causes, the ledger, what waits, what was checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import func, select

from core.domain.analysis import ResultStatus, Usage
from core.domain.job import ShardEvent, ShardState
from core.domain.oversight import Bound, Cause, LedgerRow, Waits
from core.domain.provider import meant_for
from core.storage.database import Database
from core.storage.jobs.answered import identity_of
from core.storage.jobs.outcome_writer import TOKENS
from core.storage.jobs.result_views import SUCCEEDED
from core.storage.money import from_nano
from core.storage.sql import table
from core.storage.tables import EventTable, JobTable, LedgerTable, ResultTable, RollupTable, ShardTable

_S, _L, _RES = table(ShardTable), table(LedgerTable), table(ResultTable)
_ROLL, _E, _J = table(RollupTable), table(EventTable), table(JobTable)


class JobViews:
    """Reads for people who watch jobs. Writes nothing."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def causes(self, job_id: str) -> list[Cause]:
        """Endings without an analysis that are alike, the most frequent first."""
        query = (
            select(
                _RES.c.status,
                func.coalesce(_RES.c.error_code, "").label("code"),
                _RES.c.error_transient,
                func.count().label("n"),
                func.min(_RES.c.error_message).label("example"),
            )
            .where(_RES.c.job_id == job_id, _RES.c.status != SUCCEEDED)
            .group_by(_RES.c.status, _RES.c.error_code, _RES.c.error_transient)
        )
        with self._database.read() as connection:
            found = [
                Cause(ResultStatus(row.status), row.code, bool(row.error_transient), int(row.n), row.example or "")
                for row in connection.execute(query)
            ]
        return sorted(found, key=lambda cause: (-cause.requests, cause.status, cause.code))

    def ledger(self, job_id: str) -> list[LedgerRow]:
        """What each provider batch of a job came to, the oldest first."""
        query = select(_L).where(_L.c.job_id == job_id).order_by(_L.c.at, _L.c.batch_id)
        with self._database.read() as connection:
            return [
                LedgerRow(
                    row.batch_id,
                    row.shard_id,
                    row.at,
                    row.model,
                    Usage(*(int(getattr(row, name)) for name in TOKENS)),
                    from_nano(None if row.cost_nano is None else int(row.cost_nano)),
                )
                for row in connection.execute(query)
            ]

    def waits(self, job_ids: Sequence[str]) -> dict[str, Waits]:
        """Jobs of which a batch has not reached the provider, with what the first of them waits for."""
        if not job_ids:
            return {}
        before = (ShardState.QUEUED, ShardState.UPLOADING, ShardState.SUBMITTING, ShardState.UNKNOWN)
        query = (
            select(_S.c.job_id, _S.c.place, _S.c.message, _S.c.hold_until)
            .where(
                _S.c.job_id.in_(list(job_ids)),
                _S.c.ended_at.is_(None),
                _S.c.state.in_([state.value for state in before]),
            )
            .order_by(_S.c.job_id, _S.c.place, _S.c.shard_index)
        )
        found: dict[str, Waits] = {}
        with self._database.read() as connection:
            for row in connection.execute(query):
                first = found.get(row.job_id)
                # A batch that tells its reason speaks for those that have none yet.
                if first is None or (row.message and not first.reason):
                    batches = 1 if first is None else first.batches + 1
                    found[row.job_id] = Waits(batches, int(row.place), row.message, row.hold_until)
                else:
                    found[row.job_id] = replace(first, batches=first.batches + 1)
        return found

    def bound(self, job_ids: Sequence[str] | None = None) -> list[Bound]:
        """Approved jobs that have not ended, with whom they were approved for; the oldest first.

        Args:
            job_ids: Only these; None for all.
        """
        batches = select(func.count()).where(_S.c.job_id == _J.c.job_id, _S.c.ended_at.is_(None)).scalar_subquery()
        query = (
            select(_J.c.job_id, _J.c.provider_id, _J.c.provider, batches.label("batches"))
            .where(_J.c.ended_at.is_(None), _J.c.approved_at.is_not(None))
            .order_by(_J.c.approved_at, _J.c.job_id)
        )
        if job_ids is not None:
            query = query.where(_J.c.job_id.in_(list(job_ids)))
        with self._database.read() as connection:
            return [
                Bound(row.job_id, row.provider_id, meant_for(identity_of(row), row.provider_id), int(row.batches))
                for row in connection.execute(query)
            ]

    def models(self) -> list[str]:
        """Models that jobs were asked of, by name."""
        with self._database.read() as connection:
            return [str(row.model) for row in connection.execute(select(_J.c.model).distinct().order_by(_J.c.model))]

    def checked(self, job_ids: Sequence[str]) -> dict[str, tuple[int, int]]:
        """(verified, stated) numbers of jobs' answers; a job without any is left out."""
        if not job_ids:
            return {}
        query = select(_ROLL).where(_ROLL.c.job_id.in_(list(job_ids)), _ROLL.c.dimension == "numbers")
        found: dict[str, tuple[int, int]] = {}
        with self._database.read() as connection:
            for row in connection.execute(query):
                verified, stated = found.get(row.job_id, (0, 0))
                n = int(row.n)
                found[row.job_id] = (verified + (n if row.value == "verified" else 0), stated + n)
        return {job_id: counted for job_id, counted in found.items() if counted[1]}

    def unanswered_creates(self, job_id: str) -> dict[str, int]:
        """How many creates of a shard got no answer since it was last found, accepted or decided on by a person."""
        over = {ShardEvent.ACCEPTED.value, ShardEvent.ADOPTED.value, ShardEvent.RESUME.value}
        told = (ShardEvent.AMBIGUOUS.value, *over)
        query = (
            select(_E.c.shard_id, _E.c.event).where(_E.c.job_id == job_id, _E.c.event.in_(told)).order_by(_E.c.event_id)
        )
        found: dict[str, int] = {}
        with self._database.read() as connection:
            for row in connection.execute(query):
                found[row.shard_id] = 0 if row.event in over else found.get(row.shard_id, 0) + 1
        return found

    def job_of_batch(self, batch_ids: Sequence[str]) -> str:
        """The job that one of these provider batches belongs to; "" when none does."""
        query = select(_S.c.job_id).where(_S.c.batch_id.in_(list(batch_ids))).limit(1)
        with self._database.read() as connection:
            row = connection.execute(query).first()
        return "" if row is None else str(row.job_id)
