"""Stress scenarios and the sensitivities they are read with: a reviewed data file, `scenarios.json`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Literal, NamedTuple

import msgspec

from core.domain.instrument import InstrumentType
from core.domain.portfolio import AssetClass, Holding
from core.metrics.exposure import is_code, leverage

_FILE = Path(__file__).with_name("scenarios.json")

_GOVERNMENTS = frozenset({InstrumentType.GOVERNMENT_BOND, InstrumentType.SUPRANATIONAL_BOND})
_DEBT = frozenset({AssetClass.BOND, AssetClass.BOND_FUND})


class Scenario(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One scenario.

    Attributes:
        scenario_id: As the metric's id carries it.
        kind: "replay" of a window of the past, or a "shock" of factors.
        first, last: Days of a replay's window.
        equity, property: Change of prices, as fractions.
        yields, credit: Change of government yields and of BBB spreads, as fractions (0.01 is one point).
        currencies: Change of one unit of a currency in US dollars, as fractions.
        all_foreign: Change of every other currency against the base currency, as a fraction.
        source: Where its figures come from.
        as_of: When they were published or reviewed.
    """

    scenario_id: str
    name: str
    kind: Literal["replay", "shock"]
    source: str
    as_of: date
    first: date | None = None
    last: date | None = None
    equity: float = 0.0
    property: float = 0.0
    yields: float = 0.0
    credit: float = 0.0
    currencies: dict[str, float] = msgspec.field(default_factory=dict)
    all_foreign: float = 0.0


class Sensitivities(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How lines answer to shocks.

    Attributes:
        source: Where the figures come from.
        equity, property: Share of the shock by asset class.
        private: Share of the equity shock by instrument type, of what is not listed.
        credit: Share of the BBB spread's widening by rating, and for "government".
        funds: The same by symbol, of bond funds whose source states no rating.
    """

    source: str
    equity: Mapping[str, float]
    private: Mapping[str, float]
    property: Mapping[str, float]
    credit: Mapping[str, float]
    funds: Mapping[str, float]


class _Document(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    note: list[str]
    sensitivities: Sensitivities
    scenarios: tuple[Scenario, ...]


@cache
def _document() -> _Document:
    return msgspec.json.decode(_FILE.read_bytes(), type=_Document)


def scenarios() -> tuple[Scenario, ...]:
    """Every scenario, in the order they are stated."""
    return _document().scenarios


def sensitivities() -> Sensitivities:
    """How lines answer to shocks."""
    return _document().sensitivities


class Traits(NamedTuple):
    """What decides how a line answers to shocks; see `core.domain.instrument.Terms`.

    Attributes:
        fund: Symbol of a bond fund, "" of anything else.
        leverage: Multiple of its index that a fund aims at each day.
    """

    asset_class: AssetClass
    instrument_type: InstrumentType | None
    rating: str
    duration_years: float | None
    fund: str
    leverage: float = 1.0

    @classmethod
    def of(cls, line: Holding) -> Traits:
        """The traits of a line."""
        fund = line.symbol if line.asset_class is AssetClass.BOND_FUND else ""
        terms = line.terms
        return cls(line.asset_class, terms.instrument_type, terms.rating, terms.duration_years, fund, leverage(line))


def local_move(scenario: Scenario, line: Traits) -> float | None:
    """A line's change of price in its own currency, as a fraction; None where it is not known.

    -0.58 reads: the price falls by 58 %. Never below -1. A leveraged fund moves by its factor as if the move came in
    one day; over several days its daily resets make it another one.
    """
    move = _unlevered_move(scenario, line)
    return None if move is None else max(-1.0, line.leverage * move)


def _unlevered_move(scenario: Scenario, line: Traits) -> float | None:
    if line.asset_class is AssetClass.CASH or not any(
        (scenario.equity, scenario.property, scenario.yields, scenario.credit)
    ):
        return 0.0
    if line.asset_class in _DEBT:
        return _debt_move(scenario, line)
    table = sensitivities()
    equity = table.equity.get(line.asset_class.value)
    if line.asset_class is AssetClass.PRIVATE and line.instrument_type is not None:
        equity = table.private.get(line.instrument_type.value)
    if equity is not None:
        return equity * scenario.equity
    share = table.property.get(line.asset_class.value)
    return None if share is None else share * scenario.property


def answers_to(line: Traits) -> tuple[float | None, float | None, float | None, float | None]:
    """What a line's price moves by for one unit of each of the shocks equity, property, yields and credit.

    (0, 0, -7.2, -3.6) reads: 7.2 % down for a point of yields, 3.6 % for a point of BBB spreads. None: not known.
    Leverage is not in it.
    """
    if line.asset_class is AssetClass.CASH:
        return 0.0, 0.0, 0.0, 0.0
    if line.asset_class in _DEBT:
        years, spread = line.duration_years, _credit(line)
        by_yields = None if years is None else -years
        return 0.0, 0.0, by_yields, None if by_yields is None or spread is None else by_yields * spread
    table = sensitivities()
    equity = table.equity.get(line.asset_class.value)
    if line.asset_class is AssetClass.PRIVATE and line.instrument_type is not None:
        equity = table.private.get(line.instrument_type.value)
    if equity is not None:
        return equity, 0.0, 0.0, 0.0
    share = table.property.get(line.asset_class.value)
    return (None, None, None, None) if share is None else (0.0, share, 0.0, 0.0)


def _debt_move(scenario: Scenario, line: Traits) -> float | None:
    if not scenario.yields and not scenario.credit:
        return 0.0
    spread = _credit(line) if scenario.credit else 0.0
    if line.duration_years is None or spread is None:
        return None
    return -line.duration_years * (scenario.yields + spread * scenario.credit)


def _credit(line: Traits) -> float | None:
    """Share of the BBB spread's widening; None for what has no government behind it, no known rating and no row."""
    table = sensitivities()
    if line.instrument_type in _GOVERNMENTS:
        return table.credit["government"]
    letters = line.rating.upper().rstrip("+-")
    if letters in {"CC", "C", "D"}:
        return table.credit["CCC"]
    return table.credit.get(letters, table.funds.get(line.fund))


def rate_move(scenario: Scenario, currency: str | None, base: str) -> float | None:
    """Change of one unit of a currency in base currency, as a fraction; None where it is not known.

    Args:
        currency: As `core.metrics.exposure.currency_of` says: a region of several currencies is foreign as a whole, and
            how it moves against single currencies is not known.
    """
    if currency == base or not (scenario.all_foreign or scenario.currencies):
        return 0.0
    if currency is None:
        return None
    if scenario.all_foreign:
        return scenario.all_foreign
    if not is_code(currency):
        return None
    return (1.0 + scenario.currencies.get(currency, 0.0)) / (1.0 + scenario.currencies.get(base, 0.0)) - 1.0
