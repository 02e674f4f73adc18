"""The canonical positions table, as CSV or as a workbook.

Columns, in any order, upper or lower case: date, account, symbol, isin, name, asset_class, quantity, price, currency,
market_value, sector, country, cost. Needed are symbol, currency, and market_value or both quantity and price. Each
account on each date becomes a portfolio of its own; the same account continues over dates and over both file types.
Every table with such a header is read, on every visible sheet; without a column for it, a sheet is an account.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain, islice
from typing import Final

from core.domain.table_read import DecidedBy
from core.errors import UnreadableFile
from core.intake.cells.headers import normal
from core.intake.cells.names import one_line
from core.intake.gathering import Case, Gathered, merged
from core.intake.opening.source import Container, SourceFile, has_header
from core.intake.positions.dealings import dealings_in
from core.intake.positions.position_table import ColumnLayout, read_rows
from core.intake.tables.blocks import Block, blocks_in, delimiter_in, rows_of
from core.intake.tables.choices import Undecided
from core.intake.tables.column_words import MULTIPLIERS, named, plain
from core.intake.tables.deciding import FIRST_ROWS, begin, tell_columns, with_products
from core.intake.tables.left import tell_left
from core.intake.tables.mapping import read_by_memory
from core.intake.tables.number_style import style_of
from core.intake.tables.proofs import are_products, refuse_another_currency
from core.intake.tables.quoting import quote_days, refuse_thousands
from core.intake.tables.sides import side_column, signed
from core.intake.tables.stated import Beside, stated_in
from core.intake.tables.surveying import survey_of
from core.intake.tables.value_currency import in_the_value_s_currency, names_its_currency

COLUMNS = (
    "date", "account", "symbol", "isin", "name", "asset_class", "quantity", "price", "currency", "market_value",
    "sector", "country", "cost",
)  # fmt: skip
_HEADER_WITHIN = 20
_OWN_WORD: Final = ("its header is a column of the template", DecidedBy.FILE)
_SURE = 0.7


def is_header(row: Iterable[str]) -> bool:
    """Whether a row names the columns that a positions table needs."""
    names = {normal(cell) for cell in row}
    return {"symbol", "currency"} <= names and ("market_value" in names or {"quantity", "price"} <= names)


def detect_csv(source: SourceFile) -> bool:
    """Whether a text has a canonical header among its first rows."""
    return has_header(source, is_header, _HEADER_WITHIN)


def detect_xlsx(source: SourceFile) -> bool:
    """Whether a visible sheet of a workbook has a canonical header among its first rows."""
    return any(
        is_header(row)
        for sheet in source.sheets
        for number, row in islice(sheet.rows(), _HEADER_WITHIN)
        if number <= _HEADER_WITHIN
    )


def read_csv(source: SourceFile, case: Case) -> list[Gathered]:
    """Read every canonical table of a text.

    Raises:
        UnreadableFile: No header, or a table that cannot be split into rows and columns.
    """
    if source.container is not Container.TEXT:
        raise UnreadableFile(f"'{source.name}' is {source.container.value}, not text. Leave the format to 'auto'.")
    return _read(source, case)


def read_xlsx(source: SourceFile, case: Case) -> list[Gathered]:
    """Read the canonical tables of every visible sheet.

    Raises:
        UnreadableFile: Damaged, too large, or no sheet with a header.
    """
    if source.container is not Container.ARCHIVE:
        raise UnreadableFile(
            f"'{source.name}' is {source.container.value}, not an Excel workbook. Leave the format to 'auto'."
        )
    return _read(source, case)


def _read(source: SourceFile, case: Case) -> list[Gathered]:
    found = blocks_in(source, case.choices, is_header)
    tables = [block for block in found if is_header(block.header)]
    if not tables:
        raise UnreadableFile(
            f"'{source.name}' has no header row naming symbol, currency, and market_value or quantity and price "
            f"in its first {_HEADER_WITHIN} rows. Start from the template."
        )
    if (by_memory := read_by_memory(source, tables, case)) is not None:
        return by_memory
    many = len({block.title for block in tables}) > 1
    made = merged(group for block in tables for group in _read_table(source, block, many, case))
    delimiter = delimiter_in(source)
    others = (survey_of(source.name, block, delimiter) for block in found if block not in tables)
    tell_left(source, (one for one in others if one is not None), case)
    return made


def _read_table(source: SourceFile, block: Block, many: bool, case: Case) -> list[Gathered]:
    places, extra = _places(block.header, source.name)
    rows = rows_of(source, block)
    first = list(islice(rows, FIRST_ROWS))
    dealings = dealings_in(block.header, first)
    if dealings and not case.choices.positions:
        raise Undecided(
            f"'{source.name}' is no list of positions: {dealings} If they are positions all the same, say --positions."
        )
    if dealings:
        case.findings.note(f"It was read as positions because somebody said so; but {dealings}")
    begin(case.findings, block, block.header, places)
    beside = Beside(list(block.above))
    value = places.get("market_value")
    style = style_of(source.name, first, places, delimiter_in(source), case, lambda: rows_of(source, block))
    proven = are_products(first, places, style)
    why = {field: _OWN_WORD for field, place in places.items() if normal(block.header[place]) == field}
    tell_columns(case.findings, block.header, places, with_products(why, first, places, style))
    refuse_thousands(source.name, block.header, places, block.above, proven=proven)
    all_rows = beside.without_remarks(chain(first, rows), value, None)
    if value is not None:
        all_rows = in_the_value_s_currency(all_rows, block.header, places, style, case)
        # By our own word a value is in its row's currency, whoever else's price stands beside it.
        if normal(block.header[value]) != "market_value" and not names_its_currency(block.header[value]):
            refuse_another_currency(source.name, block.header, first, places, style)
    side = side_column(block.header, first, places)
    _tell_unread([place for place in extra if place != side], block.header, case)
    if side is not None:
        all_rows = signed(all_rows, side, places, style, block.header, case)
    layout = ColumnLayout(
        source.name,
        list(block.header),
        places,
        style,
        quote_days=normal(block.header[places["date"]]) != "date" and quote_days(block.header, first, places)
        if "date" in places
        else False,
        sheet=block.title if many else "",
        stated=lambda: stated_in(beside.lines, case.today, case.choices.day_order, case.choices.style),
    )
    return read_rows(layout, all_rows, case)


def _other_word(header: Sequence[str], extra: Sequence[int], field: str) -> int | None:
    """The one column that another word than ours calls a field; None where there is none, or several."""
    found = [place for place in extra if named(header[place]).get(field, 0.0) >= _SURE]
    return found[0] if len(found) == 1 else None


def _places(header: Sequence[str], name: str) -> tuple[dict[str, int], list[int]]:
    """The column of each field, and the columns of none."""
    places: dict[str, int] = {}
    extra: list[int] = []
    for place, cell in enumerate(header):
        column = normal(cell)
        if column in COLUMNS and column in places:
            raise UnreadableFile(f"'{name}' has two columns named '{one_line(cell)}'. Remove or rename one of them.")
        if column in COLUMNS:
            places[column] = place
        elif column:
            extra.append(place)
    for field in ("market_value", "date"):
        other = _other_word(header, extra, field) if field not in places else None
        if other is not None:
            # What is stated and not read would be contradicted in silence, by quantity × price or by today.
            places[field] = other
            extra.remove(other)
    return places, extra


def _tell_unread(extra: Sequence[int], header: Sequence[str], case: Case) -> None:
    extra = [place for place in extra if plain(header[place]) not in MULTIPLIERS]
    if extra:
        shown = ", ".join(f"'{one_line(header[place])[:40]}'" for place in extra[:10])
        case.findings.note(f"Columns that were not read: {shown}{' and more' if len(extra) > 10 else ''}.")
