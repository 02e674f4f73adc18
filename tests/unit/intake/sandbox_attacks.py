"""What a hostile file would do once it had the better of its parser. Run in a sandbox by `test_sandbox`."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path


def _tried(action: Callable[[], object]) -> dict[str, object]:
    try:
        return {"did": repr(action())[:200]}
    except BaseException as error:  # noqa: BLE001  # how it failed is the answer
        return {"failed": type(error).__name__}


def connect(data: bytes, **_: object) -> Iterator[object]:
    """To a listener on this machine, by every way there is."""
    port = int(data)
    yield _tried(lambda: socket.create_connection(("127.0.0.1", port), timeout=2))
    yield _tried(lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", port)))
    yield _tried(lambda: socket.socket(socket.AF_UNIX).connect("/run/docker.sock"))
    yield _tried(socket.socketpair)


def look_around(data: bytes, **_: object) -> Iterator[object]:
    """At the parent's environment and memory, at other processes, at a file of the person."""
    parent, path = os.getppid(), data.decode()
    yield _tried(lambda: Path(f"/proc/{parent}/environ").read_bytes())
    yield _tried(lambda: os.open(f"/proc/{parent}/mem", os.O_RDONLY))
    yield _tried(lambda: Path(f"/proc/{parent}/cmdline").read_bytes())
    yield _tried(lambda: Path("/proc/self/environ").read_bytes())
    yield _tried(lambda: [one for one in Path("/proc").iterdir() if one.name.isdigit()])
    yield _tried(lambda: Path(path).read_bytes())
    yield _tried(lambda: list(Path(path).parent.iterdir()))
    yield _tried(lambda: list(Path("/root" if os.getuid() == 0 else "/home").iterdir()))


def peek_into_memory(_data: bytes, **_: object) -> Iterator[object]:
    """Of the parent, by the calls that debuggers use."""
    libc, none = ctypes.CDLL(None, use_errno=True), ctypes.c_ulong(0)
    for call in (
        lambda: libc.ptrace(16, os.getppid(), None, None),
        lambda: libc.process_vm_readv(os.getppid(), None, none, None, none, none),
        lambda: libc.unshare(0x10000000),
        lambda: libc.mount(b"proc", b"/proc", b"proc", none, None),
    ):
        ctypes.set_errno(0)
        yield [call(), ctypes.get_errno()]


def write_files(data: bytes, **_: object) -> Iterator[object]:
    """Into a folder of the person, and change what is there."""
    folder = Path(data.decode())
    yield _tried(lambda: (folder / "planted").write_text("x"))
    yield _tried(lambda: (folder / "kept").write_text("changed"))
    yield _tried(lambda: os.truncate(folder / "kept", 0))
    yield _tried((folder / "kept").unlink)
    yield _tried(lambda: (folder / "kept").rename(folder / "moved"))
    yield _tried(lambda: (folder / "kept").chmod(0o777))
    yield _tried(lambda: os.utime(folder / "kept", (0, 0)))
    yield _tried((folder / "made").mkdir)
    yield _tried(lambda: (folder / "link").symlink_to("/etc/passwd"))
    yield _tried(lambda: Path("here").write_text("x"))


def start_processes(data: bytes, **_: object) -> Iterator[object]:
    """By every way Python has, each of which would leave a file behind."""
    mark = data.decode()
    yield _tried(os.fork)
    yield _tried(lambda: subprocess.run(["/bin/sh", "-c", f"touch {mark}"], check=True))
    yield _tried(lambda: os.posix_spawn("/bin/sh", ["sh", "-c", f"touch {mark}"], {}))
    yield _tried(lambda: os.execv("/bin/sh", ["sh", "-c", f"touch {mark}"]))
    os.system(f"touch {mark}")


def disturb_others(_data: bytes, **_: object) -> Iterator[object]:
    """Signals to the parent and to everybody, and limits raised again."""
    yield _tried(lambda: os.kill(os.getppid(), 0))
    yield _tried(lambda: os.kill(-1, 0))
    yield _tried(lambda: os.killpg(0, 0))
    yield _tried(lambda: resource.setrlimit(resource.RLIMIT_AS, (-1, -1)))
    yield _tried(lambda: os.setpriority(os.PRIO_PROCESS, os.getppid(), 19))


def tell_all(_data: bytes, **_: object) -> Iterator[object]:
    """What it was given without asking."""
    yield sorted(os.environ)
    yield sys.path
    yield str(Path.cwd())
    open_ = []
    for number in range(64):
        try:
            os.fstat(number)
        except OSError:
            continue
        open_.append(number)
    yield open_


def fill_memory(_data: bytes, **_: object) -> Iterator[object]:
    """Far more than any file needs."""
    held = []
    while True:
        held.append(bytearray(50_000_000))
        yield len(held)


def spin(_data: bytes, **_: object) -> Iterator[object]:
    """For ever, with the interpreter's lock held."""
    while True:
        sum(range(1_000_000))
    yield 0


def sleep(_data: bytes, **_: object) -> Iterator[object]:
    """For ever, deaf to every signal that can be ignored."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGXCPU, signal.SIGALRM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    time.sleep(3_600)
    yield 0


def flood(_data: bytes, **_: object) -> Iterator[object]:
    """With results."""
    while True:
        yield "x" * 100_000


def nest(_data: bytes, **_: object) -> Iterator[object]:
    """Too deep for the interpreter."""

    def deeper(level: int) -> int:
        return deeper(level + 1) + 1

    yield deeper(0)


def crash(_data: bytes, **_: object) -> Iterator[object]:
    """As a library in another language does that runs off its own memory."""
    ctypes.string_at(0)
    yield 0


def abort(_data: bytes, **_: object) -> Iterator[object]:
    """As a library in Rust does that panics twice."""
    os.abort()
    yield 0


def answer_something_else(_data: bytes, **_: object) -> Iterator[object]:
    """Than lines of JSON: a pickle that would run code, if anybody opened it."""
    os.write(1, b"cos\nsystem\n(S'touch /tmp/pwned'\ntR.\n")
    yield from ()


def claim_too_much(_data: bytes, **_: object) -> Iterator[object]:
    """A refusal with tricks in it, as long as a book."""
    os.write(2, b'{"refusal": "\\u001b[2J\\u202e' + b"x" * 50_000 + b'"}\n')
    os._exit(10)
    yield 0


def break_off(_data: bytes, **_: object) -> Iterator[object]:
    """With an error whose words nobody should print."""
    raise ValueError("secret words of the file")
    yield 0


def echo(data: bytes, **_: object) -> Iterator[object]:
    """Honestly."""
    yield len(data)
