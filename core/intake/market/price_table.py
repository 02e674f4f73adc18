"""The rows of one price table on their way to their symbols, whatever its layout."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from enum import Enum
from functools import partial

import numpy as np

from core.domain.market import Anomaly
from core.domain.portfolio import DailyCloses
from core.errors import UnreadableFile
from core.intake.cells.codes import currency_code
from core.intake.cells.dates import NotADate, parse_date, parse_us_date
from core.intake.cells.headers import normal
from core.intake.cells.names import one_line
from core.intake.cells.numbers import EMPTY, NotANumber, NumberStyle, parse_number
from core.intake.findings import Findings
from core.intake.market.price_checks import anomalies, scales

JUMP_PCT = 25.0
"""Moves from one close to the next beyond this are reported."""

MAX_SYMBOLS = 2_000
MAX_ANOMALIES = 5_000
_MAX_SYMBOL_CHARS = 60

_DATES = frozenset({"date", "day", "datum", "as_of", "price_date", "trade_date"})
_SYMBOLS = frozenset({"symbol", "ticker", "instrument"})
_CLOSES = ("adj_close", "adjusted_close", "adjclose", "close", "closing_price", "price", "last", "nav")
_CURRENCIES = frozenset({"currency", "ccy", "quote_currency"})
_OTHERS = frozenset({"open", "high", "low", "volume", "dividends", "stock_splits", "capital_gains", "turnover", "vwap"})
_SLASHED = re.compile(r"([0-9]{1,2})([-/])([0-9]{1,2})\2([0-9]{4})", re.ASCII)
_IN_BRACKETS = re.compile(r"(?<!\s)\s*+[(\[]([A-Za-z]{3,4})[)\]]$")


class DatesOrder(Enum):
    """Which comes first in dates such as 04/03/2026, as far as the rest of the file tells."""

    UNKNOWN = "unknown"
    DAY_FIRST = "the day"
    MONTH_FIRST = "the month"

    def parse(self, text: str) -> date:
        """The day a text means; 04/03/2026 only where the order is known.

        Raises:
            NotADate: The message says why and how to write it.
        """
        if self is DatesOrder.MONTH_FIRST:
            return parse_us_date(text)
        if self is DatesOrder.DAY_FIRST and (found := _SLASHED.fullmatch(text.strip())):
            return parse_date(f"{found[1]}.{found[3]}.{found[4]}")
        return parse_date(text)


def day_order(texts: Iterable[str]) -> DatesOrder:
    """The order by the dates that can be read in one way only; UNKNOWN where there are none, or of both kinds."""
    votes: set[DatesOrder] = set()
    for text in texts:
        found = _SLASHED.fullmatch(text.strip())
        if found and int(found[1]) > 12:
            votes.add(DatesOrder.DAY_FIRST)
        elif found and int(found[3]) > 12:
            votes.add(DatesOrder.MONTH_FIRST)
    return votes.pop() if len(votes) == 1 else DatesOrder.UNKNOWN


@dataclass(frozen=True, slots=True)
class PriceOptions:
    """What a file does not say itself.

    Attributes:
        currency: Of columns without one: ISO 4217, or GBX and the like for hundredths.
        symbol: Of a file with one symbol that does not name it.
        jump_pct: Moves beyond this are reported.
        accept_jumps: Let closes in that look a hundredfold off.
    """

    currency: str | None = None
    symbol: str | None = None
    jump_pct: float = JUMP_PCT
    accept_jumps: bool = False


NO_OPTIONS = PriceOptions()
"""Everything stands in the file."""


def is_price_header(row: Iterable[str]) -> bool:
    """Whether a row names a date and closes: by symbol, of one symbol, or one column a symbol."""
    names = [normal(cell) for cell in row]
    if not _DATES & set(names):
        return False
    if any(name in _CLOSES for name in names):
        return True
    others = [name for name in names if name and name not in _DATES and name not in _OTHERS]
    # A line of data whose first cell happens to be a word is no header.
    return names[0] in _DATES and bool(others) and not any(_is_number(name) for name in others)


def _is_number(text: str) -> bool:
    return bool(re.fullmatch(r"[-+]?[0-9.,]+", text))


@dataclass(slots=True)
class _Column:
    """The closes of one symbol while they are gathered: value and row by day.

    Attributes:
        heading: The column they stand in.
        units: What they were divided by.
    """

    symbol: str
    currency: str
    heading: str
    units: int
    closes: dict[date, tuple[Decimal, int]] = field(default_factory=dict)
    refused: set[date] = field(default_factory=set)

    def shown(self, close: Decimal) -> str:
        """A close as the file has it, for problems."""
        return f"{close if self.units == 1 else (close * self.units).normalize():f}"


class PriceRows:
    """Rows of one price table on their way to their symbols."""

    def __init__(self, header: list[str], findings: Findings, options: PriceOptions, today: date) -> None:
        self._findings = findings
        self._options = options
        self._today = today
        self.style = NumberStyle.POINT
        self.order = DatesOrder.UNKNOWN
        self._header = [one_line(cell) for cell in header]
        names = [normal(cell) for cell in header]
        self.date_place = next(place for place, name in enumerate(names) if name in _DATES)
        self._columns: dict[str, _Column] = {}
        self._refused_columns: set[str] = set()
        self._days: dict[str, date | None] = {}
        self._symbols: dict[str, str] = {}
        close = next((name for name in _CLOSES if name in names), None)
        symbol_place = next((place for place, name in enumerate(names) if name in _SYMBOLS), None)
        self._currency_place = next((place for place, name in enumerate(names) if name in _CURRENCIES), None)
        self._currencies: dict[str, tuple[str, int] | None] = {}
        if close is None:
            self.value_places = self._wide_places(names)
            self._take = self._take_wide
            return
        self.value_places = [names.index(close)]
        if "close" in names and close != "close":
            findings.note(f"Adjusted closes ('{self._header[self.value_places[0]]}') were read, not plain ones.")
        self._take = partial(self._take_long, symbol_place)

    def _wide_places(self, names: list[str]) -> list[int]:
        self._wide: list[tuple[int, _Column, int]] = []
        for place, cell in enumerate(self._header):
            if place == self.date_place or not cell or names[place] in _OTHERS:
                continue
            bracketed = _IN_BRACKETS.search(cell)
            symbol, word = cell, self._options.currency or ""
            if bracketed:
                symbol, word = cell[: bracketed.start()], bracketed[1]
            known = self._currency(None, cell, word)
            fault = _symbol_fault(symbol)
            if fault:
                self._findings.problem(None, cell, symbol, fault)
            elif symbol in self._columns:
                self._findings.problem(None, cell, symbol, "The symbol has two columns. Remove one of them.")
            elif known is not None:
                column = self._columns[symbol] = _Column(symbol, known[0], cell, known[1])
                self._wide.append((place, column, known[1]))
        return [place for place, _, _ in self._wide]

    def take(self, number: int, row: list[str]) -> None:
        """Read one row, or record its problems."""
        text = row[self.date_place] if self.date_place < len(row) else ""
        if not any(cell.strip() for cell in row):
            return
        if text not in self._days:
            self._days[text] = self._day(text)
        day = self._days[text]
        if day is None:
            self._findings.problem(number, self._header[self.date_place], text, self._day_fault(text))
            return
        self._take(number, row, day)

    def _take_wide(self, number: int, row: list[str], day: date) -> None:
        for place, column, units in self._wide:
            if place < len(row) and row[place].strip() not in EMPTY:
                self._close(number, self._header[place], row[place], column, units, day)

    def _take_long(self, symbol_place: int | None, number: int, row: list[str], day: date) -> None:
        text = self._options.symbol or "" if symbol_place is None else _at(row, symbol_place)
        symbol = self._symbols.get(text)
        if symbol is None:
            symbol = self._symbols[text] = one_line(text)
        heading = "symbol" if symbol_place is None else self._header[symbol_place]
        fault = _symbol_fault(symbol)
        if fault:
            if symbol_place is None:
                fault = "The file names no symbol. Give it with --symbol."
            self._findings.problem(number, heading, text, fault)
            return
        word = "" if self._currency_place is None else _at(row, self._currency_place).strip()
        known = self._currency(number, symbol, word or self._options.currency or "")
        if known is None:
            return
        place = self.value_places[0]
        if _at(row, place).strip() in EMPTY:
            self._findings.tally("Rows without a close were left out", f"row {number} {symbol}")
            return
        column = self._columns.get(symbol)
        if column is None:
            column = self._columns[symbol] = _Column(symbol, known[0], self._header[place], known[1])
        if column.currency != known[0]:
            message = f"'{symbol}' is in {column.currency} in earlier rows and in {known[0]} here. Use one currency."
            self._findings.problem(number, self._header[self._currency_place or 0], word, message)
            return
        self._close(number, self._header[place], row[place], column, known[1], day)

    def _currency(self, row: int | None, heading: str, word: str) -> tuple[str, int] | None:
        if word not in self._currencies:
            self._currencies[word] = currency_code(word) if word else None
        known = self._currencies[word]
        if known is None:
            # One problem a symbol, not one a row.
            if heading not in self._refused_columns:
                self._refused_columns.add(heading)
                message = (
                    f"The currency of '{heading}' is not known. Use an ISO 4217 code such as USD, or GBX for pence."
                    if word
                    else f"The currency of '{heading}' is missing. Give a currency column, write the column as "
                    f"'{heading} (USD)', or give --currency."
                )
                self._findings.problem(row, "currency", word or heading, message)
        elif known[1] != 1:
            self._findings.tally(f"Closes in {word} were divided by {known[1]}", f"'{heading}'")
        return known

    def _close(self, number: int, heading: str, text: str, column: _Column, units: int, day: date) -> None:
        try:
            value = parse_number(text.strip(), self.style) / units
        except NotANumber as error:
            self._findings.problem(number, heading, text, f"The close {error}.")
            return
        if value <= 0:
            message = "The close is not above zero. Correct it, or leave the cell empty if there was no close."
            self._findings.problem(number, heading, text, message)
            return
        before = column.closes.get(day)
        if before is None and day not in column.refused:
            column.closes[day] = (value, number)
        elif before is not None and before[0] == value:
            self._findings.tally("Repeated rows were read once", f"row {number} {column.symbol} {day}")
        else:
            self._twice(number, heading, text, column, day, before)

    def _twice(
        self, number: int, heading: str, text: str, column: _Column, day: date, before: tuple[Decimal, int] | None
    ) -> None:
        # Two different closes of one day: nobody can tell which is right, so neither comes in.
        if before is not None:
            del column.closes[day]
            column.refused.add(day)
            message = f"'{column.symbol}' has another close on {day} in row {number}. Keep one of them."
            self._findings.problem(before[1], heading, column.shown(before[0]), message)
        message = f"'{column.symbol}' has a different close on {day} in an earlier row. Keep one of them."
        self._findings.problem(number, heading, text, message)

    def _day(self, text: str) -> date | None:
        try:
            day = self.order.parse(text)
        except NotADate:
            return None
        return day if day <= self._today + timedelta(days=1) else None

    def _day_fault(self, text: str) -> str:
        if not text.strip():
            return "The date is missing. Write it as 2026-10-30."
        try:
            self.order.parse(text)
        except NotADate as error:
            return f"The date {error}."
        return f"The date lies in the future (today is {self._today}). Check day, month and year."

    def finish(self) -> tuple[tuple[DailyCloses, ...], tuple[Anomaly, ...]]:
        """The good series by symbol, and what is odd about them."""
        if len(self._columns) > MAX_SYMBOLS:
            raise UnreadableFile(
                f"'{self._findings.file}' has {len(self._columns):,} symbols and at most {MAX_SYMBOLS:,} are read. "
                "Split it by symbol."
            )
        good: list[DailyCloses] = []
        odd: list[Anomaly] = []
        for symbol in sorted(self._columns):
            column = self._columns[symbol]
            days = self._kept_days(column)
            if not days:
                continue
            values = [column.closes[day][0] for day in days]
            rows = [column.closes[day][1] for day in days]
            found = anomalies(symbol, days, np.array(values, dtype=np.float64), rows, self._options.jump_pct)
            odd += found
            if any(day.weekday() >= 5 for day in days):
                self._findings.tally("Closes on a Saturday or Sunday were kept", symbol)
            good.append(DailyCloses(symbol, column.currency, tuple(zip(days, values, strict=True))))
        if len(odd) > MAX_ANOMALIES:
            self._findings.note(f"Only the first {MAX_ANOMALIES:,} of {len(odd):,} anomalies are listed.")
        return tuple(good), tuple(odd[:MAX_ANOMALIES])

    def _kept_days(self, column: _Column) -> list[date]:
        days = sorted(column.closes)
        if self._options.accept_jumps:
            return days
        found = scales(np.array([column.closes[day][0] for day in days], dtype=np.float64))
        if found.breaks:
            at = found.breaks[0]
            value, row = column.closes[days[at]]
            message = (
                f"From {days[at - 1]} to {days[at]} the close of '{column.symbol}' goes from "
                f"{column.closes[days[at - 1]][0]:f} to {value:f}, a factor of about a hundred, and it is not clear "
                "which is right. None of its closes came in. Correct the unit, or give --accept-jumps."
            )
            self._findings.problem(row, column.heading, column.shown(value), message)
            return []
        for place in found.off:
            value, row = column.closes[days[place]]
            message = (
                f"The close of '{column.symbol}' on {days[place]} is about a hundred times off its neighbours. "
                "Correct it, or give --accept-jumps."
            )
            self._findings.problem(row, column.heading, column.shown(value), message)
        off = {days[place] for place in found.off}
        return [day for day in days if day not in off]


def _at(row: list[str], place: int) -> str:
    return row[place] if place < len(row) else ""


def _symbol_fault(symbol: str) -> str:
    """What is wrong with a symbol; "" when nothing is."""
    if not symbol:
        return "The symbol is missing. Write it as holdings do, such as VTI or AZN.L."
    if len(symbol) > _MAX_SYMBOL_CHARS:
        return f"The symbol has {len(symbol)} characters and at most {_MAX_SYMBOL_CHARS} are read. Shorten it."
    return ""
