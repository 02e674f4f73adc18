"""Tables of transactions: one header, rows below it, and every cell judged where it stands.

A reader says which columns its broker writes and turns one row into entries. A row with a problem does not come in, and
the ledger then knows what it would have moved is not known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import chain, islice

from core.domain.portfolio import AssetClass
from core.errors import UnreadableFile
from core.intake.cells.asset_classes import class_from_name
from core.intake.cells.codes import currency_code, isin_fault
from core.intake.cells.dates import NotADate
from core.intake.cells.headers import normal
from core.intake.cells.names import one_line
from core.intake.cells.numbers import EMPTY, NotANumber, NumberStyle, choose_style, parse_number
from core.intake.findings import Findings, shortened
from core.intake.gathering import Case
from core.intake.opening.source import SourceFile, delimiter_of, has_header, table_rows
from core.intake.positions.broker_tables import Columns
from core.intake.transactions.entries import Entry, Security
from core.intake.transactions.ledger import ALL, Ledger
from core.intake.transactions.moments import DayOrder, parse_moment

_HEADER_WITHIN = 20
_STYLE_ROWS = 2_000
_NAME_CHARS = 120


@dataclass(frozen=True, slots=True)
class BrokerLayout:
    """How one broker lays out its table.

    Attributes:
        names: For each of our names the broker's spellings, normalised as `canonical.normal` does.
        needed: Our names that a header must have to be this broker's.
        days: Which of day and month stands first.
        style: Decimal sign; None where the file has to decide.
        numeric: Our names of the columns that decide it.
    """

    names: Mapping[str, tuple[str, ...]]
    needed: tuple[str, ...]
    days: DayOrder = DayOrder.UNKNOWN
    style: NumberStyle | None = NumberStyle.POINT
    numeric: tuple[str, ...] = ()

    def is_header(self, row: list[str]) -> bool:
        """Whether a row has the needed columns."""
        return Columns(row, self.names).has(*self.needed)

    def detects(self, source: SourceFile) -> bool:
        """Whether a text has this header among its first rows."""
        return has_header(source, self.is_header, _HEADER_WITHIN)


class Securities:
    """The securities of one file, each made once."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._made: dict[tuple[str, str, str, bool, AssetClass | None], Security] = {}

    def of(
        self, symbol: str, isin: str, name: str, *, is_fund: bool = False, kind: AssetClass | None = None
    ) -> Security:
        """The security of these cells, any of which may be empty, but not all.

        An ISIN with a wrong check digit is said and left blank; the line itself is known by it all the same.
        """
        given = (symbol, isin, name, is_fund, kind)
        known = self._made.get(given)
        if known is None:
            known = self._made[given] = self._new(*given)
        return known

    def _new(self, symbol: str, isin: str, name: str, is_fund: bool, kind: AssetClass | None) -> Security:
        code = one_line(isin).replace(" ", "").upper()
        code = "" if code in EMPTY else shortened(code, 40)
        symbol, name = shortened(symbol, _NAME_CHARS), shortened(name, _NAME_CHARS)
        good = code if code and isin_fault(code) is None else ""
        if code and not good:
            self._findings.tally("ISINs with a wrong check digit were left blank", f"{code} {name}".strip())
        return Security(
            key=code or symbol.upper() or name.upper(),
            symbol=symbol or code or name,
            isin=good,
            name=name,
            asset_class=kind or class_from_name(name, is_fund=is_fund),
        )


class Numbers:
    """Numbers of one file, whose decimal sign is known or was found.

    Some brokers translate their exports without being consistent, so one file may write 0,05 and 24.99. A number that
    can be read in one way only is read that way; one that can be read in two ("10,799") takes the sign that its row
    uses, else the sign that all of the file uses, and is refused where neither decides.

    Args:
        style: The decimal sign; where `found` is given, only the one for files that show none.
        found: The signs that the file's numbers show; None where the format is known to have `style`.
    """

    def __init__(self, style: NumberStyle, found: frozenset[NumberStyle] | None = None) -> None:
        self._style = style
        self._found = found

    def read(self, text: str, beside: Iterable[str] = ()) -> Decimal:
        """The number a text means.

        Args:
            beside: The other numbers of its row.

        Raises:
            NotANumber: It is not one, or could be two.
        """
        if self._found is None or ("," not in text and "." not in text):
            return parse_number(text, self._style)
        for signs in (shown_styles((text,)), shown_styles(beside), self._found):
            if len(signs) == 1:
                return parse_number(text, next(iter(signs)))
        if not self._found:
            return parse_number(text, self._style)
        raise NotANumber("could be two numbers, because the file uses decimal point and comma; write all alike")


