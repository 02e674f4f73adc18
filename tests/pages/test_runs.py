"""Runs: found by search and state, one page at a time."""

from __future__ import annotations

from core.domain.actor import LOCAL
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
