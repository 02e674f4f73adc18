"""What of a portfolio has a usable price history, and with which weight it stands for the whole."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import floor

import numpy as np

from core.domain.portfolio import AssetClass, Portfolio
from core.metrics.prices import PriceHistory, PriceSeries
from core.metrics.thresholds import MAX_STALE_DAYS, MIN_COVERAGE, MIN_RETURNS
from core.metrics.valuation import Valuation

CASH_IN = "\0cash "
"""Before a currency: the pseudo symbol of cash, whose price is always 1. No symbol has a NUL."""

_CASH_SYMBOL = re.compile("CASH_([A-Z]{3})")
_NAMED = 5


@dataclass(frozen=True, slots=True)
class Plan:
    """One portfolio before its days are known.

    Attributes:
        member: Its place in the sequence that was asked for.
        weights: Weight by symbol, rescaled for what has no history; base cash has none, because it never moves.
        lines: Of each line with a history or of cash: its place, its symbol and its rescaled weight.
        uncovered: Places of the lines without a usable history.
        base: Currency that returns are measured in.
        as_of: The portfolio's day; later closes are not used.
    """

    member: int
    weights: Mapping[str, float]
    lines: tuple[tuple[int, str, float], ...]
    uncovered: tuple[int, ...]
    base: str
    as_of: date


@dataclass(frozen=True, slots=True)
class NoSample:
    """Why a portfolio has no returns."""

    member: int
    reason: str


class Usable:
    """Which series describe a portfolio of a given day; remembered, because portfolios share symbols and days."""

    def __init__(self, prices: PriceHistory) -> None:
        self._prices = prices
        self._known: defaultdict[date, dict[str, bool]] = defaultdict(dict)

    def on(self, as_of: date, symbols: Iterable[str]) -> Mapping[str, bool]:
        """For at least these symbols."""
        known = self._known[as_of]
        for symbol in symbols:
            if symbol not in known:
                series = self._prices.get(symbol)
                known[symbol] = series is not None and _describes(series, as_of)
        return known


def _describes(series: PriceSeries, as_of: date) -> bool:
    closes = int(np.searchsorted(series.days, np.datetime64(as_of), side="right"))
    return closes > MIN_RETURNS and age(series.days[closes - 1], as_of) <= MAX_STALE_DAYS


def age(day: np.datetime64, as_of: date) -> int:
    """Days from a close to a day."""
    return int((np.datetime64(as_of) - day).astype(int))


def plan(member: int, portfolio: Portfolio, valuation: Valuation, usable: Usable) -> Plan | NoSample:
    """Weights of what has a history, or the reason why the portfolio cannot be described.

    Lines without a usable history (none, under 60 returns, or ended over 10 days before) may be up to 5 % of gross
    value: the others are scaled up for them.
    """
    if valuation.total is None or valuation.why_no_shares:
        return NoSample(member, valuation.why_no_shares or valuation.why_no_total)
    lines: list[tuple[int, str, float]] = []
    uncovered: list[int] = []
    missing: dict[str, float] = {}
    gross = covered = 0.0
    has_history = usable.on(portfolio.as_of, [holding.symbol for holding in portfolio.holdings])
    for place, (holding, value) in enumerate(zip(portfolio.holdings, valuation.values, strict=True)):
        gross += abs(value)
        if holding.asset_class is AssetClass.CASH:
            covered += abs(value)
            lines.append((place, CASH_IN + holding.currency, value / valuation.total))
        elif has_history[holding.symbol]:
            covered += abs(value)
            lines.append((place, holding.symbol, value / valuation.total))
        else:
            uncovered.append(place)
            missing[holding.symbol] = missing.get(holding.symbol, 0.0) + abs(value)
    # Exactly 95 % is enough, whichever way the sums were rounded.
    if covered < (MIN_COVERAGE - 1e-9) * gross:
        return NoSample(member, why_uncovered(covered / gross, missing))
    if all(symbol.startswith(CASH_IN) for _, symbol, _ in lines):
        return NoSample(member, "No line has a price history: cash alone has no returns to measure.")
    scale = gross / covered
    idle = CASH_IN + portfolio.base_currency
    weights: defaultdict[str, float] = defaultdict(float)
    for _, symbol, weight in lines:
        if symbol != idle:
            weights[symbol] += weight
    return Plan(
        member,
        {symbol: weight * scale for symbol, weight in weights.items()},
        tuple([(place, symbol, weight * scale) for place, symbol, weight in lines]),
        tuple(uncovered),
        portfolio.base_currency,
        portfolio.as_of,
    )


def why_uncovered(share: float, missing: Mapping[str, float], *, what: str = "Price history", lack: str = "") -> str:
    """A sentence that names the coverage and the largest lines that have none.

    Args:
        share: What is covered, as a fraction of gross value.
        missing: Gross value by symbol.
        what: What covers.
        lack: What the named lines have none of; default: a price history of use.
    """
    covered = floor(1000 * share + 1e-6) / 10  # rounded down: 94.99 % must not read 95 %
    return (
        f"{what} covers {covered}% of gross value and {MIN_COVERAGE:.0%} is needed; "
        f"{lack or 'none that is long and recent enough'} for {largest(missing)}."
    )


def largest(missing: Mapping[str, float]) -> str:
    """The symbols with the most value, and how many more there are."""
    ranked: Sequence[str] = sorted(missing, key=lambda symbol: (-missing[symbol], symbol))
    more = f" and {len(ranked) - _NAMED} more" if len(ranked) > _NAMED else ""
    return ", ".join(ranked[:_NAMED]) + more


def benchmark_symbols(portfolio: Portfolio, prices: PriceHistory) -> dict[str, float]:
    """Weight by symbol of a portfolio's benchmark; "CASH_EUR", unless it has prices, is cash in euro.

    A symbol without a price history is among them: whoever uses it says that it has none.
    """
    weights: defaultdict[str, float] = defaultdict(float)
    for symbol, weight in portfolio.benchmark:
        cash = _CASH_SYMBOL.fullmatch(symbol) if symbol not in prices else None
        weights[CASH_IN + cash.group(1) if cash else symbol] += float(weight)
    return dict(weights)
