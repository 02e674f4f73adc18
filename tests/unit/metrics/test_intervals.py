"""Bootstrap intervals: repeatable, equal to drawing day by day, and as often right as they say."""

from __future__ import annotations

import numpy as np
import pytest

from core.domain.facts import FactSheet
from core.metrics.definitions import DEFAULT_GROUPS, MetricGroup, definitions_of
from core.metrics.factsheet import fact_sheets
from core.metrics.intervals import (
    RESAMPLES,
    block_days,
    counts_of,
    drawn,
    ends,
    means_and_deviations,
    quantiles,
    seed_of,
)
from core.metrics.prices import PriceHistory
from tests.unit.metrics.making import FixedRates, holding, portfolio, reasons, series, values, weekdays, wobble

PRICES = PriceHistory.from_series([series(name, wobble(400, seed)) for seed, name in enumerate(["A", "B", "IX"])])


def sheet_of(prices: PriceHistory = PRICES, *others: str) -> FactSheet:
    asked = [portfolio(holding(name, 60), holding("B", 40), benchmark={"IX": 1}) for name in ("A", *others)]
    groups = [MetricGroup.HISTORY, MetricGroup.BENCHMARK, MetricGroup.INTERVALS]
    return fact_sheets(asked, FixedRates(), prices, groups=groups)[0]


def test_an_interval_holds_its_figure_and_names_its_sample_and_seed() -> None:
    sheet = sheet_of()
    stated, facts = values(sheet), sheet.by_id()
    for metric_id in ("var_95_1d", "var_99_1d", "sharpe", "tracking_error"):
        assert stated[f"{metric_id}.low"] < stated[metric_id] < stated[f"{metric_id}.high"]
        low = facts[f"{metric_id}.low"]
        assert "Lower end of a 90 % interval" in low.definition
        assert "Sample: 400 returns" in low.definition
        assert "1,000 resamples in blocks of 7 days on average, seed " in low.definition
        assert low.period == facts[metric_id].period


def test_intervals_do_not_depend_on_who_else_is_asked_about() -> None:
    assert sheet_of() == sheet_of(PRICES, "B", "IX")


def test_no_analysis_pays_for_intervals_unasked() -> None:
    assert MetricGroup.INTERVALS not in DEFAULT_GROUPS
    assert not any(key.endswith((".low", ".high")) for key in definitions_of(DEFAULT_GROUPS))


def test_figures_that_a_short_sample_lacks_have_no_interval() -> None:
    sheet = sheet_of(PriceHistory.from_series([series(name, wobble(100, seed)) for seed, name in enumerate("AB")]))
    assert "100 returns" in reasons(sheet)["sharpe.low"]
    assert "100 returns" in reasons(sheet)["var_99_1d.high"]
    assert "no price history for IX" in reasons(sheet)["tracking_error.low"]
    assert "var_95_1d.low" in values(sheet)


@pytest.mark.parametrize("count", [60, 61, 300])
def test_counting_draws_gives_what_drawing_each_day_gives(count: int) -> None:
    returns = np.random.default_rng(3).standard_t(4, count) / 100
    returns[:5] = returns[5]
    resamples = returns[drawn(count, 7)]
    counts = counts_of(count, 7)
    mean, deviation = means_and_deviations(counts, returns)
    assert counts.sum(axis=0) == pytest.approx(np.full(RESAMPLES, count))
    assert mean == pytest.approx(resamples.mean(axis=1), abs=1e-15)
    assert deviation == pytest.approx(resamples.std(axis=1, ddof=1), abs=1e-15)
    for share in (0.05, 0.01, 0.5, 1.0):
        assert quantiles(counts, returns, share) == pytest.approx(np.quantile(resamples, share, axis=1), abs=1e-15)


def test_blocks_are_as_long_as_they_are_said_to_be_and_the_same_every_time() -> None:
    places = drawn(1000, 11, 200)
    follows = (np.diff(places, axis=1) % 1000) == 1
    assert 1 / (1 - follows.mean()) == pytest.approx(block_days(1000), rel=0.05)
    assert (drawn(1000, 11, 200) == places).all()
    assert (drawn(1000, 12, 200) != places).any()
    assert seed_of(weekdays(300)) == seed_of(weekdays(300)) != seed_of(weekdays(301))


def test_ninety_of_a_hundred_intervals_hold_the_true_value() -> None:
    """Samples of a process whose figures are known: normal returns, value at risk 1.645 deviations below the mean."""
    count, runs, a_year = 600, 300, 252.0
    counts = counts_of(count, 5)
    returns = np.random.default_rng(17).normal(0.0004, 0.01, (runs, count))
    held = {"var": 0, "sharpe": 0, "deviation": 0}
    for one in returns:
        mean, deviation = means_and_deviations(counts, one)
        for name, figures, true in (
            ("var", -quantiles(counts, one, 0.05), 1.6448536 * 0.01 - 0.0004),
            ("sharpe", mean / deviation * np.sqrt(a_year), 0.04 * np.sqrt(a_year)),
            ("deviation", deviation, 0.01),
        ):
            low, high = ends(figures)
            held[name] += low <= true <= high
    shares = {name: held[name] / runs for name in held}
    assert all(0.84 <= share <= 0.95 for share in shares.values()), shares
