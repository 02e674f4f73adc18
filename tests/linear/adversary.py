"""Texts that a pattern finds hard, made from the pattern itself: what it repeats, what it begins with, and near misses.

A backtracking matcher is slow where a text can be divided among a pattern's parts in many ways, or where each place of
a text looks like the beginning of a match that fails far behind it. So the texts are: one character of the pattern's
alphabet over and over, two of them by turns or one after the other, every beginning of the pattern over and over, and
every repeated part over and over behind what leads to it; each with an end that the pattern does not want.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, product

# The parse tree is not public; what it has been made of has not changed since Python 2.
from re import _constants as kinds
from re import _parser as parser
from typing import Any

ENDS = ("", "!", "\n")
"""What stands behind a repeated part: nothing, and what few patterns want."""

MOST_CHARACTERS = 10
MOST_WORDS = 6
MOST_STARTS = 16
_ALWAYS = " a5\n"
_CATEGORIES = {
    kinds.CATEGORY_DIGIT: "5",
    kinds.CATEGORY_NOT_DIGIT: "x ",
    kinds.CATEGORY_SPACE: " \n",
    kinds.CATEGORY_NOT_SPACE: "x5",
    kinds.CATEGORY_WORD: "x5_",
    kinds.CATEGORY_NOT_WORD: " -",
}
_REPEATS = {kinds.MAX_REPEAT, kinds.MIN_REPEAT, kinds.POSSESSIVE_REPEAT}

Node = tuple[Any, Any]


@dataclass(frozen=True)
class Recipe:
    """A text of any size: what leads to it, one or two units over and over, and an end."""

    before: str
    units: tuple[str, ...]
    end: str = ""

    def text(self, size: int) -> str:
        """The text with about `size` characters, and more where a unit is long: it has to come often."""
        each = size // len(self.units)
        return self.before + "".join(unit * (max(each // len(unit), size // 5) + 1) for unit in self.units) + self.end


def recipes(pattern: re.Pattern[Any], *, pairs: int = 8) -> list[Recipe]:
    """Texts that may be hard for a pattern; the same ones each time."""
    tree = parser.parse(pattern.pattern, pattern.flags & ~re.DEBUG)
    return [*dict.fromkeys(_recipes(tree, pairs))]


def repeats(pattern: re.Pattern[Any]) -> bool:
    """True where a part may be repeated. Without one, the work at each place of a text is bounded, whatever follows."""
    return _repeats(parser.parse(pattern.pattern, pattern.flags & ~re.DEBUG))


def _repeats(tree: Sequence[Node]) -> bool:
    return any(
        kind in _REPEATS or kind is kinds.GROUPREF_EXISTS or any(_repeats(inner) for inner in _inside(kind, value))
        for kind, value in tree
    )


def _recipes(tree: Sequence[Node], pairs: int) -> Iterator[Recipe]:
    chance = random.Random(1)
    alphabet = [*dict.fromkeys([*_ALWAYS, *_alphabet(tree)])]
    if len(alphabet) > MOST_CHARACTERS:
        alphabet = [*_ALWAYS, *chance.sample(alphabet[len(_ALWAYS) :], MOST_CHARACTERS - len(_ALWAYS))]
    starts = [*dict.fromkeys(word for word in _beginnings(tree) if word)][:MOST_STARTS]
    repeated = [*dict.fromkeys(_repeated(tree, [""]))][:MOST_STARTS]
    for unit in [*alphabet, *starts]:
        yield from (Recipe("", (unit,), end) for end in ENDS)
    for start in starts:
        yield from (Recipe("", (start + between,)) for between in " \n")
        yield from (Recipe(start, (one,), "!") for one in _ALWAYS)
    for before, unit in repeated:
        yield from (Recipe(before, (unit,), end) for end in ENDS)
        yield Recipe("", (before + unit + unit,))
        yield Recipe(before, (unit, before + unit))
    every = [*alphabet, *dict.fromkeys(unit for _, unit in repeated)]
    both = [(one, other) for one, other in product(every, repeat=2) if one != other]
    for one, other in chance.sample(both, min(pairs, len(both))):
        yield Recipe("", (one + other,))
        yield Recipe("", (one, other))
        yield Recipe("", (one, other), "!")


def _alphabet(tree: Sequence[Node]) -> Iterator[str]:
    """Characters that a pattern speaks of."""
    for kind, value in tree:
        if kind is kinds.LITERAL:
            yield chr(value)
        elif kind is kinds.IN:
            yield from _members(value)
        for inner in _inside(kind, value):
            yield from _alphabet(inner)


def _inside(kind: Any, value: Any) -> list[Sequence[Node]]:
    """The parts of a node."""
    if kind is kinds.BRANCH:
        return list(value[1])
    if kind is kinds.SUBPATTERN:
        return [value[3]]
    if kind in _REPEATS:
        return [value[2]]
    if kind is kinds.ATOMIC_GROUP:
        return [value]
    if kind in {kinds.ASSERT, kinds.ASSERT_NOT}:
        return [value[1]]
    return []


def _members(items: Sequence[Node]) -> list[str]:
    """A few characters of a set."""
    if items[0][0] is kinds.NEGATE:
        return [one for one in "x 5\n-\"'é" if one not in _members(items[1:])][:3]
    found: list[str] = []
    for kind, value in items:
        if kind is kinds.LITERAL:
            found.append(chr(value))
        elif kind is kinds.RANGE:
            found += [chr(value[0]), chr(value[1])]
        else:
            found += _CATEGORIES.get(value, "x")
    return found


def _words(tree: Sequence[Node], groups: dict[int, str]) -> list[str]:
    """A few texts that the parts match one after the other."""
    found = [""]
    for kind, value in tree:
        more = _ways(kind, value, groups)
        found = [a + b for a, b in islice(product(found, more), 64)]
        found = [*dict.fromkeys(found)][:MOST_WORDS]
    return found


def _ways(kind: Any, value: Any, groups: dict[int, str]) -> list[str]:
    """A few texts that one part matches."""
    if kind is kinds.LITERAL:
        return [chr(value)]
    if kind is kinds.NOT_LITERAL:
        return ["x" if value != ord("x") else "y"]
    if kind is kinds.ANY:
        return ["x"]
    if kind is kinds.IN:
        return _members(value)[:3] or ["x"]
    if kind is kinds.GROUPREF:
        return [groups.get(value, "x")]
    if kind in _REPEATS:
        least = min(value[0], 40)
        return [word * max(least, 1) for word in _words(value[2], groups)] + [""] * (least == 0)
    if kind in {kinds.ASSERT, kinds.ASSERT_NOT, kinds.AT}:
        return [""]
    found = [word for inner in _inside(kind, value) for word in _words(inner, groups)[:3]]
    if kind is kinds.SUBPATTERN and value[0] is not None:
        groups[value[0]] = found[0]
    return found[: 3 * MOST_WORDS] or [""]


def _beginnings(tree: Sequence[Node]) -> Iterator[str]:
    """Texts that match the first parts of a pattern and no more."""
    for end in range(1, len(tree) + 1):
        yield from _words(tree[:end], {})
        kind, value = tree[end - 1]
        for inner in _inside(kind, value)[:MOST_WORDS]:
            for before in _words(tree[: end - 1], {})[:2]:
                yield from (before + one for one in islice(_beginnings(inner), 12))


def _repeated(tree: Sequence[Node], before: list[str]) -> Iterator[tuple[str, str]]:
    """(what leads to it, what is repeated) for every part that may be repeated often."""
    groups: dict[int, str] = {}
    lead = before
    for kind, value in tree:
        if kind in _REPEATS and (value[1] is kinds.MAXREPEAT or value[1] >= 50):
            for unit in _words(value[2], groups):
                if unit:
                    yield from ((one, unit) for one in lead[:3])
        for inner in _inside(kind, value)[:MOST_WORDS]:
            yield from _repeated(inner, lead[:3])
        lead = [a + b for a, b in islice(product(lead, _ways(kind, value, groups)), 16)][:6]
