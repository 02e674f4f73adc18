"""What people do, in a real browser, against real processes."""

from __future__ import annotations

import re
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import FIXTURES, Visitor
from tests.browser.installation import Installation
from tests.web.asking import browser_of

pytestmark = pytest.mark.browser

Installed = Callable[..., AbstractContextManager[Installation]]
Window = Callable[..., AbstractContextManager[Visitor]]

HOSTILE = "![x](https://evil.example/x.png) [tell](https://evil.example) <img src=https://evil.example/y.png> :tada:"
POSITIONS = f"""date,account,symbol,isin,name,asset_class,quantity,price,currency,market_value,sector,country
2026-10-30,"{HOSTILE}",VOO,,{HOSTILE},equity_fund,20,600.50,USD,12010.00,,US
2026-10-30,"{HOSTILE}",BND,,Bonds,bond_fund,50,74.00,USD,3700.00,,US
"""


def test_a_broker_file_becomes_verified_results_and_charts(installed: Installed, visitor: Window) -> None:
    with installed() as installation, visitor(installation) as window:
        page = window.page

        window.go("/portfolios?portfolios_tab=Import")
        page.locator("input[type=file]").set_input_files(FIXTURES / "Portfolio_Positions_Oct-30-2026.csv")
        window.sees("Found: 1 portfolio, 4 good rows")
        window.click("button", "Keep 1 portfolio")
        window.sees("1 portfolio kept")

        window.go("/")
        page.get_by_text("Analyse", exact=True).click()
        page.get_by_role("menuitem", name="Prepare").click()
        window.sees("Expected cost")
        window.sees("First request, exactly as it will be sent")
        window.click("button", "Review and submit")
        window.sees("Send this to the provider?")
        window.click("button", "Submit 1 request")

        expect(page).to_have_url(re.compile(r"/run\?run=\d{6}-\d{6}-"))
        window.sees("Handed to the provider")
        window.sees("1 of 1 requests answered, 1 collected and checked")
        window.sees("Steps · ended")

        window.opens_row(1)
        window.sees("Claims and their evidence")
        expect(page.get_by_text("inserted fact", exact=False).nth(2)).to_be_visible()

        window.click("link", "Explore")
        window.sees("Severity by portfolio and risk")
        expect(page.locator(".js-plotly-plot")).to_have_count(4)


def test_the_empty_first_visit_explains_itself(installed: Installed, visitor: Window) -> None:
    with installed(worker=False) as installation, visitor(installation) as window:
        page = window.page

        window.go("/")
        window.sees("Welcome to Mosychlos")
        window.sees("No worker runs")
        window.click("button", "Read how it works")
        window.sees("Every number checked.")
        page.keyboard.press("Escape")
        expect(page.get_by_text("Every number checked.")).to_be_hidden()
        for path, words in (
            ("/portfolios", "No portfolio yet"),
            ("/data", "No prices yet"),
            ("/prepare", "No portfolio yet"),
            ("/runs", "No run yet"),
            ("/run", "No run was chosen"),
            ("/explore", "Nothing to explore yet"),
            ("/compare", "Nothing to compare yet"),
            ("/brief", "No brief yet"),
        ):
            window.go(path)
            window.sees(words)

        window.go("/")
        page.get_by_role("button", name="Load sample portfolios").focus()
        page.keyboard.press("Enter")
        window.sees("39 sample portfolios loaded")
        window.sees("Nothing is running.")


@pytest.mark.full
def test_a_run_with_failing_rows_shows_them_first(installed: Installed, visitor: Window) -> None:
    with installed() as installation, visitor(installation) as window:
        page = window.page
        installation.provider.set_faults(
            {"seed": 3, "answers": {"wrong_number": 0.5, "refused": 0.2, "bad_request_rows": 0.2}}
        )

        window.go("/")
        window.click("button", "Load sample portfolios")
        window.sees("39 sample portfolios loaded")
        window.go("/prepare")
        window.click("button", "Review and submit")
        window.click("button", "Submit 39 requests")
        window.sees("of 39 requests ended without an analysis")
        window.sees("of 39 requests have an analysis, ")

        window.sees("Steps · ended")
        window.click("tab", "Errors")
        expect(page.get_by_test_id("stCode").filter(has_text="Invalid prompt").first).to_be_visible()
        window.click("tab", "Results")
        page.get_by_test_id("stButtonGroup").get_by_text("refused").click()
        window.opens_row(1)
        window.sees("Asking again")
        window.settled()
        page.get_by_test_id("stButtonGroup").get_by_text("refused").click()
        window.settled()
        page.get_by_text("Only with numbers that do not hold").click()
        window.settled()
        # With an answer to read, the list steps aside.
        page.locator("summary").filter(has_text="requests").click()
        window.opens_row(1)
        window.sees("in this answer does not hold")

        with page.expect_download() as csv:
            window.click("link", "CSV")
        assert len(csv.value.path().read_text("utf-8-sig").splitlines()) == 40


def test_hostile_names_become_neither_pictures_nor_links(installed: Installed, visitor: Window) -> None:
    with installed(worker=False) as installation, visitor(installation) as window:
        page = window.page

        window.go("/portfolios?portfolios_tab=Import")
        page.locator("input[type=file]").set_input_files(
            {"name": "positions.csv", "mimeType": "text/csv", "buffer": POSITIONS.encode()}
        )
        window.click("button", "Keep 1 portfolio")
        window.sees("1 portfolio kept")
        window.click("tab", "Portfolios")
        window.opens_row(1)
        expect(page).to_have_url(re.compile("portfolio="))
        window.sees("Total value")
        expect(page.locator("h1")).to_contain_text("evil.example")
        expect(page.locator("[src*='//evil'], [href*='//evil']")).to_have_count(0)


def test_every_page_fits_a_narrow_screen(installed: Installed, visitor: Window) -> None:
    with installed(worker=False) as installation, visitor(installation, width=400, dark=True) as window:
        window.go("/")
        window.click("button", "Load sample portfolios")
        window.sees("39 sample portfolios loaded")
        for path in (
            "/",
            "/portfolios",
            "/portfolios?portfolio=sample-us-60-40",
            "/prepare",
            "/runs",
            "/explore",
            "/compare",
            "/brief",
        ):
            window.go(path)
            expect(window.page.locator("h1, h4").first).to_be_visible()
            assert window.page.evaluate("document.documentElement.scrollWidth") <= 400, path


def test_the_server_answers_this_machine_only_and_sends_its_policy(installed: Installed) -> None:
    with installed(worker=False) as installation:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with pytest.raises(urllib.error.HTTPError, match="401"):
            opener.open(installation.url, timeout=10)
        known = urllib.request.Request(installation.url, headers=browser_of(installation.entrance))
        with opener.open(known, timeout=10) as answer:
            assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
            assert answer.headers["x-content-type-options"] == "nosniff"
        foreign = urllib.request.Request(installation.url, headers={"Host": "evil.example"})
        with pytest.raises(urllib.error.HTTPError, match="400"):
            opener.open(foreign, timeout=10)
