"""The processes of `compose.yaml`, started by hand: workers killed, replaced, or standing by. Rows F5, F7 and F10."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from core.domain.actor import LOCAL
from core.domain.job import JobState, ShardState
from core.errors import StorageTrouble
from core.providers.openai_provider import OpenAIProvider
from tests.faults.staging import House, environment, until
from tests.local_provider import LocalProvider
from tests.postgres import Postgres, free_port

pytestmark = [pytest.mark.full, pytest.mark.xdist_group("processes")]

ROOT = Path(__file__).resolve().parents[2]
MINUTE = 60.0


def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))
    return found


class Processes:
    """Services of `compose.yaml` as processes of this machine."""

    def __init__(self, settings: dict[str, str], log: Path) -> None:
        self._settings = settings
        self._log = log
        self._running: list[subprocess.Popen[bytes]] = []

    def start(self, service: str, *more: str) -> subprocess.Popen[bytes]:
        """A service with its own command."""
        command = [str(word) for word in compose()["services"][service]["command"]]
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("MOSYCHLOS_", "OPENAI_"))}
        with self._log.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "core.cli.main", *command, *more],
                cwd=ROOT,
                env={**kept, **self._settings},
                stdout=log,
                stderr=log,
            )
        self._running.append(process)
        return process

    @property
    def log(self) -> str:
        """What all of them said."""
        return self._log.read_text("utf-8", "replace")

    def end(self) -> None:
        """Kill what still runs."""
        for process in self._running:
            if process.poll() is None:
                process.kill()
            process.wait()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def settings(request: pytest.FixtureRequest, server: LocalProvider, tmp_path: Path) -> dict[str, str]:
    url = f"sqlite:///{tmp_path / 'own.db'}"
    if request.param == "postgresql":
        postgres: Postgres = request.getfixturevalue("postgres")
        url = postgres.url()
    return environment(
        tmp_path / "home",
        url,
        server.base_url,
        MOSYCHLOS_POLL_SECONDS="0.2",
        MOSYCHLOS_LEASE_SECONDS="3",
        MOSYCHLOS_QUARANTINE_SECONDS="1",
    )


@pytest.fixture
def home(settings: dict[str, str], client: OpenAIProvider, local: LocalProvider) -> Iterator[House]:
    opened = House.open(settings, client)
    yield opened
    opened.close()


@pytest.fixture
def processes(settings: dict[str, str], tmp_path: Path) -> Iterator[Processes]:
    started = Processes(settings, tmp_path / "processes.log")
    yield started
    started.end()


def alive(home: House) -> int:
    return len(home.store.workers.alive())


def done(home: House, job_id: str) -> bool:
    return home.job(job_id).row.state is JobState.DONE


def test_compose_names_what_there_is_and_gives_the_key_to_workers_only() -> None:
    services = compose()["services"]
    assert set(services) == {"database", "upgrade", "worker", "dashboard"}
    assert services["worker"]["deploy"]["replicas"] == 2
    assert [name for name, one in services.items() if "OPENAI_API_KEY" in one["environment"]] == ["worker"]
    for one in services.values():
        assert all(port.startswith("127.0.0.1:") for port in one.get("ports", []))
    dockerfile = (ROOT / "Dockerfile").read_text("utf-8")
    for line in dockerfile.splitlines():
        if line.startswith("COPY "):
            assert all((ROOT / part).exists() for part in line.split()[1:-1]), line
    assert "USER mosychlos" in dockerfile


def test_f7_a_killed_workers_work_is_finished_by_the_other_within_a_minute(
    home: House, local: LocalProvider, processes: Processes, settings: dict[str, str]
) -> None:
    assert processes.start("upgrade").wait(MINUTE) == 0
    first = processes.start("worker")
    until(lambda: alive(home) == 1, "the first worker lives", MINUTE)
    second = processes.start("worker")
    shared = not home.store.database.is_sqlite
    if shared:
        until(lambda: alive(home) == 2, "both workers live", MINUTE)
    else:
        until(lambda: "standing by" in processes.log, "the second worker says that it waits", MINUTE)
    slow = {"kind": "slow_download", "rate": 3000}
    local.set_faults({"http": {"GET /v1/files/{id}/content": {"*": slow}}})
    job_id = home.submit(6, per_shard=1)
    until(
        lambda: any(shard.state is ShardState.COLLECTING for shard in home.store.shards.of_job(job_id)),
        f"results are being fetched\n{processes.log[-2000:]}",
        MINUTE,
    )
    first.send_signal(signal.SIGKILL)
    local.set_faults()
    until(lambda: done(home, job_id), f"the other worker finished\n{processes.log[-2000:]}", MINUTE)
    assert second.poll() is None
    home.check(job_id, batches=6)


def test_f10_a_rolling_restart_loses_nothing_and_stops_in_order(
    home: House, local: LocalProvider, processes: Processes
) -> None:
    old = processes.start("worker")
    until(lambda: alive(home) == 1, "the old worker lives", MINUTE)
    jobs = [home.submit(4, per_shard=1)]
    new = processes.start("worker")
    if not home.store.database.is_sqlite:
        until(lambda: alive(home) == 2, "the new worker lives", MINUTE)
    old.send_signal(signal.SIGTERM)
    jobs.append(home.submit(4, per_shard=1))
    assert old.wait(MINUTE) == 0
    for job_id in jobs:
        until(lambda job_id=job_id: done(home, job_id), f"{job_id} is done\n{processes.log[-2000:]}", MINUTE)
        home.check(job_id, batches=4)
    assert new.poll() is None
    assert "Traceback" not in processes.log


@pytest.mark.postgres
def test_a_database_server_that_restarts_ends_no_worker_and_loses_nothing(
    server: LocalProvider, client: OpenAIProvider, local: LocalProvider, tmp_path: Path
) -> None:
    database = Postgres()
    database.start()
    settings = environment(
        tmp_path / "home", database.url(), server.base_url, MOSYCHLOS_POLL_SECONDS="0.2", MOSYCHLOS_LEASE_SECONDS="3"
    )
    home = House.open(settings, client)
    processes = Processes(settings, tmp_path / "processes.log")
    try:
        worker = processes.start("worker")
        until(lambda: alive(home) == 1, "the worker lives", MINUTE)
        local.set_faults({"batches": {"*": {"stuck": True}}})
        job_id = home.submit(2)
        until(lambda: home.shard(job_id).state is ShardState.RUNNING, f"it runs\n{processes.log[-2000:]}", MINUTE)
        database.halt()
        with pytest.raises(StorageTrouble, match="cannot be reached"):
            home.store.jobs.get(job_id)
        until(lambda: "the database cannot be used now" in processes.log, "the worker has noticed", MINUTE)
        database.again()
        local.set_faults()
        home.service().cancel(LOCAL, job_id)  # what is stuck would be so for ever
        until(lambda: home.job(job_id).row.state is JobState.CANCELLED, f"it goes on\n{processes.log[-2000:]}", MINUTE)
        other = home.submit(2)
        until(lambda: done(home, other), f"and takes up new work\n{processes.log[-2000:]}", MINUTE)
        assert worker.poll() is None
        home.check(job_id, batches=1)
        home.check(other, batches=1)
    finally:
        processes.end()
        home.close()
        database.stop()


def test_the_dashboard_of_compose_serves_this_machine(processes: Processes, settings: dict[str, str]) -> None:
    port = free_port()
    process = processes.start("dashboard", "--port", str(port))

    def answers() -> bool:
        assert process.poll() is None, processes.log[-2000:]
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    until(answers, "the dashboard answers", MINUTE)
