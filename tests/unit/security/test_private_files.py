"""Files are for their owner alone, nothing is overwritten unasked, and a full disk is a sentence."""

from __future__ import annotations

import errno
import logging
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from core import private_files
from core.app import build
from core.domain.actor import LOCAL
from core.errors import BadInput, BadSetting, StorageTrouble
from core.settings import load
from core.simulator.process import _write_port
from core.storage.store import Store


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def test_a_data_directory_that_was_there_is_closed_with_a_word(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    home = tmp_path / "home"
    (home / "jobs").mkdir(parents=True)
    home.chmod(0o755)
    (home / "jobs").chmod(0o755)
    copy = home / "mosychlos.db"
    copy.write_bytes(b"")
    copy.chmod(0o644)
    with caplog.at_level(logging.WARNING):
        app = build(load({"MOSYCHLOS_HOME": str(home)}))
    try:
        [check] = [one for one in app.health(LOCAL) if one.name == "files"]
        assert check.state == "ok", check
    finally:
        app.close()
    assert "other users could read" in caplog.text
    assert {oct(mode(path)) for path in (home, home / "jobs")} == {"0o700"}
    assert {oct(mode(path)) for path in home.iterdir() if path.is_file()} == {"0o600"}


def test_health_names_what_others_can_read(tmp_path: Path) -> None:
    app = build(load({"MOSYCHLOS_HOME": str(tmp_path / "home")}))
    try:
        late = tmp_path / "home" / "restored.copy"
        late.write_text("names and values", "utf-8")
        late.chmod(0o640)
        [check] = [one for one in app.health(LOCAL) if one.name == "files"]
    finally:
        app.close()
    assert (check.state, "restored.copy" in check.message, "chmod" in check.message) == ("warning", True, True)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be two users")
def test_a_data_directory_of_somebody_else_is_refused(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    home.chmod(0o777)
    tmp_path.chmod(0o755)
    for place in tmp_path.parents:
        if place.stat().st_uid == 0 and mode(place) == 0o700 and place != Path("/"):
            place.chmod(0o711)  # pytest's own folders, which the other user must get through
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            os.setgid(65534)
            os.setuid(65534)
            private_files.make_private(home)
        except BadSetting as error:
            code = 0 if "belongs to another user" in str(error) else 2
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def test_a_database_elsewhere_is_private_too_and_its_folder_is_left_alone(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o755)
    before = os.umask(0o022)
    try:
        store = Store(f"sqlite:///{shared / 'x.db'}")
        store.upgrade()
        found = {path.name: oct(mode(path)) for path in shared.iterdir()}
        store.close()
    finally:
        os.umask(before)
    assert {"x.db", "x.db-wal", "x.db-shm"} <= set(found)
    assert set(found.values()) == {"0o600"}
    assert mode(shared) == 0o755


@pytest.mark.parametrize("module", ["core.cli.main", "dashboard.shell.server", "core.simulator.__main__"])
def test_every_process_begins_by_writing_for_its_owner_alone(module: str) -> None:
    program = (
        "import os, sys\n"
        f"from {module} import main\n"
        "sys.argv[1:] = ['--help']\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print('umask', oct(os.umask(0)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.rstrip().endswith("umask 0o77"), done.stdout


def test_what_stands_where_a_file_is_wanted_is_not_overwritten_unasked(tmp_path: Path) -> None:
    source, theirs = tmp_path / "source", tmp_path / "positions.csv"
    source.write_text("input", "utf-8")
    theirs.write_text("theirs", "utf-8")
    link, dangling = tmp_path / "link.jsonl", tmp_path / "dangling.jsonl"
    link.symlink_to(theirs)
    dangling.symlink_to(tmp_path / "nowhere")
    for target in (theirs, link, dangling):
        with pytest.raises(BadInput, match="--overwrite"):
            private_files.hand_out(source, target, overwrite=False)
    private_files.hand_out(source, link, overwrite=True)
    assert theirs.read_text("utf-8") == "theirs"
    assert not link.is_symlink()
    assert (link.read_text("utf-8"), mode(link)) == ("input", 0o600)
    assert not (tmp_path / "nowhere").exists()
    for target in (Path(os.devnull), tmp_path):
        with pytest.raises(BadInput, match="no ordinary file"):
            private_files.hand_out(source, target, overwrite=True)
    assert not list(tmp_path.glob(".*part"))


def test_a_port_is_written_over_an_earlier_port_only(tmp_path: Path) -> None:
    path = tmp_path / "port"
    for port in (1, 65535):
        _write_port(path, port)
        assert path.read_text("ascii") == str(port)
    path.write_text("symbol,value\n", "utf-8")
    with pytest.raises(BadInput, match="holds no port"):
        _write_port(path, 1)


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EMFILE, errno.ENFILE])
def test_a_disk_that_takes_no_more_is_one_sentence_and_no_bug(code: int) -> None:
    said = private_files.trouble(OSError(code, os.strerror(code), "/somewhere"))
    assert isinstance(said, StorageTrouble)
    assert said.exit_code == 3
    assert "/somewhere" in str(said)
    assert "\n" not in str(said)


def test_an_error_that_is_our_own_is_none_of_the_disks() -> None:
    assert private_files.trouble(FileNotFoundError(errno.ENOENT, "no such file", "x")) is None
