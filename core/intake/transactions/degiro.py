"""DEGIRO's Account.csv: movements of money with a running balance a currency, headers in the user's language.

Known habits: the columns with the amounts have no name; an order is several rows with one order id (a fill each, a
fee, both sides of the currency exchange); quantity and price stand in the description; a long order id continues in a
row of its own; newest row first. Currency and amount are read by their place, because only that is alike everywhere.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

from core.errors import UnreadableFile
from core.intake.cells.headers import normal
from core.intake.cells.numbers import choose_style
from core.intake.gathering import Case, Gathered
from core.intake.opening.source import SourceFile, has_header
from core.intake.transactions.degiro_words import INTERNAL, DescribedTrade, folded, meaning_of, trade_in
from core.intake.transactions.entries import NOTHING, Entry, EntryKind, Money
from core.intake.transactions.ledger import ALL, Ledger
from core.intake.transactions.moments import DayOrder
from core.intake.transactions.table import (
    BrokerLayout,
    Cells,
    HeadedTable,
    Numbers,
    Rows,
    settle,
    shown_styles,
    text_rows,
)
from core.intake.transactions.trades import readings

FAMILY = "degiro"
_PLACES = (
    "date", "time", "value_date", "product", "isin", "description", "fx", "currency", "change", "balance_currency",
    "balance", "order",
)  # fmt: skip
_DATES = frozenset({"date", "datum", "fecha", "data", "dato"})
LAYOUT = BrokerLayout(
    names={name: (name,) for name in _PLACES},
    needed=_PLACES,
    days=DayOrder.DAY_FIRST,
    style=None,
    numeric=("change", "balance", "fx"),
)
_HEADER_WITHIN = 20
_CENT = Decimal("0.01")
_SHARE = Decimal("0.001")


def is_header(row: list[str]) -> bool:
    """Whether a row is the header in any language: a date first, ISIN fifth, and two columns without a name."""
    return (
        len(row) >= 11
        and normal(row[0]) in _DATES
        and "isin" in normal(row[4])
        and bool(row[7].strip() and row[9].strip())
        and not (row[8].strip() or row[10].strip())
    )


def detect(source: SourceFile) -> bool:
    """Whether a text has such a header among its first rows."""
    return has_header(source, is_header, _HEADER_WITHIN)


def read(source: SourceFile, case: Case) -> list[Gathered]:
    """Read the one account of the file.

    Raises:
        UnreadableFile: No header, or a table that cannot be split.
    """
    rows = text_rows(source)
    header = next((row for _, row in rows if is_header(row)), None)
    if header is None:
        raise UnreadableFile(f"'{source.name}' has no header row as DEGIRO's account statement writes it.")
    numbered = list(_joined(rows))
    samples = [row[place] for _, row in numbered[:2_000] for place in (8, 10) if place < len(row)]
    numbers = Numbers(choose_style(samples, ",").style, shown_styles(samples))
    table = HeadedTable(case, LAYOUT, list(_PLACES), numbers)
    table.columns.labels = dict(zip(_PLACES, _labels(header), strict=True))
    ledger = Ledger(case, FAMILY, source.name)
    statement = _Statement(case, ledger)
    for number, row in numbered:
        statement.take(table.cells(number, row))
    statement.finish()
    return ledger.finish(newest_first=True)


def _labels(header: list[str]) -> list[str]:
    names = [cell.strip() for cell in header[:12]] + [""] * (12 - len(header))
    return [name or names[place - 1] for place, name in enumerate(names)]


def _joined(rows: Rows) -> Iterator[tuple[int, list[str]]]:
    """The rows, with an order id that continues in the next row put back together."""
    held: tuple[int, list[str]] | None = None
    for number, row in rows:
        filled = [cell for cell in row if cell.strip()]
        if held is not None and len(row) >= 12 and len(filled) == 1 and row[11].strip():
            held[1][11:12] = [(held[1][11] if len(held[1]) > 11 else "") + row[11].strip()]
            continue
        if held is not None:
            yield held
        held = (number, row)
    if held is not None:
        yield held


@dataclass(slots=True)
class _Order:
    """What the rows of one order id say together.

    Attributes:
        fees: By currency.
        exchanged: Amounts of the currency exchanges, by currency; their relation is the order's rate.
        quantity: Units of all fills.
    """

    fees: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    exchanged: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    quantity: Decimal = NOTHING

    def fees_in(self, currency: str) -> Decimal | None:
        """All fees in one currency; None where the order has no rate for them."""
        total = NOTHING
        for other, fee in self.fees.items():
            if other == currency:
                total += fee
            elif self.exchanged.get(other) and self.exchanged.get(currency):
                total += fee * self.exchanged[currency] / self.exchanged[other]
            else:
                return None
        return total


class _Statement:
    """The rows of one file on their way to entries."""

    def __init__(self, case: Case, ledger: Ledger) -> None:
        self._case = case
        self._ledger = ledger
        self._orders: dict[str, _Order] = defaultdict(_Order)
        self._entries: list[tuple[Entry, str]] = []
        self._events: dict[tuple[date, str], list[Entry]] = defaultdict(list)

    def take(self, cells: Cells) -> None:
        """Read one row; its entry is held back until the whole order is known."""
        if cells.blank():
            return
        entries = self._row(cells)
        if not cells.good:
            settle(cells, (), self._ledger)
            return
        self._entries.extend((entry, cells.text("order")) for entry in entries)

    def _row(self, cells: Cells) -> Iterable[Entry]:
        description = cells.text("description")
        trade = trade_in(description)
        meaning = meaning_of(description) if trade is None else None
        at = cells.moment("date", "time")
        if meaning == INTERNAL:
            return ()
        money, balance = self._money(cells)
        entry = Entry(
            cells.number,
            at,
            EntryKind.CORRECTION,
            cash=(money,) if money.amount else (),
            balance=balance,
            column=cells.label("description"),
        )
        if trade is not None:
            return self._trade(cells, entry, trade, money)
        if not isinstance(meaning, EntryKind):
            cells.unknown_kind("description", description)
            return ()
        order = self._orders[cells.text("order")]
        if meaning is EntryKind.FEE:
            order.fees[money.currency] -= money.amount
        elif meaning is EntryKind.FOREX:
            order.exchanged[money.currency] += abs(money.amount)
        return (replace(entry, kind=meaning),)

    def _money(self, cells: Cells) -> tuple[Money, Money | None]:
        """The movement and the balance after it. A row may state the balance alone."""
        amount = cells.number_in("change")
        written = cells.text("currency") or cells.text("balance_currency")
        currency, units = cells.currency("currency", written)
        cells.moved = currency or ALL
        stated = cells.number_in("balance")
        balance = None
        if stated is not None:
            other, other_units = cells.currency("balance_currency")
            balance = Money(stated / other_units, other)
        return Money((amount or NOTHING) / units, currency), balance

    def _trade(self, cells: Cells, entry: Entry, trade: DescribedTrade, money: Money) -> Iterable[Entry]:
        security = cells.security("", cells.text("isin"), cells.text("product"))
        currency, units = cells.currency("description", trade.currency)
        read = _quantity_and_price(cells, trade, money, units)
        if not cells.good or read is None:
            return ()
        quantity, price = read
        sells = money.amount > 0 if trade.sells is None else trade.sells
        moved = replace(
            entry, kind=EntryKind.SELL if sells else EntryKind.BUY, security=security, quantity=quantity, price=price,
            currency=currency,
        )  # fmt: skip
        if trade.event:
            # The money of a corporate action stays what it is; its shares wait for their counterpart.
            self._events[entry.at.date(), folded(trade.event)].append(replace(moved, cash=(money,), balance=None))
            return (entry,)
        if money.currency == currency and not _fits(quantity * price, money.amount):
            cells.note(
                "Amounts that quantity × price does not explain; what these lines cost was left open", security.symbol
            )
            return (moved,)
        self._orders[cells.text("order")].quantity += quantity
        paid = abs(money.amount) if money.amount and money.currency == currency else quantity * price
        return (replace(moved, cost=None if sells else paid),)

    def finish(self) -> None:
        """Everything into the ledger, in the order of the file."""
        for entry, order_id in self._entries:
            order = self._orders[order_id]
            if entry.kind is EntryKind.BUY and entry.cost is not None and order_id and order.quantity:
                fees = order.fees_in(entry.currency)
                share = None if fees is None else fees * entry.quantity / order.quantity
                entry = replace(entry, cost=None if share is None else entry.cost + share)
            self._ledger.add(entry)
        for legs in self._events.values():
            self._corporate_action(legs)

    def _corporate_action(self, legs: list[Entry]) -> None:
        """Join what left with what came: first of the same security, then the only ones that remain."""
        out = [leg for leg in legs if leg.kind is EntryKind.SELL]
        came = [leg for leg in legs if leg.kind is EntryKind.BUY]
        for leg in list(out):
            same = next((other for other in came if other.security == leg.security), None)
            if same is not None:
                self._exchange(leg, same)
                out.remove(leg)
                came.remove(same)
        if len(out) == len(came) == 1:
            self._exchange(out[0], came[0])
        elif not out or not came:
            for leg in out + came:
                self._ledger.add(_alone(leg))
        else:
            for leg in out + came:
                symbol = leg.security.symbol if leg.security else ""
                message = (
                    "Several securities left and came in one corporate action, and the file does not say which "
                    "became which. Add the line by hand; until then it is left out."
                )
                self._case.findings.problem(leg.row, leg.column, symbol, message)
                self._ledger.doubt("", leg.security)

    def _exchange(self, old: Entry, new: Entry) -> None:
        self._ledger.add(
            replace(old, kind=EntryKind.EXCHANGE, price=None, cash=(), into=new.security, into_quantity=new.quantity)
        )


def _quantity_and_price(
    cells: Cells, trade: DescribedTrade, money: Money, units: int
) -> tuple[Decimal, Decimal] | None:
    """Units and price out of the description, where "82,055" may be two numbers: the reading that gives the amount."""
    texts = (trade.quantity, trade.longer)
    fitting = readings(texts, trade.price, units, lambda gross: bool(money.amount) and _fits(gross, money.amount))
    if len(fitting) == 1:
        return fitting[0]
    if money.amount and len(readings(texts, trade.price, units)) > 1:
        message = "Quantity and price can be read in two ways and neither gives the amount. Correct the row."
        cells.problem("description", f"{trade.quantity} @ {trade.price}", message)
        return None
    quantity = cells.read_number("description", trade.quantity)
    price = cells.read_number("description", trade.price)
    return None if quantity is None or price is None else (quantity, price / units)


def _fits(gross: Decimal, amount: Decimal) -> bool:
    """Whether an amount is a product, but for the rounding of both."""
    return abs(gross - abs(amount)) <= max(_CENT, abs(amount) * _SHARE)


def _alone(leg: Entry) -> Entry:
    """A corporate action with one side: paid for or sold for the money in its row, else given."""
    amount = leg.cash[0].amount if leg.cash else NOTHING
    bare = replace(leg, cash=(), market=False)
    if leg.kind is EntryKind.SELL:
        return bare
    if amount:
        return replace(bare, cost=abs(amount) if leg.cash[0].currency == leg.currency else None)
    return replace(bare, kind=EntryKind.DISTRIBUTION, price=leg.price or None)
