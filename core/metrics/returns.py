"""Daily returns of many portfolios at once, from present weights and price histories."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np
from numpy.typing import NDArray

from core.domain.fx import Rates
from core.domain.portfolio import AssetClass, Portfolio
from core.domain.units import Badge
from core.metrics.closes import Closes
from core.metrics.plans import CASH_IN, NoSample, Plan, Usable, age, benchmark_symbols, plan
from core.metrics.prices import PriceHistory
from core.metrics.thresholds import MAX_STALE_DAYS, MIN_RETURNS, MIN_RETURNS_A_YEAR
from core.metrics.valuation import Valuation

Floats = NDArray[np.float64]
Days = NDArray[np.datetime64]


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """Returns of the portfolios that share one set of days and a base currency.

    Attributes:
        plans: Of its portfolios, in the order of the rows.
        base: Their base currency.
        closes: Where all prices stand.
        at: Places of the sample's days on the axis of `closes`.
        days: Of the closes, shape (n_days,).
        by_portfolio: Simple daily returns in base currency, shape (n_portfolios, n_days - 1), each row contiguous.
        moves: The same of each symbol, shape (n_symbols, n_days - 1).
        place: Row of each symbol in `moves`.
    """

    plans: tuple[Plan, ...]
    base: str
    closes: Closes
    at: NDArray[np.intp]
    days: Days
    by_portfolio: Floats
    moves: Floats
    place: Mapping[str, int]
    _rates: dict[str, Floats] = field(default_factory=dict, repr=False)

    @property
    def members(self) -> tuple[int, ...]:
        """Places of its portfolios in the sequence that was asked for."""
        return tuple(one.member for one in self.plans)

    @property
    def returns(self) -> Floats:
        """Simple daily returns in base currency, shape (n_days - 1, n_portfolios), each column contiguous."""
        return self.by_portfolio.T

    @property
    def first(self) -> date:
        """Day of the first close."""
        day: date = self.days[0].item()
        return day

    @property
    def last(self) -> date:
        """Day of the last close."""
        day: date = self.days[-1].item()
        return day

    def rate_moves(self, symbol: str) -> Floats | None:
        """Daily moves of the exchange rate in a symbol's returns, shape (n_days - 1,); None where it is in base."""
        currency = self.closes.currency(symbol)
        if currency == self.base:
            return None
        known = self._rates.get(currency)
        if known is None:
            factor = self.closes.factor(currency, self.base)[self.at]
            known = self._rates[currency] = factor[1:] / factor[:-1] - 1.0
        return known


def samples(
    portfolios: Sequence[Portfolio],
    valuations: Sequence[Valuation],
    rates: Rates,
    prices: PriceHistory,
    *,
    benchmarks: bool = False,
) -> Iterator[Sample | NoSample]:
    """Returns of every portfolio; those with the same days and base currency share one table of moves.

    Each portfolio keeps the weekdays that all its series have, up to its own day and after the last hole of more
    than 10 days; today's weights are held by daily rebalancing. Base cash earns nothing, foreign cash earns its
    exchange rate. Everything else comes back as a `NoSample`.

    Args:
        benchmarks: Hold the closes of the portfolios' benchmarks, too.
    """
    plans: list[Plan] = []
    usable = Usable(prices)
    for member, (portfolio, valuation) in enumerate(zip(portfolios, valuations, strict=True)):
        found = plan(member, portfolio, valuation, usable)
        if isinstance(found, NoSample):
            yield found
        else:
            plans.append(found)
    if plans:
        symbols = {symbol for one in plans for symbol in one.weights}
        if benchmarks:
            named = {symbol for one in plans for symbol in benchmark_symbols(portfolios[one.member], prices)}
            symbols |= {symbol for symbol in named if symbol in prices or symbol.startswith(CASH_IN)}
        yield from _grouped(plans, Closes(symbols, rates, prices))


