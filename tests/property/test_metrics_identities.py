"""Identities that hold for every portfolio and every history."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from core.domain.portfolio import AssetClass, Holding
from core.domain.units import Badge
from core.metrics import concentration, risk
from core.metrics.factsheet import fact_sheets
from core.metrics.prices import PriceHistory, PriceSeries
from tests.unit.metrics.making import FixedRates, holding, portfolio, series, wobble

unhurried = settings(deadline=None)  # a busy machine is no reason to fail

RATES = FixedRates({("USD", "EUR"): 0.9, ("JPY", "EUR"): 0.006})
PRICES = PriceHistory.from_series(series(f"S{n}", wobble(70, n), currency="USD" if n % 2 else "EUR") for n in range(8))

long_lines = st.builds(
    holding,
    st.sampled_from([f"S{n}" for n in range(8)]),
    st.decimals("0.01", "1e9", places=2),
    currency=st.sampled_from(["EUR", "USD", "JPY"]),
    asset_class=st.sampled_from(list(AssetClass)),
    sector=st.sampled_from(["", "Health Care", "Énergie", "energie"]),
    country=st.sampled_from(["", "US", "DE"]),
)
any_lines = st.one_of(
    long_lines,
    st.builds(holding, st.sampled_from(["S1", "SHORT"]), st.decimals("-1e6", "1e6", places=2)),
)
daily = st.floats(-0.5, 0.5, allow_nan=False)
many_returns = st.integers(20, 120).flatmap(lambda days: arrays(np.float64, (days, 3), elements=daily))


def facts_of(lines: list[Holding]) -> dict[str, float]:
    (sheet,) = fact_sheets([portfolio(*lines)], RATES, PRICES)
    return {fact.metric_id: fact.value for fact in sheet.facts}


@unhurried
@given(st.lists(any_lines, min_size=1, max_size=12))
def test_weights_and_every_exposure_sum_to_a_hundred(lines: list[Holding]) -> None:
    found = facts_of(lines)
    for family in ("weight.", "asset_class.", "sector.", "country.", "currency."):
        parts = [value for name, value in found.items() if name.startswith(family)]
        # Absent altogether when the total is not above zero; leverage makes single weights large, not their sum.
        assert not parts or sum(parts) == pytest.approx(100, rel=1e-9, abs=1e-12 * sum(map(abs, parts)))


@unhurried
@given(st.lists(any_lines, min_size=1, max_size=12))
def test_concentration_stays_within_its_bounds(lines: list[Holding]) -> None:
    found = facts_of(lines)
    if "hhi" not in found:
        return
    positions = len({line.symbol for line in lines if line.asset_class is not AssetClass.CASH})
    share = found["top1_weight"] / 100
    assert 1 - 1e-9 <= found["effective_n"] <= positions + 1e-9
    gross = sum(abs(value) for name, value in found.items() if name.startswith("weight.")) / 100
    assert share**2 * (1 - 1e-9) <= found["hhi"] <= share * gross * (1 + 1e-9)
    assert found["top1_weight"] <= found["top5_weight"] + 1e-9 <= found["top10_weight"] + 2e-9


@unhurried
@given(st.lists(long_lines, min_size=1, max_size=12), st.randoms())
def test_the_order_of_lines_changes_no_total(lines: list[Holding], order: random.Random) -> None:
    shuffled = list(lines)
    order.shuffle(shuffled)
    one, other = facts_of(lines), facts_of(shuffled)
    # Ids of repeated symbols follow the order of lines, so single weights are compared as a set of values.
    single = [sorted(value for name, value in found.items() if name.startswith("weight.")) for found in (one, other)]
    assert single[0] == pytest.approx(single[1])
    rest = [{name: value for name, value in found.items() if not name.startswith("weight.")} for found in (one, other)]
    assert rest[0] == pytest.approx(rest[1], rel=1e-9, abs=1e-9)


@unhurried
@given(st.lists(long_lines, min_size=1, max_size=12), st.sampled_from([3, 1000]))
def test_a_larger_portfolio_of_the_same_shape_has_the_same_shares_and_risk(lines: list[Holding], times: int) -> None:
    scaled = [
        holding(
            line.symbol,
            str(line.market_value * times),
            currency=line.currency,
            asset_class=line.asset_class,
            sector=line.sector,
            country=line.country,
        )
        for line in lines
    ]
    one, other = facts_of(lines), facts_of(scaled)
    assert other.pop("total_value") == pytest.approx(times * one.pop("total_value"))
    assert other == pytest.approx(one, rel=1e-9, abs=1e-9)


@unhurried
@given(st.lists(st.floats(-1e9, 1e9).filter(lambda value: abs(value) > 1e-3), min_size=1, max_size=40))
def test_concentration_equals_the_sum_of_squares_written_out(values: list[float]) -> None:
    gross = sum(abs(value) for value in values)
    assert concentration.hhi(values, gross) == pytest.approx(sum(abs(value) ** 2 for value in values) / gross**2)


@unhurried
@given(many_returns)
def test_expected_shortfall_is_at_least_the_value_at_risk(returns: np.ndarray) -> None:
    assert (risk.historical_cvar(returns) >= risk.historical_var(returns) - 1e-12).all()


@unhurried
@given(many_returns)
def test_drawdown_equals_the_worst_pair_of_days_written_out(returns: np.ndarray) -> None:
    for column, found in zip(returns.T, risk.max_drawdown(returns), strict=True):
        wealth = [1.0]
        for value in column:
            wealth.append(wealth[-1] * (1 + value))
        worst = min(low / high - 1 for place, high in enumerate(wealth) for low in wealth[place:])
        assert found == pytest.approx(worst, abs=1e-9)
        assert -1 <= found <= 0


@unhurried
@given(many_returns)
def test_a_first_day_loss_is_never_lost(returns: np.ndarray) -> None:
    assert (risk.max_drawdown(returns) <= np.minimum(returns[0], 0) + 1e-12).all()


@unhurried
@given(many_returns, st.floats(0.1, 1.0))
def test_volatility_and_value_at_risk_scale_with_the_position(returns: np.ndarray, share: float) -> None:
    for measure in (risk.volatility, risk.historical_var):
        assert measure(share * returns) == pytest.approx(share * measure(returns), rel=1e-7, abs=1e-12)


@unhurried
@given(
    st.dictionaries(
        st.text(min_size=1, max_size=8),
        st.lists(st.tuples(st.integers(1, 400), st.floats(1e-6, 1e12)), max_size=30),
        max_size=5,
    )
)
def test_any_history_survives_storage(table: dict[str, list[tuple[int, float]]]) -> None:
    history = PriceHistory.from_series(
        PriceSeries(
            symbol,
            "EUR",
            Badge.REAL,
            np.datetime64("1960-01-01") + np.cumsum(np.array([step for step, _ in rows], dtype=np.int64)),
            np.array([close for _, close in rows]),
        )
        for symbol, rows in table.items()
    )
    assert PriceHistory.from_bytes(history.to_bytes()) == history
