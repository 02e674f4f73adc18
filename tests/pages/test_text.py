"""Text and figures on their way to the screen."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.analysis import Verification
from core.domain.readable_text import readable_line
from dashboard.shell.options import OPTIONS
from dashboard.shell.safe_headers import SOURCES
from dashboard.widgets import charts, listings, states, text


@pytest.mark.parametrize(
    "hostile",
    [
        "![x](https://evil.example/x.png)",
        "[click](javascript:alert(1))",
        "<script>alert(1)</script>",
        ":red-badge[:material/verified: verified]",
        "$x^2$ and $5",
        "https://evil.example",
        "www.evil.example",
        "write to a@evil.example",
        ":tada: a -> b",
        "# title\n- item\n> quote\n```\ncode\n```",
    ],
)
def test_hostile_text_keeps_no_sign_that_markdown_reads(hostile: str) -> None:
    escaped = text.escape(hostile)
    for place, sign in enumerate(escaped):
        if sign in "*_`[]()<>#!|$~:":
            assert escaped[place - 1] == "\\", escaped
    assert "\n" not in escaped
    assert re.search(r"https?://", escaped.replace("\\", "")) is None
    assert "www." not in escaped.replace("\\", "")


def test_words_in_a_badge_do_not_end_it() -> None:
    badge = states.StateLook(text.escape("x] :red[y"), ":material/label:", "green").badge
    assert re.findall(r"(?<!\\)[\[\]]", badge) == ["[", "]"]
    assert badge.endswith("y]")


@given(st.text(max_size=200))
def test_escaping_keeps_every_visible_character(words: str) -> None:
    shown = text.escape(words).replace("\u200b", "")
    unescaped, place = [], 0
    while place < len(shown):
        if shown[place] == "\\":
            place += 1
        unescaped.append(shown[place])
        place += 1
    assert "".join(unescaped) == readable_line(words)


@pytest.mark.parametrize(
    ("amount", "shown"),
    [(None, "unknown"), (Decimal(0), "$0.00"), (Decimal("0.0123"), "$0.0123"), (Decimal("1234.5"), "$1,234.50")],
)
def test_an_unknown_amount_is_never_a_zero(amount: Decimal | None, shown: str) -> None:
    assert text.usd(amount) == shown


@pytest.mark.parametrize(
    ("span", "shown"),
    [
        (timedelta(seconds=9), "9 s"),
        (timedelta(minutes=3, seconds=4), "3 min 04 s"),
        (timedelta(hours=5, minutes=6), "5 h 06 min"),
        (timedelta(days=3, hours=2), "3 d 2 h"),
        (None, text.NONE),
    ],
)
def test_a_span_is_shown_in_its_two_largest_units(span: timedelta | None, shown: str) -> None:
    assert text.duration(span) == shown


def test_charts_use_the_colours_of_the_theme() -> None:
    assert list(charts.LIGHT.categories) == OPTIONS["theme.light.chartCategoricalColors"]
    assert list(charts.DARK.categories) == OPTIONS["theme.dark.chartCategoricalColors"]
    assert charts.LIGHT.paper == OPTIONS["theme.light.backgroundColor"]
    assert charts.DARK.paper == OPTIONS["theme.dark.backgroundColor"]


def test_a_page_may_load_images_from_this_server_only() -> None:
    assert SOURCES["img-src"] == "'self' data: blob:"
    assert SOURCES["frame-ancestors"] == "'none'"
    assert SOURCES["connect-src"] == "'self'"


def test_what_does_not_hold_is_said_before_what_does() -> None:
    assert listings.checks(Verification(26, 1, 2, ())) == "1 mismatched, 2 unsupported, 26 hold"
    assert listings.checks(Verification(26, 0, 0, ())) == "26 hold"
