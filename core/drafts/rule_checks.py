"""What the engine decides of a portfolio before anybody is asked: rules of its regimes and of its own policy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from core.compliance.breach_runs import Verdicts, runs
from core.compliance.check import Checked, check
from core.compliance.library import chosen, rule_sets
from core.compliance.policy import Policy, policy_rules, read_policy, sample_policy
from core.compliance.position import NO_MEASURES, Book, Measures
from core.compliance.rule import Rule
from core.compliance.vocabulary import HANDED_IN
from core.domain.compliance import ArticleCheck, RuleResult, RuleStatus, articles_checked
from core.domain.fx import Rates
from core.domain.issuers import with_entities
from core.domain.portfolio import Portfolio
from core.domain.units import Badge
from core.drafts.fact_sheets import total_value
from core.drafts.fund_shelves import look_through_of
from core.drafts.inside_rules import inside_of
from core.drafts.rule_inputs import book_of, measures_of, snapshot_days
from core.intake.register.describing import Describer
from core.intake.register.instruments import Register
from core.metrics.prices import PriceHistory
from core.metrics.valuation import Valuer
from core.storage.store import Store

MOST_BACK = 60
"""Stored days that are looked back at most: five years of months, or three months of days."""


@dataclass(frozen=True, slots=True)
class RuleCheck:
    """A portfolio against its rule sets.

    Attributes:
        regimes: Rule sets that were applied.
        notes: What a reader must know about the whole, as sentences.
        articles: Articles of each rule set with whether they were checked.
    """

    portfolio_id: str
    name: str
    as_of: date
    base_currency: str
    is_sample: bool
    regimes: tuple[str, ...]
    results: tuple[RuleResult, ...]
    notes: tuple[str, ...]
    articles: tuple[ArticleCheck, ...] = ()

    def counts(self) -> dict[RuleStatus, int]:
        """How many results there are of each status; every status is named."""
        return Checked(self.regimes, self.results, self.notes).counts()

    @property
    def articles_checked(self) -> tuple[int, int]:
        """(n, m) of "n of m articles checked": m leaves out articles that do not apply."""
        return articles_checked(self.articles)

    @property
    def kept(self) -> tuple[int, int]:
        """(n, m) of "n of m rules are kept": m leaves out what does not apply and what cannot be assessed."""
        found = self.counts()
        kept = found[RuleStatus.PASS] + found[RuleStatus.NEAR]
        return kept, kept + found[RuleStatus.BREACH]


def checks_of(
    store: Store,
    rates: Rates,
    portfolios: Sequence[Portfolio],
    *,
    regimes: Sequence[str] | None = None,
    policies: Sequence[Policy] | None = None,
    near: Decimal | None = None,
    since: bool = False,
) -> list[RuleCheck]:
    """Checks of portfolios in their order: lines as the register describes them, stored policies, earlier days.

    Args:
        since: Say of each breach since which stored day it is there.

    A rule set that a portfolio names and nobody knows becomes a note, so that one word never hides the other rules.
    """
    checker = Checker(store, rates)
    stored = policies_of(store, portfolios) if policies is None else {}
    known = rule_sets()
    checks: list[RuleCheck] = []
    for raw in portfolios:
        portfolio = checker.described(raw)
        named = tuple(regimes) if regimes is not None else portfolio.regimes
        under = [name for name in named if name in known]
        own = list(policies) if policies is not None else stored.get(portfolio.portfolio_id, [])
        book, notes = checker.book(portfolio, under, own)
        notes += tuple(
            f"The portfolio names the rule set '{name}', which is not known; nothing of it was checked."
            for name in named
            if name not in known
        )
        done = check(book, under, policies=own, near=near)
        results = done.results
        if any(result.status is RuleStatus.BREACH for result in results):
            # Only a breach asks where it came from, so only then are the days before read.
            earlier = checker.day_before(portfolio)
            if earlier is not None:
                results = check(replace(book, earlier=earlier), under, policies=own, near=near).results
            if since:
                results = checker.since(portfolio, results, under, own)
        checks.append(
            RuleCheck(
                portfolio.portfolio_id,
                portfolio.name,
                portfolio.as_of,
                portfolio.base_currency,
                portfolio.is_sample,
                done.regimes,
                results,
                (*done.notes, *notes),
                done.articles,
            )
        )
    return checks


class Checker:
    """Makes books of one store's portfolios: register, legal entities and rates are read once."""

    def __init__(self, store: Store, rates: Rates) -> None:
        self._store = store
        self._rates = rates
        self._register = Register(store.instruments.all())
        self._describer = Describer(self._register)
        self._links = store.entities.links()

    def described(self, raw: Portfolio) -> Portfolio:
        """A portfolio as the register and the legal entities describe it."""
        return with_entities(self._describer.describe(raw).portfolio, self._links)

    def book(self, portfolio: Portfolio, under: Sequence[str], own: Sequence[Policy]) -> tuple[Book, tuple[str, ...]]:
        """A described portfolio ready to be checked, and what must be said of it."""
        measures, notes = _measures(self._store, self._rates, portfolio, under)
        book = book_of(portfolio, self._rates, measures)
        if _looks_through(under, own):
            looking = look_through_of(self._store, [portfolio], self._register)
            book = replace(book, inside=inside_of(portfolio, Valuer(self._rates).value(portfolio), book, looking))
        return book, (*notes, *_one_issuer(portfolio))

    def day_before(self, portfolio: Portfolio) -> Book | None:
        """The portfolio on the stored day before, or None."""
        days = self._days_before(portfolio)
        return book_of(self.described(self._on(portfolio, days[-1])), self._rates) if days else None

    def verdicts(self, portfolio: Portfolio, day: date, under: Sequence[str], own: Sequence[Policy]) -> Verdicts:
        """What rules say of an earlier stored day: today's rules, on the lines of then."""
        book, _ = self.book(self.described(self._on(portfolio, day)), under, own)
        return {(one.rule_id, one.reading): one.status for one in check(book, under, policies=own).results}

    def since(
        self, portfolio: Portfolio, results: Sequence[RuleResult], under: Sequence[str], own: Sequence[Policy]
    ) -> tuple[RuleResult, ...]:
        """Results with the first stored day of each breach: no more days are read than that takes, or `MOST_BACK`."""
        now = {(one.rule_id, one.reading): one.status for one in results}
        seen: list[tuple[date, Verdicts]] = [(portfolio.as_of, now)]
        running = {key for key, status in now.items() if status is RuleStatus.BREACH}
        for day in reversed(self._days_before(portfolio)[-MOST_BACK:]):
            verdicts = self.verdicts(portfolio, day, under, own)
            seen.append((day, verdicts))
            running = {key for key in running if verdicts.get(key) is RuleStatus.BREACH}
            if not running:
                break
        found = {(one.rule_id, one.reading): one for one in runs(seen[::-1]) if one.is_open}
        return tuple(
            replace(one, breached_since=run.first_seen, kept_before=run.kept_before)
            if (run := found.get((one.rule_id, one.reading))) is not None
            else one
            for one in results
        )

    def past(self, portfolio: Portfolio, under: Sequence[str], own: Sequence[Policy]) -> list[tuple[date, Verdicts]]:
        """Verdicts of the newest `MOST_BACK` stored days up to the portfolio's own, the oldest first."""
        days = [*self._days_before(portfolio), portfolio.as_of][-MOST_BACK:]
        return [(day, self.verdicts(portfolio, day, under, own)) for day in days]

    def _days_before(self, portfolio: Portfolio) -> list[date]:
        return [day for day in self._store.portfolios.days(portfolio.portfolio_id) if day < portfolio.as_of]

    def _on(self, portfolio: Portfolio, day: date) -> Portfolio:
        return self._store.portfolios.load([portfolio.portfolio_id], as_of=day)[0]


