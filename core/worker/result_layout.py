"""Result files that hold their documents in another layout than one a line: laid out as lines before they are read.

Some servers and gateways write one JSON array, a list inside an object ({"data": [...]}), or each document over many
lines. The documents are the same, so each becomes a line of its own. Nothing is parsed for that: only strings and
brackets are told apart, so an answer of any size or depth costs what its bytes cost.
"""

from __future__ import annotations

import mmap
import os
import re
from pathlib import Path
from typing import Final, NamedTuple

_HEAD_BYTES: Final = 65_536
_BLANK: Final = b" \t\r\n\xef\xbb\xbf"
_NAMED: Final = b'"custom_id"'
_TOKEN: Final = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[{}\[\]]', re.DOTALL)

_ARRAY: Final = [b"[", b"{"]
_DOCUMENTS: Final = [b"{"]
_LISTED: Final = [b"{", b"[", b"{"]
_SAID: Final = {
    2: "one JSON array in place of lines",
    1: "documents over many lines each",
    3: "a list inside a JSON object in place of lines",
}
"""What a layout is called, by the brackets in which each of its documents stands, its own included."""


class _Found(NamedTuple):
    """Documents of one layout.

    Attributes:
        spans: Where each begins and ends.
        rest: Where one begins that does not end; -1 where only what surrounds them does not, None where all is whole.
    """

    brackets: int
    spans: list[tuple[int, int]]
    rest: int | None


def as_lines(path: Path) -> str:
    """Lay a result file out as lines, where it is not; says how it was laid out, "" for one that had its lines.

    What ends in the middle goes on ending in the middle, so that it is seen not to be whole.
    """
    if not _may_be_odd(path):
        return ""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        found = _documents(data)
        lines = found.brackets == len(_DOCUMENTS) and not any(data.find(b"\n", *span) >= 0 for span in found.spans)
        if lines or not any(data.find(_NAMED, *span) >= 0 for span in found.spans):
            return ""  # it had its lines, or nothing that could be anybody's answer: it stays as it came
        temporary = path.with_suffix(".lines")
        with temporary.open("wb") as out:
            for begin, end in found.spans:
                out.write(_on_one_line(data[begin:end]) + b"\n")
            if found.rest is not None:
                out.write(b"[" if found.rest < 0 else _on_one_line(data[found.rest :]))
            out.flush()
            os.fsync(out.fileno())
    temporary.replace(path)
    return (
        f"The provider's result file is {_SAID[found.brackets]}; its {len(found.spans):,} documents were read as lines."
    )


def _may_be_odd(path: Path) -> bool:
    """Whether a file begins with an array, with a document that goes on over lines, or with one around all others."""
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES).lstrip(_BLANK)
    first, _, rest = head.partition(b"\n")
    if head[:1] == b"[" or first.strip() == b"{":
        return True
    before, listed, _ = first.partition(b"[")
    return head[:1] == b"{" and bool(listed) and _NAMED not in before and not rest.strip()


def _documents(data: mmap.mmap) -> _Found:
    spans: dict[int, list[tuple[int, int]]] = {1: [], 2: [], 3: []}
    opened: list[int] = []
    kinds: list[bytes] = []
    for token in _TOKEN.finditer(data):
        mark = token[0]
        if mark in {b"{", b"["}:
            opened.append(token.start())
            kinds.append(mark)
        elif kinds and mark in {b"}", b"]"}:
            if len(kinds) <= len(_LISTED) and kinds in (_ARRAY, _DOCUMENTS, _LISTED):
                spans[len(kinds)].append((opened[-1], token.end()))
            opened.pop()
            kinds.pop()
    brackets = _brackets(data, spans)
    rest = None if not opened else opened[brackets - 1] if len(opened) >= brackets else -1
    return _Found(brackets, spans[brackets], rest)


def _brackets(data: mmap.mmap, spans: dict[int, list[tuple[int, int]]]) -> int:
    """In how many brackets the documents stand: those that have a custom id of their own."""
    if spans[2]:
        return 2
    listed = any(data.find(_NAMED, begin, end) >= 0 for begin, end in spans[3])
    around = len(spans[1]) <= 1 and spans[3] and data.find(_NAMED, 0, spans[3][0][0]) < 0
    return 3 if listed and around else 1


def _on_one_line(document: bytes) -> bytes:
    """Line breaks stand between the parts of a document only: inside strings they are escaped."""
    return document.replace(b"\r", b" ").replace(b"\n", b" ").strip()
