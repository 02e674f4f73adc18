"""What runs inside: walls up, one parser called, its lines written. Only `runner` starts it.

stdin holds one line of JSON (`Order`) and then the file's bytes. stdout takes one line of JSON a result. stderr takes
two: which walls stand, and how it ended. Nothing else comes out, and nothing is ever unpickled.
"""

from __future__ import annotations

import errno
import importlib
import json
import os
import sys
from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from core.errors import UnreadableFile
from core.intake.sandbox import landlock, namespaces, seccomp
from core.intake.sandbox.linux import end_with_parent, gain_no_privileges

DONE, REFUSED, TOO_MUCH_MEMORY, TOO_DEEP, TOO_MUCH_OUTPUT, BROKEN = 0, 10, 11, 12, 13, 14
"""How a child ends; anything else was a signal or a fault of ours."""

LIMITS, FILES, PROCESSES, NETWORK = "limits", "files", "processes", "network"


def main() -> None:
    """Carry out the order on stdin."""
    order: dict[str, Any] = json.loads(sys.stdin.buffer.readline())
    module, _, function = order["function"].partition(":")
    sys.modules.update(dict.fromkeys(order["without"]))  # None is how an import is forbidden
    standing = _limits(order["limits"])
    # Libraries are loaded before the other walls stand, because they look at the system's own files; not one byte of
    # the foreign file was read by then.
    parser = getattr(importlib.import_module(module), function)
    _say({"walls": [*standing, *_walls(order)]})
    sys.exit(_run(parser, order["options"]))


def _run(parser: Callable[..., Iterable[object]], options: dict[str, Any]) -> int:
    try:
        _write(parser(sys.stdin.buffer.read(), **options))
    except UnreadableFile as error:
        _say({"refusal": str(error)})
        return REFUSED
    except MemoryError:
        return TOO_MUCH_MEMORY
    except RecursionError:
        return TOO_DEEP
    except OSError as error:
        if error.errno == errno.EFBIG:
            # What is still held would fail again on the way out.
            os._exit(TOO_MUCH_OUTPUT)
        return _broken(error)
    except Exception as error:  # noqa: BLE001  # whatever a file makes a library raise ends here, and is said
        return _broken(error)
    return DONE


def _broken(error: Exception) -> int:
    _say({"broken": type(error).__name__})
    return BROKEN


def _write(lines: Iterable[object]) -> None:
    encode = msgspec.json.Encoder().encode
    for line in lines:
        sys.stdout.buffer.write(encode(line) + b"\n")
    sys.stdout.buffer.flush()


def _say(said: dict[str, object]) -> None:
    sys.stderr.write(json.dumps(said) + "\n")
    sys.stderr.flush()


def no_lines(_data: bytes, **_options: object) -> Iterable[object]:
    """A parser of nothing, to see which walls stand."""
    return ()


def _walls(order: dict[str, Any]) -> list[str]:
    """Put up every wall that can be had besides the limits, and name what they keep the child from."""
    standing: list[str] = []
    if sys.platform != "linux":
        return standing
    end_with_parent()
    skipped = frozenset(order.get("skipped", ()))  # how tests see what a machine with less would do
    has_landlock = "landlock" not in skipped and landlock.version() > 0
    network = hidden = False
    if not has_landlock or "seccomp" in skipped or os.uname().machine not in seccomp.ARCHITECTURES:
        network, hidden = (False, False) if "namespaces" in skipped else namespaces.enter()
    files = has_landlock and landlock.allow_reading_only(order["readable"])
    gain_no_privileges()
    calls = "seccomp" not in skipped and seccomp.refuse_reaching_out()
    standing += [FILES] if files else []
    standing += [PROCESSES] if files or hidden else []
    standing += [NETWORK] if calls or network else []
    return standing


def _limits(limits: dict[str, int]) -> list[str]:
    try:
        import resource
    except ImportError:  # not on Windows; the deadline remains
        return []
    kept = True
    for name, most in limits.items():
        number = getattr(resource, f"RLIMIT_{name}", None)
        if number is None:
            continue
        try:
            # Past the lower limit of computing comes a signal that tells why; past the upper one the end.
            resource.setrlimit(number, (most, most + 5 if name == "CPU" else most))
        except (OSError, ValueError):
            # macOS keeps no limit of address space.
            kept = False
    return [LIMITS] if kept else []
