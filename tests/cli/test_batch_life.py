"""Pausing, asking again and tidying up, as a person or a script does it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from core.app import App, build
from core.domain.actor import LOCAL
from core.domain.alert import AlertKind
from core.domain.job import JOB_ENDED, JobState
from core.settings import load
from core.storage.store import Store
from core.worker.context import Pace
from core.worker.steps import run_once
from tests.cli.conftest import Cli
from tests.local_provider import LocalProvider


@pytest.fixture
def provider(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cli: Cli) -> Iterator[LocalProvider]:
    found = LocalProvider(tmp_path / "provider").start()
    monkeypatch.setenv("OPENAI_BASE_URL", found.base_url)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-CANARY-life")
    monkeypatch.setenv("MOSYCHLOS_POLL_SECONDS", "0.05")
    monkeypatch.setenv("MOSYCHLOS_RETRIES", "0")
    monkeypatch.setenv("MOSYCHLOS_KEEP_REMOTE_FILES", "yes")
    yield found
    found.stop()


@pytest.fixture
def app(provider: LocalProvider) -> Iterator[App]:
    opened = build(load(os.environ))
    yield opened
    opened.close()


def work(app: App, job_id: str) -> str:
    """A worker's rounds until the job has ended."""
    with closing(app.provider()) as provider:
        context = app.context(provider)
        for _ in range(3000):
            run_once(context, owner="test", limit=9)
            if app.jobs.get(LOCAL, job_id).row.state in JOB_ENDED:
                break
    return str(app.jobs.get(LOCAL, job_id).row.state)


def submitted(cli: Cli, positions: Path, *more: str) -> str:
    cli.json("portfolio", "import", positions)
    return str(cli.json("portfolio", "analyze", "risk", "--batch", "--all", *more)["job_id"])


def test_a_job_is_paused_and_resumed(cli: Cli, app: App, positions: Path) -> None:
    day = f"{app.now() + timedelta(days=30):%Y-%m-%d}"
    job_id = submitted(cli, positions, "--needed-by", day, "--batch-priority", "high")
    assert cli.json("batch", "pause", job_id)["state"] == "paused"
    code, _, said = cli("batch", "pause", job_id)
    assert (code, "nothing to pause" in said) == (3, True)
    status = cli.json("batch", "status", job_id)
    assert (status["state"], status["priority"], status["needed_by"]) == ("paused", "high", f"{day}T23:59:00Z")
    assert cli.json("batch", "resume", job_id)["resumed_shards"] == 1
    assert work(app, job_id) == "done"
    assert cli("batch", "resume", job_id)[0] == 3


def test_a_wrong_moment_is_refused(cli: Cli, provider: LocalProvider, positions: Path) -> None:
    cli.json("portfolio", "import", positions)
    code, _, said = cli("portfolio", "analyze", "risk", "--batch", "--all", "--needed-by", "tomorrow")
    assert code == 2
    assert "--needed-by is 'tomorrow'" in said
    code, _, said = cli("portfolio", "analyze", "risk", "--batch", "--all", "--needed-by", "2026-01-31")
    assert code == 2
    assert "needed by 2026-01-31 23:59Z, and it is" in said
    assert cli.json("batch", "list")["jobs"] == []


@pytest.mark.parametrize(
    "command", ["status", "wait", "results", "errors", "logs", "cancel", "retry", "pause", "resume"]
)
def test_a_job_that_does_not_exist_is_a_wrong_input(cli: Cli, provider: LocalProvider, command: str) -> None:
    code, out, said = cli("batch", command, "nope")
    assert (code, out) == (2, "")
    assert "There is no job 'nope'" in said


def test_a_retry_shows_its_price_and_goes_on_when_told_to(
    cli: Cli, app: App, provider: LocalProvider, positions: Path
) -> None:
    provider.set_faults({"answers": {"invalid_json": 1.0}})
    job_id = submitted(cli, positions)
    assert work(app, job_id) == "failed"
    provider.set_faults()
    shown = cli.json("batch", "retry", job_id)
    assert (shown["started"], shown["requests"], shown["statuses"]) == (False, 2, {"invalid": 2})
    assert shown["expected_usd"] > 0
    code, out, _ = cli("batch", "retry", job_id)
    assert code == 0
    assert "2 requests of" in out
    assert "Nothing was sent. Go on with --yes." in out
    assert cli.json("batch", "retry", job_id, "--only", "invalid", "--yes")["started"]
    assert work(app, job_id) == "done"
    assert cli("batch", "retry", job_id)[0] == 2


def test_errors_say_whether_they_last_and_what_helps(
    cli: Cli, app: App, provider: LocalProvider, positions: Path
) -> None:
    provider.set_faults({"answers": {"bad_request_rows": 1.0}})
    job_id = submitted(cli, positions)
    work(app, job_id)
    (cause,) = cli.json("batch", "errors", job_id)["errors"]
    assert (cause["status"], cause["requests"], cause["lasting"]) == ("failed", 2, "permanent")
    _, out, _ = cli("batch", "errors", job_id)
    assert "2 failed (invalid_prompt, permanent): Invalid prompt" in out
    assert cause["remedy"] in out


