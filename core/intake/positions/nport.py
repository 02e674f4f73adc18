"""SEC form N-PORT: the schedule of investments of a fund as XML, one fund and one day a filing.

The form states values in US dollars, percentages of net assets in percent, and amounts of derivatives in their own
currency: a forward "sells 138,811 USD, buys 18,495,210 JPY", a swap has its notional. Such amounts become
`Terms.notional` in US dollars where the form gives the rate, and never a value. Values may be negative.

The schedule leaves out cash that is no investment, receivables and liabilities, and states them as totals. They become
two lines of their own, so that the weights of the lines are the percentages of net assets that the form states.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

from core.domain.instrument import FundKind, InstrumentType, Liquidity, Terms
from core.domain.portfolio import AssetClass, Holding
from core.errors import UnreadableFile
from core.intake.cells.asset_classes import class_from_name
from core.intake.cells.dates import NotADate, parse_date
from core.intake.cells.names import one_line, portfolio_id_of
from core.intake.gathering import Case, Gathered
from core.intake.opening.source import Container, SourceFile
from core.intake.opening.xml_tree import Element, xml_root
from core.intake.positions.broker_tables import amount
from core.intake.positions.lines import LineReader, PositionCells

FAMILY = "nport"
DOLLAR = "USD"
CASH, CASH_NAME = "CASH_USD", "Cash not reported as an investment"
REST, REST_NAME = "RECEIVABLES_NET", "Receivables and other assets less liabilities"
_COLUMNS = {"symbol": "name", "quantity": "balance", "market_value": "valUSD", "country": "invCountry"}
_NOTHING = frozenset({"", "N/A", "NA", "XXXX", "000000000", "XX"})
_ZERO = Decimal(0)

_BY_CATEGORY: dict[str, tuple[AssetClass, InstrumentType | None]] = {
    "STIV": (AssetClass.CASH, InstrumentType.MONEY_MARKET),
    "RA": (AssetClass.CASH, InstrumentType.MONEY_MARKET),
    "EC": (AssetClass.EQUITY, InstrumentType.SHARE),
    "EP": (AssetClass.EQUITY, InstrumentType.SHARE),
    "DBT": (AssetClass.BOND, InstrumentType.CORPORATE_BOND),
    "SN": (AssetClass.OTHER, InstrumentType.STRUCTURED),
    "LON": (AssetClass.PRIVATE, InstrumentType.LOAN),
    "COMM": (AssetClass.COMMODITY, None),
    "RE": (AssetClass.REAL_ESTATE, InstrumentType.DIRECT_PROPERTY),
}
"""Asset categories of item C.4 of the form; derivatives start with D, asset-backed securities with ABS."""

_GOVERNMENT = frozenset({"UST", "USGA", "USGSE", "NUSS", "MUN"})
"""Treasuries, federal agencies, government-sponsored enterprises, other sovereigns, municipalities (item C.4.b)."""

_DERIVATIVES = {
    "fwdDeriv": InstrumentType.FORWARD,
    "futrDeriv": InstrumentType.FUTURE,
    "swapDeriv": InstrumentType.SWAP,
    "optionSwaptionWarrantDeriv": InstrumentType.OPTION,
}
_LIQUIDITY = {"HLI": Liquidity.HIGH, "MLI": Liquidity.MODERATE, "LLI": Liquidity.LOW, "ILI": Liquidity.ILLIQUID}


def detect(source: SourceFile) -> bool:
    """Whether XML is an N-PORT submission."""
    head = source.data[:4_000].replace(b"\x00", b"")
    return source.container is Container.XML and b"edgarSubmission" in head and b"/edgar/nport" in head


@dataclass(frozen=True, slots=True)
class Schedule:
    """A filing as it stands: its investments, and the totals beside them, in US dollars.

    Attributes:
        group: The fund with its lines; what the schedule leaves out is not among them.
        listed: How many lines the filing has, whether they came in or not.
        stated: Sum of their values.
        net_assets: None where the filing has none.
        cash: Money that is no investment.
        undisclosed: Securities that the fund may keep to itself (miscellaneous securities of item B.1).
        series_id: Of the SEC, or "".
        differing: Lines whose stated percentage of net assets is not value / net assets.
    """

    group: Gathered
    listed: int
    stated: Decimal
    net_assets: Decimal | None
    cash: Decimal
    undisclosed: Decimal
    series_id: str
    differing: int


def read(source: SourceFile, case: Case) -> list[Gathered]:
    """Read the fund of the filing.

    Raises:
        UnreadableFile: Not XML, not N-PORT, unsafe or too large.
    """
    found = schedule_of(source, case)
    if found is None:
        return []
    _compare(found, case)
    return [found.group]


def schedule_of(source: SourceFile, case: Case) -> Schedule | None:
    """The filing of a file; None, and a problem, where it does not say of which day it is.

    Raises:
        UnreadableFile: Not XML, not N-PORT, unsafe or too large.
    """
    root = xml_root(source)
    general, fund = root.child("formData", "genInfo"), root.child("formData", "fundInfo")
    if root.tag != "edgarSubmission" or general is None or fund is None:
        raise UnreadableFile(f"'{source.name}' is XML but no form N-PORT: it has no general and fund information.")
    return _Filing(root, general, fund, case).read()


class _Filing:
    """One filing on its way to its portfolio."""

    def __init__(self, root: Element, general: Element, fund: Element, case: Case) -> None:
        self._lines_of = [one for one in root.every("invstOrSec") if one.parent and one.parent.tag == "invstOrSecs"]
        self._general = general
        self._fund = fund
        self._case = case
        self._lines = LineReader(case.findings, columns=_COLUMNS)
        # Filings spell an issuer in several ways; its LEI is one, so the first spelling stands for all.
        self._issuers: dict[str, str] = {}
        # A forward between two other currencies states no rate; the filing's other lines of that day do.
        self._rates = {DOLLAR: Decimal(1)}
        for line in self._lines_of:
            for currency, rate in _rates(line).items():
                self._rates.setdefault(currency, rate)

    def read(self) -> Schedule | None:
        """The fund's investments on the reporting day."""
        day = self._day()
        series = one_line(self._general.said("seriesName"))
        trust = one_line(self._general.said("regName"))
        account = one_line(self._general.said("seriesId") or self._general.said("regCik"))
        if series in _NOTHING:
            series = trust
        if day is None:
            return None
        group = Gathered(
            portfolio_id_of(FAMILY, account or series), series or "Fund", account, day, base_currency=DOLLAR
        )
        stated = _ZERO
        for line in self._lines_of:
            holding = self._holding(line)
            if holding is not None:
                group.holdings.append(holding)
            stated += amount(line.said("valUSD")) or _ZERO
        net = amount(self._fund.said("netAssets"))
        return Schedule(
            group,
            len(self._lines_of),
            stated,
            net,
            amount(self._fund.said("cshNotRptdInCorD")) or _ZERO,
            amount(self._fund.said("assetsAttrMiscSec")) or _ZERO,
            _known(self._general.said("seriesId")),
            self._differing(net),
        )

    def _day(self) -> date | None:
        # repPdDate is the day of the holdings; repPdEnd is the end of the fiscal year.
        element = self._general.child("repPdDate")
        text = element.text.strip() if element is not None else ""
        try:
            day = parse_date(text)
        except NotADate as error:
            self._case.findings.problem(self._general.row, "repPdDate", text, f"The date {error}.")
            return None
        if day > self._case.today + timedelta(days=1):
            message = (
                f"The date lies in the future (today is {self._case.today}). Check the machine's clock or the file."
            )
            self._case.findings.problem(self._general.row, "repPdDate", text, message)
            return None
        return day

    def _holding(self, line: Element) -> Holding | None:
        name, title = _known(line.said("name")), _known(line.said("title"))
        kind, terms = self._kind(line, name or title)
        isin = _attribute(line, "isin")
        country = _known(line.said("invCountry"))
        raw = PositionCells(
            _symbol(line, terms.instrument_type) or title or name,
            isin=isin,
            name=title if title and title != name and kind is not AssetClass.EQUITY else name or title,
            quantity=line.said("balance"),
            currency=DOLLAR,
            market_value=line.said("valUSD"),
            country=country,
        )
        holding = self._lines.read(line.row, raw, known_class=kind)
        return None if holding is None else replace(holding, terms=terms)

    def _kind(self, line: Element, name: str) -> tuple[AssetClass, Terms]:
        category = line.said("assetCat") or _attribute_of(line, "assetConditional", "assetCat")
        issuer_kind = line.said("issuerCat") or _attribute_of(line, "issuerConditional", "issuerCat")
        derivative = line.child("derivativeInfo")
        currency = line.said("curCd") or _attribute_of(line, "currencyConditional", "curCd")
        currency = "" if currency in (DOLLAR, "N/A") else currency
        level, lei = line.said("fairValLevel"), _known(line.said("lei"))
        terms = Terms(
            cusip=_known(line.said("cusip")),
            issuer=self._issuers.setdefault(lei or name, name),
            lei=lei,
            issuer_category="" if issuer_kind == "OTHER" else issuer_kind,
            fair_value_level=int(level) if level in ("1", "2", "3") else None,
            liquidity=_liquidity(line),
            exposure=currency,
        )
        if derivative is not None and derivative.children:
            deal = derivative.children[0]
            return AssetClass.DERIVATIVE, replace(
                terms,
                issuer="",
                lei="",
                instrument_type=_DERIVATIVES.get(deal.tag),
                counterparty=one_line(deal.said("counterparties", "counterpartyName")),
                notional=_notional(deal, {**self._rates, **_rates(line)}),
            )
        kind, legal = _BY_CATEGORY.get(category, (AssetClass.OTHER, None))
        if category.startswith("ABS"):
            kind, legal = AssetClass.BOND, InstrumentType.SECURITISED
        if issuer_kind in _GOVERNMENT and kind is AssetClass.BOND:
            legal = InstrumentType.GOVERNMENT_BOND
        if issuer_kind in ("RF", "PF") and legal is InstrumentType.SHARE:
            # RF: registered fund, PF: private fund.
            fund_kind = FundKind.RIC if issuer_kind == "RF" else FundKind.OTHER
            kind = class_from_name(name, is_fund=True)
            return kind, replace(terms, instrument_type=InstrumentType.FUND, fund_kind=fund_kind)
        return kind, replace(terms, instrument_type=legal)

    def _differing(self, net: Decimal | None) -> int:
        """Lines whose stated percentage is not that of their stated value."""
        wrong = 0
        for line in self._lines_of:
            value, share = amount(line.said("valUSD")), amount(line.said("pctVal"))
            if net and value is not None and share is not None and abs(value / net * 100 - share) > Decimal("0.01"):
                wrong += 1
        return wrong


