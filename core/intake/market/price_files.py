"""Daily closes from a CSV or Excel table, in any of three layouts.

    long     date, symbol, close[, currency]       one row a symbol and day
    wide     date, VTI, AZN.L (GBX), ...           one column a symbol
    single   date, close[, open, high, ...]        one symbol, which the caller names

Everything wrong is found in one pass. A close that is a hundredfold of its neighbours is refused, because 14.55,
0.1455, 14.60 is a fault of the feed far more often than a move; `accept_jumps` lets it in.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import chain, islice
from pathlib import Path

from core.domain.market import Anomaly
from core.domain.portfolio import DailyCloses, Problem
from core.errors import BadInput, UnreadableFile
from core.intake.cells.codes import currency_code
from core.intake.cells.names import display_name
from core.intake.cells.numbers import NumberStyle, choose_style
from core.intake.findings import Findings
from core.intake.market.price_table import MAX_SYMBOLS, NO_OPTIONS, PriceOptions, PriceRows, day_order, is_price_header
from core.intake.opening.files import bytes_of
from core.intake.opening.limits import check_size
from core.intake.opening.source import Container, SourceFile, delimiter_of, open_source, table_rows
from core.intake.opening.workbook import workbook_rows

_HEADER_WITHIN = 20
_STYLE_ROWS = 2_000
_NAMES = "date and close (with symbol where the file has more than one), or date and one column a symbol"


@dataclass(frozen=True, slots=True)
class PriceIntake:
    """What a price file holds.

    Attributes:
        series: Good closes by symbol.
        anomalies: Odd things that came in all the same.
        problems: Rows that did not come in.
    """

    file: str
    series: tuple[DailyCloses, ...] = ()
    anomalies: tuple[Anomaly, ...] = ()
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()


def read_price_file(path: str | Path, options: PriceOptions = NO_OPTIONS, *, today: date) -> PriceIntake:
    """Read a price file on disk. Arguments and errors as in `read_prices`.

    Raises:
        NotFound: No such file.
    """
    path = Path(path)
    return read_prices(path.name, bytes_of(path), options, today=today)


def read_prices(
    name: str,
    data: bytes,
    options: PriceOptions = NO_OPTIONS,
    *,
    today: date | None = None,
) -> PriceIntake:
    """Read daily closes.

    Args:
        name: The file's name, only shown.
        data: Its bytes: CSV with any usual separator, or a workbook.
        options: What the file does not say itself.
        today: Later days are refused. None takes the present day in UTC.

    Raises:
        UnreadableFile: Too large, damaged, or without a header that names date and closes.
        BadInput: `options.currency` is not a currency.
    """
    shown = display_name(name)
    check_size(shown, len(data))
    if options.currency is not None and currency_code(options.currency) is None:
        raise BadInput(f"The currency '{options.currency}' is not known. Use an ISO 4217 code, or GBX for pence.")
    source = open_source(shown, data)
    findings = Findings(shown)
    if source.note:
        findings.note(source.note)
    rows, delimiter = _rows_of(source)
    header = next((row for _, row in islice(rows, _HEADER_WITHIN) if is_price_header(row)), None)
    if header is None:
        raise UnreadableFile(
            f"'{shown}' has no header row among its first {_HEADER_WITHIN} that names {_NAMES}. "
            "See docs/market-data.md for an example."
        )
    table = PriceRows(header, findings, options, today or datetime.now(UTC).date())
    first = list(islice(rows, _STYLE_ROWS))
    table.style = _style(first, table.value_places, delimiter, findings)
    table.order = day_order(row[table.date_place] for _, row in first if table.date_place < len(row))
    for number, row in chain(first, rows):
        table.take(number, row)
    series, odd = table.finish()
    if not series and not findings.problems:
        findings.problem(None, "", "", "The file has a header but no closes. Export it again with rows.")
    return PriceIntake(shown, series, odd, findings.problems, findings.notes)


def _rows_of(source: SourceFile) -> tuple[Iterator[tuple[int, list[str]]], str]:
    if source.container is Container.ARCHIVE:
        return workbook_rows(source, is_price_header, _NAMES, MAX_SYMBOLS + 1), ""
    if source.container is Container.TEXT:
        delimiter = delimiter_of(source.text)
        return table_rows(source.name, source.lines(), delimiter, MAX_SYMBOLS + 1), delimiter
    raise UnreadableFile(f"'{source.name}' is {source.container.value}. Prices are read from CSV and Excel (.xlsx).")


def _style(rows: list[tuple[int, list[str]]], places: list[int], delimiter: str, findings: Findings) -> NumberStyle:
    if not delimiter:
        return NumberStyle.POINT
    choice = choose_style((row[place] for _, row in rows for place in places if place < len(row)), delimiter)
    if choice.unsure:
        findings.note(
            f"Numbers such as '{choice.unsure[:40]}' could be read in two ways; "
            f"they were read with a {choice.style.value}."
        )
    return choice.style
