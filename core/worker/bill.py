"""What one question asked at once comes to, round by round."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from core.domain.analysis import ResultStatus, Usage, UsageFrom
from core.domain.batch import ResultLine
from core.domain.tools import ToolUse
from core.domain.trial import TryState
from core.llm.tariff import Tariff
from core.storage.jobs.single_tries import Ending


@dataclass(slots=True)
class Bill:
    """Adds up what is known; unknown as soon as a part of it is.

    Attributes:
        known_usd: The sum of the parts that are known.
        whole: Every part is.
        notes: What was odd about a part.
    """

    usage: Usage = field(default_factory=Usage)
    usage_from: UsageFrom = UsageFrom.ANSWER
    known_usd: Decimal = Decimal(0)
    whole: bool = True
    notes: list[str] = field(default_factory=list)

    @property
    def spent(self) -> Decimal | None:
        """None where a part is not known."""
        return self.known_usd if self.whole else None

    def add(self, answer: ResultLine, tariff: Tariff, looked: Sequence[ToolUse]) -> None:
        """A round: its answer, and what it searched."""
        if answer.usage is None:
            self.usage_from = UsageFrom.UNKNOWN
            self.notes.append("An answer does not say what it came to: its cost is not known.")
        else:
            self.usage += answer.usage
        spent = tariff.cost(answer)
        if by := tariff.unusual(answer.answered):
            price = "whose price is not known: neither is its cost" if spent is None else "at its own price"
            self.notes.append(f"An answer came from {by}, {price}.")
        if answer.usage_note:
            self.notes.append(f"What an answer says it came to is odd: {answer.usage_note}.")
        for part in (spent, *(use.cost_usd for use in looked)):
            self.whole &= part is not None
            self.known_usd += part or 0

    def forget_price(self) -> None:
        """Somebody else answered than was asked, a stand-in: what that charges nobody knows."""
        self.whole, self.known_usd = False, Decimal(0)

    def ending(self, status: ResultStatus, **more: Any) -> Ending:
        """The end of a try that was answered, at this cost."""
        return Ending(
            TryState.DONE,
            status,
            self.usage,
            self.spent,
            unsettled=False,
            usage_from=self.usage_from,
            at_least_usd=self.known_usd,
            **more,
        )


def with_searches(spent: Decimal | None, looked: Sequence[ToolUse]) -> Decimal | None:
    """A cost with its searches; unknown as soon as one of them is."""
    for use in looked:
        spent = None if spent is None or use.cost_usd is None else spent + use.cost_usd
    return spent
