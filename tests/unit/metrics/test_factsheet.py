from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from math import isnan

import numpy as np
import pytest

from core.domain.facts import FactSheet
from core.domain.instrument import Terms
from core.domain.portfolio import AssetClass, Holding, Portfolio
from core.domain.units import Badge, Unit
from core.metrics.definitions import (
    DEFINITIONS,
    FAMILIES,
    HISTORY_METRICS,
    HOLDINGS_METRICS,
    SHORT_RATE_METRICS,
    definition_of,
)
from core.metrics.factsheet import fact_sheets
from core.metrics.fx import EcbRates
from core.metrics.prices import PriceHistory, PriceSeries
from core.metrics.valuation import slug
from tests.unit.metrics.making import (
    FRIDAY,
    FixedRates,
    a_year,
    cash,
    holding,
    portfolio,
    series,
    still,
    weekdays,
    wobble,
)


def sheet_of(
    one: Portfolio, rates: FixedRates | EcbRates | None = None, prices: PriceHistory | None = None
) -> FactSheet:
    return fact_sheets([one], rates or FixedRates(), prices)[0]


def values(sheet: FactSheet) -> dict[str, float]:
    return {fact.metric_id: fact.value for fact in sheet.facts}


def reasons(sheet: FactSheet) -> dict[str, str]:
    return {absent.metric_id: absent.reason for absent in sheet.absent}


MIXED = portfolio(
    holding("A", 500, sector="Health Care", country="US"),
    holding("B", 300, sector="Financials", country="DE"),
    holding("F", 100, asset_class=AssetClass.EQUITY_FUND, country="IE"),
    cash(100),
)


def test_weights_are_shares_of_the_total_with_cash() -> None:
    found = values(sheet_of(MIXED))
    assert found["total_value"] == 1000
    assert found["holdings_count"] == 4
    assert [found[f"weight.{symbol}"] for symbol in ("A", "B", "F", "CASH_EUR")] == pytest.approx([50, 30, 10, 10])


def test_exposures_by_class_sector_country_and_currency() -> None:
    found = values(sheet_of(MIXED))
    assert found["asset_class.equity"] == pytest.approx(80)
    assert found["asset_class.equity_fund"] == pytest.approx(10)
    assert found["asset_class.cash"] == pytest.approx(10)
    assert found["sector.health_care"] == pytest.approx(50)
    assert found["sector.cash"] == pytest.approx(10)
    assert found["sector.unclassified"] == pytest.approx(10)
    assert found["country.unclassified"] == pytest.approx(10)
    assert found["country.IE"] == pytest.approx(10)
    assert found["currency.EUR"] == pytest.approx(100)


def test_concentration_is_among_positions_and_cash_is_none() -> None:
    found = values(sheet_of(MIXED))
    assert found["hhi"] == pytest.approx(0.5**2 + 0.3**2 + 0.1**2), "shares of the whole, as the top weights are"
    assert found["effective_n"] == pytest.approx(81 / 35)
    assert found["top1_weight"] == pytest.approx(50)
    assert found["top5_weight"] == found["top10_weight"] == pytest.approx(90)


def test_much_cash_does_not_make_one_stock_look_spread() -> None:
    found = values(sheet_of(portfolio(holding("A", 10), cash(990))))
    assert found["effective_n"] == pytest.approx(1)
    assert found["top1_weight"] == pytest.approx(1)


def test_a_single_holding_is_fully_concentrated() -> None:
    found = values(sheet_of(portfolio(holding("A", 42))))
    assert (found["hhi"], found["effective_n"], found["top1_weight"], found["weight.A"]) == (1, 1, 100, 100)


def test_lines_of_one_instrument_are_one_position() -> None:
    isin = "US0378331005"
    split = sheet_of(portfolio(holding("A", 300, isin=isin), holding("A", 200, isin=isin), holding("B", 500)))
    assert values(split)["hhi"] == pytest.approx(0.5)
    assert values(split)["top1_weight"] == pytest.approx(50)


def test_a_repeated_symbol_gets_a_number() -> None:
    sheet = sheet_of(portfolio(holding("A", 1), holding("A", 2), holding("A#2", 3), holding("A", 4)))
    ids = [line.holding_id for line in sheet.holdings]
    assert ids == ["A", "A#2", "A#2#2", "A#3"]
    assert values(sheet)["weight.A#3"] == pytest.approx(40)


