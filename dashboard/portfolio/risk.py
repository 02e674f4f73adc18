"""The Risk tab: figures with their definitions, who carries the risk, what moves together, what scenarios would do."""

from __future__ import annotations

import numpy as np
import streamlit as st

from core.domain.facts import FactSheet
from core.metrics.definitions import MetricGroup
from core.metrics.metric_definitions import BENCHMARK_METRICS, CONTRIBUTION_METRICS, SHORT_RATE_METRICS
from core.metrics.scenarios import scenarios
from dashboard.portfolio import charts as portfolio_charts
from dashboard.portfolio.cards import cards, missing, origin, why_not
from dashboard.portfolio.open import OpenPortfolio
from dashboard.widgets import listings, show, text

_RETURN_AND_RISK = ("annual_return", "volatility", "sharpe", "sortino", "downside_deviation", "max_drawdown")
_TAILS = ("var_95_1d", "cvar_95_1d", "var_99_1d", "cvar_99_1d", "var_95_1d_normal", "cvar_95_1d_normal")
_LINES = 12
_POSITIONS = 12
_SEEN = 0.05
"""In percent; a smaller change would be drawn as no bar and read as 0.0."""
_NAMES = {one.scenario_id: one.name for one in scenarios()}


def tab(one: OpenPortfolio) -> None:
    """Everything about risk."""
    sheet = one.sheet(
        MetricGroup.HISTORY, MetricGroup.BENCHMARK, MetricGroup.CONTRIBUTIONS, MetricGroup.STRESS, MetricGroup.INTERVALS
    )
    facts = sheet.by_id()
    _figures(sheet)
    if _has_history(sheet):
        left, right = st.columns(2, gap="medium")
        with left, st.container(border=True, height="stretch"):
            _contributions(one, sheet)
        with right, st.container(border=True, height="stretch"):
            _together(one)
    with st.container(border=True):
        _stress(one, sheet)
    with st.container(border=True):
        st.subheader(
            "All facts of risk",
            anchor=False,
            help="A model is told these, but no intervals and nothing over the short rate.",
        )
        listings.facts(list(facts.values()), alt="Facts of risk with definition, period and origin")
        missing(sheet.absent)


def _has_history(sheet: FactSheet) -> bool:
    return "volatility" in sheet.by_id()


def _figures(sheet: FactSheet) -> None:
    reasons = {absent.metric_id: absent.reason for absent in sheet.absent}
    if not _has_history(sheet):
        why_not("No history to measure risk with", reasons["volatility"], "Load prices: mosychlos prices import FILE.")
        return
    with st.container(border=True):
        for title, metric_ids in (
            ("Return and risk", _RETURN_AND_RISK),
            ("Over the short rate of the base currency", tuple(SHORT_RATE_METRICS)),
            ("One-day losses on bad days", _TAILS),
            ("Against the benchmark", tuple(BENCHMARK_METRICS)),
            ("How the lines act together", tuple(CONTRIBUTION_METRICS)),
        ):
            st.markdown(f"**{title}**")
            if all(metric_id in reasons for metric_id in metric_ids):
                st.caption(text.escape(reasons[metric_ids[0]]))
                continue
            cards(sheet, metric_ids, columns=6)


def _contributions(one: OpenPortfolio, sheet: FactSheet) -> None:
    st.subheader(
        "Who carries the risk", anchor=False,
        help="Share of each line in the portfolio's variance, beside its weight; a negative share lowers the risk.",
    )  # fmt: skip
    facts = sheet.by_id()
    weights = {line.holding_id: line for line in sheet.holdings}
    rows = [
        (fact.metric_id.removeprefix("risk_share."), fact.value)
        for fact in sheet.facts
        if fact.metric_id.startswith("risk_share.")
    ]
    if not rows:
        reason = next((absent.reason for absent in sheet.absent if absent.metric_id.startswith("risk_share.")), "")
        st.caption(text.escape(reason or "No line has a price history."))
        return
    told = facts[f"risk_share.{rows[0][0]}"]
    origin(told.badge, text.period(told.period))
    ranked = sorted(
        ((name, weights[name].weight_pct, share) for name, share in rows if name in weights),
        key=lambda row: -abs(row[2]),
    )
    one.draw(
        "risk_shares",
        "Bars of each line's share of risk beside its weight: "
        + ", ".join(f"{name} {share:.1f} % of risk at {weight:.1f} % of value" for name, weight, share in ranked[:3]),
        lambda colours: portfolio_charts.risk_and_weight(ranked[:_LINES], colours),
    )
    if len(ranked) > _LINES:
        st.caption(f"The {_LINES} largest of {len(ranked)} lines; all are in the table.")
    show.same_as_table(
        lambda: {
            "Holding": [name for name, _, _ in ranked],
            "Weight": [f"{weight:.2f} %" for _, weight, _ in ranked],
            "Share of risk": [f"{share:.2f} %" for _, _, share in ranked],
        },
        key="risk_shares",
        alt="Each line's weight and share of risk",
    )


