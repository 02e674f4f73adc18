"""Simulated price histories for the demo: a seeded factor model, badged simulated everywhere it shows.

No freely licensed daily history of regional funds and bond funds exists, so the demo makes its own. The figures below
are chosen by hand to be of the right order; they are estimates of nothing.
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

from core.domain.instrument import Liquidity
from core.domain.portfolio import AssetClass, Holding
from core.domain.units import Badge
from core.errors import BadInput
from core.metrics.prices import PriceHistory, PriceSeries
from core.metrics.risk import DAYS_PER_YEAR

Floats = NDArray[np.float64]

ANCHOR = date(2010, 1, 4)
"""The paths start here whatever window is asked for: a later end adds days and changes none."""

_WORLD = "world"
_REGIONS = ("us", "europe", "uk", "switzerland", "japan", "pacific", "canada", "emerging")
_FACTORS = (_WORLD, *_REGIONS, "rates", "credit", "gold", "energy", "property", "crypto", "size")
_FAT_TAIL = 5  # degrees of freedom of the daily draws

_YEARLY_VOL: Mapping[str, float] = {
    _WORLD: 0.145, "us": 0.06, "europe": 0.08, "uk": 0.08, "switzerland": 0.08, "japan": 0.11, "pacific": 0.10,
    "canada": 0.07, "emerging": 0.11, "rates": 0.009, "credit": 0.035, "gold": 0.15, "energy": 0.25,
    "property": 0.10, "crypto": 0.60, "size": 0.05,
}  # fmt: skip
"""Of each factor's daily moves, as a fraction a year; a region's is on top of the world's, rates is in yield."""

_REGION_OF: Mapping[str, str] = {
    "US": "us", "GB": "uk", "CH": "switzerland", "JP": "japan", "CA": "canada", "AU": "pacific", "NZ": "pacific",
    "HK": "pacific", "SG": "pacific", "CN": "emerging", "IN": "emerging", "BR": "emerging", "TW": "emerging",
    "KR": "emerging", "ZA": "emerging", "MX": "emerging", "TR": "emerging",
    **dict.fromkeys(
        ("DE", "FR", "IT", "ES", "NL", "BE", "AT", "FI", "PT", "SE", "DK", "NO", "GR", "PL", "EU"), "europe"
    ),
}  # fmt: skip

_NAMED_REGION: tuple[tuple[str, str], ...] = (
    ("emerging", "emerging"), ("all-world", ""), ("world", ""), ("international", ""), ("developed", ""),
    ("eafe", ""), ("s&p 500", "us"), ("usa", "us"), ("nasdaq", "us"), ("euro", "europe"), ("germany", "europe"),
    ("ftse 100", "uk"), ("united kingdom", "uk"), ("swiss", "switzerland"), ("switzerland", "switzerland"),
    ("topix", "japan"), ("nikkei", "japan"), ("japan", "japan"), ("australia", "pacific"), ("hong kong", "pacific"),
    ("singapore", "pacific"), ("canada", "canada"),
)  # fmt: skip
"""What a fund's name says it holds ("" is the whole world): its domicile, often IE or LU, says nothing about it."""

_EXPOSED_REGION: Mapping[str, str] = {
    "world": "", "emerging": "emerging", "usd": "us", "eur": "europe", "gbp": "uk", "chf": "switzerland",
    "jpy": "japan", "hkd": "pacific", "sgd": "pacific", "aud": "pacific", "cad": "canada",
}  # fmt: skip
"""What the terms of a line say that it carries, in the words of the instruments register."""

_NAMED_DURATION: tuple[tuple[str, float], ...] = (
    ("overnight", 0.1), ("money market", 0.1), ("20+", 17.0), ("7-10", 7.5), ("3-7", 4.6), ("1-3", 1.9),
    ("short", 2.0), ("long", 15.0), ("gilt", 9.0), ("high yield", 3.5), ("inflation", 6.5), ("tips", 6.5),
)  # fmt: skip
_DURATION_YEARS = 6.5


@dataclass(frozen=True, slots=True)
class _Behaviour:
    """How a holding moves: loadings on the factors, its own noise and its drift, both fractions a year."""

    loadings: Mapping[str, float]
    own_vol: float
    drift: float


@dataclass(frozen=True, slots=True)
class _Paths:
    """The factors' daily log moves from the anchor on."""

    days: NDArray[np.datetime64]
    moves: Mapping[str, Floats] = field(repr=False)


