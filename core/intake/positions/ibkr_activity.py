"""Interactive Brokers' Activity Statement as CSV: many tables in one, each row starting with its table's name.

Known habits: byte order mark; "Header" and "Data" in the second cell, and a header again before each kind of asset;
"Lot" rows below each "Summary" that say the same units once more; totals a currency; several symbols of one security in
one cell; cash only in the Cash Report, once for each currency and once more for all in the base currency; an account of
its own for each row of a consolidated file. The statement's day is the last of its period.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from core.domain.portfolio import AssetClass, Holding
from core.errors import UnreadableFile
from core.intake.cells.asset_classes import asset_class_of, class_from_name
from core.intake.cells.codes import currency_code
from core.intake.cells.dates import NotADate, parse_us_date
from core.intake.cells.headers import normal
from core.intake.cells.names import one_line, portfolio_id_of
from core.intake.cells.numbers import EMPTY
from core.intake.gathering import Case, Gathered
from core.intake.opening.source import SourceFile, delimiter_of, has_header, table_rows
from core.intake.positions.broker_tables import amount
from core.intake.positions.lines import ONE, LineReader, PositionCells
from core.intake.positions.position_table import undated

FAMILY = "ibkr"
_POSITIONS = ("open_positions", "long_open_positions", "short_open_positions")
_KINDS = {
    "stocks": AssetClass.EQUITY,
    "bonds": AssetClass.BOND,
    "treasury bills": AssetClass.BOND,
    "equity and index options": AssetClass.DERIVATIVE,
    "options on futures": AssetClass.DERIVATIVE,
    "futures": AssetClass.DERIVATIVE,
    "warrants": AssetClass.DERIVATIVE,
    "cfds": AssetClass.DERIVATIVE,
    "mutual funds": AssetClass.FUND,
    "crypto": AssetClass.CRYPTO,
    "cryptocurrencies": AssetClass.CRYPTO,
}
_CENT = Decimal("0.01")
_HEADER_WITHIN = 40


@dataclass(frozen=True, slots=True)
class _Row:
    """A data row: its table, and its cells by the header above it."""

    number: int
    table: str
    cells: Mapping[str, str]

    def text(self, *names: str) -> str:
        """The first of these cells that the table has."""
        return next((self.cells[name] for name in names if name in self.cells), "")


@dataclass(slots=True)
class _Statement:
    """What stands beside the positions."""

    account: str = ""
    base: str = ""
    period: str = ""
    instruments: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    net: str = ""


def detect(source: SourceFile) -> bool:
    """Whether a text begins as an Activity Statement does."""
    return has_header(source, lambda row: [normal(cell) for cell in row[:4]] == _FIRST, _HEADER_WITHIN)


_FIRST = ["statement", "header", "field_name", "field_value"]


def read(source: SourceFile, case: Case) -> list[Gathered]:
    """Read the open positions and the cash of the statement.

    Raises:
        UnreadableFile: No such statement, or one without open positions.
    """
    if not detect(source):
        raise UnreadableFile(f"'{source.name}' does not begin as Interactive Brokers' Activity Statement does.")
    rows = list(_rows(source))
    statement = _beside(rows)
    lines = LineReader(case.findings)
    positions = [row for row in rows if row.table in _POSITIONS and _is_line(row)]
    cash = [row for row in rows if row.table == "cash_report" and _is_ending_cash(row)]
    if not positions and not cash:
        raise UnreadableFile(
            f"'{source.name}' is an Activity Statement without Open Positions and Cash Report. Run the statement with "
            "these sections, or send a Flex Query."
        )
    groups: dict[str, Gathered] = {}
    day = _day(statement, source, case)
    for row in positions:
        _add(groups, statement, day, row, _position(lines, row, statement))
    for row in cash:
        _add(groups, statement, day, row, _cash(lines, row))
    if not cash:
        case.findings.note("The statement has no Cash Report, so cash is not known and was left out.")
    _compare(statement, groups, case)
    return list(groups.values())


def _rows(source: SourceFile) -> Iterator[_Row]:
    header: dict[str, list[str]] = {}
    for number, row in table_rows(source.name, source.lines(), delimiter_of(source.text)):
        table, kind = normal(row[0]), normal(row[1]) if len(row) > 1 else ""
        if kind == "header":
            header[table] = [normal(cell) for cell in row[2:]]
        elif kind == "data" and table in header:
            cells = dict(zip(header[table], (one_line(cell) for cell in row[2:]), strict=False))
            yield _Row(number, table, cells)


def _beside(rows: list[_Row]) -> _Statement:
    found = _Statement()
    for row in rows:
        name, value = normal(row.text("field_name")), row.text("field_value")
        if row.table == "statement" and name == "period":
            found.period = value
        elif row.table == "account_information" and name == "account":
            found.account = value
        elif row.table == "account_information" and name == "base_currency":
            found.base = value
        elif row.table == "net_asset_value" and normal(row.text("asset_class")) == "total":
            found.net = row.text("current_total")
        elif row.table == "financial_instrument_information":
            about = (row.text("security_id"), row.text("description"), row.text("type"))
            for symbol in row.text("symbol").split(","):
                found.instruments.setdefault(symbol.strip(), about)
    return found


def _is_line(row: _Row) -> bool:
    # Lots say the units of their summary once more, and currencies are in the Cash Report.
    forex = normal(row.text("asset_category", "asset_class")) == "forex"
    return row.text("datadiscriminator") in ("", "Summary") and not forex


def _is_ending_cash(row: _Row) -> bool:
    return normal(row.text("currency_summary")) == "ending_cash" and currency_code(row.text("currency")) is not None


def _day(statement: _Statement, source: SourceFile, case: Case) -> date:
    """The last day of the period: "January 1, 2026 - December 31, 2026", or one day alone."""
    try:
        day = parse_us_date(statement.period.rpartition(" - ")[2])
    except NotADate:
        return undated(source.name, case)
    return day if day <= case.today + timedelta(days=1) else undated(source.name, case)


def _position(lines: LineReader, row: _Row, statement: _Statement) -> Holding | None:
    symbol = row.text("symbol")
    isin, name, kind_word = statement.instruments.get(symbol, ("", "", ""))
    word = row.text("asset_category", "asset_class")
    kind = _KINDS.get(word.lower()) or asset_class_of(word) or AssetClass.OTHER
    if kind is AssetClass.EQUITY and kind_word.upper() in ("ETF", "ETN", "CLOSED-END FUND", "MUTUAL FUND", "REIT"):
        kind = AssetClass.REAL_ESTATE if kind_word.upper() == "REIT" else class_from_name(name, is_fund=True)
    multiplier = amount(row.text("mult", "multiplier")) or ONE
    raw = PositionCells(
        symbol,
        isin=isin if len(isin) == 12 else "",
        name=name,
        quantity=row.text("quantity"),
        price=row.text("close_price"),
        currency=row.text("currency"),
        market_value=row.text("value", "market_value"),
        cost=row.text("cost_basis"),
    )
    return lines.read(row.number, raw, known_class=kind, multiplier=multiplier)


def _cash(lines: LineReader, row: _Row) -> Holding | None:
    total = row.text("total")
    if total in EMPTY or amount(total) == 0:
        return None
    code = row.text("currency")
    raw = PositionCells(f"CASH_{code}", name=f"Cash {code}", currency=code, market_value=total)
    return lines.read(row.number, raw, known_class=AssetClass.CASH)


def _add(groups: dict[str, Gathered], statement: _Statement, day: date, row: _Row, holding: Holding | None) -> None:
    if holding is None:
        return
    account = row.text("account") or statement.account
    if account not in groups:
        known = currency_code(statement.base)
        groups[account] = Gathered(
            portfolio_id_of(FAMILY, account), account or "Interactive Brokers", account, day,
            base_currency=known[0] if known else None,
        )  # fmt: skip
    groups[account].holdings.append(holding)


def _compare(statement: _Statement, groups: Mapping[str, Gathered], case: Case) -> None:
    """Hold the stated net asset value against the lines, where all are in the base currency."""
    stated = amount(statement.net)
    held = [line for group in groups.values() for line in group.holdings]
    if stated is None or not held:
        return
    if {line.currency for line in held} != {statement.base}:
        case.findings.note(
            f"The statement's net asset value is {statement.base} {stated:,.2f} at its own rates; lines were read in "
            "their own currencies, and nothing compared them."
        )
        return
    total = sum((line.market_value for line in held), Decimal(0))
    if abs(total - stated) > _CENT * (len(held) + 1):
        case.findings.note(
            f"The statement's net asset value is {stated:,.2f} {statement.base} and its lines add up to {total:,.2f}: "
            f"{stated - total:,.2f} are accruals, or lines that are not in the file."
        )