def _together(one: OpenPortfolio) -> None:
    st.subheader(
        "What moves together", anchor=False, help="Correlations of daily returns in base currency, without cash."
    )
    sheet = one.sheet(MetricGroup.HOLDINGS)
    largest = sorted(
        sheet.holdings, key=lambda line: -abs(line.weight_pct) if line.weight_pct == line.weight_pct else 0.0
    )
    ids = tuple(line.holding_id for line in largest if line.asset_class != "cash")[:_POSITIONS]
    found = one.together(ids)
    if found.matrix is None:
        st.caption(text.escape(found.why))
        return
    matrix = found.matrix
    origin(matrix.badge, f"{matrix.count:,} daily returns to {text.day(matrix.last)}")
    pairs = matrix.pairs()
    said = f": the most alike are {pairs[0][0]} and {pairs[0][1]} at {pairs[0][2]:.2f}" if pairs else ""
    one.draw(
        "correlations",
        f"Heat map of correlations of {len(matrix.ids)} positions{said}",
        lambda colours: portfolio_charts.correlations(matrix.ids, matrix.values, colours),
    )
    if found.left_out:
        st.caption(f"The {len(matrix.ids)} largest positions; {found.left_out} smaller ones are left out.")
    show.same_as_table(
        lambda: {
            "Holding": list(matrix.ids),
            **{
                name: ["" if np.isnan(value) else f"{value:.2f}" for value in matrix.values[:, place]]
                for place, name in enumerate(matrix.ids)
            },
        },
        key="correlations",
        alt="Correlations of the positions",
    )


def _stress(one: OpenPortfolio, sheet: FactSheet) -> None:
    st.subheader(
        "What scenarios would do", anchor=False,
        help="Change in percent of total value: replays of past windows, and shocks. No scenario is a forecast.",
    )  # fmt: skip
    found = [fact for fact in sheet.facts if fact.metric_id.startswith("stress.")]
    if found:
        rows = [(_name(fact.metric_id), fact.value) for fact in found]
        worst = min(rows, key=lambda row: row[1])
        weakest = "simulated" if any(fact.badge == "simulated" for fact in found) else found[0].badge
        origin(next(fact.badge for fact in found if fact.badge == weakest))
        if any(abs(value) >= _SEEN for _, value in rows):
            one.draw(
                "stress",
                f"Bars of the change of value by scenario: the worst is {worst[0]} at {worst[1]:+.1f} %",
                lambda colours: portfolio_charts.tornado(rows, colours),
            )
        else:
            st.caption(f"Nothing would change in {text.count(len(rows), 'scenario')}.")
        show.same_as_table(
            lambda: {
                "Scenario": [_name(fact.metric_id) for fact in found],
                "Change of value": [f"{fact.value:+.2f} %" for fact in found],
                "Window": [fact.period or "shock" for fact in found],
                "Origin": [fact.badge.value for fact in found],
            },
            key="stress",
            alt="Change of value by scenario",
        )
    absent = [reason for reason in sheet.absent if reason.metric_id.startswith("stress.")]
    if absent:
        show.same_as_table(
            lambda: {
                "Scenario": [_name(reason.metric_id) for reason in absent],
                "Why it is not computed": [reason.reason for reason in absent],
            },
            key="stress_absent",
            label=f"Not computed: {text.count(len(absent), 'scenario')}",
            icon=":material/block:",
            alt="Scenarios that could not be computed, and why",
        )


def _name(metric_id: str) -> str:
    scenario = metric_id.removeprefix("stress.")
    return _NAMES.get(scenario, text.words(scenario))
