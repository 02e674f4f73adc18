"""Whether a text holds characters that make a reader see another number, or another order, than a program reads.

They are taken out before the text is read (`core.domain.readable_text`); that they stood there is worth knowing, since
nobody types them by chance. What typography and other scripts need is no finding: soft hyphens inside words, joiners
between letters, a text in Arabic digits, a raised digit behind a unit.
"""

from __future__ import annotations

import re
from typing import Final

from core.domain.readable_text import IGNORABLE, JOINERS, OVERLAYS, SMALL_DIGITS, readable_line

_NUMERIC: Final = r"0-9.,%+\-−–(\u20ac$£¥"
_UNSEEN: Final = IGNORABLE + JOINERS
_MARKS: Final = "\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20f0\ufe20-\ufe2f"

_anything: Final = re.compile(r"[^\t\n\r -~]|[0-9.,][OoIl]|[OoIl][.,]?[0-9]").search
_SIGNS: Final = tuple(
    re.compile(pattern)
    for pattern in (
        "[\u202a-\u202e\u2066-\u2069]",  # turns the order of what follows
        "[\U000e0000-\U000e007f\U000e01f0-\U000e0fff]",  # says something to a model alone
        "[\x00-\x08\x0b\x0e-\x1f\x7f-\x84\x86-\x9f]",  # moves a terminal's cursor
        "\ufff9|\ufffa|\ufffb",
        f"[{_UNSEEN}](?=[{_NUMERIC}])|(?<=[0-9.,])[{_UNSEEN}]",
        f"(?<=[{_NUMERIC}])[{_MARKS}]|(?<= )[{_MARKS}]",
        f"[{OVERLAYS}]|[\u0488\u0489]",
        f"[{SMALL_DIGITS}](?=[0-9]|[.,][0-9])|(?<=[0-9][.,])[{SMALL_DIGITS}]",
        "[\u2460-\u249b\u24ea-\u24ff\u2776-\u2793](?<=[0-9].)",
        r"(?<=[0-9.,])(?![0-9])\d|(?![0-9])\d(?=[.,]?[0-9])",  # digits of two scripts in one number
        "[\U0001d7ce-\U0001d7ff\U0001fbf0-\U0001fbf9]",
        "[\ud800-\udfff\ue000-\uf8ff](?=[0-9.,])|(?<=[0-9.,])[\ud800-\udfff\ue000-\uf8ff]",
        # Letters that pass for digits, inside a number or at its edge: 4.8О, l4.82.
        r"(?<=[0-9][.,])[OoIlОоЗзӀІΟοΙ](?![^\W\d_])|(?<=[.,][0-9])[OoIlОоЗзӀІΟοΙ](?![^\W\d_])",
        r"(?<![^\W_])[OoIlОоЗзӀІΟοΙ](?=[0-9]*[.,][0-9])",
    )
)
_COMMON: Final = bytes((*range(0x20, 0x7F), *b"\t\n"))
_RARE: Final = frozenset((*map(chr, range(0xC0, 0x180)), *"\u00a0«»“”„’‘–—…€°"))
"""Of Latin letters and the typography of Western texts nothing hides but letters that pass for digits."""
_PASS: Final = tuple(
    re.compile(
        rf"{mark}(?:[0-9][OoIl](?![^\W\d_])|(?<=[0-9].)[OoIl](?![^\W\d_])|(?<=[OoIl].)(?<![^\W_]..)[0-9]|(?<=[0-9].)[0-9])"
    ).finditer
    for mark in (r"\.", ",")  # apart, since what begins with one character is found in a fraction of the time
)
"""Letters that pass for digits, beginning with what is rare; the last of these wants a look at what is before."""

_MOST_NAMED: Final = 4
_AROUND: Final = 24


def is_plain_json(text: str) -> bool:
    """Whether no text of a JSON document hides anything or would be made readable otherwise; False says nothing.

    One look at the whole: most documents are plain, and looking at each of their texts costs ten times as much.
    """
    # In JSON a backslash may spell anything; before a quotation mark it does not.
    if "\\" in text and "\\" in text.replace('\\"', ""):
        return False
    try:
        rare = text.encode().translate(None, _COMMON)
    except UnicodeEncodeError:
        return False  # half of a surrogate pair
    if rare and not _RARE.issuperset(rare.decode()):
        return False
    return not any(_is_passing(found) for find in _PASS for found in find(text))


def _is_passing(found: re.Match[str]) -> bool:
    """Whether a letter stands for a digit there; of a plain number only if it begins with one (I00.5)."""
    text, at = found.string, found.start() - 1
    if not found.group()[1].isdigit() or len(found.group()) > 2 or text[at] in "OoIl":
        return True
    while at >= 0 and "0" <= text[at] <= "9":
        at -= 1
    return at >= 0 and text[at] in "OoIl" and not text[at - 1 : at].isalnum()


def hidden(text: str) -> str:
    """The characters that hide or turn something, and where; "" where none does.

    "U+202E in “stands at 100.0 pct.”"
    """
    if _anything(text) is None:
        return ""
    places = sorted({found.start() for sign in _SIGNS for found in sign.finditer(text)})
    if not places:
        return ""
    names = list(dict.fromkeys(f"U+{ord(text[place]):04X}" for place in places))
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    begin = max(0, places[0] - _AROUND)
    around = readable_line(text[begin : places[0] + _AROUND + 1])
    return f"{', '.join(names[:_MOST_NAMED])}{more} in “{around}”"
