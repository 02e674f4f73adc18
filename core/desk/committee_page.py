"""The committee page: what one run asks a committee to decide about a portfolio, a group of them, or all of them.

Verdicts, changes and worth are counted over every answer. Risks, gaps and breaches are read from the largest
portfolios, `MOST_READ` at most; how many were read is part of the page. Breaches are the rule engine's alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from core.analyses.committee_brief import group_id_of
from core.analyses.fact_selection import applicable
from core.analyses.risk import SEVERITIES
from core.compliance.breach_runs import began_said
from core.compliance.coverage import articles_counted
from core.desk.comparisons import CompareService
from core.desk.results import ByValue, ResultService
from core.domain.actor import Actor
from core.domain.analysis import Kind, UsageFrom
from core.domain.compliance import RuleResult, RuleStatus
from core.domain.facts import FactSheet
from core.domain.filters import EVERY_PORTFOLIO, JobFilter, PortfolioFilter
from core.domain.records import Item, Job, JobRow
from core.domain.units import Unit
from core.errors import NotFound
from core.guard.access import Permission, require
from core.storage.jobs.comparisons import Changed
from core.storage.jobs.outcome_writer import MODEL
from core.storage.jobs.result_views import CheckTally
from core.storage.store import Store

MOST_READ: Final = 200
"""Portfolios whose answers and facts are read for one page."""

_RISKS, _GAPS, _BREACHES, _DISSENT, _CONDITIONS, _CHANGES, _PROPOSALS = 4, 3, 4, 3, 2, 5, 3


@dataclass(frozen=True, slots=True)
class RiskLine:
    """A risk and what could be done about it.

    Attributes:
        portfolios: In how many of those that were read it is at least moderate.
        from_name: Whose answer the words are from.
        holds: False when a number of the risk did not hold.
    """

    title: str
    severity: str
    portfolios: int
    explanation: str
    mitigation: str
    from_name: str
    holds: bool


@dataclass(frozen=True, slots=True)
class BreachLine:
    """A rule that the engine found broken. `measured` and `limit` are of the portfolio furthest beyond it, `name`.

    Attributes:
        since: Since when that portfolio is beyond it, as far as stored days tell; "" where nobody looked.
    """

    title: str
    citation: str
    measured: float | None
    limit: float | None
    unit: Unit
    operator: str
    portfolios: int
    confirmed: bool
    name: str
    since: str = ""


@dataclass(frozen=True, slots=True)
class ModelSentence:
    """A sentence of a model; `holds` is False when a number in it did not."""

    words: str
    holds: bool
    portfolios: int = 1


@dataclass(frozen=True, slots=True)
class GapLine:
    """What was missing.

    Attributes:
        items: What, mostly as metric ids.
        effect: What follows, in the words of the largest portfolio that lacks it.
        portfolios: How many of those that were read lack it.
    """

    items: tuple[str, ...]
    effect: str
    portfolios: int
    holds: bool


@dataclass(frozen=True, slots=True)
class ProposalLine:
    """What is proposed about one holding or bucket, in percent of the portfolio where that is stated."""

    action: str
    target: str
    before: float | None
    after: float | None
    words: str
    holds: bool


@dataclass(frozen=True, slots=True)
class Brief:
    """Everything that one committee page shows.

    Attributes:
        portfolio: Name of the one portfolio it is about; "" for several.
        group: Name of the group it is about; "" for none.
        portfolios: How many it is about; the answers about `read` of them were read word for word.
        whole: One answer is about all of it: a portfolio, or a group that was asked about as one.
        decision: What the model asks the committee to decide; None where the run asks for no decision.
        summary: Of a single portfolio's answer.
        changes: Verdicts that differ from the run before; None where there is no earlier run to look at.
        classes: Weights by asset class in percent, of a single portfolio.
        parts: (name, value) of a group's portfolios in `currency`, where one answer is about all of them.
        articles: (n, m) of "n of m articles checked", over all portfolios; (0, 0) where no rule set has any.
        asked_for_dissent: Whether the analysis has a place for arguments against it.
        models: Those that answered, as they name themselves.
    """

    job: Job
    made_at: datetime
    portfolio: str
    group: str
    as_of: tuple[date, ...]
    portfolios: int
    read: int
    whole: bool
    decision: ModelSentence | None
    summary: ModelSentence | None
    recommendation: str
    confidence: str
    verdicts: ByValue
    earlier: JobRow | None
    changes: tuple[Changed, ...] | None
    changed: int
    risks: tuple[RiskLine, ...]
    gaps: tuple[GapLine, ...]
    breaches: tuple[BreachLine, ...]
    breached_rules: int
    rules_known: int
    articles: tuple[int, int]
    dissent: tuple[ModelSentence, ...]
    asked_for_dissent: bool
    conditions: tuple[ModelSentence, ...]
    proposals: tuple[ProposalLine, ...]
    classes: tuple[tuple[str, float], ...]
    parts: tuple[tuple[str, float], ...]
    currency: str
    tally: CheckTally
    models: tuple[str, ...] = ()


class BriefService:
    """Committee pages for an actor."""

    def __init__(self, store: Store, results: ResultService, comparing: CompareService) -> None:
        self._store = store
        self._results = results
        self._comparing = comparing

    def newest_of(self, actor: Actor, among: PortfolioFilter) -> str | None:
        """The newest job that can be shown to a committee and has answers about a choice of portfolios.

        A committee brief comes before any other analysis.
        """
        require(actor, Permission.JOB_READ)
        for kinds in ((Kind.COMMITTEE_BRIEF,), tuple(kind for kind in Kind if kind is not Kind.COMMITTEE_BRIEF)):
            rows = [
                row
                for kind in kinds
                for row in self._store.jobs.page(JobFilter(kind=kind), limit=20)
                if row.counts.succeeded
            ]
            for row in sorted(rows, key=lambda row: row.created_at, reverse=True):
                about = self._store.jobs.get(row.job_id).request.group
                if about and about.casefold() == among.group.casefold():
                    return row.job_id
                if sum(self._store.views.grades(row.job_id, among).values()):
                    return row.job_id
        return None

    def page(
        self,
        actor: Actor,
        job_id: str,
        *,
        at: datetime,
        portfolio_id: str = "",
        among: PortfolioFilter = EVERY_PORTFOLIO,
    ) -> Brief:
        """The page of a run.

        Args:
            at: When it is made; printed on it.
            portfolio_id: About this one alone; "" for all that `among` leaves.

        Raises:
            NotFound: No such job, or it has no answer about the portfolio or the choice.
        """
        require(actor, Permission.JOB_READ)
        job = self._store.jobs.get(job_id)
        group = job.request.group
        asked = portfolio_id or (group_id_of(group) if group else "")
        ids = self._ids(job_id, asked, among)
        items = self._results.read(actor, job_id, ids)
        sheets = self._results.sheets(actor, job_id, ids)
        single = items[0] if asked else None
        analysis: Mapping[str, Any] = (single.analysis or {}) if single else {}
        sheet = sheets.get(single.custom_id) if single else None
        grouped = len(job.request.portfolio_ids) if group else 0
        earlier = self._comparing.earlier(actor, job_id)
        changes = self._changes(actor, earlier, job_id, among, asked)
        breaches = _breaches(sheets)
        decides = job.row.kind is Kind.COMMITTEE_BRIEF
        return Brief(
            job=job,
            made_at=at,
            portfolio=single.portfolio_name if single and not group else "",
            group=group or among.group,
            as_of=tuple(sorted({sheet.as_of for sheet in sheets.values()})),
            portfolios=grouped or (1 if single else sum(self._results.grades(actor, job_id, among).values())),
            read=grouped or len(items),
            whole=single is not None,
            decision=_said(single, "decision_requested") if single and decides else None,
            summary=_said(single, "summary") if single else None,
            recommendation=single.level if single else "",
            confidence=str(analysis.get("recommendation_confidence", "")),
            verdicts=self._results.by_value(actor, job_id, among),
            earlier=earlier,
            changes=None if changes is None else tuple(changes[:_CHANGES]),
            changed=len(changes or ()),
            risks=tuple(self._risks(job, items, sheets)[:_RISKS]),
            gaps=_gaps(items, sheets)[:_GAPS],
            breaches=breaches[:_BREACHES],
            breached_rules=len(breaches),
            rules_known=sum(bool(sheet.rules) for sheet in sheets.values()),
            articles=_articles(sheets.values()),
            dissent=_listed(items, "dissent")[:_DISSENT],
            asked_for_dissent=decides,
            conditions=_listed(items, "conditions")[:_CONDITIONS],
            proposals=_proposals(single)[:_PROPOSALS] if single else (),
            classes=_classes(sheet),
            parts=self._parts(group, sheet) if group else (),
            currency=sheet.base_currency if sheet else "",
            tally=_own(single) if single else self._results.tally(actor, job_id, among),
            models=tuple(sorted(self._store.items.rollup(job_id).get(MODEL, {}))),
        )

    def _parts(self, group: str, sheet: FactSheet | None) -> tuple[tuple[str, float], ...]:
        """The portfolios of a group with their values, the largest first."""
        names = {row.portfolio_id: row.name for row in self._store.portfolios.page(PortfolioFilter(group=group))}
        rows = [
            (names.get(owner, owner), fact.value)
            for fact in (sheet.facts if sheet else ())
            for owner, _, metric in [fact.metric_id.rpartition(":")]
            if metric == "total_value"
        ]
        return tuple(sorted(rows, key=lambda row: -row[1]))

    def _ids(self, job_id: str, portfolio_id: str, among: PortfolioFilter) -> list[str]:
        if portfolio_id:
            ids = self._store.views.of_portfolio(job_id, portfolio_id)
        else:
            ids = self._store.views.largest(job_id, among, limit=MOST_READ)
        if not ids:
            whom = f"portfolio '{portfolio_id[:80]}'" if portfolio_id else "these portfolios"
            raise NotFound(f"Job {job_id} has no answer about {whom}. Choose another run.")
        return ids

    def _changes(
        self, actor: Actor, earlier: JobRow | None, job_id: str, among: PortfolioFilter, portfolio_id: str
    ) -> list[Changed] | None:
        if earlier is None:
            return None
        found = self._comparing.changes(actor, earlier.job_id, job_id, among, limit=1000)
        return [one for one in found if not portfolio_id or one.portfolio_id == portfolio_id]

    def _risks(self, job: Job, items: Sequence[Item], sheets: Mapping[str, FactSheet]) -> list[RiskLine]:
        """The gravest risks, each in the words of the largest portfolio that has it at its worst."""
        best: dict[str, RiskLine] = {}
        counts: dict[str, int] = {}
        for item in items:
            for risk, holds, name in self._risks_of(job, item, sheets.get(item.custom_id)):
                title, severity = str(risk.get("risk_type", "")), str(risk.get("severity", ""))
                if severity not in SEVERITIES or SEVERITIES.index(severity) < SEVERITIES.index("moderate"):
                    continue
                counts[title] = counts.get(title, 0) + 1
                before = best.get(title)
                if before is None or SEVERITIES.index(before.severity) < SEVERITIES.index(severity):
                    best[title] = RiskLine(
                        title=title,
                        severity=severity,
                        portfolios=0,
                        explanation=str(risk.get("explanation", "")),
                        mitigation=str(risk.get("mitigation", "")),
                        from_name=name,
                        holds=holds,
                    )
        lines = [
            RiskLine(
                one.title, one.severity, counts[one.title], one.explanation, one.mitigation, one.from_name, one.holds
            )
            for one in best.values()
        ]
        return sorted(lines, key=lambda line: (-SEVERITIES.index(line.severity), -line.portfolios, line.title))

    def _risks_of(self, job: Job, item: Item, sheet: FactSheet | None) -> list[tuple[Mapping[str, Any], bool, str]]:
        """The risks of an answer, or of the risk analyses that a brief rests on: (risk, its numbers hold, whose)."""
        if job.row.kind is Kind.RISK:
            sources = [item]
        else:
            rests_on = [one for one in sheet.evidence.analyses if one.kind == Kind.RISK] if sheet else []
            found = [self._store.items.get(one.job_id, one.analysis_id) for one in rests_on]
            sources = [one for one in found if one is not None]
        return [
            (risk, _holds(source, f"risks[{place}]"), source.portfolio_name)
            for source in sources
            for place, risk in enumerate((source.analysis or {}).get("risks") or [])
        ]


def _holds(item: Item, path: str) -> bool:
    """Whether everything at a place of an answer holds."""
    findings = item.verification.findings if item.verification else ()
    return not any(finding.path == path or finding.path.startswith((f"{path}.", f"{path}[")) for finding in findings)


def _said(item: Item, name: str) -> ModelSentence:
    return ModelSentence(str((item.analysis or {}).get(name, "")), _holds(item, name))


def _listed(items: Sequence[Item], name: str) -> tuple[ModelSentence, ...]:
    """Sentences of a list, the same ones of several answers once."""
    found: dict[str, ModelSentence] = {}
    for item in items:
        for place, words in enumerate((item.analysis or {}).get(name) or []):
            sentence = " ".join(str(words).split())
            before = found.get(sentence)
            holds = _holds(item, f"{name}[{place}]") and (before is None or before.holds)
            found[sentence] = ModelSentence(sentence, holds, before.portfolios + 1 if before else 1)
    return tuple(sorted(found.values(), key=lambda one: -one.portfolios))


def _gaps(items: Sequence[Item], sheets: Mapping[str, FactSheet]) -> tuple[GapLine, ...]:
    """What was missing, the most frequent first: what an answer lacks for one reason is one line.

    Of an answer that names no gap, those of the analyses that it rests on are taken, and what could not be computed.
    """
    found: dict[tuple[str, ...], GapLine] = {}
    for item in items:
        lacking: dict[str, tuple[list[str], bool]] = {}
        for thing, effect, holds in _lacking(item, sheets.get(item.custom_id)):
            things, before = lacking.get(effect, ([], True))
            things.append(thing)
            lacking[effect] = (things, before and holds)
        for effect, (things, holds) in lacking.items():
            key = tuple(dict.fromkeys(things))
            line = found.get(key, GapLine(key, effect, 0, True))
            found[key] = GapLine(key, line.effect, line.portfolios + 1, line.holds and holds)
    return tuple(sorted(found.values(), key=lambda line: -line.portfolios))


def _lacking(item: Item, sheet: FactSheet | None) -> Iterator[tuple[str, str, bool]]:
    """(what, what follows, whether its numbers hold) of everything that one answer lacks."""
    own = (item.analysis or {}).get("data_gaps") or []
    for place, gap in enumerate(own):
        yield _line(gap.get("item")), _line(gap.get("effect")), _holds(item, f"data_gaps[{place}]")
    if own or sheet is None:
        return
    for one in sheet.evidence.analyses:
        for gap in one.document.get("data_gaps") or []:
            yield _line(gap.get("item")), _line(gap.get("effect")), True
    for absent in sheet.absent:
        yield absent.metric_id, absent.reason, True


def _line(words: object) -> str:
    return " ".join(str(words or "").split())


def _breaches(sheets: Mapping[str, FactSheet]) -> tuple[BreachLine, ...]:
    """Rules that the engine found broken, those of most portfolios first."""
    found: dict[str, list[tuple[RuleResult, str]]] = {}
    for sheet in sheets.values():
        for rule in applicable(sheet.rules):
            if rule.status is RuleStatus.BREACH:
                # In a group's facts the portfolio stands before the rule.
                owner, _, rule_id = rule.rule_id.rpartition(":")
                found.setdefault(rule_id, []).append((rule, owner or sheet.name))
    lines = []
    for rules in found.values():
        worst, name = min(rules, key=lambda pair: 0.0 if pair[0].headroom is None else pair[0].headroom)
        lines.append(
            BreachLine(
                worst.title, worst.citation, worst.measured, worst.limit, worst.unit, worst.operator,
                len(rules), worst.confirmed, name,
                "" if worst.breached_since is None else began_said(worst.breached_since, worst.kept_before),
            )
        )  # fmt: skip
    return tuple(sorted(lines, key=lambda line: (-line.portfolios, line.title)))


def _articles(sheets: Iterable[FactSheet]) -> tuple[int, int]:
    """Articles of the law that were checked, and those that a daily check would read, over all portfolios."""
    counts = [articles_counted(sheet.rules) for sheet in sheets]
    return sum(one[0] for one in counts), sum(one[1] for one in counts)


def _proposals(item: Item) -> tuple[ProposalLine, ...]:
    analysis = item.analysis or {}
    name = "proposals" if "proposals" in analysis else "trades"
    return tuple(
        ProposalLine(
            str(one.get("action", "")), str(one.get("target_id", "")), one.get("from_weight_pct"),
            one.get("to_weight_pct"), str(one.get("rationale", "")), _holds(item, f"{name}[{place}]"),
        )
        for place, one in enumerate(analysis.get(name) or [])
    )  # fmt: skip


def _classes(sheet: FactSheet | None) -> tuple[tuple[str, float], ...]:
    facts = sheet.facts if sheet else ()
    prefix = "asset_class."
    rows = [(fact.metric_id.removeprefix(prefix), fact.value) for fact in facts if fact.metric_id.startswith(prefix)]
    return tuple(sorted(rows, key=lambda row: -row[1]))


def _own(item: Item) -> CheckTally:
    checked = item.verification
    return CheckTally(
        answers=1,
        verified=checked.verified if checked else 0,
        mismatched=checked.mismatched if checked else 0,
        unsupported=checked.unsupported if checked else 0,
        wanted=checked.wanted if checked else 0,
        covered=checked.covered if checked else 0,
        rules=checked.rules if checked else 0,
        rules_agreeing=checked.rules_agreeing if checked else 0,
        output_tokens=None if item.usage_from is UsageFrom.UNKNOWN else item.usage.output_tokens,
        cost_usd=item.cost_usd,
    )
