"""Level, horizon and method of a value at risk, in fields and in words: those of the fact that is cited, and no others.

"With 99 % confidence the loss over 10 days stays below this figure" beside var_95_1d states the right figure and the
wrong thing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, Final, NamedTuple

from core.analyses import notation
from core.analyses.checks import Analysis, parts_of, unlike
from core.analyses.numbers import confidence_levels
from core.analyses.time_limit import tick
from core.domain.analysis import Finding, FindingKind
from core.domain.facts import Fact, FactSheet

_TAIL = re.compile(r"(?:^|[:.])c?var_(?P<level>\d+)_(?P<days>\d+)d(?:_(?P<method>[a-z_]+))?$")
_METHODS: Final = {"": "historical", "normal": "parametric_normal"}
"""By the end of the id; what a fact of another method would be called is its method."""

PLACEHOLDER: Final = ("historical", 95.0, 1)
"""What the prompt asks for in the three fields where no value at risk was computed; pages do not show it then."""

_STATEMENT: Final = "var_statement"
_NOT_PROSE: Final = frozenset({"quote", "title", "url", "publisher", "published"})

_COUNTS: Final = {
    word: number
    for number, words in enumerate(
        ("one|a|un|une|ein|eine|einem|einen|einer|single", "two|deux|zwei", "three|trois|drei", "four|quatre|vier",
         "five|cinq|fünf", "six|sechs", "seven|sept|sieben", "eight|huit|acht", "nine|neuf|neun", "ten|dix|zehn"),
        start=1,
    )
    for word in words.split("|")
}  # fmt: skip
_UNITS: Final = (
    ("week|wochen?|semaine", 5),
    ("fortnight|quinzaine", 10),
    ("month|monate?n?|mois", 21),
    ("quarter|quartale?n?|trimestre", 63),
    ("day|tage?n?s?|jour|handelstage?n?", 1),
)
_horizon = re.compile(
    rf"(?<![\w.,])(?P<count>\d{{1,3}}|{'|'.join(_COUNTS)})[\s-]?"
    r"(?:trading[\s-]|business[\s-]|whole |full |ganze[mnrs]? )?"
    rf"(?P<unit>{'|'.join(words for words, _ in _UNITS)})s?\b(?! (?:of|des?|du|der)\b)",
    re.IGNORECASE,
)
_percentile = re.compile(
    r"(?<![\w.,])(?P<level>\d{1,2}(?:[.,]\d{1,3})?)(?:st|nd|rd|th|e|ème|er|\.)?[ \u00a0-]?(?:per)?(?:centile|zentil)",
    re.IGNORECASE,
)
_ONE_IN: Final = {
    "ten": 10, "dix": 10, "zehn": 10, "twenty": 20, "vingt": 20, "zwanzig": 20, "forty": 40, "quarante": 40,
    "vierzig": 40, "fifty": 50, "cinquante": 50, "fünfzig": 50, "hundred": 100, "cent": 100, "hundert": 100,
    "thousand": 1000, "mille": 1000, "tausend": 1000, "decade": 2520, "century": 25200,
}  # fmt: skip
_one_in = re.compile(
    r"\b(?:once|one|1|une?|ein(?:e[mnr]?)?)[ -](?:(?:trading )?(?:day|time|fois|jour|séance|mal|tag)[ -])?"
    rf"(?:in|out of|sur|von|an|auf)[ -](?:a[ -]|one[ -])?(?P<of>\d{{1,4}}|{'|'.join(_ONE_IN)})(?:\b|(?=tage))",
    re.IGNORECASE,
)
_MANY: Final = {
    **_COUNTS,
    **dict.fromkeys(("nineteen", "dix-neuf", "neunzehn"), 19),
    **dict.fromkeys(("ninety-five", "quatre-vingt-quinze", "fünfundneunzig"), 95),
    **dict.fromkeys(("ninety-nine", "quatre-vingt-dix-neuf", "neunundneunzig"), 99),
}
_times_in = re.compile(
    rf"(?<![\w.,-])(?P<count>\d{{1,4}}|{'|'.join(sorted(_MANY, key=len, reverse=True))})[ -]?"
    r"(?:trading |business |of (?:the )?)?(?:times|days|cases|sessions|fois|jours|cas|séances|mal|tagen?|fällen)[ -]"
    rf"(?:in|out of|of|sur|von|aus|auf)[ -](?P<of>\d{{1,4}}|{'|'.join(_ONE_IN)})\b",
    re.IGNORECASE,
)
_METHOD_WORDS: Final = (
    ("monte_carlo", re.compile(r"\bmonte[ -]?carlo\b", re.IGNORECASE)),
    (
        "parametric_normal",
        re.compile(
            r"\b(?:parametri(?:c|que|sche[rnms]?)|delta[ -]normale?|varian(?:ce|z)[ -](?:co|ko)varian(?:ce|z))\b",
            re.IGNORECASE,
        ),
    ),
    ("historical", re.compile(r"\b(?:histori(?:cal|cally|que|sche[rnms]?)[ -]simul)", re.IGNORECASE)),
)
"""What sentences call the methods of a fact of the tail."""

_other_way = re.compile(
    r"\b(?:not|no|nor|than|instead|unlike|without|versus|would|ni|pas|sans|plutôt|contrairement|au lieu|nicht|"
    r"keine?[nms]?|statt|anders|ohne|gegenüber|wäre)\b",
    re.IGNORECASE,
)
"""A sentence that sets one method against another may name both."""

_sentence_end = re.compile(r"(?<=[.!?;])(?<!\d\.)\s+")
_DAYS_A_YEAR: Final = frozenset({250, 252, 260, 360, 365})


class Tail(NamedTuple):
    """What a fact of the tail is about: 95.0 percent, 1 day, "historical"."""

    level: float
    days: int
    method: str


def tail_of(metric_id: str) -> Tail | None:
    """What a metric's id says of level, horizon and method; None where it is no value at risk or expected shortfall."""
    found = _TAIL.search(metric_id)
    if found is None:
        return None
    method = found["method"] or ""
    return Tail(float(found["level"]), int(found["days"]), _METHODS.get(method, method))


