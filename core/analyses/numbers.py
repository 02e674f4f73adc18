"""Finds the numbers that a sentence states, in the notations of several countries.

"1,234.5", "1.234,5", "1 234,5 %" (with any kind of narrow space) and "1'234.5" are one number each. "1,234" can be read
in two ways: as the region writes numbers, where that is known; else both readings are kept, and the caller asks whether
any of them agrees with a fact.

Left out is what dates or names rather than measures: dates and years, rule numbers, quotes like 60/40, names with
digits in them (S&P 500, Q4, COVID-19), levels of confidence directly beside the word that says so ("95 % VaR"), terms
(20-year). Whole numbers up to 12 without a unit are loose: `scan` finds them, and who knows what they count may hold
them against it.

Both ends of a range have one unit and one scale: "12-13 %", "$4.2-4.5 billion".

A minus is any dash directly before the number or its currency, and the brackets of accountants: around a number whose
unit stands outside, "(4.82) %", around the whole text, or behind a word that states, "was (4.82 %)". Elsewhere brackets
are a parenthesis: "volatility (12.4 %)".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from core.analyses import notation
from core.analyses.notation import APOSTROPHES, DASHES, SCALES, SIGNS, SPACES
from core.analyses.time_limit import tick

_FRACTIONS: Final = {"½": 0.5, "¼": 0.25, "¾": 0.75, "⅓": 1 / 3, "⅔": 2 / 3, "⅛": 0.125}
_body = re.compile(rf"\d+(?:[.,{APOSTROPHES}]\d+|[{SPACES}]\d{{3}}(?!\d))*[½¼¾⅓⅔⅛]?")
_simple = re.compile(r"\d+(?:[.,]\d+)?").fullmatch

_DAYS_A_YEAR: Final = frozenset({250, 252, 260, 360, 365})
_SHARES_OF_DAYS: Final = frozenset({0.1, 0.5, 1.0, 2.5, 5.0, 10.0})
_LEAST_LEVEL: Final = 80.0
"""Levels of confidence are high; a loss of "1.56 % VaR" is none."""

_MOST_COUNTED: Final = 12
_LONGEST_TERM: Final = 50
_LEAD_CHARACTERS: Final = 28
_RANGE_CHARACTERS: Final = 24
_MONEY_CHARACTERS: Final = 6
_NEARBY_CHARACTERS: Final = 32
_NO_CURRENCY: Final[frozenset[str]] = frozenset()
_BEFORE_HYPHEN: Final = frozenset("%)")
_BETWEEN_A_PAIR: Final = frozenset("-\u2013")
_TRAILING_MINUS: Final = "-\u2212"

Reading = tuple[float, float]
"""One way to read a number's digits: its value, and what its last digit is worth."""


class Number(NamedTuple):
    """A number stated in a text. Its readings are worked out when they are asked for: most numbers are plain copies.

    Attributes:
        text: The whole text.
        start: Where its digits begin.
        end: Where its digits end.
        stop: Where its unit ends.
        unit: "pct", "pp", "bps", "x", "ccy", or "" where none is stated.
        scale: What its scale word multiplies it with.
        currencies: What its currency may be; empty where none is stated.
        negative: A minus sign stands before it, or brackets around it that mean one.
        mark: Decimal mark of the region, "" where it is not known.
        begin: Where its sign or bracket begins; `start` where it has none.
        spelled: Its value where it stands in words ("twelve"), else None.
        loose: It counts something and has no unit, so that only what it counts can tell whether it is right.
    """

    text: str
    start: int
    end: int
    stop: int
    unit: str
    scale: float
    currencies: frozenset[str]
    negative: bool
    mark: str
    begin: int
    spelled: float | None = None
    loose: bool = False

    @property
    def digits(self) -> str:
        """Digits and separators as they stand in the text."""
        return self.text[self.start : self.end]

    @property
    def stated(self) -> str:
        """The number as it stands in the text, with its sign, its unit and a currency before it."""
        begin = self.begin
        money = notation.money_before(self.text, max(0, begin - _MONEY_CHARACTERS), begin)
        return self.text[money.start() if money else begin : self.stop].rstrip(SPACES + ".")

    @property
    def readings(self) -> tuple[Reading, ...]:
        """Every way to read the digits, scale word included; at least one."""
        readings = _readings(self.digits) if self.spelled is None else ((self.spelled, _step_of(self.spelled)),)
        if len(readings) > 1 and self.mark:
            # A reader takes the separator for what it is in the region, and so do we: 12.350 in German is not 12.35.
            readings = readings[:1] if self.mark in self.digits else readings[1:]
        if self.scale == 1.0:
            return readings
        return tuple((value * self.scale, step * self.scale) for value, step in readings)

    @property
    def approximate(self) -> bool:
        """Whether a word like "about" stands before it."""
        return notation.about(self.text[max(0, self.start - _LEAD_CHARACTERS) : self.start]) is not None