def shown_styles(texts: Iterable[str]) -> frozenset[NumberStyle]:
    """The decimal signs of the numbers that can be read in one way only."""
    found: set[NumberStyle] = set()
    for text in texts:
        if "," in text or "." in text:
            choice = choose_style((text,), "")
            if not choice.unsure:
                found.add(choice.style)
    return frozenset(found)


class HeadedTable:
    """A table whose header is known."""

    def __init__(self, case: Case, layout: BrokerLayout, header: list[str], numbers: Numbers) -> None:
        self.case = case
        self.findings = case.findings
        self.layout = layout
        self.columns = Columns(header, layout.names)
        self.numbers = numbers
        self.securities = Securities(case.findings)
        self.width = len(header)
        self._moments: dict[tuple[str, str], datetime | str] = {}

    def follow(self, header: list[str]) -> None:
        """Go by another header from here on: exports of several years joined in one file."""
        self.columns = Columns(header, self.layout.names)
        self.width = len(header)

    def cells(self, number: int | None, row: list[str]) -> Cells:
        """A row to be judged."""
        return Cells(self, number, row)

    def moment(self, text: str, clock: str) -> datetime | str:
        """When a date cell and a clock cell say, or the message of its problem."""
        key = (text, clock)
        known = self._moments.get(key)
        if known is None:
            known = self._moments[key] = self._moment(text, clock)
        return known

    def _moment(self, text: str, clock: str) -> datetime | str:
        if not text.strip():
            return "The date is missing. Write it as 2026-10-30."
        try:
            at = parse_moment(text, self.layout.days, clock)
        except NotADate as error:
            return f"The date {error}."
        if at.date() > self.case.today + timedelta(days=1):
            return f"The date lies in the future (today is {self.case.today}). Check day, month and year."
        return at


class Cells:
    """One row, its cells by our names; the first problem makes it one that does not come in.

    Attributes:
        number: Row as a spreadsheet counts.
        account: As far as it is known.
        about: Security that the row moves, as far as it is known.
        moved: Currency of the money that the row moves; `ALL` until that is known, "" where it moves none.
        good: False once a problem was found.
    """

    __slots__ = ("_row", "_table", "about", "account", "good", "moved", "number")

    def __init__(self, table: HeadedTable, number: int | None, row: list[str]) -> None:
        self._table = table
        self._row = row
        self.number = number
        self.account = ""
        self.about: Security | None = None
        self.moved = ALL
        self.good = True
        if len(row) > table.width and any(cell.strip() for cell in row[table.width :]):
            self.problem(
                "",
                row[table.width],
                f"The row has {len(row)} cells and the header names {table.width} columns. "
                "Put quotation marks around values that contain the separator.",
            )

    def text(self, name: str) -> str:
        """The cell without the spaces around it, "" where the row or the file has none."""
        return self._table.columns.cell(self._row, name).strip()

    def has(self, name: str) -> bool:
        """Whether the file has the column."""
        return self._table.columns.has(name)

    def blank(self) -> bool:
        """Whether nothing stands in the row."""
        return not any(cell.strip() for cell in self._row)

    def label(self, name: str) -> str:
        """What the file calls a column."""
        return self._table.columns.labels.get(name, name)

    def problem(self, name: str, value: str, message: str) -> None:
        """Say what is wrong; the row will not come in."""
        self.good = False
        self._table.findings.problem(self.number, self.label(name) if name else "", value, message)

    def number_in(self, name: str) -> Decimal | None:
        """The number in a cell; None where it is empty, and where it is none (a problem then)."""
        text = self.text(name)
        return None if text in EMPTY else self.read_number(name, text)

    def needed(self, name: str) -> Decimal:
        """The number in a cell that may not be empty; 0 together with a problem where there is none."""
        text = self.text(name)
        if text in EMPTY:
            self.problem(name, text, f"'{self.label(name)}' is empty where this kind of row needs a number.")
            return Decimal(0)
        return self.read_number(name, text) or Decimal(0)

    def read_number(self, name: str, text: str) -> Decimal | None:
        """A number that stands somewhere inside a cell; None together with a problem where it is none."""
        try:
            beside = (self.text(column) for column in self._table.layout.numeric if column != name)
            return self._table.numbers.read(text, beside)
        except NotANumber as error:
            self.problem(name, text, f"'{self.label(name)}' {error}.")
            return None

    def currency(self, name: str, text: str | None = None) -> tuple[str, int]:
        """ISO 4217 and how many of the written unit make one (100 for pence); ("", 1) together with a problem."""
        written = self.text(name) if text is None else text
        known = currency_code(written)
        if known is None:
            what = "is missing" if not written else "is not known"
            self.problem(name, written, f"The currency {what}. It is an ISO 4217 code such as USD, or GBX for pence.")
            return "", 1
        return known

    def moment(self, name: str, clock: str = "", text: str | None = None) -> datetime:
        """When the row happened; together with a problem, the earliest day there is.

        Args:
            clock: Column with the time of day.
            text: The part of the cell that counts, where not all of it does.
        """
        found = self._table.moment(self.text(name) if text is None else text, self.text(clock) if clock else "")
        if isinstance(found, datetime):
            return found
        self.problem(name, self.text(name), found)
        return datetime.min  # noqa: DTZ901  never leaves this row, which has a problem

    def security(
        self, symbol: str, isin: str, name: str, *, is_fund: bool = False, kind: AssetClass | None = None
    ) -> Security:
        """The security that this row is about; a problem where no cell names one."""
        if not (symbol or isin or name):
            self.problem("name", "", "The row moves securities and names none. Give symbol, ISIN or name.")
        self.about = self._table.securities.of(symbol, isin, name, is_fund=is_fund, kind=kind)
        return self.about

    def unknown_kind(self, name: str, value: str) -> None:
        """Keep out a row of a kind that is not known, and count it."""
        self._table.findings.tally("Kinds of transactions that are not known were kept out", f"'{value}'")
        message = (
            "This kind of transaction is not known, so the row was kept out. What it would move is left out too; "
            "add it by hand or import a file of positions."
        )
        self.problem(name, value, message)

    def note(self, heading: str, example: str) -> None:
        """Count something worth knowing about the row."""
        self._table.findings.tally(heading, f"row {self.number} {example}".strip())


