"""Cells of an Excel workbook as text. Runs in a sandbox only (`core.intake.sandbox`).

Every sheet gives its title, `{"title": ..., "state": "visible"}`, and then its rows that say
anything, `[number, [text, ...]]`.
"""

from __future__ import annotations

import io
import re
import warnings
import zipfile
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any

import openpyxl

from core.errors import UnreadableFile
from core.intake.opening.limits import MAX_ROWS

MAX_SHEETS_TRIED = 20
_MAX_SHEETS = 1_000
_LAST_ROW = 1_048_576
"""Of any sheet, by the format; a number beyond it is made up."""
_MAX_TEXT = 32_767
"""Of a cell, in characters, by the format; the readers keep fewer, and say so of a longer one."""

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
        texts = _cells(row, widest)
        if not texts:
            continue
        if number > MAX_ROWS:
            raise UnreadableFile(
                f"'{name}' has more than {MAX_ROWS:,} rows in the sheet '{sheet.title}'. Split it by account, and "
                "delete what stands far below the table."
            )
        yield [number, texts]


def _cells(row: Sequence[object], widest: int) -> list[str]:
    """The texts of a row, without those at its end that are empty; of a wider one, `widest` and a mark for the rest."""
    # Counted and not looped over: a row may claim 16,384 cells and have one.
    near, far = row[: widest + 1], row[widest + 1 :]
    texts = [] if near.count(None) == len(near) else [_text(value) for value in near]
    while texts and not texts[-1]:
        texts.pop()
    if far.count(None) < len(far):
        # A stray cell far to the right is told, as a wide table is.
        texts += [""] * (widest - len(texts)) + ["…"]
    return texts


def _text(value: Any) -> str:
    """A cell as text that the readers of text judge: dates in ISO, numbers as a spreadsheet shows them."""
    if value is None:
        return ""
    if isinstance(value, str):
        return _without_surrogates(value[:_MAX_TEXT])
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        # Spreadsheets calculate with 15 digits; the 16th and 17th of the stored float are noise of the sum.
        return format(value, ".15g")
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return str(value)[:_MAX_TEXT]


def _without_surrogates(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text
