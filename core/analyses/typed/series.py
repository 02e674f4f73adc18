"""Series: one quantity on several days or in several years, and what a sentence says of its course.

"Between 8.15 °C and 23.84 °C", "a high of 3.02", "generally below 3.5", "74.7 years in 2021": the least, the greatest,
a bound and a value are those of the days that the sentence names, and of all days where it names none. A part of them
that no word here resolves ("at night") leaves only what none of its days reaches.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Final, NamedTuple

from core.analyses.numbers import Number
from core.analyses.typed.aspects import aspect_of
from core.analyses.typed.lexicon import Mention
from core.analyses.typed.moments import Moment, moments, moments_of
from core.analyses.typed.periods import ends_of
from core.analyses.typed.sentence import Sentence
from core.domain.facts import Fact
from core.domain.units import Unit

_FEWEST: Final = 4
"""Moments that make a series."""

_LEAST_GROUP: Final = 3
_AROUND: Final = 3
_NEAR_WORDS: Final = 4
_EXTREME_WORDS: Final = 7
_PAIR_WORDS: Final = 5
_ABOUT: Final = 0.05
_LINKS: Final = frozenset({"to", "and", "bis", "und", "à", "et", "zu"})
_ANOTHER: Final = frozenset(
    {"second", "another", "local", "new", "third", "smaller", "autre", "nouveau", "zweite", "zweiten", "neue", "neuer"}
)
_SINCE: Final = frozenset({"since", "depuis", "seit"})
"""Words for days from some day on, which is not always told."""

_COARSE: Final = frozenset({Unit.SCORE, Unit.YEARS})
"""Units in which a range may be stated in whole steps."""

Points = list[tuple[date, date, Fact]]


class Decision(NamedTuple):
    """What the facts say of a number.

    Attributes:
        holds: It is what the sentence says it is; None where its days cannot be told, and some of them may bear it.
        true: What it would have to be; None where that is not one value.
    """

    holds: bool | None
    true: str | None = None


class SeriesOf:
    """The series of one sheet.

    Args:
        facts: All facts of the sheet.
    """

    def __init__(self, facts: Iterable[Fact]) -> None:
        self._points: dict[str, Points] = {}
        grouped: dict[str, Points] = {}
        for fact in facts:
            aspect = aspect_of(fact.metric_id)
            ends = ends_of(fact.period) if fact.period and not aspect.period and not aspect.rule else []
            if ends:
                grouped.setdefault(aspect.family, []).append((ends[0], ends[-1], fact))
        for family, points in grouped.items():
            lengths = {(last - first).days // 2 for first, last, _ in points}
            if len({first for first, _, _ in points}) >= _FEWEST and len(lengths) == 1:
                self._points[family] = points

    def __bool__(self) -> bool:
        return bool(self._points)

    def __contains__(self, family: str) -> bool:
        return family in self._points

    def within(self, family: str, named: Sequence[Moment]) -> list[Fact]:
        """Facts of a family on the days of some moments."""
        points = self._points.get(family, ())
        return [fact for first, last, fact in points if any(one.holds(first, last) for one in named)]

    def elsewhen(self, number: Number, fact: Fact, sentence: Sentence) -> list[Fact]:
        """What a fact's series is at the moment that a number is said of, where that is not the fact's own."""
        family = aspect_of(fact.metric_id).family
        if family not in self._points:
            return []
        there = self.within(family, moments_of(number, sentence, moments(sentence)))
        return [] if fact in there else there

    def decide(self, number: Number, sentence: Sentence, cited: Sequence[Fact]) -> Decision | None:
        """Whether a number is the end, the bound or the extreme that the sentence says; None where it says none."""
        if not self._points:
            return None
        family = self._family(number, sentence, cited)
        if family is None:
            return None
        loose = sentence.has("part") or any(word.text in _SINCE for word in sentence.words)
        pair = _pair_of(number, sentence)
        if pair is None and not sentence.has("extreme", "bound_low", "bound_high"):
            return None
        word = _nearest(pair[0] if pair else number, sentence, "extreme")
        if word is not None and _is_another(word, sentence):
            return None
        groups = self._groups(family, pair[1] if pair else number, sentence)
        if pair is not None:
            said = _nearest(pair[0], sentence, "ranging") is not None
            if word is not None and word.value in {"max", "min"} and word.end <= pair[0].begin:
                return _inside(number, [_ends(one)[word.value == "max"] for one in self._days(family) or groups])
            ends = any(one.value == "ends" for one in sentence.of("part"))
            return _ranges(number, pair, groups, loose=loose or not said, ends=ends and said)
        if word is not None:
            if word.value in {"first", "last"}:
                return self._at_an_end(number, word, family)
            return self._extreme(number, word, family, groups, loose=loose)
        # "A value below 1 means" says nothing of any day.
        named = bool(moments(sentence)) or sentence.has("mostly", "all", "not")
        return _bounded(number, sentence, groups, loose=loose or not named)

    def _family(self, number: Number, sentence: Sentence, cited: Sequence[Fact]) -> str | None:
        """The series that a number is of: the quantity named last before it, else the only one that is cited."""
        before = [one for one in sentence.of("attribute") if one.end <= number.begin]
        for at in range(len(before) - 1, -1, -1):
            compound = at and not sentence.between(before[at - 1].end, before[at].start)  # "feels-like temperatures"
            family = before[at - 1 if compound else at].value.removeprefix("=")
            if family not in self._points:
                return None
            if (self._points[family][0][2].unit is Unit.PCT) == (number.unit == "pct"):
                return family
        if before:
            return None
        families = {aspect_of(fact.metric_id).family for fact in cited}
        return families.pop() if len(families) == 1 and families <= self._points.keys() else None

    def _at_an_end(self, number: Number, word: Mention, family: str) -> Decision:
        """What a series starts or ends with."""
        points = sorted(self._points[family], key=lambda point: point[0])
        end = points[0 if word.value == "first" else -1]
        level = [fact for first, _, fact in points if first == end[0]]
        holds = any(_is(number, fact) for fact in level)
        return Decision(holds, end[2].shown)

    def _extreme(
        self, number: Number, word: Mention, family: str, groups: list[list[Fact]], *, loose: bool
    ) -> Decision | None:
        """The greatest or the least of the days; of a single day, what the days around it do not pass."""
        at = 1 if word.value == "max" else 0
        if not groups:
            return None
        if len(groups[0]) < _LEAST_GROUP:
            near = self._around(family, groups[0][0])
            return None if not _is(number, groups[0][0]) or _is(number, _ends(near)[at]) else Decision(holds=False)
        found = [_ends(facts)[at] for facts in groups]
        if any(_is(number, one, coarse=True) for one in found):
            return Decision(holds=True)
        least, most = _ends(groups[0])
        inside = least.value <= _signed(number) <= most.value
        return Decision(None if inside and loose else False, found[0].shown)

    def _around(self, family: str, fact: Fact) -> list[Fact]:
        facts = [one for _, _, one in sorted(self._points[family], key=lambda point: point[0])]
        at = facts.index(fact)
        return facts[max(0, at - _AROUND) : at + _AROUND + 1]

    def _groups(self, family: str, number: Number, sentence: Sentence) -> list[list[Fact]]:
        """Facts of the days that are named; where none is, all of them, and those of each day."""
        named = moments_of(number, sentence, moments(sentence))
        if named:
            there = self.within(family, named)
            days = [self.within(family, [one]) for one in named] if len(named) > 1 else []
            return [one for one in (there, *days) if one]
        whole = [fact for _, _, fact in self._points[family]]
        return [whole] if sentence.has("whole") else [whole, *self._days(family)]

    def _days(self, family: str) -> list[list[Fact]]:
        days_of: dict[date, list[Fact]] = {}
        for first, _, fact in self._points[family]:
            days_of.setdefault(first, []).append(fact)
        return [one for one in days_of.values() if len(one) >= _LEAST_GROUP]


def _pair_of(number: Number, sentence: Sentence) -> tuple[Number, Number] | None:
    """Both ends of the range that a number is one of, the lower first."""
    numbers = sentence.numbers
    at = numbers.index(number)
    for one, other in ((at, at + 1), (at - 1, at)):
        if one >= 0 and other < len(numbers) and _is_range(numbers[one], numbers[other], sentence):
            return numbers[one], numbers[other]
    return None


def _is_range(one: Number, other: Number, sentence: Sentence) -> bool:
    words = [word.text for word in sentence.between(one.stop, other.begin)]
    dashed = not words and sentence.text[one.stop : other.begin].strip(" -\u2013\u00b0") == ""
    if dashed and other.begin > one.stop:
        return True
    if len(words) > _PAIR_WORDS or _LINKS.isdisjoint(words) or sentence.within("extreme", one.stop, other.begin):
        return False
    return _nearest(one, sentence, "ranging") is not None


def _nearest(number: Number, sentence: Sentence, kind: str) -> Mention | None:
    """A word of a kind shortly before a number, with no other number between."""
    before, _ = sentence.neighbours(number)
    found = [one for one in sentence.of(kind) if before <= one.start and one.end <= number.begin]
    most = _EXTREME_WORDS if kind == "extreme" else _NEAR_WORDS
    near = found and len(sentence.between(found[-1].end, number.begin)) <= most
    return found[-1] if near else None


def _is_another(word: Mention, sentence: Sentence) -> bool:
    before = [one.text for one in sentence.words if one.end <= word.start][-2:]
    return not _ANOTHER.isdisjoint(before)


def _ranges(
    number: Number, pair: tuple[Number, Number], groups: list[list[Fact]], *, loose: bool, ends: bool
) -> Decision | None:
    """An end of a range, together with its other end: both are of the same days."""
    low, high = sorted(pair, key=_signed)
    for place, facts in enumerate(groups):
        least, most = _ends(facts)
        if _is(low, least, coarse=not place) and _is(high, most, coarse=not place):
            return Decision(holds=True)
    if not groups or len(groups[0]) < _LEAST_GROUP:
        return None
    least, most = _ends(groups[0])
    if ends and not _is(low, least, coarse=True) and not _is(high, most, coarse=True):
        return Decision(holds=False)  # the warmest is by day and the coldest by night
    if loose:
        return _inside(number, [least, most])
    true = least if number is low else most
    return Decision(_is(number, true, coarse=True), true.shown)


def _inside(number: Number, facts: list[Fact]) -> Decision | None:
    """What lies beyond all of some facts is wrong, and what lies among them is not decided."""
    if not facts:
        return None
    least, most = _ends(facts)
    step = _step(number, least, coarse=True)
    return Decision(None if least.value - step <= _signed(number) <= most.value + step else False)


def _bounded(number: Number, sentence: Sentence, groups: list[list[Fact]], *, loose: bool) -> Decision | None:
    """Below, above: on all days, on most of them where it says so, on some where it says when or which part."""
    word = _nearest(number, sentence, "bound_low") or _nearest(number, sentence, "bound_high")
    if word is None or not groups or len(sentence.between(word.end, number.begin)) > 1:
        return None
    stated = _signed(number)
    denied = any(one.end <= word.start and word.start - one.end <= 1 for one in sentence.of("not"))
    below = (word.kind == "bound_low") != denied
    facts = groups[0]
    part = sum(fact.value <= stated if below else fact.value >= stated for fact in facts) / len(facts)
    needed = 1.0 if below else 0.0
    if sentence.has("mostly"):
        needed = 0.5
    elif loose:
        needed = 0.0
    holds = part > needed or part == 1.0
    return Decision(None if loose and not holds and not sentence.has("part") else holds, None)


def _ends(facts: list[Fact]) -> tuple[Fact, Fact]:
    return min(facts, key=_value), max(facts, key=_value)


def _value(fact: Fact) -> float:
    return fact.value


def _signed(number: Number) -> float:
    read = number.readings[0][0]
    return -read if number.negative else read


def _step(number: Number, fact: Fact, *, coarse: bool) -> float:
    step = number.readings[0][1]
    # Whole steps around decimals are a range that holds them: from 14 to 25 for 14.66 to 24.3.
    whole = coarse and step >= 1.0 and fact.decimals > 0 and fact.unit in _COARSE
    room = 0.999 * step if whole else 0.5 * step + 0.5 * 10.0**-fact.decimals
    return max(room, step, _ABOUT * abs(fact.value)) if number.approximate else room


def _is(number: Number, fact: Fact, *, coarse: bool = False) -> bool:
    return abs(_signed(number) - fact.value) <= _step(number, fact, coarse=coarse) + 1e-9
