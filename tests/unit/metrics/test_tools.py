"""Series, correlations and what-if figures for charts and tools."""

from __future__ import annotations

import numpy as np
import pytest

from core.domain.units import Badge
from core.errors import BadInput
from core.metrics.definitions import MetricGroup
from core.metrics.factsheet import fact_sheets
from core.metrics.prices import PriceHistory
from core.metrics.tools import (
    NoSeries,
    benchmark_series,
    correlation_analyzer,
    return_series,
    risk_calculator,
)
from tests.unit.metrics.making import (
    FixedRates,
    a_year,
    cash,
    holding,
    portfolio,
    reasons,
    series,
    still,
    values,
    wobble,
)

A, B = np.array(wobble(400, 1)), np.array(wobble(400, 2))
PRICES = PriceHistory.from_series(
    [series("A", list(A)), series("B", list(B)), series("IX", list(A), badge=Badge.SIMULATED), series("Z", still(400))]
)
RATES = FixedRates()
ONE = portfolio(holding("A", 60), holding("B", 30), cash(10), benchmark={"IX": 1})


def test_a_series_ends_where_the_figures_end() -> None:
    found = return_series(ONE, RATES, PRICES)
    (sheet,) = fact_sheets([ONE], RATES, PRICES, groups=[MetricGroup.HISTORY, MetricGroup.PERIODS])
    assert found.days.size == found.returns.size + 1 == found.cumulative().size == found.drawdown().size
    assert found.cumulative()[0] == 0
    assert found.cumulative()[-1] == pytest.approx(np.prod(1 + 0.6 * A + 0.3 * B) - 1)
    assert 100 * found.drawdown().min() == pytest.approx(values(sheet)["max_drawdown"])
    year = found.days.searchsorted(np.datetime64("2025-10-30"))
    wealth = 1 + found.cumulative()
    assert 100 * (wealth[-1] / wealth[year] - 1) == pytest.approx(values(sheet)["return.1y"])
    assert found.badge is Badge.DERIVED


def test_rolling_figures_are_those_of_each_window_and_unknown_before() -> None:
    found = return_series(ONE, RATES, PRICES)
    rolling = found.rolling_volatility(63)
    assert np.isnan(rolling[:63]).all()
    assert rolling[63] == pytest.approx(found.returns[:63].std(ddof=1) * a_year(found.days) ** 0.5)
    assert rolling[-1] == pytest.approx(found.returns[-63:].std(ddof=1) * a_year(found.days) ** 0.5)
    assert found.rolling_return(252)[-1] == pytest.approx(np.prod(1 + found.returns[-252:]) - 1)
    assert np.isnan(found.rolling_return(401)).all()
    with pytest.raises(BadInput, match="at least 2"):
        found.rolling_volatility(1)


def test_the_benchmarks_series_is_on_the_same_days() -> None:
    own, other = return_series(ONE, RATES, PRICES), benchmark_series(ONE, RATES, PRICES)
    assert np.array_equal(own.days, other.days)
    assert other.returns == pytest.approx(A)
    assert other.badge is Badge.SIMULATED
    with pytest.raises(NoSeries, match="No benchmark was named"):
        benchmark_series(portfolio(holding("A", 1)), RATES, PRICES)


def test_without_prices_the_reason_is_the_fact_sheets() -> None:
    one = portfolio(holding("NEW", 1))
    (sheet,) = fact_sheets([one], RATES, PRICES)
    with pytest.raises(NoSeries) as caught:
        return_series(one, RATES, PRICES)
    assert str(caught.value) == reasons(sheet)["volatility"]


def test_correlations_are_numpys_and_lines_of_one_instrument_are_one() -> None:
    one = portfolio(holding("A", 30), holding("B", 30), holding("A", 30), cash(10), holding("Z", 5))
    found = correlation_analyzer(one, RATES, PRICES)
    assert found.ids == ("A", "B", "Z") or set(found.ids) == {"A", "B", "Z"}
    assert found.values[0, 1] == pytest.approx(np.corrcoef(A, B)[0, 1])
    assert np.diag(found.values)[:2] == pytest.approx([1, 1])
    assert np.isnan(found.values[2]).all(), "a price that never moves correlates with nothing"
    assert found.pairs() == [("A", "B", pytest.approx(np.corrcoef(A, B)[0, 1]))]
    assert found.count == 400


def test_correlations_of_chosen_lines_only() -> None:
    assert correlation_analyzer(ONE, RATES, PRICES, ["B", "A"]).ids == ("A", "B")
    with pytest.raises(BadInput, match="'CASH_EUR' is no position with a price history"):
        correlation_analyzer(ONE, RATES, PRICES, ["A", "CASH_EUR"])


def test_other_weights_give_the_figures_of_that_portfolio() -> None:
    proposed = risk_calculator(ONE, RATES, PRICES, {"A": 20, "B": 20})
    expected = fact_sheets([portfolio(holding("A", 20), holding("B", 20), cash(60))], RATES, PRICES)[0]
    assert values(proposed)["volatility"] == pytest.approx(values(expected)["volatility"])
    assert values(risk_calculator(ONE, RATES, PRICES))["volatility"] > values(proposed)["volatility"]
    whole = risk_calculator(ONE, RATES, PRICES, {"A": 20}, [MetricGroup.HOLDINGS])
    assert values(whole)["total_value"] == pytest.approx(100)


@pytest.mark.parametrize(
    ("weights", "said"), [({"X": 5.0}, "'X' is no holding"), ({"A": float("nan")}, "give a number of percent")]
)
def test_a_weight_that_means_nothing_is_refused(weights: dict[str, float], said: str) -> None:
    with pytest.raises(BadInput, match=said):
        risk_calculator(ONE, RATES, PRICES, weights)


def test_weights_of_a_portfolio_without_a_total_are_refused() -> None:
    with pytest.raises(BadInput, match="exchange rate from TWD"):
        risk_calculator(portfolio(holding("A", 1, currency="TWD")), RATES, PRICES, {"A": 50})
