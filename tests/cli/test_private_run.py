"""A whole run leaves nothing behind that other users could read, and a full disk ends in a sentence."""

from __future__ import annotations

import json
import os
import resource
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.cli.main import main
from core.domain.job import JobState
from core.storage.store import Store
from tests.cli.conftest import Cli
from tests.faults.staging import until
from tests.local_provider import LocalProvider

ROOT = Path(__file__).resolve().parents[2]

Program = Callable[..., str]


@pytest.fixture
def program(cli: Cli, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]) -> Iterator[Program]:
    """`mosychlos` from its beginning, with the usual umask before it; returns what it printed."""
    before = os.umask(0o022)

    def called(*words: str) -> str:
        os.umask(0o022)
        monkeypatch.setattr(sys, "argv", ["mosychlos", *words])
        capfdbinary.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capfdbinary.readouterr()
        assert ended.value.code == 0, printed
        os.umask(0o022)
        return printed.out.decode()

    yield called
    os.umask(before)


def process(*words: str, limit: Callable[[], None] | None = None) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "core.cli.main", *words],
        env={**os.environ, "PYTHONPATH": str(ROOT)}, umask=0o022, preexec_fn=limit,  # noqa: PLW1509  # no other thread
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    )  # fmt: skip


def open_to_others(*places: Path) -> list[str]:
    found = [path for place in places for path in (place, *place.rglob("*"))]
    assert found
    return [f"{path} {path.stat().st_mode:o}" for path in found if path.lstat().st_mode & (stat.S_IRWXG | stat.S_IRWXO)]


def test_after_a_whole_run_only_the_owner_can_read_anything(
    program: Program, positions: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    home.mkdir(exist_ok=True)
    home.chmod(0o755)
    with LocalProvider(tmp_path / "provider").start(speed=100_000) as local:
        monkeypatch.setenv("OPENAI_BASE_URL", local.base_url)
        monkeypatch.setenv("OPENAI_API_KEY", "sk-any")
        monkeypatch.setenv("MOSYCHLOS_POLL_SECONDS", "0.2")
        program("portfolio", "import", str(positions))
        job_id = json.loads(program("portfolio", "analyze", "risk", "--batch", "--all", "--json"))["job_id"]
        store = Store(f"sqlite:///{home / 'mosychlos.db'}")
        worker = process("worker")
        try:
            until(lambda: store.jobs.get(job_id).row.state is JobState.DONE, "the job is done", 120)
            program("portfolio", "analyze", "risk", "--all", "--dry-run", "--jsonl", "input.jsonl")
            assert (home / "engine.db").exists()
            assert list(home.rglob("*-wal"))  # while somebody writes
            assert open_to_others(home) == []
        finally:
            worker.terminate()
            worker.communicate(timeout=60)
            store.close()
        kept = [path for path in (tmp_path / "provider").iterdir() if path.name != "server.log"]  # ours, not its
        assert open_to_others(*kept) == []
    assert open_to_others(home) == []
    assert open_to_others(*tmp_path.glob("input.jsonl*")) == []


def test_jsonl_overwrites_nothing_unasked(cli: Cli, positions: Path, tmp_path: Path) -> None:
    cli.json("portfolio", "import", positions)
    before = positions.read_bytes()
    link = tmp_path / "link.jsonl"
    link.symlink_to(positions)
    dry = ("portfolio", "analyze", "risk", "--all", "--dry-run", "--jsonl")
    for target in (positions, link):
        code, _, err = cli(*dry, target)
        assert (code, "--overwrite" in err) == (2, True)
    assert positions.read_bytes() == before
    code, out, err = cli(*dry, link, "--overwrite")
    assert code == 0, out + err
    assert positions.read_bytes() == before
    written = list(tmp_path.glob("link.jsonl*"))
    assert any(b"custom_id" in path.read_bytes() for path in written)


def test_a_disk_that_takes_no_more_ends_in_a_sentence_and_exit_3(cli: Cli, positions: Path, tmp_path: Path) -> None:
    rows = positions.read_text("utf-8").splitlines()
    many = [rows[0], *(line.replace("Alpha", f"A{n:03}") for n in range(120) for line in rows[1:3])]
    positions.write_text("\n".join(many), "utf-8")
    cli.json("portfolio", "import", positions)
    most = max(path.stat().st_size for path in (tmp_path / "home").iterdir()) + 300_000

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))

    ended = process("portfolio", "analyze", "risk", "--batch", "--all", limit=limit)
    said = ended.communicate()[1].decode()
    assert (ended.returncode, said.count("Error:"), "Traceback" in said) == (3, 1, False), said
    assert list((tmp_path / "home" / "jobs").glob("*/*")) == []


def test_too_few_open_files_end_in_a_sentence(cli: Cli, positions: Path) -> None:
    cli.json("portfolio", "import", positions)

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (6, 6))

    ended = process("portfolio", "analyze", "risk", "--batch", "--all", limit=limit)
    said = ended.communicate()[1].decode()
    assert (ended.returncode, said.count("Error:"), "Traceback" in said) == (3, 1, False), said


def test_a_home_that_cannot_be_written_is_a_sentence(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOSYCHLOS_HOME", "/proc/mosychlos")
    code, _, err = cli("portfolio", "list")
    assert (code, "Traceback" in err) == (3, False)
    assert "data directory '/proc/mosychlos' cannot be made" in err
