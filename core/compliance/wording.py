"""Sentences about results: the numbers as they decide, never rounded onto the other side of a limit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction

from core.compliance.measures import Gaps
from core.compliance.rule import Measurement
from core.compliance.vocabulary import Base, Operator, RuleMetric
from core.domain.units import Unit

_NAMED = 5
"""Lines that a sentence names before it says how many more there are."""

_DIGITS = 18

_SIGNS: Mapping[Operator, str] = {
    Operator.AT_MOST: "at most",
    Operator.AT_LEAST: "at least",
    Operator.BELOW: "less than",
    Operator.ABOVE: "more than",
    Operator.EQUAL: "exactly",
}

_BASES = {Base.NET_ASSETS: "net assets", Base.TOTAL_ASSETS: "total assets"}

_WHOLES: Mapping[RuleMetric, str] = {
    RuleMetric.SUM_ABOVE: "Those above {threshold} % come to {figure}{of}",
    RuleMetric.COUNT_ABOVE: "{figure} above {threshold} %",
    RuleMetric.COUNT: "{names}: {figure} held",
    RuleMetric.TOTAL: "{names}: {figure}{of}",
    RuleMetric.DIVERSIFIED: "{figure}{of} counts as diversified",
    RuleMetric.BORROWING: "Overdrafts come to {figure}{of}",
    RuleMetric.NOTIONAL: "Gross notional comes to {figure}{of}",
    RuleMetric.UNHEDGED: "Foreign currency without hedge: {figure}{of}",
    RuleMetric.SHORT: "Sold short without holding: {figure}{of}",
    RuleMetric.ASSET_COVERAGE: "Assets cover borrowing {figure}",
    RuleMetric.VALUE_FALL: "Value has fallen by {figure}",
    RuleMetric.MARKET_RISK_CLASS: "Market risk class {figure}",
    RuleMetric.ABSOLUTE_VAR: "Value at risk is {figure} of net assets",
    RuleMetric.RELATIVE_VAR: "Value at risk is {figure} of the reference portfolio's",
}


def figure(value: Fraction, unit: Unit, *beside: Fraction | None) -> str:
    """A number in its unit with as many digits as tell it from the numbers it is compared with; two at least."""
    if unit is Unit.COUNT:
        return str(int(value))
    if unit is Unit.SCORE:
        return f"{float(value):g}"
    sign = " %" if unit is Unit.PCT else ""
    others = [other for other in beside if other is not None and other != value]
    for digits in range(2, _DIGITS):
        text = _rounded(value, digits)
        if all(Fraction(text) != other and (Fraction(text) > other) is (value > other) for other in others):
            return f"{text}{sign}"
    return f"{_rounded(value, _DIGITS)}{sign}"


def _rounded(value: Fraction, digits: int) -> str:
    scaled = round(value * 10**digits)
    whole, rest = divmod(abs(scaled), 10**digits)
    return f"{'-' if scaled < 0 else ''}{whole}.{rest:0{digits}d}"


def bound(limit: Fraction, operator: Operator, unit: Unit) -> str:
    """ "at most 10 %"."""
    number = f"{float(limit):g}"
    return f"{_SIGNS[operator]} {number}{' %' if unit is Unit.PCT else ''}"


def statement(
    measure: Measurement, value: Fraction, unit: Unit, groups: Sequence[tuple[str, Fraction]], limit: Fraction | None
) -> str:
    """What was measured, as a clause: "ASML Holding is 11.40 % of net assets".

    Args:
        value: In `unit`.
        groups: Names and values of those that are to be named, the largest first.
    """
    of = "" if unit is Unit.COUNT else f" of {base(measure)}"
    number = figure(value, unit, limit)
    if measure.metric in {RuleMetric.VOTES, RuleMetric.LARGEST}:
        of = " of the votes" if measure.metric is RuleMetric.VOTES else of
        if not groups:
            return f"The largest is {number}{of}" if measure.metric is RuleMetric.LARGEST else f"{number}{of}"
        (name, share), others = groups[0], groups[1:]
        more = [f"{other} {figure(part, unit, limit)}" for other, part in others[:_NAMED]]
        more += [f"{len(others) - _NAMED} more"] if len(others) > _NAMED else []
        return ", ".join([f"{name} is {figure(share, unit, limit)}{of}", *more])
    names = " and ".join(classes(measure.of))
    names = names[:1].upper() + names[1:]  # a country stays "RU"
    threshold = f"{float(measure.threshold):g}" if measure.threshold is not None else ""
    return _WHOLES[measure.metric].format(figure=number, of=of, threshold=threshold, names=names)


def base(measure: Measurement) -> str:
    """ "net assets", or the lines that shares are shares of."""
    return " and ".join(classes(measure.share_of)) if measure.share_of else _BASES[measure.base]


def classes(names: Iterable[str]) -> list[str]:
    """Classes as people say them."""
    return [name.replace("_", " ").replace(":", " ") for name in names]


def nothing_held(measure: Measurement) -> str:
    """Why a rule about lines that are not there does not apply."""
    names = classes(measure.share_of or measure.of)
    return f"Nothing is held that counts as {' or '.join(names)}."


def lacking(gaps: Gaps) -> str:
    """ "issuer of SAP.DE and ALV.DE; listed of X"."""
    return "; ".join(
        f"{field.replace('_', ' ')} of {some(sorted({one.holding_id for one in positions}))}"
        for field, positions in gaps.items()
    )


def some(names: Iterable[str]) -> str:
    """The first few, and how many more."""
    all_names = list(names)
    more = len(all_names) - _NAMED
    if more > 1:
        return f"{', '.join(all_names[:_NAMED])} and {more} more"
    return ", ".join(all_names)
