"""SEC form 13F: what a manager holds, as the whole submission (.txt) or as its information table alone (XML).

A submission states its period, its manager and totals to compare with; a table alone states none of them. Since 3
January 2023 values are in dollars, before that in thousands, but managers kept to neither. The prices that values and
share counts imply therefore decide where they are clear, else the date does; a note says when the two disagree. An
option's value is that of the shares beneath it, which is no value of the option; such lines are refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from statistics import median

from core.domain.instrument import InstrumentType, Terms
from core.domain.portfolio import AssetClass, Holding
from core.errors import UnreadableFile
from core.intake.cells.asset_classes import class_from_name
from core.intake.cells.dates import NotADate, parse_date, parse_us_date
from core.intake.cells.names import date_in_name, one_line, portfolio_id_of, stem_of
from core.intake.gathering import Case, Gathered
from core.intake.opening.limits import MAX_XML_BYTES, check_size
from core.intake.opening.source import SourceFile
from core.intake.opening.xml_tree import Element, root_tag, xml_root
from core.intake.positions.broker_tables import amount, compare_total
from core.intake.positions.lines import ONE, LineReader, PositionCells
from core.intake.positions.position_table import undated

FAMILY = "sec13f"
DOLLAR = "USD"
DOLLARS_SINCE = date(2023, 1, 3)
"""Filings from this day on state whole dollars."""

_COLUMNS = {
    "symbol": "cusip", "name": "nameOfIssuer", "quantity": "sshPrnamt", "market_value": "value",
}  # fmt: skip
_PERIOD = re.compile(rb"(?:<PERIOD>|CONFORMED PERIOD OF REPORT:\s*)([0-9]{8})")
_FILED = re.compile(rb"(?:<FILING-DATE>|FILED AS OF DATE:\s*)([0-9]{8})")
_THOUSAND = Decimal(1000)
_LOW_PRICE, _HIGH_PRICE = Decimal("0.6"), Decimal(3)
"""A median price below the first says thousands, above the second dollars; US-listed shares trade around 50 dollars."""

_FUND = re.compile(r"\b(?:ETF|ETFS|FDS?|FUNDS?|INDEX|TR|TRUST|SPDR|ISHARES|VANGUARD|PORTFOLIOS?)\b")
_SHARE = re.compile(r"\b(?:COM|COMMON|SHS|SHARES|ADR|ADS|CL|CLASS|CAP STK|ORD|STOCK|STK|SPONSORED|NY REGISTRY|PFD)\b")
_GOLD = re.compile(r"\b(?:GOLD|SILVER|PLATINUM) (?:TR|TRUST|SHS|SHARES|MINISHARES|MINI)\b")


def detect(source: SourceFile) -> bool:
    """Whether a file is an information table or a submission that holds one."""
    if root_tag(source) == "informationTable" or is_cover_page(source):
        return True
    start = source.data[:2_000].lstrip()
    if not start.startswith((b"<SUBMISSION", b"<SEC-DOCUMENT", b"<SEC-HEADER", b"-----BEGIN")):
        return False
    return b"informationTable" in source.data


def is_cover_page(source: SourceFile) -> bool:
    """Whether a file is the other half of a 13F, the page that names the manager and the totals but no holdings."""
    return root_tag(source) == "edgarSubmission" and b"/edgar/thirteenffiler" in source.data[:4_000].replace(b"\0", b"")


def read(source: SourceFile, case: Case) -> list[Gathered]:
    """Read the manager's holdings.

    Raises:
        UnreadableFile: Not XML, no information table, unsafe or too large.
    """
    return _Report(source, case).read()


@dataclass(frozen=True, slots=True)
class _Cover:
    """What a submission says about its table; empty where there is only the table."""

    period: date | None = None
    filed: date | None = None
    manager: str = ""
    cik: str = ""
    entries: int | None = None
    total: Decimal | None = None
    row: int | None = None


class _Report:
    """One report on its way to its portfolio."""

    def __init__(self, source: SourceFile, case: Case) -> None:
        self._source = source
        self._case = case
        self._lines = LineReader(case.findings, columns=_COLUMNS)

    def read(self) -> list[Gathered]:
        """The manager's portfolio at the end of the quarter."""
        table, cover = self._parts()
        entries = [one for one in table.children if one.tag == "infoTable"]
        day = cover.period or undated(self._source.name, self._case)
        if day > self._case.today + timedelta(days=1):
            message = (
                f"The date lies in the future (today is {self._case.today}). Check the machine's clock or the file."
            )
            self._case.findings.problem(cover.row, "periodOfReport", day.isoformat(), message)
            return []
        unit = self._unit(entries, cover)
        if unit is None:
            return []
        name = cover.manager or stem_of(self._source.name)
        group = Gathered(
            portfolio_id_of(FAMILY, cover.cik or name), name, cover.cik, day, base_currency=DOLLAR, region=None
        )
        for entry in entries:
            holding = self._holding(entry, unit)
            if holding is not None:
                group.holdings.append(holding)
        self._compare(group, entries, cover, unit)
        return [group]

    def _parts(self) -> tuple[Element, _Cover]:
        """The table and what is said about it."""
        data, name = self._source.data, self._source.name
        parts = list(_parts(data))
        if not parts:
            root = xml_root(self._source)
            if root.tag == "informationTable":
                return root, _Cover()
            if root.tag == "edgarSubmission":
                raise UnreadableFile(
                    f"'{name}' is the cover page of a 13F; its holdings stand in the information table of the same "
                    "filing. Download that file (often infotable.xml), or the whole submission as .txt."
                )
        table: Element | None = None
        cover = _Cover(_compact(_PERIOD.search(data)), _compact(_FILED.search(data)))
        check_size(name, len(data), MAX_XML_BYTES)
        for start, end in parts:
            root = xml_root(self._source, data[start:end], first_row=data.count(b"\n", 0, start) + 1)
            if root.tag == "informationTable":
                table = root
            elif root.tag == "edgarSubmission":
                cover = self._cover(root, cover)
        if table is None:
            raise UnreadableFile(
                f"'{name}' is no form 13F: it has no information table. Reports before 2013 had none in XML."
            )
        return table, cover

    def _cover(self, root: Element, cover: _Cover) -> _Cover:
        period = root.said("headerData", "filerInfo", "periodOfReport")
        page = root.child("formData", "summaryPage")
        entries = amount(page.said("tableEntryTotal")) if page is not None else None
        try:
            day = parse_us_date(period) if period else cover.period
        except NotADate:
            day = cover.period
        return replace(
            cover,
            period=day,
            manager=one_line(root.said("formData", "coverPage", "filingManager", "name")),
            cik=one_line(root.said("headerData", "filerInfo", "filer", "credentials", "cik")),
            entries=int(entries) if entries is not None else None,
            total=amount(page.said("tableValueTotal")) if page is not None else None,
            row=root.row,
        )

    def _unit(self, entries: list[Element], cover: _Cover) -> Decimal | None:
        """Dollars in one of the table's units; None, with a problem, where it cannot be told."""
        prices = []
        for entry in entries:
            value, count = amount(entry.said("value")), amount(entry.said("shrsOrPrnAmt", "sshPrnamt"))
            if value and count and entry.said("shrsOrPrnAmt", "sshPrnamtType") == "SH":
                prices.append(value / count)
        middle = median(prices) if prices else None
        filed = cover.filed or cover.period or date_in_name(self._source.name)
        by_date: Decimal | None = None
        if filed is not None:
            # A report on the last quarter of 2022 was filed in January or February 2023.
            new_form = filed >= DOLLARS_SINCE or (cover.filed is None and filed >= date(2022, 12, 31))
            by_date = ONE if new_form else _THOUSAND
        by_price: Decimal | None = None
        if middle is not None and not _LOW_PRICE <= middle <= _HIGH_PRICE:
            by_price = ONE if middle > _HIGH_PRICE else _THOUSAND
        unit = by_price or by_date
        if unit is None:
            message = (
                "Nothing tells whether the values are dollars or thousands of dollars. "
                "Import the whole submission (.txt), or put the date into the file's name."
            )
            self._case.findings.problem(None, "value", "", message)
        elif middle is not None and unit != by_date:
            why = "its date asks for the other unit" if by_date is not None else "the table does not say its unit"
            self._case.findings.note(
                f"Values were read as {'dollars' if unit == 1 else 'thousands of dollars'}: {why}, "
                f"but they imply a median price of {middle * unit:,.2f} dollars a share this way."
            )
        return unit

    def _holding(self, entry: Element, unit: Decimal) -> Holding | None:
        issuer, title = one_line(entry.said("nameOfIssuer")), one_line(entry.said("titleOfClass"))
        cusip, value = one_line(entry.said("cusip")).upper(), entry.said("value")
        if entry.said("putCall"):
            message = (
                "Form 13F gives for an option the value of the shares beneath it, not its own. "
                "The line was left out; take the option's value from the account's statement."
            )
            self._case.findings.problem(entry.row, "putCall", f"{issuer} {entry.said('putCall')}", message)
            return None
        principal = entry.said("shrsOrPrnAmt", "sshPrnamtType") == "PRN"
        kind, legal = (AssetClass.BOND, InstrumentType.CORPORATE_BOND) if principal else _kind(issuer, title)
        stated = amount(value)
        raw = PositionCells(
            cusip or issuer,
            name=f"{issuer}, {title}" if title else issuer,
            quantity=entry.said("shrsOrPrnAmt", "sshPrnamt"),
            currency=DOLLAR,
            market_value=str(stated * unit) if stated is not None else value,
        )
        holding = self._lines.read(entry.row, raw, known_class=kind)
        terms = Terms(instrument_type=legal, cusip=cusip if len(cusip) == 9 else "", issuer=issuer)
        return None if holding is None else replace(holding, terms=terms)

    def _compare(self, group: Gathered, entries: list[Element], cover: _Cover, unit: Decimal) -> None:
        if cover.entries is not None and cover.entries != len(entries):
            self._case.findings.note(
                f"The cover page of '{group.name}' states {cover.entries:,} lines and the table has {len(entries):,}. "
                "The file was probably cut; download it again."
            )
        if cover.total is not None:
            values = [(amount(entry.said("value")) or Decimal(0)) * unit for entry in entries]
            compare_total(self._case.findings, group.name, cover.total * unit, values, DOLLAR)


