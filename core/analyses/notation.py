"""The words and signs that stand around numbers, in the languages the analyses are written in."""

from __future__ import annotations

import re
from typing import Final

SPACES: Final = " \u00a0\u2009\u202f"
"""Plain, no-break, thin and narrow no-break space: all are used between thousands and before "%"."""

APOSTROPHES: Final = "'\u2019"

DASHES: Final = "\u2212\u2010\u2011\u2012\u2013\u2014\u2015\u2043\u02d7\u2796\u207b\u208b\ufe58\ufe63\uff0d-"
"""Whatever a reader takes for a minus where it stands directly before a number."""

CURRENCIES: Final = frozenset(
    {
        "AED", "ARS", "AUD", "BGN", "BRL", "CAD", "CHF", "CLP", "CNH", "CNY", "COP", "CZK", "DKK", "EGP", "EUR",
        "GBP", "HKD", "HUF", "IDR", "ILS", "INR", "ISK", "JPY", "KRW", "KWD", "MXN", "MYR", "NOK", "NZD", "PEN",
        "PHP", "PLN", "QAR", "RON", "RUB", "SAR", "SEK", "SGD", "THB", "TRY", "TWD", "USD", "VND", "ZAR",
    }
)  # fmt: skip
"""Codes that make a number an amount of money when they stand beside it."""

_DOLLARS = frozenset({"USD", "AUD", "CAD", "HKD", "NZD", "SGD", "TWD", "MXN"})

SIGNS: Final = {
    "$": _DOLLARS,
    "dollar": _DOLLARS,
    "€": frozenset({"EUR"}),
    "euro": frozenset({"EUR"}),
    "£": frozenset({"GBP"}),
    "pound": frozenset({"GBP"}),
    "¥": frozenset({"JPY", "CNY"}),
    "yen": frozenset({"JPY"}),
    "franc": frozenset({"CHF"}),
}
"""What a currency sign or word may mean."""

SCALES: Final = {
    "k": 1e3, "thousand": 1e3, "mille": 1e3, "tsd": 1e3, "tausend": 1e3,
    "m": 1e6, "mn": 1e6, "mm": 1e6, "mio": 1e6, "million": 1e6, "millions": 1e6, "millionen": 1e6, "milioni": 1e6,
    "millones": 1e6,
    "bn": 1e9, "billion": 1e9, "milliard": 1e9, "milliards": 1e9, "milliarden": 1e9, "mrd": 1e9, "md": 1e9, "mds": 1e9,
    "miliardi": 1e9, "trn": 1e12, "trillion": 1e12,
}  # fmt: skip
"""Scale words, in lower case."""

_codes = "|".join(sorted(CURRENCIES))
_scale_words = "|".join(sorted(SCALES, key=len, reverse=True))

unit_after = re.compile(
    rf"[{SPACES}-]?(?:"
    r"(?P<pct>%|％|(?:per|pour) ?cent\b|per cento\b|por ciento\b|prozent\b|percento\b|procent\b|pct\b)"
    r"|(?P<pp>percentage[ -]points?\b|points? de pourcentage\b|prozentpunkten?\b|pp\b|ppts?\b)"
    r"|(?P<mille>‰|per mille\b|pour mille\b|promille\b)"
    r"|(?P<bps>‱|bps?\b|basis[ -]points?\b|points? de base\b|pdb\b|basispunkten?\b)"
    r"|(?P<x>[x×](?!\w))"
    rf"|(?:(?P<scale>{_scale_words})\b\.?)?[{SPACES}]?(?:d['’]|de )?"
    rf"(?P<money>(?-i:{_codes})(?!\w)|[$€£¥]|(?:euro|dollar|pound|franc|yen)(?=s?(?!\w)))?"
    r")",
    re.IGNORECASE,
).match
"""The unit behind a number; matches nothing where there is none."""

money_before = re.compile(rf"(?:\b({_codes})|([$€£¥]))[{SPACES}]?$").search
"""A currency in front of a number."""

MONEY_ENDS: Final = frozenset("".join(CURRENCIES)) | frozenset("$€£¥")
"""The characters that can stand last in a currency."""