def cited_tails(metrics: Iterable[Mapping[str, Any]], facts: Mapping[str, Fact]) -> list[Tail]:
    """Tails of those references whose facts were given."""
    found = (tail_of(one["metric_id"]) for one in metrics if one["metric_id"] in facts)
    return [tail for tail in found if tail is not None]


def statement(analysis: Analysis, sheet: FactSheet) -> Iterator[Finding]:
    """The fields of the statement are those of a fact that it cites; where it cites none, those the prompt asks for."""
    stated, facts = analysis[_STATEMENT], sheet.by_id()
    said = Tail(stated["confidence_pct"], stated["horizon_days"], stated["method"])
    cited = cited_tails(stated["metrics"], facts)
    if not cited:
        method, level, days = PLACEHOLDER
        for name, value, kept in (
            ("method", said.method, method), ("confidence_pct", said.level, level), ("horizon_days", said.days, days),
        ):  # fmt: skip
            if value != kept:
                yield unlike(f"{_STATEMENT}.{name}", "", value, None, FindingKind.UNSUPPORTED)
        return
    if said in cited:
        return
    nearest = max(cited, key=lambda tail: sum(one == other for one, other in zip(said, tail, strict=True)))
    for name, value, true, kind in (
        ("method", said.method, nearest.method, FindingKind.VALUE),
        ("confidence_pct", said.level, nearest.level, FindingKind.VALUE),
        ("horizon_days", said.days, nearest.days, FindingKind.PERIOD),
    ):
        if value != true:
            yield unlike(f"{_STATEMENT}.{name}", "", value, true, kind)


