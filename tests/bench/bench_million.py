"""A million requests from 20,000 portfolios: all prepared, a tenth of them submitted, in memory that does not grow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from core.desk.sets import SetWish
from core.domain.actor import LOCAL
from core.domain.analysis import AnalysisRequest, Kind
from core.metrics.scenarios import scenarios
from tests.bench.live import opened
from tests.bench.measure import Watch, child, sized
from tests.bench.report import Row, Target

PORTFOLIOS = 20_000
MODELS = ("gpt-5.4-mini", "gpt-5-mini", "gpt-4.1-mini", "gpt-5.4-nano", "gpt-6-luna")
SCENARIOS = 10
"""50 combinations a portfolio: five models, ten market scenarios each."""

_HELD = 5
_PART = 10


def run(folder: Path, runs: int) -> tuple[list[Row], list[Target]]:  # minutes long: run once
    """Prepare a tenth, prepare all, submit a tenth; rows for the table and what was to be reached."""
    count, home = sized(PORTFOLIOS, least=200), str(folder / "home")
    child("live:store", home=home, count=count, held=_HELD)
    tenth = child("bench_million:prepare", home=home, every=_PART)
    whole = child("bench_million:prepare", home=home, every=1)
    sent = child("bench_million:submit", home=home, every=_PART)
    kept = child("live:kept", home=home)
    rows = [
        Row(f"prepare {tenth['requests']:,}: built, counted, priced", tenth, tenth["requests"]),
        Row(f"prepare {whole['requests']:,} of {count:,} portfolios, {_HELD} lines", whole, whole["requests"]),
        Row(
            f"submit {sent['requests']:,}: {sent['shards']} batches, {kept['files_mb']:,.0f} MB", sent, sent["requests"]
        ),
    ]
    combinations = count * len(MODELS) * SCENARIOS
    slope = (whole.cpu_seconds / whole["requests"]) / (tenth.cpu_seconds / tenth["requests"])
    return rows, [
        Target("requests prepared", whole["requests"], combinations),
        Target("requests submitted and stored", kept["requests"], combinations / _PART),
        Target(f"peak MB, {tenth['requests']:,} prepared", tenth.peak_mb, 400, most=True),
        Target(f"peak MB, {whole['requests']:,} prepared", whole.peak_mb, 400, most=True),
        Target(f"peak MB, {sent['requests']:,} submitted", sent.peak_mb, 400, most=True),
        Target("MB more for ten times the requests", whole.peak_mb - tenth.peak_mb, 100, most=True),
        Target("CPU a request, all against a tenth", slope, 1.3, most=True),
    ]


def prepare(home: str, every: int) -> dict[str, Any]:
    """Build every request of every combination, count and price it, keep nothing: what a preview does."""
    app, watch = opened(home), Watch()
    with watch:
        found = app.sets.preview(LOCAL, _wish(tuple(app.portfolios.ids(LOCAL)[::every])), suggest=False)
    problems = [part.problem for part in found.parts if part.problem]
    if problems:
        raise RuntimeError(problems[0])
    app.close()
    return watch.figures(requests=found.requests)


def submit(home: str, every: int) -> dict[str, Any]:
    """The same for some of the portfolios, stored as jobs that a worker could send."""
    app, watch = opened(home), Watch()
    with watch:
        done = app.sets.submit(LOCAL, _wish(tuple(app.portfolios.ids(LOCAL)[::every])), force=True, again=True)
    app.close()
    return watch.figures(
        requests=sum(job.row.counts.total for job in done.jobs), shards=sum(job.row.shards for job in done.jobs)
    )


def _wish(portfolio_ids: tuple[str, ...]) -> SetWish:
    chosen = tuple(one.scenario_id for one in scenarios()[:SCENARIOS])
    base = AnalysisRequest(Kind.RISK, portfolio_ids, MODELS[0], scenarios=chosen)
    return SetWish((Kind.RISK,), MODELS, base)
