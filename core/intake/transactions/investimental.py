"""Investimental's history of orders: every change of an order is a row, and only some of them traded anything.

Known habits: a row says how many units of its order are still open. "Fil" means that some were traded: those that were
open before and are no more, and all of them where the order is inactive then, whatever its row says of value and fee.
"OOT" means that its time ran out. Money is not in the list, and the currency stands in the account's name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from core.intake.gathering import Case, Gathered
from core.intake.opening.source import SourceFile
from core.intake.transactions.entries import Entry, EntryKind
from core.intake.transactions.ledger import Ledger
from core.intake.transactions.table import BrokerLayout, Cells, open_table, read_rows

FAMILY = "investimental"
LAYOUT = BrokerLayout(
    names={
        "order": ("order_number",),
        "side": ("side",),
        "symbol": ("symbol",),
        "price": ("price",),
        "volume": ("volume",),
        "account": ("account_name",),
        "status": ("status",),
        "update": ("update_type",),
        "time": ("update_time",),
    },
    needed=("order", "side", "symbol", "price", "volume", "account", "status", "update", "time"),
)
_CURRENCY = re.compile(r"\[([A-Za-z]{3})\]")
_TRADED, _OVER = "FIL", "INACTIVE"


@dataclass(slots=True)
class _Orders:
    """How many units of each order are open, and since when."""

    open: dict[str, tuple[Decimal, datetime]] = field(default_factory=dict)

    def take(self, cells: Cells) -> Iterable[Entry]:
        """The trade of one row, if it is one."""
        order, at = cells.text("order"), cells.moment("time")
        volume = abs(cells.needed("volume"))
        before = self.open.get(order)
        if not cells.good:
            return ()
        if before is not None and at < before[1]:
            message = "The row is older than the row of its order above it. Export the list with the oldest rows first."
            cells.problem("time", cells.text("time"), message)
            return ()
        self.open[order] = volume, at
        if cells.text("update").upper() != _TRADED:
            return ()
        over = cells.text("status").upper() == _OVER
        if before is None and not over:
            message = "No row says how much of the order was open before. Export the list from the order's first day."
            cells.problem("volume", cells.text("volume"), message)
            return ()
        return _trade(cells, at, volume if over or before is None else before[0] - volume)


def detect(source: SourceFile) -> bool:
    """Whether a text has Investimental's header among its first rows."""
    return LAYOUT.detects(source)


def read(source: SourceFile, case: Case) -> list[Gathered]:
    """Read the one account of the file.

    Raises:
        UnreadableFile: No header, or a table that cannot be split.
    """
    table, rows = open_table(source, case, LAYOUT, "Investimental's history of orders")
    ledger = Ledger(case, FAMILY, source.name, cash=False)
    read_rows(table, rows, ledger, _Orders().take)
    case.findings.note("Investimental's list states the price of each order, and no fee of what was traded.")
    return ledger.finish()


def _trade(cells: Cells, at: datetime, units: Decimal) -> Iterable[Entry]:
    cells.moved = ""
    security = cells.security(cells.text("symbol"), "", "")
    found = _CURRENCY.search(cells.text("account"))
    side = cells.text("side").upper()
    if found is None or side not in ("BUY", "SELL") or units <= 0:
        message = "A traded order is Buy or Sell, of some units, in an account such as 'NAME [RON]'. Correct the row."
        cells.problem("side", cells.text("side"), message)
        return ()
    price = cells.needed("price")
    if not cells.good:
        return ()
    bought = side == "BUY"
    entry = Entry(cells.number, at, EntryKind.BUY, column=cells.label("volume"))
    return (entry.traded(security, units, price, found[1].upper(), units * price if bought else None, bought=bought),)
