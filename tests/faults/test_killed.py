"""kill -9 at each step of submit and collect: the job ends as if nothing had happened, with one batch per shard."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.domain.actor import LOCAL
from core.domain.analysis import ResultStatus
from core.domain.job import JobState, ShardState
from core.providers.openai_provider import OpenAIProvider
from tests.faults.staging import House, environment
from tests.local_provider import LocalProvider

# One launcher for all: starting it takes longer than a kill and a recovery.
pytestmark = pytest.mark.xdist_group("killed")

ROOT = Path(__file__).resolve().parent.parent.parent
SIGKILL = 9

CROSSINGS = (
    "before_start",
    "before_upload",
    "after_upload",
    "after_file_id",
    "before_intent",
    "after_intent",
    "after_create",
    "after_batch_id",
    "before_fence",
    "after_fence",
    "before_cancel",
    "after_end_seen",
    "before_download",
    "after_download",
    "after_rename",
    "line_in_hand",
    "before_chunk",
    "after_chunk",
    "before_settle",
    "after_settle",
    "after_removal",
)
"""Every point between two effects, in the order in which a job passes them."""

ROWS = {
    "before_start": "A1",
    "before_upload": "A2",
    "after_upload": "A3",
    "after_file_id": "A4",
    "before_intent": "A4",
    "after_intent": "A5",
    "after_create": "A6",
    "after_batch_id": "A7",
}
"""Rows of the fault table by crossing; everything after the batch was bought is row A8."""

ON_THE_ENGINE = ("after_intent", "after_create", "after_chunk")
"""Where the real worker is killed as well; elsewhere its steps run without the engine, which is quicker."""

LOST_CREATE = frozenset({"before_fence", "after_fence"})
"""Reached only when a create got no answer and made no batch."""


class Launcher:
    """A process that forks workers."""

    def __init__(self, log: Path) -> None:
        self._log = log
        with log.open("ab") as said:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.faults.launcher"],
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=said,
                text=True,
            )

    def run(
        self, settings: dict[str, str], job: str, *, bomb: str | None = None, engine: bool = False, fork: bool = True
    ) -> dict[str, Any]:
        """One worker, until it is killed or the job has ended."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        order = {"settings": settings, "job": job, "bomb": bomb, "engine": engine, "fork": fork}
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer, self.log
        found: dict[str, Any] = json.loads(answer)
        return found

    @property
    def log(self) -> str:
        """What the workers said."""
        return self._log.read_text("utf-8", "replace")[-3000:]

    def close(self) -> None:
        """End it."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(10)
        self._process.stdout.close()


@pytest.fixture(scope="module")
def settings(engine_url: str, server: LocalProvider, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Everybody's settings: short waits, because these workers live in real time."""
    return environment(
        tmp_path_factory.mktemp("killed"),
        engine_url,
        server.base_url,
        MOSYCHLOS_POLL_SECONDS="0.05",
        MOSYCHLOS_QUARANTINE_SECONDS="0.2",
        MOSYCHLOS_HTTP_TIMEOUT_SECONDS="0.6",
        MOSYCHLOS_LEASE_SECONDS="0.8",
        MOSYCHLOS_KEEP_REMOTE_FILES="no",
    )


@pytest.fixture(scope="module")
def home(settings: dict[str, str], client: OpenAIProvider) -> Iterator[House]:
    """The house in which jobs are submitted and looked at."""
    opened = House.open(settings, client)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Launcher]:
    """One launcher for both engines."""
    process = Launcher(tmp_path_factory.mktemp("launcher") / "log")
    yield process
    process.close()


@pytest.fixture(scope="module")
def launcher(started: Launcher, home: House, settings: dict[str, str]) -> Launcher:
    """Warmed up with a first job, so that the forked workers find everything loaded."""
    assert started.run(settings, home.submit(2), fork=False) == {"code": 0}
    return started


def test_the_list_of_crossings_is_the_one_in_the_source() -> None:
    found = {
        node.args[0].value
        for path in (ROOT / "core").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "crossing"
        and isinstance(node.args[0], ast.Constant)
    }
    assert found == set(CROSSINGS), "a new crossing belongs into CROSSINGS; it is then tested below"
    assert len(CROSSINGS) == len(set(CROSSINGS))


@pytest.mark.parametrize(
    ("crossing", "engine"),
    [
        *(pytest.param(crossing, False, id=f"{ROWS.get(crossing, 'A8')}-steps-{crossing}") for crossing in CROSSINGS),
        *(pytest.param(one, True, id=f"{ROWS.get(one, 'A8')}-worker-{one}") for one in ON_THE_ENGINE),
    ],
)
def test_a_job_whose_worker_is_killed_ends_as_if_nothing_had_happened(
    crossing: str,
    engine: bool,
    home: House,
    settings: dict[str, str],
    local: LocalProvider,
    launcher: Launcher,
) -> None:
    to_cancel = crossing == "before_cancel"
    # A new batch is missing from the list at first: who looks only once and then creates pays twice.
    faults: dict[str, Any] = {"list_lag": 0.3}
    if crossing in LOST_CREATE:
        faults["http"] = {"POST /v1/batches": {"1": "500_before"}}
    if to_cancel:
        faults["batches"] = {"*": {"stuck": True}}
    local.set_faults(faults)
    job_id = home.submit(5, per_shard=3)
    if to_cancel:
        home.run(job_id, to=ShardState.RUNNING)
        home.service().cancel(LOCAL, job_id)

    # Without the engine one thread does everything, so nobody can be thought dead for being slow.
    settings = settings if engine else {**settings, "MOSYCHLOS_LEASE_SECONDS": "0.2"}
    first = launcher.run(settings, job_id, bomb=crossing, engine=engine)
    assert first.get("signal") == SIGKILL, f"never came to {crossing}: {first}\n{launcher.log}"
    # The engine can be started once in a process; steps without it may go on in the launcher itself, which is quicker.
    second = launcher.run(settings, job_id, engine=engine, fork=engine)
    assert second.get("code") == 0, launcher.log

    local.set_faults()
    assert home.job(job_id).row.state is (JobState.CANCELLED if to_cancel else JobState.DONE)
    wanted = ResultStatus.FAILED if to_cancel else ResultStatus.SUCCEEDED
    assert {item.status for item in home.items(job_id).values()} == {wanted}
    assert len(home.batches(job_id)) == 2, "one batch per shard"
    assert home.service().strays(LOCAL, job_id) == [], "no line was read twice"
    results = Path(settings["MOSYCHLOS_HOME"]) / "jobs" / job_id / "results"
    assert not [path.name for path in results.iterdir() if path.suffix != ".jsonl"]
    home.check(job_id, batches=2)
