"""Start a child, give it a file, wait no longer than allowed, and take what it wrote."""

from __future__ import annotations

import contextlib
import functools
import importlib.util
import json
import os
import signal
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TypeVar

import msgspec

from core.errors import UnreadableFile
from core.intake.cells.names import one_line
from core.intake.sandbox import child
from core.intake.sandbox.slots import NoSlot, slot

T = TypeVar("T")
MB = 1_000_000
_ROOT = Path(__file__).resolve().parents[3]
_PROGRAM = "import json, sys; sys.path[:] += json.loads({paths!r}); from core.intake.sandbox.child import main; main()"
_SYSTEM_LIBRARIES = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/nix/store", "/etc/ld.so.cache")
_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
_MOST_SAID = 400
_IN_WORDS = {
    child.LIMITS: "using more memory or computing than allowed",
    child.FILES: "reading files",
    child.PROCESSES: "looking at other processes",
    child.NETWORK: "using the network",
}


@dataclass(frozen=True, slots=True)
class Work:
    """A parser of ours, and what it may cost.

    Attributes:
        function: "module:function" of `(data: bytes, *, name: str, **options) -> Iterable` of values that JSON can
            carry. It raises `UnreadableFile` to refuse.
        kind: What the file is, for sentences: "workbook".
        remedy: What a person can do when it costs too much: a sentence.
        cpu_seconds: Of computing; the machine's other work does not count.
        seconds: From start to end, whatever happens meanwhile.
        memory_bytes: Of address space.
        output_bytes: Of all results together.
        wait_seconds: For one of the few that run at once.
        without: Libraries that the parser would load where they are installed, and has no use for.
        skipped: Walls to do without, of "landlock", "seccomp" and "namespaces": what a lesser machine would do.
    """

    function: str
    kind: str
    remedy: str
    cpu_seconds: int = 60
    seconds: float = 180
    memory_bytes: int = 1 << 30
    output_bytes: int = 256 * MB
    wait_seconds: float = 120
    without: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()


def run(work: Work, name: str, data: bytes, **options: object) -> bytes:
    """Run a parser over a file in a child process.

    Args:
        work: The parser.
        name: The file's shown name, for errors.
        data: Its bytes.
        options: Of the parser, beside the name; JSON carries them.

    Returns:
        Lines of JSON, one a result, for the caller to decode into what it expects.

    Raises:
        UnreadableFile: The parser refused, broke, or would have cost more than it may; or too many others run.
    """
    try:
        with slot(work.wait_seconds):
            return _run(work, name, data, {"name": name, **options})[0]
    except NoSlot:
        raise UnreadableFile(
            f"'{name}' was not read: other files have kept every place for {work.wait_seconds:g} s. Try again later."
        ) from None


@functools.cache
def walls(skipped: tuple[str, ...] = ()) -> frozenset[str]:
    """What a child is kept by on this machine, of `child.LIMITS`, `FILES`, `PROCESSES` and `NETWORK`.

    Args:
        skipped: As of `Work`.
    """
    return _run(Work("core.intake.sandbox.child:no_lines", "file", "", skipped=skipped), "nothing", b"", {})[1]


def missing_walls(skipped: tuple[str, ...] = ()) -> list[str]:
    """What a child is not kept from on this machine, in words; nothing where every wall stands.

    Args:
        skipped: As of `Work`.
    """
    standing = walls(skipped)
    return [words for wall, words in _IN_WORDS.items() if wall not in standing]


def decoded(decoder: msgspec.json.Decoder[T], name: str, lines: Iterable[bytes]) -> Iterator[T]:
    """Results as what the caller expects.

    Raises:
        UnreadableFile: Something else came out: the file has the better of its parser.
    """
    for line in lines:
        try:
            yield decoder.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise UnreadableFile(
                f"'{name}' made the program that reads it answer with something else. Do not open this file."
            ) from None


def _run(work: Work, name: str, data: bytes, options: dict[str, object]) -> tuple[bytes, frozenset[str]]:
    with contextlib.ExitStack() as open_:
        given, results, said = (open_.enter_context(_scratch(one)) for one in ("given", "results", "said"))
        given.write(json.dumps(_order(work, options)).encode() + b"\n")
        given.write(data)
        given.seek(0)
        folder = open_.enter_context(tempfile.TemporaryDirectory(prefix="mosychlos-sandbox-"))
        try:
            ended = _child(work, folder, given, results, said)
        except OSError as error:
            raise UnreadableFile(
                f"'{name}' was not read: no process could be started for it ({error.strerror}). Try again later."
            ) from error
        standing, last = _said(said)
        if ended != child.DONE:
            raise UnreadableFile(_sentence(work, name, ended, last))
        results.seek(0)
        return results.read(), standing


