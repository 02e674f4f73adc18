"""Articles of the law: each rule set says which it checks, and a report says which of them it did."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pydantic import ValidationError

from core.compliance.check import check
from core.compliance.coverage import articles_counted
from core.compliance.library import rule_sets
from core.compliance.rule import Article
from core.domain.compliance import ArticleStatus, articles_checked
from core.domain.instrument import InstrumentType
from core.domain.portfolio import AssetClass
from tests.unit.compliance.making import book, cash, line

SETS = {name: one for name, one in rule_sets().items() if name not in {"none", "ips"}}


@pytest.mark.parametrize("name", SETS)
def test_every_rule_checks_an_article_and_every_article_names_rules_that_there_are(name: str) -> None:
    one = SETS[name]
    assert one.coverage is not None
    known = {rule.id for rule in one.rules} | ({one.asset_types.id} if one.asset_types else set())
    assert known == {rule_id for article in one.coverage.articles for rule_id in article.rules}
    assert one.coverage.reviewer
    assert one.coverage.source
    articles = [article.article for article in one.coverage.articles]
    assert len(articles) == len(set(articles))


@pytest.mark.parametrize("said", [{}, {"rules": ("EU.X.1",), "why": "No."}, {"rules": ("EU.X.1",), "applies": False}])
def test_an_article_is_checked_by_rules_or_says_why_it_is_not(said: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match="article 1"):
        Article.model_validate({"article": "1", "about": "x", **said})


def test_a_report_without_a_breach_names_every_article_that_was_not_checked() -> None:
    done = check(book(*[line(f"S{n}", 4) for n in range(25)]), ["ucits"])
    open_ = {one.article: one.why for one in done.articles if one.status is ArticleStatus.NOT_CHECKED}
    assert {"51(1)-(2)", "56(2)", "88"} <= set(open_)
    assert open_["56(2)"] == "EU.UCITS.56: missing is amounts outstanding of each issue"
    checked, whole = articles_checked(done.articles)
    assert whole == checked + len(open_)
    assert any(note.startswith(f"{checked} of {whole} articles checked") for note in done.notes)


def test_an_article_of_which_one_rule_is_open_is_not_checked() -> None:
    bare = [
        line(f"C{n}", 15, InstrumentType.CASH, asset_class=AssetClass.CASH, issuer="", issuer_group="", counterparty="")
        for n in range(2)
    ]
    known = {one.article: one for one in check(book(*bare, line("A", 70)), ["ucits"]).articles}
    assert known["52(1)(b)"].status is ArticleStatus.NOT_CHECKED
    assert "counterparty" in known["52(1)(b)"].why
    assert known["83"].status is ArticleStatus.CHECKED


def test_an_article_that_another_rule_set_replaces_is_not_counted() -> None:
    done = check(book(cash(100)), ["ucits_art54"])
    found = {one.article: one.status for one in done.articles}
    assert found["52(3)"] is ArticleStatus.NOT_APPLICABLE
    assert found["54"] is ArticleStatus.CHECKED


def test_without_rule_sets_no_article_is_claimed() -> None:
    assert check(book(cash(100)), []).articles == ()


def test_results_that_were_kept_tell_how_many_articles_were_checked_of_each_portfolio() -> None:
    done = check(book(*[line(f"S{n}", 4) for n in range(25)]), ["ucits"])
    once = articles_counted(done.results)
    assert once == articles_checked(done.articles)
    group = [replace(one, rule_id=f"{owner}:{one.rule_id}") for owner in ("p1", "p2") for one in done.results]
    assert articles_counted(group) == (2 * once[0], 2 * once[1])
    assert articles_counted(()) == (0, 0)
