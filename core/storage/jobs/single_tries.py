"""Questions asked at once: the intent, its reservation, the text as it comes, and the end, each in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import orjson
from sqlalchemy import and_, delete, or_, select, update

from core.domain.analysis import (
    AnalysisRequest,
    Finding,
    FindingKind,
    ItemError,
    ResultStatus,
    Usage,
    UsageFrom,
    Verification,
)
from core.domain.provider import NOBODY, AnsweredBy
from core.domain.records import ago
from core.domain.trial import Try, TryState
from core.errors import AlreadyOpen, NotFound, StaleMove
from core.storage.database import Database
from core.storage.jobs.answered import answered_of, answered_row
from core.storage.jobs.job_rows import to_request
from core.storage.jobs.open_jobs import Waits, stop_waiting, waiting
from core.storage.jobs.reservations import BudgetCheck, lock_money, reserve
from core.storage.money import from_nano, to_nano
from core.storage.sql import dump, table
from core.storage.tables import CitationTable, CommitmentTable, LedgerTable, ToolCallTable, TryTable

_T, _C, _L = table(TryTable), table(CommitmentTable), table(LedgerTable)
_CALL, _CITE = table(ToolCallTable), table(CitationTable)

LOST = ItemError(
    "worker_lost",
    "The process that was asking ended in the middle. What the provider charged for it is not known; the expected cost "
    "stays booked.",
    transient=True,
)
"""How a try ends whose process died."""

REMEMBERED: Final = timedelta(hours=24)
"""How long the loss of an answer that may have to be paid keeps the same question from being asked without a word."""

CANCELLED = ItemError("cancelled", "It was called off before anything was sent.", transient=True)
"""How a try ends that nobody had taken up."""


@dataclass(frozen=True, slots=True)
class Ending:
    """The end of a try.

    Attributes:
        cost_usd: As far as it is known; None when it is not.
        unsettled: Part of the cost may be missing from `cost_usd`: the reservation stays where it is higher.
        usage_from: UNKNOWN where a round was answered and nobody says what it came to.
        at_least_usd: What it came to as far as that is known, where `cost_usd` is not.
    """

    state: TryState
    status: ResultStatus
    usage: Usage
    cost_usd: Decimal | None
    unsettled: bool
    analysis: dict[str, Any] | None = None
    verification: Verification | None = None
    level: str = ""
    headline: str = ""
    error: ItemError | None = None
    answered: AnsweredBy = NOBODY
    usage_from: UsageFrom = UsageFrom.ANSWER
    at_least_usd: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class _Reserving:
    """What a reservation wants to know of the row it is for."""

    job_id: str
    desk: str


class Tries:
    """Reads and writes tries."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(
        self,
        try_id: str,
        request: AnalysisRequest,
        portfolio_id: str,
        *,
        force: bool,
        expected_usd: Decimal | None,
        check: BudgetCheck,
        actor: str,
        desk: str,
        simulated: bool,
        at: datetime,
        provider_id: str,
        question: str,
        since: datetime,
        again: bool = False,
        owner: str = "",
    ) -> None:
        """Store a wish and reserve its expected cost.

        Args:
            question: A hash of what is sent.
            since: The same question asked after this is the same click, even if it has been answered meanwhile.
            again: Ask although the very same is under way.
            owner: Who asks at once by itself; "" leaves it to a worker.

        Raises:
            OverBudget: From `check`; nothing was stored.
            AlreadyOpen: The very same is asked already, by itself or in a job. Nothing was stored.
        """
        with self._database.write() as connection:
            lock_money(connection)
            if not again:
                _stop_alike(connection, question, provider_id, since, actor, at)
                waits = waiting(connection, [question], provider_id)
                stop_waiting([Waits({portfolio_id: job_id}, 1, 1) for job_id in waits.values()])
            reserve(connection, _Reserving(try_id, desk), to_nano(expected_usd) or 0, check, actor=actor, at=at)
            connection.execute(
                _T.insert().values(
                    try_id=try_id,
                    created_at=at,
                    created_by=actor,
                    state=(TryState.ASKING if owner else TryState.WAITING).value,
                    cancel_wish=False,
                    owner=owner,
                    beat_at=at if owner else None,
                    portfolio_id=portfolio_id,
                    request=dump(asdict(request)),
                    force=force,
                    custom_id="",
                    line="",
                    sheet="",
                    text="",
                    rounds=0,
                    status=ResultStatus.PENDING.value,
                    level="",
                    headline="",
                    input_tokens=0,
                    cached_tokens=0,
                    output_tokens=0,
                    reasoning_tokens=0,
                    expected_nano=to_nano(expected_usd),
                    simulated=simulated,
                    prompt_version="",
                    model=request.model,
                    provider_id=provider_id,
                    question=question,
                )
            )

    def take(self, owner: str, *, at: datetime, providers: Sequence[str] | None = None) -> Try | None:
        """Claim the oldest wish that nobody has taken up; None when there is none.

        Args:
            providers: Only wishes that were meant for one of these; None for all.
        """
        mine = [] if providers is None else [_T.c.provider_id.in_(list(providers))]
        query = select(_T).where(_T.c.state == TryState.WAITING.value, *mine).order_by(_T.c.created_at).limit(1)
        with self._database.read() as connection:
            row = connection.execute(query).first()
        if row is None:
            return None
        with self._database.write() as connection:
            changed = connection.execute(
                update(_T)
                .where(_T.c.try_id == row.try_id, _T.c.state == TryState.WAITING.value)
                .values(state=TryState.ASKING.value, owner=owner, beat_at=at)
            )
        return self.get(row.try_id) if changed.rowcount == 1 else None

    def begin(
        self, try_id: str, owner: str, *, custom_id: str, line: str, sheet: str, prompt_version: str, at: datetime
    ) -> None:
        """Keep what is about to be sent, before it is.

        Raises:
            StaleMove: It has ended, or somebody else asks.
        """
        self._change(
            try_id,
            owner,
            {"custom_id": custom_id, "line": line, "sheet": sheet, "prompt_version": prompt_version, "beat_at": at},
        )

    def beat(self, try_id: str, owner: str, *, at: datetime) -> None:
        """Show life.

        Raises:
            StaleMove: It has ended, or somebody else asks.
        """
        self._change(try_id, owner, {"beat_at": at})

    def show(self, try_id: str, owner: str, text: str, *, at: datetime) -> bool:
        """Show the text so far, which is also a sign of life; True when somebody wants it to stop.

        Raises:
            StaleMove: It has ended, or somebody else asks.
        """
        self._change(try_id, owner, {"text": text, "beat_at": at})
        with self._database.read() as connection:
            return bool(connection.execute(select(_T.c.cancel_wish).where(_T.c.try_id == try_id)).scalar_one())

    def end(self, try_id: str, owner: str, ending: Ending, *, at: datetime) -> None:
        """Store the end and settle what was reserved.

        Raises:
            StaleMove: It has ended already.
        """
        with self._database.write() as connection:
            _end(connection, try_id, owner, ending, at)

    def end_lost(self, *, silent_since: datetime, at: datetime) -> list[str]:
        """End tries whose process has shown no life for too long; returns their ids.

        Whatever the provider charged is not known, so the reservation becomes what they cost.
        """
        lost = and_(_T.c.state == TryState.ASKING.value, or_(_T.c.beat_at.is_(None), _T.c.beat_at < silent_since))
        with self._database.read() as connection:
            if connection.execute(select(_T.c.try_id).where(lost).limit(1)).first() is None:
                return []
        with self._database.write() as connection:
            rows = connection.execute(select(_T).where(lost)).all()
            for row in rows:
                usage = Usage(row.input_tokens, row.cached_tokens, row.output_tokens, row.reasoning_tokens)
                ending = Ending(
                    TryState.FAILED, ResultStatus.FAILED, usage, from_nano(row.cost_nano), unsettled=True, error=LOST
                )
                _end(connection, row.try_id, row.owner, ending, at)
        return [row.try_id for row in rows]

    def spent(
        self, try_id: str, owner: str, usage: Usage, cost_usd: Decimal | None, *, rounds: int, at: datetime
    ) -> None:
        """Keep what rounds so far came to, so that it is known whatever happens next.

        Raises:
            StaleMove: It has ended.
        """
        values = {**asdict(usage), "cost_nano": to_nano(cost_usd), "rounds": rounds, "beat_at": at}
        self._change(try_id, owner, values)

    def wish_cancel(self, try_id: str, *, at: datetime) -> None:
        """Ask for a try to stop. One that nobody has taken up ends here, at no cost."""
        with self._database.write() as connection:
            row = connection.execute(select(_T.c.state, _T.c.owner).where(_T.c.try_id == try_id)).first()
            if row is None:
                raise _unknown(try_id)
            if row.state == TryState.WAITING.value:
                ending = Ending(
                    TryState.CANCELLED, ResultStatus.FAILED, Usage(), Decimal(0), unsettled=False, error=CANCELLED
                )
                _end(connection, try_id, row.owner, ending, at, before=TryState.WAITING)
            else:
                connection.execute(update(_T).where(_T.c.try_id == try_id).values(cancel_wish=True))

    def get(self, try_id: str) -> Try:
        """A try.

        Raises:
            NotFound: No such try.
        """
        with self._database.read() as connection:
            row = connection.execute(select(_T).where(_T.c.try_id == try_id)).first()
        if row is None:
            raise _unknown(try_id)
        return _to_try(row)

    def sheet(self, try_id: str) -> str:
        """The facts that a try stated, as they were stored; "" before it began."""
        with self._database.read() as connection:
            return str(connection.execute(select(_T.c.sheet).where(_T.c.try_id == try_id)).scalar_one_or_none() or "")

    def newest(self, actor: str, *, limit: int = 20) -> list[Try]:
        """A person's tries, the newest first."""
        query = select(_T).where(_T.c.created_by == actor).order_by(_T.c.created_at.desc()).limit(limit)
        with self._database.read() as connection:
            return [_to_try(row) for row in connection.execute(query)]

    def drop(self, *, before: datetime) -> int:
        """Forget ended tries that are older; what they cost stays booked."""
        ended = [TryState.DONE.value, TryState.FAILED.value, TryState.CANCELLED.value]
        old = (_T.c.state.in_(ended)) & (_T.c.created_at < before)
        with self._database.read() as connection:
            if connection.execute(select(_T.c.try_id).where(old).limit(1)).first() is None:
                return 0
        with self._database.write() as connection:
            ids = select(_T.c.try_id).where(old)
            for told in (_CALL, _CITE):
                connection.execute(delete(told).where(told.c.job_id.in_(ids)))
            return int(connection.execute(delete(_T).where(old)).rowcount)

    def _change(self, try_id: str, owner: str, values: dict[str, Any]) -> None:
        with self._database.write() as connection:
            mine = (_T.c.try_id == try_id) & (_T.c.owner == owner) & (_T.c.state == TryState.ASKING.value)
            if connection.execute(update(_T).where(mine).values(**values)).rowcount != 1:
                raise StaleMove(f"Try {try_id} has ended meanwhile.")


