"""What is stored of funds, ready to look through portfolios with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from core.domain.fund import FundLine, FundReport, FundShelf
from core.domain.portfolio import AssetClass, Portfolio
from core.intake.register.instruments import Register
from core.metrics.holdings import is_fund
from core.metrics.lookthrough import LookThrough
from core.storage.store import Store


def look_through_of(store: Store, portfolios: Sequence[Portfolio], register: Register) -> LookThrough:
    """What is known of the funds that portfolios hold, and of the funds these hold, and so on.

    Args:
        portfolios: As the register describes them.
        register: Adds sector and country where a report states none.
    """
    lines = (line for portfolio in portfolios for line in portfolio.holdings)
    codes = {line.isin or line.symbol for line in lines if is_fund(line) or line.asset_class is AssetClass.OTHER}
    shelf, by_code = store.funds.load(codes)
    described = [_described(one, register) for one in shelf]
    return LookThrough(FundShelf(described, by_code), store.entities.links())


def _described(report: FundReport, register: Register) -> FundReport:
    return replace(report, lines=tuple(_filled(line, register) for line in report.lines))


def _filled(line: FundLine, register: Register) -> FundLine:
    if (line.sector and line.country) or not (line.isin or line.cusip):
        return line
    row = register.find(isin=line.isin, cusip=line.cusip)
    if row is None:
        return line
    return replace(line, sector=line.sector or row.sector, country=line.country or row.country)
