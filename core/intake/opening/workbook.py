"""Rows of the sheet of a workbook that has a certain header."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice

from core.errors import UnreadableFile
from core.intake.opening.limits import MAX_COLUMNS
from core.intake.opening.source import Container, SourceFile

_HEADER_WITHIN = 20
POSITIONS = "symbol, currency, and market_value or quantity and price"


class NoSuchSheet(UnreadableFile):
    """A good workbook, but none of its sheets has the header that was asked for."""


def has_sheet(source: SourceFile, is_header: Callable[[list[str]], bool]) -> bool:
    """Whether the bytes are a workbook with such a header."""
    if source.container is not Container.ARCHIVE:
        return False
    try:
        next(workbook_rows(source, is_header), None)
    except NoSuchSheet:
        return False
    return True


def workbook_rows(
    source: SourceFile, is_header: Callable[[list[str]], bool], names: str = POSITIONS, max_columns: int = MAX_COLUMNS
) -> Iterator[tuple[int, list[str]]]:
    """Rows with their numbers from the first sheet that has a header among its first 20 rows.

    Args:
        source: The file.
        is_header: Whether a row is the header.
        names: What the header must name, for the sentence when none does.
        max_columns: Most columns that a row may have.

    Raises:
        UnreadableFile: No workbook, no sheet with a header, or a row of more columns.
    """
    if source.container is not Container.ARCHIVE:
        raise UnreadableFile(
            f"'{source.name}' is {source.container.value}, not an Excel workbook. Leave the format to 'auto'."
        )
    for sheet in source.sheets:
        head = [row[:max_columns] for number, row in islice(sheet.rows(), _HEADER_WITHIN) if number <= _HEADER_WITHIN]
        if any(is_header(row) for row in head):
            for number, row in sheet.rows():
                if len(row) > max_columns:
                    raise UnreadableFile(
                        f"'{source.name}' has more than {max_columns:,} columns in row {number}. "
                        "Remove the columns that are no positions."
                    )
                yield number, row
            return
    raise NoSuchSheet(
        f"'{source.name}' has no sheet whose first {_HEADER_WITHIN} rows name {names}. Start from the template."
    )
