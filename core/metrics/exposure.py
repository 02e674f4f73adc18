"""What a line really carries: in which currency, and how much where it leans on more than it is worth."""

from __future__ import annotations

from typing import Final

from core.domain.instrument import InstrumentType
from core.domain.portfolio import AssetClass, Holding

LEANING: Final = frozenset({InstrumentType.FUTURE, InstrumentType.FORWARD, InstrumentType.OPTION, InstrumentType.SWAP})
"""Kinds whose risk is that of their notional, whatever they are worth today."""

_FUNDS: Final = frozenset({AssetClass.EQUITY_FUND, AssetClass.BOND_FUND, AssetClass.FUND})
_PRICED_IN_DOLLARS: Final = frozenset({AssetClass.COMMODITY, AssetClass.CRYPTO})
_EURO: Final = (
    "AT", "BE", "BG", "CY", "DE", "EE", "ES", "FI", "FR", "GR", "HR", "IE", "IT", "LT", "LU", "LV", "MT", "NL", "PT",
    "SI", "SK", "EU", "EMU", "EUROZONE",
)  # fmt: skip
_MONEY_OF: Final = {
    **dict.fromkeys(_EURO, "EUR"),
    "US": "USD", "CH": "CHF", "LI": "CHF", "GB": "GBP", "UK": "GBP", "JP": "JPY", "CA": "CAD", "AU": "AUD", "HK": "HKD",
    "SG": "SGD", "NZ": "NZD", "SE": "SEK", "NO": "NOK", "DK": "DKK", "PL": "PLN", "CN": "CNY", "IN": "INR", "KR": "KRW",
}  # fmt: skip
"""Currency by country, for exposures that are stated as a country or a part of one ("US-KY")."""


def leans(line: Holding) -> bool:
    """True where a line's risk is that of a notional: derivatives, and whatever states one."""
    kind = line.terms.instrument_type
    if line.terms.notional is not None or kind in LEANING:
        return True
    return kind is None and line.asset_class is AssetClass.DERIVATIVE


def currency_of(line: Holding) -> str | None:
    """The currency whose rate moves a line's value in base currency; None where its source does not say.

    A share class is in the currency it is hedged to, a fund in what it holds and not in that of its quote, a commodity
    in US dollars, in which the world prices it. Regions of several currencies ("World") come back as they stand.
    """
    terms = line.terms
    if line.asset_class is AssetClass.CASH:
        return line.currency
    if terms.hedged_to:
        return terms.hedged_to
    if terms.exposure:
        place = terms.exposure.upper().partition("-")[0]
        return _MONEY_OF.get(place, terms.exposure)
    if line.asset_class in _PRICED_IN_DOLLARS:
        return "USD"
    if line.asset_class in _FUNDS or terms.instrument_type is InstrumentType.FUND:
        return None
    return line.currency


def is_code(currency: str) -> bool:
    """True for one currency, false for a region of several."""
    return len(currency) == 3 and currency.isalpha() and currency.isupper()
