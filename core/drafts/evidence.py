"""What an analysis is told about portfolios: the metrics it shows, and what else it needs from the other rooms."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import date
from typing import Final

from core.analyses.engine import Need
from core.domain.analysis import Kind, ResultStatus
from core.domain.compliance import RuleResult
from core.domain.evidence import Finished
from core.domain.facts import FactSheet
from core.domain.fx import Rates
from core.domain.portfolio import Portfolio
from core.domain.records import Item, Job
from core.drafts.fact_sheets import sheets_of
from core.drafts.indicators import Said, indicators_of, prices_for, rotation_of
from core.drafts.rule_checks import rules_of
from core.drafts.sources import sources_of
from core.metrics.definitions import MetricGroup
from core.storage.store import Store

_NEWEST: Final = 60
"""Endings of a portfolio that are looked through for finished analyses."""


def told_about(
    store: Store,
    rates: Rates,
    portfolios: Sequence[Portfolio],
    groups: Collection[MetricGroup],
    needs: Collection[Need],
    windows: Sequence[str] = (),
) -> Iterator[FactSheet]:
    """Sheets of portfolios in their order, with everything that an analysis of these needs may show.

    Args:
        groups: Metrics to compute.
        needs: What to look up besides.
        windows: Periods of which each needs a sheet of its own, because its metrics are of one window; each
            portfolio then has so many sheets, one after the other.
    """
    if windows:
        of_each = [
            [replace(sheet, evidence=replace(sheet.evidence, period=window)) for sheet in made]
            for window in windows
            for made in [sheets_of(store, rates, portfolios, groups=groups, attribution_period=window)]
        ]
        sheets = [sheet for same in zip(*of_each, strict=True) for sheet in same]
        portfolios = [portfolio for portfolio in portfolios for _ in windows]
    else:
        sheets = sheets_of(store, rates, portfolios, groups=groups)
    rules: Sequence[tuple[RuleResult, ...]] = [()] * len(sheets)
    if Need.RULES in needs:
        rules = rules_of(store, rates, portfolios)
    said: dict[tuple[date, bool], Said] = {}
    for sheet, results in zip(sheets, rules, strict=True):
        evidence = sheet.evidence
        if Need.SOURCES in needs:
            symbols = {line.symbol for line in sheet.holdings}
            evidence = replace(evidence, sources=sources_of(store, symbols, sheet.as_of))
        if Need.ANALYSES in needs:
            evidence = replace(evidence, analyses=tuple(finished(store, sheet.portfolio_id)))
        facts, absent = sheet.facts, sheet.absent
        if Need.INDICATORS in needs:
            key = sheet.as_of, sheet.is_sample
            if key not in said:
                said[key] = indicators_of(store, sheet.as_of, simulated=sheet.is_sample)
            prices = prices_for(store, [line.symbol for line in sheet.holdings], is_sample=sheet.is_sample)
            for more in (said[key], rotation_of(sheet, prices)):
                facts, absent = (*facts, *more[0]), (*absent, *more[1])
        yield replace(sheet, facts=facts, absent=absent, rules=results, evidence=evidence)


def finished(store: Store, portfolio_id: str) -> Iterator[Finished]:
    """The newest analysis of each kind that a portfolio has: what a committee brief reads."""
    jobs: dict[str, Job] = {}
    seen: set[Kind] = set()
    for job_id, row in store.items.of_portfolio(portfolio_id, limit=_NEWEST):
        if row.status is not ResultStatus.SUCCEEDED:
            continue
        job = jobs.get(job_id) or jobs.setdefault(job_id, store.jobs.get(job_id))
        kind = job.row.kind
        # One of several scenarios or periods is not the portfolio's analysis.
        if kind in seen or kind is Kind.COMMITTEE_BRIEF or "@" in row.custom_id:
            continue
        item = store.items.get(job_id, row.custom_id)
        if item is not None and item.analysis is not None:
            seen.add(kind)
            yield _finished(job, item)


def _finished(job: Job, item: Item) -> Finished:
    analysis, checked = item.analysis or {}, item.verification
    try:
        as_of = date.fromisoformat(str(analysis.get("as_of_date", ""))[:10])
    except ValueError:
        # A model wrote it: a day that is none cannot be the portfolio's.
        as_of = date.min
    return Finished(
        analysis_id=item.custom_id,
        job_id=job.row.job_id,
        kind=job.row.kind.value,
        portfolio_id=item.portfolio_id,
        as_of=as_of,
        model=job.row.model,
        prompt_version=job.row.prompt_version,
        document=analysis,
        verified=checked.verified if checked else 0,
        mismatched=checked.mismatched if checked else 0,
        unsupported=checked.unsupported if checked else 0,
    )
