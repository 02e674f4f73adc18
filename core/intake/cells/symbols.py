"""Ticker spellings: one exchange is written in many ways, and a bare ticker means one only with its currency."""

from __future__ import annotations

import re
from functools import lru_cache

_SUFFIX_SPELLINGS = {
    ".L": "LN LSE LON", ".DE": "GY GR XETRA ETR XETR", ".PA": "FP EPA XPAR", ".AS": "NA AMS XAMS",
    ".MI": "IM BIT XMIL", ".MC": "SM BME XMAD", ".BR": "BB EBR XBRU", ".SW": "SE VX SWX XSWX", ".T": "JP JT TYO XTKS",
    ".HK": "HKG XHKG", ".SI": "SP SGX XSES", ".AX": "AU AT ASX XASX", ".TO": "CN CT TSX XTSE",
    "": "US UN UW UQ NYSE NASDAQ NYSEARCA ARCA AMEX BATS",
}  # fmt: skip
_SUFFIX_OF = {word: suffix for suffix, words in _SUFFIX_SPELLINGS.items() for word in words.split()}
"""Bloomberg's, Google's and ISO 10383's words for an exchange, and the suffix that the register writes for it."""

_SUFFIXES_OF_CURRENCY = {
    "GBP": (".L",),
    "EUR": (".DE", ".PA", ".AS", ".MI", ".MC", ".BR"),
    "CHF": (".SW",),
    "JPY": (".T",),
    "HKD": (".HK",),
    "SGD": (".SI",),
    "AUD": (".AX",),
    "CAD": (".TO",),
}
_LEADING = re.compile(r"([A-Z]{2,8}):([A-Z0-9.\-]{1,12})")
_TRAILING = re.compile(r"([A-Z0-9.\-]{1,12})[ :.]([A-Z]{2,8})(?: EQUITY)?")


@lru_cache(maxsize=16_384)
def spellings(symbol: str) -> tuple[str, ...]:
    """Every way the register may write a symbol, the likeliest first: "AZN LN" reads AZN.L."""
    upper = symbol.strip().upper()
    found = [upper]
    leading, trailing = _LEADING.fullmatch(upper), _TRAILING.fullmatch(upper)
    if leading is not None and leading[1] in _SUFFIX_OF:
        found.append(_padded(leading[2], _SUFFIX_OF[leading[1]]))
    if trailing is not None and trailing[2] in _SUFFIX_OF:
        found.append(_padded(trailing[1], _SUFFIX_OF[trailing[2]]))
    if trailing is not None and f".{trailing[2]}" in _SUFFIX_SPELLINGS:
        found.append(_padded(trailing[1], f".{trailing[2]}"))
    return tuple(dict.fromkeys(found))


@lru_cache(maxsize=16_384)
def listings(symbol: str, currency: str) -> tuple[str, ...]:
    """What a bare ticker may be in a currency: "MC" in EUR reads MC.DE, MC.PA, ...; () for one with a suffix.

    Several exchanges share the euro, so a caller takes such a reading only where one of them is known.
    """
    upper = symbol.strip().upper()
    if not upper or "." in upper or " " in upper or ":" in upper:
        return ()
    return tuple(_padded(upper, suffix) for suffix in _SUFFIXES_OF_CURRENCY.get(currency, ()))


def _padded(ticker: str, suffix: str) -> str:
    return (ticker.zfill(4) if suffix == ".HK" and ticker.isdigit() else ticker.rstrip(".")) + suffix