def _compare(found: Schedule, case: Case) -> None:
    """Lines for what the schedule leaves out, and a note on what its percentages add up to."""
    group, net, stated, cash, findings = found.group, found.net_assets, found.stated, found.cash, case.findings
    if net is None or not group.holdings:
        return
    if len(group.holdings) < found.listed:
        findings.note(
            f"{found.listed - len(group.holdings):,} of {found.listed:,} lines did not come in, so "
            "cash, receivables and liabilities were left out too: weights are not those of the filing."
        )
        return
    rest = net - stated - cash
    for symbol, name, value in ((CASH, CASH_NAME, cash), (REST, REST_NAME, rest)):
        if value:
            terms = Terms(instrument_type=InstrumentType.CASH)
            group.holdings.append(Holding(symbol, "", name, AssetClass.CASH, None, None, DOLLAR, value, terms=terms))
    share = f"{stated / net * 100:.2f} % of its net assets" if net else "with no net assets to compare"
    findings.note(
        f"The investments of '{group.name}' add up to {stated:,.2f} USD, {share} ({net:,.2f}); cash of {cash:,.2f} "
        f"and receivables less liabilities of {rest:,.2f} make up the difference and are lines of their own."
    )
    tell_differing(found, case)


def tell_differing(found: Schedule, case: Case) -> None:
    """A note where percentages contradict values."""
    if found.differing:
        case.findings.note(
            "The percentage of net assets that the form states differs from value / net assets in "
            f"{found.differing:,} lines by more than 0.01 percentage points; the values were kept."
        )


