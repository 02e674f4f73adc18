"""The portfolio workbook of the Finance Toolkit: trades with identifier, currency, volume, price and costs.

Known habits: a sale has a negative volume, costs are negative; there is no cash.
"""

from __future__ import annotations

from collections.abc import Iterable

from core.errors import UnreadableFile
from core.intake.gathering import Case, Gathered
from core.intake.opening.source import Container, SourceFile
from core.intake.opening.workbook import workbook_rows
from core.intake.transactions.entries import NOTHING, Entry, EntryKind
from core.intake.transactions.ledger import Ledger
from core.intake.transactions.table import BrokerLayout, Cells, open_table, read_rows, table_of

FAMILY = "financetoolkit"
LAYOUT = BrokerLayout(
    names={
        "date": ("date",),
        "symbol": ("identifier",),
        "currency": ("currency",),
        "quantity": ("volume",),
        "price": ("price",),
        "costs": ("costs",),
        "name": ("name",),
        "isin": ("isin",),
    },
    needed=("date", "symbol", "currency", "quantity", "price", "costs"),
)
_WHAT = "the Finance Toolkit's portfolio"


def detect(source: SourceFile) -> bool:
    """Whether a workbook or a text has the toolkit's header."""
    if source.container is not Container.ARCHIVE:
        return LAYOUT.detects(source)
    try:
        return any(LAYOUT.is_header(row) for _, row in _first(source))
    except UnreadableFile:
        return False


def _first(source: SourceFile) -> list[tuple[int, list[str]]]:
    return [row for row, _ in zip(workbook_rows(source, LAYOUT.is_header), range(20), strict=False)]


def read(source: SourceFile, case: Case) -> list[Gathered]:
    """Read the one portfolio of the file.

    Raises:
        UnreadableFile: No sheet with the header, or a damaged workbook.
    """
    if source.container is Container.ARCHIVE:
        table, rows = table_of(source.name, workbook_rows(source, LAYOUT.is_header), case, LAYOUT, _WHAT, "")
    else:
        table, rows = open_table(source, case, LAYOUT, _WHAT)
    ledger = Ledger(case, FAMILY, source.name, cash=False)
    read_rows(table, rows, ledger, _take)
    return ledger.finish()


def _take(cells: Cells) -> Iterable[Entry]:
    cells.moved = ""
    security = cells.security(cells.text("symbol"), cells.text("isin"), cells.text("name"))
    currency, units = cells.currency("currency")
    volume, price = cells.needed("quantity"), cells.needed("price") / units
    costs = abs(cells.number_in("costs") or NOTHING) / units
    bought = volume > 0
    return (
        Entry(
            cells.number,
            cells.moment("date"),
            EntryKind.BUY if bought else EntryKind.SELL,
            security=security,
            quantity=abs(volume),
            price=price,
            currency=currency,
            cost=volume * price + costs if bought else None,
            column=cells.label("quantity"),
        ),
    )