def numbers(text: str, mark: str = "") -> list[Number]:
    """The measuring numbers of a text, in order.

    Args:
        mark: Decimal mark of the region ("." or ","), which settles what "1,234" is; "" keeps both readings.
    """
    return [one for one in scan(text, mark) if not one.loose]


def scan(text: str, mark: str = "") -> list[Number]:
    """The same with those that are loose."""
    found: list[Number] = []
    skip_to, skipped = 0, False
    for match in _body.finditer(text):
        tick()
        start, end = match.span()
        if start < skip_to:
            continue
        if start == skip_to + 1 and skipped and text[skip_to] == "-":
            skip_to = end  # the rest of a number that names: L. 214-21
            continue
        skipped = False
        name = _named_whole(text, start, end)
        one = _simple(text, start, end) is not None or bool(_readings(match.group()))
        # The decimal 1234.56 begins like a date; a real date is longer than the number in it, or not a number.
        if name is not None and (name > end or not one):
            skip_to = name
        elif one:
            if (number := _number(text, start, end, mark)) is not None:
                found.append(number)
                skip_to = number.stop  # an exponent is no number of its own
            else:
                skipped, skip_to = True, end
        else:
            # Not one number but several with separators between: "2026 100", "1,2,3".
            pieces = re.finditer(r"\d+", match.group())
            loose = (_number(text, start + piece.start(), start + piece.end(), mark) for piece in pieces)
            found.extend(number for number in loose if number is not None)
    return _with_ranges(text, found)


def spelled(text: str, start: int, end: int, value: float, mark: str = "") -> Number:
    """A number that stands in words, with the unit behind it."""
    unit, scale, currencies, stop = _unit(text, end)
    return Number(text, start, end, stop, unit, scale, currencies, False, mark, start, value, not unit)


def _with_ranges(text: str, found: list[Number]) -> list[Number]:
    """The first end of each range with the unit, scale and currency that stand only at its second end, or the first."""
    for place in range(len(found) - 1):
        one, other = found[place : place + 2]
        if not _is_range(text, one, other):
            continue
        if not one.unit and other.unit:
            found[place] = one._replace(unit=other.unit, scale=other.scale, currencies=other.currencies, loose=False)
        elif one.unit == other.unit == "ccy" and one.scale == 1.0:
            money = one.currencies or other.currencies
            found[place] = one._replace(scale=other.scale, currencies=money)
            found[place + 1] = other._replace(currencies=money)
        elif not other.unit and one.unit and other.loose:
            found[place + 1] = other._replace(unit=one.unit, loose=False)
    return found


def _is_range(text: str, one: Number, other: Number) -> bool:
    if other.begin - one.stop > _RANGE_CHARACTERS:
        return False
    if notation.range_between(text, one.stop, other.begin):
        return True
    lead = max(0, one.start - _LEAD_CHARACTERS)
    return bool(notation.both_between(text, one.stop, other.begin) and notation.between_before(text, lead, one.start))


def _step_of(value: float) -> float:
    return 1.0 if value == int(value) else 10.0 ** -len(repr(value).partition(".")[2])


def confidence_levels(text: str) -> Iterator[tuple[str, float]]:
    """Percentages that are left out as levels of confidence or as the tail beyond one, as stated and as numbers."""
    for match in _body.finditer(text):
        unit, _, _, stop = _unit(text, match.end())
        if unit == "pct" and _is_level(text, match.start(), match.end(), stop):
            yield text[match.start() : stop], _readings(match.group())[0][0]


def _is_level(text: str, start: int, end: int, stop: int) -> bool:
    """Whether a percentage is a level of confidence: the word for that stands directly beside it."""
    readings = _readings(text[start:end])
    if not readings:
        return False
    value = readings[0][0]
    if notation.tail_behind(text, stop) is not None:
        return value in _SHARES_OF_DAYS or value >= _LEAST_LEVEL
    if not _LEAST_LEVEL <= value < 100:
        return False
    lead = max(0, start - _NEARBY_CHARACTERS)
    return notation.level_behind(text, stop) is not None or notation.level_before(text, lead, start) is not None