def _known(text: str) -> str:
    text = one_line(text)
    return "" if text.upper() in _NOTHING else text


def _attribute(line: Element, tag: str) -> str:
    """A security identifier, which the form keeps as `<isin value="..."/>`."""
    found = line.child("identifiers", tag)
    return "" if found is None else _known(found.attributes.get("value", ""))


def _attribute_of(line: Element, tag: str, attribute: str) -> str:
    found = line.child(tag)
    return "" if found is None else found.attributes.get(attribute, "").strip()


def _symbol(line: Element, legal: InstrumentType | None) -> str:
    """Shares are known by their ticker; bonds of one issuer share one, so they are known by CUSIP or ISIN."""
    ticker = _attribute(line, "ticker")
    if ticker and legal in (InstrumentType.SHARE, InstrumentType.FUND):
        return ticker
    cusip, isin = _known(line.said("cusip")), _attribute(line, "isin")
    return cusip or isin or _attribute(line, "other") or ticker


def _liquidity(line: Element) -> Liquidity | None:
    """The bucket of rule 22e-4 (item C.7), where the filing makes it public; a line split over several has none."""
    found = {one.text.strip() or one.attributes.get("category", "").strip() for one in line.every("fundCat")}
    return _LIQUIDITY.get(found.pop()) if len(found) == 1 else None


def _rates(line: Element) -> dict[str, Decimal]:
    """What the line states of its currency: units of it for one dollar."""
    condition = line.child("currencyConditional")
    if condition is None:
        return {}
    rate = amount(condition.attributes.get("exchangeRt", ""))
    return {condition.attributes.get("curCd", "").strip(): rate} if rate and rate > 0 else {}


def _notional(deal: Element, rates: Mapping[str, Decimal]) -> Decimal | None:
    """The size of a derivative in US dollars; None where the filing gives no rate for its currency.

    A forward has two legs and is as large as its dollar leg; without one, as a leg that a rate is known for. A swap and
    a future state a notional. An option is as large as what it is written on.

    Args:
        rates: Units of a currency for one dollar.
    """
    nested = deal.child("descRefInstrmnt", "nestedDerivInfo")
    for one in (deal, *(nested.children if nested is not None else ())):
        legs = [
            (one.said("curSold"), amount(one.said("amtCurSold"))),
            (one.said("curPur"), amount(one.said("amtCurPur"))),
            (one.said("curCd"), amount(one.said("notionalAmt"))),
        ]
        sizes = sorted(
            (currency != DOLLAR, abs(size) / rates[currency]) for currency, size in legs if size and currency in rates
        )
        if sizes:
            return sizes[0][1].quantize(Decimal("0.01"))
    return None
