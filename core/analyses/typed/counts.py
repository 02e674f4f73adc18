"""Counts of what the sheet counts itself: the portfolio's holdings, the periods of a comparison."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from core.analyses.typed.comparisons import said
from core.analyses.typed.context import Cited, Context
from core.analyses.typed.lexicon import Mention
from core.analyses.typed.sentence import Sentence
from core.domain.analysis import Finding, FindingKind

_HOLDS: Final = frozenset(
    {
        "has", "holds", "contains", "comprises", "of", "over", "across", "in", "compte", "détient", "comporte",
        "contient", "sur", "hat", "hält", "enthält", "umfasst", "aus", "auf", "zählt",
    }
)  # fmt: skip
"""Words before a number that make it the count of all there is."""

_OWNERS: Final = frozenset({"holdings", "positions", "lines", "lignes", "positionen", "linien", "titel", "titres"})


def counted(context: Context, sentence: Sentence, cited: Cited) -> Iterator[Finding]:
    """Whole numbers before a noun that the sheet can count."""
    nouns = sentence.of("count_of")
    if not nouns:
        return
    for number in sentence.numbers:
        noun = next((one for one in nouns if one.start >= number.stop), None)
        if noun is None or number.unit or sentence.between(number.stop, noun.start):
            continue
        true = _true(context, sentence, noun, number.begin)
        if true is not None and all(round(read) != true for read, _ in number.readings):
            yield Finding(cited.path, "", said(sentence, number.begin, noun.end), str(true), FindingKind.VALUE)


def _true(context: Context, sentence: Sentence, noun: Mention, begin: int) -> int | None:
    words = [one.text for one in sentence.words if one.end <= begin]
    before = words[-1:] or [""]
    if noun.value == "holdings" and before[0] in _HOLDS and "portfolio" in {one.value for one in sentence.of("owner")}:
        if sentence.text[noun.start : noun.end].lower() not in _OWNERS:
            return None
        return next((round(fact.value) for fact in context.sheet.facts if fact.metric_id == "holdings_count"), None)
    if noun.value == "periods" and sentence.within("all", max(sentence.start, begin - 12), begin):
        return len(context.families.get("excess_return", ())) or None
    return None
