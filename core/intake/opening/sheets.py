"""The sheets of whatever people call a workbook, taken from a stranger's file in a sandbox."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

import msgspec

from core.errors import UnreadableFile
from core.intake.opening.limits import (
    MAX_XML_BYTES,
    MAX_YAML_BYTES,
    MAX_ZIP_SUM_BYTES,
    check_size,
    check_workbook_archive,
)
from core.intake.sandbox.runner import Work, decoded, run

WIDEST = 2_002
"""Most cells of a row that any reader takes: a day and 2,000 symbols, and one more to tell that there are more."""

VISIBLE = "visible"
UNREAD = "unread"
"""Of sheets after the first twenty, of which only the titles are known."""

_WORK = Work(
    "core.intake.opening.workbook_parser:sheets",
    "workbook",
    "Save the positions sheet alone, or export it as CSV.",
    # A workbook at the cap of its size takes about a minute of computing.
    cpu_seconds=180,
    seconds=600,
    without=("numpy", "PIL"),
)
_OTHER = replace(
    _WORK,
    function="core.intake.opening.calamine_parser:sheets",
    remedy="Open it in a spreadsheet and save it as .xlsx or CSV.",
)
_PAGE = replace(
    _WORK,
    function="core.intake.opening.markup_parser:html_tables",
    kind="page of tables",
    remedy="Open it in a spreadsheet and save it as .xlsx or CSV.",
    cpu_seconds=60,
    seconds=180,
)
_XML = replace(_PAGE, function="core.intake.opening.markup_parser:spreadsheet_xml", kind="workbook")
_ROW = msgspec.json.Decoder(tuple[int, list[str]])
_TITLE = msgspec.json.Decoder(dict[str, str])
_NEXT_SHEET = re.compile(rb"^(?=\{)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet.

    Attributes:
        file: Shown name of the file, for errors.
        title: As the workbook calls it.
        lines: Its rows as lines of JSON; they are many, and unpacked when they are read.
        state: VISIBLE, what the workbook calls another state ("hidden"), or UNREAD.
    """

    file: str
    title: str
    lines: bytes
    state: str = VISIBLE

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Rows that say anything, with their numbers from 1; cells at the end that are empty are left out.

        Raises:
            UnreadableFile: Something else came out of the sandbox.
        """
        return decoded(_ROW, self.file, io.BytesIO(self.lines))


def read_sheets(name: str, data: bytes) -> tuple[Sheet, ...]:
    """The sheets of an Excel workbook (.xlsx), at most the first twenty; of others the titles.

    Raises:
        UnreadableFile: A bomb, macros, damage, too much of anything, or an archive that is no workbook.
    """
    if name.lower().endswith((".xlsm", ".xltm", ".xlam")):
        raise UnreadableFile(f"'{name}' is a workbook type that may carry macros. Save it as .xlsx or CSV.")
    check_workbook_archive(name, data)
    return _read(_WORK, name, data)


def read_other_sheets(name: str, data: bytes) -> tuple[Sheet, ...]:
    """The sheets of an .xls, .xlsb or .ods.

    Raises:
        UnreadableFile: Protected, damaged, or too much of anything.
    """
    check_size(name, len(data), MAX_ZIP_SUM_BYTES)
    return _read(_OTHER, name, data)


def read_page_tables(name: str, text: str) -> tuple[Sheet, ...]:
    """The tables of a web page, each as a sheet of texts.

    Raises:
        UnreadableFile: It has none, or too much of anything.
    """
    data = text.encode()
    check_size(name, len(data), MAX_YAML_BYTES)
    return _read(_PAGE, name, data)


def read_xml_sheets(name: str, data: bytes) -> tuple[Sheet, ...]:
    """The sheets of a workbook in Excel's XML of 2003.

    Raises:
        UnreadableFile: No valid XML, a document type or entities, or too much of anything.
    """
    check_size(name, len(data), MAX_XML_BYTES)
    return _read(_XML, name, data)


def _read(work: Work, name: str, data: bytes) -> tuple[Sheet, ...]:
    found = run(work, name, data, widest=WIDEST)
    return tuple(_sheet(name, part) for part in _NEXT_SHEET.split(found) if part)


def _sheet(name: str, lines: bytes) -> Sheet:
    head, _, rows = lines.partition(b"\n")
    (title,) = decoded(_TITLE, name, [head])
    return Sheet(name, title.get("title", ""), rows, title.get("state", VISIBLE))
