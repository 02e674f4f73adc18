"""What a person says about how a table is to be read, where the file leaves it open."""

from __future__ import annotations

from dataclasses import dataclass

from core.errors import BadInput, UnreadableFile
from core.intake.cells.numbers import NumberStyle
from core.intake.transactions.moments import DayOrder

DATES = {"dmy": DayOrder.DAY_FIRST, "mdy": DayOrder.MONTH_FIRST}
DECIMALS = {",": NumberStyle.COMMA, ".": NumberStyle.POINT}


class Undecided(UnreadableFile):
    """A file that may mean two things; the message says with which option a person decides."""


class NeedsCurrency(Undecided):
    """A file that does not name the currency of its values: a person says it, and no mapping would."""


@dataclass(frozen=True, slots=True)
class TableChoices:
    """How a table is to be read; what is not said is found out.

    Attributes:
        sheet: The sheet's title; hidden sheets are read only when named. "" takes every visible one.
        header_row: Row of the header as a spreadsheet counts; None looks for it.
        day_order: How 04/03/2026 is meant where nothing in the column proves it.
        style: Decimal sign; None goes by the cells.
        positions: The rows are positions although they look like dealings.
    """

    sheet: str = ""
    header_row: int | None = None
    day_order: DayOrder = DayOrder.UNKNOWN
    style: NumberStyle | None = None
    positions: bool = False


NOTHING_SAID = TableChoices()


def choices_of(
    sheet: str | None, header_row: int | None, dates: str | None, decimal: str | None, *, positions: bool
) -> TableChoices:
    """Choices as a person writes them on a command line.

    Raises:
        BadInput: `dates` is neither dmy nor mdy, `decimal` neither "," nor ".", or the row is below 1.
    """
    if dates is not None and dates.lower() not in DATES:
        raise BadInput(f"'{dates}' is no order of dates. Use --dates dmy (30/10/2026) or --dates mdy (10/30/2026).")
    if decimal is not None and decimal not in DECIMALS:
        raise BadInput(f"'{decimal}' is no decimal sign. Use --decimal , or --decimal .")
    if header_row is not None and header_row < 1:
        raise BadInput("--header-row counts from 1, as a spreadsheet does.")
    return TableChoices(
        sheet or "",
        header_row,
        DATES[dates.lower()] if dates else DayOrder.UNKNOWN,
        DECIMALS[decimal] if decimal else None,
        positions,
    )
