"""Explore: one run's answers side by side."""

from __future__ import annotations

import json

import pytest

from core.domain.actor import LOCAL
from core.domain.analysis import Kind
from core.domain.filters import JobFilter, PortfolioFilter
from core.domain.job import JobState
from dashboard.explore import charts as explore_charts
from dashboard.widgets import charts
from tests.pages.conftest import Page
from tests.pages.kinds import CHOSEN, Kinds
from tests.pages.reading import column, said
from tests.pages.world import POSITIONS, World


def done(world: World) -> str:
    return world.app.jobs.page(LOCAL, JobFilter(states=[JobState.DONE]))[0].job_id


def test_without_answers_the_page_says_what_is_missing(page: Page, world: World) -> None:
    assert "Nothing to explore yet" in said(page(world, "explore"))


def test_a_run_without_answers_is_said_to_have_none(page: Page, world: World) -> None:
    world.import_text("family.csv", POSITIONS)
    job_id = world.submit()
    assert "no answer yet" in said(page(world, "explore", run=job_id))


def test_an_unknown_run_is_named_and_nothing_breaks(page: Page, lived_in: World) -> None:
    test = page(lived_in, "explore", run="261126-000000-nothing")
    assert not test.exception
    assert "261126-000000-nothing" in said(test)


def test_every_chart_has_a_text_for_those_who_do_not_see_it(page: Page, lived_in: World) -> None:
    charts_ = page(lived_in, "explore").get("plotly_chart")
    assert len(charts_) == 4
    assert all(chart.proto.alt for chart in charts_)


def test_charts_tell_how_many_answers_they_stand_on(page: Page, lived_in: World) -> None:
    words = said(page(lived_in, "explore", run=done(lived_in)))
    assert "1 to 30 of 39 answers" in words
    assert "39 answers of 39 requests" in words
    assert "The concentration of 39 of 39 answers is known" in words


def test_what_an_answer_does_not_speak_of_is_hatched_and_said_never_a_low_one(page: Page, lived_in: World) -> None:
    job_id = done(lived_in)
    found = lived_in.app.results.matrix(LOCAL, job_id, limit=30)
    missing = sum(name not in row.cells for row in found.rows for name in found.columns)
    assert missing
    figure = explore_charts.heat(found, charts.LIGHT)
    hatched, cells, _ = figure.data
    assert len(hatched.x) == missing
    assert hatched.marker.pattern.shape == "/"
    assert sum(value is None for row in cells.z for value in row) == missing
    assert "Hatched: the answer does not speak of it." in said(page(lived_in, "explore", run=job_id))


def test_the_matrix_is_there_as_a_table_whose_rows_open_the_answer(page: Page, lived_in: World) -> None:
    test = page(lived_in, "explore", run=done(lived_in))
    test.session_state["explore_matrix"] = True
    test.run()
    assert "" in column(test, "Market")
    assert "elevated" in column(test, "Overall level")
    test.session_state["explore_rows_open"] = 3
    test.run()
    assert str(test.query_params["item"]).startswith("risk-")


def test_the_scatter_has_its_values_as_a_table(page: Page, lived_in: World) -> None:
    test = page(lived_in, "explore", run=done(lived_in))
    test.session_state["explore_scatter_table"] = True
    assert len(column(test.run(), "HHI")) == 39


def test_a_region_in_the_address_narrows_everything_on_the_page(page: Page, lived_in: World) -> None:
    job_id = done(lived_in)
    swiss = sum(lived_in.app.results.grades(LOCAL, job_id, PortfolioFilter(region="CH")).values())
    assert 0 < swiss < 39
    words = said(page(lived_in, "explore", run=job_id, explore_region="CH"))
    assert f"Answers: {swiss}" in words
    assert f"1 to {swiss} of {swiss} answers of the chosen portfolios" in words
    assert f"{swiss} answers of 39 requests" in words


def test_a_group_without_answers_is_said_to_match_nothing(page: Page, every_kind: Kinds) -> None:
    job_id = every_kind.true[Kind.RISK]
    assert "Answers: 2" in said(page(every_kind.world, "explore", run=job_id, explore_group="Limits"))
    assert "No portfolio matches" in said(page(every_kind.world, "explore", run=job_id, explore_region="JP"))


@pytest.mark.parametrize("kind", list(Kind))
def test_each_analysis_has_a_matrix_of_its_own(kind: Kind, page: Page, every_kind: Kinds) -> None:
    test = page(every_kind.world, "explore", run=every_kind.true[kind])
    assert not test.exception
    found = every_kind.world.app.results.matrix(LOCAL, every_kind.true[kind], limit=10)
    assert found.subject.title in said(test)
    assert found.columns
    assert len(found.rows) == len(CHOSEN)


def test_answers_whose_numbers_do_not_hold_come_first(page: Page, every_kind: Kinds) -> None:
    test = page(every_kind.world, "explore", run=every_kind.slipped[Kind.RISK])
    assert "Read these first" in said(test)
    assert sum(int(str(value)) for name in ("Mismatched", "Unsupported") for value in column(test, name)) > 0


def test_a_click_on_a_cell_carries_the_request_it_belongs_to(every_kind: Kinds) -> None:
    found = every_kind.world.app.results.matrix(LOCAL, every_kind.true[Kind.COMPLIANCE], limit=10)
    *_, clicks = explore_charts.heat(found, charts.DARK).data
    assert set(clicks.customdata) == {row.custom_id for row in found.rows}
    assert json.loads(explore_charts.heat(found, charts.DARK).to_json())


def test_two_runs_of_one_minute_can_be_told_apart(page: Page, every_kind: Kinds) -> None:
    test = page(every_kind.world, "explore", run=every_kind.slipped[Kind.RISK])
    options = next(box.options for box in test.selectbox if box.label == "Run")
    assert len(set(options)) == len(options) >= 2 * len(Kind)
