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
from core.metrics.caveats import notes
from core.metrics.closes import Closes
from core.metrics.plans import CASH_IN, NoSample, Plan, Usable, age, benchmark_symbols, plan, too_short, without
from core.metrics.prices import PriceHistory
from core.metrics.risk import per_year
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
        notes: Of each portfolio, what must be said of its figures; "" mostly.
        whole: By member, of a portfolio from which short histories were left out: the same with them.
    """

    plans: tuple[Plan, ...]
    base: str
    closes: Closes
    at: NDArray[np.intp]
    days: Days
    by_portfolio: Floats
    moves: Floats
    place: Mapping[str, int]
    notes: tuple[str, ...]
    whole: Mapping[int, Sample] = field(default_factory=dict)
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

    @property
    def a_year(self) -> float:
        """How many of its returns make a year."""
        return per_year(self.days.size - 1, (self.last - self.first).days)

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
    than 10 days, and leaves small lines out that would shorten the sample (`core.metrics.plans.too_short`). Today's
    weights are held by daily rebalancing. Base cash earns nothing, foreign cash earns its exchange rate. Everything
    else comes back as a `NoSample`.

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
    days = _CommonDays(closes)
    whole: dict[int, Plan] = {}
    for one in plans:
        kept = _without_short(one, closes)
        at = days.of(kept)
        if isinstance(at, str):
            yield NoSample(one.member, at)
            continue
        if kept is not one:
            whole[one.member] = one
        groups[one.base, at.tobytes()].append(kept)
    for (base, packed), group in groups.items():
        others: dict[int, Sample] = {}
        for one in group:
            if one.member in whole and not isinstance(at := days.of(whole[one.member]), str):
                others[one.member] = _multiplied(base, at, [whole[one.member]], closes, {})
        yield _multiplied(base, np.frombuffer(packed, dtype=np.intp), group, closes, others)


def _without_short(one: Plan, closes: Closes) -> Plan:
    numbers = zip(one.weights, closes.calendars(one.base, one.weights), strict=True)
    out = too_short(one, {symbol: closes.span(one.as_of, number) for symbol, number in numbers})
    return without(one, out) if out else one


class _CommonDays:
    """Which days portfolios can be measured on; remembered, because they share calendars."""

    def __init__(self, closes: Closes) -> None:
        self._closes = closes
        self._known: dict[tuple[date, frozenset[int]], NDArray[np.intp] | str] = {}

    def of(self, one: Plan) -> NDArray[np.intp] | str:
        """Their places, or why there are too few."""
        key = one.as_of, frozenset(self._closes.calendars(one.base, one.weights))
        if key not in self._known:
            self._known[key] = _common(self._closes, *key)
        at = self._known[key]
        if isinstance(at, str) and (unknown := self._closes.unknown_rates(one.base, one.weights)):
            return f"There is no exchange rate from {', '.join(unknown)} to {one.base} for its price histories."
        return at


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
    yearly = per_year(at.size - 1, int((days[-1] - days[0]).astype(int)))
    if yearly < MIN_RETURNS_A_YEAR:
        return (
            f"Its price histories share {yearly:.0f} days a year: daily figures need {MIN_RETURNS_A_YEAR}, weekly or "
            "monthly prices are not taken for daily ones."
        )
    return at


def _multiplied(
    base: str, at: NDArray[np.intp], group: Sequence[Plan], closes: Closes, whole: Mapping[int, Sample]
) -> Sample:
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
    days = closes.days[at]
    said = notes(group, moves, days, place)
    return Sample(tuple(group), base, closes, at, days, returns, moves, place, said, whole)


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