def words(analysis: Analysis, sheet: FactSheet) -> Iterator[Finding]:
    """Levels and horizons in sentences of the tail are those of the facts cited beside them, else in the answer."""
    facts, parts = sheet.by_id(), parts_of(analysis)
    whole = cited_tails((part for _, part in parts if "metric_id" in part), facts)
    for path, part in parts:
        tick()
        if "metric_id" in part:
            continue
        for key, text in _prose(part, path):
            if path != _STATEMENT and not _speaks_of_tails(_digits.sub("0", text)):
                continue
            tails = cited_tails(part.get("metrics", ()), facts) or ([] if path == _STATEMENT else whole)
            for sentence in _sentence_end.split(text):
                tick()
                if path == _STATEMENT or notation.tail_words(sentence) or _percentile.search(sentence):
                    yield from _in_sentence(key, sentence, tails)


_digits = re.compile(r"\d+(?:[.,]\d+)*+")


@lru_cache(maxsize=8_192)
def _speaks_of_tails(text: str) -> bool:
    """Whether a text without its digits has a word of the tail; models say the same again and again."""
    return notation.tail_words(text) is not None or _percentile.search(text) is not None


def _prose(part: Mapping[str, Any], path: str) -> Iterator[tuple[str, str]]:
    for key, value in part.items():
        place = f"{path}.{key}" if path else key
        if isinstance(value, str):
            if " " in value and key not in _NOT_PROSE:
                yield place, value
        elif isinstance(value, list) and not key.endswith("_ids"):
            yield from ((f"{place}[{number}]", one) for number, one in enumerate(value) if isinstance(one, str))


def _in_sentence(path: str, sentence: str, tails: list[Tail]) -> Iterator[Finding]:
    allowed = {level for tail in tails for level in (tail.level, 100.0 - tail.level)}
    for stated, value in (*confidence_levels(sentence), *_other_levels(sentence)):
        if not any(abs(value - level) < 1e-9 for level in allowed):
            true = f"{tails[0].level:g} %" if tails else None
            yield Finding(path, "", stated, true, FindingKind.VALUE if tails else FindingKind.UNSUPPORTED)
    yield from _methods_said(path, sentence, tails)
    often = [found.span() for found in _times_in.finditer(sentence)]
    # "One day in twenty" is the level of 95 % once more.
    days = {number for tail in tails for number in (tail.days, round(100 / max(100.0 - tail.level, 0.1)))}
    for found in _horizon.finditer(sentence):
        value = _days(found)
        if any(start <= found.start() < end for start, end in often):
            continue  # "19 days in 20" is no horizon
        if value not in days and value not in _DAYS_A_YEAR:
            true = f"{tails[0].days} days" if tails else None
            yield Finding(path, "", found.group(), true, FindingKind.PERIOD if tails else FindingKind.UNSUPPORTED)


def _methods_said(path: str, sentence: str, tails: list[Tail]) -> Iterator[Finding]:
    """Methods that a sentence names and no fact beside it has: "a Monte Carlo simulation" of a historical figure."""
    if not tails or _other_way.search(sentence):
        return
    methods = {tail.method for tail in tails}
    for method, pattern in _METHOD_WORDS:
        found = pattern.search(sentence)
        if found is not None and method not in methods:
            yield Finding(path, "", found.group(), ", ".join(sorted(methods)), FindingKind.VALUE)


def _other_levels(sentence: str) -> Iterator[tuple[str, float]]:
    """Levels that no percent sign stands beside: "the 99th percentile", "one day in a hundred", "19 days in 20"."""
    for found in _times_in.finditer(sentence):
        count, of = found["count"].lower(), found["of"].lower()
        many = int(count) if count.isdigit() else _MANY[count]
        whole = int(of) if of.isdigit() else _ONE_IN[of]
        if 1 < many <= whole:
            yield found.group(), round(100.0 * many / whole, 6)
    for found in _percentile.finditer(sentence):
        yield found.group(), float(found["level"].replace(",", "."))
    for found in _one_in.finditer(sentence):
        of = found["of"].lower()
        yield found.group(), round(100.0 - 100.0 / max(1, int(of) if of.isdigit() else _ONE_IN[of]), 6)


def _days(found: re.Match[str]) -> int:
    count, unit = found["count"].lower(), found["unit"].lower()
    each = next(size for names, size in _UNITS if re.fullmatch(names, unit))
    return (int(count) if count.isdigit() else _COUNTS[count]) * each
