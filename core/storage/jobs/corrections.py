"""Requests asked once more with the list of what did not hold: both answers, of which the better one stands.

A second asking is no request of its own: a job has as many items as were submitted, and its counts are those of the
answers that stand. The first one stands until a second one is stored that has an analysis and fewer findings; then the
two change places in one transaction. Tokens and money stay with the asking that they were paid for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import Connection, delete, func, or_, select, update

from core.domain.analysis import Outcome, RawLine, Reading, ResultStatus, Usage, UsageFrom
from core.domain.records import AskedAgain, ShardClaim
from core.errors import StaleMove
from core.storage.database import Database
from core.storage.jobs.answered import answered_of
from core.storage.jobs.correction_rows import (
    Tags,
    answer_row,
    asking_row,
    raw_of,
    reading_of,
    stored_usage,
    sums_of_seconds,
    waiting_row,
)
from core.storage.jobs.job_moves import follow, lock_job
from core.storage.jobs.outcome_writer import SCORE, count, store_outcomes, uncount
from core.storage.jobs.reservations import lock_money
from core.storage.jobs.results import ExpectedLine, Stray, keep_place, summed
from core.storage.jobs.retries import Retry, UnansweredRequest, add_shards, not_held
from core.storage.jobs.shards import check_fence
from core.storage.money import from_nano, to_nano
from core.storage.sql import table
from core.storage.tables import AnswerTable, JobTable, RequestTable, ResultTable, SecondAnswerTable, ShardTable

_J, _S, _R = table(JobTable), table(ShardTable), table(RequestTable)
_RES, _ANS, _AGAIN = table(ResultTable), table(AnswerTable), table(SecondAnswerTable)

_AT_ONCE: Final = 400


@dataclass(frozen=True, slots=True)
class CorrectionCandidate:
    """A request whose answer may be asked for again.

    Attributes:
        request: As a retry looks at it.
        reading: What was made of its answer, as far as it is stored: no tags.
        raw: The provider's own line; None where it is not of this job.
        charged_tokens: Input tokens as the provider counted them.
    """

    request: UnansweredRequest
    why: AskedAgain
    reading: Reading
    raw: RawLine | None
    charged_tokens: int


@dataclass(frozen=True, slots=True)
class CorrectionRequest:
    """A second request that is about to be stored."""

    custom_id: str
    again_id: str
    portfolio_id: str
    why: AskedAgain


class Corrections:
    """Reads what may be asked again with its errors, stores that it is, and what came of it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def candidates(
        self, job_id: str, shard_index: int, why: Iterable[AskedAgain], passed_over: Iterable[str] = ()
    ) -> list[CorrectionCandidate]:
        """Requests of a shard whose answers did not hold and that have not been asked again, in order.

        Args:
            passed_over: Error codes of answers that are none, such as calls of tools.
        """
        reasons = set(why)
        broken = (_RES.c.status == ResultStatus.INVALID.value) & _RES.c.error_code.not_in(list(passed_over))
        flagged = (_RES.c.status == ResultStatus.SUCCEEDED.value) & (_RES.c.mismatched + _RES.c.unsupported > 0)
        wanted = [
            part for reason, part in ((AskedAgain.INVALID, broken), (AskedAgain.FLAGGED, flagged)) if reason in reasons
        ]
        if not wanted:
            return []
        query = (
            select(_RES, _ANS.c.findings, *(_ANS.c[name] for name in SCORE), _R.c.shard_index, _S.c.model)
            .add_columns(_R.c.input_tokens.label("asked_tokens"), _S.c.retry_round)
            .join(_R, (_R.c.job_id == _RES.c.job_id) & (_R.c.custom_id == _RES.c.custom_id))
            .join(_S, (_S.c.job_id == _R.c.job_id) & (_S.c.shard_index == _R.c.shard_index))
            .outerjoin(_ANS, (_ANS.c.job_id == _RES.c.job_id) & (_ANS.c.custom_id == _RES.c.custom_id))
            .outerjoin(_AGAIN, (_AGAIN.c.job_id == _RES.c.job_id) & (_AGAIN.c.custom_id == _RES.c.custom_id))
            .where(
                _RES.c.job_id == job_id,
                _R.c.shard_index == shard_index,
                _AGAIN.c.custom_id.is_(None),
                or_(*wanted),
            )
            .order_by(_RES.c.custom_id)
        )
        with self._database.read() as connection:
            return [_flagged(row) for row in connection.execute(query)]

    def start(
        self, job_id: str, retries: Sequence[Retry], asked: Sequence[CorrectionRequest], *, actor: str, at: datetime
    ) -> None:
        """Store second askings that somebody bought: their price is reserved and their shards are added, or nothing is.

        Args:
            retries: One for each model; their files name the second requests.

        Raises:
            OverBudget: From a check. Nothing was changed.
            Refused: One of them is being asked synchronously right now.
            StaleMove: One of them was asked again by somebody else meanwhile. Nothing was changed.
        """
        by_id = {one.again_id: one for one in asked}
        with self._database.write() as connection:
            lock_money(connection)  # before the job, as everybody who buys does
            lock_job(connection, job_id)
            ids = [one.custom_id for one in asked]
            not_held(connection, job_id, ids, at)
            self._check_unasked(connection, job_id, ids)
            added = [part for one in retries for part in add_shards(connection, job_id, one, actor=actor, at=at)]
            for number, part in added:
                rows = [
                    {
                        "job_id": job_id,
                        "custom_id": by_id[name].custom_id,
                        "again_id": name,
                        "portfolio_id": by_id[name].portfolio_id,
                        "why": by_id[name].why.value,
                        **waiting_row(number, actor, at),
                    }
                    for name in part.custom_ids
                ]
                connection.execute(_AGAIN.insert(), rows)
            follow(connection, job_id, actor=actor, at=at)

    def _check_unasked(self, connection: Connection, job_id: str, ids: Sequence[str]) -> None:
        gone = 0
        for start in range(0, len(ids), _AT_ONCE):
            chunk = list(ids[start : start + _AT_ONCE])
            mine = (_RES.c.job_id == job_id) & _RES.c.custom_id.in_(chunk)
            asked = (_AGAIN.c.job_id == job_id) & _AGAIN.c.custom_id.in_(chunk)
            gone += len(chunk) - connection.execute(select(func.count()).select_from(_RES).where(mine)).scalar_one()
            gone += connection.execute(select(func.count()).select_from(_AGAIN).where(asked)).scalar_one()
        if gone:
            raise StaleMove(f"{gone} of {len(ids)} requests were asked again meanwhile. Look again.")

    def parents(self, job_id: str, shard_index: int) -> dict[str, str]:
        """The first request of each second one in a shard; empty for a shard of first ones."""
        query = select(_AGAIN.c.again_id, _AGAIN.c.custom_id).where(
            _AGAIN.c.job_id == job_id, _AGAIN.c.shard_index == shard_index
        )
        with self._database.read() as connection:
            return {row.again_id: row.custom_id for row in connection.execute(query)}

    def endings(self, tags: Callable[[Mapping[str, Any]], Tags]) -> SecondEndings:
        """Where collecting stores the endings of a shard of second askings.

        Args:
            tags: What an analysis of the job's kind counts as in its summary.
        """
        return SecondEndings(self._database, tags)


