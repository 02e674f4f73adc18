"""What stands behind and before a check: room in money and units, where drift leads, and breaches of stored days."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from core.compliance.breach_runs import BreachRun, runs
from core.compliance.forecast import METHOD, Drift, drifts, next_breach
from core.compliance.policy import Policy
from core.compliance.room import Room, rooms
from core.domain.fx import Rates
from core.domain.portfolio import Portfolio
from core.domain.units import Badge
from core.drafts.drift import growth_of, simulated, symbols_of
from core.drafts.rule_checks import MOST_BACK, Checker, RuleCheck, rules_in
from core.metrics.prices import PriceHistory
from core.storage.portfolios.policies import PolicyScope
from core.storage.store import Store


@dataclass(frozen=True, slots=True)
class Outlook:
    """What the rules of a check leave.

    Attributes:
        rooms: Of every result whose measure is money over the portfolio.
        drifts: Of every rule on weights that is kept.
        next: The first limit that drift would pass; None where none is within a year, or nobody can tell.
        notes: How it was computed and what it leaves out, as sentences.
    """

    rooms: tuple[Room, ...]
    drifts: tuple[Drift, ...]
    next: Drift | None
    notes: tuple[str, ...]

    def room(self, rule_id: str, reading: str) -> Room | None:
        """The room of one result."""
        return next((one for one in self.rooms if (one.rule_id, one.reading) == (rule_id, reading)), None)

    def drift(self, rule_id: str, reading: str) -> Drift | None:
        """The drift of one result."""
        return next((one for one in self.drifts if (one.rule_id, one.reading) == (rule_id, reading)), None)


@dataclass(frozen=True, slots=True)
class BreachPast:
    """Breaches on stored days.

    Attributes:
        runs: Those that are open first, then the newest.
        days: Stored days that were looked at, the oldest first.
        notes: What a reader must know of it, as sentences.
    """

    runs: tuple[BreachRun, ...]
    days: tuple[date, ...]
    notes: tuple[str, ...]


def outlook_of(
    store: Store, rates: Rates, portfolio: Portfolio, done: RuleCheck, policies: Sequence[Policy]
) -> Outlook:
    """Room and drift of a check.

    Args:
        portfolio: As it is stored.
        policies: That bind it.
    """
    checker = Checker(store, rates)
    book, _ = checker.book(checker.described(portfolio), done.regimes, policies)
    rules = rules_in(done, policies)
    prices = store.prices.load(symbols_of(book.positions), simulated_first=portfolio.is_sample)
    if not portfolio.is_sample:
        prices = PriceHistory.from_series(one for one in prices.values() if one.badge is not Badge.SIMULATED)
    growth, why_not = growth_of(book, prices, rates)
    found = drifts(done.results, rules, book, growth, why_not)
    notes = ["Room: what may be bought from cash, or has to be sold into it, until the one rule turns."]
    if any(not one.why for one in found):
        notes.append(f"Drift: {METHOD}")
        if simulated(book, prices):
            notes.append("The drift comes from simulated prices.")
    return Outlook(rooms(done.results, rules, book), found, next_breach(found), tuple(notes))


def past_of(
    store: Store, rates: Rates, portfolio: Portfolio, done: RuleCheck, policies: Sequence[Policy]
) -> BreachPast:
    """Breaches of the stored days up to a portfolio's own, by the rules of today."""
    past = Checker(store, rates).past(portfolio, done.regimes, policies)
    days = tuple(day for day, _ in past)
    notes = ["Stored days alone are known, and all are judged by the rules of today."]
    if len(days) == MOST_BACK:
        notes.append(f"The newest {MOST_BACK} stored days were looked at, from {days[0]}.")
    notes += _other_sets(store, portfolio, done, days)
    notes += _newer_policies(store, portfolio, days, policies)
    return BreachPast(runs(past), days, tuple(notes))


def _other_sets(store: Store, portfolio: Portfolio, done: RuleCheck, days: Sequence[date]) -> list[str]:
    """Where the portfolio named other rule sets on an earlier day."""
    told: list[str] = []
    last = set(done.regimes)
    for day in reversed(days[:-1]):
        named = set(store.portfolios.load([portfolio.portfolio_id], as_of=day)[0].regimes)
        if named != last:
            said = ", ".join(sorted(named)) or "none"
            told.append(f"The rule sets changed after {day}: until then the portfolio named {said}.")
            last = named
    return told


def _newer_policies(store: Store, portfolio: Portfolio, days: Sequence[date], policies: Sequence[Policy]) -> list[str]:
    """Whether the policy that binds now is younger than some of the days."""
    if not policies or not days:
        return []
    groups = store.groups.groups_of([portfolio.portfolio_id]).get(portfolio.portfolio_id, ())
    scopes = [(PolicyScope.PORTFOLIO, portfolio.portfolio_id), *((PolicyScope.GROUP, name) for name in groups)]
    kept = [one for scope, target in scopes if (one := store.policies.current(scope, target)) is not None]
    return [
        f"The policy of the {one.scope} '{one.target}' is of {one.stored_at.date()}: days before are judged by it, too."
        for one in kept
        if one.stored_at.date() > days[0]
    ]