def _end(
    connection: Any, try_id: str, owner: str, ending: Ending, at: datetime, *, before: TryState = TryState.ASKING
) -> None:
    error, checked = ending.error, ending.verification
    changed = connection.execute(
        update(_T)
        .where(_T.c.try_id == try_id, _T.c.owner == owner, _T.c.state == before.value)
        .values(
            state=ending.state.value,
            status=ending.status.value,
            analysis=None if ending.analysis is None else dump(ending.analysis),
            checked=None if checked is None else dump(asdict(checked)),
            level=ending.level,
            headline=ending.headline[:300],
            error_code=error.code if error else None,
            error_message=error.message[:4000] if error else None,
            cost_nano=to_nano(ending.cost_usd),
            ended_at=at,
            usage_from=ending.usage_from.value,
            **asdict(ending.usage),
            **answered_row(ending.answered),
        )
    )
    if changed.rowcount != 1:
        raise StaleMove(f"Try {try_id} has ended meanwhile.")
    nano = to_nano(ending.cost_usd)
    if ending.usage != Usage() or ending.usage_from is UsageFrom.UNKNOWN:
        model = connection.execute(select(_T.c.model).where(_T.c.try_id == try_id)).scalar_one()
        connection.execute(
            _L.insert().values(
                batch_id=f"try:{try_id}",
                job_id=try_id,
                shard_id="",
                at=at,
                model=model,
                cost_nano=nano,
                **asdict(ending.usage),
            )
        )
    part = connection.execute(select(_C).where(_C.c.job_id == try_id)).first()
    if part is not None:
        known = to_nano(ending.at_least_usd) or 0 if nano is None else nano
        keep = (nano is None or ending.unsettled) and part.amount_nano > known
        connection.execute(
            update(_C)
            .where(_C.c.job_id == try_id)
            .values(settled=True, amount_nano=part.amount_nano if keep else known)
        )


