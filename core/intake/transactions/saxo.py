"""Saxo's transactions: quantity and price inside a text, "Sell 3 @ 139.74 USD", the amount with its costs beside it.

Known habits: a decimal comma in quotes; months by name in the user's language; amounts in the account's currency, to
which a conversion rate leads, but the file never names that currency. Where every unconverted row is in one currency,
that is it; else converted money cannot be placed and cash is left out.
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
from core.intake.transactions.moments import DayOrder
from core.intake.transactions.table import BrokerLayout, Cells, open_table, read_rows
from core.intake.transactions.trades import readings, settled

FAMILY = "saxo"
LAYOUT = BrokerLayout(
    names={
        "account": ("client_id", "account_id"),
        "date": ("trade_date",),
        "type": ("type",),
        "name": ("instrument",),
        "isin": ("instrument_isin",),
        "currency": ("instrument_currency",),
        "symbol": ("instrument_symbol",),
        "event": ("event",),
        "amount": ("amount", "booked_amount"),
        "rate": ("conversion_rate",),
    },
    needed=("date", "type", "name", "isin", "currency", "symbol", "event", "amount"),
    days=DayOrder.DAY_FIRST,
    style=None,
    numeric=("amount",),
)
_TRADE = re.compile(r"(\w+)\s+(-?[0-9][0-9.,]*)\s*@\s*([0-9][0-9.,]*)\s+([A-Za-z]{3})", re.IGNORECASE)
_BUYS = frozenset(["buy", "koop", "kauf", "achat", "compra", "acquisto", "køb", "kjøp", "köp", "kup"])
_SELLS = frozenset(["sell", "verkoop", "verkauf", "vente", "venta", "vendita", "salg", "sälj", "sprzedaj"])
_WORDS = (
    ("dividend|ausschüttung|udbytte|utbytte|utdelning|cedola", EntryKind.DIVIDEND),
    ("interest|rente|zins|intér|interes|ränta", EntryKind.INTEREST),
    ("tax|belasting|steuer|impôt|skat|skatt|duty", EntryKind.TAX),
    ("withdrawal|opname|auszahlung|retrait|retirada|udbetaling|uttag|prelievo", EntryKind.WITHDRAWAL),
    ("deposit|storting|einzahlung|versement|depósito|indbetaling|innskudd|insättning|versamento", EntryKind.DEPOSIT),
    ("fee|kosten|gebühr|frais|commission|gebyr|avgift|costi|courtage|vat", EntryKind.FEE),
    ("cash adjustment|correction|rebate|bonus", EntryKind.CORRECTION),
)
_KINDS = tuple((re.compile(words, re.IGNORECASE), kind) for words, kind in _WORDS)
_ONE = Decimal(1)
_COSTS = Decimal("0.05")
_LEAST_COSTS = Decimal(50)


def detect(source: SourceFile) -> bool:
    """Whether a text has Saxo's header among its first rows."""
    return LAYOUT.detects(source)


def read(source: SourceFile, case: Case) -> list[Gathered]:
    """Read the accounts of the file.

    Raises:
        UnreadableFile: No header, or a table that cannot be split.
    """
    table, rows = open_table(source, case, LAYOUT, "Saxo's list of transactions")
    ledger = Ledger(case, FAMILY, source.name)
    reader = _Reader()
    read_rows(table, rows, ledger, reader.take)
    reader.finish(case, ledger)
    return ledger.finish()


class _Reader:
    """Reads rows and holds back those whose money was converted until the account's currency is known."""

    def __init__(self) -> None:
        self._currencies: dict[str, set[str]] = {}
        self._converted: list[tuple[Entry, Decimal]] = []

    def take(self, cells: Cells) -> Iterable[Entry]:
        """The entries of one row."""
        cells.account = cells.text("account")
        event = cells.text("event")
        at = cells.moment("date")
        currency, _ = cells.currency("currency")
        cells.moved = currency or ALL
        rate = cells.number_in("rate") or _ONE
        amount = cells.needed("amount")
        entry = Entry(
            cells.number,
            at,
            EntryKind.CORRECTION,
            cells.account,
            cash=(Money(amount, currency),),
            column=cells.label("event"),
        )
        found = _TRADE.fullmatch(event)
        if found is not None and found[1].lower() in _BUYS | _SELLS:
            trade = _trade(cells, entry, found, amount / rate)
            entries = () if trade is None else (trade,)
        else:
            kind = next((kind for pattern, kind in _KINDS if pattern.search(event)), None)
            if found is not None or kind is None:
                if cells.text("isin") and kind is None:
                    cells.security(cells.text("symbol"), cells.text("isin"), cells.text("name"))
                cells.unknown_kind("event", event)
                return ()
            entries = (replace(entry, kind=kind),)
        if not cells.good:
            return ()
        if rate == _ONE:
            self._currencies.setdefault(cells.account, set()).add(currency)
            return entries
        self._converted.extend((one, amount) for one in entries)
        return ()

    def finish(self, case: Case, ledger: Ledger) -> None:
        """Place the converted money, or leave the account's cash out."""
        told: set[str] = set()
        for entry, amount in self._converted:
            homes = self._currencies.get(entry.account, set())
            if len(homes) == 1:
                ledger.add(replace(entry, cash=(Money(amount, next(iter(homes))),)))
                continue
            ledger.add(replace(entry, cash=()))
            ledger.doubt(entry.account, currency=ALL)
            if entry.account not in told:
                told.add(entry.account)
                message = (
                    "Amounts were converted into the account's currency, which the file does not name. Export accounts "
                    "of one currency each; until then cash is left out."
                )
                case.findings.problem(entry.row, "Conversion Rate", f"{amount:,.2f}", message)


def _trade(cells: Cells, entry: Entry, found: re.Match[str], amount: Decimal) -> Entry | None:
    """A trade.

    Args:
        amount: What changed hands, brought back to the instrument's currency.
    """
    security = cells.security(cells.text("symbol"), cells.text("isin"), cells.text("name"))
    currency, units = cells.currency("event", found[4])
    paid = abs(amount)

    def near(gross: Decimal) -> bool:
        return abs(abs(gross) - paid) <= max(paid * _COSTS, min(paid, _LEAST_COSTS))

    fitting = readings((found[2],), found[3], units, near)
    if len(fitting) == 1:
        quantity, price = fitting[0]
    else:
        read, one = cells.read_number("event", found[2]), cells.read_number("event", found[3])
        if read is None or one is None:
            return None
        quantity, price = read, one / units
    bought = found[1].lower() in _BUYS
    price, cost = settled(cells, abs(quantity), price, currency, Money(paid, currency), NOTHING, bought=bought)
    return entry.traded(security, abs(quantity), price, currency, cost, bought=bought)
