"""Data never chooses a decoder that runs code: no pickle, no YAML tags, no `eval`."""

from __future__ import annotations

import ast
import base64
import pickle
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[3]
SOURCES = sorted(path for room in ("core", "dashboard", "pages") for path in (ROOT / room).rglob("*.py"))

RUNS_CODE = frozenset(
    {"pickle", "_pickle", "cPickle", "cloudpickle", "dill", "joblib", "jsonpickle", "marshal", "shelve", "torch"}
)
"""Modules that run code when they read data."""

SAFE_LOADERS = frozenset({"BaseLoader", "SafeLoader", "CBaseLoader", "CSafeLoader"})
LOADING = frozenset({"load", "load_all", "full_load", "full_load_all", "unsafe_load", "unsafe_load_all"})
READERS = frozenset({"read_pickle", "to_pickle", "read_hdf"})
OPTIONS = frozenset({"allow_pickle", "persist"})


def _imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name.partition(".")[0] for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]


def _dangerous(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            of_yaml = isinstance(node.value, ast.Name) and node.value.id == "yaml"
            if node.attr in READERS or (of_yaml and node.attr in LOADING):
                yield node.attr
            if of_yaml and node.attr.endswith("Loader") and node.attr not in SAFE_LOADERS:
                yield node.attr
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Name) and node.func.id in {"eval", "exec", "__import__"}:
                yield node.func.id
            yield from (word.arg for word in node.keywords if word.arg in OPTIONS)


def test_no_module_of_ours_reads_data_with_a_decoder_that_runs_code() -> None:
    trees = {path.relative_to(ROOT): ast.parse(path.read_bytes()) for path in SOURCES}
    assert len(trees) > 300
    found = {path: {*_dangerous(tree), *(RUNS_CODE & {*_imported(tree)})} for path, tree in trees.items()}
    assert not {path: words for path, words in found.items() if words}


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "from joblib import load",
        "import yaml; yaml.load(x, Loader=yaml.UnsafeLoader)",
        "import yaml; yaml.unsafe_load(x)",
        "np.load(f, allow_pickle=True)",
        "pd.read_pickle(f)",
        "@st.cache_data(persist='disk')\ndef f(): ...",
        "eval(x)",
    ],
)
def test_this_check_sees_what_it_looks_for(source: str) -> None:
    tree = ast.parse(source)
    assert RUNS_CODE & set(_imported(tree)) or set(_dangerous(tree))


def test_neither_the_command_line_nor_the_dashboard_loads_the_engine() -> None:
    program = (
        "import sys, core.cli.main, dashboard.shell.server, dashboard.shell.session\n"
        "print(*(name for name in sys.modules if name.partition('.')[0] == 'dbos'))"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


PICKLED = base64.b64encode(pickle.dumps({"args": ("job-1", 1), "kwargs": {}})).decode()


@pytest.mark.parametrize("reader", ["deserialize_args", "deserialize_value", "deserialize_exception"])
def test_every_reader_of_the_engine_refuses_a_row_that_says_it_is_pickled(reader: str) -> None:
    from dbos import _serialization

    from core.worker.no_pickle import PickleRefused, refuse_pickle
    from core.worker.worker import PlainJson

    refuse_pickle()
    read: Any = getattr(_serialization, reader)
    with pytest.raises(PickleRefused):
        read(PICKLED, "py_pickle", PlainJson())
    # The column may as well say nothing, or name our own decoder: then it is not JSON.
    for named in (None, "mosychlos_json"):
        with pytest.raises(ValueError, match="Expecting value"):
            read(PICKLED, named, PlainJson())


def test_the_engine_knows_no_other_way_to_pickle() -> None:
    import dbos

    folder = Path(dbos.__file__).parent
    using = {path.name for path in folder.rglob("*.py") if RUNS_CODE & set(_imported(ast.parse(path.read_bytes())))}
    assert using == {"_serialization.py"}
