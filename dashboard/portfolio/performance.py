"""The Performance tab: what the present holdings would have returned beside a benchmark, and what the account did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import streamlit as st

from core.desk.portfolio_figures import PortfolioPast
from core.domain.facts import FactSheet
from core.metrics.calendar_years import YearReturn
from core.metrics.definitions import MetricGroup, definition_of
from core.metrics.metric_definitions import FLOW_METRICS, PERIODS
from core.metrics.tools import ReturnSeries
from dashboard.portfolio import charts as portfolio_charts
from dashboard.portfolio import tables as portfolio_tables
from dashboard.portfolio.cards import cards, missing, origin, why_not
from dashboard.portfolio.charts import BENCHMARK, OWN, Days, Floats
from dashboard.portfolio.open import OpenPortfolio
from dashboard.widgets import show, text

_NAMES = {
    "1m": "1 month",
    "3m": "3 months",
    "6m": "6 months",
    "ytd": "Year to date",
    "1y": "1 year",
    "3y": "3 years, p.a.",
    "5y": "5 years, p.a.",
    "si": "Whole history, p.a.",
}
_ROLLING_DAYS = 63
_TABLE_ROWS = 60
"""Month ends of five years: a table of every day would not be read."""

_HONEST = (
    "What the present holdings would have returned, their weights rebalanced daily, before costs: "
    "not what the account did."
)


def tab(one: OpenPortfolio) -> None:
    """Returns by period, over time and by year; the depth of losses; the account's own returns."""
    past = one.past()
    if past.own is None:
        why_not(
            "No history to draw",
            past.why,
            "Load daily prices: mosychlos prices import FILE. Then this page draws returns, drawdowns and risk.",
        )
    else:
        _over_time(one, past, past.own)
        sheet = one.sheet(MetricGroup.PERIODS)
        left, right = st.columns(2, gap="medium")
        with left, st.container(border=True, height="stretch"):
            st.subheader("Returns by period", anchor=False, help=_HONEST)
            _periods(sheet)
        with right, st.container(border=True, height="stretch"):
            _years(one, past)
        left, right = st.columns(2, gap="medium")
        with left, st.container(border=True, height="stretch"):
            _drawdown(one, past, past.own)
        with right, st.container(border=True, height="stretch"):
            _rolling(one, past, past.own)
        missing(sheet.absent)
    flows = one.sheet(MetricGroup.FLOWS)
    with st.container(border=True):
        st.subheader(
            "The account itself", anchor=False,
            help="From the values of stored days and the outside money that the source names.",
        )  # fmt: skip
        cards(flows, list(FLOW_METRICS))
        missing(flows.absent)


def _over_time(one: OpenPortfolio, past: PortfolioPast, own: ReturnSeries) -> None:
    with st.container(border=True):
        st.subheader("Cumulative return", anchor=False)
        origin(past.benchmark.badge if past.benchmark else own.badge, _span(own))
        lines = _cumulative(past, own)
        one.draw(
            "cumulative",
            "Line of the cumulative return: "
            + "; ".join(f"{name} {values[-1]:+.1f} % at the end" for name, _, values in lines),
            lambda colours: portfolio_charts.over_time(lines, colours, height=340),
        )
        st.caption(_HONEST)
        if past.benchmark is None:
            st.caption(f"No benchmark is drawn: {text.escape(past.why_no_benchmark)}")
        show.same_as_table(lambda: _months(lines), key="cumulative", alt="Cumulative return at the end of each month")


def _cumulative(past: PortfolioPast, own: ReturnSeries) -> list[tuple[str, Days, Floats]]:
    """In percent. A benchmark that begins later starts where the portfolio stands on that day."""
    grown = own.cumulative()
    lines = [(OWN, own.days, 100.0 * grown)]
    if past.benchmark is not None:
        start = own.days.size - past.benchmark.days.size
        other = (1.0 + grown[start]) * (1.0 + past.benchmark.cumulative()) - 1.0
        lines.append((BENCHMARK, past.benchmark.days, 100.0 * other))
    return lines


def _drawdown(one: OpenPortfolio, past: PortfolioPast, own: ReturnSeries) -> None:
    st.subheader("Drawdown", anchor=False, help="How far below the highest value so far.")
    lines = [(OWN, own.days, 100.0 * own.drawdown())]
    if past.benchmark is not None:
        lines.append((BENCHMARK, past.benchmark.days, 100.0 * past.benchmark.drawdown()))
    deepest = int(np.argmin(lines[0][2]))
    one.draw(
        "drawdown",
        f"Area of the drawdown: the deepest is {lines[0][2][deepest]:.1f} % on {lines[0][1][deepest]}",
        lambda colours: portfolio_charts.drawdowns(lines, colours),
    )
    show.same_as_table(lambda: _months(lines), key="drawdown", alt="Drawdown at the end of each month")


