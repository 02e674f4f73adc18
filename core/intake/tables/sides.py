"""A column that says of each line whether it is held or owed: short lines are negative, whatever their amounts say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from core.intake.cells.numbers import NotANumber, NumberStyle, parse_number
from core.intake.gathering import Case
from core.intake.tables.column_words import plain

Row = tuple[int, list[str]]
_HEADERS: Final = frozenset(
    {"side", "direction", "position side", "position type", "long short", "l s", "long or short", "richtung", "seite"}
)
_LONG: Final = frozenset({"long", "l", "lang", "longue", "largo", "lunga", "買", "买", "buy", "b"})
_SHORT: Final = frozenset({"short", "s", "kurz", "courte", "corto", "corta", "売", "卖", "sell", "sold"})
_PLAINLY: Final = frozenset({"long", "short"})


def side_column(header: Sequence[str], rows: Sequence[Row], places: Mapping[str, int]) -> int | None:
    """The column of sides, by its header, or because nothing but "long" and "short" stands in it; None without one."""
    taken = set(places.values())
    for place, cell in enumerate(header):
        words = {row[place].strip().casefold() for _, row in rows if place < len(row) and row[place].strip()}
        if place in taken or not words:
            continue
        known = plain(cell) in _HEADERS and words <= _LONG | _SHORT
        if (known or words <= _PLAINLY) and words & _SHORT:
            return place
    return None


def signed(
    rows: Iterable[Row], place: int, places: Mapping[str, int], style: NumberStyle, header: Sequence[str], case: Case
) -> Iterator[Row]:
    """The rows, with quantity, value and cost of short lines negative; it is told of each line."""
    heading = f"Column '{header[place]}' says short: the line was read as owed, its amounts as negative"
    for number, row in rows:
        if place < len(row) and row[place].strip().casefold() in _SHORT:
            for field in ("quantity", "market_value", "cost"):
                at = places.get(field)
                if at is not None and at < len(row) and _positive(row[at], style):
                    row[at] = f"-{row[at].strip()}"
            case.findings.tally(heading, f"row {number}", "short lines")
        yield number, row


def _positive(text: str, style: NumberStyle) -> bool:
    try:
        return parse_number(text, style) > 0
    except NotANumber:
        return False
