"""What pages offer to take along: made when asked for, named by its content, and handed out by one route only."""

from __future__ import annotations

import hashlib
import json
from email.message import Message
from io import BytesIO
from pathlib import Path
from urllib.parse import unquote

import pytest
from openpyxl import load_workbook

from core.domain.job import JobState
from dashboard.shell.downloads import TICKET_SECONDS, Offer, Offers, disposition, hashed_name
from tests.pages.conftest import Page
from tests.pages.reading import taken
from tests.pages.test_run import run_in
from tests.pages.world import World

ROOT = Path(__file__).resolve().parents[2]


def offer(content: bytes = b"x") -> Offer:
    return Offer("job.json", "application/json", lambda: [content], "Ada")


def test_a_runs_exports_hold_every_request(page: Page, lived_in: World) -> None:
    job_id = run_in(lived_in, JobState.PARTIAL)
    test = page(lived_in, "run", run=job_id)
    name, csv = taken(test, "CSV")
    assert name == f"{job_id}.csv"
    assert len(csv.decode("utf-8-sig").splitlines()) == 40
    assert len(json.loads(taken(test, "JSON")[1])["items"]) == 39
    assert load_workbook(BytesIO(taken(test, "XLSX")[1]))["Requests"].max_row == 40


def test_the_committees_page_and_the_template_are_offered(page: Page, lived_in: World) -> None:
    brief = page(lived_in, "brief", run=run_in(lived_in, JobState.DONE))
    assert b"<html" in taken(brief, "Download to print or send")[1]
    name, template = taken(page(lived_in, "portfolios", portfolios_tab="Import"), "Download the template")
    assert name == "positions-template.csv"
    assert b"," in template


def test_no_page_uses_streamlits_own_downloads_which_need_no_session() -> None:
    for folder in ("dashboard", "pages"):
        for file in (ROOT / folder).rglob("*.py"):
            words = file.read_text("utf-8")
            for door in ("download_button", "st.audio", "st.video", "st.pdf", "media_file_mgr"):
                assert door not in words, f"{file}: {door}"


def test_an_offer_is_for_one_browser_and_keeps_its_word_while_its_page_is_drawn_again() -> None:
    offers = Offers()
    word = offers.put("ada", "run_csv", offer(b"first"))
    assert offers.put("ada", "run_csv", offer(b"second")) == word
    assert offers.put("eve", "run_csv", offer()) != word
    found = offers.find("ada", word)
    assert found is not None
    assert list(found.chunks()) == [b"second"]
    assert offers.find("eve", word) is None
    assert offers.find("", word) is None


def test_a_ticket_is_good_once_for_a_minute_and_for_who_drew_it() -> None:
    now = 0.0
    offers = Offers(lambda: now)
    ticket = offers.draw("ada", offer())
    assert offers.redeem("eve", ticket) is None
    assert offers.redeem("ada", ticket) is not None
    assert offers.redeem("ada", ticket) is None
    late = offers.draw("ada", offer())
    now = TICKET_SECONDS + 0.1
    assert offers.redeem("ada", late) is None


def test_two_contents_of_one_length_never_come_under_one_name() -> None:
    line = b'{"custom_id":"risk-00000","verified":23,"mismatched":0,"level":"low"}\n'
    first = line * 40_000
    changed = line.replace(b'"mismatched":0', b'"mismatched":9')
    second = first[: 9_000 * len(line)] + changed + first[9_001 * len(line) :]
    assert len(first) == len(second)
    names = {hashed_name("job.json", hashlib.sha256(content).digest()) for content in (first, second)}
    assert len(names) == 2
    assert all(name.startswith("job.") and name.endswith(".json") for name in names)


@pytest.mark.parametrize(
    "name",
    ["plain.csv", "Börse & Söhne.csv", 'a"b;c.csv', "..\\..\\x.csv", "../x.csv", "a\r\nset-cookie: x.csv", "日本.csv",
     "50 %.csv", "\u202egnp.csv", "\ud800.csv"],
)  # fmt: skip
def test_any_name_is_a_header_that_browsers_read_back(name: str) -> None:
    header = disposition(name)
    assert header.isascii()
    assert header.isprintable()
    message = Message()
    message["Content-Disposition"] = header
    plain = message.get_param("filename", header="content-disposition")
    exact = unquote(header.partition("filename*=UTF-8''")[2])
    if name.isascii() and name.isprintable() and not set(name) & set('"\\/%'):
        assert header.startswith(f'attachment; filename="{name}"; ')
    assert exact == name or not name.isprintable() or set(name) & set("/\\")
    assert not set(exact) & set("/\\\r\n")
    assert plain
