"""/readyz says whether pages can work now, and why not; /healthz answers whatever else goes on."""

from __future__ import annotations

import json
import sqlite3
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing, contextmanager
from multiprocessing import get_context
from pathlib import Path
from threading import Thread

import pytest

from tests.postgres import NoPostgres, Postgres
from tests.web.asking import run_of, stream
from tests.web.serving import Dashboard

SESSIONS = 40
ALLOWED_SECONDS = 0.2


def failing(dashboard: Dashboard, status: int) -> list[str]:
    """What /readyz names, once it answers with this status: an answer is kept for a second."""
    deadline = time.monotonic() + 60
    while (answer := dashboard.ask("/readyz")).status != status:
        assert time.monotonic() < deadline, answer.text
        time.sleep(0.2)
    assert answer.headers["cache-control"] == "no-store"
    found = json.loads(answer.text)["failing"]
    assert all(one["message"] for one in found)
    assert "/" not in answer.text, "whoever asks learns no path"
    return [one["check"] for one in found]


@contextmanager
def older_schema(database: Path) -> Iterator[None]:
    """As if the program had been brought up to date and the database had not."""
    with closing(sqlite3.connect(database, timeout=30)) as connection:
        newest = connection.execute("SELECT * FROM schema_migration ORDER BY version DESC LIMIT 1").fetchone()
        connection.execute("DELETE FROM schema_migration WHERE version = ?", newest[:1])
        connection.commit()
        yield
        connection.execute("INSERT INTO schema_migration VALUES (?, ?, ?)", newest)
        connection.commit()


def test_a_dashboard_that_cannot_serve_answers_503_with_the_reason(tmp_path: Path) -> None:
    with Dashboard(tmp_path) as dashboard:
        assert failing(dashboard, 200) == []
        with older_schema(dashboard.home / "mosychlos.db"):
            assert failing(dashboard, 503) == ["migrations"]
        assert failing(dashboard, 200) == []
        dashboard.home.rename(tmp_path / "gone")
        assert "home" in failing(dashboard, 503)
        assert dashboard.ask("/healthz").status == 200
        (tmp_path / "gone").rename(dashboard.home)
        assert failing(dashboard, 200) == []


@pytest.mark.full
@pytest.mark.postgres
def test_a_database_server_that_is_away_is_the_reason_until_it_is_back(tmp_path: Path) -> None:
    server = Postgres()
    try:
        server.start()
    except NoPostgres as reason:
        pytest.skip(f"no PostgreSQL: {reason}")
    try:
        with Dashboard(tmp_path, MOSYCHLOS_DATABASE_URL=server.url()) as dashboard:
            assert failing(dashboard, 200) == []
            server.halt()
            assert failing(dashboard, 503) == ["database"]
            assert dashboard.ask("/healthz").status == 200
            server.again()
            assert failing(dashboard, 200) == []
    finally:
        server.stop()


def storm(url: str, headers: dict[str, str]) -> int:
    """Open many pages at the same moment, in a process of its own; returns how many were drawn."""
    drawn: list[int] = []

    def visit() -> None:
        with stream(url, headers) as window:
            drawn.append(len(run_of(window, "portfolios")))

    visitors = [Thread(target=visit) for _ in range(SESSIONS)]
    for visitor in visitors:
        visitor.start()
    for visitor in visitors:
        visitor.join()
    return len(drawn)


def waits(dashboard: Dashboard, until: float, *, gone: object = None) -> list[float]:
    """How long /healthz took, asked again and again."""
    took: list[float] = []
    while time.monotonic() < until and not (gone is not None and gone.done()):  # type: ignore[attr-defined]
        begun = time.monotonic()
        assert dashboard.ask("/healthz").status == 200
        took.append(time.monotonic() - begun)
        time.sleep(0.02)
    return took


@pytest.mark.full
def test_healthz_is_answered_at_once_while_many_pages_are_opened(tmp_path: Path) -> None:
    with Dashboard(tmp_path) as dashboard, ProcessPoolExecutor(1, mp_context=get_context("spawn")) as outside:
        browser = dashboard.browser()
        assert outside.submit(storm, dashboard.url, browser).result() == SESSIONS  # what is loaded once is loaded
        quiet = waits(dashboard, time.monotonic() + 2)
        opening = outside.submit(storm, dashboard.url, browser)
        took = waits(dashboard, time.monotonic() + 120, gone=opening)
        assert opening.result() == SESSIONS
    sys.stdout.write(
        f"healthz: median {sorted(took)[len(took) // 2]:.3f} s, longest {max(took):.3f} s of {len(took)}; "
        f"quiet {max(quiet):.3f} s\n"
    )
    # What the machine itself adds while nobody opens anything is not the dashboard's.
    assert max(took) < ALLOWED_SECONDS + 2 * max(quiet)
