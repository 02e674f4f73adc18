"""Small reports of funds for tests: filings of form N-PORT and lists of fund houses, with invented names."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from xml.sax.saxutils import escape

from core.domain.fund import FundLine, FundReport
from core.domain.portfolio import AssetClass

TODAY = date(2026, 12, 1)
OCTOBER = date(2026, 10, 30)
ROBOTS_LEI = "5299000000ROBOTS0001"


def security(
    name: str,
    value: str,
    *,
    title: str = "",
    lei: str = "N/A",
    isin: str = "",
    kind: str = "EC",
    issuer: str = "CORP",
    country: str = "US",
    currency: str = "USD",
    inside: str = "",
    balance: str = "10",
) -> str:
    """One line of the schedule; a currency other than dollars stands in `currencyConditional`, as filings write it."""
    cur = f"<curCd>{currency}</curCd>"
    if currency != "USD":
        cur = f'<currencyConditional curCd="{currency}" exchangeRt="2"/>'
    who = f"<issuerCat>{issuer}</issuerCat>"
    if issuer == "OTHER":
        who = '<issuerConditional desc="x" issuerCat="OTHER"/>'
    code = f'<isin value="{isin}"/>' if isin else '<other otherDesc="own" value="X1"/>'
    return (
        f"<invstOrSec><name>{escape(name)}</name><lei>{lei}</lei><title>{escape(title or name)}</title>"
        f"<cusip>N/A</cusip><identifiers>{code}</identifiers><balance>{balance}</balance><units>NS</units>{cur}"
        f"<valUSD>{value}</valUSD><pctVal>N/A</pctVal><payoffProfile>Long</payoffProfile><assetCat>{kind}</assetCat>"
        f"{who}<invCountry>{country}</invCountry>{inside}</invstOrSec>"
    )


FORWARD = (
    '<derivativeInfo><fwdDeriv derivCat="FWD"><counterparties><counterpartyName>Invented Bank</counterpartyName>'
    "</counterparties><amtCurSold>300</amtCurSold><curSold>USD</curSold><amtCurPur>600</amtCurPur><curPur>JPY</curPur>"
    "</fwdDeriv></derivativeInfo>"
)


def nport(
    *lines: str,
    net: str = "1000",
    cash: str = "0",
    hidden: str = "0",
    day: str = "2026-10-30",
    series: str = "S000000001",
    name: str = "Invented Growth Fund",
) -> bytes:
    """A filing; its declaration stands after an empty line, as some do."""
    return (
        '\n<?xml version="1.0" encoding="UTF-8"?><edgarSubmission xmlns="http://www.sec.gov/edgar/nport">'
        f"<formData><genInfo><regName>Invented Trust</regName><regCik>0000000001</regCik>"
        f"<seriesName>{name}</seriesName><seriesId>{series}</seriesId><repPdEnd>2026-12-31</repPdEnd><repPdDate>{day}</repPdDate></genInfo>"
        f"<fundInfo><netAssets>{net}</netAssets><assetsAttrMiscSec>{hidden}</assetsAttrMiscSec>"
        f"<cshNotRptdInCorD>{cash}</cshNotRptdInCorD></fundInfo>"
        f"<invstOrSecs>{''.join(lines)}</invstOrSecs></formData></edgarSubmission>"
    ).encode()


def line(name: str, weight: str, **more: object) -> FundLine:
    """A share inside a fund, issued by whom it is called after."""
    told: dict[str, object] = {"issuer": name, "asset_class": AssetClass.EQUITY, **more}
    return FundLine(name, weight_pct=Decimal(weight), **told)  # type: ignore[arg-type]  # fields by name


def report(fund_id: str, *lines: FundLine, as_of: date = OCTOBER, name: str = "") -> FundReport:
    """A list of a fund house."""
    return FundReport(fund_id, name or fund_id, as_of, "ishares_holdings", "list.csv", "", None, lines)


def weights(lines: Sequence[FundLine]) -> dict[str, Decimal]:
    """Weights by name."""
    return {one.name: one.weight_pct for one in lines}
