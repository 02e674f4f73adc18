"""A mapping of a table's columns to the fields of a position, and what may be wrong with one."""

from __future__ import annotations

from dataclasses import dataclass, replace

from core.intake.cells.codes import currency_code
from core.intake.cells.numbers import NumberStyle
from core.intake.tables.choices import TableChoices
from core.intake.tables.column_guess import MAPPABLE
from core.intake.transactions.moments import DayOrder

FIXABLE = ("currency", "asset_class", "date", "account")
"""Fields that may be the same for the whole file instead of a column."""


@dataclass(frozen=True, slots=True)
class ColumnMapping:
    """Which column of a table is which.

    Attributes:
        columns: Pairs of a field (`MAPPABLE`) and the column that holds it, counted from 0.
        fixed: Pairs of a field (`FIXABLE`) and what it is in every row.
        day_order: How 04/03/2026 is meant; UNKNOWN refuses such days.
        style: Decimal sign; None goes by the cells.
        sheet: Where the table stands, with `header_row`; of this file alone, and never remembered.
        positions: Its rows are positions although they look like dealings; said of this file alone.
    """

    columns: tuple[tuple[str, int], ...]
    fixed: tuple[tuple[str, str], ...] = ()
    day_order: DayOrder = DayOrder.UNKNOWN
    style: NumberStyle | None = None
    sheet: str = ""
    header_row: int | None = None
    positions: bool = False

    def said(self, choices: TableChoices) -> TableChoices:
        """What was said with the mapping, where it was not said otherwise."""
        return replace(
            choices,
            sheet=choices.sheet or self.sheet,
            header_row=choices.header_row or self.header_row,
            day_order=self.day_order if choices.day_order is DayOrder.UNKNOWN else choices.day_order,
            style=choices.style or self.style,
            positions=choices.positions or self.positions,
        )

    def place(self, field: str) -> int | None:
        """The column of a field, or None."""
        return dict(self.columns).get(field)


def faults_of(mapping: ColumnMapping, width: int) -> list[str]:
    """Everything that keeps a mapping from being read, each with its remedy; empty when it is good."""
    faults: list[str] = []
    fields = [field for field, _ in mapping.columns]
    known = {*fields, *(field for field, _ in mapping.fixed)}
    places = [place for _, place in mapping.columns]
    faults += [
        f"'{field}' is no field of a position. Use one of {', '.join(MAPPABLE)}."
        for field in dict.fromkeys(fields)
        if field not in MAPPABLE
    ]
    faults += [f"Two columns are mapped to '{field}'. Keep one." for field in MAPPABLE if fields.count(field) > 1]
    for place in sorted(set(places)):
        shared = [field for field, at in mapping.columns if at == place]
        # A table often has one word that is both the symbol and the name of a line.
        if len(shared) > 1 and not set(shared) <= {"symbol", "isin", "name"}:
            faults.append(f"Column {place + 1} is mapped to {' and '.join(shared)}. Keep one.")
    faults += [f"There is no column {place + 1}; the header has {width}." for place in places if not 0 <= place < width]
    if not known & {"symbol", "isin", "name"}:
        faults.append("No column names the positions. Map one to symbol, isin or name.")
    if "currency" not in known:
        faults.append("No column is the currency. Map one to currency, or give one currency for the whole file.")
    if "market_value" not in known and not {"quantity", "price"} <= known:
        faults.append("No column is the value. Map one to market_value, or two to quantity and price.")
    for field, value in mapping.fixed:
        if field not in FIXABLE:
            faults.append(f"'{field}' cannot be the same for all rows. Only {', '.join(FIXABLE)} can.")
        if field == "currency" and currency_code(value) is None:
            faults.append(f"The currency '{value}' is not known. Use an ISO 4217 code such as EUR.")
    return faults
