"""Whatever others wrote is kept as people may see it: one test a way in."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, date, datetime

import pytest

from core.domain.market import DocumentKind
from core.errors import BadInput
from core.intake.cells.names import display_name
from core.intake.market.documents import About, read_document
from core.intake.market.price_files import read_prices
from core.intake.market.price_table import PriceOptions
from core.intake.reading import read_bytes
from core.llm.answers import read_line
from core.llm.tool_calls import citations
from core.providers.failures import clean
from core.providers.shapes import _problem
from core.storage.portfolios.groups import group_key_of, tag_of
from tests.unit.text.nasty import NASTY, leaks

TODAY = date(2026, 11, 24)
HEADER = "date,account,symbol,isin,name,asset_class,quantity,price,currency,market_value,sector,country\n"
BEFORE_LINES = tuple(text.replace("\ud83d", "").replace("\x00", "") for text in NASTY)
"""As they can stand in a file of UTF-8."""


def one_cell(text: str) -> str:
    """A text that stays one cell of one row; files with other control characters in them are refused."""
    for end in '\r\n\x07\x1b\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029,"':
        text = text.replace(end, " ")
    return text


@pytest.mark.parametrize("said", BEFORE_LINES)
def test_positions(said: str) -> None:
    cell = one_cell(said)
    rows = f"2026-10-30,{cell},VOO,,{cell},equity_fund,1,600,USD,600,{cell},US\n"
    intake = read_bytes(f"{cell}.csv", (HEADER + rows).encode(), today=TODAY)
    (portfolio,) = intake.portfolios
    assert portfolio.holdings[0].name
    assert leaks(str(asdict(intake))) == set()


@pytest.mark.parametrize("said", BEFORE_LINES)
def test_a_document_of_positions(said: str) -> None:
    held = {"symbol": "VOO", "market_value": 5, "name": said, "sector": said}
    document = {"as_of": "2026-10-30", "base_currency": "USD", "name": said, "region": "US", "account": said,
                "holdings": [held]}  # fmt: skip
    intake = read_bytes("a.json", json.dumps(document).encode(), today=TODAY)
    assert intake.portfolios
    assert leaks(str(asdict(intake))) == set()


@pytest.mark.parametrize("said", BEFORE_LINES)
def test_prices(said: str) -> None:
    symbol = one_cell(said)[:20]
    intake = read_prices(
        "p.csv", f"date,symbol,close,currency\n2026-01-05,{symbol},5,USD\n".encode(), PriceOptions(), today=TODAY
    )
    assert leaks(str(asdict(intake))) == set()


@pytest.mark.parametrize("said", BEFORE_LINES)
def test_documents(said: str) -> None:
    about = About(DocumentKind.NEWS, title=said, publisher=said, symbol=said)
    kept = read_document(f"{said}.txt", f"It says: {said}".encode(), about, at=datetime(2026, 11, 20, tzinfo=UTC))
    assert leaks(str(asdict(kept))) == set()


@pytest.mark.parametrize("said", NASTY)
def test_names_of_files(said: str) -> None:
    assert leaks(display_name(said)) == set()


def test_a_wide_slash_makes_no_folder() -> None:
    assert display_name("a／..／b＼c.csv") == "c.csv"


@pytest.mark.parametrize("said", NASTY)
def test_tags_and_groups(said: str) -> None:
    for keep in (tag_of, lambda text: group_key_of(text)[1]):
        try:
            kept = keep(f"x {one_cell(said)}"[:30])
        except BadInput:
            continue
        assert leaks(kept) == set()


@pytest.mark.parametrize("said", BEFORE_LINES)
@pytest.mark.parametrize(
    "body",
    [
        {"error": {"message": "MARK", "code": "MARK"}},
        {"choices": [{"message": {"refusal": "MARK"}, "finish_reason": "stop"}]},
        {"choices": [{"message": {"content": None, "refusal": "MARK"}}], "model": "MARK", "service_tier": "MARK"},
        {"object": "response", "status": "failed", "error": {"message": "MARK", "code": "MARK"}},
        {"object": "response", "status": "incomplete", "incomplete_details": {"reason": "MARK"}, "output": []},
    ],
)
def test_words_of_providers(said: str, body: dict[str, object]) -> None:
    said_body = json.loads(json.dumps(body).replace("MARK", json.dumps(said)[1:-1]))
    line = {"custom_id": "a", "response": {"status_code": 500 if "error" in body else 200, "body": said_body}}
    read = read_line(json.dumps(line).encode())
    assert read.error is not None
    assert leaks(f"{read.error.code}{read.error.message}{read.answered}") == set()
    assert leaks(str(_problem({"code": said, "message": said}))) == set()


@pytest.mark.parametrize("said", NASTY)
def test_refusals(said: str) -> None:
    assert leaks(clean(said, "sk-none")) == set()


def test_a_key_with_something_unseen_in_it_is_cut_out_all_the_same() -> None:
    assert "secret" not in clean("Bad key sk-se\u200bcret-1234 and my-o\u2060wn-secret", "my-own-secret")


@pytest.mark.parametrize("said", BEFORE_LINES)
def test_titles_of_cited_pages(said: str) -> None:
    note = {"type": "url_citation", "url": "https://example.org", "title": said}
    content = [{"type": "output_text", "text": "a", "annotations": [note]}]
    (found,) = citations({"output": [{"type": "message", "content": content}]})
    assert leaks(found.title) == set()
