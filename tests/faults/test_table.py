"""No row of the fault table is without a test."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.faults.staging import ROWS, rows_named

FOLDER = Path(__file__).resolve().parent


def test_every_row_of_the_fault_table_is_named_by_a_test() -> None:
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", str(FOLDER)]
    found = subprocess.run(command, cwd=FOLDER.parents[1], capture_output=True, text=True, check=False)
    ids = [line for line in found.stdout.splitlines() if "::" in line]
    assert len(ids) > len(ROWS), found.stdout[-2000:] + found.stderr[-2000:]
    named = rows_named(ids)
    assert [row for row in ROWS if row not in named] == []


def test_a_row_is_named_by_a_name_or_an_id_and_by_nothing_else() -> None:
    assert rows_named(["f.py::test_b4_x[sqlite]", "f.py::test_x[C1-drop-sqlite]", "f.py::test_x[sqlite-D10-y]"]) == {
        "B4",
        "C1",
        "D10",
    }
    assert rows_named(["tests/a1/f.py::test_x", "f.py::test_x[500_after]", "f.py::test_xb4"]) == set()
