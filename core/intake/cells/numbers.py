"""Numbers as files write them: "$45,900.35", "1.234,50", "(12.5)", "1'000", always exactly, as Decimal."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import Final

from core.intake.cells.money_marks import MARK

EMPTY = frozenset({"", "--", "-", "—", "–", "n/a", "N/A", "#N/A", "NA", "null", "None", "nan", "NaN"})
"""What stands for "no number here"."""

MAX_MAGNITUDE = Decimal(10) ** 18
MAX_CHARS = 40


class NumberStyle(Enum):
    """Which sign stands before the decimals."""

    POINT = "decimal point"
    COMMA = "decimal comma"


class NotANumber(ValueError):
    """The text is not one certain number; the message says why and how to write it."""


_GROUPS = r"[0-9]+|[0-9]{{1,3}}(?:([{sign} '’])[0-9]{{3}})(?:\1[0-9]{{3}})*"
_LAKH = r"|[0-9]{1,2}(?:,[0-9]{2})+,[0-9]{3}"
_POINT = re.compile(
    r"(?:" + _GROUPS.format(sign=",") + _LAKH + r"|(?=\.))(?:\.[0-9]*)?(?:[eE][+-]?[0-9]{1,2})?", re.ASCII
)
_COMMA = re.compile(r"(?:" + _GROUPS.format(sign=".") + r"|(?=,))(?:,[0-9]*)?(?:[eE][+-]?[0-9]{1,2})?", re.ASCII)
_PLAIN_POINT = re.compile(r"-?[0-9]{1,18}(?:\.[0-9]{1,15})?", re.ASCII)
_TEXT_GUARD = re.compile(r'="([^"]*)"')
_UNIT_WORD = re.compile(
    r"(?<=[0-9.,\s])(?:stück|stueck|stk|stck|st|shares?|units?|parts?|pcs|sztuk|szt|aktier|andelar|titres?|titoli|nominale?|nom|"
    r"anteile?|stücke|ks|kusů|szt\.?|db|darab|adet|kom|buc|шт|штук|τεμ|株|口|股|份|주)"
    r"\.?$",
    re.IGNORECASE,
)
_SPACES = re.compile(r"[\u00a0\u2007\u2009\u202f\t ]+")


def parse_number(text: str, style: NumberStyle = NumberStyle.POINT) -> Decimal:
    """The number a text means.

    Currency signs, thousands separators, parentheses or a trailing minus for negatives are understood.

    Raises:
        NotANumber: Not a number, a percentage, in the other decimal style, or of an impossible size.
    """
    # Most cells of a large file are plain; this path costs a third of the full one.
    if style is NumberStyle.POINT and _PLAIN_POINT.fullmatch(text):
        return Decimal(text)
    return _parse(text, style)


def _parse(text: str, style: NumberStyle) -> Decimal:
    if text.startswith("'") and text[1:2].isdigit():
        raise NotANumber(f"is a text and may be two numbers ({text[1:20]}); turn the column into numbers there")
    if len(text) > MAX_CHARS:
        raise NotANumber(f"is longer than {MAX_CHARS} characters; write a plain number such as 1234.56")
    body = _SPACES.sub(" ", MARK.sub("", unguarded(text))).replace("−", "-").strip()
    body = _UNIT_WORD.sub("", body).rstrip()
    negative = False
    if body.startswith("(") and body.endswith(")"):
        negative, body = True, body[1:-1].strip()
    if body.endswith("-"):
        body = "-" + body[:-1].rstrip()
    if body.startswith(("+", "-")):
        negative, body = negative != (body[0] == "-"), body[1:].lstrip()
    if body.endswith("%"):
        raise NotANumber("is a percentage; an amount is needed here")
    pattern, decimal_sign = (_POINT, ".") if style is NumberStyle.POINT else (_COMMA, ",")
    if not pattern.fullmatch(body) or not any(character.isdigit() for character in body):
        other = NumberStyle.COMMA if style is NumberStyle.POINT else NumberStyle.POINT
        if (_COMMA if style is NumberStyle.POINT else _POINT).fullmatch(body):
            raise NotANumber(f"has a {other.value}, but the rest of the file uses a {style.value}; write all alike")
        raise NotANumber("is not a number; write a plain number such as 1234.56")
    whole, sign, decimals = body.partition(decimal_sign)
    plain = re.sub(r"[,. '’]", "", whole) + ("." + decimals if sign else "")
    value = Decimal(plain)
    if abs(value) >= MAX_MAGNITUDE:
        raise NotANumber("is larger than any position can be (10 to the 18th); check the columns")
    return -value if negative and value else value


def unguarded(text: str) -> str:
    """A cell without the guard by which exports keep a spreadsheet from reading it as a number: ="00700", '00700."""
    if text.startswith("'") and text[1:2].isdigit():
        return text[1:]
    guard = _TEXT_GUARD.fullmatch(text.strip()) if text.lstrip().startswith("=") else None
    return guard[1] if guard else text


