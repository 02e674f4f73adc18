"""The risk analysis: what can hurt a portfolio, how badly, and through what."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal, get_args

from core.analyses import limits, value_at_risk
from core.analyses.answer import Answer, LimitStatus, Metric, Part
from core.analyses.checks import Analysis, unlike
from core.analyses.engine import Each, Engine, Tags
from core.analyses.fact_selection import Family, Shown
from core.analyses.slots import marks as slot_marks
from core.analyses.slots.forms import risk as slots_risk
from core.analyses.tools.market import FMP_STOCK_DATA, FRED_ECONOMIC_DATA
from core.analyses.tools.registry import FIGURES
from core.analyses.typed.grades import gravest_risk, level_of_risk
from core.domain.analysis import Finding, FindingKind, Kind
from core.domain.facts import FactSheet

Level = Literal["very_low", "low", "moderate", "elevated", "high", "very_high"]
RiskType = Literal[
    "market", "interest_rate", "credit", "liquidity", "currency", "concentration", "leverage", "counterparty",
    "factor", "tail", "inflation", "geopolitical", "model",
]  # fmt: skip
Severity = Literal["none", "low", "moderate", "high", "critical"]

SEVERITIES: Final[tuple[str, ...]] = get_args(Severity)
"""From least to most severe."""

_COUNTED = frozenset(SEVERITIES[SEVERITIES.index("moderate") :])
"""Severities at which a risk counts as one of the portfolio's risks."""


class Risk(Part):
    """One risk, what drives it and what could be done."""

    risk_type: RiskType
    severity: Severity
    likelihood: Literal["unlikely", "possible", "likely"]
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

    method: Literal["historical", "parametric_normal", "cornish_fisher", "monte_carlo"]
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


class RiskAnswer(Answer):
    """A whole risk analysis as the model answers it."""

    analysis_type: Literal["risk"]
    overall_level: Level
    risks: list[Risk]
    stress_tests: list[StressTest]
    var_statement: VarStatement
    limit_breaches: list[LimitBreach]


def _summarise(answer: RiskAnswer) -> tuple[str, Tags]:
    counted = dict.fromkeys(risk.risk_type for risk in answer.risks if risk.severity in _COUNTED)
    worst = max((risk.severity for risk in answer.risks), key=SEVERITIES.index, default="none")
    return answer.overall_level, (*(("risk_type", name) for name in counted), ("severity", worst))


def _scenarios(analysis: Analysis, sheet: FactSheet) -> Iterator[Finding]:
    """Each scenario asked about is answered, with its own loss and no other."""
    stated = {test["scenario_id"]: place for place, test in enumerate(analysis["stress_tests"])}
    for place, test in enumerate(analysis["stress_tests"]):
        wanted = f"stress.{test['scenario_id']}"
        if test["loss"]["metric_id"] != wanted:
            path = f"stress_tests[{place}].loss.metric_id"
            yield unlike(path, wanted, test["loss"]["metric_id"], wanted, FindingKind.WRONG_ID)
    known = sheet.by_id()
    for scenario in sheet.evidence.scenarios:
        if scenario not in stated and f"stress.{scenario}" in known:
            yield Finding("stress_tests", f"stress.{scenario}", "missing", scenario, FindingKind.UNSUPPORTED)


def _gravest(analysis: Analysis, _sheet: FactSheet) -> Iterator[Finding]:
    """The level of the whole is near that of its gravest risk, where the answer chose both."""
    if not slot_marks.has_marks(analysis):
        yield from gravest_risk(analysis)


ENGINE = Engine(
    kind=Kind.RISK,
    answer=RiskAnswer,
    shown=Shown(
        ids=(
            "total_value", "holdings_count", "hhi", "effective_n", "top1_weight", "top5_weight", "top10_weight",
            "volatility", "sharpe", "max_drawdown", "drawdown_days", "recovery_days", "var_95_1d", "cvar_95_1d",
            "annual_return",
        ),
        families=(
            Family("asset_class."), Family("lines."), Family("sector."), Family("country."),
            Family("currency."), Family("weight."), Family("stress."),
        ),
    ),
    slots=slots_risk.FORM,
    mandatory=("hhi", "top1_weight", "volatility", "max_drawdown", "var_95_1d", "cvar_95_1d"),
    summarise=_summarise,
    tools=FIGURES | {FMP_STOCK_DATA.name, FRED_ECONOMIC_DATA.name},
    each=Each.SCENARIO,
    checks=(_scenarios, value_at_risk.statement, limits.stated, level_of_risk, _gravest),
)  # fmt: skip
