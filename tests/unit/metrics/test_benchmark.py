"""The portfolio against its benchmark: risk, returns by period, attribution."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from core.domain.facts import FactSheet
from core.domain.portfolio import AssetClass, Portfolio
from core.domain.units import Badge, Unit
from core.metrics.definitions import MetricGroup
from core.metrics.factsheet import fact_sheets
from core.metrics.periods import back, window
from core.metrics.prices import PriceHistory, PriceSeries
from tests.unit.metrics.making import (
    FRIDAY,
    FixedRates,
    a_year,
    cash,
    holding,
    portfolio,
    reasons,
    series,
    values,
    weekdays,
    wobble,
)

GROUPS = (MetricGroup.BENCHMARK, MetricGroup.PERIODS, MetricGroup.ATTRIBUTION)
A, B, IX, IY = (wobble(800, seed) for seed in (1, 2, 3, 4))
PRICES = PriceHistory.from_series(
    [series("A", A), series("B", B), series("IX", IX), series("IY", IY, badge=Badge.SIMULATED)]
)
HALVES = {"IX": "0.5", "IY": "0.5"}


class Members:
    """What a register says of the benchmark's members."""

    def __init__(self, asset_class: AssetClass, sector: str = "") -> None:
        self.asset_class = asset_class
        self.sector = sector


EQUITY = {"IX": Members(AssetClass.EQUITY_FUND), "IY": Members(AssetClass.BOND_FUND)}


def sheet_of(one: Portfolio, prices: PriceHistory = PRICES, rates: object = None, members: object = None) -> FactSheet:
    return fact_sheets([one], rates or FixedRates(), prices, groups=GROUPS, members=members)[0]  # type: ignore[arg-type]


# Benchmark


def test_figures_against_the_benchmark_agree_with_the_formulas_written_out() -> None:
    one = portfolio(holding("A", 60), holding("B", 30), cash(10), benchmark=HALVES)
    found = values(sheet_of(one))
    r, b = 0.6 * np.array(A) + 0.3 * np.array(B), 0.5 * np.array(IX) + 0.5 * np.array(IY)
    covariance = np.cov(r, b)
    n = a_year(weekdays(801))
    assert found["beta"] == pytest.approx(covariance[0, 1] / covariance[1, 1], rel=1e-9)
    assert found["benchmark_correlation"] == pytest.approx(np.corrcoef(r, b)[0, 1], rel=1e-9)
    assert found["tracking_error"] == pytest.approx(100 * (r - b).std(ddof=1) * n**0.5, rel=1e-9)
    assert found["information_ratio"] == pytest.approx((r - b).mean() / (r - b).std(ddof=1) * n**0.5, rel=1e-9)


def test_the_benchmarks_own_badge_weakens_only_what_uses_it() -> None:
    facts = sheet_of(portfolio(holding("A", 1), benchmark=HALVES)).by_id()
    assert facts["beta"].badge is facts["benchmark_return.1y"].badge is Badge.SIMULATED
    assert facts["return.1y"].badge is Badge.DERIVED


def test_a_portfolio_that_is_its_benchmark_has_no_information_ratio() -> None:
    sheet = sheet_of(portfolio(holding("IX", 1), benchmark={"IX": 1}))
    assert values(sheet)["beta"] == pytest.approx(1)
    assert values(sheet)["benchmark_correlation"] == pytest.approx(1)
    assert values(sheet)["tracking_error"] == 0
    assert "never strays" in reasons(sheet)["information_ratio"]


def test_a_benchmark_that_never_moves_has_no_beta() -> None:
    sheet = sheet_of(portfolio(holding("A", 1), benchmark={"CASH_EUR": 1}))
    assert "do not vary" in reasons(sheet)["beta"]
    assert "tracking_error" in values(sheet)


@pytest.mark.parametrize(
    ("benchmark", "said"),
    [
        ({}, "No benchmark was named"),
        ({"IX": 60, "IY": 40}, "sum to 100 and not to 1"),
        ({"IX": "0.5", "NEW": "0.5"}, "no price history for NEW"),
    ],
)
def test_without_a_usable_benchmark_nothing_is_compared_and_the_reason_is_given(
    benchmark: dict[str, str | float], said: str
) -> None:
    sheet = sheet_of(portfolio(holding("A", 1), benchmark=benchmark))
    for metric_id in ("beta", "information_ratio", "benchmark_return.*", "excess_return.*", "attribution.residual"):
        assert said in reasons(sheet)[metric_id]
    assert "return.1y" in values(sheet)


