"""Issuers and liquidity."""

from __future__ import annotations

import pytest

from core.domain.facts import FactSheet
from core.domain.instrument import FundKind, InstrumentType, Liquidity, Terms
from core.domain.portfolio import AssetClass, Portfolio
from core.metrics.definitions import MetricGroup
from core.metrics.factsheet import fact_sheets
from tests.unit.metrics.making import FixedRates, cash, holding, portfolio, reasons, values


def sheet_of(one: Portfolio) -> FactSheet:
    return fact_sheets([one], FixedRates(), None, groups=[MetricGroup.HOLDINGS, MetricGroup.LIQUIDITY])[0]


def of(issuer: str) -> Terms:
    return Terms(issuer=issuer)


def test_lines_of_one_issuer_are_one_and_funds_and_cash_are_counted_apart() -> None:
    found = values(
        sheet_of(
            portfolio(
                holding("GOOG", 20, terms=of("Alphabet Inc.")),
                holding("GOOGL", 20, terms=of("alphabet inc.")),
                holding("MSFT", 10, terms=of("Microsoft")),
                holding("VTI", 30, asset_class=AssetClass.EQUITY_FUND, terms=of("Vanguard")),
                holding("ODD", 10, terms=Terms(instrument_type=InstrumentType.FUND, fund_kind=FundKind.UCITS)),
                cash(10),
            )
        )
    )
    assert found["issuer_hhi"] == pytest.approx(0.4**2 + 0.1**2)
    assert found["issuer_effective_n"] == pytest.approx(1 / 0.68)
    assert found["issuer_top1_weight"] == pytest.approx(40)


def test_issuers_that_are_not_known_leave_their_concentration_absent() -> None:
    sheet = sheet_of(portfolio(holding("A", 90, terms=of("A plc")), holding("B", 10)))
    assert "the issuer is not known for B" in reasons(sheet)["issuer_hhi"]
    assert "covers 90.0%" in reasons(sheet)["issuer_top1_weight"]
    nearly = sheet_of(portfolio(holding("A", 95, terms=of("A plc")), holding("B", 5)))
    assert values(nearly)["issuer_top1_weight"] == pytest.approx(95)


def test_funds_alone_have_no_issuers() -> None:
    sheet = sheet_of(portfolio(holding("VTI", 30, asset_class=AssetClass.EQUITY_FUND), cash(10)))
    assert "no line with one issuer" in reasons(sheet)["issuer_effective_n"]


def test_long_and_short_lines_of_an_issuer_are_netted() -> None:
    lines = [holding("A", 50, terms=of("A plc")), holding("A.P", -50, terms=of("A plc")), cash(100)]
    assert "cancel out" in reasons(sheet_of(portfolio(*lines)))["issuer_hhi"]


def test_liquidity_is_what_sources_state_and_the_rest_is_unknown() -> None:
    found = values(
        sheet_of(
            portfolio(
                holding("A", 50, terms=Terms(liquidity=Liquidity.HIGH)),
                holding("P", 20, terms=Terms(liquidity=Liquidity.ILLIQUID)),
                holding("X", 20),
                cash(10),
            )
        )
    )
    shares = {name: value for name, value in found.items() if name.startswith("liquidity.")}
    assert shares == pytest.approx({"liquidity.highly_liquid": 60, "liquidity.illiquid": 20, "liquidity.unknown": 20})


def test_the_share_of_known_liquidity_is_said() -> None:
    one = portfolio(holding("A", 80, terms=Terms(liquidity=Liquidity.MODERATE)), holding("X", 20))
    assert "Known for lines of 80.0 %" in sheet_of(one).by_id()["liquidity.moderately_liquid"].definition


def test_unstated_liquidity_is_absent() -> None:
    assert "No line's source states" in reasons(sheet_of(portfolio(holding("A", 1), cash(1))))["liquidity.*"]
    assert values(sheet_of(portfolio(cash(1))))["liquidity.highly_liquid"] == 100
