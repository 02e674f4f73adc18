"""Words that compare, rank, date and measure, in English, French and German, and how they are found in texts.

    "the 95 % value at risk" -> Mention("attribute", "var", ...)

A lexicon maps phrases to what they mean. A "*" at an end of a word stands for any letters. Of phrases of one kind that
overlap the longer one counts. Each word of a text is looked up once and remembered, since texts use few words.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import lru_cache
from importlib import resources
from typing import Final, NamedTuple, cast

import orjson

LANGUAGES: Final = frozenset({"en", "fr", "de"})
_MOST_REMEMBERED: Final = 50_000

token = re.compile(r"\w+|[.!?;:,](?=[\s)\u201d\u00bb]|$)|[()\u2013\u2014]")
"""A word, or a mark that ends a clause. A point inside "12.4" or "return.1y" ends nothing."""


class Mention(NamedTuple):
    """A phrase in a text and what it means.

    Attributes:
        kind: "attribute", "period", "more", "subject" ...
        value: What it names within its kind: "var", "5y", "holding:MSFT".
        start, end: Its place in the text.
    """

    kind: str
    value: str
    start: int
    end: int


class Token(NamedTuple):
    """A word in lower case, or a mark, with its place in the text."""

    text: str
    start: int
    end: int


class _Entry(NamedTuple):
    rest: tuple[str, ...]
    kind: str
    value: str


class Phrases:
    """A set of phrases that can be found in texts.

    Args:
        phrases: Phrase, kind and value of each.
    """

    def __init__(self, phrases: Iterable[tuple[str, str, str]]) -> None:
        self._exact: defaultdict[str, list[_Entry]] = defaultdict(list)
        self._open: defaultdict[str, list[_Entry]] = defaultdict(list)
        self._seen: dict[str, tuple[_Entry, ...]] = {}
        for phrase, kind, value in phrases:
            first, *rest = phrase.split()
            (self._open if "*" in first else self._exact)[first].append(_Entry(tuple(rest), kind, value))

    def __bool__(self) -> bool:
        return bool(self._exact or self._open)

    def find(self, tokens: list[Token]) -> Iterator[Mention]:
        """Phrases in a text, in order; of each kind the longest at a place, and none inside another."""
        ends: dict[str, int] = {}
        seen = self._seen
        for place, word in enumerate(tokens):
            entries = seen.get(word.text)
            if entries is None:
                entries = self._beginning(word.text)
            if not entries:
                continue
            for rest, kind, value in entries:
                if word.start < ends.get(kind, 0):
                    continue
                end = _end(rest, tokens, place) if rest else word.end
                if end is not None:
                    ends[kind] = end
                    yield Mention(kind, value, word.start, end)

    def _beginning(self, word: str) -> tuple[_Entry, ...]:
        found = list(self._exact.get(word, ()))
        for pattern, entries in self._open.items():
            if fits(pattern, word):
                found += entries
        found.sort(key=lambda entry: -len(entry.rest))
        if len(self._seen) > _MOST_REMEMBERED:
            self._seen.clear()
        self._seen[word] = tuple(found)
        return self._seen[word]


def fits(pattern: str, word: str) -> bool:
    """Whether a word is the pattern's, whose "*" stands for any letters at its beginning or its end."""
    if pattern.endswith("*"):
        stem = pattern[:-1]
        return stem[1:] in word if stem.startswith("*") else word.startswith(stem)
    if pattern.startswith("*"):
        return word.endswith(pattern[1:])
    return pattern == word


def _end(rest: tuple[str, ...], tokens: list[Token], place: int) -> int | None:
    """Where a phrase ends whose first word stands at a place; None where other words follow."""
    if place + len(rest) >= len(tokens):
        return None
    for pattern in rest:
        place += 1
        word = tokens[place].text
        if pattern != word and ("*" not in pattern or not fits(pattern, word)):
            return None
    return tokens[place].end


def tokens_of(text: str, start: int = 0, end: int | None = None) -> tuple[list[Token], list[Token]]:
    """Words of a text or a part of it, and the marks that end its clauses."""
    words: list[Token] = []
    marks: list[Token] = []
    for match in token.finditer(text, start, len(text) if end is None else end):
        found = match.group()
        (words if found[0].isalnum() or found[0] == "_" else marks).append(Token(found.lower(), *match.span()))
    return words, marks


@lru_cache
def phrases(language: str) -> Phrases | None:
    """The lexicon of a language; None where there is none, so that nothing is judged by words."""
    if language not in LANGUAGES:
        return None
    kinds: dict[str, dict[str, list[str]]] = _data(language)
    return Phrases(
        (phrase, kind, value) for kind, values in kinds.items() for value, words in values.items() for phrase in words
    )


@lru_cache
def members() -> dict[str, list[str]]:
    """How sectors, currencies, countries and asset classes are called, by metric id, in all languages."""
    return cast("dict[str, list[str]]", _data("members"))


@lru_cache
def generic_words() -> frozenset[str]:
    """Words that begin or end many names and therefore name nobody by themselves."""
    return frozenset(_data("names")["generic"])


def _data(name: str) -> dict[str, dict[str, list[str]]]:
    text = resources.files("core.analyses.typed").joinpath("lexicons", f"{name}.json").read_bytes()
    found: dict[str, dict[str, list[str]]] = orjson.loads(text)
    return found
