"""Explore: one run's answers side by side."""

from __future__ import annotations

from core.domain.actor import LOCAL
from core.domain.job import JobState
from tests.pages.conftest import Page
from tests.pages.reading import column, said
from tests.pages.world import POSITIONS, World


def test_without_answers_the_page_says_what_is_missing(page: Page, world: World) -> None:
    assert "Nothing to explore yet" in said(page(world, "explore"))


def test_a_run_without_answers_is_said_to_have_none(page: Page, world: World) -> None:
    world.import_text("family.csv", POSITIONS)
    job_id = world.submit()
    assert "no answer yet" in said(page(world, "explore", run=job_id))


def test_every_chart_has_a_text_for_those_who_do_not_see_it(page: Page, lived_in: World) -> None:
    test = page(lived_in, "explore")
    charts = test.get("plotly_chart")
    assert len(charts) == 4
    assert all(chart.proto.alt for chart in charts)


def test_charts_tell_how_many_answers_they_stand_on(page: Page, lived_in: World) -> None:
    done = lived_in.app.jobs.page(LOCAL, states=[JobState.DONE])[0]
    words = said(page(lived_in, "explore", run=done.job_id))
    assert "Portfolios 1 to 30 of 39 with an answer" in words
    assert "39 answers of 39 requests" in words


def test_what_an_answer_does_not_speak_of_is_empty_and_not_low(page: Page, lived_in: World) -> None:
    test = page(lived_in, "explore")
    cells = [
        value
        for table in test.dataframe
        if "Level" in table.value.columns
        for name in table.value.columns[2:]
        for value in table.value[name]
    ]
    assert "" in cells


def test_the_scatter_has_its_values_as_a_table(page: Page, lived_in: World) -> None:
    assert column(page(lived_in, "explore"), "HHI")
