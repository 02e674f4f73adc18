"""A ledger from its bytes to what its asset accounts hold. This is what the sandbox calls."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from core.errors import UnreadableFile
from core.intake.beancount.booking import book
from core.intake.beancount.entries import Entries, read_entries
from core.intake.beancount.lots import NOTHING
from core.intake.beancount.padding import Whole
from core.intake.beancount.results import Held, LedgerHead, Odd, Quotes, Result, Wrong

_ROOT = re.compile(r"[^\W\d_][\w-]*")


def positions(data: bytes, *, name: str, until: str) -> Iterator[Result]:
    """What the asset accounts hold on a day, the prices, and everything that is wrong or odd.

    Args:
        data: UTF-8.
        name: The file's name, for errors.
        until: Later entries are left out; a day in ISO.

    Raises:
        UnreadableFile: It would make Beancount run code or read other files, or it is cut off.
    """
    last_day = date.fromisoformat(until)
    entries = read_entries(name, data.decode())
    root = entries.options.get("name_assets", "Assets")
    if not _ROOT.fullmatch(root):
        raise UnreadableFile(f"'{name}' calls its asset accounts '{root[:40]}', which is no account name.")
    books = book(entries.dated, entries.options, last_day)
    held, last = _held((one for one in books.postings if one.account.startswith(f"{root}:")), entries.names)
    title, currency = (entries.options.get(option, "") for option in ("title", "operating_currency"))
    yield LedgerHead(title, currency, root, last)
    yield from held
    yield from _quotes(entries, last_day)
    for row, value, message in entries.problems:
        yield Wrong(row, value, message)
    for row, message in books.wrong:
        yield Wrong(row, "", message)
    for heading, rows in (
        ("Transactions that do not sum to nothing were taken as they are written", books.unbalanced),
        ("Balances that the ledger states and that do not hold", books.failing),
        ("Lines that are no entries were left out", entries.passed_over),
    ):
        for row in rows:
            yield Odd(heading, f"line {row}")


def _held(postings: Iterator[Whole], names: dict[str, str]) -> tuple[list[Held], date | None]:
    units: dict[str, Decimal] = {}
    cost: dict[str, dict[str, Decimal]] = {}
    bought: dict[str, dict[str, tuple[date, Decimal]]] = {}
    last: date | None = None
    for one in postings:
        last = one.day if last is None or one.day > last else last
        units[one.currency] = units.get(one.currency, NOTHING) + one.units
        if one.lot is None:
            continue
        paid = cost.setdefault(one.currency, {})
        paid[one.lot.currency] = paid.get(one.lot.currency, NOTHING) + one.units * one.lot.cost
        before = bought.setdefault(one.currency, {}).get(one.lot.currency)
        if one.units > 0 and one.lot.cost > 0 and (before is None or one.day >= before[0]):
            bought[one.currency][one.lot.currency] = (one.day, one.lot.cost)
    return [
        Held(symbol, names.get(symbol, ""), number, cost.get(symbol, {}), bought.get(symbol, {}))
        for symbol, number in units.items()
        if number
    ], last


def _quotes(entries: Entries, last_day: date) -> Iterator[Quotes]:
    found: dict[tuple[str, str], dict[date, Decimal]] = {}
    for day, symbol, number, currency in entries.prices:
        if day <= last_day:
            found.setdefault((symbol, currency), {})[day] = number
    for (symbol, currency), days in found.items():
        yield Quotes(symbol, currency, sorted(days.items()))
