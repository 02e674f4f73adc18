"""Whoever may write a row of the engine's tables runs no code in the worker, which holds the key."""

from __future__ import annotations

import base64
import os
import pickle
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from core.providers.openai_provider import OpenAIProvider
from tests.faults.staging import House, environment, until
from tests.local_provider import LocalProvider
from tests.postgres import Postgres

ROOT = Path(__file__).resolve().parents[2]
COLUMNS = (
    "workflow_uuid, status, name, executor_id, queue_name, inputs, output, error, serialization, application_name, "
    "application_version, priority, recovery_attempts, created_at, updated_at"
)


class Trap:
    """Unpickled, it leaves a file behind."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self.path),)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def settings(request: pytest.FixtureRequest, server: LocalProvider, tmp_path: Path) -> dict[str, str]:
    url = f"sqlite:///{tmp_path / 'own.db'}"
    if request.param == "postgresql":
        postgres: Postgres = request.getfixturevalue("postgres")
        url = postgres.url()
    return environment(tmp_path / "home", url, server.base_url, MOSYCHLOS_POLL_SECONDS="0.2")


@contextmanager
def worker(settings: dict[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MOSYCHLOS_", "OPENAI_"))}
    with log.open("ab") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "core.cli.main", "worker"],
            cwd=ROOT,
            env={**kept, **settings},
            stdout=file,
            stderr=file,
        )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(60)


def plant(settings: dict[str, str], name: str, status: str, trap: Path, serialization: str | None) -> None:
    """A row as an attacker would write it, whatever decoder it names."""
    given = settings["MOSYCHLOS_DATABASE_URL"]
    sqlite = given.startswith("sqlite")
    engine = create_engine(f"sqlite:///{settings['MOSYCHLOS_HOME']}/engine.db" if sqlite else given)
    payload = base64.b64encode(pickle.dumps(Trap(trap))).decode()
    now = int(time.time() * 1000)
    with engine.begin() as connection:
        connection.execute(
            text(
                f"INSERT INTO {'' if sqlite else 'dbos.'}workflow_status ({COLUMNS}) VALUES (:id, :status, "
                "'advance_shard', 'local', 'shards', :payload, :payload, :payload, :how, 'mosychlos', '1', 0, 0, "
                ":now, :now)"
            ),
            {"id": name, "status": status, "payload": payload, "how": serialization, "now": now},
        )
    engine.dispose()


def test_a_planted_row_runs_no_code_and_keeps_the_worker_from_nothing(
    settings: dict[str, str], client: OpenAIProvider, local: LocalProvider, tmp_path: Path
) -> None:
    log, traps = tmp_path / "worker.log", [tmp_path / f"trap-{number}" for number in range(6)]
    home = House.open(settings, client)
    try:
        with worker(settings, log) as first:
            until(lambda: bool(home.store.workers.alive()), "the worker lives", 60)
            plant(settings, "evil-0", "ENQUEUED", traps[0], "py_pickle")
            plant(settings, "evil-1", "ENQUEUED", traps[1], None)
            until(lambda: log.read_text("utf-8").count("Error executing workflow evil-") >= 2, "it met both rows", 60)
            assert "evil-0: a row of the engine's tables says that it is pickled" in log.read_text("utf-8")
            assert first.poll() is None
        # One that the next worker would take up again as its own, and ended ones that are cleaned away.
        plant(settings, "evil-2", "PENDING", traps[2], "py_pickle")
        plant(settings, "evil-3#1", "PENDING", traps[3], None)
        plant(settings, "evil-4", "SUCCESS", traps[4], "py_pickle")
        plant(settings, "evil-5", "ERROR", traps[5], "py_pickle")
        with worker(settings, log) as second:
            job_id = home.submit(2)
            until(lambda: home.job(job_id).row.state.value == "done", f"a job is done\n{log.read_text()[-2000:]}", 60)
            assert second.poll() is None
    finally:
        home.close()
    assert not [trap for trap in traps if trap.exists()]
