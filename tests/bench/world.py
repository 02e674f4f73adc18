"""Portfolios to measure with: the same ones each time, as many as are asked for, none kept in memory."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from functools import cache
from itertools import islice

from core.domain.facts import FactSheet
from core.domain.portfolio import AssetClass, Holding, Portfolio
from core.metrics.factsheet import fact_sheets
from core.metrics.fx import EcbRates

AS_OF = date(2026, 10, 30)
LINES = 50
SHEETS_AT_ONCE = 500

_INSTRUMENTS = 3_000
_SECTORS = (
    "Information Technology", "Financials", "Health Care", "Industrials", "Consumer Staples", "Energy", "Utilities",
    "Consumer Discretionary", "Communication Services", "Materials", "Real Estate",
)  # fmt: skip
_PLACES = (("US", "USD"), ("US", "USD"), ("US", "USD"), ("DE", "EUR"), ("FR", "EUR"), ("GB", "GBP"), ("CH", "CHF"))
_FIRST = ("Northern", "Harbour", "Granite", "Meridian", "Silver", "Atlas", "Cobalt", "Juniper", "Summit", "Orchard")
_SECOND = ("Rail", "Software", "Foods", "Pharma", "Power", "Semiconductor", "Logistics", "Insurance", "Copper", "Media")
_LAST = ("Holdings", "Group plc", "AG", "Corporation", "International", "SA", "Partners", "Industries Inc")


def portfolios(count: int, *, first: int = 0, lines: int = LINES, strangers: bool = False) -> Iterator[Portfolio]:
    """Portfolios of some lines out of 3,000 instruments, each with values of its own.

    Args:
        first: Number of the first one; a portfolio depends on its number alone.
        strangers: Every line is an instrument that no other portfolio holds, the worst case for whatever remembers.
    """
    for number in range(first, first + count):
        chance = random.Random(number)
        if strangers:
            held = [_instrument(chance, f"{number:X}{place:02d}") for place in range(lines)]
        else:
            held = chance.sample(_universe(), lines)
        yield Portfolio(
            f"canonical-client-{number:06d}",
            f"Client {number:06d}",
            f"Client {number:06d}",
            AS_OF,
            "USD" if number % 3 else "EUR",
            True,
            ("US", "UK", "FR", "GLOBAL")[number % 4],
            tuple(_held(line, chance) for line in held),
            "canonical_csv",
        )


def sheets(count: int, *, first: int = 0, lines: int = LINES, strangers: bool = False) -> Iterator[list[FactSheet]]:
    """Their facts without price history, in chunks."""
    rates = EcbRates()
    coming = portfolios(count, first=first, lines=lines, strangers=strangers)
    while chunk := list(islice(coming, SHEETS_AT_ONCE)):
        yield fact_sheets(chunk, rates, None)


@cache
def _universe() -> list[Holding]:
    chance = random.Random(11)
    return [_instrument(chance, f"{number:04d}") for number in range(_INSTRUMENTS)]


def _instrument(chance: random.Random, number: str) -> Holding:
    country, currency = chance.choice(_PLACES)
    name = f"{chance.choice(_FIRST)} {chance.choice(_SECOND)} {number} {chance.choice(_LAST)}"
    symbol = f"{chance.choice('ABCDEFGHKLMNPRST')}{chance.choice('AEIOU')}{number}"
    price = Decimal(chance.randint(500, 90_000)) / 100
    kind = chance.choice((AssetClass.EQUITY, AssetClass.EQUITY, AssetClass.EQUITY_FUND, AssetClass.BOND_FUND))
    return Holding(
        symbol, "", name, kind, Decimal(1), price, currency, price, chance.choice(_SECTORS), country
    )  # fmt: skip


def _held(line: Holding, chance: random.Random) -> Holding:
    quantity = Decimal(chance.randint(1, 400_000)) / 100
    return Holding(
        line.symbol, line.isin, line.name, line.asset_class, quantity, line.price, line.currency,
        round(quantity * (line.price or 1), 2), line.sector, line.country,
    )  # fmt: skip
