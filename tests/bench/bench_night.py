"""A night's run: 500 portfolios, eight analyses each, from the set's preview to the last job settled."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from core.app import App
from core.desk.sets import SetWish
from core.domain.actor import LOCAL
from core.domain.analysis import AnalysisRequest, Kind
from core.domain.portfolio import Portfolio
from tests.bench.live import MODEL, SPEED, opened
from tests.bench.measure import Figures, Watch, child, cpu_of, sized
from tests.bench.report import Row, Target
from tests.local_provider import LocalProvider

PORTFOLIOS = 500
KINDS = tuple(kind for kind in Kind if kind is not Kind.COMMITTEE_BRIEF)
"""Every analysis that can be asked for on the same night; a brief needs the answers of these first."""

_CHUNK = 100


def run(folder: Path, runs: int) -> tuple[list[Row], list[Target]]:  # minutes long: run once
    """Store, prepare, submit, work, count; rows for the table and what was to be reached."""
    count, home = sized(PORTFOLIOS), str(folder / "home")
    child("bench_night:store", home=home, count=count)
    prepared = child("bench_night:prepare", home=home)
    sent = child("bench_night:submit", home=home)
    with LocalProvider(folder / "provider").start(speed=SPEED) as provider:
        worked = child("live:work", home=home, url=provider.base_url)
        created, server = int(provider.counts()["created"]), cpu_of(provider.pid)
    kept = child("live:kept", home=home)
    requests = count * len(KINDS)
    whole = Figures(
        prepared.seconds + sent.seconds + worked.seconds,
        prepared.cpu_seconds + sent.cpu_seconds + worked.cpu_seconds,
        max(prepared.peak_mb, sent.peak_mb, worked.peak_mb),
    )
    rows = [
        Row(f"prepare: {count:,} portfolios, {len(KINDS)} analyses, prices", prepared, requests),
        Row(f"submit: {kept['jobs']} jobs, {kept['files_mb']:,.0f} MB of files with results", sent, requests),
        Row("work: sent, watched, collected, checked, settled", worked, requests),
        Row(f"  of which the local server answering: {server:,.0f} CPU s", Figures(worked.seconds, server, 0)),
        Row(f"the night: database {kept['database_mb']:,.0f} MB, ${kept['cost_usd']:,.2f}", whole, requests),
    ]
    return rows, [
        Target("requests stored", kept["requests"], requests),
        Target("requests that ended", kept["results"], requests),
        Target("requests with an answer", kept["succeeded"], requests),
        Target("batches created twice", created - kept["shards"], 0, most=True),
        Target("CPU ms a request, preview to settled", whole.cpu_seconds / requests * 1000, 60, most=True),
        Target("peak MB", whole.peak_mb, 400, most=True),
    ]


def store(home: str, count: int) -> dict[str, Any]:
    """The samples with their prices, and copies of those that every analysis can be asked about."""
    app, watch = opened(home), Watch()
    app.portfolios.add_samples(LOCAL)
    samples = tuple(app.portfolios.ids(LOCAL))
    preview = app.sets.preview(LOCAL, _wish(samples), suggest=False)
    refused = {portfolio_id for part in preview.found for portfolio_id in part.refused}
    fit = app._store.portfolios.load([one for one in samples if one not in refused])
    coming = _copies(fit, count)
    while chunk := list(islice(coming, _CHUNK)):
        with watch:
            app._store.portfolios.save(chunk, lambda _: None, actor="bench", at=datetime.now(UTC))
    app.close()
    return watch.figures(fit=len(fit))


def _copies(fit: list[Portfolio], count: int) -> Iterator[Portfolio]:
    for number, portfolio in zip(range(count), cycle(fit), strict=False):
        name = f"{portfolio.name} {number:03d}"
        yield replace(portfolio, portfolio_id=f"night-{number:03d}", name=name, account=name)


def prepare(home: str) -> dict[str, Any]:
    """Build, count and price all of it, as the page does before anybody says yes."""
    app, watch = opened(home), Watch()
    with watch:
        found = app.sets.preview(LOCAL, _wish(_nights(app)), suggest=False)
    app.close()
    return watch.figures(requests=found.requests)


def submit(home: str) -> dict[str, Any]:
    """One job an analysis."""
    app, watch = opened(home), Watch()
    with watch:
        app.sets.submit(LOCAL, _wish(_nights(app)), force=True, again=True)
    app.close()
    return watch.figures()


def _nights(app: App) -> tuple[str, ...]:
    return tuple(one for one in app.portfolios.ids(LOCAL) if one.startswith("night-"))


def _wish(portfolio_ids: tuple[str, ...]) -> SetWish:
    return SetWish(KINDS, (MODEL,), AnalysisRequest(Kind.RISK, portfolio_ids, MODEL))
