"""How requests end, written in chunks that can be repeated and counted as they are written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, func, select, update

from core.domain.analysis import IN_DOUBT, ItemError, Outcome, Reading, ResultStatus, Usage, UsageFrom
from core.domain.job import ShardEvent, ShardState
from core.domain.records import ShardClaim
from core.errors import OverBudget, StaleMove
from core.storage.database import Database
from core.storage.jobs.correction_rows import close_seconds, sums_of_seconds, whole_sum
from core.storage.jobs.history import remember
from core.storage.jobs.job_moves import follow, job_row, lock_job, record_event
from core.storage.jobs.outcome_writer import TOKENS, store_outcomes
from core.storage.jobs.parameter_memory import learn
from core.storage.jobs.reservations import lock_money, settle_job
from core.storage.jobs.retries import Retry, add_retry, take_back
from core.storage.jobs.shards import check_fence, move
from core.storage.money import from_nano, to_nano
from core.storage.sql import insert_or_ignore, insert_or_replace, table
from core.storage.tables import (
    AnswerTable,
    AttemptTable,
    CollectedTable,
    JobTable,
    LedgerTable,
    PortfolioTable,
    RequestTable,
    ResultTable,
    RollupTable,
    ShardTable,
    StrayTable,
)

_J, _S, _R = table(JobTable), table(ShardTable), table(RequestTable)
_RES, _ANS, _ROLL = table(ResultTable), table(AnswerTable), table(RollupTable)
_ATT = table(AttemptTable)
_C, _L, _STRAY, _P = table(CollectedTable), table(LedgerTable), table(StrayTable), table(PortfolioTable)


_AT_ONCE = 400
"""Ids of one query."""


@dataclass(frozen=True, slots=True)
class Stray:
    """A result line that belongs to no request of its job."""

    custom_id: str
    reason: str
    line: str


@dataclass(frozen=True, slots=True)
class ExpectedLine:
    """What a shard asked for: joins a result line to its portfolio. `input_tokens` were counted before it was sent."""

    custom_id: str
    portfolio_id: str
    as_of: str
    input_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Billed:
    """What the provider bills for a batch of which not every line came.

    Attributes:
        usage: None where it does not say; `cost_usd`: None where that, or the price, is not known.
    """

    usage: Usage | None
    cost_usd: Decimal | None


class Results:
    """Writes the endings of requests."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def expected(self, job_id: str, shard_index: int) -> dict[str, ExpectedLine]:
        """Every request of a shard by custom id."""
        query = select(_R.c.custom_id, _R.c.portfolio_id, _R.c.as_of, _R.c.input_tokens).where(
            _R.c.job_id == job_id, _R.c.shard_index == shard_index
        )
        with self._database.read() as connection:
            return {row.custom_id: ExpectedLine(*row) for row in connection.execute(query)}

    def ended(self, job_id: str, shard_index: int) -> set[str]:
        """Custom ids of a shard whose ending is already stored."""
        query = (
            select(_RES.c.custom_id)
            .join(_R, (_R.c.job_id == _RES.c.job_id) & (_R.c.custom_id == _RES.c.custom_id))
            .where(_R.c.job_id == job_id, _R.c.shard_index == shard_index)
        )
        with self._database.read() as connection:
            return set(connection.execute(query).scalars())

    def read_to(self, shard_id: str, file: str) -> int:
        """The byte up to which a result file is stored."""
        with self._database.read() as connection:
            found = connection.execute(
                select(_C.c.read_to).where(_C.c.shard_id == shard_id, _C.c.file == file)
            ).scalar_one_or_none()
            return int(found or 0)

    def add(
        self,
        claim: ShardClaim,
        outcomes: Sequence[Outcome],
        strays: Sequence[Stray] = (),
        *,
        file: str = "",
        read_to: int = 0,
    ) -> None:
        """Store a chunk of endings with their counts and the place in the file, in one transaction.

        Killed before it commits, nothing of the chunk is there and it is read again; killed after, it is skipped.

        Raises:
            StaleMove: The claim was taken over. Nothing was changed.
        """
        job_id = claim.shard_id.rsplit(".", 1)[0]
        with self._database.write() as connection:
            lock_job(connection, job_id)
            check_fence(connection, claim)
            store_outcomes(connection, job_id, outcomes)
            keep_place(connection, claim, strays, file=file, read_to=read_to)

    def add_ahead(self, job_id: str, outcomes: Sequence[Outcome]) -> None:
        """Store endings of requests of a job that is still being built; they become visible with the draft."""
        with self._database.write() as connection:
            store_outcomes(connection, job_id, outcomes)

    def shard_counts(self, job_id: str, shard_index: int) -> dict[ResultStatus, int]:
        """How many requests of a shard ended in which way."""
        query = (
            select(_RES.c.status, func.count().label("n"))
            .join(_R, (_R.c.job_id == _RES.c.job_id) & (_R.c.custom_id == _RES.c.custom_id))
            .where(_R.c.job_id == job_id, _R.c.shard_index == shard_index)
            .group_by(_RES.c.status)
        )
        with self._database.read() as connection:
            return {ResultStatus(row.status): int(row.n) for row in connection.execute(query)}

    def came_to(self, job_id: str, shard_index: int) -> tuple[Usage, Decimal | None]:
        """Tokens of a shard's requests together, and what they cost; None where that is not known of each."""
        with self._database.read() as connection:
            return summed(_sums(connection, job_id, shard_index))

    def close(
        self,
        claim: ShardClaim,
        state: ShardState,
        event: ShardEvent,
        error: ItemError,
        *,
        at: datetime,
        note: str,
        message: str = "",
        actor: str = "worker",
    ) -> None:
        """End a shard that never became a batch: its requests and its last move in one transaction.

        Nothing was paid, save where the error says that nobody knows (`IN_DOUBT`): then what it cost is unknown.

        Were they apart, a process that died in between would send again what already has an ending.

        Args:
            state: Where the caller believes it stands.
            error: How each of its requests ends.

        Raises:
            StaleMove: The shard is elsewhere, or the claim was taken over. Nothing was changed.
        """
        job_id, _, index = claim.shard_id.rpartition(".")
        reading = Reading(ResultStatus.FAILED, None, None, error)
        cost, known = (None, UsageFrom.UNKNOWN) if error.code == IN_DOUBT else (Decimal(0), UsageFrom.ANSWER)
        with self._database.write() as connection:
            lock_job(connection, job_id)
            check_fence(connection, claim)
            rows = connection.execute(
                select(_R.c.custom_id, _R.c.portfolio_id).where(_R.c.job_id == job_id, _R.c.shard_index == int(index))
            ).all()
            store_outcomes(
                connection,
                job_id,
                [Outcome(row.custom_id, row.portfolio_id, reading, Usage(), cost, usage_from=known) for row in rows],
            )
            close_seconds(connection, job_id, int(index), error)
            move(connection, claim, state, event, at=at, note=note, actor=actor, message=message)

    def settle(
        self,
        claim: ShardClaim,
        event: ShardEvent,
        *,
        kind: str,
        effort: str,
        at: datetime,
        message: str,
        retries: Sequence[Retry] = (),
        sent: Mapping[str, str] | None = None,
        billed: Billed | None = None,
    ) -> None:
        """End a collected shard: its ledger row, what it teaches, retries of it and its last move in one transaction.

        The ledger row is unique per provider batch, so no second settling can ever be paid again.

        Args:
            kind: The analysis; `effort`: the reasoning effort that was sent ("" for none). Under both, and the model,
                the lengths of its answers are remembered.
            retries: Requests of this shard to ask again at once, each if the budget allows.
            sent: Parameters that its requests carried: whether the model took them is remembered.
            billed: What the provider bills where lines are missing; their own sum otherwise.
        """
        job_id = claim.shard_id.rsplit(".", 1)[0]
        with self._database.write() as connection:
            if retries:
                lock_money(connection)  # before the job, as whoever buys does
            lock_job(connection, job_id)
            check_fence(connection, claim)
            shard = connection.execute(select(_S).where(_S.c.shard_id == claim.shard_id)).one()
            place = job_id, shard.shard_index
            sums = sums_of_seconds(connection, *place) or _sums(connection, *place)
            if shard.batch_id is not None:
                lines_nano = None if sums.cost_nano is None else int(sums.cost_nano)
                nano = lines_nano
                if billed is not None:
                    # Searches and tokens written to the cache cost more than the provider's own count of tokens shows.
                    whole = to_nano(billed.cost_usd)
                    nano = None if whole is None else max(whole, lines_nano or 0)
                connection.execute(
                    insert_or_ignore(connection, LedgerTable),
                    {
                        "batch_id": shard.batch_id,
                        "job_id": job_id,
                        "shard_id": claim.shard_id,
                        "at": at,
                        "model": shard.model,
                        **{name: _tokens(name, sums, billed) for name in TOKENS},
                        "cost_nano": nano,
                    },
                )
                if nano != lines_nano:
                    # Paid for lines that are not here: it counts for the job, although for none of its requests.
                    more = None if nano is None else _J.c.actual_nano + nano - (lines_nano or 0)
                    connection.execute(update(_J).where(_J.c.job_id == job_id).values(actual_nano=more))
            remember(connection, shard, kind=kind, effort=effort, at=at)
            learn(connection, shard, sent or {}, at=at)
            # Whoever called the job off meanwhile wants none of it.
            for retry in () if shard.cancel_wish else retries:
                try:
                    with connection.begin_nested():
                        add_retry(connection, job_id, retry, actor="worker", at=at)
                except OverBudget as over:
                    record_event(connection, job_id, claim.shard_id, at, "worker", "retry_refused", str(over))
            move(connection, claim, ShardState.COLLECTING, event, at=at, note=message, message=message)

    def found_late(self, claim: ShardClaim, outcomes: Sequence[Outcome], *, at: datetime) -> None:
        """Put endings in the place of ones without an analysis, which become attempts. To be followed by `settle_late`.

        Raises:
            StaleMove: The claim was taken over, or some of them have an analysis by now. Nothing was changed.
        """
        job_id = claim.shard_id.rsplit(".", 1)[0]
        with self._database.write() as connection:
            lock_job(connection, job_id)
            check_fence(connection, claim)
            ids = [outcome.custom_id for outcome in outcomes]
            # What such a one was charged with was paid for the very answer that takes its place.
            for start in range(0, len(ids), _AT_ONCE):
                mine = (_RES.c.job_id == job_id) & _RES.c.custom_id.in_(ids[start : start + _AT_ONCE])
                nothing = {**dict.fromkeys(TOKENS, 0), "cost_nano": 0, "usage_from": UsageFrom.ANSWER.value}
                connection.execute(update(_RES).where(mine).values(**nothing))
            take_back(connection, job_id, ids, None, at=at)
            store_outcomes(connection, job_id, outcomes)

    def settle_late(self, claim: ShardClaim, *, note: str, at: datetime) -> None:
        """Bring the ledger, the job and its commitments in line with lines that came late. Safe to repeat.

        A batch costs what was billed for it, or what its lines say now, whichever is more. Where nobody had said what
        was billed, and every request is still where it was, it is known now.

        Raises:
            StaleMove: The claim was taken over, or the job has gone on meanwhile. Nothing was changed.
        """
        job_id, _, index = claim.shard_id.rpartition(".")
        with self._database.write() as connection:
            lock_job(connection, job_id)
            check_fence(connection, claim)
            open_ = select(_S.c.shard_id).where(_S.c.job_id == job_id, _S.c.ended_at.is_(None)).limit(1)
            if connection.execute(open_).first() is not None:
                raise StaleMove(f"Job {job_id} goes on; what came late is counted once it has ended.")
            shard = connection.execute(select(_S).where(_S.c.shard_id == claim.shard_id)).one()
            row = connection.execute(select(_L).where(_L.c.batch_id == shard.batch_id)).one()
            sums = _sums(connection, job_id, int(index))
            nano = None if row.cost_nano is None else int(row.cost_nano)
            lines = None if sums.cost_nano is None else int(sums.cost_nano)
            if nano is None and not _moved_on(connection, job_id, int(index)):
                nano = lines
            elif nano is not None and lines is not None:
                nano = max(nano, lines)
            counted = {name: max(int(getattr(row, name)), int(getattr(sums, name))) for name in TOKENS}
            connection.execute(update(_L).where(_L.c.batch_id == shard.batch_id).values(cost_nano=nano, **counted))
            paid = connection.execute(select(whole_sum(_L.c.cost_nano)).where(_L.c.job_id == job_id)).scalar_one()
            connection.execute(
                update(_J).where(_J.c.job_id == job_id).values(actual_nano=None if paid is None else int(paid))
            )
            record_event(connection, job_id, claim.shard_id, at, "worker", "result_found", note)
            follow(connection, job_id, actor="worker", at=at)
            settle_job(connection, job_row(connection, job_id), at=at)


