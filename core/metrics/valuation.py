"""A portfolio's lines in base currency: ids, values, weights, and what could not be valued."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache, partial
from math import fsum, isfinite, nan

from core.domain.facts import HoldingFact
from core.domain.fx import Rates
from core.domain.portfolio import AssetClass, Holding, Portfolio
from core.metrics.exposure import size
from core.metrics.fx import DatedRates

UNCLASSIFIED = "unclassified"
CASH_SECTOR = "cash"

_NOT_WORD = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class Valuation:
    """What the lines of a portfolio are worth together.

    Attributes:
        values: Of each line in base currency, in the portfolio's order; NaN where a rate is missing.
        sizes: What each line stands for in base currency, never below zero, as `core.metrics.exposure.size` says; NaN
            where that is not known.
        total: Their sum; None when it is not known.
        why_no_total: A sentence, when `total` is None.
        why_no_shares: A sentence, when weights have no meaning (no total, or one that is not above zero); else "".
        rates_note: Which rates were used, and which prices are doubtful, as sentences; "" for nothing of the kind.
    """

    values: tuple[float, ...]
    sizes: tuple[float, ...]
    total: float | None
    why_no_total: str
    why_no_shares: str
    rates_note: str


class Valuer:
    """Values portfolios with one source of rates, and remembers what many portfolios ask for alike."""

    def __init__(self, rates: Rates) -> None:
        self._factor = lru_cache(maxsize=4096)(rates.factor)
        self._note = lru_cache(maxsize=4096)(partial(_rates_note, rates if isinstance(rates, DatedRates) else None))

    def value(self, portfolio: Portfolio) -> Valuation:
        """Convert every line with the last rate known on the portfolio's day.

        One missing rate leaves the total unknown: leaving the line out would make every other weight look plausible
        and be wrong.
        """
        base, on, holdings = portfolio.base_currency, portfolio.as_of, portfolio.holdings
        currencies = {holding.currency for holding in holdings}
        factors = {currency: self._factor(currency, base, on) for currency in currencies}
        missing = sorted(currency for currency, factor in factors.items() if factor is None)
        known = {currency: nan if factor is None else factor for currency, factor in factors.items()}
        values = tuple([float(holding.market_value) * known[holding.currency] for holding in holdings])
        sizes = tuple(
            [size(holding, value, known[holding.currency]) for holding, value in zip(holdings, values, strict=True)]
        )
        if missing:
            rates = f"exchange rate from {', '.join(missing)} to {base} on or before {on}"
            why = f"There is no {rates}, so the total value is not known."
            return Valuation(values, sizes, None, why, why, "")
        total = fsum(values) if all(map(isfinite, values)) else nan
        if not isfinite(total):
            why = "A line has a market value that is not a number, so the total value is not known."
            return Valuation(values, sizes, None, why, why, "")
        no_shares = ""
        if total <= 0:
            no_shares = f"Total value is {total:.2f} {base}: shares of a total that is not above zero have no meaning."
        return Valuation(values, sizes, total, "", no_shares, self._note(frozenset(currencies - {base}), base, on))


def _rates_note(rates: DatedRates | None, foreign: frozenset[str], base: str, on: date) -> str:
    if not foreign:
        return ""
    if rates is None:
        return f"Converted at the last known rates on or before {on}."
    days = {currency: dated[1] for currency in foreign if (dated := rates.dated_factor(currency, base, on)) is not None}
    newest = max(days.values())
    older = "; ".join(f"{currency} of {day}" for currency, day in sorted(days.items()) if day != newest)
    return f"Converted at {rates.attribution} of {newest}{f' ({older})' if older else ''}."


def holding_facts(portfolio: Portfolio, valuation: Valuation) -> tuple[HoldingFact, ...]:
    """Every line with its id, value and weight, in the portfolio's order.

    `value_base` is NaN for a line whose rate is missing, `weight_pct` for all lines while shares have no meaning.
    """
    per_cent = 100.0 / valuation.total if valuation.total is not None and not valuation.why_no_shares else nan
    return tuple(
        HoldingFact(
            holding_id,
            holding.symbol,
            holding.name,
            holding.asset_class.value,
            sector_of(holding),
            holding.country or UNCLASSIFIED,
            holding.currency,
            value * per_cent,
            value,
            holding.terms.exposure,
            holding.terms.hedged_to,
            holding.terms.rating,
            holding.terms.duration_years,
        )
        for holding_id, holding, value in zip(
            holding_ids(portfolio.holdings), portfolio.holdings, valuation.values, strict=True
        )
    )


def holding_ids(holdings: Iterable[Holding]) -> list[str]:
    """An id for each line, unique in the portfolio: its symbol, and "#2", "#3" after it where it comes again."""
    symbols = [holding.symbol for holding in holdings]
    used: set[str] = set(symbols)
    if len(used) == len(symbols):
        return symbols
    used.clear()
    ids = []
    for symbol in symbols:
        holding_id, again = symbol, 1
        while holding_id in used:
            again += 1
            holding_id = f"{symbol}#{again}"
        used.add(holding_id)
        ids.append(holding_id)
    return ids


def sector_of(holding: Holding) -> str:
    """The sector as the source wrote it; cash is a sector of its own, a blank one is "unclassified"."""
    return CASH_SECTOR if holding.asset_class is AssetClass.CASH else holding.sector.strip() or UNCLASSIFIED


@lru_cache(maxsize=4096)
def slug(text: str) -> str:
    """A name as a metric id carries it: "Health Care & Pharma" reads "health_care_pharma".

    Letters lose their accents and case; letters of other scripts stay. Nothing left reads "unclassified".
    """
    plain = "".join(char for char in unicodedata.normalize("NFKD", text) if not unicodedata.combining(char))
    return _NOT_WORD.sub("_", unicodedata.normalize("NFC", plain).casefold()).strip("_") or UNCLASSIFIED
