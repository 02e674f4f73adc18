"""Strings that reach people in ways their writer chose: what every way in and every way out is tried with."""

from __future__ import annotations

from typing import Final

NASTY: Final = (
    "stands at \u202e100.0\u202c pct",
    "\u202eevil rtl\u0007 bell \x1b]0;pwn\x07\x1b[31mred",
    "\x9b31m C1 colour \x90 \x85 next line",
    "isolated \u2066100.0\u2069 \u2067 2.41",
    "word joiner 1\u20604.82, zero width 1\u200b4.82, soft hyphen 4\u00ad.82",
    "struck 4.82\u0338 and 4.8\u033620, boxed 4\ufe0f\u20e3.8\u20de",
    "tagged\U000e0069\U000e0067\U000e006e\U000e006f\U000e0072\U000e0065, variant 4\ufe01.82",
    "line\u2028paragraph\u2029end, vertical\x0btab, form\x0cfeed, nul\x00",
    "half \ud83d of a pair, private \ue012, filler \u3164\uffa0",
    "\u200f\u061cmarks\u200e",
)
"""Each holds at least one character that no screen, file or terminal may get."""

FORBIDDEN: Final = frozenset(
    [chr(code) for code in range(0x20) if chr(code) not in "\t\n\r"]
    + [chr(code) for code in range(0x7F, 0xA0)]
    + list("\u00ad\u061c\u200b\u200c\u200d\u200e\u200f\u2028\u2029\u2060\ufeff\u3164\uffa0\ufe0f\ufe01\u20e3\u20de")
    + [chr(code) for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A), *range(0xE0000, 0xE0080))]
    + ["\u0338", "\u0336", "\ud83d", "\ue012"]
)
"""What must not come out."""


def leaks(shown: str) -> set[str]:
    """Forbidden characters in a text, by code point."""
    return {f"U+{ord(character):04X}" for character in shown if character in FORBIDDEN}
