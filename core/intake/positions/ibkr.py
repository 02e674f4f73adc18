"""Interactive Brokers' Flex Query XML: open positions, cash and, where there, the net asset value to compare with.

Each FlexStatement is one account; each report date in it becomes a snapshot. Lots are left out where the statement
has summary lines. Accrued dividends and interest belong to the net asset value but are no holdings; a note names them.
A statement with trades but no positions, as older queries are, is put together from its bookings.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from core.domain.instrument import InstrumentType, Terms
from core.domain.portfolio import AssetClass, Flow, Holding
from core.intake.cells.asset_classes import class_from_name
from core.intake.cells.dates import NotADate, parse_date
from core.intake.cells.names import one_line, portfolio_id_of
from core.intake.gathering import Case, Gathered
from core.intake.opening.source import Container, SourceFile
from core.intake.positions.broker_tables import amount
from core.intake.positions.flex_bookings import FlexBookings
from core.intake.positions.flex_xml import FlexElement, flex_elements
from core.intake.positions.ibkr_checks import Share, compare_nav, compare_shares
from core.intake.positions.lines import ONE, LineReader, PositionCells
from core.intake.transactions.ledger import Ledger

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
_LEGAL = {
    "OPT": InstrumentType.OPTION,
    "FOP": InstrumentType.OPTION,
    "FUT": InstrumentType.FUTURE,
    "FUND": InstrumentType.FUND,
    "CASH": InstrumentType.CASH,
    "CRYPTO": InstrumentType.CRYPTO,
}
"""Where the category alone says what kind of claim a line is; "BOND" and "STK" may be several."""
_ZERO = Decimal(0)


@dataclass(slots=True)
class _Statement:
    """What one FlexStatement says."""

    account: str
    row: int
    to_date: str
    base_currency: str = ""
    positions: list[FlexElement] = field(default_factory=list)
    cash: list[FlexElement] = field(default_factory=list)
    equity: list[FlexElement] = field(default_factory=list)
    securities: dict[str, FlexElement] = field(default_factory=dict)
    trades: list[FlexElement] = field(default_factory=list)
    cash_transactions: list[FlexElement] = field(default_factory=list)
    actions: list[FlexElement] = field(default_factory=list)


def detect(source: SourceFile) -> bool:
    """Whether XML starts as a Flex Query does."""
    return source.container is Container.XML and b"<FlexQueryResponse" in source.data[:4_000].replace(b"\x00", b"")


def read(source: SourceFile, case: Case) -> list[Gathered]:
    """Read all accounts of the file.

    Raises:
        UnreadableFile: Not XML, a document type or entities, too large or too deep.
    """
    groups: list[Gathered] = []
    for statement in _statements(flex_elements(source)):
        groups.extend(_Account(statement, case, source.name).read())
    return groups


def _statements(elements: list[FlexElement]) -> list[_Statement]:
    found: list[_Statement] = []
    for element in elements:
        get = element.attributes.get
        if element.tag == "FlexStatement":
            found.append(_Statement(one_line(get("accountId", "")), element.row, get("toDate", "")))
            continue
        if not found:
            continue
        statement = found[-1]
        lists = {
            "OpenPosition": statement.positions,
            "CashReportCurrency": statement.cash,
            "CashReport": statement.cash,
            "EquitySummaryByReportDateInBase": statement.equity,
            "Trade": statement.trades,
            "CashTransaction": statement.cash_transactions,
            "CorporateAction": statement.actions,
        }
        if element.tag == "SecurityInfo":
            statement.securities[get("conid", "")] = element
        elif element.tag == "AccountInformation":
            statement.base_currency = get("currency") or get("baseCurrency", "")
        # The sections CashReport and EquitySummaryInBase wrap their lines in an element without attributes.
        elif element.attributes:
            lists[element.tag].append(element)
    return found


class _Account:
    """One statement on its way to its snapshots."""

    def __init__(self, statement: _Statement, case: Case, file: str) -> None:
        self._statement = statement
        self._file = file
        self._case = case
        self._lines = LineReader(case.findings, columns=_COLUMNS)
        self._days: dict[date, list[Holding]] = {}
        self._in_base: dict[date, Decimal] = {}
        self._shares: list[Share] = []

    def read(self) -> list[Gathered]:
        """The snapshots of the account, or a problem that says what the query lacks."""
        statement = self._statement
        statement.base_currency = statement.base_currency or self._proven_base()
        if not statement.positions and (statement.trades or statement.actions):
            return self._from_bookings()
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
            findings, base_currency = self._case.findings, statement.base_currency or "base currency"
            summary_of_day = self._equity(last)
            in_base = self._in_base.get(last, _ZERO)
            if summary_of_day is not None:
                compare_nav(findings, statement.account, summary_of_day, in_base, base_currency)
            elif statement.base_currency and len({line.currency for line in self._days.get(last, ())}) > 1:
                findings.note(
                    f"At the rates of the file itself the positions of '{statement.account}' are worth "
                    f"{base_currency} {in_base:,.2f}; totals shown elsewhere use the European Central Bank's rates."
                )
            compare_shares(findings, statement.account, self._shares)
        base = statement.base_currency.upper() or None
        identity = portfolio_id_of(FAMILY, statement.account)
        flows = self._flows()
        return [
            Gathered(
                identity, statement.account or "IBKR", statement.account, day, holdings, base_currency=base,
                flows=tuple(flow for flow in flows if flow.day <= day),
            )
            for day, holdings in sorted(self._days.items())
        ]  # fmt: skip

    def _proven_base(self) -> str:
        """The currency whose rate to the base is 1 throughout, which is the base itself; "" where none or several."""
        statement = self._statement
        rates: dict[str, set[Decimal | None]] = {}
        for line in (*statement.positions, *statement.trades, *statement.cash_transactions):
            if rate := line.attributes.get("fxRateToBase"):
                rates.setdefault(line.attributes.get("currency", "").upper(), set()).add(amount(rate))
        ones = [currency for currency, found in rates.items() if found == {ONE} and currency]
        return ones[0] if len(ones) == 1 else ""

    def _from_bookings(self) -> list[Gathered]:
        """The account as its trades, cash transactions and corporate actions leave it."""
        statement, findings = self._statement, self._case.findings
        ledger = Ledger(self._case, FAMILY, self._file)
        bookings = FlexBookings(ledger, findings, statement.account, _kind)
        count = bookings.add(statement.trades, statement.cash_transactions, statement.actions)
        findings.note(
            f"The statement of '{statement.account}' has no open positions; they were derived from {count:,} trades, "
            "cash transactions and corporate actions. Add the sections 'Open Positions' and 'Cash Report' to the Flex "
            "query to have positions at market prices."
        )
        to_date = self._day(statement.to_date, statement.row, "toDate") if statement.to_date else None
        # Some statements hold trades of later days than they say they end.
        days = [day for day in (to_date, bookings.last_day) if day is not None]
        return ledger.finish(
            as_of=max(days, default=None), newest_first=False, base_currency=statement.base_currency.upper() or None
        )

    def _flows(self) -> tuple[Flow, ...]:
        """Deposits and withdrawals that the statement tells of."""
        found: list[Flow] = []
        for booking in self._statement.cash_transactions:
            get = booking.attributes.get
            value, kind = amount(get("amount", "")), get("type", "").lower()
            if value and kind.startswith("deposits") and get("levelOfDetail", "").upper() != "SUMMARY":
                try:
                    day = parse_date(get("dateTime") or get("reportDate", ""))
                except NotADate:
                    continue
                found.append(Flow(day, value, get("currency", "").upper()))
        return tuple(found)

    def _position(self, position: FlexElement) -> bool:
        get = position.attributes.get
        security = self._statement.securities.get(get("conid", ""))
        more = security.attributes.get if security is not None else get
        name = get("description") or more("description", "")
        raw = PositionCells(
            " ".join(get("symbol", "").split()),
            isin=get("isin") or more("isin", ""),
            name=name,
            quantity=get("position", ""),
            price=get("markPrice", ""),
            currency=get("currency", ""),
            market_value=get("positionValue", ""),
            country=get("issuerCountryCode") or more("issuerCountryCode", ""),
            cost=get("costBasisMoney", ""),
        )
        kind = _kind(get("assetCategory", ""), get("subCategory") or more("subCategory", ""), name)
        multiplier = amount(get("multiplier", "")) or ONE
        day = self._day(get("reportDate") or self._statement.to_date, position.row, "reportDate")
        terms = Terms(
            instrument_type=_LEGAL.get(get("assetCategory", "").upper()), cusip=get("cusip") or more("cusip", "")
        )
        holding = self._lines.read(position.row, raw, known_class=kind, multiplier=multiplier, terms=terms)
        if holding is None or day is None:
            return False
        self._days.setdefault(day, []).append(holding)
        rate = amount(get("fxRateToBase", ""))
        in_base = holding.market_value * (rate if rate is not None else ONE)
        self._in_base[day] = self._in_base.get(day, _ZERO) + in_base
        if (share := amount(get("percentOfNAV", ""))) is not None:
            self._shares.append(Share(holding.symbol, day, in_base, share))
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
            raw = PositionCells(
                f"CASH_{currency.upper()}", name=f"Cash {currency.upper()}", currency=currency, market_value=value
            )
            holding = self._lines.read(row, raw, known_class=AssetClass.CASH)
            if holding is not None:
                self._days.setdefault(day, []).append(holding)

    def _equity(self, day: date) -> FlexElement | None:
        for element in self._statement.equity:
            try:
                if parse_date(element.attributes.get("reportDate", "")) == day:
                    return element
            except NotADate:
                continue
        return None


def _kind(category: str, sub_category: str, name: str) -> AssetClass:
    category, sub_category = category.upper(), sub_category.upper()
    if category in _KINDS:
        return _KINDS[category]
    if category == "FUND" or "ETF" in sub_category or "FUND" in sub_category:
        return class_from_name(name, is_fund=True)
    if "REIT" in sub_category:
        return AssetClass.REAL_ESTATE
    return AssetClass.EQUITY if category == "STK" else AssetClass.OTHER
