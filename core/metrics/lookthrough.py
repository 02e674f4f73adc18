"""Portfolios with their funds looked through: by issuer, group, sector, country and currency.

Nothing here is mixed with the figures of the lines alone: ids begin with "lookthrough.", and every one says how much of
the funds' value is looked through and of which days the reports are.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from functools import cached_property
from math import fsum

from core.domain.facts import HoldingFact
from core.domain.fund import FundLine, FundShelf
from core.domain.issuers import NO_LINKS, IssuerLinks, Issuers, has_lei
from core.domain.portfolio import AssetClass, Holding, Portfolio
from core.domain.units import Badge
from core.metrics import concentration
from core.metrics.holdings import is_fund
from core.metrics.inside_funds import FundInsides, Inside
from core.metrics.metric_definitions import LOOK_THROUGH_FAMILIES, LOOK_THROUGH_METRICS
from core.metrics.rows import Rows, absent, state, state_family
from core.metrics.thresholds import ISSUERS_NAMED, MIN_CLASSIFIED, MIN_COVERAGE, MIN_LOOKED_THROUGH
from core.metrics.valuation import CASH_SECTOR, UNCLASSIFIED, Valuation, sector_of, slug

CLOSED = "not_looked_through"
UNLISTED = "unlisted"
DERIVATIVES = "derivatives"
_NO_GROUPS = "No relationships of legal entities are known. Import GLEIF's level 2 data."
_NAMED = 5
_EXACT = 1e-9


@dataclass(frozen=True, slots=True)
class Part:
    """A line of the portfolio or of one of its funds, or a share of a fund that is not known line by line.

    Attributes:
        issuer: Its issuer's key (`Issuers.key`); "" for what has none or where none is known.
        sector, country, currency: Keys as metric ids carry them.
        weight: In percent of the portfolio's total value.
        in_fund: Whether it is held through a fund.
        has_issuer: Whether it is a line with one issuer behind it, known or not.
    """

    issuer: str
    sector: str
    country: str
    currency: str
    weight: float
    in_fund: bool
    has_issuer: bool


@dataclass(frozen=True, slots=True)
class FundSeen:
    """One fund of a portfolio and what it is looked through by.

    Attributes:
        weight: In percent of total value.
        fund_id: "" where its holdings are not known.
        as_of: Day of its report; None where none was used.
        source: Kind of report, or "".
        covered: Percent of its net assets that is looked through.
        why_not: Where nothing of it is.
    """

    holding_id: str
    name: str
    weight: float
    fund_id: str
    as_of: date | None
    source: str
    covered: float
    why_not: str


@dataclass(frozen=True)
class Looked:
    """A portfolio with its funds looked through as far as they can be.

    Attributes:
        parts: Their weights sum to those of the lines.
        funds: The heaviest first.
        notional: Percent of total value: notionals of derivatives inside funds, which are in no weight.
        issuers: Tells the issuers of the parts apart.
    """

    as_of: date
    parts: tuple[Part, ...]
    funds: tuple[FundSeen, ...]
    days: frozenset[date]
    notional: float
    issuers: Issuers

    @cached_property
    def fund_weight(self) -> float:
        """Percent of total value that is in funds."""
        return fsum(one.weight for one in self.funds)

    @cached_property
    def coverage(self) -> float:
        """Percent of the funds' value that is looked through; 0 without funds."""
        gross = fsum(abs(one.weight) for one in self.funds)
        return fsum(abs(one.weight) * one.covered for one in self.funds) / gross if gross else 0.0

    @property
    def age(self) -> int:
        """Days to the report that is farthest away."""
        return max((abs((self.as_of - day).days) for day in self.days), default=0)

    @property
    def why_not(self) -> str:
        """Why nothing is stated but the coverage, as a sentence; "" where enough is looked through."""
        if self.coverage >= MIN_LOOKED_THROUGH - _EXACT:
            return ""
        closed = [one for one in self.funds if one.why_not]
        named = "; ".join(f"{one.holding_id}: {one.why_not}" for one in closed[:_NAMED])
        more = f"; and {len(closed) - _NAMED} more" if len(closed) > _NAMED else ""
        covered = int(10 * self.coverage + _EXACT) / 10  # rounded down: 79.99 % must not read 80 %
        return (
            f"{covered} % of the funds' value is looked through and {MIN_LOOKED_THROUGH:g} % is needed"
            f"{f' ({named}{more})' if named else ''}. Import their form N-PORT or the fund house's list of holdings."
        )

    @property
    def statement(self) -> str:
        """How much was looked through and by reports of which days, as a sentence."""
        first, last = min(self.days), max(self.days)
        days = f"of {last}" if first == last else f"of {first} to {last}"
        notional = (
            f" Notionals of derivatives in the funds, {self.notional:.1f} % of total value, are in no figure."
            if self.notional
            else ""
        )
        return f"Looked through: {self.coverage:.1f} % of the funds' value, by reports {days}.{notional}"

    def by_issuer(self, *, groups: bool = False) -> list[tuple[str, float]]:
        """Weight by issuer's key, or by that of its group; the largest first."""
        known = (one for one in self.parts if one.issuer)
        return _summed((self.issuers.group(one.issuer) if groups else one.issuer, one.weight) for one in known)

    def by(self, dimension: str) -> list[tuple[str, float]]:
        """Weight by sector, country or currency, the largest first."""
        return _summed((getattr(one, dimension), one.weight) for one in self.parts)

    def why_not_by(self, dimension: str) -> str:
        """Why a dimension is not stated although enough is looked through; "" where it is."""
        seen = [one for one in self.parts if one.in_fund and one.has_issuer]
        gross = fsum(abs(one.weight) for one in seen)
        known = fsum(abs(one.weight) for one in seen if getattr(one, dimension) != UNCLASSIFIED)
        if not gross or 100 * known >= (MIN_CLASSIFIED - _EXACT) * gross:
            return ""
        return (
            f"The {dimension} is known of {int(1000 * known / gross) / 10} % of what the funds hold, and "
            f"{MIN_CLASSIFIED:g} % is needed: the reports do not state it."
        )

    @cached_property
    def why_no_issuers(self) -> str:
        """Why the concentration of issuers is not stated; "" where it is."""
        gross = fsum(abs(one.weight) for one in self.parts if one.has_issuer)
        known = fsum(abs(one.weight) for one in self.parts if one.issuer)
        if not gross:
            return "There is no line with one issuer behind it."
        if known < (MIN_COVERAGE - _EXACT) * gross:
            return (
                f"The issuer is known of {int(1000 * known / gross) / 10} % of the lines' gross value, and "
                f"{MIN_COVERAGE:.0%} is needed."
            )
        return ""

    @cached_property
    def identified(self) -> float:
        """Percent of the known issuers' value whose issuer is known by LEI."""
        gross = fsum(abs(one.weight) for one in self.parts if one.issuer)
        return 100 * fsum(abs(one.weight) for one in self.parts if has_lei(one.issuer)) / gross if gross else 0.0