def test_a_short_line_has_a_negative_weight_and_counts_by_its_size() -> None:
    found = values(sheet_of(portfolio(holding("L", 900), holding("S", -300), cash(400))))
    assert found["weight.S"] == pytest.approx(-30)
    assert found["hhi"] == pytest.approx(0.9**2 + 0.3**2)
    assert found["effective_n"] == pytest.approx(1 / (0.75**2 + 0.25**2))
    assert found["top5_weight"] == pytest.approx(120)


@pytest.mark.parametrize("owed", [-100, -150])
def test_a_total_that_is_not_above_zero_leaves_shares_absent(owed: int) -> None:
    sheet = sheet_of(portfolio(holding("A", 100), cash(owed)))
    counted = {"holdings_count": 2, "holdings_count_without_cash": 1, "lines.cash": 1, "lines.equity": 1}
    assert values(sheet) == {"total_value": 100 + owed, **counted}
    assert "not above zero" in reasons(sheet)["weight.*"]
    assert "not above zero" in reasons(sheet)["hhi"]
    assert all(isnan(line.weight_pct) for line in sheet.holdings)


def test_cash_alone_has_no_concentration() -> None:
    sheet = sheet_of(portfolio(cash(100)))
    assert "hhi" not in values(sheet)
    assert reasons(sheet)["top1_weight"] == "There is no position besides cash."
    assert values(sheet)["weight.CASH_EUR"] == 100


def test_values_are_converted_to_base_currency() -> None:
    rates = FixedRates({("USD", "EUR"): 0.5})
    sheet = sheet_of(portfolio(holding("A", 200, currency="USD"), holding("B", 300)), rates)
    assert values(sheet)["total_value"] == 400
    assert values(sheet)["currency.USD"] == pytest.approx(25)
    assert sheet.holdings[0].value_base == 100


def test_a_missing_rate_leaves_the_total_and_every_weight_absent_and_names_the_currency() -> None:
    sheet = sheet_of(portfolio(holding("A", 200, currency="TWD"), holding("B", 300)))
    assert values(sheet) == {"holdings_count": 2, "holdings_count_without_cash": 2, "lines.equity": 2}
    for metric_id in ("total_value", "hhi", "weight.*", "sector.*", "top1_weight"):
        assert "from TWD to EUR on or before 2026-10-30" in reasons(sheet)[metric_id]
    assert isnan(sheet.holdings[0].value_base)
    assert sheet.holdings[1].value_base == 300


def test_a_converted_fact_names_the_source_and_the_day_of_its_rates() -> None:
    sunday = replace(
        portfolio(holding("A", 1, currency="USD"), holding("R", 1, currency="RUB")), as_of=date(2026, 10, 25)
    )
    total = sheet_of(sunday, EcbRates()).by_id()["total_value"]
    assert total.definition.endswith("Converted at ECB reference rates of 2026-10-23 (RUB of 2022-03-01).")


def test_an_unconverted_fact_names_no_rates() -> None:
    assert "Converted" not in sheet_of(MIXED, EcbRates()).by_id()["total_value"].definition


def test_badges_say_what_was_stated_computed_or_simulated() -> None:
    real = sheet_of(MIXED).by_id()
    assert real["holdings_count"].badge is Badge.REAL
    assert {real[name].badge for name in ("total_value", "hhi", "weight.A", "sector.cash")} == {Badge.DERIVED}
    assert sheet_of(portfolio(holding("A", 5))).by_id()["total_value"].badge is Badge.REAL
    converted = sheet_of(portfolio(holding("A", 5, currency="USD")), FixedRates({("USD", "EUR"): 2.0}))
    assert converted.by_id()["total_value"].badge is Badge.DERIVED
    sample = sheet_of(replace(MIXED, is_sample=True))
    assert {fact.badge for fact in sample.facts} == {Badge.SIMULATED}


def test_units_decimals_currency_and_period_are_as_agreed() -> None:
    facts = sheet_of(MIXED).by_id()
    total, index = facts["total_value"], facts["hhi"]
    assert (total.unit, total.currency, total.shown) == (Unit.CCY, "EUR", "1000.00")
    assert (index.unit, index.currency, index.decimals, index.period) == (Unit.RATIO, None, 4, "as of 2026-10-30")
    assert (facts["holdings_count"].unit, facts["holdings_count"].shown) == (Unit.COUNT, "4")
    assert (facts["weight.A"].unit, facts["weight.A"].shown) == (Unit.PCT, "50.00")


