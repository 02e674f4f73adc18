"""Dates as files write them. A date that could be two days is refused, never guessed."""

from __future__ import annotations

import re
from datetime import date

_YEAR_FIRST = re.compile(r"([0-9]{4})([-/.]?)([0-9]{1,2})\2([0-9]{1,2})(?:[ T;,].*)?", re.ASCII | re.DOTALL)
_YEAR_LAST = re.compile(
    r"([0-9]{1,2})([-/.])([0-9]{1,2})\2([0-9]{4}|(?<=[/.])[0-9]{2})(?:[ T,].*)?", re.ASCII | re.DOTALL
)
_NAMED = re.compile(
    r"(?:([0-9]{1,2})[-/ .]+([A-Za-z]{3,9})|([A-Za-z]{3,9})[-/ .]+([0-9]{1,2}))\.?,?[-/ .]*"
    r"([0-9]{4}|(?<=[a-z][-/])[0-9]{2})",
    re.ASCII,
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
EARLIEST = date(1970, 1, 1)


class NotADate(ValueError):
    """The text is not one certain day; the message says why and how to write it."""


def parse_date(text: str) -> date:
    """The day a text means: 2026-10-30, 20261030, 30.10.2026, 10/30/2026, 30/10/26, 30-Oct-2026, "Oct 30, 2026".

    Raises:
        NotADate: No such day, before 1970, or day and month could be swapped (04/03/2026).
    """
    text = text.strip()
    if len(text) > 40:
        raise NotADate("is not a date; write it as 2026-10-30")
    if (found := _YEAR_FIRST.fullmatch(text)) and (found[2] or len(found[3]) == len(found[4]) == 2):
        return _day(int(found[1]), int(found[3]), int(found[4]))
    if found := _YEAR_LAST.fullmatch(text):
        first, second, year = int(found[1]), int(found[3]), whole_year(found[4])
        if found[2] == "." or first > 12:
            return _day(year, second, first)
        if second > 12 or first == second:
            return _day(year, first, second)
        raise NotADate("could be two days (day and month are both 12 or less); write it as 2026-10-30")
    if found := _NAMED.fullmatch(text):
        month = (found[2] or found[3])[:3].lower()
        if month in _MONTHS:
            return _day(whole_year(found[5]), _MONTHS.index(month) + 1, int(found[1] or found[4]))
    raise NotADate("is not a date; write it as 2026-10-30")


def whole_year(text: str) -> int:
    """A year of four digits or of two, which are of this century up to 69."""
    year = int(text)
    return year if len(text) == 4 else year + (2000 if year < 70 else 1900)


def parse_us_date(text: str) -> date:
    """As `parse_date`, for sources that are known to write the month first: 04/03/2026 is the third of April.

    Raises:
        NotADate: No such day, or before 1970.
    """
    found = _YEAR_LAST.fullmatch(text.strip())
    if found and found[2] != ".":
        return _day(whole_year(found[4]), int(found[1]), int(found[3]))
    return parse_date(text)


def _day(year: int, month: int, day: int) -> date:
    try:
        result = date(year, month, day)
    except ValueError:
        raise NotADate("is not a day of the calendar; write it as 2026-10-30") from None
    if result < EARLIEST:
        raise NotADate("lies before 1970; check the year")
    return result
