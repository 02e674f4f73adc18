"""Jobs in the database: drafts, approval under the budget, lists and history."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import orjson
from psycopg.errors import UniqueViolation
from sqlalchemy import Connection, and_, case, delete, func, or_, select, update
from sqlalchemy.exc import IntegrityError

from core.domain.analysis import IN_DOUBT, AnalysisRequest, Endpoint, Kind, Priority, Variant
from core.domain.batch import ShardFile
from core.domain.cost import Estimate
from core.domain.filters import EVERY_JOB, JobFilter
from core.domain.job import (
    JOB_ENDED,
    JOB_MOVES,
    JobEvent,
    JobState,
    ShardEvent,
    ShardState,
    job_event,
    next_job_state,
    next_shard_state,
)
from core.domain.provider import ProviderIdentity, unknown_id
from core.domain.records import Event, ItemCounts, Job, JobRow, RequestRow, Spend
from core.errors import BadInput, NotFound, Refused, StaleMove
from core.storage.database import Database
from core.storage.jobs.answered import identity_of
from core.storage.money import from_nano, to_nano
from core.storage.sql import bulk_insert, dump, table
from core.storage.tables import (
    AnswerTable,
    AskingTable,
    CommitmentTable,
    EventTable,
    JobTable,
    LedgerTable,
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
_ASK, _L = table(AskingTable), table(LedgerTable)
_RES, _ANS, _ROLL = table(ResultTable), table(AnswerTable), table(RollupTable)

_RANK = {Priority.HIGH: 0, Priority.NORMAL: 1, Priority.LOW: 2}

ALREADY_STORED = "This submission was already stored; not twice. See it with: mosychlos portfolio batch list"

BudgetCheck = Callable[[Spend, Spend, Spend], None]
"""Given the month's commitments of everybody, of the person and of the desk, raises `OverBudget` or returns."""