def test_every_metric_is_a_fact_or_absent_with_a_reason_and_never_both() -> None:
    prices = PriceHistory.from_series([series(symbol, wobble(300, n)) for n, symbol in enumerate("ABF")])
    for one in (MIXED, portfolio(cash(1)), portfolio(cash(-1)), portfolio(holding("X", 1, currency="TWD"))):
        for history in (None, prices):
            sheet = sheet_of(one, None, history)
            stated, absent = set(values(sheet)), set(reasons(sheet))
            assert not stated & absent
            assert len(sheet.facts) == len(stated)
            assert set(HOLDINGS_METRICS) | set(HISTORY_METRICS) <= stated | absent
            for family in FAMILIES:
                assert (f"{family}*" in absent) != any(name.startswith(family) for name in stated)
            assert all(reasons(sheet).values())
            assert not any(isnan(fact.value) for fact in sheet.facts)


def test_every_fact_has_its_definition() -> None:
    prices = PriceHistory.from_series([series(symbol, wobble(300, n)) for n, symbol in enumerate("ABF")])
    for fact in sheet_of(MIXED, None, prices).facts:
        definition = definition_of(fact.metric_id)
        assert definition is not None
        assert fact.definition.startswith(definition.text)
        assert (fact.unit, fact.decimals) == (definition.unit, definition.decimals)
    assert definition_of("weight.") is None
    assert definition_of("invented") is None
    assert len(DEFINITIONS) == len(HOLDINGS_METRICS) + len(HISTORY_METRICS) + len(SHORT_RATE_METRICS) + len(FAMILIES)


def test_sheets_come_in_the_order_of_the_portfolios_beyond_one_batch() -> None:
    prices = PriceHistory.from_series([series("A", wobble(80))])
    many = [portfolio(holding("A" if n % 3 else "Z", n + 1), portfolio_id=f"p{n}") for n in range(600)]
    sheets = fact_sheets(many, FixedRates(), prices)
    assert [sheet.portfolio_id for sheet in sheets] == [f"p{n}" for n in range(600)]
    assert ["volatility" in values(sheet) for sheet in sheets] == [bool(n % 3) for n in range(600)]
    assert fact_sheets([], FixedRates(), prices) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Health Care", "health_care"),
        ("  Énergie & Pétrole ", "energie_petrole"),
        ("Info|Tech\n<x>", "info_tech_x"),
        ("情報・通信業", "情報_通信業"),
        ("--", "unclassified"),
        ("", "unclassified"),
    ],
)
def test_a_sector_id_has_only_letters_digits_and_underscores(text: str, expected: str) -> None:
    assert slug(text) == expected


# History


def test_history_metrics_agree_with_the_formulas_written_out() -> None:
    first, second = wobble(300, 1), wobble(300, 2)
    prices = PriceHistory.from_series([series("A", first), series("B", second)])
    sheet = sheet_of(portfolio(holding("A", 600), holding("B", 300), cash(100)), None, prices)
    r = [0.6 * a + 0.3 * b for a, b in zip(first, second, strict=True)]
    mean = sum(r) / 300
    deviation = (sum((x - mean) ** 2 for x in r) / 299) ** 0.5
    wealth = peak = 1.0
    deepest = 0.0
    for x in r:
        wealth *= 1 + x
        peak = max(peak, wealth)
        deepest = min(deepest, wealth / peak - 1)
    n = a_year(weekdays(301))
    ranked = sorted(r)
    place = 0.05 * 299
    low = int(place)
    quantile = ranked[low] + (place - low) * (ranked[low + 1] - ranked[low])
    tail = [x for x in r if x <= quantile]
    expected = {
        "volatility": 100 * deviation * n**0.5,
        "sharpe": mean / deviation * n**0.5,
        "max_drawdown": 100 * deepest,
        "var_95_1d": -100 * quantile,
        "cvar_95_1d": -100 * sum(tail) / len(tail),
        "annual_return": 100 * (wealth ** (n / 300) - 1),
    }
    found = values(sheet)
    assert {name: found[name] for name in expected} == pytest.approx(expected, rel=1e-9)


def test_a_history_fact_states_its_window_and_its_sample() -> None:
    prices = PriceHistory.from_series([series("A", wobble(300))])
    fact = sheet_of(portfolio(holding("A", 1)), None, prices).by_id()["volatility"]
    assert fact.period == f"{weekdays(301)[0]}..2026-10-30"
    assert "Sample: 300 returns" in fact.definition


def test_closes_after_the_portfolios_day_are_not_used() -> None:
    prices = PriceHistory.from_series([series("A", wobble(300))])
    past = sheet_of(portfolio(holding("A", 1), as_of=date(2026, 9, 30)), None, prices).by_id()["volatility"]
    assert past.period is not None
    assert past.period.endswith("..2026-09-30")


