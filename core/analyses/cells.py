"""Text as it may stand in a table of the prompt: nothing in it can end a cell, a row or the table."""

from __future__ import annotations

import re
from collections.abc import Iterable

from core.domain.readable_text import readable

_LOOK_ALIKE = {ord("\t"): " ", ord("\n"): " ", ord("|"): "¦", ord("<"): "‹", ord(">"): "›"}
_special = re.compile(r"[\t\n|<>]").search


def respelt(names: Iterable[str]) -> dict[str, str]:
    """Names by how a cell spells them, of those that it spells otherwise; most often there are none."""
    names = tuple(names)
    whole = " ".join(names)
    if _special(whole) is None and readable(whole) is whole:
        return {}
    return {spelt: name for name in names if (spelt := cell(name)) != name}


def cell(text: str) -> str:
    """Text as it may stand in a table cell: the characters that a reviewer sees, and none that ends a cell."""
    plain = readable(text)
    if plain is not text or _special(plain):
        plain = " ".join(plain.translate(_LOOK_ALIKE).split())
    return plain
