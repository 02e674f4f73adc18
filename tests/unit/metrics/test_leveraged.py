"""Leveraged and inverse funds: by their stated factor in risk, stress and concentration, and never by a guessed one."""

from __future__ import annotations

import pytest

from core.domain.facts import FactSheet
from core.domain.instrument import InstrumentType, Terms
from core.domain.portfolio import AssetClass, Holding
from core.intake.register.terms import read_terms
from core.metrics.exposure import leverage
from core.metrics.factsheet import fact_sheets
from core.metrics.metric_definitions import HISTORY_METRICS
from core.metrics.prices import PriceHistory
from tests.unit.metrics.making import FixedRates, cash, holding, portfolio, reasons, series, values, wobble

PRICES = PriceHistory.from_series([series(name, wobble(400, seed)) for seed, name in enumerate(["A", "L"])])
SAYS_SO = (
    "WisdomTree NASDAQ 100 3x Daily Leveraged", "ProShares UltraPro QQQ", "ProShares Ultra S&P500",
    "ProShares Short S&P500", "ProShares UltraShort Dow30", "Direxion Daily Semiconductor Bull 3X Shares",
    "Direxion Daily S&P 500 Bear 1X", "Xtrackers S&P 500 2x Leveraged Daily Swap", "Amundi Leveraged MSCI USA Daily",
    "LevDAX x2 ETF", "Xtrackers ShortDAX Daily Swap", "Amundi CAC 40 Daily (-1x) Inverse", "Boost \u22123x Gas",
    "BetaPro 2.5x Oil",
)  # fmt: skip
SAYS_NOTHING = (
    "iShares Ultrashort Bond", "JPM Ultra-Short Income", "Invesco Leveraged Loan ETF", "Vanguard Short-Term Treasury",
    "ProShares Short Term USD", "iShares $ Treasury 7-10yr", "10x Capital", "MSCI World ex USA", "Global X Uranium",
)  # fmt: skip


def fund(
    value: float, factor: float | None = None, name: str = "", kind: AssetClass = AssetClass.EQUITY_FUND
) -> Holding:
    terms = Terms(InstrumentType.FUND, exposure="EUR", leverage=factor)
    return holding("L", value, asset_class=kind, name=name, terms=terms)


def sheet_of(*lines: Holding, prices: PriceHistory = PRICES) -> FactSheet:
    groups = ["holdings", "history", "stress"]
    return fact_sheets([portfolio(*lines)], FixedRates(), prices, groups=groups)[0]  # type: ignore[arg-type]


@pytest.mark.parametrize("name", SAYS_SO)
def test_a_fund_that_calls_itself_leveraged_has_no_factor_until_one_is_stated(name: str) -> None:
    assert leverage(fund(1, name=name)) != leverage(fund(1, name=name))
    assert leverage(fund(1, 2.0, name)) == 2.0


@pytest.mark.parametrize("name", SAYS_NOTHING)
def test_a_fund_that_says_nothing_of_the_kind_is_not_leveraged(name: str) -> None:
    assert leverage(fund(1, name=name)) == 1.0


def test_a_share_with_a_multiple_in_its_name_is_no_fund() -> None:
    assert leverage(holding("X", 1, name="2X Ventures plc")) == 1.0
    assert leverage(holding("X", 1, name="GraniteShares 3x Short Tesla")) != 1.0


def test_an_unstated_factor_leaves_risk_stress_and_concentration_absent_with_the_reason() -> None:
    sheet = sheet_of(holding("A", 90), fund(10, name="Nasdaq 3x Daily"))
    why = reasons(sheet)
    for metric_id in (*HISTORY_METRICS, "stress.*", "hhi", "effective_n", "top1_weight"):
        assert "L is leveraged or inverse by its name and states no factor" in why[metric_id]
        assert "terms.leverage" in why[metric_id]
    assert values(sheet)["weight.L"] == pytest.approx(10.0)