class LookThrough:
    """Looks through the funds of portfolios with one shelf of reports.

    Args:
        links: What registers of legal entities say.
    """

    def __init__(self, shelf: FundShelf, links: IssuerLinks = NO_LINKS) -> None:
        self._insides = FundInsides(shelf)
        self._issuers = Issuers(links)
        for report in shelf.reports():
            for line in report.lines:
                if line.issuer:
                    self._issuers.learn(line.issuer, isin=line.isin, lei=line.lei)

    def is_fund(self, holding: Holding) -> bool:
        """Whether a line is units of a fund: it says so, or it does not say what it is and a fund has its code."""
        return is_fund(holding) or (
            holding.asset_class is AssetClass.OTHER
            and bool(self._insides.fund_id(isin=holding.isin, symbol=holding.symbol))
        )

    def inside(self, holding: Holding, on: date) -> Inside:
        """What a fund that is held has inside on a day."""
        return self._insides.of(isin=holding.isin, symbol=holding.symbol, on=on)

    def issuers_with(self, holdings: Iterable[Holding]) -> Issuers:
        """What tells issuers apart once these lines are known too."""
        found = self._issuers.more()
        for holding in holdings:
            if not self.is_fund(holding):
                found.learn(issuer_name(holding), isin=holding.isin, lei=holding.terms.lei)
        return found

    def look(self, portfolio: Portfolio, lines: Sequence[HoldingFact]) -> Looked:
        """Take every fund of a portfolio apart.

        Args:
            lines: The portfolio's, in its order, with weights that have a meaning.
        """
        issuers = self.issuers_with(portfolio.holdings)
        parts: list[Part] = []
        funds: list[FundSeen] = []
        days: set[date] = set()
        notional = 0.0
        for holding, line in zip(portfolio.holdings, lines, strict=True):
            if not self.is_fund(holding):
                parts.append(direct_part(holding, line, issuers))
                continue
            inside = self.inside(holding, portfolio.as_of)
            fund_id = self._insides.fund_id(isin=holding.isin, symbol=holding.symbol)
            parts.extend(inner_parts(inside, line.weight_pct, issuers))
            days |= inside.days
            notional += abs(line.weight_pct) * _notional(inside)
            funds.append(_seen(line, fund_id, inside))
        ranked = tuple(sorted(funds, key=lambda one: (-abs(one.weight), one.holding_id)))
        return Looked(portfolio.as_of, tuple(parts), ranked, frozenset(days), notional, issuers)


