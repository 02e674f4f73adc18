"""Prepare: the price before anything is sent, and one question more."""

from __future__ import annotations

import json

import pytest
from streamlit.testing.v1 import AppTest

from core.domain.actor import LOCAL
from core.domain.analysis import AnalysisRequest, Kind
from dashboard.prepare.page import DEFAULT_MODEL
from tests.pages.conftest import Page
from tests.pages.reading import button, column, said
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
    assert line["body"]["model"] == DEFAULT_MODEL


def test_what_a_model_does_not_take_is_said_with_what_is_sent_instead(page: Page, world: World) -> None:
    world.import_text("family.csv", POSITIONS)
    test = page(world, "prepare", model="gpt-5-mini,gpt-5.4-mini")
    test.number_input(key="prepare_temperature").set_value(0.3)
    test.run()
    assert "temperature" in said(test)
    assert column(test, "Parameter") == ["temperature"]
    assert column(test, "Sent") == ["nothing"]
    changed = next(table.value for table in test.dataframe if "Parameter" in table.value.columns)
    assert list(changed["Model"]) == ["gpt-5-mini"]


def test_an_unknown_model_stops_until_the_reader_insists(page: Page, world: World) -> None:
    world.import_text("family.csv", POSITIONS)
    test = page(world, "prepare", model="gpt-99")
    assert not test.exception
    assert "not known" in said(test)
    assert button(test, "Review and submit").disabled
    test.checkbox(key="prepare_force").check().run()
    assert not button(test, "Review and submit").disabled


def test_a_shut_down_model_is_not_offered(page: Page, world: World) -> None:
    world.import_text("family.csv", POSITIONS)
    test = page(world, "prepare")
    assert not any(option.startswith("gpt-4-turbo ") for option in test.multiselect(key="prepare_models").options)


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
    test.session_state["prepare_which"] = "Region"
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


def test_several_analyses_and_models_are_priced_together_and_submitted_as_one(page: Page, world: World) -> None:
    world.import_text("family.csv", POSITIONS)
    test = page(world, "prepare", kind="risk,allocation", model="gpt-5.4-mini,gpt-6-luna")
    assert not test.exception
    assert column(test, "Analysis") == ["Risk", "Risk", "Allocation", "Allocation"]
    button(test, "Review and submit").click()
    test.run()
    assert "4 jobs are submitted together: all of them or none." in said(test)
    assert button(test, "Submit 4 requests")


def test_a_link_chooses_analysis_model_and_portfolio_and_stays_changeable(page: Page, lived_in: World) -> None:
    test = page(lived_in, "prepare", kind="compliance", model="gpt-6-luna", portfolio="sample-us-60-40")
    assert test.session_state["prepare_kinds"] == [Kind.COMPLIANCE]
    assert test.multiselect(key="prepare_models").value == ["gpt-6-luna"]
    assert "1 portfolio of 39" in said(test)
    test.multiselect(key="prepare_models").set_value(["gpt-5.4-mini"]).run()
    assert test.multiselect(key="prepare_models").value == ["gpt-5.4-mini"]


def test_a_brief_says_what_is_missing_and_offers_to_prepare_it(page: Page, world: World) -> None:
    world.import_text("family.csv", POSITIONS)
    test = page(world, "prepare", kind="committee_brief")
    assert not test.exception
    assert "1 portfolio of 1 lack some: risk, allocation, performance, compliance." in said(test)
    assert button(test, "Review and submit").disabled
    button(test, "Prepare what is missing").click()
    test.run()
    assert test.session_state["prepare_kinds"] == [
        Kind.RISK, Kind.ALLOCATION, Kind.PERFORMANCE, Kind.COMPLIANCE,
    ]  # fmt: skip
    assert not test.exception


def test_portfolios_that_cannot_be_asked_about_are_listed_and_left_out_by_one_click(
    page: Page, lived_in: World
) -> None:
    test = page(lived_in, "prepare", kind="attribution")
    assert not test.exception
    assert "cannot be asked about" in said(test)
    assert button(test, "Review and submit").disabled
    refused = column(test, "Portfolio")
    next(one for one in test.button if one.label.startswith("Leave")).click()
    test.run()
    assert not button(test, "Review and submit").disabled
    assert f"{39 - len(refused)} portfolios of 39" in said(test)


def test_scenarios_and_periods_are_offered_where_an_analysis_takes_them(page: Page, world: World) -> None:
    world.import_text("family.csv", POSITIONS)
    test = page(world, "prepare", kind="compliance")
    assert "prepare_scenarios" not in {one.key for one in test.multiselect}
    test = page(world, "prepare", kind="risk")
    offered = test.multiselect(key="prepare_scenarios").options
    assert len(offered) > 3
    test.session_state["prepare_scenarios"] = ["rates_up_100bp", "rates_up_200bp"][:0]
    assert not test.run().exception


def test_a_model_that_is_gone_shows_its_stand_in_and_is_taken_by_one_click(page: Page, world: World) -> None:
    world.import_text("family.csv", POSITIONS)
    test = page(world, "prepare", model="gpt-4-turbo")
    assert "was shut down on 2026-10-23" in said(test)
    assert "gpt-4-turbo is replaced by gpt-6-luna." in said(test)
    assert button(test, "Review and submit").disabled
    test.checkbox(key="prepare_fallback").check().run()
    assert not button(test, "Review and submit").disabled
    button(test, "Review and submit").click()
    test.run()
    assert button(test, "Submit 1 request")
    assert "gpt-6-luna" in "\n".join(str(table.value) for table in test.table).replace("\\", "")


