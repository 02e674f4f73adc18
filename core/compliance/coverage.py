"""Which articles of a rule set were checked on a portfolio, so that no clean report hides one that was not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from core.compliance.library import RuleSet
from core.compliance.rule import Article
from core.domain.compliance import ArticleCheck, ArticleStatus, RuleResult, RuleStatus


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


def said(checked: tuple[int, int]) -> str:
    """ "17 of 24 articles checked", the sentence of every report."""
    return f"{checked[0]} of {checked[1]} articles checked"
