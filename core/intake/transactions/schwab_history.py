"""Schwab's history: month first, dollars with signs, corporate actions as rows without an amount.

Known habits: "07/15/2024 as of 07/12/2024" (the second day counts); a reinvestment is a dividend and a purchase; a name
change, merger or reverse split is a row that takes the old units out, under the old CUSIP, and one that brings the new
ones in; the last row is the total of all amounts. Newest row first.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from decimal import Decimal

from core.domain.portfolio import AssetClass
from core.errors import UnreadableFile
from core.intake.cells.names import one_line
from core.intake.cells.numbers import NumberStyle
from core.intake.gathering import Case, Gathered
from core.intake.opening.source import SourceFile
from core.intake.positions.broker_tables import amount as amount_in
from core.intake.transactions.cancelling import cancels, without_cancelling
from core.intake.transactions.entries import NOTHING, Entry, EntryKind, Money, Security
from core.intake.transactions.ledger import Ledger
from core.intake.transactions.moments import DayOrder
from core.intake.transactions.table import BrokerLayout, Cells, HeadedTable, Numbers, settle, text_rows
from core.intake.transactions.trades import settled

FAMILY = "schwab"
_CURRENCY = "USD"
LAYOUT = BrokerLayout(
    names={
        "date": ("date",),
        "action": ("action",),
        "symbol": ("symbol",),
        "name": ("description",),
        "quantity": ("quantity",),
        "price": ("price",),
        "fees": ("fees_&_comm",),
        "amount": ("amount",),
    },
    needed=("date", "action", "symbol", "name", "quantity", "price", "fees", "amount"),
    days=DayOrder.MONTH_FIRST,
)
_TITLE = re.compile(r"Transactions\s++for\s++(?:account\s++)?(\S.{0,200}?)(?<!\s)\s++as of", re.IGNORECASE)
_AS_OF = re.compile(r"as of\s+([0-9/]+)", re.IGNORECASE)
_OPTION = re.compile(r"[A-Z.]+ [0-9]{2}/[0-9]{2}/[0-9]{4} [0-9.]+ [CP]")
_OPTION_MULTIPLIER = Decimal(100)
_CUSIP = re.compile(r"(?=.*[0-9])[0-9A-Z]{9}")
_BUYS = frozenset({"buy", "reinvest shares", "buy to open"})
_SELLS = frozenset({"sell", "sell to close", "full redemption"})
_SPLITS = frozenset({"stock split", "stock div dist"})
_SWAPS = frozenset({"reverse split", "stock merger", "name change", "conversion", "exchange"})
_TRANSFERS = frozenset(
    {"journaled shares", "security transfer", "shares received", "stock plan activity", "shares delivered"}
)
_WORDS = (
    ("fee", EntryKind.FEE),
    ("tax|withholding|nra", EntryKind.TAX),
    ("interest", EntryKind.INTEREST),
    (r"\bdiv|cap gain|capital gain|return of capital|distribution", EntryKind.DIVIDEND),
    ("cash in lieu|misc cash|misc credits|adjustment|promotional|rebate|merger", EntryKind.CORRECTION),
    ("wire|moneylink|funds|internal transfer|journal|deposit|withdrawal|bill pay|check|debit|ach", EntryKind.DEPOSIT),
)
_KINDS = tuple((re.compile(words, re.IGNORECASE), kind) for words, kind in _WORDS)
_CENT = Decimal("0.01")


def detect(source: SourceFile) -> bool:
    """Whether a text has the header of Schwab's history among its first rows."""
    return LAYOUT.detects(source)


def read(source: SourceFile, case: Case) -> list[Gathered]:
    """Read the one account of the file.

    Raises:
        UnreadableFile: No header, or a table that cannot be split.
    """
    ledger = Ledger(case, FAMILY, source.name)
    history: _History | None = None
    account = ""
    for number, row in text_rows(source):
        if history is None:
            title = _TITLE.search(",".join(row))
            if title:
                account = one_line(title[1])
            elif LAYOUT.is_header(row):
                history = _History(HeadedTable(case, LAYOUT, row, Numbers(NumberStyle.POINT)), account, ledger)
            continue
        history.take(number, row)
    if history is None:
        raise UnreadableFile(f"'{source.name}' has no header row as Schwab's history writes it.")
    history.finish(case)
    return ledger.finish(newest_first=True, base_currency=_CURRENCY)


