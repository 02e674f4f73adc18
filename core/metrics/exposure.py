"""What a line really carries: in which currency, and how much where it leans on more than it is worth."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from math import isnan, nan
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


_UNITS: Final = frozenset({*_FUNDS, AssetClass.COMMODITY, AssetClass.CRYPTO, AssetClass.OTHER})
_WRAPPED: Final = frozenset({InstrumentType.FUND, InstrumentType.STRUCTURED})
_TIMES: Final = re.compile(
    r"(?<![\w.,])(?:[-\u2212]1|[-\u2212+]?(?:[2-9]|[1-9][.,]\d+))\s?[x×](?!\w)|(?<!\w)[x×]\s?[2-9](?!\w)", re.IGNORECASE
)
_WORDS: Final = re.compile(
    r"\b(?:leverage[ds]?\b(?! (?:loans?|buy-?outs?|finance|credit))|inverse\b|geared\b|daily short\b|short daily\b|"
    r"daily (?:\S+ ){0,4}(?:bull|bear)\b)",
    re.IGNORECASE,
)
_BRANDS: Final = re.compile(
    r"\b(?:ultrapro|levdax|shortdax|proshares (?:ultra|short (?!term|maturity|duration)))", re.IGNORECASE
)
_OF_FUNDS: Final = re.compile(r"\b(?:daily|long|short|bull|bear|swap|et[fpnc]s?|shares|ucits)\b", re.IGNORECASE)


@lru_cache(maxsize=4096)
def _says_leveraged(name: str, *, is_fund: bool) -> bool:
    """Whether a name is that of a leveraged or inverse fund.

    A share may have "2x" or "Inverse" in its name; with words of funds beside it, it is one that its source
    calls a share.
    """
    if _BRANDS.search(name):
        return True
    times, words = _TIMES.search(name) is not None, _WORDS.search(name) is not None
    return times or words if is_fund else times and (words or _OF_FUNDS.search(name) is not None)


def leverage(line: Holding) -> float:
    """The multiple of its index that a fund aims at each day; 1 for what is not leveraged.

    NaN where the name says that a fund is leveraged or inverse ("3x Daily Long", "Inverse") and nobody states by how
    much: a factor is never read from a name.
    """
    terms = line.terms
    if terms.leverage is not None:
        return terms.leverage
    # Hardly any name says anything of the kind, and every line of every portfolio is asked.
    if not _says_leveraged(line.name, is_fund=True) or line.asset_class is AssetClass.CASH or leans(line):
        return 1.0
    is_fund = line.asset_class in _UNITS or terms.instrument_type in _WRAPPED
    return nan if is_fund or _says_leveraged(line.name, is_fund=False) else 1.0


def size(line: Holding, value: float, factor: float) -> float:
    """What a line stands for, never below zero: its value, a derivative's larger notional, a fund's value × leverage.

    NaN where a derivative states no notional or a leveraged fund no factor.

    Args:
        value: In base currency.
        factor: From the line's currency to the base currency.
    """
    if leans(line):
        notional = line.terms.notional
        return nan if notional is None else max(abs(value), abs(float(notional)) * factor)
    times = leverage(line)
    return abs(value) if times == 1.0 else abs(value * times)


def why_unknown(lines: Iterable[Holding], sizes: Iterable[float]) -> str:
    """Why it is not known what a whole stands for, by its lines; "" where it is."""
    known = tuple(sizes)
    if not isnan(sum(known)):
        return ""
    unknown = [line for line, one in zip(lines, known, strict=True) if isnan(one)]
    said: list[str] = []
    if derivatives := sorted({line.symbol for line in unknown if leans(line)}):
        said.append(
            f"{_named(derivatives)} states neither notional nor delta: what it does to the whole is not known. "
            "Give terms.notional."
        )
    if funds := sorted({line.symbol for line in unknown if not leans(line)}):
        said.append(
            f"{_named(funds)} is leveraged or inverse by its name and states no factor: what it does to the whole is "
            "not known. Give terms.leverage, such as 3 or -1."
        )
    return " ".join(said)


def _named(symbols: list[str]) -> str:
    more = f" and {len(symbols) - _MOST_NAMED} more" if len(symbols) > _MOST_NAMED else ""
    return ", ".join(symbols[:_MOST_NAMED]) + more


_MOST_NAMED: Final = 5
