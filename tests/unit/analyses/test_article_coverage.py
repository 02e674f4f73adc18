"""What a model is told of articles that were not checked, what it may say of them, and what it may not claim."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from core.analyses.marking import Mark, marks
from core.analyses.slots.forms.compliance import grades
from core.analyses.slots.labels import grade
from core.analyses.slots.page import Page
from core.analyses.tables import tables
from core.analyses.verify import verify
from core.compliance.check import check
from core.domain.analysis import FindingKind, Kind, Verification
from core.domain.compliance import ArticleStatus, RuleStatus, articles_checked
from core.domain.facts import FactSheet
from core.llm.tokens import counter
from tests.bench.real.cases import answer
from tests.unit.analyses import whole
from tests.unit.compliance.making import book, line

F = FindingKind
DONE = check(book(*[line(f"S{n}", 4) for n in range(25)]), ["ucits"])
N, M = articles_checked(DONE.articles)
DECIDED = tuple(one for one in DONE.results if one.status is not RuleStatus.NOT_ASSESSABLE)


def shown(kind: Kind = Kind.COMPLIANCE) -> FactSheet:
    """A portfolio whose every rule that has a verdict is kept, while articles are open."""
    return whole.view(kind, replace(whole.SHEET, rules=DECIDED))


def counts() -> tuple[int, int]:
    facts = shown().by_id()
    return int(facts["articles.checked"].value), int(facts["articles.all"].value)


def said(text: str, *ids: str) -> Verification:
    sheet = shown()
    facts = sheet.by_id()
    document = answer(text)
    document["claims"][0]["metrics"] = [
        {"metric_id": name, "value": facts[name].value, "unit": facts[name].unit.value, "currency": None,
         "period": facts[name].period} for name in ids
    ]  # fmt: skip
    return verify(document, sheet)


def written(text: str) -> set[FindingKind]:
    page = Page(shown())
    page.text("claims[0].text", text)
    return {finding.kind for finding in page.findings}


@pytest.mark.parametrize("kind", [Kind.COMPLIANCE, Kind.REALLOCATION, Kind.COMMITTEE_BRIEF])
def test_every_prompt_with_rules_says_how_many_articles_were_checked_and_which_were_not(kind: Kind) -> None:
    sheet = whole.view(kind, replace(whole.SHEET, rules=DONE.results))
    table = re.search(r"<COVERAGE>\n(.*)\n(.*)\n</COVERAGE>", tables(sheet, "en"))
    assert table is not None
    regime, checked, all_, open_ = table[2].split("|")
    assert (regime, int(checked), int(all_)) == ("ucits", N, M)
    assert open_.split(", ") == [one.article for one in DONE.articles if one.status is ArticleStatus.NOT_CHECKED]
    facts = sheet.by_id()
    assert (facts["articles.checked"].value, facts["articles.all"].value) == (N, M)


def test_coverage_costs_a_prompt_little() -> None:
    text = tables(whole.view(Kind.COMPLIANCE, replace(whole.SHEET, rules=DONE.results)), "en")
    table = text[text.index("<COVERAGE>") : text.index("</COVERAGE>")]
    assert counter("o200k_base").count(table) <= 100


def test_a_prompt_without_rules_says_nothing_of_articles() -> None:
    assert "COVERAGE" not in tables(whole.view(Kind.RISK), "en")


def test_a_group_counts_the_articles_of_each_of_its_portfolios() -> None:
    rules = tuple(replace(one, rule_id=f"{owner}:{one.rule_id}") for owner in ("a", "b") for one in DONE.results)
    sheet = whole.view(Kind.COMPLIANCE, replace(whole.SHEET, rules=rules))
    assert sheet.by_id()["articles.all"].value == 2 * M


@pytest.mark.parametrize(
    "text",
    [
        "{0} of {1} articles were checked.",
        "Only {0} of the {1} articles were checked, so of the others nothing is known.",
        "Of the law, {2} articles were not checked.",
        "None of the rules that were checked is breached.",
        "No rule is breached; {0} of {1} articles were checked.",
        "Articles 51(1)-(2) and 88 were not checked.",
    ],
)
def test_repeating_what_was_checked_is_no_finding(text: str) -> None:
    n, m = counts()
    assert said(text.format(n, m, m - n)).findings == ()


def test_counts_of_articles_that_are_cited_hold() -> None:
    n, m = counts()
    assert said(f"{n} of {m} articles were checked.", "articles.checked", "articles.all").findings == ()


def test_another_count_of_articles_is_a_finding() -> None:
    n, m = counts()
    assert said(f"{n + 1} of {m} articles were checked.").findings


@pytest.mark.parametrize(
    "text",
    ["The portfolio complies with all rules.", "All rules are kept.", "The portfolio is fully compliant.",
     "All limits are respected."],
)  # fmt: skip
def test_who_calls_a_portfolio_compliant_while_articles_are_open_is_corrected(text: str) -> None:
    n, m = counts()
    assert [(one.kind, one.true) for one in said(text).findings] == [(F.RULE, f"{n} of {m} articles checked")]


def test_that_no_rule_is_breached_is_grey_while_articles_are_open() -> None:
    """It is true of the rules that there are; nobody has checked whether it is of the law."""
    assert said("No rule is breached.").findings == ()
    assert [one.stated for one in marks(answer("No rule is breached."), shown()) if one.mark is Mark.UNCHECKED]
    qualified = marks(answer("No rule that was checked is breached."), shown())
    assert [one for one in qualified if one.mark is Mark.UNCHECKED and one.stated != "2026-10-30"] == []


def test_the_grade_by_its_name_alone_is_grey_while_articles_are_open() -> None:
    text = "The overall status is compliant."
    assert said(text).findings == ()
    assert [one.stated for one in marks(answer(text), shown()) if one.mark is Mark.UNCHECKED]
    document = whole.answer(Kind.COMPLIANCE, shown())
    paths = [one.path for one in whole.checked(Kind.COMPLIANCE, document, shown()).findings]
    assert "headline" not in paths


def test_a_breach_elsewhere_is_not_excused_by_a_rule_that_is_cited() -> None:
    document = whole.answer(Kind.COMPLIANCE)
    claim = document["claims"][0]
    claim["text"] = "All rules are kept."
    claim["metrics"] = [one["measured"] for one in document["findings"] if one["status"] == "near"]
    assert F.RULE in {one.kind for one in whole.checked(Kind.COMPLIANCE, document).findings}


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("{{kept(all): All rules are kept}}.", False),
        ("{{none(breach): The portfolio is fully compliant}}.", False),
        (
            "{{none(breach): No rule is breached}}; {{articles.checked}} of {{articles.all}} articles were checked.",
            True,
        ),
        ("Article 88 and 51(1)-(2) are open, so that nobody can say whether every rule holds.", True),
        ("The share is 88 of the whole.", False),
    ],
)
def test_slots_decide_of_the_rules_and_not_of_what_nobody_checked(text: str, right: bool) -> None:
    assert (written(text) == set()) is right


def test_the_grade_of_a_report_without_a_breach_claims_no_more_than_was_found() -> None:
    (overall, *_) = grades(shown())
    assert overall.because.endswith("articles checked")
    assert grade("compliant", "en") == "no breach found"
