"""Our formulas against libraries, to 1e-9 where definitions agree, and by the stated difference where they do not."""

from __future__ import annotations

from datetime import date
from statistics import fmean

import empyrical
import numpy as np
import pandas as pd
import pytest
from perfattr import AttributionMethod, calculate_attribution
from scipy import optimize, stats
from skfolio import Portfolio as SkfolioPortfolio
from skfolio import datasets

from core.domain.units import Badge
from core.metrics import relative, risk
from core.metrics.brinson import Effects, Side, attribute, links
from core.metrics.contributions import average_correlation, betas_to_whole
from core.metrics.definitions import MetricGroup
from core.metrics.factsheet import fact_sheets
from core.metrics.flows import Account, money_weighted
from core.metrics.prices import PriceHistory, PriceSeries
from tests.unit.metrics.making import FixedRates, holding, portfolio, values

CHANCE = np.random.default_rng(20261030)
MARKET = CHANCE.standard_t(4, 1250) * 0.007
LINES = np.array([beta * MARKET + CHANCE.normal(0.0002, 0.008, 1250) for beta in (0.4, 0.8, 1.0, 1.3, 1.7)])
WEIGHTS = np.array([0.1, 0.15, 0.2, 0.25, 0.3])
RETURNS = WEIGHTS @ LINES


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (risk.annual_return(RETURNS), empyrical.cagr(RETURNS)),
        (risk.volatility(RETURNS), empyrical.annual_volatility(RETURNS)),
        (risk.sharpe(RETURNS), empyrical.sharpe_ratio(RETURNS)),
        (risk.sharpe(RETURNS, 0.03), empyrical.sharpe_ratio(RETURNS, risk_free=1.03 ** (1 / 252) - 1)),
        (risk.sortino(RETURNS), empyrical.sortino_ratio(RETURNS)),
        (risk.sortino(RETURNS, 0.0001), empyrical.sortino_ratio(RETURNS, required_return=0.0001)),
        (risk.downside_deviation(RETURNS), empyrical.downside_risk(RETURNS)),
        (risk.max_drawdown(RETURNS), empyrical.max_drawdown(RETURNS)),
        (-risk.historical_var(RETURNS), empyrical.value_at_risk(RETURNS)),
        (-risk.historical_cvar(RETURNS), empyrical.conditional_value_at_risk(RETURNS)),
        (-risk.historical_var(RETURNS, 0.99), empyrical.value_at_risk(RETURNS, 0.01)),
        (-risk.historical_cvar(RETURNS, 0.99), empyrical.conditional_value_at_risk(RETURNS, 0.01)),
        (relative.beta(RETURNS, MARKET), empyrical.beta(RETURNS, MARKET)),
    ],
)
def test_measures_of_returns_equal_empyricals(ours: float, theirs: float) -> None:
    assert float(ours) == pytest.approx(float(theirs), rel=1e-9)


def test_our_information_ratio_is_per_year_and_empyricals_is_per_day() -> None:
    daily = empyrical.excess_sharpe(RETURNS, MARKET)
    assert relative.information_ratio(RETURNS, MARKET) == pytest.approx(daily * 252**0.5, rel=1e-9)


def test_correlation_equals_numpys_and_scipys() -> None:
    ours = relative.correlation(RETURNS, MARKET)
    assert ours == pytest.approx(np.corrcoef(RETURNS, MARKET)[0, 1], rel=1e-9)
    assert ours == pytest.approx(stats.pearsonr(RETURNS, MARKET).statistic, rel=1e-9)


def test_the_normal_tail_equals_scipys() -> None:
    mean, deviation = RETURNS.mean(), RETURNS.std(ddof=1)
    for level in (0.95, 0.99):
        tail = 1 - level
        assert risk.normal_var(RETURNS, level) == pytest.approx(-stats.norm.ppf(tail, mean, deviation), rel=1e-9)
        expected = -stats.norm.expect(
            lambda value, tail=tail: value / tail, loc=mean, scale=deviation, ub=stats.norm.ppf(tail, mean, deviation)
        )
        assert risk.normal_cvar(RETURNS, level) == pytest.approx(expected, rel=1e-7)  # an integral


