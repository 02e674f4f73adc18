"""Days, months, years and weekdays that a sentence names, and which of them a number is said of.

"rising from 33.21 % on May 7, 2021, to 67.41 % by March 2023": the first is said of a day, the second of a month.
"""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date
from typing import Final, NamedTuple

from core.analyses.numbers import Number
from core.analyses.typed.sentence import Sentence

_MONTHS: Final = {
    name: place
    for place, names in enumerate(
        (
            "january jan janvier janv januar", "february feb février févr februar", "march mar mars märz mär",
            "april apr avril avr", "may mai", "june jun juin juni", "july jul juillet juil juli",
            "august aug août", "september sept sep septembre", "october oct octobre oktober okt",
            "november nov novembre", "december dec décembre déc dezember dez",
        ),
        start=1,
    )
    for name in names.split()
}  # fmt: skip
_names: Final = "|".join(sorted(_MONTHS, key=len, reverse=True))
day_pattern = re.compile(
    r"(?<![\d.,/-])(?:(?P<iso>\d{4})-(?P<iso_month>\d{2})-(?P<iso_day>\d{2})"
    r"|(?P<day>\d{1,2})[./](?P<month>\d{1,2})[./](?P<year>\d{4})"
    rf"|(?P<named_day>\d{{1,2}})(?:st|nd|rd|th|er|\.)?[ \u00a0](?:de )?(?P<name>{_names})\.?"
    r"[ \u00a0](?P<named_year>\d{4})"
    rf"|(?P<us_name>{_names})\.?[ \u00a0](?P<us_day>\d{{1,2}})(?:st|nd|rd|th)?,?[ \u00a0](?P<us_year>\d{{4}}))(?!\d)",
    re.IGNORECASE,
)
_month = re.compile(rf"\b(?P<name>{_names})\.?,?[ \u00a0](?:of )?(?P<year>(?:19|20)\d\d)(?!\d)", re.IGNORECASE)
_year = re.compile(r"(?<![\w.,/-])(?P<year>(?:19|20)\d\d)(?![\d%]|[.,/-]\d)")
# Without a year, where a day or a preposition shows that a month is meant: "on January 31", "in May", "mid-July".
_bare = re.compile(
    rf"\b(?:(?:in|of|since|until|by|on|mid|late|early|en|de|im|seit|bis)[ \u00a0-](?P<alone>{_names})\b"
    rf"|(?P<day>\d{{1,2}})(?:st|nd|rd|th|er|\.)?[ \u00a0](?P<behind>{_names})\b"
    rf"|(?P<before>{_names})\.?[ \u00a0](?P<us>\d{{1,2}})(?:st|nd|rd|th)?\b)",
    re.IGNORECASE,
)
_WEEKDAYS: Final = {
    name: place
    for place, names in enumerate(
        (
            "monday lundi montag", "tuesday mardi dienstag", "wednesday mercredi mittwoch", "thursday jeudi donnerstag",
            "friday vendredi freitag", "saturday samedi samstag sonnabend", "sunday dimanche sonntag",
        )
    )
    for name in names.split()
}  # fmt: skip
_PAIRED: Final = frozenset({"and", "et", "und", "to", "through", "bis", "à", "au", "the"})
_TO: Final = tuple([word] for word in ("to", "through", "until", "bis", "à", "au"))
_AND: Final[tuple[list[str], ...]] = (["and"], ["et"], ["und"], [])
_APART: Final = frozenset({"than", "als", "que", "starting", "beginning", "ab", "dès"})
"""Words behind which a day is what is compared with, or only the first of many."""

_NEAR_WORDS: Final = 10


class Moment(NamedTuple):
    """A day, month, year or weekday that a text names.

    Attributes:
        start, end: Its place in the text.
        first, last: Its days; of a weekday, and of a month whose year is not named, both are `date.min`.
        weekday: Monday is 0; None where it is no weekday.
        month, day: Of a month whose year is not named; 0 for any.
    """

    start: int
    end: int
    first: date
    last: date
    weekday: int | None = None
    month: int = 0
    day: int = 0

    def holds(self, first: date, last: date) -> bool:
        """Whether the days of a fact lie in it."""
        if self.weekday is not None:
            return first == last and first.weekday() == self.weekday
        if self.month:
            return first == last and first.month == self.month and self.day in {0, first.day}
        return self.first <= first and last <= self.last


def day_of(match: re.Match[str]) -> date | None:
    """The day that a match of `day_pattern` names; None where there is no such day."""
    found = match.groupdict()
    name = found["name"] or found["us_name"]
    month = _MONTHS[name.lower()] if name else int(found["iso_month"] or found["month"])
    day = int(found["iso_day"] or found["day"] or found["named_day"] or found["us_day"])
    year = int(found["iso"] or found["year"] or found["named_year"] or found["us_year"])
    try:
        return date(year, month, day)
    except ValueError:
        return None


