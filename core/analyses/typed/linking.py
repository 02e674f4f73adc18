"""Whether a sentence that cites nothing of its own speaks of a fact.

It does where it names its quantity, its subject or its owner, or says what a claim says that cites it. Among all facts
of an answer some agrees with any number.
"""

from __future__ import annotations

import re
from collections.abc import Set as AbstractSet
from typing import Final

from core.analyses.typed.aspects import Aspect, aspect_of
from core.analyses.typed.sentence import Sentence
from core.domain.facts import Fact

_MOVING: Final = frozenset({"return", "excess", "contribution", "drawdown", "total"})
_MOVES: Final = ("up", "down", "ahead", "behind", "owner", "period")
_OF_RULES: Final = ("rule", "kept", "broken", "over_limit", "under_limit", "near", "far", "article")
_SHARES: Final = frozenset({"weight", "top1", "top5", "top10", "risk_share"})
_OF_SHARES: Final = ("share_of", "largest", "smallest", "size", "count_of", "ranked")
_MOVING_FAMILIES: Final = frozenset({"stress", "attribution", "indicator"})
_LONG: Final = 4
_SHARED_WORDS: Final = 2
_word = re.compile(r"[a-z]{4,}").findall


def links(fact: Fact, sentence: Sentence, told: AbstractSet[str]) -> bool:
    """Whether a sentence speaks of a fact.

    Args:
        told: Words of the claims that cite the fact.
    """
    aspect = aspect_of(fact.metric_id)
    if not sentence.judged or _names(aspect, sentence):
        return True  # without a lexicon nothing can be told
    said = {word.text for word in sentence.words if len(word.text) >= _LONG and word.text[0].isalpha()}
    if said.intersection(_word(fact.metric_id.lower().replace("_", " "))):
        return True
    return len(said & told) >= _SHARED_WORDS


def _names(aspect: Aspect, sentence: Sentence) -> bool:
    quantities = {one.value for one in sentence.of("attribute")}
    if quantities & {aspect.attribute, f"={aspect.family}"}:
        return True
    if aspect.subject and any(one.value == aspect.subject for one in sentence.of("subject")):
        return True
    if aspect.rule:
        return sentence.has(*_OF_RULES) or bool(quantities)
    if aspect.attribute in _SHARES:
        return sentence.has(*_OF_SHARES)
    moving = aspect.attribute in _MOVING or aspect.family in _MOVING_FAMILIES
    return moving and sentence.has(*_MOVES)
