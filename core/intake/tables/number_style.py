"""Which decimal sign a table uses, by all its numbers; where nothing decides, a person is asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Final

from core.domain.table_read import DecidedBy
from core.intake.cells.numbers import NotANumber, NumberStyle, StyleChoice, choose_style, parse_number
from core.intake.gathering import Case
from core.intake.tables.choices import Undecided

Row = tuple[int, list[str]]
_FIELDS: Final = ("quantity", "price", "market_value")
_NEAR: Final = Decimal("0.001")


def style_of(
    name: str,
    first: Sequence[Row],
    places: Mapping[str, int],
    delimiter: str,
    case: Case,
    again: Callable[[], Iterable[Row]] | None = None,
) -> NumberStyle:
    """Which decimal sign a table uses; a workbook (no delimiter) keeps numbers, not their looks.

    Args:
        first: Its first rows.
        again: Gives all rows, where the first decide nothing.

    Raises:
        Undecided: Numbers such as 1.500 may be two, and neither other numbers, products nor the separator tell.
    """
    if case.choices.style is not None:
        return _told(case, case.choices.style, "said for this file", DecidedBy.HAND)
    if not delimiter:
        # The cells of a workbook are numbers; which sign a program shows them with is not in it.
        return NumberStyle.POINT
    numeric = [places[field] for field in _FIELDS if field in places]
    choice = choose_style(_cells(first, numeric), delimiter)
    if choice.unsure and again is not None:
        choice = choose_style(_cells(again(), numeric), delimiter)
    if not choice.unsure:
        return _told(case, choice.style, _shown(choice))
    proven = _by_product(first, places)
    if proven is not None:
        case.findings.note(
            f"Numbers such as '{choice.unsure[:40]}' were read with a {proven.value}: only so is quantity × price the "
            "value."
        )
        return _told(case, proven, f"only so is quantity × price the value; '{choice.unsure[:40]}' could be either")
    return _by_separator(name, choice, delimiter, case)


def _told(case: Case, style: NumberStyle, proof: str, by: DecidedBy = DecidedBy.FILE) -> NumberStyle:
    case.findings.decided("decimal sign", style.value.removeprefix("decimal "), proof, by)
    case.findings.written(decimal="," if style is NumberStyle.COMMA else ".")
    return style


def _shown(choice: StyleChoice) -> str:
    """Why no number is in doubt."""
    good, other = choice.votes
    if not good:
        return "no number has a sign that could be either"
    if other:
        return f"{good:,} of {good + other:,} numbers can only be read so, such as '{choice.shown[:40]}'"
    return f"'{choice.shown[:40]}' can only be read so"


def _by_separator(name: str, choice: StyleChoice, delimiter: str, case: Case) -> NumberStyle:
    """Spreadsheets part columns by semicolons exactly where the comma is the decimal sign, and by commas elsewhere."""
    shown = choice.unsure[:40]
    if delimiter not in (";", ","):
        raise Undecided(
            f"'{name}' has numbers such as '{shown}' that may be two, and nothing in it tells which. Say --decimal , "
            "or --decimal . for the sign before the decimals, or choose it on the Import page."
        )
    case.findings.note(
        f"Numbers such as '{shown}' could be read in two ways; they were read with a {choice.style.value}, because the "
        f"columns are parted by '{delimiter}'. If that is wrong, say --decimal "
        f"{'.' if choice.style is NumberStyle.COMMA else ','}"
    )
    return _told(case, choice.style, f"'{shown}' could be either, and columns are parted by '{delimiter}'")


def _cells(rows: Iterable[Row], numeric: Sequence[int]) -> Iterable[str]:
    return (row[place] for _, row in rows for place in numeric if place < len(row))


def _by_product(rows: Sequence[Row], places: Mapping[str, int]) -> NumberStyle | None:
    """The style in which quantity × price is the value where it is not in the other; None where rows disagree."""
    if not set(_FIELDS) <= places.keys():
        return None
    neither = 0
    good = dict.fromkeys(NumberStyle, 0)
    for _, row in rows:
        # "85" at "1" is 85 in both, and so is "4,000" at "1": a row tells where one style alone fits.
        read = {style: numbers for style in NumberStyle if (numbers := _numbers(row, places, style)) is not None}
        fitting = [style for style, numbers in read.items() if _fits(*numbers)]
        neither += bool(read) and not fitting
        if len(fitting) == 1:
            good[fitting[0]] += 1
    most = max(good, key=lambda style: good[style])
    others = [count for style, count in good.items() if style is not most]
    return most if good[most] and good[most] >= neither and not any(others) else None


def _fits(quantity: Decimal, price: Decimal, value: Decimal) -> bool:
    return bool(value) and abs(quantity * price - value) <= abs(value) * _NEAR


def _numbers(row: Sequence[str], places: Mapping[str, int], style: NumberStyle) -> list[Decimal] | None:
    try:
        return [parse_number(row[places[field]], style) for field in _FIELDS]
    except (NotANumber, IndexError):
        return None
