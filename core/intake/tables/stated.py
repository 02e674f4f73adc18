"""What stands above a table and below it: the day of the list, and totals to hold against its lines."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from core.intake.cells.asset_classes import folded
from core.intake.cells.codes import currency_code
from core.intake.cells.dates import NotADate
from core.intake.cells.money_marks import currency_named
from core.intake.cells.numbers import NotANumber, NumberStyle, choose_style, parse_number
from core.intake.transactions.moments import DayOrder, parse_moment

_DAY: Final = re.compile(
    r"(?<![\w.])(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.](?:\d{4}|\d{2})(?!\d)"
    r"|\d{1,2}(?:\.?[- ]+|\.)(?:de )?[^\W\d_]{3,12}(?:\.?,?[- ]+|\.)(?:de )?\d{4}|[^\W\d_]{3,12}\.? \d{1,2},? \d{4}"
    r"|\d{4}年\d{1,2}月\d{1,2}日)"
)
_OF_ANOTHER: Final = re.compile(
    r"\b(?:inception|launch|birth|born|opened|opening|since|from|seit|von|ab|auflage\w*|eroffn\w*|next|previous|matur\w*|"
    r"fallig\w*|creation|depuis|du|desde|dal|ouvert\w*|geburts\w*|last login|letzte anmeldung)\b"
)
_OF_THE_LIST: Final = re.compile(
    r"\b(?:as (?:of|at|on)|as per|per|pr|zum|stand|stichtag|bewertung\w*|valuation|position\w*|holdings?|"
    r"bestand\w*|depot\w*|au|al|alla data|a fecha|em|date|datum|data|fecha|dato|period|report|statement|to|bis|"
    r"generated|download\w*|exported|erstellt\w*|abgerufen|edite|arrete)\b|基準日|日付|現在|截至|日期"
)
_TOTAL: Final = re.compile(
    r"\b(?:total|gesamt\w*|summe|depot(?:gesamt)?(?:wert|volumen|bestand)|(?:portfolio|account|market) value|"
    r"net asset value|nav|net assets|vermogen\w*|fondsvermogen|nettovermogen|valorisation|encours|"
    r"valore (?:totale|di mercato)|"
    r"valor total|totale waarde|totalt?|depavarde|marknadsvarde|marktwert)\b|合計|評価額合計|总市值|總市值"
)
_NO_TOTAL: Final = re.compile(
    r"\b(?:gain|loss|gewinn|verlust|cost|einstand\w*|kauf\w*|cash|liquid\w*|konto\w*|income|ertrag\w*|dividend\w*|units|"
    r"anzahl|number|count|positionen|positions|shares|fees?|tax\w*|per share|pro anteil|return|rendite|performance|"
    r"perdite|guadagn\w*|plus\w*|moins\w*|vinst|change|veranderung|day)\b|損益|%"
)
_NET: Final = re.compile(r"\b(?:nav|net assets?|net asset value|nettovermogen|fondsvermogen|encours)\b")
_WIDE: Final = 200
_MOST_LINES: Final = 200
_NUMBER: Final = re.compile(r"[(+-]?\d[\d.,'’\u00a0\u202f ]*\d|\d")
_CODE: Final = re.compile(r"(?<![A-Za-z])[A-Z]{3}(?![A-Za-z])|[€£¥]|US\$|\b[Ee]uro\b")


@dataclass(frozen=True, slots=True)
class StatedTotal:
    """A total that the file states beside its table.

    Attributes:
        label: What it is called there.
        currency: ISO 4217 that label or amount name, or "".
        net: Net assets, which may hold more than the lines: only told, never a fault.
        other: The amount in the other decimal style, where it may be either; None where it is one.
    """

    row: int
    label: str
    value: Decimal
    currency: str
    net: bool
    other: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Stated:
    """What the lines beside a table say.

    Attributes:
        day: Of the list; None where they say none, or several.
        day_row: Where it stands, and `day_text` how it is written there.
        unsure: A day that may be two ("04/03/2026"), or "".
    """

    day: date | None = None
    day_row: int = 0
    day_text: str = ""
    unsure: str = ""
    totals: tuple[StatedTotal, ...] = ()


NOTHING_STATED: Final = Stated()


def stated_in(
    rows: Iterable[tuple[int, Sequence[str]]],
    today: date,
    order: DayOrder = DayOrder.UNKNOWN,
    style: NumberStyle | None = None,
) -> Stated:
    """Read the lines beside a table. Never raises, whatever they are.

    Args:
        rows: With their numbers.
        today: Days after the day after it are none of a list.
        order: How numeric days are written, where that is known.
        style: Decimal sign, where that is known; else each amount shows its own.
    """
    lines = [(number, [cell.strip() for cell in row if cell.strip()]) for number, row in rows]
    days = [found for number, cells in lines for found in _days(number, cells, order)]
    days = [one for one in days if one[1] is None or one[1] <= today + timedelta(days=1)]
    sure = [one for one in days if one[3]] or days
    known = {day for _, day, _, _ in sure if day is not None}
    totals = tuple(total for number, cells in lines for total in _totals(number, cells, style))
    unsure = next((text for _, day, text, _ in sure if day is None), "")
    # Two days are a period, and the list stands at its end; more say nothing.
    if not known or (len(known) > 2) or unsure:
        return Stated(unsure=unsure, totals=totals)
    newest = max((one for one in sure if one[1] is not None), key=lambda one: one[1] or date.min)
    return Stated(newest[1], newest[0], newest[2], "", totals)


def is_remark(row: Sequence[str], value_place: int | None) -> bool:
    """Whether a row is a line about its table: one or two cells that name the day or, beside the values, a total."""
    if value_place is not None and value_place < len(row) and row[value_place].strip():
        return False
    cells = [cell.strip() for cell in row if cell.strip()]
    if not 1 <= len(cells) <= 2 or len(cells[0]) > 120:
        return False
    label = folded(cells[0])
    if _DAY.search(" ".join(cells)):
        return bool(_OF_THE_LIST.search(label))
    return bool(_TOTAL.search(label)) and not _NO_TOTAL.search(label)


@dataclass(slots=True)
class Beside:
    """The lines beside one table, gathered while it is read.

    Attributes:
        lines: Those above its header, and every remark below.
    """

    lines: list[tuple[int, list[str]]]

    def without_remarks(
        self, rows: Iterable[tuple[int, list[str]]], value_place: int | None, single: Callable[[int], None] | None
    ) -> Iterator[tuple[int, list[str]]]:
        """The rows that can be positions.

        Args:
            value_place: Column of the values, if there is one.
            single: Told of each row with a single cell, which is then a remark; None keeps such rows.
        """
        for number, row in rows:
            count = _filled_to_three(row) if len(row) > 2 else len(row)
            if count > 2 or (not (alone := single is not None and count == 1) and not is_remark(row, value_place)):
                yield number, row
                continue
            if len(self.lines) < _MOST_LINES:
                self.lines.append((number, list(row)))
            if alone and single is not None:
                single(number)


def _filled_to_three(row: Sequence[str]) -> int:
    """How many cells say something, counted to three: the rows of a large file are through after their first cells."""
    found = 0
    for cell in row[:_WIDE]:
        if cell and not cell.isspace():
            found += 1
            if found == 3:
                break
    return found


def _days(number: int, cells: list[str], order: DayOrder) -> list[tuple[int, date | None, str, bool]]:
    found: list[tuple[int, date | None, str, bool]] = []
    before = ""
    for cell in cells:
        for match in _DAY.finditer(cell[:200]):
            label = folded(f"{before} {cell[: match.start()]}"[-60:])
            if _OF_ANOTHER.search(label) and not _OF_THE_LIST.search(label):
                continue
            text = match[0]
            try:
                day: date | None = parse_moment(re.sub(r"[年月]", "-", text).rstrip("日"), order).date()
            except NotADate as error:
                if "two days" not in str(error):
                    continue
                day = None
            found.append((number, day, f"{before} {cell}".strip()[:80], bool(_OF_THE_LIST.search(label))))
        before = cell
    return found


def _totals(number: int, cells: list[str], style: NumberStyle | None) -> list[StatedTotal]:
    """The total of a line such as "Depotgesamtwert in Euro: 1.634,68" or "Total value", "USD", "12,450.00"."""
    if not cells or len(cells) > 4:
        return []
    head, colon, tail = cells[0].partition(":")
    parts = [part.strip() for part in ([head, tail] if colon and tail.strip() else [head]) + cells[1:]]
    label = folded(head)
    if len(head) > 80 or not _TOTAL.search(label) or _NO_TOTAL.search(label):
        return []
    amounts = [part for part in parts[1:] if _NUMBER.search(part) and not _DAY.search(part)]
    if len(amounts) != 1:
        return []
    choice = choose_style([amounts[0]], "")
    either = [found for one in NumberStyle if (found := _amount(amounts[0], one)) is not None]
    value = _amount(amounts[0], style or choice.style)
    if value is None:
        return []
    other = next((found for found in either if found != value), None) if choice.unsure and style is None else None
    marks = _CODE.findall(" ".join(parts))
    codes = {known[0] for mark in marks if (known := currency_code(mark) or currency_code(currency_named(mark) or ""))}
    currency = codes.pop() if len(codes) == 1 else ""
    return [StatedTotal(number, head, value, currency, bool(_NET.search(label)), other)]


def _amount(text: str, style: NumberStyle) -> Decimal | None:
    try:
        return parse_number(text, style)
    except NotANumber:
        return None
