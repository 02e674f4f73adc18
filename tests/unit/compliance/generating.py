"""Books made from a rule itself: one that keeps it, one that is near, one that breaks it, one that leaves it open."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Any

from core.compliance.lines import membership
from core.compliance.position import Book, Measures, RulePosition
from core.compliance.rule import Rule
from core.compliance.vocabulary import HANDED_IN, By, LimitReading, RuleMetric
from core.domain.instrument import FundKind, InstrumentType, Liquidity
from core.domain.portfolio import AssetClass
from core.domain.units import Unit
from tests.unit.compliance.making import book, cash, line, unknown

T = InstrumentType
WHOLE = Decimal(100)


class Case(StrEnum):
    """What a book is to show."""

    PASS = "pass"
    NEAR = "near"
    BREACH = "breach"
    OPEN = "not_assessable"


def has_near(rule: Rule) -> bool:
    """Whether there is room for "near": not in counts, and not under a limit of nothing."""
    return rule.unit is Unit.PCT and bool(rule.limit)


def target(rule: Rule, case: Case) -> Decimal:
    """The measure that a case asks for, in the rule's unit."""
    limit = rule.limit or Decimal(0)
    if rule.unit is Unit.COUNT:
        step = {Case.PASS: Decimal(0), Case.BREACH: Decimal(1)}[case]
        return limit + step if rule.operator.is_ceiling else limit - step
    if rule.operator.is_ceiling and not limit:
        return Decimal(5 if case is Case.BREACH else 0)
    if rule.measure.metric is RuleMetric.ASSET_COVERAGE:
        return limit * {Case.PASS: Decimal(2), Case.NEAR: Decimal("1.05"), Case.BREACH: Decimal("0.5")}[case]
    if rule.operator.is_ceiling:
        return limit * {Case.PASS: Decimal("0.5"), Case.NEAR: Decimal("0.95"), Case.BREACH: Decimal("1.1")}[case]
    return {Case.PASS: Decimal(90), Case.NEAR: limit * Decimal("1.05"), Case.BREACH: limit * Decimal("0.9")}[case]


def make(rule: Rule, case: Case, reading: LimitReading | None = None) -> Book:
    """The book of a case."""
    if case is Case.OPEN:
        return _open(rule)
    wanted = target(rule, case)
    if rule.measure.metric in HANDED_IN:
        return book(*_derivatives(rule), cash(WHOLE), measures=_measures(rule, wanted / WHOLE))
    lines = _measured(rule, wanted, reading)
    return book(*lines, *_filler(rule, WHOLE - sum((one.value or Decimal(0) for one in lines), Decimal(0))))


A = AssetClass
SHAPES: dict[str, tuple[InstrumentType, dict[str, Any]]] = {
    "all": (T.SHARE, {}),
    "securities": (T.SHARE, {}),
    "shares": (T.SHARE, {}),
    "equity": (T.SHARE, {}),
    "unhedged_currency": (T.SHARE, {"currency": "USD"}),
    "securities_related": (T.SHARE, {"sector": "Capital Markets"}),
    "unlisted_securities": (T.SHARE, {"listed": False}),
    "unapproved": (T.SHARE, {"listed": False}),
    "unlisted_swiss": (T.SHARE, {"listed": False, "country": "CH"}),
    "illiquid": (T.SHARE, {"listed": False, "liquidity": Liquidity.ILLIQUID}),
    "not_quoted": (T.SHARE, {"listed": False, "liquidity": Liquidity.ILLIQUID}),
    "government": (T.GOVERNMENT_BOND, {"asset_class": A.BOND, "issuer": "A state"}),
    "bonds": (T.CORPORATE_BOND, {"asset_class": A.BOND}),
    "debt": (T.CORPORATE_BOND, {"asset_class": A.BOND}),
    "covered_bonds": (T.COVERED_BOND, {"asset_class": A.BOND}),
    "mortgages": (T.COVERED_BOND, {"asset_class": A.BOND, "country": "CH"}),
    "funds": (T.FUND, {"asset_class": A.EQUITY_FUND, "fund_kind": FundKind.UCITS}),
    "hong_kong_unauthorised_funds": (T.FUND, {"asset_class": A.EQUITY_FUND, "fund_kind": FundKind.OTHER}),
    "insurance_shares": (T.SHARE, {"sector": "Insurance"}),
    "oecd_government": (T.GOVERNMENT_BOND, {"asset_class": A.BOND, "issuer": "A state"}),
    "non_ucits_funds": (T.FUND, {"asset_class": A.EQUITY_FUND, "fund_kind": FundKind.OTHER}),
    "real_estate": (T.FUND, {"asset_class": A.REAL_ESTATE, "country": "CH", "exposure": "EUR"}),
    "real_estate_abroad": (T.FUND, {"asset_class": A.REAL_ESTATE, "country": "DE", "exposure": "EUR"}),
    "direct_property": (T.DIRECT_PROPERTY, {"asset_class": A.REAL_ESTATE}),
    "gold": (T.EXCHANGE_COMMODITY, {"asset_class": A.COMMODITY}),
    "related_party": (T.LOAN, {"asset_class": A.PRIVATE, "related_party": True}),
    "infrastructure": (T.INFRASTRUCTURE, {"asset_class": A.PRIVATE}),
    "alternatives": (T.PRIVATE_EQUITY, {"asset_class": A.PRIVATE}),
    "derivatives": (T.SWAP, {"asset_class": A.DERIVATIVE}),
    "otc_derivatives": (T.SWAP, {"asset_class": A.DERIVATIVE}),
}
"""What a line of a class of the vocabulary looks like; a class that a rule uses and that is not here fails loudly."""


