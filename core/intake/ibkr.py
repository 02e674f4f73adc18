"""Interactive Brokers' Flex Query XML: open positions, cash and, where there, the net asset value to compare with.

Each FlexStatement is one account; each report date in it becomes a snapshot. Lots are left out where the statement
has summary lines. Accrued dividends and interest belong to the net asset value but are no holdings; a note names them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from core.domain.portfolio import AssetClass, Holding
from core.intake.asset_classes import class_from_name
from core.intake.broker_tables import amount
from core.intake.dates import NotADate, parse_date
from core.intake.flex_xml import Element, flex_elements
from core.intake.gathering import Case, Gathered
from core.intake.lines import ONE, LineReader, RawLine
from core.intake.names import one_line, portfolio_id_of
from core.intake.source import Container, Source

FAMILY = "ibkr"
_COLUMNS = {"name": "description", "quantity": "position", "price": "markPrice", "market_value": "positionValue"}
_KINDS = {
    "BOND": AssetClass.BOND,
    "BILL": AssetClass.BOND,
    "OPT": AssetClass.DERIVATIVE,
    "FOP": AssetClass.DERIVATIVE,
    "FUT": AssetClass.DERIVATIVE,
    "WAR": AssetClass.DERIVATIVE,
    "IOPT": AssetClass.DERIVATIVE,
    "CFD": AssetClass.DERIVATIVE,
    "CASH": AssetClass.CASH,
    "CMDTY": AssetClass.COMMODITY,
    "CRYPTO": AssetClass.CRYPTO,
}
_ZERO = Decimal(0)


@dataclass(slots=True)
class _Statement:
    """What one FlexStatement says."""

    account: str
    row: int
    to_date: str
    base_currency: str = ""
    positions: list[Element] = field(default_factory=list)
    cash: list[Element] = field(default_factory=list)
    equity: list[Element] = field(default_factory=list)
    securities: dict[str, Element] = field(default_factory=dict)


def detect(source: Source) -> bool:
    """Whether XML starts as a Flex Query does."""
    return source.container is Container.XML and b"<FlexQueryResponse" in source.data[:4_000].replace(b"\x00", b"")


def read(source: Source, case: Case) -> list[Gathered]:
    """Read all accounts of the file.

    Raises:
        UnreadableFile: Not XML, a document type or entities, too large or too deep.
    """
    groups: list[Gathered] = []
    for statement in _statements(flex_elements(source)):
        groups.extend(_Account(statement, case).read())
    return groups


def _statements(elements: list[Element]) -> list[_Statement]:
    found: list[_Statement] = []
    for element in elements:
        get = element.attributes.get
        if element.tag == "FlexStatement":
            found.append(_Statement(one_line(get("accountId", "")), element.row, get("toDate", "")))
            continue
        if not found:
            continue
        statement = found[-1]
        if element.tag == "OpenPosition":
            statement.positions.append(element)
        elif element.tag == "CashReportCurrency":
            statement.cash.append(element)
        elif element.tag == "EquitySummaryByReportDateInBase":
            statement.equity.append(element)
        elif element.tag == "SecurityInfo":
            statement.securities[get("conid", "")] = element
        elif element.tag == "AccountInformation":
            statement.base_currency = get("currency", "")
    return found


class _Account:
    """One statement on its way to its snapshots."""

    def __init__(self, statement: _Statement, case: Case) -> None:
        self._statement = statement
        self._case = case
        self._lines = LineReader(case.findings, columns=_COLUMNS)
        self._days: dict[date, list[Holding]] = {}
        self._in_base: dict[date, Decimal] = {}

    def read(self) -> list[Gathered]:
        """The snapshots of the account, or a problem that says what the query lacks."""
        statement = self._statement
        summary = any(position.attributes.get("levelOfDetail") == "SUMMARY" for position in statement.positions)
        complete = True
        for position in statement.positions:
            if summary and position.attributes.get("levelOfDetail") == "LOT":
                continue
            complete = self._position(position) and complete
        if not statement.positions:
            message = (
                "The statement has no open positions. "
                "Add the sections 'Open Positions' and 'Cash Report' to the Flex query."
            )
            self._case.findings.problem(statement.row, "OpenPositions", statement.account, message)
        last = max(self._days, default=None) or self._day(statement.to_date, statement.row, "toDate")
        if last is None:
            return []
        self._cash(last)
        if complete and statement.positions:
            self._compare(last)
        base = statement.base_currency.upper() or None
        identity = portfolio_id_of(FAMILY, statement.account)
        return [
            Gathered(identity, statement.account or "IBKR", statement.account, day, holdings, base_currency=base)
            for day, holdings in sorted(self._days.items())
        ]

    def _position(self, position: Element) -> bool:
        get = position.attributes.get
        security = self._statement.securities.get(get("conid", ""))
        more = security.attributes.get if security is not None else get
        name = get("description") or more("description", "")
        raw = RawLine(
            " ".join(get("symbol", "").split()),
            isin=get("isin") or more("isin", ""),
            name=name,
            quantity=get("position", ""),
            price=get("markPrice", ""),
            currency=get("currency", ""),
            market_value=get("positionValue", ""),
            country=get("issuerCountryCode") or more("issuerCountryCode", ""),
        )
        kind = _kind(get("assetCategory", ""), get("subCategory") or more("subCategory", ""), name)
        multiplier = amount(get("multiplier", "")) or ONE
        day = self._day(get("reportDate") or self._statement.to_date, position.row, "reportDate")
        holding = self._lines.read(position.row, raw, known_class=kind, multiplier=multiplier)
        if holding is None or day is None:
            return False
        self._days.setdefault(day, []).append(holding)
        rate = amount(get("fxRateToBase", ""))
        self._in_base[day] = self._in_base.get(day, _ZERO) + holding.market_value * (rate if rate is not None else ONE)
        return True

    def _day(self, text: str, row: int, column: str) -> date | None:
        try:
            day = parse_date(text)
        except NotADate as error:
            self._case.findings.problem(row, column, text, f"The date {error}.")
            return None
        if day > self._case.today + timedelta(days=1):
            message = (
                f"The date lies in the future (today is {self._case.today}). Check the machine's clock or the file."
            )
            self._case.findings.problem(row, column, text, message)
            return None
        return day

    def _cash(self, day: date) -> None:
        """Cash by currency from the cash report, else its total in base currency, else the equity summary's."""
        statement = self._statement
        by_currency = [line for line in statement.cash if line.attributes.get("currency") != "BASE_SUMMARY"]
        total = [line for line in statement.cash if line.attributes.get("currency") == "BASE_SUMMARY"]
        lines = [
            (line.row, line.attributes.get("currency", ""), line.attributes.get("endingCash", ""))
            for line in by_currency
        ]
        if not lines and statement.base_currency:
            source = [(line.row, line.attributes.get("endingCash", "")) for line in total]
            summary = self._equity(day)
            if not source and summary is not None:
                source = [(summary.row, summary.attributes.get("cash", ""))]
            lines = [(row, statement.base_currency, value) for row, value in source]
        for row, currency, value in lines:
            if not amount(value):
                continue
            raw = RawLine(
                f"CASH_{currency.upper()}", name=f"Cash {currency.upper()}", currency=currency, market_value=value
            )
            holding = self._lines.read(row, raw, known_class=AssetClass.CASH)
            if holding is not None:
                self._days.setdefault(day, []).append(holding)

    def _equity(self, day: date) -> Element | None:
        for element in self._statement.equity:
            try:
                if parse_date(element.attributes.get("reportDate", "")) == day:
                    return element
            except NotADate:
                continue
        return None

    def _compare(self, day: date) -> None:
        """Compare the positions with the net asset value that the statement gives for the day, in base currency."""
        summary = self._equity(day)
        if summary is None:
            return
        get = summary.attributes.get
        total, cash = amount(get("total", "")), amount(get("cash", "")) or _ZERO
        if total is None:
            return
        accruals = sum((amount(get(name, "")) or _ZERO for name in ("dividendAccruals", "interestAccruals")), _ZERO)
        currency = self._statement.base_currency or "base currency"
        if accruals:
            self._case.findings.note(
                f"Accrued dividends and interest of {accruals:,.2f} {currency} in '{self._statement.account}' are part "
                f"of its net asset value ({total:,.2f}) but no holdings; they were left out."
            )
        expected, found = total - cash - accruals, self._in_base.get(day, _ZERO)
        if abs(expected - found) > max(ONE, abs(total) * Decimal("0.001")):
            self._case.findings.note(
                f"The net asset value of '{self._statement.account}' says positions of {expected:,.2f} {currency}, but "
                f"the file's positions add up to {found:,.2f}: the difference is {abs(expected - found):,.2f}. "
                "The query probably leaves out some of them; include all asset classes to be sure."
            )


def _kind(category: str, sub_category: str, name: str) -> AssetClass:
    category, sub_category = category.upper(), sub_category.upper()
    if category in _KINDS:
        return _KINDS[category]
    if category == "FUND" or "ETF" in sub_category or "FUND" in sub_category:
        return class_from_name(name, is_fund=True)
    if "REIT" in sub_category:
        return AssetClass.REAL_ESTATE
    return AssetClass.EQUITY if category == "STK" else AssetClass.OTHER