_MONEY_LOCK = 7_402_118_530_467
"""PostgreSQL advisory lock under which money is reserved: two approvals must not both see the last dollar."""


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
                _event(connection, new.job_id, None, new.created_at, new.created_by, "draft", "", "draft", "")
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
            row = _job_row(connection, job_id, lock=True)
            _move_job(connection, job_id, row.state, JobEvent.DISCARD, actor=actor, at=at, ended_at=at)
            for shard in connection.execute(select(_S.c.shard_id, _S.c.state).where(_S.c.job_id == job_id)).all():
                target = next_shard_state(ShardState(shard.state), ShardEvent.CANCEL)
                connection.execute(
                    update(_S).where(_S.c.shard_id == shard.shard_id).values(state=target.value, ended_at=at)
                )
                _event(
                    connection, job_id, shard.shard_id, at, actor, ShardEvent.CANCEL, shard.state, target, "discarded"
                )

    def wish_cancel(self, job_id: str, *, actor: str, at: datetime) -> JobState:
        """Note that a person wants a job to stop; the worker carries it out. Returns the job's state before."""
        with self._database.write() as connection:
            row = _job_row(connection, job_id, lock=True)
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
            _event(connection, job_id, None, at, actor, "cancel_wish", state, state, "asked to stop")
            return state

    def get(self, job_id: str) -> Job:
        """A job whole.

        Raises:
            NotFound: No such job.
        """
        with self._database.read() as connection:
            row = _job_row(connection, job_id)
            done = connection.execute(
                select(func.coalesce(func.sum(_S.c.provider_completed + _S.c.provider_failed), 0)).where(
                    _S.c.job_id == job_id, _S.c.ended_at.is_(None)
                )
            ).scalar_one()
            return Job(
                row=to_row(row, int(done)),
                request=to_request(row.request),
                estimate=_to_estimate(row.estimate),
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
                last = _job_row(connection, after)
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
            return _spend(connection, month, person, desk)

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
            raise _no_job(job_id)
        return JobState(found)

    def provider_id(self, job_id: str) -> str:
        """Whom a job was approved for.

        Raises:
            NotFound: No such job.
        """
        with self._database.read() as connection:
            found = connection.execute(select(_J.c.provider_id).where(_J.c.job_id == job_id)).scalar_one_or_none()
        if found is None:
            raise _no_job(job_id)
        return str(found)

    def pause(self, job_id: str, *, actor: str, at: datetime) -> None:
        """Keep a job's shards that are not at the provider from going there.

        Raises:
            IllegalMove: It has ended, is a draft, or is paused already.
        """
        with self._database.write() as connection:
            row = _job_row(connection, job_id, lock=True)
            _move_job(connection, job_id, row.state, JobEvent.PAUSE, actor=actor, at=at)
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
            row = _job_row(connection, job_id, lock=True)
            _move_job(connection, job_id, row.state, JobEvent.RESUME, actor=actor, at=at)
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


def approve_job(
    connection: Connection, job_id: str, spec_hash: str, check: BudgetCheck, *, actor: str, at: datetime
) -> None:
    """The approval of one job inside a transaction that holds `lock_money`. Raises as `Jobs.approve` does."""
    row = _job_row(connection, job_id, lock=True)
    if row.spec_hash != spec_hash:
        raise Refused(f"Job {job_id} changed since it was shown. Look at it again before approving.")
    if row.state != JobState.DRAFT.value:
        raise StaleMove(f"Job {job_id} is already {row.state}; it was not submitted again.")
    reserve(connection, row, row.expected_nano or 0, check, actor=actor, at=at)
    _move_job(connection, job_id, row.state, JobEvent.APPROVE, actor=actor, at=at, approved_at=at)
    connection.execute(update(_S).where(_S.c.job_id == job_id).values(next_due_at=at))
    if row.shards == 0:
        follow(connection, job_id, actor=actor, at=at)  # every answer was there already


def follow(connection: Connection, job_id: str, *, actor: str, at: datetime) -> None:
    """Bring a job's state in line with its shards, in the transaction that moved one of them."""
    row = _job_row(connection, job_id, lock=True)
    shards = connection.execute(select(_S.c.state, _S.c.message).where(_S.c.job_id == job_id)).all()
    event = job_event((ShardState(shard.state) for shard in shards), all_succeeded=row.succeeded == row.total)
    target = JOB_MOVES.get((JobState(row.state), event))
    if target is None:
        return
    ended = target in JOB_ENDED
    message = _told(target, shards)
    _move_job(connection, job_id, row.state, event, actor=actor, at=at, ended_at=at if ended else None, message=message)
    if ended:
        settle_job(connection, row, at=at)


def _told(target: JobState, shards: Sequence[Any]) -> str:
    """What a job says of itself: why it waits for a person, or why nothing of it succeeded.

    A batch counts its own requests, so what one of several says of them would contradict the job's counts.
    """
    if target is JobState.ATTENTION:
        return next((shard.message for shard in shards if shard.state == ShardState.ATTENTION.value), "")
    said = {shard.message for shard in shards if shard.state == ShardState.FAILED.value}
    return str(said.pop()) if len(said) == 1 and (target is JobState.FAILED or len(shards) == 1) else ""


def lock_money(connection: Connection) -> None:
    """Hold the purse until the transaction ends. On SQLite the write transaction itself does."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_MONEY_LOCK})")


def reserve(connection: Connection, row: Any, amount_nano: int, check: BudgetCheck, *, actor: str, at: datetime) -> int:
    """Commit an amount for a job, unless a limit speaks against it. The caller holds `lock_money`.

    Args:
        row: The job's.
        check: Sees what is committed already; raises `OverBudget` to refuse.

    Returns:
        The number of this part among the job's.
    """
    month = f"{at:%Y-%m}"
    check(
        _spend(connection, month, None),
        _spend(connection, month, actor),
        _spend(connection, month, None, row.desk),
    )
    part = int(connection.execute(select(func.count()).select_from(_C).where(_C.c.job_id == row.job_id)).scalar_one())
    connection.execute(
        _C.insert().values(
            job_id=row.job_id,
            part=part,
            person=actor,
            desk=row.desk,
            month=month,
            amount_nano=amount_nano,
            settled=False,
            lost=False,
        )
    )
    return part


def spent_so_far(connection: Connection, row: Any) -> Decimal:
    """What a job has cost so far. Where a part of that is not known, what was reserved for it stands for it.

    Never 0 for want of a figure: limits are checked against it.
    """
    if row.actual_nano is not None:
        return from_nano(row.actual_nano) or Decimal(0)
    paid = select(func.coalesce(func.sum(_L.c.cost_nano), 0)).where(_L.c.job_id == row.job_id)
    known = int(connection.execute(paid).scalar_one())
    unknown = sum(one.stands_for_nano for one in _reservations(connection, row.job_id))
    return from_nano(known + unknown) or Decimal(0)


@dataclass(frozen=True, slots=True)
class _Reservation:
    """One part of what a job has reserved, with the batches that it was for.

    Attributes:
        known_nano: What those of its batches cost of which that is known.
        unknown: Share of its requests, a fraction, in batches that were paid and of which it is not.
    """

    part: int
    amount_nano: int
    settled: bool
    known_nano: int
    unknown: float

    @property
    def stands_for_nano(self) -> int:
        """How much of it stands for what is not known."""
        if not self.unknown:
            return 0
        return max(0, self.amount_nano - self.known_nano) if self.settled else int(self.amount_nano * self.unknown)


def _reservations(connection: Connection, job_id: str) -> list[_Reservation]:
    counted = (_C.c.job_id == job_id) & _C.c.lost.is_(False)
    parts = connection.execute(select(_C).where(counted).order_by(_C.c.part)).all()
    batches = connection.execute(
        select(_S.c.part, _S.c.requests, _S.c.shard_index, _L.c.batch_id, _L.c.cost_nano)
        # By the batch: synchronous answers stand in the ledger under a shard, too, and have a part of their own.
        .outerjoin(_L, _L.c.batch_id == _S.c.batch_id)
        .where(_S.c.job_id == job_id)
    ).all()
    doubted = _called_off_in_doubt(connection, job_id)
    found: list[_Reservation] = []
    for part in parts:
        mine = [one for one in batches if one.part == part.part]
        unknown = sum(
            one.requests
            for one in mine
            if (one.cost_nano is None if one.batch_id is not None else one.shard_index in doubted)
        )
        requests = sum(one.requests for one in mine)
        found.append(
            _Reservation(
                part.part,
                part.amount_nano,
                bool(part.settled),
                sum(int(one.cost_nano) for one in mine if one.cost_nano is not None),
                unknown / requests if requests else 0.0,
            )
        )
    return found


def _called_off_in_doubt(connection: Connection, job_id: str) -> set[int]:
    """Shards that were called off while nobody knew whether there was a batch of them."""
    query = (
        select(_R.c.shard_index)
        .join(_RES, (_RES.c.job_id == _R.c.job_id) & (_RES.c.custom_id == _R.c.custom_id))
        .where(_R.c.job_id == job_id, _RES.c.error_code == IN_DOUBT, _RES.c.raw_file.is_(None))
        .distinct()
    )
    return set(connection.execute(query).scalars())


def lose_part(connection: Connection, job_id: str, part: int) -> None:
    """A call was made and no answer came: its reservation stands for good for what it may have cost."""
    mine = (_C.c.job_id == job_id) & (_C.c.part == part)
    connection.execute(update(_C).where(mine).values(settled=True, lost=True))


def settle_part(connection: Connection, job_id: str, part: int, spent_nano: int | None) -> None:
    """One reservation becomes what was spent of it; None, where nobody knows the price, leaves it as it is.

    Where the job has ended meanwhile, it was settled with everything that had been spent until then: this is more.
    """
    spent: dict[str, Any] = {}
    if spent_nano is not None:
        spent["amount_nano"] = case((_C.c.settled, _C.c.amount_nano + spent_nano), else_=spent_nano)
    connection.execute(update(_C).where(_C.c.job_id == job_id, _C.c.part == part).values(settled=True, **spent))


def settle_job(connection: Connection, row: Any, *, at: datetime) -> None:
    """Reservations become what was really spent: all of it on the newest open one, less what older ones settled for.

    What is spent once all are settled, such as on an answer that came late, is added to the newest. Those of
    synchronous calls that are under way stay as they are. Where it is not known what some of its batches cost, each
    reservation becomes what is known of its batches, and stands on for the others.
    """
    asking = select(_ASK.c.part).where(_ASK.c.job_id == row.job_id, _ASK.c.until > at)
    under_way = set(connection.execute(asking).scalars())
    every = _reservations(connection, row.job_id)
    parts = [part for part in every if part.settled or part.part not in under_way]
    if row.actual_nano is None:
        for part in parts:
            if not part.settled:
                _settle(connection, row.job_id, part.part, part.known_nano + part.stands_for_nano)
        return
    left = row.actual_nano - sum(part.amount_nano for part in parts if part.settled)
    for part in reversed([part for part in parts if not part.settled]):
        _settle(connection, row.job_id, part.part, left)
        left = 0
    if left and parts:
        newest = (_C.c.job_id == row.job_id) & (_C.c.part == parts[-1].part)
        connection.execute(update(_C).where(newest).values(amount_nano=_C.c.amount_nano + left))


def _settle(connection: Connection, job_id: str, part: int, amount_nano: int) -> None:
    mine = (_C.c.job_id == job_id) & (_C.c.part == part)
    connection.execute(update(_C).where(mine).values(settled=True, amount_nano=amount_nano))


def job_row(connection: Connection, job_id: str) -> Any:
    """A job's row, locked until the transaction ends.

    Raises:
        NotFound: No such job.
    """
    return _job_row(connection, job_id, lock=True)


def lock_shards(connection: Connection, which: Any) -> None:
    """Hold shards until the transaction ends, in the order in which everybody locks several of them: by their ids.

    An UPDATE takes them in the order in which it happens to find them, and two such orders deadlock on PostgreSQL.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(select(_S.c.shard_id).where(which).order_by(_S.c.shard_id).with_for_update()).all()


def lock_job(connection: Connection, job_id: str) -> None:
    """Hold a job's row until the transaction ends."""
    connection.execute(select(_J.c.job_id).where(_J.c.job_id == job_id).with_for_update())


def record_event(
    connection: Connection, job_id: str, shard_id: str | None, at: datetime, actor: str, event: str, note: str
) -> None:
    """A line of history that moves nothing."""
    _event(connection, job_id, shard_id, at, actor, event, "", "", note)


def new_shard(job_id: str, index: int, file: ShardFile, remote_name: str, model: str, at: datetime) -> dict[str, Any]:
    """The row of a shard that nobody has approved yet."""
    return {
        "shard_id": f"{job_id}.{index}",
        "job_id": job_id,
        "shard_index": index,
        "state": ShardState.QUEUED.value,
        "fence": 0,
        "attempt": 0,
        "path": file.path,
        "sha256": file.sha256,
        "requests": file.requests,
        "bytes": file.bytes,
        "input_tokens": file.input_tokens,
        "remote_name": remote_name,
        "scans": 0,
        "provider_status": "",
        "provider_total": 0,
        "provider_completed": 0,
        "provider_failed": 0,
        "next_due_at": at + timedelta(days=36500),  # not due until somebody approves
        "quiet_polls": 0,
        "cancel_wish": False,
        "nudged": False,
        "part": 0,
        "message": "",
        "model": model,
        "retry_round": 0,
        "place": 0,
        "hold": "",
    }


def _move_job(
    connection: Connection, job_id: str, state: str, event: JobEvent, *, actor: str, at: datetime, **values: Any
) -> None:
    target = next_job_state(JobState(state), event)
    changed = connection.execute(
        update(_J).where(_J.c.job_id == job_id, _J.c.state == state).values(state=target.value, **values)
    )
    if changed.rowcount != 1:
        raise StaleMove(f"Job {job_id} is no longer {state}.")
    _event(connection, job_id, None, at, actor, event.value, state, target.value, values.get("message") or "")


def _event(
    connection: Connection,
    job_id: str,
    shard_id: str | None,
    at: datetime,
    actor: str,
    event: str,
    from_state: str,
    to_state: str,
    note: str,
) -> None:
    connection.execute(
        _E.insert().values(
            job_id=job_id,
            shard_id=shard_id,
            at=at,
            actor=actor,
            event=event,
            from_state=from_state,
            to_state=to_state,
            note=note,
        )
    )


def _job_row(connection: Connection, job_id: str, *, lock: bool = False) -> Any:
    query = select(_J).where(_J.c.job_id == job_id)
    if lock:
        query = query.with_for_update()  # SQLite ignores it: its writers hold the whole database already
    row = connection.execute(query).first()
    if row is None:
        raise _no_job(job_id)
    return row


def _no_job(job_id: str) -> NotFound:
    return NotFound(f"There is no job '{job_id}'. See the ids with: mosychlos portfolio batch list")


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


def _spend(connection: Connection, month: str, person: str | None, desk: str | None = None) -> Spend:
    query = select(_C.c.settled, func.sum(_C.c.amount_nano).label("nano"), func.count().label("n")).where(
        _C.c.month == month
    )
    if person is not None:
        query = query.where(_C.c.person == person)
    if desk is not None:
        query = query.where(_C.c.desk == desk)
    sums = {row.settled: row for row in connection.execute(query.group_by(_C.c.settled))}
    return Spend(
        settled_usd=from_nano(int(sums[True].nano)) or Decimal(0) if True in sums else Decimal(0),
        open_usd=from_nano(int(sums[False].nano)) or Decimal(0) if False in sums else Decimal(0),
        jobs=sum(int(row.n) for row in sums.values()),
    )


def to_row(row: Any, answered: int) -> JobRow:
    """A row of the job table as a value.

    Args:
        answered: Requests that the provider says it has finished in batches that are not settled yet. Of settled ones
            the endings are counted: what is asked again has none, although the provider finished it once.
    """
    counts = ItemCounts(row.total, row.succeeded, row.failed, row.missing)
    return JobRow(
        job_id=row.job_id,
        kind=Kind(row.kind),
        model=row.model,
        model_class=row.model_class,
        endpoint=row.endpoint,
        variant=row.variant,
        region_mode=row.region_mode,
        prompt_version=row.prompt_version,
        priority=Priority(row.priority),
        state=JobState(row.state),
        created_at=row.created_at,
        created_by=row.created_by,
        approved_at=row.approved_at,
        ended_at=row.ended_at,
        counts=counts,
        provider_done=min(counts.total, counts.total - counts.pending + answered),
        shards=row.shards,
        expected_usd=from_nano(row.expected_nano),
        actual_usd=from_nano(row.actual_nano),
        message=row.message,
        simulated=row.simulated,
        needed_by=row.needed_by,
        desk=row.desk,
        set_id=row.set_id,
        fallback=row.fallback,
        provider_id=row.provider_id,
        provider=identity_of(row),
    )


def to_request(text: str) -> AnalysisRequest:
    """A wish as it was stored."""
    fields = orjson.loads(text)
    fields["kind"] = Kind(fields["kind"])
    fields["endpoint"] = Endpoint(fields["endpoint"])
    fields["variant"] = Variant(fields["variant"])
    fields["priority"] = Priority(fields["priority"])
    for name in ("portfolio_ids", "scenarios", "periods", "tools"):
        fields[name] = tuple(fields.get(name, ()))
    if fields["max_cost_usd"] is not None:
        fields["max_cost_usd"] = Decimal(fields["max_cost_usd"])
    return AnalysisRequest(**fields)


def _to_estimate(text: str) -> Estimate:
    fields = orjson.loads(text)
    for name in ("low_usd", "expected_usd", "high_usd", "sync_usd", "uplift_usd"):
        value = fields.get(name)
        fields[name] = None if value is None else Decimal(value)
    fields["warnings"] = tuple(fields["warnings"])
    return Estimate(**fields)
