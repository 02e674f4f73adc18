"""How requests end, written in chunks that can be repeated and counted as they are written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, func, select, update

from core.domain.analysis import ItemError, Outcome, Reading, ResultStatus, Usage
from core.domain.job import ShardEvent, ShardState
from core.domain.records import Claim
from core.storage.database import Database
from core.storage.jobs import lock_job
from core.storage.money import to_nano
from core.storage.shards import check_fence, move
from core.storage.sql import bulk_insert, dump, insert_or_add, insert_or_ignore, insert_or_replace, table
from core.storage.tables import (
    AnswerTable,
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
_C, _L, _STRAY, _P = table(CollectedTable), table(LedgerTable), table(StrayTable), table(PortfolioTable)

TOKENS = ("input_tokens", "cached_tokens", "output_tokens", "reasoning_tokens")
"""Columns of usage, in the order of `Usage`."""

_FAILED = frozenset({ResultStatus.FAILED, ResultStatus.INVALID, ResultStatus.REFUSED, ResultStatus.TRUNCATED})


@dataclass(frozen=True, slots=True)
class Stray:
    """A result line that belongs to no request of its job."""

    custom_id: str
    reason: str
    line: str


@dataclass(frozen=True, slots=True)
class Expected:
    """What a shard asked for: joins a result line to its portfolio."""

    custom_id: str
    portfolio_id: str
    as_of: str


class Results:
    """Writes the endings of requests."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def expected(self, job_id: str, shard_index: int) -> dict[str, Expected]:
        """Every request of a shard by custom id."""
        query = select(_R.c.custom_id, _R.c.portfolio_id, _R.c.as_of).where(
            _R.c.job_id == job_id, _R.c.shard_index == shard_index
        )
        with self._database.read() as connection:
            return {row.custom_id: Expected(*row) for row in connection.execute(query)}

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
        claim: Claim,
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
            self._insert(connection, job_id, outcomes)
            if strays:
                connection.execute(
                    _STRAY.insert(),
                    [
                        {
                            "job_id": job_id,
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

    def _insert(self, connection: Connection, job_id: str, outcomes: Sequence[Outcome]) -> None:
        results: list[tuple[Any, ...]] = []
        answers: list[tuple[Any, ...]] = []
        tally: Counter[tuple[str, str]] = Counter()
        nano_total = 0
        for outcome in outcomes:
            reading, usage, raw = outcome.reading, outcome.usage, outcome.raw
            checked, error = reading.verification, reading.error
            nano = to_nano(outcome.cost_usd)
            nano_total += nano or 0
            results.append(
                (
                    job_id,
                    outcome.custom_id,
                    outcome.portfolio_id,
                    reading.status.value,
                    reading.level,
                    reading.headline[:300],
                    checked.verified if checked else 0,
                    checked.mismatched if checked else 0,
                    checked.unsupported if checked else 0,
                    usage.input_tokens,
                    usage.cached_tokens,
                    usage.output_tokens,
                    usage.reasoning_tokens,
                    nano,
                    error.code if error else None,
                    error.message[:4000] if error else None,
                    error.transient if error else False,
                    raw.file if raw else None,
                    raw.offset if raw else None,
                    raw.length if raw else None,
                    outcome.reused_from or None,
                )
            )
            if reading.analysis is not None:
                findings = [asdict(finding) for finding in checked.findings] if checked and checked.findings else []
                score = (checked.wanted, checked.covered, checked.rules, checked.rules_agreeing) if checked else (0,) * 4
                answers.append((job_id, outcome.custom_id, dump(reading.analysis), dump(findings), *score))
            _count(tally, outcome)
        bulk_insert(connection, ResultTable, results)
        bulk_insert(connection, AnswerTable, answers)
        if tally:
            # In key order: two shards of a job that add to the same counts must not lock them in two orders.
            connection.execute(
                insert_or_add(connection, RollupTable, ["job_id", "dimension", "value"], "n"),
                [
                    {"job_id": job_id, "dimension": dimension, "value": value, "n": n}
                    for (dimension, value), n in sorted(tally.items())
                ],
            )
        connection.execute(
            update(_J)
            .where(_J.c.job_id == job_id)
            .values(
                succeeded=_J.c.succeeded + tally["status", ResultStatus.SUCCEEDED.value],
                failed=_J.c.failed + sum(tally["status", status.value] for status in _FAILED),
                missing=_J.c.missing + tally["status", ResultStatus.MISSING.value],
                actual_nano=_J.c.actual_nano + nano_total,
            )
        )

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

    def close(
        self,
        claim: Claim,
        state: ShardState,
        event: ShardEvent,
        error: ItemError,
        *,
        at: datetime,
        note: str,
        message: str = "",
        actor: str = "worker",
    ) -> None:
        """End a shard that never became a batch: its requests and its last move in one transaction. Nothing was paid.

        Were they apart, a process that died in between would send again what already has an ending.

        Args:
            state: Where the caller believes it stands.
            error: How each of its requests ends.

        Raises:
            StaleMove: The shard is elsewhere, or the claim was taken over. Nothing was changed.
        """
        job_id, _, index = claim.shard_id.rpartition(".")
        reading = Reading(ResultStatus.FAILED, None, None, error)
        with self._database.write() as connection:
            lock_job(connection, job_id)
            check_fence(connection, claim)
            rows = connection.execute(
                select(_R.c.custom_id, _R.c.portfolio_id).where(_R.c.job_id == job_id, _R.c.shard_index == int(index))
            ).all()
            self._insert(
                connection,
                job_id,
                [Outcome(row.custom_id, row.portfolio_id, reading, Usage(), Decimal(0)) for row in rows],
            )
            move(connection, claim, state, event, at=at, note=note, actor=actor, message=message)

    def settle(
        self,
        claim: Claim,
        event: ShardEvent,
        *,
        model: str,
        at: datetime,
        message: str,
    ) -> None:
        """End a collected shard: its ledger row and its last move in one transaction.

        The ledger row is unique per provider batch, so no second settling can ever be paid again.
        """
        job_id = claim.shard_id.rsplit(".", 1)[0]
        with self._database.write() as connection:
            lock_job(connection, job_id)
            check_fence(connection, claim)
            shard = connection.execute(select(_S).where(_S.c.shard_id == claim.shard_id)).one()
            sums = connection.execute(
                select(
                    *(
                        func.coalesce(func.sum(column), 0).label(column.name)
                        for column in (
                            _RES.c.input_tokens,
                            _RES.c.cached_tokens,
                            _RES.c.output_tokens,
                            _RES.c.reasoning_tokens,
                        )
                    ),
                    func.sum(_RES.c.cost_nano).label("cost_nano"),
                )
                .join(_R, (_R.c.job_id == _RES.c.job_id) & (_R.c.custom_id == _RES.c.custom_id))
                .where(_R.c.job_id == job_id, _R.c.shard_index == shard.shard_index)
            ).one()
            if shard.batch_id is not None:
                connection.execute(
                    insert_or_ignore(connection, LedgerTable),
                    {
                        "batch_id": shard.batch_id,
                        "job_id": job_id,
                        "shard_id": claim.shard_id,
                        "at": at,
                        "model": model,
                        **{name: int(getattr(sums, name)) for name in TOKENS},
                        "cost_nano": None if sums.cost_nano is None else int(sums.cost_nano),
                    },
                )
            move(connection, claim, ShardState.COLLECTING, event, at=at, note=message, message=message)


def _count(tally: Counter[tuple[str, str]], outcome: Outcome) -> None:
    reading = outcome.reading
    tally["status", reading.status.value] += 1
    if reading.level:
        tally["level", reading.level] += 1
    for tag in reading.tags:
        tally[tag] += 1
    if reading.error is not None:
        tally["error", reading.error.code] += 1
    checked = reading.verification
    if checked is not None:
        tally["numbers", "verified"] += checked.verified
        tally["numbers", "mismatched"] += checked.mismatched
        tally["numbers", "unsupported"] += checked.unsupported
        clean = not checked.mismatched and not checked.unsupported
        tally["answers", "clean" if clean else "flagged"] += 1
        for dimension, value, n in (
            ("coverage", "wanted", checked.wanted),
            ("coverage", "covered", checked.covered),
            ("rules", "named", checked.rules),
            ("rules", "agreeing", checked.rules_agreeing),
        ):
            if n:
                tally[dimension, value] += n