def _order(work: Work, options: dict[str, object]) -> dict[str, object]:
    limits = {
        "CPU": work.cpu_seconds, "AS": work.memory_bytes, "FSIZE": work.output_bytes,
        "CORE": 0, "NOFILE": 128, "NPROC": 0,
    }  # fmt: skip
    return {
        "function": work.function,
        "options": options,
        "limits": limits,
        "without": work.without,
        "readable": [*_readable(work.function)],
        "skipped": work.skipped,
    }


def _child(work: Work, folder: str, given: IO[bytes], results: IO[bytes], said: IO[bytes]) -> int | None:
    """The exit code, negative for a signal; None when its time was up."""
    program = _PROGRAM.format(paths=json.dumps(_paths(work.function)))
    with subprocess.Popen(  # noqa: S603  # our own program; the file and what to do are on stdin
        # -I: nothing of the environment or the current folder; -S: no code of site packages at start; -B: writes none.
        [sys.executable, "-I", "-S", "-B", "-c", program],
        stdin=given,
        stdout=results,
        stderr=said,
        cwd=folder,
        env=_ENVIRONMENT,
        start_new_session=True,
    ) as process:
        try:
            return process.wait(work.seconds)
        except subprocess.TimeoutExpired:
            return None
        finally:
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the child and whatever it started, which the walls forbid where they stand."""
    if hasattr(os, "killpg"):
        # The group may outlive its leader; while the leader is not waited for, its number is nobody else's.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()


def _sentence(work: Work, name: str, ended: int | None, last: dict[str, object]) -> str:
    if ended == child.REFUSED:
        return one_line(str(last.get("refusal", "")))[:_MOST_SAID] or f"'{name}' was refused. {work.remedy}"
    if ended is None:
        why = f"takes longer than {work.seconds:g} s to read, which no plain {work.kind} does"
    elif ended == -getattr(signal, "SIGXCPU", 0):
        why = f"takes more than {work.cpu_seconds} s of computing to read, which no plain {work.kind} does"
    elif ended == child.TOO_MUCH_MEMORY:
        why = f"cannot be read within the memory that is allowed, {work.memory_bytes // MB:,} MB"
    elif ended == child.TOO_DEEP:
        why = f"is nested deeper than any plain {work.kind}"
    elif ended == child.TOO_MUCH_OUTPUT:
        why = f"unpacks to more than {work.output_bytes // MB:,} MB"
    elif ended == child.BROKEN:
        why = f"is a damaged {work.kind} ({one_line(str(last.get('broken', '')))[:60]})"
    else:
        why = f"ended the process that read it ({ended})"
    return f"'{name}' {why}. {work.remedy}"


def _said(said: IO[bytes]) -> tuple[frozenset[str], dict[str, object]]:
    """The walls that stand, and the last word; nothing where there is none."""
    said.seek(0)
    found: list[dict[str, object]] = []
    for line in said.read(64_000).splitlines():
        try:
            one = json.loads(line)
        except ValueError:
            continue
        if isinstance(one, dict):
            found.append(one)
    first = found[0].get("walls") if found else None
    return frozenset(map(str, first)) if isinstance(first, list) else frozenset(), found[-1] if found else {}


def _scratch(name: str) -> IO[bytes]:
    """A file without a name, in memory where the system can: what is in it lies on no disk."""
    if hasattr(os, "memfd_create"):
        return os.fdopen(os.memfd_create(name), "w+b")
    return tempfile.TemporaryFile()


def _package(function: str) -> list[Path]:
    """The folders of the package that holds a function."""
    top = importlib.util.find_spec(function.partition(":")[0].partition(".")[0])
    return [Path(place) for place in (top.submodule_search_locations if top is not None else None) or ()]


def _paths(function: str) -> list[str]:
    """Where the child looks for modules: our code, and where ours come from; never the current folder."""
    roots = [str(_ROOT), *(str(place.parent) for place in _package(function))]
    return list(dict.fromkeys([*roots, *_library_folders()]))


def _library_folders() -> list[str]:
    here = Path.cwd()
    ours = [path for path in map(Path, sys.path) if path.is_absolute() and path.is_dir()]
    return [str(path) for path in ours if path not in (here, _ROOT)]


def _readable(function: str) -> Iterator[str]:
    """What the child may read: program code, and nothing else of whoever runs us."""
    yield str(_ROOT / "core")
    yield from map(str, _package(function))
    yield from _library_folders()
    for name in ("stdlib", "platstdlib"):
        yield str(Path(sysconfig.get_path(name)).parent)
    yield from _SYSTEM_LIBRARIES
