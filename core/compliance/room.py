"""How much room a rule leaves, in money and in units of a line: for purchases from cash, and for sales into it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from core.compliance.position import Book, value_of
from core.compliance.rule import Rule
from core.compliance.vocabulary import Base, RuleMetric
from core.domain.compliance import RuleResult
from core.domain.units import Unit

IN_MONEY = frozenset(
    {RuleMetric.LARGEST, RuleMetric.TOTAL, RuleMetric.SUM_ABOVE, RuleMetric.BORROWING, RuleMetric.NOTIONAL}
    | {RuleMetric.UNHEDGED, RuleMetric.SHORT}
)
"""Measures that are money over the base."""

_IN_UNITS = frozenset({RuleMetric.LARGEST, RuleMetric.TOTAL})
"""Measures that one unit more of the line behind them moves by its price; a sum of those above 5 % moves in steps."""


@dataclass(frozen=True, slots=True)
class Room:
    """What a rule leaves, of one result.

    Attributes:
        money: In base currency; negative in a breach: so much has to go. Positive: so much may be added to what a
            ceiling is about, or sold of what a floor is about.
        holding_id: The largest line behind the measure; "" where units have no meaning.
        units: The same in units of that line; None where its price is not known.
    """

    rule_id: str
    reading: str
    money: float
    holding_id: str = ""
    units: float | None = None


def is_money(rule: Rule) -> bool:
    """Whether a rule measures money over the portfolio."""
    return rule.unit is Unit.PCT and rule.measure.metric in IN_MONEY and not rule.measure.share_of


def room_of(result: RuleResult, rule: Rule, book: Book) -> Room | None:
    """The room of a result, or None where its measure is no share of the portfolio.

    The base stays what it is: what is bought is paid from cash, and what is sold becomes cash.
    """
    if result.headroom is None or rule.limit is None or result.measured is None or not is_money(rule):
        return None
    base = book.total_assets if rule.measure.base is Base.TOTAL_ASSETS else book.net_assets
    money = Fraction(repr(result.headroom)) / 100 * base
    line = book.by_id.get(result.holding_ids[0]) if result.holding_ids else None
    if line is None or rule.measure.metric not in _IN_UNITS or rule.measure.look_through:
        return Room(result.rule_id, result.reading, _rounded(money))
    quantity = line.holding.quantity
    price = abs(value_of(line)) / abs(Fraction(quantity)) if quantity else Fraction()
    units = _rounded(money / price) if price and line.notional is None else None
    return Room(result.rule_id, result.reading, _rounded(money), line.holding_id, units)


def _rounded(amount: Fraction) -> float:
    """Without the noise that a float has in its last digits."""
    return float(round(amount, 9))


def rooms(results: tuple[RuleResult, ...], rules: Mapping[str, Rule], book: Book) -> tuple[Room, ...]:
    """Of every result that has some."""
    found = (room_of(one, rules[one.rule_id], book) for one in results if one.rule_id in rules)
    return tuple(one for one in found if one is not None)


def whole_units(room: Room) -> Decimal | None:
    """Whole units that fit into the room, or that have to go: never one too many, never one too few."""
    if room.units is None:
        return None
    units = Decimal(repr(room.units))
    # Computed numbers carry noise in their last digits: exactly ten units are ten, not nine.
    near = units.to_integral_value()
    if abs(units - near) < Decimal("1e-9"):
        return near
    return Decimal(units.__floor__())
