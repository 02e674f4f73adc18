"""The compliance report with slots: status, numbers, citation, lines and days are the rule engine's."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, Literal

from core.analyses.answer import Part
from core.analyses.cells import cell
from core.analyses.fact_selection import applicable, rule_key
from core.analyses.slots import suitability
from core.analyses.slots.form import Document, Form, Grade, SlotAnswer, SlotClaim, Tags
from core.analyses.slots.page import Page
from core.analyses.slots.sentences import Role
from core.compliance.coverage import articles_counted, said
from core.domain.analysis import FindingKind
from core.domain.compliance import RuleResult, RuleStatus
from core.domain.facts import FactSheet

_MUST: Final = frozenset({RuleStatus.BREACH, RuleStatus.NEAR})
_DAYS: Final = re.compile(r"\b(\d{1,4})(?=[- ](?:calendar |business |trading |working )?days?\b)", re.IGNORECASE)
_OVERALL: Final = ((RuleStatus.BREACH, "breach"), (RuleStatus.NEAR, "warning"), (RuleStatus.PASS, "compliant"))


class SlotFinding(Part):
    """What one rule wants, how the portfolio stands, and what would cure it. The rest stands in RULES."""

    rule_id: str
    explanation: str
    remediation: str


class ComplianceSlots(SlotAnswer):
    """A whole compliance report with slots."""

    analysis_type: Literal["compliance"]
    findings: list[SlotFinding]
    suitability_reasons: list[SlotClaim]


def overall(rules: list[RuleResult]) -> str:
    """A breach weighs more than a near rule, and without any verdict there is none."""
    statuses = {rule.status for rule in rules}
    return next((word for status, word in _OVERALL if status in statuses), "not_assessable")


def grades(sheet: FactSheet) -> tuple[Grade, ...]:
    """The overall status, and whether the portfolio suits its profile."""
    rules = applicable(sheet.rules)
    counts = {status: sum(rule.status is status for rule in rules) for status in RuleStatus}
    told = [f"{count} {status.value}" for status, count in counts.items() if count]
    checked = articles_counted(sheet.rules)
    because = ", ".join([*told, said(checked)] if checked[1] else told)
    result = suitability.judged(sheet)
    return (
        Grade("overall_status", overall(rules), because),
        Grade("suitability", result.value, result.because, result.fact_ids),
    )


def _page(wire: Document, page: Page) -> Document:
    rules = {cell(rule_key(rule)): rule for rule in applicable(page.sheet.rules)}
    named: set[str] = set()
    findings: list[Document] = []
    for one in wire["findings"]:
        path, key = f"findings[{len(findings)}]", cell(one["rule_id"])
        rule = rules.get(key)
        made = None if rule is None else _finding(one, rule, page, path)
        if made is None or key in named:
            page.find(f"{path}.rule_id", one["rule_id"], None, FindingKind.RULE)
            continue
        named.add(key)
        findings.append(made)
    must = {key for key, rule in rules.items() if rule.status in _MUST}
    for key in sorted(must - named):
        page.find("findings", "not named", rules[key].status.value, FindingKind.RULE, key)
    page.rules, page.rules_agreeing = len(must | named), len(named)
    return {
        "regimes": list(dict.fromkeys(rule.regime for rule in rules.values())),
        "overall_status": page.grade("overall_status"),
        "findings": findings,
        "suitability": _suitability(wire["suitability_reasons"], page),
        "missing_data": [
            f"{key}: {', '.join(rule.missing)}"
            for key, rule in rules.items()
            if rule.status is RuleStatus.NOT_ASSESSABLE
        ],
    }


def _finding(one: Mapping[str, Any], rule: RuleResult, page: Page, path: str) -> Document | None:
    key = rule_key(rule)
    measured, limit = page.facts.get(f"rule.{key}.measured"), page.facts.get(f"rule.{key}.limit")
    if measured is None or limit is None:
        return None
    return {
        "rule_id": one["rule_id"],
        "citation_id": rule.citation,
        "status": rule.status.value,
        "measured": page.reference(measured),
        "limit": page.reference(limit),
        "headroom_pp": None if rule.headroom is None else round(rule.headroom, 2),
        "breach_type": rule.breach_type.value if rule.breach_type else "none",
        "holding_ids": list(rule.holding_ids),
        "explanation": page.text(f"{path}.explanation", one["explanation"]),
        "remediation": page.text(f"{path}.remediation", one["remediation"], Role.PROPOSAL),
        "cure_days": cure_days(rule),
    }


def cure_days(rule: RuleResult) -> int | None:
    """Days within which the rule's own words want a breach put right; None where it is none or they name none."""
    days = sorted(map(int, _DAYS.findall(rule.cure)))
    return days[0] if rule.status is RuleStatus.BREACH and days else None


def _suitability(wire: list[Mapping[str, Any]], page: Page) -> Document:
    profile = page.sheet.evidence.profile
    if profile is None and wire:
        page.find("suitability.reasons", "assessed", "no profile", FindingKind.UNSUPPORTED)
    return {
        "assessed": profile is not None,
        "profile_id": None if profile is None else profile.profile_id,
        "result": page.grade("suitability"),
        "reasons": page.claims("suitability.reasons", wire),
    }


def _summarise(page: Mapping[str, Any]) -> tuple[str, Tags]:
    breached = dict.fromkeys(one["rule_id"] for one in page["findings"] if one["status"] == "breach")
    status = page["overall_status"]
    tags = [("breach", name) for name in breached] + [("regime", name) for name in page["regimes"]]
    return status, (("overall_status", status), *tags)


FORM: Final = Form(answer=ComplianceSlots, page=_page, summarise=_summarise, grades=grades)
