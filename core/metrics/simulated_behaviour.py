"""How a line moves in the simulated market: its loadings on what moves all, its own noise, and in which currency."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from core.domain.portfolio import AssetClass, Holding
from core.metrics.simulated_market import Debt, Index, Market, Other, simulated_market

DOLLAR = "USD"
_MEAN_YEARS = 6.5
_LONGEST = 2.0  # of what a spread does, in mean durations

_NAMED_YEARS: tuple[tuple[str, float], ...] = (
    ("overnight", 0.1), ("money market", 0.1), ("floating rate", 0.1), ("20+", 17.0), ("7-10", 7.5), ("3-7", 4.6),
    ("1-3", 1.9), ("short", 2.0), ("long", 15.0), ("gilt", 9.0), ("high yield", 3.5),
)  # fmt: skip
_SHARES = frozenset({AssetClass.EQUITY, AssetClass.EQUITY_FUND})
_DEBT = frozenset({AssetClass.BOND, AssetClass.BOND_FUND})


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How a line moves.

    Attributes:
        loadings: By factor.
        own_vol: Of its own noise, as a fraction a year.
        drift: Mean log move, as a fraction a year.
        currency: In which it moves so; a listing in another one moves with the exchange rate too.
    """

    loadings: Mapping[str, float]
    own_vol: float
    drift: float
    currency: str


def identity(line: Holding) -> str:
    """What makes an instrument itself, wherever it is listed: its ISIN, else its symbol."""
    return line.isin or line.symbol


def behaviour_of(line: Holding, chance: float, other_chance: float) -> Behaviour:
    """How a line moves.

    Args:
        chance, other_chance: The instrument's own draws between 0 and 1, which decide a share's beta and noise.
    """
    if line.asset_class is AssetClass.EQUITY:
        found = _share(line, chance, other_chance)
    elif line.asset_class is AssetClass.EQUITY_FUND:
        found = _fund(line)
    elif line.asset_class in _DEBT:
        found = _debt(line)
    else:
        found = _other(line)
    hedged = line.terms.hedged_to
    return Behaviour(found.loadings, found.own_vol, found.drift, hedged) if hedged else found


def _share(line: Holding, chance: float, other_chance: float) -> Behaviour:
    table, home = simulated_market(), _home(line)
    words = line.sector.casefold()
    sector = next(row for row in table.sector if _has(row.words, words))
    beta = sector.beta * (0.9 + 0.2 * chance)
    noise = table.noise.share_low + (table.noise.share_high - table.noise.share_low) * other_chance
    if home is None:
        world = _index("world")
        return Behaviour(_and(_times(world.loadings, beta), sector.loadings), noise, world.drift, line.currency)
    loadings = {"world": home.beta * beta, home.name: beta}
    return Behaviour(_and(loadings, sector.loadings), noise, home.drift, home.currency_of(line.country))


def _fund(line: Holding) -> Behaviour:
    row = _followed(line)
    noise = simulated_market().noise
    own = noise.active if line.terms.index_tracker is False else noise.tracker
    return Behaviour(row.loadings, own, row.drift, row.currency)


def _followed(line: Holding) -> Index:
    """The index by name or symbol, by what the terms say that it carries, by country; else the world."""
    rows = simulated_market().index
    name = f" {line.name.casefold()} "
    named = next((row for row in rows if line.symbol in row.symbols or _has(row.words, name)), None)
    if named is not None:
        return named
    exposed = line.terms.exposure.casefold()
    if exposed in {"world", "emerging"}:
        return _index(exposed)
    home = _by_currency(exposed.upper()) or _by_country(line.terms.domicile or line.country)
    if home is None or (not exposed and home.name == "europe" and line.country in {"IE", "LU"}):
        return _index("world")
    return _index({"us": "us_large", "asia": "singapore"}.get(home.name, home.name))


