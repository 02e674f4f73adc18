"""What tools do to a price: each round asks the whole request again, longer by what was called and told."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Final

from core.domain.cost import Estimate, Price
from core.domain.tools import WEB_SEARCH
from core.llm import pricing
from core.llm.tariff import Tariff

EXPECTED_ROUNDS: Final = 2
"""One round of calls, then the answer."""

CALL_TOKENS: Final = 120
"""Assumed tokens that a model writes to call tools in one round."""

RESULT_TOKENS: Final = 700
"""Assumed tokens of the calls and results that one round adds to the next request."""


def multiplied(found: Estimate, rounds: int, *, at: datetime, tools: Sequence[str] = ()) -> Estimate:
    """An estimate of requests with tools: expected as one round of calls and the answer, at most as all rounds.

    Args:
        rounds: How often a request may be asked, the answer included.
        at: Aware time of asking; prices are seen from it.
        tools: Those that are offered.
    """
    batch = pricing.price(found.model, batch=True, at=at, region=found.region)
    sync = pricing.price(found.model, batch=False, at=at, region=found.region)
    expected, most = min(EXPECTED_ROUNDS, rounds) - 1, rounds - 1
    sentence = (
        f"Tools: a request may be asked up to {rounds} times, each time longer by what tools told it. Expected is "
        f"{expected + 1} times; the upper end of the price is all {rounds}."
    )
    usd = _more(found.expected_usd, batch, found, expected)
    return replace(
        found,
        expected_usd=usd,
        uplift_usd=pricing.uplift_in(usd, batch),
        high_usd=_more(found.high_usd, batch, found, most),
        sync_usd=_more(found.sync_usd, sync, found, expected),
        input_tokens=found.input_tokens + _input(found, expected),
        output_tokens=found.output_tokens + found.requests * CALL_TOKENS * expected,
        warnings=(*found.warnings, sentence, *_searches(found, at, tools)),
    )


def _searches(found: Estimate, at: datetime, tools: Sequence[str]) -> Iterator[str]:
    """What is charged beside tokens, and in no figure: nobody knows how often a model will search."""
    if WEB_SEARCH not in tools:
        return
    each = Tariff(found.model, batch=True, at=at, region=found.region).search_cost()
    price = "a price that is not known" if each is None else f"${each.normalize():f}"
    yield f"Each web search is charged {price}, and the pages it reads as input. Neither is in the figures."


def _input(found: Estimate, more: int) -> int:
    """Input tokens of so many further rounds: each carries what all rounds before it added."""
    added = RESULT_TOKENS * more * (more + 1) // 2
    return found.input_tokens * more + found.requests * added


def _more(usd: Decimal | None, price: Price | None, found: Estimate, more: int) -> Decimal | None:
    if usd is None or price is None:
        return usd
    written = found.requests * CALL_TOKENS * more
    return usd + (_input(found, more) * price.input + written * price.output) / 1_000_000
