"""The reallocation with slots: present weights and the turnover are the program's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import Field

from core.analyses.answer import Part, Priority
from core.analyses.slots.derived import family_of
from core.analyses.slots.form import Document, Form, SlotAnswer, SlotClaim, Tags, no_grades
from core.analyses.slots.forms import shared
from core.analyses.slots.forms.shared import SlotAlternative
from core.analyses.slots.page import Page
from core.analyses.slots.sentences import Role
from core.domain.analysis import FindingKind

_SOURCES: Final = {
    "profile": "profile", "least": "profile", "most": "profile", "target": "profile", "rule": "rule",
    "liquidity": "liquidity",
}  # fmt: skip


class SlotConstraint(Part):
    """What every trade must respect."""

    fact_id: Annotated[str, Field(description="the fact that says so, as in profile.max_turnover")]
    text: str


class SlotTrade(Part):
    """One line that is bought or sold. Its present weight is the program's."""

    target_id: Annotated[str, Field(description="holding_id from HOLDINGS; a bucket only for action open")]
    action: Literal["buy", "sell", "open", "close"]
    to_weight_pct: Annotated[float, Field(description="proposed weight")]
    rationale: str
    execution: str
    priority: Priority


class SlotEffect(Part):
    """What the trades would change, in words."""

    aspect: Literal["return", "risk", "concentration", "liquidity", "currency", "cost", "compliance"]
    direction: Literal["better", "worse", "unchanged", "unclear"]
    explanation: str


class ReallocationSlots(SlotAnswer):
    """A whole reallocation with slots."""

    analysis_type: Literal["reallocation"]
    constraints: list[SlotConstraint]
    trades: list[SlotTrade]
    effects: list[SlotEffect]
    do_nothing: list[SlotClaim]
    alternatives: list[SlotAlternative]
    recommendation: Literal["trade", "trade_in_steps", "wait", "no_trade"]


def _page(wire: Document, page: Page) -> Document:
    trades = [_trade(one, page, f"trades[{place}]") for place, one in enumerate(wire["trades"])]
    turnover = sum(abs(one["to_weight_pct"] - one["from_weight_pct"]) for one in trades) / 2
    return {
        "constraints": [
            made
            for place, one in enumerate(wire["constraints"])
            if (made := _constraint(one, page, f"constraints[{place}]")) is not None
        ],
        "trades": trades,
        "turnover_pct": round(turnover, 2),
        "effects": [_effect(one, page, f"effects[{place}]") for place, one in enumerate(wire["effects"])],
        "do_nothing": page.claims("do_nothing", wire["do_nothing"]),
        "alternatives": shared.alternatives(wire["alternatives"], page),
        "recommendation": wire["recommendation"],
    }


def _constraint(one: Mapping[str, Any], page: Page, path: str) -> Document | None:
    fact = page.facts.get(one["fact_id"])
    if fact is None:
        page.find(f"{path}.fact_id", one["fact_id"], None, FindingKind.UNSUPPORTED)
        return None
    made = page.rendered(f"{path}.text", one["text"])
    source = _SOURCES.get(family_of(fact.metric_id), "other")
    return {"metrics": page.references((fact, *made.facts)), "source": source, "text": made.text}


def _trade(one: Mapping[str, Any], page: Page, path: str) -> Document:
    held = page.facts.get(f"weight.{one['target_id']}")
    reason = page.rendered(f"{path}.rationale", one["rationale"], Role.PROPOSAL)
    return {
        "target_id": one["target_id"],
        "action": one["action"],
        "metrics": page.references((*((held,) if held else ()), *reason.facts)),
        "from_weight_pct": float(held.shown) if held else 0.0,
        "to_weight_pct": one["to_weight_pct"],
        "rationale": reason.text,
        "execution": page.text(f"{path}.execution", one["execution"], Role.PROPOSAL),
        "priority": one["priority"],
    }


def _effect(one: Mapping[str, Any], page: Page, path: str) -> Document:
    made = page.rendered(f"{path}.explanation", one["explanation"], Role.PROPOSAL)
    return {**one, "metrics": page.references(made.facts), "explanation": made.text}


def _summarise(page: Mapping[str, Any]) -> tuple[str, Tags]:
    actions = dict.fromkeys(one["action"] for one in page["trades"])
    word = page["recommendation"]
    return word, (("recommendation", word), *(("action", name) for name in actions))


FORM: Final = Form(answer=ReallocationSlots, page=_page, summarise=_summarise, grades=no_grades)
