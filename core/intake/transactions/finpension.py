"""finpension's pillar 3a: Swiss institutional funds in thousandths of a unit, with a running balance in francs.

Known habits: byte order mark, semicolons, sales with a negative number of shares, prices always in francs.
"""

from __future__ import annotations

from collections.abc import Iterable

from core.intake.gathering import Case, Gathered
from core.intake.opening.source import SourceFile
from core.intake.transactions.entries import Entry, EntryKind, Money
from core.intake.transactions.ledger import Ledger
from core.intake.transactions.table import BrokerLayout, Cells, open_table, read_rows

FAMILY = "finpension"
_CURRENCY = "CHF"
LAYOUT = BrokerLayout(
    names={
        "date": ("date",),
        "category": ("category",),
        "name": ("asset_name",),
        "isin": ("isin",),
        "quantity": ("number_of_shares",),
        "price": ("asset_price_in_chf",),
        "amount": ("cash_flow",),
        "balance": ("balance",),
    },
    needed=("date", "category", "name", "quantity", "price", "amount"),
)
_KINDS = {
    "deposit": EntryKind.DEPOSIT,
    "transfer": EntryKind.DEPOSIT,
    "withdrawal": EntryKind.WITHDRAWAL,
    "dividend": EntryKind.DIVIDEND,
    "interests": EntryKind.INTEREST,
    "interest": EntryKind.INTEREST,
    "flat-rate administrative fee": EntryKind.FEE,
    "administrative fee": EntryKind.FEE,
    "implementation fees": EntryKind.FEE,
    "flat-rate administration fee": EntryKind.FEE,
    "dividend and interest distributions": EntryKind.DIVIDEND,
    "transfer vested benefits": EntryKind.DEPOSIT,
    "withholding tax": EntryKind.TAX,
    "correction": EntryKind.CORRECTION,
}


def detect(source: SourceFile) -> bool:
    """Whether a text has finpension's header among its first rows."""
    return LAYOUT.detects(source)


def read(source: SourceFile, case: Case) -> list[Gathered]:
    """Read the one portfolio of the file.

    Raises:
        UnreadableFile: No header, or a table that cannot be split.
    """
    table, rows = open_table(source, case, LAYOUT, "finpension's list of transactions")
    ledger = Ledger(case, FAMILY, source.name)
    read_rows(table, rows, ledger, _take)
    return ledger.finish(newest_first=True)


def _take(cells: Cells) -> Iterable[Entry]:
    cells.moved = _CURRENCY
    category = cells.text("category").lower()
    amount = cells.needed("amount")
    stated = cells.number_in("balance")
    balance = None if stated is None else Money(stated, _CURRENCY)
    at = cells.moment("date")
    cash = (Money(amount, _CURRENCY),)
    if category == "portfolio transaction":
        # Vested benefits call both by one word; money that leaves buys.
        category = "buy" if amount < 0 else "sell"
    if category in ("buy", "sell"):
        security = cells.security("", cells.text("isin"), cells.text("name"), is_fund=True)
        return (
            Entry(
                cells.number,
                at,
                EntryKind.BUY if category == "buy" else EntryKind.SELL,
                security=security,
                quantity=abs(cells.needed("quantity")),
                price=cells.needed("price"),
                currency=_CURRENCY,
                cost=-amount if category == "buy" else None,
                cash=cash,
                balance=balance,
                column=cells.label("quantity"),
            ),
        )
    kind = _KINDS.get(category)
    if kind is None:
        if cells.number_in("quantity"):
            cells.security("", cells.text("isin"), cells.text("name"), is_fund=True)
        cells.unknown_kind("category", cells.text("category"))
        return ()
    return (Entry(cells.number, at, kind, cash=cash, balance=balance),)
