"""When something happened, as brokers write it: the reader of a format knows whether day or month stands first."""

from __future__ import annotations

import re
from datetime import datetime
from enum import Enum

from core.intake.cells.dates import EARLIEST, NotADate, parse_date, whole_year


class DayOrder(Enum):
    """How a format writes 04/03/2026."""

    DAY_FIRST = "day first"
    MONTH_FIRST = "month first"
    UNKNOWN = "not known"


_NUMERIC = re.compile(
    r"([0-9]{1,2})[-/.]([0-9]{1,2})[-/.]([0-9]{4}|(?<=[/.])[0-9]{2})(?:[ T,]+(.*))?", re.ASCII | re.DOTALL
)
_NAMED = re.compile(r"([0-9]{1,2})[-/ .]+([^\W\d_]{3,12})\.?[-/ .,]+([0-9]{4})(?:[ T,]+(.*))?", re.DOTALL)
_MONTH_NAMED = re.compile(r"([^\W\d_]{3,12})\.? ([0-9]{1,2}),? ([0-9]{4})(?:[ T,]+(.*))?", re.DOTALL)
_CLOCK = re.compile(r"([0-9]{1,2}):([0-9]{2})(?::([0-9]{2})(?:\.[0-9]+)?)?(?:\s?([AP])M)?", re.ASCII | re.IGNORECASE)
# The first letters that tell the months of English, Dutch, German, French, Italian, Spanish, Danish and Swedish apart.
_MONTHS = {
    start: number
    for number, starts in enumerate(
        (
            "jan gen ene", "feb fev fév", "mar maa mrt mär mae mrz", "apr avr abr", "mai may mei mag maj",
            "jun juin giu", "jul juil lug", "aug aou aoû ago", "sep set", "oct okt ott out", "nov",
            "dec dez déc dic des",
        ),
        start=1,
    )
    for start in starts.split()
}  # fmt: skip


def parse_moment(text: str, order: DayOrder, clock: str = "") -> datetime:
    """The day and, where written, the time that a text means; any time zone is dropped, the day stays as written.

    Args:
        order: How numeric dates are to be read where both readings are possible.
        clock: A time from a column of its own.

    Raises:
        NotADate: No such day, before 1970, or two readings and `order` does not decide.
    """
    text = text.strip()
    if len(text) > 40:
        raise NotADate("is not a date; write it as 2026-10-30")
    if len(text) > 10 and text[4:5] == "-" and text[:4].isdigit():
        try:
            moment = datetime.fromisoformat(text).replace(tzinfo=None)
        except ValueError:
            moment = _with_clock(text[:10], text[10:])
        return _checked(moment)
    found = _NUMERIC.fullmatch(text)
    if found and order is not DayOrder.UNKNOWN:
        first, second = int(found[1]), int(found[2])
        day, month = (first, second) if order is DayOrder.DAY_FIRST else (second, first)
        return _checked(_day(whole_year(found[3]), month, day, found[4] or clock))
    if found_name := _NAMED.fullmatch(text):
        word = found_name[2].lower()
        named = _MONTHS.get(word[:4]) or _MONTHS.get(word[:3])
        if named is not None:
            return _checked(_day(int(found_name[3]), named, int(found_name[1]), found_name[4] or clock))
    if found_month := _MONTH_NAMED.fullmatch(text):
        # The month's name first, as Americans write; a clock behind it is all that `parse_date` does not read.
        return _checked(_with_clock(text[: found_month.end(3)], found_month[4] or clock))
    if found:
        return _checked(_with_clock(text.split(" ")[0], found[4] or clock))
    return _checked(_with_clock(text, clock))


def _with_clock(day_text: str, clock: str) -> datetime:
    day = parse_date(day_text)
    return _day(day.year, day.month, day.day, clock)


def _day(year: int, month: int, day: int, clock: str) -> datetime:
    time = _CLOCK.search(clock) if clock else None
    hour, minute, second = (int(time[1]), int(time[2]), int(time[3] or 0)) if time else (0, 0, 0)
    if time and time[4] and hour <= 12:
        hour = hour % 12 + (12 if time[4].upper() == "P" else 0)
    try:
        return datetime(year, month, day, hour, minute, second)  # noqa: DTZ001  as written: a file names no zone
    except ValueError:
        raise NotADate("is not a day of the calendar; write it as 2026-10-30") from None


def _checked(moment: datetime) -> datetime:
    if moment.date() < EARLIEST:
        raise NotADate("lies before 1970; check the year")
    return moment
