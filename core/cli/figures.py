"""`mosychlos portfolio show | metrics`."""

from __future__ import annotations

import math
from typing import Annotated

import typer

from core.cli import output
from core.cli.moments import day
from core.cli.session import opened
from core.domain.facts import Fact, FactSheet
from core.domain.units import Unit
from core.errors import BadInput
from core.metrics.definitions import DEFAULT_GROUPS, MetricGroup
from core.metrics.doubts import DOUBT

AsJson = Annotated[bool, typer.Option("--json", help="Print exactly one JSON document.")]
AsOf = Annotated[str | None, typer.Option(metavar="DATE", help="Day of the snapshot instead of the newest.")]

_EVERY = "all"
_HEADLINE = ("total_value", "holdings_count", "top10_weight", "effective_n")


def show(portfolio_id: str, as_of: AsOf = None, as_json: AsJson = False) -> int:
    """Show a portfolio: rule sets, benchmark, labels, its lines with their weights, and where the register differs."""
    on = day(as_of, "--as-of")
    with opened() as (app, actor):
        standing = app.editor.open(actor, portfolio_id, as_of=on)
        sheet = app.figures.sheet(actor, portfolio_id, groups=[MetricGroup.HOLDINGS], as_of=on)
        days = app.portfolios.days(actor, portfolio_id)
        tags, groups = app.labels.tags_of(actor, portfolio_id), app.labels.groups_of(actor, portfolio_id)
        conflicts = app.register.describe(actor, portfolio_id, as_of=on).conflicts
    portfolio = standing.portfolio
    weights = [None if math.isnan(line.weight_pct) else line.weight_pct for line in sheet.holdings]
    if as_json:
        holdings = [
            {**output.plain(line), "weight_pct": weight}
            for line, weight in zip(portfolio.holdings, weights, strict=True)
        ]
        output.document(
            {
                **output.plain(portfolio),
                "benchmark": dict(portfolio.benchmark),
                "holdings": holdings,
                "days": days,
                "revision": standing.revision,
                "tags": tags,
                "groups": groups,
                "conflicts": conflicts,
            }
        )
        return 0
    sample = " (sample)" if portfolio.is_sample else ""
    output.line(f"{portfolio.name}{sample}: {portfolio.as_of}, {portfolio.base_currency}, region {portfolio.region}")
    benchmark = ", ".join(f"{symbol} {weight * 100:f} %" for symbol, weight in portfolio.benchmark)
    for label, words in (
        ("Rule sets", ", ".join(portfolio.regimes)),
        ("Benchmark", benchmark),
        ("Tags", ", ".join(tags)),
        ("Groups", ", ".join(groups)),
        ("Revision", str(standing.revision) if standing.revision > 1 else ""),
    ):
        if words:
            output.line(f"{label}: {words}")
    output.line(_headline(sheet))
    output.table(
        ("symbol", "name", "class", "sector", "country", "value", "", "weight %"),
        (
            (
                line.symbol,
                line.name,
                line.asset_class.value,
                line.sector,
                line.country,
                f"{line.market_value:,.2f}",
                line.currency,
                "unknown" if weight is None else f"{weight:.2f}",
            )
            for line, weight in zip(portfolio.holdings, weights, strict=True)
        ),
        right=("value", "weight %"),
    )
    for conflict in conflicts:
        output.line(f"Differs from the register: {conflict.message}")
    return 0


def metrics(
    portfolio_id: str,
    group: Annotated[
        list[str] | None,
        typer.Option(
            metavar="GROUP", help=f"Group of metrics; may be repeated. One of: {', '.join((*MetricGroup, _EVERY))}."
        ),
    ] = None,
    as_of: AsOf = None,
    as_json: AsJson = False,
) -> int:
    """Show a portfolio's facts, and why others are not there. Models are not told of lookthrough and intervals."""
    groups = _groups(group or [])
    on = day(as_of, "--as-of")
    with opened() as (app, actor):
        sheet = app.figures.sheet(actor, portfolio_id, groups=groups, as_of=on)
    if as_json:
        output.document(
            {
                "portfolio_id": sheet.portfolio_id,
                "as_of": sheet.as_of,
                "groups": groups,
                "metrics": [
                    {
                        "metric_id": fact.metric_id,
                        "value": fact.value,
                        "unit": fact.unit,
                        "currency": fact.currency,
                        "period": fact.period,
                        "badge": fact.badge,
                        "definition": fact.definition,
                        "version": fact.version,
                    }
                    for fact in sheet.facts
                ],
                "absent": sheet.absent,
            }
        )
        return 0
    output.table(
        ("metric", "value", "unit", "period", "badge", "version"),
        (
            (
                fact.metric_id,
                fact.shown,
                fact.currency or fact.unit.value,
                fact.period,
                fact.badge.value,
                str(fact.version),
            )
            for fact in sheet.facts
        ),
        right=("value", "version"),
    )
    for absent in sheet.absent:
        doubtful = absent.metric_id.startswith(DOUBT)
        output.line(f"Doubtful: {absent.reason}" if doubtful else f"Not computed: {absent.metric_id}: {absent.reason}")
    return 0


def _groups(words: list[str]) -> tuple[MetricGroup, ...]:
    """The groups that were asked for, in the order in which sheets state them."""
    if _EVERY in words:
        return tuple(MetricGroup)
    unknown = next((word for word in words if word not in tuple(MetricGroup)), None)
    if unknown is not None:
        raise BadInput(f"There is no group of metrics '{unknown}'. Use: {', '.join((*MetricGroup, _EVERY))}.")
    return tuple(one for one in MetricGroup if one in words) or DEFAULT_GROUPS


def _headline(sheet: FactSheet) -> str:
    facts = sheet.by_id()
    return " · ".join(
        f"{metric_id.replace('_', ' ')} {_said(facts[metric_id])}" if metric_id in facts else f"{metric_id} unknown"
        for metric_id in _HEADLINE
    )


def _said(fact: Fact) -> str:
    if fact.unit is Unit.CCY:
        return f"{fact.value:,.2f} {fact.currency}"
    return f"{fact.shown} %" if fact.unit is Unit.PCT else fact.shown
