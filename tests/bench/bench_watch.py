"""1,000 batches that go on at the provider: one list for many of them against asking for each."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from core.app import App
from core.domain.actor import LOCAL
from core.domain.analysis import AnalysisRequest, Kind
from core.domain.batch import ENDED
from core.drafts.drafting import Drafter
from core.drafts.submission import Submission, WantedJob
from core.metrics.fx import EcbRates
from core.worker.context import Context
from core.worker.steps import advance, claim_due
from core.worker.watch import look, take_running, watch
from tests.bench.bench_prepare import library
from tests.bench.live import MODEL, opened
from tests.bench.measure import Figures, Watch, child, sized
from tests.bench.report import Row, Target
from tests.local_provider import LocalProvider

BATCHES = 1_000
_HELD = 3
_SWEEPS = 3
_OWNER = "bench"


def run(folder: Path, runs: int) -> tuple[list[Row], list[Target]]:  # sweeps are repeated inside
    """Submit, then sweep in both ways; rows for the table and what was to be reached."""
    count, home = sized(BATCHES), str(folder / "home")
    child("live:store", home=home, count=count, held=_HELD)
    # At a fifth of its true pace a batch lives for over an hour: none ends while it is measured.
    with LocalProvider(folder / "provider").start(speed=0.2) as provider:
        found = child("bench_watch:sweeps", home=home, url=provider.base_url, count=count)
    rows, ways = [], {}
    for name, label in (("look", "the worker's sweep, by the list"), ("each", "the same sweep, asking for each")):
        way = found[name]
        ways[name] = Figures(way["seconds"], way["cpu_seconds"], found.peak_mb, way)
        rows.append(Row(f"{label}: {way['calls']:,} calls", ways[name], count, of=ways.get("look")))
    for name, label in (("list", "the list alone"), ("check", "asking for each alone")):
        way = found[name]
        figures = Figures(way["seconds"], way["cpu_seconds"], found.peak_mb, way)
        ways[name] = figures
        rows.append(Row(f"  {label}, nothing stored: {way['calls']:,} calls", figures, count, of=ways.get("list")))
    sent = Figures(found["sent_seconds"], found["sent_cpu"], found.peak_mb)
    return [Row(f"{count:,} batches of one request sent", sent, count), *rows], [
        Target("batches active while measured", found["active"], count),
        Target("calls a sweep, times fewer by the list", found["each"]["calls"] / found["look"]["calls"], 5),
        Target("CPU of the worker a sweep, times less", ways["each"].cpu_seconds / ways["look"].cpu_seconds, 5),
        Target("CPU of the calls alone, times less", ways["check"].cpu_seconds / ways["list"].cpu_seconds, 5),
        Target("batches whose last contact the sweep stored", found["look"]["seen"], count),
    ]


def sweeps(home: str, url: str, count: int) -> dict[str, Any]:
    """Send every batch with the worker's own steps, then look at all of them in both ways, several times."""
    app = opened(home, url)
    provider = app.provider()
    context = app.context(provider)
    _submit(app, home)
    sending = Watch()
    with sending:
        while claims := claim_due(context, owner=_OWNER, limit=100):
            for claim in claims:
                advance(context, claim)
    ids = [shard.batch_id or "" for shard in app.jobs.shards(LOCAL, app.jobs.page(LOCAL)[0].job_id)]

    def by_list(at: Context) -> None:
        look(at, take_running(at, owner=_OWNER))

    def one_by_one(at: Context) -> None:
        for claim in take_running(at, owner=_OWNER):
            at.store.shards.release(claim, due=watch(at, claim, at.store.shards.get(claim.shard_id)))

    def listed(at: Context) -> None:
        assert {batch.batch_id for batch in at.provider.list_batches()} >= set(ids)

    def checked(at: Context) -> None:
        assert all(at.provider.check(batch_id).batch_id == batch_id for batch_id in ids)

    ways: dict[str, tuple[Callable[[Context], None], Watch]] = {
        "look": (by_list, Watch()), "each": (one_by_one, Watch()),
        "list": (listed, Watch()), "check": (checked, Watch()),
    }  # fmt: skip
    calls, seen = dict.fromkeys(ways, 0), 0
    now = app.now()
    for number in range(_SWEEPS):
        for place, (name, (sweep, watched)) in enumerate(ways.items()):
            # Each sweep is a little later than the one before, so that every batch is due for a look.
            now += timedelta(minutes=10)
            at = replace(context, clock=_fixed(now))
            before = _calls(url)
            with watched:
                sweep(at)
            calls[name] += _calls(url) - before
            if number == _SWEEPS - 1 and place == 0:
                seen = sum(shard.last_contact_at == now for shard in _shards(app))
    active = sum(batch.status not in ENDED for batch in provider.list_batches())
    app.close()
    return {
        **sending.figures(), "sent_seconds": sending.seconds, "sent_cpu": sending.cpu_seconds, "active": active,
        **{
            name: {
                "seconds": watched.seconds / _SWEEPS, "cpu_seconds": watched.cpu_seconds / _SWEEPS,
                "calls": round(calls[name] / _SWEEPS), "seen": seen,
            }
            for name, (_, watched) in ways.items()
        },
    }  # fmt: skip


def _submit(app: App, home: str) -> None:
    """A job whose every request is a batch of its own."""
    drafter = Drafter(app._store, EcbRates(), library(), shard_requests=1, identity=app.identity)
    submission = Submission(app._store, drafter, app.budgets, Path(home), app.now, identity=app.identity)
    request = AnalysisRequest(Kind.RISK, tuple(app.portfolios.ids(LOCAL)), MODEL)
    submission.submit(LOCAL, [WantedJob(request)], nonce=None, force=True, needed_by=None)


def _shards(app: App) -> list[Any]:
    return app.jobs.shards(LOCAL, app.jobs.page(LOCAL)[0].job_id)


def _fixed(moment: datetime) -> Callable[[], datetime]:
    return lambda: moment


def _calls(url: str) -> int:
    """Calls of the API that the server has taken."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url.removesuffix("/v1") + "/_local/counts", timeout=10) as answer:
        return sum(json.loads(answer.read())["calls"].values())
