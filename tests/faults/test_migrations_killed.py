"""kill -9 in the middle of a migration, at each statement: nothing half done stays, and the next start goes on. Row A9.

There is no rotation of keys in this program, the other half of the row: it keeps none at rest.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text

from core.storage.migrations import MIGRATIONS
from core.storage.store import Store

ROOT = Path(__file__).resolve().parents[2]
SAMPLE, SLOWER = 9, 3
"""In `make test` every so many statements; on PostgreSQL, where each kill takes longer, so many times fewer."""


def _schema(store: Store) -> list[tuple[str, ...]]:
    """Every table and index in SQLite's own words: also those of expressions, which reflection does not show."""
    with store.database.read() as connection:
        rows = connection.execute(text("SELECT type, name, sql FROM sqlite_master ORDER BY type, name"))
        return [tuple(map(str, row)) for row in rows]


@pytest.mark.parametrize(
    "every",
    [
        pytest.param(SAMPLE, id="A9-sample"),
        # Some two hundred kills, each of a process of its own: minutes, not a hang.
        pytest.param(1, id="A9-each-statement", marks=[pytest.mark.full, pytest.mark.timeout(900)]),
    ],
)
def test_migrations_that_are_killed_at_any_statement_end_as_if_nothing_had_happened(
    bare_database_url: str, tmp_path: Path, every: int
) -> None:
    every *= 1 if bare_database_url.startswith("sqlite") else SLOWER
    command = [sys.executable, "-m", "tests.faults.migrator", bare_database_url, str(every)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    said = json.loads(done.stdout)
    assert said["lost"] == [], "a killed migration left something behind"
    assert said["versions"] == len(MIGRATIONS)
    assert said["kills"] >= (150 // every if every <= SLOWER else len(MIGRATIONS) - 1)
    straight, killed = Store(f"sqlite:///{tmp_path / 'straight.db'}"), Store(bare_database_url)
    assert killed.upgrade() == []
    if killed.database.is_sqlite:
        straight.upgrade()
        assert _schema(killed) == _schema(straight)
    with killed.database.read() as connection:
        rows = connection.execute(text("SELECT body FROM price_series")).scalars().all()
    assert [bytes(body) for body in rows] == [b"kept"], "what was stored before came through, once"
    straight.close()
    killed.close()
