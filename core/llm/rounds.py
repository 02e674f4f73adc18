"""What tools do to a price: each round asks the whole request again, longer by what was called and told."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Final

from core.domain.cost import Estimate, Price
from core.llm import pricing

EXPECTED_ROUNDS: Final = 2
"""One round of calls, then the answer."""

CALL_TOKENS: Final = 120
"""Assumed tokens that a model writes to call tools in one round."""

RESULT_TOKENS: Final = 700
"""Assumed tokens of the calls and results that one round adds to the next request."""


def multiplied(found: Estimate, rounds: int, *, at: datetime) -> Estimate:
    """An estimate of requests with tools: expected as one round of calls and the answer, at most as all rounds.

    Args:
        rounds: How often a request may be asked, the answer included.
        at: Aware time of asking; prices are seen from it.
    """
    batch = pricing.price(found.model, batch=True, at=at)
    sync = pricing.price(found.model, batch=False, at=at)
    expected, most = min(EXPECTED_ROUNDS, rounds) - 1, rounds - 1
    sentence = (
        f"Tools: a request may be asked up to {rounds} times, each time longer by what tools told it. Expected is "
        f"{expected + 1} times; the upper end of the price is all {rounds}."
    )
    return replace(
        found,
        expected_usd=_more(found.expected_usd, batch, found, expected),
        high_usd=_more(found.high_usd, batch, found, most),
        sync_usd=_more(found.sync_usd, sync, found, expected),
        input_tokens=found.input_tokens + _input(found, expected),
        output_tokens=found.output_tokens + found.requests * CALL_TOKENS * expected,
        warnings=(*found.warnings, sentence),
    )


def _input(found: Estimate, more: int) -> int:
    """Input tokens of so many further rounds: each carries what all rounds before it added."""
    added = RESULT_TOKENS * more * (more + 1) // 2
    return found.input_tokens * more + found.requests * added


def _more(usd: Decimal | None, price: Price | None, found: Estimate, more: int) -> Decimal | None:
    if usd is None or price is None:
        return usd
    written = found.requests * CALL_TOKENS * more
    return usd + (_input(found, more) * price.input + written * price.output) / 1_000_000
