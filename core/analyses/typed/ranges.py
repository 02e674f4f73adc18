"""Ranges: "weights run from 4.20 % to 6.40 %" names the least and the greatest of what is cited."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from core.analyses.numbers import Number
from core.analyses.typed.aspects import aspect_of
from core.analyses.typed.context import Cited, Context
from core.analyses.typed.sentence import Sentence
from core.domain.analysis import Finding, FindingKind
from core.domain.facts import Fact

_FEWEST: Final = 3
_FEW: Final = 8
_LINKS: Final = frozenset({"to", "and", "bis", "und", "à", "et", "c", "f", "zu"})


def ranging(context: Context, sentence: Sentence, cited: Cited) -> Iterator[Finding]:
    """Both ends of a range of one quantity are those of the facts that are cited."""
    for word in sentence.of("ranging"):
        pair = [one for one in sentence.numbers if one.start >= word.end and not one.spelled][:2]
        if len(pair) < 2 or sentence.broken(word.end, pair[1].begin) or not _is_joined(sentence, *pair):
            continue
        before = [one for one in sentence.of("attribute") if one.end <= pair[0].begin]
        quantity = before[-1] if before else context.binding.attribute(pair[0], sentence)
        if quantity is None:
            continue
        if quantity.value.removeprefix("=") in context.binding.series:
            continue  # of days, which `series` decides
        facts = [fact for fact in cited.facts if _is_of(fact, quantity.value)]
        if len(facts) < _FEWEST:
            continue
        ordered = sorted(facts, key=lambda fact: fact.value)
        for number, fact in zip(sorted(pair, key=_value), (ordered[0], ordered[-1]), strict=True):
            outside = (_value(number) < fact.value) == (fact is ordered[0])
            # Of many figures a part may be meant that no word here names: then only what none of them reaches is wrong.
            if not _states(number, fact) and (outside or len(facts) <= _FEW):
                yield Finding(cited.path, "", number.stated, fact.shown, FindingKind.VALUE)


def _is_joined(sentence: Sentence, one: Number, other: Number) -> bool:
    words = [word.text for word in sentence.between(one.stop, other.begin)]
    return len(words) <= 3 and all(word in _LINKS for word in words)


def _is_of(fact: Fact, quantity: str) -> bool:
    aspect = aspect_of(fact.metric_id)
    return quantity in {f"={aspect.family}", aspect.attribute}


def _value(number: Number) -> float:
    read = number.readings[0][0]
    return -read if number.negative else read


def _states(number: Number, fact: Fact) -> bool:
    signed = -1 if number.negative else 1
    return any(
        abs(signed * read - fact.value) <= 0.5 * step + 0.5 * 10.0**-fact.decimals for read, step in number.readings
    )
