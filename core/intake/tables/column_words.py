"""What a header may mean, by the phrases of many languages in `column_words.toml` beside this module."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from functools import lru_cache
from pathlib import Path


def plain(text: str) -> str:
    """Words of a header alone: no accents, case, signs or line breaks. "Stück/Nominale" is "stuck nominale"."""
    return _plain(text[:200])


@lru_cache(maxsize=4_096)
def _plain(text: str) -> str:
    folded = unicodedata.normalize(
        "NFKD", text.replace("ß", "ss").replace("ø", "o").replace("æ", "ae").replace("ł", "l")
    )
    kept = "".join(character for character in folded if not unicodedata.combining(character)).lower()
    # Composed again, so that signs which are two characters when taken apart (ガ) are found as they are written.
    return " ".join(re.sub(r"[\W_]+", " ", unicodedata.normalize("NFC", kept)).split())


def _phrases(text: str) -> list[str]:
    return [plain(phrase) for phrase in re.split(r"[;\n]", text) if phrase.strip()]


_WORDS = tomllib.loads((Path(__file__).parent / "column_words.toml").read_text(encoding="utf-8"))
# A word may mean two things in two languages: "Valor" is a security number in Swiss German and a value in Spanish.
_BY_PHRASE: dict[str, set[str]] = {}
for _field, _text in _WORDS["fields"].items():
    for _phrase in _phrases(_text):
        _BY_PHRASE.setdefault(_phrase, set()).add(_field)
_OTHERS = frozenset(_phrases(_WORDS["others"]["words"]))
QUOTE_DAYS = frozenset(_phrases(_WORDS["quote_days"]["words"]))
"""Headers of a column that dates each line's price and not the list."""
for _phrase in QUOTE_DAYS:
    _BY_PHRASE.setdefault(_phrase, set()).add("date")
DEALS = frozenset(_phrases(_WORDS["deals"]["words"]))
"""Words that name a dealing ("buy", "dividende"), not a position."""
DEAL_DAYS = frozenset(_phrases(_WORDS["deal_days"]["words"]))
"""Headers of the day on which something was dealt, not of the list or its prices."""
_UNSURE = frozenset(_phrases(_WORDS["unsure_values"]["words"]))
_OF_TODAY = frozenset(_phrases(_WORDS["of_today"]["words"]))
_RATES = frozenset(_phrases(_WORDS["rates"]["words"]))
MULTIPLIERS = frozenset(_phrases(_WORDS["multipliers"]["words"]))
"""Headers of how many units one contract is."""
_PAID = tuple(_phrases(_WORDS["paid"]["words"]))
_UNSPACED = tuple(word for word in _OTHERS if not word.isascii())
_LONGEST = max(len(phrase.split()) for phrase in _BY_PHRASE)


def is_other(header: str) -> bool:
    """Whether a word makes a column something else than the position of today: what was paid, when it was bought."""
    return bool(_OTHERS.intersection(plain(header).split()))


def is_result(header: str) -> bool:
    """Whether a header says what a position earned, changed or was before, or a rate: no price or value of today."""
    words = plain(header)
    known = _OTHERS.intersection(words.split()) - _OF_TODAY
    return bool(known) or words in _RATES or any(word in words for word in _UNSPACED)


def is_paid(header: str) -> bool:
    """Whether a header says what was paid, in any language: "Avg cost", "Kaufwert", "Prix de revient"."""
    return _is_paid(plain(header))


def _is_paid(words: str) -> bool:
    return any(words.startswith(start) or f" {start}" in words for start in _PAID if start.isascii()) or any(
        start in words for start in _PAID if not start.isascii()
    )


def named(header: str) -> dict[str, float]:
    """For each field that a header may mean, how surely, from 0 to 1.

    The whole header being a known phrase says most; a known phrase inside it says less, and nothing where another word
    turns it into something else ("Cost value", "Day change").
    """
    return {} if "%" in header else dict(_named(plain(header)))


@lru_cache(maxsize=4_096)
def _named(words: str) -> tuple[tuple[str, float], ...]:
    if not words:
        return ()
    whole = _BY_PHRASE.get(words)
    if words in QUOTE_DAYS:
        # A day of the list itself, where there is one, goes before the days of its prices.
        return (("date", 0.9),)
    if whole is not None:
        return tuple((field, 0.9 if field == "market_value" and words in _UNSURE else 1.0) for field in sorted(whole))
    parts = words.split()
    if _OTHERS.intersection(parts) or any(word in words for word in _UNSPACED) or _is_paid(words):
        return ()
    found: dict[str, float] = {}
    for length in range(min(_LONGEST, len(parts)), 0, -1):
        for start in range(len(parts) - length + 1):
            for field in sorted(_BY_PHRASE.get(" ".join(parts[start : start + length]), ())):
                # Two of three words say more than one of five; the first word says more than the last.
                score = 0.4 + 0.4 * length / len(parts) - 0.02 * start
                found[field] = max(found.get(field, 0.0), score)
    return tuple(found.items())
