"""What a job will probably cost and how long it takes, before any money moves."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from core.domain.analysis import Kind
from core.domain.cost import Estimate, LongInput, Price
from core.llm import pricing
from core.llm.models import Model, ModelClass, warnings

COMPLETION_TIME = {"standard": "2-8 h", "reasoning": "6-16 h", "mixed": "4-12 h"}
"""Hours that batches take by model class, until the history of this installation knows better."""

_TEXT_TOKENS: Final = {
    Kind.RISK: (2_240, 2_730, 3_230),
    Kind.PERFORMANCE: (3_250, 3_740, 4_230),
    Kind.COMPLIANCE: (2_570, 3_060, 3_550),
}
_ANY_TEXT: Final = (2_140, 3_180, 4_210)
"""Tokens of an answer's text: the least, the expected and the most, between which nine in ten lie.

From good answers to prompts as they are sent, counted as o200k tokens of compact JSON: two for each analysis named
(risk 2,649 and 2,818, performance 3,717 and 3,759, compliance 2,868 and 3,245), each in two languages. The mean, and a
90 % prediction interval by Student's t: of an analysis with the spread within analyses (169.5 tokens, 3 degrees of
freedom), of all others with the spread of the six (477 tokens, 5). docs/models.md tells people so.
"""

_REASONING_TOKENS = {
    "none": (0, 0, 0),
    "minimal": (50, 200, 800),
    "low": (300, 900, 2_500),
    "medium": (900, 2_500, 7_000),
    "high": (2_000, 6_000, 18_000),
    "xhigh": (4_000, 12_000, 36_000),
    "max": (7_000, 20_000, 60_000),
}


@dataclass(frozen=True, slots=True)
class OutputSpread:
    """Output tokens of one answer, reasoning included: few, expected, many.

    Attributes:
        slots: Assumed for an answer that names facts where others state numbers.
    """

    low: int
    expected: int
    high: int
    slots: bool = False


SLOTS_TEXT: Final = 0.5
"""Tokens of an answer with slots as a share of the same one with numbers: of six pages written as a good model would,
in three languages, 9,555 of 19,056 tokens were left."""


def asks_for_slots(prompt_version: str) -> bool:
    """Whether a released prompt ("risk/v3") has its answers name facts: all do from version 3 on."""
    number = re.search(r"/v(\d{1,6})", prompt_version)
    return number is not None and int(number[1]) >= 3


def assumed_output(
    model: Model,
    effort: str | None = None,
    max_output_tokens: int | None = None,
    *,
    kind: Kind | None = None,
    slots: bool = False,
) -> OutputSpread:
    """Our assumption about one answer, for as long as there is no history.

    As many tokens of text as good answers of the same analysis had, and on top what the model spends on reasoning at
    that effort (its default if None). Nothing exceeds the cap that is sent.

    Args:
        kind: The analysis; None for any.
        slots: The answer names facts and states none.
    """
    share = SLOTS_TEXT if slots else 1.0
    thinking = effort or model.default_effort or ("medium" if model.model_class == "reasoning" else "none")
    cap = max_output_tokens or model.max_output
    low, expected, high = (
        min(round(share * text) + reasoning, cap) if cap else round(share * text) + reasoning
        for text, reasoning in zip(
            _TEXT_TOKENS.get(kind, _ANY_TEXT) if kind else _ANY_TEXT, _REASONING_TOKENS[thinking], strict=True
        )
    )
    return OutputSpread(low, expected, high, slots)


def assumption(spread: OutputSpread) -> str:
    """What an estimate without history rests on, for a person."""
    like = "the good ones that were measured"
    if spread.slots:
        like = "half of the good ones that were measured, as six pages were that were written both ways"
    tokens = f"{spread.low:,} to {spread.high:,} tokens"
    return f"answers of {tokens}, between which nine in ten lie if they are as long as {like}"


def completion_time(classes: Iterable[ModelClass]) -> str:
    """Hours for a job whose requests go to models of these classes."""
    found = set(classes)
    return COMPLETION_TIME[found.pop() if len(found) == 1 else "mixed"]


class TokenCounts:
    """Input tokens of any number of requests, in a few sums: what an estimate needs of them and no more.

    Args:
        model: Which they go to; its limits and rates decide what is told apart.
        output: Assumed tokens of each answer.
        at: Aware time of asking; prices are seen from it.
        region: Where data have to stay, which may raise all rates; "" for no such rule.
    """

    def __init__(self, model: Model, output: OutputSpread, at: datetime, *, region: str) -> None:
        self.region = region
        price = pricing.price(model.model_id, batch=True, at=at) or pricing.price(model.model_id, batch=False, at=at)
        self._above = price.long_input.above_tokens if price is not None and price.long_input else None
        self._room, self._window, self._answer = model.input_room, model.context_window, output.high
        self.requests = self.total = self.longest = 0
        self.long_requests = self.long_total = 0
        self.over = self.tight = 0

    def add(self, tokens: int) -> None:
        """Count one request."""
        self.requests += 1
        self.total += tokens
        self.longest = max(self.longest, tokens)
        if self._above is not None and tokens > self._above:
            self.long_requests += 1
            self.long_total += tokens
        if self._room is not None and tokens > self._room:
            self.over += 1
        if self._window is not None and tokens + self._answer > self._window:
            self.tight += 1


def estimate(
    input_tokens: Iterable[int] | TokenCounts,
    output: OutputSpread,
    model: Model,
    *,
    at: datetime,
    shards: int,
    size_bytes: int,
    effort: str | None = None,
    notes: Iterable[str] = (),
    input_factor: float = 1.0,
    input_range: tuple[float, float] | None = None,
    cached_share: float = 0.0,
    cached_range: tuple[float, float] | None = None,
    region: str = "",
) -> Estimate:
    """Add up a job of one model.

    Args:
        input_tokens: Counted tokens of each request, or their sums.
        output: Assumed tokens of each answer.
        model: Which all requests go to.
        at: Aware time of asking; prices and the model's shutdown are seen from it.
        shards: Files at the provider.
        size_bytes: Bytes of these files.
        effort: Reasoning effort that is sent, or None.
        notes: Warnings from preparing the requests; repeated ones are given once.
        input_factor: Charged input tokens for each counted one, where history knows; `input_range`: its least and its
            most.
        cached_share: Part of the input that comes from the provider's cache, where history knows; `cached_range`: its
            least and its most.
        region: Where data have to stay, of requests that were not summed up before (their sums know it themselves).
    """
    least, most = cached_range or (cached_share, cached_share)
    fewest, dearest = input_range or (input_factor, input_factor)
    counts = _counted(input_tokens, output, model, at, region)
    batch = pricing.price(model.model_id, batch=True, at=at, region=counts.region)
    sync = pricing.price(model.model_id, batch=False, at=at, region=counts.region)
    model_class = model.class_with(effort)
    found = [*notes, *warnings(model, at.date()), *_length_warnings(counts, model)]
    if batch is None:
        found.append(_no_price(model, sync))
    expected = _total(batch, counts, output.expected, input_factor, cached_share)
    return Estimate(
        requests=counts.requests,
        shards=shards,
        bytes=size_bytes,
        input_tokens=counts.total,
        output_tokens=output.expected * counts.requests,
        low_usd=_total(batch, counts, output.low, fewest, most),
        expected_usd=expected,
        high_usd=_total(batch, counts, output.high, dearest, least, written=True),
        sync_usd=_total(sync, counts, output.expected, input_factor, cached_share),
        completion_time=completion_time([model_class]),
        model=model.model_id,
        model_class=model_class,
        model_mix={model.model_id: counts.requests},
        price_source=pricing.source(at.date()),
        warnings=tuple(dict.fromkeys(found)),
        uplift_usd=pricing.uplift_in(expected, batch),
        region=counts.region,
    )


def _counted(
    given: Iterable[int] | TokenCounts, output: OutputSpread, model: Model, at: datetime, region: str
) -> TokenCounts:
    if isinstance(given, TokenCounts):
        return given
    counts = TokenCounts(model, output, at, region=region)
    for tokens in given:
        counts.add(tokens)
    return counts


def _total(
    price: Price | None,
    counts: TokenCounts,
    output_each: int,
    input_factor: float,
    cached_share: float,
    *,
    written: bool = False,
) -> Decimal | None:
    """Sum over requests: the long ones at their own rates, all others in one multiplication.

    Args:
        written: Everything that does not come from the cache is written to it, where that costs more.
    """
    if price is None:
        return None
    rates: list[tuple[Price | LongInput, int, int]]
    if price.long_input is None:
        rates = [(price, counts.requests, counts.total)]
    else:
        short, short_total = counts.requests - counts.long_requests, counts.total - counts.long_total
        rates = [(price, short, short_total), (price.long_input, counts.long_requests, counts.long_total)]
    factor, cached = Decimal(repr(input_factor)), Decimal(repr(cached_share))
    total = Decimal(0)
    for rate, requests, tokens in rates:
        cached_rate = rate.input if rate.cached_input is None else rate.cached_input
        fresh_rate = max(rate.input, rate.cache_write or rate.input) if written else rate.input
        total += tokens * factor * ((1 - cached) * fresh_rate + cached * cached_rate)
        total += requests * output_each * rate.output
    total /= 1_000_000
    # Learned shares have no end of digits; money is kept to the billionth, as the ledger keeps it.
    return total if input_factor == 1 and cached_share == 0 else total.quantize(Decimal("1e-9"))


def _length_warnings(counts: TokenCounts, model: Model) -> list[str]:
    room, window, name = model.input_room, model.context_window, model.model_id
    if counts.over and room is not None:
        sentence = (
            f"{counts.over:,} of {counts.requests:,} requests are longer than the {room:,} input tokens that {name} "
            f"takes (the longest has {counts.longest:,}): they will fail. Shorten their holdings tables."
        )
        return [sentence]
    if counts.tight and window is not None:
        sentence = (
            f"{counts.tight:,} of {counts.requests:,} requests leave less room than a long answer needs in the "
            f"{window:,} tokens of {name}: answers may be cut off."
        )
        return [sentence]
    return []


def _no_price(model: Model, sync: Price | None) -> str:
    if sync is None:
        return (
            f"The price of model '{model.model_id}' is not known: no cost can be estimated and no cost limit checked."
        )
    return (
        f"No batch price is published for model '{model.model_id}', only a synchronous one: no cost can be estimated "
        "and no cost limit checked."
    )
