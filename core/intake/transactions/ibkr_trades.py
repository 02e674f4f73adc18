"""Interactive Brokers' Flex Query as CSV with the section "Trades": executions, no deposits and no dividends.

Known habits: sales and commissions are negative; which columns there are is the customer's choice; a row without an
ISIN is a currency exchange, whose second currency only the symbol ("EUR.USD") would tell.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

from core.domain.portfolio import AssetClass
from core.intake.gathering import Case, Gathered
from core.intake.opening.source import SourceFile
from core.intake.transactions.entries import NOTHING, Entry, EntryKind
from core.intake.transactions.ledger import Ledger
from core.intake.transactions.moments import DayOrder
from core.intake.transactions.table import BrokerLayout, Cells, open_table, read_rows

FAMILY = "ibkr"
LAYOUT = BrokerLayout(
    names={
        "side": ("buy/sell", "buysell"),
        "date": ("tradedate", "trade_date"),
        "isin": ("isin",),
        "symbol": ("symbol",),
        "name": ("description",),
        "category": ("assetclass", "asset_class"),
        "quantity": ("quantity",),
        "price": ("tradeprice", "trade_price"),
        "money": ("trademoney", "trade_money"),
        "currency": ("currencyprimary", "currency"),
        "commission": ("ibcommission",),
        "commission_currency": ("ibcommissioncurrency",),
        "multiplier": ("multiplier",),
        "account": ("clientaccountid", "accountid"),
    },
    needed=("side", "date", "isin", "quantity", "price", "money", "currency", "commission"),
    days=DayOrder.MONTH_FIRST,
)
_PAIR = re.compile(r"[A-Z]{3}[./][A-Z]{3}")
_CLASSES = {
    "STK": AssetClass.EQUITY,
    "BOND": AssetClass.BOND,
    "BILL": AssetClass.BOND,
    "FUND": AssetClass.FUND,
    "OPT": AssetClass.DERIVATIVE,
    "FOP": AssetClass.DERIVATIVE,
    "FUT": AssetClass.DERIVATIVE,
    "WAR": AssetClass.DERIVATIVE,
    "CFD": AssetClass.DERIVATIVE,
    "CRYPTO": AssetClass.CRYPTO,
}
_PERCENT = Decimal("0.01")


def detect(source: SourceFile) -> bool:
    """Whether a text has the header of a Flex Query's trades among its first rows."""
    return LAYOUT.detects(source)


def read(source: SourceFile, case: Case) -> list[Gathered]:
    """Read the accounts of the file.

    Raises:
        UnreadableFile: No header, or a table that cannot be split.
    """
    table, rows = open_table(source, case, LAYOUT, "Interactive Brokers' list of trades")
    ledger = Ledger(case, FAMILY, source.name, cash=False)
    read_rows(table, rows, ledger, _take)
    return ledger.finish()


def _take(cells: Cells) -> Iterable[Entry]:
    cells.account = cells.text("account")
    cells.moved = ""
    side, symbol = cells.text("side").upper(), cells.text("symbol")
    if cells.text("category").upper() == "CASH" or _PAIR.fullmatch(symbol) or not (cells.text("isin") or symbol):
        cells.note("Currency exchanges were left out, because this list does not follow cash", "")
        return ()
    kind = _CLASSES.get(cells.text("category").upper())
    # A share class of a fund trades as STK too, so only the description may say that it is no company.
    kind = None if kind is AssetClass.EQUITY and not cells.text("isin").startswith("US") else kind
    security = cells.security(symbol, cells.text("isin"), cells.text("name"), kind=kind)
    side, cancelled, _ = side.partition(" (CA")
    if side not in ("BUY", "SELL"):
        cells.unknown_kind("side", cells.text("side"))
        return ()
    currency, units = cells.currency("currency")
    quantity, price = abs(cells.needed("quantity")), cells.needed("price") / units
    money = abs(cells.needed("money")) / units
    at = cells.moment("date")
    if not cells.good:
        return ()
    if cancelled:
        bare = Entry(cells.number, at, EntryKind.CANCELLATION, cells.account, security, quantity, price, currency)
        traded = EntryKind.BUY if side == "BUY" else EntryKind.SELL
        return (replace(bare, column=cells.label("quantity"), cancels=traded),)
    return (
        Entry(
            cells.number,
            at,
            EntryKind.BUY if side == "BUY" else EntryKind.SELL,
            cells.account,
            security,
            quantity,
            money / quantity if quantity and _per_hundred(price * quantity, money) else price,
            currency,
            _cost(cells, money, currency) if side == "BUY" else None,
            column=cells.label("quantity"),
        ),
    )


def _per_hundred(gross: Decimal, money: Decimal) -> bool:
    """Whether the trade's value is not quantity × price: bonds in percent of their nominal, contracts of many units."""
    return bool(gross) and abs(gross - money) > abs(money) * _PERCENT


def _cost(cells: Cells, money: Decimal, currency: str) -> Decimal | None:
    commission = cells.number_in("commission") or NOTHING
    other = cells.text("commission_currency").upper()
    return None if commission and other and other != currency else money - commission
