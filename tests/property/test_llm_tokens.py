"""The quick way of counting is the real tokenizer's count on every text."""

from __future__ import annotations

from hypothesis import example, given, settings
from hypothesis import strategies as st

from core.llm.tokens import counter

O200K = counter("o200k_base")
words = st.sampled_from(
    [
        "don't",
        "I'LL",
        "we'Ve",
        "HTTPServer",
        "12,345.678",
        "  ",
        "\n",
        "\r\n",
        "\n\n/",
        "\t",
        " /x",
        "</A>",
        "|",
        "é",
        "ſ",
    ]
    + [
        "<|endoftext|>",
        "\u2028",
        "\u0301",
        "\u00a0",
        "日本",
        "👩‍💻",
        "'s",
        "\x00",
        "\x1c",
        "\x85",
        "VOO|46.00",
        "/",
        "a",
        "Z",
        "9",
    ]
)
mixed = st.lists(words | st.text(max_size=6), max_size=40).map("".join)


def _real(text: str) -> int:
    return len(O200K._encode(text))


@given(st.text(st.characters(max_codepoint=127), max_size=200))
@settings(max_examples=1_000, deadline=None)
@example("a  \n  b \x1c\x0b\x0c c'S\r\n/")
def test_ascii_is_counted_exactly(text: str) -> None:
    assert O200K.count(text) == _real(text)


@given(mixed)
@settings(max_examples=1_500, deadline=None)
@example("é\n/a")
@example("|\n\u0301A\n<x")
@example("½\n9\n  \n\u00a0\nB")
def test_mixed_text_is_counted_exactly(text: str) -> None:
    assert O200K.count(text) == _real(text)


@given(st.lists(st.text(max_size=30), max_size=10).map("\n".join))
@settings(max_examples=500, deadline=None)
def test_lines_of_any_script_are_counted_exactly(text: str) -> None:
    assert O200K.count(text) == _real(text)


def test_forgetting_pieces_changes_no_count() -> None:
    from core.llm import tokens

    pieces = tokens._Pieces(O200K._encode)
    pieces.update({f"key{n}": 1 for n in range(tokens._REMEMBERED_PIECES)})
    assert pieces["hello"] == 1
    assert len(pieces) == 1
    assert pieces["x" * 33] == _real("x" * 33)
    assert len(pieces) == 1
