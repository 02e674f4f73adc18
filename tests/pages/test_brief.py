"""Brief: what a committee is asked to decide, on one page."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from core.desk.committee_page import Brief, ModelSentence
from core.domain.actor import LOCAL, Actor, Role
from core.domain.analysis import Kind
from core.domain.filters import PortfolioFilter
from core.errors import NotFound
from dashboard.brief import document as brief_document
from tests.pages.conftest import Page
from tests.pages.kinds import Kinds
from tests.pages.reading import said, written
from tests.pages.world import World

OVER = "sample-eu-ucits-over-limit"


def brief_of(kinds: Kinds, kind: Kind = Kind.COMMITTEE_BRIEF, *, slipped: bool = False, **wishes: object) -> Brief:
    app = kinds.world.app
    job_id = (kinds.slipped if slipped else kinds.true)[kind]
    return app.briefs.page(LOCAL, job_id, at=app.now(), **wishes)  # type: ignore[arg-type]


def test_without_answers_the_page_says_what_is_missing(page: Page, world: World) -> None:
    assert "No brief yet" in said(page(world, "brief"))


def test_the_newest_brief_opens_with_the_decision_first(page: Page, every_kind: Kinds) -> None:
    assert "<h1>Limits: 2 portfolios</h1>" in written(page(every_kind.world, "brief"))
    body = written(page(every_kind.world, "brief", run=every_kind.true[Kind.COMMITTEE_BRIEF]))
    order = ["Decision asked for", "What changed", "Risks and what could be done", "Rules broken", "hold."]
    places = [body.index(words) for words in order]
    assert places == sorted(places)
    assert "Decide on 3 portfolios" in body


def test_one_link_opens_one_portfolio(page: Page, every_kind: Kinds) -> None:
    job_id = every_kind.true[Kind.COMMITTEE_BRIEF]
    body = written(page(every_kind.world, "brief", run=job_id, portfolio=OVER))
    assert "<h1>Euro equity UCITS, over its limit</h1>" in body
    assert "Decide whether to act on the simulated analyses of this portfolio." in body
    assert "Issuers above 5 % together at most 40 %" in body


def test_a_simulated_brief_says_so_in_large_letters(every_kind: Kinds) -> None:
    brief = brief_of(every_kind)
    assert '<p class="simulated">SIMULATED' in brief_document.document(brief)
    real = replace(brief, job=replace(brief.job, row=replace(brief.job.row, simulated=False)))
    assert "SIMULATED" not in brief_document.document(real)


def test_a_group_has_a_page_of_its_own(page: Page, every_kind: Kinds) -> None:
    job_id = every_kind.true[Kind.COMMITTEE_BRIEF]
    body = written(page(every_kind.world, "brief", run=job_id, brief_group="Limits"))
    assert "<h1>Limits: 2 portfolios</h1>" in body
    assert "Decide on 2 portfolios" in body
    assert every_kind.world.app.briefs.newest_of(LOCAL, PortfolioFilter(group="limits")) == every_kind.group


def test_a_portfolio_that_the_run_does_not_know_is_refused(every_kind: Kinds) -> None:
    with pytest.raises(NotFound, match="no answer about portfolio 'nobody'"):
        brief_of(every_kind, portfolio_id="nobody")


def test_a_viewer_may_read_it(every_kind: Kinds) -> None:
    viewer = Actor("vera", "Vera", frozenset({Role.VIEWER}))
    app = every_kind.world.app
    assert app.briefs.page(viewer, every_kind.true[Kind.COMMITTEE_BRIEF], at=app.now()).portfolios == 3


def test_breaches_are_the_engines_and_name_measure_and_limit(every_kind: Kinds) -> None:
    brief = brief_of(every_kind, portfolio_id=OVER)
    assert {line.title for line in brief.breaches} == {
        "Issuers above 5 % together at most 40 %",
        "No issuer above 10 %",
    }
    assert "47.00 %, allowed at most 40.00 %" in brief_document.document(brief)


def test_risks_come_from_the_analysis_the_brief_rests_on_with_what_could_be_done(every_kind: Kinds) -> None:
    brief = brief_of(every_kind, portfolio_id=OVER)
    assert 0 < len(brief.risks) <= 4
    assert all(risk.mitigation for risk in brief.risks)


def test_verdicts_are_weighed_by_value_in_one_currency(every_kind: Kinds) -> None:
    verdicts = brief_of(every_kind).verdicts
    assert verdicts.currency == "EUR"
    values = [every_kind.world.app.portfolios.get(LOCAL, name) for name in (OVER,)]
    assert values
    assert verdicts.total > 0
    assert sum(one.answers for one in verdicts.grades) == 3


def test_verdicts_that_changed_since_the_run_before_are_counted(every_kind: Kinds) -> None:
    brief = brief_of(every_kind, slipped=True)
    assert brief.earlier is not None
    assert brief.earlier.job_id == every_kind.true[Kind.COMMITTEE_BRIEF]
    assert brief.changes == ()
    assert "No verdict has changed since" in brief_document.document(brief)
    assert "There is no earlier run" in brief_document.document(brief_of(every_kind))


def test_what_does_not_hold_is_marked_in_words_and_counted(every_kind: Kinds) -> None:
    brief = brief_of(every_kind, slipped=True)
    assert brief.tally.verified < brief.tally.stated
    assert f"{brief.tally.verified:,} of {brief.tally.stated:,} hold" in brief_document.document(brief)
    wrong = replace(brief, decision=ModelSentence("Sell 50 %.", holds=False))
    assert "numbers do not hold" in brief_document.document(wrong)


def test_an_analysis_that_asks_for_no_decision_says_so(every_kind: Kinds) -> None:
    body = brief_document.document(brief_of(every_kind, Kind.RISK))
    assert "None. This risk analysis is for information." in body
    assert "A risk analysis is not asked for any." in body


@pytest.mark.parametrize("kind", list(Kind))
def test_every_analysis_can_be_laid_before_a_committee(kind: Kind, every_kind: Kinds) -> None:
    for wishes in ({}, {"portfolio_id": OVER}, {"among": PortfolioFilter(group="Limits")}):
        body = brief_document.document(brief_of(every_kind, kind, **wishes))
        assert body.startswith("<!doctype html>")
        assert body.rstrip().endswith("</html>")


JARGON = ("custom_id", "token", "hhi", "sha256", "json", "batch", "shard", "schema")


def test_no_jargon_stands_above_the_footer(every_kind: Kinds) -> None:
    body = brief_document.document(brief_of(every_kind)).partition("<body>")[2].partition("<footer>")[0]
    words = re.sub(r"<[^>]+>", " ", body).lower()
    assert [word for word in JARGON if word in words and word != "hhi"] == []


HOSTILE = "<script>x</script><img src=https://evil.example/x onerror=y> {{ 7*7 }} {% raw %} javascript:alert(1)"


def test_the_document_asks_for_nothing_and_escapes_everything(every_kind: Kinds) -> None:
    brief = brief_of(every_kind, portfolio_id=OVER)
    said_ = ModelSentence(HOSTILE, holds=True)
    hostile = replace(
        brief,
        portfolio=HOSTILE,
        decision=said_,
        summary=said_,
        dissent=(said_,),
        conditions=(said_,),
        risks=tuple(replace(risk, explanation=HOSTILE, mitigation=HOSTILE, title=HOSTILE) for risk in brief.risks),
        breaches=tuple(replace(line, title=HOSTILE, citation=HOSTILE) for line in brief.breaches),
    )
    for body in (brief_document.document(hostile), brief_document.fragment(hostile)):
        assert "<script" not in body
        assert "<img" not in body
        assert "{{ 7*7 }}" in body
        assert not re.search(r'(?:src|href)\s*=\s*["\']', body)
        assert "url(" not in body
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', brief_document.document(hostile))
    assert policy is not None
    assert policy[1].startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy[1]


def test_a_file_name_is_plain_whatever_the_portfolio_is_called(every_kind: Kinds) -> None:
    brief = replace(brief_of(every_kind, portfolio_id=OVER), portfolio="../../Ünïcode/ <x>:\u202efile")
    assert re.fullmatch(r"brief-[a-z0-9-]+\.html", brief_document.file_name(brief))


def test_a_group_that_was_asked_about_as_one_has_one_decision(page: Page, every_kind: Kinds) -> None:
    app = every_kind.world.app
    brief = app.briefs.page(LOCAL, every_kind.group, at=app.now())
    assert (brief.group, brief.portfolios, brief.whole) == ("Limits", 2, True)
    assert brief.decision is not None
    assert {name for name, _ in brief.parts} == {"Euro equity UCITS, over its limit", "Euro equity UCITS, at its limit"}
    assert brief.risks
    assert {line.portfolios for line in brief.breaches} == {1}
    body = written(page(every_kind.world, "brief", run=every_kind.group))
    assert "<h1>Limits: 2 portfolios</h1>" in body
    assert "Portfolios of the group by value" in body


def test_the_answer_about_a_group_says_whose_each_number_is(page: Page, every_kind: Kinds) -> None:
    item = every_kind.world.app.jobs.items(LOCAL, every_kind.group)[0]
    test = page(every_kind.world, "run", run=every_kind.group, item=item.custom_id)
    assert not test.exception
    assert "total value of sample-eu-ucits" in written(test)