def _stop_alike(connection: Any, question: str, provider_id: str, since: datetime, actor: str, now: datetime) -> None:
    """Let nothing be bought that is asked already: whoever reserves holds the purse, so the second finds the first."""
    goes_on = _T.c.state.in_([TryState.WAITING.value, TryState.ASKING.value]) & _T.c.cancel_wish.is_(False)
    mine = (_T.c.created_by == actor) & (_T.c.created_at >= since) & (_T.c.state != TryState.CANCELLED.value)
    lost = (_T.c.state == TryState.FAILED.value) & _T.c.cost_nano.is_(None) & (_T.c.created_at >= now - REMEMBERED)
    same = (_T.c.question == question) & (_T.c.question != "") & (_T.c.provider_id == provider_id)
    row = connection.execute(
        select(_T).where(same, or_(goes_on, mine, lost)).order_by(_T.c.created_at).limit(1)
    ).first()
    if row is not None:
        who = "you" if row.created_by == actor else row.created_by
        message = f"The same question was asked {ago(now - row.created_at)} ago by {who} ({row.try_id}, {row.state})."
        if row.state == TryState.FAILED.value and row.cost_nano is None:
            message += " No answer came, and whether it is to be paid is not known."
        raise AlreadyOpen(message, {0: row.try_id})


