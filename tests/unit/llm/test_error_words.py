"""Servers word their errors in several shapes; a person reads the words in each."""

from __future__ import annotations

from typing import Any

import pytest

from core.llm.error_words import ErrorWords, error_words

LOC = {"loc": ["body", "messages", 0, "role"], "msg": "Field required", "type": "missing"}


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (
            {"error": {"message": "No.", "type": "invalid_request_error", "param": "stream", "code": "unsupported"}},
            ErrorWords("No.", "unsupported", "invalid_request_error", "stream"),
        ),
        ({"error": {"message": "No.", "type": "t", "param": None, "code": None}}, ErrorWords("No.", "", "t", "")),
        ({"detail": "Not Found"}, ErrorWords("Not Found")),
        ({"detail": [LOC]}, ErrorWords("messages.0.role: Field required", "", "missing", "messages.0.role")),
        (
            {"detail": [LOC, {"loc": ["body", "n"], "msg": "Too many"}]},
            ErrorWords("messages.0.role: Field required; n: Too many", "", "missing", "messages.0.role"),
        ),
        ({"detail": {"error": "busy", "code": 17}}, ErrorWords("busy", "17")),
        ({"error": "just words"}, ErrorWords("just words")),
        ({"error": {"message": {"message": "deep"}}}, ErrorWords("deep")),
        ({"message": "plain", "code": "c"}, ErrorWords("plain", "c")),
        ({"errors": [{"message": "one"}, {"message": "two"}]}, ErrorWords("one; two")),
        ("only text", ErrorWords("only text")),
        (["a", None, {"msg": "b"}], ErrorWords("a; b")),
        ({"code": 404, "type": "x"}, ErrorWords("", "404", "x")),
        (None, ErrorWords()),
        (7, ErrorWords()),
        ({}, ErrorWords()),
        ({"detail": [None, 3, {}]}, ErrorWords()),
    ],
)
def test_the_words_of_an_error_are_found(document: Any, words: ErrorWords) -> None:
    assert error_words(document) == words


def test_a_document_without_a_bottom_has_no_words() -> None:
    deep: Any = "too deep"
    for _ in range(50):
        deep = {"error": deep}
    assert error_words(deep) == ErrorWords()


def test_of_many_errors_the_first_five_are_said() -> None:
    assert error_words({"detail": [f"e{n}" for n in range(9)]}).message == "e0; e1; e2; e3; e4; and 4 more"
