"""Reads a list of dealings by its description: every row becomes an entry of the ledger that all such lists share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from decimal import Decimal
from functools import partial
from itertools import chain, islice
from typing import Final

from core.domain.portfolio import AssetClass
from core.errors import UnreadableFile
from core.intake.cells.asset_classes import asset_class_of
from core.intake.cells.numbers import choose_style
from core.intake.formats.description import IGNORED, Description
from core.intake.gathering import Case, Gathered
from core.intake.opening.source import Container, SourceFile
from core.intake.tables.blocks import blocks_in, delimiter_in, rows_of
from core.intake.transactions.entries import INCOMING, NOTHING, OUTGOING, OUTSIDE, Entry, EntryKind, Money
from core.intake.transactions.ledger import ALL, Ledger
from core.intake.transactions.moments import DayOrder
from core.intake.transactions.table import BrokerLayout, Cells, HeadedTable, Numbers, read_rows, shown_styles
from core.intake.transactions.trades import per_unit, settled

_STYLE_ROWS: Final = 2_000
_NUMERIC: Final = ("quantity", "price", "amount", "fees", "more_fees", "taxes")
_COSTS: Final = ("fees", "more_fees", "taxes")
_MOVES_UNITS: Final = INCOMING | OUTGOING | {EntryKind.SPLIT}
_LEAVES: Final = frozenset({EntryKind.WITHDRAWAL, EntryKind.FEE, EntryKind.TAX, EntryKind.BUY})

Rows = Iterator[tuple[int, list[str]]]


def read(description: Description, source: SourceFile, case: Case) -> list[Gathered]:
    """Read every table of the file that has this format's header into one ledger.

    Raises:
        UnreadableFile: No such header, or a table that cannot be split.
    """
    readable = source.container in (Container.TEXT, Container.ARCHIVE)
    found = blocks_in(source, case.choices, description.is_header) if readable else []
    tables = [block for block in found if description.is_header(block.header)]
    if not tables:
        raise UnreadableFile(f"'{source.name}' has no header row of {description.title}.")
    ledger = Ledger(case, description.family, source.name, cash=description.habits.cash)
    for block in tables:
        rows = rows_of(source, block)
        first = list(islice(rows, _STYLE_ROWS))
        table = _table(description, case, list(block.header), first, delimiter_in(source))
        places = description.places(block.header)
        lines = (one for one in chain(first, rows) if not description.skips(one[1], places))
        read_rows(table, lines, ledger, partial(_take, description))
    for note in description.notes:
        case.findings.note(note)
    return ledger.finish(base_currency=description.fixed.get("currency"))


def _table(
    description: Description, case: Case, header: list[str], first: list[tuple[int, list[str]]], delimiter: str
) -> HeadedTable:
    habits = description.habits
    said = case.choices.day_order
    order = habits.days if habits.days is not DayOrder.UNKNOWN else said
    layout = BrokerLayout(description.columns, description.needed, order, habits.decimal, _NUMERIC)
    if habits.decimal is not None and delimiter:
        return HeadedTable(case, layout, header, Numbers(habits.decimal))
    places = description.places(header)
    numeric = [places[name] for name in _NUMERIC if name in places]
    samples = [row[place].strip() for _, row in first for place in numeric if place < len(row)]
    chosen = case.choices.style or choose_style(samples, delimiter).style
    return HeadedTable(case, layout, header, Numbers(chosen, shown_styles(samples)))


def _take(description: Description, cells: Cells) -> Iterable[Entry]:
    cells.account = cells.text("account")
    meant = description.meaning("action", cells.text("action"))
    if meant == IGNORED:
        return ()
    currency, units = _currency(description, cells, "currency")
    paid_in, paid_units = _currency(description, cells, "amount_currency") if _apart(description, cells) else (
        currency, units,
    )  # fmt: skip
    cells.moved = paid_in or ALL
    if meant is None:
        if cells.text("quantity"):
            _security(description, cells)
        cells.unknown_kind("action", cells.text("action"))
        return ()
    entry = Entry(cells.number, cells.moment("date", "clock"), EntryKind(meant), cells.account)
    entry = replace(entry, column=cells.label("quantity"), balance=_balance(cells, paid_in))
    if entry.kind in _MOVES_UNITS and (cells.text("quantity") or entry.kind in (EntryKind.BUY, EntryKind.SELL)):
        return _units(description, cells, entry, currency, units, Money(Decimal(paid_units), paid_in))
    return _money(description, cells, entry, paid_in, paid_units)


def _apart(description: Description, cells: Cells) -> bool:
    """Whether amounts have a currency of their own."""
    return "amount_currency" in description.fixed or bool(cells.text("amount_currency"))


def _currency(description: Description, cells: Cells, name: str) -> tuple[str, int]:
    """The currency of a cell, or of the whole format; a problem where neither says one."""
    written = cells.text(name)
    if not written and name in description.fixed:
        written = description.fixed[name]
    return cells.currency(name, written)


def _balance(cells: Cells, currency: str) -> Money | None:
    stated = cells.number_in("balance")
    return None if stated is None or not currency else Money(stated, currency)


def _security(description: Description, cells: Cells) -> None:
    word = cells.text("asset_class")
    meant = description.meaning("asset_class", word)
    kind = AssetClass(meant) if meant else asset_class_of(word)
    is_fund = kind is AssetClass.FUND
    # A fund whose name says what it holds is more than a fund.
    cells.security(
        cells.text("symbol"), cells.text("isin"), cells.text("name"), is_fund=is_fund, kind=None if is_fund else kind
    )


def _costs(cells: Cells) -> Decimal:
    return sum((abs(cells.number_in(name) or NOTHING) for name in _COSTS), NOTHING)


def _units(
    description: Description, cells: Cells, entry: Entry, currency: str, units: int, paid: Money
) -> Iterable[Entry]:
    """A row that moves units: a trade, a transfer, or a split.

    Args:
        units: How many of the written unit of the price make one of `currency`.
        paid: The same of amounts, with their currency.
    """
    _security(description, cells)
    quantity, stated, fees = cells.needed("quantity"), cells.number_in("price"), _costs(cells)
    amount = abs(cells.number_in("amount") or NOTHING) / paid.amount
    if cells.about is None or not cells.good:
        return ()
    moved = replace(entry, security=cells.about, quantity=abs(quantity), currency=currency)
    if entry.kind is EntryKind.SPLIT:
        return (replace(moved, quantity=quantity),)
    bought = entry.kind in INCOMING
    price = None if stated is None else abs(stated) / units
    if entry.kind not in (EntryKind.BUY, EntryKind.SELL):
        return (replace(moved, price=price),)
    same = paid.currency == currency
    charged = fees if bought else -fees
    if not amount and price is not None and same:
        amount = abs(quantity) * price + charged
    elif description.habits.amount == "gross":
        amount += charged
    if price is None and same:
        price = per_unit(amount - charged, quantity)
    if price is None:
        cells.problem("price", "", "The row states no price in the currency of the line. Give the price.")
        return ()
    if not amount:
        return (moved.traded(cells.about, abs(quantity), price, currency, None, bought=bought),)
    price, cost = settled(cells, abs(quantity), price, currency, Money(amount, paid.currency), fees, bought=bought)
    cash = Money(-amount if bought else amount, paid.currency)
    return (replace(moved, cash=(cash,)).traded(cells.about, abs(quantity), price, currency, cost, bought=bought),)


def _money(description: Description, cells: Cells, entry: Entry, currency: str, units: int) -> Iterable[Entry]:
    """A row that moves money alone."""
    amount = cells.needed("amount") / units
    if description.habits.amount == "gross":
        amount += sum((cells.number_in(name) or NOTHING for name in _COSTS), NOTHING) / units
    if not description.habits.signed:
        amount = -abs(amount) if entry.kind in _LEAVES else abs(amount)
    kind = {EntryKind.TRANSFER_IN: EntryKind.DEPOSIT, EntryKind.TRANSFER_OUT: EntryKind.WITHDRAWAL}.get(
        entry.kind, entry.kind
    )
    if kind in OUTSIDE:
        kind = EntryKind.DEPOSIT if amount > 0 else EntryKind.WITHDRAWAL
    return (replace(entry, kind=kind, cash=(Money(amount, currency),)),)
