"""Who and what a sentence may name: the holdings, sectors, currencies and other parts that a fact sheet knows."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Final

from core.analyses.companies import spellings
from core.analyses.typed.aspects import MEMBERS, aspect_of
from core.analyses.typed.lexicon import Mention, Phrases, Token, generic_words, members, tokens_of
from core.domain.facts import FactSheet, HoldingFact

_BRACKETS: Final = re.compile(r"\s?\([^()]*\)")
_DECIMALS: Final = re.compile(r"\d[.,]\d")
_KNOWN_LETTERS: Final = 3
_NOBODY: Final = (
    "zone euro",
    "euro area",
    "euro zone",
    "stock market",
    "stock markets",
    "marché des actions",
    "cash flow",
)
"""Phrases that hold a name and do not mean it."""


class Naming:
    """The names of one sheet.

    Args:
        sheet: Whose holdings and facts may be named.

    Attributes:
        has_decimals: Some name holds a number with decimals.
    """

    def __init__(self, sheet: FactSheet) -> None:
        self._lines = {line.holding_id: line for line in sheet.holdings}
        names: list[tuple[str, str, str]] = []
        short: list[tuple[str, str]] = []
        for line in sheet.holdings:
            whole, parts = _names_of(line.name, line.symbol, line.holding_id)
            names += ((name, "subject", f"holding:{line.holding_id}") for name in whole)
            short += ((name, line.holding_id) for name in parts)
        self.has_decimals = any(_DECIMALS.search(line.name) for line in sheet.holdings)
        counted = Counter(name for name, _ in short)
        # A short name that two lines share names neither.
        names += ((name, "short", f"holding:{line}") for name, line in short if counted[name] == 1)
        families = {fact.metric_id.rpartition(":")[2].partition(".")[0] for fact in sheet.facts}
        names += _members(sheet)
        names += ((name, "subject", "") for name in _NOBODY)
        names += _families(families)
        self._phrases = Phrases(names)
        self._classes: dict[str, list[HoldingFact]] = {}

    def find(self, text: str, tokens: list[Token]) -> Iterator[Mention]:
        """Names in a text: subjects, and attributes that are called by their family's own name."""
        last = -1
        for mention in self._phrases.find(tokens):
            if mention.kind == "short":
                # "Target" and "Visa" are names where they are written so, and words where they are not.
                if not text[mention.start].isupper() or mention.start < last:
                    continue
                mention = mention._replace(kind="subject")
            if mention.kind == "subject":
                last = mention.end
            if mention.value:
                yield mention

    def line_of(self, subject: str) -> HoldingFact | None:
        """The holding that a subject is: itself, or the only line of an asset class."""
        kind, _, name = subject.partition(":")
        if kind == "holding":
            return self._lines.get(name)
        if not subject.startswith("asset_class."):
            return None
        name = subject.removeprefix("asset_class.")
        lines = [one for one in self._lines.values() if one.asset_class in {name, f"{name}_fund"}]
        return lines[0] if len(lines) == 1 else None


def _members(sheet: FactSheet) -> Iterator[tuple[str, str, str]]:
    known = {fact.metric_id for fact in sheet.facts} | {f"asset_class.{line.asset_class}" for line in sheet.holdings}
    known |= {name.removesuffix("_fund") for name in known if name.endswith("_fund")}
    words = members()
    for name in known:
        family, _, rest = name.partition(".")
        if family in MEMBERS and rest:
            called = words.get(name, ())
            yield from ((word, "subject", name) for word in called)
            plain = " ".join(tokens_text(rest.replace("_", " ")))
            if plain and plain not in called and len(plain) > _KNOWN_LETTERS:
                yield plain, "subject", name


def _families(families: Iterable[str]) -> Iterator[tuple[str, str, str]]:
    """Families that no lexicon has a word for are called by their own names: "points" and "point"."""
    for family in families:
        if family and not aspect_of(family).attribute and family not in MEMBERS and family != "rule":
            plain = family.replace("_", " ").lower()
            yield plain, "attribute", f"={family}"
            if plain.endswith("s"):
                yield plain[:-1], "attribute", f"={family}"
            else:
                yield f"{plain}s", "attribute", f"={family}"


@lru_cache(maxsize=20_000)
def _names_of(name: str, symbol: str, holding_id: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """How a line is called in full, and the short names that may stand for it where no other line has them."""
    plain = _BRACKETS.sub("", name).strip()
    whole = {" ".join(tokens_text(one)) for one in (name, plain, symbol, holding_id, *spellings(plain))}
    words = tokens_text(plain)
    parts = set()
    proper = [word for word in words if word not in generic_words() and len(word) >= _KNOWN_LETTERS]
    if words and proper[:1] == words[:1]:
        parts.add(words[0])
    if len(words) == 2 and proper[-1:] == words[-1:]:
        parts.add(words[-1])
    return tuple(one for one in whole if len(one) > 1), tuple(parts - whole)


def tokens_text(text: str) -> list[str]:
    """The words of a text in lower case."""
    return [one.text for one in tokens_of(text)[0]]
