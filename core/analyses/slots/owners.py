"""Whose number it is: a holding named beside a slot must be the one that the slot's fact is about.

In a sentence that begins with a name, a number belongs to the name before it; in one that begins with a number, to the
name behind it; and as many numbers after as many names belong to them in order ("Microsoft and ASML weigh 18 and 10").
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property, lru_cache
from typing import Final, NamedTuple

from core.analyses.slots.derived import OF_HOLDINGS, SIDES, member_of
from core.analyses.slots.rendering import INSERTED, NAMED, Piece
from core.domain.analysis import Finding, FindingKind
from core.domain.facts import FactSheet

_LEGAL: Final = re.compile(
    r"[,.]? (?:Inc|Corp|Corporation|Holding|Holdings|Group|plc|PLC|SA|SE|AG|NV|N\.V|Co|Company)\.?$"
)
_word: Final = re.compile(r"[^\W_]+")
_words: Final = _word.findall
_FEWEST_CHARACTERS: Final = 3

_SIDE_WORDS: Final = frozenset(
    {
        "benchmark", "index", "indice", "vergleichsindex",
        "portfolio", "portefeuille", "fund", "account", "fonds", "depot", "mandat", "mandate",
    }
)  # fmt: skip
"""One of these stands wherever a side is named in words."""

_benchmark: Final = re.compile(r"\b(?:benchmark|index|indice(?: de référence)?|vergleichsindex)\b", re.IGNORECASE)
_portfolio: Final = re.compile(r"\b(?:portfolio|portefeuille|fund|account|fonds|depot|mandate?)\b", re.IGNORECASE)


class Mention(NamedTuple):
    """A name or a number in a sentence, and whose it is."""

    start: int
    owner: str
    piece: Piece | None


@lru_cache(maxsize=4096)
def _spellings(name: str) -> tuple[tuple[str, str], ...]:
    """A holding's name in lower case, with and without its legal words, each behind its own first word."""
    return tuple(
        (first.group().casefold(), one.casefold())
        for one in dict.fromkeys((name, _LEGAL.sub("", name)))
        if (first := _word.search(one)) is not None and len(one) >= _FEWEST_CHARACTERS
    )


class Owners:
    """The names by which a prompt's holdings are called in words."""

    def __init__(self, sheet: FactSheet) -> None:
        self._sheet = sheet

    @cached_property
    def _by_first(self) -> dict[str, list[tuple[str, str]]]:
        found: dict[str, list[tuple[str, str]]] = {}
        for line in self._sheet.holdings:
            for first, name in _spellings(line.name):
                found.setdefault(first, []).append((name, line.holding_id))
        return found

    def typed(self, folded: str, words: Iterable[str]) -> Iterator[Mention]:
        """Holdings named in a text in lower case, of which these are the words; the longest of several."""
        for first in self._by_first.keys() & words:
            taken: set[int] = set()
            for name, holding_id in sorted(self._by_first[first], key=lambda one: -len(one[0])):
                at = folded.find(name)
                while at >= 0:
                    if at not in taken:
                        taken.add(at)
                        yield Mention(at, holding_id, None)
                    at = folded.find(name, at + 1)

    def wrong(self, folded: str, pieces: Sequence[tuple[int, Piece]]) -> Iterator[Finding]:
        """Numbers of one sentence that stand beside another's name.

        Args:
            folded: The sentence's own words in lower case, with a gap for each slot.
            pieces: Slots of the sentence, each with the place of its gap.
        """
        inserted = [
            (at, piece, *member_of(piece.facts[0].metric_id))
            for at, piece in pieces
            if piece.kind == INSERTED and "name" not in piece.slot.options
        ]
        words = _words(folded)
        numbers = [Mention(at, member, piece) for at, piece, family, member in inserted if family in OF_HOLDINGS]
        if numbers:
            names = {at: Mention(at, piece.name, None) for at, piece in pieces if piece.kind == NAMED}
            if not self._by_first.keys().isdisjoint(words):
                names |= {one.start: one for one in self.typed(folded, words)}
            if names:
                yield from _unlike([names[at] for at in sorted(names)], numbers)
        of_sides = [(at, SIDES[family], piece) for at, piece, family, _ in inserted if family in SIDES]
        if of_sides:
            yield from _sides(folded, words, pieces, of_sides)


def _unlike(names: list[Mention], numbers: list[Mention]) -> Iterator[Finding]:
    owners = {one.owner for one in names}
    in_order = [one.owner for one in names] == [one.owner for one in numbers]
    if in_order and names[-1].start < numbers[0].start:
        return
    name_first = names[0].start < numbers[0].start
    for one in numbers:
        before = [name for name in names if name.start < one.start]
        after = [name for name in names if name.start > one.start]
        near = before[-1] if before and (name_first or not after) else after[0] if after else None
        if near is None or near.owner == one.owner:
            continue
        if not name_first and before and before[-1].owner == one.owner:
            continue
        if (name_first and one.owner not in owners and one.piece is not None) or near.owner != one.owner:
            yield _finding(one, near)


def _finding(one: Mention, near: Mention) -> Finding:
    fact = one.piece.facts[0] if one.piece else None
    name = fact.metric_id if fact else ""
    return Finding("", name, f"{near.owner}: {one.piece.text if one.piece else ''}", name, FindingKind.WRONG_ID)


def _sides(
    folded: str, said: list[str], pieces: Sequence[tuple[int, Piece]], of_sides: list[tuple[int, str, Piece]]
) -> Iterator[Finding]:
    """The portfolio's return beside the word benchmark alone, and the other way round."""
    words = [(at, piece.name) for at, piece in pieces if piece.kind == NAMED and piece.name in SIDES.values()]
    if not _SIDE_WORDS.isdisjoint(said):
        words += [(one.start(), "benchmark") for one in _benchmark.finditer(folded)]
        words += [(one.start(), "portfolio") for one in _portfolio.finditer(folded)]
    if words:
        yield from _apart(words, of_sides)


def _apart(words: list[tuple[int, str]], of_sides: list[tuple[int, str, Piece]]) -> Iterator[Finding]:
    said = {word for _, word in words}
    for _, side, piece in of_sides:
        if said and side not in said and len(said) == 1 and len({one for _, one, _ in of_sides}) == 1:
            name = piece.facts[0].metric_id
            yield Finding("", name, f"{next(iter(said))}: {piece.text}", name, FindingKind.WRONG_ID)
    if len(said) == len(of_sides) == 2 and len({side for _, side, _ in of_sides}) == 2:
        yield from _crossed(sorted(words), of_sides)


def _crossed(words: list[tuple[int, str]], of_sides: list[tuple[int, str, Piece]]) -> Iterator[Finding]:
    """Two returns, each beside its own word: the portfolio made x, the benchmark y; or x against the benchmark's y."""
    for at, side, piece in of_sides:
        before = [word for place, word in words if place < at]
        after = {word for place, word in words if place > at}
        if before and before[-1] != side and side not in after:
            name = piece.facts[0].metric_id
            yield Finding("", name, f"{before[-1]}: {piece.text}", name, FindingKind.WRONG_ID)
