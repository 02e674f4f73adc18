"""Foreign currency that no hedge takes away: lines in foreign currencies, less what forwards sell of each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import NamedTuple

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


class Side(NamedTuple):
    """What a line does to foreign currency.

    Attributes:
        side: "held", "maybe" held, "sold", or "may_sell" of any currency.
        currency: That it carries or sells; "" for several.
        basis: Its amount: "value", "notional", or "unknown".
    """

    position: RulePosition
    side: str
    currency: str
    basis: str


@dataclass(slots=True)
class _Sides:
    held: defaultdict[str, Fraction] = field(default_factory=lambda: defaultdict(Fraction))
    maybe: defaultdict[str, Fraction] = field(default_factory=lambda: defaultdict(Fraction))
    sold: defaultdict[str, Fraction] = field(default_factory=lambda: defaultdict(Fraction))
    maybe_sold: Fraction | None = ZERO
    """What derivatives that may be hedges could take away; None where there is no telling."""

    unbounded: bool = False

    def add(self, one: Side) -> None:
        """Take a line's side into account."""
        amount = value_of(one.position) if one.basis == "value" else Fraction(one.position.notional or 0)
        if one.basis == "unknown":
            if one.side == "may_sell":
                self.maybe_sold = None
            else:
                self.unbounded = True
        elif one.side == "may_sell":
            self.maybe_sold = None if self.maybe_sold is None else self.maybe_sold + amount
        else:
            {"held": self.held, "maybe": self.maybe, "sold": self.sold}[one.side][one.currency] += amount


def unhedged_bounds(book: Book, measure: Measurement) -> Unhedged:
    """Foreign currency of the lines that a measure counts, less the notional of derivatives that sell it for the base.

    A derivative sells the currency of its line for that in `hedged_to`. What is sold beyond what is held takes nothing
    away from other currencies. A derivative that does not say what it sells may hedge, or add.
    """
    found, sides = Unhedged(), _Sides()
    for one in sides_of(book, measure, found):
        sides.add(one)
    _settle(found, sides)
    return found


def sides_of(book: Book, measure: Measurement, found: Unhedged) -> Iterator[Side]:
    """What each line does to foreign currency; lines and gaps are added to `found`."""
    for position in book.ranked:
        if types_of(position) <= DERIVATIVES:
            yield from _of_derivative(book, position, found)
            continue
        inside = membership(position, measure.of, measure.without, book.base_currency)
        if inside is False or value_of(position) <= 0:
            continue
        found.lines.append(position)
        if isinstance(inside, str):
            found.gaps.setdefault(inside, []).append(position)
        yield Side(position, "maybe" if isinstance(inside, str) else "held", _currency(position), "value")


def _currency(position: RulePosition) -> str:
    """The currency that a line carries; "" for a region of several."""
    said = position.terms.exposure
    if said:
        return said if len(said) == _CURRENCY_CHARS and said.isupper() else _REGION_CURRENCY.get(said, "")
    return "" if T.FUND in types_of(position) else position.holding.currency


def _of_derivative(book: Book, position: RulePosition, found: Unhedged) -> Iterator[Side]:
    terms = position.terms
    sells = position.holding.currency
    known = "unknown" if position.notional is None else "notional"
    if terms.issuer or terms.index_tracker:
        return  # on shares or an index: it sells no currency
    if not terms.hedged_to:
        if types_of(position) & {T.FORWARD, T.SWAP}:
            found.gaps.setdefault("hedged_to", []).append(position)
            yield Side(position, "may_sell", "", known)
            yield Side(position, "maybe", "", known)
        return
    found.lines.append(position)
    if position.notional is None:
        found.gaps.setdefault("notional", []).append(position)
        yield Side(position, "may_sell" if terms.hedged_to == book.base_currency else "maybe", "", known)
    elif terms.hedged_to != book.base_currency:
        yield Side(position, "held", terms.hedged_to, known)
    elif T.OPTION in types_of(position):
        found.gaps.setdefault("delta", []).append(position)
        yield Side(position, "may_sell", "", known)
    elif sells != book.base_currency:
        yield Side(position, "sold", sells, known)


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
