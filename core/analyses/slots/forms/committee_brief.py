"""The committee brief with slots. No brief approves a breach, and none is without dissent."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any, Final, Literal

from pydantic import Field

from core.analyses import answer
from core.analyses.answer import Part
from core.analyses.cells import cell
from core.analyses.evidence_tables import CHARTS
from core.analyses.fact_selection import applicable, rule_key
from core.analyses.slots.form import Document, Form, Grade, SlotAnswer, SlotClaim, Tags
from core.analyses.slots.forms import shared
from core.analyses.slots.forms.compliance import cure_days, overall
from core.analyses.slots.forms.shared import SlotAlternative, SlotProposal
from core.analyses.slots.page import Page
from core.analyses.slots.sentences import Role
from core.domain.analysis import FindingKind
from core.domain.facts import FactSheet

_CLAIMS: Final = ("key_facts", "performance", "risk", "allocation", "compliance", "market")


class SlotQuestion(Part):
    """What a member of the committee should ask."""

    question: str
    why: str
    addressed_to: Literal["portfolio_manager", "risk", "compliance", "operations", "client"]


class SlotFollowUp(Part):
    """What has to be done, and by whom. A day is set only by a rule's time to cure."""

    task: str
    owner_role: Literal["portfolio_manager", "risk", "compliance", "operations", "cio", "client_advisor"]
    rule_id: Annotated[str, Field(description="the breached rule that it cures, else empty")]


class CommitteeBriefSlots(SlotAnswer):
    """A whole committee brief with slots."""

    analysis_type: Literal["committee_brief"]
    decision_requested: str
    recommendation: Literal["approve", "approve_with_conditions", "defer", "reject", "no_action"]
    recommendation_confidence: answer.Grade
    key_facts: list[SlotClaim]
    performance: list[SlotClaim]
    risk: list[SlotClaim]
    allocation: list[SlotClaim]
    compliance: list[SlotClaim]
    market: list[SlotClaim]
    proposals: list[SlotProposal]
    alternatives: list[SlotAlternative]
    dissent: Annotated[list[str], Field(min_length=1, description="strongest arguments against, at least one")]
    conditions: list[str]
    questions: list[SlotQuestion]
    follow_ups: list[SlotFollowUp]


def grades(sheet: FactSheet) -> tuple[Grade, ...]:
    """What the rules allow a brief to recommend."""
    status = overall(applicable(sheet.rules))
    may = "no approve" if status == "breach" else "any"
    return (Grade("overall_status", status, "RULES"), Grade("recommendation", may, f"overall_status {status}"))


def refuses(page: Mapping[str, Any], sheet: FactSheet) -> str:
    """Why a brief cannot stand: it approves what the rule engine found in breach."""
    if page["recommendation"] != "approve":
        return ""
    breached = [rule_key(rule) for rule in applicable(sheet.rules) if rule.status.value == "breach"]
    if breached:
        return f"recommendation: approve, although {', '.join(breached[:5])} is breached. A breach excludes it."
    return ""


def _page(wire: Document, page: Page) -> Document:
    return {
        "decision_requested": page.text("decision_requested", wire["decision_requested"], Role.PROPOSAL),
        "recommendation": wire["recommendation"],
        "recommendation_confidence": wire["recommendation_confidence"],
        **{name: page.claims(name, wire[name]) for name in _CLAIMS},
        "proposals": shared.proposals(wire["proposals"], page),
        "alternatives": shared.alternatives(wire["alternatives"], page),
        "dissent": [page.grounded(f"dissent[{place}]", one) for place, one in enumerate(wire["dissent"])],
        "conditions": page.texts_of("conditions", wire["conditions"]),
        "questions": [_question(one, page, f"questions[{place}]") for place, one in enumerate(wire["questions"])],
        "follow_ups": [_follow_up(one, page, f"follow_ups[{place}]") for place, one in enumerate(wire["follow_ups"])],
        "chart_ids": [CHARTS[one.kind] for one in page.sheet.evidence.analyses if one.kind in CHARTS][:4],
    }


def _question(one: Mapping[str, Any], page: Page, path: str) -> Document:
    return {
        "question": page.text(f"{path}.question", one["question"], Role.PROPOSAL),
        "why": page.text(f"{path}.why", one["why"], Role.PROPOSAL),
        "addressed_to": one["addressed_to"],
    }


def _follow_up(one: Mapping[str, Any], page: Page, path: str) -> Document:
    due = None
    if one["rule_id"]:
        wanted = cell(one["rule_id"])
        rules = [rule for rule in applicable(page.sheet.rules) if cell(rule_key(rule)) == wanted]
        days = cure_days(rules[0]) if rules else None
        if not rules:
            page.find(f"{path}.rule_id", one["rule_id"], None, FindingKind.RULE)
        due = None if days is None else (page.sheet.as_of + timedelta(days=days)).isoformat()
    return {
        "task": page.text(f"{path}.task", one["task"], Role.PROPOSAL),
        "owner_role": one["owner_role"],
        "due_date": due,
    }


def _summarise(page: Mapping[str, Any]) -> tuple[str, Tags]:
    return page["recommendation"], (
        ("recommendation", page["recommendation"]),
        ("confidence", page["recommendation_confidence"]),
        *(("action", name) for name in dict.fromkeys(one["action"] for one in page["proposals"])),
    )


FORM: Final = Form(answer=CommitteeBriefSlots, page=_page, summarise=_summarise, grades=grades, refuses=refuses)
