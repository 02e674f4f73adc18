"""What one part of an answer cites: it carries the numbers of the sentences beside it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from core.domain.facts import Fact

_OPINIONS: Final = frozenset({"interpretation", "assumption", "forecast"})
"""Kinds of claims that state no fact."""


class CitationScope:
    """What carries the numbers of a sentence: the references and ids cited in the same object.

    Attributes:
        facts: Referred to by the references.
        shown: The same by their value at display precision; of several with the same value, one.
        wrong: Values of references that did not hold: a sentence that repeats one is not a second finding.
        cited: Ids of drivers and sources.
        own: False where the object has no place for references, so that the whole answer's count.
        factual: The object calls itself a fact.
        opinion: It calls itself something else: an interpretation, an assumption, a forecast.
        proposed: Numbers that the object proposes.
        carrying: Every fact that is cited, as a reference or by an id; None until a sentence needs them.
    """

    __slots__ = ("carrying", "cited", "facts", "factual", "opinion", "own", "proposed", "shown", "wrong")

    def __init__(self, *, own: bool = False, factual: bool = False, opinion: bool = False) -> None:
        self.facts: list[Fact] = []
        self.shown: dict[str, Fact] = {}
        self.wrong: list[float] = []
        self.cited: list[str] = []
        self.own = own
        self.factual = factual
        self.opinion = opinion
        self.proposed: list[float] = []
        self.carrying: list[Fact] | None = None

    @classmethod
    def of(cls, node: Mapping[str, Any]) -> CitationScope:
        """The scope of an object of an answer."""
        kind = node.get("kind")
        opinion = kind in _OPINIONS and not node.get("metrics") and not node.get("source_ids")
        return cls(own="metrics" in node, factual=kind == "fact", opinion=opinion)

    def add(self, shown: str, fact: Fact) -> None:
        """Let a fact carry the numbers of the scope's sentences."""
        if self.shown.get(shown) is not fact:
            self.shown[shown] = fact
            self.facts.append(fact)
