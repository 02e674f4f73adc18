"""What is a finding about the characters of a text, and what is only typography."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.hidden_text import hidden, is_plain_json
from core.domain.readable_text import readable
from tests.unit.text.nasty import NASTY, leaks


@pytest.mark.parametrize(
    ("written", "named"),
    [
        ("stands at \u202e100.0\u202c pct", "U+202E, U+202C"),
        ("1\u20604.82", "U+2060"),
        ("4.82\u0338", "U+0338"),
        ("word p\u0336c", "U+0336"),
        ("²¹4.82", "U+00B9"),
        ("4\ufe0f\u20e3.8", "U+FE0F, U+20E3"),
        ("4\u00ad.82", "U+00AD"),
        ("\u06f4.82", "U+06F4"),
        ("𝟒.82", "U+1D7D2"),
        ("4.8О %", "U+041E"),
        ("l4.82 %", "U+006C"),
        ("\x1b[31mred", "U+001B"),
        ("ok\U000e0041", "U+E0041"),
        ("a \u200b4.82", "U+200B"),
    ],
)
def test_what_reads_otherwise_is_named_with_its_place(written: str, named: str) -> None:
    assert hidden(written).startswith(f"{named} in “")


@pytest.mark.parametrize(
    "written",
    [
        "Volatility is 12.41 %, a third above the benchmark’s.", "Donau\u00addampf", "می\u200cخواهم", "❤\ufe0f 4.82",
        "R² of 0.91", "4.82²", "Mu\u0308ller 4.82", "12\u202f345,6 €", "４．８２％", "٤٫٨٢", "−4.82 – 4.9 — x",
        "①② first", "Il y a 4.5 %", "until.5", "S&P 500 Index", "B2O", "", "\ttab\nline",
    ],
)  # fmt: skip
def test_typography_and_other_scripts_are_no_finding(written: str) -> None:
    assert hidden(written) == ""


@pytest.mark.parametrize("text", NASTY)
def test_the_description_itself_hides_nothing(text: str) -> None:
    assert leaks(hidden(text)) == set()


@given(
    st.text(alphabet=st.sampled_from('aOlI \u00e9\u00fc\u20ac\u2013"\\\n5.,0-\u00ad\u202e\u0338\u00b2\u041e\u0661')),
    st.booleans(),
)
def test_a_plain_document_hides_nothing_and_reads_as_it_is(text: str, escaped: bool) -> None:
    document = json.dumps({"text": text}, ensure_ascii=escaped)
    if is_plain_json(document):
        assert hidden(text) == ""
        assert readable(text) == text


def test_usual_answers_are_plain() -> None:
    assert is_plain_json('{"a": "L\u2019indice {{volatility}} \\"x\\" \u2013 sur 5.2 % \u20ac"}')
    assert not is_plain_json('{"a": "\\u202e5"}')
    assert not is_plain_json('{"a": "4.8O"}')
