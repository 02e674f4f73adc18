"""Everything that a sentence claims besides its numbers, decided by the facts where they can decide it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from core.analyses.typed.basis import basis
from core.analyses.typed.comparisons import against_the_benchmark, between_two, ranked
from core.analyses.typed.context import Cited, Context
from core.analyses.typed.counts import counted
from core.analyses.typed.dates import dated
from core.analyses.typed.ranges import ranging
from core.analyses.typed.rules_said import about_rules
from core.analyses.typed.sentence import Sentence
from core.analyses.typed.sizes import in_words
from core.domain.analysis import Finding, FindingKind

_Decide = Callable[[Context, Sentence, Cited], Iterator[Finding]]
_DECIDE: Final[tuple[tuple[_Decide, frozenset[str]], ...]] = (
    (against_the_benchmark, frozenset({"ahead", "behind"})),
    (between_two, frozenset({"more", "less"})),
    (ranked, frozenset({"largest", "smallest"})),
    (
        about_rules,
        frozenset(
            {"rule", "kept", "broken", "over_limit", "under_limit", "near", "far", "cause", "count_of", "article"}
        ),
    ),
    (in_words, frozenset({"size", "multiple", "fraction", "frequency"})),
    (dated, frozenset({"year"})),
    (basis, frozenset({"net", "account"})),
    (counted, frozenset({"count_of"})),
    (ranging, frozenset({"ranging"})),
)
"""What is decided, and the kinds of words without which there is nothing to decide."""

_TRIGGERS: Final = frozenset(kind for _, kinds in _DECIDE for kind in kinds)


def says_something(sentence: Sentence) -> bool:
    """Whether a sentence has words that may claim something. A language without a lexicon is not judged."""
    return sentence.judged and not _TRIGGERS.isdisjoint(sentence.kinds)


def claims(context: Context, sentence: Sentence, cited: Cited) -> Iterator[Finding]:
    """What does not hold of what a sentence says in words; what it says of one verdict twice is one finding."""
    verdicts: set[tuple[str | None, FindingKind]] = set()
    for decide, kinds in _DECIDE:
        if kinds.isdisjoint(sentence.kinds):
            continue
        for finding in decide(context, sentence, cited):
            verdict = finding.true, finding.kind
            if finding.kind is not FindingKind.RULE or finding.true is None or verdict not in verdicts:
                yield finding
            verdicts.add(verdict)