def _grouped(plans: Sequence[Plan], closes: Closes) -> Iterator[Sample | NoSample]:
    """Group the plans by base currency and common days, and compute each group from one table of moves."""
    groups: defaultdict[tuple[str, bytes], list[Plan]] = defaultdict(list)
    found: dict[tuple[date, frozenset[int]], NDArray[np.intp] | str] = {}
    for one in plans:
        key = one.as_of, frozenset(closes.calendars(one.base, one.weights))
        if key not in found:
            found[key] = _common(closes, *key)
        at = found[key]
        if isinstance(at, str):
            unknown = closes.unknown_rates(one.base, one.weights)
            why = f"There is no exchange rate from {', '.join(unknown)} to {one.base} for its price histories."
            yield NoSample(one.member, why if unknown else at)
        else:
            groups[one.base, at.tobytes()].append(one)
    for (base, packed), group in groups.items():
        yield _multiplied(base, np.frombuffer(packed, dtype=np.intp), group, closes)


def _common(closes: Closes, as_of: date, calendars: Iterable[int]) -> NDArray[np.intp] | str:
    """Places of the days that a portfolio can be measured on, or why it cannot."""
    at = closes.common(as_of, calendars)
    if at.size <= MIN_RETURNS:
        return f"Its price histories share {at.size} days and {MIN_RETURNS + 1} are needed."
    days = closes.days[at]
    if age(days[-1], as_of) > MAX_STALE_DAYS:
        return f"The last day with a price of every line is {days[-1]}, over {MAX_STALE_DAYS} days before {as_of}."
    # The move over a hole is no daily return.
    holes = np.flatnonzero(np.diff(days).astype(np.int64) > MAX_STALE_DAYS)
    if holes.size:
        since = days[holes[-1] + 1]
        at, days = at[holes[-1] + 1 :], days[holes[-1] + 1 :]
        if at.size <= MIN_RETURNS:
            return (
                f"Its price histories share {at.size} days since the last hole of over {MAX_STALE_DAYS} days, which "
                f"ends on {since}, and {MIN_RETURNS + 1} are needed."
            )
    yearly = (at.size - 1) / (int((days[-1] - days[0]).astype(int)) / 365.25)
    if yearly < MIN_RETURNS_A_YEAR:
        return (
            f"Its price histories share {yearly:.0f} days a year: daily figures need {MIN_RETURNS_A_YEAR}, weekly or "
            "monthly prices are not taken for daily ones."
        )
    return at


def _multiplied(base: str, at: NDArray[np.intp], group: Sequence[Plan], closes: Closes) -> Sample:
    symbols = sorted({symbol for one in group for symbol in one.weights})
    place = {symbol: row for row, symbol in enumerate(symbols)}
    values = closes.in_currency(symbols, base, at)
    moves = values[:, 1:] / values[:, :-1] - 1.0
    # One product a portfolio over its own lines, each row contiguous: a single large product, or sums across rows,
    # would round differently with every set of portfolios, and a fact must not depend on who else was asked for.
    returns = np.empty((len(group), at.size - 1))
    for row, one in enumerate(group):
        weights = np.fromiter(one.weights.values(), dtype=np.float64)
        np.matmul(weights, moves[[place[symbol] for symbol in one.weights]], out=returns[row])
    return Sample(tuple(group), base, closes, at, closes.days[at], returns, moves, place)


def worst_badge(portfolio: Portfolio, prices: PriceHistory) -> Badge:
    """The weakest origin among the series used and the weights themselves, which are always derived."""
    if portfolio.is_sample:
        return Badge.SIMULATED
    # What is cash has no series that is used, whatever its symbol.
    return weakest((one.symbol for one in portfolio.holdings if one.asset_class is not AssetClass.CASH), prices)


def weakest(symbols: Iterable[str], prices: PriceHistory) -> Badge:
    """Simulated where the series of one of these symbols is, else derived."""
    for symbol in symbols:
        series = prices.get(symbol)
        if series is not None and series.badge is Badge.SIMULATED:
            return Badge.SIMULATED
    return Badge.DERIVED
