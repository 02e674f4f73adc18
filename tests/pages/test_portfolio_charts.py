"""Figures of a portfolio hold what they are given, in either palette, and their words come from data safely."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from dashboard.portfolio import charts as portfolio_charts
from dashboard.widgets import charts, text
from dashboard.widgets.charts import DARK, LIGHT, Palette

BOTH = pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
DAYS = np.datetime64("2026-01-01") + np.arange(5)
VALUES = np.array([0.0, 1.0, np.nan, -2.0, 3.0])


def contrast(one: str, other: str) -> float:
    """WCAG's contrast of two colours."""

    def luminance(colour: str) -> float:
        parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@BOTH
def test_labels_on_a_fill_can_be_read(colours: Palette) -> None:
    for fill in colours.categories:
        assert contrast(charts.ink_on(fill), fill) >= 4.5, fill
    for fill in colours.diverging:
        assert contrast(colours.ink, fill) >= 4.5, fill
    for line in (colours.gain, colours.loss, colours.categories[0], colours.categories[1]):
        assert contrast(line, colours.paper) >= 2.8, line


@BOTH
def test_lines_keep_their_gaps_and_the_second_is_told_apart_without_colour(colours: Palette) -> None:
    figure = portfolio_charts.over_time([("Portfolio", DAYS, VALUES), ("Benchmark", DAYS, VALUES)], colours)
    own, other = figure.data
    assert np.isnan(own.y[2])
    assert (own.line.dash, other.line.dash) == ("solid", "dash")
    assert figure.layout.showlegend
    assert not portfolio_charts.over_time([("Portfolio", DAYS, VALUES)], colours).layout.showlegend


def test_a_drawdown_is_an_area_down_from_zero() -> None:
    figure = portfolio_charts.drawdowns([("Portfolio", DAYS, -np.abs(VALUES))], LIGHT)
    assert figure.data[0].fill == "tozeroy"


def test_years_without_a_benchmark_have_one_bar_each() -> None:
    rows = [("2025", 4.0, None), ("2026 *", -3.0, None)]
    assert len(portfolio_charts.years(rows, LIGHT).data) == 1
    figure = portfolio_charts.years([("2025", 4.0, 5.0), ("2026 *", -3.0, None)], LIGHT)
    assert list(figure.data[1].text) == ["5.0", ""]
    low, high = figure.layout.yaxis.range
    assert low < -3
    assert high > 5


def test_the_largest_share_of_risk_stands_on_top_with_its_weight_above_it() -> None:
    figure = portfolio_charts.risk_and_weight([("A", 10.0, 60.0), ("B", 90.0, 40.0)], LIGHT)
    assert list(figure.data[0].y) == ["B", "A"]
    assert [trace.name for trace in figure.data] == ["Share of risk", "Weight"]


def test_an_unknown_correlation_stays_empty_and_many_are_not_written() -> None:
    values = np.array([[1.0, np.nan], [np.nan, np.nan]])
    figure = portfolio_charts.correlations(["A", "B"], values, LIGHT)
    assert np.isnan(figure.data[0].z[0][1])
    assert figure.data[0].texttemplate
    many = [f"P{number}" for number in range(20)]
    assert not portfolio_charts.correlations(many, np.eye(20), LIGHT).data[0].texttemplate


def test_the_widest_scenario_stands_on_top_and_losses_look_like_losses() -> None:
    figure = portfolio_charts.tornado([("small", 1.0), ("wide", -20.0), ("middle", 5.0)], LIGHT)
    assert list(figure.data[0].y) == ["small", "middle", "wide"]
    assert list(figure.data[0].marker.color) == [LIGHT.gain, LIGHT.gain, LIGHT.loss]
    assert figure.data[0].text[2] == "-20.0 %"


def test_a_waterfall_ends_in_its_total() -> None:
    figure = portfolio_charts.waterfall([("Allocation", 1.0), ("Selection", -3.0)], ("Active return", -2.0), LIGHT)
    assert list(figure.data[0].measure) == ["relative", "relative", "total"]
    assert list(figure.data[0].y) == [1.0, -3.0, -2.0]


def test_segments_are_ranked_by_what_they_did() -> None:
    effects = {"Allocation": {"Equity": -0.5, "Bond": 0.1}, "Selection": {"Equity": 0.6}}
    figure = portfolio_charts.segments(effects, LIGHT)
    assert list(figure.data[0].y) == ["Bond", "Equity"]
    assert list(figure.data[1].x) == [0.0, 0.6]


def test_names_from_data_become_no_html() -> None:
    hostile = "<a href='https://evil.example'>x</a>"
    for figure in (
        portfolio_charts.tornado([(hostile, 1.0)], LIGHT),
        portfolio_charts.risk_and_weight([(hostile, 1.0, 1.0)], LIGHT),
        portfolio_charts.correlations([hostile], np.ones((1, 1)), LIGHT),
        portfolio_charts.segments({"Allocation": {hostile: 1.0}}, LIGHT),
        portfolio_charts.values_over_days([(date(2026, 1, 1), 1.0)], hostile, LIGHT),
    ):
        assert "<a" not in figure.to_json()


def test_amounts_periods_and_facts_are_said_as_people_say_them() -> None:
    assert text.large(184_300_000, "EUR") == "EUR 184 m"
    assert text.large(3_240_000, "CHF") == "CHF 3.24 m"
    assert text.large(-18_450_000_000, "JPY").startswith("JPY -18.4")
    assert text.large(29_710, "USD") == "USD 29,710"
    assert text.period("2025-10-30..2026-10-30") == "30 Oct 2025 to 30 Oct 2026"
    assert text.period("as of 2026-10-30") == "as of 2026-10-30"
    assert text.period(None) == ""
    assert text.period("..") == ".."
    assert text.fact("risk_share.SAP.DE") == "Share of risk of SAP.DE"
    assert text.fact("risk_share.*") == "Share of risk of all"
    assert text.fact("attribution.allocation.equity") == "Attribution allocation, equity"
    assert text.fact("stress.*") == "Stress, all"
