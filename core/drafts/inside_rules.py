"""A portfolio with its funds taken apart, for rules that look through them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from core.compliance.position import Book, InsideFunds, RulePosition, value_of
from core.domain.fund import FundLine
from core.domain.instrument import NO_TERMS, Terms
from core.domain.issuers import Issuers
from core.domain.portfolio import AssetClass, Holding, Portfolio
from core.metrics.inside_funds import Inside
from core.metrics.lookthrough import Looked, LookThrough, issuer_name
from core.metrics.valuation import Valuation, holding_facts

_NO_FUND = "No line is a fund, so none was looked through."


def inside_of(portfolio: Portfolio, valuation: Valuation, book: Book, look_through: LookThrough) -> InsideFunds:
    """Take the funds of a book apart.

    Args:
        portfolio: As the register describes it: the book's lines are its lines, in its order.
    """
    if not any(map(look_through.is_fund, portfolio.holdings)):
        return InsideFunds(book.positions, _NO_FUND)
    if valuation.total is None or valuation.why_no_shares:
        return InsideFunds((), "", valuation.why_no_shares or valuation.why_no_total)
    looked = look_through.look(portfolio, holding_facts(portfolio, valuation))
    if looked.why_not:
        return InsideFunds((), "", looked.why_not)
    direct = [one for one in book.positions if not look_through.is_fund(one.holding)]
    names = _Names(looked.issuers, direct)
    positions: list[RulePosition] = []
    for position in book.positions:
        if look_through.is_fund(position.holding):
            inside = look_through.inside(position.holding, portfolio.as_of)
            positions.extend(_taken_apart(position, inside, names))
        else:
            positions.append(names.named(position))
    return InsideFunds(tuple(positions), _statement(looked))


def _statement(looked: Looked) -> str:
    return f"{looked.statement} {looked.identified:.1f} % of the issuers' value is told by LEI, the rest by name."


@dataclass(frozen=True, slots=True)
class _Named:
    issuer: str
    group: str


class _Names:
    """One name for every issuer and for every group, that of the direct lines where there are some.

    Args:
        positions: The direct lines.
    """

    def __init__(self, issuers: Issuers, positions: Iterable[RulePosition]) -> None:
        self._issuers = issuers
        self._issuer_of: dict[str, str] = {}
        self._group_of: dict[str, str] = {}
        for one in sorted(positions, key=lambda one: (one.terms.issuer, one.terms.issuer_group)):
            if one.terms.issuer:
                key = self._key(one.holding)
                self._issuer_of.setdefault(key, one.terms.issuer)
                if one.terms.issuer_group:
                    self._group_of.setdefault(issuers.group(key), one.terms.issuer_group)

    def _key(self, holding: Holding) -> str:
        return self._issuers.key(issuer_name(holding), isin=holding.isin, lei=holding.terms.lei)

    def of(self, key: str) -> _Named:
        """Names of an issuer; "" where they are not known."""
        if not key:
            return _Named("", "")
        issuer = self._issuer_of.get(key) or self._issuers.name(key)
        group = self._issuers.group(key)
        known = self._group_of.get(group) or (self._issuers.name(group) if group != key else "")
        return _Named(issuer, known)

    def named(self, position: RulePosition) -> RulePosition:
        """A direct line under the one name of its issuer."""
        if not position.terms.issuer:
            return position
        named = self.of(self._key(position.holding))
        group = position.terms.issuer_group or named.group
        return replace(position, terms=replace(position.terms, issuer=named.issuer, issuer_group=group))

    def inner(self, line: FundLine) -> _Named:
        """Names of the issuer of a line inside a fund."""
        return self.of(self._issuers.key(line.issuer, isin=line.isin, lei=line.lei) if line.issuer else "")


def _taken_apart(position: RulePosition, inside: Inside, names: _Names) -> Iterator[RulePosition]:
    whole = value_of(position)
    if inside.report is None:
        yield _unknown(position, whole)
        return
    for one in inside.lines:
        yield _line(position, one.line, whole * one.share, names.inner(one.line))
    for one in inside.closed:
        yield _unknown(position, whole * one.share)
    if inside.unlisted:
        yield _unknown(position, whole * inside.unlisted)


def _line(position: RulePosition, line: FundLine, value: Fraction, named: _Named) -> RulePosition:
    terms = Terms(
        instrument_type=line.instrument_type,
        cusip=line.cusip,
        issuer=named.issuer,
        issuer_group=named.group,
        lei=line.lei,
        issuer_category=line.issuer_category,
    )
    symbol = line.isin or line.cusip or line.symbol or line.name
    holding = Holding(
        symbol, line.isin, line.name, line.asset_class, None, None, line.currency, Decimal(0), line.sector,
        line.country, terms=terms,
    )  # fmt: skip
    return RulePosition(position.holding_id, holding, terms, value)


def _unknown(position: RulePosition, value: Fraction) -> RulePosition:
    """A part of a fund of which nothing is known but its value."""
    name = f"unknown in {position.holding_id}"
    holding = Holding(position.holding.symbol, "", name, AssetClass.OTHER, None, None, "", Decimal(0))
    return RulePosition(position.holding_id, holding, NO_TERMS, value)
