"""Names of companies in sentences, where the instruments register knows them.

Only whole names count, as they are written: "Rio Tinto" and "Nestlé's", never "rio tinto" or a part of a longer word. A
company's legal words may be missing ("Unilever" of "Unilever plc"), unless what is left is a word of its own or has
fewer than four letters: a check that cries out at "Pearson correlation" is soon read past.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from core.analyses.time_limit import tick
from core.domain.portfolio import AssetClass
from core.intake.register.instruments import own_instruments

_LEGAL: Final = re.compile(
    r"(?<!\s)\s++(?:Inc\.?|Corporation|Corp\.?|Company|Co\.?|& Co\.?|plc|Ltd\.?|SE|AG|SA|NV|Holdings?|Group|Groep|"
    r"Class [A-C])$"
)

_WORDS: Final = frozenset(
    {
        "Alibaba", "Allianz", "Alphabet", "Barclays", "Brookfield", "Constellation", "Global", "Imperial", "Kingfisher",
        "Merck", "Mitsubishi", "National", "Next", "Partners", "Pearson", "Prudential", "Recruit", "Roche", "Shell",
        "Smiths", "Target", "Visa", "Weir",
    }
)  # fmt: skip
"""Names that are words of their own in English, French or German, an index provider's, or several companies'."""

_OTHERWISE: Final = frozenset({"Best Buy", "Hong Kong Exchanges and Clearing", "Thomson Reuters"})
"""Companies that texts name as a market place or a source of data, or whose name is also a recommendation."""

_LEAST: Final = 4
_APOSTROPHE: Final = re.compile(r"['’]")
_TOKEN: Final = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Company:
    """A company of the register.

    Attributes:
        names: How it is written, the longest first.
        symbols: Under which it is held.
    """

    names: tuple[str, ...]
    symbols: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Spelling:
    company: Company
    pattern: re.Pattern[str]


@lru_cache(maxsize=1)
def companies() -> tuple[Company, ...]:
    """Companies whose names can be told from other words."""
    symbols: defaultdict[str, set[str]] = defaultdict(set)
    for row in own_instruments():
        if row.asset_class is AssetClass.EQUITY:
            symbols[row.name].add(row.symbol)
    found = (Company(spellings(name), frozenset(held)) for name, held in symbols.items())
    return tuple(one for one in found if one.names)


def spellings(name: str) -> tuple[str, ...]:
    """A company's name, and what is left of it without its legal words, where that tells who is meant."""
    names = [name]
    while (shorter := _LEGAL.sub("", names[-1])) != names[-1]:
        names.append(shorter)
    return tuple(one for one in names if _tells(one))


def _tells(name: str) -> bool:
    return len(name) >= _LEAST and name not in _WORDS and name not in _OTHERWISE


@lru_cache(maxsize=1)
def _by_first_word() -> dict[str, list[_Spelling]]:
    found: defaultdict[str, list[tuple[str, Company]]] = defaultdict(list)
    for company in companies():
        for name in company.names:
            found[_TOKEN.findall(name)[0]].append((name, company))
    return {
        first: [_Spelling(company, _pattern(name)) for name, company in sorted(names, key=lambda pair: -len(pair[0]))]
        for first, names in found.items()
    }


def _pattern(name: str) -> re.Pattern[str]:
    parts = (_APOSTROPHE.sub("['’]", re.escape(part)) for part in name.split())
    return re.compile(r"(?<![\w&-])" + r"\s+".join(parts) + r"(?![\w&])")


def may_be_named(text: str) -> bool:
    """Whether a text has the first word of any company's name: False says that `named` finds none."""
    return not _by_first_word().keys().isdisjoint(_TOKEN.findall(text))


def named(text: str) -> Iterator[tuple[str, Company]]:
    """Companies that a text names, with the words it uses, each place once and by the longest name."""
    known = _by_first_word()
    first = known.keys() & set(_TOKEN.findall(text))
    taken = bytearray(len(text) if first else 0)
    for word in sorted(first):
        for spelling in known[word]:
            for match in spelling.pattern.finditer(text):
                tick()
                start, end = match.span()
                if taken.find(1, start, end) < 0:
                    taken[start:end] = b"\x01" * (end - start)
                    yield match.group(), spelling.company