def of_class(name: str, symbol: str, weight: Decimal) -> RulePosition:
    """A line of a class, everything known about it."""
    if name == "deposits":
        return cash(weight, bank=symbol, symbol=symbol)
    kind, said = SHAPES[name]
    more = {"counterparty": symbol, "notional": weight} if kind is T.SWAP else {}
    return line(symbol, weight, kind, **said, **more)


def _measured(rule: Rule, wanted: Decimal, reading: LimitReading | None) -> list[RulePosition]:
    measure = rule.measure
    name = measure.of[0] if measure.of else ""
    match measure.metric:
        case RuleMetric.LARGEST if measure.by is By.INSTRUMENT and rule.applies_when is not None:
            # One issue at the measure and six smaller ones of the same issuer, which is then far above its own line.
            rest = (Decimal(80) - wanted) / 6
            return [of_class(name, "M", wanted), *(of_class(name, f"M{place}", rest) for place in range(6))]
        case RuleMetric.LARGEST | RuleMetric.TOTAL if measure.share_of:
            whole = Decimal(30)
            part = whole * wanted / WHOLE
            return [of_class(name, "M", part), of_class(measure.share_of[0], "R", whole - part)]
        case RuleMetric.LARGEST | RuleMetric.TOTAL:
            return [of_class(name, "M", wanted)]
        case RuleMetric.SUM_ABOVE:
            return [of_class(name, f"M{place}", wanted / 3) for place in range(3)]
        case RuleMetric.COUNT_ABOVE:
            above = (measure.threshold or Decimal(0)) + 1
            return [of_class(name, f"M{place}", above) for place in range(int(wanted))]
        case RuleMetric.COUNT:
            share = Decimal(80) / max(wanted, 1)
            return [of_class(name, f"M{place}", share) for place in range(int(wanted))]
        case RuleMetric.DIVERSIFIED:
            capped = measure.threshold or Decimal(0) if reading is LimitReading.CAP else Decimal(0)
            return [of_class(name, "M", WHOLE - wanted + capped)]
        case RuleMetric.BORROWING:
            return [cash(-wanted)]
        case RuleMetric.SHORT:
            return [of_class(name, "M", -wanted)]
        case RuleMetric.UNHEDGED:
            return [of_class(name, "M", wanted)]
        case RuleMetric.ASSET_COVERAGE:
            return [cash(-WHOLE / (wanted / WHOLE - 1))]
        case RuleMetric.VOTES:
            base = of_class(name, "M", Decimal(1))
            return [line("M", 1, base.terms.instrument_type, asset_class=base.holding.asset_class,
                         sector=base.holding.sector, votes_pct=float(wanted))]  # fmt: skip
        case RuleMetric.NOTIONAL:
            return [line("M", 0, T.SWAP, asset_class=AssetClass.DERIVATIVE, counterparty="M", notional=wanted)]
    raise AssertionError(f"say in generating.py how to measure '{measure.metric}'")


def _filler(rule: Rule, weight: Decimal) -> list[RulePosition]:
    """What makes the book whole without counting for the rule: many lines, all different."""
    parts = 25
    for name in ("deposits", "funds", "shares", "covered_bonds"):
        lines = [of_class(name, f"F{place}", weight / parts) for place in range(parts)]
        measure = rule.measure
        inside = membership(lines[0], (*measure.of, *measure.share_of) or ("none",), measure.without, "EUR") \
            if measure.of or measure.share_of else False  # fmt: skip
        if inside is False:
            return lines
    raise AssertionError(f"say in generating.py what fills a book for {rule.id}")


def _derivatives(rule: Rule) -> list[RulePosition]:
    needed = rule.applies_when is not None
    return [line("D", 0, T.SWAP, asset_class=AssetClass.DERIVATIVE, counterparty="D", notional=50)] if needed else []


def _measures(rule: Rule, value: Decimal) -> Measures:
    name = "vev" if rule.measure.metric is RuleMetric.MARKET_RISK_CLASS else rule.measure.metric.value
    return Measures(**{name: float(value)})  # type: ignore[arg-type]  # one float by its name


def _open(rule: Rule) -> Book:
    """A book that leaves the rule open: a large part of it is not described."""
    measure = rule.measure
    name = measure.of[0] if measure.of else ""
    if measure.metric in HANDED_IN:
        return book(*_derivatives(rule), cash(WHOLE))
    match measure.metric:
        case RuleMetric.BORROWING | RuleMetric.ASSET_COVERAGE:
            missing = cash(5)
            return book(cash(95), RulePosition("X", missing.holding, missing.terms, None))
        case RuleMetric.SHORT:
            return book(unknown("X", -40), cash(140))
        case RuleMetric.VOTES:
            return book(of_class(name, "M", Decimal(10)), cash(90))
        case RuleMetric.NOTIONAL:
            return book(line("M", 1, T.SWAP, asset_class=AssetClass.DERIVATIVE), cash(99))
        case RuleMetric.COUNT:
            issues = [of_class(name, f"M{place}", Decimal(16)) for place in range(int(rule.limit or 0) - 1)]
            return book(*issues, unknown("X", 10), unknown("Y", 10))
        case _ if rule.applies_when is not None:
            # The condition holds for certain; whether one issue is above its line does not.
            issues = [of_class(name, f"M{place}", Decimal(10)) for place in range(6)]
            return book(*issues, unknown("X", 40))
        case RuleMetric.TOTAL if measure.share_of:
            return book(of_class(measure.share_of[0], "R", Decimal(20)), unknown("X", 60), cash(20))
        case _:
            return book(*_filler(rule, Decimal(5)), unknown("X", 48), unknown("Y", 47))