def issuer_name(holding: Holding) -> str:
    """Who issued a line, else what the line is called; "" for cash and derivatives."""
    if holding.asset_class in (AssetClass.CASH, AssetClass.DERIVATIVE):
        return ""
    return holding.terms.issuer or holding.name


def _seen(line: HoldingFact, fund_id: str, inside: Inside) -> FundSeen:
    report = inside.report
    return FundSeen(
        line.holding_id,
        line.name or line.symbol,
        line.weight_pct,
        fund_id,
        report.as_of if report else None,
        report.source if report else "",
        float(100 * inside.covered),
        inside.why_not,
    )


def direct_part(holding: Holding, line: HoldingFact, issuers: Issuers) -> Part:
    """A line that is no fund."""
    kind = holding.asset_class
    name = issuer_name(holding)
    has_issuer = kind not in (AssetClass.CASH, AssetClass.DERIVATIVE)
    issuer = issuers.key(name, isin=holding.isin, lei=holding.terms.lei) if has_issuer else ""
    apart = _apart(kind)
    return Part(
        issuer,
        apart or slug(sector_of(holding)),
        apart or holding.country or UNCLASSIFIED,
        DERIVATIVES if apart == DERIVATIVES else holding.currency,
        line.weight_pct,
        in_fund=False,
        has_issuer=has_issuer,
    )


def inner_parts(inside: Inside, weight: float, issuers: Issuers) -> Iterator[Part]:
    """What a fund of this weight holds: its lines, funds that stay closed, and what its reports leave out."""
    if inside.report is None:
        yield _unknown(CLOSED, weight)
        return
    for one in inside.lines:
        yield _line(one.line, weight * float(one.share), issuers)
    for one in inside.closed:
        yield _unknown(CLOSED, weight * float(one.share))
    if inside.unlisted:
        yield _unknown(UNLISTED, weight * float(inside.unlisted))


def _line(line: FundLine, weight: float, issuers: Issuers) -> Part:
    apart = _apart(line.asset_class)
    issuer = "" if apart else issuers.key(line.issuer, isin=line.isin, lei=line.lei)
    return Part(
        issuer,
        apart or slug(line.sector),
        apart or line.country or UNCLASSIFIED,
        DERIVATIVES if apart == DERIVATIVES else line.currency or UNCLASSIFIED,
        weight,
        in_fund=True,
        has_issuer=not apart,
    )


def _apart(kind: AssetClass) -> str:
    """Where a line stands that has no issuer of its own; "" for all others."""
    return {AssetClass.CASH: CASH_SECTOR, AssetClass.DERIVATIVE: DERIVATIVES}.get(kind, "")


def _unknown(key: str, weight: float) -> Part:
    return Part("", key, key, key, weight, in_fund=True, has_issuer=False)


def _notional(inside: Inside) -> float:
    """Notionals of the derivatives of a fund, as a share of its net assets, as far as they are known."""
    total = Fraction()
    for one in inside.lines:
        if one.line.notional_pct is not None and one.line.weight_pct:
            # A derivative inside an inner fund weighs as much less as that fund does.
            total += abs(one.share / (Fraction(one.line.weight_pct) / 100)) * Fraction(one.line.notional_pct) / 100
    return float(total)


