"""The performance analysis with slots. Verdict and basis of the returns are the program's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal

from core.analyses.answer import Part
from core.analyses.slots import caveats
from core.analyses.slots.form import Document, Form, Grade, SlotAnswer, SlotClaim, Tags
from core.analyses.slots.page import Page
from core.domain.analysis import FindingKind
from core.domain.facts import FactSheet

_PERIODS: Final = ("1m", "3m", "6m", "ytd", "1y", "3y", "5y", "10y", "si")
IN_LINE: Final = 0.25
"""Percentage points within which a period is in line with the benchmark."""

_PARTS: Final = ("risk_adjusted", "drawdown", "currency_effect", "cost_effect")


class SlotPeriod(Part):
    """What is to be said of one period; its returns stand in METRICS."""

    period: Literal["1M", "3M", "6M", "YTD", "1Y", "3Y", "5Y", "10Y", "SI"]
    comment: str


class SlotContribution(Part):
    """What is to be said of one holding's contribution."""

    holding_id: str
    comment: str


class PerformanceSlots(SlotAnswer):
    """A whole performance analysis with slots."""

    analysis_type: Literal["performance"]
    periods: list[SlotPeriod]
    contributors: list[SlotContribution]
    detractors: list[SlotContribution]
    risk_adjusted: list[SlotClaim]
    drawdown: list[SlotClaim]
    currency_effect: list[SlotClaim]
    cost_effect: list[SlotClaim]


def grades(sheet: FactSheet) -> tuple[Grade, ...]:
    """Verdict over all periods that can be compared, and what kind of returns they are."""
    facts = sheet.by_id()
    excess = [fact for name in _PERIODS if (fact := facts.get(f"excess_return.{name}")) is not None]
    ahead = sum(fact.value > IN_LINE for fact in excess)
    behind = sum(fact.value < -IN_LINE for fact in excess)
    if not excess:
        verdict = "not_comparable"
    elif ahead and behind:
        verdict = "mixed"
    else:
        verdict = "outperformed" if ahead else "underperformed" if behind else "in_line"
    because = f"{ahead} of {len(excess)} periods ahead by more than {IN_LINE:g} pp, {behind} behind"
    ids = tuple(fact.metric_id for fact in excess)
    return Grade("verdict", verdict, because, ids), Grade("return_basis", caveats.basis(sheet), "kind of the prices")


def _page(wire: Document, page: Page) -> Document:
    return {
        "return_basis": page.grade("return_basis"),
        "verdict": page.grade("verdict"),
        "periods": _periods(wire["periods"], page),
        "contributors": _contributions("contributors", wire["contributors"], page, 1),
        "detractors": _contributions("detractors", wire["detractors"], page, -1),
        **{name: page.claims(name, wire[name]) for name in _PARTS},
    }


def _periods(wire: list[Mapping[str, Any]], page: Page) -> list[Document]:
    made: list[Document] = []
    only = page.sheet.evidence.period
    for one in wire:
        path, name = f"periods[{len(made)}]", one["period"].lower()
        facts = [page.facts.get(f"{family}.{name}") for family in ("return", "benchmark_return", "excess_return")]
        parts = [page.reference(fact) for fact in facts if fact is not None]
        if len(parts) < len(facts) or (only and name != only):
            page.find(path, one["period"], only or None, FindingKind.PERIOD)
            continue
        comment = page.text(f"{path}.comment", one["comment"])
        made.append(
            {"period": one["period"], "portfolio": parts[0], "benchmark": parts[1], "excess": parts[2],
             "comment": comment}
        )  # fmt: skip
    return made


def _contributions(part: str, wire: list[Mapping[str, Any]], page: Page, sign: int) -> list[Document]:
    made: list[Document] = []
    seen: set[str] = set()
    for one in wire:
        path, name = f"{part}[{len(made)}]", one["holding_id"]
        fact = page.facts.get(f"contribution.{name}")
        if fact is None or name in seen:
            page.find(f"{path}.holding_id", name, None, FindingKind.SUM if fact else FindingKind.UNSUPPORTED)
            continue
        seen.add(name)
        if fact.value * sign < 0:
            page.find(path, part, fact.shown, FindingKind.DIRECTION, fact.metric_id)
        comment = page.text(f"{path}.comment", one["comment"])
        made.append({"holding_id": name, "contribution": page.reference(fact), "comment": comment})
    return made


def _summarise(page: Mapping[str, Any]) -> tuple[str, Tags]:
    return page["verdict"], (("verdict", page["verdict"]), ("return_basis", page["return_basis"]))


FORM: Final = Form(answer=PerformanceSlots, page=_page, summarise=_summarise, grades=grades)
