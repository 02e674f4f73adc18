"""VaR-equivalent volatility and the market risk classes."""

from __future__ import annotations

from fractions import Fraction
from math import exp, sqrt
from statistics import NormalDist

import pytest

from core.compliance.evaluate import market_risk_class
from core.compliance.vev import LEAST_RETURNS, var_equivalent_volatility


def normal_returns(volatility: float, days: int = 1260) -> list[float]:
    """Quantiles of a normal distribution of log returns, of which VEV is the volatility itself."""
    sigma = volatility / sqrt(252)
    return [exp(NormalDist(0, sigma).inv_cdf((n + 0.5) / days)) - 1 for n in range(days)]


@pytest.mark.parametrize("volatility", [0.03, 0.11, 0.19, 0.4])
def test_of_normal_returns_it_is_the_volatility(volatility: float) -> None:
    found = var_equivalent_volatility(normal_returns(volatility))
    assert found == pytest.approx(volatility, rel=0.02)


def test_a_fat_left_tail_makes_it_larger_than_the_volatility() -> None:
    returns = normal_returns(0.1)
    crash = [one if place % 90 else -0.06 for place, one in enumerate(returns)]
    plain = sqrt(252) * sqrt(sum(one**2 for one in crash) / len(crash))
    found = var_equivalent_volatility(crash, years=1.0)
    assert found is not None
    assert found > plain


def test_less_than_two_years_give_no_class() -> None:
    assert var_equivalent_volatility([0.001] * (LEAST_RETURNS - 1)) is None


def test_returns_that_never_move_have_none() -> None:
    assert var_equivalent_volatility([0.0] * LEAST_RETURNS) == 0.0


def test_a_total_loss_has_no_log_return_and_no_class() -> None:
    assert var_equivalent_volatility([0.01] * LEAST_RETURNS + [-1.0]) is None


@pytest.mark.parametrize(
    ("vev", "number"),
    [("0.00499", 1), ("0.005", 2), ("0.05", 3), ("0.11999", 3), ("0.12", 4), ("0.2", 5), ("0.3", 6), ("0.8", 7)],
)
def test_a_class_begins_at_its_bound(vev: str, number: int) -> None:
    assert market_risk_class(Fraction(vev)) == number