def stuck(cli: Cli, app: App, positions: Path) -> str:
    """A job that waits for a person."""
    job_id = submitted(cli, positions)
    with closing(app.provider()) as door:
        context = replace(app.context(door), pace=Pace(poll=0.01, http_timeout=0.05, quarantine=0.05, lease=30))
        for _ in range(3000):
            run_once(context, owner="test", limit=9)
            if app.jobs.get(LOCAL, job_id).row.state is JobState.ATTENTION:
                return job_id
    raise AssertionError(app.jobs.get(LOCAL, job_id))


def test_what_waits_for_a_person_says_what_is_at_stake(
    cli: Cli, app: App, provider: LocalProvider, positions: Path
) -> None:
    provider.set_faults({"http": {"POST /v1/batches": {"*": "quota"}}})
    job_id = stuck(cli, app, positions)
    for command in ("status", "errors"):
        out = cli("batch", command, job_id)[1]
        assert "Needs a person: " in out
        assert "Nothing of it was paid; sending it again costs about $" in out
    (found,) = cli.json("batch", "status", job_id)["at_stake"]
    assert (found["unanswered"], found["requests"]) == (0, 2)


def test_what_waits_for_a_person_is_sent_again_as_it_was_approved(
    cli: Cli, app: App, provider: LocalProvider, positions: Path
) -> None:
    provider.set_faults({"http": {"POST /v1/batches": {"*": "quota"}}})
    job_id = stuck(cli, app, positions)
    for other in (("--only", "failed"), ("--model", "gpt-6-luna"), ("--sync",), ("--max-output", "900")):
        code, _, said = cli("batch", "retry", job_id, *other)
        assert code == 2
        assert "are sent again as they are" in said
    code, _, said = cli("batch", "resume", job_id)
    assert code == 3
    assert f"batch retry {job_id}" in said
    provider.set_faults({})
    code, out, _ = cli("batch", "retry", job_id)
    assert code == 0
    assert "1 batch with 2 requests to send again. Cost: $" in out
    assert work(app, job_id) == "done"


def test_a_batch_that_may_be_at_the_provider_is_sent_again_only_with_a_yes(
    cli: Cli, app: App, provider: LocalProvider, positions: Path
) -> None:
    provider.set_faults({"http": {"POST /v1/batches": {"1": "500_before", "2": "drop_before"}}})
    job_id = stuck(cli, app, positions)
    code, out, _ = cli("batch", "retry", job_id)
    assert code == 0
    assert "2 creates got no answer" in out
    assert "would be paid twice" in out
    assert "Nothing was sent. Go on with --yes." in out
    shown = cli.json("batch", "retry", job_id)
    assert (shown["started"], shown["state"], shown["requests"], shown["resumed_shards"]) == (False, "attention", 2, 0)
    assert shown["waiting"][0]["unanswered"] == 2
    sent = cli.json("batch", "retry", job_id, "--yes")
    assert (sent["started"], sent["resumed_shards"]) == (True, 1)
    assert work(app, job_id) == "done"


def test_a_paused_job_is_resumed_and_not_retried(cli: Cli, app: App, positions: Path) -> None:
    job_id = submitted(cli, positions)
    assert "Waits: 1 batch to be handed to the provider." in cli("batch", "status", job_id)[1]
    cli.json("batch", "pause", job_id)
    code, _, said = cli("batch", "retry", job_id, "--yes")
    assert code == 3
    assert f"Go on with: mosychlos portfolio batch resume {job_id}" in said
    assert cli.json("batch", "status", job_id)["state"] == "paused"


def test_a_few_are_finished_synchronously(cli: Cli, app: App, provider: LocalProvider, positions: Path) -> None:
    provider.set_faults({"answers": {"invalid_json": 1.0}})
    job_id = submitted(cli, positions)
    work(app, job_id)
    provider.set_faults()
    assert cli.json("batch", "retry", job_id, "--sync", "--yes")["state"] == "done"
    assert provider.calls("POST /v1/chat/completions") == 2


def test_left_overs_and_alerts_are_listed(cli: Cli, app: App, provider: LocalProvider, positions: Path) -> None:
    job_id = submitted(cli, positions)
    assert work(app, job_id) == "done"
    left = cli.json("batch", "orphans")["orphans"]
    assert {one["what"] for one in left} == {"input file", "result file"}
    assert len(cli.json("batch", "orphans", "--delete")["orphans"]) == len(left)
    assert cli.json("batch", "orphans")["orphans"] == []
    assert "Nothing of ours is left" in cli("batch", "orphans")[1]
    assert cli.json("batch", "alerts")["alerts"] == []
    assert "No alerts." in cli("batch", "alerts")[1]


def test_the_status_of_a_job_says_what_is_odd_about_it(cli: Cli, app: App, positions: Path) -> None:
    job_id, other = submitted(cli, positions), submitted(cli, positions, "--force")
    store = Store(app.settings.database_url)
    for subject in (f"{job_id}.0", f"{other}.0"):
        store.alerts.raise_(AlertKind.LATE, subject, f"{subject} is late.", at=app.now())
    store.close()
    assert f"Z: {job_id}.0 is late." in cli("batch", "status", job_id)[1]
    assert [one["subject"] for one in cli.json("batch", "status", job_id)["alerts"]] == [f"{job_id}.0"]


@pytest.mark.parametrize("command", ["demo", "provider"])
def test_a_provider_that_would_never_get_on_is_refused_at_once(cli: Cli, command: str) -> None:
    code, _, said = cli(command, "--speed", "0")
    assert code == 2
    assert "--speed" in said