def test_risk_against_a_benchmark_with_other_holidays_skips_them_and_compounds_over_them() -> None:
    full = series("IX", IX)
    kept = np.arange(801) % 10 != 5
    prices = PriceHistory.from_series(
        [series("A", A), PriceSeries("IX", "EUR", Badge.REAL, full.days[kept], full.closes[kept])]
    )
    found = sheet_of(portfolio(holding("A", 1), benchmark={"IX": 1}), prices)
    own = series("A", A).closes[kept]
    r, b = own[1:] / own[:-1] - 1, full.closes[kept][1:] / full.closes[kept][:-1] - 1
    assert values(found)["tracking_error"] == pytest.approx(
        100 * (r - b).std(ddof=1) * a_year(full.days[kept]) ** 0.5, rel=1e-9
    )
    assert f"Sample: {kept.sum() - 1} returns" in found.by_id()["beta"].definition


def test_a_weekly_benchmark_is_not_compared_day_by_day() -> None:
    full = series("IX", IX)
    weekly = PriceSeries("IX", "EUR", Badge.REAL, full.days[::5], full.closes[::5])
    sheet = sheet_of(
        portfolio(holding("A", 1), benchmark={"IX": 1}), PriceHistory.from_series([series("A", A), weekly])
    )
    assert "a year" in reasons(sheet)["beta"]
    assert "benchmark_return.1y" in values(sheet)


def test_a_benchmark_that_ended_long_ago_is_not_used() -> None:
    old = series("IX", IX, last=FRIDAY - timedelta(days=11))
    sheet = sheet_of(portfolio(holding("A", 1), benchmark={"IX": 1}), PriceHistory.from_series([series("A", A), old]))
    assert "within 10 days" in reasons(sheet)["beta"]


def test_a_foreign_benchmark_is_measured_in_the_portfolios_currency() -> None:
    class Falling(FixedRates):
        def factor(self, source: str, target: str, on: date) -> float | None:
            return 1.0 if source == target else 0.999 ** (on - date(2020, 1, 1)).days

    prices = PriceHistory.from_series([series("A", A), series("US", [0.0] * 800, currency="USD")])
    found = values(sheet_of(portfolio(holding("A", 1), benchmark={"US": 1}), prices, Falling()))
    assert found["benchmark_return.1y"] == pytest.approx(100 * (0.999**365 - 1))


# Periods


def test_returns_of_periods_start_from_the_last_close_on_or_before_their_first_day() -> None:
    one = portfolio(holding("A", 1), benchmark={"IX": 1})
    sheet = sheet_of(one)
    found, facts = values(sheet), sheet.by_id()
    closes, days = series("A", A).closes, weekdays(801)
    for period, start in (("1m", "2026-09-30"), ("6m", "2026-04-30"), ("ytd", "2025-12-31"), ("1y", "2025-10-30")):
        at = int(np.searchsorted(days, np.datetime64(start), side="right")) - 1
        assert found[f"return.{period}"] == pytest.approx(100 * (closes[-1] / closes[at] - 1), rel=1e-9)
        assert facts[f"return.{period}"].period == f"{days[at]}..2026-10-30"


def test_longer_periods_are_per_year_and_shorter_ones_are_not() -> None:
    growth = PriceHistory.from_series([series("A", [0.0004] * 1400)])
    found = values(sheet_of(portfolio(holding("A", 1)), growth))
    assert found["return.3y"] == pytest.approx(found["return.1y"], abs=0.1)
    assert found["return.si"] == pytest.approx(found["return.5y"], abs=0.1)
    assert found["return.6m"] == pytest.approx(found["return.1y"] / 2, abs=0.4)


def test_under_a_year_nothing_is_scaled_up_to_one() -> None:
    short = PriceHistory.from_series([series("A", wobble(200))])
    sheet = sheet_of(portfolio(holding("A", 1)), short)
    assert {"return.1m", "return.3m", "return.6m"} <= set(values(sheet))
    for period in ("1y", "3y", "5y", "si"):
        assert "starts on" in reasons(sheet)[f"return.{period}"]


