"""Cells of the spreadsheets that openpyxl does not read: xls, xlsb and ods. Runs in a sandbox only.

The library is written in Rust and may end its process on a small file that claims a large sheet, which is why nothing
but a child of `core.intake.sandbox` imports this. It gives what `workbook_parser` gives.
"""

from __future__ import annotations

import io
from collections.abc import Iterator

import python_calamine

from core.errors import UnreadableFile
from core.intake.opening.cell_text import row_texts
from core.intake.opening.limits import MAX_ROWS

_MAX_SHEETS_TRIED = 20
_AGAIN = "Open it in a spreadsheet and save it as .xlsx or CSV."


def sheets(data: bytes, *, name: str, widest: int) -> Iterator[object]:
    """The sheets of a spreadsheet, at most the first twenty, visible ones first; of others the titles.

    Raises:
        UnreadableFile: Protected by a password, damaged, no spreadsheet, or too many rows.
    """
    try:
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
    except python_calamine.PasswordError:
        raise UnreadableFile(f"'{name}' is protected by a password. Remove it and save the file again.") from None
    except (python_calamine.CalamineError, OSError) as error:
        reason = " ".join(str(error).split())[:120]
        raise UnreadableFile(
            f"'{name}' is a damaged spreadsheet or another Office document ({reason}). {_AGAIN}"
        ) from None
    worksheet = python_calamine.SheetTypeEnum.WorkSheet
    listed = [one for one in book.sheets_metadata if one.typ == worksheet]
    visible = python_calamine.SheetVisibleEnum.Visible
    ordered = sorted(listed, key=lambda one: one.visible != visible)
    for one in ordered[:_MAX_SHEETS_TRIED]:
        yield {"title": one.name, "state": "visible" if one.visible == visible else "hidden"}
        yield from _rows(name, book, one.name, widest)
    for one in ordered[_MAX_SHEETS_TRIED:]:
        yield {"title": one.name, "state": "unread"}


def _rows(name: str, book: python_calamine.CalamineWorkbook, title: str, widest: int) -> Iterator[object]:
    sheet = book.get_sheet_by_name(title)
    if sheet.total_height > MAX_ROWS:
        raise UnreadableFile(f"'{name}' has more than {MAX_ROWS:,} rows in the sheet '{title}'. Split it by account.")
    for number, row in enumerate(sheet.to_python(skip_empty_area=False), start=1):
        texts = row_texts([None if cell == "" else cell for cell in row], widest)
        if texts:
            yield [number, texts]
