"""Swissquote's transactions: one running balance a currency, and each currency exchange as a debit and a credit.

Known habits: semicolons, day first, dividends with a quantity of 1, custody fees with their tax under "Costs".
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from core.intake.findings import Findings
from core.intake.gathering import Case, Gathered
from core.intake.opening.source import SourceFile
from core.intake.transactions.entries import NOTHING, Entry, EntryKind, Money
from core.intake.transactions.ledger import ALL, Ledger
from core.intake.transactions.moments import DayOrder
from core.intake.transactions.table import BrokerLayout, Cells, open_table, read_rows
from core.intake.transactions.trades import settled

FAMILY = "swissquote"
LAYOUT = BrokerLayout(
    names={
        "date": ("date",),
        "order": ("order_#",),
        "kind": ("transaction", "transactions"),
        "symbol": ("symbol",),
        "name": ("name",),
        "isin": ("isin",),
        "quantity": ("quantity",),
        "price": ("unit_price",),
        "costs": ("costs",),
        "accrued": ("accrued_interest",),
        "amount": ("net_amount",),
        "balance": ("balance",),
        "currency": ("currency", "net_amount_currency"),
    },
    needed=("date", "order", "kind", "symbol", "isin", "quantity", "price", "amount", "currency"),
    days=DayOrder.DAY_FIRST,
)
_KINDS = {
    "credit": EntryKind.DEPOSIT,
    "deposit": EntryKind.DEPOSIT,
    "payment": EntryKind.DEPOSIT,
    "debit": EntryKind.WITHDRAWAL,
    "withdrawal": EntryKind.WITHDRAWAL,
    "payout": EntryKind.WITHDRAWAL,
    "dividend": EntryKind.DIVIDEND,
    "distribution": EntryKind.DIVIDEND,
    "capital gain": EntryKind.DIVIDEND,
    "return of capital": EntryKind.DIVIDEND,
    "interests": EntryKind.INTEREST,
    "interest": EntryKind.INTEREST,
    "interest income": EntryKind.INTEREST,
    "custody fees": EntryKind.FEE,
    "fees": EntryKind.FEE,
    "fees tax statement": EntryKind.FEE,
    "withholding tax": EntryKind.TAX,
    "taxes": EntryKind.TAX,
    "forex credit": EntryKind.FOREX,
    "forex debit": EntryKind.FOREX,
    "fx spot credit": EntryKind.FOREX,
    "fx spot debit": EntryKind.FOREX,
    "correction": EntryKind.CORRECTION,
}


def detect(source: SourceFile) -> bool:
    """Whether a text has Swissquote's header among its first rows."""
    return LAYOUT.detects(source)


def read(source: SourceFile, case: Case) -> list[Gathered]:
    """Read the one account of the file.

    Raises:
        UnreadableFile: No header, or a table that cannot be split.
    """
    table, rows = open_table(source, case, LAYOUT, "Swissquote's list of transactions")
    ledger = Ledger(case, FAMILY, source.name)
    pairs = _Pairs()
    read_rows(table, rows, ledger, pairs.take)
    pairs.finish(case.findings)
    return ledger.finish(newest_first=True)


class _Pairs:
    """Reads rows and watches that both sides of each currency exchange are there."""

    def __init__(self) -> None:
        self._sides: dict[str, list[tuple[int | None, int]]] = {}

    def take(self, cells: Cells) -> Iterable[Entry]:
        """The entries of one row."""
        word = cells.text("kind").lower()
        currency, _ = cells.currency("currency")
        cells.moved = currency or ALL
        amount = cells.needed("amount")
        stated = cells.number_in("balance")
        at = cells.moment("date")
        entry = Entry(
            cells.number,
            at,
            EntryKind.CORRECTION,
            cash=(Money(amount, currency),),
            balance=None if stated is None else Money(stated, currency),
            column=cells.label("quantity"),
        )
        if word in ("buy", "sell"):
            return _trade(cells, entry, bought=word == "buy")
        kind = _KINDS.get(word)
        if kind is None:
            if cells.text("symbol") or cells.text("isin"):
                cells.security(cells.text("symbol"), cells.text("isin"), cells.text("name"))
            cells.unknown_kind("kind", cells.text("kind"))
            return ()
        if kind is EntryKind.FOREX:
            sign = 1 if word.endswith("credit") else -1
            self._sides.setdefault(f"{cells.text('order')} {cells.text('date')}", []).append((cells.number, sign))
        flow = None
        if kind in (EntryKind.DEPOSIT, EntryKind.WITHDRAWAL):
            # What the bank charges for a payment stays in the account's own result.
            flow = Money(amount + abs(cells.number_in("costs") or NOTHING), currency)
        return (replace(entry, kind=kind, flow=flow),)

    def finish(self, findings: Findings) -> None:
        """Say which exchanges lack a side."""
        for key, sides in self._sides.items():
            if sum(sign for _, sign in sides) != 0:
                findings.tally(
                    "Currency exchanges of which the file has one side only (export all currencies)",
                    f"row {sides[0][0]} order {key.split(' ')[0]}",
                )


def _trade(cells: Cells, entry: Entry, *, bought: bool) -> Iterable[Entry]:
    security = cells.security(cells.text("symbol"), cells.text("isin"), cells.text("name"))
    quantity, price = abs(cells.needed("quantity")), cells.needed("price")
    money = entry.cash[0]
    if not cells.good:
        return ()
    # Interest accrued by a bond is paid with it, but is no part of its price.
    accrued = abs(cells.number_in("accrued") or NOTHING)
    bare = Money(abs(money.amount) - accrued, money.currency)
    price, cost = settled(cells, quantity, price, money.currency, bare, None, bought=bought)
    return (entry.traded(security, quantity, price, money.currency, cost, bought=bought),)
