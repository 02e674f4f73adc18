"""The risk analysis with slots. Level and severities are the program's, by yardsticks that the documentation shows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import Field

from core.analyses.answer import Part
from core.analyses.slots.derived import Known
from core.analyses.slots.form import Document, Form, Grade, SlotAnswer, Tags
from core.analyses.slots.page import Page
from core.analyses.slots.sentences import Role
from core.analyses.slots.severities import LEVELS, SEVERITIES, level, severities
from core.analyses.value_at_risk import PLACEHOLDER, tail_of
from core.domain.analysis import FindingKind
from core.domain.facts import FactSheet

_COUNTED: Final = frozenset(SEVERITIES[2:])

RiskType = Literal[
    "market", "interest_rate", "credit", "liquidity", "currency", "concentration", "leverage", "factor", "tail",
    "inflation", "geopolitical",
]  # fmt: skip


class SlotRisk(Part):
    """One risk: what drives it and what could be done. How severe it is stands in GRADES."""

    risk_type: RiskType
    likelihood: Literal["unlikely", "possible", "likely"]
    driver_ids: Annotated[list[str], Field(description="fact and holding ids, the strongest first, at most five")]
    explanation: str
    mitigation: str


class SlotStress(Part):
    """What a scenario's loss comes from."""

    scenario_id: str
    main_driver_ids: list[str]
    comment: str


class RiskSlots(SlotAnswer):
    """A whole risk analysis with slots."""

    analysis_type: Literal["risk"]
    risks: list[SlotRisk]
    stress_tests: list[SlotStress]
    value_at_risk: str


def grades(sheet: FactSheet) -> tuple[Grade, ...]:
    """Overall level, and the severity of each risk that the facts can measure."""
    known = Known(sheet.by_id(), sheet.base_currency)
    return (*level(sheet, known), *severities(sheet, known))


def _page(wire: Document, page: Page) -> Document:
    stress = [
        made
        for place, one in enumerate(wire["stress_tests"])
        if (made := _stress(one, page, f"stress_tests[{place}]")) is not None
    ]
    return {
        "overall_level": page.grade("overall_level"),
        "risks": [_risk(one, page, f"risks[{place}]") for place, one in enumerate(wire["risks"])],
        "stress_tests": stress,
        "var_statement": _tail(wire["value_at_risk"], page),
        "limit_breaches": [],
    }


def _risk(one: Mapping[str, Any], page: Page, path: str) -> Document:
    made = page.rendered(f"{path}.explanation", one["explanation"])
    name = f"severity.{one['risk_type']}"
    grade = page.grades.get(name)
    if grade is None:
        page.find(f"{path}.risk_type", one["risk_type"], None, FindingKind.GRADE)
    behind = [page.facts[name] for name in grade.fact_ids if name in page.facts] if grade else []
    return {
        "risk_type": one["risk_type"],
        "severity": grade.value if grade else "none",
        "likelihood": one["likelihood"],
        "driver_ids": page.known(f"{path}.driver_ids", one["driver_ids"]),
        "metrics": page.references((*behind, *made.facts)),
        "explanation": made.text,
        "mitigation": page.text(f"{path}.mitigation", one["mitigation"], Role.PROPOSAL),
    }


def _stress(one: Mapping[str, Any], page: Page, path: str) -> Document | None:
    loss = page.facts.get(f"stress.{one['scenario_id']}")
    if loss is None:
        page.find(f"{path}.scenario_id", one["scenario_id"], None, FindingKind.UNSUPPORTED)
        return None
    return {
        "scenario_id": one["scenario_id"],
        "loss": page.reference(loss),
        "main_driver_ids": page.known(f"{path}.main_driver_ids", one["main_driver_ids"]),
        "comment": page.text(f"{path}.comment", one["comment"]),
    }


def _tail(raw: str, page: Page) -> Document:
    """Method, level and horizon are those of the fact that is there; without one there is none to state."""
    made = page.rendered("var_statement.plain_language", raw)
    facts = [page.facts[name] for name in ("var_95_1d", "cvar_95_1d") if name in page.facts]
    tail = tail_of(facts[0].metric_id) if facts else None
    method, percent, days = (tail.method, tail.level, tail.days) if tail else PLACEHOLDER
    return {
        "method": method,
        "confidence_pct": percent,
        "horizon_days": days,
        "metrics": page.references((*facts, *made.facts)),
        "plain_language": made.text,
    }


def _summarise(page: Mapping[str, Any]) -> tuple[str, Tags]:
    risks = page["risks"]
    counted = dict.fromkeys(risk["risk_type"] for risk in risks if risk["severity"] in _COUNTED)
    worst = max((risk["severity"] for risk in risks), key=SEVERITIES.index, default="none")
    return page["overall_level"], (*(("risk_type", name) for name in counted), ("severity", worst))


FORM: Final = Form(answer=RiskSlots, page=_page, summarise=_summarise, grades=grades)

__all__ = ["FORM", "LEVELS", "RiskSlots"]
