"""Scenarios: replays of the past and shocks of factors."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

import numpy as np
import pytest

from core.domain.facts import FactSheet
from core.domain.instrument import InstrumentType, Terms
from core.domain.portfolio import AssetClass, Holding, Portfolio
from core.domain.units import Badge
from core.metrics.definitions import MetricGroup
from core.metrics.factsheet import fact_sheets
from core.metrics.prices import PriceHistory, PriceSeries
from core.metrics.scenarios import scenarios, sensitivities
from tests.unit.metrics.making import FixedRates, cash, holding, portfolio, reasons, values, weekdays

RATES = FixedRates({("USD", "EUR"): 0.9, ("EUR", "USD"): 1 / 0.9, ("CHF", "USD"): 1.1, ("USD", "CHF"): 1 / 1.1})
FED = "stress.fed_2026_severely_adverse"


def sheet_of(one: Portfolio, prices: PriceHistory | None = None, rates: FixedRates = RATES) -> FactSheet:
    return fact_sheets([one], rates, prices, groups=[MetricGroup.STRESS])[0]


def closes(symbol: str, *rows: tuple[str, float], currency: str = "EUR") -> PriceSeries:
    days = np.array([day for day, _ in rows], dtype="datetime64[D]")
    return PriceSeries(symbol, currency, Badge.REAL, days, np.array([close for _, close in rows]))


def bond(value: float, duration: float | None = 5.0, **terms: object) -> Holding:
    found = Terms(duration_years=duration, **terms)  # type: ignore[arg-type]
    return holding("BOND", value, currency="USD", asset_class=AssetClass.BOND, terms=found)


COVID = (("2020-02-19", 100.0), ("2020-03-23", 60.0))


def test_a_replay_moves_each_line_by_its_own_prices() -> None:
    prices = PriceHistory.from_series([closes("A", *COVID), closes("B", ("2020-02-17", 50.0), ("2020-03-20", 55.0))])
    sheet = sheet_of(portfolio(holding("A", 50), holding("B", 30), cash(20)), prices)
    fact = sheet.by_id()["stress.covid_2020"]
    assert fact.value == pytest.approx(0.5 * -40 + 0.3 * 10)
    assert fact.period == "2020-02-19..2020-03-23"
    assert "Outbreak of Covid-19" in fact.definition


def test_a_replay_that_the_history_does_not_cover_is_absent_and_names_the_lines() -> None:
    prices = PriceHistory.from_series([closes("A", ("2020-02-01", 100.0), ("2020-03-23", 60.0))])
    reason = reasons(sheet_of(portfolio(holding("A", 50)), prices))["stress.covid_2020"]
    assert "over 2020-02-19..2020-03-23 covers 0.0% of gross value" in reason
    assert "for A" in reason
    assert "stress.covid_2020" in reasons(sheet_of(portfolio(holding("A", 50))))
    empty = PriceHistory.from_series([closes("A")])
    assert "stress.covid_2020" in reasons(sheet_of(portfolio(holding("A", 50)), empty))


def test_a_window_after_the_portfolios_day_is_not_replayed() -> None:
    prices = PriceHistory.from_series([closes("A", *COVID)])
    sheet = sheet_of(portfolio(holding("A", 50), as_of=date(2020, 3, 1)), prices)
    assert "ends after the portfolio's day" in reasons(sheet)["stress.covid_2020"]


def test_a_replay_is_in_base_currency_at_the_rates_of_its_days() -> None:
    class Falling(FixedRates):
        def factor(self, source: str, target: str, on: date) -> float | None:
            return 1.0 if source == target else 1.0 if on < date(2020, 3, 1) else 0.9

    prices = PriceHistory.from_series([closes("A", *COVID, currency="USD")])
    found = values(sheet_of(portfolio(holding("A", 50, currency="USD"), cash(50, "USD")), prices, Falling()))
    assert found["stress.covid_2020"] == pytest.approx(100 * (0.5 * (0.6 * 0.9 - 1) + 0.5 * (0.9 - 1)))


def test_shocks_follow_the_documented_sensitivities() -> None:
    lines = [
        holding("E", 40, currency="USD"),
        holding("R", 10, currency="USD", asset_class=AssetClass.REAL_ESTATE),
        bond(30, instrument_type=InstrumentType.GOVERNMENT_BOND),
        bond(10, 4.0, instrument_type=InstrumentType.CORPORATE_BOND, rating="BBB-"),
        cash(10, "USD"),
    ]
    found = values(sheet_of(portfolio(*lines, base="USD")))
    assert found[FED] == pytest.approx(40 * -0.58 + 10 * -0.39 + 30 * 5 * 0.02 + 10 * -4 * (-0.02 + 0.044))
    assert found["stress.equity_down_20"] == pytest.approx(-8)
    assert found["stress.yields_up_100bp"] == pytest.approx(-1.5 - 0.4)
    assert found["stress.spreads_up_200bp"] == pytest.approx(-10 * 4 * 0.02)
    assert found["stress.base_currency_up_10"] == 0


@pytest.mark.parametrize(("rating", "share"), [("AAA", 0.3), ("AA+", 0.5), ("A-", 0.7), ("BB", 1.6), ("CC", 3.0)])
def test_a_worse_rating_widens_more(rating: str, share: float) -> None:
    found = values(sheet_of(portfolio(bond(100, 2.0, rating=rating), base="USD")))
    assert found["stress.spreads_up_200bp"] == pytest.approx(-2 * share * 2)


@pytest.mark.parametrize("line", [bond(100, None, rating="A"), bond(100, 5.0), bond(100, 5.0, rating="NR")])
def test_a_bond_of_unknown_duration_or_rating_is_not_shocked(line: Holding) -> None:
    sheet = sheet_of(portfolio(line, base="USD"))
    assert "duration, rating, currency of exposure or delta for BOND" in reasons(sheet)[FED]
    assert values(sheet)["stress.equity_down_20"] == 0, "an equity shock asks nothing of a bond"


@pytest.mark.parametrize("kind", [AssetClass.CRYPTO, AssetClass.DERIVATIVE, AssetClass.COMMODITY, AssetClass.FUND])
def test_what_has_no_documented_sensitivity_is_not_shocked(kind: AssetClass) -> None:
    one = portfolio(holding("X", 100, asset_class=kind))
    reason = reasons(sheet_of(one))
    if kind is AssetClass.DERIVATIVE:
        assert "neither notional nor delta" in reason["stress.*"]
    else:
        assert "covers 0.0%" in reason["stress.equity_down_20"]


def test_a_bond_fund_without_a_rating_widens_by_what_it_is_known_to_hold() -> None:
    def fund(symbol: str, **terms: str) -> Holding:
        known = Terms(duration_years=5.0, exposure="USD", **terms)  # type: ignore[arg-type]
        return holding(symbol, 100, currency="USD", asset_class=AssetClass.BOND_FUND, terms=known)

    for symbol, share in (("IEF", 0.0), ("LQD", 0.85), ("HYG", 1.8)):
        found = values(sheet_of(portfolio(fund(symbol), base="USD")))
        assert found["stress.spreads_up_200bp"] == pytest.approx(-10 * share)
    stated = values(sheet_of(portfolio(fund("LQD", rating="A"), base="USD")))
    assert stated["stress.spreads_up_200bp"] == pytest.approx(-7), "what its source states comes first"
    assert (
        "duration, rating, currency of exposure or delta for MYFUND"
        in reasons(sheet_of(portfolio(fund("MYFUND"), base="USD")))[FED]
    )


def test_what_is_not_listed_moves_with_equity_only_where_it_is_equity() -> None:
    def private(kind: InstrumentType | None) -> Portfolio:
        return portfolio(holding("P", 100, asset_class=AssetClass.PRIVATE, terms=Terms(instrument_type=kind)))

    assert values(sheet_of(private(InstrumentType.PRIVATE_EQUITY)))["stress.equity_down_20"] == pytest.approx(-20)
    for kind in (InstrumentType.LOAN, InstrumentType.INFRASTRUCTURE, None):
        assert "covers 0.0%" in reasons(sheet_of(private(kind)))["stress.equity_down_20"]


def test_a_scenario_moves_foreign_lines_by_its_exchange_rates() -> None:
    dollars = values(sheet_of(portfolio(cash(100, "EUR"), base="USD")))
    assert dollars[FED] == pytest.approx(-13)
    euros = values(sheet_of(portfolio(cash(100, "USD"))))
    assert euros[FED] == pytest.approx(100 * (1 / 0.87 - 1))
    francs = values(sheet_of(portfolio(cash(100, "USD"), base="CHF")))
    assert francs[FED] == 0, "a currency that the scenario does not name keeps its rate to the dollar"
    assert euros["stress.base_currency_up_10"] == pytest.approx(100 * (1 / 1.1 - 1))


def test_a_short_line_gains_where_a_long_one_loses() -> None:
    found = values(sheet_of(portfolio(holding("A", -50), cash(150))))
    assert found["stress.equity_down_20"] == pytest.approx(10)


def test_every_scenario_is_reviewed_data_with_a_source_and_a_day() -> None:
    ids = [one.scenario_id for one in scenarios()]
    assert len(set(ids)) == len(ids)
    assert {"gfc_2008", "covid_2020", "rates_2022", "q4_2018", "fed_2026_severely_adverse"} <= set(ids)
    for one in scenarios():
        assert one.source
        assert one.name
        assert one.as_of <= date(2026, 11, 23)
        if one.kind == "replay":
            assert one.first is not None
            assert one.last is not None
            assert one.first < one.last
    fed = next(one for one in scenarios() if one.scenario_id == "fed_2026_severely_adverse")
    assert (fed.equity, fed.property) == (-0.58, -0.39)
    assert sensitivities().source


def test_nothing_of_the_past_is_replayed_on_prices_that_know_nothing_of_it() -> None:
    simulated = PriceSeries("A", "EUR", Badge.SIMULATED, closes("A", *COVID).days, np.array([100.0, 60.0]))
    sheet = sheet_of(portfolio(holding("A", 1)), PriceHistory.from_series([simulated]))
    assert "these prices are simulated" in reasons(sheet)["stress.covid_2020"]


def line_in(kind: AssetClass, currency: str = "EUR", symbol: str = "X", **terms: object) -> Holding:
    return holding(symbol, 100, currency=currency, asset_class=kind, terms=Terms(**terms))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("line", "move"),
    [
        (line_in(AssetClass.EQUITY_FUND, exposure="USD"), 100 * (1 / 1.1 - 1)),
        (line_in(AssetClass.EQUITY_FUND, exposure="World"), 100 * (1 / 1.1 - 1)),
        (line_in(AssetClass.EQUITY_FUND, exposure="US-KY"), 100 * (1 / 1.1 - 1)),
        (line_in(AssetClass.EQUITY_FUND, exposure="DE"), 0),
        (line_in(AssetClass.EQUITY_FUND, "USD", hedged_to="EUR"), 0),
        (line_in(AssetClass.EQUITY_FUND, exposure="World", hedged_to="EUR"), 0),
        (line_in(AssetClass.EQUITY_FUND, "EUR", hedged_to="CHF"), 100 * (1 / 1.1 - 1)),
        (line_in(AssetClass.COMMODITY), 100 * (1 / 1.1 - 1)),
        (line_in(AssetClass.EQUITY), 0),
        (line_in(AssetClass.EQUITY, "USD"), 100 * (1 / 1.1 - 1)),
        (line_in(AssetClass.BOND, "USD", instrument_type=InstrumentType.CORPORATE_BOND), 100 * (1 / 1.1 - 1)),
    ],
)
def test_a_currency_moves_what_a_line_holds_and_not_what_it_is_quoted_in(line: Holding, move: float) -> None:
    assert values(sheet_of(portfolio(line)))["stress.base_currency_up_10"] == pytest.approx(move)


@pytest.mark.parametrize("currency", ["EUR", "USD"])
@pytest.mark.parametrize("kind", [AssetClass.EQUITY_FUND, AssetClass.BOND_FUND, AssetClass.FUND])
def test_a_fund_that_does_not_say_what_it_holds_has_no_shock_of_currencies(kind: AssetClass, currency: str) -> None:
    reason = reasons(sheet_of(portfolio(line_in(kind, currency))))["stress.base_currency_up_10"]
    assert "covers 0.0%" in reason
    assert "currency of exposure" in reason


def test_what_leans_on_a_notional_is_shocked_by_nobody_who_does_not_know_which_way() -> None:
    def beside(notional: int | None, value: float = 500) -> FactSheet:
        future = Terms(instrument_type=InstrumentType.FUTURE, notional=None if notional is None else Decimal(notional))
        lines = holding("EUQ", 100_000), holding("FUT", value, asset_class=AssetClass.DERIVATIVE, terms=future)
        return sheet_of(portfolio(*lines))

    assert "for FUT" in reasons(beside(80_000))["stress.equity_down_20"]
    assert "covers 55.5% of gross value" in reasons(beside(80_000))["stress.equity_down_20"]
    assert "for FUT" in reasons(beside(80_000, -500))["stress.equity_down_20"]
    assert "neither notional nor delta" in reasons(beside(None))["stress.*"]
    small = values(beside(4_000))["stress.equity_down_20"]
    # 4,000 of 104,000 is not known: what is known is scaled up for it.
    assert small == pytest.approx(-20 * 100_000 / 100_500 * 104_000 / 100_000)


def test_badges_say_whose_prices_and_whose_holdings() -> None:
    prices = PriceHistory.from_series([closes("A", *COVID)])
    sheet = sheet_of(portfolio(holding("A", 1)), prices)
    assert sheet.by_id()["stress.covid_2020"].badge is Badge.DERIVED
    assert sheet.by_id()[FED].badge is Badge.DERIVED
    assert sheet_of(portfolio(holding("A", 1), is_sample=True)).by_id()[FED].badge is Badge.SIMULATED


def test_without_a_total_no_scenario_is_stated() -> None:
    assert "exchange rate from TWD" in reasons(sheet_of(portfolio(holding("A", 1, currency="TWD"))))["stress.*"]


def test_every_scenario_says_whence_it_is_and_its_days_are_days_of_trading() -> None:
    for one in scenarios():
        assert one.source
        assert one.as_of <= date(2026, 12, 1)
        if one.kind == "replay":
            assert one.first is not None
            assert one.last is not None
            assert one.first < one.last < one.as_of
            assert np.is_busday([one.first, one.last]).all()
            assert re.search(r"-\d\d\.\d %", one.source), "what the index lost over the window stands with its source"


def test_a_replays_stated_loss_is_that_of_the_two_closes_beside_it() -> None:
    for one in scenarios():
        if one.kind != "replay":
            continue
        # The first two figures with a thousands mark or decimals are the closes; the loss follows them.
        before, _, after = one.source.partition(": -")
        peak, trough = (float(found.replace(",", "")) for found in re.findall(r"\d[\d,]*\.\d\d", before)[:2])
        assert float(after.partition(" ")[0]) == pytest.approx(100 * (1 - trough / peak), abs=0.06), one.scenario_id


def test_a_recession_lowers_shares_property_and_yields_and_widens_spreads() -> None:
    fed = next(one for one in scenarios() if one.scenario_id == "fed_2026_severely_adverse")
    assert max(fed.equity, fed.property, fed.yields) < 0 < fed.credit
    assert abs(fed.property) < abs(fed.equity)
    assert fed.currencies["JPY"] > 0 > max(fed.currencies[code] for code in ("EUR", "GBP", "CNY", "INR"))


def test_a_shock_of_one_factor_leaves_the_others_alone() -> None:
    moved = {"equity_down_20": "equity", "yields_up_100bp": "yields", "spreads_up_200bp": "credit"}
    for one in scenarios():
        if one.kind == "replay":
            assert not any((one.equity, one.property, one.yields, one.credit, one.all_foreign, one.currencies))
        elif one.scenario_id in moved:
            factors = {name for name in ("equity", "property", "yields", "credit", "all_foreign") if getattr(one, name)}
            assert factors == {moved[one.scenario_id]}


@pytest.mark.parametrize("name", [one.scenario_id for one in scenarios() if one.kind == "replay"])
def test_days_that_were_simulated_are_never_replayed_as_the_days_of_history(name: str) -> None:
    days = weekdays(7000)
    calm = PriceSeries("A", "EUR", Badge.SIMULATED, days, np.linspace(100.0, 200.0, days.size))
    sheet = sheet_of(portfolio(holding("A", 50), is_sample=True), PriceHistory.from_series([calm]))
    assert f"stress.{name}" not in values(sheet)
    assert "these prices are simulated" in reasons(sheet)[f"stress.{name}"]
