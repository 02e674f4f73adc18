"""The demo keeps to a folder of its own, and nothing from that folder goes to a provider."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import orjson
import pytest

from core.guard.demo_home import MARKER, take
from tests.cli.conftest import Cli
from tests.postgres import free_port

ROOT = Path(__file__).resolve().parents[2]


def test_the_demo_refuses_a_folder_that_it_did_not_make(
    cli: Cli, positions: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = tmp_path / "mine"
    monkeypatch.setenv("MOSYCHLOS_HOME", str(mine))
    assert cli("portfolio", "import", positions)[0] == 0
    job_id = cli.json("portfolio", "analyze", "risk", "--batch", "--all", "--force")["job_id"]
    before = {path: path.read_bytes() for path in mine.rglob("*") if path.is_file() and path.suffix != ".db-shm"}
    code, _, said = cli("demo", "--home", mine, "--port", str(free_port()))
    assert code == 3
    assert str(mine) in said
    assert "--home" in said
    assert {path: path.read_bytes() for path in before} == before
    assert not (mine / MARKER).exists()
    assert cli.json("portfolio", "batch", "status", job_id)["simulated"] is False


@pytest.mark.parametrize("foreign", ["letter.txt", ".hidden", "jobs/x"])
def test_any_foreign_file_makes_a_folder_foreign(cli: Cli, tmp_path: Path, foreign: str) -> None:
    path = tmp_path / "folder" / foreign
    path.parent.mkdir(parents=True)
    path.write_text("mine")
    assert cli("demo", "--home", tmp_path / "folder", "--port", str(free_port()))[0] == 3
    assert [each for each in (tmp_path / "folder").rglob("*") if each.is_file()] == [path]


def test_a_new_an_empty_and_its_own_folder_are_the_demos(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for name in ("new", "empty", "new"):
        take(tmp_path / name, usual=False)
        assert (tmp_path / name / MARKER).stat().st_mode & 0o777 == 0o600


def test_the_usual_folder_of_an_earlier_demo_is_known_by_its_stand_in(tmp_path: Path) -> None:
    (tmp_path / "provider").mkdir()
    (tmp_path / "mosychlos.db").touch()
    take(tmp_path, usual=True)
    assert (tmp_path / MARKER).is_file()


def test_nothing_is_sent_to_a_provider_from_the_demos_folder(
    cli: Cli, positions: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "demo"
    take(home, usual=False)
    monkeypatch.setenv("MOSYCHLOS_HOME", str(home))
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    assert cli("portfolio", "import", positions)[0] == 0
    for command in (
        ("portfolio", "analyze", "risk", "--batch", "--all", "--force"),
        ("portfolio", "analyze", "risk", "--portfolio", "alpha", "--force"),
        ("worker",),
    ):
        code, _, said = cli(*command)
        assert code == 3, (command, said)
        assert "made by the demo" in said
    assert cli.json("portfolio", "batch", "list")["jobs"] == []


@pytest.mark.full
def test_a_demo_that_is_started_again_goes_on_with_its_jobs_at_another_port(tmp_path: Path) -> None:
    """The stand-in has another port then, and is the same provider."""
    home, port = tmp_path / "demo", free_port()
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MOSYCHLOS_", "OPENAI_"))}

    def command(*words: str, **more: str) -> list[str]:
        return [sys.executable, "-m", "core.cli.main", *words]

    settings = {
        **kept,
        "MOSYCHLOS_HOME": str(home),
        "MOSYCHLOS_SIMULATED": "yes",
        "MOSYCHLOS_PROVIDER_NAME": "demo stand-in",
        "OPENAI_BASE_URL": "http://127.0.0.1:1/v1",
    }

    def started(speed: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            command("demo", "--home", str(home), "--port", str(port), "--speed", speed),
            cwd=ROOT, env=kept, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        assert process.stderr is not None
        for line in process.stderr:
            if line.startswith(b"Ready"):
                return process
        raise AssertionError("the demo did not start")

    def ended(process: subprocess.Popen[bytes]) -> None:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)

    def asked(*words: str) -> dict[str, object]:
        done = subprocess.run(command(*words, "--json"), cwd=ROOT, env=settings, capture_output=True, check=True)
        found: dict[str, object] = orjson.loads(done.stdout)
        return found

    first = started("0.01")
    job_id = str(
        asked("portfolio", "analyze", "risk", "--batch", "--portfolio", "sample-us-60-40", "--force")["job_id"]
    )
    ended(first)
    second = started("100000")
    try:
        deadline = time.monotonic() + 120
        while (state := asked("portfolio", "batch", "status", job_id))["state"] != "done":
            assert time.monotonic() < deadline, state
            time.sleep(0.5)
        assert state["simulated"] is True
    finally:
        ended(second)