def moments(sentence: Sentence) -> list[Moment]:
    """All that a sentence names, in order; of those that overlap the finest."""
    found: list[Moment] = []
    text, start, end = sentence.text, sentence.start, sentence.end
    for match in day_pattern.finditer(text, start, end):
        day = day_of(match)
        if day is not None:
            found.append(Moment(*match.span(), day, day))
    for match in _month.finditer(text, start, end):
        year, month = int(match["year"]), _MONTHS[match["name"].lower()]
        days = date(year, month, 1), date(year, month, monthrange(year, month)[1])
        _add(found, Moment(*match.span(), *days))
    for match in _year.finditer(text, start, end):
        year = int(match["year"])
        _add(found, Moment(*match.span(), date(year, 1, 1), date(year, 12, 31)))
    for match in _bare.finditer(text, start, end):
        name = match["alone"] or match["behind"] or match["before"]
        day_text = match["day"] or match["us"] or "0"
        if name[0].isupper():
            month = _MONTHS[name.lower()]
            _add(found, Moment(*match.span(), date.min, date.min, None, month, int(day_text)))
    for word in sentence.words:
        weekday = _WEEKDAYS.get(word.text.removesuffix("s") if word.text.endswith("days") else word.text)
        if weekday is not None:
            found.append(Moment(word.start, word.end, date.min, date.min, weekday))
    found = [one for one in found if not _is_apart(one, sentence)]
    return _spans(sentence, sorted(found, key=lambda one: one.start))


def _is_apart(one: Moment, sentence: Sentence) -> bool:
    before = [word.text for word in sentence.words if word.end <= one.start][-2:]
    return not _APART.isdisjoint(before)


def _spans(sentence: Sentence, found: list[Moment]) -> list[Moment]:
    """Two with "to" between them as all that lies from the one to the other."""
    result: list[Moment] = []
    for one in found:
        before = result[-1] if result else None
        if before is not None and [word.text for word in sentence.between(before.end, one.start)] in _TO:
            if before.weekday is not None and one.weekday is not None:
                days = range(before.weekday + 1, one.weekday)
                result += [one._replace(start=before.start, end=one.end, weekday=day) for day in days]
            elif before.first < one.last:
                result[-1] = before._replace(end=one.end, last=one.last)
                continue
        result.append(one)
    return result


def _add(found: list[Moment], moment: Moment) -> None:
    if not any(one.start < moment.end and moment.start < one.end for one in found):
        found.append(moment)


def moments_of(number: Number, sentence: Sentence, named: list[Moment]) -> list[Moment]:
    """Those that a number is said of: named behind it before its clause ends or another number comes, else the group
    that was named last before it and is not said of an earlier number."""
    following = _behind(number, sentence, named)
    if following:
        return following
    taken = {one for other in sentence.numbers if other.stop <= number.begin for one in _behind(other, sentence, named)}
    free = [one for one in named if one.end <= number.begin and one not in taken]
    group: list[Moment] = []
    for one in reversed(free):
        if group and not _joined(sentence, one.end, group[-1].start):
            break
        group.append(one)
    return _one_by_one(number, sentence, group[::-1])


def _one_by_one(number: Number, sentence: Sentence, group: list[Moment]) -> list[Moment]:
    """Of "2020 and 2021 ... 75.2 and 73.8" each number is said of the moment in its own place."""
    run = [one for one in sentence.numbers if group and one.begin >= group[-1].end]
    alike = [
        one for place, one in enumerate(run)
        if not place or [word.text for word in sentence.between(run[place - 1].stop, one.begin)][-1:] in _AND
    ]  # fmt: skip
    listed = len(group) > 1 and len(run) == len(alike) == len(group) and not sentence.has("ranging")
    return [group[run.index(number)]] if listed and number in run else group


def _behind(number: Number, sentence: Sentence, named: list[Moment]) -> list[Moment]:
    _, behind = sentence.neighbours(number)
    found: list[Moment] = []
    at = number.stop
    for one in named:
        if one.start < number.stop:
            continue
        if one.start >= behind or not _reaches(sentence, at, one.start, first=not found):
            break
        found.append(one)
        at = one.end
    return found


def _reaches(sentence: Sentence, begin: int, end: int, *, first: bool) -> bool:
    if not first:
        return _joined(sentence, begin, end)
    return len(sentence.between(begin, end)) <= _NEAR_WORDS and not sentence.broken(begin, end)


def _joined(sentence: Sentence, begin: int, end: int) -> bool:
    return all(word.text in _PAIRED for word in sentence.between(begin, end)) and end - begin < 16