def parse_percent(text: str) -> Decimal:
    """A percentage such as "15.05%" as its number, 15.05.

    Raises:
        NotANumber: It is not one.
    """
    return parse_number(text.strip().removesuffix("%"))


@dataclass(frozen=True, slots=True)
class StyleChoice:
    """The decimal style of a file.

    Attributes:
        unsure: A number that could have been read both ways when nothing decided it; else "".
        shown: A number that can only be read so, or "".
        votes: How many numbers can only be read so, and how many only the other way.
    """

    style: NumberStyle
    unsure: str = ""
    shown: str = ""
    votes: tuple[int, int] = (0, 0)


def choose_style(samples: Iterable[str], delimiter: str) -> StyleChoice:
    """Which decimal sign a file uses, by the numbers that can be read in one way only.

    "12,50" and "1.234,50" speak for the comma, "12.50" and "1,234,567" for the point; "1,234" says nothing. Where
    nothing decides, the point is taken, but the comma in files whose columns are parted by semicolons (spreadsheets
    write these exactly where the comma is the decimal sign).
    """
    votes = {NumberStyle.POINT: 0, NumberStyle.COMMA: 0}
    shown: dict[NumberStyle, str] = {}
    open_comma = open_point = ""
    for text in samples:
        evidence = _evidence(text)
        if evidence is not None:
            votes[evidence] += 1
            shown.setdefault(evidence, text)
        elif "," in text:
            open_comma = open_comma or text
        elif "." in text:
            open_point = open_point or text
    if votes[NumberStyle.POINT] != votes[NumberStyle.COMMA]:
        most = max(votes, key=lambda style: votes[style])
        return StyleChoice(most, "", shown[most], (votes[most], sum(votes.values()) - votes[most]))
    unsure = open_comma or open_point
    return StyleChoice(NumberStyle.COMMA if delimiter == ";" and unsure else NumberStyle.POINT, unsure)


_INNER: Final = re.compile(r"(?<![^\W\d_])[.,]?\d(?:.*\d)?|\d(?:.*\d)?")
"""An amount without what stands around it: the point of "50 szt." and "Rs.500" is no decimal sign."""


def _evidence(text: str) -> NumberStyle | None:
    if text and not (text[-1].isdigit() and text[0].isdigit()) and (found := _INNER.search(text[:MAX_CHARS])):
        text = found[0]
    comma, point = text.rfind(","), text.rfind(".")
    if comma < 0 and point < 0:
        return None
    if comma >= 0 and point >= 0:
        return NumberStyle.COMMA if comma > point else NumberStyle.POINT
    sign, as_decimal, as_group = (
        (",", NumberStyle.COMMA, NumberStyle.POINT) if comma >= 0 else (".", NumberStyle.POINT, NumberStyle.COMMA)
    )
    if text.count(sign) > 1:
        return as_group
    before, _, after = text.partition(sign)
    digits_before = [character for character in before if character.isdigit()]
    digits_after = sum(character.isdigit() for character in after)
    if digits_after != 3 or len(digits_before) > 3 or not digits_before or digits_before[0] == "0":
        return as_decimal
    return None
