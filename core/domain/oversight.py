"""What a person watching jobs is told: causes of failures, what waits and why, what waits for them, what it cost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from core.domain.alert import Alert
from core.domain.analysis import IN_DOUBT, UNREADABLE, ResultStatus, Usage
from core.domain.records import Spend


class Lasting(StrEnum):
    """Whether the same request would end the same way again."""

    TRANSIENT = "transient"
    PERMANENT = "permanent"
    UNKNOWN = "unknown"


_LOST = "result_lost"
"""Code of requests whose answers were billed and could not be fetched."""

_STOPPED = frozenset({"cancelled", "batch_cancelled"})
"""Codes of requests that ended because somebody stopped the run: ours, and the provider's."""


@dataclass(frozen=True, slots=True)
class Cause:
    """Requests of a job that ended alike without an analysis.

    Attributes:
        code: The server's, or ours for what is wrong with an answer; "" where there is none.
        transient: The error itself says that it passes.
        requests: How many.
        example: One of them, in the server's own words.
    """

    status: ResultStatus
    code: str
    transient: bool
    requests: int
    example: str

    @property
    def lasting(self) -> Lasting:
        """Whether asking the same again would end the same."""
        if self.status is ResultStatus.MISSING:
            return Lasting.UNKNOWN
        return Lasting.TRANSIENT if self.transient or self.status is ResultStatus.INVALID else Lasting.PERMANENT

    @property
    def remedy(self) -> str:
        """What asking again would do, in a sentence."""
        if self.status is ResultStatus.FAILED:
            if self.code in _STOPPED:
                return "They were stopped before they were answered and cost nothing: ask again what is still wanted."
            if self.code == IN_DOUBT:
                return "They may have been paid: look at the provider's list of batches before asking again."
            if self.transient:
                return "The trouble was the provider's own: asking again may well succeed."
            return "The same request would fail again: repair its cause or ask another model."
        if self.code == _LOST:
            return "Their file is asked for again every hour. Asking the requests again pays a second time."
        if self.code in UNREADABLE:
            return (
                "Their lines are stored and were not understood. They were paid as a rule: before asking again, have "
                "them read again, which costs nothing and helps where the program was updated since."
            )
        return _REMEDY.get(self.status, "")


_REMEDY = {
    ResultStatus.MISSING: "No line came back. They may have been answered and paid: asking again may pay twice.",
    ResultStatus.TRUNCATED: "The answers were cut at their longest length: asking again doubles it.",
    ResultStatus.INVALID: "The answers broke their form: asking again, with the errors named, usually repairs them.",
    ResultStatus.REFUSED: "The model declined: another model may answer, the same one rarely does.",
}


@dataclass(frozen=True, slots=True)
class Waits:
    """Why a job is not at the provider yet.

    Attributes:
        batches: How many of its batches wait; `place` is the first one's in the queue, 0 where nothing was decided.
        reason: For a person; "" where no reason was given yet.
        until: When that changes at the latest, as far as anybody can say.
    """

    batches: int
    place: int
    reason: str
    until: datetime | None

    def said(self, moment: Callable[[datetime], str]) -> str:
        """The same in words.

        Args:
            moment: Writes a moment on the reader's clock.
        """
        batches = "1 batch" if self.batches == 1 else f"{self.batches:,} batches"
        reason = self.reason or f"{batches} to be handed to the provider."
        place = f" Number {self.place} in the queue." if self.place else ""
        until = f" Until {moment(self.until)} at the latest." if self.until is not None else ""
        return f"{reason}{'' if reason.endswith('.') else '.'}{place}{until}"


@dataclass(frozen=True, slots=True)
class Bound:
    """An open job and whom it was approved for.

    Attributes:
        meant_for: The same for people.
        batches: How many of its batches have not ended.
    """

    job_id: str
    provider_id: str
    meant_for: str
    batches: int


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """What one provider batch, or one synchronous answer, came to.

    Attributes:
        cost_usd: None when the model has no known price.
    """

    batch_id: str
    shard_id: str
    at: datetime
    model: str
    usage: Usage
    cost_usd: Decimal | None


@dataclass(frozen=True, slots=True)
class WaitsForPerson:
    """A batch that nobody touches until a person has decided.

    Attributes:
        why: What happened and what to do, without any command.
        unanswered: Creates whose answer never came.
        exposure_usd: What those may have cost at most, should they have been received after all; None when the price
            is unknown.
        again_usd: What sending the batch again costs, as was expected of it.
    """

    shard_id: str
    requests: int
    why: str
    unanswered: int
    exposure_usd: Decimal | None
    again_usd: Decimal | None

    @property
    def exposure(self) -> str:
        """What is at stake, in a sentence."""
        again = "an unknown amount" if self.again_usd is None else f"about ${self.again_usd:,.4f}"
        if not self.unanswered:
            return f"Nothing of it was paid; sending it again costs {again}, as was approved."
        most = "its price is not known" if self.exposure_usd is None else f"at most ${self.exposure_usd:,.4f}"
        return (
            f"{self.unanswered} create{'s' if self.unanswered > 1 else ''} got no answer. Should the provider have "
            f"received {'them' if self.unanswered > 1 else 'it'} after all: {most}. Sending it again costs {again}."
        )


@dataclass(frozen=True, slots=True)
class Notice:
    """An alert as a person meets it.

    Attributes:
        job_id: Whose it is; "" where it is no job's.
        next_step: What to do.
        dismissible: It is over once it was read; the others end by themselves.
    """

    alert: Alert
    job_id: str
    next_step: str
    dismissible: bool


@dataclass(frozen=True, slots=True)
class BudgetLine:
    """One monthly limit and what is committed of it.

    Attributes:
        name: "Everybody", "This desk" or "You".
        marks: Percents of the limit at which somebody is told.
    """

    name: str
    limit_usd: Decimal
    spend: Spend
    marks: tuple[int, ...]

    @property
    def share(self) -> float:
        """Committed over limit, a fraction; 1 for a limit of nothing."""
        return float(self.spend.total_usd / self.limit_usd) if self.limit_usd else 1.0


@dataclass(frozen=True, slots=True)
class JobFile:
    """A file of a job on this machine.

    Attributes:
        bytes: None when it is gone.
        sha256: As it was noted when the file was made; "" where it must be computed.
        remote_id: At the provider; "" when it was never there.
        removed_at: When it was removed there.
    """

    name: str
    what: str
    bytes: int | None
    sha256: str
    remote_id: str
    removed_at: datetime | None
