"""Tables written as markup and named like workbooks: HTML, and Excel's XML of 2003. Runs in a sandbox only.

It gives what `workbook_parser` gives. Numbers of a web page are texts in the page's own style; those of Excel's XML are
numbers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from core.errors import UnreadableFile
from core.intake.opening.cell_text import row_texts
from core.intake.opening.limits import MAX_ROWS

_BARE_AND = re.compile(rb"&(?!(?:#[0-9]{1,7}|#x[0-9a-fA-F]{1,6}|amp|lt|gt|quot|apos);)")
_SS = "{urn:schemas-microsoft-com:office:spreadsheet}"
_MAX_SPAN = 200
_SILENT = frozenset({"script", "style", "noscript", "template", "head", "svg", "select", "button"})


class _Table:
    """One table of a page; cells that span are written once, and the places they cover stay empty."""

    def __init__(self) -> None:
        self.rows: list[list[str]] = []
        self._covered: dict[int, int] = {}
        self._cell: list[str] | None = None
        self._span = (1, 1)

    def start_row(self) -> None:
        self.end_cell()
        self.rows.append([])
        self._skip_covered()

    def start_cell(self, attributes: dict[str, str]) -> None:
        self.end_cell()
        if not self.rows:
            self.start_row()
        self._cell = []
        self._span = _number(attributes.get("colspan")), _number(attributes.get("rowspan"))

    def text(self, data: str) -> None:
        if self._cell is not None:
            self._cell.append(data)

    def end_cell(self) -> None:
        if self._cell is None:
            return
        row = self.rows[-1]
        wide, high = self._span
        for place in range(len(row), len(row) + wide):
            if high > 1:
                self._covered[place] = high - 1
        row.append(" ".join("".join(self._cell).split()))
        row.extend([""] * (wide - 1))
        self._cell = None
        self._skip_covered()

    def _skip_covered(self) -> None:
        row = self.rows[-1]
        while self._covered.get(len(row), 0) > 0:
            self._covered[len(row)] -= 1
            row.append("")


def _number(text: str | None) -> int:
    return min(int(text), _MAX_SPAN) if text and text.isascii() and text.isdigit() and int(text[:6]) > 0 else 1


class _Tables(HTMLParser):
    """Gathers the tables of a page; one inside a cell of another is a table of its own."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._open: list[_Table] = []
        self._silent = 0
        self.found: list[_Table] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element opens."""
        if tag in _SILENT:
            self._silent += 1
        elif tag == "table":
            table = _Table()
            self._open.append(table)
            self.found.append(table)
        elif self._open and tag == "tr":
            self._open[-1].start_row()
        elif self._open and tag in ("td", "th"):
            self._open[-1].start_cell({name: value or "" for name, value in attrs})
        elif self._open and tag in ("br", "p", "div"):
            self._open[-1].text(" ")

    def handle_endtag(self, tag: str) -> None:
        """An element closes."""
        if tag in _SILENT:
            self._silent = max(0, self._silent - 1)
        elif self._open and tag in ("td", "th", "tr"):
            self._open[-1].end_cell()
        elif self._open and tag == "table":
            self._open.pop().end_cell()

    def handle_data(self, data: str) -> None:
        """Text."""
        if self._open and not self._silent:
            self._open[-1].text(data)


def html_tables(data: bytes, *, name: str, widest: int) -> Iterator[object]:
    """The tables of a page that have two columns or more.

    Args:
        data: The page in UTF-8.

    Raises:
        UnreadableFile: It has none.
    """
    page = _Tables()
    page.feed(data.decode("utf-8"))
    page.close()
    tables = [table for table in page.found if any(sum(map(bool, row)) > 1 for row in table.rows)]
    if not tables:
        raise UnreadableFile(
            f"'{name}' is a web page without a table. Use the broker's export or download button instead."
        )
    for place, table in enumerate(tables, start=1):
        yield {"title": f"Table {place}", "state": "visible"}
        for number, row in enumerate(table.rows[:MAX_ROWS], start=1):
            # How the numbers of a page are written is found out from all of them.
            texts = row_texts(row, widest, marked=False)
            if texts:
                yield [number, texts]


def spreadsheet_xml(data: bytes, *, name: str, widest: int) -> Iterator[object]:
    """The sheets of a workbook in Excel's XML of 2003.

    Raises:
        UnreadableFile: No valid XML, or with a document type or entities.
    """
    try:
        root = _parsed(data.lstrip())
    except DefusedXmlException:
        raise UnreadableFile(f"'{name}' declares a document type or entities, which are refused.") from None
    except (ParseError, ValueError, LookupError) as error:
        raise UnreadableFile(f"'{name}' is not valid XML: {str(error)[:120]}. Download it again.") from None
    for sheet in root.iter(f"{_SS}Worksheet"):
        visible = sheet.find(".//{urn:schemas-microsoft-com:office:excel}Visible")
        yield {"title": sheet.get(f"{_SS}Name", ""), "state": "visible" if visible is None else "hidden"}
        yield from _xml_rows(sheet, widest)


def _parsed(data: bytes) -> Element:
    """The tree of an XML text; a bare "&", which fund houses leave in names of companies, stands for itself."""
    try:
        return fromstring(data, forbid_dtd=True)
    except ParseError:
        mended = _BARE_AND.sub(b"&amp;", data)
        if mended == data:
            raise
        return fromstring(mended, forbid_dtd=True)


def _xml_rows(sheet: Element, widest: int) -> Iterator[object]:
    number = 0
    for row in sheet.iter(f"{_SS}Row"):
        number = _at(row, number + 1)
        cells: list[object] = []
        for cell in row.iter(f"{_SS}Cell"):
            place = min(_at(cell, len(cells) + 1), widest + 2)
            cells += [None] * (place - 1 - len(cells))
            cells.append(_value(cell))
            cells += [None] * min(int(cell.get(f"{_SS}MergeAcross", "0") or 0), _MAX_SPAN)
        texts = row_texts(cells, widest)
        if texts and number <= MAX_ROWS:
            yield [number, texts]


def _at(element: Element, otherwise: int) -> int:
    index = element.get(f"{_SS}Index", "")
    return max(int(index), otherwise) if index.isascii() and index.isdigit() and len(index) < 9 else otherwise


def _value(cell: Element) -> object:
    data = cell.find(f"{_SS}Data")
    if data is None:
        return None
    text = "".join(data.itertext())
    kind = data.get(f"{_SS}Type", "String")
    if kind == "Number":
        try:
            return float(text)
        except ValueError:
            return text
    return text[:10] if kind == "DateTime" else text
