"""What claims are decided with: the facts, rules and holdings of one sheet, and what a part of the answer cites."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from core.analyses.fact_selection import applicable, articles_open, rule_key
from core.analyses.typed.aspects import aspect_of
from core.analyses.typed.binding import Binding
from core.analyses.typed.naming import Naming
from core.analyses.typed.periods import ends_of
from core.domain.compliance import RuleResult, RuleStatus
from core.domain.facts import Fact, FactSheet


@dataclass(frozen=True, slots=True)
class Cited:
    """What the object cites that a sentence stands in.

    Attributes:
        path: Of the sentence.
        facts: Referred to.
        ids: Of holdings, rules and documents.
        own: The object has references of its own; else those of the whole answer count.
    """

    path: str
    facts: tuple[Fact, ...]
    ids: frozenset[str]
    own: bool

    @property
    def subjects(self) -> set[str]:
        """What the cited facts are about."""
        return {aspect.subject for fact in self.facts if (aspect := aspect_of(fact.metric_id)).subject}

    def families(self) -> set[str]:
        """Families of the cited facts."""
        return {aspect_of(fact.metric_id).family for fact in self.facts}


class Context:
    """The facts of one sheet, as claims need them.

    Args:
        sheet: The facts.
        naming: The names that sentences may use.
        binding: What tells whose a number is.

    Attributes:
        settled: Where the words of the present sentence begin that the facts decided.
    """

    def __init__(self, sheet: FactSheet, naming: Naming, binding: Binding) -> None:
        self.sheet = sheet
        self.naming = naming
        self.binding = binding
        self.settled: set[int] = set()

    def settle(self, *places: int) -> None:
        """Note where words begin that the facts decide, whichever way."""
        self.settled.update(places)

    def doubt(self, *places: int) -> None:
        """Take back that the facts decide the words that begin there."""
        self.settled.difference_update(places)

    @cached_property
    def articles_open(self) -> str:
        """ "17 of 24 articles checked" where some were not, else ""."""
        return articles_open(self.sheet.by_id())

    @cached_property
    def rules(self) -> Mapping[str, RuleResult]:
        """Rules that say something about the portfolio, by key."""
        return {rule_key(rule): rule for rule in applicable(self.sheet.rules)}

    @cached_property
    def breaches(self) -> list[RuleResult]:
        """Rules that are breached."""
        return [rule for rule in self.rules.values() if rule.status is RuleStatus.BREACH]

    def cited_rules(self, cited: Cited) -> list[RuleResult]:
        """Rules that a part of the answer speaks of."""
        keys = {aspect_of(fact.metric_id).rule for fact in cited.facts} | cited.ids
        return [rule for key, rule in self.rules.items() if key in keys or rule.rule_id in keys]

    @cached_property
    def families(self) -> Mapping[str, Mapping[str, float]]:
        """Values by family and subject; weights also from HOLDINGS, excess returns by period."""
        found: dict[str, dict[str, float]] = {"weight": {}}
        for line in self.sheet.holdings:
            if not math.isnan(line.weight_pct):
                found["weight"][f"holding:{line.holding_id}"] = line.weight_pct
        for fact in self.sheet.facts:
            aspect = aspect_of(fact.metric_id)
            key = aspect.subject or aspect.period
            if key and not aspect.rule and not (aspect.family == "weight" and key in found["weight"]):
                found.setdefault(aspect.family, {})[key] = fact.value
        return found

    def value(self, subject: str, family: str) -> float | None:
        """A subject's value of a family; of a whole class its own where it has one."""
        values = self.families.get(family, {})
        if subject in values:
            return values[subject]
        dimension = subject.partition(".")[0]
        if family == "weight" and ":" not in subject:
            own = self.families.get(dimension, {}).get(subject)
            if own is not None:
                return own
        line = self.naming.line_of(subject)
        return None if line is None else values.get(f"holding:{line.holding_id}")

    def as_member(self, subject: str, members: Iterable[str]) -> str | None:
        """The subject as one of some members: itself, or the only holding of its class."""
        known = set(members)
        if subject in known:
            return subject
        line = self.naming.line_of(subject)
        name = f"holding:{line.holding_id}" if line else ""
        return name if name in known else None

    @cached_property
    def days(self) -> frozenset[date]:
        """The day of the sheet and the ends of every period that a fact has."""
        found = {self.sheet.as_of}
        for period in {fact.period for fact in self.sheet.facts if fact.period}:
            found.update(ends_of(period))
        return frozenset(found)
