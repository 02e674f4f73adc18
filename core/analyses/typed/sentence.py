"""One sentence: its words, its numbers, what it mentions, and which of that belongs to which number.

A number belongs to its clause. Of what is named the nearest counts: what a preposition ties to it ("0.65 from BND"),
else what was named since the number before it ("ASML weighs 10.48 % and Microsoft 18.34 %").
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, KeysView, Sequence
from typing import Final, NamedTuple

from core.analyses.numbers import Number
from core.analyses.typed.lexicon import Mention, Token

_ENDS: Final = frozenset(".!?;")
_BEFORE_A_POINT: Final = frozenset(
    {
        "inc", "corp", "co", "ltd", "ca", "mio", "mrd", "tsd", "art", "no", "nr", "vs", "st", "dr", "resp", "bzw",
        "approx", "incl", "excl", "p", "z", "b", "d", "h", "u", "e", "g", "i", "cf", "cie", "mr", "ms", "al", "abs",
    }
)  # fmt: skip
_JOINS: Final = frozenset(
    {
        "and", "but", "while", "whereas", "against", "versus", "vs", "et", "mais", "tandis", "alors", "contre", "und",
        "aber", "während", "gegenüber", "sowie", "obwohl", "although", "though", "since", "so", "which", "dont", "qui",
        "because", "weil", "denn", "car",
    }
)  # fmt: skip
"""Words that begin another clause."""

_TIES: Final = frozenset(
    {
        "from", "in", "for", "of", "by", "de", "du", "des", "d", "pour", "chez", "von", "vom", "der", "für", "bei",
        "im", "dans", "aus",
    }
)  # fmt: skip
"""Words that tie a number to what stands behind it."""

_BETWEEN: Final = _TIES | {
    "the", "a", "an", "its", "l", "le", "la", "les", "die", "das", "den", "dem", "annualized", "simulated", "simulés",
    "simulé", "simulierte", "simulierten", "historical", "one", "day", "total",
}  # fmt: skip
"""Words that may stand behind the first of them."""

_TIED_WORDS: Final = 3
_MOST_WORDS: Final = 150


Spelled = tuple[int, int, float]
"""A number in words: where it begins and ends, and what it is worth."""


class Shape(NamedTuple):
    """What the words of a sentence say, whoever and whatever it is about.

    Attributes:
        start, end: Its place in the text.
        words: In lower case, with their places.
        breaks: Places where a clause ends, in order.
        mentions: What of the language's lexicon stands in it.
        spelled: Its numbers in words.
        judged: There is a lexicon of its language, so that its words may decide something.
    """

    start: int
    end: int
    words: list[Token]
    breaks: list[int]
    mentions: Sequence[Mention] = ()
    spelled: Sequence[Spelled] = ()
    judged: bool = False


class Sentence:
    """A sentence of a text.

    Attributes:
        text: The whole text.
        numbers: What it states in digits or number words, in order.
        start, end, words, breaks, judged: As in its `Shape`.
    """

    __slots__ = ("_kinds", "breaks", "end", "judged", "numbers", "start", "text", "words")

    def __init__(self, text: str, shape: Shape) -> None:
        self.text = text
        self.start, self.end, self.words, self.breaks, mentions, _, self.judged = shape
        self.numbers: list[Number] = []
        self._kinds: dict[str, list[Mention]] = {}
        for mention in mentions:
            self._kinds.setdefault(mention.kind, []).append(mention)

    @property
    def kinds(self) -> KeysView[str]:
        """Kinds of what is mentioned."""
        return self._kinds.keys()

    def add(self, mentions: Iterable[Mention]) -> None:
        """Note what is mentioned besides the words of the lexicon."""
        for mention in mentions:
            found = self._kinds.setdefault(mention.kind, [])
            found.append(mention)
            if len(found) > 1 and found[-2].start > mention.start:
                found.sort(key=lambda one: one.start)

    def of(self, *kinds: str) -> list[Mention]:
        """Mentions of some kinds, in order."""
        if len(kinds) == 1:
            return self._kinds.get(kinds[0], [])
        return sorted((one for kind in kinds for one in self._kinds.get(kind, ())), key=lambda one: one.start)

    def has(self, *kinds: str) -> bool:
        """Whether something of one of the kinds is mentioned."""
        return any(kind in self._kinds for kind in kinds)

    def clause(self, start: int, end: int) -> tuple[int, int]:
        """Where the clause around a place begins and ends."""
        begin = max((place for place in self.breaks if place <= start), default=self.start)
        return begin, min((place for place in self.breaks if place >= end), default=self.end)

    def within(self, kind: str, begin: int, end: int) -> list[Mention]:
        """Mentions of a kind that lie in a part."""
        return [one for one in self._kinds.get(kind, ()) if begin <= one.start and one.end <= end]

    def between(self, begin: int, end: int) -> list[Token]:
        """Words that lie in a part."""
        return [word for word in self.words if begin <= word.start and word.end <= end]

    def neighbours(self, number: Number) -> tuple[int, int]:
        """Where the number before ends and the one behind begins, at most the sentence."""
        before = max((one.stop for one in self.numbers if one.stop <= number.begin), default=self.start)
        behind = min((one.begin for one in self.numbers if one.begin >= number.stop), default=self.end)
        return before, behind

    def tied(self, number: Number, kind: str) -> Mention | None:
        """What a preposition, or nothing at all, ties to a number from behind."""
        _, behind = self.neighbours(number)
        for mention in self._kinds.get(kind, ()):
            if mention.start < number.stop:
                continue
            if mention.start >= behind or self.broken(number.stop, mention.start):
                return None
            words = self.between(number.stop, mention.start)
            if not words:
                return mention
            tied = words[0].text in _TIES or kind == "attribute"
            tied = tied and len(words) <= _TIED_WORDS and all(word.text in _BETWEEN for word in words)
            return mention if tied else None
        return None

    def broken(self, begin: int, end: int) -> bool:
        """Whether a clause ends between two places."""
        return any(begin <= place < end for place in self.breaks)

    def before(self, number: Number, kind: str) -> list[Mention]:
        """What was named between the number before and this one, and is not tied to that one; the nearest last."""
        begin, _ = self.neighbours(number)
        earlier = next((one for one in reversed(self.numbers) if one.stop <= number.begin), None)
        taken = self.tied(earlier, kind) if earlier is not None else None
        return [one for one in self.within(kind, begin, number.begin) if one != taken]


def sentences(text: str, words: list[Token], marks: list[Token]) -> Iterator[Shape]:
    """The sentences of a text, with their words and where their clauses end."""
    ends = [mark.end for place, mark in enumerate(marks) if mark.text in _ENDS and _is_end(mark, words)]
    if not ends or ends[-1] < len(text):
        ends.append(len(text))
    start = first = at = 0
    for end in ends:
        last = first
        while last < len(words) and words[last].end <= end:
            last += 1
        own = words[first:last]
        breaks = [word.start for word in own if word.text in _JOINS]
        while at < len(marks) and marks[at].end <= end:
            if marks[at].text not in _ENDS:
                breaks.append(marks[at].start)
            at += 1
        breaks.sort()
        # Nobody writes longer sentences; a text of any length is read in pieces, so that the work grows with it.
        for piece in range(0, len(own), _MOST_WORDS):
            part = own[piece : piece + _MOST_WORDS]
            close = own[piece + _MOST_WORDS].start if piece + _MOST_WORDS < len(own) else end
            inside = breaks
            if len(own) > _MOST_WORDS:
                inside = breaks[bisect_left(breaks, start) : bisect_left(breaks, close)]
            yield Shape(start, close, part, inside)
            start = close
        start, first = end, last


def _is_end(mark: Token, words: list[Token]) -> bool:
    """Whether a mark ends a sentence: the point of "Inc." and of "30. Oktober" does not."""
    if mark.text != ".":
        return True
    low, high = 0, len(words)
    while low < high:
        middle = (low + high) // 2
        if words[middle].end <= mark.start:
            low = middle + 1
        else:
            high = middle
    if not low:
        return True
    before = words[low - 1]
    if before.end != mark.start:
        return True
    following = words[low].text if low < len(words) else ""
    if before.text.isdigit():
        return not (len(before.text) <= 2 and following[:3] in _MONTHS)
    return before.text not in _BEFORE_A_POINT or not following


_MONTHS: Final = frozenset({"jan", "feb", "mär", "mae", "apr", "mai", "jun", "jul", "aug", "sep", "okt", "nov", "dez"})
