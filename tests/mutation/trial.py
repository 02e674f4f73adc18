"""One mutant against the tests that should notice it, in a process of its own; nothing in the checkout is changed.

The process is forked from one that has loaded what does not import the changed module (`tests.mutation.preload`). The
changed module takes the place of the true one when it is imported.
"""

from __future__ import annotations

import ast
import os
import resource
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Final

import pytest

_NO_TESTS: Final = 5
_MEMORY: Final = Path("/dev/shm")
"""Where the tests' files go, if there is such a place: a database on a disk waits for the disk most of the time."""

_MEMORY: Final = 4 << 30
"""A mutant that loops may also gather memory without end."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the tests said.

    Attributes:
        killed: A test failed, could not run, or did not end in time.
        how: The test that noticed, or what happened; "" where nothing did.
    """

    killed: bool
    how: str
    seconds: float


class _Changed(MetaPathFinder, Loader):
    """Finds one module, and runs another tree for it."""

    def __init__(self, name: str, file: Path, tree: ast.Module) -> None:
        self._name, self._file = name, file
        self._code = compile(tree, str(file), "exec")

    def find_spec(self, fullname: str, path: object = None, target: object = None) -> ModuleSpec | None:
        """See `MetaPathFinder`."""
        return spec_from_file_location(fullname, self._file, loader=self) if fullname == self._name else None

    def create_module(self, spec: ModuleSpec) -> None:
        """See `Loader`."""

    def exec_module(self, module: ModuleType) -> None:
        """See `Loader`."""
        exec(self._code, module.__dict__)


def change(name: str, file: Path, tree: ast.Module) -> None:
    """Let a module that is not imported yet be another one in this process."""
    assert name not in sys.modules, f"{name} was imported before it was changed"
    sys.meta_path.insert(0, _Changed(name, file, tree))


class Trial:
    """A run of some tests that goes on beside this process.

    Args:
        tests: Files, the quickest and nearest first.
        seconds: After which it is ended and counts as noticed.
        mutation: The module's dotted name, its file and its changed tree; None for the tests as they are.
    """

    def __init__(
        self, tests: Sequence[str], seconds: float, mutation: tuple[str, Path, ast.Module] | None = None
    ) -> None:
        self._began, self._seconds = time.monotonic(), seconds
        self._said = Path(tempfile.mkstemp(prefix="mutant-")[1])
        self._pid = os.fork()
        if self._pid == 0:
            self._run(tests, mutation)

    def _run(self, tests: Sequence[str], mutation: tuple[str, Path, ast.Module] | None) -> None:
        code = 3
        try:
            os.setsid()
            with self._said.open("wb") as said:
                os.dup2(said.fileno(), 1)
                os.dup2(said.fileno(), 2)
            resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
            os.environ["HYPOTHESIS_STORAGE_DIRECTORY"] = tempfile.gettempdir() + "/mutants-hypothesis"
            if mutation is not None:
                change(*mutation)
            chosen = ("-m", "not postgres and not full and not bench")
            plugins = ("-p", "no:cacheprovider", "-p", "no:xdist")
            code = int(
                pytest.main(
                    ["-x", "-q", "--assert=plain", "--tb=line", "--hypothesis-seed=0", *plugins, *chosen, *tests]
                )
            )
        except BaseException:  # noqa: BLE001  # this process only tells what it was and ends
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)

    def verdict(self) -> Verdict | None:
        """What came of it; None while it runs."""
        seconds = time.monotonic() - self._began
        pid, status = os.waitpid(self._pid, os.WNOHANG)
        if pid == 0 and seconds < self._seconds:
            return None
        if pid == 0:
            os.killpg(self._pid, signal.SIGKILL)
            os.waitpid(self._pid, 0)
        text = self._said.read_text("utf-8", "replace")
        self._said.unlink()
        if pid == 0:
            return Verdict(True, f"not done after {self._seconds:.0f} s", seconds)
        code = os.waitstatus_to_exitcode(status)
        if code == _NO_TESTS:
            raise RuntimeError(f"no test was run:\n{text[-2000:]}")
        said = [line for line in text.splitlines() if line.startswith(("FAILED", "ERROR"))] or text.splitlines()[-1:]
        return Verdict(code != 0, f"{said[0] if said else ''} ({code})" if code else "", seconds)
