"""OFX investment statements (Open Financial Exchange, versions 1 and 2): positions, cash and a list of securities.

A statement is an account on a day. Units of bonds are face value and their price is in percent of it; an option's price
is for one share of the contract, of which there are `SHPERCTRCT` (100 where the list does not say). Cash is the cash
balance plus the margin balance, which is negative where money is borrowed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

from core.domain.instrument import InstrumentType, Terms
from core.domain.portfolio import AssetClass, Holding
from core.errors import UnreadableFile
from core.intake.cells.asset_classes import class_from_name
from core.intake.cells.codes import isin_fault
from core.intake.cells.dates import NotADate, parse_date
from core.intake.cells.names import one_line, portfolio_id_of
from core.intake.gathering import Case, Gathered
from core.intake.opening.source import SourceFile
from core.intake.opening.xml_tree import Element
from core.intake.positions.broker_tables import amount, compare_total
from core.intake.positions.lines import HUNDRED, ONE, LineReader, PositionCells
from core.intake.positions.ofx_tree import detect_ofx, ofx_root

FAMILY = "ofx"
_COLUMNS = {
    "symbol": "UNIQUEID",
    "quantity": "UNITS",
    "price": "UNITPRICE",
    "market_value": "MKTVAL",
    "currency": "CURSYM",
}
_POSITIONS = ("POSSTOCK", "POSMF", "POSDEBT", "POSOPT", "POSOTHER")
_INFOS = ("STOCKINFO", "MFINFO", "DEBTINFO", "OPTINFO", "OTHERINFO")
_CLASSES = {
    "DOMESTICBOND": AssetClass.BOND_FUND,
    "INTLBOND": AssetClass.BOND_FUND,
    "LARGESTOCK": AssetClass.EQUITY_FUND,
    "SMALLSTOCK": AssetClass.EQUITY_FUND,
    "INTLSTOCK": AssetClass.EQUITY_FUND,
    "MONEYMRKT": AssetClass.CASH,
}
_DEBTS = {
    "TREASURY": InstrumentType.GOVERNMENT_BOND,
    "MUNICIPAL": InstrumentType.GOVERNMENT_BOND,
    "CORPORATE": InstrumentType.CORPORATE_BOND,
}
_CENT = Decimal("0.01")
_WHOLE = frozenset({"networth", "netvalue", "totalvalue", "accountvalue", "totalaccountvalue", "totalportfoliovalue"})
"""What brokers call the balance that is everything in the account, without case and spaces."""


@dataclass(frozen=True, slots=True)
class _Security:
    """An entry of the security list."""

    kind: str
    ticker: str
    name: str
    asset_class: str
    debt_class: str
    shares_per_contract: Decimal


_UNLISTED = _Security("", "", "", "", "", HUNDRED)


def detect(source: SourceFile) -> bool:
    """Whether a file is OFX; bank statements are told apart when it is read."""
    return detect_ofx(source)


def read(source: SourceFile, case: Case) -> list[Gathered]:
    """Read all investment statements of the file.

    Raises:
        UnreadableFile: Not OFX, no investment statement in it, unsafe or too large.
    """
    root = ofx_root(source)
    statements = list(root.every("INVSTMTRS"))
    if not statements:
        raise UnreadableFile(
            f"'{source.name}' is OFX without an investment statement: bank and card accounts hold no positions. "
            "Download the statement of the brokerage account."
        )
    securities = {key: one for info in _INFOS for element in root.every(info) for key, one in _security(element)}
    groups = []
    for statement in statements:
        groups.extend(_Statement(statement, securities, case).read())
    return groups


def _security(info: Element) -> list[tuple[str, _Security]]:
    described = info.child("SECINFO")
    if described is None:
        return []
    security = _Security(
        info.tag,
        one_line(described.said("TICKER")),
        one_line(described.said("SECNAME")),
        info.said("ASSETCLASS"),
        info.said("DEBTCLASS"),
        amount(info.said("SHPERCTRCT")) or HUNDRED,
    )
    return [(described.said("SECID", "UNIQUEID"), security)]


class _Statement:
    """One account on its way to its portfolio."""

    def __init__(self, statement: Element, securities: dict[str, _Security], case: Case) -> None:
        self._statement = statement
        self._securities = securities
        self._case = case
        self._lines = LineReader(case.findings, columns=_COLUMNS)
        self._currency = statement.said("CURDEF").upper()

    def read(self) -> list[Gathered]:
        """The account on its day, or a problem that says what the statement lacks."""
        statement, findings = self._statement, self._case.findings
        day = self._day()
        account = one_line(statement.said("INVACCTFROM", "ACCTID"))
        broker = one_line(statement.said("INVACCTFROM", "BROKERID"))
        if day is None:
            return []
        name = " ".join(filter(None, (broker, account))) or "OFX"
        group = Gathered(portfolio_id_of(FAMILY, f"{broker}/{account}"), name, account, day)
        if self._currency:
            group.base_currency = self._currency
        positions = [one for tag in _POSITIONS for one in statement.every(tag)]
        for position in positions:
            holding = self._position(position)
            if holding is not None:
                group.holdings.append(holding)
        if not positions:
            message = "The statement has no positions. Download it again with positions, not with transactions alone."
            findings.problem(statement.row, "INVPOSLIST", account, message)
        complete = len(group.holdings) == len(positions)
        self._cash(group)
        if complete and positions:
            self._compare(group, name)
        return [group]

    def _day(self) -> date | None:
        element = self._statement.child("DTASOF")
        text = element.text.strip() if element is not None else ""
        row = element.row if element is not None else self._statement.row
        try:
            # 20120908033034.000[-4:EDT]: the account's own day, whatever the time.
            day = parse_date(text[:8])
        except NotADate as error:
            self._case.findings.problem(row, "DTASOF", text, f"The date {error}.")
            return None
        if day > self._case.today + timedelta(days=1):
            message = (
                f"The date lies in the future (today is {self._case.today}). Check the machine's clock or the file."
            )
            self._case.findings.problem(row, "DTASOF", text, message)
            return None
        return day

    def _position(self, position: Element) -> Holding | None:
        held = position.child("INVPOS")
        if held is None:
            self._case.findings.problem(
                position.row, position.tag, "", "The position is empty. Download the file again."
            )
            return None
        key, key_type = held.said("SECID", "UNIQUEID"), held.said("SECID", "UNIQUEIDTYPE").upper()
        security = self._securities.get(key, _UNLISTED)
        units, price, value = held.said("UNITS"), held.said("UNITPRICE"), held.said("MKTVAL")
        if held.said("POSTYPE").upper() == "SHORT":
            units, value = _negative(units), _negative(value)
        multiplier = ONE
        if position.tag == "POSOPT":
            multiplier = security.shares_per_contract
        elif position.tag == "POSDEBT":
            quoted = amount(price)
            price = str(quoted / HUNDRED) if quoted is not None else price
        kind, legal = _kind(position.tag, security)
        raw = PositionCells(
            security.ticker or key,
            isin=key if key_type == "ISIN" or isin_fault(key) is None else "",
            name=security.name or one_line(held.said("MEMO")),
            quantity=units,
            price=price,
            currency=held.said("CURRENCY", "CURSYM").upper() or self._currency,
            market_value=value,
        )
        holding = self._lines.read(position.row, raw, known_class=kind, multiplier=multiplier)
        if holding is None:
            return None
        return replace(holding, terms=Terms(instrument_type=legal, cusip=key if key_type == "CUSIP" else ""))

    def _cash(self, group: Gathered) -> None:
        balances = self._statement.child("INVBAL")
        if balances is None:
            return
        for tag, symbol, name in (("AVAILCASH", "CASH", "Cash"), ("MARGINBALANCE", "CASH_MARGIN", "Margin balance")):
            balance = balances.child(tag)
            if balance is None or not amount(balance.text):
                continue
            raw = PositionCells(
                f"{symbol}_{self._currency}", name=f"{name} {self._currency}", currency=self._currency,
                market_value=balance.text.strip(),
            )  # fmt: skip
            holding = self._lines.read(balance.row, raw, known_class=AssetClass.CASH)
            if holding is not None and tag == "AVAILCASH" and self._is_sweep(group, holding.market_value):
                continue
            if holding is not None:
                group.holdings.append(replace(holding, terms=Terms(instrument_type=InstrumentType.CASH)))

    def _is_sweep(self, group: Gathered, cash: Decimal) -> bool:
        """Whether the cash is the money market fund that stands among the positions already; it is told."""
        funds = [line for line in group.holdings if line.asset_class is AssetClass.CASH]
        sweep = sum((line.market_value for line in funds), Decimal(0))
        if not funds or sweep <= 0 or cash <= 0:
            return False
        names = ", ".join(line.name or line.symbol for line in funds)
        stated = self._stated_whole()
        whole = sum((line.market_value for line in group.holdings), Decimal(0))
        same = abs(cash - sweep) < _CENT if stated is None else abs(whole - stated) < abs(whole + cash - stated)
        if same:
            self._case.findings.note(
                f"The available cash of {cash:,.2f} {self._currency} is the money in {names}, which is among the "
                "positions; it was counted once."
            )
        elif stated is None:
            self._case.findings.note(
                f"The available cash of {cash:,.2f} {self._currency} may include {names} ({sweep:,.2f}), as several "
                "brokers count it; both were kept. Compare the total with the statement."
            )
        return same

    def _stated_whole(self) -> Decimal | None:
        """The balance that the statement gives for everything in the account, or None."""
        for balance in self._statement.every("BAL"):
            label = "".join(balance.said("NAME").lower().split())
            if label in _WHOLE and balance.said("BALTYPE") == "DOLLAR":
                return amount(balance.said("VALUE"))
        return None

    def _compare(self, group: Gathered, name: str) -> None:
        stated = self._stated_whole()
        if stated is not None and {holding.currency for holding in group.holdings} == {self._currency}:
            values = [holding.market_value for holding in group.holdings]
            compare_total(self._case.findings, name, stated, values, self._currency)


def _negative(text: str) -> str:
    """A short line counts below zero, whichever sign the broker writes."""
    stated = amount(text)
    return text if stated is None else str(-abs(stated))


def _kind(tag: str, security: _Security) -> tuple[AssetClass, InstrumentType | None]:
    if tag == "POSOPT":
        return AssetClass.DERIVATIVE, InstrumentType.OPTION
    if tag == "POSDEBT":
        return AssetClass.BOND, _DEBTS.get(security.debt_class)
    if tag == "POSMF":
        kind = _CLASSES.get(security.asset_class) or class_from_name(security.name, is_fund=True)
        return kind, InstrumentType.FUND
    if tag == "POSSTOCK":
        # Exchange-traded funds are listed as stocks; only their name tells.
        kind = class_from_name(security.name)
        if kind in (AssetClass.FUND, AssetClass.BOND_FUND, AssetClass.EQUITY_FUND):
            return kind, InstrumentType.FUND
        return (kind if kind is AssetClass.COMMODITY else AssetClass.EQUITY), InstrumentType.SHARE
    return class_from_name(security.name), None
