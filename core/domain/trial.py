"""One question asked at once, before many are bought: where it stands and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

from core.domain.analysis import AnalysisRequest, ItemError, ResultStatus, Usage, UsageFrom, Verification
from core.domain.provider import NOBODY, AnsweredBy

TRY: Final = "try-"
"""What the ids of tries begin with, as those of no job do."""


class TryState(StrEnum):
    """waiting: for a worker. asking: text comes in. The others are ends."""

    WAITING = "waiting"
    ASKING = "asking"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


TRY_ENDED = frozenset({TryState.DONE, TryState.FAILED, TryState.CANCELLED})
"""States that a try never leaves."""


@dataclass(frozen=True, slots=True)
class Try:
    """A try as pages read it.

    Attributes:
        text: What has come so far.
        rounds: How often the model was asked; more than once where it called tools.
        status: How the answer ended; PENDING until it did.
        expected_usd: Reserved when it was asked for; None when the price is not known.
        cost_usd: What it came to as far as that is known; None when it is not.
        line: The request as it was first sent; "" while it waits.
        answered: Who gave the last round's answer.
        usage_from: UNKNOWN where a round was answered and nobody says what it came to.
        provider_id: Whom it is meant for.
        question: What was approved: a hash of all that is sent; "" of tries from before this was kept.
    """

    try_id: str
    created_at: datetime
    created_by: str
    state: TryState
    cancel_wish: bool
    portfolio_id: str
    request: AnalysisRequest
    force: bool
    custom_id: str
    line: str
    text: str
    rounds: int
    status: ResultStatus
    analysis: dict[str, Any] | None
    verification: Verification | None
    level: str
    headline: str
    error: ItemError | None
    usage: Usage
    expected_usd: Decimal | None
    cost_usd: Decimal | None
    simulated: bool
    ended_at: datetime | None
    prompt_version: str
    answered: AnsweredBy = NOBODY
    usage_from: UsageFrom = UsageFrom.ANSWER
    provider_id: str = ""
    question: str = ""


@dataclass(frozen=True, slots=True)
class TryPrice:
    """What asking one question at once would come to, as somebody is shown it.

    Attributes:
        question: A hash of all that would be sent, prompt and facts included: what is approved with the price.
        expected_usd: At the synchronous price; None when that is not known.
    """

    question: str
    expected_usd: Decimal | None


def in_words(where: str) -> str:
    """What a request waits in, a job or a try, as a message calls it."""
    return f"{where}, asked at once" if where.startswith(TRY) else f"job {where}"
