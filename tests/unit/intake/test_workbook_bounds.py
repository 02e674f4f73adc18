"""Workbooks that cost more than they weigh: each is read, or refused in a sentence, at a bounded cost."""

from __future__ import annotations

import io
import os
import threading
import time
import zipfile
from datetime import date

import pytest

from core.errors import UnreadableFile
from core.intake.market.price_files import read_prices
from core.intake.market.series_files import read_series

MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml"
ONE_SHEET = '<sheet name="S" sheetId="1" r:id="rId1"/>'


def workbook(rows: str, strings: str = "", sheets: str = ONE_SHEET, part: str = "") -> bytes:
    """A workbook written by hand, with one worksheet behind all its sheets.

    Noise is stored with it, as a picture would be: it makes the archive heavy enough for what unpacks from it.
    """
    members = {
        "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types"><Default Extension="xml" '
        f'ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="{KIND}.sheet.main+xml"/>'
        f'<Override PartName="/xl/sharedStrings.xml" ContentType="{KIND}.sharedStrings+xml"/></Types>',
        "xl/workbook.xml": f'<workbook {MAIN} xmlns:r="{OFFICE}"><sheets>{sheets}</sheets>{part}</workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="rId1" '
        f'Type="{OFFICE}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
        "xl/worksheets/sheet1.xml": f"<worksheet {MAIN}><sheetData>{rows}</sheetData></worksheet>",
        "xl/sharedStrings.xml": f"<sst {MAIN}>{strings}</sst>",
    }
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in members.items():
            archive.writestr(name, text)
        archive.writestr("xl/media/noise.png", os.urandom(400_000), zipfile.ZIP_STORED)
    return data.getvalue()


def row(number: int, *cells: str) -> str:
    texts = (
        f'<c r="{"ABCDEFG"[place]}{number}" t="inlineStr"><is><t>{cell}</t></is></c>'
        for place, cell in enumerate(cells)
    )
    return f'<row r="{number}">{"".join(texts)}</row>'


HEADER = row(1, "symbol", "currency", "market_value")
GOOD = HEADER + row(2, "VOO", "USD", "5")


@pytest.mark.parametrize(
    "data",
    [
        workbook(GOOD),
        workbook(GOOD + '<row r="1048576"><c r="XFD1048576"/></row>'),
        workbook(GOOD + '<row r="999999999999"><c r="A999999999999"><v>1</v></c></row>'),
        workbook(GOOD + "".join(f'<row r="{number}"><c r="XFD{number}"/></row>' for number in range(3, 5_000))),
        workbook(GOOD, strings="<si/>" * 100_000),
        workbook(GOOD, strings="<si>" + "<r>" * 50_000 + "</r>" * 50_000 + "</si>"),
        workbook(GOOD, sheets="".join(f'<sheet name="S{n}" sheetId="{n}" r:id="rId1"/>' for n in range(1, 300))),
    ],
    ids=["plain", "far and empty", "no such row", "sparse rows", "spare strings", "deep string", "300 sheets"],
)
def test_what_is_spare_or_empty_changes_nothing(read, data):
    intake = read(data, "positions.xlsx")
    assert ([len(one.holdings) for one in intake.portfolios], intake.problems) == ([1], ())


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (workbook(GOOD + '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'), "columns in row 1048576"),
        (workbook(GOOD + '<row r="3"><c r="XFD3"><v>1</v></c></row>'), "more than 200 columns in row 3"),
        (
            workbook(GOOD, sheets="".join(f'<sheet name="S{n}" sheetId="{n}" r:id="rId1"/>' for n in range(500_000))),
            "500,000 sheets and at most 1,000",
        ),
        (workbook(HEADER + f'<row r="2"><c r="C2"><v>{"9" * 100_000}</v></c></row>'), "damaged workbook"),
        (workbook(GOOD, part=f"<definedNames>{'<definedName/>' * 10}</definedNames>"), "damaged workbook"),
    ],
    ids=["far value", "wide value", "half a million sheets", "long number", "broken part"],
)
def test_what_is_too_much_or_broken_is_refused_in_a_sentence(read, data, words):
    with pytest.raises(UnreadableFile, match=words):
        read(data, "positions.xlsx")


def test_one_long_text_used_everywhere_is_cut_at_what_a_cell_may_hold(read):
    rows = "".join(
        f'<row r="{n}"><c r="A{n}" t="s"><v>0</v></c><c r="B{n}"><v>1</v></c><c r="C{n}"><v>1</v></c></row>'
        for n in range(2, 200)
    )
    intake = read(workbook(HEADER + rows, strings=f"<si><t>{'x' * 5_000_000}</t></si>"), "positions.xlsx")
    assert not intake.portfolios
    assert {one.row for one in intake.problems if "32,767 characters" in one.message} == set(range(2, 200))


def test_prices_and_series_open_workbooks_in_the_same_way():
    far = '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    prices = workbook(row(1, "date", "symbol", "close") + row(2, "2026-11-02", "VOO", "5") + far)
    with pytest.raises(UnreadableFile, match="columns in row 1048576"):
        read_prices("prices.xlsx", prices, today=date(2026, 11, 24))
    series = workbook(row(1, "date", "series_id", "value") + row(2, "2026-11-02", "CPI", "5") + far)
    with pytest.raises(UnreadableFile, match="columns in row 1048576"):
        read_series("series.xlsx", series, fred=None, today=date(2026, 11, 24))


def test_others_are_answered_while_a_costly_workbook_is_read(read):
    gaps, stop = [0.0], threading.Event()

    def answer() -> None:
        last = time.monotonic()
        while not stop.wait(0.01):
            now = time.monotonic()
            gaps.append(now - last)
            last = now

    beside = threading.Thread(target=answer)
    beside.start()
    try:
        read(workbook(GOOD, strings="<si/>" * 50_000), "positions.xlsx")
    finally:
        stop.set()
        beside.join()
    assert max(gaps) < 1
