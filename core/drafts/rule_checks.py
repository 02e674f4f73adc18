"""What the engine decides of a portfolio before anybody is asked: rules of its regimes and of its own policy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from core.compliance.check import Checked, check
from core.compliance.library import chosen, rule_sets
from core.compliance.policy import Policy, policy_rules, read_policy, sample_policy
from core.compliance.position import NO_MEASURES, Book, Measures
from core.compliance.vocabulary import HANDED_IN
from core.domain.compliance import ArticleCheck, RuleResult, RuleStatus, articles_checked
from core.domain.fx import Rates
from core.domain.issuers import IssuerLinks, with_entities
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
) -> list[RuleCheck]:
    """Checks of portfolios in their order: lines as the register describes them, stored policies, earlier days.

    A rule set that a portfolio names and nobody knows becomes a note, so that one word never hides the other rules.
    """
    register = Register(store.instruments.all())
    describer = Describer(register)
    stored = _stored_policies(store, portfolios) if policies is None else {}
    known = rule_sets()
    links = store.entities.links()
    checks: list[RuleCheck] = []
    for raw in portfolios:
        portfolio = with_entities(describer.describe(raw).portfolio, links)
        named = tuple(regimes) if regimes is not None else portfolio.regimes
        under = [name for name in named if name in known]
        own = list(policies) if policies is not None else stored.get(portfolio.portfolio_id, [])
        measures, notes = _measures(store, rates, portfolio, under)
        notes += _one_issuer(portfolio)
        notes += tuple(
            f"The portfolio names the rule set '{name}', which is not known; nothing of it was checked."
            for name in named
            if name not in known
        )
        book = book_of(portfolio, rates, measures)
        if _looks_through(under, own):
            looking = look_through_of(store, [portfolio], register)
            book = replace(book, inside=inside_of(portfolio, Valuer(rates).value(portfolio), book, looking))
        done = check(book, under, policies=own, near=near)
        if any(result.status is RuleStatus.BREACH for result in done.results):
            # Only a breach asks where it came from, so only then is the day before read.
            earlier = _earlier(store, rates, describer, links, portfolio)
            if earlier is not None:
                done = check(replace(book, earlier=earlier), under, policies=own, near=near)
        checks.append(
            RuleCheck(
                portfolio.portfolio_id,
                portfolio.name,
                portfolio.as_of,
                portfolio.base_currency,
                portfolio.is_sample,
                done.regimes,
                done.results,
                (*done.notes, *notes),
                done.articles,
            )
        )
    return checks


def rules_of(store: Store, rates: Rates, portfolios: Sequence[Portfolio]) -> list[tuple[RuleResult, ...]]:
    """Results of portfolios in their order, as fact sheets carry them."""
    return [one.results for one in checks_of(store, rates, portfolios)]


def _stored_policies(store: Store, portfolios: Sequence[Portfolio]) -> dict[str, list[Policy]]:
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


def _earlier(store: Store, rates: Rates, describer: Describer, links: IssuerLinks, portfolio: Portfolio) -> Book | None:
    days = [day for day in store.portfolios.days(portfolio.portfolio_id) if day < portfolio.as_of]
    if not days:
        return None
    before = store.portfolios.load([portfolio.portfolio_id], as_of=days[-1])[0]
    return book_of(with_entities(describer.describe(before).portfolio, links), rates)
