"""A portfolio's facts, and a risk answer that states them truly."""

from __future__ import annotations

import copy
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from core.domain.facts import AbsentFact, Fact, FactSheet, HoldingFact
from core.domain.units import Badge, Unit

AS_OF = "as of 2026-10-30"
HISTORY = "2023-10-31..2026-10-30"


def fact(metric_id: str, value: float, unit: Unit, decimals: int, period: str = AS_OF, currency: Any = None) -> Fact:
    return Fact(metric_id, value, unit, currency, period, "A definition.", Badge.DERIVED, decimals)


def holding(symbol: str, name: str, weight: float, value: float) -> HoldingFact:
    return HoldingFact(symbol, symbol, name, "equity", "Technology", "US", "USD", weight, value)


SHEET = FactSheet(
    portfolio_id="desk-7",
    name="Global 60/40 Fund 2045",
    as_of=date(2026, 10, 30),
    base_currency="USD",
    region="US",
    facts=(
        fact("total_value", 1_234_567.891, Unit.CCY, 2, currency="USD"),
        fact("holdings_count", 3.0, Unit.COUNT, 0),
        fact("hhi", 0.34567, Unit.RATIO, 4),
        fact("effective_n", 2.8929, Unit.RATIO, 2),
        fact("top1_weight", 46.123, Unit.PCT, 2),
        fact("top5_weight", 97.704, Unit.PCT, 2),
        fact("weight.AAPL", 46.123, Unit.PCT, 2),
        fact("weight.VOO", 31.581, Unit.PCT, 2),
        fact("weight.7203.T", 20.0, Unit.PCT, 2),
        fact("currency.USD", 77.704, Unit.PCT, 2),
        fact("volatility", 18.345, Unit.PCT, 2, HISTORY),
        fact("sharpe", 0.8449, Unit.RATIO, 2, HISTORY),
        fact("max_drawdown", -33.4567, Unit.PCT, 2, HISTORY),
        fact("var_95_1d", 1.779, Unit.PCT, 2, HISTORY),
        fact("spread", 85.4, Unit.BPS, 0, HISTORY),
    ),
    absent=(AbsentFact("cvar_95_1d", "No price history was given."),),
    holdings=(
        holding("AAPL", "Apple Inc.", 46.123, 569_420.0),
        holding("VOO", "Vanguard S&P 500 ETF", 31.581, 389_889.0),
        holding("7203.T", "Toyota Motor 20+ Growth", 20.0, 246_913.58),
    ),
)


@pytest.fixture
def sheet() -> FactSheet:
    return SHEET


@pytest.fixture
def cite() -> Callable[..., dict[str, Any]]:
    """A reference to a fact as a faithful model writes it; keyword arguments replace its fields."""

    def reference(metric_id: str, /, **changes: Any) -> dict[str, Any]:
        found = SHEET.by_id()[metric_id]
        return {
            "metric_id": metric_id,
            "value": float(found.shown),
            "unit": found.unit.value,
            "currency": found.currency,
            "period": found.period,
        } | changes

    return reference


@pytest.fixture
def answer(cite: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    """A true answer; keyword arguments replace its top-level fields."""

    def document(**changes: Any) -> dict[str, Any]:
        claims = [
            {
                "metrics": [cite("top1_weight")],
                "source_ids": ["AAPL"],
                "text": "The largest position weighs 46.12 % of the value.",
                "kind": "fact",
                "confidence": "high",
            }
        ]
        risks = [
            {
                "risk_type": "concentration",
                "severity": "high",
                "likelihood": "likely",
                "driver_ids": ["AAPL", "top1_weight"],
                "metrics": [cite("top1_weight"), cite("hhi")],
                "explanation": "One position weighs 46.12 % and the Herfindahl index is 0.3457.",
                "mitigation": "Spread the largest position over two quarters.",
            },
            {
                "risk_type": "market",
                "severity": "moderate",
                "likelihood": "possible",
                "driver_ids": ["VOO"],
                "metrics": [cite("volatility"), cite("max_drawdown")],
                "explanation": "Volatility is 18.35 % a year; the portfolio once fell 33.46 %.",
                "mitigation": "Hold more cash.",
            },
            {
                "risk_type": "currency",
                "severity": "low",
                "likelihood": "possible",
                "driver_ids": [],
                "metrics": [],
                "explanation": "Little is held in other currencies.",
                "mitigation": "None needed.",
            },
        ]
        return copy.deepcopy(
            {
                "schema_version": "1",
                "analysis_type": "risk",
                "portfolio_id": "desk-7",
                "as_of_date": "2026-10-30",
                "base_currency": "USD",
                "language": "en",
                "claims": claims,
                "overall_level": "elevated",
                "risks": risks,
                "stress_tests": [],
                "var_statement": {
                    "method": "historical",
                    "confidence_pct": 95,
                    "horizon_days": 1,
                    "metrics": [cite("var_95_1d")],
                    "plain_language": "On the worst 5 % of days the loss was at least 1.78 %, at 95 % confidence.",
                },
                "limit_breaches": [],
                "data_gaps": [
                    {"item": "CVaR", "effect": "The tail is not measured.", "affected_metric_ids": ["cvar_95_1d"]}
                ],
                "caveats": ["Figures as of 2026-10-30."],
                "headline": "Concentrated: one position is 46.12 %",
                "summary": "One position weighs 46.12 %. Volatility is 18.35 %. In 2025 little changed.",
            }
            | changes
        )

    return document
