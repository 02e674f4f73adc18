"""/readyz says whether pages can work now, and why not."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.postgres import NoPostgres, Postgres
from tests.web.serving import Dashboard


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
