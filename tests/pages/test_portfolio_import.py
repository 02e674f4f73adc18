"""Files on their way in on the Portfolios page."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.domain.actor import LOCAL
from dashboard.portfolio import imports
from tests.pages.conftest import Page
from tests.pages.reading import button, column, said
from tests.pages.world import POSITIONS, World

ROOT = Path(__file__).resolve().parents[2]
PROBLEMS = POSITIONS + "2026-10-30,Family,TSLA,,Tesla,equity,ten,250.00,USD,,,US\n"


def importing(page: Page, world: World, name: str, text: str) -> AppTest:
    """The Import tab with a file in it."""
    test = page(world, "portfolios")
    test.session_state[imports.TAB_KEY] = "Import"
    test.run()
    test.get("file_uploader")[0].upload(name, text.encode(), "text/csv")
    return test.run()


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


def test_looking_at_a_ledger_runs_nothing_of_it(
    page: Page, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Beancount's own tools are among this environment's programs; nothing may start them.
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    mark = tmp_path / "mark"
    good = '2020-01-02 * "in"\n  Assets:Cash  10 EUR\n  Equity:Open\n'
    plugin = f"plugin \"beancount.plugins.check_commodity\" \"__import__('os').system('touch {mark}') or {{}}\"\n"
    test = importing(page, world, "evil.beancount", plugin + good)
    assert not test.exception
    assert column(test, "File") == ["evil.beancount"]
    assert not any(one.label.startswith("Keep") for one in test.button)
    assert "1 portfolio" in said(importing(page, world, "good.beancount", good))
    assert not mark.exists()


def test_a_file_that_names_no_currency_is_read_once_the_box_above_says_it(page: Page, world: World) -> None:
    text = (ROOT / "tests/unit/intake/fixtures/formats/ishares_holdings_de.csv").read_text("utf-8")
    test = importing(page, world, "fonds.csv", text)
    assert "does not say in which currency its values are" in str(column(test, "What is wrong, and what to do"))
    test.text_input(key="import_currency").input("EUR")
    test.run()
    assert not test.exception
    assert "1 portfolio, 2 good rows" in said(test)
