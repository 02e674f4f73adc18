"""Rows below a header whose columns are known, on their way to the portfolios of their accounts and days."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from operator import itemgetter

from core.domain.portfolio import Holding
from core.domain.table_read import Comparison, DecidedBy
from core.intake.cells.names import date_in_name, one_line, portfolio_id_of, stem_of
from core.intake.cells.numbers import NotANumber, NumberStyle, parse_number, unguarded
from core.intake.findings import shortened
from core.intake.gathering import Case, Gathered
from core.intake.positions.days import UNDATED, Days
from core.intake.positions.lines import FIELDS, ONE, LineReader, PositionCells
from core.intake.positions.statistic_rows import Statistics, is_product
from core.intake.positions.totals import Totals, is_total_word
from core.intake.tables.column_words import MULTIPLIERS, plain
from core.intake.tables.deciding import tell_lines
from core.intake.tables.stated import NOTHING_STATED, Stated
from core.intake.transactions.moments import DayOrder

FAMILY = "positions"

Rows = Iterator[tuple[int, list[str]]]


@dataclass(frozen=True, slots=True)
class ColumnLayout:
    """Where the cells of a positions table stand.

    Attributes:
        name: Display name of the file.
        header: The header row as it stands in the file.
        places: For each field of a position that the table has, its column from 0.
        style: Which decimal sign the table uses.
        family: Tables of one family continue one another's portfolios.
        fixed: Columns that the table has not and that are the same in every row ("currency": "EUR").
        day_order: How numeric days are written; UNKNOWN lets the column prove it.
        quote_days: The date column dates each line's price and not the list: the newest is the list's day.
        price_of: Units that a price is for; 10,000 for Japanese funds.
        sheet: Names the account where several sheets were read and no column does; else "".
        stated: What the lines beside the table say, once all of it was read.
    """

    name: str
    header: list[str]
    places: dict[str, int]
    style: NumberStyle
    family: str = FAMILY
    fixed: Mapping[str, str] = field(default_factory=dict)
    day_order: DayOrder = DayOrder.UNKNOWN
    quote_days: bool = False
    price_of: Decimal = ONE
    sheet: str = ""
    stated: Callable[[], Stated] = lambda: NOTHING_STATED


def read_rows(layout: ColumnLayout, rows: Iterable[tuple[int, list[str]]], case: Case) -> list[Gathered]:
    """Read the rows below a header into their accounts and days."""
    table = _Table(layout, case)
    for number, row in rows:
        table.take(number, row)
    return table.finish()


class _Table:
    """The rows of one table on their way to their accounts and days."""

    def __init__(self, layout: ColumnLayout, case: Case) -> None:
        self._layout = layout
        self._case = case
        self._width = width = len(layout.header)
        columns = {column: one_line(layout.header[place]) for column, place in layout.places.items()}
        self._lines = LineReader(case.findings, layout.style, columns, price_of=layout.price_of)
        self._date_column = columns.get("date", "date")
        # Every row gets an empty cell at its end for the columns that are not there, then the fixed ones.
        places = {**layout.places, **{name: width + 1 + more for more, name in enumerate(layout.fixed)}}
        self._more = ["", *layout.fixed.values()]
        self._pick = itemgetter(*(places.get(field, width) for field in FIELDS))
        self._date_place = places.get("date", width)
        self._account_place = places.get("account", width)
        others = set(range(width)) - set(layout.places.values())
        contract = (place for place in sorted(others) if plain(layout.header[place]) in MULTIPLIERS)
        self._contract_place = next(contract, width)
        order = layout.day_order if layout.day_order is not DayOrder.UNKNOWN else case.choices.day_order
        by = DecidedBy.HAND if layout.day_order is DayOrder.UNKNOWN else DecidedBy.FORMAT
        self._days = Days(order, case.today, self._date_column, by)
        self._columns = columns
        self._groups: dict[tuple[str, str], list[Holding]] = {}
        self._undated: list[int] = []
        self._slack: int | None = None
        self._totals = Totals(case.findings, layout.style)
        self._statistics = Statistics(case.findings, layout.style)
        self._stated = NOTHING_STATED

    def take(self, number: int, row: list[str]) -> None:  # noqa: C901  # the ways in which one row can be short, long, empty or a total
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
            if self._statistics.is_row(number, raw, row[0]) or self._totals.is_total(number, raw, row[0]):
                return
        elif self._is_summary(number, raw, row[0]):
            return
        day_text = row[self._date_place]
        known = self._days.of(number, day_text)
        if isinstance(known, str):
            self._case.findings.problem(number, self._date_column, day_text, known)
        holding = self._lines.read(number, raw, multiplier=self._multiplier(number, row))
        if holding is None or isinstance(known, str):
            return
        key = (row[self._account_place], day_text)
        group = self._groups.get(key)
        if group is None:
            group = self._groups[key] = []
        group.append(holding)
        self._totals.add(holding)
        if known is UNDATED:
            self._undated.append(number)

    def _multiplier(self, number: int, row: list[str]) -> Decimal:
        """How many units one contract of a row is, where the table has a column for it; told where it is not one."""
        text = row[self._contract_place].strip()
        if not text or text == "1":
            return ONE
        try:
            units = parse_number(text, self._layout.style)
        except NotANumber:
            return ONE
        if units <= 0 or units == ONE:
            return ONE
        heading = "Contracts are of as many units as their column says"
        self._case.findings.tally(heading, f"row {number} × {units.normalize():f}", "units of a price")
        return units

    def _is_summary(self, number: int, raw: PositionCells, first_cell: str) -> bool:
        """Whether a row with units or a price sums up others; most rows are through after a look at their words."""
        if raw.isin and any(map(str.isdigit, raw.isin)):
            return False
        if self._statistics.is_row(number, raw, first_cell):
            return True
        if not any(word and is_total_word(word) for word in (first_cell, raw.name, raw.symbol, raw.isin)):
            return False
        product = is_product(raw, self._layout.style)
        return self._totals.is_sum_with_units(number, raw, first_cell, product=product)

    def finish(self) -> list[Gathered]:
        """The groups, by account and day; rows without a date only where no row has one."""
        self._stated = self._layout.stated()
        self._groups = {key: self._totals.without_sums(lines) for key, lines in self._groups.items()}
        for lines in self._groups.values():
            self._totals.tell_lots(lines)
        self._days.settle(self._case.findings)
        tell_lines(self._case.findings, [line for lines in self._groups.values() for line in lines], self._columns)
        known = {text: self._days.day(text) for _, text in self._groups}
        dated = any(day is not None and day is not UNDATED for day in known.values())
        if dated and not self._layout.quote_days:
            for number in self._undated:
                message = "The date is missing while other rows have one. Write it as 2026-10-30."
                self._case.findings.problem(number, self._date_column, "", message)
        groups = self._on_one_day(known) if self._layout.quote_days and dated else self._on_their_days(known, dated)
        stem = stem_of(self._layout.name)
        sheet = self._layout.sheet
        gathered: dict[tuple[str, date], Gathered] = {}
        for account_text, day, holdings in groups:
            account = one_line(unguarded(account_text)) or (f"{stem} {sheet}" if sheet else "")
            group = gathered.get((account, day))
            if group is None:
                identity = portfolio_id_of(self._layout.family, account or stem)
                group = gathered[account, day] = Gathered(identity, account or stem, account, day)
            group.holdings.extend(holdings)
        self._totals.compare(self._stated.totals, whole=len(gathered) == 1)
        if dated:
            self._tell_days({group.as_of for group in gathered.values()})
        return list(gathered.values())

    def _tell_days(self, days: set[date]) -> None:
        """The day of the list, and whether the lines beside it say the same."""
        if not days:
            return
        shown = f"{min(days)}" if len(days) == 1 else f"{len(days)} days, {min(days)} to {max(days)}"
        newest = "the newest day in" if self._layout.quote_days else "as in"
        self._case.findings.decided("day of the list", shown, f"{newest} column '{self._date_column}'")
        said = self._stated
        if said.day is not None and len(days) == 1:
            (day,) = days
            one = Comparison(shortened(said.day_text, 60), said.day_row, said.day, day, "", said.day == day)
            self._case.findings.compared(one)

    def _on_their_days(
        self, known: Mapping[str, date | None], dated: bool
    ) -> Iterator[tuple[str, date, list[Holding]]]:
        for (account, text), holdings in self._groups.items():
            day = known[text]
            if day is None or (dated and day is UNDATED):
                continue
            if day is UNDATED:
                day = undated(self._layout.name, self._case, self._stated)
            yield account, day, holdings

    def _on_one_day(self, known: Mapping[str, date | None]) -> Iterator[tuple[str, date, list[Holding]]]:
        """Every line on the day of the list: what stands above it, else the newest of its account's quotes."""
        newest: dict[str, date] = {}
        for account, text in self._groups:
            newest[account] = max(newest.get(account, UNDATED), known[text] or UNDATED)
        latest = max(newest.values())
        said = self._stated.day
        older = 0
        for (account, text), holdings in self._groups.items():
            quoted = known[text]
            if quoted is None:
                continue
            day = max(said or UNDATED, newest[account] if newest[account] is not UNDATED else latest)
            if UNDATED < quoted < day:
                older += len(holdings)
                holdings = [replace(line, priced_on=quoted) for line in holdings]
            yield account, day, holdings
        if older:
            self._case.findings.note(
                f"Column '{self._date_column}' dates prices, not the list: the newest day was taken for all lines, "
                f"and {older} of them have an older price."
            )
        elif said is not None:
            _tell_day(self._case, self._stated)


def undated(name: str, case: Case, stated: Stated = NOTHING_STATED) -> date:
    """The day of a list without one in its rows: what stands above it, the date in its name, else today; a note says
    which."""
    if stated.day is not None:
        _tell_day(case, stated)
        return stated.day
    day = date_in_name(name)
    if day is not None and day <= case.today + timedelta(days=1):
        case.findings.note(f"The file states no date; {day} was taken from its name.")
        case.findings.decided("day of the list", f"{day}", "from the name of the file")
        return day
    if stated.unsure:
        message = (
            "The day of the list could be two days: say --dates dmy or --dates mdy, or choose it on the Import page. "
            f"Until then it stands under today ({case.today})."
        )
        case.findings.problem(None, "", stated.unsure, message)
        return case.today
    case.findings.note(f"The file states no date; today ({case.today}) was taken. A date in the file name is read too.")
    case.findings.decided("day of the list", f"{case.today}", "the file states none, so it is today's")
    return case.today


def _tell_day(case: Case, stated: Stated) -> None:
    case.findings.note(f"The day {stated.day} was taken from row {stated.day_row}, '{stated.day_text}'.")
    case.findings.decided("day of the list", f"{stated.day}", f"row {stated.day_row} says '{stated.day_text}'")
