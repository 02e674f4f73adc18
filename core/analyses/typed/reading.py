"""Reads a text as sentences, each with its words, its numbers and what it names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from text_to_num import text2num

from core.analyses import numbers
from core.analyses.numbers import Number
from core.analyses.time_limit import tick
from core.analyses.typed.lexicon import Mention, Token, phrases, tokens_of
from core.analyses.typed.naming import Naming
from core.analyses.typed.sentence import Sentence, Shape, Spelled, sentences

_ARTICLES: Final = frozenset({"a", "an", "one", "un", "une", "ein", "eine", "einen", "einem", "einer", "eines", "eins"})
_LONGEST_WORD: Final = 40
_LEAST_SCALE: Final = 1_000
_LONGEST_REMEMBERED: Final = 2_000
_POINTS: Final = {"en": "point", "fr": "virgule", "de": "komma"}


def read(text: str, language: str, naming: Naming, mark: str = "") -> list[Sentence]:
    """The sentences of a text.

    Args:
        language: ISO 639-1; in one without a lexicon only numbers in digits and names are seen.
        naming: What the sheet gives names to.
        mark: Decimal mark of the region.
    """
    # Models and their prompts say the same again and again with other decimals: the words are understood once.
    same = _decimals.sub(_zeros, text)
    shapes = _shapes(same, language) if len(same) <= _LONGEST_REMEMBERED else _shapes.__wrapped__(same, language)
    found = numbers.scan(text, mark)
    result = []
    at = 0
    for shape in shapes:
        tick()
        sentence = Sentence(text, shape)
        first = at
        while at < len(found) and found[at].start < shape.end:
            at += 1
        sentence.numbers = found[first:at]
        # A bond is called by its coupon: there the decimals are part of the name.
        words = tokens_of(text, shape.start, shape.end)[0] if naming.has_decimals else shape.words
        sentence.add(one for one in naming.find(text, words) if not _is_compound(text, one))
        _count(sentence, shape, mark)
        result.append(sentence)
    return result


def _is_compound(text: str, mention: Mention) -> bool:
    """Whether a quantity is only part of a word: the "three-point line" states no points."""
    if mention.value[:1] != "=":
        return False
    joined = text[max(0, mention.start - 2) : mention.start]
    return (joined[-1:] == "-" and joined[:1].isalpha()) or _is_term(text, mention.end)


_decimals = re.compile(r"(?<!\d)\d++[.,]\d++")


def _zeros(match: re.Match[str]) -> str:
    return "0" * (match.end() - match.start() - 2) + ".0"


@lru_cache(maxsize=8_192)
def _shapes(text: str, language: str) -> tuple[Shape, ...]:
    """What the words of a text say, whatever its decimals are."""
    words, marks = tokens_of(text)
    lexicon = phrases(language)
    found = []
    for shape in sentences(text, words, marks):
        tick()
        if lexicon is not None:
            mentions = [*lexicon.find(shape.words), *_marked(text, shape)]
            shape = shape._replace(mentions=mentions, judged=True, spelled=_spelled(text, shape.words, language))
        found.append(shape)
    return tuple(found)


_marks = re.compile(r"(?<!\d)(?P<year>(?:19|20)\d\d)(?!\d)|(?<![\d/.,])(?P<fraction>\d{1,2}/\d{1,2})(?![\d/.,])")


def _marked(text: str, shape: Shape) -> Iterator[Mention]:
    """Years and fractions in digits, for which one looks closer."""
    for match in _marks.finditer(text, shape.start, shape.end):
        yield Mention(match.lastgroup or "", match.group(), *match.span())
    for match in _frequencies.finditer(text, shape.start, shape.end):
        yield Mention("frequency", match.group(), *match.span())


_frequencies = re.compile(
    r"(?<![\w.,/])(?:[1-9]|one|once|une?|ein(?:e[mnr]?)?|einmal)[ \u00a0-](?:(?!in\b|sur\b|von\b)[^\W\d]+ )?"
    r"(?:in|out of|sur|von|auf) (?:every |each |a )?"
    r"(?:5|10|20|25|40|50|100|200|250|500|1000|twenty|hundred|vingt|cent|zwanzig|hundert)(?![\w%-]|[.,]\d)",
    re.IGNORECASE,
)


def _count(sentence: Sentence, shape: Shape, mark: str) -> None:
    """Add the numbers in words, and take away what is no number: "six years" is a period, "two thirds" a size."""
    if shape.spelled:
        text = sentence.text
        apart = [one for one in shape.spelled if not _is_term(text, one[1])]
        spelled = [numbers.spelled(text, *one, mark) for one in apart]
        sentence.numbers = sorted([*sentence.numbers, *spelled], key=lambda one: one.start)
    if sentence.has("frequency"):
        named = sentence.of("frequency")
        sentence.numbers = [one for one in sentence.numbers if not _is_inside(one, named)]
    if any(one.loose for one in sentence.numbers):
        words = sentence.of("period", "size", "multiple", "attribute")
        sentence.numbers = [one for one in sentence.numbers if not (one.loose and _is_inside(one, words))]


def _is_term(text: str, end: int) -> bool:
    """Whether a number word goes on as another word: "three-point", "five-year"."""
    return text[end : end + 1] == "-" and text[end + 1 : end + 2].isalpha()


def _is_inside(number: Number, words: list[Mention]) -> bool:
    return any(word.start <= number.start and number.end <= word.end for word in words)


def _spelled(text: str, words: list[Token], language: str) -> list[Spelled]:
    """Numbers in words with their values: "twelve", "vingt et un", "zwölf Komma fünf"."""
    found: list[Spelled] = []
    run: list[Token] = []
    for word in words:
        value = value_of(word.text, language)
        if run and (value is not None or _continues(run, word, language)):
            run.append(word)
            continue
        if run:
            _close(run, language, found)
        # "pour cent" and "per cent" are a unit and no hundred.
        run = [word] if value is not None and not _is_unit(text, word) else []
    _close(run, language, found)
    return found


def _continues(run: list[Token], word: Token, language: str) -> bool:
    return word.text == _POINTS[language] or (language == "fr" and word.text == "et" and len(run) == 1)


def _is_unit(text: str, word: Token) -> bool:
    return word.text == "cent" and text[max(0, word.start - 5) : word.start].lower().endswith(("pour ", "per "))


def _close(run: list[Token], language: str, found: list[Spelled]) -> None:
    while run and value_of(run[-1].text, language) is None:
        run.pop()
    while run:
        for end in range(len(run), 0, -1):
            value = _value(run[:end], language)
            if value is not None:
                # "13,32 millions" has its scale in a word, and no number of its own.
                if end > 1 or (run[0].text not in _ARTICLES and value < _LEAST_SCALE):
                    found.append((run[0].start, run[end - 1].end, value))
                run[:] = run[end:]
                break
        else:
            run.clear()


def _value(run: list[Token], language: str) -> float | None:
    words = [word.text for word in run]
    point = _POINTS[language]
    if point in words[1:-1]:
        at = words.index(point)
        whole, part = value_of(" ".join(words[:at]), language), value_of(" ".join(words[at + 1 :]), language)
        return None if whole is None or part is None else float(f"{whole}.{part}")
    value = value_of(" ".join(words), language)
    return None if value is None else float(value)


@lru_cache(maxsize=50_000)
def value_of(words: str, language: str) -> int | None:
    """What a number in words is worth; None where the words are none."""
    if len(words) > 4 * _LONGEST_WORD or not words[0].isalpha():
        return None
    try:
        value = int(text2num(words.replace("dreissig", "dreißig"), language))
    except ValueError:
        return None
    return value if value or words in {"zero", "zéro", "null"} else None
