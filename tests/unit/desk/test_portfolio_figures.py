"""Figures of portfolios: any metrics, series, correlations, stored days, and a stamp that tells when they change."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from core.desk.instruments import RegisterService
from core.desk.labels import PortfolioLabels
from core.desk.portfolio_figures import PortfolioFigures
from core.desk.portfolios import PortfolioService
from core.domain.actor import LOCAL, Actor, Role
from core.domain.portfolio import AssetClass, Holding, Portfolio
from core.errors import NotFound, NotPermitted
from core.metrics.definitions import MetricGroup
from core.metrics.fx import EcbRates
from core.storage.store import Store
from tests.unit.metrics.making import series, wobble

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
RATES = EcbRates()
ADMIN = Actor("a", "Ada", frozenset({Role.ADMIN}))


@pytest.fixture
def figures(store: Store) -> PortfolioFigures:
    return PortfolioFigures(store, RATES)


def line(symbol: str, value: int, currency: str = "EUR") -> Holding:
    return Holding(symbol, "", "", AssetClass.EQUITY, None, None, currency, Decimal(value))


def keep(store: Store, *lines: Holding, day: date = date(2026, 10, 30), benchmark: str = "") -> Portfolio:
    weights = ((benchmark, Decimal(1)),) if benchmark else ()
    house = Portfolio("house", "House", "", day, "EUR", True, "EU", lines, "canonical_csv", benchmark=weights)
    store.portfolios.save([house], lambda _one: None, actor="ada", at=NOW)
    return house


def priced(store: Store, *symbols: str) -> None:
    store.prices.save(series(symbol, wobble(400, place)) for place, symbol in enumerate(symbols, start=1))


def test_any_group_of_metrics_can_be_asked_for(store: Store, figures: PortfolioFigures) -> None:
    keep(store, line("AA", 60), line("BB", 40), benchmark="IX")
    priced(store, "AA", "BB", "IX")
    sheet = figures.sheet(LOCAL, "house", groups=[MetricGroup.BENCHMARK, MetricGroup.CONTRIBUTIONS])
    assert {"beta", "risk_share.AA", "contribution.BB"} <= sheet.by_id().keys()
    assert "hhi" not in sheet.by_id()


def test_the_past_is_that_of_the_holdings_and_the_benchmark_on_the_same_days(
    store: Store, figures: PortfolioFigures
) -> None:
    keep(store, line("AA", 60), line("BB", 40), benchmark="IX")
    priced(store, "AA", "BB", "IX")
    past = figures.past(LOCAL, "house")
    assert past.own is not None
    assert past.benchmark is not None
    assert past.own.days[-1] == past.benchmark.days[-1]
    assert [one.year for one in past.years] == [one.year for one in past.benchmark_years]
    assert (past.why, past.why_no_benchmark) == ("", "")


def test_without_a_benchmark_or_prices_the_reason_is_told(store: Store, figures: PortfolioFigures) -> None:
    keep(store, line("AA", 60), line("BB", 40))
    none = figures.past(LOCAL, "house")
    assert none.own is None
    assert "AA" in none.why
    assert figures.together(LOCAL, "house", holding_ids=["AA", "BB"]).why == none.why
    priced(store, "AA", "BB")
    alone = figures.past(LOCAL, "house")
    assert alone.own is not None
    assert alone.benchmark is None
    assert "benchmark" in alone.why_no_benchmark


def test_correlations_are_those_of_the_positions_asked_for(store: Store, figures: PortfolioFigures) -> None:
    keep(store, line("AA", 60), line("BB", 30), line("CC", 10))
    priced(store, "AA", "BB", "CC")
    found = figures.together(LOCAL, "house", holding_ids=["CC", "AA", "CASH"])
    assert found.matrix is not None
    assert found.matrix.ids == ("CC", "AA")
    assert found.left_out == 1
    whole = figures.together(LOCAL, "house", holding_ids=["AA", "BB", "CC"]).matrix
    assert whole is not None
    assert found.matrix.values[0, 1] == whole.values[0, 2] == whole.values[2, 0]
    assert "Fewer than two" in figures.together(LOCAL, "house", holding_ids=["AA"]).why


def test_stored_days_are_told_with_their_value_and_revisions(store: Store, figures: PortfolioFigures) -> None:
    keep(store, line("AA", 60), day=date(2026, 9, 30))
    keep(store, line("AA", 60), line("BB", 40))
    keep(store, line("AA", 60), line("BB", 50))
    keep(store, line("AA", 60, "XXX"), day=date(2026, 11, 20))
    rows = figures.days(LOCAL, "house")
    assert [(row.day.month, row.total_value, row.holdings, row.revisions) for row in rows] == [
        (9, Decimal(60), 1, 1),
        (10, Decimal(110), 2, 2),
        (11, None, 1, 1),
    ]


def test_a_stamp_changes_with_holdings_prices_register_and_groups_and_else_stays(
    store: Store, figures: PortfolioFigures
) -> None:
    house = keep(store, line("AA", 60), line("BB", 40), benchmark="IX")
    seen = [figures.stamp(LOCAL, house)]
    assert figures.stamp(LOCAL, house) == seen[0]
    assert figures.stamp(LOCAL, replace(house, as_of=date(2026, 9, 30))) != seen[0]

    priced(store, "AA", "BB")
    seen.append(figures.stamp(LOCAL, house))
    store.prices.save([series("IX", wobble(300, 3))])
    seen.append(figures.stamp(LOCAL, house))
    store.prices.save([series("IX", wobble(300, 4))], at=NOW)
    seen.append(figures.stamp(LOCAL, house))
    RegisterService(store, lambda: NOW).add(LOCAL, {"symbol": "BB", "name": "Bb", "asset_class": "equity"})
    seen.append(figures.stamp(LOCAL, house))
    PortfolioLabels(store, lambda: NOW + timedelta(days=1)).change_group(LOCAL, "Core", add=["house"])
    seen.append(figures.stamp(LOCAL, house))
    keep(store, line("AA", 61))
    seen.append(figures.stamp(LOCAL, house))
    assert len(set(seen)) == len(seen)

    store.prices.save([series("ELSEWHERE", wobble(300, 5))], at=NOW)
    assert figures.stamp(LOCAL, house) == seen[-1]


def test_who_may_not_read_portfolios_sees_no_figures(store: Store, figures: PortfolioFigures) -> None:
    house = keep(store, line("AA", 60))
    for ask in (
        lambda: figures.stamp(ADMIN, house),
        lambda: figures.sheet(ADMIN, "house", groups=[MetricGroup.HOLDINGS]),
        lambda: figures.past(ADMIN, "house"),
        lambda: figures.together(ADMIN, "house", holding_ids=[]),
        lambda: figures.days(ADMIN, "house"),
    ):
        with pytest.raises(NotPermitted):
            ask()


def test_an_unknown_portfolio_is_not_found(store: Store, figures: PortfolioFigures) -> None:
    with pytest.raises(NotFound):
        figures.past(LOCAL, "nobody")
    assert figures.days(LOCAL, "nobody") == []
    assert PortfolioService(store, RATES, lambda: NOW).days(LOCAL, "nobody") == []
