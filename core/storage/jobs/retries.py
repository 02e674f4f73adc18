"""Asking requests again: a new shard of the same job, while the endings so far are kept as attempts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import Connection, delete, func, select, update

from core.domain.analysis import Outcome, ResultStatus
from core.domain.batch import ShardFile
from core.domain.records import Spend
from core.errors import Refused, StaleMove
from core.storage.database import Database
from core.storage.jobs.answered import answered_of, answered_row
from core.storage.jobs.job_moves import follow, job_row, new_shard, record_event
from core.storage.jobs.open_jobs import ASKED_AGAIN
from core.storage.jobs.outcome_writer import MODEL, TIER, store_outcomes, uncount
from core.storage.jobs.reservations import lock_money, lose_part, reserve, settle_part, spent_so_far
from core.storage.money import to_nano
from core.storage.sql import insert_or_ignore, table
from core.storage.tables import (
    AskingTable,
    AttemptTable,
    EventTable,
    JobTable,
    LedgerTable,
    RequestTable,
    ResultTable,
    ShardTable,
)

_J, _S, _R = table(JobTable), table(ShardTable), table(RequestTable)
_RES, _ATT = table(ResultTable), table(AttemptTable)
_ASK, _LEDGER, _E = table(AskingTable), table(LedgerTable), table(EventTable)

RetryCheck = Callable[[Spend, Spend, Spend, Decimal], None]
"""Given the month's commitments of everybody, of the person and of the desk, and what the job has cost so far, raises
`OverBudget` or returns."""

_AT_ONCE = 400

ASKING: Final = timedelta(hours=2)
"""How long a synchronous call holds its request, in case its process dies: longer than any answer takes."""


@dataclass(frozen=True, slots=True)
class RetryFile:
    """One batch of a retry: its input file and whose requests stand in it."""

    file: ShardFile
    custom_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Retry:
    """Requests to be asked again.

    Attributes:
        model: Which they go to now.
        round: How often they have been asked again, this time included.
        expected_usd: What it will probably cost; reserved before anything is sent. None when the price is unknown.
        not_before: Back-off.
        note: For the history: how many, and why.
    """

    files: tuple[RetryFile, ...]
    model: str
    round: int
    expected_usd: Decimal | None
    check: RetryCheck
    remote_name: Callable[[int], str]
    not_before: datetime
    note: str


@dataclass(frozen=True, slots=True)
class UnansweredRequest:
    """A request without an analysis, as a retry looks at it.

    Attributes:
        round: How often its shard had been asked again already.
    """

    custom_id: str
    shard_index: int
    round: int
    portfolio_id: str
    status: ResultStatus
    code: str
    message: str
    transient: bool
    input_tokens: int
    model: str


@dataclass(frozen=True, slots=True)
class SyncAnswer:
    """A request that was asked synchronously, with how it ended now."""

    outcome: Outcome
    model: str
    shard_id: str


class Retries:
    """Reads what could be asked again and stores that it is."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def unanswered(self, job_id: str, statuses: Iterable[ResultStatus]) -> list[UnansweredRequest]:
        """Ended requests of a job without an analysis, in these statuses."""
        query = (
            select(
                _R.c.custom_id,
                _R.c.shard_index,
                _S.c.retry_round,
                _R.c.portfolio_id,
                _RES.c.status,
                _RES.c.error_code,
                _RES.c.error_message,
                _RES.c.error_transient,
                _R.c.input_tokens,
                _S.c.model,
            )
            .join(_RES, (_RES.c.job_id == _R.c.job_id) & (_RES.c.custom_id == _R.c.custom_id))
            .join(_S, (_S.c.job_id == _R.c.job_id) & (_S.c.shard_index == _R.c.shard_index))
            .where(_R.c.job_id == job_id, _RES.c.status.in_([status.value for status in statuses]))
            .order_by(_R.c.shard_index, _R.c.custom_id)
        )
        with self._database.read() as connection:
            return [
                UnansweredRequest(
                    row.custom_id,
                    row.shard_index,
                    row.retry_round,
                    row.portfolio_id,
                    ResultStatus(row.status),
                    row.error_code or "",
                    row.error_message or "",
                    bool(row.error_transient),
                    row.input_tokens,
                    row.model,
                )
                for row in connection.execute(query)
            ]

    def next_index(self, job_id: str) -> int:
        """The number that the next shard of a job will have."""
        with self._database.read() as connection:
            return _next_index(connection, job_id)

    def start(self, job_id: str, retries: Sequence[Retry], *, actor: str, at: datetime) -> None:
        """Store what somebody bought: all of it, or nothing.

        Args:
            retries: One for each model.

        Raises:
            OverBudget: From a check.
            Refused: Some of the requests are being asked synchronously right now.
            StaleMove: Some of them were asked again by somebody else meanwhile. Nothing was changed.
        """
        with self._database.write() as connection:
            for retry in retries:
                add_retry(connection, job_id, retry, actor=actor, at=at)
            follow(connection, job_id, actor=actor, at=at)

    def intend(
        self,
        job_id: str,
        custom_id: str,
        expected_usd: Decimal | None,
        check: RetryCheck,
        *,
        note: str,
        actor: str,
        at: datetime,
    ) -> int:
        """Hold a request, reserve the price of one synchronous call and write down that it is about to be made.

        Returns:
            The number of the reservation, to settle it by.

        Raises:
            OverBudget: From the check. Nothing was changed.
            Refused: Somebody else is asking it right now.
            StaleMove: It has an analysis, or is being asked again in a batch.
        """
        with self._database.write() as connection:
            lock_money(connection)
            row = job_row(connection, job_id)
            not_held(connection, job_id, [custom_id], at)
            if not _may_be_asked(connection, job_id, custom_id):
                raise StaleMove(f"{custom_id} was asked again meanwhile. Look again.")
            spent = spent_so_far(connection, row)
            part = reserve(
                connection,
                row,
                to_nano(expected_usd) or 0,
                lambda month, person, desk: check(month, person, desk, spent),
                actor=actor,
                at=at,
            )
            # Whoever held it so long without an answer holds it no more.
            connection.execute(delete(_ASK).where(_ASK.c.job_id == job_id, _ASK.c.custom_id == custom_id))
            held = {"job_id": job_id, "custom_id": custom_id, "actor": actor, "until": at + ASKING, "part": part}
            connection.execute(_ASK.insert().values(**held))
            record_event(connection, job_id, None, at, actor, "ask", note)
            return part

    def call_off(
        self, job_id: str, custom_id: str, part: int, note: str, *, proven: bool, actor: str, at: datetime
    ) -> None:
        """A synchronous call brought no answer: say so. What stood goes on standing.

        Args:
            part: Its reservation.
            note: Begins with the custom id and a colon.
            proven: It is sure that nothing was billed, so its reservation is given back; else that stands as spent.
        """
        with self._database.write() as connection:
            job_row(connection, job_id)
            _let_go(connection, job_id, custom_id, part)
            if proven:
                settle_part(connection, job_id, part, 0)
            else:
                lose_part(connection, job_id, part)
            record_event(connection, job_id, None, at, actor, "ask_failed" if proven else "ask_lost", note)

    def in_doubt(self, job_id: str) -> set[str]:
        """Requests of a job that were asked synchronously and may have been billed although no answer came."""
        query = select(_E.c.note).where(_E.c.job_id == job_id, _E.c.event == "ask_lost")
        with self._database.read() as connection:
            return {str(note).partition(":")[0] for note in connection.execute(query).scalars()}

    def answered(self, job_id: str, answer: SyncAnswer, part: int, *, actor: str, at: datetime) -> None:
        """Store a synchronous answer: the ending so far becomes an attempt, the cost a line of the ledger.

        Args:
            part: The reservation of its call, which becomes what it cost. All others stay as they are.

        Raises:
            StaleMove: The call took so long that the request was asked again meanwhile. What it cost was stored.
        """
        outcome = answer.outcome
        with self._database.write() as connection:
            job_row(connection, job_id)
            _let_go(connection, job_id, outcome.custom_id, part)
            in_time = _may_be_asked(connection, job_id, outcome.custom_id)
            if in_time:
                take_back(connection, job_id, [outcome.custom_id], None, at=at)
                store_outcomes(connection, job_id, [outcome])
            else:
                _leave_aside(connection, job_id, outcome, at)
            usage, mine = outcome.usage, f"sync:{job_id}:{outcome.custom_id}:"
            paid = connection.execute(
                select(func.count()).select_from(_LEDGER).where(_LEDGER.c.batch_id.startswith(mine, autoescape=True))
            ).scalar_one()
            connection.execute(
                insert_or_ignore(connection, LedgerTable),
                {
                    "batch_id": f"{mine}{int(paid) + 1}",
                    "job_id": job_id,
                    "shard_id": answer.shard_id,
                    "at": at,
                    "model": answer.model,
                    "input_tokens": usage.input_tokens,
                    "cached_tokens": usage.cached_tokens,
                    "output_tokens": usage.output_tokens,
                    "reasoning_tokens": usage.reasoning_tokens,
                    "cost_nano": to_nano(outcome.cost_usd),
                },
            )
            said = f"{outcome.custom_id}: {outcome.reading.status}"
            said += "" if in_time else "; it came too late and is left aside"
            record_event(connection, job_id, None, at, actor, "asked", said)
            settle_part(connection, job_id, part, to_nano(outcome.cost_usd))
            follow(connection, job_id, actor=actor, at=at)
        if not in_time:
            raise StaleMove(
                f"{outcome.custom_id} was asked again meanwhile: this answer is left aside, its cost counts."
            )

    def end_lost(self, *, at: datetime) -> int:
        """Let go of synchronous calls whose process has died; returns how many.

        Nobody knows whether the provider billed them, so what was reserved for them stands as spent.
        """
        with self._database.read() as connection:
            if connection.execute(select(_ASK.c.job_id).where(_ASK.c.until <= at).limit(1)).first() is None:
                return 0
        with self._database.write() as connection:
            lost = connection.execute(select(_ASK).where(_ASK.c.until <= at).order_by(_ASK.c.job_id)).all()
            for one in lost:
                job_row(connection, one.job_id)
                _let_go(connection, one.job_id, one.custom_id, one.part)
                lose_part(connection, one.job_id, one.part)
                note = f"{one.custom_id}: no answer came, and whether it was billed is not known"
                record_event(connection, one.job_id, None, at, one.actor, "ask_lost", note)
        return len(lost)

    def attempts(self, job_id: str) -> dict[str, int]:
        """How often requests of a job had ended before they were asked again, by custom id."""
        query = select(_ATT.c.custom_id, func.count().label("n")).where(_ATT.c.job_id == job_id)
        with self._database.read() as connection:
            return {row.custom_id: int(row.n) for row in connection.execute(query.group_by(_ATT.c.custom_id))}

    def spent(self, job_id: str) -> Decimal:
        """What a job has cost so far, for the check of a limit: see `spent_so_far`."""
        with self._database.read() as connection:
            row = connection.execute(select(_J.c.job_id, _J.c.actual_nano).where(_J.c.job_id == job_id)).one()
            return spent_so_far(connection, row)


