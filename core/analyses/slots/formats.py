"""Numbers, dates and places in an order as a region writes them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from core.analyses.slots.quantities import Quantity
from core.domain.facts import FactSheet
from core.domain.units import Unit

NO_BREAK: Final = "\u00a0"
_NARROW: Final = "\u202f"
_WHOLE_FROM: Final = 1000.0
"""Amounts of money from here on are written without decimals."""
_WITHOUT_CENTS: Final = frozenset({"JPY", "KRW"})


@dataclass(frozen=True, slots=True)
class Style:
    """How one region writes.

    Attributes:
        language: "en", "fr", "de" or "it"; others are written like English.
        thousands: Between groups of three digits.
        decimal: Mark before the decimals.
        percent: Before the percent sign.
        signs: Currencies that have a sign, before the number ("$1,234") or, with `sign_last`, behind it.
        code_first: The ISO code of other currencies stands before the number ("USD 1,234").
        days: Pattern of a day.
        swiss: ss for ß.
    """

    language: str = "en"
    thousands: str = ","
    decimal: str = "."
    percent: str = ""
    signs: Mapping[str, str] = field(default_factory=dict)
    sign_last: bool = False
    code_first: bool = True
    days: str = "{day} {month} {year}"
    swiss: bool = False


_MONTH_FIRST: Final = "{month} {day}, {year}"
_STYLES: Final = {
    "US": Style(signs={"USD": "$"}, days=_MONTH_FIRST),
    "CA": Style(signs={"CAD": "$"}, days=_MONTH_FIRST),
    "AU": Style(signs={"AUD": "$"}),
    "UK": Style(signs={"GBP": "£"}),
    "HK": Style(signs={"HKD": "HK$"}),
    "SG": Style(signs={"SGD": "S$"}),
    "JP": Style(signs={"JPY": "¥"}, days=_MONTH_FIRST),
    "NL": Style(percent=NO_BREAK),
    "DE_EN": Style(percent=NO_BREAK),
    "GLOBAL": Style(percent=NO_BREAK, days="{iso}"),
    "FR": Style("fr", _NARROW, ",", NO_BREAK, {"EUR": "€"}, sign_last=True, code_first=False),
    "DE": Style("de", ".", ",", NO_BREAK, {"EUR": "€"}, sign_last=True, code_first=False, days="{day}. {month} {year}"),
    "CH": Style("de", "'", ".", NO_BREAK, days="{day}. {month} {year}", swiss=True),
    "CH_FR": Style("fr", "'", ".", NO_BREAK),
    "CH_IT": Style("it", "'", ".", NO_BREAK),
    "CA_FR": Style("fr", NO_BREAK, ",", NO_BREAK, {"CAD": "$"}, sign_last=True, code_first=False),
}
"""By overlay, as its instructions have always asked for it."""

_OF_LANGUAGES: Final = {
    ("fr", ","): "FR", ("fr", "."): "CH_FR", ("de", ","): "DE", ("de", "."): "CH", ("it", "."): "CH_IT",
}  # fmt: skip


def style_of(sheet: FactSheet) -> Style:
    """The style of the region that a prompt was written for."""
    given = sheet.evidence
    if given.overlay in _STYLES:
        return _STYLES[given.overlay]
    if given.language in {"fr", "de", "it"}:
        usual = "." if given.language == "it" else ","
        return _STYLES[_OF_LANGUAGES.get((given.language, given.decimal_mark or usual), "FR")]
    return _STYLES.get(sheet.region.partition("_")[0], _STYLES["US"])


_UNITS: Final = {
    "en": {
        Unit.PP: ("percentage point", "percentage points"), Unit.BPS: ("basis point", "basis points"),
        Unit.DAYS: ("day", "days"), Unit.YEARS: ("year", "years"), Unit.X: ("times", "times"),
    },
    "fr": {
        Unit.PP: ("point de pourcentage", "points de pourcentage"), Unit.BPS: ("point de base", "points de base"),
        Unit.DAYS: ("jour", "jours"), Unit.YEARS: ("an", "ans"), Unit.X: ("fois", "fois"),
    },
    "de": {
        Unit.PP: ("Prozentpunkt", "Prozentpunkte"), Unit.BPS: ("Basispunkt", "Basispunkte"),
        Unit.DAYS: ("Tag", "Tage"), Unit.YEARS: ("Jahr", "Jahre"), Unit.X: ("Mal", "Mal"),
    },
    "it": {
        Unit.PP: ("punto percentuale", "punti percentuali"), Unit.BPS: ("punto base", "punti base"),
        Unit.DAYS: ("giorno", "giorni"), Unit.YEARS: ("anno", "anni"), Unit.X: ("volta", "volte"),
    },
}  # fmt: skip


def number(one: Quantity, style: Style, *, size: bool = False, bare: bool = False) -> str:
    """A number with its unit.

    Args:
        size: Without its sign.
        bare: Without its unit.
    """
    if one.ordinal:
        return ordinal(int(one.value), style.language)
    value = abs(one.value) if size else one.value
    decimals = one.decimals
    if one.unit is Unit.CCY and (abs(value) >= _WHOLE_FROM or one.currency in _WITHOUT_CENTS):
        decimals = 0
    digits = _digits(value, decimals, style)
    if bare or one.unit in {Unit.RATIO, Unit.SCORE, Unit.COUNT}:
        return digits
    if one.unit is Unit.PCT:
        return f"{digits}{style.percent}%"
    if one.unit is Unit.CCY:
        return _money(digits, one.currency or "", style)
    words = _UNITS[style.language][one.unit]
    single = abs(round(value, decimals)) == 1.0 if style.language != "fr" else abs(value) < 2.0
    return f"{digits}{NO_BREAK}{words[0] if single else words[1]}"


_counts = re.compile(r"[1-9]").search


def _digits(value: float, decimals: int, style: Style) -> str:
    text = f"{value:,.{decimals}f}"
    if text[0] == "-" and not _counts(text):
        text = text[1:]  # nothing is written as minus nothing
    if style.thousands == ",":
        return text
    return text.replace(",", "\0").replace(".", style.decimal).replace("\0", style.thousands)


def _money(digits: str, currency: str, style: Style) -> str:
    minus, size = ("-", digits[1:]) if digits[0] == "-" else ("", digits)
    sign = style.signs.get(currency)
    if sign is not None and not style.sign_last:
        return f"{minus}{sign}{size}"
    if style.code_first and sign is None:
        return f"{currency}{NO_BREAK}{digits}".lstrip(NO_BREAK)
    return f"{digits}{NO_BREAK}{sign or currency}".rstrip(NO_BREAK)


_ORDINALS: Final = {
    language: words.split()
    for language, words in {
        "en": "first second third fourth fifth sixth seventh eighth ninth tenth",
        "fr": "première deuxième troisième quatrième cinquième sixième septième huitième neuvième dixième",
        "de": "erste zweite dritte vierte fünfte sechste siebte achte neunte zehnte",
        "it": "prima seconda terza quarta quinta sesta settima ottava nona decima",
    }.items()
}


def ordinal(place: int, language: str) -> str:
    """A place in an order: "third", "troisième" (a line is feminine), "dritte"."""
    words = _ORDINALS[language]
    if 1 <= place <= len(words):
        return words[place - 1]
    if language == "de":
        return f"{place}."
    if language == "fr":
        return f"{place}e"
    if language == "it":
        return f"{place}ª"
    ending = "th" if 10 <= place % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(place % 10, "th")
    return f"{place}{ending}"


_MONTHS: Final = {
    language: words.split()
    for language, words in {
        "en": "January February March April May June July August September October November December",
        "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
        "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
        "it": "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    }.items()
}
_iso = re.compile(r"\d{4}-\d{2}-\d{2}")
_BETWEEN: Final = {"en": "from {} to {}", "fr": "du {} au {}", "de": "vom {} bis {}", "it": "dal {} al {}"}
_ON: Final = {"en": "as of {}", "fr": "au {}", "de": "per {}", "it": "al {}"}


def day(iso: str, style: Style) -> str:
    """A day in words; what is no day comes back as it is."""
    try:
        one = date.fromisoformat(iso)
    except ValueError:
        return iso
    month = _MONTHS[style.language][one.month - 1]
    return style.days.format(day=one.day, month=month, year=one.year, iso=iso)


def period(stated: str | None, style: Style) -> str:
    """The time that a fact speaks of, in words; "" where time plays no part."""
    days = _iso.findall(stated or "")
    if len(days) == 2:
        return _BETWEEN[style.language].format(day(days[0], style), day(days[1], style))
    return _ON[style.language].format(day(days[0], style)) if days else ""
