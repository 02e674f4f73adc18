"""Hargreaves Lansdown's transaction summary: unit costs in pence beside values in pounds, both in one row.

Known habits: ISO-8859-1; five lines above the header with client number and day of valuation; day first; quantity and
price again at the end of the description; no ISIN; the kind of a row is in the first letters of its reference.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta

from core.errors import UnreadableFile
from core.intake.cells.dates import NotADate
from core.intake.cells.names import one_line
from core.intake.cells.numbers import NumberStyle
from core.intake.gathering import Case, Gathered
from core.intake.opening.source import SourceFile
from core.intake.transactions.entries import Entry, EntryKind, Money
from core.intake.transactions.ledger import Ledger
from core.intake.transactions.moments import DayOrder, parse_moment
from core.intake.transactions.table import BrokerLayout, Cells, HeadedTable, Numbers, read_rows, text_rows
from core.intake.transactions.trades import settled

FAMILY = "hargreaves"
_CURRENCY = "GBP"
_PENCE = 100
LAYOUT = BrokerLayout(
    names={
        "date": ("trade_date",),
        "reference": ("reference",),
        "description": ("description",),
        "price": ("unit_cost_(p)",),
        "quantity": ("quantity",),
        "amount": ("value_(£)",),
    },
    needed=("date", "reference", "description", "price", "quantity", "amount"),
    days=DayOrder.DAY_FIRST,
)
_TRADE = re.compile(r"([BS])[0-9]+")
_TAIL = re.compile(r"(?<!\s)\s++[0-9][0-9,.]*+\s*+@\s*+[0-9.,]++\s*+$")
_WORDS = (
    ("MANAGE FEE|FEE|CHARGE", EntryKind.FEE),
    ("INTEREST", EntryKind.INTEREST),
    ("DIV|OVR CR|UNIT|LOYAL|REBATE|INCOME|EQUALISATION|CAPITAL", EntryKind.DIVIDEND),
    ("TAX", EntryKind.TAX),
    (r"FPC|FPD|CARD|CHQ|CHEQUE|BACS|BGC|D/D|\bDD\b|REG SAVE|PAY|TRANSFER|TFR|CASH|WITHDRAW|DEPOSIT", EntryKind.DEPOSIT),
)
_KINDS = tuple((re.compile(words, re.IGNORECASE), kind) for words, kind in _WORDS)


def detect(source: SourceFile) -> bool:
    """Whether a text has Hargreaves Lansdown's header among its first rows."""
    return LAYOUT.detects(source)


def read(source: SourceFile, case: Case) -> list[Gathered]:
    """Read the one account of the file.

    Raises:
        UnreadableFile: No header, or a table that cannot be split.
    """
    rows = text_rows(source)
    account, as_of = "", None
    table: HeadedTable | None = None
    for _, row in rows:
        if LAYOUT.is_header(row):
            table = HeadedTable(case, LAYOUT, row, Numbers(NumberStyle.POINT))
            break
        label = row[0].strip().lower().rstrip(":")
        value = one_line(row[1]) if len(row) > 1 else ""
        if label == "client number":
            account = value
        elif label.startswith("valuation as at"):
            as_of = _day(value, case)
    if table is None:
        raise UnreadableFile(f"'{source.name}' has no header row as Hargreaves Lansdown's summary writes it.")
    ledger = Ledger(case, FAMILY, source.name)

    def take(cells: Cells) -> Iterable[Entry]:
        cells.account = account
        return _take(cells)

    read_rows(table, rows, ledger, take)
    return ledger.finish(as_of=as_of, newest_first=True, base_currency=_CURRENCY)


def _day(text: str, case: Case) -> date | None:
    try:
        day = parse_moment(text, DayOrder.DAY_FIRST).date()
    except NotADate:
        return None
    return day if day <= case.today + timedelta(days=1) else None


def _take(cells: Cells) -> Iterable[Entry]:
    cells.moved = _CURRENCY
    reference, description = cells.text("reference"), cells.text("description")
    amount = cells.needed("amount")
    entry = Entry(
        cells.number,
        cells.moment("date"),
        EntryKind.CORRECTION,
        cells.account,
        cash=(Money(amount, _CURRENCY),),
        column=cells.label("quantity"),
    )
    if found := _TRADE.fullmatch(reference):
        return _trade(cells, entry, description, bought=found[1] == "B")
    kind = next((kind for pattern, kind in _KINDS if pattern.search(reference)), None)
    if kind is None:
        if cells.number_in("quantity"):
            cells.security("", "", _TAIL.sub("", description))
        cells.unknown_kind("reference", reference)
        return ()
    if kind is EntryKind.DEPOSIT and amount < 0:
        kind = EntryKind.WITHDRAWAL
    return (replace(entry, kind=kind),)


def _trade(cells: Cells, entry: Entry, description: str, *, bought: bool) -> Iterable[Entry]:
    security = cells.security("", "", _TAIL.sub("", description))
    quantity, price = abs(cells.needed("quantity")), cells.needed("price") / _PENCE
    if not cells.good:
        return ()
    price, cost = settled(cells, quantity, price, _CURRENCY, entry.cash[0], None, bought=bought)
    return (entry.traded(security, quantity, price, _CURRENCY, cost, bought=bought),)
