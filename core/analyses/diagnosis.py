"""Whether one stated number agrees with one fact, and what went wrong where it does not.

The rules of agreement are in the table of `core.analyses.verify`. A disagreement is named by the arithmetic that would
undo it: times 100 is a percent taken for a fraction, the other sign is a sign, another fact's value is a wrong id.
A slip is named only where it explains the stated value as it is shown: a share by percent or basis points, an amount or
a count by a scale of the same unit, and nothing that is merely near.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from math import floor, log10
from typing import Any, Final

from core.analyses.numbers import Number
from core.domain.analysis import Finding, FindingKind
from core.domain.facts import Fact
from core.domain.units import Unit

_EXACT: Final = frozenset({Unit.COUNT, Unit.DAYS})
_FEWEST_DECIMALS: Final = {Unit.PCT: 1, Unit.PP: 1, Unit.RATIO: 2, Unit.X: 2}
"""A number stated with fewer decimals than shown may be rounded, but not below this many."""

_COARSEST: Final = {Unit.RATIO: 0.01, Unit.X: 0.01}
"""What the last digit of a ratio may be worth in a sentence: 0.62 for 0.6247, and not 0.6."""

_MONEY_DIGITS: Final = 3
_FACTORS: Final = (
    (FindingKind.PERCENT, 1e2),
    (FindingKind.BPS, 1e4),
    (FindingKind.SCALE, 1e3),
    (FindingKind.SCALE, 1e6),
    (FindingKind.SCALE, 1e9),
)
_IN_PERCENT: Final = {Unit.PCT: 1.0, Unit.PP: 1.0, Unit.BPS: 0.01, Unit.RATIO: 100.0, Unit.X: 100.0}
"""What one of a unit is in percent, for telling a number in another unit from a wrong one."""

_UNITS_OF: Final = {
    "pct": frozenset({Unit.PCT, Unit.PP}),
    "pp": frozenset({Unit.PCT, Unit.PP}),
    "bps": frozenset({Unit.BPS}),
    "x": frozenset({Unit.X, Unit.RATIO}),
    "ccy": frozenset({Unit.CCY}),
    "": frozenset(Unit),
}
_NOTHING: Final = frozenset({"", "-", "–", "n/a", "none", "null"})


def holds(fact: Fact, stated: Mapping[str, Any]) -> bool:
    """Whether a reference states its fact: value, unit, currency and period."""
    return (
        stated["unit"] == fact.unit
        and _agrees(stated["value"], fact)
        and _same(stated["currency"], fact.currency)
        and _same(stated["period"], fact.period)
    )


def finding(path: str, fact: Fact, stated: Mapping[str, Any], facts: Mapping[str, Fact]) -> Finding:
    """What is wrong with a reference that does not hold."""
    value = stated["value"]
    kind = _kind(fact, stated, facts)
    said, true = plain(value), fact.shown
    extra = {
        FindingKind.UNIT: (stated["unit"], fact.unit),
        FindingKind.CURRENCY: (stated["currency"], fact.currency),
        FindingKind.PERIOD: (stated["period"], fact.period),
    }.get(kind)
    if extra is not None:
        said, true = f"{said} {extra[0] or 'none'}"[:120], f"{true} {extra[1] or 'none'}"
    return Finding(path, fact.metric_id, said, true, kind)


def _kind(fact: Fact, stated: Mapping[str, Any], facts: Mapping[str, Fact]) -> FindingKind:
    value, unit = stated["value"], stated["unit"]
    if _agrees(value, fact):
        if unit != fact.unit:
            return FindingKind.UNIT
        return FindingKind.PERIOD if _same(stated["currency"], fact.currency) else FindingKind.CURRENCY
    if unit != fact.unit and (converted := _converted(value, unit, fact.unit)) is not None and _agrees(converted, fact):
        return FindingKind.UNIT
    if _agrees(-value, fact):
        return FindingKind.SIGN
    if (kind := _factor(abs(value), _step_of(value), fact, unit)) is not None:
        return kind
    if any(other is not fact and _is_other(value, unit, other) for other in facts.values()):
        return FindingKind.WRONG_ID
    if not _same(stated["currency"], fact.currency):
        return FindingKind.CURRENCY
    if not _same(stated["period"], fact.period):
        return FindingKind.PERIOD
    return FindingKind.VALUE if unit == fact.unit else FindingKind.UNIT


def fits(number: Number, fact: Fact) -> bool:
    """Whether sign, unit and currency of a number in a sentence allow it to state a fact."""
    return (
        (number.unit == "" or fact.unit in _UNITS_OF[number.unit])
        and (not number.currencies or fact.currency in number.currencies)
        and number.scale == 1.0
        and not (number.negative and fact.value > 0.0)
    )


def says(number: Number, fact: Fact, share: float = 0.0) -> bool:
    """Whether a number in a sentence states a fact. Its direction is left to the words ("fell 12 %").

    Args:
        share: Accepted difference as a fraction of the fact, for "about".
    """
    if fact.unit not in _UNITS_OF[number.unit]:
        # 123 bps are 1.23 %: the same number in the smaller unit.
        return number.unit == "bps" and fact.unit in {Unit.PCT, Unit.PP} and _near(number, fact, 100.0, share)
    if number.currencies and fact.currency not in number.currencies:
        return False
    return _near(number, fact, 1.0, share) and not _other_sign(number, fact)


def repeats(number: Number, value: float) -> bool:
    """Whether a number in a sentence is the same as one stated beside it."""
    return any(abs(read - abs(value)) <= 0.5 * step + 1e-9 for read, step in number.readings)


def naked(path: str, number: Number, facts: Iterable[Fact]) -> Finding:
    """What is wrong with a number in a sentence that nothing cited beside it states."""
    for fact in facts:
        if (kind := _naked_kind(number, fact)) is not None:
            return Finding(path, "", number.stated, fact.shown, kind)
    return Finding(path, "", number.stated, None, FindingKind.UNSUPPORTED)


def plain(value: float) -> str:
    """A number as a plain decimal, without the exponent or the ".0" that Python would add."""
    text = repr(value)
    if "e" in text:
        return format(Decimal(text), "f") if abs(value) < 1e16 else text
    return text.removesuffix(".0")


def _naked_kind(number: Number, fact: Fact) -> FindingKind | None:
    if _near(number, fact, 1.0, 0.0):
        if fact.unit not in _UNITS_OF[number.unit]:
            return FindingKind.UNIT
        if number.currencies and fact.currency not in number.currencies:
            return FindingKind.CURRENCY
        return FindingKind.SIGN if _other_sign(number, fact) else None
    if number.currencies and fact.currency not in number.currencies:
        return None
    for value, step in number.readings:
        if (kind := _factor(value, step, fact, number.unit)) is not None:
            return kind
    return None


def _other_sign(number: Number, fact: Fact) -> bool:
    return number.negative and fact.value > 0.0


def _near(number: Number, fact: Fact, factor: float, share: float) -> bool:
    true = abs(fact.value) * factor
    fine = 0.0 if fact.unit in _EXACT else 0.5 * 10.0**-fact.decimals * factor
    noise = 1e-9 + true * 4e-16
    shown_step = 10.0**-fact.decimals
    coarsest = _COARSEST.get(fact.unit)
    for value, step in number.readings:
        if coarsest is not None and share == 0.0 and step > max(coarsest, shown_step) * 1.001:
            # "Beta is 3" is 3.00 with nothing rounded away.
            if value == abs(float(fact.shown)) * factor:
                return True
            continue
        half = fine if fact.unit in _EXACT and step <= 1.0 else max(fine, 0.5 * step)
        room = max(half, share * true) + noise
        # What was rounded once for the prompt is not rounded again: 12.345 is shown as 12.35, and 12.4 is wrong.
        if abs(value - true) <= room or (step <= shown_step and value == abs(float(fact.shown)) * factor):
            return True
    return False


def _agrees(stated: float, fact: Fact) -> bool:
    true, decimals, unit = fact.value, fact.decimals, fact.unit
    noise = 1e-9 + abs(true) * 4e-16
    if unit in _EXACT:
        return abs(stated - float(fact.shown)) <= noise
    off = abs(stated - true)
    if off <= 0.5 * 10.0**-decimals + noise:
        return True
    if stated == float(fact.shown):
        return True
    if unit is Unit.BPS:
        return off <= 0.5 + noise
    if unit is Unit.CCY:
        return off <= 0.5 * _money_step(stated) + noise
    fewest = _FEWEST_DECIMALS.get(unit)
    if fewest is None:
        return False
    return off <= 0.5 * 10.0 ** -max(fewest, _decimals(stated)) + noise


def _money_step(stated: float) -> float:
    """What the last stated digit of an amount is worth; trailing zeros beyond three digits may be rounding."""
    step = _step_of(stated)
    if stated == 0.0 or step < 1.0:
        return step
    whole = int(abs(stated))
    zeros = len(str(whole)) - len(str(whole).rstrip("0"))
    return float(10 ** max(0, min(zeros, floor(log10(whole)) - _MONEY_DIGITS + 1)))


def _decimals(value: float) -> int:
    text = repr(value)
    if "e" in text:
        return max(0, -int(Decimal(text).as_tuple().exponent))
    return len(text.partition(".")[2].rstrip("0"))


def _step_of(value: float) -> float:
    return float(10.0 ** -_decimals(value))


def _factor(stated: float, step: float, fact: Fact, unit: str) -> FindingKind | None:
    """The slip of scale that turns the fact into the stated number, in either direction.

    Args:
        unit: As stated, "" for none: an amount is not explained by a percentage, nor a count by a percent sign.
    """
    true = abs(fact.value)
    if stated == 0.0 or true == 0.0:
        return None
    fine = 0.5 * 10.0**-fact.decimals
    # Only what is wrong by a factor can be explained by one: cheap to rule out, and most numbers are ruled out.
    if 0.02 < stated / true < 50.0:
        return None
    same, percent = fact.unit in _units(unit), _is_share(fact.unit) and (not unit or _is_share(unit))
    for kind, factor in _FACTORS:
        if not (same if kind is FindingKind.SCALE else percent):
            continue
        for back in (factor, 1.0 / factor):
            # One percent bounds what few stated digits may excuse: 0.0 times anything would agree with everything.
            slack = min(max(fine, 0.5 * step * back), 0.01 * true)
            if abs(stated * back - true) <= slack + 1e-9:
                return kind
    return None


def _units(stated: str) -> frozenset[Unit]:
    """Units of facts that a stated unit may stand for; those of references are exact, those of sentences are not."""
    return _UNITS_OF.get(stated) or frozenset({Unit(stated)})


def _is_share(unit: str) -> bool:
    return unit in _IN_PERCENT


def _converted(value: float, unit: str, into: Unit) -> float | None:
    given, wanted = _IN_PERCENT.get(Unit(unit)), _IN_PERCENT.get(into)
    return None if given is None or wanted is None else value * given / wanted


def _is_other(value: float, unit: str, other: Fact) -> bool:
    return other.unit == unit and other.value != 0.0 and abs(value - other.value) <= 0.5 * 10.0**-other.decimals + 1e-9


def _same(stated: str | None, true: str | None) -> bool:
    return stated == true or _word(stated) == _word(true)


def _word(text: str | None) -> str:
    word = " ".join((text or "").casefold().split())
    return "" if word in _NOTHING else word
