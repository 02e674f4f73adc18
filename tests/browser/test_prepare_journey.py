"""Preparing several analyses at once in a real browser: what cannot be tried without one."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visitor
from tests.browser.installation import Installation

Installed = Callable[..., AbstractContextManager[Installation]]
Window = Callable[..., AbstractContextManager[Visitor]]


@pytest.mark.full
def test_a_comparison_is_submitted_and_a_brief_asks_for_what_it_lacks(installed: Installed, visitor: Window) -> None:
    with installed() as installation, visitor(installation) as window:
        page = window.page
        window.go("/")
        window.click("button", "Load sample portfolios")
        window.sees("39 sample portfolios loaded")

        window.go("/prepare?kind=risk,allocation&model=gpt-5.4-mini,gpt-6-luna&portfolio=sample-eu-ucits-balanced")
        window.sees("Job by job")
        window.click("button", "Review and submit")
        window.sees("4 jobs are submitted together: all of them or none.")
        window.click("button", "Submit 4 requests")
        expect(page).to_have_url(re.compile(r"/runs"))
        window.sees("4 requests submitted")

        window.go("/prepare?kind=committee_brief&portfolio=sample-eu-ucits-balanced")
        window.sees("Something is missing for the brief")
        window.click("button", "Prepare what is missing")
        window.sees("Expected cost")
        window.sees("First request, exactly as it will be sent")
        expect(page.get_by_text("Something is missing for the brief")).to_be_hidden()
        window.click("button", "Review and submit")
        window.sees("jobs are submitted together: all of them or none.")


@pytest.mark.full
def test_a_model_that_is_gone_is_replaced_by_a_click_and_the_run_says_so(installed: Installed, visitor: Window) -> None:
    with installed(worker=False) as installation, visitor(installation) as window:
        page = window.page
        window.go("/")
        window.click("button", "Load sample portfolios")
        window.sees("39 sample portfolios loaded")
        window.go("/prepare?model=gpt-4-turbo&portfolio=sample-us-60-40")
        window.sees("was shut down on 2026-10-23")
        page.get_by_text("Take gpt-6-luna in place of gpt-4-turbo").click()
        window.sees("Expected cost")
        window.click("button", "Review and submit")
        window.click("button", "Submit 1 request")
        expect(page).to_have_url(re.compile(r"/run\?run="))
        window.sees("gpt-6-luna")


def test_a_reload_right_after_the_click_buys_once_and_finds_the_run(installed: Installed, visitor: Window) -> None:
    with installed(worker=False) as installation, visitor(installation) as window:
        page = window.page
        window.go("/")
        window.click("button", "Load sample portfolios")
        window.sees("39 sample portfolios loaded")
        wish = "/prepare?kind=risk&model=gpt-5.4-mini&portfolio=sample-us-60-40"
        window.go(wish)
        window.click("button", "Review and submit")
        window.sees("Send this to the provider?")
        expect(page).to_have_url(re.compile(r"sent="))
        asked = page.url
        window.click("button", "Submit 1 request")
        page.reload()
        page.wait_for_timeout(3000)
        if "/run?" not in page.url:  # it was loaded again before the job was stored
            page.goto(asked)
        expect(page).to_have_url(re.compile(r"/run\?run="))

        # A second tab, or a colleague: the same is named, and only whoever insists sends it again.
        window.go(wish)
        window.sees("The same request was submitted")
        window.click("button", "Review and submit")
        window.click("button", "Send again: 1 request")
        expect(page).to_have_url(re.compile(r"/run\?run="))
        window.go("/runs")
        window.sees("2 runs")
