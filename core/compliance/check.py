"""A portfolio against every rule set that it is under."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from core.compliance.asset_types import evaluate_types
from core.compliance.coverage import articles_of, said
from core.compliance.evaluate import NEAR, RuleSetting, evaluate
from core.compliance.library import CLIENT_REGIME, RuleSet, chosen
from core.compliance.policy import Policy, policy_rules
from core.compliance.position import Book
from core.domain.compliance import ArticleCheck, RuleResult, RuleStatus, articles_checked
from core.domain.units import Unit


@dataclass(frozen=True, slots=True)
class Checked:
    """Every rule's result.

    Attributes:
        notes: What a reader must know about the whole, as sentences.
        articles: Articles of each rule set with whether they were checked, those that nothing checks included.
    """

    regimes: tuple[str, ...]
    results: tuple[RuleResult, ...]
    notes: tuple[str, ...]
    articles: tuple[ArticleCheck, ...] = ()

    def counts(self) -> dict[RuleStatus, int]:
        """How many results there are of each status; every status is named."""
        found = Counter(result.status for result in self.results)
        return {status: found[status] for status in RuleStatus}


NO_REGIME = (
    "No rule set is named for this portfolio, so nothing was checked. Name some for one check with --regime, or for "
    "good with `regimes:` in its document; `mosychlos portfolio rules` lists them."
)


def check(
    book: Book, regimes: Iterable[str], *, policies: Sequence[Policy] = (), near: Decimal | None = None
) -> Checked:
    """Evaluate all rules of the regimes, and the client's policies where there are any.

    A rule that comes with two regimes is evaluated once. Policies are checked whether or not "ips" is named.

    Args:
        near: Share of a limit that must be left, else a pass is "near"; None takes the policy's for its own rules, and
            10 % for all others.

    Raises:
        BadInput: There is no such regime.
    """
    sets = chosen(regimes)
    notes: list[str] = []
    margin = NEAR if near is None else near
    results = _of_sets(sets, book, margin, notes, has_policy=bool(policies))
    for place, policy in enumerate(policies, start=1):
        own = policy.near if near is None and policy.near is not None else margin
        if own != margin:
            notes.append(
                f"'{policy.name}' calls a pass near when less than {float(own * 100):g} % of the limit is left."
            )
        for rule in policy_rules(policy, place):
            for result in evaluate(rule, RuleSetting(CLIENT_REGIME, "CLIENT", own), book):
                results[result.rule_id, result.reading] = result
    if not sets and not policies:
        notes.append(NO_REGIME)
    if results:
        notes.append(f"A pass is called near when less than {float(margin * 100):g} % of the limit is left.")
    if any(not result.confirmed for result in results.values()):
        notes.append("(M) marks a rule whose text was not found in a source: look it up before relying on it.")
    by_id: dict[str, list[RuleResult]] = {}
    for result in results.values():
        by_id.setdefault(result.rule_id, []).append(result)
    articles = tuple(one for rule_set in sets for one in articles_of(rule_set, by_id))
    if articles:
        notes.append(f"{said(articles_checked(articles))}: what no rule decided is neither kept nor broken.")
    return Checked(tuple(rule_set.regime for rule_set in sets), tuple(results.values()), tuple(notes), articles)


def _of_sets(
    sets: Sequence[RuleSet], book: Book, margin: Decimal, notes: list[str], *, has_policy: bool
) -> dict[tuple[str, str], RuleResult]:
    """What the rule sets find, each rule once; what is to be said of a set is added to `notes`."""
    results: dict[tuple[str, str], RuleResult] = {}
    for rule_set in sets:
        if rule_set.replaced_by_policy:
            if not has_policy:
                results["CLIENT.IPS", ""] = _no_policy(rule_set, book.as_of)
            continue
        setting = RuleSetting(rule_set.regime, rule_set.jurisdiction, margin)
        found = [result for rule in rule_set.rules for result in evaluate(rule, setting, book)]
        if rule_set.asset_types is not None:
            found.append(evaluate_types(rule_set.asset_types, setting, book))
        for result in found:
            results.setdefault((result.rule_id, result.reading), result)
        if not found:
            notes.append(f"The rule set '{rule_set.regime}' has no rule: {rule_set.about}")
    return results


def _no_policy(rule_set: RuleSet, as_of: date) -> RuleResult:
    return RuleResult(
        rule_id="CLIENT.IPS",
        jurisdiction="CLIENT",
        regime=rule_set.regime,
        title="The client's own investment policy statement",
        citation="Client's policy statement",
        source_url="",
        as_of=as_of,
        confirmed=True,
        status=RuleStatus.NOT_ASSESSABLE,
        operator="<=",
        measured=None,
        limit=None,
        unit=Unit.PCT,
        headroom=None,
        holding_ids=(),
        missing=("policy statement",),
        explanation="No policy is stored for this portfolio. Store one with: mosychlos portfolio policy ID --set FILE",
    )
