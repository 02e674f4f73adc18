"""The market that simulated prices live in: a reviewed table, `simulated_market.toml`, with a source in each row."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import msgspec

_FILE = Path(__file__).with_name("simulated_market.toml")


class Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What every row of the table says beside its figures.

    Attributes:
        source: Publication that the row's size comes from.
        read: False where the figure was set from memory of the publication, not from its text.
    """

    source: str
    read: bool


class Factor(Row, frozen=True):
    """What moves.

    Attributes:
        vol: Deviation of a year of daily moves, as a fraction; of rates, in yield (0.01 is one point).
    """

    name: str
    vol: float


class Market(Row, frozen=True):
    """A region.

    Attributes:
        name: Also the factor's.
        beta: Loading of its shares on the world.
        drift: Mean log move of its shares a year.
        rates: Loading of its yields on the rates that all share.
        curve: Factor of its own yields.
        yields, cash: What long and overnight money earn a year.
        currencies: By country, where it is another one than the region's.
    """

    name: str
    currency: str
    countries: tuple[str, ...]
    beta: float
    drift: float
    rates: float
    curve: str
    yields: float
    cash: float
    currencies: Mapping[str, str] = {}

    def currency_of(self, country: str) -> str:
        """The currency that shares of a country of this region move in."""
        return self.currencies.get(country, self.currency)


class Index(Row, frozen=True):
    """What a fund of shares follows, recognised by words of its name or by its symbol."""

    name: str
    words: tuple[str, ...]
    symbols: tuple[str, ...]
    currency: str
    loadings: Mapping[str, float]
    drift: float


class Sector(Row, frozen=True):
    """How the shares of a sector move with the market and beside it."""

    words: tuple[str, ...]
    beta: float
    loadings: Mapping[str, float]


class Debt(Row, frozen=True):
    """A kind of debt.

    Attributes:
        words, ratings, kinds, countries: What a line is recognised by; one is enough, "" fits all.
        rates: Share of the duration that yields act on.
        loadings: Those of 6.5 years of duration.
        carry: What it earns a year above its government's yield.
    """

    name: str
    words: tuple[str, ...]
    rates: float
    loadings: Mapping[str, float]
    own_vol: float
    carry: float
    ratings: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()


class Other(Row, frozen=True):
    """What is neither share nor debt, by asset class and words of name or sector."""

    classes: tuple[str, ...]
    words: tuple[str, ...]
    loadings: Mapping[str, float]
    region: float
    own_vol: float
    drift: float


class Noise(Row, frozen=True):
    """Own noise a year: of shares between two bounds, of funds that copy an index, of other funds."""

    share_low: float
    share_high: float
    tracker: float
    active: float


class Claim(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What must come out: the yearly volatility of one symbol, or the correlation of two, within bounds."""

    of: tuple[str, ...]
    between: tuple[float, float]


class SimulatedMarket(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole table."""

    factor: tuple[Factor, ...]
    market: tuple[Market, ...]
    index: tuple[Index, ...]
    sector: tuple[Sector, ...]
    debt: tuple[Debt, ...]
    other: tuple[Other, ...]
    noise: Noise
    claim: tuple[Claim, ...]


@cache
def simulated_market() -> SimulatedMarket:
    """The table as the file says it."""
    return msgspec.toml.decode(_FILE.read_bytes(), type=SimulatedMarket)
