"""The investment research with slots."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal

from core.analyses import answer
from core.analyses.answer import Part, Stance, middle_stance
from core.analyses.slots.form import Document, Form, SlotAnswer, SlotClaim, Tags, no_grades
from core.analyses.slots.forms import shared
from core.analyses.slots.forms.shared import SlotCatalyst, SlotProposal, SlotQuote
from core.analyses.slots.page import Page
from core.analyses.slots.sentences import Role
from core.domain.analysis import FindingKind


class SlotThesis(Part):
    """What speaks for and against one holding."""

    holding_id: str
    quotes: list[SlotQuote]
    bull_case: str
    bear_case: str
    what_would_change_it: str
    stance: Stance
    conviction: answer.Grade


class SlotConcern(Part):
    """What could go wrong with holdings."""

    holding_ids: list[str]
    concern: Literal[
        "business", "balance_sheet", "valuation", "governance", "regulation", "liquidity", "currency", "concentration",
        "information",
    ]  # fmt: skip
    severity: answer.Grade
    explanation: str


class InvestmentResearchSlots(SlotAnswer):
    """A whole investment research with slots."""

    analysis_type: Literal["investment_research"]
    horizon: Literal["0-3M", "3-12M", "1-3Y", "3Y+"]
    role_in_portfolio: list[SlotClaim]
    theses: list[SlotThesis]
    concerns: list[SlotConcern]
    catalysts: list[SlotCatalyst]
    proposals: list[SlotProposal]
    open_questions: list[str]


_CASES: Final = ("bull_case", "bear_case", "what_would_change_it")


def _page(wire: Document, page: Page) -> Document:
    return {
        "horizon": wire["horizon"],
        "role_in_portfolio": page.claims("role_in_portfolio", wire["role_in_portfolio"]),
        "theses": [_thesis(one, page, f"theses[{place}]") for place, one in enumerate(wire["theses"])],
        "concerns": [_concern(one, page, f"concerns[{place}]") for place, one in enumerate(wire["concerns"])],
        "catalysts": shared.catalysts(wire["catalysts"], page),
        "proposals": shared.proposals(wire["proposals"], page),
        "open_questions": page.texts_of("open_questions", wire["open_questions"]),
        "sources": shared.sources(wire, page),
    }


def _thesis(one: Mapping[str, Any], page: Page, path: str) -> Document:
    name = one["holding_id"]
    weight = page.facts.get(f"weight.{name}")
    if name not in page.holdings:
        page.find(f"{path}.holding_id", name, None, FindingKind.UNSUPPORTED)
    cases = {key: page.rendered(f"{path}.{key}", one[key], Role.PROPOSAL, opinion=True) for key in _CASES}
    facts = [fact for made in cases.values() for fact in made.facts]
    return {
        **one,
        **{key: made.text for key, made in cases.items()},
        "metrics": page.references((*((weight,) if weight else ()), *facts)),
    }


def _concern(one: Mapping[str, Any], page: Page, path: str) -> Document:
    made = page.rendered(f"{path}.explanation", one["explanation"])
    ids = page.known(f"{path}.holding_ids", one["holding_ids"])
    weights = [page.facts[f"weight.{name}"] for name in ids if f"weight.{name}" in page.facts]
    return {**one, "holding_ids": ids, "metrics": page.references((*weights, *made.facts)), "explanation": made.text}


def _summarise(page: Mapping[str, Any]) -> tuple[str, Tags]:
    stances = [one["stance"] for one in page["theses"]]
    concerns = dict.fromkeys(one["concern"] for one in page["concerns"])
    return middle_stance(stances), (
        *(("stance", stance) for stance in dict.fromkeys(stances)),
        *(("concern", name) for name in concerns),
    )


FORM: Final = Form(answer=InvestmentResearchSlots, page=_page, summarise=_summarise, grades=no_grades)
