"""Wealthfolio's holdings snapshot: date, symbol, quantity, price, currency; each date is a snapshot of one account.

Cash is the symbol `$CASH` with an amount for a quantity, once a currency.
"""

from __future__ import annotations

from itertools import chain, islice

from core.errors import UnreadableFile
from core.intake.cells.headers import normal
from core.intake.gathering import Case, Gathered
from core.intake.opening.source import Container, SourceFile, delimiter_of, head_rows, table_rows
from core.intake.positions.position_table import ColumnLayout, Rows, read_rows
from core.intake.tables.number_style import style_of

FAMILY = "wealthfolio"
CASH = "$CASH"
_HEADER = ("date", "symbol", "quantity", "price", "currency")
_STYLE_ROWS = 2_000


def detect(source: SourceFile) -> bool:
    """Whether a text has exactly Wealthfolio's five columns and its word for cash."""
    if source.container is not Container.TEXT or CASH not in source.text:
        return False
    head = head_rows(source.text, 1)
    return bool(head) and _is_header(head[0])


def read(source: SourceFile, case: Case) -> list[Gathered]:
    """Read every snapshot of the file.

    Raises:
        UnreadableFile: No such header, or a table that cannot be split into rows and columns.
    """
    delimiter = delimiter_of(source.text)
    rows = table_rows(source.name, source.lines(), delimiter)
    header = next((row for _, row in islice(rows, 1)), [])
    if not _is_header(header):
        raise UnreadableFile(f"'{source.name}' has no header row as Wealthfolio writes it: {', '.join(_HEADER)}.")
    places = {normal(cell): place for place, cell in enumerate(header)}
    first = list(islice(rows, _STYLE_ROWS))
    layout = ColumnLayout(
        source.name, header, places, style_of(source.name, first, places, delimiter, case), family=FAMILY
    )
    return read_rows(layout, _named_cash(chain(first, rows), places["symbol"], places["currency"]), case)


def _is_header(row: list[str]) -> bool:
    return sorted(normal(cell) for cell in row) == sorted(_HEADER)


def _named_cash(rows: Rows, symbol: int, currency: int) -> Rows:
    """One symbol a currency, so that two sums of money are two instruments."""
    for number, row in rows:
        if len(row) > max(symbol, currency) and row[symbol].strip().upper() == CASH:
            row[symbol] = f"CASH_{row[currency].strip().upper()}" if row[currency].strip() else CASH
        yield number, row
