"""A text as a model wrote it, taken apart once: its own words, its slots, its sentences, and what in its words wants a
closer look.

Nothing here depends on a fact sheet, so that what one answer says is remembered for the next: the sentences of a model
repeat, and of most of them one look at all words says that there is nothing to check.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, NamedTuple

from core.analyses.prompt_context import may_name
from core.analyses.slots.grammar import Slot, parse
from core.analyses.slots.lexicon import Hit, Lexicon, lexicon

_REMEMBERED: Final = 8192
_LONGEST_REMEMBERED: Final = 2000
"""Characters; a sentence has a tenth of it, and what is remembered of them all stays small."""

GAP: Final = "\0"
"""Stands for a slot among a text's own words: no blank, no letter, and in no text that was made readable."""

_any_digit = re.compile(r"[\d¼½¾⅓⅔⅛]").search
_ends = re.compile(r"(?<=[.!?;])[\s\u00a0]+(?=\S)").finditer


class Sentence(NamedTuple):
    """One sentence of a text.

    Attributes:
        start: Where it begins among the text's own words; `end` is behind it.
        first: The first of its slots; `last` is behind the last one.
        hits: Words in it that need something to bear them.
    """

    start: int
    end: int
    first: int
    last: int
    hits: tuple[Hit, ...]


class Template(NamedTuple):
    """A text before its slots are written.

    Attributes:
        parts: Words and, in every second place, nothing yet: a slot's text comes there.
        slots: One fewer than there are words.
        own: The words with a GAP for each slot.
        places: Where the gaps are in `own`.
        sentences: What slots write ends none.
        broken: Braces without a partner.
        digits: A number in digits stands in its words.
        numbers: Numbers in words.
        names: A company, an ISIN or a ticker may be named in its words.
        hits: Some sentence has words that need something to bear them.
        is_plain: Nothing in its words can be wrong, whatever the facts are.
    """

    parts: tuple[str, ...]
    slots: tuple[Slot, ...]
    own: str
    places: tuple[int, ...]
    sentences: tuple[Sentence, ...]
    broken: bool
    digits: bool
    numbers: tuple[str, ...]
    names: bool
    hits: bool
    is_plain: bool


def template(raw: str, language: str) -> Template:
    """A text taken apart; `language` is that of the words that need something to bear them."""
    return _remembered(raw, language) if len(raw) <= _LONGEST_REMEMBERED else _taken_apart(raw, language)


def closed_up(apart: Template, texts: list[str], language: str) -> Template:
    """The same of a text in which a slot came to nothing, so that the words around it meet."""
    return _looked_at(apart.parts, apart.slots, [GAP if text else "" for text in texts], language)


def _taken_apart(raw: str, language: str) -> Template:
    if "{" not in raw and "}" not in raw:
        return _looked_at((raw,), (), [], language)
    parts = parse(raw)
    slots = tuple(part for part in parts if not isinstance(part, str))
    words = tuple(part if isinstance(part, str) else "" for part in parts)
    return _looked_at(words, slots, [GAP] * len(slots), language)


def _looked_at(parts: tuple[str, ...], slots: tuple[Slot, ...], gaps: list[str], language: str) -> Template:
    own, places = parts[0], []
    for gap, behind in zip(gaps, parts[2::2], strict=True):
        places.append(len(own))
        own += gap + behind
    folded, words = own.lower(), lexicon(language)
    keys = words.keys(folded)
    found = words.hits(folded, keys) if keys else []
    sentences = tuple(_sentences(own, folded, places, words, found, keys))
    broken, digits = "{" in own or "}" in own, _any_digit(own) is not None
    numbers = tuple(hit.words for hit in found if hit.kind == "number")
    hits = any(one.hits for one in sentences)
    is_plain = not (broken or digits or numbers or hits)
    return Template(parts, slots, own, tuple(places), sentences, broken, digits, numbers, may_name(own), hits, is_plain)


def _sentences(
    own: str, folded: str, places: list[int], words: Lexicon, found: list[Hit], keys: frozenset[str]
) -> list[Sentence]:
    begins = [0, *(end.end() for end in _ends(own))]
    if len(begins) == 1:
        return [Sentence(0, len(own), 0, len(places), _bearing(folded, found, words))]
    made, first = [], 0
    for start, end in zip(begins, [*begins[1:], len(own) + 1], strict=True):
        last = first
        while last < len(places) and places[last] < end:
            last += 1
        hits = _bearing(folded[start:end], words.hits(folded[start:end], keys) if found else [], words)
        made.append(Sentence(start, min(end, len(own)), first, last, hits))
        first = last
    return made


def _bearing(folded: str, found: list[Hit], words: Lexicon) -> tuple[Hit, ...]:
    hits = tuple(hit for hit in found if hit.kind != "number")
    if hits and words.is_conditional(folded):
        hits = tuple(hit for hit in hits if hit.kind == "maximum")
    return hits


_remembered = lru_cache(maxsize=_REMEMBERED)(_taken_apart)