def test_returns_are_in_base_currency_compounded_with_the_rate_of_each_day() -> None:
    class Rising(FixedRates):
        def factor(self, source: str, target: str, on: date) -> float | None:
            return 1.0 if source == target else 1.001 ** ((on - date(2026, 1, 1)).days)

    closes = series("A", [0.01] * 100, currency="USD")
    found = sheet_of(portfolio(holding("A", 1, currency="USD")), Rising(), PriceHistory.from_series([closes]))
    steps = np.diff(closes.days).astype(int)
    expected = 1.01 * 1.001**steps - 1
    assert values(found)["volatility"] == pytest.approx(100 * expected.std(ddof=1) * a_year(closes.days) ** 0.5)


def test_foreign_cash_earns_its_exchange_rate_and_base_cash_nothing() -> None:
    class Doubling(FixedRates):
        def factor(self, source: str, target: str, on: date) -> float | None:
            return 1.0 if source == target else 1.0 if on < FRIDAY else 0.5

    prices = PriceHistory.from_series([series("A", still(100))])
    sheet = sheet_of(portfolio(holding("A", 50), cash(100, "USD")), Doubling(), prices)
    assert values(sheet)["max_drawdown"] == pytest.approx(-25)
    unmoved = sheet_of(portfolio(holding("A", 50), cash(50)), Doubling(), prices)
    assert values(unmoved)["max_drawdown"] == pytest.approx(0, abs=1e-9)


def test_only_days_that_every_line_has_are_used() -> None:
    full = series("A", wobble(200, 1))
    holes = series("B", wobble(200, 2))
    kept = np.arange(201) % 10 != 5
    prices = PriceHistory.from_series([full, PriceSeries("B", "EUR", Badge.REAL, holes.days[kept], holes.closes[kept])])
    sheet = sheet_of(portfolio(holding("A", 1), holding("B", 1)), None, prices)
    moves = [one.closes[kept][1:] / one.closes[kept][:-1] - 1 for one in (full, holes)]
    assert values(sheet)["volatility"] == pytest.approx(
        100 * np.mean(moves, axis=0).std(ddof=1) * a_year(full.days[kept]) ** 0.5
    )
    assert f"Sample: {kept.sum() - 1} returns" in sheet.by_id()["volatility"].definition


def test_a_small_line_without_history_is_scaled_over() -> None:
    prices = PriceHistory.from_series([series("A", wobble(100))])
    with_gap = sheet_of(portfolio(holding("A", 96), holding("NEW", 4)), None, prices)
    alone = sheet_of(portfolio(holding("A", 96)), None, prices)
    assert values(with_gap)["volatility"] == pytest.approx(values(alone)["volatility"])


def test_too_little_coverage_is_absent_and_names_the_coverage_and_the_symbols() -> None:
    prices = PriceHistory.from_series([series("A", wobble(100))])
    one = portfolio(holding("A", 62), *(holding(f"N{n}", 38 / 7) for n in range(7)))
    reason = reasons(sheet_of(one, None, prices))["volatility"]
    assert "62.0%" in reason
    assert "95%" in reason
    assert "N0, N1, N2, N3, N4 and 2 more" in reason


def test_a_short_or_old_series_does_not_count_as_history() -> None:
    short = PriceHistory.from_series([series("A", wobble(59))])
    old = PriceHistory.from_series([series("A", wobble(300), last=FRIDAY - timedelta(days=11))])
    for prices in (short, old, PriceHistory({})):
        sheet = sheet_of(portfolio(holding("A", 1)), None, prices)
        assert "covers 0.0%" in reasons(sheet)["var_95_1d"]
    enough = PriceHistory.from_series([series("A", wobble(60))])
    assert "var_95_1d" in values(sheet_of(portfolio(holding("A", 1)), None, enough))


def test_series_that_share_too_few_days_give_no_figures() -> None:
    one = series("A", wobble(140, 1))
    odd, even = (
        PriceSeries(symbol, "EUR", Badge.REAL, one.days[start::2], one.closes[start::2])
        for symbol, start in (("ODD", 1), ("EVEN", 0))
    )
    sheet = sheet_of(portfolio(holding("ODD", 1), holding("EVEN", 1)), None, PriceHistory.from_series([odd, even]))
    assert reasons(sheet)["volatility"] == "Its price histories share 0 days and 61 are needed."


def test_under_a_year_yearly_figures_are_absent_and_the_others_stand() -> None:
    prices = PriceHistory.from_series([series("A", wobble(251))])
    sheet = sheet_of(portfolio(holding("A", 1)), None, prices)
    assert "251 returns" in reasons(sheet)["annual_return"]
    assert "sharpe" in reasons(sheet)
    assert {"volatility", "max_drawdown", "var_95_1d", "cvar_95_1d"} <= set(values(sheet))
    year = PriceHistory.from_series([series("A", wobble(252))])
    assert {"annual_return", "sharpe"} <= set(values(sheet_of(portfolio(holding("A", 1)), None, year)))


