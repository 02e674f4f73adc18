"""Fidelity's "Portfolio_Positions" CSV: one file for all accounts of a customer, in US dollars.

Known habits: byte order mark, CRLF, a comma at the end of each row, "$" and "+" in numbers, "**" behind money market
symbols, " -" before option symbols, and after a blank line a disclaimer that ends in "Date downloaded ...". There is
no date column.
"""

from __future__ import annotations

import re
from datetime import date, timedelta
from decimal import Decimal

from core.domain.portfolio import AssetClass
from core.errors import UnreadableFile
from core.intake.cells.asset_classes import class_from_name
from core.intake.cells.dates import NotADate, parse_us_date
from core.intake.cells.names import one_line, portfolio_id_of
from core.intake.gathering import Case, Gathered
from core.intake.opening.source import SourceFile, delimiter_of, has_header, table_rows
from core.intake.positions.broker_tables import Columns, compare_percents, percent
from core.intake.positions.lines import ONE, LineReader, PositionCells
from core.intake.positions.position_table import undated

FAMILY = "fidelity"
_NAMES = {
    "account": ("account_number",),
    "account_name": ("account_name",),
    "symbol": ("symbol",),
    "name": ("description",),
    "quantity": ("quantity",),
    "price": ("last_price",),
    "market_value": ("current_value",),
    "percent": ("percent_of_account",),
}
_NEEDED = ("account", "symbol", "name", "quantity", "price", "market_value")
_DOWNLOADED = re.compile(r"Date downloaded:?\s+([A-Za-z0-9/-]+)", re.IGNORECASE)
_OPTION_MULTIPLIER = Decimal(100)
_FOOTER_CHARS = 40


def detect(source: SourceFile) -> bool:
    """Whether a text has Fidelity's header among its first rows."""
    return has_header(source, lambda row: Columns(row, _NAMES).has(*_NEEDED), 20)


def read(source: SourceFile, case: Case) -> list[Gathered]:  # noqa: C901  # a file of several tables, read from top to bottom
    """Read all accounts of the file.

    Raises:
        UnreadableFile: No header, or a table that cannot be split.
    """
    columns: Columns | None = None
    groups: dict[str, Gathered] = {}
    shares: dict[str, list[Decimal]] = {}
    downloaded: date | None = None
    lines = LineReader(case.findings)
    for number, row in table_rows(source.name, source.lines(), delimiter_of(source.text)):
        if columns is None:
            candidate = Columns(row, _NAMES)
            if candidate.has(*_NEEDED):
                columns = candidate
                lines = LineReader(case.findings, columns=columns.labels)
            continue
        if _is_footer(row):
            downloaded = downloaded or _downloaded(" ".join(row), case)
            continue
        account = one_line(columns.cell(row, "account"))
        raw, kind, multiplier = _line(columns, row)
        holding = lines.read(number, raw, known_class=kind, multiplier=multiplier)
        if not account:
            case.findings.problem(number, columns.labels["account"], "", "The account number is missing. Fill it in.")
            continue
        if holding is None:
            continue
        group = groups.get(account)
        if group is None:
            label = one_line(columns.cell(row, "account_name"))
            name = f"{label} ({account})" if label and label != account else account
            group = groups[account] = Gathered(portfolio_id_of(FAMILY, account), name, account, date.min)
        group.holdings.append(holding)
        share = percent(columns.cell(row, "percent"))
        if share is not None:
            shares.setdefault(account, []).append(share)
    if columns is None:
        raise UnreadableFile(f"'{source.name}' has no header row as Fidelity's positions export writes it.")
    if groups:
        case.findings.note("Fidelity does not state asset classes; they were read from the descriptions.")
        day = downloaded or undated(source.name, case)
        for account, group in groups.items():
            group.as_of = day
            compare_percents(case.findings, group.name, shares.get(account, ()))
    return list(groups.values())


def _is_footer(row: list[str]) -> bool:
    filled = [cell for cell in row if cell.strip()]
    return len(filled) <= 1 or len(filled[0]) > _FOOTER_CHARS


def _downloaded(text: str, case: Case) -> date | None:
    found = _DOWNLOADED.search(text)
    if found is None:
        return None
    try:
        day = parse_us_date(found[1])
    except NotADate:
        return None
    return day if day <= case.today + timedelta(days=1) else None


def _line(columns: Columns, row: list[str]) -> tuple[PositionCells, AssetClass, Decimal]:
    symbol, name = one_line(columns.cell(row, "symbol")), columns.cell(row, "name")
    multiplier = ONE
    if symbol.endswith("*"):
        symbol, kind = symbol.rstrip("*"), AssetClass.CASH
    elif symbol.lower() == "pending activity":
        kind = AssetClass.CASH
    elif symbol.startswith("-") and len(symbol) > 6:
        kind, multiplier = AssetClass.DERIVATIVE, _OPTION_MULTIPLIER
    else:
        kind = class_from_name(name)
    raw = PositionCells(
        symbol,
        name=name,
        quantity=columns.cell(row, "quantity"),
        price=columns.cell(row, "price"),
        currency="USD",
        market_value=columns.cell(row, "market_value"),
    )
    return raw, kind, multiplier
