"""Text as it may stand in a table of the prompt: nothing in it can end a cell, a row or the table."""

from __future__ import annotations

import re

_LOOK_ALIKE = {
    **dict.fromkeys([*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029], " "),
    # Marks that reorder the line on a screen, so that a reviewer would see other rows than the model.
    **dict.fromkeys([0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A), 0xFEFF], None),
    # Halves of surrogate pairs cannot be encoded.
    **dict.fromkeys(range(0xD800, 0xE000), "\ufffd"),
    ord("|"): "¦",
    ord("<"): "‹",
    ord(">"): "›",
}
_special = re.compile("[" + "".join(map(re.escape, map(chr, _LOOK_ALIKE))) + "]").search


def cell(text: str) -> str:
    """Text as it may stand in a table cell."""
    if _special(text):
        text = " ".join(text.translate(_LOOK_ALIKE).split())
    return text
