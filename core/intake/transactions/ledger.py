"""The ledger: entries in, portfolios out. What the entries cannot tell is a problem with its remedy, never a guess.

Positions come from first-in-first-out lots. A list of transactions has no market prices, so each line is valued at the
price of its last trade, marked with that day, and a note says so. Cash is what the file itself last stated where it
keeps a running balance, else what the rows add up to, provided that never falls below zero, which would prove that
earlier rows are missing. Deposits, withdrawals and transfers of known value are the flows.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, localcontext
from itertools import pairwise

from core.domain.portfolio import AssetClass, Flow, Holding
from core.intake.cells.names import portfolio_id_of, stem_of
from core.intake.gathering import Case, Gathered
from core.intake.transactions.balances import Balance, balances_of
from core.intake.transactions.cancelling import without_cancelled
from core.intake.transactions.entries import OUTSIDE, Entry, EntryKind, Security
from core.intake.transactions.positions import OpenPosition, Positions, tidy

_DIGITS = 60
"""Enough for sums of the largest numbers that are read with all their decimals."""
_CENT = Decimal("0.01")
_SHOWN = 12
ALL = "*"
"""Stands for every currency of an account."""


@dataclass(slots=True)
class _Account:
    entries: list[Entry] = field(default_factory=list)
    securities: set[str] = field(default_factory=set)
    currencies: set[str] = field(default_factory=set)
    incomplete: bool = False


class Ledger:
    """The entries of one file.

    Args:
        case: Where problems and notes go.
        family: Formats that continue one another's portfolios share a family.
        file: Display name; its stem names a portfolio that has no account.
        cash: False for formats that list trades but not the money around them.
    """

    def __init__(self, case: Case, family: str, file: str, *, cash: bool = True) -> None:
        self._case = case
        self._family = family
        self._stem = stem_of(file)
        self._cash = cash
        self._accounts: dict[str, _Account] = {}
        self._valued: list[str] = []

    def add(self, entry: Entry) -> None:
        """Take an entry, in the order of the file."""
        self._account(entry.account).entries.append(entry)

    def doubt(self, account: str, security: Security | None = None, currency: str = "") -> None:
        """A row of this account did not come in: what it would have moved is not known any more.

        Args:
            security: What it would have moved; None where it moves only money.
            currency: Of the money it would have moved; "" where it moves none, `ALL` where that cannot be told.
        """
        doubted = self._account(account)
        if security is not None:
            doubted.securities.add(security.key)
        if currency:
            doubted.currencies.add(currency)

    def _account(self, name: str) -> _Account:
        account = self._accounts.get(name)
        if account is None:
            account = self._accounts[name] = _Account()
        return account

    def finish(
        self,
        *,
        as_of: date | None = None,
        newest_first: bool | None = None,
        names: dict[str, str] | None = None,
        base_currency: str | None = None,
    ) -> list[Gathered]:
        """The portfolios, one an account, on one day.

        Args:
            as_of: The day the file stands for where it states one; else the day of its last entry.
            newest_first: Whether the file starts with its newest row; None lets its days decide.
            names: What people call each account; the account itself where it has no other name.
            base_currency: What the file says, or None.
        """
        days = [entry.at.date() for account in self._accounts.values() for entry in account.entries]
        if not days:
            return []
        day = as_of or max(days)
        with localcontext() as context:
            context.prec = _DIGITS
            made = [
                self._portfolio(name, account, (names or {}).get(name) or name or self._stem, day, newest_first)
                for name, account in self._accounts.items()
            ]
        for group in made:
            group.base_currency = base_currency
        self._note_prices()
        if not any(group.holdings for group in made) and not self._case.findings.problem_count:
            message = (
                f"All that came in has left again: at the end of the list ({day}) nothing is held. Where something is, "
                "export the history since the account was opened, or import a list of positions."
            )
            self._case.findings.problem(None, "", "", message)
        return made

    def _portfolio(self, name: str, account: _Account, shown: str, day: date, newest_first: bool | None) -> Gathered:
        problems = self._case.findings.problem_count
        entries = self._standing(account, newest_first)
        group = Gathered(portfolio_id_of(self._family, name or self._stem), shown, name, day)
        positions = Positions(self._case.findings, account.securities)
        positions.run(entries)
        group.holdings = positions.holdings(day, self._note_price)
        account.incomplete = positions.incomplete
        group.holdings += self._cash_lines(shown, account, balances_of(entries))
        group.flows = self._flows(entries)
        if not group.holdings and not account.securities and self._case.findings.problem_count == problems:
            self._case.findings.tally("Accounts that hold nothing at the end of the file", shown)
        return group

    def _standing(self, account: _Account, newest_first: bool | None) -> list[Entry]:
        """The entries in order, without what was cancelled; what cancels a missing row leaves its line unknown."""
        standing = without_cancelled(_in_order(account.entries, newest_first))
        for entry in standing.alone:
            symbol = entry.security.symbol if entry.security else ""
            message = (
                f"The row cancels a dealing of {entry.quantity.normalize():f} units of '{symbol}' that is not in the "
                "file. Export the history since the account was opened; until then the line is left out."
            )
            self._case.findings.problem(entry.row, entry.column, symbol, message)
            if entry.security is not None:
                account.securities.add(entry.security.key)
            account.currencies.update(money.currency for money in entry.cash)
        if gone := len(account.entries) - len(standing.entries) - len(standing.alone):
            self._case.findings.tally(
                "Dealings that were cancelled were left out with the rows that cancel them", f"{gone} rows"
            )
        return standing.entries

    def _flows(self, entries: Iterable[Entry]) -> tuple[Flow, ...]:
        flows: list[Flow] = []
        for entry in entries:
            if entry.flow is not None:
                flows.append(Flow(entry.at.date(), entry.flow.amount, entry.flow.currency))
            elif entry.kind in OUTSIDE:
                flows.extend(Flow(entry.at.date(), money.amount, money.currency) for money in entry.cash)
            elif entry.kind in (EntryKind.TRANSFER_IN, EntryKind.TRANSFER_OUT):
                symbol = entry.security.symbol if entry.security else ""
                self._case.findings.tally(
                    "Transfers of securities without a value are in the positions but not among the flows",
                    f"{symbol} on {entry.at.date()}",
                )
        return tuple(flow for flow in flows if flow.amount)

    def _note_price(self, position: OpenPosition) -> None:
        if position.price is not None:
            price = f"{tidy(position.price).normalize():,f} {position.currency}"
            self._valued.append(f"{position.security.symbol} {price} on {position.priced_on}")

    def _note_prices(self) -> None:
        if not self._valued:
            return
        shown, more = self._valued[:_SHOWN], len(self._valued) - _SHOWN
        rest = f"; and {more:,} more" if more > 0 else ""
        self._case.findings.note(
            "A list of transactions has no market prices: each line is valued at the price of its last trade and "
            f"carries that day. {'; '.join(shown)}{rest}."
        )

    def _cash_lines(self, name: str, account: _Account, balances: dict[str, Balance]) -> list[Holding]:
        if not self._cash:
            self._case.findings.note(
                "The file lists trades but not the money around them, so cash is not known and was left out."
            )
            return []
        made: list[Holding] = []
        for currency, balance in sorted(balances.items()):
            value = self._cash_value(name, account, currency, balance)
            if value is not None and abs(value) >= _CENT / 2:
                made.append(
                    Holding(f"CASH_{currency}", "", f"Cash {currency}", AssetClass.CASH, None, None, currency, value)
                )
        return made

    def _cash_value(self, name: str, account: _Account, currency: str, balance: Balance) -> Decimal | None:
        findings = self._case.findings
        if balance.closing is not None:
            self._note_balance(name, currency, balance)
            return balance.closing
        if currency in account.currencies or ALL in account.currencies:
            findings.note(
                f"Cash in {currency} of '{name}' was left out, because rows that move it did not come in. "
                "Correct the rows named among the problems and import again."
            )
            return None
        if balance.lowest <= -_CENT:
            message = (
                f"The rows bring cash in {currency} of '{name}' to {balance.lowest:,.2f} on {balance.lowest_day}: "
                "deposits or an opening balance are missing. Export the history since the account was opened; "
                "until then this cash is left out."
            )
            findings.problem(None, "cash", f"{balance.total:,.2f} {currency}", message)
            return None
        if account.incomplete:
            findings.note(
                f"Cash in {currency} of '{name}' is not known and was left out: units are sold or paid dividends that "
                "never came in, so the file does not begin where the account does."
            )
            return None
        return balance.total

    def _note_balance(self, name: str, currency: str, balance: Balance) -> None:
        if balance.opening is not None and abs(balance.opening) >= _CENT:
            self._case.findings.note(
                f"The running balance in {currency} of '{name}' starts from {balance.opening:,.2f}: what came before "
                "is not in the file."
            )
        if balance.breaks and balance.first_break is not None:
            row, stated, expected = balance.first_break
            places = "once" if balance.breaks == 1 else f"{balance.breaks:,} times"
            self._case.findings.note(
                f"The running balance in {currency} of '{name}' does not follow from the rows {places} (first in row "
                f"{row}: {stated:,.2f} stated, {expected:,.2f} expected; all together {balance.gap:,.2f}). Rows are "
                "missing, so positions and flows may be incomplete; the balance stated last was kept."
            )


def _in_order(entries: list[Entry], newest_first: bool | None) -> list[Entry]:
    """By time; rows of the same time as they happened, which is from the last row up where the newest comes first."""
    if newest_first is None:
        steps = [(later.at > earlier.at) - (later.at < earlier.at) for earlier, later in pairwise(entries)]
        newest_first = sum(steps) < 0
    return sorted(reversed(entries) if newest_first else entries, key=lambda entry: entry.at)