def test_the_excess_return_is_the_difference_that_a_reader_would_take() -> None:
    sheet = sheet_of(portfolio(holding("A", 1), benchmark={"IX": 1}))
    found = values(sheet)
    for period in ("1m", "3m", "6m", "ytd", "1y", "3y", "si"):
        difference = found[f"return.{period}"] - found[f"benchmark_return.{period}"]
        assert found[f"excess_return.{period}"] == pytest.approx(difference, abs=1e-12)
    assert sheet.by_id()["excess_return.1y"].unit is Unit.PP
    facts = sheet.by_id()
    assert facts["return.1y"].period == facts["benchmark_return.1y"].period


def test_a_younger_benchmark_shortens_its_own_periods_only() -> None:
    young = PriceHistory.from_series([series("A", A), series("IX", wobble(300))])
    sheet = sheet_of(portfolio(holding("A", 1), benchmark={"IX": 1}), young)
    assert {"return.3y", "benchmark_return.1y", "excess_return.1y"} <= set(values(sheet))
    assert "The benchmark's history starts on" in reasons(sheet)["excess_return.3y"]


def test_a_day_that_lost_everything_ends_the_periods_that_hold_it() -> None:
    returns = wobble(400)
    returns[350] = 0.6
    prices = PriceHistory.from_series([series("A", returns)])
    sheet = sheet_of(portfolio(holding("A", -200), cash(300)), prices)
    assert "whole value" in reasons(sheet)["return.6m"]
    assert "return.1m" in values(sheet)


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (date(2026, 3, 31), 1, date(2026, 2, 28)),
        (date(2024, 2, 29), 12, date(2023, 2, 28)),
        (date(2026, 1, 15), 3, date(2025, 10, 15)),
        (date(2024, 3, 31), 1, date(2024, 2, 29)),
    ],
)
def test_a_month_back_is_the_same_day_or_the_last_of_a_shorter_month(day: date, months: int, expected: date) -> None:
    assert back(day, months) == expected


def test_the_year_to_date_needs_a_day_of_this_year() -> None:
    days = weekdays(100, date(2026, 1, 2))
    found = window(days, "ytd")
    assert not isinstance(found, str)
    assert found.first == date(2025, 12, 31)


# Attribution


def test_effects_and_residual_sum_to_the_active_return() -> None:
    one = portfolio(holding("A", 60), holding("B", 30, asset_class=AssetClass.BOND), cash(10), benchmark=HALVES)
    found = values(sheet_of(one, members=EQUITY))
    effects = [found[f"attribution.{name}"] for name in ("allocation", "selection", "interaction", "currency")]
    assert sum(effects) == pytest.approx(found["attribution.active_return"], abs=1e-9)
    assert found["attribution.residual"] == pytest.approx(0, abs=1e-9)
    assert found["attribution.active_return"] == pytest.approx(found["excess_return.1y"], abs=1e-9)
    for name in ("allocation", "selection", "interaction", "currency"):
        segments = [found[f"attribution.{name}.{segment}"] for segment in ("bond", "cash", "equity")]
        assert sum(segments) == pytest.approx(found[f"attribution.{name}"], abs=1e-9)


def test_the_same_shares_in_other_weights_are_allocation_alone() -> None:
    one = portfolio(holding("IX", 80), holding("IY", 20, asset_class=AssetClass.BOND), benchmark=HALVES)
    found = values(sheet_of(one, members=EQUITY))
    assert found["attribution.selection"] == pytest.approx(0, abs=1e-9)
    assert found["attribution.interaction"] == pytest.approx(0, abs=1e-9)
    assert found["attribution.allocation"] == pytest.approx(found["attribution.active_return"], abs=1e-9)


def test_other_shares_in_the_same_weights_are_selection_alone() -> None:
    one = portfolio(holding("A", 50), holding("B", 50, asset_class=AssetClass.BOND_FUND), benchmark=HALVES)
    found = values(sheet_of(one, members=EQUITY))
    assert found["attribution.allocation"] == pytest.approx(0, abs=1e-9)
    assert found["attribution.selection"] == pytest.approx(found["attribution.active_return"], abs=1e-9)