@pytest.mark.parametrize(("factor", "loss"), [(3.0, -60.0), (2.0, -40.0), (-1.0, 20.0), (-2.0, 40.0), (6.0, -100.0)])
def test_a_shock_moves_a_leveraged_fund_by_its_factor_and_never_below_nothing(factor: float, loss: float) -> None:
    assert values(sheet_of(fund(100, factor)))["stress.equity_down_20"] == pytest.approx(loss)


def test_a_leveraged_bond_fund_answers_to_yields_by_its_factor() -> None:
    terms = Terms(InstrumentType.FUND, exposure="EUR", leverage=-1.0, duration_years=17.0)
    line = holding("L", 100, asset_class=AssetClass.BOND_FUND, terms=terms)
    assert values(sheet_of(line))["stress.yields_up_100bp"] == pytest.approx(17.0)


def test_risk_is_that_of_the_closes_which_carry_the_factor_already() -> None:
    plain, tripled = sheet_of(holding("A", 50), fund(50)), sheet_of(holding("A", 50), fund(50, 3.0))
    assert values(plain)["volatility"] == values(tripled)["volatility"]


def test_coverage_counts_a_leveraged_fund_with_what_it_moves() -> None:
    only_a = PriceHistory.from_series([PRICES["A"]])
    assert "volatility" in values(sheet_of(holding("A", 96), fund(4), prices=only_a))
    why = reasons(sheet_of(holding("A", 96), fund(4, 3.0), prices=only_a))["volatility"]
    assert why.startswith("Price history covers 88.8% of gross value"), "4 three times is 12 of 108"


def test_concentration_counts_exposures_on_the_basis_of_the_top_weights() -> None:
    stated = values(sheet_of(holding("A", 50), fund(20, 3.0), cash(30)))
    assert stated["top1_weight"] == pytest.approx(60.0)
    assert stated["top5_weight"] == pytest.approx(110.0)
    assert stated["hhi"] == pytest.approx(0.5**2 + 0.6**2)
    assert stated["effective_n"] == pytest.approx(110**2 / (50**2 + 60**2))


def test_a_derivative_is_as_large_as_its_notional_in_concentration() -> None:
    future = holding(
        "F",
        5,
        asset_class=AssetClass.DERIVATIVE,
        terms=Terms(InstrumentType.FUTURE, notional=800),  # type: ignore[arg-type]
    )
    stated = values(sheet_of(holding("A", 995), future))
    assert stated["top1_weight"] == pytest.approx(99.5)
    assert stated["hhi"] == pytest.approx(0.995**2 + 0.8**2)
    unstated = holding("F", 5, asset_class=AssetClass.DERIVATIVE, terms=Terms(InstrumentType.FUTURE))
    assert "states neither notional nor delta" in reasons(sheet_of(holding("A", 995), unstated))["hhi"]


def test_cash_beside_a_position_makes_it_smaller_and_not_more_numerous() -> None:
    stated = values(sheet_of(holding("A", 10), cash(60), cash(30, "EUR")))
    assert stated["top1_weight"] == pytest.approx(10.0)
    assert stated["hhi"] == pytest.approx(0.01)
    assert stated["effective_n"] == pytest.approx(1.0)
    assert (stated["holdings_count"], stated["holdings_count_without_cash"]) == (3, 1)


@pytest.mark.parametrize(("text", "factor"), [("3", 3.0), ("2x", 2.0), ("-1", -1.0), ("-3X", -3.0), ("1.5", 1.5)])
def test_a_factor_is_read_as_people_write_it(text: str, factor: float) -> None:
    terms, faults = read_terms({"leverage": text})
    assert not faults
    assert terms.leverage == factor


@pytest.mark.parametrize("text", ["0", "300", "triple", "-11"])
def test_a_factor_that_cannot_be_is_named(text: str) -> None:
    terms, faults = read_terms({"leverage": text})
    assert terms.leverage is None
    assert "'leverage' " in faults[0].message