class SecondEndings:
    """`Results` for shards of second askings: the same steps, with the same promises."""

    def __init__(self, database: Database, tags: Callable[[Mapping[str, Any]], Tags]) -> None:
        self._database = database
        self._tags = tags

    def expected(self, job_id: str, shard_index: int) -> dict[str, ExpectedLine]:
        """Every second request of a shard by its own custom id."""
        query = (
            select(_AGAIN.c.again_id, _AGAIN.c.portfolio_id, _R.c.as_of, _R.c.input_tokens)
            .join(_R, (_R.c.job_id == _AGAIN.c.job_id) & (_R.c.custom_id == _AGAIN.c.custom_id))
            .where(_AGAIN.c.job_id == job_id, _AGAIN.c.shard_index == shard_index)
        )
        with self._database.read() as connection:
            return {row.again_id: ExpectedLine(*row) for row in connection.execute(query)}

    def ended(self, job_id: str, shard_index: int) -> set[str]:
        """Second requests of a shard whose ending is already stored."""
        query = select(_AGAIN.c.again_id).where(
            _AGAIN.c.job_id == job_id, _AGAIN.c.shard_index == shard_index, _AGAIN.c.ended != ""
        )
        with self._database.read() as connection:
            return set(connection.execute(query).scalars())

    def shard_counts(self, job_id: str, shard_index: int) -> dict[ResultStatus, int]:
        """How many second requests of a shard ended in which way."""
        query = (
            select(_AGAIN.c.ended, func.count().label("n"))
            .where(_AGAIN.c.job_id == job_id, _AGAIN.c.shard_index == shard_index, _AGAIN.c.ended != "")
            .group_by(_AGAIN.c.ended)
        )
        with self._database.read() as connection:
            return {ResultStatus(row.ended): int(row.n) for row in connection.execute(query)}

    def came_to(self, job_id: str, shard_index: int) -> tuple[Usage, Decimal | None]:
        """Tokens of a shard's second requests together, and what they cost; None where that is not known of each."""
        with self._database.read() as connection:
            row = sums_of_seconds(connection, job_id, shard_index)
        return (Usage(), None) if row is None else summed(row)

    def add(
        self,
        claim: ShardClaim,
        outcomes: Sequence[Outcome],
        strays: Sequence[Stray] = (),
        *,
        file: str = "",
        read_to: int = 0,
    ) -> None:
        """Store a chunk of second endings and let the better answer of each pair stand, in one transaction.

        Raises:
            StaleMove: The claim was taken over. Nothing was changed.
        """
        job_id, _, index = claim.shard_id.rpartition(".")
        with self._database.write() as connection:
            lock_job(connection, job_id)
            check_fence(connection, claim)
            for start in range(0, len(outcomes), _AT_ONCE):
                self._add(connection, job_id, int(index), outcomes[start : start + _AT_ONCE])
            keep_place(connection, claim, strays, file=file, read_to=read_to)

    def _add(self, connection: Connection, job_id: str, index: int, outcomes: Sequence[Outcome]) -> None:
        mine = (_AGAIN.c.job_id == job_id) & (_AGAIN.c.shard_index == index)
        ids = [outcome.custom_id for outcome in outcomes]
        rows = connection.execute(
            select(_AGAIN.c.again_id, _AGAIN.c.custom_id).where(mine, _AGAIN.c.again_id.in_(ids), _AGAIN.c.ended == "")
        ).all()
        parent = {row.again_id: row.custom_id for row in rows}
        firsts = {
            row.custom_id: row
            for row in connection.execute(
                select(_RES, *(column for column in _ANS.c if column.name not in {"job_id", "custom_id"}))
                .outerjoin(_ANS, (_ANS.c.job_id == _RES.c.job_id) & (_ANS.c.custom_id == _RES.c.custom_id))
                .where(_RES.c.job_id == job_id, _RES.c.custom_id.in_(list(parent.values())))
            )
        }
        gone: Counter[tuple[str, str]] = Counter()
        standing: list[Outcome] = []
        nano, unpriced = 0, False
        for outcome in outcomes:
            if outcome.custom_id not in parent:
                continue  # stored before
            first = firsts.get(parent[outcome.custom_id])
            nano += to_nano(outcome.cost_usd) or 0
            unpriced |= outcome.cost_usd is None
            other, better = (outcome.reading, outcome.raw, outcome.answered), False
            if first is not None and _holds_better(outcome.reading, first):
                better = True
                other = reading_of(first, self._tags), raw_of(first), answered_of(first)
                count(gone, _in_its_place(replace(outcome, reading=other[0], answered=other[2]), first))
                standing.append(_in_its_place(outcome, first))
                nano -= first.cost_nano or 0  # storing the second answer in the first one's row adds it once more
            connection.execute(
                update(_AGAIN)
                .where(mine, _AGAIN.c.again_id == outcome.custom_id)
                .values(**asking_row(outcome), **answer_row(*other), stands=better)
            )
        replaced = [outcome.custom_id for outcome in standing]
        if replaced:
            uncount(connection, job_id, gone)
            for source in (_ANS, _RES):
                connection.execute(delete(source).where(source.c.job_id == job_id, source.c.custom_id.in_(replaced)))
            store_outcomes(connection, job_id, standing)
            # The better answer knew the errors of the first: it is no answer to the question as it was.
            asked = (_R.c.job_id == job_id) & _R.c.custom_id.in_(replaced)
            connection.execute(update(_R).where(asked).values(body_hash=""))
        more = None if unpriced else _J.c.actual_nano + nano
        connection.execute(update(_J).where(_J.c.job_id == job_id).values(actual_nano=more))