def add_retry(connection: Connection, job_id: str, retry: Retry, *, actor: str, at: datetime) -> None:
    """`Retries.start` inside a transaction of the caller's, who also lets the job follow.

    Raises:
        OverBudget: From the check. The caller's transaction must take back what was done here.
        Refused: Some of its requests are being asked synchronously right now.
        StaleMove: Some of its requests are not where they were.
    """
    for number, part in add_shards(connection, job_id, retry, actor=actor, at=at):
        not_held(connection, job_id, part.custom_ids, at)
        take_back(connection, job_id, part.custom_ids, number, at=at)


def add_shards(
    connection: Connection, job_id: str, retry: Retry, *, actor: str, at: datetime
) -> list[tuple[int, RetryFile]]:
    """Reserve the price of a retry and add its shards to the job, which runs on; returns each file with its number.

    Raises:
        OverBudget: From the check. The caller's transaction must take back what was done here.
    """
    lock_money(connection)
    row = job_row(connection, job_id)
    spent = spent_so_far(connection, row)
    reservation = reserve(
        connection,
        row,
        to_nano(retry.expected_usd) or 0,
        lambda month, person, desk: retry.check(month, person, desk, spent),
        actor=row.created_by if actor == "worker" else actor,
        at=at,
    )
    index = _next_index(connection, job_id)
    for number, part in enumerate(retry.files, start=index):
        shard = new_shard(job_id, number, part.file, retry.remote_name(number), retry.model, at)
        shard |= {
            "retry_round": retry.round,
            "part": reservation,
            "next_due_at": retry.not_before,
            "hold": "back_off" if retry.not_before > at else "",
            "hold_until": retry.not_before if retry.not_before > at else None,
        }
        connection.execute(_S.insert().values(**shard))
    connection.execute(
        update(_J)
        .where(_J.c.job_id == job_id)
        .values(shards=_J.c.shards + len(retry.files), ended_at=None, message="", cancel_wish=False)
    )
    record_event(connection, job_id, None, at, actor, "retry", retry.note)
    return list(enumerate(retry.files, start=index))


