"""The sandbox: what a hostile file could do once it had the better of its parser, and what comes of it."""

from __future__ import annotations

import itertools
import json
import os
import socket
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from core.errors import UnreadableFile
from core.intake.sandbox import child, landlock, seccomp, slots
from core.intake.sandbox.runner import Work, decoded, missing_walls, run, walls

ROOT = Path(__file__).resolve().parents[3]

ATTACKS = "tests.unit.intake.sandbox_attacks"
EVERY_WALL = frozenset({child.LIMITS, child.FILES, child.PROCESSES, child.NETWORK})
on_linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has these walls; config check says so")


def work(function: str, **bounds: object) -> Work:
    return replace(Work(f"{ATTACKS}:{function}", "file", "Throw it away."), **bounds)


def answers(function: str, data: bytes = b"", **bounds: object) -> list:
    return [json.loads(line) for line in run(work(function, **bounds), "evil.xlsx", data).splitlines()]


def all_failed(tried: list) -> bool:
    return bool(tried) and all("failed" in one for one in tried)


needs_every_wall = pytest.mark.skipif(
    walls() != EVERY_WALL, reason=f"this machine keeps a child by {', '.join(sorted(walls()))} only; the rest is tested"
)


@on_linux
def test_a_machine_of_today_has_every_wall() -> None:
    if not landlock.version():
        pytest.skip("this kernel has no Landlock")
    assert walls() == EVERY_WALL


@needs_every_wall
def test_no_connection_leaves() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.2)
        assert all_failed(answers("connect", str(listener.getsockname()[1]).encode()))
        with pytest.raises(TimeoutError):
            listener.accept()


@needs_every_wall
def test_neither_other_processes_nor_files_of_the_person_can_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-CANARY")
    (tmp_path / "mosychlos.db").write_text("CANARY")
    assert all_failed(answers("look_around", str(tmp_path / "mosychlos.db").encode()))
    assert all(result < 0 and error == 1 for result, error in answers("peek_into_memory"))


