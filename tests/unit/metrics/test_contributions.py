"""What each line adds to risk and return, and how the lines act together."""

from __future__ import annotations

from datetime import date
from math import exp, log

import numpy as np
import pytest

from core.domain.facts import FactSheet
from core.domain.portfolio import AssetClass, Portfolio
from core.domain.units import Unit
from core.metrics.definitions import MetricGroup
from core.metrics.factsheet import fact_sheets
from core.metrics.prices import PriceHistory
from tests.unit.metrics.making import FixedRates, cash, holding, portfolio, reasons, series, still, values, wobble

A, B, C = (np.array(wobble(400, seed)) for seed in (1, 2, 3))
PRICES = PriceHistory.from_series([series("A", list(A)), series("B", list(B)), series("C", list(C))])


def sheet_of(one: Portfolio, prices: PriceHistory = PRICES, rates: FixedRates | None = None) -> FactSheet:
    groups = [MetricGroup.CONTRIBUTIONS, MetricGroup.PERIODS]
    return fact_sheets([one], rates or FixedRates(), prices, groups=groups)[0]


def test_shares_of_risk_and_diversification_agree_with_the_formulas_written_out() -> None:
    found = values(sheet_of(portfolio(holding("A", 50), holding("B", 30), holding("C", 10), cash(10))))
    weights, moves = np.array([0.5, 0.3, 0.1]), np.array([A, B, C])
    covariance = np.cov(moves)
    variance = weights @ covariance @ weights
    shares = weights * (covariance @ weights) / variance
    for symbol, share in zip("ABC", shares, strict=True):
        assert found[f"risk_share.{symbol}"] == pytest.approx(100 * share, rel=1e-9)
    assert found["risk_share.CASH_EUR"] == 0
    expected = weights @ np.sqrt(np.diag(covariance)) / np.sqrt(variance)
    assert found["diversification_ratio"] == pytest.approx(expected, rel=1e-9)
    assert found["effective_bets"] == pytest.approx(exp(-sum(p * log(p) for p in shares)), rel=1e-9)
    matrix = np.corrcoef(moves)
    assert found["average_correlation"] == pytest.approx(matrix[np.triu_indices(3, k=1)].mean(), rel=1e-9)


def test_one_position_is_one_bet_and_not_diversified() -> None:
    sheet = sheet_of(portfolio(holding("A", 90), cash(10)))
    assert values(sheet)["diversification_ratio"] == pytest.approx(1)
    assert values(sheet)["effective_bets"] == pytest.approx(1)
    assert "Fewer than two positions" in reasons(sheet)["average_correlation"]


def test_a_hedge_has_a_negative_share_of_risk_and_no_number_of_bets() -> None:
    sheet = sheet_of(portfolio(holding("A", 150), holding("A", -50, isin="US0378331005"), holding("B", 20)))
    assert values(sheet)["risk_share.A#2"] < 0
    assert values(sheet)["risk_share.A"] + values(sheet)["risk_share.A#2"] + values(sheet)["risk_share.B"] == (
        pytest.approx(100)
    )
    short = sheet_of(portfolio(holding("A", 150), holding("B", -50)))
    assert "short" in reasons(short)["diversification_ratio"]
    opposite = PriceHistory.from_series([series("A", list(A)), series("X", list(-0.5 * A))])
    hedged = sheet_of(portfolio(holding("A", 50), holding("X", 50)), opposite)
    assert "lowers the risk" in reasons(hedged)["effective_bets"]
    assert values(hedged)["average_correlation"] == pytest.approx(-1)


def test_contributions_sum_to_the_return_of_the_year() -> None:
    sheet = sheet_of(portfolio(holding("A", 50), holding("B", 30), cash(20)))
    found = values(sheet)
    parts = [value for name, value in found.items() if name.startswith("contribution.")]
    assert len(parts) == 3
    assert sum(parts) == pytest.approx(found["return.1y"], rel=1e-9)
    assert sheet.by_id()["contribution.A"].unit is Unit.PP
    assert sheet.by_id()["contribution.A"].period == sheet.by_id()["return.1y"].period


def test_with_less_than_a_year_contributions_are_those_of_the_history_and_say_so() -> None:
    short = PriceHistory.from_series([series("A", list(A[:100]))])
    fact = sheet_of(portfolio(holding("A", 1)), short).by_id()["contribution.A"]
    assert fact.value == pytest.approx(100 * (np.prod(1 + A[:100]) - 1), rel=1e-9)
    assert fact.period == "2026-06-12..2026-10-30"


def test_a_line_without_history_has_no_share_and_the_others_stand_for_it() -> None:
    sheet = sheet_of(portfolio(holding("A", 60), holding("B", 37), holding("NEW", 3)))
    found = values(sheet)
    assert found["risk_share.A"] + found["risk_share.B"] == pytest.approx(100)
    assert "no usable price history" in reasons(sheet)["risk_share.NEW"]
    assert "no usable price history" in reasons(sheet)["contribution.NEW"]


def test_foreign_cash_carries_the_risk_of_its_exchange_rate() -> None:
    class Restless(FixedRates):
        def factor(self, source: str, target: str, on: date) -> float | None:
            return 1.0 if source == target else 1.0 + 0.01 * (on.toordinal() % 7)

    found = values(sheet_of(portfolio(holding("A", 50), cash(50, "USD")), rates=Restless()))
    assert found["risk_share.CASH_USD"] > 10
    assert found["risk_share.CASH_USD"] + found["risk_share.A"] == pytest.approx(100)


def test_returns_that_do_not_vary_have_no_risk_to_share_out() -> None:
    flat = PriceHistory.from_series([series("A", still(100))])
    sheet = sheet_of(portfolio(holding("A", 1)), flat)
    assert "no risk to share out" in reasons(sheet)["risk_share.*"]
    assert "no risk to share out" in reasons(sheet)["effective_bets"]
    assert values(sheet)["contribution.A"] == pytest.approx(0, abs=1e-9)


def test_a_year_that_lost_everything_has_no_contributions() -> None:
    moves = list(A)
    moves[380] = 0.9
    prices = PriceHistory.from_series([series("A", moves)])
    sheet = sheet_of(portfolio(holding("A", -150), cash(250), holding("A", 1, asset_class=AssetClass.EQUITY)), prices)
    assert "whole value" in reasons(sheet)["contribution.*"]
