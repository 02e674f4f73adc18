"""What the pages ask while 1,000, 50,000 and 1,000,000 results are stored, by page and by the size of the run."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import Any

from core.app import App
from core.desk.job_summary import OUTLIERS
from core.domain.actor import LOCAL
from core.domain.analysis import Kind
from core.domain.filters import EVERY_PORTFOLIO, JobFilter
from core.domain.job import JobState
from tests.bench.live import SPEED, opened
from tests.bench.measure import Figures, child, sized
from tests.bench.report import Row, Target
from tests.local_provider import LocalProvider

BASE = 1_000
GROWN: dict[int, tuple[int, ...]] = {1: (1,), 50: (49, 1), 1_000: (200, 200, 200, 200, 150, 49, 1)}
"""Thousands of results: jobs of so many thousands each."""

MOST_MS = 200
OVERVIEW, RUNS, RUN, EXPLORE, ANSWER = "Overview", "Runs", "Run of", "Explore of", "the last answer of a run of"
_HELD = 5
_TIMES = 5
_PAGE = 25
_ASKED_ABOUT = (1, 49, 200)
"""Sizes of jobs that are looked at."""

_ACTIVE = (JobState.QUEUED, JobState.RUNNING, JobState.PAUSED)
_FINISHED = (JobState.DONE, JobState.PARTIAL)
_TROUBLED = (JobState.ATTENTION, JobState.FAILED, JobState.PARTIAL)

Question = Callable[[], object]


def run(folder: Path, runs: int) -> tuple[list[Row], list[Target]]:
    """Run one job, grow it, ask; rows for the table and what was to be reached."""
    base, home, unit = str(folder / "base"), str(folder / "home"), sized(BASE)
    child("live:store", home=base, count=unit, held=_HELD)
    child("live:submit", home=base)
    with LocalProvider(folder / "provider").start(speed=SPEED) as provider:
        child("live:work", home=base, url=provider.base_url)
    rows: list[Row] = []
    found: dict[tuple[int, str, int], Figures] = {}
    for stored, sizes in GROWN.items():
        grown = child("grown:grow", base=base, home=home, sizes=list(sizes))
        asked = child("bench_growth:ask", home=home, jobs=grown["jobs"], times=_TIMES * runs)
        shutil.rmtree(home)
        rows.append(Row(f"{grown['results']:,} results, {grown['database_mb']:,.0f} MB", asked))
        for page in asked["pages"]:
            figures = Figures(page["seconds"], page["cpu_seconds"], asked.peak_mb)
            found[stored, page["name"], page["size"]] = figures
            slowest = f"{page['slowest']} {page['slowest_cpu'] * 1000:,.0f} ms"
            rows.append(Row(f"  {_label(page['name'], page['size'], unit)} ({slowest})", figures))
    most = max(GROWN)
    largest = max(GROWN[most])
    asked_most = {(name, size): figures for (stored, name, size), figures in found.items() if stored == most}
    targets = [
        Target(f"CPU ms: {_label(name, size, unit)}", figures.cpu_seconds * 1000, MOST_MS, most=True)
        for (name, size), figures in asked_most.items()
    ]
    for name, size in ((OVERVIEW, 0), (RUNS, 0), (RUN, 1), (EXPLORE, 1)):
        more = asked_most[name, size].cpu_seconds - found[1, name, size].cpu_seconds
        what = f"CPU ms more with {most * unit:,} stored than with {unit:,}: {_label(name, size, unit)}"
        targets.append(Target(what, more * 1000, 20, most=True))
    for name in (RUN, EXPLORE):
        slope = asked_most[name, largest].cpu_seconds / asked_most[name, 49].cpu_seconds
        what = f"CPU times, {_label(name, largest, unit)} against {49 * unit:,} (linear is {largest / 49:.1f})"
        targets.append(Target(what, slope, 1.25 * largest / 49, most=True))
    return rows, targets


def _label(name: str, size: int, unit: int) -> str:
    return f"{name} {size * unit:,}" if size else name


def ask(home: str, jobs: dict[str, int], times: int) -> dict[str, Any]:
    """Every question of every page, several times; medians of each, summed by page.

    Answers that the dashboard keeps between drawings are asked for anew each time: this is a first visit.
    """
    app, pages = opened(home), []
    for name, size, questions in _pages(app, {size: job_id for job_id, size in jobs.items()}):
        walls, cpus = {}, {}
        for label, question in questions.items():
            question()  # what it reads of the database is in memory then, as it is on a busy server
            marks = [_timed(question) for _ in range(times)]
            walls[label], cpus[label] = (median(each) for each in zip(*marks, strict=True))
        slowest = max(cpus, key=lambda label: cpus[label])
        pages.append(
            {
                "name": name, "size": size, "seconds": sum(walls.values()), "cpu_seconds": sum(cpus.values()),
                "slowest": slowest, "slowest_cpu": cpus[slowest],
            }
        )  # fmt: skip
    app.close()
    return {**{name: sum(page[name] for page in pages) for name in ("seconds", "cpu_seconds")}, "pages": pages}


def _timed(question: Question) -> tuple[float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    question()
    return time.perf_counter() - wall, time.process_time() - cpu


def _pages(app: App, jobs: dict[int, str]) -> Iterator[tuple[str, int, dict[str, Question]]]:
    since = app.now() - timedelta(days=30)
    yield (
        OVERVIEW,
        0,
        {
            "counts by state": lambda: app.jobs.count_by_state(LOCAL),
            "totals": lambda: app.jobs.totals(LOCAL, since=since),
            "spend": lambda: app.jobs.spend(LOCAL),
            "budgets": lambda: app.oversight.budgets(LOCAL),
            "notices": lambda: app.oversight.notices(LOCAL),
            "active": lambda: app.jobs.page(LOCAL, JobFilter(states=_ACTIVE), limit=6),
            "troubled": lambda: app.jobs.page(LOCAL, JobFilter(states=_TROUBLED), limit=6),
            "latest": lambda: _latest(app),
        },
    )
    yield (
        RUNS,
        0,
        {
            "counts by state": lambda: app.jobs.count_by_state(LOCAL),
            "count": lambda: app.jobs.count(LOCAL),
            "page": lambda: app.jobs.page(LOCAL, limit=_PAGE),
            "search": lambda: app.jobs.page(LOCAL, JobFilter(search="mini", kind=Kind.RISK), limit=_PAGE),
            "sets": lambda: app.sets.page(LOCAL, limit=_PAGE),
            "alerts": lambda: app.jobs.alerts(LOCAL),
        },
    )
    for name, questions in ((RUN, _run), (EXPLORE, _explore), (ANSWER, _answer)):
        for size in _ASKED_ABOUT:
            if size in jobs:
                yield name, size, questions(app, jobs[size])


def _latest(app: App) -> object:
    return app.oversight.checked(
        LOCAL, [row.job_id for row in app.jobs.latest(LOCAL, JobFilter(states=_FINISHED), limit=6)]
    )


def _run(app: App, job_id: str) -> dict[str, Question]:
    return {
        "job": lambda: app.jobs.get(LOCAL, job_id),
        "batches": lambda: app.jobs.shards(LOCAL, job_id),
        "causes": lambda: app.oversight.causes(LOCAL, job_id),
        "summary": lambda: app.jobs.summary(LOCAL, job_id, outliers=OUTLIERS),
        "count": lambda: app.jobs.count_items(LOCAL, job_id),
        "first page": lambda: app.jobs.items(LOCAL, job_id, with_analysis=False, limit=_PAGE),
        "events": lambda: app.jobs.events(LOCAL, job_id),
        "ledger": lambda: app.oversight.ledger(LOCAL, job_id),
    }


def _explore(app: App, job_id: str) -> dict[str, Question]:
    return {
        "runs offered": lambda: app.jobs.page(LOCAL, JobFilter(states=_FINISHED), limit=100),
        "regions": lambda: app.portfolios.count_by_region(LOCAL),
        "grades": lambda: app.results.grades(LOCAL, job_id, EVERY_PORTFOLIO),
        "summary": lambda: app.jobs.summary(LOCAL, job_id, outliers=OUTLIERS),
        "tally": lambda: app.results.tally(LOCAL, job_id, EVERY_PORTFOLIO),
        "spread": lambda: app.results.spread(LOCAL, job_id, EVERY_PORTFOLIO),
        "points": lambda: app.results.points(LOCAL, job_id, EVERY_PORTFOLIO, limit=5_000),
        "flagged": lambda: app.results.flagged(LOCAL, job_id, EVERY_PORTFOLIO, limit=10),
        "matrix": lambda: app.results.matrix(LOCAL, job_id, EVERY_PORTFOLIO, limit=30),
    }


def _answer(app: App, job_id: str) -> dict[str, Question]:
    count = app.jobs.get(LOCAL, job_id).row.counts.total
    last = app.jobs.items(LOCAL, job_id, with_analysis=False, limit=1, offset=count - 1)[0].custom_id
    return {
        "item": lambda: app.jobs.item(LOCAL, job_id, last),
        "facts": lambda: app.jobs.facts(LOCAL, job_id, last),
    }
