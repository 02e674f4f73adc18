"""A text as a model wrote it, taken apart once: its own words, its slots, and whether its words need a closer look.

Nothing here depends on a fact sheet, so that what one answer says is remembered for the next: the sentences of a model
repeat, and of most of them one look at all words says that there is nothing to check.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, NamedTuple

from core.analyses.prompt_context import may_name
from core.analyses.slots.grammar import Slot, parse
from core.analyses.slots.lexicon import lexicon

_REMEMBERED: Final = 8192
_LONGEST_REMEMBERED: Final = 2000
"""Characters; a sentence has a tenth of it, and what is remembered of them all stays small."""

_any_digit = re.compile(r"[\d¼½¾⅓⅔⅛]").search
_inner_end = re.compile(r"[.!?;](?:\s|\Z)").search
_last_end = re.compile(r"[.!?;]\s").search


class Template(NamedTuple):
    """A text before its slots are written.

    Attributes:
        words: What stands before, between and behind the slots; each may be empty.
        slots: One fewer than words.
        broken: Braces without a partner.
        digits: A number in digits stands in its words.
        keys: Words that may be part of a phrase of the lexicon.
        ends: A sentence may end before the text does.
        names: A company, an ISIN or a ticker may be named in its words.
    """

    words: tuple[str, ...]
    slots: tuple[Slot, ...]
    broken: bool
    digits: bool
    keys: frozenset[str]
    ends: bool
    names: bool

    @property
    def is_plain(self) -> bool:
        """Nothing in its words can be wrong, whatever the facts are."""
        return not (self.broken or self.digits or self.keys)


def template(raw: str, language: str) -> Template:
    """A text taken apart; `language` is that of the words that need something to bear them."""
    return _remembered(raw, language) if len(raw) <= _LONGEST_REMEMBERED else _taken_apart(raw, language)


def closed_up(apart: Template, plain: str, language: str) -> Template:
    """The same of a text in which a slot came to nothing, so that the words around it meet."""
    return _looked_at(apart.words, apart.slots, plain, True, language)


def _taken_apart(raw: str, language: str) -> Template:
    if "{" not in raw and "}" not in raw:
        return _looked_at((raw,), (), raw, _last_end(raw) is not None, language)
    parts = parse(raw)
    words = tuple(part for part in parts if isinstance(part, str))
    slots = tuple(part for part in parts if not isinstance(part, str))
    ends = any(map(_inner_end, words[:-1])) or _last_end(words[-1]) is not None
    return _looked_at(words, slots, "\n".join(words), ends, language)  # what stands apart stays apart


def _looked_at(words: tuple[str, ...], slots: tuple[Slot, ...], plain: str, ends: bool, language: str) -> Template:
    broken, digits = "{" in plain or "}" in plain, _any_digit(plain) is not None
    return Template(words, slots, broken, digits, lexicon(language).keys(plain.lower()), ends, may_name(plain))


_remembered = lru_cache(maxsize=_REMEMBERED)(_taken_apart)
