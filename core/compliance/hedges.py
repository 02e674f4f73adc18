"""Foreign currency that no hedge takes away: lines in foreign currencies, less what forwards sell of each."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from fractions import Fraction

from core.compliance.kinds import DERIVATIVES, T, types_of
from core.compliance.lines import membership
from core.compliance.position import Book, RulePosition, value_of
from core.compliance.rule import Measurement

ZERO = Fraction()
_CURRENCY_CHARS = 3
_REGION_CURRENCY = {
    "US": "USD", "GB": "GBP", "JP": "JPY", "CA": "CAD", "AU": "AUD", "HK": "HKD", "SG": "SGD", "CH": "CHF",
}  # fmt: skip


@dataclass(slots=True)
class Unhedged:
    """Foreign currency in base currency, after hedges.

    Attributes:
        low: What is certain.
        high: The most that it can be.
        lines: What is held in foreign currencies and the hedges, in the book's order.
        gaps: Missing fields, each with the lines that lack it.
    """

    low: Fraction = ZERO
    high: Fraction | None = ZERO
    lines: list[RulePosition] = field(default_factory=list)
    gaps: dict[str, list[RulePosition]] = field(default_factory=dict)


@dataclass(slots=True)
class _Sides:
    held: defaultdict[str, Fraction] = field(default_factory=lambda: defaultdict(Fraction))
    maybe: defaultdict[str, Fraction] = field(default_factory=lambda: defaultdict(Fraction))
    sold: defaultdict[str, Fraction] = field(default_factory=lambda: defaultdict(Fraction))
    maybe_sold: Fraction | None = ZERO
    """What derivatives that may be hedges could take away; None where there is no telling."""

    unbounded: bool = False


def unhedged_bounds(book: Book, measure: Measurement) -> Unhedged:
    """Foreign currency of the lines that a measure counts, less the notional of derivatives that sell it for the base.

    A derivative sells the currency of its line for that in `hedged_to`. What is sold beyond what is held takes nothing
    away from other currencies. A derivative that does not say what it sells may hedge, or add.
    """
    found, sides = Unhedged(), _Sides()
    for position in book.ranked:
        if types_of(position) <= DERIVATIVES:
            _add_derivative(book, position, found, sides)
            continue
        inside = membership(position, measure.of, measure.without, book.base_currency)
        amount = max(value_of(position), ZERO)
        if inside is False or amount <= 0:
            continue
        found.lines.append(position)
        if isinstance(inside, str):
            found.gaps.setdefault(inside, []).append(position)
            sides.maybe[_currency(position)] += amount
        else:
            sides.held[_currency(position)] += amount
    _settle(found, sides)
    return found


def _currency(position: RulePosition) -> str:
    """The currency that a line carries; "" for a region of several."""
    said = position.terms.exposure
    if said:
        return said if len(said) == _CURRENCY_CHARS and said.isupper() else _REGION_CURRENCY.get(said, "")
    return "" if T.FUND in types_of(position) else position.holding.currency


def _add_derivative(book: Book, position: RulePosition, found: Unhedged, sides: _Sides) -> None:
    terms = position.terms
    sells = position.holding.currency
    if terms.issuer or terms.index_tracker:
        return  # on shares or an index: it sells no currency
    if not terms.hedged_to:
        if types_of(position) & {T.FORWARD, T.SWAP}:
            found.gaps.setdefault("hedged_to", []).append(position)
            if position.notional is None:
                sides.maybe_sold, sides.unbounded = None, True
            else:
                size = Fraction(position.notional)
                sides.maybe_sold = None if sides.maybe_sold is None else sides.maybe_sold + size
                sides.maybe[""] += size
        return
    found.lines.append(position)
    if position.notional is None:
        found.gaps.setdefault("notional", []).append(position)
        if terms.hedged_to == book.base_currency:
            sides.maybe_sold = None
        else:
            sides.unbounded = True
        return
    size = Fraction(position.notional)
    if terms.hedged_to != book.base_currency:
        sides.held[terms.hedged_to] += size
    elif T.OPTION in types_of(position):
        found.gaps.setdefault("delta", []).append(position)
        sides.maybe_sold = None if sides.maybe_sold is None else sides.maybe_sold + size
    elif sells != book.base_currency:
        sides.sold[sells] += size


def _settle(found: Unhedged, sides: _Sides) -> None:
    mixed = sides.held.pop("", ZERO)
    certain = {currency: max(amount - sides.sold[currency], ZERO) for currency, amount in sides.held.items()}
    everything = dict(sides.held)
    for currency, amount in sides.maybe.items():
        everything[currency] = everything.get(currency, ZERO) + amount
    mixed_most = mixed + everything.pop("", ZERO)
    most = {currency: max(amount - sides.sold[currency], ZERO) for currency, amount in everything.items()}
    found.high = None if sides.unbounded else sum(most.values(), ZERO) + mixed_most
    # What is sold beyond what is held in a currency may hedge what lines of several currencies hold of it.
    spare = sum((max(amount - sides.held[name], ZERO) for name, amount in list(sides.sold.items())), ZERO)
    low = sum(certain.values(), ZERO) + max(mixed - spare, ZERO)
    found.low = ZERO if sides.maybe_sold is None else max(low - sides.maybe_sold, ZERO)
    if mixed and spare:
        found.gaps.setdefault("exposure", []).extend(one for one in found.lines if not _currency(one))
