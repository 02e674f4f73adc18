"""Any other table of positions: which of its columns is which, guessed, shown, corrected by a person, and remembered.

A table whose header is not known is surveyed: its header row is found, its columns are guessed, and the first rows are
kept for a person to look at. Nothing is read before a mapping was confirmed, once a header: confirmed mappings are
remembered under the header's fingerprint. What a table leaves open, and rows that look like dealings, are asked about
each time.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import chain, islice

from core.domain.table_read import DecidedBy
from core.errors import BadInput, UnreadableFile
from core.intake.cells.headers import normal
from core.intake.cells.names import one_line
from core.intake.gathering import Case, Gathered, merged
from core.intake.opening.source import SourceFile
from core.intake.positions.position_table import ColumnLayout, read_rows
from core.intake.positions.totals import LEFT_OUT
from core.intake.tables.blocks import Block, delimiter_in, rows_of
from core.intake.tables.choices import NOTHING_SAID, TableChoices, Undecided
from core.intake.tables.column_guess import BY_PRODUCT
from core.intake.tables.column_mapping import ColumnMapping, faults_of
from core.intake.tables.deciding import FIRST_ROWS, Why, begin, tell_columns, tell_fixed, why_currency, with_products
from core.intake.tables.left import tell_left
from core.intake.tables.number_style import style_of
from core.intake.tables.proofs import are_products, refuse_another_currency
from core.intake.tables.quoting import price_of, quote_days, refuse_thousands
from core.intake.tables.sides import side_column, signed
from core.intake.tables.stated import Beside, stated_in
from core.intake.tables.surveying import Survey, fingerprint_of, label, surveys_of
from core.intake.tables.value_currency import in_hundredths, in_the_value_s_currency, names_its_currency, tell_in_base

FAMILY = "table"


class NeedsMapping(UnreadableFile):
    """A table that can be read once a person has said which column is which."""


def detect(source: SourceFile) -> bool:
    """Whether a file is a table that a person could map: it has a header of which something can be guessed."""
    return any(guess.confidence >= 0.5 for one in surveys_of(source) for guess in one.guesses)


def survey(source: SourceFile, choices: TableChoices = NOTHING_SAID) -> Survey:
    """Look at the table of a file that is most likely its list of positions, and at which others there are.

    Raises:
        UnreadableFile: No table of at least two columns with a header row and rows below it, or not where it was said.
    """
    found = surveys_of(source, choices)
    if not found:
        hidden = ", ".join(f"'{sheet.title}'" for sheet in source.hidden)
        more = f" Its hidden sheets ({hidden}) are read only when named with --sheet." if hidden else ""
        raise UnreadableFile(
            f"'{source.name}' holds no table: a header row with at least two columns and rows below it. "
            f"Start from the template, or say --header-row.{more}"
        )
    best = max(found, key=_likelihood)
    return replace(best, others=tuple(one for one in found if one is not best))


def _likelihood(one: Survey) -> tuple[bool, bool, int]:
    good = not faults_of(one.mapping, len(one.header))
    return good and not one.warning, good, len(one.mapping.columns)


def read(source: SourceFile, case: Case) -> list[Gathered]:
    """Read a table by the mapping that the case carries, or that is remembered for its header.

    Raises:
        NeedsMapping: There is neither.
        Undecided: Its rows look like dealings, or its numbers may be two.
        UnreadableFile: No table, or one that cannot be split into rows and columns.
    """
    mapping = case.mapping
    choices = case.choices if mapping is None else mapping.said(case.choices)
    found = survey(source, choices)
    if mapping is None:
        mapping = case.remembered(found.fingerprint)
        if mapping is not None:
            said = ", ".join(f"{label(found.header, place)} is {field}" for field, place in mapping.columns)
            case.findings.note(f"The columns were read as remembered for this header: {said}.")
            # What a person says of this file goes before what somebody said of an earlier one.
            choices = mapping.said(choices)
    by = DecidedBy.HAND if case.mapping is not None else DecidedBy.MEMORY
    if mapping is None:
        raise NeedsMapping(_needs(found))
    for fault in faults_of(mapping, len(found.header)):
        raise BadInput(f"'{source.name}': {fault}")
    if by is DecidedBy.MEMORY:
        _still_fits(source.name, found, mapping)
    alike = [one for one in found.others if one.fingerprint == found.fingerprint]
    tables = sorted((found, *alike), key=lambda one: (one is not found, one.block.place)) if alike else [found]
    many = len({one.block.title for one in tables}) > 1
    case = replace(case, choices=choices)
    made = merged(group for one in tables for group in _read(source, one, mapping, by, many, case))
    tell_left(source, (one for one in found.others if one not in alike), case)
    return made


def _still_fits(name: str, found: Survey, mapping: ColumnMapping) -> None:
    """Ask again where the numbers of this file prove other columns than were remembered for its header.

    Raises:
        Undecided: Naming what is remembered and what is proven.
    """
    proven = {guess.field: place for place, guess in enumerate(found.guesses) if guess.reason == BY_PRODUCT}
    value, factors = mapping.place("market_value"), {mapping.place("quantity"), mapping.place("price")}
    if not proven or value is None or None in factors:
        return
    if value == proven["market_value"] and factors == {proven["quantity"], proven["price"]}:
        return
    shown = {field: label(found.header, place) for field, place in proven.items()}
    pairs = " ".join(f"--map '{column}={field}'" for field, column in shown.items())
    raise Undecided(
        f"'{name}': column '{label(found.header, value)}' is remembered as the value for this header, but here only "
        f"'{shown['quantity']}' × '{shown['price']}' = '{shown['market_value']}' holds. "
        f"Say which column is which: {pairs}"
    )


def read_by_memory(source: SourceFile, tables: Iterable[Block], case: Case) -> list[Gathered] | None:
    """A file with one of these tables, as somebody said for an earlier one with its header; None where nobody did.

    What a person said of a header goes before what a format knows of it.
    """
    said = case.mapping is not None or case.choices.sheet or case.choices.header_row
    headers = [[one_line(cell)[:60] for cell in block.header] for block in tables]
    if said or not any(case.remembered(fingerprint_of(header)) for header in headers):
        return None
    return read(source, case)


def _needs(found: Survey) -> str:
    guessed = [f"--map '{label(found.header, place)}={field}'" for field, place in found.mapping.columns]
    guessed += [f"--map '={value}={field}'" for field, value in found.mapping.fixed]
    hint = f" A guess: {' '.join(guessed)}." if guessed else ""
    places = ", ".join(one.block.place for one in found.others[:5])
    others = f" Other tables begin in {places}; say --header-row or --sheet to read one of them." if places else ""
    return (
        f"'{found.name}' is a table whose header is not known: {', '.join(map(repr, found.header[:12]))}. "
        f"Say once which column is which, with --map or on the Import page.{hint}{others}"
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


def _why(found: Survey, mapping: ColumnMapping, by: DecidedBy) -> dict[str, Why]:
    """Why each column is what it is: what the guess went by, where it says the same; else who said it."""
    said = "said for this file" if by is DecidedBy.HAND else "remembered for this header"
    guessed = {guess.field: (place, guess.reason) for place, guess in enumerate(found.guesses) if guess.field}
    why: dict[str, Why] = {}
    for field, place in mapping.columns:
        known, reason = guessed.get(field, (None, ""))
        why[field] = (reason, DecidedBy.FILE) if known == place else (said, by)
    alike = dict(found.mapping.fixed)
    for field, value in mapping.fixed:
        same = field == "currency" and alike.get(field) == value
        why[field] = (why_currency(found.header, dict(mapping.columns)), DecidedBy.FILE) if same else (said, by)
    return why


def _read(
    source: SourceFile, found: Survey, mapping: ColumnMapping, by: DecidedBy, many: bool, case: Case
) -> list[Gathered]:
    choices = case.choices
    if found.warning and not choices.positions:
        raise Undecided(
            f"'{source.name}': {found.warning} If the rows are positions all the same, say --positions or tick it on "
            "the Import page."
        )
    if found.warning:
        case.findings.note(f"It was read as positions because somebody said so; but {found.warning}")
    delimiter = delimiter_in(source)
    rows = rows_of(source, found.block)
    places = dict(mapping.columns)
    first = list(islice(rows, FIRST_ROWS))
    header = list(found.header)
    fixed: Mapping[str, str] = dict(mapping.fixed)
    begin(case.findings, found.block, header, places, fixed)
    style = style_of(source.name, first, places, delimiter, case, lambda: rows_of(source, found.block))
    why = with_products(_why(found, mapping, by), first, places, style)
    tell_columns(case.findings, header, places, why)
    tell_fixed(case.findings, fixed, why)
    proven = are_products(first, places, style)
    refuse_thousands(source.name, header, places, found.block.above, proven=proven)
    side = side_column(header, first, places)
    beside = Beside(list(found.block.above))
    all_rows: Iterator[tuple[int, list[str]]] = beside.without_remarks(
        chain(first, rows),
        places.get("market_value"),
        lambda number: case.findings.tally(
            "Rows with a single cell were left out as remarks", f"row {number}", LEFT_OUT
        ),
    )
    all_rows = tell_in_base(all_rows, found.header, places, style, case)
    all_rows = in_hundredths(all_rows, header, places, fixed, case)
    if "market_value" in places:
        all_rows = in_the_value_s_currency(all_rows, found.header, places, style, case)
        if not names_its_currency(header[places["market_value"]]):
            refuse_another_currency(source.name, header, first, places, style)
    if side is not None:
        all_rows = signed(all_rows, side, places, style, header, case)
    names = [places[field] for field in ("symbol", "isin", "name") if field in places]
    of_units, days = price_of(header, first, places, style, case), quote_days(header, first, places)
    # A line is called by its symbol, or by its ISIN or its name where the table has nothing else.
    all_rows = _called(all_rows, len(header), max(len(found.block.header), len(header)), names)
    places["symbol"] = len(header)
    header.append(header[names[0]] if names else "symbol")
    return read_rows(
        ColumnLayout(
            source.name,
            header,
            places,
            style,
            family=FAMILY,
            fixed=fixed,
            quote_days=days,
            price_of=of_units,
            sheet=found.block.title if many else "",
            stated=lambda: stated_in(beside.lines, case.today, choices.day_order, choices.style),
        ),
        all_rows,
        case,
    )


def _called(
    rows: Iterable[tuple[int, list[str]]], width: int, whole: int, names: list[int]
) -> Iterator[tuple[int, list[str]]]:
    """Rows with what they are called behind the named columns; cells under nameless columns at the end are left."""
    for number, row in rows:
        called = next((row[place] for place in names if place < len(row) and row[place].strip()), "")
        yield number, [*row[:width], *[""] * (width - len(row)), called, *row[whole:]]