def _debt(line: Holding) -> Behaviour:
    kind, years = _kind_of_debt(line), _years(line)
    loadings = _times(kind.loadings, min(_LONGEST, years / _MEAN_YEARS))
    region = _curve(line)
    if region is None:
        curves = {"rates": -0.85, "rates_us": -0.5, "rates_euro": -0.3, "rates_japan": -0.2}
        earned, currency = 0.03, DOLLAR
    else:
        curves = {"rates": -region.rates, region.curve: -1.0}
        earned, currency = region.cash if years < 1.0 else region.yields, region.currency
    loadings = _and(loadings, _times(curves, kind.rates * years))
    # A euro bond moves in the currency that it pays, wherever its issuer is at home.
    if line.asset_class is AssetClass.BOND:
        currency = line.currency
    noise = min(kind.own_vol, 0.0012 + 0.004 * years) if years < 1.0 else kind.own_vol
    return Behaviour(loadings, noise, earned + kind.carry, currency)


def _kind_of_debt(line: Holding) -> Debt:
    words = f"{line.name} {line.sector}".casefold()
    letters = line.terms.rating.upper().rstrip("+-")
    kind = line.terms.instrument_type
    for row in simulated_market().debt:
        if _has(row.words, words) or letters in row.ratings or line.country in row.countries:
            return row
        if kind is not None and kind.value in row.kinds:
            return row
    raise LookupError("The table's last kind of debt fits all: its file is damaged. Install the program again.")


def _curve(line: Holding) -> Market | None:
    """The region of the yields that a line answers to; None for those of the world."""
    if line.asset_class is AssetClass.BOND:
        return _by_currency(line.currency)
    exposed = line.terms.exposure
    if exposed.casefold() in {"world", "emerging"} or "international" in line.name.casefold():
        return None
    return _by_currency(exposed) or _by_currency(line.currency)


def _years(line: Holding) -> float:
    if line.terms.duration_years is not None:
        return line.terms.duration_years
    words = f"{line.name} {line.sector}".casefold()
    return next((years for word, years in _NAMED_YEARS if word in words), _MEAN_YEARS)


def _other(line: Holding) -> Behaviour:
    row = _row_of_other(line.asset_class, f"{line.name} {line.sector} {line.symbol}".casefold())
    home = _home(line)
    currency = DOLLAR if line.asset_class in {AssetClass.COMMODITY, AssetClass.CRYPTO} else line.currency
    if line.asset_class is AssetClass.REAL_ESTATE and home is not None:
        currency = home.currency
    around = _index("world").loadings if home is None else {"world": home.beta, home.name: 1.0}
    loadings = _and(_times(around, row.region), row.loadings) if row.region else row.loadings
    return Behaviour(loadings, row.own_vol, row.drift, currency)


def _row_of_other(kind: AssetClass, words: str) -> Other:
    rows = simulated_market().other
    found = next((row for row in rows if kind.value in row.classes and _has(row.words, words)), None)
    return found if found is not None else rows[-1]


def _home(line: Holding) -> Market | None:
    """The region that a line belongs to: what its terms say it carries, its country, else where it is quoted."""
    exposed = _by_currency(line.terms.exposure) if line.asset_class not in _SHARES else None
    return exposed or _by_country(line.country) or _by_currency(line.currency)


@cache
def _by_country(country: str) -> Market | None:
    return next((row for row in simulated_market().market if country in row.countries), None)


@cache
def _by_currency(currency: str) -> Market | None:
    return next((row for row in simulated_market().market if currency == row.currency), None)


@cache
def _index(name: str) -> Index:
    return next(row for row in simulated_market().index if row.name == name)


def _has(words: tuple[str, ...], text: str) -> bool:
    return any(word in text for word in words)


def _times(loadings: Mapping[str, float], by: float) -> dict[str, float]:
    return {factor: loading * by for factor, loading in loadings.items()}


def _and(some: Mapping[str, float], more: Mapping[str, float]) -> dict[str, float]:
    # In one order always: sums of floats must not differ from process to process.
    return {factor: some.get(factor, 0.0) + more.get(factor, 0.0) for factor in dict.fromkeys((*some, *more))}
