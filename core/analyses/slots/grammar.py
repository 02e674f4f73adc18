"""The language of slots, whole. A text is words with slots in double braces; a slot is one expression.

    text       = { words | "{{" slot "}}" }
    slot       = value | relation
    value      = term { " " option }             a fact's value, a computed one, or a name
    relation   = name "(" [ term { "," term } ] ")" ":" words       what it says in words, decided from the facts
    term       = id | function "(" term { "," term } ")"
    option     = "name" | "period" | "abs" | "bare"

    {{volatility}}                                   16.37 %
    {{weight.AAPL name}}                             Apple Inc. 6.40 %
    {{AAPL}}                                         Apple Inc.
    {{sum(weight.AAPL, weight.MSFT)}}                12.60 %
    {{above(weight.AAPL, weight.MSFT): outweighs}}   outweighs

Whatever stands between braces is read or is a finding; nothing raises.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

OPTIONS: Final = frozenset({"name", "period", "abs", "bare"})
"""name: the subject before the value. period: the time after it. abs: the size alone, where words give the direction.
bare: without its unit, as in a range."""

FUNCTIONS: Final = frozenset(
    {"sum", "top", "difference", "ratio", "change", "mean", "share", "count", "rank", "amount"}
)
"""What computes (`core.analyses.slots.derived`)."""

RELATIONS: Final = frozenset(
    {
        "above", "below", "equal", "largest", "smallest", "rose", "fell", "ahead_of", "behind", "breached", "kept",
        "near", "none", "most",
    }
)  # fmt: skip
"""What is decided (`core.analyses.slots.relations`). A rank is written and not claimed: `{{rank(weight.AAPL)}}`."""

_LONGEST: Final = 400
"""Characters of a slot; no honest one is longer."""

_DEEPEST: Final = 4
_MOST_TERMS: Final = 60
_slots = re.compile(r"\{\{([^{}]*)\}\}")
_call = re.compile(r"\s*([a-z_]+)\s*\((.*)\)\s*", re.DOTALL)
_relation = re.compile(r"\s*([a-z_]+)\s*\(([^:]*(?::[^\s][^:]*)*)\)\s*:\s+(\S.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Term:
    """An id, or a function of other terms. `function` is "" for an id, and `text` is as it was written."""

    function: str
    text: str
    terms: tuple[Term, ...] = ()


@dataclass(frozen=True, slots=True)
class Slot:
    """One slot.

    Attributes:
        body: What stood between the braces.
        term: What is written; None for a relation and for what cannot be read.
        options: Of a value.
        relation: Name of a relation, else "".
        terms: What a relation is between.
        words: What a relation says.
        problem: Why it cannot be read, else "".
    """

    body: str
    term: Term | None = None
    options: frozenset[str] = frozenset()
    relation: str = ""
    terms: tuple[Term, ...] = ()
    words: str = ""
    problem: str = ""


class _Unreadable(Exception):  # never leaves this module
    """A slot that breaks the grammar."""


def parse(text: str) -> list[str | Slot]:
    """Words and slots in turn, words first and last (they may be empty)."""
    pieces = _slots.split(text)
    parts: list[str | Slot] = list(pieces)
    for place in range(1, len(pieces), 2):
        parts[place] = slot(pieces[place])
    return parts


@lru_cache(maxsize=8192)
def slot(body: str) -> Slot:
    """One slot, read. What cannot be read says why."""
    if len(body) > _LONGEST:
        return Slot(body, problem="it is too long")
    try:
        found = _relation.fullmatch(body)
        if found is not None and found[1] in RELATIONS:
            return Slot(body, relation=found[1], terms=_terms(found[2], 0), words=found[3].strip())
        return _value(body)
    except _Unreadable as error:
        return Slot(body, problem=str(error))


def _value(body: str) -> Slot:
    plain, options = body.strip(), set[str]()
    while True:
        rest, blank, last = plain.rpartition(" ")
        if not blank or last not in OPTIONS:
            break
        options.add(last)
        plain = rest.rstrip()
    if not plain:
        raise _Unreadable("it is empty")
    return Slot(body, term=_term(plain, 0), options=frozenset(options))


def _term(text: str, depth: int) -> Term:
    text = text.strip()
    if not text:
        raise _Unreadable("something is missing between the commas")
    if depth > _DEEPEST:
        raise _Unreadable("it is nested too deeply")
    found = _call.fullmatch(text)
    if found is None or found[1] not in FUNCTIONS:
        if found is not None and found[1] in RELATIONS:
            raise _Unreadable(f"'{found[1]}' decides and has to be followed by ': ' and its words")
        return Term("", text)  # also an id with parentheses of its own
    return Term(found[1], text, _terms(found[2], depth + 1))


def _terms(text: str, depth: int) -> tuple[Term, ...]:
    """Terms between commas, those inside parentheses left together."""
    if not text.strip():
        return ()
    parts, level, start = [], 0, 0
    for place, character in enumerate(text):
        if character == "(":
            level += 1
        elif character == ")":
            level -= 1
        elif character == "," and level == 0:
            parts.append(text[start:place])
            start = place + 1
    parts.append(text[start:])
    if level != 0:
        raise _Unreadable("its parentheses do not match")
    if len(parts) > _MOST_TERMS:
        raise _Unreadable("it names too much")
    return tuple(_term(part, depth) for part in parts)


def written(one: Slot) -> str:
    """A slot as text again: parsing it gives the same slot."""
    return f"{{{{{one.body}}}}}"


def leaves(terms: tuple[Term, ...]) -> list[str]:
    """The ids in terms, from left to right."""
    found: list[str] = []
    for term in terms:
        found.extend(leaves(term.terms) if term.function else (term.text,))
    return found
