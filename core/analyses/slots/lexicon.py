"""Words that need something to bear them: comparisons, ranks, denials, judgements, and numbers in words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Final, NamedTuple

import yaml

_FILE: Final = Path(__file__).with_name("lexicon.yaml")

BEARS: Final[Mapping[str, frozenset[str]]] = {
    "above": frozenset({"above", "ahead_of", "breached", "largest"}),
    "below": frozenset({"below", "behind", "kept", "near", "smallest"}),
    "equal": frozenset({"equal"}),
    "ahead": frozenset({"ahead_of", "above", "largest"}),
    "behind": frozenset({"behind", "below", "smallest"}),
    "rose": frozenset({"rose", "above", "ahead_of"}),
    "fell": frozenset({"fell", "below", "behind"}),
    "largest": frozenset({"largest", "rank"}),
    "smallest": frozenset({"smallest", "rank"}),
    "breached": frozenset({"breached", "none"}),
    "kept": frozenset({"kept", "near"}),
    "near": frozenset({"near", "below", "above"}),
    "none": frozenset({"none", "kept", "below"}),
    "most": frozenset({"most"}),
    "maximum": frozenset(),
}
"""Relations that bear the words of a class; none bear that a value at risk is the most that can be lost."""

_OPPOSITE: Final = {
    "above": "below", "below": "above", "ahead": "behind", "behind": "ahead", "rose": "fell", "fell": "rose",
    "breached": "kept", "kept": "breached", "largest": "smallest", "smallest": "largest",
}  # fmt: skip

_DENIED: Final = frozenset({"breached", "near"})
"""What none(breach) and none(near) deny: "no rule is breached" says none, and not that all are kept."""

_WHOLE_CLASSES: Final = frozenset({"language", "conditional", "negation"})
"""Classes of single words that are asked about as a whole."""

words = re.compile(r"[^\W\d_]+").findall
"""The words of a text; hyphens and apostrophes part them."""


def _places(phrase: str, folded: str) -> Iterator[int]:
    """Where a phrase stands in a text as whole words."""
    at = folded.find(phrase)
    while at >= 0:
        end = at + len(phrase)
        if not (folded[at - 1 : at].isalnum() or folded[end : end + 1].isalnum()):
            yield at
        at = folded.find(phrase, end)


class Hit(NamedTuple):
    """A word of a class, and where it stands."""

    kind: str
    words: str
    start: int
    end: int


class Lexicon:
    """The words of one language.

    Attributes:
        compares: It knows the words that compare, rank and judge. Where it does not, no sentence can be called checked.
    """

    def __init__(self, classes: Mapping[str, list[str]], *, foreign: bool = False) -> None:
        self.compares = not foreign and BEARS.keys() <= classes.keys()
        self.language = frozenset(classes["language"])
        self.conditional = frozenset(classes["conditional"])
        self.negation = frozenset(classes["negation"])
        # A phrase is looked for where its longest word occurs: the short ones occur everywhere.
        self._by_word: dict[str, list[tuple[str, str]]] = {}
        for kind, phrases in classes.items():
            if kind not in _WHOLE_CLASSES:
                for phrase in phrases:
                    self._by_word.setdefault(max(words(phrase), key=len), []).append((kind, phrase))
        self._keys = frozenset(self._by_word)
        # A slot is short, and the same words stand in most answers.
        self._said_of = lru_cache(maxsize=2048)(self._contradicts)

    def keys(self, folded: str) -> frozenset[str]:
        """Words of a text in lower case that may be part of a phrase; most texts have none, and asking is cheap."""
        return self._keys.intersection(words(folded))

    def hits(self, folded: str, keys: frozenset[str] | None = None) -> list[Hit]:
        """Words of the classes in a text in lower case, in order; where two overlap, the longer one.

        Args:
            keys: What `keys` said of the text or of one that it is part of.
        """
        found = [
            Hit(kind, phrase, at, at + len(phrase))
            for key in (self.keys(folded) if keys is None else keys)
            for kind, phrase in self._by_word[key]
            for at in _places(phrase, folded)
        ]
        if len(found) < 2:
            return found
        found.sort(key=lambda hit: (hit.start, hit.start - hit.end))
        kept: list[Hit] = []
        for hit in found:
            if not kept or hit.start >= kept[-1].end:
                kept.append(hit)
        return kept

    def is_conditional(self, folded: str) -> bool:
        """Whether a sentence speaks of what would be and not of what is."""
        return not self.conditional.isdisjoint(words(folded))

    def contradicts(self, relation: str, said: str) -> str:
        """The class of the words that a relation says although it means another; "" where they agree."""
        return self._said_of(relation, said)

    def _contradicts(self, relation: str, said: str) -> str:
        folded = said.casefold()
        denied = not self.negation.isdisjoint(words(folded))
        for hit in self.hits(folded):
            if hit.kind not in BEARS or hit.kind == "none" or (denied and relation == "none" and hit.kind in _DENIED):
                continue
            kind = _OPPOSITE.get(hit.kind, hit.kind) if denied else hit.kind
            if relation not in BEARS[kind]:
                return hit.kind
        return ""


@lru_cache(maxsize=4)
def lexicon(language: str) -> Lexicon:
    """The words of a language; English where it has none of its own."""
    data = _data()
    return Lexicon(data.get(language) or data["en"], foreign=language not in data)


@lru_cache(maxsize=1)
def _data() -> Mapping[str, Mapping[str, list[str]]]:
    data: Mapping[str, Mapping[str, list[str]]] = yaml.safe_load(_FILE.read_text("utf-8"))
    return data


@lru_cache(maxsize=1)
def _languages() -> tuple[str, ...]:
    return tuple(_data())


_SAMPLE: Final = 60
"""Words that show a language; fewer than a third of them say nothing."""

SAMPLE_CHARACTERS: Final = 12 * _SAMPLE


def written_in(folded: str) -> str:
    """The language that a text is most likely written in; "" where it is too short to say."""
    sample = words(folded[:SAMPLE_CHARACTERS])[:_SAMPLE]
    if len(sample) < _SAMPLE // 3:
        return ""
    counts = {name: sum(map(lexicon(name).language.__contains__, sample)) for name in _languages()}
    best = max(counts, key=lambda name: counts[name])
    return best if 12 * counts[best] >= len(sample) else ""
