"""Freetrade's activity feed: amounts without signs, the account in pounds, instruments in their own currency.

Known habits: statements and certificates stand among the transactions; a free share has a price but no amount; the FX
fee is in the account's currency while the price is in the instrument's.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from core.intake.gathering import Case, Gathered
from core.intake.opening.source import SourceFile
from core.intake.transactions.entries import NOTHING, Entry, EntryKind, Money
from core.intake.transactions.ledger import ALL, Ledger
from core.intake.transactions.table import BrokerLayout, Cells, open_table, read_rows
from core.intake.transactions.trades import settled

FAMILY = "freetrade"
LAYOUT = BrokerLayout(
    names={
        "title": ("title",),
        "type": ("type",),
        "time": ("timestamp",),
        "account_currency": ("account_currency",),
        "total": ("total_amount",),
        "side": ("buy_/_sell",),
        "ticker": ("ticker",),
        "isin": ("isin",),
        "quantity": ("quantity",),
        "currency": ("instrument_currency",),
        "price": ("price_per_share",),
        "stamp_duty": ("stamp_duty",),
        "fx_fee": ("fx_fee_amount",),
        "paid_on": ("dividend_eligible_quantity",),
    },
    needed=("title", "type", "time", "account_currency", "total", "side", "isin", "quantity"),
)
_KINDS = {
    "TOP_UP": EntryKind.DEPOSIT,
    "WITHDRAWAL": EntryKind.WITHDRAWAL,
    "INTERNAL_TRANSFER": EntryKind.DEPOSIT,
    "DIVIDEND": EntryKind.DIVIDEND,
    "SPECIAL_DIVIDEND": EntryKind.DIVIDEND,
    # A property income distribution: what a British REIT pays from its rents.
    "PROPERTY": EntryKind.DIVIDEND,
    "INTEREST_FROM_CASH": EntryKind.INTEREST,
    "SHARE_LENDING_INCOME": EntryKind.INTEREST,
    "SUBSCRIPTION_FEE": EntryKind.FEE,
}
_PAPERS = frozenset({"MONTHLY_STATEMENT", "TAX_CERTIFICATE", "MONTHLY_SHARE_LENDING_STATEMENT", "KEY_DOCUMENT"})


def detect(source: SourceFile) -> bool:
    """Whether a text has Freetrade's header among its first rows."""
    return LAYOUT.detects(source)


def read(source: SourceFile, case: Case) -> list[Gathered]:
    """Read the one account of the file.

    Raises:
        UnreadableFile: No header, or a table that cannot be split.
    """
    table, rows = open_table(source, case, LAYOUT, "Freetrade's activity feed")
    ledger = Ledger(case, FAMILY, source.name)
    read_rows(table, rows, ledger, _take)
    return ledger.finish(newest_first=True)


def _take(cells: Cells) -> Iterable[Entry]:
    word = cells.text("type").upper()
    if word in _PAPERS:
        return ()
    kind = _KINDS.get(word)
    if word not in ("ORDER", "FREESHARE_ORDER") and kind is None:
        if cells.text("isin"):
            cells.security(cells.text("ticker"), cells.text("isin"), cells.text("title"))
        cells.unknown_kind("type", cells.text("type"))
        return ()
    currency, units = cells.currency("account_currency")
    cells.moved = currency or ALL
    total = cells.needed("total") / units
    entry = Entry(cells.number, cells.moment("time"), kind or EntryKind.BUY, column=cells.label("quantity"))
    if kind is None:
        return _order(cells, entry, Money(total, currency), free=word == "FREESHARE_ORDER")
    if kind in (EntryKind.WITHDRAWAL, EntryKind.FEE):
        total = -abs(total)
    if kind is EntryKind.DIVIDEND and (paid_on := cells.number_in("paid_on")):
        security = cells.security(cells.text("ticker"), cells.text("isin"), cells.text("title"))
        entry = replace(entry, security=security, quantity=paid_on, column=cells.label("paid_on"))
    return (replace(entry, cash=(Money(total, currency),)),)


def _order(cells: Cells, entry: Entry, total: Money, *, free: bool) -> Iterable[Entry]:
    side = cells.text("side").upper()
    if side not in ("BUY", "SELL"):
        cells.security(cells.text("ticker"), cells.text("isin"), cells.text("title"))
        cells.problem("side", cells.text("side"), "An order is BUY or SELL. Correct the row or export it again.")
        return ()
    bought = side == "BUY"
    # A free share may come without its ticker, so the ISIN is what tells that it is the same line.
    security = cells.security(cells.text("ticker"), cells.text("isin"), cells.text("title"))
    currency, units = cells.currency("currency")
    quantity, price = abs(cells.needed("quantity")), cells.needed("price") / units
    entry = replace(
        entry, kind=entry.kind if bought else EntryKind.SELL, security=security, quantity=quantity, price=price,
        currency=currency,
    )  # fmt: skip
    if free:
        # Nothing was paid and no money moved: the broker's gift, at the market's price.
        return (replace(entry, kind=EntryKind.DISTRIBUTION, cost=NOTHING, market=True),)
    fees = abs(cells.number_in("stamp_duty") or NOTHING) + abs(cells.number_in("fx_fee") or NOTHING)
    if not cells.good:
        return ()
    price, cost = settled(cells, quantity, price, currency, total, fees, bought=bought)
    paid = abs(total.amount)
    cash = (Money(-paid if bought else paid, total.currency),)
    return (replace(entry, price=price, cost=cost if bought else None, cash=cash),)
