"""The tables of a file: where each has its header, what stands above it, and where the next one begins.

A file may hold several: a summary above the list, positions above transactions, an account a sheet. None of them is
read as the rows of another.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from core.errors import UnreadableFile
from core.intake.cells.dates import NotADate
from core.intake.cells.money_marks import marks_of
from core.intake.cells.numbers import NotANumber, NumberStyle, parse_number
from core.intake.opening.limits import MAX_COLUMNS
from core.intake.opening.sheets import Sheet
from core.intake.opening.source import Container, SourceFile, delimiter_of, table_rows
from core.intake.tables.choices import NOTHING_SAID, TableChoices
from core.intake.tables.column_words import named
from core.intake.transactions.moments import DayOrder, parse_moment

Row = tuple[int, list[str]]
Rows = Iterator[Row]
IsHeader = Callable[[Sequence[str]], bool]

_HEADER_WITHIN = 20
_LOOKED_AT = 5_000
"""Rows of a sheet in which a second table is looked for; below, its rows are refused one by one."""
_FIRST = 200
_SURE = 0.9
_ACCOUNT = re.compile(
    r"(?:sub-?)?(?:account|acct|konto|depot|wertpapierdepot|compte|conto|cuenta|conta|rekening|portfolio|portefeuille|"
    r"口座)\b[ .:#-]{1,10}\w",
    re.IGNORECASE,
)
_SAME = 0.6
"""Share of equal cells by which a row is the header once more, as lists repeat it on every page or group."""


@dataclass(frozen=True, slots=True)
class Block:
    """One table of a file.

    Attributes:
        sheet: Title of its sheet, "" in a text.
        header_row: As a spreadsheet counts.
        header: The cells of the header as they stand.
        above: Rows above the header that belong to no table.
        first: Its first rows, for a look.
        end_row: Row from which another table stands; None: to the end.
        repeats: Rows that are its header once more.
        account: Which account the line right above its header names, or "".
    """

    sheet: str
    header_row: int
    header: tuple[str, ...]
    above: tuple[Row, ...] = ()
    first: tuple[Row, ...] = ()
    end_row: int | None = None
    repeats: frozenset[int] = frozenset()
    account: str = ""

    @property
    def title(self) -> str:
        """What names the account of its lines where no column does: its sheet, and the line above its header."""
        return " ".join(part for part in (self.sheet, self.account) if part)

    @property
    def place(self) -> str:
        """Where it stands, for a sentence."""
        return f"sheet '{self.sheet}', row {self.header_row}" if self.sheet else f"row {self.header_row}"


def filled(row: Sequence[str]) -> int:
    """How many cells say something."""
    return sum(bool(cell.strip()) for cell in row)


def delimiter_in(source: SourceFile) -> str:
    """The sign between columns; "" for a workbook, whose numbers are numbers, and a tab for a page, whose are texts."""
    if source.container is Container.TEXT:
        return delimiter_of(source.text)
    return "\t" if source.texts else ""


def blocks_in(
    source: SourceFile, choices: TableChoices = NOTHING_SAID, is_header: IsHeader | None = None
) -> list[Block]:
    """Every table of the visible sheets, or of the sheet and at the header row that were said; in their order.

    Args:
        is_header: Whether a row is a header for certain, rows below or not.

    Raises:
        UnreadableFile: The sheet or the row that was said is not there.
    """
    if source.container is Container.ARCHIVE:
        found = [
            block
            for sheet in sheets_of(source, choices)
            for block in _blocks(sheet.title, _narrow(source.name, sheet.rows()), choices, is_header)
        ]
    elif source.container is Container.TEXT:
        if choices.sheet:
            raise UnreadableFile(f"'{source.name}' is no workbook and has no sheets. Leave --sheet out.")
        try:
            rows = table_rows(source.name, source.lines(), delimiter_in(source))
            found = list(_blocks("", rows, choices, is_header))
        except UnreadableFile:
            if choices.header_row or is_header:
                raise
            return []
    else:
        return []
    if choices.header_row and not found:
        raise UnreadableFile(
            f"'{source.name}' has no header in row {choices.header_row}: it needs at least two cells and rows below. "
            "Rows are counted as a spreadsheet does, empty ones included."
        )
    return found


def sheets_of(source: SourceFile, choices: TableChoices) -> tuple[Sheet, ...]:
    """The visible sheets, or the one that was said, hidden or not.

    Raises:
        UnreadableFile: There is none of that title.
    """
    if not choices.sheet:
        return source.sheets
    everything = (*source.sheets, *source.hidden)
    for sheet in everything:
        if sheet.title.strip().casefold() == choices.sheet.strip().casefold():
            return (sheet,)
    titles = ", ".join(f"'{sheet.title}'" for sheet in everything)
    raise UnreadableFile(f"'{source.name}' has no sheet '{choices.sheet}'. It has: {titles}.")


def rows_of(source: SourceFile, block: Block) -> Rows:
    """The rows below a table's header, to its end; its header is left out where it is repeated.

    Raises:
        UnreadableFile: A table that cannot be split into rows and columns, or too large.
    """
    for number, row in _area(source, block):
        if number <= block.header_row or number in block.repeats:
            continue
        if block.end_row is not None and number >= block.end_row:
            return
        yield number, row


def _area(source: SourceFile, block: Block) -> Rows:
    if source.container is Container.TEXT:
        return table_rows(source.name, source.lines(), delimiter_in(source))
    sheet = next(one for one in (*source.sheets, *source.hidden) if one.title == block.sheet)
    return _narrow(source.name, sheet.rows())


def _narrow(name: str, rows: Rows) -> Rows:
    for number, row in rows:
        if len(row) > MAX_COLUMNS:
            raise UnreadableFile(
                f"'{name}' has more than {MAX_COLUMNS:,} columns in row {number}. "
                "Remove the columns that are no positions."
            )
        yield number, row


def _blocks(sheet: str, rows: Rows, choices: TableChoices, is_header: IsHeader | None) -> Iterator[Block]:
    looked = _looked_at(rows, choices.header_row)
    if choices.header_row:
        headers = [place for place, (number, _) in enumerate(looked) if number == choices.header_row]
        more = _strict_headers(looked, is_header)
        headers += [place for place in more if headers and place > headers[0]]
    else:
        headers = _headers(looked, is_header)
    kept: list[tuple[int, set[int]]] = []
    for place in headers:
        again = kept and _repeats(looked[kept[-1][0]][1], looked[place][1], is_header)
        if again and _account_above(looked, place) in ("", _account_above(looked, kept[-1][0])):
            kept[-1][1].add(looked[place][0])
        else:
            kept.append((place, set()))
    starts = [_above(looked, place, kept[at - 1][0] + 1 if at else 0) for at, (place, _) in enumerate(kept)]
    for at, (place, repeats) in enumerate(kept):
        end = starts[at + 1] if at + 1 < len(kept) else None
        number, header = looked[place]
        below = [row for row in looked[place + 1 : end] if row[0] not in repeats]
        certain = is_header is not None and is_header(header)
        if certain or (filled(header) > 1 and any(filled(row) > 1 for _, row in below[:_FIRST])):
            yield Block(
                sheet, number, tuple(header), tuple(looked[starts[at] : place]), tuple(below[:_FIRST]),
                looked[end][0] if end is not None else None, frozenset(repeats), _account_above(looked, place),
            )  # fmt: skip
        if choices.header_row:
            return


def _looked_at(rows: Rows, header_row: int | None) -> list[Row]:
    looked: list[Row] = []
    for number, row in rows:
        if filled(row):
            looked.append((number, row))
        if len(looked) >= _LOOKED_AT and number >= (header_row or 0) + _FIRST:
            break
    return looked


def _headers(looked: list[Row], is_header: IsHeader | None) -> list[int]:
    """Places of the headers: the likeliest of the first rows, and every later row that can be nothing else."""
    strict = _strict_headers(looked, is_header)
    if is_header is not None and any(is_header(looked[place][1]) for place in strict[:2]):
        return strict
    # PortfolioFilter the first rows a header need not be certain; but it stands above the second that is.
    within = min(_HEADER_WITHIN, *(strict[1:2] or [_HEADER_WITHIN]))
    first = _likeliest([row for _, row in looked[:within]])
    if first is None:
        return strict
    if strict and strict[0] != first and not _same(looked[strict[0]][1], looked[first][1]):
        # The certain one, unless what is likelier stands above it and is a table of its own.
        first = strict[0] if first > strict[0] or strict[0] - first < 2 else first
    return [first, *(place for place in strict if place > first)]


def _strict_headers(looked: list[Row], is_header: IsHeader | None) -> list[int]:
    return [
        place
        for place, (_, row) in enumerate(looked)
        if (is_header is not None and is_header(row))
        or (_is_strict(row) and any(_has_number(below) for _, below in looked[place + 1 : place + 4]))
    ]


def _is_strict(row: Sequence[str]) -> bool:
    """Whether a row can only be a header: three cells or more, no figures, and known names of columns."""
    cells = [cell.strip() for cell in row if cell.strip()]
    # Asked first, because nearly every row of a long list has figures.
    if len(cells) < 3 or sum(any(map(str.isdigit, cell)) for cell in cells) > len(cells) // 4:
        return False
    known = sum(max(named(cell).values(), default=0.0) >= _SURE for cell in cells)
    return known >= max(2, len(cells) // 3) and len(set(cells)) >= len(cells) - 1 and not _has_number(cells)


def _has_number(cells: Sequence[str]) -> bool:
    return any(is_figure(cell) or is_day(cell) for cell in cells)


def _repeats(header: Sequence[str], row: Sequence[str], is_header: IsHeader | None) -> bool:
    """Whether a row is the header once more: alike, or equal where it is known for certain to be one."""
    if is_header is not None and is_header(row):
        return [cell.strip() for cell in header if cell.strip()] == [cell.strip() for cell in row if cell.strip()]
    return _same(header, row) and not _other_money(header, row)


def _other_money(header: Sequence[str], row: Sequence[str]) -> bool:
    """Whether two rows alike name other currencies in the same place: "Value EUR" above, "Value USD" here."""
    return any(
        cell.strip().casefold() != other.strip().casefold() and marks_of(cell[:60]) != marks_of(other[:60])
        for cell, other in zip(header, row, strict=False)
    )


def _same(header: Sequence[str], row: Sequence[str]) -> bool:
    cells = [cell.strip().casefold() for cell in header]
    others = [cell.strip().casefold() for cell in row]
    equal = sum(bool(cell) and cell == other for cell, other in zip(cells, others, strict=False))
    return equal >= max(2, _SAME * max(filled(header), filled(row)))


def _account_above(looked: list[Row], place: int) -> str:
    """The account that the row right above a header names in a single cell, or in a cell beside its word; or ""."""
    cells = [cell.strip() for cell in looked[place - 1][1] if cell.strip()] if place else []
    line = " ".join(cells)
    return line[:80] if 1 <= len(cells) <= 2 and _ACCOUNT.match(line) else ""


def _above(looked: list[Row], place: int, start: int) -> int:
    """Where the lines above a header begin that say something about its table."""
    if start == 0:
        return 0
    at = place
    while at > start and filled(looked[at - 1][1]) <= 1 and place - at < _HEADER_WITHIN:
        at -= 1
    return at


def _likeliest(rows: Sequence[Sequence[str]]) -> int | None:
    """The place of the row that most looks like a header: many words, known ones, no numbers, and rows below."""
    best, best_score = None, 0.0
    for place, row in enumerate(rows[:-1] or rows):
        cells = [cell.strip() for cell in row if cell.strip()]
        if len(cells) < 2:
            continue
        known = sum(max(named(cell).values(), default=0.0) for cell in cells)
        numbers = sum(is_figure(cell) or is_day(cell) for cell in cells)
        score = len(set(cells)) + 4 * known - 3 * numbers - 0.1 * place
        if score > best_score:
            best, best_score = place, score
    return best


def is_figure(cell: str) -> bool:
    """Whether a cell is a number in either decimal style."""
    if not any(map(str.isdigit, cell)):
        return False
    for style in NumberStyle:
        try:
            parse_number(cell, style)
        except NotANumber:
            continue
        return True
    return False


def is_day(cell: str) -> bool:
    """Whether a cell is a day in either order of day and month."""
    if not 6 <= len(cell.strip()) <= 40 or not any(map(str.isdigit, cell)):
        return False
    try:
        parse_moment(cell, DayOrder.DAY_FIRST)
    except NotADate:
        try:
            parse_moment(cell, DayOrder.MONTH_FIRST)
        except NotADate:
            return False
    return True


def first_rows(block: Block, limit: int) -> list[Row]:
    """The first rows that can be positions."""
    return list(islice((row for row in block.first if filled(row[1]) > 1), limit))
