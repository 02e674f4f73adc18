from __future__ import annotations

import numpy as np
import pytest

from core.metrics import risk

FOUR = np.array([0.10, -0.20, 0.05, 0.05])


def test_volatility_is_the_sample_deviation_of_a_year() -> None:
    # mean 0; squares .01 + .04 + .0025 + .0025 = .055; / 3
    assert risk.volatility(FOUR) == pytest.approx(np.sqrt(0.055 / 3) * np.sqrt(252))


def test_sharpe_divides_the_mean_excess_by_its_deviation() -> None:
    returns = np.array([0.01, 0.03])
    assert risk.sharpe(returns) == pytest.approx(0.02 / np.sqrt(0.0002) * np.sqrt(252))


def test_a_risk_free_rate_is_taken_off_by_its_compound_daily_share() -> None:
    returns = np.array([0.01, 0.03])
    daily = 1.03 ** (1 / 252) - 1
    assert risk.sharpe(returns, 0.03) == pytest.approx((0.02 - daily) / np.sqrt(0.0002) * np.sqrt(252))


def test_sharpe_of_returns_that_do_not_vary_has_no_value() -> None:
    assert np.isnan(risk.sharpe(np.full(300, 0.001)))


def test_a_loss_on_the_first_day_counts_in_the_drawdown() -> None:
    assert risk.max_drawdown(np.array([-0.10, 0.02])) == pytest.approx(-0.10)


def test_drawdown_compounds_from_the_peak() -> None:
    assert risk.max_drawdown(np.array([0.50, -0.10, -0.10, 0.40])) == pytest.approx(0.81 - 1)


def test_value_that_never_falls_has_no_drawdown() -> None:
    assert risk.max_drawdown(np.array([0.01, 0.0, 0.02])) == 0.0


@pytest.mark.parametrize(
    ("returns", "places"),
    [
        ([0.10, -0.10, -0.10, 0.30, -0.05], (1, 3, 4)),
        ([-0.10, 0.05], (0, 1, -1)),
        ([-0.05, 0.10, -0.20, 0.10], (2, 3, -1)),
        ([-0.50, 1.0, -0.5, 1.0], (0, 1, 2)),
        ([0.01, 0.0, 0.02], (-1, -1, -1)),
        ([-1.0, 0.02], (-1, -1, -1)),
    ],
)
def test_the_deepest_fall_has_a_peak_a_low_and_where_it_came_back_a_recovery(
    returns: list[float], places: tuple[int, int, int]
) -> None:
    assert tuple(risk.drawdown_days(np.array(returns))) == places
    both = np.stack([np.array(returns), np.zeros(len(returns))], axis=-1)
    assert risk.drawdown_days(both).T.tolist() == [list(places), [-1, -1, -1]]


def test_a_portfolio_that_lost_everything_has_no_drawdown_and_no_growth() -> None:
    returns = np.array([-1.2, *([0.01] * 260)])
    assert np.isnan(risk.max_drawdown(returns))
    assert np.isnan(risk.annual_return(returns))


def test_a_day_that_lost_exactly_everything_leaves_no_drawdown_and_no_growth() -> None:
    returns = np.array([*([0.01] * 260), -1.0])
    assert np.isnan(risk.max_drawdown(returns))
    assert np.isnan(risk.annual_return(returns))
    nearly = np.array([*([0.01] * 260), -0.999])
    assert risk.max_drawdown(nearly) == pytest.approx(-0.999)
    assert risk.annual_return(nearly) == pytest.approx((1.01**260 * 0.001) ** (252 / 261) - 1)


def test_of_many_portfolios_only_those_that_lost_everything_have_no_growth() -> None:
    returns = np.full((252, 2), 0.001)
    returns[7, 0] = -1.0
    drawdown, growth = risk.max_drawdown(returns), risk.annual_return(returns)
    assert list(np.isnan(drawdown)) == list(np.isnan(growth)) == [True, False]


def test_value_at_risk_interpolates_between_days_and_a_loss_is_positive() -> None:
    returns = np.arange(-10, 11) / 100  # 21 days: the 5 % point is the second worst
    assert risk.historical_var(returns) == pytest.approx(0.09)
    assert risk.historical_cvar(returns) == pytest.approx((0.10 + 0.09) / 2)


def test_twenty_days_are_the_least_for_a_tail_of_five_percent() -> None:
    risk.historical_var(np.zeros(20))
    for measure in (risk.historical_var, risk.historical_cvar):
        with pytest.raises(risk.TooFewReturns, match="at least 20 daily returns and there are 19"):
            measure(np.zeros(19))


def test_growth_is_compounded_to_a_year_of_252_days() -> None:
    assert risk.annual_return(np.full(504, 0.001)) == pytest.approx(1.001**252 - 1)


def test_less_than_a_year_is_not_scaled_up() -> None:
    with pytest.raises(risk.TooFewReturns, match="252"):
        risk.annual_return(np.full(251, 0.001))


def test_many_portfolios_at_once_give_the_figures_of_each_alone() -> None:
    many = np.random.default_rng(3).normal(0, 0.01, (400, 7))
    for measure in (
        risk.volatility,
        risk.sharpe,
        risk.max_drawdown,
        risk.historical_var,
        risk.historical_cvar,
        risk.annual_return,
    ):
        together = measure(many)
        assert together.shape == (7,)
        alone = [float(measure(many[:, column])) for column in range(7)]
        assert together == pytest.approx(alone, rel=1e-12)
