"""Which articles of a rule set were checked on a portfolio, so that no clean report hides one that was not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from core.compliance.library import RuleSet, rule_sets
from core.compliance.rule import Article
from core.domain.compliance import ArticleCheck, ArticleStatus, RuleResult, RuleStatus, articles_checked


def articles_of(rule_set: RuleSet, results: Mapping[str, Sequence[RuleResult]]) -> tuple[ArticleCheck, ...]:
    """The articles of a rule set: checked where every rule of it has a verdict or has nothing to be about.

    Args:
        results: Results by the id of their rule.
    """
    found = rule_set.coverage
    if found is None:
        return ()
    checks = []
    for one in found.articles:
        status, why = _status(one, results)
        checks.append(
            ArticleCheck(
                rule_set.regime,
                one.article,
                one.about,
                status,
                why,
                one.rules,
                found.reviewer,
                found.source,
                found.as_of,
            )
        )
    return tuple(checks)


def _status(article: Article, results: Mapping[str, Sequence[RuleResult]]) -> tuple[ArticleStatus, str]:
    if not article.applies:
        return ArticleStatus.NOT_APPLICABLE, article.why
    if article.why:
        return ArticleStatus.NOT_CHECKED, article.why
    missing = [name for name in article.rules if name not in results]
    if missing:
        return ArticleStatus.NOT_CHECKED, f"{', '.join(missing)} was not evaluated"
    unread = [
        f"{name}: missing is {', '.join(result.missing)}"
        for name in article.rules
        for result in results[name]
        if result.status is RuleStatus.NOT_ASSESSABLE
    ]
    return (ArticleStatus.NOT_CHECKED, "; ".join(unread)) if unread else (ArticleStatus.CHECKED, "")


def articles_known(results: Iterable[RuleResult]) -> list[ArticleCheck]:
    """The articles behind results that were kept, of one portfolio or of several; of several each portfolio's own.

    In a group's results the portfolio stands before the rule, behind it a colon.
    """
    of_owner: dict[str, list[RuleResult]] = {}
    for one in results:
        of_owner.setdefault(one.rule_id.rpartition(":")[0], []).append(one)
    known, found = rule_sets(), list[ArticleCheck]()
    for owned in of_owner.values():
        by_id: dict[str, list[RuleResult]] = {}
        for one in owned:
            by_id.setdefault(one.rule_id.rpartition(":")[2], []).append(one)
        regimes = dict.fromkeys(one.regime for one in owned if one.regime in known)
        found += [one for regime in regimes for one in articles_of(known[regime], by_id)]
    return found


def articles_counted(results: Iterable[RuleResult]) -> tuple[int, int]:
    """(n, m) of "n of m articles checked" from results that were kept, of one portfolio or of several."""
    return articles_checked(articles_known(results))


def said(checked: tuple[int, int]) -> str:
    """ "17 of 24 articles checked", the sentence of every report."""
    return f"{checked[0]} of {checked[1]} articles checked"
