"""Numbers that a sentence works out from the facts cited beside it: a sum, a difference, a product, a ratio.

Only what can be recomputed counts, and only from few facts: with many at hand, some combination agrees with anything.
A derived number needs a decimal, or three digits where it is an amount; a round one agrees with too much.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Final

from core.analyses.numbers import Number
from core.domain.facts import Fact
from core.domain.units import Unit

MOST_FACTS: Final = 4

_PERCENT: Final = frozenset({Unit.PCT, Unit.PP})
_PLAIN: Final = frozenset({Unit.RATIO, Unit.X, Unit.SCORE, Unit.YEARS, Unit.DAYS, Unit.COUNT})


def is_derived(number: Number, facts: Sequence[Fact]) -> bool:
    """Whether a number follows from two of these facts by + - * / at the precision they are shown with."""
    if len(facts) > MOST_FACTS or not _says_enough(number):
        return False
    for first, second in combinations(facts, 2):
        for value, slack, units in _combined(first, second):
            if number.unit not in units:
                continue
            if (
                number.currencies
                and first.currency not in number.currencies
                and second.currency not in number.currencies
            ):
                continue
            for read, step in number.readings:
                if abs(read - abs(value)) <= 0.5 * step + slack + 1e-9:
                    return True
    return False


def _says_enough(number: Number) -> bool:
    digits = number.digits
    if number.unit == "ccy" or number.scale != 1.0:
        return sum(map(str.isdigit, digits)) >= 3
    return any(not character.isdigit() for character in digits)


def _combined(first: Fact, second: Fact) -> Iterator[tuple[float, float, frozenset[str]]]:
    """Values that two facts give, how far rounding may move each, and the units it may be stated in."""
    one, other = float(first.shown), float(second.shown)
    off_one, off_other = 0.5 * 10.0**-first.decimals, 0.5 * 10.0**-second.decimals
    alike = first.unit is second.unit or {first.unit, second.unit} <= _PERCENT
    if alike and first.currency == second.currency:
        units = _units(first.unit)
        yield one + other, off_one + off_other, units
        yield one - other, off_one + off_other, units
        for above, below, off_above, off_below in ((one, other, off_one, off_other), (other, one, off_other, off_one)):
            # Near zero a ratio says nothing about its parts.
            if abs(below) > 20 * off_below:
                ratio = above / below
                slack = (off_above + abs(ratio) * off_below) / abs(below)
                yield ratio, slack, frozenset({"", "x"})
                yield 100 * ratio, 100 * slack, frozenset({"pct"})
    if first.unit in _PERCENT or second.unit in _PERCENT:
        share, whole = (first, second) if first.unit in _PERCENT else (second, first)
        part, total = float(share.shown), float(whole.shown)
        slack = 0.5 * (10.0**-share.decimals * abs(total) + 10.0**-whole.decimals * abs(part)) / 100
        if whole.unit in _PERCENT or whole.unit is Unit.CCY:
            yield part * total / 100, slack, _units(whole.unit)


def _units(unit: Unit) -> frozenset[str]:
    if unit in _PERCENT:
        return frozenset({"pct", "pp", ""})
    if unit is Unit.CCY:
        return frozenset({"ccy", ""})
    if unit is Unit.BPS:
        return frozenset({"bps"})
    return frozenset({"", "x"}) if unit in _PLAIN else frozenset({""})
