"""Which calculation the words of a sentence name, and in which order they name what it is made of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from core.analyses.derived import Calculation
from core.analyses.typed.aspects import aspect_of
from core.analyses.typed.sentence import Sentence
from core.domain.facts import Fact

_KINDS: Final = {
    "calc_change": "change",
    "calc_mean": "mean",
    "calc_sum": "sum",
    "calc_difference": "difference",
    "calc_signed": "signed",
    "calc_ratio": "ratio",
}


def calculation(sentence: Sentence, facts: Sequence[Fact]) -> Calculation:
    """What a sentence says of how its numbers were worked out."""
    kinds = frozenset(name for kind, name in _KINDS.items() if sentence.has(kind))
    if not kinds:
        return Calculation()
    if "signed" in kinds:
        kinds |= {"change"}  # "rose 12 %" of an amount is a change in percent
    places: dict[str, int] = {}
    for mention in sentence.of("subject", "attribute"):
        places.setdefault(mention.value, mention.start)
    order = {}
    for fact in facts:
        aspect = aspect_of(fact.metric_id)
        place = places.get(aspect.subject, places.get(f"={aspect.family}"))
        if place is not None:
            order[fact.metric_id] = place
    return Calculation(kinds, _lowers(sentence), order)


def _lowers(sentence: Sentence) -> bool:
    """Whether a word says that something is less. "Increase / (decrease)" says neither, nor does a name with "loss"."""
    if sentence.has("up"):
        return False
    names = sentence.of("subject", "attribute")
    return any(not any(name.start <= word.start < name.end for name in names) for word in sentence.of("down", "behind"))
