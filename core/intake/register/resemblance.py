"""Whether two names can be one instrument's: brokers shorten, shout and reorder, but rarely call it something else."""

from __future__ import annotations

import re
import unicodedata
from difflib import SequenceMatcher
from functools import lru_cache

ENOUGH = 0.5
"""Share of the shorter name's meaning that must be found in the other."""

_NOTHING_TEXT = """
    inc corp corporation company co plc ltd limited ag se sa nv spa kgaa group holding holdings hldgs class cl the and
    of a b c d ord ordinary shs share shares common stock stk com registered reg new adr ads gdr sponsored unsponsored
    etf etfs etp etc ucits fund funds fd fds index idx trust tr series acc accumulating accumulation dist
    distributing income eur usd gbp chf
"""
_SAYS_NOTHING = frozenset(_NOTHING_TEXT.split())
_LITTLE_TEXT = """
    ishares vanguard spdr xtrackers invesco amundi ubs wisdomtree vaneck blackrock next msci ftse bloomberg barclays
    core iboxx s p sp bond bonds equity equities year years
"""
_SAYS_LITTLE = frozenset(_LITTLE_TEXT.split())
_LITTLE = 0.3
_NUMBER = 2.0
"""Funds of one house often differ in a number alone: "20+ Year" and "7-10 Year"."""
_ALIKE = 0.85
_LONGEST_WORD = 40
_MOST_WORDS = 40
_ABBREVIATED = re.compile(r"[a-z][^aeiou]{2,}")


def resemble(one: str, other: str) -> bool:
    """Whether two names may mean the same thing. A name that says nothing ("", "ETF") resembles every other."""
    return resemblance(one, other) >= ENOUGH


@lru_cache(maxsize=16_384)
def resemblance(one: str, other: str) -> float:
    """How much of the shorter name is found in the other: 1 for all of it, 0 for nothing.

    "VANGUARD INDEX FDS TOTAL STK MKT" and "Vanguard Total Stock Market Index Fund ETF" score 1, "iShares MSCI Japan"
    and "iShares MSCI Germany" 0.375: what sets funds of one house apart counts most.
    """
    first, second = _words(one), _words(other)
    if not first or not second:
        return 1.0
    shorter, longer = sorted((first, second), key=lambda words: (sum(map(_weight, words)), len(words)))
    spelt = _spelt_out(shorter, longer)
    found = sum(
        _weight(word) for word in shorter if word in spelt or any(_same(word, candidate) for candidate in longer)
    )
    return found / sum(map(_weight, shorter))


def _words(name: str) -> tuple[str, ...]:
    plain = "".join(
        character for character in unicodedata.normalize("NFKD", name) if not unicodedata.combining(character)
    )
    words = re.findall(r"[a-z0-9]+", plain.casefold().replace("'", ""))
    # What is longer than any name's words is compared by its beginning: every pair of words is looked at.
    words = [word[:_LONGEST_WORD] for word in words if word not in _SAYS_NOTHING]
    return tuple(dict.fromkeys(words))[:_MOST_WORDS]


def _weight(word: str) -> float:
    if word.isdigit():
        return _NUMBER
    return _LITTLE if word in _SAYS_LITTLE else 1.0


def _spelt_out(shorter: tuple[str, ...], longer: tuple[str, ...]) -> set[str]:
    """Words of the shorter name that are initials of words of the longer one, or the other way round.

    "AW" is All-World, and General Electric is GE.
    """
    found: set[str] = set()
    for names, initials in ((longer, shorter), (shorter, longer)):
        for start in range(len(names)):
            for end in range(start + 2, min(start + 4, len(names)) + 1):
                run = names[start:end]
                letters = "".join(word[0] for word in run)
                if letters.isalpha() and letters in initials:
                    found.update(run if names is shorter else (letters,))
    return found


def _same(one: str, other: str) -> bool:
    if one == other:
        return True
    short, long = sorted((one, other), key=len)
    if short.isdigit() or long.isdigit() or len(short) < 3:
        return False
    # "exxon" is exxonmobil cut short; "mkt" is market and "intl" international without most of their vowels.
    if long.startswith(short) or (short[0] == long[0] and _ABBREVIATED.fullmatch(short) and _within(short, long)):
        return True
    return SequenceMatcher(None, short, long, autojunk=False).ratio() >= _ALIKE


def _within(short: str, long: str) -> bool:
    rest = iter(long)
    return all(letter in rest for letter in short)
