"""Reads a list of positions by its description: rows are put into our words, then read as every other table is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import chain, islice

from core.domain.portfolio import AssetClass
from core.domain.table_read import DecidedBy
from core.intake.cells.asset_classes import asset_class_of, class_from_name, folded
from core.intake.cells.codes import currency_code
from core.intake.cells.headers import normal
from core.intake.cells.numbers import EMPTY, NotANumber, NumberStyle, parse_number
from core.intake.formats.asking import fixed_of
from core.intake.formats.description import Description
from core.intake.formats.headed_tables import tables_of
from core.intake.gathering import Case, Gathered, merged
from core.intake.opening.source import SourceFile
from core.intake.positions.lines import ONE
from core.intake.positions.position_table import ColumnLayout, read_rows
from core.intake.positions.totals import LEFT_OUT
from core.intake.tables.blocks import Block, delimiter_in, rows_of
from core.intake.tables.deciding import FIRST_ROWS, begin, tell_columns, tell_fixed, with_products
from core.intake.tables.left import tell_left
from core.intake.tables.mapping import read_by_memory
from core.intake.tables.number_style import style_of
from core.intake.tables.stated import Beside, stated_in
from core.intake.tables.surveying import survey_of
from core.intake.tables.value_currency import tell_in_base

_FORMAT = DecidedBy.FORMAT
_CODE_CHARS = range(4, 6)
_NAMING = ("symbol", "isin", "name")
_CODE = re.compile(r"(?<![A-Za-z])[A-Z]{3}(?![A-Za-z])|[€£]|US\$")

Rows = Iterator[tuple[int, list[str]]]


def read(description: Description, source: SourceFile, case: Case) -> list[Gathered]:
    """Read every table of the file that has this format's header.

    Raises:
        UnreadableFile: No such header, or a table that cannot be split.
    """
    tables, others = tables_of(description, source, case)
    if (by_memory := read_by_memory(source, tables, case)) is not None:
        return by_memory
    many = len({block.sheet for block in tables}) > 1
    made = merged(group for block in tables for group in _read(description, source, block, many, case))
    named = ("No asset classes are stated; they were read from the names.",) if description.habits.named_classes else ()
    for note in (*description.notes, *named) if made else ():
        case.findings.note(note)
    delimiter = delimiter_in(source)
    left = (survey_of(source.name, block, delimiter) for block in others)
    tell_left(source, (one for one in left if one is not None), case)
    return made


def _read(description: Description, source: SourceFile, block: Block, many: bool, case: Case) -> list[Gathered]:
    places = description.places(block.header)
    # The last column may have a name in no row, and cells in every one.
    columns = [*block.header, *[""] * (max(places.values()) + 1 - len(block.header))]
    habits = description.habits
    rows = rows_of(source, block)
    first = list(islice(rows, FIRST_ROWS))
    begin(case.findings, block, columns, places)
    style = case.choices.style or habits.decimal
    if style is None or not delimiter_in(source):
        deciding = {name: place for name, place in places.items() if name != description.inside}
        style = style_of(source.name, first, deciding, delimiter_in(source), case, lambda: rows_of(source, block))
    else:
        said = ("said for this file", DecidedBy.HAND) if case.choices.style else ("its format writes them so", _FORMAT)
        case.findings.decided("decimal sign", style.value.removeprefix("decimal "), *said)
        case.findings.written(decimal="," if style is NumberStyle.COMMA else ".")
    known = dict.fromkeys(places, ("its format names it so", _FORMAT))
    tell_columns(case.findings, columns, places, with_products(known, first, places, style))
    beside = Beside(list(block.above))
    lines = beside.without_remarks(chain(first, rows), places.get("market_value"), lambda _number: None)
    lines = tell_in_base(lines, block.header, places, style, case)
    more = [place for place, cell in enumerate(block.header) if normal(cell) in description.plus]
    lines = (_summed(number, row, places, more, style) for number, row in lines)
    width = len(columns)
    header = [*columns, "symbol", "currency", "asset_class"]
    called = {**places, "symbol": width, "asset_class": width + 2}
    called.pop("price_currency", None)
    if description.inside in called and "currency" not in called:
        called["currency"] = width + 1
    fixed = fixed_of(description, source.name, called, case)
    asked = dict.fromkeys(fixed.keys() - description.fixed.keys(), ("said as base currency", DecidedBy.HAND))
    tell_fixed(case.findings, fixed, asked)
    lines = _in_our_words(replace(description, fixed=fixed), lines, columns, places, style, case)
    names = {normal(cell) for cell in columns}
    layout = ColumnLayout(
        source.name,
        header,
        called,
        style,
        family=description.family,
        fixed=fixed,
        day_order=habits.days,
        quote_days=habits.quote_days,
        price_of=next((ONE * units for name, units in description.price_of.items() if name in names), ONE),
        sheet=block.sheet if many else "",
        stated=lambda: stated_in(beside.lines, case.today, habits.days, style),
    )
    return read_rows(layout, lines, case)


def _in_our_words(
    description: Description,
    rows: Rows,
    header: Sequence[str],
    places: Mapping[str, int],
    style: NumberStyle,
    case: Case,
) -> Rows:
    """Rows as our columns want them, with what a line is called, and the currency inside an amount, at their end."""
    width = len(header)
    amount = places.get(description.inside)
    naming = [places[name] for name in _NAMING if name in places]
    for number, row in rows:
        if description.skips(row, places):
            case.findings.tally("Rows that are no lines of their own were left out", f"row {number}", LEFT_OUT)
            continue
        row = [*row, *[""] * (width - len(row))]
        if len(row) > width and not any(cell.strip() for cell in row[width:]):
            del row[width:]
        for name, words in description.empty.items():
            if name in places and folded(row[places[name]].strip()) in words:
                row[places[name]] = ""
        _without_foreign_price(description, number, row, places, case)
        called = next((row[place] for place in naming if row[place].strip()), "")
        if description.habits.code_first and "name" in places:
            called, row[places["name"]] = _parted(row[places["name"]])
        word = _class_word(description, row, places, called)
        if word == AssetClass.CASH.value:
            _without_units(row, places, style)
        currency = "" if amount is None else _taken_out(row, amount, style)
        yield number, [*row[:width], called, currency, word, *row[width:]]


def _class_word(description: Description, row: Sequence[str], places: Mapping[str, int], called: str) -> str:
    """Our word for what a line is: by its cell, by being called money, or by its name where a format says so."""
    word, name = (row[places[one]].strip() if one in places else "" for one in ("asset_class", "name"))
    name = name or called
    if any(folded(name).startswith(money) for money in description.cash):
        return AssetClass.CASH.value
    meant = description.meaning("asset_class", word)
    known = AssetClass(meant) if meant else asset_class_of(word) if word else None
    if known is AssetClass.FUND:
        return class_from_name(name, is_fund=True).value
    if known is not None or word not in EMPTY:
        return known.value if known else word
    by_name = AssetClass.OTHER if not description.habits.named_classes else class_from_name(name)
    return "" if by_name is AssetClass.OTHER else by_name.value


def _parted(text: str) -> tuple[str, str]:
    """Code and name of "7203 Toyota"; a name without a code is called by itself."""
    code, _, name = text.strip().partition(" ")
    known = len(code) in _CODE_CHARS and any(map(str.isdigit, code)) and code.isascii()
    return (code, name.strip()) if known and name.strip() else (text, text)


def _without_units(row: list[str], places: Mapping[str, int], style: NumberStyle) -> None:
    """Money has a value; lists that write units and a price beside it that say something else say nothing by that."""
    if not {"quantity", "price", "market_value"} <= places.keys():
        return
    try:
        units, price, value = (parse_number(row[places[one]], style) for one in ("quantity", "price", "market_value"))
    except NotANumber:
        return
    if units * price != value:
        row[places["quantity"]] = row[places["price"]] = ""


def _taken_out(row: list[str], place: int, style: NumberStyle) -> str:
    """The currency inside an amount, which such cells write with a decimal point whatever the other columns do."""
    found = _CODE.search(row[place])
    if found is None:
        return ""
    if style is NumberStyle.COMMA and "," not in row[place]:
        row[place] = row[place].replace(".", ",")
    return found[0]


def _summed(
    number: int, row: list[str], places: Mapping[str, int], more: Sequence[int], style: NumberStyle
) -> tuple[int, list[str]]:
    """A row with the units of all its columns in the first; where one is no number, as it is, to be told later."""
    at = places.get("quantity")
    parts = [row[place] for place in more if place < len(row) and row[place].strip() not in EMPTY]
    if at is not None and at < len(row) and parts:
        try:
            total = sum((parse_number(text, style) for text in (row[at] or "0", *parts)), Decimal(0))
        except NotANumber:
            return number, row
        text = f"{total:f}"
        row[at] = text.replace(".", ",") if style is NumberStyle.COMMA else text
    return number, row


def _without_foreign_price(
    description: Description, number: int, row: list[str], places: Mapping[str, int], case: Case
) -> None:
    """A price in another currency than the value says something else than it does in its own: it is left out."""
    if not {"price", "price_currency"} <= places.keys():
        return
    own = row[places["currency"]] if "currency" in places else description.fixed.get("currency", "")
    priced, valued = currency_code(row[places["price_currency"]]), currency_code(own)
    if priced is not None and valued is not None and priced[0] != valued[0]:
        case.findings.tally("Prices in another currency than the value were left out", f"row {number}", "price")
        row[places["price"]] = ""
