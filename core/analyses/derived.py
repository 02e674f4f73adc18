"""Numbers that a sentence works out from the facts cited beside it: sums, means, differences, changes, shares, ratios.

The words say which calculation it is, the facts say in which order: a change is the later period less the earlier one
and in percent of the earlier one; a ratio is what is named first over what is named second. The sign must be that of
the result, or be said in words ("22.2 % less"): a turned sign and the inverse of a ratio are wrong.

Without words, only a sum, a difference or a product of at most four facts counts, and only with a decimal, or three
digits where it is an amount: with many facts at hand some combination agrees with anything.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import Final, NamedTuple

from core.analyses.numbers import Number
from core.domain.facts import Fact
from core.domain.units import Unit

MOST_FACTS: Final = 4
"""Of which combinations are tried where no word says what was calculated."""

_MOST_SAID: Final = 12
"""Facts among which pairs are tried where words say it."""

_TELLING: Final = frozenset({"signed", "change"})
"""Words of change: between two dates they tell the sign, and "between" tells no more than that."""

_year: Final = re.compile(r"(?<![0-9])(?:19|20)[0-9]{2}(?![0-9])").findall

_PERCENT: Final = frozenset({Unit.PCT, Unit.PP})
_PLAIN: Final = frozenset({Unit.RATIO, Unit.X, Unit.SCORE, Unit.YEARS, Unit.DAYS, Unit.COUNT})


class Calculation(NamedTuple):
    """What the words around a number say of how it was worked out.

    Attributes:
        kinds: Of "change" (in percent), "mean", "sum", "difference" (a size), "signed" (a difference with its sign),
            "ratio"; empty where no word says it.
        lowers: A word says that it is less: the number may state the size of a fall.
        order: Facts in the order in which they are named, by id; those that are not named are missing.
    """

    kinds: frozenset[str] = frozenset()
    lowers: bool = False
    order: Mapping[str, int] = {}


class _Result(NamedTuple):
    """A number that follows from facts.

    Attributes:
        units: In which it may be stated.
        falls: It may be stated as a size beside a word that says it is less.
        slack: How far the rounding of the facts may have moved it.
    """

    value: float
    units: frozenset[str]
    falls: bool = False
    slack: float = 0.0


_NOTHING_SAID: Final = Calculation()


def is_derived(number: Number, facts: Sequence[Fact], said: Calculation = _NOTHING_SAID) -> bool:
    """Whether a number follows from these facts at the precision they are shown with, with its sign and order."""
    if not said.kinds and (len(facts) > MOST_FACTS or not _says_enough(number)):
        return False
    return any(_states(number, one, said) for one in _results(facts, said, _currency_of(number, facts)))


def _currency_of(number: Number, facts: Sequence[Fact]) -> bool:
    """Whether the stated currency, if any, is one of the facts'."""
    return not number.currencies or any(fact.currency in number.currencies for fact in facts)


def _results(facts: Sequence[Fact], said: Calculation, currency: bool) -> Iterator[_Result]:
    if not currency:
        return
    kinds = said.kinds or frozenset({"sum", "difference", "ratio"})
    for kind, results in _CALCULATIONS.items():
        if kind in kinds:
            yield from results(facts, said)
    if not said.kinds:
        yield from _products(facts)


def _states(number: Number, result: _Result, said: Calculation) -> bool:
    if number.unit not in result.units:
        return False
    for read, step in number.readings:
        stated = -read if number.negative else read
        room = 0.5 * step + result.slack + 1e-9 * (1 + abs(result.value))
        if abs(stated - result.value) <= room:
            return True
        # "22.2 % less" states the size of a fall; "-22.2 % less" would be a rise.
        size = stated >= 0 > result.value and (result.falls and said.lowers)
        if size and abs(stated + result.value) <= room:
            return True
    return False


def _says_enough(number: Number) -> bool:
    digits = number.digits
    if number.unit == "ccy" or number.scale != 1.0:
        return sum(map(str.isdigit, digits)) >= 3
    return any(not character.isdigit() for character in digits)


def _sums(facts: Sequence[Fact], said: Calculation) -> Iterator[_Result]:
    for group in _groups(facts, said):
        yield _Result(math.fsum(map(_value, group)), _units(group[0].unit))


def _means(facts: Sequence[Fact], said: Calculation) -> Iterator[_Result]:
    for group in _groups(facts, said):
        yield _Result(math.fsum(map(_value, group)) / len(group), _units(group[0].unit))


def _differences(facts: Sequence[Fact], said: Calculation) -> Iterator[_Result]:
    """Sizes of differences: without an order the size is all that is said, and a size is not negative."""
    for first, second, dated in _pairs(facts, said):
        if _alike(first, second) and not (dated and said.kinds & _TELLING):
            value = _value(first) - _value(second)
            yield _Result(abs(value), _units(first.unit))


def _signed(facts: Sequence[Fact], said: Calculation) -> Iterator[_Result]:
    for first, second, _ in _pairs(facts, said):
        if _alike(first, second):
            yield _Result(_value(first) - _value(second), _units(first.unit), falls=True)


def _changes(facts: Sequence[Fact], said: Calculation) -> Iterator[_Result]:
    for later, earlier, dated in _pairs(facts, said):
        # The usual formula: of a loss that grows from -9 to -18 it says that the loss doubled.
        base = _value(earlier)
        before = _value(later) - _value(earlier)
        if not dated and _alike(later, earlier) and before:
            # The rise itself may be cited beside what it led to.
            yield _Result(100 * _value(earlier) / before, frozenset({"pct", ""}), falls=True)
        if _alike(later, earlier) and abs(base) > 2 * _off(earlier):
            change = (_value(later) - _value(earlier)) / base
            yield _Result(100 * change, frozenset({"pct", ""}), falls=True)
            yield _Result(change, frozenset({""}), falls=True)


