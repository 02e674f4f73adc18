"""Downloads of a run open in spreadsheets as what they are: texts and numbers, never formulas."""

from __future__ import annotations

import csv
from dataclasses import replace
from io import BytesIO, StringIO

from openpyxl import load_workbook

from core.domain.actor import LOCAL
from core.domain.job import JobState
from dashboard.widgets import exports
from tests.pages.test_run import run_in
from tests.pages.world import World

FORMULAS = (
    "=1+1", "+1", "-1+2", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "＋1", "－1", "＠x", "=\x07cmd|'/c calc'!A0",
)  # fmt: skip


def test_the_xlsx_has_no_formula_and_every_finding(lived_in: World) -> None:
    job_id = run_in(lived_in, JobState.PARTIAL)
    items = list(lived_in.app.jobs.each_item(LOCAL, job_id))
    hostile = [replace(items[0], portfolio_name=name) for name in FORMULAS]
    book = load_workbook(BytesIO(b"".join(exports.items_xlsx([*items, *hostile]))))
    requests, findings = book["Requests"], book["Findings"]
    assert requests.max_row == 1 + len(items) + len(FORMULAS)
    assert findings.max_row - 1 >= sum(len(item.verification.findings) for item in items if item.verification)
    assert "f" not in {cell.data_type for sheet in book for row in sheet.iter_rows() for cell in row}
    names = [str(row[2].value) for row in requests.iter_rows(min_row=2 + len(items))]
    assert all(name.startswith("'") for name in names)


FORMULAS = (
    "=1+1",
    "+1",
    "-1+2",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "＝1",
    "＋1",
    "－1",
    "＠x",
    "=\x07cmd|'/c calc'!A0",
)


def test_no_cell_of_the_csv_begins_like_a_formula(lived_in: World) -> None:
    item = lived_in.app.jobs.items(LOCAL, run_in(lived_in, JobState.DONE))[0]
    rows = list(
        csv.reader(
            StringIO(
                b"".join(exports.items_csv([replace(item, headline=text) for text in FORMULAS])).decode("utf-8-sig")
            )
        )
    )
    assert all(row[6].startswith("'") for row in rows[1:])
