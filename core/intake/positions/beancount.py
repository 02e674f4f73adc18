"""Beancount ledgers: what the asset accounts hold becomes one portfolio, commodities at their last stated price.

The ledger is read in a sandbox by `core.intake.beancount`; no tool is started, and nothing that a ledger says is run.
Its positions are sums of all its entries: where one of them is not understood, no position is taken.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal

import msgspec

from core.domain.portfolio import AssetClass, DailyCloses, Holding
from core.errors import UnreadableFile
from core.intake.beancount.results import Held, LedgerHead, Odd, Quotes, Result, Wrong
from core.intake.cells.asset_classes import class_from_name
from core.intake.cells.codes import currency_code
from core.intake.cells.names import one_line, portfolio_id_of, stem_of
from core.intake.gathering import Case, Gathered
from core.intake.opening.limits import MAX_YAML_BYTES, check_size
from core.intake.opening.source import Container, SourceFile
from core.intake.sandbox.runner import Work, decoded, run

FAMILY = "beancount"
_HEAD_CHARS = 200_000
_ENTRY = re.compile(
    r"^[0-9]{4}[-/][0-9]{2}[-/][0-9]{2}[ \t]+(?:open|close|commodity|balance|price|pad|txn|\*|!)(?:[ \t]|$)",
    re.MULTILINE,
)
_STALE = timedelta(days=7)
_WORK = Work(
    "core.intake.beancount.reader:positions",
    "ledger",
    "Import a shorter ledger: close the books at a day, and begin with what was held then.",
    # A ledger at the cap of its size takes about half a minute of computing.
    cpu_seconds=180,
    seconds=600,
)
_RESULT: msgspec.json.Decoder[Result] = msgspec.json.Decoder(Result)
Closes = dict[tuple[str, str], list[tuple[date, Decimal]]]


def detect(source: SourceFile) -> bool:
    """Whether a text has entries as Beancount writes them."""
    return source.container is Container.TEXT and _ENTRY.search(source.text, 0, _HEAD_CHARS) is not None


def read(source: SourceFile, case: Case) -> list[Gathered]:
    """The portfolio of the asset accounts on the day of the newest entry or price.

    Raises:
        UnreadableFile: It has no entries, or it would make Beancount run code or read other files.
    """
    if not detect(source):
        raise UnreadableFile(f"'{source.name}' has no entries as Beancount writes them. Let the format be detected.")
    check_size(source.name, source.size, MAX_YAML_BYTES)
    latest = case.today + timedelta(days=1)
    lines = run(_WORK, source.name, source.text.encode(), until=latest.isoformat()).splitlines()
    return _Ledger(source.name, case).read(list(decoded(_RESULT, source.name, lines)))


class _Ledger:
    """What came of a ledger on its way to its portfolio."""

    def __init__(self, name: str, case: Case) -> None:
        self._name = name
        self._case = case

    def read(self, results: list[Result]) -> list[Gathered]:
        """The one portfolio, or none."""
        findings = self._case.findings
        for one in results:
            if isinstance(one, Wrong):
                findings.problem(one.row, "", one.value, f"The entry {one.message}.")
            elif isinstance(one, Odd):
                findings.tally(one.heading, one.example)
        if findings.problem_count:
            message = (
                "What a ledger holds is the sum of all its entries, so nothing was taken before these are corrected."
            )
            findings.problem(None, "", "", message)
            return []
        book = next(one for one in results if isinstance(one, LedgerHead))
        if book.last is None:
            message = f"The ledger has no entry in the accounts below '{book.root}' up to {self._case.today}."
            findings.problem(None, book.root, "", message)
            return []
        held = [one for one in results if isinstance(one, Held)]
        closes = self._closes(one for one in results if isinstance(one, Quotes))
        return [self._portfolio(book, book.last, held, closes)]

    def _portfolio(self, book: LedgerHead, last: date, held: list[Held], closes: Closes) -> Gathered:
        symbols = {one.symbol for one in held}
        day = max([last, *(closes[key][-1][0] for key in closes if key[0] in symbols)])
        title = one_line(book.title) or stem_of(self._name)
        group = Gathered(portfolio_id_of(FAMILY, title), title, "", day)
        operating = currency_code(book.currency)
        group.base_currency = operating[0] if operating is not None else None
        for commodity in held:
            holding = self._holding(commodity, closes, day)
            if holding is not None:
                group.holdings.append(holding)
        self._case.findings.note(f"Only accounts below '{book.root}' were read; liabilities are no positions.")
        return group

    def _closes(self, quotes: Iterable[Quotes]) -> Closes:
        """Prices in a real currency by commodity and currency, the oldest first; they are kept as histories."""
        closes: Closes = {}
        for one in quotes:
            known = currency_code(one.currency)
            days = [(day, price) for day, price in one.days if price > 0]
            if days and known is not None and known[1] == 1:
                closes[one.symbol, known[0]] = days
        seen: set[str] = set()
        for (symbol, currency), days in closes.items():
            # A price of a currency is an exchange rate, which this program takes from the central bank.
            if symbol not in seen and currency_code(symbol) is None:
                self._case.prices.append(DailyCloses(symbol, currency, tuple(days)))
                seen.add(symbol)
        return closes

    def _holding(self, one: Held, closes: Closes, day: date) -> Holding | None:
        symbol, name = one.symbol, one_line(one.name)
        if currency_code(symbol) == (symbol, 1):
            return Holding(f"CASH_{symbol}", "", f"Cash {symbol}", AssetClass.CASH, None, None, symbol, one.units)
        quoted = {currency: days[-1] for (commodity, currency), days in closes.items() if commodity == symbol}
        if not quoted:
            quoted = {
                currency: bought for currency, bought in one.bought.items() if currency_code(currency) is not None
            }
            if quoted:
                self._case.findings.tally("Commodities without a price are valued at their last purchase", symbol)
        if not quoted:
            message = (
                f"{one.units.normalize():f} units of '{symbol}' are held, but the ledger has no price to value them. "
                "Add a price directive, or leave the line out if it is no investment."
            )
            self._case.findings.problem(None, "price", symbol, message)
            return None
        currency = max(quoted, key=lambda known: quoted[known][0])
        priced_on, price = quoted[currency]
        if day - priced_on > _STALE:
            self._case.findings.tally("Prices more than a week older than the ledger", f"{symbol} of {priced_on}")
        return Holding(
            symbol, "", name, class_from_name(name) if name else AssetClass.OTHER, one.units, price, currency,
            one.units * price, cost=one.cost[currency] if set(one.cost) == {currency} else None,
            priced_on=priced_on if priced_on < day else None,
        )  # fmt: skip
