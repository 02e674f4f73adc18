"""Whatever stands in a row, also one that an older version stored, leaves as people may see it: one test a way out."""

from __future__ import annotations

import csv
import html
import json
import logging
import re
from decimal import Decimal
from io import BytesIO, StringIO

import jinja2
import pytest
from openpyxl import load_workbook

from core.analyses.marking import Mark, Marked
from core.cli import output
from core.cli.called import page
from core.domain.analysis import Finding, FindingKind, ItemError, ResultStatus, Usage, Verification
from core.domain.log_lines import LogLines
from core.domain.records import Item
from core.domain.tools import Citation
from dashboard.brief import document as brief_document
from dashboard.widgets import charts, exports, listings, marked_text, text
from tests.unit.text.nasty import NASTY, leaks


def item(said: str) -> Item:
    said = said.replace("\ud83d", "")  # no store takes half a pair
    checked = Verification(1, 1, 0, (Finding(said, said, said, said, FindingKind.VALUE),))
    return Item(
        said, said, said, said, ResultStatus.SUCCEEDED, said, said, {"summary": said}, checked,
        ItemError(said, said, False), Usage(), Decimal("0.1"),
    )  # fmt: skip


@pytest.mark.parametrize("said", NASTY)
def test_markdown(said: str) -> None:
    assert leaks(text.escape(said).replace("\u200b", "")) == set()  # the gap that breaks shortcodes is our own


@pytest.mark.parametrize("said", NASTY)
def test_plain_labels_charts_and_cells(said: str) -> None:
    assert leaks(text.plain(said)) == set()
    assert leaks(charts.plain(said)) == set()
    made = listings.frame({"name": [said], "labels": [[said, said]], "number": [1.5]})
    assert leaks(made.to_csv()) == set()
    assert made["number"][0] == 1.5


def test_a_label_in_a_chart_has_neither_html_nor_a_name_of_plotlys() -> None:
    assert charts.plain('<a href="//x">%{y}</a>&lt;') == '‹a href="//x"›% {y}‹/a›+lt;'


@pytest.mark.parametrize("said", NASTY)
def test_html_of_an_answer(said: str) -> None:
    marked = Marked("summary", "100.0", Mark.VERIFIED, 0, 3)
    assert leaks(html.unescape(marked_text.sentence(said, [marked]))) == set()
    assert leaks(html.unescape(marked_text.escaped(said))) == set()


@pytest.mark.parametrize("said", NASTY)
def test_csv(said: str) -> None:
    written = b"".join(exports.items_csv([item(said)])).decode("utf-8-sig")
    assert leaks(written) == set()
    assert len(list(csv.reader(StringIO(written)))) == 2


@pytest.mark.parametrize("said", NASTY)
def test_xlsx(said: str) -> None:
    book = load_workbook(BytesIO(b"".join(exports.items_xlsx([item(said)]))))
    cells = [str(cell.value) for sheet in book for row in sheet.iter_rows() for cell in row]
    assert leaks("".join(cells)) == set()
    assert not any("_x00" in cell for cell in cells)


@pytest.mark.parametrize("said", NASTY)
def test_json_says_the_same_in_escapes(said: str) -> None:
    written = b"".join(exports.items_json("job", [item(said)])).decode()
    assert leaks(written) == set()
    assert json.loads(written)["items"][0]["headline"] == item(said).headline


@pytest.mark.parametrize("said", NASTY)
def test_every_text_of_the_brief(said: str) -> None:
    made = brief_document._templates().from_string("<p title='{{ a }}'>{{ a }} {{ a|numbers }}</p>")
    assert leaks(html.unescape(made.render(a=said))) == set()


def test_the_brief_escapes_what_it_cleans() -> None:
    made: jinja2.Template = brief_document._templates().from_string("{{ a }} {{ a|numbers }}")
    assert made.render(a="<b>\u202e5</b> שלום 4.82 %").count("<b>") == 0


def test_numbers_beside_a_script_from_right_to_left_stand_by_themselves() -> None:
    assert text.isolated("תשואה -4.82 % ו (1,234)") == (
        'תשואה <bdi dir="ltr">-4.82 %</bdi> ו <bdi dir="ltr">(1,234)</bdi>'
    )
    assert text.isolated("a -4.82 % <b>") == "a -4.82 % &lt;b&gt;"


@pytest.mark.parametrize("said", NASTY)
def test_the_terminal(said: str, capsys: pytest.CaptureFixture[str]) -> None:
    said = said.replace("\ud83d", "")
    output.line(said)
    output.aside(said)
    output.piece(said)
    output.table(("Name",), [(said,)])
    output.line(page(Citation(f"https://example.org/{said}", said, 0, 1)))
    output.document({said: [said]})
    shown = capsys.readouterr()
    assert leaks(shown.out) == set()
    assert leaks(shown.err) == set()
    assert re.search(r"\{\n", shown.out)


@pytest.mark.parametrize("said", NASTY)
def test_the_log(said: str) -> None:
    record = logging.LogRecord("a", logging.WARNING, "f.py", 1, "file %s", (said,), None)
    assert leaks(LogLines("%(message)s").format(record)) == set()