def _sums(connection: Connection, job_id: str, shard_index: int) -> Any:
    """Tokens and cost of the lines of a shard that are here."""
    return connection.execute(
        select(
            *(func.coalesce(func.sum(_RES.c[name]), 0).label(name) for name in TOKENS),
            whole_sum(_RES.c.cost_nano).label("cost_nano"),
        )
        .join(_R, (_R.c.job_id == _RES.c.job_id) & (_R.c.custom_id == _RES.c.custom_id))
        .where(_R.c.job_id == job_id, _R.c.shard_index == shard_index)
    ).one()


def summed(row: Any) -> tuple[Usage, Decimal | None]:
    """A row of sums as values."""
    usage = Usage(*(int(getattr(row, name)) for name in TOKENS))
    return usage, from_nano(None if row.cost_nano is None else int(row.cost_nano))


def _moved_on(connection: Connection, job_id: str, shard_index: int) -> bool:
    """Whether some of a batch's requests stand in a later one now: then its own lines do not say what it cost."""
    missed = (_ATT.c.job_id == job_id) & (_ATT.c.shard_index == shard_index)
    query = (
        select(_ATT.c.custom_id)
        .join(_R, (_R.c.job_id == _ATT.c.job_id) & (_R.c.custom_id == _ATT.c.custom_id))
        .where(missed, _R.c.shard_index != shard_index)
        .limit(1)
    )
    return connection.execute(query).first() is not None


def _tokens(name: str, sums: Any, billed: Billed | None) -> int:
    counted = 0 if billed is None or billed.usage is None else int(getattr(billed.usage, name))
    return max(int(getattr(sums, name)), counted)


def keep_place(connection: Connection, claim: ShardClaim, strays: Sequence[Stray], *, file: str, read_to: int) -> None:
    """Note how far a result file is stored, and its lines that belong to no request, in the caller's transaction."""
    if strays:
        connection.execute(
            _STRAY.insert(),
            [
                {
                    "job_id": claim.shard_id.rsplit(".", 1)[0],
                    "shard_id": claim.shard_id,
                    "custom_id": stray.custom_id[:200],
                    "reason": stray.reason,
                    "line": stray.line[:2000],
                }
                for stray in strays
            ],
        )
    if file:
        connection.execute(
            insert_or_replace(connection, CollectedTable, ["shard_id", "file"]),
            {"shard_id": claim.shard_id, "file": file, "read_to": read_to},
        )
