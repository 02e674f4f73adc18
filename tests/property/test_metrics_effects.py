"""Identities of contributions, effects and returns that hold for every portfolio and benchmark."""

from __future__ import annotations

import random
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.domain.portfolio import AssetClass, Holding
from core.metrics.brinson import Side, attribute, links
from core.metrics.definitions import MetricGroup
from core.metrics.factsheet import fact_sheets
from core.metrics.flows import Account, money_weighted, time_weighted
from core.metrics.prices import PriceHistory
from tests.unit.metrics.making import FixedRates, holding, portfolio, series, wobble

unhurried = settings(deadline=None, max_examples=60)


class Drifting(FixedRates):
    """A dollar that moves, so that there is a currency effect."""

    def factor(self, source: str, target: str, on: date) -> float | None:
        return 1.0 if source == target else 0.9 + 0.0007 * (on.toordinal() % 100)


RATES = Drifting()
PRICES = PriceHistory.from_series(series(f"S{n}", wobble(300, n), currency="USD" if n % 2 else "EUR") for n in range(8))
GROUPS = (MetricGroup.HISTORY, MetricGroup.CONTRIBUTIONS, MetricGroup.PERIODS, MetricGroup.ATTRIBUTION,
          MetricGroup.BENCHMARK, MetricGroup.STRESS)  # fmt: skip

symbols = st.sampled_from([f"S{n}" for n in range(8)])
risky = [AssetClass.EQUITY, AssetClass.EQUITY_FUND, AssetClass.BOND, AssetClass.REAL_ESTATE]
lines = st.lists(
    st.builds(
        holding,
        symbols,
        st.decimals("1", "1e6", places=2),
        currency=st.sampled_from(["EUR", "USD"]),
        asset_class=st.sampled_from([*risky, AssetClass.CASH]),
        sector=st.sampled_from(["", "Energy", "Utilities"]),
    ),
    min_size=1,
    max_size=8,
)
shorts = st.builds(holding, symbols, st.decimals("-1e5", "-1", places=2))
benchmarks = st.lists(st.tuples(symbols, st.integers(1, 9)), min_size=1, max_size=4, unique_by=lambda pair: pair[0])


class Member:
    """A benchmark's member as a register has it."""

    asset_class = AssetClass.BOND_FUND
    sector = "Energy"


MEMBERS = {f"S{n}": Member() for n in range(8)}


def facts_of(held: list[Holding], benchmark: list[tuple[str, int]]) -> dict[str, float]:
    total = sum(weight for _, weight in benchmark)
    one = portfolio(*held, benchmark={symbol: weight / total for symbol, weight in benchmark})
    (sheet,) = fact_sheets([one], RATES, PRICES, groups=GROUPS, members=MEMBERS)
    return {fact.metric_id: fact.value for fact in sheet.facts}


def family(found: dict[str, float], prefix: str) -> list[float]:
    return [value for name, value in found.items() if name.startswith(prefix)]


@unhurried
@given(lines, st.lists(shorts, max_size=2), benchmarks)
def test_parts_sum_to_their_wholes(held: list[Holding], sold: list[Holding], benchmark: list[tuple[str, int]]) -> None:
    found = facts_of([*held, *sold], benchmark)
    shares, added = family(found, "risk_share."), family(found, "contribution.")
    if shares:
        assert sum(shares) == pytest.approx(100, abs=1e-8 * (1 + sum(map(abs, shares))))
    if added and "return.1y" in found:
        assert sum(added) == pytest.approx(found["return.1y"], abs=1e-8 * (1 + sum(map(abs, added))))
    if "attribution.active_return" not in found:
        return
    size = 1 + sum(abs(value) for name, value in found.items() if name.startswith("attribution."))
    names = ("allocation", "selection", "interaction", "currency")
    active = found["attribution.active_return"]
    assert sum(found[f"attribution.{name}"] for name in names) == pytest.approx(active, abs=1e-9 * size)
    assert active == pytest.approx(found["excess_return.1y"], abs=1e-9 * size)
    sectors = [value for name in names for value in family(found, f"attribution.{name}.sector.")]
    assert sum(sectors) == pytest.approx(active, abs=1e-9 * size)
    assert found["attribution.residual"] == pytest.approx(0, abs=1e-9 * size)