@pytest.fixture(scope="module")
def skfolio_portfolio() -> SkfolioPortfolio:
    frame = pd.DataFrame(LINES.T, columns=list("ABCDE"), index=pd.bdate_range("2020-01-01", periods=1250))
    return SkfolioPortfolio(X=frame, weights=WEIGHTS, annualization_factor=252)


def test_diversification_equals_skfolios(skfolio_portfolio: SkfolioPortfolio) -> None:
    ratio = WEIGHTS @ LINES.std(axis=1, ddof=1) / RETURNS.std(ddof=1)
    assert ratio == pytest.approx(skfolio_portfolio.diversification, rel=1e-9)
    assert 1 / np.sum(WEIGHTS**2) == pytest.approx(skfolio_portfolio.effective_number_assets, rel=1e-9)


def test_shares_of_risk_equal_skfolios_contributions(skfolio_portfolio: SkfolioPortfolio) -> None:
    from skfolio import RiskMeasure

    theirs = np.asarray(skfolio_portfolio.contribution(measure=RiskMeasure.STANDARD_DEVIATION))
    betas = betas_to_whole(LINES, RETURNS)
    assert not isinstance(betas, str)
    # They differentiate numerically.
    assert WEIGHTS * betas == pytest.approx(theirs / theirs.sum(), rel=1e-5)
    assert theirs.sum() == pytest.approx(skfolio_portfolio.standard_deviation, rel=1e-5)
    covariance = np.cov(LINES)
    exact = WEIGHTS * (covariance @ WEIGHTS) / (WEIGHTS @ covariance @ WEIGHTS)
    assert WEIGHTS * betas == pytest.approx(exact, rel=1e-9)


def test_skfolios_drawdown_differs_because_it_adds_returns_up_unless_told_to_compound(
    skfolio_portfolio: SkfolioPortfolio,
) -> None:
    ours = -float(risk.max_drawdown(RETURNS))
    added = np.concatenate([[0.0], np.cumsum(RETURNS)])
    assert skfolio_portfolio.max_drawdown == pytest.approx(np.max(np.maximum.accumulate(added) - added), rel=1e-9)
    assert abs(skfolio_portfolio.max_drawdown - ours) > 1e-3
    frame = pd.DataFrame(LINES.T, index=pd.bdate_range("2020-01-01", periods=1250))
    compounded = SkfolioPortfolio(X=frame, weights=WEIGHTS, compounded=True)
    assert compounded.max_drawdown == pytest.approx(ours, rel=1e-9)


def test_skfolios_sortino_differs_because_its_deviation_is_around_the_mean(skfolio_portfolio: SkfolioPortfolio) -> None:
    below = np.minimum(RETURNS - RETURNS.mean(), 0.0)
    around_mean = RETURNS.mean() / np.sqrt(np.sum(below**2) / (RETURNS.size - 1))
    assert skfolio_portfolio.sortino_ratio == pytest.approx(around_mean, rel=1e-9)
    assert skfolio_portfolio.annualized_sortino_ratio != pytest.approx(float(risk.sortino(RETURNS)), rel=1e-3)
    assert skfolio_portfolio.annualized_sharpe_ratio == pytest.approx(float(risk.sharpe(RETURNS)), rel=1e-9)


def test_the_mean_of_all_correlations_equals_that_of_numpys_matrix() -> None:
    matrix = np.corrcoef(LINES)
    above = matrix[np.triu_indices(5, k=1)]
    assert average_correlation(LINES, LINES.std(axis=1, ddof=1)) == pytest.approx(fmean(above.tolist()), rel=1e-9)


# Attribution

MONTHS = pd.date_range("2025-11-30", periods=12, freq="ME")


def _prepared(weights: np.ndarray, added: np.ndarray) -> pd.DataFrame:
    rows = [
        {
            "from_date": month - pd.offsets.MonthBegin(1),
            "thru_date": month,
            "quantity_of_days": month.day,
            "identifier": f"segment{segment}",
            "weight": weights[segment],
            "return": added[segment, column] / weights[segment],
            "contribution": added[segment, column],
        }
        for column, month in enumerate(MONTHS)
        for segment in range(weights.size)
        if weights[segment]
    ]
    return pd.DataFrame(rows)


def _added(weights: np.ndarray, mean: float) -> np.ndarray:
    """What each segment added to each month's return."""
    return weights[:, None] * CHANCE.normal(mean, 0.04, (weights.size, 12))