def _rolling(one: OpenPortfolio, past: PortfolioPast, own: ReturnSeries) -> None:
    st.subheader(
        "Rolling volatility", anchor=False,
        help=f"Standard deviation of the last {_ROLLING_DAYS} daily returns, a year.",
    )  # fmt: skip
    known = own.returns.size >= _ROLLING_DAYS
    if not known:
        st.caption(f"It takes {_ROLLING_DAYS} returns, and the history has {own.returns.size}.")
        return
    lines = [(OWN, own.days, 100.0 * own.rolling_volatility(_ROLLING_DAYS))]
    if past.benchmark is not None and past.benchmark.returns.size >= _ROLLING_DAYS:
        lines.append((BENCHMARK, past.benchmark.days, 100.0 * past.benchmark.rolling_volatility(_ROLLING_DAYS)))
    one.draw(
        "rolling",
        f"Line of the volatility over {_ROLLING_DAYS} days: now {lines[0][2][-1]:.1f} % a year",
        lambda colours: portfolio_charts.over_time(lines, colours, height=260, zero=False),
    )
    show.same_as_table(lambda: _months(lines), key="rolling", alt="Rolling volatility at the end of each month")


def _periods(sheet: FactSheet) -> None:
    facts = sheet.by_id()

    def value(family: str, period: str) -> float | None:
        found = facts.get(f"{family}.{period}")
        # Minus zero would be shown with its sign.
        return round(found.value, 2) + 0.0 if found else None

    rows = [
        (_NAMES[period], value("return", period), value("benchmark_return", period), value("excess_return", period))
        for period in PERIODS
    ]
    told = next(iter(sheet.facts), None)
    if told is not None:
        origin(told.badge, "benchmark beside it" if value("benchmark_return", "1y") is not None else "")
    definition = definition_of("return.1y")
    portfolio_tables.periods(rows, definition=definition.text if definition else "")


def _years(one: OpenPortfolio, past: PortfolioPast) -> None:
    st.subheader("Calendar years", anchor=False, help=_HONEST)
    others = {year.year: year for year in past.benchmark_years}
    rows = [(_year(year), 100.0 * year.value, _percent(others.get(year.year))) for year in past.years]
    one.draw(
        "years",
        "Bars by calendar year: " + ", ".join(f"{label} {own:+.1f} %" for label, own, _ in rows),
        lambda colours: portfolio_charts.years(rows, colours),
    )
    if not all(year.whole for year in past.years):
        st.caption(r"\* Not a whole year.")
    show.same_as_table(
        lambda: {
            "Year": [label for label, _, _ in rows],
            OWN: [f"{own:+.2f} %" for _, own, _ in rows],
            BENCHMARK: ["" if other is None else f"{other:+.2f} %" for _, _, other in rows],
            "Days": [f"{text.day(year.first)} to {text.day(year.last)}" for year in past.years],
        },
        key="years",
        alt="Returns by calendar year",
    )


def _year(one: YearReturn) -> str:
    return f"{one.year}" if one.whole else f"{one.year} *"


def _percent(one: YearReturn | None) -> float | None:
    return None if one is None else 100.0 * one.value


def _span(series: ReturnSeries) -> str:
    first, last = (text.day(day.astype("datetime64[D]").item()) for day in (series.days[0], series.days[-1]))
    return f"{first} to {last}, {series.returns.size:,} daily returns"


def _months(lines: Sequence[tuple[str, Days, Floats]]) -> Mapping[str, Sequence[Any]]:
    """The last known value of each of the last sixty months, the newest first."""
    days = lines[0][1]
    months = days.astype("datetime64[M]")
    ends = np.flatnonzero(np.append(months[1:] != months[:-1], True))[::-1][:_TABLE_ROWS]
    columns: dict[str, list[str]] = {"Day": [str(days[place]) for place in ends]}
    for name, own_days, values in lines:
        by_day = dict(zip(own_days.astype(str).tolist(), values.tolist(), strict=True))
        columns[name] = [_shown(by_day.get(str(days[place]))) for place in ends]
    return columns


def _shown(value: float | None) -> str:
    return text.NONE if value is None or np.isnan(value) else f"{value:.2f} %"
