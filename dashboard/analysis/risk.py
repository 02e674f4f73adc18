"""What is particular to a risk analysis: the risks, losses in scenarios, value at risk in words, limits."""

from __future__ import annotations

import streamlit as st

from dashboard.analysis.answer import AnswerPlaces
from dashboard.analysis.parts import badge, heading
from dashboard.portfolio import charts as portfolio_charts
from dashboard.widgets import listings, show, states, text
from dashboard.widgets.states import StateLook

_LIMITS = {
    "within": StateLook("within", ":material/check_circle:", "green"),
    "near": StateLook("near limit", ":material/warning:", "orange"),
    "breach": StateLook("breach", ":material/gpp_bad:", "red"),
}


def draw(answer: AnswerPlaces) -> None:
    """All parts, the gravest first."""
    _risks(answer)
    _stress(answer)
    _value_at_risk(answer)
    _limits(answer)


def _risks(answer: AnswerPlaces) -> None:
    risks = answer.parts("risks")
    if not risks:
        return
    heading("Risks")
    gravest = sorted(range(len(risks)), key=lambda place: -_gravity(str(risks[place].get("severity", ""))))
    for place in gravest:
        risk, path = risks[place], f"risks[{place}]"
        with st.container(border=True, gap="xsmall"):
            name = text.escape(text.words(str(risk.get("risk_type", ""))))
            severity = badge(str(risk.get("severity", "")), states.SEVERITY)
            st.markdown(f"**{name}** {severity} {text.escape(risk.get('likelihood', ''))}")
            answer.say(risk.get("explanation"), f"{path}.explanation")
            answer.chips(risk.get("metrics") or [], f"{path}.metrics")
            answer.say(risk.get("mitigation"), f"{path}.mitigation", label="What could be done:")
            drivers = risk.get("driver_ids") or []
            if drivers:
                st.caption(text.escape(f"Driven by {answer.names(drivers)}"))
            answer.flags(path)


def _gravity(severity: str) -> int:
    return states.SEVERITIES.index(severity) if severity in states.SEVERITIES else -1


def _stress(answer: AnswerPlaces) -> None:
    tests = answer.parts("stress_tests")
    if not tests:
        return
    heading("Losses in scenarios")
    bars = [
        (text.words(str(test.get("scenario_id", ""))), value)
        for test in tests
        if (value := answer.value(test.get("loss") or {})) is not None
    ]
    if len(bars) > 1:
        said = ", ".join(f"{name} {value:.1f} %" for name, value in bars)
        show.chart(portfolio_charts.tornado(bars, show.colours()), key="item_stress", alt=f"Scenarios: {said}")
    for place, test in enumerate(tests):
        path = f"stress_tests[{place}]"
        with st.container(border=True, gap="xsmall"):
            st.markdown(f"**{text.escape(text.words(str(test.get('scenario_id', ''))))}**")
            answer.chip_alone(test.get("loss") or {}, f"{path}.loss")
            answer.say(test.get("comment"), f"{path}.comment")
            drivers = test.get("main_driver_ids") or []
            if drivers:
                st.caption(text.escape(f"Mostly through {answer.names(drivers)}"))
            answer.flags(path)
    answer.flags("stress_tests")


def _value_at_risk(answer: AnswerPlaces) -> None:
    statement = answer.analysis.get("var_statement") or {}
    if not statement.get("plain_language"):
        return
    heading("Value at risk")
    with st.container(border=True, gap="xsmall"):
        answer.say(statement["plain_language"], "var_statement.plain_language")
        answer.chips(statement.get("metrics") or [], "var_statement.metrics")
        method = text.words(str(statement.get("method", "")))
        level, days = statement.get("confidence_pct"), statement.get("horizon_days")
        if statement.get("metrics"):  # without a figure the three fields say nothing
            st.caption(text.escape(f"{method}, {level:g} % confidence, {text.count(int(days or 0), 'day')}"))
        answer.flags("var_statement")


def _limits(answer: AnswerPlaces) -> None:
    limits = answer.parts("limit_breaches")
    if not limits:
        return
    heading("Limits")
    listings.table(
        {
            "Limit": [str(one.get("limit_id", "")) for one in limits],
            "Status": [_LIMITS[status].word if (status := str(one.get("status", ""))) in _LIMITS else status
                       for one in limits],
            "Measured": [answer.cell(one.get("measured") or {}, f"limit_breaches[{place}].measured")
                         for place, one in enumerate(limits)],
            "Allowed": [answer.cell(one.get("limit") or {}, f"limit_breaches[{place}].limit")
                        for place, one in enumerate(limits)],
        },
        alt="Limits and where the portfolio stands against them",
    )  # fmt: skip
    answer.flags("limit_breaches")