def _unknown(try_id: str) -> NotFound:
    return NotFound(f"There is no try '{try_id[:60]}'.")


def _to_try(row: Any) -> Try:
    checked = orjson.loads(row.checked) if row.checked else None
    if checked is not None:
        checked["findings"] = tuple(
            Finding(one["path"], one["metric_id"], one["stated"], one["true"], FindingKind(one["kind"]))
            for one in checked["findings"]
        )
    return Try(
        try_id=row.try_id,
        created_at=row.created_at,
        created_by=row.created_by,
        state=TryState(row.state),
        cancel_wish=row.cancel_wish,
        portfolio_id=row.portfolio_id,
        request=to_request(row.request),
        force=row.force,
        custom_id=row.custom_id,
        line=row.line,
        text=row.text,
        rounds=row.rounds,
        status=ResultStatus(row.status),
        analysis=orjson.loads(row.analysis) if row.analysis else None,
        verification=None if checked is None else Verification(**checked),
        level=row.level,
        headline=row.headline,
        error=(None if row.error_code is None else ItemError(row.error_code, row.error_message or "", transient=False)),
        usage=Usage(row.input_tokens, row.cached_tokens, row.output_tokens, row.reasoning_tokens),
        expected_usd=from_nano(row.expected_nano),
        cost_usd=from_nano(row.cost_nano),
        simulated=row.simulated or row.answered_simulated,
        ended_at=row.ended_at,
        prompt_version=row.prompt_version,
        answered=answered_of(row),
        usage_from=UsageFrom(row.usage_from),
        provider_id=row.provider_id,
        question=row.question,
    )