@unhurried
@given(lines, benchmarks, st.randoms(), st.sampled_from([3, 1000]))
def test_order_and_size_change_no_figure(
    held: list[Holding], benchmark: list[tuple[str, int]], order: random.Random, times: int
) -> None:
    shuffled = [
        holding(line.symbol, str(line.market_value * times), currency=line.currency, asset_class=line.asset_class,
                sector=line.sector)
        for line in order.sample(held, len(held))
    ]  # fmt: skip
    one, other = facts_of(held, benchmark), facts_of(shuffled, benchmark)
    # Ids of repeated symbols follow the order of lines, so figures of lines are compared as sets of values.
    for prefix in ("risk_share.", "contribution."):
        assert sorted(family(one, prefix)) == pytest.approx(sorted(family(other, prefix)), rel=1e-6, abs=1e-7)
    rest = [
        {name: value for name, value in found.items() if not name.startswith(("risk_share.", "contribution."))}
        for found in (one, other)
    ]
    assert rest[0] == pytest.approx(rest[1], rel=1e-6, abs=1e-7)


@unhurried
@given(lines, benchmarks)
def test_diversification_and_correlation_stay_within_their_bounds(
    held: list[Holding], benchmark: list[tuple[str, int]]
) -> None:
    found = facts_of(held, benchmark)
    if "diversification_ratio" in found:
        assert found["diversification_ratio"] >= 1 - 1e-9
    if "effective_bets" in found:
        assert 1 - 1e-9 <= found["effective_bets"] <= len(held) + 1e-9
    for name in ("average_correlation", "benchmark_correlation"):
        assert -1 <= found.get(name, 0) <= 1


weights = st.lists(st.floats(0.01, 1.0), min_size=3, max_size=3).map(lambda row: np.array(row) / sum(row))
months = st.lists(st.lists(st.floats(-0.3, 0.3), min_size=6, max_size=6), min_size=3, max_size=3).map(np.array)


@unhurried
@given(weights, weights, months, months)
def test_linked_effects_leave_no_residual(
    held: np.ndarray, listed: np.ndarray, own: np.ndarray, other: np.ndarray
) -> None:
    coefficients, active = links(held @ own, listed @ other)
    none = np.zeros(3)
    sides = [
        Side(share, share * (moves @ coefficients), none, float(share @ moves @ coefficients))
        for share, moves in ((held, own), (listed, other))
    ]
    effects = attribute(*sides)
    total = effects.allocation.sum() + effects.selection.sum() + effects.interaction.sum()
    assert total == pytest.approx(active, abs=1e-12)


@unhurried
@given(months)
def test_linking_in_two_steps_gives_the_same_as_in_one(moves: np.ndarray) -> None:
    own, other = moves[0], moves[1]
    once, _ = links(own, other)
    halves = [links(own[part], other[part])[0] for part in (slice(0, 3), slice(3, 6))]
    compounded = [
        np.array([np.prod(1 + returns[part]) - 1 for part in (slice(0, 3), slice(3, 6))]) for returns in (own, other)
    ]
    above, _ = links(*compounded)
    twice = np.concatenate([half * factor for half, factor in zip(halves, above, strict=True)])
    assert twice == pytest.approx(once, rel=1e-9)


@unhurried
@given(st.floats(-0.5, 1.0), st.lists(st.tuples(st.integers(1, 699), st.floats(-20, 500)), max_size=5))
def test_at_a_constant_rate_the_money_weighted_return_is_that_rate(rate: float, flows: list[tuple[int, float]]) -> None:
    start = date(2024, 1, 1)
    value = 1000.0 * (1 + rate) ** (700 / 365) + sum(
        amount * (1 + rate) ** ((700 - day) / 365) for day, amount in flows
    )
    account = Account(
        ((start, 1000.0), (start + timedelta(days=700), value)),
        tuple(sorted((start + timedelta(days=day), amount) for day, amount in flows)),
    )
    found = money_weighted(account)
    assert isinstance(found, float)
    assert found == pytest.approx(rate, abs=1e-7)


@unhurried
@given(st.lists(st.tuples(st.floats(-0.3, 0.5), st.floats(-50, 500)), min_size=1, max_size=8))
def test_flows_on_valuation_days_do_not_touch_the_time_weighted_return(steps: list[tuple[float, float]]) -> None:
    day, value = date(2024, 1, 1), 1000.0
    stored, flows, growth = [(day, value)], [], 1.0
    for change, amount in steps:
        day += timedelta(days=91)
        value, growth = value * (1 + change) + amount, growth * (1 + change)
        stored.append((day, value))
        flows.append((day, amount))
    found = time_weighted(Account(tuple(stored), tuple(flows)))
    if value > 0 and all(amount > 0 for _, amount in stored):
        assert found == pytest.approx(growth - 1, rel=1e-9, abs=1e-9)
