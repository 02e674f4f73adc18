"""Runs: found by search and state, one page at a time."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from streamlit.testing.v1 import AppTest

from core.desk.sets import SetWish
from core.domain.actor import LOCAL, Actor, Role
from core.domain.alert import AlertKind
from core.domain.analysis import AnalysisRequest, Kind
from core.domain.filters import JobFilter
from core.domain.job import JobState
from core.domain.oversight import Waits
from dashboard.run import list as run_list
from dashboard.run import list_page as runs
from tests.pages.conftest import Page
from tests.pages.reading import column, said
from tests.pages.world import POSITIONS, World


def test_an_empty_list_offers_the_first_analysis(page: Page, world: World) -> None:
    assert "No run yet" in said(page(world, "runs"))


def test_states_are_words(page: Page, lived_in: World) -> None:
    test = page(lived_in, "runs")
    assert [word for words in column(test, "state") for word in words] == ["needs you", "partial", "done"]  # type: ignore[attr-defined]


def test_the_address_keeps_the_state(page: Page, lived_in: World) -> None:
    test = page(lived_in, "runs", runs_state="partial")
    assert len(column(test, "id")) == 1


def test_a_search_finds_a_run_by_its_id(page: Page, lived_in: World) -> None:
    job_id = lived_in.app.jobs.page(LOCAL)[-1].job_id
    test = page(lived_in, "runs", runs_search=job_id)
    assert column(test, "id") == [job_id]


def test_a_search_without_a_match_says_so(page: Page, lived_in: World) -> None:
    assert "No run matches" in said(page(lived_in, "runs", runs_search="nothing-like-it"))


def test_only_one_page_of_runs_is_read(page: Page, world: World) -> None:
    portfolio_id = world.import_text("family.csv", POSITIONS)
    for _ in range(27):
        world.submit((portfolio_id,))
    test = page(world, "runs")
    assert "27 runs" in said(test)
    assert len(column(test, "id")) == 25


def test_filters_stand_in_the_address_and_narrow_together(page: Page, lived_in: World) -> None:
    every = page(lived_in, "runs", runs_kind="Risk", runs_model="gpt-5.4-mini", runs_since="7 days")
    assert not every.exception
    assert len(column(every, "id")) == 3
    none = page(lived_in, "runs", runs_state="partial", runs_search="nothing-like-it")
    assert "No run matches" in said(none)


def test_a_set_is_found_by_its_link(page: Page, world: World) -> None:
    portfolio_id = world.import_text("family.csv", POSITIONS)
    base = AnalysisRequest(Kind.RISK, (portfolio_id,), "gpt-5.4-mini")
    world.submit()
    found = world.app.sets.submit(LOCAL, SetWish((Kind.RISK,), ("gpt-5.4-mini", "gpt-6-luna"), base), again=True)
    assert found.job_set is not None
    test = page(world, "runs", runs_set=runs.set_label(found.job_set))
    assert sorted(column(test, "id")) == sorted(job.row.job_id for job in found.jobs)  # type: ignore[type-var]


def test_a_waiting_run_says_for_what_and_a_broken_one_what_went_wrong(page: Page, lived_in: World) -> None:
    test = page(lived_in, "runs")
    notes = [str(note) for note in column(test, "note")]
    assert "quota" in notes[0]
    assert "mosychlos portfolio batch" not in notes[0]
    assert "without an analysis" in notes[1]
    assert notes[2] == ""


def test_a_note_names_the_reason_the_place_and_the_latest_end(world: World) -> None:
    world.import_text("family.csv", POSITIONS)
    job_id, now = world.submit(), world.app.now()
    row = world.app.jobs.get(LOCAL, job_id).row
    waits = Waits(1, 4, "No room for gpt-5.4-mini.", now + timedelta(hours=2))
    said_ = run_list.note(row, waits, odd=AlertKind.LATE, now=now, zone=now.tzinfo)  # type: ignore[arg-type]
    assert said_.startswith(
        "Late: it takes longer than it should. No room for gpt-5.4-mini. Number 4 in the queue. Until "
    )
    past = replace(row, needed_by=now - timedelta(hours=1))
    assert "which is past" in run_list.note(past, None, odd=None, now=now, zone=now.tzinfo)  # type: ignore[arg-type]


def test_two_runs_are_compared_only_once_two_are_marked(page: Page, lived_in: World) -> None:
    test = page(lived_in, "runs")
    assert next(one for one in test.button if one.key == "runs_compare").disabled


def test_a_viewer_is_offered_no_stop(world: World) -> None:
    world.import_text("family.csv", POSITIONS)
    world.submit()

    # AppTest takes the source alone, where no name of this module is known.
    def script(app, actor):  # type: ignore[no-untyped-def]
        from core.domain.filters import EVERY_JOB
        from dashboard.run import list_page as runs

        runs.listing(app, actor, EVERY_JOB)

    viewer = Actor("eve", "Eve", frozenset({Role.VIEWER}))
    for actor, stoppable in ((viewer, False), (LOCAL, True)):
        test = AppTest.from_function(script, args=(world.app, actor), default_timeout=30).run()
        assert not test.exception
        assert any("stop" in table.value.columns for table in test.dataframe) is stoppable


def test_the_second_page_stands_in_the_address(page: Page, world: World) -> None:
    portfolio_id = world.import_text("family.csv", POSITIONS)
    for _ in range(27):
        world.submit((portfolio_id,))
    assert len(column(page(world, "runs", runs_page="2"), "id")) == 2
    assert world.app.jobs.count(LOCAL, JobFilter(states=[JobState.QUEUED])) == 27
