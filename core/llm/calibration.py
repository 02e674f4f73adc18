"""What earlier batches came to, so that the next estimate need not assume: answer lengths, cached input, and how sure
we may be.

The mean of the next N answers is expected where all earlier answers' mean was. It will differ from it by chance (the
spread of single answers, over N and over what was seen) and because batches differ as wholes (other portfolios, another
day). Both are measured; the interval is a prediction interval of 90 % with Student's quantile for as many batches as
were seen. Source of the formulas: variance components of a one-way random-effects layout (method of moments).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from core.llm.estimate import OutputSpread

MIN_ANSWERS: Final = 30
"""Answers from which history is believed more than an assumption."""

MIN_BATCHES: Final = 3
"""Batches from which it is believed however few answers they had."""

UNKNOWN_SHIFT: Final = 0.10
"""Relative difference between batches that is taken for possible while only one was seen."""

_QUANTILE = {1: 6.31, 2: 2.92, 3: 2.35, 4: 2.13, 5: 2.02, 6: 1.94, 7: 1.89, 8: 1.86, 9: 1.83, 10: 1.81, 15: 1.75}
_NORMAL = 1.645


@dataclass(frozen=True, slots=True)
class BatchHistory:
    """What one batch of the same analysis, model and effort came to.

    Attributes:
        answers: With usage, so paid ones.
        counted_tokens: Input as it was counted before; `input_tokens`: as the provider charged it.
        output_squares: Sum of the squares of the answers' output tokens.
    """

    answers: int
    counted_tokens: int
    input_tokens: int
    cached_tokens: int
    output_tokens: int
    output_squares: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """What history says about the next batch.

    Attributes:
        spread: Mean output tokens of an answer: expected, and the ends between which it lies nine times in ten.
        input_factor: Charged input tokens for each counted one, and in `input_range` the ends between which it lies
            nine times in ten: the provider's counting is its own.
        cached_share: Part of the input that came from the provider's cache, and in `cached_range` the ends between
            which it lies nine times in ten: what is found in a cache depends on what else the provider does.
    """

    spread: OutputSpread
    input_factor: float
    input_range: tuple[float, float]
    cached_share: float
    cached_range: tuple[float, float]
    batches: int
    answers: int


def calibrate(past: Sequence[BatchHistory], requests: int) -> Calibration | None:
    """What the next `requests` answers will probably come to; None while too little is known."""
    seen = [one for one in past if one.answers > 0]
    answers, batches = sum(one.answers for one in seen), len(seen)
    if requests < 1 or (answers < MIN_ANSWERS and batches < MIN_BATCHES):
        return None
    mean = sum(one.output_tokens for one in seen) / answers
    within = _within(seen, answers)
    between = _between(seen, mean, within)
    # Three parts: these answers, this batch as a whole, and what we do not know of the mean itself.
    variance = within / requests + between + within / answers + between / batches
    off = _quantile(batches - 1) * math.sqrt(variance)
    share, doubt = _share(seen)
    factor, drift = _factor(seen)
    return Calibration(
        spread=OutputSpread(max(0, math.floor(mean - off)), round(mean), math.ceil(mean + off)),
        input_factor=factor,
        input_range=(max(0.0, factor - drift), factor + drift),
        cached_share=share,
        cached_range=(max(0.0, share - doubt), min(1.0, share + doubt)),
        batches=batches,
        answers=answers,
    )


def _share(seen: Sequence[BatchHistory]) -> tuple[float, float]:
    """The cached share of all input, and how far the next batch's may lie from it."""
    charged = sum(one.input_tokens for one in seen)
    share = sum(one.cached_tokens for one in seen) / charged if charged else 0.0
    shares = [one.cached_tokens / one.input_tokens for one in seen if one.input_tokens]
    if len(shares) < 2:
        return share, share  # one batch says nothing of the next: its cache may be cold
    return share, _next_off(shares)


def _factor(seen: Sequence[BatchHistory]) -> tuple[float, float]:
    """Charged input tokens for each counted one, and how far the next batch's may lie from it."""
    known = [one for one in seen if one.counted_tokens and one.input_tokens]
    if not known:
        return 1.0, UNKNOWN_SHIFT
    factor = sum(one.input_tokens for one in known) / sum(one.counted_tokens for one in known)
    if len(known) < 2:
        return factor, UNKNOWN_SHIFT * factor
    return factor, _next_off([one.input_tokens / one.counted_tokens for one in known])


def _next_off(seen: Sequence[float]) -> float:
    """How far the next of such figures may lie from their mean: half of a prediction interval of 90 %."""
    middle = sum(seen) / len(seen)
    variance = sum((each - middle) ** 2 for each in seen) / (len(seen) - 1)
    return _quantile(len(seen) - 1) * math.sqrt(variance * (1 + 1 / len(seen)))


def _within(seen: Sequence[BatchHistory], answers: int) -> float:
    """Variance of single answers around their own batch's mean."""
    squares = sum(one.output_squares - one.output_tokens**2 / one.answers for one in seen)
    freedom = answers - len(seen)
    if freedom < 1:
        # One answer a batch: chance and batch cannot be told apart, so all of it goes to `_between`.
        return 0.0
    return max(0.0, squares / freedom)


def _between(seen: Sequence[BatchHistory], mean: float, within: float) -> float:
    """Variance of whole batches around the common mean, beyond what chance explains."""
    if len(seen) < 2:
        return (UNKNOWN_SHIFT * mean / _quantile(0)) ** 2
    means = [one.output_tokens / one.answers for one in seen]
    middle = sum(means) / len(means)
    spread = sum((each - middle) ** 2 for each in means) / (len(means) - 1)
    chance = within * sum(1 / one.answers for one in seen) / len(seen)
    return max(0.0, spread - chance)


def _quantile(freedom: int) -> float:
    """Student's 95 % quantile: nine in ten lie within it on both sides."""
    if freedom < 1:
        return _NORMAL  # one batch only: `UNKNOWN_SHIFT` carries the doubt
    known = [degrees for degrees in _QUANTILE if degrees <= freedom]
    return _QUANTILE[max(known)] if freedom < 30 else _NORMAL