def _named_whole(text: str, start: int, end: int) -> int | None:
    """Where the date or quote ends that begins with these digits, if one does."""
    following = text[end : end + 1]
    # Most numbers are followed by what cannot continue a date: looking at one character spares two searches.
    if following and following not in "-/. (:\u00a0\u202f" and 2 < end - start < 8:
        return None
    name = (
        notation.date(text, start)
        or notation.clock(text, start)
        or (notation.quote(text, start) if following == "/" else None)
    )
    name = name or (notation.prompted(text, start) if following and following in "( -%\u00a0\u202f" else None)
    return name.end() if name else None


def _number(text: str, start: int, end: int, mark: str) -> Number | None:
    if start and (_is_letter(text[start - 1]) or notation.name_before(text, max(0, start - 8), start)):
        return None
    unit, scale, currencies, stop = _unit(text, end)
    if stop == end and _is_letter(text[end : end + 1]):
        return None
    begin = _minus_before(text, start)
    if money := _money_before(text, begin):
        unit, currencies = "ccy", _currencies(money)
        signed = _minus_before(text, money.start())
        begin = signed if begin == start and signed < money.start() else begin
    dashed = begin < start
    if text[end : end + 1] == "^" and (raised := notation.power(text, end)):
        # The reader sees a power, so that the base alone states nothing.
        scale, stop = _times(text[start:end], raised[1]), raised.end()
        return Number(text, start, end, stop, unit, scale, currencies, dashed, mark, begin)
    if text[end : end + 1] and text[end] in _TRAILING_MINUS and _is_trailing(text, start, end):
        dashed, stop = True, end + 1
    closed = None if dashed else _in_brackets(text, start, end, stop)
    if closed is not None:
        begin, stop = closed
        if not unit:
            unit, scale, currencies, stop = _unit(text, stop)
        if unit in {"", "ccy"} and not currencies and (money := _money_before(text, begin)):
            unit, currencies = "ccy", _currencies(money)
    if not dashed and _is_no_measure(text, start, end, stop, unit, currencies):
        return None
    loose = not unit and text[start:end].isdigit() and int(text[start:end]) <= _MOST_COUNTED
    negative = dashed or closed is not None
    return Number(text, start, end, stop, unit, scale, currencies, negative, mark, begin, None, loose and not negative)


def _money_before(text: str, at: int) -> re.Match[str] | None:
    # Looking at one character spares most numbers the search.
    last = text[max(0, at - 2) : at].rstrip()[-1:]
    return notation.money_before(text, max(0, at - _MONEY_CHARACTERS), at) if last in notation.MONEY_ENDS else None


def _currencies(money: re.Match[str]) -> frozenset[str]:
    return frozenset({money.group(1)}) if money.group(1) else SIGNS[money.group(2)]


def _minus_before(text: str, start: int) -> int:
    """Where the minus begins that stands before a place; the place itself where none does."""
    if not start:
        return start
    at = start - 1
    if at and text[at] in SPACES and text[at - 1] == "\u2212":
        # The true sign is one with a blank behind it, too; a hyphen or a dash is punctuation then.
        before = text[max(0, at - 3) : at - 1].rstrip(SPACES)[-1:]
        return start if before.isdigit() or before in _BEFORE_HYPHEN else at - 1
    if text[at] not in DASHES:
        return start
    before = text[at - 1 : at] if at else ""
    return start if before.isalnum() or before in _BEFORE_HYPHEN else at


def _in_brackets(text: str, start: int, end: int, stop: int) -> tuple[int, int] | None:
    """Where an accountant's brackets around a number begin and end; None where there are none that mean a minus."""
    money = _money_before(text, start)
    at = (money.start() if money else start) - 1
    if at < 0 or text[at] != "(":
        return None
    # With the unit inside, the brackets close behind it.
    close = next((place for place in (end, stop) if text[place : place + 1] == ")"), None)
    if close is None:
        return None
    outside = close == end and (_unit(text, close + 1)[3] > close + 1 or _money_before(text, at) is not None)
    alone = text[:at].strip(SPACES) == "" and text[close + 1 :].strip(SPACES + ".") == ""
    lead = text[max(0, at - _LEAD_CHARACTERS) : at]
    return (at, close + 1) if outside or alone or notation.states(lead) else None


def _is_trailing(text: str, start: int, end: int) -> bool:
    """Whether a minus behind a number is its sign ("4.82-"), and no hyphen ("10- and 20-day")."""
    following = text[end + 1 : end + 2]
    return not text[start:end].isdigit() and (not following or following in SPACES + "%);")


