"""A portfolio with two holdings that differ, a benchmark that did better, and rules of every status."""

from __future__ import annotations

from datetime import date

import pytest

from core.analyses.slots.page import Page
from core.domain.compliance import BreachType, RuleResult, RuleStatus
from core.domain.evidence import Evidence
from core.domain.facts import AbsentFact, Fact, FactSheet, HoldingFact
from core.domain.units import Badge, Unit

DAY, YEAR, HISTORY = "as of 2026-10-30", "2025-10-30..2026-10-30", "2020-10-29..2026-10-30"


def fact(metric_id: str, value: float, unit: Unit = Unit.PCT, period: str | None = DAY, decimals: int = 2) -> Fact:
    currency = "EUR" if unit is Unit.CCY else None
    return Fact(metric_id, value, unit, currency, period, "", Badge.DERIVED, decimals)


def line(name: str, full: str, weight: float, asset_class: str = "equity", **more: object) -> HoldingFact:
    return HoldingFact(name, name, full, asset_class, "tech", "US", "USD", weight, weight * 1e5, **more)  # type: ignore[arg-type]


def rule(name: str, status: RuleStatus, measured: float | None = None, limit: float | None = None) -> RuleResult:
    headroom = None if measured is None or limit is None else limit - measured
    kind = BreachType.UNKNOWN if status is RuleStatus.BREACH else None
    return RuleResult(
        name, "EU", "ucits", "A limit", f"art. {name}", "", date(2026, 11, 1), True, status, "<=", measured, limit,
        Unit.PCT, headroom, ("MSFT",), breach_type=kind, cure="Sell within 30 days.",
    )  # fmt: skip


RULES = (
    rule("EU.40", RuleStatus.BREACH, 47.0, 40.0),
    rule("EU.10", RuleStatus.NEAR, 9.6, 10.0),
    rule("EU.20", RuleStatus.PASS, 5.0, 20.0),
    rule("EU.56", RuleStatus.NOT_ASSESSABLE),
)

SHEET = FactSheet(
    portfolio_id="desk-7",
    name="Global 60/40 Fund",
    as_of=date(2026, 10, 30),
    base_currency="EUR",
    region="GLOBAL",
    facts=(
        fact("total_value", 12_345_678.9, Unit.CCY),
        fact("cash_usd", 10.0, Unit.CCY),
        fact("holdings_count", 9.0, Unit.COUNT, decimals=0),
        fact("volatility", 12.345, period=HISTORY),
        fact("sharpe", 0.6247, Unit.RATIO, HISTORY),
        fact("beta", 0.84, Unit.RATIO, HISTORY),
        fact("max_drawdown", -23.47, period=HISTORY),
        fact("var_95_1d", 1.2842, period=HISTORY),
        fact("cvar_95_1d", 1.9, period=HISTORY),
        fact("top1_weight", 18.34),
        fact("asset_class.equity", 69.25),
        fact("asset_class.cash", 6.65),
        fact("currency.EUR", 38.83),
        fact("currency.USD", 36.5),
        fact("return.1y", 9.8412, period=YEAR),
        fact("benchmark_return.1y", 11.0231, period=YEAR),
        fact("excess_return.1y", -1.1819, Unit.PP, YEAR),
        fact("contribution.MMM", -1.02, Unit.PP, YEAR),
        fact("contribution.MSFT", 2.3, Unit.PP, YEAR),
        fact("weight.MSFT", 18.34),
        fact("weight.ASML.AS", 10.48),
        fact("weight.MMM", 4.2),
        *(
            fact(f"rule.{one.rule_id}.{name}", value)
            for one in RULES
            for name, value in (("measured", one.measured), ("limit", one.limit), ("headroom", one.headroom))
            if value is not None
        ),
    ),
    absent=(AbsentFact("sortino", "Too few returns."),),
    holdings=(
        line("MSFT", "Microsoft Corporation", 18.34),
        line("ASML.AS", "ASML Holding", 10.48),
        line("MMM", "3M Company", 4.2),
    ),
    rules=RULES,
    evidence=Evidence(language="en", decimal_mark=".", overlay="GLOBAL"),
    benchmark=(("GLB", 70.0), ("BNDF", 30.0)),
)


@pytest.fixture
def page() -> Page:
    return Page(SHEET)
