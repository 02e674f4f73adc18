"""Prepare: the price before anything is sent, and one question more."""

from __future__ import annotations

import json

import pytest
from streamlit.testing.v1 import AppTest

from core.domain.actor import LOCAL
from dashboard import prepare
from tests.pages.conftest import Page
from tests.pages.reading import button, said
from tests.pages.world import POSITIONS, World


def test_without_a_portfolio_the_page_says_what_to_do(page: Page, world: World) -> None:
    assert "No portfolio yet" in said(page(world, "prepare"))


def test_the_price_is_shown_with_its_range_and_saving(page: Page, lived_in: World) -> None:
    test = page(lived_in, "prepare")
    assert not test.exception
    words = said(test)
    assert "Expected cost: $0." in words
    assert "between $0." in words
    assert "39 portfolios of 39" in words


def test_the_first_request_is_shown_exactly_as_it_will_be_sent(page: Page, world: World) -> None:
    world.import_text("family.csv", POSITIONS)
    test = page(world, "prepare")
    assert "<HOLDINGS>" in "\n".join(block.value for block in test.code)
    test.session_state["prepare_request_tab"] = "JSON"
    line = json.loads(test.run().json[0].value)
    assert line["url"] == "/v1/chat/completions"
    assert line["body"]["model"] == prepare.DEFAULT_MODEL


def test_what_a_model_does_not_take_is_said(page: Page, world: World) -> None:
    world.import_text("family.csv", POSITIONS)
    test = page(world, "prepare")
    test.selectbox(key="prepare_model").set_value("gpt-5-mini")
    test.number_input(key="prepare_temperature").set_value(0.3)
    assert "temperature" in said(test.run())


def unknown_model() -> None:
    """The price of a model that was typed by hand; AppTest can only choose from a list."""
    from core.domain.analysis import AnalysisRequest, Kind
    from dashboard import prepare, session

    app, actor = session.current()
    prepare.price(app, actor, AnalysisRequest(Kind.RISK, tuple(app.portfolios.ids(actor)), "gpt-99"))


def test_an_unknown_model_stops_until_the_reader_insists(page: Page, world: World) -> None:
    world.import_text("family.csv", POSITIONS)
    page(world)
    test = AppTest.from_function(unknown_model, default_timeout=30).run()
    assert not test.exception
    assert "not known" in said(test)
    assert button(test, "Review and submit").disabled
    test.checkbox(key="prepare_force").check().run()
    assert not button(test, "Review and submit").disabled


def test_a_shut_down_model_is_not_offered(page: Page, world: World) -> None:
    world.import_text("family.csv", POSITIONS)
    test = page(world, "prepare")
    assert not any(option.startswith("gpt-4-turbo ") for option in test.selectbox(key="prepare_model").options)


def test_a_budget_that_would_be_passed_stops_the_submission(
    page: Page, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.import_text("family.csv", POSITIONS)
    monkeypatch.setenv("MOSYCHLOS_BUDGET_JOB_USD", "0")
    test = page(world, "prepare")
    assert "MOSYCHLOS_BUDGET_JOB_USD" in said(test)
    assert button(test, "Review and submit").disabled


def test_a_link_from_a_portfolio_chooses_it(page: Page, lived_in: World) -> None:
    test = page(lived_in, "prepare", portfolio="sample-us-60-40")
    assert "1 portfolio of 39" in said(test)


def test_no_portfolio_chosen_has_no_price(page: Page, lived_in: World) -> None:
    test = page(lived_in, "prepare")
    test.session_state["prepare_which"] = "Chosen"
    test.run()
    assert not test.exception
    assert "Choose at least one portfolio" in said(test)


def test_one_region_is_one_click(page: Page, lived_in: World) -> None:
    test = page(lived_in, "prepare")
    test.session_state["prepare_which"] = "One region"
    test.session_state["prepare_of_region"] = "UK"
    assert "5 portfolios of 39" in said(test.run())


def test_the_last_question_repeats_price_and_count(page: Page, world: World) -> None:
    world.import_text("family.csv", POSITIONS)
    test = page(world, "prepare")
    button(test, "Review and submit").click()
    test.run()
    assert not test.exception
    assert any(one.label == "Submit 1 request" for one in test.button)
    assert world.app.jobs.count(LOCAL) == 0
