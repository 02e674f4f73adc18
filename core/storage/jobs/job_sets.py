"""Jobs that were submitted together: approved in one transaction, all or none, and looked at together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import Connection, func, select, update

from core.domain.job import JobState
from core.domain.records import ItemCounts, JobRow, JobSet
from core.errors import NotFound
from core.storage.database import Database
from core.storage.jobs.job_moves import approve_job, record_event
from core.storage.jobs.job_rows import to_row
from core.storage.jobs.open_jobs import alike, stop_alike, stop_approved_since
from core.storage.jobs.reservations import BudgetCheck, lock_money
from core.storage.money import from_nano
from core.storage.sql import table
from core.storage.tables import JobSetTable, JobTable, ShardTable

_COUNTS: Final = ("total", "succeeded", "failed", "missing")
_J, _SET, _S = table(JobTable), table(JobSetTable), table(ShardTable)


@dataclass(frozen=True, slots=True)
class NewSet:
    """A set about to be stored.

    Attributes:
        set_id: "" for a job that is submitted alone.
        comparison: "models", "prompts" or "".
    """

    set_id: str
    name: str
    comparison: str
    created_at: datetime
    created_by: str


@dataclass(frozen=True, slots=True)
class Approval:
    """A stored draft, to be approved as it was shown.

    Attributes:
        question: What it asks, to be told apart from what is open already; "" to ask it whatever is open.
        notes: Lines of its history: (event, text), such as a stand-in's reason.
        fallback: The stand-in as JSON; "" for none.
    """

    job_id: str
    spec_hash: str
    check: BudgetCheck
    notes: tuple[tuple[str, str], ...] = ()
    fallback: str = ""
    question: str = ""


class JobSets:
    """Reads and writes sets of jobs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def approve(self, new: NewSet, jobs: Sequence[Approval], *, actor: str, at: datetime) -> None:
        """Take all drafts to queued and reserve each one's expected cost, in one transaction.

        Each check sees what those before it have reserved, so that together they keep to the limits.

        Raises:
            Refused: A draft is not what was shown.
            OverBudget: From a check. Nothing was approved and nothing reserved.
            AlreadyOpen: The same is asked already. Whoever approves holds the purse, so of two that ask the same at
                once the second finds the first.
            StaleMove: One of them is not a draft any more.
        """
        with self._database.write() as connection:
            lock_money(connection)
            stop_alike(alike(connection, [job.question for job in jobs]), [job.question for job in jobs], actor, at)
            stop_approved_since(connection, [job.job_id for job in jobs if job.question])
            if new.set_id:
                connection.execute(
                    _SET.insert().values(
                        set_id=new.set_id,
                        name=new.name[:300],
                        comparison=new.comparison,
                        created_at=new.created_at,
                        created_by=new.created_by,
                        jobs=len(jobs),
                    )
                )
            for job in jobs:
                if new.set_id or job.fallback:
                    connection.execute(
                        update(_J).where(_J.c.job_id == job.job_id).values(set_id=new.set_id, fallback=job.fallback)
                    )
                for event, text in job.notes:
                    record_event(connection, job.job_id, None, at, actor, event, text)
                approve_job(connection, job.job_id, job.spec_hash, job.check, actor=actor, at=at)

    def replaced(self, job_id: str, fallback: str, note: str, *, actor: str, at: datetime) -> None:
        """Note that another model stands in for the one that a job had, from a retry on."""
        with self._database.write() as connection:
            connection.execute(update(_J).where(_J.c.job_id == job_id).values(fallback=fallback))
            record_event(connection, job_id, None, at, actor, "fallback", note)

    def jobs(self, set_id: str) -> list[JobRow]:
        """The jobs of a set, in the order they were written.

        Raises:
            NotFound: No such set.
        """
        with self._database.read() as connection:
            done = {
                row.job_id: int(row.done)
                for row in connection.execute(
                    select(_S.c.job_id, func.sum(_S.c.provider_completed + _S.c.provider_failed).label("done"))
                    .join(_J, _J.c.job_id == _S.c.job_id)
                    .where(_J.c.set_id == set_id, _S.c.ended_at.is_(None))
                    .group_by(_S.c.job_id)
                )
            }
            rows = connection.execute(
                select(_J).where(_J.c.set_id == set_id).order_by(_J.c.created_at, _J.c.job_id)
            ).all()
        if not rows or not set_id:
            raise NotFound(f"There is no set '{set_id}'. See the sets with: mosychlos portfolio batch sets")
        return [to_row(row, done.get(row.job_id, 0)) for row in rows]

    def page(self, *, limit: int = 50, offset: int = 0) -> list[JobSet]:
        """Sets, newest first."""
        query = select(_SET).order_by(_SET.c.created_at.desc(), _SET.c.set_id.desc()).limit(limit).offset(offset)
        with self._database.read() as connection:
            return _described(connection, connection.execute(query).all())

    def count(self) -> int:
        """How many sets there are."""
        with self._database.read() as connection:
            return int(connection.execute(select(func.count()).select_from(_SET)).scalar_one())

    def get(self, set_id: str) -> JobSet:
        """One set.

        Raises:
            NotFound: No such set.
        """
        with self._database.read() as connection:
            found = _described(connection, connection.execute(select(_SET).where(_SET.c.set_id == set_id)).all())
        if not found:
            raise NotFound(f"There is no set '{set_id}'. See the sets with: mosychlos portfolio batch sets")
        return found[0]


def _described(connection: Connection, rows: Sequence[Any]) -> list[JobSet]:
    """Sets with what their jobs come to, in one more query."""
    jobs: dict[str, list[Any]] = {row.set_id: [] for row in rows}
    for job in connection.execute(select(_J).where(_J.c.set_id.in_(list(jobs)))):
        jobs[job.set_id].append(job)
    return [_set(row, jobs[row.set_id]) for row in rows]


def _set(row: Any, jobs: Sequence[Any]) -> JobSet:
    states: dict[JobState, int] = {}
    for job in jobs:
        states[JobState(job.state)] = states.get(JobState(job.state), 0) + 1
    return JobSet(
        set_id=row.set_id,
        name=row.name,
        comparison=row.comparison,
        created_at=row.created_at,
        created_by=row.created_by,
        jobs=row.jobs,
        states=states,
        counts=ItemCounts(*(sum(getattr(job, name) for job in jobs) for name in _COUNTS)),
        expected_usd=_usd([job.expected_nano for job in jobs]),
        actual_usd=_usd([job.actual_nano for job in jobs]),
    )


def _usd(parts: Sequence[int | None]) -> Decimal | None:
    known = [int(part) for part in parts if part is not None]
    return from_nano(sum(known)) if len(known) == len(parts) else None
