"""Stored portfolios to a priced wish, and to a job on disk and in the database."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from core.drafts.drafting import Drafter
from core.metrics.fx import EcbRates
from core.storage.store import Store
from tests.bench import world
from tests.bench.bench_prepare import AT, asked, library
from tests.bench.measure import Watch, child, rounds
from tests.bench.report import Row, Target

PORTFOLIOS = 10_000
FEW = 500


def run(folder: Path, runs: int) -> tuple[list[Row], list[Target]]:
    """Estimates of both sizes and a whole draft; rows for the table and what was to be reached."""
    url = f"sqlite:///{folder / 'mosychlos.db'}"
    child("bench_draft:store", url=url, count=PORTFOLIOS)
    found = rounds(
        {
            "few": ("bench_draft:estimate", {"url": url, "count": FEW}),
            "all": ("bench_draft:estimate", {"url": url, "count": PORTFOLIOS}),
            "job": ("bench_draft:job", {"url": url, "count": PORTFOLIOS, "folder": str(folder / "job")}),
        },
        runs,
    )
    few, whole, job = found["few"], found["all"], found["job"]
    rows = [
        Row(f"estimate {FEW:,} portfolios of {world.LINES} lines", few, FEW),
        Row(f"estimate {PORTFOLIOS:,}", whole, PORTFOLIOS),
        Row(f"a job of {PORTFOLIOS:,}: {job['mb']:,.0f} MB requests, {job['facts_mb']:,.0f} MB facts", job, PORTFOLIOS),
    ]
    return rows, [
        Target(f"seconds to estimate {FEW:,}", few.seconds, 1, most=True),
        Target(f"seconds to estimate {PORTFOLIOS:,}", whole.seconds, 3, most=True),
    ]


def store(url: str, count: int) -> dict[str, Any]:
    """Keep portfolios, as an import does."""
    opened = Store(url)
    opened.upgrade()
    watch = Watch()
    with watch:
        opened.portfolios.save(list(world.portfolios(count)), lambda _: None, actor="bench", at=AT)
    return watch.figures()


def estimate(url: str, count: int) -> dict[str, Any]:
    """Load, compute facts, build, count and price, keeping nothing."""
    drafter, ids = _ready(url, count)
    watch = Watch()
    with watch:
        drafter.measure(asked(ids), AT)
    return watch.figures()


def job(url: str, count: int, folder: str) -> dict[str, Any]:
    """The same, with the requests, their facts and their rows written."""
    drafter, ids = _ready(url, count)
    place, watch = Path(folder), Watch()
    job_id = f"bench-{len(list(place.glob('*')))}"
    with watch:
        built = drafter.write(job_id, asked(ids), place / job_id, AT)
    facts = (place / job_id / "facts.jsonl").stat().st_size
    return watch.figures(mb=sum(file.bytes for file in built.files) / 1e6, facts_mb=facts / 1e6)


def _ready(url: str, count: int) -> tuple[Drafter, tuple[str, ...]]:
    opened = Store(url)
    return Drafter(opened, EcbRates(), library()), tuple(opened.portfolios.ids()[:count])
