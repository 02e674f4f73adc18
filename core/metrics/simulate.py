"""Simulated price histories for the demo: a seeded factor model, badged simulated everywhere it shows.

No freely licensed daily history of regional funds and bond funds exists, so the demo makes its own. How much everything
moves, and with what, stands in `simulated_market.toml` with its sources; exchange rates are real ones.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from core.domain.fx import Rates
from core.domain.instrument import Liquidity
from core.domain.portfolio import AssetClass, Holding
from core.domain.units import Badge
from core.errors import BadInput
from core.metrics.prices import PriceHistory, PriceSeries
from core.metrics.simulated_behaviour import behaviour_of, identity
from core.metrics.simulated_market import simulated_market

Floats = NDArray[np.float64]

ANCHOR = date(2010, 1, 4)
"""The paths start here whatever window is asked for: a later end adds days and changes none."""

SEED = 20285571
"""Of the samples' market: among forty thousand the one whose regions earned, over three to fifteen years, most nearly
what the table says they do on average, so that no sample stands in a lost decade by chance."""

_FAT_TAIL = 5  # degrees of freedom of the daily draws
_DAYS_PER_YEAR = 365.25 * 5 / 7  # weekdays: the paths know no holidays


@dataclass(frozen=True, slots=True)
class _Paths:
    """The factors' daily log moves from the anchor on."""

    days: NDArray[np.datetime64]
    moves: Mapping[str, Floats] = field(repr=False)


def simulated_history(
    holdings: Iterable[Holding], end: date, years: int = 3, seed: int = SEED, rates: Rates | None = None
) -> PriceHistory:
    """Daily closes in each holding's own currency, up to the last weekday on or before `end`.

    The same instrument, price and seed always give the same closes: other symbols, a later end or a longer window
    change nothing. One instrument in two listings, known by its ISIN, has one value through the exchange rate. Each
    series ends at the holding's price (100 where it has none). Cash needs no history; private and illiquid holdings and
    derivatives get none, because nobody publishes daily closes of them, and the demo shows what that means.

    Args:
        holdings: Of any number of portfolios; the first line of a symbol decides.
        end: At least `years` after 2010-01-04.
        years: Length of the window.
        seed: Of the factors and, together with the instrument, of each series' own noise.
        rates: What a line listed in another currency than the one it moves in also moves with. Without them, or where
            a pair lacks a day, the rate is taken to stand still.

    Raises:
        BadInput: The window starts before 2010-01-04, or `years` is under 1.
    """
    if years < 1 or end.year - years < ANCHOR.year + 1:
        raise BadInput(f"A simulated history of {years} years up to {end} would start before {ANCHOR.year + 1}.")
    paths = _paths(end, seed)
    start = np.datetime64(end) - np.timedelta64(round(years * 365.25), "D")
    window = paths.days >= start
    first_of: dict[str, Holding] = {}
    for holding in holdings:
        quoted = holding.asset_class not in {AssetClass.CASH, AssetClass.PRIVATE, AssetClass.DERIVATIVE}
        if quoted and holding.terms.liquidity is not Liquidity.ILLIQUID:
            first_of.setdefault(holding.symbol, holding)
    exchange = _Exchange(rates, paths.days[window])
    return PriceHistory.from_series(_series(holding, paths, window, seed, exchange) for holding in first_of.values())


class _Exchange:
    """How currencies moved over a window: log of the rate on each day, read once a pair."""

    def __init__(self, rates: Rates | None, days: NDArray[np.datetime64]) -> None:
        self._rates = rates
        self._days = days
        self._read: dict[tuple[str, str], Floats | None] = {}

    def path(self, source: str, target: str) -> Floats | None:
        """Log of `target` for one `source`; None where it stands still."""
        if self._rates is None or source == target:
            return None
        if (source, target) not in self._read:
            self._read[source, target] = self._path(self._rates, source, target)
        return self._read[source, target]

    def _path(self, rates: Rates, source: str, target: str) -> Floats | None:
        dates: list[date] = self._days.tolist()
        known = [factor for day in dates if (factor := rates.factor(source, target, day)) is not None]
        return np.log(known) if len(known) == len(dates) else None


def _series(holding: Holding, paths: _Paths, window: NDArray[np.bool_], seed: int, exchange: _Exchange) -> PriceSeries:
    own = identity(holding)
    # Its beta and the size of its noise are drawn apart from the noise, so that neither shifts the other.
    chances = _generator(0, f"instrument {own}").random(2)
    behaviour = behaviour_of(holding, float(chances[0]), float(chances[1]))
    count = paths.days.size
    moves = np.full(count, behaviour.drift / _DAYS_PER_YEAR)
    for factor, loading in behaviour.loadings.items():
        moves += loading * paths.moves[factor]
    moves += behaviour.own_vol * _draws(_generator(seed, f"instrument {own}"), count)
    if holding.terms.leverage is not None:
        # A leveraged fund copies a multiple of each day's return, and so not of a year's; what it can lose is all.
        moves = np.log1p(np.maximum(holding.terms.leverage * np.expm1(moves), -0.95))
    path = np.cumsum(moves)[window]
    rate = exchange.path(behaviour.currency, holding.currency)
    if rate is not None:
        path = path + rate
    last = float(holding.price) if holding.price is not None and holding.price > 0 else 100.0
    closes = last * np.exp(path - path[-1])
    return PriceSeries(holding.symbol, holding.currency, Badge.SIMULATED, paths.days[window], closes)


@lru_cache(maxsize=8)
def _paths(end: date, seed: int) -> _Paths:
    days = np.arange(np.datetime64(ANCHOR), np.datetime64(end + timedelta(days=1)), dtype="datetime64[D]")
    days = days[np.is_busday(days)]
    moves = {
        factor.name: factor.vol * _draws(_generator(seed, f"factor {factor.name}"), days.size)
        for factor in simulated_market().factor
    }
    return _Paths(days, moves)


def _draws(generator: np.random.Generator, count: int) -> Floats:
    """Fat-tailed daily draws, scaled so that a year of them has a deviation of 1. A longer draw starts the same."""
    scale = sqrt((_FAT_TAIL - 2) / _FAT_TAIL / _DAYS_PER_YEAR)
    return np.asarray(generator.standard_t(_FAT_TAIL, count) * scale)


def _generator(seed: int, purpose: str) -> np.random.Generator:
    # Python's own hash() differs from process to process.
    digest = hashlib.sha256(f"{seed} {purpose}".encode()).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest[:16], "big")))
