"""What a job will probably cost and how long it takes, before any money moves."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from core.domain.analysis import Usage
from core.domain.cost import Estimate, Price
from core.llm import pricing
from core.llm.models import Model, ModelClass, warnings

COMPLETION_TIME = {"standard": "2-8 h", "reasoning": "6-16 h", "mixed": "4-12 h"}
"""Hours that batches take by model class, until the history of this installation knows better."""

_TEXT_TOKENS = (900, 1_500, 2_600)
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
    """Output tokens of one answer, reasoning included: few, expected, many."""

    low: int
    expected: int
    high: int


def assumed_output(model: Model, effort: str | None = None, max_output_tokens: int | None = None) -> OutputSpread:
    """Our assumption about one structured report, for as long as there is no history.

    About 1,500 tokens of text, and on top what the model spends on reasoning at that effort (its default if None).
    Nothing exceeds the cap that is sent.
    """
    thinking = effort or model.default_effort or ("medium" if model.model_class == "reasoning" else "none")
    cap = max_output_tokens or model.max_output
    low, expected, high = (
        min(text + reasoning, cap) if cap else text + reasoning
        for text, reasoning in zip(_TEXT_TOKENS, _REASONING_TOKENS[thinking], strict=True)
    )
    return OutputSpread(low, expected, high)


def completion_time(classes: Iterable[ModelClass]) -> str:
    """Hours for a job whose requests go to models of these classes."""
    found = set(classes)
    return COMPLETION_TIME[found.pop() if len(found) == 1 else "mixed"]


def estimate(
    input_tokens: Iterable[int],
    output: OutputSpread,
    model: Model,
    *,
    at: datetime,
    shards: int,
    size_bytes: int,
    effort: str | None = None,
    notes: Iterable[str] = (),
) -> Estimate:
    """Add up a job of one model.

    Args:
        input_tokens: Counted tokens of each request.
        output: Assumed tokens of each answer.
        model: Which all requests go to.
        at: Aware time of asking; prices and the model's shutdown are seen from it.
        shards: Files at the provider.
        size_bytes: Bytes of these files.
        effort: Reasoning effort that is sent, or None.
        notes: Warnings from preparing the requests; repeated ones are given once.
    """
    counts = list(input_tokens)
    batch = pricing.price(model.model_id, batch=True, at=at)
    sync = pricing.price(model.model_id, batch=False, at=at)
    model_class = model.class_with(effort)
    found = [*notes, *warnings(model, at.date()), *_length_warnings(counts, output, model)]
    if batch is None:
        found.append(_no_price(model, sync))
    return Estimate(
        requests=len(counts),
        shards=shards,
        bytes=size_bytes,
        input_tokens=sum(counts),
        output_tokens=output.expected * len(counts),
        low_usd=_total(batch, counts, output.low),
        expected_usd=_total(batch, counts, output.expected),
        high_usd=_total(batch, counts, output.high),
        sync_usd=_total(sync, counts, output.expected),
        completion_time=completion_time([model_class]),
        model=model.model_id,
        model_class=model_class,
        model_mix={model.model_id: len(counts)},
        price_source=pricing.source(at.date()),
        warnings=tuple(dict.fromkeys(found)),
    )


def _total(price: Price | None, counts: list[int], output_each: int) -> Decimal | None:
    """Sum over requests: the long ones at their own rates, all others in one multiplication."""
    if price is None:
        return None
    above = price.long_input.above_tokens if price.long_input else None
    long = [count for count in counts if above is not None and count > above]
    short_input = sum(counts) - sum(long)
    short_output = (len(counts) - len(long)) * output_each
    total = (short_input * price.input + short_output * price.output) / 1_000_000
    return sum((pricing.cost(price, Usage(count, 0, output_each)) for count in long), start=total)


def _length_warnings(counts: list[int], output: OutputSpread, model: Model) -> list[str]:
    room, window, name = model.input_room, model.context_window, model.model_id
    over = [count for count in counts if room is not None and count > room]
    if over:
        sentence = (
            f"{len(over):,} of {len(counts):,} requests are longer than the {room:,} input tokens that {name} takes "
            f"(the longest has {max(over):,}): they will fail. Shorten their holdings tables."
        )
        return [sentence]
    tight = sum(1 for count in counts if window is not None and count + output.high > window)
    if tight:
        sentence = (
            f"{tight:,} of {len(counts):,} requests leave less room than a long answer needs in the {window:,} tokens "
            f"of {name}: answers may be cut off."
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