states = re.compile(
    r"(?:[:=]|\b(?:is|was|are|were|of|by|at|to|returned|made|lost|earned|est|était|sont|de|à|ist|war|sind|waren|von|um|"
    rf"auf|bei|mit))[{SPACES}]*$",
    re.IGNORECASE,
).search
"""What stands before a number that is stated, and never before one in a parenthesis."""

power = re.compile(r"\^([-+]?\d{1,2})(?!\d)").match
"""An exponent behind a number."""

about = re.compile(
    r"(?:\b(?:about|around|roughly|approximately|nearly|almost|some|circa|ca\.|environ|près de|quelque|presque|rund|"
    r"etwa|ungefähr|fast|unos|cerca de)|[~≈])"
    rf"[{SPACES}]*(?:(?:{_codes})[{SPACES}]?|[$€£¥])?$",
    re.IGNORECASE,
).search
"""A word that makes the number behind it an approximate one."""

_months = (
    "january|february|march|april|may|june|july|august|september|october|november|december"
    "|jan|feb|mar|apr|jun|jul|aug|sep|sept|oct|nov|dec"
    "|janvier|février|mars|avril|mai|juin|juillet|août|septembre|octobre|novembre|décembre|janv|févr|avr|juil|déc"
    "|januar|februar|märz|juni|juli|oktober|dezember|mär|okt|dez"
    "|gennaio|febbraio|marzo|aprile|maggio|giugno|luglio|agosto|settembre|ottobre|dicembre"
    "|enero|febrero|abril|mayo|junio|julio|septiembre|octubre|noviembre|diciembre"
)

date = re.compile(
    r"\d{4}(?P<iso>[-/.])\d{1,2}(?:(?P=iso)\d{1,2})?(?!\d)"
    r"|\d{1,2}(?P<mark>[-/.])\d{1,2}(?P=mark)\d{2,4}(?!\d)"
    rf"|\d{{1,2}}(?:st|nd|rd|th|er|\.|º)?[{SPACES}](?:de )?(?:{_months})\b\.?(?:[{SPACES}](?:de )?\d{{4}})?",
    re.IGNORECASE,
).match
"""A date that begins with a digit."""

quote = re.compile(r"\d++(?:/\d++)+(?![\d.,]*\d)").match
"""Numbers that are one name together: 60/40, 5/10/40, 2017/653."""

term = re.compile(r"-(?:years?|yr|jährig\w*|ans?|jahren?)\b", re.IGNORECASE).match
"""What makes a number the term of an instrument: 20-year."""

day_convention = re.compile(
    rf"[-{SPACES}]?(?:trading |business |jours|bourse|handelstage|days?\b|giorni|días)", re.IGNORECASE
).match
"""What makes 252 a convention of annualising."""

NAMING_WORDS: Final = frozenset(_months.split("|")) | frozenset(
    {
        "rule", "rules", "art", "article", "articles", "artikel", "section", "sec", "annex", "annexe", "para",
        "paragraph", "paragraphe", "règle", "règles", "regel", "regulation", "règlement", "verordnung", "directive",
        "richtlinie", "form", "basel", "bâle", "solvency", "nr", "n°", "item", "chapter", "coll", "cobs", "ips", "note",
        "step", "scenario", "§", "#", "№",
        "s&p", "ftse", "stoxx", "nasdaq", "russell", "nikkei", "dax", "mdax", "cac", "asx", "tsx", "ibex", "aex", "mib",
        "smi", "topix", "csi", "sbf", "seng", "obx", "omx", "omxs", "omxc", "omxh", "msci",
    }
)  # fmt: skip
"""Words that make the number behind them a name: a month, a rule, an index."""

tail_words = re.compile(
    r"\bC?VaR\b|value[- ]at[- ]risk|valeur en risque|confiden|konfiden|confianza|confianc|fiducia|niveau|quantil|"
    r"percentil|[%t][ \u00a0-]levels?\b|shortfall|\btail|queue|worst|pires|schlechtest|peggior|peores",
    re.IGNORECASE,
).search
"""A word beside which 95 % is a confidence level and 5 % the tail beyond it."""
