"""Text of a ledger as lines of tokens. A string may run over several lines, and what stands in it is never an entry."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from core.errors import UnreadableFile


class TokenKind(Enum):
    """What a token is."""

    STRING = "string"
    DATE = "date"
    NUMBER = "number"
    ACCOUNT = "account"
    CURRENCY = "currency"
    KEY = "key"
    WORD = "word"
    LABEL = "label"  # a tag or a link
    SIGN = "sign"


@dataclass(frozen=True, slots=True)
class Token:
    """One token.

    Attributes:
        text: As written; of a string, what stands between its quotation marks.
    """

    kind: TokenKind
    text: str


@dataclass(frozen=True, slots=True)
class Line:
    """A line that says something.

    Attributes:
        row: Where it starts, from 1.
        indented: Whether it belongs to the entry before it.
    """

    row: int
    indented: bool
    tokens: tuple[Token, ...]


# Every alternative starts with other characters than the rest and takes all it can, so no text is looked at twice.
_TOKEN = re.compile(
    r"""(?P<blank>[ \t\r\f]+|;[^\n]*)
    |(?P<string>"(?:[^"\\]|\\.)*")
    |(?P<date>[0-9]{4}[-/][0-9]{1,2}[-/][0-9]{1,2}(?![0-9]))
    |(?P<number>[0-9][0-9,]*(?:\.[0-9]*)?)
    |(?P<word>[^\W\d_][\w'.-]*(?::[\w-]+)*:?)
    |(?P<label>[#^][A-Za-z0-9_/.-]+)
    |(?P<sign>\{\{|\}\}|@@|[^\s\w"])
    |(?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
_ACCOUNT = re.compile(r"[^\W\d_a-z][\w-]*(?::[^\W_a-z][\w-]*)+")
_CURRENCY = re.compile(r"[A-Z](?:[A-Z0-9'._-]*[A-Z0-9])?")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "f": "\f", "b": "\b"}


def lines_of(name: str, text: str) -> Iterator[Line]:
    """The lines that can be entries or parts of them.

    A line that starts with neither a digit nor a small letter is a heading or a remark, as in Beancount.

    Raises:
        UnreadableFile: A quotation mark is never closed.
    """
    position, row = 0, 1
    while position < len(text):
        first = text[position]
        if first in " \t" or first.isdigit() or "a" <= first <= "z":
            line, position, row = _line(name, text, position, row)
            if line.tokens:
                yield line
            continue
        end = text.find("\n", position)
        position = len(text) if end < 0 else end + 1
        row += 1


def _line(name: str, text: str, position: int, row: int) -> tuple[Line, int, int]:
    """A line, and where and in which row the next one starts."""
    first_row, indented = row, text[position] in " \t"
    tokens: list[Token] = []
    while position < len(text):
        if text[position] == "\n":
            return Line(first_row, indented, tuple(tokens)), position + 1, row + 1
        found = _TOKEN.match(text, position)
        if found is None or found.lastgroup == "other":
            if text[position] == '"':
                raise UnreadableFile(f"'{name}' has a quotation mark in row {row} that is never closed. Close it.")
            tokens.append(Token(TokenKind.SIGN, text[position]))
            position += 1
            continue
        position = found.end()
        row += found[0].count("\n")
        if found.lastgroup != "blank":
            tokens.append(_token(str(found.lastgroup), found[0]))
    return Line(first_row, indented, tuple(tokens)), position, row


def _token(group: str, text: str) -> Token:
    if group == "string":
        return Token(TokenKind.STRING, _ESCAPED.sub(lambda found: _ESCAPES.get(found[1], found[1]), text[1:-1]))
    if group != "word":
        return Token(TokenKind(group), text)
    if text.endswith(":"):
        return Token(TokenKind.KEY, text[:-1])
    if ":" in text:
        return Token(TokenKind.ACCOUNT if _ACCOUNT.fullmatch(text) else TokenKind.WORD, text)
    return Token(TokenKind.CURRENCY if _CURRENCY.fullmatch(text) else TokenKind.WORD, text)
