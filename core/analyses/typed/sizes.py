"""Sizes in words: a third, half, two thirds, doubled, 1/3. They are held against what their clause names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from core.analyses import notation
from core.analyses.typed.aspects import aspect_of
from core.analyses.typed.comparisons import clauses, said
from core.analyses.typed.context import Cited, Context
from core.analyses.typed.lexicon import Mention
from core.analyses.typed.sentence import Sentence
from core.analyses.value_at_risk import tail_of
from core.domain.analysis import Finding, FindingKind
from core.domain.facts import Fact
from core.domain.units import Unit

_EXACT: Final = 1e-9
_ABOUT: Final = 0.1
"""A fraction in words may be off by a tenth of itself."""

_NEARLY: Final = ("near", "almost", "not quite", "près", "presque", "fast", "beinahe", "knapp", "nahezu")
_NEAR_SHARE: Final = 0.8
"""What is nearly a fraction is so much of it at least."""

_NAMES: Final = frozenset({(60, 40), (40, 60), (80, 20), (70, 30), (50, 50), (20, 80), (30, 70), (5, 10), (90, 10)})
"""Two numbers that name a mix and are no fraction."""

_GROWING: Final = (
    "doubled", "doubling", "doublé", "tripled", "triplé", "trebled", "quadrupl", "verdoppel", "verdreif", "vervier",
    "halv", "halbier",
)  # fmt: skip
"""Beginnings of words for having become so much; others also compare two things."""

_fraction = re.compile(r"(?<![\d/.,])(\d{1,2})/(\d{1,2})(?![\d/.,])")
_PERCENT: Final = frozenset({Unit.PCT, Unit.PP})


def in_words(context: Context, sentence: Sentence, cited: Cited) -> Iterator[Finding]:
    """Fractions and multiples of a sentence that no fact bears out."""
    if sentence.has("size"):
        for word in sentence.of("size"):
            if not _is_other_word(sentence, word):
                yield from _fraction_of(context, sentence, cited, word.start, word.end, 100 * float(word.value))
    if "/" in sentence.text[sentence.start : sentence.end]:
        for match in _fraction.finditer(sentence.text, sentence.start, sentence.end):
            above, below = int(match[1]), int(match[2])
            if 0 < above < below and (above, below) not in _NAMES and above + below != 100:
                yield from _fraction_of(context, sentence, cited, *match.span(), 100 * above / below)
    for often in sentence.of("frequency"):
        yield from _how_often(sentence, cited, often)
    if sentence.has("multiple"):
        yield from _multiples(context, sentence, cited)


def _how_often(sentence: Sentence, cited: Cited, often: Mention) -> Iterator[Finding]:
    """ "1 in 20" is the share of days beyond a value at risk that is cited; of what it is else, no fact tells.

    Where the sentence has a word of the tail, `value_at_risk.words` judges it.
    """
    if notation.tail_words(sentence.text[sentence.start : sentence.end]):
        return
    share, tails = 100 * _share_of(often.value), _tails(cited)
    counts = [one for one in sentence.of("count_of") if one.start >= often.end]
    counted = counts and not sentence.between(often.end, counts[0].start)
    if tails and not counted and not any(abs(share - one) < _EXACT for one in tails):
        true = ", ".join(f"{one:g} %" for one in sorted(tails))
        yield Finding(cited.path, "", said(sentence, often.start, often.end), true, FindingKind.VALUE)


_IN: Final = {
    "twenty": 20, "hundred": 100, "vingt": 20, "cent": 100, "zwanzig": 20, "hundert": 100,
}  # fmt: skip
"""Words for the second number of a frequency."""


def _share_of(often: str) -> float:
    """What "1 in 20" is as a share; a word for the first number is one."""
    found = re.findall(r"\d+", often)
    if not found:
        return 1 / _IN[often.lower().split()[-1]]
    return (int(found[0]) if len(found) > 1 else 1) / int(found[-1])


def _tails(cited: Cited) -> set[float]:
    """Shares of days beyond the values at risk that are cited, in percent."""
    tails = (tail_of(fact.metric_id) for fact in cited.facts)
    return {100.0 - tail.level for tail in tails if tail is not None}


def _is_other_word(sentence: Sentence, word: Mention) -> bool:
    """Whether a fraction is a part of time or an order: "over a quarter", "the first half of the year"."""
    following = [one.text for one in sentence.between(word.end, sentence.end)[:3]]
    before = [one.text for one in sentence.words if one.end <= word.start][-1:]
    return bool(set(following) & _TIMES) or before in _ORDERED


_ORDERED: Final = tuple(
    [word]
    for word in (
        "first", "second", "last", "latter", "former", "per", "erste", "ersten", "zweite", "zweiten", "première",
        "seconde", "deuxième", "dernière",
    )
)  # fmt: skip
_TIMES: Final = frozenset(
    {"year", "years", "window", "day", "month", "an", "année", "jahr", "jahres", "jahre", "times"}
)


def _fraction_of(
    context: Context, sentence: Sentence, cited: Cited, begin: int, end: int, percent: float
) -> Iterator[Finding]:
    facts = _meant(context, sentence, cited, begin, end)
    if not facts:
        return
    context.settle(begin)
    before = sentence.within("size_more", max(sentence.start, begin - 20), begin)
    less = sentence.within("size_less", max(sentence.start, begin - 20), begin)
    nearly = any(sentence.text[one.start : one.end].lower().startswith(_NEARLY) for one in less)
    if any(_bears(abs(fact.value), percent, more=bool(before), less=bool(less), nearly=nearly) for fact in facts):
        return
    begin = min((one.start for one in (*before, *less)), default=begin)
    shown = facts[0].shown if len(facts) == 1 else None
    yield Finding(cited.path, "", said(sentence, begin, end), shown, FindingKind.VALUE)


def _bears(value: float, percent: float, *, more: bool, less: bool, nearly: bool) -> bool:
    if more:
        return value > percent - 1e-9
    if less:
        return (_NEAR_SHARE * percent if nearly else 0.0) <= value <= percent + 1e-9
    return abs(value - percent) <= _ABOUT * percent


def _meant(context: Context, sentence: Sentence, cited: Cited, begin: int, end: int) -> list[Fact]:
    """Percentages that the clause of a fraction is about: of whom or what it names, else all that are cited."""
    start, stop = next(((low, high) for low, high in clauses(sentence) if low <= begin < high), (begin, end))
    names = [*sentence.within("subject", start, stop)]
    named = [fact for one in names for fact in context.binding.of_subject(one.value) if fact.unit in _PERCENT]
    if named:
        return [fact for fact in named if aspect_of(fact.metric_id).attribute in {"weight", "risk_share"}] or named
    quantities = {one.value for one in sentence.within("attribute", start, stop)}
    of_these = [
        fact
        for fact in context.sheet.facts
        if fact.unit in _PERCENT and aspect_of(fact.metric_id).attribute in quantities & {"top1", "top5", "top10"}
    ]
    return of_these or [fact for fact in cited.facts if fact.unit in _PERCENT]


def _multiples(context: Context, sentence: Sentence, cited: Cited) -> Iterator[Finding]:
    """Doubled is a return of a hundred percent, or one cited figure being twice another."""
    for word in sentence.of("multiple"):
        begin, end = next(((low, high) for low, high in clauses(sentence) if low <= word.start < high))
        times = float(word.value)
        if not cited.facts or sentence.within("not", begin, end) or sentence.within("modal", begin, end):
            continue
        context.settle(word.start)
        values = [fact.value for fact in cited.facts if fact.value]
        grown = any(
            abs(fact.value - 100 * (times - 1)) <= 10 * max(times, 1)
            for fact in cited.facts
            if aspect_of(fact.metric_id).attribute in {"return", "total"}
        )
        grows = sentence.text[word.start : word.end].lower().startswith(_GROWING)
        twice = not grows and any(
            abs(one / other - times) <= _ABOUT * times for one in values for other in values if one is not other
        )
        if not grown and not twice:
            yield Finding(cited.path, "", said(sentence, word.start, word.end), None, FindingKind.UNSUPPORTED)
