"""What trials of a module may share: libraries, and the part of the project that does not import that module.

An interpreter that starts anew spends seconds on both. So they are loaded once, and each trial is forked from there.
"""

from __future__ import annotations

import ast
import gc
import importlib
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from tests.mutation.targets import ROOT

LIBRARIES: Final = (
    *("hypothesis", "hypothesis.stateful", "sqlmodel", "orjson", "numpy", "yaml", "tiktoken", "httpx2", "starlette"),
    *("genai_prices", "genai_prices.data_snapshot", "anyio"),
)
"""What most of the tests load; one that is missing only costs time."""

_OURS: Final = ("core.", "tests.")
_IN_MEMORY: Final = Path("/dev/shm")
"""Where the tests' files go, if there is such a place: a database on a disk waits for the disk most of the time."""


def load_libraries() -> None:
    """Load what all modules' trials share."""
    # A library that starts threads of its own would lose them in a fork.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    if _IN_MEMORY.is_dir():
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(_IN_MEMORY))
    for name in LIBRARIES:
        try:
            importlib.import_module(name)
        except ImportError:
            continue


def load_all_but(changed: str, tests: Sequence[str]) -> None:
    """Load what the tests import, except the module that will be changed and whatever imports it."""
    for name in without(changed, graph(tests)):
        importlib.import_module(name)
    gc.freeze()  # what is there now is not looked at again by each trial


def graph(tests: Iterable[str]) -> dict[str, set[str]]:
    """Every module of ours that some tests lead to, with those of ours that it imports when it is imported."""
    folders = {parent for path in tests for parent in Path(path).parents}
    starts = [
        *map(Path, tests),
        *(folder / "conftest.py" for folder in folders if (ROOT / folder / "conftest.py").exists()),
    ]
    waiting = {name for start in starts for name in _imports(ROOT / start)}
    found: dict[str, set[str]] = {}
    while waiting:
        name = waiting.pop()
        found[name] = _imports(_file(name))
        waiting |= found[name] - found.keys()
    return found


def without(changed: str, imports: dict[str, set[str]]) -> list[str]:
    """Modules that do not lead to the changed one."""
    leading, more = {changed}, True
    while more:
        reached = {name for name, of in imports.items() if of & leading} | leading
        more, leading = reached != leading, reached
    return sorted(imports.keys() - leading)


def _file(name: str) -> Path:
    path = ROOT / name.replace(".", "/")
    return path.with_suffix(".py") if path.with_suffix(".py").exists() else path / "__init__.py"


def _imports(file: Path) -> set[str]:
    if not file.exists():
        return set()
    named: set[str] = set()
    for node in ast.parse(file.read_text("utf-8")).body:
        if isinstance(node, ast.Import):
            named.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            named.update({node.module, *(f"{node.module}.{alias.name}" for alias in node.names)})
    return {name for name in named if name.startswith(_OURS) and _file(name).exists()}
