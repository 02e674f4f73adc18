"""Market research: what documents and economic series mean for a portfolio, each statement with its source."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from core.analyses.answer import Answer, Catalyst, Claim, Listed, Metric, Part, Quote, Stance, middle_stance
from core.analyses.cells import cell
from core.analyses.checks import Analysis, listed_sources, quotes, unlike
from core.analyses.engine import INDICATOR, Engine, Need, Tags
from core.analyses.fact_selection import Family, Shown
from core.analyses.slots.forms import market_research as slots_market_research
from core.analyses.tools.registry import ALL
from core.domain.analysis import Finding, FindingKind, Kind
from core.domain.facts import FactSheet


class Theme(Part):
    """Something that moves markets, and who is exposed to it."""

    title: str
    stance: Stance
    exposed_holding_ids: list[str]
    claims: list[Claim]
    counter_argument: str


class Indicator(Part):
    """An economic series: where it stands, where it goes, what that means."""

    indicator_id: str
    latest: Metric
    trend: Literal["falling", "stable", "rising"]
    implication: str


class Sentiment(Part):
    """How documents speak of one holding, in their own words."""

    holding_id: str
    quotes: list[Quote]
    stance: Stance
    comment: str


class Relation(Part):
    """How two series moved together over one or several timeframes."""

    metrics: list[Metric]
    strength: Literal["strong", "moderate", "weak", "unstable"]
    explanation: str


class SectorView(Part):
    """A sector's place in the rotation, as the history shows it."""

    sector_id: str
    metrics: list[Metric]
    phase: Literal["leading", "weakening", "lagging", "improving"]
    explanation: str


class MarketResearchAnswer(Answer):
    """A whole market research as the model answers it."""

    analysis_type: Literal["market_research"]
    horizon: Literal["0-3M", "3-12M", "1-3Y", "3Y+"]
    themes: list[Theme]
    indicators: list[Indicator]
    relations: list[Relation]
    sector_rotation: list[SectorView]
    sentiment: list[Sentiment]
    catalysts: list[Catalyst]
    sources: list[Listed]


def _summarise(answer: MarketResearchAnswer) -> tuple[str, Tags]:
    stances = [one.stance for one in answer.sentiment] or [theme.stance for theme in answer.themes]
    return middle_stance(stances), (
        ("horizon", answer.horizon),
        *(("stance", stance) for stance in dict.fromkeys(stances)),
    )


def _indicators(analysis: Analysis, sheet: FactSheet) -> Iterator[Finding]:
    """An indicator's number is its own, and rising and falling are what its change over the last year says."""
    facts = sheet.by_id()
    for place, one in enumerate(analysis["indicators"]):
        path, name = f"indicators[{place}]", one["indicator_id"]
        own = f"{INDICATOR}{name}."
        cited = one["latest"]["metric_id"]
        if cited in facts and not cited.startswith(own) and cited != own.rstrip("."):
            yield unlike(f"{path}.latest.metric_id", own, cited, own.rstrip("."), FindingKind.WRONG_ID)
        changes = [facts[f"{own}change_{span}"].value for span in ("3m", "1y") if f"{own}change_{span}" in facts]
        if not changes and one["trend"] != "stable":
            yield unlike(f"{path}.trend", own.rstrip("."), one["trend"], None, FindingKind.UNSUPPORTED)
        elif changes and one["trend"] == "rising" and max(changes) < 0:
            yield unlike(f"{path}.trend", own.rstrip("."), "rising", "falling", FindingKind.DIRECTION)
        elif changes and one["trend"] == "falling" and min(changes) > 0:
            yield unlike(f"{path}.trend", own.rstrip("."), "falling", "rising", FindingKind.DIRECTION)


def _sectors(analysis: Analysis, sheet: FactSheet) -> Iterator[Finding]:
    """A sector is one whose figures were shown, and its own figures are what is cited."""
    known: dict[str, list[str]] = {}
    for fact in sheet.facts:
        for family in (f"{INDICATOR}sector.", "sector."):
            if fact.metric_id.startswith(family):
                name = fact.metric_id.removeprefix(family).partition(".")[0]
                known.setdefault(cell(name), []).append(fact.metric_id)
    for place, one in enumerate(analysis["sector_rotation"]):
        path, name = f"sector_rotation[{place}]", cell(one["sector_id"].removeprefix("sector."))
        if name not in known:
            yield unlike(f"{path}.sector_id", "", one["sector_id"], None, FindingKind.UNSUPPORTED)
        elif not any(metric["metric_id"] in known[name] for metric in one["metrics"]):
            yield unlike(f"{path}.metrics", known[name][0], "not cited", None, FindingKind.WRONG_ID)


def _unquoted(analysis: Analysis, _sheet: FactSheet) -> Iterator[Finding]:
    """A stance on a holding needs words that a document says."""
    for place, one in enumerate(analysis["sentiment"]):
        if not one["quotes"] and one["stance"] != "neutral":
            yield unlike(f"sentiment[{place}].quotes", "", one["stance"], None, FindingKind.QUOTE)


ENGINE = Engine(
    kind=Kind.MARKET_RESEARCH,
    answer=MarketResearchAnswer,
    shown=Shown(
        ids=("total_value", "beta", "benchmark_correlation", "average_correlation", "volatility"),
        families=(
            Family("asset_class."),
            Family("sector."),
            Family("country."),
            Family("currency."),
            Family("weight."),
        ),
    ),
    slots=slots_market_research.FORM,
    mandatory=(),
    summarise=_summarise,
    tools=ALL,
    needs=frozenset({Need.SOURCES, Need.INDICATORS}),
    checks=(_indicators, _sectors, _unquoted, quotes, listed_sources),
)