def take_back(
    connection: Connection, job_id: str, custom_ids: Sequence[str], index: int | None, *, at: datetime
) -> None:
    """Make ended requests pending again: their endings become attempts and leave every count.

    Args:
        index: The shard in which they stand from now on; None leaves them where they are.

    Raises:
        StaleMove: Some of them have no ending, or have an analysis.
    """
    gone: Counter[tuple[str, str]] = Counter()
    n = 0
    for start in range(0, len(custom_ids), _AT_ONCE):
        ids = list(custom_ids[start : start + _AT_ONCE])
        mine = (_RES.c.job_id == job_id) & _RES.c.custom_id.in_(ids)
        rows = connection.execute(
            select(_RES, _R.c.shard_index)
            .join(_R, (_R.c.job_id == _RES.c.job_id) & (_R.c.custom_id == _RES.c.custom_id))
            .where(mine, _RES.c.status != ResultStatus.SUCCEEDED.value)
        ).all()
        n += len(rows)
        earlier = {
            row.custom_id: int(row.n)
            for row in connection.execute(
                select(_ATT.c.custom_id, func.count().label("n"))
                .where(_ATT.c.job_id == job_id, _ATT.c.custom_id.in_(ids))
                .group_by(_ATT.c.custom_id)
            )
        }
        if rows:
            connection.execute(_ATT.insert(), [_attempt(row, earlier.get(row.custom_id, 0), at) for row in rows])
        for row in rows:
            gone["status", row.status] += 1
            if row.error_code is not None:
                gone["error", row.error_code] += 1
            if row.answered_model:
                gone[MODEL, row.answered_model] += 1
            if row.answered_tier:
                gone[TIER, row.answered_tier] += 1
        connection.execute(delete(_RES).where(mine))
        # What is asked again may be another question (model, cap), so its answer must not be reused for the first one;
        # but the first one is waiting.
        moved = {} if index is None else {"shard_index": index}
        asked = (_R.c.job_id == job_id) & _R.c.custom_id.in_(ids)
        first = asked & (_R.c.body_hash != "") & _R.c.body_hash.not_like(f"{ASKED_AGAIN}%")
        connection.execute(update(_R).where(first).values(body_hash=ASKED_AGAIN + _R.c.body_hash))
        if moved:
            connection.execute(update(_R).where(asked).values(**moved))
    if n != len(custom_ids):
        raise StaleMove(f"{len(custom_ids) - n} of {len(custom_ids)} requests were asked again meanwhile. Look again.")
    uncount(connection, job_id, gone)