@needs_every_wall
def test_nothing_is_written_or_changed(tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("as it was")
    before = (tmp_path / "kept").stat()
    assert all_failed(answers("write_files", str(tmp_path).encode()))
    assert [one.name for one in tmp_path.iterdir()] == ["kept"]
    assert (tmp_path / "kept").read_text() == "as it was"
    after = (tmp_path / "kept").stat()
    assert (after.st_mode, after.st_mtime_ns, after.st_ctime_ns) == (
        before.st_mode, before.st_mtime_ns, before.st_ctime_ns,
    )  # fmt: skip


@needs_every_wall
def test_no_process_or_program_starts(tmp_path: Path) -> None:
    assert all_failed(answers("start_processes", str(tmp_path / "mark").encode()))
    assert not (tmp_path / "mark").exists()


@needs_every_wall
def test_nobody_gets_a_signal_and_no_limit_is_raised() -> None:
    assert all_failed(answers("disturb_others"))


def test_a_parser_is_given_no_environment_no_folder_and_no_open_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-CANARY")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    (tmp_path / "msgspec.py").write_text("raise SystemExit('the current folder was believed')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    with (tmp_path / "left-open").open("wb") as left_open:
        os.set_inheritable(left_open.fileno(), True)
        names, path, folder, open_ = answers("tell_all")
    assert set(names) <= {"PATH", "LC_ALL", "LC_CTYPE"}
    assert str(tmp_path) not in path
    assert "" not in path
    assert Path(folder) != tmp_path
    assert not Path(folder).exists()
    assert open_ == [0, 1, 2]


@on_linux
@pytest.mark.parametrize("skipped", [("landlock",), ("landlock", "seccomp")])
def test_namespaces_hide_processes_and_the_network_where_the_kernel_has_less(
    skipped: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    if child.PROCESSES not in walls(skipped):
        pytest.skip("this machine lets nobody make namespaces")
    assert child.NETWORK in walls(skipped)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = str(listener.getsockname()[1]).encode()
        assert "failed" in answers("connect", port, skipped=skipped)[0]
    assert all_failed(answers("look_around", b"/nowhere/else", skipped=skipped)[:4])


@on_linux
def test_what_a_machine_lacks_is_said_and_not_claimed() -> None:
    assert walls(("landlock", "seccomp", "namespaces")) == {child.LIMITS}
    assert missing_walls(("landlock", "seccomp", "namespaces")) == [
        "reading files", "looking at other processes", "using the network",
    ]  # fmt: skip
    assert answers("echo", b"123", skipped=("landlock", "seccomp", "namespaces")) == [3]


@pytest.mark.parametrize(
    ("function", "bounds", "words"),
    [
        ("fill_memory", {"memory_bytes": 400_000_000}, "memory that is allowed, 400 MB"),
        ("spin", {"cpu_seconds": 1}, "more than 1 s of computing"),
        ("sleep", {"seconds": 1}, "longer than 1 s"),
        ("flood", {"output_bytes": 3_000_000}, "unpacks to more than 3 MB"),
        ("nest", {}, "nested deeper"),
        ("crash", {}, "ended the process that read it"),
        ("abort", {}, "ended the process that read it"),
        ("break_off", {}, r"a damaged file \(ValueError\)"),
    ],
)
def test_what_a_file_costs_is_bounded_and_said_in_a_sentence(function: str, bounds: dict, words: str) -> None:
    if function == "fill_memory" and child.LIMITS not in walls():
        pytest.skip("this system keeps no limit of memory")
    with pytest.raises(UnreadableFile, match=words) as caught:
        run(work(function, **bounds), "evil.xlsx", b"data")
    assert str(caught.value).startswith("'evil.xlsx' ")
    assert str(caught.value).endswith(" Throw it away.")
    assert "secret words" not in str(caught.value)


def test_others_are_answered_while_a_file_spins() -> None:
    ticks, stop = [], threading.Event()

    def tick() -> None:
        while not stop.wait(0.02):
            ticks.append(time.monotonic())

    beside = threading.Thread(target=tick)
    beside.start()
    try:
        with pytest.raises(UnreadableFile):
            run(work("spin", cpu_seconds=1), "evil.xlsx", b"")
    finally:
        stop.set()
        beside.join()
    assert max(later - earlier for earlier, later in itertools.pairwise(ticks)) < 1


def test_an_answer_is_json_of_the_expected_shape_or_nothing() -> None:
    lines = run(work("answer_something_else"), "evil.pdf", b"").splitlines()
    with pytest.raises(UnreadableFile, match="answer with something else"):
        list(decoded(msgspec.json.Decoder(list[str]), "evil.pdf", lines))


def test_a_refusal_is_one_short_line_of_plain_text() -> None:
    with pytest.raises(UnreadableFile) as caught:
        run(work("claim_too_much"), "evil.pdf", b"")
    assert len(str(caught.value)) <= 400
    assert str(caught.value).isprintable()


def test_a_large_file_reaches_the_parser_whole() -> None:
    assert answers("echo", os.urandom(5_000_000)) == [5_000_000]


def test_the_numbers_of_refused_calls_are_the_kernels_own() -> None:
    headers = (Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"), Path("/usr/include/asm-generic/unistd.h"))
    if not all(path.exists() for path in headers):
        pytest.skip("the kernel's headers are not installed here")
    for place, path in enumerate(headers):
        found = {}
        for line in path.read_text().splitlines():
            words = line.split()
            if len(words) == 3 and words[0] == "#define" and words[2].isdigit():
                found[words[1].replace("__NR3264_", "__NR_").removeprefix("__NR_")] = int(words[2])
        for name, numbers in seccomp.REFUSED.items():
            if name in found:
                assert numbers[place] == found[name], name


HOLD = """
import sys, time
from pathlib import Path
from core.intake.sandbox import slots
with slots.slot(5, Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_few_run_at_once_over_all_processes_and_a_dead_one_gives_its_place_back(tmp_path: Path) -> None:
    folder = tmp_path / "slots"
    command = [sys.executable, "-c", HOLD, str(folder)]
    holders = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) for _ in range(slots.AT_ONCE)]
    try:
        for holder in holders:
            assert holder.stdout is not None
            assert holder.stdout.readline() == b"held\n"
        with pytest.raises(slots.NoSlot), slots.slot(0.2, folder):
            pytest.fail("a fifth one ran")
        holders[0].kill()
        holders[0].wait()
        with slots.slot(5, folder):
            pass
    finally:
        for holder in holders:
            holder.kill()
            holder.communicate()


def test_threads_of_one_process_wait_for_one_another_and_are_told_when_it_takes_too_long() -> None:
    free = threading.Event()

    def hold() -> None:
        with slots.slot(5):
            free.wait(30)

    holders = [threading.Thread(target=hold) for _ in range(slots.AT_ONCE)]
    for holder in holders:
        holder.start()
    try:
        time.sleep(0.3)
        with pytest.raises(UnreadableFile, match=r"every place for 0\.2 s\. Try again later"):
            run(work("echo", wait_seconds=0.2), "next.pdf", b"")
    finally:
        free.set()
        for holder in holders:
            holder.join()


@on_linux
def test_a_folder_of_slots_that_somebody_else_could_write_to_is_not_believed(tmp_path: Path) -> None:
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o777)
    with slots.slot(1, tmp_path / "open"):
        assert not list((tmp_path / "open").iterdir())
    (tmp_path / "link").symlink_to(tmp_path / "open")
    with slots.slot(1, tmp_path / "link"):
        assert not list((tmp_path / "open").iterdir())