def test_a_price_that_never_moves_has_no_sharpe_ratio() -> None:
    prices = PriceHistory.from_series([series("A", still(300))])
    sheet = sheet_of(portfolio(holding("A", 1)), None, prices)
    assert values(sheet)["volatility"] == pytest.approx(0, abs=1e-9)
    assert "do not vary" in reasons(sheet)["sharpe"]


def test_history_facts_carry_the_weakest_badge() -> None:
    for badge, expected in ((Badge.REAL, Badge.DERIVED), (Badge.SIMULATED, Badge.SIMULATED)):
        prices = PriceHistory.from_series([series("A", wobble(100)), series("B", wobble(100, 2), badge=badge)])
        sheet = sheet_of(portfolio(holding("A", 1), holding("B", 1)), None, prices)
        assert sheet.by_id()["volatility"].badge is expected
    prices = PriceHistory.from_series([series("A", wobble(100))])
    assert (
        sheet_of(portfolio(holding("A", 1), is_sample=True), None, prices).by_id()["volatility"].badge
        is Badge.SIMULATED
    )


def test_without_prices_every_history_metric_is_absent() -> None:
    found = reasons(sheet_of(MIXED))
    assert {found[name] for name in HISTORY_METRICS} == {"No price history was given."}


def test_portfolios_of_different_days_and_currencies_do_not_disturb_each_other() -> None:
    rates = FixedRates({("USD", "EUR"): 0.9, ("EUR", "USD"): 1 / 0.9})
    prices = PriceHistory.from_series(
        [series(f"S{n}", wobble(300, n), currency="USD" if n % 2 else "EUR") for n in range(6)]
    )
    many = [
        portfolio(
            *(holding(f"S{(n + k) % 6}", 10 + k) for k in range(3)),
            base="USD" if n % 2 else "EUR",
            as_of=FRIDAY - timedelta(days=n % 4),
        )
        for n in range(24)
    ]
    assert fact_sheets(many, rates, prices) == [sheet_of(one, rates, prices) for one in many]


def test_lines_are_counted_by_asset_class() -> None:
    facts = sheet_of(MIXED).by_id()
    counts = {name: fact for name, fact in facts.items() if name.startswith("lines.")}
    assert sum(fact.value for fact in counts.values()) == facts["holdings_count"].value
    assert {(fact.unit, fact.decimals) for fact in counts.values()} == {(Unit.COUNT, 0)}


def test_the_deepest_fall_has_its_days_and_a_recovery_that_did_not_come_is_absent() -> None:
    calm = [0.001] * 30

    def sheet(*returns: float) -> FactSheet:
        prices = PriceHistory.from_series([series("A", [*calm, *returns, *calm])])
        return sheet_of(portfolio(holding("A", 1)), None, prices)

    made_good = sheet(-0.10, -0.10, 0.30).by_id()
    fall, back = made_good["drawdown_days"], made_good["recovery_days"]
    assert fall.period is not None
    assert back.period is not None
    peak, low = fall.period.split("..")
    again, recovered = back.period.split("..")
    assert low == again
    assert fall.value == (date.fromisoformat(low) - date.fromisoformat(peak)).days > 0
    assert back.value == (date.fromisoformat(recovered) - date.fromisoformat(low)).days > 0
    lost = sheet(-0.20)
    assert lost.by_id()["drawdown_days"].value > 0
    assert "did not come back to its peak" in reasons(lost)["recovery_days"]
    assert "never stood below" in reasons(sheet())["drawdown_days"]


def test_an_issuers_lines_are_added_up_under_its_largest_and_small_ones_are_not_named() -> None:
    def of(symbol: str, value: int, issuer: str) -> Holding:
        return holding(symbol, value, terms=Terms(issuer=issuer))

    sheet = sheet_of(portfolio(of("A", 30, "Acme"), of("A2", 25, "acme "), of("B", 20, "Bolt"), cash(925)))
    assert {name: value for name, value in values(sheet).items() if name.startswith("issuer.")} == {"issuer.A": 5.5}
    small = sheet_of(portfolio(of("A", 30, "Acme"), cash(970)))
    assert reasons(small)["issuer.*"] == "No issuer weighs 4 % or more."
    unknown = sheet_of(portfolio(holding("A", 300), of("B", 300, "Bolt"), cash(400)))
    assert "issuer is not known" in reasons(unknown)["issuer.*"]
