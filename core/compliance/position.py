"""What the evaluator is given: a portfolio's lines with their values and all that is known about them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cached_property

from core.compliance.identity import Identities
from core.domain.instrument import Terms
from core.domain.portfolio import Holding


@dataclass(frozen=True, slots=True)
class RulePosition:
    """One line.

    Attributes:
        holding_id: Unique in the portfolio, as in the fact sheet.
        holding: As it is held.
        terms: What is known about it: the holding's own terms, and what the instruments register adds.
        value: In the portfolio's base currency, exact, signed; None where a rate is missing.
        notional: Absolute notional of a derivative in base currency; None where it is not known.
    """

    holding_id: str
    holding: Holding
    terms: Terms
    value: Decimal | Fraction | None
    notional: Decimal | None = None

    @property
    def instrument(self) -> str:
        """What makes two lines the same issue or the same fund: the ISIN, or else the symbol."""
        return self.holding.isin or self.holding.symbol


@dataclass(frozen=True, slots=True)
class Measures:
    """Numbers that do not follow from holdings; None where they are not known.

    Attributes:
        value_fall: Fall since the start of the reporting period, as a fraction; 0.12 reads: 12 % lower; never negative.
        vev: VaR-equivalent volatility a year (PRIIPs), as a fraction.
        absolute_var: Value at risk as a fraction of net assets, at the rule's own confidence and horizon.
        relative_var: Value at risk over that of the reference portfolio.
        why_unknown: A sentence for each measure that is missing, by its name, where there is one.
    """

    value_fall: float | None = None
    vev: float | None = None
    absolute_var: float | None = None
    relative_var: float | None = None
    why_unknown: tuple[tuple[str, str], ...] = ()


NO_MEASURES = Measures()


@dataclass(frozen=True, slots=True)
class InsideFunds:
    """The same portfolio with its funds taken apart, for rules that look through them.

    Attributes:
        positions: Direct lines, and in the place of each fund what it holds, under the fund's id; what is not known of
            a fund is a line of which nothing is known but its value.
        statement: How much was looked through and of which days the reports are, as a sentence.
        why_not: Why too little can be looked through, as a sentence; "" where enough is.
    """

    positions: tuple[RulePosition, ...]
    statement: str
    why_not: str = ""


@dataclass(frozen=True)
class Book:
    """A portfolio on a day, ready to be checked.

    Attributes:
        earlier: The same portfolio on an earlier day, which tells an active breach from a passive one; or None.
        inside: The portfolio with its funds taken apart; None where nobody did.
        whole: Of a book whose funds were taken apart, the book that it was: shares stay shares of that.
    """

    as_of: date
    base_currency: str
    positions: tuple[RulePosition, ...]
    measures: Measures = NO_MEASURES
    earlier: Book | None = field(default=None)
    inside: InsideFunds | None = None
    whole: Book | None = field(default=None)

    @cached_property
    def unvalued(self) -> tuple[RulePosition, ...]:
        """Lines whose value in base currency is not known."""
        return tuple(position for position in self.positions if position.value is None)

    @cached_property
    def net_assets(self) -> Fraction:
        """Sum of all values."""
        if self.whole is not None:
            return self.whole.net_assets
        return sum((value_of(position) for position in self.positions), Fraction())

    @cached_property
    def total_assets(self) -> Fraction:
        """Sum of what is held long."""
        if self.whole is not None:
            return self.whole.total_assets
        return sum((max(value_of(position), Fraction()) for position in self.positions), Fraction())

    @cached_property
    def ranked(self) -> tuple[RulePosition, ...]:
        """Lines, the largest first, so that no result depends on the order in which a file has them."""
        return tuple(sorted(self.positions, key=lambda one: (-abs(value_of(one)), one.holding_id)))

    @cached_property
    def identities(self) -> Identities:
        """Who issued each line, and what belongs together."""
        return Identities(self.positions)

    @cached_property
    def related(self) -> tuple[frozenset[str], frozenset[str]]:
        """Issuers of the lines that are marked as of a related party, and their groups."""
        marked = [one for one in self.positions if one.terms.related_party]
        issuers = (self.identities.issuer(one)[0] for one in marked)
        groups = (self.identities.group(one)[0] for one in marked)
        return frozenset(filter(None, issuers)), frozenset(filter(None, groups))

    @cached_property
    def by_id(self) -> dict[str, RulePosition]:
        """Lines by id."""
        return {position.holding_id: position for position in self.positions}


def value_of(position: RulePosition) -> Fraction:
    """A line's value, exact; zero where it is not known (a book with such a line is never assessed)."""
    return Fraction(position.value) if position.value is not None else Fraction()


def ids_of(positions: Sequence[RulePosition]) -> tuple[str, ...]:
    """Their ids, the largest first."""
    ranked = sorted(positions, key=lambda one: (-abs(value_of(one)), one.holding_id))
    return tuple(dict.fromkeys(one.holding_id for one in ranked))  # a fund that was taken apart is named once
