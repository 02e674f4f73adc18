"""Cells of any spreadsheet as text that the readers of text judge. Runs in sandboxes too, so it imports little."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime

_MAX_TEXT = 32_767
"""Of a cell, in characters, by the format; the readers keep fewer, and say so of a longer one."""
_GROUPED = re.compile(r"[-+]?[0-9]{1,3}(?:[.,][0-9]{3})+")
TEXT_MARK = "'"
"""Put before a text that may be two numbers ("1.500"), as spreadsheets mark text that looks like one."""


def row_texts(row: Sequence[object], widest: int, *, marked: bool = True) -> list[str]:
    """The texts of a row, without those at its end that are empty; of a wider one, `widest` and a mark for the rest.

    Args:
        marked: Put `TEXT_MARK` before texts that may be two numbers, where numbers beside them are numbers.
    """
    # Counted and not looped over: a row may claim 16,384 cells and have one.
    near, far = row[: widest + 1], row[widest + 1 :]
    texts = [] if near.count(None) == len(near) else [cell_text(value, marked=marked) for value in near]
    while texts and not texts[-1]:
        texts.pop()
    if far.count(None) + far.count("") < len(far):
        # A stray cell far to the right is told, as a wide table is.
        texts += [""] * (widest - len(texts)) + ["…"]
    return texts


def cell_text(value: object, *, marked: bool = True) -> str:
    """A cell as text: dates in ISO, numbers as a spreadsheet shows them."""
    if value is None:
        return ""
    if isinstance(value, str):
        text = _without_surrogates(value[:_MAX_TEXT])
        return TEXT_MARK + text if marked and _GROUPED.fullmatch(text.strip()) else text
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
