"""A filing of form N-PORT as the holdings of its fund."""

from __future__ import annotations

from decimal import Decimal

from core.domain.fund import WHOLE, FundCodes, FundLine, FundReading, FundReport
from core.domain.instrument import InstrumentType
from core.domain.portfolio import AssetClass, Holding
from core.intake.gathering import Case
from core.intake.opening.source import SourceFile
from core.intake.positions.nport import CASH_NAME, DOLLAR, REST_NAME, Schedule, schedule_of, tell_differing

NAME = "sec_nport"
_GOVERNMENT = frozenset({"UST", "USGA", "USGSE", "NUSS", "MUN"})
_NAME_CHARS = 120
_SHOWN_PLACES = Decimal("0.000000000001")


def read(source: SourceFile, case: Case) -> FundReading:
    """Read the fund of a filing.

    The form states values and net assets, so weights are value / net assets. Cash, and receivables less liabilities,
    stand beside its list and become lines, if all of the list came in; what a fund may keep undisclosed stays out.

    Raises:
        UnreadableFile: Not XML, not N-PORT, unsafe or too large.
    """
    found = schedule_of(source, case)
    findings = case.findings
    if found is None:
        return FundReading(source.name, problems=findings.problems, notes=findings.notes)
    net = found.net_assets
    if net is None or net <= 0:
        said = "no net assets" if net is None else f"net assets of {net:,.2f}"
        findings.problem(
            None, "netAssets", "" if net is None else str(net),
            f"The filing states {said}, so its lines have no weights. Download the filing again, or take another day.",
        )  # fmt: skip
        return FundReading(source.name, FundCodes(series_id=found.series_id), None, findings.problems, findings.notes)
    lines = [_line(holding, net) for holding in found.group.holdings]
    lines += _beside(found, net)
    tell_differing(found, case)
    _tell(found, net, lines, case)
    report = FundReport(
        "", found.group.name[:_NAME_CHARS], found.group.as_of, NAME, source.name, DOLLAR, net, tuple(lines)
    )
    codes = FundCodes(series_id=found.series_id)
    return FundReading(source.name, codes, report if lines else None, findings.problems, findings.notes)


def _line(holding: Holding, net: Decimal) -> FundLine:
    terms = holding.terms
    notional = None if terms.notional is None else terms.notional / net * WHOLE
    return FundLine(
        name=holding.name or holding.symbol,
        issuer="" if holding.asset_class in (AssetClass.CASH, AssetClass.DERIVATIVE) else terms.issuer,
        asset_class=holding.asset_class,
        weight_pct=(holding.market_value / net * WHOLE).quantize(_SHOWN_PLACES),
        isin=holding.isin,
        cusip=terms.cusip,
        symbol=holding.symbol,
        lei="" if holding.asset_class is AssetClass.CASH else terms.lei,
        # The form knows no industries; that a state is none is what it does say.
        sector="Government" if terms.issuer_category in _GOVERNMENT else "",
        country=holding.country,
        currency=terms.exposure or holding.currency,
        instrument_type=terms.instrument_type,
        issuer_category=terms.issuer_category,
        notional_pct=None if notional is None else notional.quantize(_SHOWN_PLACES),
    )


def _beside(found: Schedule, net: Decimal) -> list[FundLine]:
    """Cash and the rest as lines; none where lines are missing, because the rest would then hide them."""
    if len(found.group.holdings) < found.listed:
        return []
    rest = net - found.stated - found.cash - found.undisclosed
    return [
        FundLine(
            name,
            "",
            AssetClass.CASH,
            (value / net * WHOLE).quantize(_SHOWN_PLACES),
            currency=DOLLAR,
            instrument_type=InstrumentType.CASH,
        )
        for name, value in ((CASH_NAME, found.cash), (REST_NAME, rest))
        if value
    ]


def _tell(found: Schedule, net: Decimal, lines: list[FundLine], case: Case) -> None:
    missing = found.listed - len(found.group.holdings)
    if missing:
        case.findings.note(
            f"{missing:,} of {found.listed:,} lines did not come in, so cash, receivables and liabilities were left "
            "out too, and all of it counts as not covered."
        )
    rest = net - found.stated - found.cash - found.undisclosed
    case.findings.note(
        f"{found.listed:,} lines add up to {found.stated / net * 100:.2f} % of net assets of {net:,.2f} {DOLLAR}; "
        f"cash beside them is {found.cash / net * 100:.2f} %, undisclosed securities "
        f"{found.undisclosed / net * 100:.2f} %, receivables less liabilities {rest / net * 100:.2f} %."
    )
    derivatives = [line for line in lines if line.asset_class is AssetClass.DERIVATIVE]
    if derivatives:
        case.findings.note(derivative_note(derivatives))


def derivative_note(lines: list[FundLine]) -> str:
    """How derivatives count, and what is therefore not in any weight."""
    value = sum((line.weight_pct for line in lines), Decimal(0))
    known = [line.notional_pct for line in lines if line.notional_pct is not None]
    silent = len(lines) - len(known)
    notional = f"their notionals add up to {sum(known, Decimal(0)):.2f} % of net assets" if known else ""
    if silent:
        notional += f"{' and ' if known else ''}{silent:,} state no notional"
    return (
        f"{len(lines):,} derivatives count with their value, {value:.2f} % of net assets together; {notional}, and "
        "what they stand for is in no issuer, sector, country or currency."
    )