def rules_in(check_: RuleCheck, own: Sequence[Policy]) -> dict[str, Rule]:
    """The rules behind a check's results, by id."""
    found = {rule.id: rule for one in chosen(check_.regimes) for rule in one.rules}
    return found | {rule.id: rule for place, one in enumerate(own, start=1) for rule in policy_rules(one, place)}


def rules_of(store: Store, rates: Rates, portfolios: Sequence[Portfolio]) -> list[tuple[RuleResult, ...]]:
    """Results of portfolios in their order, as fact sheets carry them."""
    return [one.results for one in checks_of(store, rates, portfolios, since=True)]


def policies_of(store: Store, portfolios: Sequence[Portfolio]) -> dict[str, list[Policy]]:
    """A portfolio's own policy and those of its groups: all of them bind."""
    ids = [portfolio.portfolio_id for portfolio in portfolios]
    groups = store.groups.groups_of(ids)
    own, of_groups = store.policies.of_portfolios(ids, sorted({name for names in groups.values() for name in names}))
    found: dict[str, list[Policy]] = {}
    for portfolio in portfolios:
        texts = [own[portfolio.portfolio_id].document] if portfolio.portfolio_id in own else []
        texts += [
            of_groups[name.casefold()].document
            for name in groups.get(portfolio.portfolio_id, ())
            if name.casefold() in of_groups
        ]
        policies = [read_policy(text) for text in texts]
        if not policies and portfolio.is_sample and (sample := sample_policy(portfolio.portfolio_id)) is not None:
            policies = [sample]
        found[portfolio.portfolio_id] = policies
    return found


def _one_issuer(portfolio: Portfolio) -> tuple[str, ...]:
    """Which unlike names were taken for one issuer because their lines have one LEI."""
    spellings: dict[str, set[str]] = {}
    for line in portfolio.holdings:
        if line.terms.lei and line.terms.issuer:
            spellings.setdefault(line.terms.lei, set()).add(line.terms.issuer.strip())
    return tuple(
        f"{' and '.join(map(repr, sorted(names)))} are one issuer: their lines have the LEI {lei}."
        for lei, names in sorted(spellings.items())
        if len({name.casefold() for name in names}) > 1
    )


def _looks_through(regimes: Sequence[str], policies: Sequence[Policy]) -> bool:
    """Whether some rule wants funds taken apart; only then are their reports read."""
    rules = (
        rule for rules in (*(one.rules for one in chosen(regimes)), *map(policy_rules, policies)) for rule in rules
    )
    return any(rule.measure.look_through for rule in rules)


def _measures(
    store: Store, rates: Rates, portfolio: Portfolio, regimes: Sequence[str]
) -> tuple[Measures, tuple[str, ...]]:
    wanted = {rule.measure.metric for one in chosen(regimes) for rule in one.rules}
    if not wanted & HANDED_IN:
        return NO_MEASURES, ()
    days = snapshot_days(store.portfolios.days(portfolio.portfolio_id), portfolio.as_of)
    values: list[tuple[date, float]] = []
    for day in days:
        total = total_value(store.portfolios.load([portfolio.portfolio_id], as_of=day)[0], rates)
        if total is not None:
            values.append((day, float(total)))
    prices = store.prices.load({line.symbol for line in portfolio.holdings}, simulated_first=portfolio.is_sample)
    if not portfolio.is_sample:
        prices = PriceHistory.from_series(one for one in prices.values() if one.badge is not Badge.SIMULATED)
    return measures_of(portfolio, rates, prices, values)
