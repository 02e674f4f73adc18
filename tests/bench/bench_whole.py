"""50,000 requests through the local server on SQLite, from submitting to settled: the size of one full batch."""

from __future__ import annotations

from pathlib import Path

from tests.bench.live import SPEED
from tests.bench.measure import Figures, child, cpu_of, sized
from tests.bench.report import Row, Target
from tests.local_provider import LocalProvider

REQUESTS = 50_000
HELD = 5
"""Holdings a portfolio, as in the measurements of preparing and of reading alone."""


def run(folder: Path, runs: int) -> tuple[list[Row], list[Target]]:  # minutes long: run once
    """Store, submit, work, count; rows for the table and what was to be reached."""
    count, home = sized(REQUESTS), str(folder / "home")
    stored = child("live:store", home=home, count=count, held=HELD)
    submitted = child("live:submit", home=home)
    with LocalProvider(folder / "provider").start(speed=SPEED) as provider:
        worked = child("live:work", home=home, url=provider.base_url)
        created, server = int(provider.counts()["created"]), cpu_of(provider.pid)
    kept = child("live:kept", home=home)
    both = Figures(
        submitted.seconds + worked.seconds,
        submitted.cpu_seconds + worked.cpu_seconds,
        max(submitted.peak_mb, worked.peak_mb),
    )
    rows = [
        Row(f"{count:,} portfolios of {HELD} lines stored", stored, count),
        Row(f"submitted: {kept['shards']:,} batches, files {kept['files_mb']:,.0f} MB with results", submitted, count),
        Row("worked: sent, watched, collected, checked, settled", worked, count),
        Row(f"  of which the local server answering: {server:,.0f} CPU s", Figures(worked.seconds, server, 0)),
        Row(f"submit to settled: database {kept['database_mb']:,.0f} MB, ${kept['cost_usd']:,.2f}", both, count),
    ]
    return rows, [
        Target("results stored", kept["results"], count),
        Target("results with an answer", kept["succeeded"], count),
        Target("batches created twice, requests ended twice", created - kept["shards"] + kept["twice"], 0, most=True),
        Target("ledger rows missing", kept["shards"] - kept["ledger"], 0, most=True),
        Target("CPU ms a request, submit to settled", both.cpu_seconds / count * 1000, 5, most=True),
        Target("kB of database a request", kept["database_mb"] * 1000 / count, 20, most=True),
        Target("peak MB of the submitting process", submitted.peak_mb, 300, most=True),
        Target("peak MB of the worker, four batches read at once", worked.peak_mb, 600, most=True),
    ]
