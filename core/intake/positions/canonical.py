"""The canonical positions table, as CSV or as a workbook.

Columns, in any order, upper or lower case: date, account, symbol, isin, name, asset_class, quantity, price, currency,
market_value, sector, country, cost. Needed are symbol, currency, and market_value or both quantity and price. Each
account on each date becomes a portfolio of its own; the same account continues over dates and over both file types.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache
from itertools import chain, islice
from operator import itemgetter

from core.domain.portfolio import Holding
from core.errors import UnreadableFile
from core.intake.cells.dates import NotADate, parse_date
from core.intake.cells.names import date_in_name, one_line, portfolio_id_of, stem_of
from core.intake.cells.numbers import NumberStyle, choose_style
from core.intake.gathering import Case, Gathered
from core.intake.opening.source import SourceFile, delimiter_of, has_header, table_rows
from core.intake.opening.workbook import has_sheet, workbook_rows
from core.intake.positions.dealings import dealings_in
from core.intake.positions.lines import FIELDS, LineReader, PositionCells
from core.intake.positions.totals import Totals

COLUMNS = (
    "date", "account", "symbol", "isin", "name", "asset_class", "quantity", "price", "currency", "market_value",
    "sector", "country", "cost",
)  # fmt: skip
FAMILY = "positions"
_HEADER_WITHIN = 20
_COLUMN_CHARS = 60
_STYLE_ROWS = 2_000

Rows = Iterator[tuple[int, list[str]]]


@dataclass(frozen=True, slots=True)
class ColumnLayout:
    """Where the cells of a positions table stand.

    Attributes:
        name: Display name of the file.
        header: The header row as it stands in the file.
        places: For each of `COLUMNS` that the table has, its column from 0.
        style: Which decimal sign the table uses.
        family: Tables of one family continue one another's portfolios.
        fixed: Columns that the table has not and that are the same in every row ("currency": "EUR").
        parse_day: Reads a cell of the date column.
        quote_days: The date column dates each line's price and not the list: the newest is the list's day.
    """

    name: str
    header: list[str]
    places: dict[str, int]
    style: NumberStyle
    family: str = FAMILY
    fixed: Mapping[str, str] = field(default_factory=dict)
    parse_day: Callable[[str], date] = parse_date
    quote_days: bool = False


@lru_cache(maxsize=2_048)
def _normal(header: str) -> str:
    return re.sub(r"[\s_-]+", "_", one_line(header).lower()).strip("_")


def normal(header: str) -> str:
    """A column name without case and with one "_" for spaces: " Market Value " is market_value.

    No column is called by more than 60 characters; such a cell is "" here.
    """
    return _normal(header) if len(header) <= _COLUMN_CHARS else ""


def is_header(row: Iterable[str]) -> bool:
    """Whether a row names the columns that a positions table needs."""
    names = {normal(cell) for cell in row}
    return {"symbol", "currency"} <= names and ("market_value" in names or {"quantity", "price"} <= names)


def detect_csv(source: SourceFile) -> bool:
    """Whether a text has a canonical header among its first rows."""
    return has_header(source, is_header, _HEADER_WITHIN)


def detect_xlsx(source: SourceFile) -> bool:
    """Whether a workbook has a sheet with a canonical header.

    Raises:
        UnreadableFile: An archive that is no plain workbook.
    """
    return has_sheet(source, is_header)


def read_csv(source: SourceFile, case: Case) -> list[Gathered]:
    """Read the canonical table from text.

    Raises:
        UnreadableFile: No header, or a table that cannot be split into rows and columns.
    """
    delimiter = delimiter_of(source.text)
    return _read(source.name, table_rows(source.name, source.text, delimiter), delimiter, case)


def read_xlsx(source: SourceFile, case: Case) -> list[Gathered]:
    """Read the canonical table from the first sheet of a workbook that has its header.

    Raises:
        UnreadableFile: Damaged, too large, or no sheet with a header.
    """
    return _read(source.name, workbook_rows(source, is_header), "", case)


def _read(name: str, rows: Rows, delimiter: str, case: Case) -> list[Gathered]:
    header = next((row for _, row in islice(rows, _HEADER_WITHIN) if is_header(row)), None)
    if header is None:
        raise UnreadableFile(
            f"'{name}' has no header row naming symbol, currency, and market_value or quantity and price "
            f"in its first {_HEADER_WITHIN} rows. Start from the template."
        )
    places = _places(header, name, case)
    first = list(islice(rows, _STYLE_ROWS))
    dealings = dealings_in(header, first)
    if dealings:
        raise UnreadableFile(f"'{name}' is no list of positions: {dealings}")
    return read_rows(
        ColumnLayout(name, header, places, style_of(first, places, delimiter, case)), chain(first, rows), case
    )


def read_rows(layout: ColumnLayout, rows: Iterable[tuple[int, list[str]]], case: Case) -> list[Gathered]:
    """Read the rows below a header into their accounts and days."""
    table = _Table(layout, case)
    for number, row in rows:
        table.take(number, row)
    return table.finish()


def _places(header: list[str], name: str, case: Case) -> dict[str, int]:
    places: dict[str, int] = {}
    extra: list[str] = []
    for place, cell in enumerate(header):
        column = normal(cell)
        if column in COLUMNS and column in places:
            raise UnreadableFile(f"'{name}' has two columns named '{one_line(cell)}'. Remove or rename one of them.")
        if column in COLUMNS:
            places[column] = place
        elif column:
            extra.append(one_line(cell))
    if extra:
        shown = ", ".join(f"'{column[:40]}'" for column in extra[:10]) + (" and more" if len(extra) > 10 else "")
        case.findings.note(f"Columns that were not read: {shown}.")
    return places


def style_of(first: list[tuple[int, list[str]]], places: dict[str, int], delimiter: str, case: Case) -> NumberStyle:
    """Which decimal sign a table uses, by its first rows; a workbook (no delimiter) keeps numbers, not their looks."""
    if not delimiter:
        return NumberStyle.POINT
    numeric = [places[column] for column in ("quantity", "price", "market_value") if column in places]
    choice = choose_style((row[place] for _, row in first for place in numeric if place < len(row)), delimiter)
    if choice.unsure:
        case.findings.note(
            f"Numbers such as '{choice.unsure[:40]}' could be read in two ways; "
            f"they were read with a {choice.style.value}."
        )
    return choice.style


class _Table:
    """The rows of one canonical table on their way to their accounts and days."""

    def __init__(self, layout: ColumnLayout, case: Case) -> None:
        self._name = layout.name
        self._family = layout.family
        self._parse_day = layout.parse_day
        self._case = case
        self._width = width = len(layout.header)
        columns = {column: one_line(layout.header[place]) for column, place in layout.places.items()}
        self._lines = LineReader(case.findings, layout.style, columns)
        self._date_column = columns.get("date", "date")
        # Every row gets an empty cell at its end for the columns that are not there, then the fixed ones.
        places = {**layout.places, **{name: width + 1 + more for more, name in enumerate(layout.fixed)}}
        self._more = ["", *layout.fixed.values()]
        self._pick = itemgetter(*(places.get(field, width) for field in FIELDS))
        self._needs_currency = "currency" in layout.places
        self._date_place = places.get("date", width)
        self._account_place = places.get("account", width)
        self._days: dict[str, date | str] = {}
        self._groups: dict[tuple[str, str], list[Holding]] = {}
        self._undated: list[int] = []
        self._slack: int | None = None
        self._quote_days = layout.quote_days
        self._totals = Totals(case.findings, layout.style)

    def take(self, number: int, row: list[str]) -> None:
        """Read one row into its group, or record its problems."""
        missing = self._width - len(row)
        if self._slack is None:
            self._slack = max(0, -missing)
        if missing < 0:
            # Empty cells past the header are a habit when the first row has them too, else a value that broke in two.
            if -missing > self._slack or any(cell.strip() for cell in row[self._width :]):
                message = (
                    f"The row has {len(row)} cells and the header names {self._width} columns. "
                    "Put quotation marks around values that contain the separator."
                )
                self._case.findings.problem(number, "", row[self._width], message)
                return
            del row[self._width :]
            missing = 0
        if missing:
            row.extend([""] * missing)
        row.extend(self._more)
        raw = PositionCells(*self._pick(row))
        if not (raw.quantity or raw.price) or raw.quantity.isspace():
            if not any(cell and not cell.isspace() for cell in row[: self._width]):
                return
            if self._totals.is_total(number, raw, row[0]):
                return
        day_text = row[self._date_place]
        known = self._days.get(day_text)
        if known is None:
            known = self._days[day_text] = self._day(day_text)
        if isinstance(known, str):
            self._case.findings.problem(number, self._date_column, day_text, known)
        holding = self._lines.read(number, raw)
        if holding is None or isinstance(known, str):
            return
        key = (row[self._account_place], day_text)
        group = self._groups.get(key)
        if group is None:
            group = self._groups[key] = []
        group.append(holding)
        self._totals.add(holding)
        if known is _UNDATED:
            self._undated.append(number)

    def _day(self, text: str) -> date | str:
        """The day of a date cell, or the message of its problem."""
        if not text.strip():
            return _UNDATED
        try:
            day = self._parse_day(text)
        except NotADate as error:
            return f"The date {error}."
        if day > self._case.today + timedelta(days=1):
            return f"The date lies in the future (today is {self._case.today}). Check day, month and year."
        return day

    def finish(self) -> list[Gathered]:
        """The groups, by account and day; rows without a date only where no row has one."""
        dated = any(self._days[day] is not _UNDATED and isinstance(self._days[day], date) for _, day in self._groups)
        if dated:
            for number in self._undated:
                message = "The date is missing while other rows have one. Write it as 2026-10-30."
                self._case.findings.problem(number, self._date_column, "", message)
        if self._quote_days:
            self._one_day()
        stem = stem_of(self._name)
        gathered: dict[tuple[str, date], Gathered] = {}
        for (account_text, day_text), holdings in self._groups.items():
            day = self._days[day_text]
            if isinstance(day, str) or (dated and day is _UNDATED):
                continue
            if day is _UNDATED:
                day = undated(self._name, self._case)
            account = one_line(account_text)
            group = gathered.get((account, day))
            if group is None:
                identity = portfolio_id_of(self._family, account or stem)
                group = gathered[account, day] = Gathered(identity, account or stem, account, day)
            group.holdings.extend(holdings)
        return list(gathered.values())

    def _one_day(self) -> None:
        """Give every account the newest of its days: they date prices, as fund lists have them, and not the list."""
        known = {text: day for text, day in self._days.items() if isinstance(day, date) and day is not _UNDATED}
        newest: dict[str, str] = {}
        for account, text in self._groups:
            if text in known and (account not in newest or known[text] > known[newest[account]]):
                newest[account] = text
        older = sum(len(lines) for (account, text), lines in self._groups.items() if newest.get(account, text) != text)
        groups: dict[tuple[str, str], list[Holding]] = {}
        for (account, text), lines in self._groups.items():
            groups.setdefault((account, newest.get(account, text)), []).extend(lines)
        self._groups = groups
        if older:
            self._case.findings.note(
                f"Column '{self._date_column}' dates prices, not the list: the newest day was taken for all lines, "
                f"and {older} of them have an older price."
            )


_UNDATED = date.min
"""Stands for an empty date cell while rows are read."""


def undated(name: str, case: Case) -> date:
    """The day of a file that states none: the date in its name, else today; a note says which."""
    day = date_in_name(name)
    if day is not None and day <= case.today + timedelta(days=1):
        case.findings.note(f"The file states no date; {day} was taken from its name.")
        return day
    case.findings.note(f"The file states no date; today ({case.today}) was taken. A date in the file name is read too.")
    return case.today
