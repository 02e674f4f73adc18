"""What a table's prices are: of how many units, and of which day. Its numbers say it before its words."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final

from core.errors import UnreadableFile
from core.intake.cells.numbers import NotANumber, NumberStyle, parse_number
from core.intake.gathering import Case
from core.intake.tables.blocks import is_day
from core.intake.tables.choices import Undecided
from core.intake.tables.column_words import QUOTE_DAYS, plain

Row = tuple[int, list[str]]
ONE: Final = Decimal(1)
_UNITS: Final = (Decimal(1_000), Decimal(10_000), Decimal(1_000_000))
_WORDS_OF: Final = {Decimal(1_000): "thousands", Decimal(10_000): "ten thousands", Decimal(1_000_000): "millions"}
_NEAR: Final = Decimal("0.005")
_OF_UNITS: Final = re.compile(r"(?:\bper|\bje|\bpro|\bpour|\bpor|/)\s*(1[., ']?000|10[., ']?000)\b|(1)?万口|(千)口")
_OF_ONE: Final = re.compile(r"(?<!\d)1口|１口")
_FUND_PRICE: Final = re.compile(r"基準価[額格]")
_CLOCK: Final = re.compile(r"\d{1,2}:\d{2}(?::\d{2})?(?: ?[ap]m)?", re.IGNORECASE)
_THOUSANDS: Final = re.compile(
    r"\b(?:in (?:mio|tsd|mln|mn)|thousands?|millions?|billions?|tausend|millionen|milliers|migliaia|milioni|"
    r"miles|millones|mil|milhares|milhoes|milh[oõ]es|tys|tis|mld|mrd|bn|ezer|millio|millió|bin|milyon|mii|milioane|"
    r"tkr|mkr|tsek|msek|tnok|tdkk|тыс|млн|млрд|тис|хил|χιλ|εκατ)\b|\bT(?:EUR|USD|CHF|GBP)\b|\bk(?:€|EUR|USD|\$|CHF)"
    r"|[('\[ $]000s?\b['\])]*|\b(?:Mio|Tsd|Mln)\b\.?|千円|百万円|億円|万円|万元|亿元|천원|만원|백만|억원|\(千\)",
    re.IGNORECASE,
)
_OF_AMOUNTS: Final = re.compile(
    r"\b(?:amounts?|values?|figures|all|stated|expressed|in|betr[aä]ge|angaben|werte|montants|valeurs|importi|valores)\b",
    re.IGNORECASE,
)
_NAMES: Final = ("isin", "symbol", "name")


def price_of(
    header: Sequence[str], rows: Sequence[Row], places: Mapping[str, int], style: NumberStyle, case: Case
) -> Decimal:
    """How many units a price is for: 10,000 for Japanese funds, 1 for nearly everything else; it is told.

    Where the table states values, they decide; else the header of the prices does.
    """
    if "price" not in places:
        return ONE
    name = header[places["price"]] if places["price"] < len(header) else ""
    by_values, by_header = _by_values(rows, places, style), _by_header(name)
    value = header[places["market_value"]] if "market_value" in places else ""
    if by_values is not None and by_values != ONE and by_values != by_header and not _of_japan(rows, places, by_values):
        raise Undecided(
            f"Column '{value}' is quantity × price / {by_values:,} in most lines: either its amounts are in "
            f"{_WORDS_OF[by_values]}, or prices are of {by_values:,} units. Write the amounts out in a spreadsheet, or "
            f"leave the column out with --map '{value}=' so that quantity × price counts."
        )
    units = by_values or by_header
    if units != ONE:
        why = "only so is quantity × price the value" if by_values else "by law and custom, or by its header"
        case.findings.note(f"Column '{name}' is the price of {units:,} units ({why}); prices were divided by it.")
        case.findings.decided("units of a price", f"column '{name}' is the price of {units:,} units", why)
    return units


def _by_values(rows: Sequence[Row], places: Mapping[str, int], style: NumberStyle) -> Decimal | None:
    """The number of units by which quantity × price is the value in most rows; None where there are no values."""
    if not {"quantity", "market_value"} <= places.keys():
        return None
    found: Counter[Decimal] = Counter()
    for _, row in rows:
        try:
            quantity, price, value = (
                parse_number(row[places[field]], style) for field in ("quantity", "price", "market_value")
            )
        except (NotANumber, IndexError):
            continue
        if value and quantity and price:
            ratio = quantity * price / value
            found[next((units for units in _UNITS if abs(ratio - units) <= units * _NEAR), ONE)] += 1
    return found.most_common(1)[0][0] if found else None


def _of_japan(rows: Sequence[Row], places: Mapping[str, int], units: Decimal) -> bool:
    """Whether prices of 10,000 units are what law and custom make them: those of funds in yen."""
    at = places.get("currency")
    said = {row[at].strip().upper() for _, row in rows if at is not None and at < len(row)}
    return units == _UNITS[1] and (at is None or said <= {"", "JPY", "円", "¥", "YEN"})


def _by_header(name: str) -> Decimal:
    said = _OF_UNITS.search(name)
    if said is not None:
        if said[1] is not None:
            return Decimal(re.sub(r"\D", "", said[1]))
        return Decimal(1_000) if said[3] else Decimal(10_000)
    # 基準価額 is the price of 10,000 units of a Japanese fund.
    return Decimal(10_000) if _FUND_PRICE.search(name) and not _OF_ONE.search(name) else ONE


def refuse_thousands(
    name: str, header: Sequence[str], places: Mapping[str, int], above: Sequence[Row] = (), *, proven: bool = False
) -> None:
    """Refuse amounts that their header, or a line above it, calls thousands or millions: they would be too small.

    Args:
        above: Lines above the header.
        proven: Quantity × price is the value, so that a line above speaks of something else.

    Raises:
        UnreadableFile: Naming the column or the line.
    """
    for number, row in above:
        said = next((cell for cell in row if _OF_AMOUNTS.search(cell) and _THOUSANDS.search(cell)), "")
        if said and not proven:
            raise UnreadableFile(
                f"'{name}': row {number} says '{said.strip()[:80]}'. Write the amounts out in a spreadsheet, so that "
                "1.5 million is 1500000, take that line out, and import it again."
            )
    for field in ("market_value", "price", "cost"):
        place = places.get(field)
        column = header[place] if place is not None and place < len(header) else ""
        if _THOUSANDS.search(column):
            raise UnreadableFile(
                f"'{name}': column '{column}' holds thousands or millions. Write the amounts out in a spreadsheet, so "
                "that 1.5 million is 1500000, and import it again."
            )


def quote_days(header: Sequence[str], rows: Sequence[Row], places: Mapping[str, int]) -> bool:
    """Whether the date column dates each line's price and not the list.

    By its name; beside a column of times, or with times in it; or because every line stands once and on days that
    differ, which no history of snapshots does.
    """
    place = places.get("date")
    if place is None:
        return False
    if plain(header[place] if place < len(header) else "") in QUOTE_DAYS:
        return True
    cells = [row[place].strip() for _, row in rows if place < len(row) and row[place].strip()]
    if len(set(cells)) < 2:
        return False
    if _has_clock(cells) or any(_has_clock(_column(rows, beside)) for beside in range(len(header)) if beside != place):
        return True
    names = next((places[field] for field in _NAMES if field in places), None)
    lines = _column(rows, names) if names is not None else []
    return len(lines) > 1 and len(set(lines)) == len(lines)


def _column(rows: Sequence[Row], place: int) -> list[str]:
    return [row[place].strip() for _, row in rows if place < len(row) and row[place].strip()]


def _has_clock(cells: Sequence[str]) -> bool:
    """Whether most cells are times of a day, or days with different times."""
    if not cells:
        return False
    clocks = [_CLOCK.fullmatch(cell) for cell in cells]
    if sum(clock is not None for clock in clocks) > len(cells) / 2:
        return True
    ends = {found[-1] for cell in cells if is_day(cell) and (found := _CLOCK.findall(cell))}
    return len(ends) > 1