def test_a_cheaper_model_is_offered_and_taken_by_a_click_only(page: Page, world: World) -> None:
    world.import_text("family.csv", POSITIONS)
    test = page(world, "prepare", model="gpt-5.4")
    offer = next(one for one in test.button if one.label.startswith("Use "))
    assert test.multiselect(key="prepare_models").value == ["gpt-5.4"]
    offer.click()
    test.run()
    taken = offer.label.removeprefix("Use ").removesuffix(" instead").replace("\\", "")
    assert test.multiselect(key="prepare_models").value == [taken]


def test_groups_tags_and_a_search_choose_portfolios(page: Page, world: World) -> None:
    world.app.portfolios.add_samples(LOCAL)
    ids = world.app.portfolios.ids(LOCAL)
    world.app.labels.change_group(LOCAL, "Pensions", add=ids[:3])
    world.app.labels.tag(LOCAL, ids[:2], add=["core"])
    test = page(world, "prepare")
    for way, key, value, count in (
        ("Group", "prepare_group", "Pensions", 3),
        ("Tag", "prepare_tag", "core", 2),
        ("Search", "prepare_words", "60/40", 1),
    ):
        test.session_state["prepare_which"] = way
        test.session_state[key] = value
        test.run()
        assert not test.exception
        assert f"{count} portfolio" in said(test), way


def test_the_cacheable_share_and_the_room_are_shown(page: Page, lived_in: World) -> None:
    test = page(lived_in, "prepare")
    words = "\n".join(str(table.value) for table in test.table)
    assert "cacheable" in words
    assert "it goes at once" in words


def test_a_choice_of_thousands_is_counted_and_not_listed(page: Page, lived_in: World) -> None:
    test = page(lived_in, "prepare")
    test.session_state["prepare_which"] = "Chosen"
    test.session_state["prepare_chosen"] = lived_in.app.portfolios.ids(LOCAL) * 14
    test.session_state["prepare_kinds"] = []
    test.run()
    assert "546 portfolios were chosen on the Portfolios page." in said(test)


def as_viewer() -> None:
    """The page for somebody who may only read."""
    from dashboard.prepare import page as prepare
    from dashboard.shell import navigation, session
    from tests.pages.portfolio_pages import VIEWER

    navigation.choose()
    prepare.prepare(session.current()[0], VIEWER)


def test_a_viewer_is_told_what_it_takes_and_sees_no_input(page: Page, lived_in: World) -> None:
    page(lived_in)
    test = AppTest.from_function(as_viewer, default_timeout=30).run()
    assert not test.exception
    assert "You may read, not prepare" in said(test)
    assert not test.multiselect


def test_what_a_model_took_so_far_is_shown_from_its_own_answers(page: Page, lived_in: World) -> None:
    test = page(lived_in, "prepare")
    known = dict(zip(column(test, "Parameter"), column(test, "Taken"), strict=True))
    assert known.keys() == {"max_completion_tokens", "response_format"}
    assert all(int(str(taken).replace(",", "")) > 39 for taken in known.values())
    assert "Learned from the local stand-in" in said(test)


def test_what_waits_already_is_named_before_the_question_and_its_button_says_again(page: Page, world: World) -> None:
    portfolio_id = world.import_text("family.csv", POSITIONS)
    job_id = world.submit((portfolio_id,), regional=True)
    test = page(world, "prepare")
    assert f"by you (job {job_id}, waiting)" in said(test)
    assert any(one.label == "Open it" for one in test.button)
    button(test, "Review and submit").click()
    test.run()
    assert button(test, "Send again: 1 request")
    world.app.jobs.cancel(LOCAL, job_id)
    test = page(world, "prepare")
    assert job_id not in said(test)


def test_of_two_requests_the_one_that_waits_already_is_left_out_unless_the_reader_wants_both(
    page: Page, world: World
) -> None:
    first = world.import_text("family.csv", POSITIONS)
    world.import_text("trust.csv", POSITIONS.replace("Family", "Trust"))
    job_id = world.submit((first,), regional=True)
    test = page(world, "prepare")
    assert job_id in said(test)
    button(test, "Review and submit").click()
    test.run()
    assert button(test, "Submit 1 request")
    assert "Leave out 1 request that waits for an answer already" in {one.label for one in test.checkbox}
    test = page(world, "prepare")
    test.session_state["prepare_leave_waiting"] = False
    button(test, "Review and submit").click()
    test.run()
    assert button(test, "Send again: 2 requests")


def test_a_page_loaded_again_after_the_click_lands_on_the_run(page: Page, world: World) -> None:
    world.import_text("family.csv", POSITIONS)
    test = page(world, "prepare")
    button(test, "Review and submit").click()
    test.run()
    nonce = str(test.query_params["sent"])
    assert button(page(world, "prepare", sent=nonce), "Review and submit")
    request = AnalysisRequest(Kind.RISK, tuple(world.app.portfolios.ids(LOCAL)), "gpt-5.4-mini")
    job_id = world.app.jobs.submit(LOCAL, request, nonce=nonce).row.job_id
    again = page(world, "prepare", sent=nonce)
    assert not again.exception
    assert job_id in said(again)
    assert "Review and submit" not in {one.label for one in again.button}
