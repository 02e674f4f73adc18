"""A portfolio with everything that any analysis may show, and a true simulated answer of each kind about it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from typing import Any

from core.analyses.engines import engine_for
from core.domain.analysis import AnalysisRequest, Finding, FindingKind, Kind, Verification
from core.domain.compliance import BreachType, RuleResult, RuleStatus
from core.domain.evidence import Band, Evidence, Finished, InvestmentProfile, SourceDocument
from core.domain.facts import AbsentFact, Fact, FactSheet, HoldingFact
from core.domain.units import Badge, Unit
from core.simulator import answers

DAY, YEAR, HISTORY = "as of 2026-10-30", "2025-10-30..2026-10-30", "2020-10-29..2026-10-30"
CHAT = "/v1/chat/completions"


def fact(metric_id: str, value: float, unit: Unit = Unit.PCT, period: str = DAY, decimals: int = 2) -> Fact:
    currency = "USD" if unit is Unit.CCY else None
    return Fact(metric_id, value, unit, currency, period, "A definition.", Badge.DERIVED, decimals)


def rule(rule_id: str, status: RuleStatus, measured: float | None, limit: float | None, **more: Any) -> RuleResult:
    headroom = None if measured is None or limit is None else limit - measured
    breach = BreachType.UNKNOWN if status is RuleStatus.BREACH else None
    return RuleResult(
        rule_id, "EU", "ucits", "No issuer above a limit", "Dir. 2009/65/EC art. 52(2)", "", date(2026, 11, 1), True,
        status, "<=", measured, limit, Unit.PCT, headroom, ("AAPL",), breach_type=breach, explanation="Measured.",
        cure="Sell within 30 days.", **more,
    )  # fmt: skip


WEIGHTS = {"AAPL": 40.0, "MSFT": 15.0, "WORLD": 25.0, "BOND": 15.0, "CASH": 5.0}
CLASSES = {"AAPL": "equity", "MSFT": "equity", "WORLD": "equity_fund", "BOND": "bond_fund", "CASH": "cash"}
CONTRIBUTIONS = {"AAPL": 4.2, "MSFT": -1.3, "WORLD": 2.6, "BOND": -0.4, "CASH": 0.0}

PROFILE = InvestmentProfile(
    "balanced",
    "Balanced",
    (
        Band("asset_group.shares", 0.0, 25.0, 45.0, ("equity",)),
        Band("asset_group.funds", 20.0, 40.0, 60.0, ("equity_fund",)),
    ),
    max_turnover_pct=20.0,
    max_position_pct=30.0,
    excluded=("asset_class.crypto",),
)

RULES = (
    rule("EU.UCITS.52.2", RuleStatus.BREACH, 47.0, 40.0),
    rule("EU.UCITS.52.1", RuleStatus.NEAR, 9.6, 10.0, reading="issuer"),
    rule("EU.UCITS.55", RuleStatus.PASS, 8.0, 20.0),
    rule("EU.UCITS.56", RuleStatus.NOT_ASSESSABLE, None, 10.0, missing=("shares outstanding",)),
    rule("EU.UCITS.83", RuleStatus.NOT_APPLICABLE, None, None),
)

SOURCES = (
    SourceDocument(
        "doc-1",
        "Q3 results",
        "Apple Inc.",
        "2026-10-20",
        None,
        "earnings_call",
        ("Revenue rose 6.1 % to a record, driven by services.", "We expect supply to stay tight."),
        ("AAPL",),
    ),
    SourceDocument(
        "doc-2", "Bond weekly", "Desk", None, "https://example.org/w", "news", ("Yields fell again.",), ("BOND",)
    ),
)

SHEET = FactSheet(
    portfolio_id="desk-7",
    name="Desk seven",
    as_of=date(2026, 10, 30),
    base_currency="USD",
    region="US",
    facts=(
        fact("total_value", 1_000_000.0, Unit.CCY),
        fact("holdings_count", 5.0, Unit.COUNT, decimals=0),
        fact("hhi", 0.2812, Unit.RATIO, decimals=4),
        fact("effective_n", 3.56, Unit.RATIO),
        fact("top1_weight", 40.0),
        fact("top5_weight", 95.0),
        fact("volatility", 14.2, period=HISTORY),
        fact("sharpe", 0.61, Unit.RATIO, HISTORY),
        fact("max_drawdown", -24.6, period=HISTORY),
        fact("var_95_1d", 1.42, period=HISTORY),
        fact("cvar_95_1d", 2.13, period=HISTORY),
        fact("beta", 1.08, Unit.RATIO, HISTORY),
        fact("asset_class.equity", 55.0),
        fact("asset_class.equity_fund", 25.0),
        fact("asset_class.bond_fund", 15.0),
        fact("asset_class.cash", 5.0),
        fact("sector.information_technology", 55.0),
        fact("currency.USD", 100.0),
        *(fact(f"weight.{name}", weight) for name, weight in WEIGHTS.items()),
        fact("return.1y", 5.1, period=YEAR),
        fact("benchmark_return.1y", 6.17, period=YEAR),
        fact("excess_return.1y", -1.07, Unit.PP, YEAR),
        fact("return.3m", 2.0, period="2026-07-30..2026-10-30"),
        fact("benchmark_return.3m", 1.4, period="2026-07-30..2026-10-30"),
        fact("excess_return.3m", 0.6, Unit.PP, "2026-07-30..2026-10-30"),
        *(fact(f"contribution.{name}", value, Unit.PP, YEAR) for name, value in CONTRIBUTIONS.items()),
        fact("attribution.active_return", -1.07, Unit.PP, YEAR),
        fact("attribution.allocation", 0.35, Unit.PP, YEAR),
        fact("attribution.selection", -1.29, Unit.PP, YEAR),
        fact("attribution.interaction", -0.13, Unit.PP, YEAR),
        fact("attribution.currency", 0.0, Unit.PP, YEAR),
        fact("attribution.residual", 0.0, Unit.PP, YEAR),
        fact("attribution.allocation.equity", 0.35, Unit.PP, YEAR),
        fact("attribution.selection.equity", -1.29, Unit.PP, YEAR),
        fact("stress.gfc_2008", -31.4),
        fact("stress.rates_2022", -9.2),
        fact("indicator.rates.latest", 4.45),
        fact("indicator.rates.change_3m", 0.2, Unit.PP, YEAR),
        fact("indicator.rates.change_1y", 0.7, Unit.PP, YEAR),
        fact("indicator.oil.latest", 74.0, Unit.CCY),
    ),
    absent=(AbsentFact("sortino", "Too few returns."), AbsentFact("risk_share.*", "No price history.")),
    holdings=tuple(
        HoldingFact(name, name, f"{name} Holding", CLASSES[name], "information_technology", "US", "USD", weight,
                    weight * 10_000)
        for name, weight in WEIGHTS.items()
    ),
    rules=RULES,
    evidence=Evidence(sources=SOURCES, profile=PROFILE),
)  # fmt: skip


def request(kind: Kind, **more: Any) -> AnalysisRequest:
    return AnalysisRequest(kind, ("desk-7",), "gpt-5.4-mini", **more)


def view(kind: Kind, sheet: FactSheet = SHEET, **more: Any) -> FactSheet:
    """What the only request of a kind shows."""
    if kind is Kind.COMMITTEE_BRIEF and not sheet.evidence.analyses:
        sheet = with_inputs(sheet)
    (only,) = engine_for(kind).views(sheet, request(kind, **more))
    return only


def answer(kind: Kind, shown: FactSheet | None = None) -> dict[str, Any]:
    """A true answer of a kind, as a document that a test may spoil."""
    engine = engine_for(kind)
    shape = {"type": "json_schema", "json_schema": {"schema": engine.schema()}}
    content = engine.blocks(shown or view(kind))
    body = {"messages": [{"role": "user", "content": content}], "response_format": shape}
    document: dict[str, Any] = json.loads(answers.text(body, CHAT, "r", None))
    return document


def checked(kind: Kind, document: dict[str, Any], shown: FactSheet | None = None) -> Verification:
    reading = engine_for(kind).read(json.dumps(document), shown or view(kind))
    assert reading.error is None, reading.error
    assert reading.verification is not None
    return reading.verification


def kinds(findings: tuple[Finding, ...]) -> dict[str, FindingKind]:
    return {finding.path: finding.kind for finding in findings}


def with_inputs(sheet: FactSheet, but: Kind | None = None) -> FactSheet:
    """The sheet with the finished analyses that a committee brief reads."""
    inputs = tuple(
        Finished(f"{kind}-desk-7", "job", kind.value, sheet.portfolio_id, sheet.as_of, "m", "v1", answer(kind), 9)
        for kind in (Kind.RISK, Kind.ALLOCATION, Kind.PERFORMANCE, Kind.COMPLIANCE)
        if kind is not but
    )
    return replace(sheet, evidence=replace(sheet.evidence, analyses=inputs))
