"""In how many trading days drift alone would carry a portfolio past a limit, if lines went on as they did.

No forecast of markets: units stay as they are, and each line grows every day by the mean of what its own price, and its
currency, did a day over the last three months. What is said is where the present drift leads, and never that it will.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from core.compliance.evaluate import RuleSetting, evaluate
from core.compliance.kinds import DERIVATIVES, types_of
from core.compliance.position import Book, RulePosition
from core.compliance.rule import Rule
from core.compliance.vocabulary import RuleMetric
from core.domain.compliance import RuleResult, RuleStatus

WINDOW = 63
"""Trading days over which the drift is taken: a quarter."""

HORIZON = 250
"""Trading days that are looked ahead: a year."""

STEP = 10
"""Every tenth day is looked at, and then each day before the first that is beyond the limit."""

METHOD = (
    f"If units stayed as they are and each line moved every day as it did on average over its last {WINDOW} trading "
    f"days (price and exchange rate), looked at every {STEP} days up to {HORIZON}. Where drift leads, and not "
    "what will happen: markets turn, and trades, flows, income and amounts outstanding are left out."
)

_WEIGHTS = frozenset(
    {RuleMetric.LARGEST, RuleMetric.TOTAL, RuleMetric.SUM_ABOVE, RuleMetric.COUNT_ABOVE, RuleMetric.DIVERSIFIED}
    | {RuleMetric.BORROWING, RuleMetric.UNHEDGED, RuleMetric.ASSET_COVERAGE}
)
"""Measures that move with the weights."""

_KEPT = frozenset({RuleStatus.PASS, RuleStatus.NEAR})


@dataclass(frozen=True, slots=True)
class Drift:
    """When drift alone would break a rule.

    Attributes:
        days: Trading days until the limit is passed; None where it is not within `HORIZON`, or `why` says why nobody
            can tell.
        why: Why there is no answer, as a sentence; "" where there is one.
    """

    rule_id: str
    reading: str
    days: int | None
    why: str = ""


def drifts(
    results: Sequence[RuleResult], rules: Mapping[str, Rule], book: Book, growth: Mapping[str, float], why_not: str
) -> tuple[Drift, ...]:
    """Of each rule on weights that is kept.

    Args:
        growth: Mean logarithmic growth a day of each line in base currency, by its id.
        why_not: Why the growth of some line is not known; "" where all are.
    """
    asked = [
        (one, rules[one.rule_id])
        for one in results
        if one.status in _KEPT and one.rule_id in rules and rules[one.rule_id].measure.metric in _WEIGHTS
    ]
    why_not = why_not or why_no_drift(book)
    if why_not:
        return tuple(Drift(one.rule_id, one.reading, None, why_not) for one, _ in asked)
    ahead = _Ahead(book, growth)
    return tuple(_drift(one, rule, ahead) for one, rule in asked)


def why_no_drift(book: Book) -> str:
    """Why no growth of prices tells how this book's weights move; "" where it does."""
    if book.unvalued:
        return f"The value of {book.unvalued[0].holding_id} is not known."
    leaning = [one.holding_id for one in book.ranked if types_of(one) & DERIVATIVES and one.notional]
    leaning += [one.holding_id for one in book.ranked if types_of(one) <= DERIVATIVES and not one.notional]
    if leaning:
        return f"{', '.join(leaning[:3])} does not move by a price alone: derivatives would have to be revalued."
    return ""


class _Ahead:
    """The book on later days, each made once."""

    def __init__(self, book: Book, growth: Mapping[str, float]) -> None:
        self._book = book
        self._growth = growth
        self._made: dict[int, Book] = {}

    def on(self, day: int) -> Book:
        known = self._made.get(day)
        if known is None:
            positions = tuple(self._grown(one, day) for one in self._book.positions)
            known = self._made[day] = replace(self._book, positions=positions, inside=None, earlier=None)
        return known

    def _grown(self, one: RulePosition, day: int) -> RulePosition:
        rate = self._growth[one.holding_id]
        if not rate or one.value is None:
            return one
        return replace(one, value=Decimal(f"{float(one.value) * math.exp(rate * day):.6f}"))


def _drift(result: RuleResult, rule: Rule, ahead: _Ahead) -> Drift:
    blank = Drift(result.rule_id, result.reading, None)
    if rule.measure.look_through:
        return replace(blank, why="The rule looks through funds, and how their insides move is not known.")
    setting = RuleSetting(result.regime, result.jurisdiction)
    place = next((n for n, one in enumerate(rule.readings) if one.value == result.reading), 0)
    for day in _days():
        status = evaluate(rule, setting, ahead.on(day))[place].status
        if status is RuleStatus.NOT_ASSESSABLE:
            return replace(blank, why=f"From day {day} on the rule could not be assessed.")
        if status is RuleStatus.BREACH:
            first = max(day - STEP, 0) + 1
            each = (evaluate(rule, setting, ahead.on(one))[place].status for one in range(first, day))
            days = next((first + n for n, one in enumerate(each) if one is RuleStatus.BREACH), day)
            return replace(blank, days=days)
    return blank


def _days() -> Iterator[int]:
    return iter(range(STEP, HORIZON + 1, STEP))


def next_breach(found: Sequence[Drift]) -> Drift | None:
    """The first limit that drift would pass; None where none is within `HORIZON`."""
    return min((one for one in found if one.days is not None), key=lambda one: one.days or 0, default=None)


def drift_said(one: Drift) -> str:
    """ "in 34 trading days", "not within 250 trading days", or why nobody can tell."""
    if one.why:
        return one.why
    if one.days is None:
        return f"not within {HORIZON} trading days"
    return f"in {one.days} trading {'day' if one.days == 1 else 'days'}"
