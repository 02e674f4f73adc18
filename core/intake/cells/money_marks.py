"""Signs and words by which amounts and currency columns name a currency: "€", "US$", "kr", "Euro", "75.5p"."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from core.intake.cells.codes import CURRENCIES, MINOR_UNITS

_DOLLARS = frozenset(
    {"USD", "CAD", "AUD", "NZD", "HKD", "SGD", "TWD", "MXN", "BBD", "BMD", "BSD", "BZD", "FJD", "JMD", "KYD", "TTD"}
)
_KRONER = frozenset({"SEK", "NOK", "DKK", "ISK"})

_SIGNS: Final[dict[str, frozenset[str]]] = {
    "US$": frozenset({"USD"}), "HK$": frozenset({"HKD"}), "NT$": frozenset({"TWD"}), "NZ$": frozenset({"NZD"}),
    "S$": frozenset({"SGD"}), "A$": frozenset({"AUD"}), "AU$": frozenset({"AUD"}), "C$": frozenset({"CAD"}),
    "CA$": frozenset({"CAD"}), "R$": frozenset({"BRL"}), "MX$": frozenset({"MXN"}), "$": _DOLLARS,
    "€": frozenset({"EUR"}), "£": frozenset({"GBP"}), "¥": frozenset({"JPY", "CNY", "CNH"}),
    "￥": frozenset({"JPY", "CNY", "CNH"}), "円": frozenset({"JPY"}), "元": frozenset({"CNY", "CNH"}),
    "₣": frozenset({"CHF"}), "SFr": frozenset({"CHF"}), "Fr": frozenset({"CHF"}), "kr": _KRONER,
    "zł": frozenset({"PLN"}), "Kč": frozenset({"CZK"}), "Ft": frozenset({"HUF"}), "lei": frozenset({"RON"}),
    "₹": frozenset({"INR"}), "Rs": frozenset({"INR", "PKR", "LKR", "MUR"}), "₩": frozenset({"KRW"}),
    "₽": frozenset({"RUB"}), "руб": frozenset({"RUB"}), "TL": frozenset({"TRY"}), "грн": frozenset({"UAH"}),
    "лв": frozenset({"BGN"}), "₺": frozenset({"TRY"}), "₪": frozenset({"ILS"}), "฿": frozenset({"THB"}),
    "₫": frozenset({"VND"}), "₱": frozenset({"PHP"}), "₦": frozenset({"NGN"}), "₴": frozenset({"UAH"}),
}  # fmt: skip
_CODES = {code: frozenset({code}) for code in CURRENCIES}
_MINOR = {code: frozenset({major}) for code, major in MINOR_UNITS.items()}
_ALL: Final = {sign.casefold(): found for sign, found in {**_SIGNS, **_CODES, **_MINOR}.items()}


def _any_of(signs: Iterable[str]) -> str:
    """A pattern of any of these, the longest first, by their first character: a matcher tries few at each place."""
    groups: dict[str, list[str]] = {}
    for sign in sorted(signs, key=len, reverse=True):
        groups.setdefault(sign[0].casefold(), []).append(re.escape(sign[1:]))
    return "|".join(f"{re.escape(first)}(?:{'|'.join(rest)})" for first, rest in groups.items())


_WORDLIKE = _any_of({*(sign for sign in _SIGNS if sign[-1].isalpha()), *CURRENCIES, *MINOR_UNITS})
_SIGNLIKE = _any_of(sign for sign in _SIGNS if not sign[-1].isalpha())
MARK: Final = re.compile(
    rf"(?=[^\s\d])(?:{_SIGNLIKE}|(?<![^\W\d_])(?:{_WORDLIKE})\.?(?![^\W\d_]))",
    re.IGNORECASE,
)
"""A currency's sign or code inside an amount, and the point of an abbreviation."""