def not_held(connection: Connection, job_id: str, custom_ids: Sequence[str], at: datetime) -> None:
    """Make sure that nobody asks any of these requests synchronously right now.

    Raises:
        Refused: Somebody does.
    """
    held = connection.execute(
        select(_ASK).where(_ASK.c.job_id == job_id, _ASK.c.until > at).order_by(_ASK.c.custom_id)
    ).all()
    among = set(custom_ids) if held else set()
    for one in held:
        if one.custom_id in among:
            raise Refused(
                f"{one.custom_id} is being asked right now ({one.actor}). Wait for the answer; if none comes, it can "
                f"be asked again from {one.until:%H:%M}Z on."
            )


def _let_go(connection: Connection, job_id: str, custom_id: str, part: int) -> None:
    """End the hold of one call; that of another, who took the request over meanwhile, stays."""
    mine = (_ASK.c.job_id == job_id) & (_ASK.c.custom_id == custom_id) & (_ASK.c.part == part)
    connection.execute(delete(_ASK).where(mine))


def _may_be_asked(connection: Connection, job_id: str, custom_id: str) -> bool:
    """Whether a request has ended without an analysis."""
    status = connection.execute(
        select(_RES.c.status).where(_RES.c.job_id == job_id, _RES.c.custom_id == custom_id)
    ).scalar_one_or_none()
    return status is not None and status != ResultStatus.SUCCEEDED.value


