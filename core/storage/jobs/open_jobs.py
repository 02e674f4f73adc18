"""Jobs that are under way and ask the very same: so that nobody buys twice what somebody waits for already."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, select

from core.domain.job import JobState
from core.domain.records import OpenJob
from core.domain.trial import TryState, in_words
from core.errors import AlreadyOpen
from core.storage.database import Database
from core.storage.sql import table
from core.storage.tables import JobTable, RequestTable, ResultTable, ShardTable, TryTable

_J, _R, _RES, _S = table(JobTable), table(RequestTable), table(ResultTable), table(ShardTable)
_T = table(TryTable)
_AT_ONCE: Final = 400

ASKED_AGAIN: Final = "~"
"""Stands before the hash of a request that is asked again: it waits, and its answer is not reused for the first."""

_CLOCKS: Final = timedelta(minutes=2)
"""How far the clocks of two machines may be apart."""

_NAMED: Final = 3
"""Portfolios that a message names."""


@dataclass(frozen=True, slots=True)
class Waits:
    """What waits for an answer already, of the requests of one wish.

    Attributes:
        portfolios: Those with a request that waits, each with the open job or with what is asked at once (a try).
        requests: How many requests wait.
        sent: How many would be sent, those that wait included.
        partly: Requests that wait, by custom id, of portfolios of which others wait nowhere; each with its portfolio.
    """

    portfolios: Mapping[str, str] = field(default_factory=dict)
    requests: int = 0
    sent: int = 0
    partly: Mapping[str, str] = field(default_factory=dict)


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
        """Requests with these bodies that wait for an answer, by the hash: the job or try that they stand in."""
        with self._database.read() as connection:
            return waiting(connection, hashes, provider_id)


_OPEN = (_J.c.approved_at.is_not(None), _J.c.ended_at.is_(None), _J.c.cancel_wish.is_(False))
"""What makes a job open: somebody approved it, it goes on, and nobody wants it to stop."""

_ASKED_NOW = (_T.c.state.in_([TryState.WAITING.value, TryState.ASKING.value]), _T.c.cancel_wish.is_(False))
"""What makes a try open."""


def waiting(connection: Connection, hashes: Iterable[str], provider_id: str) -> dict[str, str]:
    """`OpenJobs.waiting` inside a transaction of the caller's.

    A request that is asked again waits as well, as long as it goes to the model that it was meant for.
    """
    wanted, found = [one for one in hashes if one], dict[str, str]()
    for start in range(0, len(wanted), _AT_ONCE):
        part = wanted[start : start + _AT_ONCE]
        tries = select(_T.c.question, _T.c.try_id).where(
            _T.c.question.in_(part), _T.c.provider_id == provider_id, *_ASKED_NOW
        )
        found.update((row.question, row.try_id) for row in connection.execute(tries))
        query = (
            select(_R.c.body_hash, _R.c.job_id)
            .join(_J, _J.c.job_id == _R.c.job_id)
            .outerjoin(_RES, (_RES.c.job_id == _R.c.job_id) & (_RES.c.custom_id == _R.c.custom_id))
            .outerjoin(_S, (_S.c.job_id == _R.c.job_id) & (_S.c.shard_index == _R.c.shard_index))
            .where(
                _R.c.body_hash.in_([*part, *(ASKED_AGAIN + one for one in part)]),
                _R.c.body_hash != "",
                _R.c.body_hash.not_like(f"{ASKED_AGAIN}%") | (_S.c.model == _J.c.model),
                _RES.c.status.is_(None),
                _J.c.provider_id == provider_id,
                *_OPEN,
            )
        )
        found.update((row.body_hash.removeprefix(ASKED_AGAIN), row.job_id) for row in connection.execute(query))
    return found


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


def stop_approved_since(connection: Connection, job_ids: Sequence[str]) -> None:
    """Let no request be bought that waits in a job which was approved, or is asked at once, since drafts were begun.

    Whoever builds a draft has looked for what waits (`stop_waiting`); others may have bought meanwhile.

    Raises:
        AlreadyOpen: Some of it waits.
    """
    for draft in connection.execute(select(_J).where(_J.c.job_id.in_(list(job_ids)))).all():
        since = draft.created_at - _CLOCKS
        later = select(_J.c.job_id).where(_J.c.provider_id == draft.provider_id, _J.c.approved_at >= since, *_OPEN)
        others = list(connection.execute(later).scalars())
        own, other = _R.alias("own"), _R.alias("other")
        both = (
            select(own.c.portfolio_id, other.c.job_id)
            .join(other, other.c.body_hash == own.c.body_hash)
            .outerjoin(_RES, (_RES.c.job_id == other.c.job_id) & (_RES.c.custom_id == other.c.custom_id))
            .where(own.c.job_id == draft.job_id, own.c.body_hash != "", own.c.shard_index >= 0)
            .where(other.c.job_id.in_(others), _RES.c.status.is_(None))
        )
        tried = (
            select(own.c.portfolio_id, _T.c.try_id)
            .join(_T, _T.c.question == own.c.body_hash)
            .where(own.c.job_id == draft.job_id, own.c.body_hash != "", own.c.shard_index >= 0)
            .where(_T.c.provider_id == draft.provider_id, *_ASKED_NOW)
        )
        found = connection.execute(both.limit(1)).first() if others else None
        found = found or connection.execute(tried.limit(1)).first()
        if found is not None:
            portfolio_id, where = found
            raise AlreadyOpen(
                f"What is asked about {portfolio_id} waits for an answer already, in {in_words(where)}.",
                {list(job_ids).index(draft.job_id): where},
            )


def stop_waiting(wishes: Sequence[Waits]) -> None:
    """Let no request be bought that waits for an answer in a job of other requests.

    Args:
        wishes: What waits of each wish, in order.

    Raises:
        AlreadyOpen: Some of it waits: `places` has the wishes of which all waits in one job or try, `parts` the others.
    """
    said = [_said(wish) for wish in wishes if wish.portfolios]
    if not said:
        return
    places: dict[int, str] = {}
    parts: dict[int, Mapping[str, str]] = {}
    partly: dict[int, Mapping[str, str]] = {}
    for place, wish in enumerate(wishes):
        jobs = set(wish.portfolios.values())
        if wish.requests == wish.sent and len(jobs) == 1:
            places[place] = jobs.pop()
        elif wish.portfolios:
            parts[place], partly[place] = wish.portfolios, wish.partly
    raise AlreadyOpen(" ".join(said), places, parts, partly)


def _said(wish: Waits) -> str:
    waiting, sent = wish.portfolios, wish.sent
    jobs = list(dict.fromkeys(waiting.values()))
    where = in_words(jobs[0]) if len(jobs) == 1 else f"{len(jobs)} places, such as {in_words(jobs[0])}"
    if wish.requests == sent:
        what = "This very request" if sent == 1 else "Every one of these requests"
        return f"{what} waits for an answer already, in {where}."
    some = ", ".join(list(waiting)[:_NAMED]) + (", …" if len(waiting) > _NAMED else "")
    return f"{wish.requests:,} of these {sent:,} requests wait for an answer already ({some}), in {where}."
