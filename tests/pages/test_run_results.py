"""One answer in full: each kind of analysis, each number with its mark, everything behind it one click away."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.analyses.marking import Mark, Marked
from core.domain.actor import LOCAL
from core.domain.analysis import Finding, FindingKind, Kind
from core.domain.facts import Fact
from core.domain.readable_text import readable
from core.domain.units import Badge, Unit
from core.drafts.fact_store import sheet_path
from core.drafts.job_files import job_folder
from dashboard.analysis.answer import AnswerPlaces
from dashboard.widgets import marked_text
from tests.pages.conftest import Page
from tests.pages.kinds import Kinds
from tests.pages.reading import button, column, said, written
from tests.pages.world import POSITIONS, World

OWN_PART = {
    Kind.RISK: "Risks",
    Kind.ALLOCATION: "Weights against targets",
    Kind.PERFORMANCE: "What holdings added and cost",
    Kind.ATTRIBUTION: "From the benchmark to the portfolio",
    Kind.COMPLIANCE: "Verdicts",
    Kind.REALLOCATION: "Weights before and after",
    Kind.MARKET_RESEARCH: "Economic series",
    Kind.INVESTMENT_RESEARCH: "Theses",
    Kind.COMMITTEE_BRIEF: "Decision asked for",
}


@pytest.mark.parametrize("kind", list(Kind))
def test_each_analysis_is_shown_with_its_own_parts_and_marked_numbers(
    kind: Kind, page: Page, every_kind: Kinds
) -> None:
    job_id, custom_id = every_kind.request(kind)
    test = page(every_kind.world, "run", run=job_id, item=custom_id)
    assert not test.exception
    assert OWN_PART[kind] in said(test)
    assert "(inserted fact)" in written(test)
    assert "✗" not in written(test)
    assert "{{" not in written(test)
    assert "Sentences by what they rest on: inserted fact " in said(test)


@pytest.mark.parametrize("kind", list(Kind))
def test_what_does_not_hold_is_listed_before_the_answer_is_read(kind: Kind, page: Page, every_kind: Kinds) -> None:
    job_id, custom_id = every_kind.request(kind, slipped=True)
    checked = every_kind.world.app.jobs.item(LOCAL, job_id, custom_id).verification
    assert checked is not None
    assert checked.findings
    test = page(every_kind.world, "run", run=job_id, item=custom_id)
    assert not test.exception
    assert column(test, "Stated") == [finding.stated for finding in checked.findings]
    assert all(column(test, "Likely slip"))


def test_a_number_tells_its_fact_definition_period_origin_difference_and_slip(page: Page, every_kind: Kinds) -> None:
    job_id, custom_id = every_kind.request(Kind.RISK)
    body = written(page(every_kind.world, "run", run=job_id, item=custom_id))
    titles = [title for title in re.findall(r'title="([^"]+)"', body) if "(hhi)" in title]
    graded = next(title for title in titles if title.startswith("Computed by formula&#10;hhi 0."))
    assert ", from 0.05 to 0.1&#10;" in graded
    told = next(title for title in titles if title.startswith("Inserted fact"))
    assert told.startswith("Inserted fact&#10;Concentration (HHI) (hhi): 0.")
    assert "squared" in told
    assert "as of 2026-10-30, " in told


def wrong(stated: str, true: Fact, kind: FindingKind) -> Marked:
    finding = Finding("summary", true.metric_id, stated, true.shown, kind)
    return Marked("summary", stated, Mark.MISMATCHED, 0, len(stated), (true,), finding)


VOLATILITY = Fact("volatility", 12.41, Unit.PCT, None, "2023-10-31..2026-10-30", "Yearly.", Badge.SIMULATED, 2)


def test_a_wrong_number_says_how_far_off_it_is_and_why() -> None:
    told = marked_text.about(wrong("14.91 %", VOLATILITY, FindingKind.VALUE))
    assert told == [
        "Mismatched",
        "Likely slip: another value than the fact",
        "Volatility (volatility): 12.41 %",
        "Yearly.",
        "31 Oct 2023 to 30 Oct 2026, simulated",
        "Difference: +2.5",
    ]


def test_a_wrong_number_shows_the_fact_without_a_pointer() -> None:
    shown = marked_text.chip("Volatility", "14.91 %", wrong("14.91 %", VOLATILITY, FindingKind.VALUE))
    assert "fact 12.41 %" in shown


class Read(HTMLParser):
    """The words and the tags of a piece of HTML."""

    def __init__(self, body: str) -> None:
        super().__init__()
        self.words, self.tags, self.attributes = "", set[str](), set[str]()
        self.feed(body)
        self.close()

    def handle_data(self, data: str) -> None:
        self.words += data

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes.update(name for name, _ in attrs)


HOSTILE = (
    "<script>alert(1)</script>",
    "<img src=https://evil.example/x.png onerror=alert(1)>",
    "![x](https://evil.example/x.png)",
    '"><a href="javascript:alert(1)">x</a>',
    "</p></span><style>*{display:none}</style>",
    "$\\href{https://evil.example}{x}$ :red[x]",
)


@given(st.text() | st.sampled_from(HOSTILE))
def test_words_of_a_model_never_become_tags(words: str) -> None:
    read = Read(marked_text.sentence(words, ()))
    assert read.tags == set()
    shown = readable(words)
    assert " ".join(read.words.split()) == " ".join(shown.split())


@pytest.mark.parametrize("words", HOSTILE)
def test_hostile_words_around_and_inside_a_number_stay_words(words: str) -> None:
    fact = replace(VOLATILITY, definition=words, metric_id=words)
    one = replace(wrong(words, fact, FindingKind.VALUE), end=len(words))
    read = Read(marked_text.sentence(words + words, [one]) + marked_text.chip(words, words, one))
    assert {"span", "strong"} <= read.tags <= {"bdi", "span", "strong"}
    assert {"title", "style", "aria-hidden"} <= read.attributes <= {"title", "style", "aria-hidden", "dir"}


def test_compliance_stands_beside_the_engines_own_verdicts(page: Page, every_kind: Kinds) -> None:
    job_id, _ = every_kind.request(Kind.COMPLIANCE)
    custom_id = "compliance-sample-eu-ucits-over-limit"
    test = page(every_kind.world, "run", run=job_id, item=custom_id)
    engine, answer = column(test, "engine"), column(test, "answer")
    assert engine[0] == answer[0] == ["breach"]
    assert "Rules named as the engine decided: " in said(test)
    assert "Rules as the engine decided: " in said(test)


def test_a_documents_passages_can_be_read_by_their_source(page: Page, every_kind: Kinds) -> None:
    job_id, custom_id = every_kind.request(Kind.MARKET_RESEARCH)
    test = page(every_kind.world, "run", run=job_id, item=custom_id)
    assert any("Q3 call" in part.label.replace("\\", "") for part in test.expander)
    assert "We expect supply to stay tight." in written(test)


def test_how_it_was_asked_names_prompt_hash_overlay_variant_and_profile(page: Page, every_kind: Kinds) -> None:
    job_id, custom_id = every_kind.request(Kind.ALLOCATION)
    test = page(every_kind.world, "run", run=job_id, item=custom_id)
    test.session_state["item_asked"] = True
    test.run()
    told = str(test.table[-1].value.to_dict()).replace("\\", "")
    for expected in ("Prompt hash", "GLOBAL", "default", "moderate", "allocation/v", "2026-10-30"):
        assert expected in told


def test_every_number_is_in_a_table_for_those_who_cannot_point(page: Page, every_kind: Kinds) -> None:
    job_id, custom_id = every_kind.request(Kind.PERFORMANCE)
    test = page(every_kind.world, "run", run=job_id, item=custom_id)
    test.session_state["item_numbers"] = True
    test.run()
    marks = column(test, "Mark")
    assert {"inserted fact", "relation decided"} <= set(marks)
    assert not {"mismatched", "not found"} & set(marks)
    shown = column(test, "Definition")
    assert all(told for told, mark in zip(shown, marks, strict=True) if mark == "inserted fact")


def test_the_next_answer_is_one_click_away(page: Page, every_kind: Kinds) -> None:
    job_id = every_kind.true[Kind.RISK]
    first, second, _ = (item.custom_id for item in every_kind.world.app.jobs.items(LOCAL, job_id))
    test = page(every_kind.world, "run", run=job_id, item=first)
    button(test, "Next").click()
    test.run()
    assert test.query_params["item"] in (second, [second])
    assert "2 of the 3 on this page" in said(test)


def test_without_its_facts_an_answer_is_shown_unmarked_and_says_so(page: Page, lived_in: World) -> None:
    job_id = lived_in.app.jobs.page(LOCAL)[-1].job_id
    item = lived_in.app.jobs.items(LOCAL, job_id)[0]
    answer = AnswerPlaces(
        lived_in.app.jobs.item(LOCAL, job_id, item.custom_id), lived_in.app.jobs.get(LOCAL, job_id), None
    )
    assert answer.marked == []
    path = sheet_path(job_folder(lived_in.home, job_id))
    kept = path.rename(path.with_suffix(".kept"))
    try:
        test = page(lived_in, "run", run=job_id, item=item.custom_id)
        assert not test.exception
        assert "are gone from the disk" in said(test)
    finally:
        kept.rename(path)


def test_a_request_without_an_answer_yet_says_so(page: Page, world: World) -> None:
    world.import_text("family.csv", POSITIONS)
    job_id = world.submit()
    item = world.app.jobs.items(LOCAL, job_id)[0]
    assert "There is no answer yet." in said(page(world, "run", run=job_id, item=item.custom_id))


def test_the_summary_counts_what_each_analysis_counts(page: Page, every_kind: Kinds) -> None:
    test = page(every_kind.world, "run", run=every_kind.true[Kind.COMPLIANCE], run_tab="Summary")
    words = said(test)
    assert "Overall status" in words
    assert "Rules said to be broken" in words
    assert "Sentences by what they rest on: inserted fact " in words


def test_html_is_made_in_two_places_only_and_never_runs_anything() -> None:
    root = Path(__file__).resolve().parents[2]
    files = [*(root / "dashboard").rglob("*.py"), *(root / "pages").rglob("*.py")]
    texts = {path.relative_to(root).as_posix(): path.read_text("utf-8") for path in files}
    assert {name for name, body in texts.items() if "st.html(" in body} == {
        "dashboard/widgets/marked_text.py",
        "dashboard/brief/page.py",
    }
    for word in ("unsafe_allow_html", "unsafe_allow_javascript", "st.iframe", "components.v1"):
        assert [name for name, body in texts.items() if word in body] == []