_NAMES: Final = {
    "euro": "EUR", "euros": "EUR", "us dollar": "USD", "us dollars": "USD", "dollar us": "USD",
    "dollar americain": "USD",
    "amerikanischer dollar": "USD", "dolar estadounidense": "USD", "pound sterling": "GBP", "pfund sterling": "GBP",
    "britisches pfund": "GBP", "livre sterling": "GBP", "sterling": "GBP", "schweizer franken": "CHF",
    "swiss franc": "CHF", "swiss francs": "CHF", "franc suisse": "CHF", "franco svizzero": "CHF",
    "japanischer yen": "JPY", "japanese yen": "JPY", "yen": "JPY", "schwedische krone": "SEK", "swedish krona": "SEK",
    "svensk krona": "SEK", "svenska kronor": "SEK", "norwegische krone": "NOK", "norwegian krone": "NOK",
    "norsk krone": "NOK", "danische krone": "DKK", "danish krone": "DKK", "dansk krone": "DKK",
    "kanadischer dollar": "CAD", "canadian dollar": "CAD", "dollar canadien": "CAD", "australischer dollar": "AUD",
    "australian dollar": "AUD", "hongkong dollar": "HKD", "hong kong dollar": "HKD", "singapore dollar": "SGD",
    "singapur dollar": "SGD", "zloty": "PLN", "indian rupee": "INR", "pence": "GBX", "pence sterling": "GBX",
}  # fmt: skip


_PENCE: Final = re.compile(r"(?<=[\d.])\s?(?:p|pence|penny)\.?$")


@lru_cache(maxsize=4_096)
def marks_of(amount: str) -> frozenset[str] | None:
    """Currencies that an amount names: {"EUR"} for "€1,850.00", several where a sign is shared ("$", "kr").

    None where it names none. Two signs that no currency shares give the empty set.
    """
    found: frozenset[str] | None = frozenset({"GBP"}) if _PENCE.search(amount) else None
    for mark in MARK.findall(amount):
        meant = _ALL[mark.casefold().removesuffix(".")]
        found = meant if found is None else found & meant
    return found


_HUNDREDTHS: Final = re.compile(
    r"(?<=[\d.])\s?(?:p|pence|penny)\.?$|(?<![A-Za-z])(?:" + "|".join(map(re.escape, MINOR_UNITS)) + r")(?![A-Za-z])"
)


def without_hundredths(text: str) -> tuple[str, bool]:
    """An amount without the mark of hundredths ("72p", "GBX 145", "3100 ZAc"), and whether it had one."""
    if not text or (text[-1].isdigit() and text[0].isdigit()):
        return text, False
    found = _HUNDREDTHS.search(text)
    return (text, False) if found is None else (f"{text[: found.start()]}{text[found.end() :]}".strip(), True)


_HUNDREDTHS_HEADER: Final = re.compile(
    r"[(\[]\s*(p)\s*[)\]]|\b([Pp]ence|PENCE)\b|(?<![A-Za-z])("
    + "|".join(map(re.escape, MINOR_UNITS))
    + r")(?![A-Za-z])"
)


def hundredths_named(header: str) -> str | None:
    """The currency of whose hundredths a header speaks: GBP for "Price (p)" and "Kurs GBX"; None where of none."""
    found = _HUNDREDTHS_HEADER.search(header)
    if found is None:
        return None
    return "GBP" if found[3] is None else MINOR_UNITS[found[3]]


def currency_named(text: str) -> str | None:
    """The ISO code that a word or a sign in a currency column means: "€", "Euro", "US-Dollar"; None where unsure."""
    plain = " ".join(re.sub(r"[^\w$€£¥￥₣₹₩₽₺₪]+", " ", text.replace("ä", "a").replace("é", "e")).casefold().split())
    if plain in _NAMES:
        return _NAMES[plain]
    meant = _ALL.get(text.strip().casefold().removesuffix("."))
    return next(iter(meant)) if meant is not None and len(meant) == 1 else None
