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
    "miliardi": 1e9, "trn": 1e12, "trillion": 1e12, "万": 1e4, "萬": 1e4, "億": 1e8, "亿": 1e8, "兆": 1e12,
}  # fmt: skip
"""Scale words, in lower case."""

PLAIN_SCALES: Final = frozenset({"k", "thousand", "tausend", "mille", "万", "萬", "億", "亿", "兆"})
"""Scales of anything, money or not."""

_IDEOGRAPHS = "万萬億亿兆"

_codes = "|".join(sorted(CURRENCIES))
_scale_words = "|".join(sorted((word for word in SCALES if word not in _IDEOGRAPHS), key=len, reverse=True))

unit_after = re.compile(
    rf"[{SPACES}-]?(?:"
    r"(?P<pct>%|％|(?:per|pour) ?cent\b|per cento\b|por ciento\b|prozent\b|percento\b|procent\b|pct\b)"
    r"|(?P<pp>percentage[ -]points?\b|points? de pourcentage\b|prozentpunkten?\b|pp\b|ppts?\b|百分点|個百分點|个百分点)"
    r"|(?P<mille>‰|per mille\b|pour mille\b|promille\b)"
    r"|(?P<bps>‱|bps?\b|basis[ -]points?\b|points? de base\b|pdb\b|basispunkten?\b)"
    r"|(?P<x>[x×](?!\w))"
    rf"|(?:(?P<scale>(?:{_scale_words})\b(?!/)|[{_IDEOGRAPHS}])\.?)?[{SPACES}]?(?:d['’]|de )?"
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

clock = re.compile(r"(?:[01]?\d|2[0-3]):[0-5]\d(?![\d:])").match
"""A time of day: 18:00."""

quote = re.compile(r"\d++(?:/\d++)+(?![\d.,]*\d)").match
"""Numbers that are one name together: 60/40, 5/10/40, 2017/653."""

term = re.compile(
    r"[- ]?(?:(?:years?|yr|jährig\w*|ans?|jahren?)\b|-?(?:day|days|jours|tage|tägig\w*)\b)", re.IGNORECASE
).match
"""What makes a number the term of an instrument or the length of an average: 20-year, 200-day."""

day_convention = re.compile(
    rf"[-{SPACES}]?(?:trading |business |jours|bourse|handelstage|days?\b|giorni|días)", re.IGNORECASE
).match
"""What makes 252 a convention of annualising."""

NAMING_WORDS: Final = frozenset(_months.split("|")) | frozenset(
    {
        "rule", "rules", "art", "article", "articles", "artikel", "section", "sec", "annex", "annexe", "para",
        "paragraph", "paragraphe", "règle", "règles", "regel", "regulation", "règlement", "verordnung", "directive",
        "richtlinie", "form", "basel", "bâle", "solvency", "nr", "n°", "item", "chapter", "coll", "cobs", "ips", "note",
        "step", "scenario", "§", "#", "№", "iso", "l", "r", "chf-", "covid", "sr", "rs", "lpp", "opp2", "bvv",
        "fas", "ias", "ifrs", "gips", "plan", "isin",
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

_level = r"(?:confiden\w{1,9}|konfiden\w{1,14}|confiance|confianza|fiducia|quantil\w{0,5}|percentil\w{0,5})"
_tail = r"(?:c?var\b|value[- ]at[- ]risk|valeur en risque|expected shortfall)"
_days = r"(?:days?\b|tagen?\b|jours\b|jour\b|outcomes?\b|history|historie|fälle\w*|cas\b|giorni\b|días\b)"

level_behind = re.compile(
    rf"[{SPACES}-]?\)?[{SPACES}]?(?:(?:one|1|ten|10)[ -]day )?"
    rf"(?:(?:historical|historische\w*|simulated|simulierte\w*) )?(?:{_level}|{_tail}|levels?\b|niveaus?\b)",
    re.IGNORECASE,
).match
"""What makes a high percentage before it a level: "95 % VaR"."""

level_before = re.compile(
    rf"(?:{_level}|{_tail}|(?:at|au|auf dem|on|zum|mit|with|un|einem|dem) (?:the |a )?(?:level|niveau)|"
    r"niveau de confiance)"
    r"(?: (?:level|niveau|historique|historical|simulierte?|simulée?|at|of|de|à|von|zu|bei|the)){0,3}"
    rf"[{SPACES}]?\(?$",
    re.IGNORECASE,
).search
"""What makes a high percentage behind it a level: "VaR (95 %)", "niveau de confiance de 95 %"."""

tail_behind = re.compile(
    rf"[{SPACES}](?:(?:tail|worst|pires|schlechteste\w*|of|des|der|aller|de|the|all|trading|simulated|simulierten|most|"
    rf"adverse|ungünstigsten) ){{0,4}}{_days}|[{SPACES}-]?(?:quantil\w*|percentil\w*|tail\b)",
    re.IGNORECASE,
).match
"""What makes a percentage before it a share of days, high or low: "the worst 5 % of days"."""

range_between = re.compile(
    rf"[{SPACES}]?(?:[-\u2013\u2014]|to|bis|à|through)[{SPACES}]?(?:about |rund |environ |zu )?", re.IGNORECASE
).fullmatch
"""What stands between the two ends of a range."""

both_between = re.compile(rf"[{SPACES}](?:and|et|und)[{SPACES}](?:[$€£¥])?", re.IGNORECASE).fullmatch
between_before = re.compile(
    rf"\b(?:between|entre|zwischen)[{SPACES}](?:[$€£¥]|[A-Z]{{3}}[{SPACES}])?$", re.IGNORECASE
).search
"""The same of a range that begins with "between"."""

name_before = re.compile(r"(?<=[^\W\d_])(?<!\d-of)(?<!\d-for)-$").search
"""Letters and a hyphen: COVID-19, ISO-4217."""

prompted = re.compile(
    r"(?:401|403|457)\([a-z]\)|529[ -](?:plans?|accounts?)\b|81-102\b|(?:1-)?in-\d{1,3}\b"
    rf"|10[{SPACES}]?% (?:loss\w* |verlust\w* |de baisse )?(?:d['\u2019]un |of a |in a |in der |du |eines )?"
    r"(?:mandat\w*|vermögensverwaltung\w*)"
    r"|\d{2,3}-(?:day|days|tage|tägig\w*|jours)\b",
    re.IGNORECASE,
).match
"""What the overlays of prompts put into a model's mouth: wrappers, instruments, the notice at a loss of 10 %."""

unnamed = re.compile(r"[+)]|\([a-z]\)|(?:st|nd|rd|th|er|ère|e|ème|ª|º)\b", re.IGNORECASE).match
"""What makes a number part of a name or of an order: 401(k), 20+, 3rd."""