def _linked(own: tuple[np.ndarray, np.ndarray], other: tuple[np.ndarray, np.ndarray]) -> tuple[Effects, float]:
    coefficients, active = links(own[1].sum(axis=0), other[1].sum(axis=0))
    none = np.zeros(own[0].size)
    sides = [
        Side(weights, added @ coefficients, none, added.sum(axis=0) @ coefficients) for weights, added in (own, other)
    ]
    return attribute(*sides), active


def _theirs(own: tuple[np.ndarray, np.ndarray], other: tuple[np.ndarray, np.ndarray]) -> pd.DataFrame:
    method = AttributionMethod.BRINSON_FACHLER_THREE_EFFECT
    return calculate_attribution(_prepared(*own), _prepared(*other), method=method).overall_detail


def test_attribution_equals_perfattrs_three_effects_linked_by_carino() -> None:
    own, other = (
        (weights, _added(weights, 0.01)) for weights in (np.array([0.5, 0.3, 0.2]), np.array([0.4, 0.4, 0.2]))
    )
    theirs = _theirs(own, other).set_index("identifier")
    ours, active = _linked(own, other)
    for name in ("allocation", "selection", "interaction"):
        column = theirs[f"linked_{name}_effect"].to_numpy(dtype=np.float64)
        assert getattr(ours, name) == pytest.approx(column, rel=1e-9, abs=1e-14)
    returns = [np.prod(1 + added.sum(axis=0)) for _, added in (own, other)]
    assert active == pytest.approx(returns[0] - returns[1], rel=1e-9)


def test_a_segment_on_one_side_only_is_all_allocation_here_and_partly_interaction_in_perfattr() -> None:
    """They take the missing side's return as 0, we take the side that is there; the sums agree."""
    own, other = (
        (weights, _added(weights, 0.01)) for weights in (np.array([0.5, 0.5, 0.0]), np.array([0.4, 0.0, 0.6]))
    )
    theirs = _theirs(own, other).set_index("identifier")
    ours, _ = _linked(own, other)
    assert ours.selection[1] == ours.interaction[1] == ours.selection[2] == ours.interaction[2] == 0.0
    total = theirs["linked_total_effect"].to_numpy(dtype=np.float64)
    assert ours.allocation + ours.selection + ours.interaction == pytest.approx(total, rel=1e-9)
    assert abs(theirs["linked_interaction_effect"].iloc[1]) > 1e-4


# Money-weighted return


def test_the_money_weighted_return_is_the_root_that_scipy_finds() -> None:
    account = Account(
        ((date(2024, 1, 1), 10_000.0), (date(2026, 10, 30), 15_000.0)),
        ((date(2024, 6, 3), 2_000.0), (date(2025, 2, 28), -1_500.0), (date(2026, 1, 15), 500.0)),
    )

    def present(rate: float) -> float:
        start = account.first
        paid = [(start, -10_000.0), *((day, -amount) for day, amount in account.flows), (account.last, 15_000.0)]
        return sum(amount / (1 + rate) ** ((day - start).days / 365) for day, amount in paid)

    assert money_weighted(account) == pytest.approx(optimize.brentq(present, -0.9, 10, xtol=1e-14), rel=1e-9)


# Replays


@pytest.mark.parametrize(
    ("scenario", "expected"),
    [("gfc_2008", -56.8), ("covid_2020", -33.9), ("rates_2022", -25.4), ("q4_2018", -19.8), ("euro_2011", -18.3),
     ("dotcom_2000", -49.1)],
)  # fmt: skip
def test_replays_of_the_index_give_its_known_falls(scenario: str, expected: float) -> None:
    index = datasets.load_sp500_index()["SP500"].dropna()
    series = PriceSeries("SPX", "USD", Badge.REAL, index.index.to_numpy(), index.to_numpy(dtype=np.float64))
    one = portfolio(holding("SPX", 100, currency="USD"), base="USD", as_of=date(2022, 12, 28))
    (sheet,) = fact_sheets([one], FixedRates(), PriceHistory.from_series([series]), groups=[MetricGroup.STRESS])
    assert values(sheet)[f"stress.{scenario}"] == pytest.approx(expected, abs=0.05)
