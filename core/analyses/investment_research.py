"""Investment research: a thesis for each holding looked at, its counter-thesis, and the words it rests on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from core.analyses.answer import (
    Answer,
    Catalyst,
    Claim,
    Grade,
    Listed,
    Metric,
    Part,
    Proposal,
    Quote,
    Stance,
    middle_stance,
)
from core.analyses.checks import Analysis, listed_sources, proposals, quotes, unlike
from core.analyses.engine import Engine, Need, Tags
from core.analyses.fact_selection import Family, Shown
from core.analyses.slots.forms import investment_research as slots_investment_research
from core.analyses.tools.registry import ALL
from core.domain.analysis import Finding, FindingKind, Kind
from core.domain.facts import FactSheet


class Thesis(Part):
    """What speaks for and against one holding."""

    holding_id: str
    metrics: Annotated[list[Metric], Field(description="evidence first; the holding's weight and what else is known")]
    quotes: list[Quote]
    bull_case: str
    bear_case: str
    what_would_change_it: str
    stance: Stance
    conviction: Grade


class Concern(Part):
    """What could go wrong with holdings."""

    holding_ids: list[str]
    metrics: list[Metric]
    concern: Literal[
        "business", "balance_sheet", "valuation", "governance", "regulation", "liquidity", "currency", "concentration",
        "information",
    ]  # fmt: skip
    severity: Grade
    explanation: str


class InvestmentResearchAnswer(Answer):
    """A whole investment research as the model answers it."""

    analysis_type: Literal["investment_research"]
    horizon: Literal["0-3M", "3-12M", "1-3Y", "3Y+"]
    role_in_portfolio: list[Claim]
    theses: list[Thesis]
    concerns: list[Concern]
    catalysts: list[Catalyst]
    proposals: list[Proposal]
    open_questions: list[str]
    sources: list[Listed]


def _summarise(answer: InvestmentResearchAnswer) -> tuple[str, Tags]:
    stances = [thesis.stance for thesis in answer.theses]
    concerns = dict.fromkeys(concern.concern for concern in answer.concerns)
    return middle_stance(stances), (
        *(("stance", stance) for stance in dict.fromkeys(stances)),
        *(("concern", name) for name in concerns),
    )


def _theses(analysis: Analysis, sheet: FactSheet) -> Iterator[Finding]:
    """High conviction either way rests on a document or on more than the holding's weight; nobody comes twice."""
    seen: set[str] = set()
    for place, thesis in enumerate(analysis["theses"]):
        path, holding_id = f"theses[{place}]", thesis["holding_id"]
        if holding_id in seen:
            yield unlike(path, "", f"{holding_id} twice", None, FindingKind.SUM)
        seen.add(holding_id)
        more = [metric for metric in thesis["metrics"] if not metric["metric_id"].startswith("weight.")]
        if thesis["conviction"] == "high" and thesis["stance"] != "neutral" and not (thesis["quotes"] or more):
            yield unlike(f"{path}.conviction", "", "high", None, FindingKind.QUOTE)
        if not sheet.evidence.sources and thesis["quotes"]:
            yield unlike(f"{path}.quotes", "", "quoted", None, FindingKind.UNSUPPORTED)


ENGINE = Engine(
    kind=Kind.INVESTMENT_RESEARCH,
    answer=InvestmentResearchAnswer,
    shown=Shown(
        ids=("total_value", "hhi", "top1_weight", "volatility", "beta"),
        families=(
            Family("asset_class."), Family("lines."), Family("sector."), Family("country."), Family("weight."),
            Family("contribution.", 16), Family("risk_share.", 16), Family("liquidity."),
        ),
    ),
    slots=slots_investment_research.FORM,
    mandatory=("top1_weight",),
    summarise=_summarise,
    tools=ALL,
    needs=frozenset({Need.SOURCES, Need.PROFILE}),
    checks=(_theses, proposals, quotes, listed_sources),
)  # fmt: skip
