"""What the account itself returned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import pytest

from core.domain.facts import FactSheet
from core.domain.portfolio import Portfolio
from core.domain.units import Badge
from core.metrics.definitions import MetricGroup
from core.metrics.factsheet import fact_sheets
from core.metrics.flows import Account, money_weighted, time_weighted
from tests.unit.metrics.making import FixedRates, cash, holding, portfolio, reasons, values

Rows = Sequence[tuple[date, float]]
START = date(2024, 10, 30)


def sheet_of(one: Portfolio, snapshots: Rows, rates: FixedRates | None = None) -> FactSheet:
    found = {one.portfolio_id: snapshots}
    return fact_sheets([one], rates or FixedRates(), None, groups=[MetricGroup.FLOWS], snapshots=found)[0]


def test_a_deposit_on_the_day_of_a_snapshot_is_no_return() -> None:
    # 100 grew to 110, then 90 came in; 200 grew to 220.
    one = portfolio(holding("A", 220), flows=[(date(2025, 10, 30), 90, "EUR")])
    found = values(sheet_of(one, [(START, 100), (date(2025, 10, 30), 200)]))
    assert found["twr.si"] == pytest.approx(21)
    assert found["twr_annual.si"] == pytest.approx(100 * (1.21 ** (365.25 / 730) - 1))


def test_a_small_flow_between_snapshots_counts_by_the_time_it_was_there_and_is_called_dietz() -> None:
    # 30 days; 10 in after 6 of them, so for 0.8 of the time: (141 - 100 - 10) / (100 + 8)
    one = portfolio(holding("A", 141), flows=[(date(2026, 10, 6), 10, "EUR")])
    sheet = sheet_of(one, [(date(2026, 9, 30), 100)])
    assert values(sheet)["modified_dietz.si"] == pytest.approx(100 * 31 / 108)
    assert "import the portfolio as of that day" in reasons(sheet)["twr.si"]


@pytest.mark.parametrize(
    ("first", "flow", "why"),
    [
        (date(2026, 9, 28), (date(2026, 10, 6), 10, "EUR"), "over a month apart"),
        (date(2026, 9, 30), (date(2026, 10, 6), 11, "EUR"), "Over a tenth"),
        (date(2026, 9, 30), (date(2026, 10, 6), -11, "EUR"), "Over a tenth"),
    ],
)
def test_what_a_large_or_old_flow_gained_or_lost_is_not_known(
    first: date, flow: tuple[date, float, str], why: str
) -> None:
    # -50 % and then +50 % on money that came between reads +16.7 % where it is weighted by time.
    sheet = sheet_of(portfolio(holding("A", 141), flows=[flow]), [(first, 100)])
    assert why in reasons(sheet)["modified_dietz.si"]
    assert not {"twr.si", "twr_annual.si", "modified_dietz.si"} & set(values(sheet))


def test_who_says_that_no_money_moved_has_a_return_of_the_account() -> None:
    fell = replace(portfolio(holding("A", 60)), no_flows=True)
    sheet = sheet_of(fell, [(date(2026, 9, 30), 100)])
    assert values(sheet)["twr.si"] == pytest.approx(-40)
    assert "exact" in reasons(sheet)["modified_dietz.si"]


def test_the_order_of_snapshots_does_not_matter_and_later_ones_are_not_used() -> None:
    one = portfolio(holding("A", 220), flows=[(date(2025, 10, 30), 90, "EUR")])
    ordered = [(START, 100.0), (date(2025, 10, 30), 200.0)]
    later = [(date(2026, 11, 2), 999.0)]
    assert values(sheet_of(one, [*later, *reversed(ordered)])) == values(sheet_of(one, ordered))


def test_money_weighting_feels_when_the_money_came_and_time_weighting_does_not() -> None:
    # Half a year up 20 %, half a year down 10 %, most of the money came in between.
    account = Account(
        ((date(2025, 1, 1), 100.0), (date(2025, 7, 1), 1120.0), (date(2026, 1, 1), 1008.0)),
        ((date(2025, 7, 1), 1000.0),),
    )
    assert time_weighted(account) == pytest.approx(1.2 * 0.9 - 1)
    weighted = money_weighted(account)
    assert isinstance(weighted, float)
    assert weighted < -0.1


def test_flows_are_converted_at_the_rate_of_their_day() -> None:
    rates = FixedRates({("USD", "EUR"): 0.5})
    one = portfolio(holding("A", 220), flows=[(date(2025, 10, 30), 180, "USD")])
    assert values(sheet_of(one, [(START, 100), (date(2025, 10, 30), 200)], rates))["twr.si"] == pytest.approx(21)
    unknown = sheet_of(one, [(START, 100), (date(2025, 10, 30), 200)])
    assert "from USD to EUR on or before 2025-10-30, the day of a flow" in reasons(unknown)["twr.si"]


def test_under_a_year_only_the_cumulated_return_is_stated() -> None:
    one = portfolio(holding("A", 110), flows=[(date(2026, 10, 30), 5, "EUR")])
    sheet = sheet_of(one, [(date(2026, 7, 1), 100)])
    assert list(values(sheet)) == ["twr.si"]
    assert "less than a year" in reasons(sheet)["mwr.si"]


@pytest.mark.parametrize(
    ("one", "snapshots", "said"),
    [
        (portfolio(holding("A", 1), flows=[(START, 1, "EUR")]), [], "No earlier snapshot"),
        (portfolio(holding("A", 1), flows=[(START, 1, "EUR")]), [(date(2026, 10, 30), 5.0)], "No earlier snapshot"),
        (portfolio(holding("A", 1)), [(START, 1.0)], "must not read as a gain"),
        (portfolio(holding("A", 1), flows=[(START, 1, "EUR")]), [(START, -1.0)], "below zero"),
        (portfolio(holding("A", 1), flows=[(START, 1, "EUR")]), [(START, float("nan"))], "no number"),
        (portfolio(holding("A", 1, currency="TWD"), flows=[(START, 1, "EUR")]), [(START, 1.0)], "from TWD to EUR"),
    ],
)
def test_without_values_or_flows_no_return_of_the_account_is_stated(one: Portfolio, snapshots: Rows, said: str) -> None:
    sheet = sheet_of(one, snapshots)
    assert set(reasons(sheet)) == {"twr.si", "twr_annual.si", "modified_dietz.si", "mwr.si"}
    assert said in reasons(sheet)["mwr.si"]


def test_an_account_that_was_empty_for_a_time_has_no_time_weighted_return() -> None:
    one = portfolio(holding("A", 50), flows=[(date(2025, 6, 1), -100, "EUR"), (date(2026, 10, 30), 50, "EUR")])
    sheet = sheet_of(one, [(START, 100), (date(2025, 6, 1), 0)])
    assert "No money was invested" in reasons(sheet)["twr.si"]


def test_a_loss_of_everything_has_no_growth() -> None:
    one = portfolio(holding("A", 100), cash(-100), flows=[(date(2026, 10, 30), 1, "EUR")])
    sheet = sheet_of(one, [(START, 100)])
    assert "Everything was lost" in reasons(sheet)["twr.si"]
    assert "same way" in reasons(sheet)["mwr.si"]


def test_payments_that_fit_two_rates_have_no_money_weighted_return() -> None:
    # -100 + 230/(1+r) - 132/(1+r)^2 is zero at 10 % and at 20 %.
    account = Account(
        ((date(2023, 1, 1), 100.0), (date(2025, 1, 1), 0.0)), ((date(2024, 1, 1), -230.0), (date(2024, 12, 31), 132.0))
    )
    assert "more than one rate" in str(money_weighted(account))


def test_a_samples_returns_are_simulated() -> None:
    one = portfolio(holding("A", 110), flows=[(date(2026, 8, 1), 5, "EUR")], is_sample=True)
    assert sheet_of(one, [(START, 100)]).by_id()["mwr.si"].badge is Badge.SIMULATED
