"""The allocation analysis with slots: weights, bands, directions and the grade are the program's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import Field

from core.analyses.answer import Part
from core.analyses.slots.derived import Known
from core.analyses.slots.form import Document, Form, Grade, SlotAnswer, Tags
from core.analyses.slots.forms import shared
from core.analyses.slots.forms.shared import SlotProposal
from core.analyses.slots.page import Page
from core.analyses.slots.sentences import Role
from core.analyses.slots.severities import LARGE_ISSUER, largest_issuer
from core.domain.analysis import FindingKind
from core.domain.facts import Fact, FactSheet

WORDS: Final = ("poor", "fair", "good", "very_good")
EFFECTIVE: Final = (5.0, 12.0, 30.0)
"""Effective number of positions from which the next grade begins."""

LEAST_RATIO: Final = 1.1
"""Diversification ratio below which the grade is one lower; so it is where one issuer is large."""

NEAR: Final = 2.0
"""Percentage points inside a bound that count as near it."""

_DIMENSIONS: Final = {"asset_group": "asset_class"}


class SlotDeviation(Part):
    """What is to be said of one bucket; its weight, target and bounds stand in METRICS."""

    bucket_id: Annotated[str, Field(description="the bucket's own id in METRICS, as in asset_group.equities")]
    comment: str


class SlotOverlap(Part):
    """Holdings that bring the same risk twice."""

    holding_ids: list[str]
    comment: str


class AllocationSlots(SlotAnswer):
    """A whole allocation analysis with slots."""

    analysis_type: Literal["allocation"]
    deviations: list[SlotDeviation]
    overlaps: list[SlotOverlap]
    proposals: list[SlotProposal]
    turnover_comment: str


def grades(sheet: FactSheet) -> tuple[Grade, ...]:
    """Diversification from the effective number of positions, of issuers where that is known."""
    known = Known(sheet.by_id(), sheet.base_currency)
    fact = known.fact("issuer_effective_n") or known.fact("effective_n")
    if fact is None:
        return ()
    place, because, ids = (
        sum(fact.value >= step for step in EFFECTIVE),
        f"{fact.metric_id} {fact.shown}",
        [fact.metric_id],
    )
    ratio, issuer = known.fact("diversification_ratio"), largest_issuer(sheet, known)
    if ratio is not None and ratio.value < LEAST_RATIO:
        place, because = place - 1, f"{because}; diversification_ratio {ratio.shown}"
        ids.append(ratio.metric_id)
    elif issuer is not None and issuer.value > LARGE_ISSUER:
        place, because = place - 1, f"{because}; one issuer above {LARGE_ISSUER:g}"
        ids.append(issuer.metric_id)
    return (Grade("diversification", WORDS[max(0, place)], because, tuple(ids)),)


def _page(wire: Document, page: Page) -> Document:
    deviations: list[Document] = []
    for one in wire["deviations"]:
        path = f"deviations[{len(deviations)}]"
        made = _deviation(one, page, path)
        if made is None:
            page.find(f"{path}.bucket_id", one["bucket_id"], None, FindingKind.UNSUPPORTED)
        else:
            deviations.append(made)
    return {
        "diversification": page.grade("diversification") or WORDS[0],
        "deviations": deviations,
        "overlaps": [_overlap(one, page, f"overlaps[{place}]") for place, one in enumerate(wire["overlaps"])],
        "proposals": shared.proposals(wire["proposals"], page),
        "turnover_comment": page.text("turnover_comment", wire["turnover_comment"], Role.PROPOSAL),
    }


def _deviation(one: Mapping[str, Any], page: Page, path: str) -> Document | None:
    bucket = one["bucket_id"]
    measured = page.facts.get(bucket)
    bounds = {name: page.facts.get(f"{name}.{bucket}") for name in ("target", "least", "most")}
    target = next((fact for fact in bounds.values() if fact is not None), None)
    if measured is None or target is None:
        return None
    family, _, name = bucket.rpartition(":")[2].partition(".")
    apart = round(measured.value, measured.decimals) - round(target.value, target.decimals)
    return {
        "dimension": _DIMENSIONS.get(family, family),
        "bucket_id": name,
        "portfolio": page.reference(measured),
        "target": page.reference(target),
        "status": _status(measured, bounds["least"], bounds["most"]),
        "direction": "on_target" if abs(apart) < 0.01 else "over" if apart > 0 else "under",
        "comment": page.text(f"{path}.comment", one["comment"]),
    }


def _status(measured: Fact, least: Fact | None, most: Fact | None) -> str:
    rooms = [measured.value - least.value] if least else []
    rooms += [most.value - measured.value] if most else []
    room = min(rooms, default=NEAR)
    return "breach" if room < 0 else "near" if room < NEAR else "within"


def _overlap(one: Mapping[str, Any], page: Page, path: str) -> Document:
    made = page.rendered(f"{path}.comment", one["comment"])
    ids = page.known(f"{path}.holding_ids", one["holding_ids"])
    weights = [page.facts[f"weight.{name}"] for name in ids if f"weight.{name}" in page.facts]
    return {"holding_ids": ids, "metrics": page.references((*weights, *made.facts)), "comment": made.text}


def _summarise(page: Mapping[str, Any]) -> tuple[str, Tags]:
    statuses = {one["status"] for one in page["deviations"]}
    worst = next((word for word in ("breach", "near") if word in statuses), "within")
    moved = dict.fromkeys(one["action"] for one in page["proposals"])
    return page["diversification"], (("band", worst), *(("action", name) for name in moved))


FORM: Final = Form(answer=AllocationSlots, page=_page, summarise=_summarise, grades=grades)