Take = Callable[[Cells], Iterable[Entry]]
Rows = Iterator[tuple[int, list[str]]]


def read_rows(table: HeadedTable, rows: Iterable[tuple[int, list[str]]], ledger: Ledger, take: Take) -> None:
    """Every row into the ledger: its entries, or the doubt it leaves behind."""
    first = table.layout.names[table.layout.needed[0]]
    for number, row in rows:
        # Only a row that starts like a header is worth comparing with one.
        if normal(row[0]) in first and table.layout.is_header(row):
            table.follow(row)
            continue
        cells = table.cells(number, row)
        if cells.blank():
            continue
        entries = list(take(cells)) if cells.good else []
        settle(cells, entries, ledger)


def settle(cells: Cells, entries: Iterable[Entry], ledger: Ledger) -> None:
    """The entries of a good row into the ledger; of a bad one what it leaves unknown."""
    if cells.good:
        for entry in entries:
            ledger.add(entry)
    else:
        ledger.doubt(cells.account, cells.about, cells.moved)


def text_rows(source: SourceFile) -> Rows:
    """The rows of a text with their numbers."""
    return table_rows(source.name, source.lines(), delimiter_of(source.text))


def open_table(source: SourceFile, case: Case, layout: BrokerLayout, what: str) -> tuple[HeadedTable, Rows]:
    """The table and the rows below its header.

    Args:
        what: How the broker calls the export, for the message.

    Raises:
        UnreadableFile: None of the first 20 rows is the header.
    """
    return table_of(source.name, text_rows(source), case, layout, what, delimiter_of(source.text))


def table_of(
    name: str, rows: Rows, case: Case, layout: BrokerLayout, what: str, delimiter: str
) -> tuple[HeadedTable, Rows]:
    """As `open_table`, from rows that come from elsewhere."""
    header = next((row for _, row in islice(rows, _HEADER_WITHIN) if layout.is_header(row)), None)
    if header is None:
        raise UnreadableFile(f"'{name}' has no header row as {what} writes it.")
    columns = Columns(header, layout.names)
    if layout.style is not None:
        return HeadedTable(case, layout, header, Numbers(layout.style)), rows
    first = list(islice(rows, _STYLE_ROWS))
    samples = [columns.cell(row, column).strip() for _, row in first for column in layout.numeric]
    numbers = Numbers(choose_style(samples, delimiter).style, shown_styles(samples))
    return HeadedTable(case, layout, header, numbers), chain(first, rows)
