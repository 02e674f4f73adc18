"""The one cleaner: what a program reads afterwards is what a person sees."""

from __future__ import annotations

import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.readable_text import readable, readable_document, readable_line
from tests.unit.text.nasty import NASTY, leaks


@pytest.mark.parametrize(
    ("written", "seen"),
    [
        ("at \u202e100.0\u202c pct", "at 100.0 pct"),
        ("1\u20604.82", "14.82"),
        ("1\u200b4.82", "14.82"),
        ("4\u00ad.82", "4.82"),
        ("4.82\u0338", "4.82"),
        ("p\u0336ct", "pct"),
        ("4\ufe0f\u20e3.82", "4.82"),
        ("²¹4.82", "214.82"),
        ("4.⁸²", "4.82"),
        ("④.⑧②", "4.82"),
        ("⒈82", "1.82"),
        ("⁻4.82", "-4.82"),
        ("4.82²", "4.82^2"),
        ("10⁻⁶", "10^-6"),
        ("4½ %", "4.5 %"),
        ("4⅓ %", "4 1/3 %"),
        ("４．８２％", "4.82%"),
        ("٤٫٨٢", "4.82"),
        ("৪.৮", "4.8"),
        ("𝟒.𝟖𝟐 𝐩𝐜𝐭", "4.82 pct"),
        ("4·82", "4.82"),
        ("‐4.82 ﹣4.82 －4.82 ⁃4.82", "-4.82 -4.82 -4.82 -4.82"),
        ("ー4.82 and ─4.82", "-4.82 and -4.82"),
        ("(４.８２)％", "(4.82)%"),
        ("12\u200a345 12\u202f345", "12 345 12\u00a0345"),
        ("a\u2028b\u2029c\rd\r\ne", "a\nb\n\nc\nd\ne"),
        ("\x1b]0;pwn\x07", " ]0;pwn "),
        ("\ud83d\ue012", "\ufffd\ufffd"),
        ("=\u0338 0.5", "≠ 0.5"),
    ],
)
def test_a_text_becomes_what_a_reader_sees(written: str, seen: str) -> None:
    assert readable(written) == seen


@pytest.mark.parametrize(
    "name",
    [
        "Müller & Söhne «Größe»", "Crédit Agricole – 4,82 %", "Nguyễn Thị Minh Khai", "Łódź", "ΔΕΗ Α.Ε.", "Сбербанк",
        "トヨタ自動車", "ユーロー4", "貴州茅台", "삼성전자", "भारतीय स्टेट बैंक", "शक्ति", "ธนาคารกรุงเทพ",
        "می\u200cخواهم", "क्\u200dष", "\u0628\u0646\u0643 \u0645\u0635\u0631", "בנק לאומי", "R² and CO₂", "m²",
        "👩\u200d👩\u200d👧", "−4.82", "–4.82", "12\u00a0345 €", "Tom’s “fund”", "①②",
    ],
)  # fmt: skip
def test_a_name_that_people_write_stays_as_it_is(name: str) -> None:
    assert readable(name) == unicodedata.normalize("NFC", name)


def test_a_joiner_stays_only_where_a_script_or_an_emoji_needs_it() -> None:
    assert readable("می\u200cخواهم") == "می\u200cخواهم"
    assert readable("te\u200dxt 1\u200c4 \u200d") == "text 14 "


def test_accents_in_two_pieces_become_one_and_towers_of_them_fall() -> None:
    assert readable("Mu\u0308ller") == "Müller"
    assert len(readable("Z" + "\u0351\u036b\u0353\u0302" * 20 + "a")) <= 4


@pytest.mark.parametrize("text", NASTY)
def test_nothing_that_hides_turns_or_drives_a_terminal_is_left(text: str) -> None:
    assert leaks(readable(text)) == set()
    assert leaks(readable_line(text)) == set()
    assert "\n" not in readable_line(text)
    assert leaks(str(readable_document({"a": [text, {"b": text}]}))) == set()


_DIFFICULT = st.sampled_from("0123456789.,²³₂①½⅓·‚\u200c\u200d\u0338\u0301\u093e\u094d\u0915\u064e\u0628👩ー-−١٤𝟒=<>O ")


@given(st.text(alphabet=st.one_of(st.characters(), _DIFFICULT)))
def test_cleaning_twice_changes_nothing_more(text: str) -> None:
    once = readable(text)
    assert readable(once) == once


@given(st.text(alphabet=st.one_of(st.characters(), _DIFFICULT)))
def test_no_digit_is_left_that_is_not_plain(text: str) -> None:
    assert all(character in "0123456789" for character in readable(text) if character.isdecimal())


@pytest.mark.parametrize("unit", ["²", "4²", "\u0301", "\u200d", "٤", "1½", "ー", "a\u0338", "1", "👩\u200d"])
def test_time_grows_with_the_length_of_a_text_and_no_faster(unit: str) -> None:
    def took(size: int) -> float:
        text = unit * size + "½²"
        begun = time.process_time()
        readable(text)
        return time.process_time() - begun

    short = min(took(4_000) for _ in range(3))
    assert min(took(32_000) for _ in range(3)) < 40 * max(short, 0.002)
