"""Portfolios: the list, one portfolio, and files on their way in."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest

from core.domain.actor import LOCAL
from dashboard import imports
from tests.pages.conftest import Page
from tests.pages.reading import button, column, said
from tests.pages.world import POSITIONS, World

PROBLEMS = POSITIONS + "2026-10-30,Family,TSLA,,Tesla,equity,ten,250.00,USD,,,US\n"


def importing(page: Page, world: World, name: str, text: str) -> AppTest:
    """The Import tab with a file in it."""
    test = page(world, "portfolios")
    test.session_state[imports.TAB_KEY] = "Import"
    test.run()
    test.get("file_uploader")[0].upload(name, text.encode(), "text/csv")
    return test.run()


def test_an_empty_list_offers_to_import_or_to_look_around(page: Page, world: World) -> None:
    test = page(world, "portfolios")
    assert "No portfolio yet" in said(test)
    button(test, "Load sample portfolios").click()
    assert "39 portfolios" in said(test.run())


def test_the_list_is_searched_in_the_database(page: Page, lived_in: World) -> None:
    test = page(lived_in, "portfolios")
    test.text_input(key="portfolios_search").set_value("pension").run()
    assert column(test, "name") == ["Swiss pension fund"]


def test_a_search_without_a_match_says_so(page: Page, lived_in: World) -> None:
    test = page(lived_in, "portfolios")
    test.text_input(key="portfolios_search").set_value("no such thing").run()
    assert "No portfolio matches" in said(test)


def test_a_good_file_is_looked_at_before_it_is_kept(page: Page, world: World) -> None:
    test = importing(page, world, "family.csv", POSITIONS)
    assert "1 portfolio, 4 good rows" in said(test)
    assert world.app.portfolios.count(LOCAL) == 0
    button(test, "Keep 1 portfolio").click()
    assert "1 portfolio kept" in said(test.run())
    assert world.app.portfolios.count(LOCAL) == 1


def test_a_file_with_problems_names_each_and_asks_before_it_keeps_the_rest(page: Page, world: World) -> None:
    test = importing(page, world, "family.csv", PROBLEMS)
    assert not test.exception
    assert column(test, "Row") == ["6"]
    assert column(test, "Value") == ["ten"]
    button(test, "Keep the 4 good rows").click()
    test.run()
    assert world.app.portfolios.page(LOCAL)[0].holdings == 4


def test_a_discarded_file_leaves_nothing(page: Page, world: World) -> None:
    test = importing(page, world, "family.csv", PROBLEMS)
    button(test, "Discard").click()
    test.run()
    assert world.app.portfolios.count(LOCAL) == 0
    assert not any(one.label.startswith("Keep") for one in test.button)


def test_an_unreadable_file_is_a_problem_and_not_a_crash(page: Page, world: World) -> None:
    test = importing(page, world, "nonsense.xlsx", "this is not a workbook")
    assert not test.exception
    assert column(test, "File") == ["nonsense.xlsx"]
    assert not any(one.label.startswith("Keep") for one in test.button)


def test_a_portfolio_shows_its_facts_with_definition_and_origin(page: Page, world: World) -> None:
    portfolio_id = world.import_text("family.csv", POSITIONS)
    test = page(world, "portfolios", portfolio=portfolio_id)
    assert not test.exception
    assert "Holdings: 4" in said(test)
    assert "Concentration (HHI)" in column(test, "metric")
    assert all(column(test, "definition"))
    assert {word for badges in column(test, "badge") for word in badges} <= {"real", "derived", "simulated"}  # type: ignore[attr-defined]


def test_a_fact_that_could_not_be_computed_carries_its_reason(page: Page, world: World) -> None:
    portfolio_id = world.import_text("family.csv", POSITIONS)
    test = page(world, "portfolios", portfolio=portfolio_id)
    assert "Volatility" in column(test, "Fact")
    assert all(column(test, "Why it is not there"))


def test_a_newer_day_is_offered_beside_the_older_one(page: Page, world: World) -> None:
    portfolio_id = world.import_text("family.csv", POSITIONS)
    world.import_text("family.csv", POSITIONS.replace("2026-10-30", "2026-11-20"))
    test = page(world, "portfolios", portfolio=portfolio_id)
    day = test.selectbox(key="portfolio_day")
    assert list(day.options) == ["20 Nov 2026", "30 Oct 2026"]
    day.set_value(day.options[1]) if isinstance(day.value, str) else day.select_index(1)
    assert "as of 30 Oct 2026" in said(test.run())


def test_a_hostile_name_is_shown_as_it_is(page: Page, world: World) -> None:
    hostile = "![x](https://evil.example/x.png) <b>:red[A]</b>"
    portfolio_id = world.import_text("family.csv", POSITIONS.replace("Family", hostile))
    test = page(world, "portfolios", portfolio=portfolio_id)
    assert not test.exception
    title = test.title[0].value
    assert "![" not in title
    assert "<b>" not in title
    assert ":red[" not in title


def test_earlier_analyses_lead_to_their_run(page: Page, lived_in: World) -> None:
    test = page(lived_in, "portfolios", portfolio="sample-us-60-40")
    assert "Earlier analyses" in said(test)
    assert "No run has analysed" not in said(test)
