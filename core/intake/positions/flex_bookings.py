"""What a Flex statement without positions still tells: trades, cash transactions and corporate actions, as entries.

Older queries have only these. Amounts are signed by Interactive Brokers: a purchase has a positive quantity and
negative proceeds. A corporate action that turns one line into another is two records with one description.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal

from core.domain.portfolio import AssetClass
from core.intake.cells.codes import currency_code, isin_fault
from core.intake.cells.dates import NotADate
from core.intake.cells.names import one_line
from core.intake.findings import Findings
from core.intake.positions.broker_tables import amount
from core.intake.positions.flex_xml import FlexElement
from core.intake.positions.lines import ONE
from core.intake.transactions.entries import NOTHING, Entry, EntryKind, Money, Security
from core.intake.transactions.ledger import ALL, Ledger
from core.intake.transactions.moments import DayOrder, parse_moment

KindOf = Callable[[str, str, str], AssetClass]
"""Asset class by category, sub-category and name."""

_CASH = {
    "deposits/withdrawals": EntryKind.DEPOSIT,
    "deposits & withdrawals": EntryKind.DEPOSIT,
    "dividends": EntryKind.DIVIDEND,
    "payment in lieu of dividends": EntryKind.DIVIDEND,
    "withholding tax": EntryKind.TAX,
    "871(m) withholding": EntryKind.TAX,
    "broker interest received": EntryKind.INTEREST,
    "broker interest paid": EntryKind.INTEREST,
    "bond interest received": EntryKind.INTEREST,
    "bond interest paid": EntryKind.INTEREST,
    "other fees": EntryKind.FEE,
    "advisor fees": EntryKind.FEE,
    "commission adjustments": EntryKind.FEE,
}


class FlexBookings:
    """Fills a ledger from one statement; what cannot be read is a problem and leaves a doubt.

    Args:
        account: As the statement writes it.
        kind_of: What a line is by the broker's words.
    """

    def __init__(self, ledger: Ledger, findings: Findings, account: str, kind_of: KindOf) -> None:
        self._ledger = ledger
        self._findings = findings
        self._account = account
        self._kind_of = kind_of
        self._order: list[tuple[datetime, Entry]] = []

    def add(self, trades: Sequence[FlexElement], cash: Sequence[FlexElement], actions: Sequence[FlexElement]) -> int:
        """Take everything, oldest first; returns how many entries came in."""
        for trade in _finest(trades, "EXECUTION"):
            self._trade(trade)
        for booking in _finest(cash, "DETAIL"):
            self._cash(booking)
        for records in _together(actions):
            self._action(records)
        for _, entry in sorted(self._order, key=lambda pair: pair[0]):
            self._ledger.add(entry)
        return len(self._order)

    @property
    def last_day(self) -> date | None:
        """Day of the newest entry; None while there is none."""
        return max((at.date() for at, _ in self._order), default=None)

    def _take(self, entry: Entry) -> None:
        self._order.append((entry.at, entry))

    def _security(self, element: FlexElement, name: str | None = None) -> Security:
        get = element.attributes.get
        isin = get("isin", "").strip().upper()
        isin = isin if isin and isin_fault(isin) is None else ""
        symbol = " ".join(get("symbol", "").split())
        name = one_line(get("description", "")) if name is None else name
        kind = self._kind_of(get("assetCategory", ""), get("subCategory", ""), name)
        multiplier = amount(get("multiplier", "")) or ONE
        return Security(isin or get("conid", "") or symbol, symbol or isin or name, isin, name, kind, multiplier)

    def _moment(self, element: FlexElement, *names: str) -> datetime | None:
        """When it happened, from the first of these attributes that is filled; a problem where it is no date."""
        get = element.attributes.get
        name = next((name for name in names if get(name, "").strip()), names[0])
        day, _, clock = get(name, "").replace(";", " ").strip().partition(" ")
        clock = (clock or get("tradeTime", "")).split(" ")[0]
        if len(clock) == 6 and clock.isdigit():
            clock = f"{clock[:2]}:{clock[2:4]}:{clock[4:]}"
        try:
            return parse_moment(day.rstrip(","), DayOrder.UNKNOWN, clock)
        except NotADate as error:
            self._findings.problem(element.row, name, get(name, ""), f"The date {error}.")
            return None

    def _trade(self, trade: FlexElement) -> None:
        get = trade.attributes.get
        at, currency = self._moment(trade, "tradeDate", "dateTime"), get("currency", "").upper()
        quantity, proceeds = amount(get("quantity", "")), amount(get("proceeds", ""))
        security = self._security(trade)
        money = self._moved(trade, currency, proceeds)
        if quantity is None or not quantity or money is None or currency_code(currency) is None:
            shown = f"{get('quantity', '')} {get('symbol', '')} {currency}"
            self._refuse(trade, "quantity", shown, security, "The trade's quantity, proceeds or currency are missing.")
            return
        if at is None:
            self._ledger.doubt(self._account, security, ALL)
            return
        if get("assetCategory", "").upper() == "CASH":
            bought = get("symbol", "").partition(".")[0].upper()
            self._take(Entry(trade.row, at, EntryKind.FOREX, self._account, cash=(Money(quantity, bought), *money)))
            return
        price = amount(get("tradePrice", ""))
        if _is_cancelled(trade):
            kind = EntryKind.SELL if quantity > 0 else EntryKind.BUY
            self._take(
                Entry(trade.row, at, EntryKind.CANCELLATION, self._account, security, abs(quantity), price, currency,
                      cash=money, column="quantity", cancels=kind)
            )  # fmt: skip
            return
        paid = -sum((one.amount for one in money if one.currency == currency), NOTHING)
        whole = all(one.currency == currency for one in money)
        self._take(
            Entry(
                trade.row,
                at,
                EntryKind.BUY if quantity > 0 else EntryKind.SELL,
                self._account,
                security,
                abs(quantity),
                price,
                currency,
                cost=paid if quantity > 0 and whole else None,
                cash=money,
                column="quantity",
            )
        )

    def _moved(self, trade: FlexElement, currency: str, proceeds: Decimal | None) -> tuple[Money, ...] | None:
        """Money that a trade moved: all of it in one sum, or the commission apart where it is in another currency."""
        get = trade.attributes.get
        if proceeds is None:
            return None
        commission, paid_in = amount(get("ibCommission", "")) or NOTHING, get("ibCommissionCurrency", "").upper()
        without = proceeds + (amount(get("taxes", "")) or NOTHING)
        if not commission or paid_in in ("", currency):
            return (Money(without + commission, currency),)
        return (Money(without, currency), Money(commission, paid_in))

    def _cash(self, booking: FlexElement) -> None:
        get = booking.attributes.get
        at = self._moment(booking, "dateTime", "reportDate")
        value, currency = amount(get("amount", "")), get("currency", "").upper()
        if value is None or currency_code(currency) is None:
            shown = f"{get('amount', '')} {currency}"
            self._refuse(booking, "amount", shown, None, "The amount or its currency is missing.")
            return
        if at is None:
            self._ledger.doubt(self._account, currency=currency)
            return
        kind = _CASH.get(get("type", "").strip().lower(), EntryKind.CORRECTION)
        if kind is EntryKind.CORRECTION:
            self._findings.tally("Cash transactions of types that are not known moved only cash", get("type", ""))
        if kind is EntryKind.DEPOSIT and value < 0:
            kind = EntryKind.WITHDRAWAL
        self._take(Entry(booking.row, at, kind, self._account, cash=(Money(value, currency),)))

    def _action(self, records: Sequence[FlexElement]) -> None:
        """One corporate action: an exchange, a split, a sale for cash, or new shares."""
        first = records[0]
        at = self._moment(first, "dateTime", "reportDate")
        lines = [
            (self._security(one, _name_in(one)), amount(one.attributes.get("quantity", "")) or NOTHING)
            for one in records
        ]
        gone, come = [one for one in lines if one[1] < 0], [one for one in lines if one[1] > 0]
        cash = tuple(
            Money(value, one.attributes.get("currency", "").upper())
            for one in records
            if (value := amount(one.attributes.get("proceeds", "")))
        )
        description = one_line(first.attributes.get("description", ""))
        if at is None or len(gone) > 1 or len(come) > 1 or not (gone or come or cash):
            for security, _ in lines:
                message = "The corporate action is not one that is understood. Correct the positions by hand."
                self._refuse(first, "description", description, security, message)
            return
        row, account = first.row, self._account
        if gone and come:
            (old, given), (new, got) = gone[0], come[0]
            if old.key == new.key:
                self._take(Entry(row, at, EntryKind.SPLIT, account, old, given + got, cash=cash, column="quantity"))
            else:
                self._take(
                    Entry(row, at, EntryKind.EXCHANGE, account, old, -given, into=new, into_quantity=got, cash=cash,
                          column="quantity")
                )  # fmt: skip
        elif gone:
            old, given = gone[0]
            price = cash[0].amount / -given / old.multiplier if cash else None
            currency = cash[0].currency if cash else ""
            self._take(
                Entry(row, at, EntryKind.SELL, account, old, -given, price, currency, cash=cash, column="quantity",
                      market=False)
            )  # fmt: skip
        elif come:
            new, got = come[0]
            kind = EntryKind.SPLIT if "SPLIT" in description.upper() else EntryKind.DISTRIBUTION
            self._take(Entry(row, at, kind, account, new, got, cash=cash, column="quantity"))
        else:
            self._take(Entry(row, at, EntryKind.CORRECTION, account, cash=cash))

    def _refuse(self, element: FlexElement, column: str, value: str, security: Security | None, message: str) -> None:
        self._findings.problem(element.row, column, value, message)
        self._ledger.doubt(self._account, security, ALL)


def _is_cancelled(trade: FlexElement) -> bool:
    """Whether a trade takes another back: its type, its side ("BUY (Ca.)") or its notes say so."""
    get = trade.attributes.get
    noted = get("transactionType", "").lower() == "tradecancel" or "(ca" in get("buySell", "").lower()
    return noted or "ca" in get("notes", "").lower().split(";")


def _name_in(action: FlexElement) -> str:
    """The name of the line in the description of an action: "ABC(...) SPLIT 1 FOR 25 (ABC, ABC HOLDINGS, CA...)"."""
    parts = action.attributes.get("description", "").rpartition(" (")[2].removesuffix(")").split(", ")
    return one_line(", ".join(parts[1:-1])) if len(parts) > 2 else ""


def _finest(elements: Sequence[FlexElement], word: str) -> Iterable[FlexElement]:
    """Records of the finest detail: a query may repeat them as orders and sums."""
    detailed = [one for one in elements if one.attributes.get("levelOfDetail", "").upper() == word]
    return detailed or elements


def _together(actions: Sequence[FlexElement]) -> list[list[FlexElement]]:
    """Records of one action: the same moment and the same description before the line it is about."""
    groups: dict[tuple[str, str], list[FlexElement]] = {}
    for action in actions:
        get = action.attributes.get
        key = get("actionID", "") or get("description", "").rpartition(" (")[0] or get("description", "")
        groups.setdefault((get("dateTime", ""), key), []).append(action)
    return list(groups.values())
