"""Any other table of positions: which of its columns is which, guessed, shown, corrected by a person, and remembered.

A table whose header is not known is surveyed: its header row is found, its columns are guessed, and the first rows are
kept for a person to look at. Nothing is read before a mapping was confirmed, once a header: confirmed mappings are
remembered under the header's fingerprint.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import chain, islice

from core.errors import BadInput, UnreadableFile
from core.intake.cells.codes import currency_code
from core.intake.cells.dates import parse_date
from core.intake.cells.names import one_line
from core.intake.cells.numbers import NotANumber, NumberStyle, parse_number
from core.intake.gathering import Case, Gathered
from core.intake.opening.source import Container, SourceFile, delimiter_of, table_rows
from core.intake.opening.workbook import workbook_rows
from core.intake.positions.canonical import ColumnLayout, Rows, normal, read_rows, style_of
from core.intake.positions.dealings import dealings_in
from core.intake.tables.column_guess import LEAST, NUMERIC, Guess, guess_columns
from core.intake.tables.column_mapping import ColumnMapping, faults_of
from core.intake.tables.column_words import QUOTE_DAYS, named, plain
from core.intake.tables.value_currency import in_the_value_s_currency
from core.intake.transactions.moments import DayOrder, parse_moment

FAMILY = "table"
_HEADER_WITHIN = 20
_SURVEYED = 200
_SHOWN = 20
_STYLE_ROWS = 2_000
_CURRENCY_IN_HEADER = re.compile(r"(?<![A-Za-z])([A-Z]{3})(?![A-Za-z])")


class NeedsMapping(UnreadableFile):
    """A table that can be read once a person has said which column is which."""


@dataclass(frozen=True, slots=True)
class Survey:
    """What a table looks like before it is read.

    Attributes:
        header_row: Row of the header, as a spreadsheet counts.
        header: Its cells.
        guesses: One a column.
        rows: The first rows below, with their numbers.
        mapping: The guesses as a mapping that can be read or corrected.
        fingerprint: The same for every file with this header.
        warning: What speaks against this being a table of positions; "" when nothing does.
    """

    name: str
    header_row: int
    header: tuple[str, ...]
    guesses: tuple[Guess, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]
    mapping: ColumnMapping
    fingerprint: str
    warning: str = ""


def fingerprint_of(header: Sequence[str]) -> str:
    """The same for headers that differ in case, spaces or empty columns at the end: 32 hexadecimal digits."""
    names = [normal(cell) for cell in header]
    while names and not names[-1]:
        names.pop()
    return hashlib.sha256("\0".join(names).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def detect(source: SourceFile) -> bool:
    """Whether a file is a table that a person could map: it has a header of which something can be guessed."""
    found = _found(source)
    return found is not None and any(guess.confidence >= 0.5 for guess in found.guesses)


def survey(source: SourceFile) -> Survey:
    """Look at a table.

    Raises:
        UnreadableFile: No table of at least two columns with a header row and rows below it.
    """
    found = _found(source)
    if found is None:
        raise UnreadableFile(
            f"'{source.name}' holds no table: a header row with at least two columns and rows below it, within its "
            f"first {_HEADER_WITHIN} rows. Start from the template."
        )
    return found


def read(source: SourceFile, case: Case) -> list[Gathered]:
    """Read a table by the mapping that the case carries, or that is remembered for its header.

    Raises:
        NeedsMapping: There is neither.
        UnreadableFile: No table, or one that cannot be split into rows and columns.
    """
    found = survey(source)
    mapping = case.mapping
    if mapping is None:
        mapping = case.remembered(found.fingerprint)
        if mapping is not None:
            said = ", ".join(f"{_label(found.header, place)} is {field}" for field, place in mapping.columns)
            case.findings.note(f"The columns were read as remembered for this header: {said}.")
    if mapping is None:
        raise NeedsMapping(_needs(found))
    for fault in faults_of(mapping, len(found.header)):
        raise BadInput(f"'{source.name}': {fault}")
    return _read(source, found, mapping, case)


def _needs(found: Survey) -> str:
    guessed = [f"--map '{_label(found.header, place)}={field}'" for field, place in found.mapping.columns]
    guessed += [f"--map '={value}={field}'" for field, value in found.mapping.fixed]
    hint = f" A guess: {' '.join(guessed)}." if guessed else ""
    return (
        f"'{found.name}' is a table whose header is not known: {', '.join(map(repr, found.header[:12]))}. "
        f"Say once which column is which, with --map or on the Import page.{hint}"
        + (f" But {found.warning}" if found.warning else "")
    )


def mapping_from(pairs: Iterable[str], found: Survey) -> ColumnMapping:
    """The guess, corrected by what a person wrote.

    Args:
        pairs: "column=field": the column by its name in the header or by its number ("#3"), the field one of
            `MAPPABLE`, or nothing to leave the column out. "=EUR=currency" sets a field for the whole file.
        found: The table they are about.

    Raises:
        BadInput: A pair without "=", or an unknown column; and every fault of the whole mapping.
    """
    columns = dict(found.mapping.columns)
    fixed = dict(found.mapping.fixed)
    said: dict[str, int] = {}
    for pair in pairs:
        left, sign, field = pair.rpartition("=")
        field = normal(field)
        if not sign:
            raise BadInput(f"'{pair}' is no mapping. Write column=field, such as 'Kurswert=market_value'.")
        if left.startswith("="):
            fixed[field] = left[1:].strip()
            columns.pop(field, None)
            continue
        place = _place(left, found)
        columns = {name: at for name, at in columns.items() if at != place and name != field}
        fixed.pop(field, None)
        if field:
            said[field] = place
    corrected = replace(
        found.mapping,
        columns=tuple(sorted({**columns, **said}.items(), key=lambda item: item[1])),
        fixed=tuple(fixed.items()),
    )
    faults = faults_of(corrected, len(found.header))
    if faults:
        raise BadInput(f"'{found.name}': {' '.join(faults)}")
    return corrected


def _place(column: str, found: Survey) -> int:
    if re.fullmatch(r"#[0-9]{1,3}", column.strip()):
        return int(column.strip()[1:]) - 1
    for same in (str.strip, normal):
        for place, cell in enumerate(found.header):
            if cell and same(cell) == same(column):
                return place
    raise BadInput(
        f"'{found.name}' has no column '{column}'. It has: "
        + ", ".join(f"'{cell}' (#{place + 1})" for place, cell in enumerate(found.header[:40]))
        + "."
    )


def _label(header: Sequence[str], place: int) -> str:
    return (header[place] if 0 <= place < len(header) and header[place] else "") or f"#{place + 1}"


def _found(source: SourceFile) -> Survey | None:
    rows, delimiter = _rows(source)
    try:
        first = list(islice(rows, _HEADER_WITHIN + _SURVEYED))
    except UnreadableFile:
        return None
    at = _header_among([row for _, row in first[:_HEADER_WITHIN]])
    if at is None:
        return None
    header_row, header = first[at][0], [one_line(cell)[:60] for cell in first[at][1]]
    while header and not header[-1]:
        header.pop()
    below = [(number, row) for number, row in first[at + 1 :] if _filled(row) > 1]
    if len(header) < 2 or not below:
        return None
    guesses = guess_columns(header, [row for _, row in below], delimiter)
    return Survey(
        source.name,
        header_row,
        tuple(header),
        tuple(guesses),
        tuple((number, tuple(row[: len(header)])) for number, row in below[:_SHOWN]),
        _mapping(header, guesses),
        fingerprint_of(header),
        dealings_in(header, below),
    )


def _rows(source: SourceFile) -> tuple[Rows, str]:
    """All rows with their numbers, and the sign between columns ("" for a workbook)."""
    if source.container is Container.ARCHIVE:
        return workbook_rows(source, lambda row: _filled(row) > 1), ""
    if source.container is not Container.TEXT:
        return iter(()), ""
    delimiter = delimiter_of(source.text)
    return table_rows(source.name, source.text, delimiter), delimiter


def _filled(row: Sequence[str]) -> int:
    return sum(bool(cell.strip()) for cell in row)


def _header_among(rows: Sequence[Sequence[str]]) -> int | None:
    """The place of the row that most looks like a header: many words, known ones, no numbers, and rows below."""
    best, best_score = None, 0.0
    for place, row in enumerate(rows[:-1] or rows):
        cells = [cell.strip() for cell in row if cell.strip()]
        if len(cells) < 2:
            continue
        known = sum(max(named(cell).values(), default=0.0) for cell in cells)
        numbers = sum(_is_number(cell) for cell in cells)
        score = len(set(cells)) + 4 * known - 3 * numbers - 0.1 * place
        if score > best_score:
            best, best_score = place, score
    return best


def _is_number(cell: str) -> bool:
    for style in NumberStyle:
        try:
            parse_number(cell, style)
        except NotANumber:
            continue
        return True
    return False


def _mapping(header: Sequence[str], guesses: Sequence[Guess]) -> ColumnMapping:
    columns = tuple((guess.field, place) for place, guess in enumerate(guesses) if guess.confidence >= LEAST)
    fixed: tuple[tuple[str, str], ...] = ()
    if "currency" not in dict(columns):
        said = {
            code
            for field, place in columns
            if field in NUMERIC
            for code in _CURRENCY_IN_HEADER.findall(header[place])
            if currency_code(code) is not None
        }
        # "Kurswert in EUR" says it for the file, unless another column says something else.
        if len(said) == 1:
            fixed = (("currency", said.pop()),)
    return ColumnMapping(columns, fixed)


def _read(source: SourceFile, found: Survey, mapping: ColumnMapping, case: Case) -> list[Gathered]:
    rows, delimiter = _rows(source)
    if found.warning:
        case.findings.note(f"It was read as positions because somebody said so; but {found.warning}")
    width = next((len(row) for number, row in rows if number == found.header_row), len(found.header))
    below = ((number, row) for number, row in rows if number > found.header_row)
    places = dict(mapping.columns)
    first = list(islice(below, _STYLE_ROWS))
    style = mapping.style or style_of(first, places, delimiter, case)
    header = list(found.header)
    fixed: Mapping[str, str] = dict(mapping.fixed)
    all_rows: Iterator[tuple[int, list[str]]] = _positions(chain(first, below), case)
    if "market_value" in places:
        all_rows = in_the_value_s_currency(all_rows, found.header, places, style, case)
    names = [places[field] for field in ("symbol", "isin", "name") if field in places]
    # A line is called by its symbol, or by its ISIN or its name where the table has nothing else.
    all_rows = _called(all_rows, len(header), max(width, len(header)), names)
    day = places.get("date")
    places["symbol"] = len(header)
    header.append(header[names[0]] if names else "symbol")
    order = mapping.day_order
    return read_rows(
        ColumnLayout(
            source.name,
            header,
            places,
            style,
            family=FAMILY,
            fixed=fixed,
            parse_day=lambda text: _day(text, order),
            quote_days=day is not None and plain(found.header[day]) in QUOTE_DAYS,
        ),
        all_rows,
        case,
    )


def _positions(rows: Iterable[tuple[int, list[str]]], case: Case) -> Iterator[tuple[int, list[str]]]:
    """Rows that can be positions: a line with a single cell is a title or a remark."""
    for number, row in rows:
        if _filled(row) > 1:
            yield number, row
        elif _filled(row) == 1:
            case.findings.tally("Rows with a single cell were left out as remarks", f"row {number}")


def _called(
    rows: Iterable[tuple[int, list[str]]], width: int, whole: int, names: list[int]
) -> Iterator[tuple[int, list[str]]]:
    """Rows with what they are called behind the named columns; cells under nameless columns at the end are left."""
    for number, row in rows:
        called = next((row[place] for place in names if place < len(row) and row[place].strip()), "")
        yield number, [*row[:width], *[""] * (width - len(row)), called, *row[whole:]]


def _day(text: str, order: DayOrder) -> date:
    return parse_date(text) if order is DayOrder.UNKNOWN else parse_moment(text, order).date()
