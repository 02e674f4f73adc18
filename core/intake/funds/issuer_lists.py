"""Lists of holdings that fund houses publish (iShares, SSGA, Vanguard), by their weights.

The tables are found by the descriptions in `core.intake.formats`; what counts here is the weight beside each line, and
not its value: SSGA states none, and what a list leaves out is seen only from what its weights add up to.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import chain, islice
from typing import Final

from core.domain.fund import WHOLE, FundCodes, FundLine, FundReading, FundReport
from core.domain.portfolio import AssetClass
from core.intake.cells.asset_classes import asset_class_of, class_from_name, folded
from core.intake.cells.codes import country_code, currency_code, isin_fault
from core.intake.cells.dates import NotADate, parse_date
from core.intake.cells.headers import normal
from core.intake.cells.names import date_in_name, one_line, stem_of
from core.intake.cells.numbers import EMPTY, NotANumber, parse_number
from core.intake.formats.description import Description, descriptions
from core.intake.formats.headed_tables import tables_of
from core.intake.formats.recognising import detects
from core.intake.funds.nport_fund import derivative_note
from core.intake.gathering import Case
from core.intake.opening.source import SourceFile
from core.intake.tables.blocks import Block, delimiter_in, rows_of
from core.intake.tables.number_style import style_of
from core.intake.tables.stated import stated_in

NAMES: Final = ("ishares_holdings", "ssga_holdings", "vanguard_fund_holdings")
"""Described formats that are lists of a fund."""

_MORE: Final[Mapping[str, tuple[str, ...]]] = {
    "weight": (
        "weight (%)", "gewichtung (%)", "weight", "% of fund", "% of fund*", "% of funds", "% of funds*",
        "% of net assets", "pondération (%)", "peso (%)", "ponderazione (%)",
    ),
    "sector": ("sector", "sektor"),
    "cusip": ("cusip", "identifier"),
    "isin": ("isin",),
}  # fmt: skip
"""Columns that count in the list of a fund and not in that of a portfolio."""

_FUNDS: Final = frozenset({AssetClass.EQUITY_FUND, AssetClass.BOND_FUND, AssetClass.FUND})
_NO_ISSUER: Final = _FUNDS | {AssetClass.CASH, AssetClass.DERIVATIVE}
_TOTAL: Final = re.compile(r"(?:grand |sub)?total\b|summe\b|gesamt\b")
_STYLE_ROWS: Final = 2_000
_FRACTIONS: Final = (Decimal("0.8"), Decimal("1.2"))
_MOST: Final = Decimal(1_000)


def description_of(source: SourceFile) -> Description | None:
    """The list of a fund that a file is, or None."""
    return next((one for one in descriptions() if one.name in NAMES and detects(one, source)), None)


def read(description: Description, source: SourceFile, case: Case, as_of: date | None) -> FundReading:
    """Read a list.

    Args:
        as_of: Its day, where a person said it.

    Raises:
        UnreadableFile: No table with this format's header, or one that cannot be split.
    """
    tables, _ = tables_of(description, source, case)
    above = [row for block in tables for row in block.above]
    day = as_of or stated_in(above, case.today, description.habits.days).day or date_in_name(source.name)
    codes = _codes_above(above)
    if day is None or day > case.today + timedelta(days=1):
        message = (
            "The list does not say of which day it is. Say it: --as-of 2026-10-30, or put the day into the file's name."
            if day is None
            else f"The day lies in the future (today is {case.today}). Check the machine's clock or the file."
        )
        case.findings.problem(None, "", "" if day is None else day.isoformat(), message)
        return FundReading(source.name, codes, None, case.findings.problems, case.findings.notes)
    lines = [line for block in tables for line in _Table(description, source, block, case).lines()]
    lines = _in_percent(lines, source, case)
    if not lines and not case.findings.problems:
        case.findings.problem(None, "", "", "The list has a header but no lines. Download it again.")
    report = None
    if lines:
        name = _name_above(above) or stem_of(source.name)
        report = FundReport("", name, day, description.name, source.name, "", None, tuple(lines))
        case.findings.note(f"{len(lines):,} lines add up to {report.stated_pct:.2f} % of the fund.")
        derivatives = [line for line in lines if line.asset_class is AssetClass.DERIVATIVE]
        if derivatives:
            case.findings.note(derivative_note(derivatives))
    return FundReading(source.name, codes, report, case.findings.problems, case.findings.notes)


class _Table:
    """One table on its way to lines."""

    def __init__(self, description: Description, source: SourceFile, block: Block, case: Case) -> None:
        self._description = description
        self._source = source
        self._block = block
        self._findings = case.findings
        self._places = _places(description, block.header)
        rows = rows_of(source, block)
        first = list(islice(rows, _STYLE_ROWS))
        self._rows = chain(first, rows)
        self._style = description.habits.decimal or style_of(
            source.name, first, _deciding(self._places), delimiter_in(source), case
        )

    def lines(self) -> list[FundLine]:
        """The good rows; of every other one a problem."""
        found = []
        for number, row in self._rows:
            weight = self._weight(number, row)
            if weight is None:
                continue
            found.append(self._line(number, row, weight))
        return found

    def _weight(self, number: int, row: Sequence[str]) -> Decimal | None:
        text = self._cell(row, "weight")
        if sum(bool(cell.strip()) for cell in row) < 3 and not text:
            return None  # a remark below the table
        name = folded(self._cell(row, "name") or self._cell(row, "symbol"))
        if not name or _TOTAL.match(name):
            self._findings.tally("Totals are no lines and were left out", f"row {number}")
            return None
        column = self._block.header[self._places["weight"]]
        try:
            value = parse_number(text.replace("%", "").strip(), self._style)
        except NotANumber as error:
            self._findings.problem(number, column, text, f"The weight {error}.")
            return None
        if abs(value) > _MOST:
            self._findings.problem(number, column, text, f"No line weighs more than {_MOST:,} %. Correct the weight.")
            return None
        return value

    def _line(self, number: int, row: Sequence[str], weight: Decimal) -> FundLine:
        name = one_line(self._cell(row, "name")) or one_line(self._cell(row, "symbol"))
        isin = self._cell(row, "isin").upper()
        if isin and (fault := isin_fault(isin)) is not None:
            # The line counts all the same: its weight and name are known.
            self._findings.tally(f"ISINs that {fault.split(':')[0]} were left out", f"row {number}: {isin}")
            isin = ""
        kind = self._kind(row, name)
        currency = currency_code(self._cell(row, "price_currency") or self._cell(row, "currency"))
        cusip = self._cell(row, "cusip").upper()
        sector = one_line(self._cell(row, "sector"))
        return FundLine(
            name=name,
            issuer="" if kind in _NO_ISSUER else name,
            asset_class=kind,
            weight_pct=weight,
            isin=isin,
            cusip=cusip if len(cusip) == 9 else "",
            symbol=one_line(self._cell(row, "symbol")),
            sector="" if kind in (AssetClass.CASH, AssetClass.DERIVATIVE) else sector,
            country=country_code(self._cell(row, "country")) or "",
            currency=currency[0] if currency else "",
        )

    def _kind(self, row: Sequence[str], name: str) -> AssetClass:
        word = self._cell(row, "asset_class")
        meant = self._description.meaning("asset_class", word)
        known = AssetClass(meant) if meant else asset_class_of(word) if word else None
        if known is AssetClass.FUND:
            return class_from_name(name, is_fund=True)
        return known or class_from_name(name)

    def _cell(self, row: Sequence[str], field: str) -> str:
        place = self._places.get(field)
        text = row[place].strip() if place is not None and place < len(row) else ""
        return "" if text in EMPTY else text


def _places(description: Description, header: Sequence[str]) -> dict[str, int]:
    found = {normal(cell): place for place, cell in reversed(list(enumerate(header))) if cell.strip()}
    places = dict(description.places(header))
    for field, spellings in _MORE.items():
        spelling = next((normal(one) for one in spellings if normal(one) in found), None)
        if spelling is not None and field not in places:
            places[field] = found[spelling]
    return places


def _deciding(places: Mapping[str, int]) -> dict[str, int]:
    """Columns whose numbers show the decimal sign: weights have decimals even where units and values have none."""
    return {**places, "price": places["weight"]} if "weight" in places else dict(places)


def _in_percent(lines: list[FundLine], source: SourceFile, case: Case) -> list[FundLine]:
    """Weights in percent. A workbook keeps 7.1 % as 0.071 and shows it otherwise: what adds up to 1 is meant so."""
    total = sum((line.weight_pct for line in lines), Decimal(0))
    if delimiter_in(source) or len(lines) < 2 or not _FRACTIONS[0] <= total <= _FRACTIONS[1]:
        return lines
    case.findings.note(f"The weights add up to {total:.4f}, so they were read as fractions of one and not as percent.")
    return [replace(line, weight_pct=line.weight_pct * WHOLE) for line in lines]


def _codes_above(above: Sequence[tuple[int, Sequence[str]]]) -> FundCodes:
    """ISIN and symbol that the lines above a table name."""
    isins: list[str] = []
    symbols: list[str] = []
    for _, row in above:
        cells = [cell.strip() for cell in row if cell.strip()]
        isins += (cell for cell in cells if len(cell) == 12 and isin_fault(cell) is None)
        if len(cells) == 2 and folded(cells[0]).rstrip(": ") in ("ticker symbol", "ticker", "symbol"):
            symbols.append(one_line(cells[1]))
    return FundCodes(tuple(dict.fromkeys(isins)), tuple(dict.fromkeys(symbols)))


def _name_above(above: Sequence[tuple[int, Sequence[str]]]) -> str:
    """The fund's name: behind "Fund Name:", else the first line if it stands alone and is no day."""
    for _, row in above:
        cells = [cell.strip() for cell in row if cell.strip()]
        if len(cells) >= 2 and folded(cells[0]).rstrip(": ") in ("fund name", "name", "fondsname"):
            return one_line(cells[1])[:120]
    first = next((cells for _, row in above if (cells := [cell.strip() for cell in row if cell.strip()])), [])
    if len(first) != 1 or len(first[0]) > 120 or ":" in first[0]:
        return ""
    try:
        parse_date(first[0])
    except NotADate:
        return one_line(first[0])
    return ""
