"""The one cleaner of foreign text: afterwards a person sees the characters that a program reads, in the same order.

Answers, names and documents pass it where they come in, before anything is checked and before it is stored; pages,
files and the terminal pass it once more, because rows of an older version were stored without it. What changes:

| character | becomes |
|---|---|
| marks that reorder (U+202E and its kin), zero-width, soft hyphens, tags, variation selectors, fillers | nothing |
| control characters (not tab, line end); halves of surrogate pairs, private and unassigned ones | a space; U+FFFD |
| marks over digits and signs (4.82̸), overlays and enclosures everywhere, towers of marks | nothing |
| digits of other scripts, wide and mathematical ones | 0-9, with "." and "," for their marks |
| raised digits before a number (²4.82); behind one (4.82²) | digits (24.82); a power (4.82^2) |
| odd blanks, hyphens and decimal points | a blank (no-break ones stay so), "-", "." |

Letters keep their accents, in NFC. ZWJ and ZWNJ stay between two letters of scripts that are misspelt without them
(Persian, Indic and others) and between two emoji: nowhere there do they hide or move a digit. Left-to-right and
right-to-left marks go: pages isolate numbers instead, and a mark inside a stored text would move what stands beside it
somewhere else. Typographic dashes (– — −) stay; whoever reads numbers takes them for what they are
(`core.analyses.notation`).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any, Final

IGNORABLE: Final = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
"""What a renderer draws nothing for, as the inside of a character class; the joiners are not among them."""

SMALL_DIGITS: Final = (
    "\u00b2\u00b3\u00b9\u2070\u2074-\u207b\u2080-\u208b\u2460-\u249b\u24ea-\u24ff\u2776-\u2793\U0001f100-\U0001f10a"
)
"""Raised, lowered and circled digits, and the signs that go with them, as the inside of a character class."""

OVERLAYS: Final = "\u0334-\u0338\u035c-\u0362\u1dcd\u1dfc\u20d0-\u20f0\ufe20-\ufe2f\U0001d165-\U0001d172"
"""Marks that strike through, enclose or span several characters, as the inside of a character class."""

JOINERS: Final = "\u200c\u200d"
_CURSIVE = "\u0600-\u08ff\u0900-\u0dff\u1000-\u109f\u1780-\u17ff\u1800-\u18af"
_EMOJI = "\u2600-\u27bf\U0001f000-\U0001faff"

# Whole classes of text in which nothing can be wrong: most texts are of these and leave at once.
_doubtful = re.compile(
    "[^\t\n -~\u00a0-\u00ac\u00ae\u00b0\u00b1\u00b4-\u00b6\u00b8\u00ba\u00bb\u00bf-\u017f\u0391-\u03a1\u03a3-\u03c9"
    "\u0410-\u044f\u2013\u2014\u2018\u2019\u201c-\u201e\u2020\u2022\u2026\u2030\u20ac\u2212"
    "\u3041-\u3096\u30a1-\u30fa\u4e01-\u9fff\uac00-\ud7a3]"
).search

_EXACT: Final = {
    **dict.fromkeys("\u2010\u2011\u2043\u02d7\u058a\u05be\u1806\u2052", "-"),
    **dict.fromkeys("\u2796\u2238", "−"),
    **dict.fromkeys("\u2e3a\u2e3b\ufe31\ufe58", "—"),
    **dict.fromkeys("\u066b\u2024\ua4f8", "."),
    "\u066c": ",",
    **dict.fromkeys("\u2044\u2215", "/"),
    **dict.fromkeys("\u00a0\u2007\u202f", "\u00a0"),
    "\u2800": " ",
    "\ufffc": "\ufffd",
}
"""Characters that look like another one, or like none, and what they become."""

_ignorable = re.compile(f"[{IGNORABLE}{OVERLAYS}]")
_WIDE = re.compile("[\uff01-\uff5e\uffe0-\uffe6\ufe50-\ufe6b\U0001d400-\U0001d7ff]")
_line_end = re.compile("\r\n?|[\x0c\u2028]")
_joiner = re.compile(f"[{JOINERS}]+")
_joins = re.compile(f"(?:[{_CURSIVE}][{JOINERS}]+[{_CURSIVE}]|[{_EMOJI}][{JOINERS}]+[{_EMOJI}])").fullmatch
_dash_by_look = re.compile(r"(?<![^\W_])(?<![)%_])[¯ˉㄧㅡー一ｰ─━⎯](?=[0-9.])")
_point_between = re.compile("(?<=[0-9])[·‧⋅∙](?=[0-9])")
_comma_between = re.compile("(?<=[0-9])‚(?=[0-9])")
_small = re.compile(f"[{SMALL_DIGITS}]+")
_is_small = re.compile(f"[{SMALL_DIGITS}0-9]").fullmatch
_DIGITS: Final = frozenset("0123456789")
_SEPARATORS: Final = frozenset(".,'’")
_RAISED: Final = frozenset("²³¹⁰⁴⁵⁶⁷⁸⁹⁺⁻")
_unseen = re.compile(f"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ud800-\uf8ff{IGNORABLE}{JOINERS}{OVERLAYS}]")
_fraction = re.compile("(?<![0-9.,])([0-9]+)([\u00bc-\u00be\u2150-\u215e\u2189])")

_MOST_MARKS: Final = 6
"""Marks that one letter may carry; scripts that stack (Tibetan) need some."""
_MOST_MARKS_EUROPEAN: Final = 2
_EUROPEAN_END: Final = "\u0530"
_MOST_REMEMBERED: Final = 8192


def readable(text: str) -> str:
    """Text as it may be checked, stored and shown. Lines stay lines; repeating it changes nothing."""
    if _doubtful(text) is None:
        return text
    text = _line_end.sub("\n", text.replace("\u2029", "\n\n"))
    # First, so that what is spelt as a sign and a mark (= and a stroke) becomes the sign that it means (≠).
    text = unicodedata.normalize("NFC", text).translate(_TABLE)
    text = unicodedata.normalize("NFC", _marked(_joiner.sub(_join, text)))
    text = _fraction.sub(_in_decimals, _comma_between.sub(",", _point_between.sub(".", text)))
    return _dash_by_look.sub("-", _small.sub(_in_line, text))


def readable_line(text: str) -> str:
    """The same on one line: blanks and line ends become single spaces."""
    return " ".join(readable(text).split())


def readable_document(node: Any) -> Any:
    """A document as JSON has it, every text in it made readable; whatever is not changed is the same object."""
    if isinstance(node, str):
        return readable(node)
    if isinstance(node, Mapping):
        return {key: readable_document(value) for key, value in node.items()}
    if isinstance(node, list | tuple):
        return [readable_document(value) for value in node]
    return node


def as_escapes(written: str) -> str:
    """JSON with what is not seen, or turns or drives what is, as escapes: the same document, safe to look at."""
    return _unseen.sub(_as_escape, written)


def _as_escape(found: re.Match[str]) -> str:
    units = found.group().encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[place : place + 4]}" for place in range(0, len(units), 4))


class _Table(dict[int, str | int | None]):
    """What each character becomes, for `str.translate`; remembers a bounded number, whatever is sent."""

    def __missing__(self, code: int) -> str | int | None:
        found = _become(code)
        if len(self) < _MOST_REMEMBERED:
            self[code] = found
        return found


_TABLE: Final = _Table()


def _become(code: int) -> str | int | None:
    character = chr(code)
    if character in "\t\n" + JOINERS or " " <= character <= "~":
        return code
    if character in _EXACT:
        return _EXACT[character]
    if _ignorable.match(character):
        return None
    if _WIDE.match(character):
        character = unicodedata.normalize("NFKC", character)
        return _EXACT.get(character, character)
    return _by_category(character)


def _by_category(character: str) -> str | None:
    match unicodedata.category(character):
        case "Nd":
            return str(unicodedata.digit(character))
        case "Cf" | "Me":
            return None
        case "Cc" | "Zs":
            return " "
        case "Cs" | "Co" | "Cn":
            return "\ufffd"
        case _:
            return character


def _join(found: re.Match[str]) -> str:
    text, start, end = found.string, found.start(), found.end()
    return found.group()[0] if start and _joins(text[start - 1 : end + 1]) else ""


def _marked(text: str) -> str:
    """The text without marks that stand on no letter, and with few on each."""
    if text.isascii():
        return text
    kept: list[str] = []
    room = 0
    for character in text:
        if character >= "\u0300" and unicodedata.category(character)[0] == "M":
            if room > 0:
                kept.append(character)
            room -= 1
            continue
        kept.append(character)
        if character not in JOINERS:
            most = _MOST_MARKS_EUROPEAN if character < _EUROPEAN_END else _MOST_MARKS
            room = most if character.isalpha() else 0
    return "".join(kept)


def _in_line(found: re.Match[str]) -> str:
    """Small digits that touch a number at their full size, or as its power; others as they are (R², CO₂)."""
    text, start, end = found.string, found.start(), found.end()
    before, after = text[max(0, start - 2) : start], text[end : end + 2]
    digits = "".join(map(_full_size, found.group()))
    if after[:1] in _DIGITS or (after[:1] in _SEPARATORS and _is_small(after[1:])):
        return digits
    if before[-1:] in _SEPARATORS and _is_small(before[:1]):
        return digits
    if before[-1:] in _DIGITS:
        return f"^{digits}" if _RAISED.issuperset(found.group()) else digits
    return found.group()


def _full_size(character: str) -> str:
    plain = unicodedata.normalize("NFKC", character).replace("−", "-")
    if plain == character:
        plain = str(int(unicodedata.numeric(character, 0)))
    return plain


def _in_decimals(found: re.Match[str]) -> str:
    whole, part = found.groups()
    plain = unicodedata.normalize("NFKC", part).replace("\u2044", "/")
    above, _, below = plain.partition("/")
    exact = int(above) * 1000 / int(below)
    return f"{whole}.{f'{int(exact):03}'.rstrip('0')}" if exact.is_integer() else f"{whole} {plain}"
