"""Tools and tries with real processes: in a batch, at once, and when the worker is killed while an answer streams."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from core.app import build
from core.domain.actor import LOCAL
from core.domain.analysis import AnalysisRequest, Kind
from core.domain.trial import TryState
from core.settings import load
from core.worker.single_try import has_ended
from tests.cli.conftest import Cli
from tests.local_provider import LocalProvider

TOOLS = ("--tool", "risk_calculator", "--tool", "correlation_analyzer")


@contextmanager
def working(log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A worker process for a while."""
    with log.open("ab") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "core.cli.main", "worker"], stdout=file, stderr=file, env=os.environ
        )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(40)


@pytest.fixture
def provider(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalProvider]:
    """A local provider, and settings that point at it."""
    found = LocalProvider(tmp_path / "provider").start()
    monkeypatch.setenv("OPENAI_BASE_URL", found.base_url)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-CANARY-tools")
    monkeypatch.setenv("MOSYCHLOS_POLL_SECONDS", "0.2")
    monkeypatch.setenv("MOSYCHLOS_LEASE_SECONDS", "2")
    yield found
    found.stop()


def test_a_batch_with_tools_says_what_was_called_for_each_request(
    cli: Cli, provider: LocalProvider, positions: Path, tmp_path: Path
) -> None:
    cli.json("portfolio", "import", positions)
    submitted = cli.json("portfolio", "analyze", "risk", "--batch", "--all", *TOOLS)
    assert any("up to 4 times" in warning for warning in submitted["warnings"])
    with working(tmp_path / "worker.log"):
        assert cli("batch", "wait", submitted["job_id"], "--timeout", "90")[0] == 0
    results = cli.json("batch", "results", submitted["job_id"])
    for item in results["items"]:
        assert item["status"] == "succeeded"
        assert [call["tool"] for call in item["tools"]] == ["risk_calculator", "correlation_analyzer"]
        assert json.loads(item["tools"][0]["result"])["metrics"][0]["metric_id"].startswith("tool.1.")
        assert item["verification"]["mismatched"] == item["verification"]["unsupported"] == 0
    assert {row["tool"]: row["calls"] for row in results["stats"]["tools"]} == {
        "risk_calculator": 2,
        "correlation_analyzer": 2,
    }
    assert "Tool risk_calculator: 2 calls" in cli("batch", "results", submitted["job_id"])[1]


def test_an_answer_at_once_runs_the_same_tools(cli: Cli, provider: LocalProvider, positions: Path) -> None:
    ids = [one["portfolio_id"] for one in cli.json("portfolio", "import", positions)["imported"]]
    (answer,) = cli.json("portfolio", "analyze", "risk", "--portfolio", ids[0], *TOOLS)["answers"]
    assert (answer["status"], answer["rounds"]) == ("succeeded", 2)
    assert [call["tool"] for call in answer["tools"]] == ["risk_calculator", "correlation_analyzer"]
    code, out, _ = cli("portfolio", "analyze", "risk", "--portfolio", ids[0], *TOOLS)
    assert code == 0
    assert "[risk_calculator]" in out
    code, _, err = cli("portfolio", "analyze", "risk", "--portfolio", ids[0], "--tool", "shell")
    assert code == 2
    assert "no tool 'shell'" in err


@pytest.mark.full
def test_a_worker_killed_while_an_answer_streams_leaves_a_try_that_failed_with_its_cost_booked(
    cli: Cli, provider: LocalProvider, positions: Path, tmp_path: Path
) -> None:
    (portfolio_id, *_) = [one["portfolio_id"] for one in cli.json("portfolio", "import", positions)["imported"]]
    provider.stop()
    provider.start(speed=1)  # an answer then takes several seconds
    with closing(build(load(os.environ))) as app:
        request = AnalysisRequest(Kind.RISK, (portfolio_id,), "gpt-5.4-mini")
        try_id = app.tries.ask(LOCAL, request, portfolio_id).try_id

        def until(found: Callable[[], bool]) -> None:
            deadline = time.monotonic() + 40
            while not found():
                assert time.monotonic() < deadline, (app.tries.get(LOCAL, try_id), _log(tmp_path))
                time.sleep(0.05)

        with working(tmp_path / "worker.log") as first:
            until(lambda: bool(app.tries.get(LOCAL, try_id).text))
            first.send_signal(signal.SIGKILL)
            first.wait(10)
        assert app.tries.get(LOCAL, try_id).state is TryState.ASKING
        with working(tmp_path / "worker.log"):
            until(lambda: has_ended(app.tries.get(LOCAL, try_id)))
        ended = app.tries.get(LOCAL, try_id)
        assert ended.state is TryState.FAILED
        assert ended.error is not None
        assert ended.error.code == "worker_lost"
        spend, _ = app.jobs.spend(LOCAL)
        assert (spend.settled_usd, spend.open_usd) == (ended.expected_usd, 0)
    assert provider.calls("POST /v1/chat/completions") == 1


def _log(tmp_path: Path) -> str:
    return (tmp_path / "worker.log").read_text("utf-8", "replace")[-2000:]
