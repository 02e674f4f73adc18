"""One page of 10,000 portfolios, by search, tag and group."""

from __future__ import annotations

import time
from decimal import Decimal
from pathlib import Path
from statistics import median
from typing import Any

from core.storage.store import Store
from tests.bench import world
from tests.bench.bench_prepare import AT
from tests.bench.measure import Watch, child
from tests.bench.report import Row, Target

PORTFOLIOS = 10_000
ASKED: dict[str, dict[str, Any]] = {
    "first page": {},
    "last page": {"offset": 9_900},
    "search": {"search": "client 00999"},
    "tag": {"tag": "core"},
    "tag and group": {"tag": "watch", "group": "desk"},
    "group and search": {"group": "desk", "search": "1"},
}
_TIMES = 20


def run(folder: Path, runs: int) -> tuple[list[Row], list[Target]]:
    """The slowest way to ask decides; the others are rows for comparison."""
    url = f"sqlite:///{folder / 'mosychlos.db'}"
    child("bench_search:store", url=url)
    found = {name: child("bench_search:page", url=url, name=name) for name in ASKED}
    rows = [Row(f"50 of {PORTFOLIOS:,} and their count: {name}", figures, 1) for name, figures in found.items()]
    slowest = max(figures.seconds for figures in found.values())
    return rows, [Target("ms of the slowest page", slowest * 1000, 50, most=True)]


def store(url: str) -> dict[str, Any]:
    """Portfolios, a third of them tagged, a seventh in a group."""
    opened, watch = Store(url), Watch()
    opened.upgrade()
    with watch:
        opened.portfolios.save(list(world.portfolios(PORTFOLIOS, lines=1)), lambda _: Decimal(1), actor="bench", at=AT)
        ids = opened.portfolios.ids()
        opened.groups.tag(ids[::3], add=["core"], actor="bench", at=AT)
        opened.groups.tag(ids[::50], add=["watch"], actor="bench", at=AT)
        opened.groups.change_group("desk", add=ids[::7], actor="bench", at=AT)
    return watch.figures()


def page(url: str, name: str) -> dict[str, Any]:
    """The median of many times."""
    opened, asked, took = Store(url), ASKED[name], []
    counted = {key: value for key, value in asked.items() if key != "offset"}
    for _ in range(_TIMES):
        started = time.perf_counter()
        opened.portfolios.page(limit=50, **asked)
        opened.portfolios.count(**counted)
        took.append(time.perf_counter() - started)
    return {"seconds": median(took)}
