"""The attribution with slots: totals, effects and their directions are the program's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import Field

from core.analyses.answer import Part
from core.analyses.slots.form import Document, Form, Grade, SlotAnswer, Tags
from core.analyses.slots.page import Page
from core.domain.analysis import FindingKind
from core.domain.facts import FactSheet

_EFFECTS: Final = ("allocation", "selection", "interaction", "currency")
_TOTALS: Final = ("active_return", *_EFFECTS, "residual")


class SlotSegment(Part):
    """What is to be said of one effect in one segment; its size stands in METRICS."""

    segment_id: Annotated[str, Field(description="what follows the effect in the id, as in sector.energy")]
    effect: Literal["allocation", "selection", "interaction", "currency"]
    explanation: str


class AttributionSlots(SlotAnswer):
    """A whole attribution with slots."""

    analysis_type: Literal["attribution"]
    segments: list[SlotSegment]
    persistence: Literal["one_off", "recurring", "unclear"]
    evidence_limits: str


def grades(sheet: FactSheet) -> tuple[Grade, ...]:
    """Whether the decisions added or detracted, and which effect was the largest."""
    facts = sheet.by_id()
    active = facts.get("attribution.active_return")
    effects = [fact for name in _EFFECTS if (fact := facts.get(f"attribution.{name}")) is not None]
    if active is None or not effects:
        return ()
    main = max(effects, key=lambda fact: abs(fact.value))
    word = "added" if active.value >= 0 else "detracted"
    return (
        Grade("active_return", word, f"{active.metric_id} {active.shown}", (active.metric_id,)),
        Grade("main_effect", main.metric_id.rpartition(".")[2], f"{main.metric_id} {main.shown}", (main.metric_id,)),
    )


def _page(wire: Document, page: Page) -> Document:
    totals = {}
    for name in _TOTALS:
        fact = page.facts.get(f"attribution.{name}")
        if fact is None:
            page.find(f"totals.{name}", "missing", None, FindingKind.UNSUPPORTED, f"attribution.{name}")
        else:
            totals[name] = page.reference(fact)
    segments: list[Document] = []
    for one in wire["segments"]:
        path = f"segments[{len(segments)}]"
        made = _segment(one, page, path)
        if made is None:
            page.find(f"{path}.segment_id", one["segment_id"], None, FindingKind.UNSUPPORTED)
        else:
            segments.append(made)
    return {
        "method": "brinson_fachler",
        "linking": "carino",
        "period": totals["active_return"]["period"] or "" if "active_return" in totals else "",
        "totals": totals,
        "segments": segments,
        "persistence": wire["persistence"],
        "evidence_limits": page.text("evidence_limits", wire["evidence_limits"]),
    }


def _segment(one: Mapping[str, Any], page: Page, path: str) -> Document | None:
    fact = page.facts.get(f"attribution.{one['effect']}.{one['segment_id']}")
    if fact is None:
        return None
    made = page.rendered(f"{path}.explanation", one["explanation"])
    return {
        "segment_id": one["segment_id"],
        "effect": one["effect"],
        "direction": "added" if fact.value >= 0 else "detracted",
        "metrics": page.references((fact, *made.facts)),
        "explanation": made.text,
    }


def _summarise(page: Mapping[str, Any]) -> tuple[str, Tags]:
    totals = page["totals"]
    effects = [name for name in _EFFECTS if name in totals]
    main = [("main_effect", max(effects, key=lambda name: abs(totals[name]["value"])))] if effects else []
    won = "" if "active_return" not in totals else "added" if totals["active_return"]["value"] >= 0 else "detracted"
    return won, (*main, ("persistence", page["persistence"]))


FORM: Final = Form(answer=AttributionSlots, page=_page, summarise=_summarise, grades=grades)
