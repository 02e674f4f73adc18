"""One command that brings in 10,000 portfolios, the same command again, and a million lines looked at."""

from __future__ import annotations

import contextlib
import csv
import os
from decimal import Decimal
from pathlib import Path
from typing import Any

from core.cli.main import run as run_command
from tests.bench import world
from tests.bench.measure import Figures, Watch, child, rounds
from tests.bench.report import Row, Target

PORTFOLIOS = 10_000
MILLION = 20_000
"""Portfolios of 50 lines: a million of them, and over 100 MB."""

_HEADER = (
    "date", "account", "symbol", "isin", "name", "asset_class", "quantity", "price", "currency", "market_value",
    "sector", "country",
)  # fmt: skip


def run(folder: Path, runs: int) -> tuple[list[Row], list[Target]]:
    """Import into a new database each time; rows for the table."""
    path = str(folder / "positions.csv")
    size = child("bench_import:write", path=path, count=PORTFOLIOS)["bytes"]
    fresh: list[Figures] = []
    again: list[Figures] = []
    for number in range(runs):
        arguments = {"path": path, "home": str(folder / f"home-{number}")}
        fresh.append(child("bench_import:command", **arguments))
        again.append(child("bench_import:command", **arguments))
    floor = rounds({"floor": ("bench_import:floor", {"path": path})}, runs)["floor"]
    first, second = _middle(fresh), _middle(again)
    lines = PORTFOLIOS * world.LINES
    rows = [
        Row(f"import {PORTFOLIOS:,} x {world.LINES} lines, {size / 1e6:.0f} MB of CSV", first, lines),
        Row("the same file again: nothing changes", second, lines, of=first),
        Row("floor: csv.reader and three Decimals a line", floor, lines, of=first),
    ]
    more, reached = _million(folder, runs)
    return rows + more, [
        Target("portfolios stored", first["stored"], PORTFOLIOS),
        Target("peak MB", first.peak_mb, 1_000, most=True),
        *reached,
    ]


def _million(folder: Path, runs: int) -> tuple[list[Row], list[Target]]:
    """A million lines to portfolios, against every cell kept as it is, and against the floor."""
    path = str(folder / "million.csv")
    size = child("bench_import:write", path=path, count=MILLION)["bytes"]
    ways = rounds(
        {name: (f"bench_import:{name}", {"path": path}) for name in ("look", "naive", "floor")}, runs
    )  # fmt: skip
    ours, lines = ways["look"], MILLION * world.LINES
    Path(path).unlink()
    return [
        Row(f"look at {lines:,} lines, {size / 1e6:.0f} MB of CSV", ours, lines),
        Row("naive: a dictionary a line, and its numbers", ways["naive"], lines, of=ours),
        Row("floor: csv.reader and three Decimals a line", ways["floor"], lines, of=ours),
    ], [
        Target("lines read", ours["lines"], lines),
        Target("MB in the file", size / 1e6, 100),
        Target("seconds", ours.seconds, 60, most=True),
        Target("peak MB of a million lines", ours.peak_mb, 600, most=True),
    ]


def _middle(figures: list[Figures]) -> Figures:
    return sorted(figures, key=lambda one: one.seconds)[len(figures) // 2]


def write(path: str, count: int) -> dict[str, Any]:
    """A canonical positions file."""
    watch = Watch()
    with watch, Path(path).open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(_HEADER)
        for portfolio in world.portfolios(count):
            for line in portfolio.holdings:
                out.writerow(
                    (
                        portfolio.as_of,
                        portfolio.account,
                        line.symbol,
                        line.isin,
                        line.name,
                        line.asset_class.value,
                        line.quantity,
                        line.price,
                        line.currency,
                        line.market_value,
                        line.sector,
                        line.country,
                    )
                )
    return watch.figures(bytes=Path(path).stat().st_size)


def command(path: str, home: str) -> dict[str, Any]:
    """`mosychlos portfolio import FILE`, its table thrown away."""
    os.environ["MOSYCHLOS_HOME"] = home
    os.environ.pop("MOSYCHLOS_DATABASE_URL", None)
    watch = Watch()
    with watch, Path(os.devnull).open("w") as nowhere, contextlib.redirect_stdout(nowhere):
        code = run_command(["portfolio", "import", path])
    if code:
        raise RuntimeError(f"the import ended with {code}")
    from core.storage.store import Store

    return watch.figures(stored=Store(f"sqlite:///{Path(home) / 'mosychlos.db'}").portfolios.count())


def look(path: str) -> dict[str, Any]:
    """A file to portfolios, as every import and every preview begins."""
    from core.intake.reading import read_file

    watch = Watch()
    with watch:
        intake = read_file(path)
    if intake.problems:
        raise RuntimeError(intake.problems[0].message)
    return watch.figures(lines=sum(len(portfolio.holdings) for portfolio in intake.portfolios))


def naive(path: str) -> dict[str, Any]:
    """What a short script does: every row a dictionary, its numbers as Decimals, all of them kept."""
    watch = Watch()
    with watch, Path(path).open(encoding="utf-8", newline="") as file:
        kept = [
            {**row, **{name: Decimal(row[name]) for name in ("quantity", "price", "market_value")}}
            for row in csv.DictReader(file)
        ]
    return watch.figures(lines=len(kept))


def floor(path: str) -> dict[str, Any]:
    """What reading cells and numbers costs alone."""
    watch, lines = Watch(), 0
    with watch, Path(path).open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        next(rows)
        for row in rows:
            Decimal(row[6]), Decimal(row[7]), Decimal(row[9])
            lines += 1
    return watch.figures(lines=lines)