class _History:
    """The rows of one account."""

    def __init__(self, table: HeadedTable, account: str, ledger: Ledger) -> None:
        self._table = table
        self._account = account
        self._ledger = ledger
        self._symbols: dict[str, set[Security]] = defaultdict(set)
        self._swaps: dict[tuple[date, str], list[Entry]] = defaultdict(list)
        self._sum = NOTHING
        self._stated: Decimal | None = None

    def take(self, number: int, row: list[str]) -> None:
        """Read one row."""
        cells = self._table.cells(number, row)
        cells.account = self._account
        if cells.blank():
            return
        amount = amount_in(cells.text("amount"))
        if cells.text("date").lower().startswith("transactions total"):
            self._stated = amount
            return
        self._sum += amount or NOTHING
        settle(cells, list(self._entries(cells)), self._ledger)

    def _entries(self, cells: Cells) -> Iterable[Entry]:
        action = cells.text("action").lower()
        written = cells.text("date")
        as_of = _AS_OF.search(written)
        at = cells.moment("date", text=as_of[1] if as_of else written)
        quantity = cells.number_in("quantity") or NOTHING
        amount = cells.number_in("amount") or NOTHING
        cells.moved = _CURRENCY if cells.text("amount") else ""
        entry = Entry(
            cells.number,
            at,
            EntryKind.CORRECTION,
            self._account,
            cash=(Money(amount, _CURRENCY),) if amount else (),
            column=cells.label("quantity"),
        )
        if quantity and cancels(action) and (undone := without_cancelling(action)) in _BUYS | _SELLS:
            traded = EntryKind.BUY if undone in _BUYS else EntryKind.SELL
            security, price = self._security(cells), cells.number_in("price")
            return (
                replace(entry, kind=EntryKind.CANCELLATION, security=security, quantity=abs(quantity), price=price,
                        currency=_CURRENCY, cancels=traded),
            )  # fmt: skip
        if action in _BUYS or action in _SELLS:
            return self._trade(cells, entry, quantity, bought=action in _BUYS)
        if quantity and (action in _SPLITS or action in _SWAPS or action in _TRANSFERS or action == "spin-off"):
            return self._shares(cells, entry, action, quantity)
        kind = next((kind for pattern, kind in _KINDS if pattern.search(action)), None)
        if kind is None or quantity:
            if quantity:
                self._security(cells)
            cells.unknown_kind("action", cells.text("action"))
            return ()
        if kind is EntryKind.DEPOSIT and amount < 0:
            kind = EntryKind.WITHDRAWAL
        return (replace(entry, kind=kind),)

    def _security(self, cells: Cells) -> Security:
        symbol, name = cells.text("symbol"), cells.text("name")
        if _OPTION.fullmatch(symbol):
            security = cells.security(symbol, "", name, kind=AssetClass.DERIVATIVE)
            return replace(security, multiplier=_OPTION_MULTIPLIER)
        security = cells.security(symbol, "", name)
        self._symbols[one_line(name).upper()].add(security)
        return security

    def _trade(self, cells: Cells, entry: Entry, quantity: Decimal, *, bought: bool) -> Iterable[Entry]:
        security = self._security(cells)
        quantity, price = abs(cells.needed("quantity")), cells.needed("price")
        paid = cells.needed("amount")
        if not cells.good:
            return ()
        units = quantity * security.multiplier
        price, cost = settled(cells, units, price, _CURRENCY, Money(paid, _CURRENCY), None, bought=bought)
        return (entry.traded(security, quantity, price, _CURRENCY, cost, bought=bought),)

    def _shares(self, cells: Cells, entry: Entry, action: str, quantity: Decimal) -> Iterable[Entry]:
        """Rows that move units without a price."""
        security = self._security(cells)
        moved = replace(entry, security=security, quantity=abs(quantity), currency=_CURRENCY)
        if action in _SPLITS:
            return (replace(moved, kind=EntryKind.SPLIT, quantity=quantity),)
        if action in _TRANSFERS:
            return (replace(moved, kind=EntryKind.TRANSFER_IN if quantity > 0 else EntryKind.TRANSFER_OUT),)
        if action == "spin-off":
            return (replace(moved, kind=EntryKind.DISTRIBUTION),)
        self._swaps[entry.at.date(), action].append(replace(moved, quantity=quantity))
        return ()

    def finish(self, case: Case) -> None:
        """Join what left with what came in corporate actions, and hold the total against the rows."""
        for legs in self._swaps.values():
            out = [leg for leg in legs if leg.quantity < 0]
            came = [leg for leg in legs if leg.quantity > 0]
            if len(out) == len(came) == 1 and out[0].security is not None:
                old, new = out[0], came[0]
                self._ledger.add(
                    replace(
                        old,
                        kind=EntryKind.EXCHANGE,
                        security=self._former(out[0].security),
                        quantity=-old.quantity,
                        into=new.security,
                        into_quantity=new.quantity,
                    )
                )
                continue
            for leg in legs:
                symbol = leg.security.symbol if leg.security else ""
                message = (
                    "Units came or went in a corporate action, and no single row of the day says against what. "
                    "Add the line by hand; until then it is left out."
                )
                case.findings.problem(leg.row, leg.column, symbol, message)
                self._ledger.doubt(leg.account, leg.security)
        if self._stated is not None and abs(self._stated - self._sum) >= _CENT:
            case.findings.note(
                f"The file states a total of {self._stated:,.2f} USD, but the amounts of its rows add up to "
                f"{self._sum:,.2f}: the difference is {self._stated - self._sum:,.2f}. "
                "The file was probably cut or joined."
            )

    def _former(self, security: Security) -> Security:
        """The line that a row means which names it by its old CUSIP: the one of the same name."""
        if not _CUSIP.fullmatch(security.symbol):
            return security
        name = security.name.upper().split("XXX")[0].strip()
        same = {other for other in self._symbols.get(name, ()) if other.symbol != security.symbol}
        return next(iter(same)) if len(same) == 1 else security
