"""Cells of an Excel workbook as text. Runs in a sandbox only (`core.intake.sandbox`).

Every sheet gives its title, `{"title": ..., "state": "visible"}`, and then its rows that say
anything, `[number, [text, ...]]`.
"""

from __future__ import annotations

import io
import re
import warnings
import zipfile
from collections.abc import Iterator
from typing import Any

import openpyxl

from core.errors import UnreadableFile
from core.intake.opening.cell_text import row_texts
from core.intake.opening.limits import MAX_ROWS

MAX_SHEETS_TRIED = 20
_MAX_SHEETS = 1_000
_LAST_ROW = 1_048_576
"""Of any sheet, by the format; a number beyond it is made up."""

_SHEET = re.compile(rb"<(?:[A-Za-z0-9]+:)?sheet[\s/>]")


def sheets(data: bytes, *, name: str, widest: int) -> Iterator[object]:
    """The sheets of a workbook, at most the first twenty; of others the titles.

    Args:
        data: An archive that passed `check_workbook_archive`.
        name: The file's name, for errors.
        widest: Most cells of a row that are of use; of a wider one so many and one more are given.

    Raises:
        UnreadableFile: Too many sheets or rows, or damaged.
    """
    if not openpyxl.DEFUSEDXML:
        raise UnreadableFile("Workbooks are not read while the package 'defusedxml' is missing. Install it.")
    try:
        _check_sheet_count(name, data)
        yield from _sheets(name, data, widest)
    except (UnreadableFile, MemoryError, RecursionError):
        raise
    except Exception as error:  # openpyxl raises whatever a damaged part makes it: KeyError, TypeError, zlib.error, ...
        reason = " ".join(str(error).split())[:120] or type(error).__name__
        raise UnreadableFile(
            f"'{name}' is a damaged workbook ({reason}). Open it in a spreadsheet and save it again."
        ) from error


def _check_sheet_count(name: str, data: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for member in archive.namelist():
            if member.lower() == "xl/workbook.xml":
                count = len(_SHEET.findall(archive.read(member)))
                if count > _MAX_SHEETS:
                    raise UnreadableFile(
                        f"'{name}' has {count:,} sheets and at most {_MAX_SHEETS:,} are read. "
                        "Save the positions sheet alone."
                    )


def _sheets(name: str, data: bytes, widest: int) -> Iterator[object]:
    with warnings.catch_warnings():
        # It warns about styles and extensions that it drops; none of them is a position.
        warnings.simplefilter("ignore")
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
        # The visible ones first: of a workbook with many sheets they are the ones a person means.
        worksheets = sorted(book.worksheets, key=lambda sheet: sheet.sheet_state != "visible")
        for sheet in worksheets[:MAX_SHEETS_TRIED]:
            yield {"title": str(sheet.title), "state": str(sheet.sheet_state)}
            yield from _rows(name, sheet, widest)
        for sheet in worksheets[MAX_SHEETS_TRIED:]:
            yield {"title": str(sheet.title), "state": "unread"}


def _rows(name: str, sheet: Any, widest: int) -> Iterator[object]:
    # What a sheet claims about its size may be wrong in both directions; its rows are counted instead.
    sheet.reset_dimensions()
    for number, row in enumerate(sheet.iter_rows(max_row=_LAST_ROW, values_only=True), start=1):
        texts = row_texts(row, widest)
        if not texts:
            continue
        if number > MAX_ROWS:
            raise UnreadableFile(
                f"'{name}' has more than {MAX_ROWS:,} rows in the sheet '{sheet.title}'. Split it by account, and "
                "delete what stands far below the table."
            )
        yield [number, texts]
