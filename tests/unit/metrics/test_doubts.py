"""Doubts about prices: on every figure that they touch, in what is stored, and among what a model is told is absent."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from core.analyses.engines import engine_for
from core.domain.analysis import AnalysisRequest, Kind
from core.domain.facts import FactSheet
from core.domain.portfolio import AssetClass, Holding
from core.domain.units import Badge
from core.drafts.fact_store import dump, load
from core.metrics.definitions import MetricGroup, definitions_of
from core.metrics.factsheet import fact_sheets
from core.metrics.prices import PriceHistory, PriceSeries
from tests.unit.metrics.making import FRIDAY, FixedRates, cash, holding, portfolio, series, values, wobble

GROUPS = (MetricGroup.HOLDINGS, MetricGroup.HISTORY, MetricGroup.PERIODS, MetricGroup.CONTRIBUTIONS)
MOVES = wobble(400, 2)
A, LAST = series("A", wobble(400, 1)), float(series("A", wobble(400, 1)).closes[-1])
SPLIT = series("S", [*MOVES[:200], -0.75, *MOVES[201:]])


def sheet_of(*lines: Holding, prices: tuple[PriceSeries, ...] = (A, SPLIT)) -> FactSheet:
    history = PriceHistory.from_series(prices)
    return fact_sheets([portfolio(*lines)], FixedRates(), history, groups=GROUPS)[0]


def touched(sheet: FactSheet, group: MetricGroup, words: str) -> set[str]:
    """Facts of a group that lack the words."""
    keys = definitions_of([group])
    return {
        fact.metric_id
        for fact in sheet.facts
        if any(fact.metric_id == key or (key.endswith(".") and fact.metric_id.startswith(key)) for key in keys)
        and words not in fact.definition
    }


def test_a_split_like_move_stands_on_every_figure_of_the_history_and_among_what_is_absent() -> None:
    sheet = sheet_of(holding("A", 50), holding("S", 50))
    for group in GROUPS[1:]:
        assert not touched(sheet, group, "as after a split of 4 for 1")
    (told,) = [one for one in sheet.absent if one.metric_id == "price_check.S"]
    assert told.reason.startswith("S closed on ")


def test_a_split_in_the_benchmark_stands_on_what_is_compared_with_it_and_on_nothing_else() -> None:
    groups = (MetricGroup.BENCHMARK, MetricGroup.PERIODS, MetricGroup.ATTRIBUTION, MetricGroup.HISTORY)
    for own, index in (("A", "S"), ("S", "A")):
        asked = portfolio(holding(own, 100), benchmark={index: 1})
        history = PriceHistory.from_series([A, SPLIT])
        members = {index: holding(index, 1)}
        (sheet,) = fact_sheets([asked], FixedRates(), history, groups=groups, members=members)
        words = "S closed on "
        assert not touched(sheet, MetricGroup.BENCHMARK, words)
        assert not touched(sheet, MetricGroup.ATTRIBUTION, words)
        facts = sheet.by_id()
        assert words in facts["excess_return.1y"].definition
        assert (words in facts["benchmark_return.1y"].definition) is (index == "S")
        assert (words in facts["volatility"].definition) is (own == "S")
        assert (words in facts["return.1y"].definition) is (own == "S")


def test_a_replay_over_a_split_says_so_and_a_shock_does_not() -> None:
    old = series("S", [*MOVES[:200], -0.75, *MOVES[201:]], last=date(2022, 12, 30))
    now = portfolio(holding("S", 100), as_of=date(2022, 12, 30))
    groups = [MetricGroup.STRESS]
    (sheet,) = fact_sheets([now], FixedRates(), PriceHistory.from_series([old]), groups=groups)
    facts = sheet.by_id()
    assert "as after a split of 4 for 1" in facts["stress.rates_2022"].definition
    assert "as after a split" not in facts["stress.equity_down_20"].definition


def test_a_doubt_is_stored_with_the_facts_and_told_to_every_analysis() -> None:
    sheet = sheet_of(holding("A", 50), holding("S", 50))
    assert "as after a split" in load(dump(sheet)).by_id()["volatility"].definition
    for kind in (Kind.RISK, Kind.PERFORMANCE, Kind.ALLOCATION):
        request = AnalysisRequest(kind, ("p",), "gpt-5.4-mini")
        (view,) = engine_for(kind).views(sheet, request)
        assert "price_check.S" in {one.metric_id for one in view.absent}


def test_a_move_after_the_portfolios_day_is_no_doubt() -> None:
    later = series("S", [*MOVES[:398], -0.75, 0.0], last=FRIDAY + timedelta(days=14))
    sheet = sheet_of(holding("A", 50), holding("S", 50), prices=(A, later))
    assert not [one for one in sheet.absent if one.metric_id.startswith("price_check.")]


@pytest.mark.parametrize(("price", "doubted"), [(1.0, False), (1.15, False), (0.7, True), (1.5, True), (100.0, True)])
def test_a_line_priced_far_from_its_last_close_says_so_on_values_and_on_risk(price: float, doubted: bool) -> None:
    sheet = sheet_of(holding("A", 90, price=f"{LAST * price:.4f}"), cash(10))
    assert ("price_check.A" in {one.metric_id for one in sheet.absent}) is doubted
    if doubted:
        assert touched(sheet, MetricGroup.HOLDINGS, "its last close") <= {
            "holdings_count", "holdings_count_without_cash", "lines.equity", "lines.cash",
        }  # fmt: skip
        assert not touched(sheet, MetricGroup.HISTORY, "its last close")


def test_the_price_follows_from_value_and_quantity_where_none_is_stated() -> None:
    line = holding("A", 1000)
    line = Holding(
        "A", "", "", AssetClass.EQUITY, Decimal(10), None, "EUR", line.market_value, "", "", None, line.terms
    )
    assert [one for one in sheet_of(line).absent if one.metric_id == "price_check.A"] == [] or LAST < 80 or LAST > 125
    far = Holding("A", "", "", AssetClass.EQUITY, Decimal(1000), None, "EUR", Decimal(1000), "", "", None, line.terms)
    assert [one for one in sheet_of(far).absent if one.metric_id == "price_check.A"]


def test_prices_in_another_currency_or_of_an_invented_market_are_not_compared() -> None:
    line = holding("A", 100, price=str(LAST * 3))
    dollars = series("A", wobble(400, 1), currency="USD")
    invented = series("A", wobble(400, 1), badge=Badge.SIMULATED)
    for other in (dollars, invented):
        history = PriceHistory.from_series([other])
        rates = FixedRates({("USD", "EUR"): 1.0})
        (sheet,) = fact_sheets([portfolio(line)], rates, history, groups=GROUPS)
        assert not [one for one in sheet.absent if one.metric_id.startswith("price_check.")]


def test_a_small_line_that_no_history_covers_is_named_on_each_figure() -> None:
    appraised = PriceSeries("P", "EUR", Badge.REAL, A.days, [100.0 + place // 21 for place in range(A.days.size)])
    sheet = sheet_of(holding("A", 97), holding("P", 3), prices=(A, appraised))
    said = sheet.by_id()["volatility"].definition
    assert "P (3.0 % of gross value) has none whose closes change on at least half of the days" in said
    assert not touched(sheet, MetricGroup.HISTORY, "P (3.0 %")


def test_closes_of_bonds_say_that_interest_may_be_missing() -> None:
    sheet = sheet_of(holding("A", 50), holding("S", 50, asset_class=AssetClass.BOND), prices=(A, series("S", MOVES)))
    assert not touched(sheet, MetricGroup.HISTORY, "where they are clean, returns lack interest")
    assert "clean" not in sheet.by_id()["weight.A"].definition


def test_prices_without_doubt_add_nothing() -> None:
    sheet = sheet_of(holding("A", 50, price=str(LAST)), cash(50))
    assert not [one for one in sheet.absent if one.metric_id.startswith("price_check.")]
    assert sheet.by_id()["weight.A"].definition.endswith("included.")
    assert values(sheet)["weight.A"] == 50
