"""Schwab's positions CSV: a title with account and date, a header, positions, cash, and a total; in US dollars.

An export of all accounts repeats account line, header, positions and total for each. Column names were written out
until 2023 ("Market Value") and are abbreviated since ("Mkt Val (Market Value)"); both are read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal

from core.domain.portfolio import AssetClass
from core.errors import UnreadableFile
from core.intake.cells.asset_classes import class_from_name
from core.intake.cells.dates import NotADate, parse_us_date
from core.intake.cells.names import one_line, portfolio_id_of, stem_of
from core.intake.gathering import Case, Gathered
from core.intake.opening.source import SourceFile, delimiter_of, has_header, table_rows
from core.intake.positions.broker_tables import Columns, amount, compare_total
from core.intake.positions.lines import ONE, LineReader, PositionCells
from core.intake.positions.position_table import undated

FAMILY = "schwab"
_NAMES: Mapping[str, tuple[str, ...]] = {
    "symbol": ("symbol",),
    "name": ("description",),
    "quantity": ("qty_(quantity)", "quantity"),
    "price": ("price",),
    "market_value": ("mkt_val_(market_value)", "market_value"),
    "kind": ("asset_type", "security_type"),
}
_NEEDED = ("symbol", "name", "quantity", "price", "market_value", "kind")
_TITLE = re.compile(r'Positions for (?:account )?(.{1,200}?) as of ([^"]*)', re.IGNORECASE)
_DAY = re.compile(r"[0-9]{4}/[0-9]{2}/[0-9]{2}|[0-9]{1,2}/[0-9]{1,2}/[0-9]{4}|[0-9]{4}-[0-9]{2}-[0-9]{2}")
_CASH = re.compile(r"cash (?:&|and) cash investments?", re.IGNORECASE)
_TOTAL = re.compile(r"(?:account|positions) total", re.IGNORECASE)
_KINDS = {
    "equity": AssetClass.EQUITY,
    "equities": AssetClass.EQUITY,
    "fixed income": AssetClass.BOND,
    "option": AssetClass.DERIVATIVE,
    "options": AssetClass.DERIVATIVE,
    "cash and money market": AssetClass.CASH,
}
_OPTION_MULTIPLIER = Decimal(100)


def detect(source: SourceFile) -> bool:
    """Whether a text has Schwab's positions header among its first rows."""
    return has_header(source, lambda row: Columns(row, _NAMES).has(*_NEEDED), 20)


def read(source: SourceFile, case: Case) -> list[Gathered]:
    """Read all accounts of the file.

    Raises:
        UnreadableFile: No header, or a table that cannot be split.
    """
    statement = _Statement(source.name, case)
    for number, row in table_rows(source.name, source.lines(), delimiter_of(source.text)):
        statement.take(number, row)
    return statement.finish()


class _Statement:
    """The sections of one file, an account each."""

    def __init__(self, name: str, case: Case) -> None:
        self._name = name
        self._case = case
        self._day: date | None = None
        self._account = ""
        self._columns: Columns | None = None
        self._lines = LineReader(case.findings)
        self._groups: dict[str, Gathered] = {}

    def take(self, number: int, row: list[str]) -> None:
        """Read one row: title, account line, header, position, cash or total."""
        filled = [cell.strip() for cell in row if cell.strip()]
        if not filled:
            return
        # The title holds a comma before its date and is not always quoted well.
        title = _TITLE.search(",".join(cell.strip() for cell in row)[:1_000])
        if title:
            self._account = "" if "all-accounts" in title[1].lower() else one_line(title[1])
            self._day = self._day_in(title[2])
            return
        candidate = Columns(row, _NAMES)
        if candidate.has(*_NEEDED):
            self._columns = candidate
            self._lines = LineReader(self._case.findings, columns=candidate.labels)
        elif len(filled) == 1:
            self._account = one_line(filled[0])[:80]
        elif self._columns is not None:
            self._position(number, row, self._columns)

    def _position(self, number: int, row: list[str], columns: Columns) -> None:
        symbol = columns.cell(row, "symbol").strip()
        account = self._account or stem_of(self._name)
        if _TOTAL.fullmatch(symbol):
            stated = amount(columns.cell(row, "market_value"))
            group = self._groups.get(account)
            if stated is not None and group is not None:
                values = [holding.market_value for holding in group.holdings]
                compare_total(self._case.findings, account, stated, values, "USD")
            return
        name, kind, multiplier = columns.cell(row, "name"), self._kind(row, columns), ONE
        if _CASH.fullmatch(symbol):
            symbol, name, kind = "CASH_USD", symbol, AssetClass.CASH
        elif kind is AssetClass.DERIVATIVE:
            multiplier = _OPTION_MULTIPLIER
        raw = PositionCells(
            symbol,
            name=name,
            quantity=columns.cell(row, "quantity"),
            price=columns.cell(row, "price"),
            currency="USD",
            market_value=columns.cell(row, "market_value"),
        )
        holding = self._lines.read(number, raw, known_class=kind, multiplier=multiplier)
        if holding is None:
            return
        if account not in self._groups:
            self._groups[account] = Gathered(portfolio_id_of(FAMILY, account), account, self._account, date.min)
        self._groups[account].holdings.append(holding)

    def _kind(self, row: list[str], columns: Columns) -> AssetClass:
        word = columns.cell(row, "kind").strip().lower()
        known = _KINDS.get(word)
        if known is not None:
            return known
        return class_from_name(columns.cell(row, "name"), is_fund="fund" in word or "etf" in word)

    def _day_in(self, text: str) -> date | None:
        found = _DAY.search(text)
        if found is None:
            return None
        try:
            day = parse_us_date(found[0])
        except NotADate:
            return None
        return day if day <= self._case.today + timedelta(days=1) else None

    def finish(self) -> list[Gathered]:
        """The accounts with their day.

        Raises:
            UnreadableFile: There was no header.
        """
        if self._columns is None:
            raise UnreadableFile(f"'{self._name}' has no header row as Schwab's positions export writes it.")
        if self._groups:
            day = self._day or undated(self._name, self._case)
            for group in self._groups.values():
                group.as_of = day
        return list(self._groups.values())
