"""Stress scenarios and the sensitivities they are read with: a reviewed data file, `scenarios.json`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Literal, NamedTuple

import msgspec

from core.domain.instrument import InstrumentType
from core.domain.portfolio import AssetClass

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
        credit: Share of the BBB spread's widening by rating, and for "government".
    """

    source: str
    equity: Mapping[str, float]
    property: Mapping[str, float]
    credit: Mapping[str, float]


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


class DebtTerms(NamedTuple):
    """What decides how a bond or a bond fund answers to yields and spreads; see `core.domain.instrument.Terms`."""

    instrument_type: InstrumentType | None
    rating: str
    duration_years: float | None


def local_move(scenario: Scenario, asset_class: AssetClass, terms: DebtTerms) -> float | None:
    """A line's change of price in its own currency, as a fraction; None where it is not known.

    -0.58 reads: the price falls by 58 %. Never below -1.
    """
    table = sensitivities()
    factors = scenario.equity, scenario.property, scenario.yields, scenario.credit
    if asset_class is AssetClass.CASH or not any(factors):
        return 0.0
    if asset_class in _DEBT:
        return _debt_move(scenario, terms)
    if asset_class.value in table.equity:
        return max(-1.0, table.equity[asset_class.value] * scenario.equity)
    if asset_class.value in table.property:
        return max(-1.0, table.property[asset_class.value] * scenario.property)
    return None


def _debt_move(scenario: Scenario, terms: DebtTerms) -> float | None:
    if not scenario.yields and not scenario.credit:
        return 0.0
    spread = _credit(terms) if scenario.credit else 0.0
    if terms.duration_years is None or spread is None:
        return None
    return max(-1.0, -terms.duration_years * (scenario.yields + spread * scenario.credit))


def _credit(terms: DebtTerms) -> float | None:
    """Share of the BBB spread's widening; None for what has neither a government behind it nor a known rating."""
    table = sensitivities().credit
    if terms.instrument_type in _GOVERNMENTS:
        return table["government"]
    letters = terms.rating.upper().rstrip("+-")
    return table["CCC"] if letters in {"CC", "C", "D"} else table.get(letters)


def rate_move(scenario: Scenario, currency: str, base: str) -> float:
    """Change of one unit of a currency in base currency, as a fraction."""
    if currency == base:
        return 0.0
    if scenario.all_foreign:
        return scenario.all_foreign
    return (1.0 + scenario.currencies.get(currency, 0.0)) / (1.0 + scenario.currencies.get(base, 0.0)) - 1.0