def simulated_history(holdings: Iterable[Holding], end: date, years: int = 3, seed: int = 20261030) -> PriceHistory:
    """Daily closes in each holding's own currency, up to the last weekday on or before `end`.

    The same symbol, price and seed always give the same closes: other symbols, a later end or a longer window change
    nothing. Each series ends at the holding's price (100 where it has none). Cash needs no history; private and
    illiquid holdings and derivatives get none, because nobody publishes daily closes of them, and the demo shows what
    that means.

    Args:
        holdings: Of any number of portfolios; the first line of a symbol decides.
        end: At least `years` after 2010-01-04.
        years: Length of the window.
        seed: Of the factors and, together with the symbol, of each series' own noise.

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
    return PriceHistory.from_series(_series(holding, paths, window, seed) for holding in first_of.values())


def _series(holding: Holding, paths: _Paths, window: NDArray[np.bool_], seed: int) -> PriceSeries:
    behaviour = _behaviour(holding)
    count = paths.days.size
    moves = np.full(count, behaviour.drift / DAYS_PER_YEAR)
    for factor, loading in behaviour.loadings.items():
        moves += loading * paths.moves[factor]
    moves += behaviour.own_vol * _draws(_generator(seed, f"symbol {holding.symbol}"), count)
    path = np.cumsum(moves)[window]
    last = float(holding.price) if holding.price is not None and holding.price > 0 else 100.0
    closes = last * np.exp(path - path[-1])
    return PriceSeries(holding.symbol, holding.currency, Badge.SIMULATED, paths.days[window], closes)


@lru_cache(maxsize=8)
def _paths(end: date, seed: int) -> _Paths:
    days = np.arange(np.datetime64(ANCHOR), np.datetime64(end + timedelta(days=1)), dtype="datetime64[D]")
    days = days[np.is_busday(days)]
    moves = {
        factor: _YEARLY_VOL[factor] * _draws(_generator(seed, f"factor {factor}"), days.size) for factor in _FACTORS
    }
    return _Paths(days, moves)


def _draws(generator: np.random.Generator, count: int) -> Floats:
    """Fat-tailed daily draws, scaled so that a year of them has a deviation of 1. A longer draw starts the same."""
    scale = sqrt((_FAT_TAIL - 2) / _FAT_TAIL / DAYS_PER_YEAR)
    return np.asarray(generator.standard_t(_FAT_TAIL, count) * scale)


def _generator(seed: int, purpose: str) -> np.random.Generator:
    # Python's own hash() differs from process to process.
    digest = hashlib.sha256(f"{seed} {purpose}".encode()).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest[:16], "big")))


def _behaviour(holding: Holding) -> _Behaviour:
    name = holding.name.casefold()
    sector = holding.sector.casefold()
    match holding.asset_class:
        case AssetClass.EQUITY:
            return _share(holding, sector)
        case AssetClass.EQUITY_FUND:
            return _Behaviour(_equity(_region(holding)), 0.025, 0.065)
        case AssetClass.BOND | AssetClass.BOND_FUND:
            return _bond(name, sector, holding.terms.duration_years, fund=holding.asset_class is AssetClass.BOND_FUND)
        case AssetClass.REAL_ESTATE:
            return _Behaviour({**_equity(_region(holding), 0.75), "property": 1.0, "rates": -3.0}, 0.05, 0.05)
        case AssetClass.COMMODITY:
            factor = "gold" if "gold" in name + sector else "energy"
            return _Behaviour({factor: 1.0, _WORLD: 0.05}, 0.01, 0.04)
        case AssetClass.CRYPTO:
            return _Behaviour({"crypto": 1.0, _WORLD: 0.8}, 0.08, 0.10)
        case AssetClass.FUND:
            return _Behaviour({**_equity(_region(holding), 0.55), "rates": -2.5, "credit": 0.3}, 0.02, 0.045)
        case _:
            return _Behaviour(_equity(_region(holding), 0.5), 0.10, 0.03)


def _share(holding: Holding, sector: str) -> _Behaviour:
    # A symbol's own beta, between 0.75 and 1.25, drawn apart from its noise so that neither shifts the other.
    beta = 0.75 + 0.5 * _generator(0, f"beta {holding.symbol}").random()
    loadings = _equity(_region(holding), beta)
    if "energy" in sector:
        loadings["energy"] = 0.45
    if "tech" in sector:
        loadings["size"] = -1.2
    return _Behaviour(loadings, 0.21, 0.07)


def _bond(name: str, sector: str, known_duration: float | None, *, fund: bool) -> _Behaviour:
    words = f"{name} {sector}"
    duration = known_duration
    if duration is None:
        duration = next((years for word, years in _NAMED_DURATION if word in words), _DURATION_YEARS)
    loadings = {"rates": -duration}
    if "high yield" in words:
        loadings |= {"credit": 1.6, _WORLD: 0.15}
    elif "corp" in words or "credit" in words:
        loadings |= {"credit": 0.7, _WORLD: 0.05}
    return _Behaviour(loadings, 0.002 if duration < 1 else 0.006 if fund else 0.012, 0.025)


def _equity(region: str, beta: float = 1.0) -> dict[str, float]:
    return {_WORLD: beta, region: beta} if region else {_WORLD: beta}


def _region(holding: Holding) -> str:
    """The region's factor, or "" for the world as a whole."""
    if holding.asset_class is not AssetClass.EQUITY:
        exposed = _EXPOSED_REGION.get(holding.terms.exposure.casefold())
        if exposed is not None:
            return exposed
        name = holding.name.casefold()
        named = next((region for word, region in _NAMED_REGION if word in name), None)
        if named is not None:
            return named
    return _REGION_OF.get(holding.country, "")
