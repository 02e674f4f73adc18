"""What stands around every page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.shell import session, wiring
from tests.pages.conftest import Page
from tests.pages.reading import button, said
from tests.pages.world import World

PAGES = ("overview", "portfolios", "data", "prepare", "runs", "run", "explore")


@pytest.mark.parametrize("name", PAGES)
def test_every_page_opens_on_an_empty_installation(page: Page, world: World, name: str) -> None:
    test = page(world, name)
    assert not test.exception
    assert not test.error


@pytest.mark.parametrize("name", PAGES)
def test_every_page_opens_on_a_lived_in_installation(page: Page, lived_in: World, name: str) -> None:
    test = page(lived_in, name)
    assert not test.exception
    assert not test.error


def test_the_reader_is_told_that_answers_are_simulated_and_that_no_worker_runs(page: Page, world: World) -> None:
    words = said(page(world))
    assert "Simulated" in words
    assert "No worker runs" in words
    assert "Signed in as Local user" in words


def test_the_dashboard_never_holds_the_providers_key(page: Page, world: World) -> None:
    page(world)
    app, _ = session.current()
    assert app.settings.api_key is None


def test_a_data_directory_that_cannot_be_made_is_said_in_a_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    monkeypatch.setenv("MOSYCHLOS_HOME", str(blocked / "home"))
    wiring.app.clear()
    test = AppTest.from_file(Path(session.__file__).parents[1] / "app.py", default_timeout=30).run()
    assert not test.exception
    assert "MOSYCHLOS_HOME" in said(test)


def test_the_health_report_names_what_is_missing(page: Page, world: World) -> None:
    test = page(world)
    button(test, "System health").click()
    words = said(test.run())
    assert "No worker runs" in words
    assert "No cost limit is set" in words


def test_an_unknown_run_is_said_in_a_sentence(page: Page, world: World) -> None:
    test = page(world, "run", run="261124-000000-none")
    assert not test.exception
    assert "There is no job '261124-000000-none'" in said(test)


def test_an_unknown_portfolio_is_said_in_a_sentence(page: Page, world: World) -> None:
    test = page(world, "portfolios", portfolio="nobody")
    assert not test.exception
    assert "nobody" in said(test)


def broken_page() -> None:
    """What the server does when a page raises."""
    from dashboard.shell import server

    server.on_script_error(ValueError("holdings of client 4711"))


def test_an_unexpected_error_is_calm_and_tells_an_id_instead_of_details(caplog: pytest.LogCaptureFixture) -> None:
    words = said(AppTest.from_function(broken_page, default_timeout=30).run())
    assert "Something went wrong on this page" in words
    assert "4711" not in words
    error_id = re.findall(r"\*\*([0-9a-f]{8})\*\*", words)[0]
    assert error_id in caplog.text
