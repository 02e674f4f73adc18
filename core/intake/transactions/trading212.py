"""Trading 212's history: prices in the security's currency, totals in the account's, fees in columns of their own.

Known habits: each amount has its currency in a column beside it ("Currency (Total)"), older exports write it into the
header ("Total (GBP)"); prices of London shares are in GBX; a split is two rows, the old line closed and the new opened.
The order of the columns differs between years.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

from core.intake.gathering import Case, Gathered
from core.intake.opening.source import SourceFile
from core.intake.transactions.entries import NOTHING, Entry, EntryKind, Money
from core.intake.transactions.ledger import ALL, Ledger
from core.intake.transactions.table import BrokerLayout, Cells, open_table, read_rows
from core.intake.transactions.trades import settled

FAMILY = "trading212"
_FEES = (
    "currency_conversion_fee", "stamp_duty", "stamp_duty_reserve_tax", "transaction_fee", "finra_fee",
    "french_transaction_tax", "ptm_levy",
)  # fmt: skip
LAYOUT = BrokerLayout(
    names={
        "action": ("action",),
        "time": ("time",),
        "isin": ("isin",),
        "ticker": ("ticker",),
        "name": ("name",),
        "quantity": ("no._of_shares",),
        "price": ("price_/_share",),
        "price_currency": ("currency_(price_/_share)",),
        "total": ("total", *(f"total_({code})" for code in ("eur", "gbp", "usd", "chf", "pln", "sek", "czk", "ron"))),
        "total_currency": ("currency_(total)",),
        "from": ("currency_conversion_from_amount",),
        "from_currency": ("currency_(currency_conversion_from_amount)",),
        "to": ("currency_conversion_to_amount",),
        "to_currency": ("currency_(currency_conversion_to_amount)",),
        **{fee: (fee,) for fee in _FEES},
        **{f"{fee}_currency": (f"currency_({fee})",) for fee in _FEES},
    },
    needed=("action", "time", "isin", "ticker", "quantity", "price"),
)
_ORDER = re.compile(r"(?:market|limit|stop|stop limit) (buy|sell)")
_IN_HEADER = re.compile(r"\(([A-Z]{3})\)$", re.IGNORECASE)
_ORDER_ID = re.compile(r"[A-Z]{3}[0-9]{6,}")
_MONEY = {
    "deposit": EntryKind.DEPOSIT,
    "withdrawal": EntryKind.WITHDRAWAL,
    "card debit": EntryKind.WITHDRAWAL,
    "card credit": EntryKind.DEPOSIT,
    "spending cashback": EntryKind.INTEREST,
    "interest on cash": EntryKind.INTEREST,
    "lending interest": EntryKind.INTEREST,
    "new card cost": EntryKind.FEE,
    "result adjustment": EntryKind.CORRECTION,
    "dividend adjustment": EntryKind.DIVIDEND,
}
_TRANSFERS = {
    "transfer in": EntryKind.TRANSFER_IN,
    "transfer out": EntryKind.TRANSFER_OUT,
    "stock distribution": EntryKind.DISTRIBUTION,
    "spin off": EntryKind.DISTRIBUTION,
}


def detect(source: SourceFile) -> bool:
    """Whether a text has Trading 212's header among its first rows."""
    return LAYOUT.detects(source)


def read(source: SourceFile, case: Case) -> list[Gathered]:
    """Read the one account of the file.

    Raises:
        UnreadableFile: No header, or a table that cannot be split.
    """
    table, rows = open_table(source, case, LAYOUT, "Trading 212's history")
    ledger = Ledger(case, FAMILY, source.name)
    reader = _Reader()
    read_rows(table, rows, ledger, reader.take)
    for half in reader.halves:
        message = (
            "A split is two rows, 'Stock split close' and 'Stock split open', and one of them is missing. "
            "Export the whole day; until then the line is left out."
        )
        case.findings.problem(half.row, half.column, half.security.symbol if half.security else "", message)
        ledger.doubt("", half.security)
    return ledger.finish()


