"""The whole program at work: portfolios stored, jobs submitted, a worker beside the local server until all is settled.

Each function is run in a process of its own (`measure.child`), as the submitting process and the worker are in life.
"""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from core.app import App, build
from core.domain.actor import LOCAL
from core.domain.analysis import AnalysisRequest, Kind
from core.domain.filters import JobFilter
from core.domain.job import JOB_ENDED, JobState
from core.settings import load
from core.storage.store import Store
from tests.bench import world
from tests.bench.measure import Watch

MODEL = "gpt-5.4-mini"
NOBODY = "http://127.0.0.1:9/v1"
"""Where no provider listens: enough to prepare and submit."""

SPEED = 1_000_000
"""Pretended seconds a real second of the local server: what is measured is work, not waiting."""

_CHUNK = 1_000
_POLL_SECONDS = 1.0
_LONGEST_SECONDS = 3_000
_OPEN = [state for state in JobState if state not in JOB_ENDED | {JobState.ATTENTION}]


def opened(home: str, url: str = NOBODY) -> App:
    """The program over one data directory. No limit of its own keeps it waiting, since none is what is measured."""
    return build(
        load(
            {
                "MOSYCHLOS_HOME": home,
                "OPENAI_BASE_URL": url,
                "OPENAI_API_KEY": "sk-bench",
                "MOSYCHLOS_SIMULATED": "yes",
                "MOSYCHLOS_POLL_SECONDS": str(_POLL_SECONDS),
                "MOSYCHLOS_ENQUEUED_TOKENS": "1000000000000",
                "MOSYCHLOS_REQUESTS_PER_MINUTE": "1000000",
                "MOSYCHLOS_BATCHES_PER_HOUR": "1000000",
            }
        )
    )


def store(home: str, count: int, held: int) -> dict[str, Any]:
    """Keep portfolios of so many lines, past the service, which would compute their totals."""
    app, watch = opened(home), Watch()
    coming = world.portfolios(count, lines=held)
    while chunk := list(islice(coming, _CHUNK)):
        with watch:
            app._store.portfolios.save(chunk, lambda _: None, actor="bench", at=datetime.now(UTC))
    app.close()
    return watch.figures()


def submit(home: str) -> dict[str, Any]:
    """One job about every portfolio, as a person submits it."""
    app, watch = opened(home), Watch()
    with watch:
        ids = tuple(app.portfolios.ids(LOCAL))
        job = app.jobs.submit(LOCAL, AnalysisRequest(Kind.RISK, ids, MODEL), force=True, again=True)
    app.close()
    return watch.figures(job=job.row.job_id, requests=job.row.counts.total)


def work(home: str, url: str) -> dict[str, Any]:
    """The real worker on its engine, from its start until no job is open; how long it takes to leave is left out."""
    app, stop = opened(home, url), threading.Event()
    ended: list[dict[str, Any]] = []
    watch = Watch()

    def until_settled() -> None:
        deadline = time.monotonic() + _LONGEST_SECONDS
        with watch:
            while app.jobs.count(LOCAL, JobFilter(states=_OPEN)) and time.monotonic() < deadline:
                time.sleep(0.2)
        ended.append(watch.figures())
        stop.set()

    waiting = threading.Thread(target=until_settled, name="until settled")
    worker = app.worker()
    waiting.start()
    worker.run(stop)
    waiting.join()
    app.close()
    return ended[0]


def kept(home: str) -> dict[str, Any]:
    """What is in the database after all of it.

    Returns:
        requests, results (rows), succeeded, twice (requests with more than one ending), shards, ledger (rows),
        cost_usd, database_mb, files_mb (requests, facts and result files).
    """
    from sqlalchemy import text

    place = Path(home)
    opened_store = Store(f"sqlite:///{place / 'mosychlos.db'}")
    questions = {
        "requests": "select count(*) from request",
        "results": "select count(*) from result",
        "succeeded": "select count(*) from result where status = 'succeeded'",
        "twice": "select (select count(*) from attempt) + (select count(*) from second_answer)",
        "shards": "select count(*) from shard",
        "ledger": "select count(*) from ledger",
        "nano": "select coalesce(sum(cost_nano), 0) from ledger",
        "done": "select count(*) from job where state = 'done'",
        "jobs": "select count(*) from job",
    }
    with opened_store.database.read() as connection:
        found = {name: int(connection.execute(text(query)).scalar_one()) for name, query in questions.items()}
    opened_store.close()
    return {
        "seconds": 0.0,
        **found,
        "cost_usd": found["nano"] / 1e9,
        "database_mb": sum(path.stat().st_size for path in place.glob("mosychlos.db*")) / 1e6,
        "files_mb": sum(path.stat().st_size for path in (place / "jobs").rglob("*") if path.is_file()) / 1e6,
    }
