"""Relations between facts, decided from the values as they are written: what a reader can check with both in sight."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple

from core.analyses.cells import cell
from core.analyses.fact_selection import applicable, articles_open, rule_key
from core.analyses.slots.derived import Known, family_of, members, quantity, rivals
from core.analyses.slots.grammar import Term
from core.analyses.slots.quantities import Quantity, Refused, comparable, shown
from core.domain.compliance import RuleResult, RuleStatus
from core.domain.facts import Fact, FactSheet
from core.domain.units import Unit

_DIRECTED: Final = frozenset(
    {
        "return", "benchmark_return", "excess_return", "twr", "twr_annual", "modified_dietz", "mwr", "attribution",
        "contribution", "stress", "annual_return", "max_drawdown", "indicator",
    }
)  # fmt: skip
"""Families whose sign is a direction."""

NEAR_POINTS: Final = 2.0
NEAR_SHARE: Final = 0.1
"""What is near: percentages within so many points of each other, other figures within a tenth of the second."""

_POINTS: Final = frozenset({Unit.PCT, Unit.PP})
_NOISE: Final = 1e-9
_KEPT: Final = frozenset({RuleStatus.PASS, RuleStatus.NEAR})


class Decided(NamedTuple):
    """A relation that holds, and from what: facts, and one line for the hover."""

    facts: tuple[Fact, ...]
    because: str


class Judge:
    """Decides relations for one prompt."""

    def __init__(self, sheet: FactSheet, known: Known) -> None:
        self._known = known
        self._rules = applicable(sheet.rules)
        self._articles = articles_open(sheet.by_id())
        self._by_rule: dict[str, list[RuleResult]] = {}
        for rule in self._rules:
            for name in {rule_key(rule), rule.rule_id, cell(rule_key(rule))}:
                self._by_rule.setdefault(name, []).append(rule)

    def rules(self, name: str) -> list[RuleResult]:
        """The rule of an id, in all its readings; the ids of its facts ("rule.<id>.measured") name it too."""
        found = self._by_rule.get(name)
        if found is None and name.startswith("rule."):
            bare = name.removeprefix("rule.")
            found = self._by_rule.get(bare) or self._by_rule.get(bare.rpartition(".")[0])
        return found or []

    def decide(self, relation: str, terms: Sequence[Term]) -> Decided:
        """Whether a relation between these holds.

        Raises:
            Refused: The facts say otherwise, or cannot decide it; the message says which values do.
        """
        return _RELATIONS[relation](self, terms)

    def _two(self, terms: Sequence[Term]) -> tuple[Quantity, Quantity]:
        if len(terms) != 2:
            raise Refused("It wants two facts.")
        first, second = (quantity(term, self._known) for term in terms)
        if not comparable(first, second):
            raise Refused(f"{first.unit} {first.currency or ''} and {second.unit} {second.currency or ''} differ.")
        return first, second

    def _above(self, terms: Sequence[Term]) -> Decided:
        first, second = self._two(terms)
        return _held(shown(first) > shown(second), "above", first, second)

    def _below(self, terms: Sequence[Term]) -> Decided:
        first, second = self._two(terms)
        return _held(shown(first) < shown(second), "below", first, second)

    def _equal(self, terms: Sequence[Term]) -> Decided:
        first, second = self._two(terms)
        return _held(shown(first) == shown(second), "equal to", first, second)

    def _ahead(self, terms: Sequence[Term]) -> Decided:
        return self._excess(terms, 1) if len(terms) == 1 else self._above(terms)

    def _behind(self, terms: Sequence[Term]) -> Decided:
        return self._excess(terms, -1) if len(terms) == 1 else self._below(terms)

    def _excess(self, terms: Sequence[Term], sign: int) -> Decided:
        one = quantity(terms[0], self._known)
        name = one.facts[0].metric_id.rpartition(":")[2]
        if family_of(name) != "excess_return" and name != "attribution.active_return":
            raise Refused("One fact alone is ahead or behind only where it is the difference to the benchmark.")
        return _signed(one, sign)

    def _rose(self, terms: Sequence[Term]) -> Decided:
        return _signed(self._directed(terms), 1)

    def _fell(self, terms: Sequence[Term]) -> Decided:
        return _signed(self._directed(terms), -1)

    def _directed(self, terms: Sequence[Term]) -> Quantity:
        if len(terms) != 1:
            raise Refused("It wants one fact.")
        one = quantity(terms[0], self._known)
        if not terms[0].function and family_of(one.facts[0].metric_id) not in _DIRECTED:
            raise Refused(f"The sign of {one.facts[0].metric_id} is no direction.")
        return one

    def _extreme(self, terms: Sequence[Term], sign: int) -> Decided:
        if not terms:
            raise Refused("It wants a fact.")
        first = quantity(terms[0], self._known)
        among = members(terms[1:], self._known) if len(terms) > 1 else rivals(first, self._known)
        others = [one for one in among if one.facts != first.facts]
        if not others:
            raise Refused("There is nothing to compare it with.")
        for other in others:
            if not comparable(first, other):
                raise Refused(f"{first.unit} and {other.unit} differ.")
        best = max(others, key=lambda one: sign * one.value)
        return _held(sign * shown(first) > sign * shown(best), "before" if sign > 0 else "below", first, best)

    def _largest(self, terms: Sequence[Term]) -> Decided:
        return self._extreme(terms, 1)

    def _smallest(self, terms: Sequence[Term]) -> Decided:
        return self._extreme(terms, -1)

    def _most(self, terms: Sequence[Term]) -> Decided:
        if len(terms) != 1:
            raise Refused("It wants one share.")
        one = quantity(terms[0], self._known)
        if one.unit is not Unit.PCT:
            raise Refused("Most is more than half of a whole, in percent.")
        said = f"{_said(one)}, more than half"
        if shown(one) <= 50.0:
            raise Refused(f"{_said(one)} is not more than half.")
        return Decided(one.facts, said)

    def _status(self, terms: Sequence[Term], wanted: frozenset[RuleStatus], word: str) -> Decided:
        if not terms:
            raise Refused("It wants a rule.")
        if word == "kept" and [term.text for term in terms] == ["all"]:
            return self._all_kept()
        facts: list[Fact] = []
        told: list[str] = []
        for term in terms:
            found = self.rules(term.text)
            if not found:
                raise Refused(f"There is no rule '{term.text[:80]}'.")
            for rule in found:
                told.append(f"{rule_key(rule)} is {rule.status.value}")
                fact = self._known.fact(f"rule.{rule_key(rule)}.measured")
                facts.extend([fact] if fact else [])
            statuses = {rule.status for rule in found}
            # Of several readings, one breach is a breach, and all have to be kept.
            holds = bool(statuses & wanted) if word == "breached" else statuses <= wanted
            if not holds:
                raise Refused(f"{'; '.join(told)}.")
        return Decided(tuple(facts), "; ".join(told))

    def _all_kept(self) -> Decided:
        if not self._rules:
            raise Refused("No rule was evaluated.")
        for rule in self._rules:
            if rule.status not in _KEPT:
                raise Refused(f"{rule_key(rule)} is {rule.status.value}.")
        if some := self._articles:
            raise Refused(f"{some}: of the others nobody knows. Say none(breach), and how many articles were checked.")
        return Decided((), f"all {len(self._rules)} rules are kept")

    def _breached(self, terms: Sequence[Term]) -> Decided:
        return self._status(terms, frozenset({RuleStatus.BREACH}), "breached")

    def _is_kept(self, terms: Sequence[Term]) -> Decided:
        return self._status(terms, _KEPT, "kept")

    def _near(self, terms: Sequence[Term]) -> Decided:
        """A rule that is nearly breached, or two facts of which the first comes near the second."""
        if len(terms) != 2 or any(self.rules(term.text) for term in terms if not term.function):
            return self._status(terms, frozenset({RuleStatus.NEAR}), "near")
        first, second = self._two(terms)
        room = NEAR_POINTS if first.unit in _POINTS else NEAR_SHARE * abs(shown(second))
        said = f"{_said(first)} within {room:g} of {_said(second)}"
        if abs(shown(first) - shown(second)) > room + _NOISE:
            raise Refused(f"{_said(first)} is not within {room:g} of {_said(second)}.")
        return Decided((*first.facts, *second.facts), said)

    def _none(self, terms: Sequence[Term]) -> Decided:
        """No rule of a status, or nothing in a bucket."""
        if len(terms) != 1:
            raise Refused("It wants one thing that there is none of.")
        name = terms[0].text
        if name in {RuleStatus.BREACH.value, RuleStatus.NEAR.value, RuleStatus.NOT_ASSESSABLE.value}:
            if not self._rules:
                raise Refused("No rule was evaluated.")
            there = [rule_key(rule) for rule in self._rules if rule.status.value == name]
            if there:
                raise Refused(f"{', '.join(there)}: {name}.")
            told = f"no rule of {len(self._rules)} has the status {name}"
            return Decided((), f"{told}; {self._articles}" if self._articles else told)
        fact = self._known.fact(name)
        if fact is not None:
            if round(fact.value, fact.decimals) != 0.0:
                raise Refused(f"{fact.metric_id} is {fact.shown}.")
            return Decided((fact,), f"{fact.metric_id} is {fact.shown}")
        prefix = f"{name.partition('.')[0]}."
        family = self._known.family(prefix)
        if prefix == f"{name}." or family_of(name) not in _WHOLE or not family:
            raise Refused(f"Nothing decides whether there is none of '{name[:80]}'.")
        return Decided(tuple(family[:3]), f"{prefix}* has no {name.removeprefix(prefix)}")


_WHOLE: Final = frozenset({"asset_class", "sector", "country", "currency", "weight"})
"""Families that name everything that is held, so that what is missing is not held."""


def _held(holds: bool, word: str, first: Quantity, second: Quantity) -> Decided:
    said = f"{_said(first)} {word} {_said(second)}"
    if not holds:
        raise Refused(f"{_said(first)} is not {word} {_said(second)}.")
    return Decided((*first.facts, *second.facts), said)


def _signed(one: Quantity, sign: int) -> Decided:
    if sign * shown(one) <= 0.0:
        raise Refused(f"It is {_said(one)}.")
    return Decided(one.facts, _said(one))


def _said(one: Quantity) -> str:
    name = one.facts[0].metric_id if len(one.facts) == 1 else "a computed figure"
    return f"{name} {one.value:.{one.decimals}f} {one.currency or one.unit.value}"


_RELATIONS: Final[Mapping[str, Callable[[Judge, Sequence[Term]], Decided]]] = {
    "above": Judge._above,
    "below": Judge._below,
    "equal": Judge._equal,
    "ahead_of": Judge._ahead,
    "behind": Judge._behind,
    "rose": Judge._rose,
    "fell": Judge._fell,
    "largest": Judge._largest,
    "smallest": Judge._smallest,
    "most": Judge._most,
    "breached": Judge._breached,
    "kept": Judge._is_kept,
    "near": Judge._near,
    "none": Judge._none,
}