def _holds_better(second: Reading, first: Any) -> bool:
    if second.status is not ResultStatus.SUCCEEDED:
        return False
    if first.status != ResultStatus.SUCCEEDED.value:
        return True
    checked = second.verification
    return checked is not None and checked.mismatched + checked.unsupported < first.mismatched + first.unsupported


def _in_its_place(second: Outcome, first: Any) -> Outcome:
    """The second answer as the request's own, with the money of the first asking."""
    return Outcome(
        custom_id=first.custom_id,
        portfolio_id=second.portfolio_id,
        reading=second.reading,
        usage=stored_usage(first),
        cost_usd=from_nano(first.cost_nano),
        raw=second.raw,
        answered=second.answered,
        usage_from=UsageFrom(first.usage_from),
    )


def _flagged(row: Any) -> CorrectionCandidate:
    status = ResultStatus(row.status)
    request = UnansweredRequest(
        custom_id=row.custom_id,
        shard_index=row.shard_index,
        round=row.retry_round,
        portfolio_id=row.portfolio_id,
        status=status,
        code=row.error_code or "",
        message=row.error_message or "",
        transient=bool(row.error_transient),
        input_tokens=row.asked_tokens,
        model=row.model,
    )
    why = AskedAgain.INVALID if status is ResultStatus.INVALID else AskedAgain.FLAGGED
    return CorrectionCandidate(request, why, reading_of(row, lambda _analysis: ()), raw_of(row), int(row.input_tokens))
