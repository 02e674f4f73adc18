"""Vanguard UK's cash and investment report: several tables in one file, one pair for each account.

"Cash Transactions" has every movement with a running balance and ends in the balance; "Investment Transactions" has the
trades with unit prices and ends in what they cost. Quantities stand in the text too ("Bought 1,550 Foo ETF (FOO)") and
are read from there where the second table is missing. Day first; always pounds; no ISIN.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from decimal import Decimal

from core.errors import UnreadableFile
from core.intake.cells.headers import normal
from core.intake.cells.names import one_line
from core.intake.cells.numbers import NumberStyle
from core.intake.gathering import Case, Gathered
from core.intake.opening.source import Container, SourceFile, head_rows
from core.intake.transactions.entries import NOTHING, Entry, EntryKind, Money, Security
from core.intake.transactions.ledger import Ledger
from core.intake.transactions.moments import DayOrder
from core.intake.transactions.table import BrokerLayout, Cells, HeadedTable, Numbers, settle, text_rows
from core.intake.transactions.trades import per_unit, settled

FAMILY = "vanguard-uk"
_CURRENCY = "GBP"
_CASH = BrokerLayout(
    names={"date": ("date",), "details": ("details",), "amount": ("amount",), "balance": ("balance",)},
    needed=("date", "details", "amount", "balance"),
    days=DayOrder.DAY_FIRST,
)
_TRADES = BrokerLayout(
    names={
        "date": ("date",),
        "name": ("investmentname", "investment_name"),
        "details": ("transactiondetails", "transaction_details"),
        "quantity": ("quantity",),
        "price": ("price",),
        "cost": ("cost",),
    },
    needed=("date", "name", "details", "quantity", "price", "cost"),
    days=DayOrder.DAY_FIRST,
)
_TITLES = frozenset({"cash_transactions", "investment_transactions"})
_TRADE = re.compile(r"(Bought|Sold)\s++([0-9,]*+(?:\.[0-9]++)?+)(?<=[0-9])\s++(.+)", re.IGNORECASE)
_TICKER = re.compile(r"(?<=\S)\s*+\(([A-Z0-9.]{2,8})\)\Z")
_WORDS = (
    (r"\bDIV:|dividend|distribution|income", EntryKind.DIVIDEND),
    ("interest", EntryKind.INTEREST),
    (r"\bfee\b|charge", EntryKind.FEE),
    (r"\btax\b", EntryKind.TAX),
    ("withdrawal|payment by|paid out|transfer out", EntryKind.WITHDRAWAL),
    ("deposit|transfer|contribution|subscription|payment", EntryKind.DEPOSIT),
    ("correction|adjustment|refund|compensation", EntryKind.CORRECTION),
)
_KINDS = tuple((re.compile(words, re.IGNORECASE), kind) for words, kind in _WORDS)
_PENNY = Decimal("0.01")
_CASH_SUM = Decimal("0.005")


def detect(source: SourceFile) -> bool:
    """Whether a text has one of the two tables under its title."""
    if source.container is not Container.TEXT:
        return False
    rows = head_rows(source.text)
    titled = any(row and normal(row[0]) in _TITLES for row in rows)
    return titled and any(_CASH.is_header(row) or _TRADES.is_header(row) for row in rows)


def read(source: SourceFile, case: Case) -> list[Gathered]:
    """Read all accounts of the file.

    Raises:
        UnreadableFile: None of the two tables, or one that cannot be split.
    """
    report = _Report(case, Ledger(case, FAMILY, source.name))
    for number, row in text_rows(source):
        report.take(number, row)
    if not report.found:
        raise UnreadableFile(f"'{source.name}' has none of the tables of Vanguard UK's cash and investment report.")
    return report.finish()


@dataclass(slots=True)
class _Account:
    """What the tables of one account hold."""

    from_cash: list[Entry] = field(default_factory=list)
    has_trades: bool = False
    paid: Decimal = NOTHING
    stated_cost: Decimal | None = None
    stated_balance: Decimal | None = None


class _Report:
    """The tables of one file, one after the other."""

    def __init__(self, case: Case, ledger: Ledger) -> None:
        self._case = case
        self._ledger = ledger
        self._name = ""
        self._table: HeadedTable | None = None
        self._accounts: dict[str, _Account] = {}

    @property
    def found(self) -> bool:
        """Whether there was any table."""
        return bool(self._accounts)

    def take(self, number: int, row: list[str]) -> None:
        """Read one row: a title, a header, a movement, a trade or a total."""
        filled = [cell.strip() for cell in row if cell.strip()]
        if not filled:
            return
        first = normal(row[0])
        if first in _TITLES:
            self._table = None
        elif _TRADES.is_header(row) or _CASH.is_header(row):
            layout = _TRADES if _TRADES.is_header(row) else _CASH
            self._table = HeadedTable(self._case, layout, row, Numbers(NumberStyle.POINT))
            account = self._accounts.setdefault(self._name, _Account())
            account.has_trades = account.has_trades or layout is _TRADES
        elif len(filled) == 1:
            self._name, self._table = one_line(filled[0]), None
        elif self._table is not None:
            self._row(self._table.cells(number, row), first)

    def _row(self, cells: Cells, first: str) -> None:
        account = self._accounts[self._name]
        cells.account = self._name
        trades = cells.has("name")
        if first in ("balance", "cost"):
            # The total stands where the second column is, whatever that is called.
            stated = cells.number_in("name" if trades else "details")
            if trades:
                account.stated_cost = stated
            else:
                account.stated_balance = stated
            return
        entries = list(self._trade(cells, account) if trades else self._movement(cells, account))
        settle(cells, entries, self._ledger)

    def _movement(self, cells: Cells, account: _Account) -> Iterable[Entry]:
        cells.moved = _CURRENCY
        details = cells.text("details")
        amount = cells.needed("amount")
        stated = cells.number_in("balance")
        entry = Entry(
            cells.number,
            cells.moment("date"),
            EntryKind.CORRECTION,
            cells.account,
            cash=(Money(amount, _CURRENCY),),
            balance=None if stated is None else Money(stated, _CURRENCY),
            column=cells.label("details"),
        )
        if found := _TRADE.fullmatch(details):
            quantity = cells.read_number("details", found[2])
            if quantity:
                bought = found[1].lower() == "bought"
                account.from_cash.append(
                    replace(
                        entry.traded(
                            _security(cells, found[3]),
                            quantity,
                            per_unit(amount, quantity),
                            _CURRENCY,
                            abs(amount),
                            bought=bought,
                        ),
                        cash=(),
                        balance=None,
                    )
                )
            # The money moves here; the units move by the table of trades, or at the end where there is none.
            return (entry,)
        kind = next((kind for pattern, kind in _KINDS if pattern.search(details)), None)
        if kind is None:
            cells.unknown_kind("details", details)
            return ()
        return (replace(entry, kind=kind),)

    def _trade(self, cells: Cells, account: _Account) -> Iterable[Entry]:
        cells.moved = ""
        details = cells.text("details")
        security = _security(cells, cells.text("name"))
        found = _TRADE.fullmatch(details)
        if found is None:
            cells.unknown_kind("details", details)
            return ()
        quantity, price, paid = cells.needed("quantity"), cells.needed("price"), cells.needed("cost")
        if not cells.good:
            return ()
        in_text = cells.read_number("details", found[2])
        if in_text is not None and abs(quantity) != in_text:
            cells.note(
                "Quantities in the text differ from the column, which was kept", f"{in_text} against {abs(quantity)}"
            )
        bought = found[1].lower() == "bought"
        account.paid += abs(paid) if bought else -abs(paid)
        price, cost = settled(cells, abs(quantity), price, _CURRENCY, Money(abs(paid), _CURRENCY), None, bought=bought)
        return (
            Entry(
                cells.number,
                cells.moment("date"),
                EntryKind.BUY if bought else EntryKind.SELL,
                cells.account,
                security,
                abs(quantity),
                price,
                _CURRENCY,
                cost if bought else None,
                column=cells.label("details"),
            ),
        )

    def finish(self) -> list[Gathered]:
        """The accounts, with what the file states about them held against what was read."""
        for name, account in self._accounts.items():
            if not account.has_trades:
                for entry in account.from_cash:
                    self._ledger.add(entry)
            if account.stated_cost is not None and abs(account.stated_cost - account.paid) > _PENNY:
                self._case.findings.note(
                    f"The file states a cost of {account.stated_cost:,.2f} GBP for the investments of '{name}', but "
                    f"its trades come to {account.paid:,.2f}: the difference is "
                    f"{account.stated_cost - account.paid:,.2f}."
                )
        gathered = self._ledger.finish(newest_first=False, base_currency=_CURRENCY)
        for group in gathered:
            account = self._accounts.get(group.account, _Account())
            cash = sum((line.market_value for line in group.holdings if line.symbol == "CASH_GBP"), NOTHING)
            if account.stated_balance is not None and abs(account.stated_balance - cash) > _CASH_SUM:
                self._case.findings.note(
                    f"The file ends '{group.name}' with a balance of {account.stated_balance:,.2f} GBP, but its "
                    f"rows lead to {cash:,.2f}: the difference is {account.stated_balance - cash:,.2f}."
                )
        return gathered


def _security(cells: Cells, text: str) -> Security:
    """The fund that a text names, with its ticker in brackets where it has one; dashes are written in two ways."""
    plain = one_line(text).replace("–", "-").replace("—", "-")
    found = _TICKER.search(plain)
    name, ticker = (plain[: found.start()], found[1]) if found else (plain, "")
    return cells.security(ticker, "", name, is_fund=True)
