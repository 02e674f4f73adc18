"""The market research with slots: newest values and trends of series are the program's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal

from core.analyses.answer import Part, Stance, middle_stance
from core.analyses.slots.form import Document, Form, Grade, SlotAnswer, SlotClaim, Tags
from core.analyses.slots.forms import shared
from core.analyses.slots.forms.shared import SlotCatalyst, SlotQuote
from core.analyses.slots.page import Page
from core.analyses.slots.sentences import Role
from core.domain.analysis import FindingKind
from core.domain.facts import Fact, FactSheet

_INDICATOR: Final = "indicator."


class SlotTheme(Part):
    """Something that moves markets, and who is exposed to it."""

    title: str
    stance: Stance
    exposed_holding_ids: list[str]
    claims: list[SlotClaim]
    counter_argument: str


class SlotIndicator(Part):
    """What an economic series means; its value and trend are the program's."""

    indicator_id: str
    implication: str


class SlotRelation(Part):
    """How two series moved together."""

    strength: Literal["strong", "moderate", "weak", "unstable"]
    explanation: str


class SlotSector(Part):
    """A sector's place in the rotation."""

    sector_id: str
    phase: Literal["leading", "weakening", "lagging", "improving"]
    explanation: str


class SlotSentiment(Part):
    """How documents speak of one holding."""

    holding_id: str
    quotes: list[SlotQuote]
    stance: Stance
    comment: str


class MarketResearchSlots(SlotAnswer):
    """A whole market research with slots."""

    analysis_type: Literal["market_research"]
    horizon: Literal["0-3M", "3-12M", "1-3Y", "3Y+"]
    themes: list[SlotTheme]
    indicators: list[SlotIndicator]
    relations: list[SlotRelation]
    sector_rotation: list[SlotSector]
    sentiment: list[SlotSentiment]
    catalysts: list[SlotCatalyst]


def grades(sheet: FactSheet) -> tuple[Grade, ...]:
    """The trend of each series from its changes over three months and a year."""
    facts = sheet.by_id()
    names = [name.removeprefix(_INDICATOR).removesuffix(".latest") for name in facts if name.endswith(".latest")]
    return tuple(_trend(name, facts) for name in names)


def _trend(name: str, facts: Mapping[str, Fact]) -> Grade:
    changes = [fact for span in ("3m", "1y") if (fact := facts.get(f"{_INDICATOR}{name}.change_{span}")) is not None]
    signs = {(fact.value > 0) - (fact.value < 0) for fact in changes}
    word = {frozenset({1}): "rising", frozenset({-1}): "falling"}.get(frozenset(signs), "stable")
    because = ", ".join(f"{fact.metric_id} {fact.shown}" for fact in changes) or "no change is known"
    return Grade(f"trend.{name}", word, because, tuple(fact.metric_id for fact in changes))


def _page(wire: Document, page: Page) -> Document:
    return {
        "horizon": wire["horizon"],
        "themes": [_theme(one, page, f"themes[{place}]") for place, one in enumerate(wire["themes"])],
        "indicators": _indicators(wire["indicators"], page),
        "relations": [_part(one, page, f"relations[{place}]") for place, one in enumerate(wire["relations"])],
        "sector_rotation": [
            _sector(one, page, f"sector_rotation[{place}]") for place, one in enumerate(wire["sector_rotation"])
        ],
        "sentiment": [
            {**one, "comment": page.text(f"sentiment[{place}].comment", one["comment"], opinion=True)}
            for place, one in enumerate(wire["sentiment"])
        ],
        "catalysts": shared.catalysts(wire["catalysts"], page),
        "sources": shared.sources(wire, page),
    }


def _theme(one: Mapping[str, Any], page: Page, path: str) -> Document:
    return {
        "title": page.text(f"{path}.title", one["title"], Role.PROPOSAL),
        "stance": one["stance"],
        "exposed_holding_ids": page.known(f"{path}.exposed_holding_ids", one["exposed_holding_ids"]),
        "claims": page.claims(f"{path}.claims", one["claims"]),
        "counter_argument": page.text(f"{path}.counter_argument", one["counter_argument"], Role.PROPOSAL),
    }


def _indicators(wire: list[Mapping[str, Any]], page: Page) -> list[Document]:
    made: list[Document] = []
    for one in wire:
        path, name = f"indicators[{len(made)}]", one["indicator_id"]
        latest = page.facts.get(f"{_INDICATOR}{name}.latest")
        if latest is None:
            page.find(f"{path}.indicator_id", name, None, FindingKind.UNSUPPORTED)
            continue
        implication = page.text(f"{path}.implication", one["implication"])
        trend = page.grade(f"trend.{name}")
        made.append(
            {"indicator_id": name, "latest": page.reference(latest), "trend": trend, "implication": implication}
        )
    return made


def _part(one: Mapping[str, Any], page: Page, path: str) -> Document:
    made = page.rendered(f"{path}.explanation", one["explanation"])
    return {**one, "metrics": page.references(made.facts), "explanation": made.text}


def _sector(one: Mapping[str, Any], page: Page, path: str) -> Document:
    name = one["sector_id"].removeprefix("sector.")
    own = [
        fact
        for key, fact in page.facts.items()
        if key == f"sector.{name}" or key.startswith(f"{_INDICATOR}sector.{name}.")
    ]
    part = _part(one, page, path)
    return {**part, "metrics": page.references(own) + part["metrics"]}


def _summarise(page: Mapping[str, Any]) -> tuple[str, Tags]:
    stances = [one["stance"] for one in page["sentiment"]] or [one["stance"] for one in page["themes"]]
    seen = dict.fromkeys(stances)
    return middle_stance(stances), (("horizon", page["horizon"]), *(("stance", stance) for stance in seen))


FORM: Final = Form(answer=MarketResearchSlots, page=_page, summarise=_summarise, grades=grades)
