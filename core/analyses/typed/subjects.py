"""Whom a number is said of: tied to it, named since the number before, or in whose list it stands."""

from __future__ import annotations

from typing import Final

from core.analyses.numbers import Number
from core.analyses.typed.lexicon import Mention
from core.analyses.typed.sentence import Sentence

_NEAR_WORDS: Final = 5


def subjects_of(number: Number, sentence: Sentence) -> list[Mention]:
    """Who is named for a number; empty where nobody is."""
    tied = sentence.tied(number, "subject")
    if tied is not None:
        return [tied]
    return sentence.before(number, "subject") or _of_the_list(number, sentence)


def _of_the_list(number: Number, sentence: Sentence) -> list[Mention]:
    """Who was named last, where a list goes on about it: "11 points, seven assists and two steals"."""
    quantity = sentence.tied(number, "attribute")
    if (quantity is None or quantity.value[:1] != "=") and not is_paired(number, sentence):
        return []
    for other in reversed(sentence.numbers):
        if other.stop <= number.begin and (named := sentence.before(other, "subject")):
            return named
    return []


def is_paired(number: Number, sentence: Sentence) -> bool:
    """Whether a number is one of two that count together: "7-of-15", or "7-15" in brackets or about one subject."""
    before, behind = sentence.neighbours(number)
    text = sentence.text
    inside = text.rfind("(", sentence.start, number.begin) > text.rfind(")", sentence.start, number.begin)
    alone = len({one.value for one in sentence.of("subject")}) == 1
    links = {"-of-", "-for-"} | ({"-", "\u2013"} if inside or alone else set())
    return not links.isdisjoint({text[before : number.begin], text[number.stop : behind]})


def quantity_of_a_pair(number: Number, sentence: Sentence) -> Mention | None:
    """What both numbers of a pair are, named a few words behind it: "by a 24-19 margin in the third quarter"."""
    pair = next(
        (
            other
            for one, other in zip(sentence.numbers, sentence.numbers[1:], strict=False)
            if number in (one, other) and sentence.text[one.stop : other.begin] in {"-", "\u2013"}
        ),
        None,
    )
    if pair is None:
        return None
    _, behind = sentence.neighbours(pair)
    found = [one for one in sentence.within("attribute", pair.stop, behind) if one.value[:1] == "="]
    near = found and len(sentence.between(pair.stop, found[0].start)) <= _NEAR_WORDS
    return found[0] if near and not sentence.broken(pair.stop, found[0].start) else None