def _ratios(facts: Sequence[Fact], said: Calculation) -> Iterator[_Result]:
    percent = frozenset({"pct", ""}) if "ratio" in said.kinds else frozenset({"pct"})
    for above, below in _fractions(facts, said):
        if below:
            yield _Result(100 * above / below, percent)
            yield from _as_ratio(facts, said, above, below)


def _as_ratio(facts: Sequence[Fact], said: Calculation, above: float, below: float) -> Iterator[_Result]:
    """A plain ratio is what is named first over what is named second, and its inverse is wrong."""
    named = (_in_order(first, second, said) for first, second in combinations(facts[:_MOST_SAID], 2))
    if len(facts) > 2 or any((_value(one), _value(other)) == (above, below) for one, other in named):
        yield _Result(above / below, frozenset({"", "x"}))


def _fractions(facts: Sequence[Fact], said: Calculation) -> Iterator[tuple[float, float]]:
    """What may be divided by what: one by another in their order, and two together by a third."""
    for first, second in combinations(facts[:_MOST_SAID], 2):
        above, below = _in_order(first, second, said)
        # Near zero a ratio says nothing about its parts.
        if _alike(above, below) and abs(_value(below)) > 2 * _off(below):
            yield _value(above), _value(below)
            if abs(_value(above)) > abs(_value(below)) > 0:
                # Where the names do not tell which is the part, it is the smaller one.
                yield _value(below), _value(above)
    if said.kinds and len(facts) == 3 and _alike(facts[0], facts[1]) and _alike(facts[0], facts[2]):
        yield _value(facts[0]) + _value(facts[1]), _value(facts[2])


def _products(facts: Sequence[Fact]) -> Iterator[_Result]:
    """A percentage of an amount or of another percentage."""
    for first, second in combinations(facts[:MOST_FACTS], 2):
        if first.unit not in _PERCENT and second.unit not in _PERCENT:
            continue
        share, whole = (first, second) if first.unit in _PERCENT else (second, first)
        if whole.unit in _PERCENT or whole.unit is Unit.CCY:
            part, total = _value(share), _value(whole)
            slack = (_off(share) * abs(total) + _off(whole) * abs(part)) / 100
            yield _Result(part * total / 100, _units(whole.unit), slack=slack)


_CALCULATIONS: Final[Mapping[str, Callable[[Sequence[Fact], Calculation], Iterator[_Result]]]] = {
    "sum": _sums,
    "mean": _means,
    "difference": _differences,
    "signed": _signed,
    "change": _changes,
    "ratio": _ratios,
}


def _groups(facts: Sequence[Fact], said: Calculation) -> Iterator[list[Fact]]:
    """Facts that can be added: those that are named, all of one unit, and where they are few any of them."""
    named: dict[str, list[Fact]] = {}
    for fact in facts:
        if fact.metric_id in said.order:
            named.setdefault(fact.metric_id.partition(".")[0], []).append(fact)
    yield from (group for group in named.values() if len(group) > 1)
    kinds = dict.fromkeys((fact.unit, fact.currency) for fact in facts)
    for unit, currency in kinds:
        alike = [fact for fact in facts if (fact.unit, fact.currency) == (unit, currency)]
        if len(alike) < 2:
            continue
        yield alike
        if len(facts) <= MOST_FACTS and len(alike) > 2:
            for size in range(2, len(alike)):
                yield from map(list, combinations(alike, size))


def _pairs(facts: Sequence[Fact], said: Calculation) -> Iterator[tuple[Fact, Fact, bool]]:
    """Two facts each, the later or first named one first, and whether their periods tell the order."""
    for first, second in combinations(facts[:_MOST_SAID], 2):
        one, other = _end_of(first), _end_of(second)
        if one and other and one != other:
            yield (first, second, True) if one > other else (second, first, True)
        elif not said.kinds:
            yield first, second, False
        else:
            yield *_in_order(first, second, said), False


def _in_order(first: Fact, second: Fact, said: Calculation) -> tuple[Fact, Fact]:
    """Two facts as they are named; as they are cited where they are not."""
    one, other = said.order.get(first.metric_id), said.order.get(second.metric_id)
    return (second, first) if one is not None and other is not None and other < one else (first, second)


def _end_of(fact: Fact) -> str:
    """The last day of a fact's period, or the year that its id names."""
    if fact.period:
        return fact.period[-10:]
    years = _year(fact.metric_id)
    return years[-1] if years else ""


def _alike(first: Fact, second: Fact) -> bool:
    same = first.unit is second.unit or {first.unit, second.unit} <= _PERCENT
    return same and first.currency == second.currency


def _value(fact: Fact) -> float:
    return float(fact.shown)


def _off(fact: Fact) -> float:
    """How far rounding may have moved what is shown. Counts are exact."""
    return 0.0 if fact.unit in {Unit.COUNT, Unit.DAYS} else float(0.5 * 10.0**-fact.decimals)


def _units(unit: Unit) -> frozenset[str]:
    if unit in _PERCENT:
        return frozenset({"pct", "pp", ""})
    if unit is Unit.CCY:
        return frozenset({"ccy", ""})
    if unit is Unit.BPS:
        return frozenset({"bps"})
    return frozenset({"", "x"}) if unit in _PLAIN else frozenset({""})