def _leave_aside(connection: Connection, job_id: str, outcome: Outcome, at: datetime) -> None:
    """Keep an answer that came too late as an attempt: it was paid, and something else stands or will."""
    usage, nano = outcome.usage, to_nano(outcome.cost_usd)
    mine = (_ATT.c.job_id == job_id) & (_ATT.c.custom_id == outcome.custom_id)
    earlier = connection.execute(select(func.count()).select_from(_ATT).where(mine)).scalar_one()
    stands = (_R.c.job_id == job_id) & (_R.c.custom_id == outcome.custom_id)
    connection.execute(
        _ATT.insert().values(
            job_id=job_id,
            custom_id=outcome.custom_id,
            attempt=int(earlier),
            shard_index=connection.execute(select(_R.c.shard_index).where(stands)).scalar_one(),
            at=at,
            status=outcome.reading.status.value,
            error_code="late",
            error_message="The answer came after the request had been asked again.",
            input_tokens=usage.input_tokens,
            cached_tokens=usage.cached_tokens,
            output_tokens=usage.output_tokens,
            reasoning_tokens=usage.reasoning_tokens,
            cost_nano=nano,
            **answered_row(outcome.answered),
            usage_from=outcome.usage_from.value,
        )
    )
    more = None if nano is None else _J.c.actual_nano + nano
    connection.execute(update(_J).where(_J.c.job_id == job_id).values(actual_nano=more))


def _attempt(row: Any, number: int, at: datetime) -> dict[str, Any]:
    kept = ("job_id", "custom_id", "status", "error_code", "error_message", "cost_nano", "usage_from")
    tokens = ("input_tokens", "cached_tokens", "output_tokens", "reasoning_tokens")
    raw = ("raw_file", "raw_offset", "raw_length", "shard_index")
    who = answered_row(answered_of(row))
    return {"attempt": number, "at": at, **{name: getattr(row, name) for name in (*kept, *tokens, *raw)}, **who}


def _next_index(connection: Connection, job_id: str) -> int:
    last = connection.execute(select(func.max(_S.c.shard_index)).where(_S.c.job_id == job_id)).scalar_one()
    return 0 if last is None else int(last) + 1
