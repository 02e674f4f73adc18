"""Jobs that are under way and ask the very same: so that nobody buys twice what somebody waits for already."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, select

from core.domain.job import JobState
from core.domain.records import OpenJob
from core.errors import AlreadyOpen
from core.storage.database import Database
from core.storage.sql import table
from core.storage.tables import JobTable, RequestTable, ResultTable

_J, _R, _RES = table(JobTable), table(RequestTable), table(ResultTable)
_AT_ONCE: Final = 400
_NAMED: Final = 3
"""Portfolios that a message names."""


class OpenJobs:
    """Reads what is under way."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def alike(self, questions: Collection[str]) -> dict[str, OpenJob]:
        """Open jobs that ask one of these questions, by the question; the oldest of each."""
        with self._database.read() as connection:
            return alike(connection, questions)

    def of_ids(self, job_ids: Collection[str]) -> list[OpenJob]:
        """Those of these jobs that are open, oldest first."""
        query = select(_J).where(_J.c.job_id.in_(list(job_ids)), *_OPEN).order_by(_J.c.approved_at, _J.c.job_id)
        with self._database.read() as connection:
            return [_open_job(row) for row in connection.execute(query)]

    def of_nonce(self, nonce: str) -> OpenJob | None:
        """The job that one opening of a form has submitted, ended or not; None while there is none."""
        query = select(_J).where(_J.c.nonce == nonce, _J.c.approved_at.is_not(None))
        with self._database.read() as connection:
            row = connection.execute(query).first()
        return None if row is None else _open_job(row)

    def waiting(self, hashes: Iterable[str], provider_id: str) -> dict[str, str]:
        """Requests with these bodies that wait for an answer, by the hash: the job that they stand in."""
        wanted, found = list(hashes), dict[str, str]()
        with self._database.read() as connection:
            for start in range(0, len(wanted), _AT_ONCE):
                query = (
                    select(_R.c.body_hash, _R.c.job_id)
                    .join(_J, _J.c.job_id == _R.c.job_id)
                    .outerjoin(_RES, (_RES.c.job_id == _R.c.job_id) & (_RES.c.custom_id == _R.c.custom_id))
                    .where(
                        _R.c.body_hash.in_(wanted[start : start + _AT_ONCE]),
                        _R.c.body_hash != "",
                        _RES.c.status.is_(None),
                        _J.c.provider_id == provider_id,
                        *_OPEN,
                    )
                )
                found.update((row.body_hash, row.job_id) for row in connection.execute(query))
        return found


_OPEN = (_J.c.approved_at.is_not(None), _J.c.ended_at.is_(None), _J.c.cancel_wish.is_(False))
"""What makes a job open: somebody approved it, it goes on, and nobody wants it to stop."""


def alike(connection: Connection, questions: Collection[str]) -> dict[str, OpenJob]:
    """`OpenJobs.alike` inside a transaction of the caller's."""
    wanted = [question for question in questions if question]
    if not wanted:
        return {}
    query = select(_J).where(_J.c.question.in_(wanted), _J.c.question != "", *_OPEN)
    found: dict[str, OpenJob] = {}
    for row in connection.execute(query.order_by(_J.c.approved_at, _J.c.job_id)):
        found.setdefault(row.question, _open_job(row))
    return found


def _open_job(row: Any) -> OpenJob:
    return OpenJob(
        job_id=row.job_id,
        set_id=row.set_id,
        created_by=row.created_by,
        approved_at=row.approved_at,
        state=JobState(row.state),
        requests=row.total,
    )


def stop_alike(found: Mapping[str, OpenJob], questions: Sequence[str], subject: str, now: datetime) -> None:
    """Let nothing be bought that is open already.

    Args:
        found: Open jobs by what they ask.
        questions: What is about to be bought, in order.
        subject: Who buys.

    Raises:
        AlreadyOpen: Some of it is open.
    """
    places = {place: found[question].job_id for place, question in enumerate(questions) if question in found}
    if places:
        said = dict.fromkeys(found[question].said(subject, now) for question in questions if question in found)
        raise AlreadyOpen(" ".join(said), places)


def stop_waiting(wishes: Sequence[tuple[Mapping[str, str], int]]) -> None:
    """Let no request be bought that waits for an answer in a job of other requests.

    Args:
        wishes: Of each wish, in order: the portfolios whose request waits, each with the open job; and how many
            requests it would send.

    Raises:
        AlreadyOpen: Some of it waits: `places` has the wishes of which all waits in one job, `parts` the others.
    """
    said = [_waiting(waiting, sent) for waiting, sent in wishes if waiting]
    if not said:
        return
    places: dict[int, str] = {}
    parts: dict[int, Mapping[str, str]] = {}
    for place, (waiting, sent) in enumerate(wishes):
        jobs = set(waiting.values())
        if len(waiting) == sent and len(jobs) == 1:
            places[place] = jobs.pop()
        elif waiting:
            parts[place] = waiting
    raise AlreadyOpen(" ".join(said), places, parts)


def _waiting(waiting: Mapping[str, str], sent: int) -> str:
    jobs = list(dict.fromkeys(waiting.values()))
    where = f"job {jobs[0]}" if len(jobs) == 1 else f"{len(jobs)} jobs, such as {jobs[0]}"
    if len(waiting) == sent:
        what = "This very request" if sent == 1 else "Every one of these requests"
        return f"{what} waits for an answer already, in {where}."
    some = ", ".join(list(waiting)[:_NAMED]) + (", …" if len(waiting) > _NAMED else "")
    return f"{len(waiting):,} of these {sent:,} requests wait for an answer already ({some}), in {where}."
