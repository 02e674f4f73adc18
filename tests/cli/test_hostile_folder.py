"""Commands in a folder that somebody else filled: nothing in it is obeyed."""

from __future__ import annotations

import http.server
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import POSITIONS, Cli
from tests.local_provider import LocalProvider

ROOT = Path(__file__).resolve().parents[2]
KEY = "sk-proj-CANARY0123456789"


class Listener:
    """A server on this machine that notes who calls."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        heard = self.heard

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                heard.append(f"{self.path} {self.headers}")
                self.send_error(404)

            do_POST = do_GET  # noqa: N815  # the server's own names

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/v1"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def listener() -> Iterator[Listener]:
    listening = Listener()
    yield listening
    listening.close()


@pytest.fixture
def folder(cli: Cli, listener: Listener, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An unpacked archive: positions, and everything that a program might be made to read."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    place = tmp_path / "archive"
    (place / ".streamlit").mkdir(parents=True)
    (place / "prompts").mkdir()
    (place / "depot.csv").write_text(POSITIONS, "utf-8")
    settings = f'OPENAI_BASE_URL = "{listener.url}"\nMOSYCHLOS_HOME = "{place}/other"\n'
    (place / "mosychlos.toml").write_text(settings, "utf-8")
    (place / ".env").write_text(f"OPENAI_BASE_URL={listener.url}\nMOSYCHLOS_HOME={place}/other\n", "utf-8")
    (place / "dbos-config.yaml").write_text("name: other\nsystem_database_url: sqlite:///other.db\n", "utf-8")
    trap = f"open({str(place / 'TRAPPED')!r}, 'w').close()\n"
    for name in ("sitecustomize", "usercustomize", "yaml", "streamlit", "typer", "dbos", "openai", "core", "dashboard"):
        (place / f"{name}.py").write_text(trap, "utf-8")
    monkeypatch.chdir(place)
    return place


def test_a_settings_file_in_the_current_folder_is_named_and_not_read(
    cli: Cli, folder: Path, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    code, _, err = cli("portfolio", "import", "depot.csv")
    assert code == 0
    assert err.count("mosychlos.toml is not read") == 1
    assert "--config" in err
    checked = cli.json("config", "check", "--config", "/dev/null", code=2)  # the provider is not reachable from here
    assert checked["file"] is None
    [note] = [one for one in checked["checks"] if one["name"] == "settings file"]
    assert (note["state"], str(folder) in note["message"]) == ("warning", True)
    assert not (folder / "other").exists()
    assert not listener.heard


@pytest.mark.parametrize("way", ["--config", "MOSYCHLOS_CONFIG"])
def test_a_key_of_the_environment_is_not_sent_where_only_the_named_file_says(
    cli: Cli, folder: Path, listener: Listener, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    cli.json("portfolio", "import", "depot.csv")
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    named = ["--config", "mosychlos.toml"] if way == "--config" else []
    if not named:
        monkeypatch.setenv("MOSYCHLOS_CONFIG", "./mosychlos.toml")
    for command in (["portfolio", "analyze", "risk", "--all"], ["worker"], ["config", "check"]):
        code, out, err = cli(*named, *command)
        assert code == 2, command
        assert "OPENAI_BASE_URL only in the settings file" in err
        assert KEY not in out + err
    assert not listener.heard


def test_a_named_file_is_read_wherever_its_name_stands(cli: Cli, folder: Path) -> None:
    Path("mine.toml").write_text("MOSYCHLOS_POLL_SECONDS = 7\n", "utf-8")
    for words in (
        ("--config", "mine.toml", "config", "check"),
        ("config", "check", "--config", "mine.toml"),
        ("config", "--config=mine.toml", "check"),
    ):
        found = cli.json(*words)
        assert found["file"] == str(folder / "mine.toml")
        [row] = [one for one in found["settings"] if one["name"] == "MOSYCHLOS_POLL_SECONDS"]
        assert (row["value"], row["from"]) == ("7", "file")
    [row] = [one for one in cli.json("config", "check")["settings"] if one["name"] == "MOSYCHLOS_POLL_SECONDS"]
    assert (row["value"], row["from"]) == (None, None)


def test_modules_of_the_current_folder_are_not_loaded(cli: Cli, folder: Path) -> None:
    """The program as it is installed, and every process that it starts."""
    around = {**os.environ, "PYTHONPATH": f"{os.pathsep}{ROOT}{os.pathsep}."}
    program = (
        "import sys; sys.path[:] = [one for one in sys.path if one not in ('', '.', sys.argv[1])]\n"
        "import os, core.cli.processes as processes, core.cli.session as session\n"
        "around = processes._without_current_folder(session.environment())\n"
        "command = [*processes.PYTHON, 'core.cli.main', '--version']\n"
        "os.execve(command[0], command, around)\n"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-I", "-c", "import site; site.main()\n" + program, str(folder)],
        cwd=folder,
        env=around,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.startswith("mosychlos "), done.stderr
    assert not (folder / "TRAPPED").exists()


def test_every_process_of_ours_is_started_without_the_current_folder() -> None:
    import core.cli.processes as processes

    assert processes._dashboard_command("127.0.0.1", 1)[:3] == [sys.executable, "-P", "-m"]
    sources = [*(ROOT / "core").rglob("*.py"), *(ROOT / "dashboard").rglob("*.py")]
    starting = [line for path in sources for line in path.read_text("utf-8").splitlines() if '"-m"' in line]
    assert len(starting) >= 2
    assert [line for line in starting if '"-P", "-m"' not in line] == []


def test_a_command_that_sends_says_to_whom(
    cli: Cli, positions: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with LocalProvider(tmp_path / "provider").start(speed=100_000) as local:
        monkeypatch.setenv("OPENAI_BASE_URL", local.base_url)
        monkeypatch.setenv("OPENAI_API_KEY", "sk-any")
        cli.json("portfolio", "import", positions)
        sent = cli.json("portfolio", "analyze", "risk", "--batch", "--all")
        assert sent["sent_to"] == local.base_url
        code, out, err = cli("portfolio", "analyze", "risk", "--batch", "--all", "--force")
        assert (code, f"Requests go to {local.base_url}" in err) == (0, True), out + err
        tried = cli.json("portfolio", "analyze", "allocation", "--all")
        assert tried["sent_to"] == local.base_url
        for command in ("retry", "reask"):
            code, out, err = cli("batch", command, sent["job_id"])
            assert f"Requests go to {local.base_url}" in err or code in {2, 3}, (command, out, err)
    monkeypatch.delenv("OPENAI_BASE_URL")
    code, _, err = cli("portfolio", "analyze", "risk", "--batch", "--all", "--force")
    assert (code, "Requests go to" in err) == (0, False)
