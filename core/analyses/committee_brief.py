"""The committee brief: one page from finished analyses, asking for one decision."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Annotated, Any, Final, Literal

from pydantic import Field

from core.analyses.answer import Alternative, Answer, Claim, Grade, Part, Proposal
from core.analyses.checks import Analysis, proposals, unlike
from core.analyses.compliance import overall_status
from core.analyses.engine import Engine, Need, Tags
from core.analyses.evidence_tables import CHARTS
from core.analyses.fact_selection import PROFILE, Family, Shown, applicable
from core.analyses.slots.forms import committee_brief as slots_committee_brief
from core.analyses.slots.forms.compliance import cure_days
from core.domain.analysis import AnalysisRequest, Finding, FindingKind, Kind
from core.domain.evidence import Evidence, Finished
from core.domain.facts import FactSheet
from core.errors import BadInput
from core.metrics.definitions import ASKED_GROUPS, MetricGroup

NEEDED: Final = (Kind.RISK, Kind.ALLOCATION, Kind.PERFORMANCE, Kind.COMPLIANCE)
"""Analyses of every portfolio without which no decision is asked for."""

WELCOME: Final = (Kind.ATTRIBUTION, Kind.REALLOCATION, Kind.MARKET_RESEARCH, Kind.INVESTMENT_RESEARCH)
"""Analyses that are read where there are any."""


class Question(Part):
    """What a member of the committee should ask."""

    question: str
    why: str
    addressed_to: Literal["portfolio_manager", "risk", "compliance", "operations", "client"]


class FollowUp(Part):
    """What has to be done, by whom, until when."""

    task: str
    owner_role: Literal["portfolio_manager", "risk", "compliance", "operations", "cio", "client_advisor"]
    due_date: str | None


class CommitteeBriefAnswer(Answer):
    """A whole committee brief as the model answers it."""

    analysis_type: Literal["committee_brief"]
    decision_requested: str
    recommendation: Literal["approve", "approve_with_conditions", "defer", "reject", "no_action"]
    recommendation_confidence: Grade
    key_facts: list[Claim]
    performance: list[Claim]
    risk: list[Claim]
    allocation: list[Claim]
    compliance: list[Claim]
    market: list[Claim]
    proposals: list[Proposal]
    alternatives: list[Alternative]
    dissent: Annotated[list[str], Field(description="strongest arguments against the recommendation")]
    conditions: list[str]
    questions: list[Question]
    follow_ups: list[FollowUp]
    chart_ids: Annotated[list[str], Field(description="ids of locally rendered charts to place in the brief")]


def missing_inputs(portfolio_ids: Sequence[str], analyses: Sequence[Finished]) -> list[str]:
    """What a brief about these portfolios lacks: "risk of acme-7"."""
    there = {(one.portfolio_id, one.kind) for one in analyses}
    return [f"{kind.value} of {name}" for name in portfolio_ids for kind in NEEDED if (name, kind.value) not in there]


def group_id_of(name: str) -> str:
    """What answers call a group: "group:family"; never the id of a portfolio."""
    return f"group:{' '.join(name.split()).casefold()}"


def group_sheet(group_id: str, name: str, sheets: Sequence[FactSheet], analyses: Sequence[Finished]) -> FactSheet:
    """The facts of several portfolios as one sheet: each metric and rule under "<portfolio id>:<its id>".

    Raises:
        BadInput: There is no portfolio, they are of different days or base currencies, or an analysis is missing;
            the message names all that are.
    """
    if not sheets:
        raise BadInput(f"The group '{group_id}' has no portfolio. Add some before asking for a brief.")
    missing = missing_inputs([sheet.portfolio_id for sheet in sheets], analyses)
    if missing:
        raise BadInput(f"The brief of group '{group_id}' lacks {', '.join(missing)}. Run these analyses first.")
    first = sheets[0]
    for sheet in sheets[1:]:
        if (sheet.as_of, sheet.base_currency) != (first.as_of, first.base_currency):
            raise BadInput(
                f"The portfolios of group '{group_id}' are not of one day and currency: '{first.portfolio_id}' is "
                f"{first.as_of} in {first.base_currency}, '{sheet.portfolio_id}' {sheet.as_of} in "
                f"{sheet.base_currency}. Bring them to one day, or ask for a brief of each."
            )
    return replace(
        first,
        portfolio_id=group_id,
        name=name,
        facts=tuple(
            replace(fact, metric_id=f"{sheet.portfolio_id}:{fact.metric_id}")
            for sheet in sheets
            for fact in cited_facts(sheet, [one for one in analyses if one.portfolio_id == sheet.portfolio_id])
        ),
        absent=tuple(
            replace(one, metric_id=f"{sheet.portfolio_id}:{one.metric_id}") for sheet in sheets for one in sheet.absent
        ),
        holdings=tuple(
            replace(line, holding_id=f"{sheet.portfolio_id}:{line.holding_id}")
            for sheet in sheets
            for line in sheet.holdings
        ),
        rules=tuple(
            replace(rule, rule_id=f"{sheet.portfolio_id}:{rule.rule_id}") for sheet in sheets for rule in sheet.rules
        ),
        evidence=Evidence(analyses=tuple(analyses)),
    )


def cited_facts(sheet: FactSheet, analyses: Sequence[Finished]) -> Iterator[Any]:
    """Facts that finished analyses rest on: what a brief may repeat."""
    cited = {name for one in analyses for name in _metric_ids(one.document)}
    return (fact for fact in sheet.facts if fact.metric_id in cited or _BASE.covers(fact.metric_id))


def _metric_ids(node: Any) -> Iterator[str]:
    if isinstance(node, Mapping):
        if isinstance(node.get("metric_id"), str):
            yield node["metric_id"]
        for value in node.values():
            yield from _metric_ids(value)
    elif isinstance(node, list):
        for item in node:
            yield from _metric_ids(item)


_OF_RULES: Final = ("rule.", "articles.")
_LAID_DOWN: Final = (*_OF_RULES, *PROFILE)
"""Facts of rules, of their articles and of the profile, which no finished analysis has to cite before a brief may."""

_BASE: Final = Shown(ids=("total_value", "holdings_count"), families=(Family("weight."), Family("asset_class.")))


class BriefEngine(Engine):
    """The brief shows what its inputs cite, and refuses to begin while one of them is missing."""

    def groups(self, _request: AnalysisRequest) -> tuple[MetricGroup, ...]:
        """All of them: which ones its inputs cite is seen only then."""
        return ASKED_GROUPS

    def views(self, sheet: FactSheet, request: AnalysisRequest) -> Iterator[FactSheet]:
        """One sheet, with the facts that the finished analyses rest on.

        Raises:
            BadInput: An analysis is missing, or speaks of another day; the message names all of them.
        """
        analyses = sheet.evidence.analyses
        group = [one.portfolio_id for one in analyses if one.portfolio_id != sheet.portfolio_id]
        missing = [] if group else missing_inputs([sheet.portfolio_id], analyses)
        if missing:
            raise BadInput(
                f"The committee brief of portfolio '{sheet.portfolio_id}' lacks {', '.join(missing)}. Run these "
                "analyses first: the brief rests on finished ones."
            )
        stale = [one for one in analyses if one.as_of != sheet.as_of]
        if stale:
            named = ", ".join(f"{one.kind} of {one.portfolio_id} ({one.as_of})" for one in stale)
            raise BadInput(
                f"The portfolio '{sheet.portfolio_id}' is of {sheet.as_of}, and these analyses are not: {named}. "
                "Run them again."
            )
        for view in super().views(sheet, request):
            if group:
                laid_down = (fact for fact in view.facts if fact.metric_id.startswith(_OF_RULES))
                yield replace(view, facts=(*sheet.facts, *laid_down), absent=sheet.absent)
            else:
                facts = [*cited_facts(sheet, analyses), *(f for f in view.facts if f.metric_id.startswith(_LAID_DOWN))]
                yield replace(view, facts=tuple(facts))


def _summarise(answer: CommitteeBriefAnswer) -> tuple[str, Tags]:
    return answer.recommendation, (
        ("recommendation", answer.recommendation),
        ("confidence", answer.recommendation_confidence),
        *(("action", name) for name in dict.fromkeys(one.action for one in answer.proposals)),
    )


def _inputs(analysis: Analysis, sheet: FactSheet) -> Iterator[Finding]:
    """Charts exist, a breach excludes approval, somebody dissents; dates are an analysis's or a rule's time to cure."""
    known = {CHARTS[one.kind] for one in sheet.evidence.analyses if one.kind in CHARTS}
    for place, name in enumerate(analysis["chart_ids"]):
        if name not in known:
            yield unlike(f"chart_ids[{place}]", "", name, None, FindingKind.UNSUPPORTED)
    breach = overall_status(applicable(sheet.rules)) == "breach"
    if breach and analysis["recommendation"] == "approve":
        yield unlike("recommendation", "", "approve", "breach", FindingKind.RULE)
    if breach and not analysis["compliance"]:
        yield unlike("compliance", "", "nothing said", "breach", FindingKind.RULE)
    if not any(text.strip() for text in analysis["dissent"]):
        yield unlike("dissent", "", "empty", None, FindingKind.UNSUPPORTED)
    dated = [(place, task["due_date"]) for place, task in enumerate(analysis["follow_ups"]) if task["due_date"]]
    cured = _cured(sheet) if dated else set()
    dated = [one for one in dated if one[1] not in cured]
    said = str([one.document for one in sheet.evidence.analyses]) if dated else ""
    for place, due in dated:
        if due not in said:
            yield unlike(f"follow_ups[{place}].due_date", "", due, None, FindingKind.UNSUPPORTED)


def _cured(sheet: FactSheet) -> set[str]:
    """The days by which rules want to be kept again, where their text gives a time."""
    times = map(cure_days, applicable(sheet.rules))
    return {(sheet.as_of + timedelta(days=days)).isoformat() for days in times if days is not None}


ENGINE = BriefEngine(
    kind=Kind.COMMITTEE_BRIEF,
    answer=CommitteeBriefAnswer,
    shown=_BASE,
    slots=slots_committee_brief.FORM,
    mandatory=("total_value",),
    summarise=_summarise,
    needs=frozenset({Need.ANALYSES, Need.RULES, Need.PROFILE}),
    checks=(_inputs, proposals),
)
