"""Daily returns of many portfolios at once, from present weights and price histories."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import floor

import numpy as np
from numpy.typing import NDArray

from core.domain.facts import Badge
from core.domain.fx import Rates
from core.domain.portfolio import AssetClass, Holding, Portfolio
from core.metrics.definitions import MAX_STALE_DAYS, MIN_COVERAGE, MIN_RETURNS
from core.metrics.prices import PriceHistory, PriceSeries
from core.metrics.valuation import Valuation

Floats = NDArray[np.float64]
Days = NDArray[np.datetime64]

_CASH_IN = "\0cash "
"""Before a currency: the pseudo symbol of foreign cash, whose price is always 1. No symbol has a NUL."""

_NAMED = 5


@dataclass(frozen=True, slots=True)
class Sample:
    """Returns of the portfolios that share one set of days.

    Attributes:
        members: Positions in the sequence that was asked for, in the order of the columns.
        first: Day of the first close.
        last: Day of the last close.
        returns: Simple daily returns in base currency, shape (n_days - 1, n_portfolios).
    """

    members: tuple[int, ...]
    first: date
    last: date
    returns: Floats


@dataclass(frozen=True, slots=True)
class _Plan:
    """One portfolio before its days are known: weight by symbol, rescaled for what has no history."""

    member: int
    weights: dict[str, float]
    base: str
    as_of: date


@dataclass(frozen=True, slots=True)
class NoSample:
    """Why a portfolio has no returns."""

    member: int
    reason: str


def samples(
    portfolios: Sequence[Portfolio], valuations: Sequence[Valuation], rates: Rates, prices: PriceHistory
) -> Iterator[Sample | NoSample]:
    """Returns of every portfolio; those with the same days and base currency share one table of moves.

    Each portfolio keeps the days that all its series have, up to its own day; today's weights are held by daily
    rebalancing. Base cash earns nothing, foreign cash earns its exchange rate. Lines without a usable history
    (none, under 60 returns, or ended over 10 days before) may be up to 5 % of gross value: the others are scaled up
    for them. Everything else comes back as a `NoSample`.
    """
    plans: list[_Plan] = []
    usable = _Usable(prices)
    for member, (portfolio, valuation) in enumerate(zip(portfolios, valuations, strict=True)):
        plan = _plan(member, portfolio, valuation, usable)
        if isinstance(plan, NoSample):
            yield plan
        else:
            plans.append(plan)
    if plans:
        yield from _Table(plans, rates, prices).samples(plans)


class _Usable:
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
    return closes > MIN_RETURNS and _age(series.days[closes - 1], as_of) <= MAX_STALE_DAYS


def _age(day: np.datetime64, as_of: date) -> int:
    return int((np.datetime64(as_of) - day).astype(int))


def _plan(member: int, portfolio: Portfolio, valuation: Valuation, usable: _Usable) -> _Plan | NoSample:
    if valuation.total is None or valuation.why_no_shares:
        return NoSample(member, valuation.why_no_shares or valuation.why_no_total)
    weights: defaultdict[str, float] = defaultdict(float)
    missing: dict[str, float] = {}
    gross = covered = 0.0
    has_history = usable.on(portfolio.as_of, [holding.symbol for holding in portfolio.holdings])
    for holding, value in zip(portfolio.holdings, valuation.values, strict=True):
        gross += abs(value)
        if holding.asset_class is AssetClass.CASH:
            covered += abs(value)
            if holding.currency != portfolio.base_currency:
                weights[_CASH_IN + holding.currency] += value / valuation.total
        elif has_history[holding.symbol]:
            covered += abs(value)
            weights[holding.symbol] += value / valuation.total
        else:
            missing[holding.symbol] = missing.get(holding.symbol, 0.0) + abs(value)
    # Exactly 95 % is enough, whichever way the sums were rounded.
    if covered < (MIN_COVERAGE - 1e-9) * gross:
        return NoSample(member, _why_uncovered(covered / gross, missing))
    if not any(not symbol.startswith(_CASH_IN) for symbol in weights):
        return NoSample(member, "No line has a price history: cash alone has no returns to measure.")
    scale = gross / covered
    return _Plan(
        member,
        {symbol: weight * scale for symbol, weight in weights.items()},
        portfolio.base_currency,
        portfolio.as_of,
    )


def _why_uncovered(share: float, missing: dict[str, float]) -> str:
    largest = sorted(missing, key=lambda symbol: (-missing[symbol], symbol))
    more = f" and {len(largest) - _NAMED} more" if len(largest) > _NAMED else ""
    covered = floor(1000 * share + 1e-6) / 10  # rounded down: 94.99 % must not read 95 %
    return (
        f"Price history covers {covered}% of gross value and {MIN_COVERAGE:.0%} is needed; none that is long and "
        f"recent enough for {', '.join(largest[:_NAMED])}{more}."
    )


class _Table:
    """Closes of all symbols that the plans need, on the union of their days; NaN where a series has no close."""

    def __init__(self, plans: Sequence[_Plan], rates: Rates, prices: PriceHistory) -> None:
        symbols = sorted({symbol for plan in plans for symbol in plan.weights})
        quoted = [symbol for symbol in symbols if not symbol.startswith(_CASH_IN)]
        self._rates = rates
        self._axis: Days = np.unique(np.concatenate([prices[symbol].days for symbol in quoted]))
        self._dates: list[date] = self._axis.tolist()
        self._closes = np.full((len(symbols), self._axis.size), np.nan)
        self._row = {symbol: row for row, symbol in enumerate(symbols)}
        self._currency: dict[str, str] = {}
        for symbol in symbols:
            if symbol.startswith(_CASH_IN):
                self._currency[symbol] = symbol.removeprefix(_CASH_IN)
                self._closes[self._row[symbol]] = 1.0
            else:
                series = prices[symbol]
                self._currency[symbol] = series.currency
                self._closes[self._row[symbol], np.searchsorted(self._axis, series.days)] = series.closes
        self._calendars: dict[bytes, int] = {}
        self._masks: list[NDArray[np.bool_]] = []
        self._calendar_of: defaultdict[str, dict[str, int]] = defaultdict(dict)
        self._factors: dict[tuple[str, str], Floats] = {}

    def samples(self, plans: Sequence[_Plan]) -> Iterator[Sample | NoSample]:
        """Group the plans by base currency and common days, and compute each group from one table of moves."""
        groups: defaultdict[tuple[str, bytes], list[_Plan]] = defaultdict(list)
        masks: dict[tuple[date, frozenset[int]], NDArray[np.bool_]] = {}
        for plan in plans:
            key = plan.as_of, frozenset(self._calendars_in(plan.base, plan.weights))
            if key not in masks:
                masks[key] = self._common(*key)
            mask = masks[key]
            days = np.flatnonzero(mask)
            if days.size <= MIN_RETURNS:
                yield NoSample(
                    plan.member,
                    f"Its price histories share {days.size} days and {MIN_RETURNS + 1} are needed.",
                )
            elif _age(self._axis[days[-1]], plan.as_of) > MAX_STALE_DAYS:
                yield NoSample(
                    plan.member,
                    f"The last day with a price of every line is {self._dates[days[-1]]}, over {MAX_STALE_DAYS} days "
                    f"before {plan.as_of}.",
                )
            else:
                groups[plan.base, mask.tobytes()].append(plan)
        for (base, packed), group in groups.items():
            yield self._multiplied(base, np.flatnonzero(np.frombuffer(packed, dtype=np.bool_)), group)

    def _multiplied(self, base: str, days: NDArray[np.intp], group: Sequence[_Plan]) -> Sample:
        symbols = sorted({symbol for plan in group for symbol in plan.weights})
        place = {symbol: column for column, symbol in enumerate(symbols)}
        rows = np.array([self._row[symbol] for symbol in symbols])
        closes = self._closes[np.ix_(rows, days)]
        for symbol in symbols:
            if self._currency[symbol] != base:
                closes[place[symbol]] *= self._factor(self._currency[symbol], base)[days]
        moves = closes[:, 1:] / closes[:, :-1] - 1.0
        # One product a portfolio over its own lines, each row contiguous: a single large product, or sums across rows,
        # would round differently with every set of portfolios, and a fact must not depend on who else was asked for.
        returns = np.empty((len(group), days.size - 1))
        for row, plan in enumerate(group):
            weights = np.fromiter(plan.weights.values(), dtype=np.float64)
            np.matmul(weights, moves[[place[symbol] for symbol in plan.weights]], out=returns[row])
        return Sample(
            tuple(plan.member for plan in group),
            self._dates[days[0]],
            self._dates[days[-1]],
            returns.T,
        )

    def _common(self, as_of: date, calendars: frozenset[int]) -> NDArray[np.bool_]:
        mask: NDArray[np.bool_] = self._axis <= np.datetime64(as_of)
        for calendar in calendars:
            mask = mask & self._masks[calendar]
        return mask

    def _calendars_in(self, base: str, symbols: Iterable[str]) -> Iterator[int]:
        """For each symbol a number for the set of days on which it has a value in `base`; most share a few sets."""
        known = self._calendar_of[base]
        for symbol in symbols:
            if symbol not in known:
                mask = ~np.isnan(self._closes[self._row[symbol]])
                if self._currency[symbol] != base:
                    mask &= ~np.isnan(self._factor(self._currency[symbol], base))
                known[symbol] = self._calendars.setdefault(mask.tobytes(), len(self._masks))
                if known[symbol] == len(self._masks):
                    self._masks.append(mask)
            yield known[symbol]

    def _factor(self, currency: str, base: str) -> Floats:
        """Units of `base` for one of `currency` on each day of the axis, last known; NaN before the first rate."""
        known = self._factors.get((currency, base))
        if known is None:
            daily = (self._rates.factor(currency, base, day) for day in self._dates)
            known = np.array([np.nan if factor is None else factor for factor in daily])
            self._factors[currency, base] = known
        return known


def worst_badge(portfolio: Portfolio, prices: PriceHistory) -> Badge:
    """The weakest origin among the series used and the weights themselves, which are always derived."""
    if portfolio.is_sample or any(_simulated(holding, prices) for holding in portfolio.holdings):
        return Badge.SIMULATED
    return Badge.DERIVED


def _simulated(holding: Holding, prices: PriceHistory) -> bool:
    series = prices.get(holding.symbol)
    return series is not None and series.badge is Badge.SIMULATED and holding.asset_class is not AssetClass.CASH
