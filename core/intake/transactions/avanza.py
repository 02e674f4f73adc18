"""Avanza's transactions in Swedish: several accounts in one file, decimal comma, funds in fractions of a unit.

Known habits: sales have a negative number of units; the price is in the instrument's currency, amount and brokerage in
the account's; a fund that became another is two rows of kind "Övrigt", one with units out and one with units in.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from decimal import Decimal

from core.intake.cells.numbers import NumberStyle
from core.intake.gathering import Case, Gathered
from core.intake.opening.source import SourceFile
from core.intake.transactions.entries import NOTHING, Entry, EntryKind, Money
from core.intake.transactions.ledger import ALL, Ledger
from core.intake.transactions.table import BrokerLayout, Cells, open_table, read_rows
from core.intake.transactions.trades import settled

FAMILY = "avanza"
LAYOUT = BrokerLayout(
    names={
        "date": ("datum",),
        "account": ("konto",),
        "type": ("typ_av_transaktion",),
        "name": ("värdepapper/beskrivning",),
        "quantity": ("antal",),
        "price": ("kurs",),
        "amount": ("belopp",),
        "currency": ("transaktionsvaluta", "valuta"),
        "fees": ("courtage_(sek)", "courtage"),
        "instrument_currency": ("instrumentvaluta",),
        "isin": ("isin",),
    },
    needed=("date", "account", "type", "name", "quantity", "price", "amount", "isin"),
    style=NumberStyle.COMMA,
)
_KINDS = {
    "insättning": EntryKind.DEPOSIT,
    "uttag": EntryKind.WITHDRAWAL,
    "utdelning": EntryKind.DIVIDEND,
    "räntor": EntryKind.INTEREST,
    "ränta": EntryKind.INTEREST,
    "utländsk källskatt": EntryKind.TAX,
    "preliminärskatt": EntryKind.TAX,
    "prelskatt": EntryKind.TAX,
    "övrigt": EntryKind.CORRECTION,
    "valutaväxling": EntryKind.FOREX,
    "avgift": EntryKind.FEE,
}
_BUY, _SELL = "köp", "sälj"
_SWAPPED = frozenset({"övrigt", "byte"})
_TRANSFERS = frozenset({"värdepappersöverföring", "överföring"})


def detect(source: SourceFile) -> bool:
    """Whether a text has Avanza's header among its first rows."""
    return LAYOUT.detects(source)


def read(source: SourceFile, case: Case) -> list[Gathered]:
    """Read all accounts of the file.

    Raises:
        UnreadableFile: No header, or a table that cannot be split.
    """
    table, rows = open_table(source, case, LAYOUT, "Avanza's list of transactions")
    ledger = Ledger(case, FAMILY, source.name)
    swaps = _Swaps()
    read_rows(table, rows, ledger, swaps.take)
    swaps.finish(ledger, case)
    return ledger.finish()


class _Swaps:
    """Reads rows and joins the two halves of a fund that became another."""

    def __init__(self) -> None:
        self._halves: dict[tuple[str, date], list[Entry]] = {}

    def take(self, cells: Cells) -> Iterable[Entry]:
        """The entries of one row."""
        word = cells.text("type").lower()
        cells.account = cells.text("account")
        at = cells.moment("date")
        quantity = cells.number_in("quantity") or NOTHING
        entry = Entry(cells.number, at, EntryKind.CORRECTION, cells.account, column=cells.label("quantity"))
        if word in (_BUY, _SELL):
            return _trade(cells, entry, quantity, bought=word == _BUY)
        if word in _TRANSFERS and quantity:
            cells.moved = ""
            security = cells.security("", cells.text("isin"), cells.text("name"))
            kind = EntryKind.TRANSFER_IN if quantity > 0 else EntryKind.TRANSFER_OUT
            return (replace(entry, kind=kind, security=security, quantity=abs(quantity)),)
        if word == "split" and quantity:
            cells.moved = ""
            security = cells.security("", cells.text("isin"), cells.text("name"))
            return (replace(entry, kind=EntryKind.SPLIT, security=security, quantity=quantity),)
        if word in _SWAPPED and quantity and not cells.text("amount"):
            cells.moved = ""
            security = cells.security("", cells.text("isin"), cells.text("name"))
            if cells.good:
                half = replace(entry, kind=EntryKind.EXCHANGE, security=security, quantity=quantity)
                self._halves.setdefault((cells.account, at.date()), []).append(half)
            return ()
        kind_of = _KINDS.get(word)
        if kind_of is None:
            if quantity:
                cells.security("", cells.text("isin"), cells.text("name"))
            cells.unknown_kind("type", cells.text("type"))
            return ()
        return (replace(entry, kind=kind_of, cash=(_amount(cells),)),)

    def finish(self, ledger: Ledger, case: Case) -> None:
        """Join units out with units in of the same account and day, where there is one of each."""
        for halves in self._halves.values():
            out = [half for half in halves if half.quantity < 0]
            came = [half for half in halves if half.quantity > 0]
            if len(out) == len(came) == 1:
                old, new = out[0], came[0]
                ledger.add(replace(old, quantity=-old.quantity, into=new.security, into_quantity=new.quantity))
                continue
            for half in halves:
                message = (
                    "Units came or went without a trade, and no single row of the day says against what. "
                    "Add the line by hand; until then it is left out."
                )
                symbol = half.security.symbol if half.security else ""
                case.findings.problem(half.row, half.column, symbol, message)
                ledger.doubt(half.account, half.security)


def _amount(cells: Cells) -> Money:
    currency, _ = cells.currency("currency", cells.text("currency") or "SEK")
    cells.moved = currency or ALL
    return Money(cells.needed("amount"), currency)


def _trade(cells: Cells, entry: Entry, quantity: Decimal, *, bought: bool) -> Iterable[Entry]:
    money = _amount(cells)
    security = cells.security("", cells.text("isin"), cells.text("name"))
    price = cells.needed("price")
    cells.needed("quantity")
    currency, units = cells.currency("instrument_currency", cells.text("instrument_currency") or money.currency)
    if not cells.good:
        return ()
    price /= units
    fees = abs(cells.number_in("fees") or NOTHING)
    price, cost = settled(cells, abs(quantity), price, currency, money, fees, bought=bought)
    return (
        replace(
            entry.traded(security, abs(quantity), price, currency, cost, bought=bought),
            cash=(money,),
        ),
    )