class _Reader:
    """Remembers splits of which only one half was met."""

    def __init__(self) -> None:
        self._halves: dict[tuple[str, bool], Entry] = {}

    @property
    def halves(self) -> list[Entry]:
        """The halves that found no other half."""
        return list(self._halves.values())

    def take(self, cells: Cells) -> Iterable[Entry]:
        """The entries of one row."""
        action = cells.text("action").lower()
        if found := _ORDER.fullmatch(action):
            return _order(cells, bought=found[1] == "buy")
        if action in _TRANSFERS:
            return _transfer(cells, _TRANSFERS[action])
        if action in ("stock split close", "stock split open"):
            return self._split(cells, closes=action.endswith("close"))
        if action == "currency conversion":
            return _conversion(cells)
        kind = _MONEY.get(action) or (EntryKind.DIVIDEND if action.startswith("dividend (") else None)
        if kind is None:
            if cells.text("quantity"):
                cells.security(cells.text("ticker"), cells.text("isin"), cells.text("name"))
            cells.unknown_kind("action", cells.text("action"))
            return ()
        total = _total(cells)
        # Withdrawals are positive in some years' exports and negative in others'.
        amount = -abs(total.amount) if kind is EntryKind.WITHDRAWAL else total.amount
        entry = Entry(cells.number, cells.moment("time"), kind, cash=(Money(amount, total.currency),))
        return (_paid_on(cells, entry) if action.startswith("dividend (") else entry,)

    def _split(self, cells: Cells, *, closes: bool) -> Iterable[Entry]:
        cells.moved = ""
        half = _moved(cells, EntryKind.EXCHANGE)
        if not cells.good or half.security is None:
            return ()
        other = self._halves.pop((half.security.key, not closes), None)
        if other is None:
            self._halves[half.security.key, closes] = half
            return ()
        old, new = (half, other) if closes else (other, half)
        return (replace(old, price=None, into=half.security, into_quantity=new.quantity),)


def _paid_on(cells: Cells, entry: Entry) -> Entry:
    """A dividend with the units it was paid on, against which the positions are held."""
    names = cells.text("ticker"), cells.text("isin"), cells.text("name")
    units = cells.number_in("quantity") if any(names) else None
    if not units:
        return entry
    return replace(entry, security=cells.security(*names), quantity=units, column=cells.label("quantity"))


def _order(cells: Cells, *, bought: bool) -> Iterable[Entry]:
    total = _total(cells)
    entry = _moved(cells, EntryKind.BUY if bought else EntryKind.SELL)
    fees = _fees(cells, total.currency)
    if not cells.good:
        return ()
    price, cost = settled(cells, entry.quantity, entry.price or NOTHING, entry.currency, total, fees, bought=bought)
    paid = abs(total.amount)
    cash = Money(-paid if bought else paid, total.currency)
    return (replace(entry, price=price, cost=cost if bought else None, cash=(cash,)),)


def _transfer(cells: Cells, kind: EntryKind) -> Iterable[Entry]:
    cells.moved = ""
    entry = _moved(cells, kind)
    if kind is EntryKind.DISTRIBUTION or not entry.price:
        return (replace(entry, price=entry.price or None),)
    worth = entry.quantity * entry.price
    return (replace(entry, flow=Money(worth if kind is EntryKind.TRANSFER_IN else -worth, entry.currency)),)


def _conversion(cells: Cells) -> Iterable[Entry]:
    given, taken = cells.needed("from"), cells.needed("to")
    cash = (
        Money(-abs(given), cells.currency("from_currency")[0]),
        Money(abs(taken), cells.currency("to_currency")[0]),
    )
    return (Entry(cells.number, cells.moment("time"), EntryKind.FOREX, cash=cash),)


def _moved(cells: Cells, kind: EntryKind) -> Entry:
    """The part that every row with shares has: which, how many, at what price."""
    security = cells.security(cells.text("ticker"), cells.text("isin"), cells.text("name"))
    if _ORDER_ID.fullmatch(cells.text("price")):
        message = (
            "An order number stands where the price belongs: the row has its columns in another order than the header. "
            "Where you join Trading 212's files, keep the header of each above its rows."
        )
        cells.problem("price", cells.text("price"), message)
        return Entry(cells.number, cells.moment("time"), kind, security=security)
    currency, units = cells.currency("price_currency")
    return Entry(
        cells.number,
        cells.moment("time"),
        kind,
        security=security,
        quantity=abs(cells.needed("quantity")),
        price=cells.needed("price") / units,
        currency=currency,
        column=cells.label("quantity"),
    )


def _total(cells: Cells) -> Money:
    """What the account was moved by, with the currency from the cell beside it or from the header."""
    in_header = _IN_HEADER.search(cells.label("total"))
    currency, units = cells.currency("total_currency", in_header[1] if in_header else None)
    cells.moved = currency or ALL
    return Money(cells.needed("total") / units, currency)


def _fees(cells: Cells, currency: str) -> Decimal | None:
    """All fees in the account's currency; None where one is in another."""
    total = NOTHING
    for fee in _FEES:
        value = cells.number_in(fee)
        if value:
            if cells.has(f"{fee}_currency") and cells.text(f"{fee}_currency").upper() not in ("", currency):
                return None
            total += abs(value)
    return total
