"""The whole way on the command line: import, submit, worker, results. Real processes, real HTTP."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Cli
from tests.local_provider import LocalProvider


@pytest.fixture
def provider(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalProvider]:
    """A local provider, and settings that point at it."""
    found = LocalProvider(tmp_path / "provider").start()
    monkeypatch.setenv("OPENAI_BASE_URL", found.base_url)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-CANARY-journey")
    monkeypatch.setenv("MOSYCHLOS_POLL_SECONDS", "0.2")
    yield found
    found.stop()


@pytest.fixture
def worker(provider: LocalProvider, tmp_path: Path, cli: Cli) -> Iterator[Path]:
    """A worker process; gives the path of its log."""
    log = tmp_path / "worker.log"
    with log.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "core.cli.main", "worker"], stdout=file, stderr=file, env=os.environ
        )
    yield log
    process.send_signal(signal.SIGTERM)
    assert process.wait(40) == 0, log.read_text("utf-8")


def test_from_file_to_verified_results(cli: Cli, provider: LocalProvider, worker: Path, positions: Path) -> None:
    cli.json("portfolio", "import", positions)
    submitted = cli.json("portfolio", "analyze", "risk", "--batch", "--all", "--regional", "--wait")
    job_id = submitted["job_id"]
    assert submitted["state"] == "done"

    status = cli.json("batch", "status", job_id)
    assert status["counts"] == {"total": 2, "succeeded": 2, "failed": 0, "missing": 0, "pending": 0}
    assert [batch["status"] for batch in status["provider_batches"]] == ["completed"]
    assert status["actual_usd"] > 0
    assert status["needs_attention"] == []

    results = cli.json("batch", "results", job_id)
    assert [item["status"] for item in results["items"]] == ["succeeded", "succeeded"]
    for item in results["items"]:
        assert item["analysis"]["analysis_type"] == "risk"
        assert item["verification"]["verified"] > 5
        assert item["verification"]["findings"] == []
        assert (item["verification"]["mismatched"], item["verification"]["unsupported"]) == (0, 0)
        assert "Simul" in item["analysis"]["headline"]
    assert results["cost"]["actual_usd"] == pytest.approx(sum(item["cost_usd"] for item in results["items"]))
    assert results["stats"]["simulated"] is True

    events = [event["event"] for event in cli.json("batch", "logs", job_id)["events"]]
    assert events.index("send") < events.index("accepted") < events.index("ended") < events.index("collected_all")
    assert cli.json("batch", "errors", job_id)["errors"] == []
    assert provider.calls("POST /v1/batches") == 1
    everything = worker.read_text("utf-8") + provider.log
    assert "sk-CANARY" not in everything


@pytest.mark.full
def test_a_job_with_failing_rows_ends_with_exit_code_5_and_keeps_every_row(
    cli: Cli, provider: LocalProvider, worker: Path, positions: Path
) -> None:
    provider.set_faults({"answers": {"bad_request_rows": 0.5}, "seed": 3})
    cli.json("portfolio", "import", positions)
    job_id = cli.json("portfolio", "analyze", "risk", "--batch", "--all")["job_id"]
    code, _, _ = cli("batch", "wait", job_id, "--timeout", "60")
    results = cli.json("batch", "results", job_id, code=code)
    statuses = [item["status"] for item in results["items"]]
    assert len(statuses) == 2
    failed = statuses.count("failed")
    assert code == (5 if failed else 0)
    for item in results["items"]:
        if item["status"] == "failed":
            assert item["error"]["message"]
            assert item["error"]["transient"] is False


def test_an_answer_that_did_not_hold_is_asked_for_once_more_after_its_price_was_shown(
    cli: Cli, provider: LocalProvider, worker: Path, positions: Path
) -> None:
    provider.set_faults({"answers": {"wrong_value": 1.0}})
    cli.json("portfolio", "import", positions)
    job_id = cli.json("portfolio", "analyze", "risk", "--batch", "--all", "--wait")["job_id"]
    provider.set_faults()
    shown = cli.json("batch", "reask", job_id, "--only", "flagged")
    assert (shown["requests"], shown["why"], shown["started"]) == (2, {"flagged": 2}, False)
    assert shown["expected_usd"] > 0
    assert "Nothing was sent" in cli("batch", "reask", job_id)[1]
    assert cli("batch", "reask", job_id, "--only", "invalid")[0] == 2
    assert cli.json("batch", "reask", job_id, "--yes")["started"] is True
    assert cli("batch", "wait", job_id, "--timeout", "60")[0] == 0
    items = cli.json("batch", "results", job_id)["items"]
    assert len(items) == 2
    for item in items:
        assert item["verification"]["findings"] == []
        assert item["again"]["stands"] == "second"
        assert item["again"]["other"]["verification"]["findings"]
    assert cli("batch", "reask", job_id, "--yes")[0] == 2


@pytest.mark.full
def test_a_wrong_key_waits_for_a_person_and_goes_on_when_it_is_repaired(
    cli: Cli, provider: LocalProvider, worker: Path, positions: Path
) -> None:
    provider.set_faults({"http": {"POST /v1/batches": {"1": "401"}}})
    cli.json("portfolio", "import", positions)
    job_id = cli.json("portfolio", "analyze", "risk", "--batch", "--all")["job_id"]
    assert cli("batch", "wait", job_id, "--timeout", "60")[0] == 5
    status = cli.json("batch", "status", job_id)
    assert status["state"] == "attention"
    assert "batch retry" in status["needs_attention"][0]
    assert cli.json("batch", "retry", job_id)["started"]
    assert cli("batch", "wait", job_id, "--timeout", "60")[0] == 0


def test_a_synchronous_answer_is_streamed_and_checked(cli: Cli, provider: LocalProvider, positions: Path) -> None:
    ids = [one["portfolio_id"] for one in cli.json("portfolio", "import", positions)["imported"]]
    code, out, err = cli("portfolio", "analyze", "risk", "--portfolio", ids[0])
    assert code == 0, err
    assert "numbers hold, 0 mismatched, 0 unsupported" in out
    answer = cli.json("portfolio", "analyze", "risk", "--portfolio", ids[1])["answers"][0]
    assert answer["status"] == "succeeded"
    assert answer["cost_usd"] > 0


def test_a_provider_that_is_down_is_exit_code_4(cli: Cli, provider: LocalProvider, positions: Path) -> None:
    ids = [one["portfolio_id"] for one in cli.json("portfolio", "import", positions)["imported"]]
    provider.stop()
    code, _, err = cli("portfolio", "analyze", "risk", "--portfolio", ids[0])
    assert code == 4
    assert "Traceback" not in err
    provider.start()
