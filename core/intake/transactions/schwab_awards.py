"""Schwab's Equity Award Center: what vested, what was sold; details of an action stand in rows of their own below it.

Known habits: the row of an action has its day and units; those below it, with an empty day, have lots, prices and what
was withheld; a lapse says units before tax, and the deposit that follows says the net ones, so lapses count only in an
export that was filtered to them; month first, dollars with signs. Cash that is paid out at once is a disbursement.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal

from core.domain.portfolio import AssetClass
from core.intake.gathering import Case, Gathered
from core.intake.opening.source import SourceFile
from core.intake.transactions.entries import NOTHING, Entry, EntryKind, Money
from core.intake.transactions.ledger import Ledger
from core.intake.transactions.moments import DayOrder
from core.intake.transactions.table import BrokerLayout, Cells, open_table, settle

FAMILY = "schwab_awards"
_CURRENCY = "USD"
LAYOUT = BrokerLayout(
    names={
        "date": ("date",),
        "action": ("action",),
        "symbol": ("symbol",),
        "name": ("description",),
        "quantity": ("quantity",),
        "fees": ("feesandcommissions",),
        "election": ("disbursementelection",),
        "amount": ("amount",),
        "shares": ("shares",),
        "sale_price": ("saleprice",),
        "vested_at": ("vestfairmarketvalue", "purchasefairmarketvalue"),
        "lapsed_at": ("fairmarketvalueprice",),
        "net": ("netsharesdeposited",),
    },
    needed=("date", "action", "symbol", "name", "quantity", "fees", "election", "amount"),
    days=DayOrder.MONTH_FIRST,
)
_DEPOSITS = frozenset({"deposit"})
_SALES = frozenset({"sale", "quick sale", "forced quick sell", "same-day sale", "sell"})
_MONEY = {
    "dividend": EntryKind.DIVIDEND,
    "tax withholding": EntryKind.TAX,
    "tax reversal": EntryKind.TAX,
    "wire transfer": EntryKind.WITHDRAWAL,
    "forced disbursement": EntryKind.WITHDRAWAL,
    "cash disbursement": EntryKind.WITHDRAWAL,
    "disbursement": EntryKind.WITHDRAWAL,
    "interest": EntryKind.INTEREST,
    "service fee": EntryKind.FEE,
}
_LEAVES = frozenset({EntryKind.WITHDRAWAL, EntryKind.FEE})


@dataclass(slots=True)
class _Action:
    """An action and the rows of details below it."""

    head: Cells
    details: list[Cells] = field(default_factory=list)


def detect(source: SourceFile) -> bool:
    """Whether a text has the header of the Equity Award Center among its first rows."""
    return LAYOUT.detects(source)


def read(source: SourceFile, case: Case) -> list[Gathered]:
    """Read the one account of the file.

    Raises:
        UnreadableFile: No header, or a table that cannot be split.
    """
    table, rows = open_table(source, case, LAYOUT, "Schwab's Equity Award Center")
    actions = list(_actions(table.cells(number, row) for number, row in rows))
    ledger = Ledger(case, FAMILY, source.name)
    deposited = any(action.head.text("action").lower() in _DEPOSITS for action in actions)
    for action in actions:
        cells = action.head
        cells.moved = _CURRENCY if cells.text("amount") else ""
        entries = list(_entries(action, lapses=not deposited))
        settle(cells, entries, ledger)
    if not deposited:
        case.findings.note("The file has lapses and no deposits: what was deposited net of tax was taken from them.")
    return ledger.finish(newest_first=True, base_currency=_CURRENCY)


def _actions(rows: Iterable[Cells]) -> Iterator[_Action]:
    action: _Action | None = None
    for cells in rows:
        if cells.text("date"):
            if action is not None:
                yield action
            action = _Action(cells)
        elif action is not None and not cells.blank():
            action.details.append(cells)
    if action is not None:
        yield action


def _entries(action: _Action, *, lapses: bool) -> Iterable[Entry]:
    cells = action.head
    word = cells.text("action").lower()
    entry = Entry(cells.number, cells.moment("date"), EntryKind.TRANSFER_IN, column=cells.label("quantity"))
    if word in _DEPOSITS:
        return _came(action, entry, abs(cells.needed("quantity")), "vested_at")
    if word == "lapse":
        net = sum((detail.number_in("net") or NOTHING for detail in action.details), NOTHING)
        return _came(action, entry, net, "lapsed_at") if lapses else ()
    if word in _SALES:
        return _sold(action, entry)
    kind = _MONEY.get(word)
    if kind is None:
        if cells.number_in("quantity"):
            cells.security(cells.text("symbol"), "", cells.text("name"), kind=AssetClass.EQUITY)
        cells.unknown_kind("action", cells.text("action"))
        return ()
    amount = cells.needed("amount")
    amount = -abs(amount) if kind in _LEAVES else amount
    return (replace(entry, kind=kind, cash=(Money(amount, _CURRENCY),)),)


def _came(action: _Action, entry: Entry, units: Decimal, priced: str) -> Iterable[Entry]:
    """Units that came in, at the market's price of their day, where the details say one."""
    cells = action.head
    security = cells.security(cells.text("symbol"), "", "", kind=AssetClass.EQUITY)
    prices = [price for detail in action.details if (price := detail.number_in(priced))]
    if not units:
        cells.problem("quantity", cells.text("quantity"), "No details say how many units came in. Export them too.")
        return ()
    return (replace(entry, security=security, quantity=units, price=prices[0] if prices else None, currency=_CURRENCY,
                    market=True),)  # fmt: skip


def _sold(action: _Action, entry: Entry) -> Iterable[Entry]:
    cells = action.head
    security = cells.security(cells.text("symbol"), "", "", kind=AssetClass.EQUITY)
    quantity, paid = abs(cells.needed("quantity")), abs(cells.needed("amount"))
    fees = abs(cells.number_in("fees") or NOTHING)
    if not cells.good or not quantity:
        return ()
    price = (paid + fees) / quantity
    sold = entry.traded(security, quantity, price, _CURRENCY, None, bought=False)
    return (replace(sold, cash=(Money(paid, _CURRENCY),)),)
