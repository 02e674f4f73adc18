"""What a sentence says that nothing here could decide: it is neither right nor wrong, and never counts as verified."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from typing import Final

from core.analyses.typed.comparisons import clauses
from core.analyses.typed.lexicon import Mention
from core.analyses.typed.sentence import Sentence

NO_FACT: Final = "No fact decides this word."
NOT_NAMED: Final = "A fact has this value, and the sentence does not say that it speaks of it."
NOT_COUNTED: Final = "No fact says what this number counts."
NO_DAYS: Final = "The days that it is said of cannot be told."
CITES_NOTHING: Final = "It calls itself no fact and cites none."

_JUDGED: Final = (
    "ahead", "behind", "more", "less", "largest", "smallest", "size", "multiple", "kept", "broken", "near", "far",
    "up", "down",
)  # fmt: skip
"""Words that compare, rank, measure or judge."""


def words_left(sentence: Sentence, settled: AbstractSet[int]) -> Iterator[Mention]:
    """Words that compare or judge in a clause without a number, and that no fact decided. Proposals claim nothing.

    Args:
        settled: Where the words begin that were decided.
    """
    if not sentence.judged or not sentence.has(*_JUDGED) or sentence.has("modal"):
        return
    spans = list(clauses(sentence))
    end = -1
    for word in sentence.of(*_JUDGED):
        low, high = next((one for one in spans if one[0] <= word.start < one[1]), (sentence.start, sentence.end))
        numbered = any(low <= one.begin < high and not one.loose for one in sentence.numbers)
        if word.start not in settled and not numbered and word.start >= end:
            yield word
            end = word.end