def _times(digits: str, exponent: str) -> float:
    """What a number is multiplied with when it is raised."""
    value = _readings(digits)[0][0]
    try:
        return float(value ** (int(exponent) - 1))
    except (OverflowError, ZeroDivisionError):
        return float("inf")


def _is_no_measure(text: str, start: int, end: int, stop: int, unit: str, currencies: frozenset[str]) -> bool:
    """Whether a number counts, names or dates something instead of measuring it."""
    digits = text[start:end]
    if unit == "pct":
        return _is_level(text, start, end, stop)
    if unit:
        # "12m" is twelve months unless a currency says otherwise.
        return unit == "ccy" and not currencies and text[end:stop] == "m" and digits.isdigit()
    if digits.isdigit() and len(digits) <= 4:
        value = int(digits)
        if len(digits) == 4 and 1900 <= value <= 2100:
            return True
        # "1)" and "401(k)" name; the second number of "(9-25)" counts.
        paired = text[end : end + 1] == ")" and text[start - 1 : start] in _BETWEEN_A_PAIR
        if value <= _LONGEST_TERM and not paired and notation.unnamed(text, end):
            return True
        if value <= _LONGEST_TERM and notation.term(text, end):
            return True
        if value in _DAYS_A_YEAR and notation.day_convention(text, end):
            return True
    words = text[max(0, start - _LEAD_CHARACTERS) : start].rstrip(SPACES + ".-(").split()
    return bool(words) and words[-1].lstrip("(").lower() in notation.NAMING_WORDS


def _is_letter(character: str) -> bool:
    """Whether digits that touch the character are part of a word (Q4, 1st). Scripts without spaces are no words."""
    return character == "_" or (character.isalpha() and character < "\u2e80")


def _unit(text: str, end: int) -> tuple[str, float, frozenset[str], int]:
    """Unit, scale and currencies behind a number, and where they end."""
    after = notation.unit_after(text, end)
    kind = after.lastgroup if after else None
    if after is None or kind is None:
        return "", 1.0, _NO_CURRENCY, end
    if kind == "mille":
        return "pct", 0.1, _NO_CURRENCY, after.end()
    if kind != "scale" and kind != "money":
        return kind, 1.0, _NO_CURRENCY, after.end()
    scale, money = after.group("scale"), after.group("money")
    currencies = (SIGNS.get(money.lower()) or frozenset({money})) if money else _NO_CURRENCY
    # "5k" and "2万" are thousands of anything; "5 million" is money where nothing else is said.
    unit = "ccy" if money or not scale or scale.lower() not in notation.PLAIN_SCALES else ""
    return unit, SCALES[scale.lower()] if scale else 1.0, currencies, after.end()


def _readings(body: str) -> tuple[Reading, ...]:
    """Every way in which digits and separators make one number; empty where none does."""
    if body[-1:] in _FRACTIONS:
        return tuple((value + _FRACTIONS[body[-1]], 0.1) for value, _ in _readings(body[:-1]))
    if body.isdigit():
        return ((float(body), 1.0),)
    plain = body.replace(",", ".", 1)
    whole, _, fraction = plain.partition(".")
    if not (whole.isdigit() and fraction.isdigit()):
        return _grouped(body)
    decimal = (float(plain), 10.0 ** -len(fraction))
    if len(fraction) == 3 and len(whole) <= 3 and whole.strip("0"):
        return (decimal, (float(whole + fraction), 1.0))
    return (decimal,)


def _grouped(body: str) -> tuple[Reading, ...]:
    """Several separators: groups of digits, perhaps with a decimal mark as the last separator."""
    marks = [mark for mark in body if not mark.isdigit()]
    kinds = ["space" if mark in SPACES else "apostrophe" if mark in APOSTROPHES else mark for mark in marks]
    whole, fraction = body, ""
    if kinds[-1] in {".", ","} and kinds.count(kinds[-1]) == 1:
        whole, fraction = body.rsplit(marks[-1], 1)
        kinds.pop()
    groups = re.split(r"\D", whole)
    # Indian numbers group by two above the thousands: 12,34,567.
    even = all(len(group) == 3 for group in groups[1:]) or (
        kinds[:1] == [","] and len(groups[-1]) == 3 and all(len(group) == 2 for group in groups[1:-1])
    )
    if len(set(kinds)) > 1 or not even or len(groups[0]) > 3:
        return ()
    return ((float(f"{''.join(groups)}.{fraction or 0}"), 10.0 ** -len(fraction)),)