def _parts(data: bytes) -> Iterator[tuple[int, int]]:
    """Where the documents of a submission stand, each between <XML> and </XML>."""
    at = 0
    while (start := data.find(b"<XML>", at)) >= 0 and (end := data.find(b"</XML>", start)) >= 0:
        yield start + len(b"<XML>"), end
        at = end


def _kind(issuer: str, title: str) -> tuple[AssetClass, InstrumentType | None]:
    """What a line is by the two names that the form gives it, both cut to fit and abbreviated."""
    both = f"{issuer} {title}".upper()
    if _GOLD.search(both):
        return AssetClass.COMMODITY, InstrumentType.EXCHANGE_COMMODITY
    if "ETF" in title.upper().split() or (_FUND.search(issuer.upper()) and not _SHARE.search(title.upper())):
        return class_from_name(both, is_fund=True), InstrumentType.FUND
    if _SHARE.search(title.upper()):
        kind = class_from_name(both)
        # "COM" names a share even where the issuer's name holds a word such as GROWTH or VALUE.
        return (kind if kind is AssetClass.REAL_ESTATE else AssetClass.EQUITY), InstrumentType.SHARE
    return class_from_name(both), None


def _compact(found: re.Match[bytes] | None) -> date | None:
    try:
        return parse_date(found[1].decode("ascii")) if found else None
    except NotADate:
        return None