def test_what_only_the_exchange_rate_adds_is_the_currency_effect() -> None:
    class Rising(FixedRates):
        def factor(self, source: str, target: str, on: date) -> float | None:
            return 1.0 if source == target else 1.0005 ** (on - date(2020, 1, 1)).days

    prices = PriceHistory.from_series([series("EU", A), series("US", A, currency="USD")])
    one = portfolio(holding("US", 1, currency="USD"), benchmark={"EU": 1})
    found = values(sheet_of(one, prices, Rising(), {"EU": Members(AssetClass.EQUITY)}))
    assert found["attribution.currency"] == pytest.approx(found["attribution.active_return"], abs=1e-9)
    assert found["attribution.active_return"] > 10
    assert found["attribution.allocation"] == found["attribution.selection"] == 0


def test_sectors_are_attributed_where_every_member_of_the_benchmark_has_one() -> None:
    one = portfolio(holding("A", 50, sector="Energy"), holding("B", 50, sector="Health Care"), benchmark=HALVES)
    members = {"IX": Members(AssetClass.EQUITY, "Energy"), "IY": Members(AssetClass.EQUITY, "Utilities")}
    found = values(sheet_of(one, members=members))
    names = ("allocation", "selection", "interaction", "currency")
    sectors = [value for key, value in found.items() for name in names if key.startswith(f"attribution.{name}.sector.")]
    assert len(sectors) == 12
    assert sum(sectors) == pytest.approx(found["attribution.active_return"], abs=1e-9)
    half = {**members, "IY": Members(AssetClass.EQUITY)}
    assert not any(".sector." in key for key in values(sheet_of(one, members=half)))


def test_a_member_of_unknown_class_leaves_the_attribution_absent_and_is_named() -> None:
    sheet = sheet_of(portfolio(holding("A", 1), benchmark=HALVES), members={"IX": EQUITY["IX"]})
    assert reasons(sheet)["attribution.allocation.*"] == "The asset class is not known of IY of the benchmark."
    assert "beta" in values(sheet)


def test_long_and_short_lines_that_cancel_out_have_no_return_of_their_own() -> None:
    one = portfolio(holding("A", 50), holding("B", -50), cash(100), benchmark=HALVES)
    sheet = sheet_of(one, members=EQUITY)
    assert "'equity' in the portfolio cancel out" in reasons(sheet)["attribution.selection"]


def test_cash_in_a_benchmark_counts_as_cash() -> None:
    one = portfolio(holding("IX", 100), benchmark={"IX": "0.9", "CASH_EUR": "0.1"})
    found = values(sheet_of(one, members=EQUITY))
    assert found["attribution.allocation.cash"] != 0
    assert found["beta"] == pytest.approx(1 / 0.9)


def test_comparisons_do_not_depend_on_who_else_was_asked_for() -> None:
    rates = FixedRates({("USD", "EUR"): 0.9, ("EUR", "USD"): 1 / 0.9})
    prices = PriceHistory.from_series(
        [*PRICES.values(), *(series(f"S{n}", wobble(300 + 20 * n, n), currency="USD") for n in range(6))]
    )
    many = [
        portfolio(
            *(holding(f"S{(n + k) % 6}", 10 + k) for k in range(3)), holding("A", 9), cash(2),
            base="USD" if n % 2 else "EUR",
            as_of=FRIDAY - timedelta(days=n % 4),
            benchmark=[HALVES, {"IX": 1}, {}][n % 3],
        )
        for n in range(24)
    ]  # fmt: skip
    everything = tuple(MetricGroup)
    together = fact_sheets(many, rates, prices, groups=everything, members=EQUITY)
    alone = [fact_sheets([one], rates, prices, groups=everything, members=EQUITY)[0] for one in many]
    assert together == alone


def test_a_group_states_the_same_whichever_others_are_asked_for() -> None:
    one = portfolio(holding("A", 60), holding("B", 30), cash(10), benchmark=HALVES)
    whole = fact_sheets([one], FixedRates(), PRICES, groups=tuple(MetricGroup), members=EQUITY)[0]
    for group in MetricGroup:
        part = fact_sheets([one], FixedRates(), PRICES, groups=[group], members=EQUITY)[0]
        assert set(part.facts) <= set(whole.facts)
        assert set(part.absent) <= set(whole.absent)
