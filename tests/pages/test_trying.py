"""Try one now on Prepare: the page stores a wish and reads along, a worker asks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.domain.actor import LOCAL
from core.domain.analysis import AnalysisRequest, Kind
from core.domain.trial import TryState
from core.worker.single_try import TryRunner
from tests.local_provider import LocalProvider
from tests.pages.conftest import Page
from tests.pages.reading import button, column, said
from tests.pages.world import POSITIONS, World, opened


@pytest.fixture
def near(tmp_path: Path) -> Iterator[World]:
    """An installation with one portfolio and a provider."""
    with (
        LocalProvider(tmp_path / "provider") as provider,
        opened(tmp_path / "home", provider.base_url, provider) as world,
    ):
        world.import_text("family.csv", POSITIONS)
        yield world


def asked(page: Page, world: World) -> AppTest:
    test = page(world, "prepare")
    button(test, "Try one now").click()
    test.run()
    assert not test.exception
    return test


def work(world: World) -> None:
    with closing(world.app.provider()) as provider:
        runner = TryRunner(world.app.trier(provider))
        runner.sweep()
        runner.wait(20)


def test_the_price_of_one_is_said_before_it_is_asked(page: Page, near: World) -> None:
    assert "at the synchronous price: about $0." in said(page(near, "prepare"))


def test_a_click_stores_a_wish_and_the_page_itself_asks_nobody(page: Page, near: World) -> None:
    test = asked(page, near)
    (tried,) = near.app.tries.newest(LOCAL)
    assert tried.state is TryState.WAITING
    assert "waiting for a worker" in said(test)
    assert "No worker runs" in said(test)
    assert near.provider is not None
    assert near.provider.calls("POST /v1/chat/completions") == 0


def test_a_second_tab_reads_the_answer_that_the_first_one_bought(page: Page, near: World) -> None:
    first, second = page(near, "prepare"), page(near, "prepare")
    for tab in (first, second):
        button(tab, "Try one now").click()
        tab.run()
        assert not tab.exception
    (tried,) = near.app.tries.newest(LOCAL)
    assert second.session_state["try_id"] == tried.try_id
    assert "The same question was asked" in second.toast[0].value


def test_what_waits_in_a_run_is_asked_at_once_only_after_a_second_word(page: Page, near: World) -> None:
    job_id = near.submit(tuple(near.app.portfolios.ids(LOCAL)), regional=True)
    test = asked(page, near)
    assert f"waits for an answer already, in job {job_id}" in said(test)
    assert near.app.tries.newest(LOCAL) == []
    button(test, "Ask it once more").click()
    test.run()
    assert not test.exception
    assert [one.state for one in near.app.tries.newest(LOCAL)] == [TryState.WAITING]


def test_what_changed_since_its_price_was_read_is_not_sent(page: Page, near: World) -> None:
    test = page(near, "prepare")
    near.import_text("family.csv", POSITIONS.replace("AAPL", "MSFT"))
    button(test, "Try one now").click()
    test.run()
    assert "not what was approved" in said(test)
    assert near.app.tries.newest(LOCAL) == []
    button(test, "Try one now").click()
    test.run()
    assert len(near.app.tries.newest(LOCAL)) == 1


def test_the_checked_answer_is_shown_with_its_price(page: Page, near: World) -> None:
    test = asked(page, near)
    work(near)
    test.run()
    words = said(test)
    assert "answered" in words
    assert re.search(r"Numbers that hold: (\d+) of \1", words)
    assert "Cost $0.0" in words
    assert "Simulated" in words


def test_a_wish_can_be_called_off_from_the_page(page: Page, near: World) -> None:
    test = asked(page, near)
    button(test, "Stop").click()
    test.run()
    (tried,) = near.app.tries.newest(LOCAL)
    assert tried.state is TryState.CANCELLED


def test_a_budget_that_would_be_passed_stores_nothing(page: Page, near: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOSYCHLOS_BUDGET_JOB_USD", "0")
    test = asked(page, near)
    assert "MOSYCHLOS_BUDGET_JOB_USD" in said(test)
    assert near.app.tries.newest(LOCAL) == []


def test_calls_of_tools_are_shown_with_what_the_model_was_told(page: Page, near: World) -> None:
    ids = tuple(near.app.portfolios.ids(LOCAL))
    request = AnalysisRequest(Kind.RISK, ids, "gpt-5.4-mini", tools=("risk_calculator",))
    tried = near.app.tries.ask(LOCAL, request, ids[0])
    work(near)
    test = page(near, "prepare")
    test.session_state["try_id"] = tried.try_id
    test.session_state["try_tools"] = True
    test.run()
    assert not test.exception
    assert any(one.label == "1 tool call" for one in test.expander)
    assert "asked 2 times" in said(test)
    assert "1. risk_calculator" in said(test)


def test_what_does_not_hold_is_listed_under_the_answer(page: Page, near: World) -> None:
    test = asked(page, near)
    assert near.provider is not None
    near.provider.set_faults({"answers": {"wrong_value": 1.0}})
    work(near)
    near.provider.set_faults()
    test.run()
    assert not test.exception
    assert column(test, "Likely slip")
