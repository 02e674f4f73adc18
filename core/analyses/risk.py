"""The risk analysis: what is asked for, and how its answer is read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal, get_args

import orjson
from pydantic import ValidationError

from core.analyses import schema as s
from core.analyses.answer import Claim, DataGap, Language, Metric, Part, bare_json, schema_error, unusable
from core.analyses.tables import TableWriter, cell, tables
from core.analyses.verify import verify
from core.domain.analysis import Kind, Reading, ResultStatus
from core.domain.facts import FactSheet

Level = Literal["very_low", "low", "moderate", "elevated", "high", "very_high"]
RiskType = Literal[
    "market", "interest_rate", "credit", "liquidity", "currency", "concentration", "leverage", "counterparty",
    "factor", "tail", "inflation", "geopolitical", "model",
]  # fmt: skip
Severity = Literal["none", "low", "moderate", "high", "critical"]
Likelihood = Literal["unlikely", "possible", "likely"]
VarMethod = Literal["historical", "parametric_normal", "cornish_fisher", "monte_carlo"]
LimitStatus = Literal["within", "near", "breach"]

SEVERITIES: Final[tuple[str, ...]] = get_args(Severity)
"""From least to most severe."""

_COUNTED = frozenset(SEVERITIES[SEVERITIES.index("moderate") :])
"""Severities at which a risk counts as one of the portfolio's risks."""

_HEADLINE_CHARACTERS = 200


class Risk(Part):
    """One risk, what drives it and what could be done."""

    risk_type: RiskType
    severity: Severity
    likelihood: Likelihood
    driver_ids: list[str]
    metrics: list[Metric]
    explanation: str
    mitigation: str


class StressTest(Part):
    """The loss in one scenario."""

    scenario_id: str
    loss: Metric
    main_driver_ids: list[str]
    comment: str


class VarStatement(Part):
    """What the value at risk says in plain words; without numbers where none was computed."""

    method: VarMethod
    confidence_pct: float
    horizon_days: int
    metrics: list[Metric]
    plain_language: str


class LimitBreach(Part):
    """A limit and where the portfolio stands against it."""

    limit_id: str
    measured: Metric
    limit: Metric
    status: LimitStatus


class RiskAnswer(Part):
    """A whole risk analysis as the model answers it."""

    schema_version: Literal["1"]
    analysis_type: Literal["risk"]
    portfolio_id: str
    as_of_date: str
    base_currency: str
    language: Language
    claims: list[Claim]
    overall_level: Level
    risks: list[Risk]
    stress_tests: list[StressTest]
    var_statement: VarStatement
    limit_breaches: list[LimitBreach]
    data_gaps: list[DataGap]
    caveats: list[str]
    headline: str
    summary: str


def risk_schema() -> s.Schema:
    """The JSON schema of `RiskAnswer` in the provider's strict dialect. Constant."""
    risk = s.record(
        {
            "risk_type": s.one_of(get_args(RiskType)),
            "severity": s.one_of(get_args(Severity)),
            "likelihood": s.one_of(get_args(Likelihood)),
            "driver_ids": s.list_of(s.text()),
            "metrics": s.METRICS,
            "explanation": s.text(),
            "mitigation": s.text(),
        }
    )
    stress_test = s.record(
        {
            "scenario_id": s.text(),
            "loss": s.shared("metric"),
            "main_driver_ids": s.list_of(s.text()),
            "comment": s.text(),
        }
    )
    var_statement = s.record(
        {
            "method": s.one_of(get_args(VarMethod)),
            "confidence_pct": s.number(),
            "horizon_days": s.integer(),
            "metrics": s.METRICS,
            "plain_language": s.text(),
        }
    )
    limit_breach = s.record(
        {
            "limit_id": s.text(),
            "measured": s.shared("metric"),
            "limit": s.shared("metric"),
            "status": s.one_of(get_args(LimitStatus)),
        }
    )
    own = {
        "overall_level": s.one_of(get_args(Level)),
        "risks": s.list_of(risk),
        "stress_tests": s.list_of(stress_test),
        "var_statement": var_statement,
        "limit_breaches": s.list_of(limit_breach),
    }
    return s.record(s.head("risk") | own | s.tail()) | {"$defs": s.shared_parts()}


class RiskEngine:
    """Asks for a risk analysis and reads the answer."""

    kind = Kind.RISK
    schema_name = "risk_analysis"

    def schema(self) -> s.Schema:
        """The strict JSON schema of the answer."""
        return risk_schema()

    def blocks(self, sheet: FactSheet, language: str = "en") -> str:
        """The portfolio's tables as the prompt shows them (`core.analyses.tables`)."""
        return tables(sheet, language)

    def writer(self, count: Callable[[str], int]) -> TableWriter:
        """The same tables for many portfolios, their tokens counted on the way with `count`."""
        return TableWriter(count)

    def read(self, text: str, sheet: FactSheet) -> Reading:
        """Parse an answer and check its numbers against the facts.

        An answer that breaks the schema or speaks of another portfolio is INVALID, with the place named. One whose
        numbers do not hold stays SUCCEEDED and carries the findings.
        """
        text = bare_json(text)
        try:
            answer = RiskAnswer.model_validate_json(text)
            analysis = orjson.loads(text)
        except ValidationError as error:
            return schema_error(error)
        except orjson.JSONDecodeError as error:
            return unusable("schema", f"The answer is not JSON: {error}.")
        if answer.portfolio_id not in {sheet.portfolio_id, cell(sheet.portfolio_id)}:
            said, asked = answer.portfolio_id[:80], sheet.portfolio_id
            return unusable("wrong_portfolio", f"The answer is about portfolio '{said}' and was asked about '{asked}'.")
        counted = dict.fromkeys(risk.risk_type for risk in answer.risks if risk.severity in _COUNTED)
        worst = max((risk.severity for risk in answer.risks), key=SEVERITIES.index, default="none")
        return Reading(
            status=ResultStatus.SUCCEEDED,
            analysis=analysis,
            verification=verify(analysis, sheet),
            error=None,
            level=answer.overall_level,
            tags=(*(("risk_type", name) for name in counted), ("severity", worst)),
            headline=" ".join(answer.headline.split())[:_HEADLINE_CHARACTERS],
        )
