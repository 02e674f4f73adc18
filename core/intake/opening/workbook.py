"""Rows of an Excel workbook as text, read with every guard that a stranger's archive needs."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Iterator
from datetime import date, datetime
from typing import Any

import openpyxl

from core.errors import UnreadableFile
from core.intake.opening.limits import MAX_COLUMNS, MAX_ROWS, check_workbook_archive
from core.intake.opening.source import Container, Source

_MAX_SHEETS_TRIED = 10
_HEADER_WITHIN = 20
POSITIONS = "symbol, currency, and market_value or quantity and price"


class NoSuchSheet(UnreadableFile):
    """A good workbook, but none of its sheets has the header that was asked for."""


def has_sheet(source: Source, is_header: Callable[[list[str]], bool]) -> bool:
    """Whether the bytes are a workbook with such a header; an archive that is no plain workbook is refused.

    Raises:
        UnreadableFile: A bomb, macros or damage: no other format would take it.
    """
    if source.container is not Container.ARCHIVE:
        return False
    try:
        next(workbook_rows(source, is_header), None)
    except NoSuchSheet:
        return False
    return True


def workbook_rows(
    source: Source, is_header: Callable[[list[str]], bool], names: str = POSITIONS, max_columns: int = MAX_COLUMNS
) -> Iterator[tuple[int, list[str]]]:
    """Rows with their numbers from the first sheet that has a header among its first 20 rows.

    Args:
        source: The file.
        is_header: Whether a row is the header.
        names: What the header must name, for the sentence when none does.
        max_columns: Most columns that a row may have.

    Raises:
        UnreadableFile: A bomb, macros, damage, or no sheet with a header.
    """
    name = source.name
    if source.container is not Container.ARCHIVE:
        raise UnreadableFile(
            f"'{name}' is {source.container.value}, not an Excel workbook. Leave the format to 'auto'."
        )
    if name.lower().endswith((".xlsm", ".xltm", ".xlsb", ".xlam")):
        raise UnreadableFile(f"'{name}' is a workbook type that may carry macros. Save it as .xlsx or CSV.")
    check_workbook_archive(name, source.data)
    if not openpyxl.DEFUSEDXML:
        raise UnreadableFile("Workbooks are not read while the package 'defusedxml' is missing. Install it.")
    try:
        yield from _rows(source, is_header, names, max_columns)
    except UnreadableFile:
        raise
    except Exception as error:  # openpyxl raises whatever a damaged part makes it: KeyError, TypeError, zlib.error, ...
        reason = " ".join(str(error).split())[:120] or type(error).__name__
        raise UnreadableFile(
            f"'{name}' is a damaged workbook ({reason}). Open it in a spreadsheet and save it again."
        ) from error


def _rows(
    source: Source, is_header: Callable[[list[str]], bool], names: str, max_columns: int
) -> Iterator[tuple[int, list[str]]]:
    with warnings.catch_warnings():
        # It warns about styles and extensions that it drops; none of them is a position.
        warnings.simplefilter("ignore")
        book = openpyxl.load_workbook(io.BytesIO(source.data), read_only=True, data_only=True, keep_links=False)
    try:
        for sheet in book.worksheets[:_MAX_SHEETS_TRIED]:
            # What a sheet claims about its size may be wrong in both directions; its rows are counted instead.
            sheet.reset_dimensions()
            head = [
                _texts(row) for row in sheet.iter_rows(max_row=_HEADER_WITHIN, max_col=max_columns, values_only=True)
            ]
            if not any(is_header(row) for row in head):
                continue
            rows = sheet.iter_rows(max_row=MAX_ROWS + 1, max_col=max_columns + 1, values_only=True)
            for number, row in enumerate(rows, start=1):
                if number > MAX_ROWS:
                    raise UnreadableFile(f"'{source.name}' has more than {MAX_ROWS:,} rows. Split it by account.")
                if len(row) > max_columns and row[max_columns] is not None:
                    raise UnreadableFile(
                        f"'{source.name}' has more than {max_columns} columns in row {number}. "
                        "Remove the columns that are no positions."
                    )
                texts = _texts(row)
                while texts and not texts[-1]:
                    texts.pop()
                if texts:
                    yield number, texts
            return
    finally:
        book.close()
    raise NoSuchSheet(
        f"'{source.name}' has no sheet whose first {_HEADER_WITHIN} rows name {names}. Start from the template."
    )


def _texts(row: tuple[Any, ...]) -> list[str]:
    return [_text(value) for value in row]


def _text(value: Any) -> str:
    """A cell as text that the readers of text judge: dates in ISO, numbers as a spreadsheet shows them."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        # Spreadsheets calculate with 15 digits; the 16th and 17th of the stored float are noise of the sum.
        return format(value, ".15g")
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return str(value)
