"""Jobs in the database: drafts, approval under the budget, lists and history."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from psycopg.errors import UniqueViolation
from sqlalchemy import Connection, and_, delete, func, or_, select, update
from sqlalchemy.exc import IntegrityError

from core.domain.analysis import AnalysisRequest, Priority
from core.domain.batch import ShardFile
from core.domain.cost import Estimate
from core.domain.filters import EVERY_JOB, JobFilter
from core.domain.job import JOB_ENDED, JobEvent, JobState, ShardEvent, ShardState, next_shard_state
from core.domain.provider import ProviderIdentity, unknown_id
from core.domain.records import Event, ItemCounts, Job, JobRow, RequestRow, Spend
from core.errors import BadInput, Refused
from core.storage.database import Database
from core.storage.jobs.job_moves import (
    approve_job,
    follow,
    job_row,
    lock_shards,
    move_job,
    new_shard,
    no_job,
    read_job,
    record_event,
)
from core.storage.jobs.job_rows import to_estimate, to_request, to_row
from core.storage.jobs.reservations import BudgetCheck, lock_money, spend_of
from core.storage.money import to_nano
from core.storage.sql import bulk_insert, dump, table
from core.storage.tables import (
    AnswerTable,
    CommitmentTable,
    EventTable,
    JobTable,
    RequestTable,
    ResultTable,
    RollupTable,
    ShardTable,
)

_J = table(JobTable)
_S = table(ShardTable)
_E = table(EventTable)
_R = table(RequestTable)
_C = table(CommitmentTable)
_RES, _ANS, _ROLL = table(ResultTable), table(AnswerTable), table(RollupTable)

_RANK = {Priority.HIGH: 0, Priority.NORMAL: 1, Priority.LOW: 2}

ALREADY_STORED = "This submission was already stored; not twice. See it with: mosychlos portfolio batch list"


@dataclass(frozen=True, slots=True)
class NewJob:
    """A draft about to be stored.

    Attributes:
        reused: Requests that have a stored answer already and stand in no shard.
        identity: Whom it goes to; None where nobody knows more than whether the answers are simulated.
        question: The same for every job that asks the same of the same provider; "" where that is not compared.
    """

    job_id: str
    request: AnalysisRequest
    estimate: Estimate
    prompt_version: str
    spec_hash: str
    nonce: str
    simulated: bool
    created_by: str
    created_at: datetime
    needed_by: datetime | None = None
    desk: str = ""
    reused: int = 0
    identity: ProviderIdentity | None = None
    question: str = ""


class Jobs:
    """Reads and writes jobs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add_requests(self, job_id: str, rows: Sequence[RequestRow]) -> None:
        """Store built requests ahead of their job; they become visible with `add_draft`.

        Raises:
            BadInput: A custom_id was used before in this job. Nothing of these rows was stored.
        """
        try:
            self._insert_requests(job_id, rows)
        except (IntegrityError, UniqueViolation) as error:
            raise BadInput(
                "Two requests of this job would have the same custom_id. Select each portfolio once."
            ) from error

    def _insert_requests(self, job_id: str, rows: Sequence[RequestRow]) -> None:
        with self._database.write() as connection:
            bulk_insert(
                connection,
                RequestTable,
                [
                    (
                        job_id,
                        row.custom_id,
                        row.shard_index,
                        row.portfolio_id,
                        row.as_of,
                        row.region,
                        row.input_tokens,
                        row.prompt_hash,
                        row.hhi,
                        row.top1_pct,
                        row.body_hash,
                    )
                    for row in rows
                ],
            )

    def drop_requests(self, job_id: str) -> None:
        """Forget the requests of a job that never became a draft, and the stored answers it would have reused."""
        with self._database.write() as connection:
            _drop_built(connection, [job_id])

    def add_draft(self, new: NewJob, files: Sequence[ShardFile], remote_name: Callable[[int], str]) -> None:
        """Store a draft with its shards.

        Raises:
            Refused: The nonce was used before: this very submission is already stored.
        """
        estimate, request = new.estimate, new.request
        try:
            with self._database.write() as connection:
                connection.execute(
                    _J.insert().values(
                        job_id=new.job_id,
                        kind=request.kind.value,
                        model=request.model,
                        model_class=estimate.model_class,
                        endpoint=request.endpoint.value,
                        variant=request.variant.value,
                        region_mode=request.region_mode,
                        prompt_version=new.prompt_version,
                        priority=request.priority.value,
                        priority_rank=_RANK[request.priority],
                        state=JobState.DRAFT.value,
                        created_at=new.created_at,
                        created_by=new.created_by,
                        spec_hash=new.spec_hash,
                        nonce=new.nonce,
                        simulated=new.simulated,
                        cancel_wish=False,
                        request=dump(asdict(request)),
                        estimate=dump(asdict(estimate)),
                        total=sum(file.requests for file in files) + new.reused,
                        succeeded=new.reused,
                        failed=0,
                        missing=0,
                        shards=len(files),
                        expected_nano=to_nano(estimate.expected_usd),
                        actual_nano=None if estimate.expected_usd is None else 0,
                        message="",
                        needed_by=new.needed_by,
                        desk=new.desk,
                        provider_id=unknown_id(simulated=new.simulated)
                        if new.identity is None
                        else new.identity.fingerprint,
                        provider="" if new.identity is None else dump(new.identity.document()),
                        question=new.question,
                    )
                )
                if files:
                    connection.execute(
                        _S.insert(),
                        [
                            new_shard(new.job_id, index, file, remote_name(index), request.model, new.created_at)
                            for index, file in enumerate(files)
                        ],
                    )
                record_event(
                    connection, new.job_id, None, new.created_at, new.created_by, "draft", "", to_state="draft"
                )
        except IntegrityError as error:
            raise Refused(ALREADY_STORED) from error

    def approve(self, job_id: str, spec_hash: str, check: BudgetCheck, *, actor: str, at: datetime) -> None:
        """Take a draft to queued and reserve its expected cost, in one transaction.

        Raises:
            Refused: What was approved is not what is stored.
            OverBudget: From `check`.
            StaleMove: Not a draft any more.
        """
        with self._database.write() as connection:
            lock_money(connection)
            approve_job(connection, job_id, spec_hash, check, actor=actor, at=at)

    def discard(self, job_id: str, *, actor: str, at: datetime) -> None:
        """Drop a draft; its rows stay as history, its requests are never sent."""
        with self._database.write() as connection:
            row = job_row(connection, job_id)
            move_job(connection, job_id, row.state, JobEvent.DISCARD, actor=actor, at=at, ended_at=at)
            for shard in connection.execute(select(_S.c.shard_id, _S.c.state).where(_S.c.job_id == job_id)).all():
                target = next_shard_state(ShardState(shard.state), ShardEvent.CANCEL)
                connection.execute(
                    update(_S).where(_S.c.shard_id == shard.shard_id).values(state=target.value, ended_at=at)
                )
                record_event(
                    connection, job_id, shard.shard_id, at, actor, ShardEvent.CANCEL, "discarded",
                    from_state=shard.state, to_state=target,
                )  # fmt: skip

    def wish_cancel(self, job_id: str, *, actor: str, at: datetime) -> JobState:
        """Note that a person wants a job to stop; the worker carries it out. Returns the job's state before."""
        with self._database.write() as connection:
            row = job_row(connection, job_id)
            state = JobState(row.state)
            if state in JOB_ENDED:
                return state
            connection.execute(update(_J).where(_J.c.job_id == job_id).values(cancel_wish=True))
            lock_shards(connection, _S.c.job_id == job_id)
            connection.execute(
                update(_S)
                .where(_S.c.job_id == job_id, _S.c.ended_at.is_(None))
                .values(cancel_wish=True, next_due_at=at, nudged=True)
            )
            record_event(
                connection, job_id, None, at, actor, "cancel_wish", "asked to stop", from_state=state, to_state=state
            )
            return state

    def get(self, job_id: str) -> Job:
        """A job whole.

        Raises:
            NotFound: No such job.
        """
        with self._database.read() as connection:
            row = read_job(connection, job_id)
            done = connection.execute(
                select(func.coalesce(func.sum(_S.c.provider_completed + _S.c.provider_failed), 0)).where(
                    _S.c.job_id == job_id, _S.c.ended_at.is_(None)
                )
            ).scalar_one()
            return Job(
                row=to_row(row, int(done)),
                request=to_request(row.request),
                estimate=to_estimate(row.estimate),
                spec_hash=row.spec_hash,
                cancel_wish=row.cancel_wish,
            )

    def page(
        self,
        wanted: JobFilter = EVERY_JOB,
        *,
        limit: int = 50,
        after: str | None = None,
        offset: int = 0,
        by_end: bool = False,
    ) -> list[JobRow]:
        """Jobs, newest first.

        Args:
            by_end: Only those that have ended, the last ending first.
            after: A job id; the list goes on behind it (for scripts).
            offset: Rows to skip (for numbered pages).
        """
        query = _narrowed(select(_J), wanted)
        if by_end:
            query = query.where(_J.c.ended_at.is_not(None)).order_by(_J.c.ended_at.desc(), _J.c.job_id.desc())
        else:
            query = query.order_by(_J.c.created_at.desc(), _J.c.job_id.desc())
        query = query.limit(limit).offset(offset)
        with self._database.read() as connection:
            if after is not None:
                last = read_job(connection, after)
                query = query.where(
                    or_(
                        _J.c.created_at < last.created_at,
                        and_(_J.c.created_at == last.created_at, _J.c.job_id < last.job_id),
                    )
                )
            rows = connection.execute(query).all()
            running = [row.job_id for row in rows if JobState(row.state) not in JOB_ENDED]
            done: dict[str, int] = {}
            if running:
                done = {
                    row.job_id: int(row.done)
                    for row in connection.execute(
                        select(_S.c.job_id, func.sum(_S.c.provider_completed + _S.c.provider_failed).label("done"))
                        .where(_S.c.job_id.in_(running), _S.c.ended_at.is_(None))
                        .group_by(_S.c.job_id)
                    )
                }
            return [to_row(row, done.get(row.job_id, 0)) for row in rows]

    def count(self, wanted: JobFilter = EVERY_JOB) -> int:
        """How many jobs `page` would give without a limit."""
        query = _narrowed(select(func.count()).select_from(_J), wanted)
        with self._database.read() as connection:
            return int(connection.execute(query).scalar_one())

    def count_by_state(self) -> dict[JobState, int]:
        """How many jobs stand in each state."""
        with self._database.read() as connection:
            rows = connection.execute(select(_J.c.state, func.count().label("n")).group_by(_J.c.state))
            return {JobState(row.state): int(row.n) for row in rows}

    def totals(self, since: datetime) -> ItemCounts:
        """The requests of all jobs submitted since a moment, by how they stand."""
        columns = [func.coalesce(func.sum(_J.c[name]), 0) for name in ("total", "succeeded", "failed", "missing")]
        query = select(*columns).where(_J.c.created_at >= since, _J.c.approved_at.is_not(None))
        with self._database.read() as connection:
            return ItemCounts(*(int(value) for value in connection.execute(query).one()))

    def events(self, job_id: str, *, limit: int = 500) -> list[Event]:
        """A job's history, oldest first; the newest `limit` lines."""
        with self._database.read() as connection:
            rows = connection.execute(
                select(_E).where(_E.c.job_id == job_id).order_by(_E.c.event_id.desc()).limit(limit)
            ).all()
        return [
            Event(row.at, row.shard_id, row.actor, row.event, row.from_state, row.to_state, row.note)
            for row in reversed(rows)
        ]

    def note(self, job_id: str, shard_id: str | None, event: str, note: str, *, at: datetime) -> None:
        """A line of history that moves nothing and needs no claim."""
        with self._database.write() as connection:
            record_event(connection, job_id, shard_id, at, "worker", event, note)

    def spend(self, month: str, person: str | None = None, *, desk: str | None = None) -> Spend:
        """What a calendar month ("2026-11", UTC) has committed, by everybody, by one person or by one desk."""
        with self._database.read() as connection:
            return spend_of(connection, month, person, desk)

    def desks(self, month: str) -> list[str]:
        """Desks that have committed something in a month; jobs of no desk are left out."""
        query = select(_C.c.desk).distinct().where(_C.c.month == month, _C.c.desk != "").order_by(_C.c.desk)
        with self._database.read() as connection:
            return list(connection.execute(query).scalars())

    def people(self, month: str) -> list[str]:
        """Who has committed something in a month."""
        query = select(_C.c.person).distinct().where(_C.c.month == month).order_by(_C.c.person)
        with self._database.read() as connection:
            return list(connection.execute(query).scalars())

    def state(self, job_id: str) -> JobState:
        """Where a job stands, without reading the rest of it.

        Raises:
            NotFound: No such job.
        """
        with self._database.read() as connection:
            found = connection.execute(select(_J.c.state).where(_J.c.job_id == job_id)).scalar_one_or_none()
        if found is None:
            raise no_job(job_id)
        return JobState(found)

    def provider_id(self, job_id: str) -> str:
        """Whom a job was approved for.

        Raises:
            NotFound: No such job.
        """
        with self._database.read() as connection:
            found = connection.execute(select(_J.c.provider_id).where(_J.c.job_id == job_id)).scalar_one_or_none()
        if found is None:
            raise no_job(job_id)
        return str(found)

    def pause(self, job_id: str, *, actor: str, at: datetime) -> None:
        """Keep a job's shards that are not at the provider from going there.

        Raises:
            IllegalMove: It has ended, is a draft, or is paused already.
        """
        with self._database.write() as connection:
            row = job_row(connection, job_id)
            move_job(connection, job_id, row.state, JobEvent.PAUSE, actor=actor, at=at)
            lock_shards(connection, _S.c.job_id == job_id)
            connection.execute(
                update(_S)
                .where(_S.c.job_id == job_id, _S.c.state == ShardState.QUEUED.value)
                .values(admitted_at=None, next_due_at=at)
            )

    def unpause(self, job_id: str, *, actor: str, at: datetime) -> None:
        """Let a paused job go on.

        Raises:
            IllegalMove: It is not paused.
        """
        with self._database.write() as connection:
            row = job_row(connection, job_id)
            move_job(connection, job_id, row.state, JobEvent.RESUME, actor=actor, at=at)
            lock_shards(connection, _S.c.job_id == job_id)
            unsent = [ShardState.QUEUED.value, ShardState.UPLOADING.value]
            connection.execute(update(_S).where(_S.c.job_id == job_id, _S.c.state.in_(unsent)).values(next_due_at=at))
            follow(connection, job_id, actor=actor, at=at)

    def known(self, job_ids: Iterable[str]) -> set[str]:
        """Those of the ids that are jobs."""
        wanted = list(job_ids)
        found: set[str] = set()
        with self._database.read() as connection:
            for start in range(0, len(wanted), 400):
                query = select(_J.c.job_id).where(_J.c.job_id.in_(wanted[start : start + 400]))
                found.update(connection.execute(query).scalars())
        return found

    def drop_orphans(self, *, before: datetime) -> int:
        """Remove drafts' requests whose building was cut off; returns how many rows.

        A job id carries the moment it was made, so that one still being built is left alone.
        """
        with self._database.write() as connection:
            orphans = (
                connection.execute(
                    select(_R.c.job_id)
                    .distinct()
                    .where(~select(_J.c.job_id).where(_J.c.job_id == _R.c.job_id).exists())
                )
                .scalars()
                .all()
            )
            old = [job_id for job_id in orphans if job_id < f"{before:%y%m%d-%H%M%S}"]
            if not old:
                return 0
            return _drop_built(connection, old)


def _drop_built(connection: Connection, job_ids: Sequence[str]) -> int:
    for each in (_RES, _ANS, _ROLL):
        connection.execute(delete(each).where(each.c.job_id.in_(job_ids)))
    return int(connection.execute(delete(_R).where(_R.c.job_id.in_(job_ids))).rowcount)


def _narrowed(query: Any, wanted: JobFilter) -> Any:
    if wanted.states:
        query = query.where(_J.c.state.in_([state.value for state in wanted.states]))
    if wanted.kind is not None:
        query = query.where(_J.c.kind == wanted.kind.value)
    if wanted.model:
        query = query.where(_J.c.model == wanted.model)
    if wanted.since is not None:
        query = query.where(_J.c.created_at >= wanted.since)
    if wanted.set_id:
        query = query.where(_J.c.set_id == wanted.set_id)
    for word in wanted.search.lower().split():
        query = query.where(
            or_(
                _J.c.job_id.contains(word, autoescape=True),
                _J.c.kind.contains(word, autoescape=True),
                _J.c.model.contains(word, autoescape=True),
                func.lower(_J.c.created_by).contains(word, autoescape=True),
                func.lower(_J.c.region_mode).contains(word, autoescape=True),
            )
        )
    return query
