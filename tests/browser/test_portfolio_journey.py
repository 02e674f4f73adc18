"""A portfolio is found, changed, taken back and held against its rules, in a real browser."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visitor
from tests.browser.installation import Installation

pytestmark = pytest.mark.browser

Installed = Callable[..., AbstractContextManager[Installation]]
Window = Callable[..., AbstractContextManager[Visitor]]
TABS = ("Holdings", "Funds", "Performance", "Risk", "Attribution", "Rules", "History")


@pytest.mark.full
def test_a_limit_is_broken_by_an_edit_and_kept_again_by_undo(installed: Installed, visitor: Window) -> None:
    with installed(worker=False) as installation, visitor(installation) as window:
        page = window.page
        window.go("/")
        window.click("button", "Load sample portfolios")
        window.sees("39 sample portfolios loaded")

        window.go("/portfolios?portfolios_search=at+its+limit")
        window.sees("1 portfolio ·")
        # The first column marks rows; the name is the second.
        window.settled()
        page.get_by_test_id("stDataFrame").first.click(position={"x": 120, "y": 35 + 18})
        expect(page).to_have_url(re.compile("portfolio=sample-eu-ucits-at-limit"))
        window.sees("Euro equity UCITS, at its limit")

        window.click("tab", "Rules")
        window.sees("Rules kept")
        kept = page.get_by_test_id("stMetric").filter(has_text="Rules kept").get_by_test_id("stMetricValue")
        expect(kept).to_have_count(1)
        before = kept.inner_text()
        expect(page.get_by_text(re.compile(r"\d+ breach"))).to_have_count(0)

        window.click("tab", "Holdings")
        window.settled()
        page.get_by_role("combobox", name="Holding", exact=True).click()
        page.keyboard.type("ASML")
        page.get_by_role("option").filter(has_text="ASML.AS").click()
        window.sees("Change ASML.AS")
        window.settled()
        field = page.get_by_role("textbox", name="Market value", exact=True)
        expect(field).to_have_value(re.compile(r"^\d"))
        worth = field.input_value()
        field.fill("a lot")
        window.click("button", "Save changes")
        window.sees("is not a number")
        field.fill(str(float(worth) * 1.5))
        window.click("button", "Save changes")
        window.sees("revision 2")

        window.click("tab", "Rules")
        window.sees("No issuer above 10 %")
        expect(page.get_by_text(re.compile(r"\d+ breach")).first).to_be_visible()

        window.click("tab", "Holdings")
        window.click("button", "Undo")
        window.sees("revision 3")
        window.click("tab", "Rules")
        expect(kept).to_have_text(before)
        expect(page.get_by_text(re.compile(r"\d+ breach"))).to_have_count(0)
        window.click("tab", "History")
        window.sees("Revisions of this day")


@pytest.mark.full
def test_every_tab_of_a_portfolio_fits_a_narrow_screen(installed: Installed, visitor: Window) -> None:
    with installed(worker=False) as installation:
        with visitor(installation) as window:
            window.go("/")
            window.click("button", "Load sample portfolios")
            window.sees("39 sample portfolios loaded")
        for dark in (False, True):
            with visitor(installation, width=400, dark=dark) as window:
                for tab in TABS:
                    window.go(f"/portfolios?portfolio=sample-us-wealth-13f&portfolio_tab={tab}")
                    chosen = window.page.get_by_role("tab", name=tab, exact=True)
                    expect(chosen).to_have_attribute("aria-selected", "true")
                    window.settled()
                    assert _width(window.page) <= 400, (tab, dark)


def _width(page: Page) -> int:
    width: int = page.evaluate("document.documentElement.scrollWidth")
    return width
