"""From many answers to one number's fact, and to the page that a committee holds in its hands."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from pypdf import PdfReader

from core.desk.committee_page import GapLine, ModelSentence, ProposalLine
from core.domain.actor import LOCAL
from core.domain.analysis import AnalysisRequest, Kind
from core.domain.job import JOB_ENDED
from dashboard.brief import document as brief_document
from tests.browser.conftest import Visitor
from tests.browser.installation import Installation
from tests.pages.world import World, opened

pytestmark = pytest.mark.browser

Installed = Callable[..., AbstractContextManager[Installation]]
Window = Callable[..., AbstractContextManager[Visitor]]

FUNDS = ("sample-eu-ucits-over-limit", "sample-eu-ucits-at-limit", "sample-eu-ucits-balanced")
SLIPS = {"seed": 3, "answers": {"wrong_value": 1.0}}
NEEDED = (Kind.RISK, Kind.ALLOCATION, Kind.PERFORMANCE, Kind.COMPLIANCE)


def run(world: World, *kinds: Kind) -> list[str]:
    """Submit analyses and wait until the installation's own worker has ended them."""
    ids = [world.app.jobs.submit(LOCAL, AnalysisRequest(kind, FUNDS, "gpt-5.4-mini")).row.job_id for kind in kinds]
    deadline = time.monotonic() + 120
    while any(world.app.jobs.get(LOCAL, one).row.state not in JOB_ENDED for one in ids):
        assert time.monotonic() < deadline, "the worker did not end the jobs"
        time.sleep(0.2)
    return ids


def test_from_a_cell_to_a_wrong_number_to_the_committees_sheet(
    installed: Installed, visitor: Window, chromium: Browser, tmp_path: Path
) -> None:
    with installed() as installation, opened(installation.home, installation.provider.base_url) as world:
        world.app.portfolios.add_samples(LOCAL)
        risk, *_ = run(world, *NEEDED)
        (brief,) = run(world, Kind.COMMITTEE_BRIEF)
        installation.provider.set_faults(SLIPS)
        (slipped,) = run(world, Kind.RISK)

        with visitor(installation) as window:
            page = window.page
            window.go(f"/explore?run={slipped}")
            window.sees("Severity by portfolio and risk")
            window.sees("Read these first")
            heat = page.locator(".js-plotly-plot").nth(2)
            heat.scroll_into_view_if_needed()
            window.settled()
            ground = heat.locator(".nsewdrag").first.bounding_box()
            assert ground is not None
            page.mouse.click(ground["x"] + ground["width"] * 0.05, ground["y"] + ground["height"] / 6)
            expect(page).to_have_url(re.compile(rf"/run\?run={slipped}&item=risk-sample-eu"))

            window.sees("in this answer does not hold")
            number = page.locator("[title*='Likely slip']").first
            expect(number).to_have_attribute("title", re.compile(r"Likely slip: \w"))
            page.locator("summary", has_text="Raw answer").click()
            window.sees("custom_id")

            window.go(f"/compare?base={risk}&new={slipped}")
            window.sees("Numbers and their price")

            window.go(f"/brief?run={brief}&portfolio={FUNDS[0]}")
            window.sees("Decision asked for")
            window.sees("Issuers above 5 % together at most 40 %")
            with page.expect_download() as download:
                window.click("link", "Download to print or send")
            sheet = tmp_path / download.value.suggested_filename
            download.value.save_as(sheet)

        assert pages_of(chromium, sheet) == 1


def pages_of(chromium: Browser, sheet: Path) -> int:
    """How many sheets of A4 a document prints on; it may ask nobody for anything and complain of nothing."""
    page = chromium.new_page()
    asked: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: complaints.append(message.text))
    page.goto(sheet.as_uri())
    assert page.locator("main.brief").evaluate("node => getComputedStyle(node).backgroundColor") == "rgb(255, 255, 255)"
    printed = sheet.with_suffix(".pdf")
    page.pdf(path=printed, prefer_css_page_size=True)
    page.close()
    assert asked == [sheet.as_uri()]
    assert complaints == []
    return len(PdfReader(printed).pages)


def test_the_longest_page_a_model_can_write_prints_on_one_sheet(
    installed: Installed, chromium: Browser, tmp_path: Path
) -> None:
    with installed() as installation, opened(installation.home, installation.provider.base_url) as world:
        world.app.portfolios.add_samples(LOCAL)
        run(world, *NEEDED)
        (job_id,) = run(world, Kind.COMMITTEE_BRIEF)
        brief = world.app.briefs.page(LOCAL, job_id, at=world.app.now(), portfolio_id=FUNDS[0])
    words = "Considerable uncertainty about counterparties " * 40
    said = ModelSentence(words, holds=False)
    full = replace(
        brief,
        portfolio=words,
        decision=said,
        summary=said,
        conditions=(said,) * 2,
        dissent=(said,) * 3,
        risks=tuple(replace(one, explanation=words, mitigation=words, holds=False) for one in (brief.risks * 4)[:4]),
        gaps=(GapLine((words, words, words, words), words, 1, holds=False),) * 3,
        breaches=tuple(replace(one, title=words, citation=words) for one in (brief.breaches * 6)[:4]),
        breached_rules=40,
        proposals=(ProposalLine("increase", words[:40], 10.0, 20.0, words, holds=False),) * 3,
        classes=tuple((f"class {number}", 10.0) for number in range(9)),
    )
    sheet = tmp_path / "full.html"
    sheet.write_text(brief_document.document(full), "utf-8")
    assert pages_of(chromium, sheet) == 1
