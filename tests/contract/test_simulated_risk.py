"""The whole way without HTTP: the engine's prompt, the simulated answer, and what checking makes of it."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date
from typing import Any

import jsonschema
import pytest

from core.analyses.engines import engine_for
from core.domain.analysis import FindingKind, Kind, ResultStatus
from core.domain.facts import AbsentFact, Fact, FactSheet, HoldingFact
from core.domain.units import Badge, Unit
from core.simulator import answers, faults

CHAT = "/v1/chat/completions"
_AS_OF, _HISTORY = "as of 2026-10-30", "2023-10-31..2026-10-30"


def fact(metric_id: str, value: float, unit: Unit = Unit.PCT, decimals: int = 2, period: str = _AS_OF) -> Fact:
    currency = "EUR" if unit is Unit.CCY else None
    return Fact(metric_id, value, unit, currency, period, "A definition.", Badge.DERIVED, decimals)


SHEET = FactSheet(
    portfolio_id="acme|<7>",
    name="Acme",
    as_of=date(2026, 10, 30),
    base_currency="EUR",
    region="FR",
    facts=(
        fact("total_value", 123_456.7, Unit.CCY, 0),
        fact("holdings_count", 3, Unit.COUNT, 0),
        fact("hhi", 0.38123, Unit.RATIO, 4),
        fact("effective_n", 2.6231, Unit.RATIO, 2),
        fact("top1_weight", 46.004),
        fact("top5_weight", 100.0),
        fact("weight.MSFT", 46.004),
        fact("weight.IWDA", 44.0),
        fact("asset_class.equity", 46.004),
        fact("asset_class.equity_fund", 44.0),
        fact("currency.USD", 90.004),
        fact("country.US", 46.004),
        fact("sector.technology", 46.004),
        fact("volatility", 19.876, period=_HISTORY),
        fact("max_drawdown", -31.239, period=_HISTORY),
        fact("sharpe", 0.513, Unit.RATIO, period=_HISTORY),
        fact("var_95_1d", 1.974, period=_HISTORY),
        fact("cvar_95_1d", 2.871, period=_HISTORY),
    ),
    absent=(AbsentFact("annual_return", "Too short a history."),),
    holdings=(
        HoldingFact("MSFT", "MSFT", "Microsoft", "equity", "technology", "US", "USD", 46.004, 56_795.1),
        HoldingFact("IWDA", "IWDA", "World ETF", "equity_fund", "", "IE", "USD", 44.0, 54_321.0),
    ),
)


def body(language: str) -> dict[str, Any]:
    engine = engine_for(Kind.RISK)
    return {
        "messages": [{"role": "user", "content": engine.blocks(SHEET, language) + "\n\nHow risky is it?"}],
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": engine.schema_name, "strict": True, "schema": engine.schema()},
        },
    }


@pytest.mark.parametrize("language", ["en", "fr", "de"])
def test_a_simulated_answer_holds_against_the_facts(language: str) -> None:
    engine = engine_for(Kind.RISK)
    text = answers.text(body(language), CHAT, "a", None)
    jsonschema.validate(json.loads(text), engine.schema())
    reading = engine.read(text, SHEET)
    assert reading.status is ResultStatus.SUCCEEDED
    assert reading.verification is not None
    assert reading.verification.findings == ()
    assert reading.verification.verified > 20
    # Between 18 and 28 of volatility is high; one issuer above 40 raises it.
    assert reading.level == "very_high"


@pytest.mark.parametrize("language", ["en", "fr", "de"])
def test_every_kind_of_slip_is_found(language: str) -> None:
    engine = engine_for(Kind.RISK)
    expected = {
        "wrong_value": {FindingKind.VALUE},
        "wrong_scale": {FindingKind.SCALE},
        "wrong_percent": {FindingKind.PERCENT},
        "wrong_bps": {FindingKind.BPS, FindingKind.PERCENT},
        "wrong_sign": {FindingKind.SIGN},
        "wrong_period": {FindingKind.PERIOD},
        "wrong_unit": {FindingKind.UNIT},
        "wrong_currency": {FindingKind.CURRENCY},
        "wrong_id": {FindingKind.UNSUPPORTED, FindingKind.WRONG_ID},
        "unsupported": {FindingKind.UNSUPPORTED},
    }
    assert set(expected) == {*faults.WRONG_NUMBERS, "unsupported"}
    for kind, allowed in expected.items():
        found: Counter[FindingKind] = Counter()
        for number in range(8):
            reading = engine.read(answers.text(body(language), CHAT, f"r{number}", kind), SHEET)
            assert reading.verification is not None
            assert reading.verification.findings, (kind, number)
            found.update(finding.kind for finding in reading.verification.findings)
        assert found.keys() & allowed, (kind, found)