def _summed(pairs: Iterable[tuple[str, float]]) -> list[tuple[str, float]]:
    weights: defaultdict[str, list[float]] = defaultdict(list)
    for key, weight in pairs:
        weights[key].append(weight)
    # Summed by size, so that no order of lines shows in the last digit.
    sums = ((key, fsum(sorted(values))) for key, values in weights.items())
    return sorted(sums, key=lambda row: (-abs(row[1]), row[0]))


def look_through_rows(
    portfolio: Portfolio, valuation: Valuation, lines: Sequence[HoldingFact], look_through: LookThrough | None
) -> Rows:
    """Everything of a portfolio with its funds looked through, or why it is not stated."""
    everything = (*LOOK_THROUGH_METRICS, *LOOK_THROUGH_FAMILIES)
    if valuation.total is None or valuation.why_no_shares:
        return absent(everything, valuation.why_no_shares)
    looking = look_through or LookThrough(FundShelf())
    if not any(map(looking.is_fund, portfolio.holdings)):
        return absent(everything, "No line is a fund, so there is nothing to look through.")
    looked = looking.look(portfolio, lines)
    badge = Badge.SIMULATED if portfolio.is_sample else Badge.DERIVED
    period = f"as of {portfolio.as_of}"
    rows: Rows = ([], [])
    state(rows, "lookthrough.fund_weight", looked.fund_weight, period, badge, valuation.rates_note)
    state(rows, "lookthrough.coverage", looked.coverage, period, badge)
    if why := looked.why_not:
        for key in everything[2:]:
            state(rows, f"{key}*" if key.endswith(".") else key, why)
        return rows
    note = " ".join(filter(None, (looked.statement, valuation.rates_note)))
    state(rows, "lookthrough.data_age", float(looked.age), period, badge, looked.statement)
    _state_issuers(rows, looked, period, badge, note)
    for dimension in ("sector", "country", "currency"):
        family = f"lookthrough.{dimension}."
        if why := looked.why_not_by(dimension):
            state(rows, f"{family}*", why)
        else:
            state_family(rows, family, looked.by(dimension), period, badge, note)
    return rows


def _state_issuers(rows: Rows, looked: Looked, period: str, badge: Badge, note: str) -> None:
    how = f"{looked.identified:.1f} % of the issuers' value is told by LEI, the rest by name."
    note = f"{note} {how}"
    found = looked.by_issuer()
    sizes = [weight for _, weight in found]
    number = concentration.effective_number(sizes)
    why = looked.why_no_issuers or ("" if number else "Long and short lines of every issuer cancel out.")
    figures: Mapping[str, float | str] = {
        "lookthrough.issuer_hhi": why or concentration.hhi(sizes, 100.0),
        "lookthrough.issuer_effective_n": why or number or 0.0,
        "lookthrough.issuer_top1_weight": why or concentration.top_share(sizes, 1.0, 1),
    }
    for metric_id, value in figures.items():
        state(rows, metric_id, value, period, badge, note)
    if why:
        state(rows, "lookthrough.issuer.*", why)
        state(rows, "lookthrough.group.*", why)
        return
    state_family(rows, "lookthrough.issuer.", named_issuers(looked.issuers, found), period, badge, note)
    if not looked.issuers.knows_groups:
        state(rows, "lookthrough.group.*", _NO_GROUPS)
        return
    groups = named_issuers(looked.issuers, looked.by_issuer(groups=True))
    state_family(rows, "lookthrough.group.", groups, period, badge, note)


def named_issuers(issuers: Issuers, found: Sequence[tuple[str, float]]) -> list[tuple[str, float]]:
    """The largest, by their names as metric ids carry them; two of one name are told apart by their keys."""
    largest = found[:ISSUERS_NAMED]
    names = [slug(issuers.name(key)) for key, _ in largest]
    return [
        (name if names.count(name) == 1 else f"{name}_{slug(key)}", weight)
        for name, (key, weight) in zip(names, largest, strict=True)
    ]
