"""The Attribution tab: where the difference to the benchmark comes from, in total and by segment."""

from __future__ import annotations

import streamlit as st

from core.domain.facts import Fact, FactSheet
from core.metrics.definitions import MetricGroup
from dashboard.portfolio import charts as portfolio_charts
from dashboard.portfolio.cards import missing, origin, why_not
from dashboard.portfolio.open import OpenPortfolio
from dashboard.widgets import listings, show, text

_EFFECTS = ("allocation", "selection", "interaction", "currency")
_TOTAL = "attribution.active_return"
_SEEN = 0.005
"""In percentage points; a smaller one would read as 0.00."""


def tab(one: OpenPortfolio) -> None:
    """Effects as a waterfall, then by asset class and by sector."""
    sheet = one.sheet(MetricGroup.ATTRIBUTION)
    facts = sheet.by_id()
    if _TOTAL not in facts:
        reason = next((absent.reason for absent in sheet.absent), "It could not be computed.")
        why_not(
            "No attribution",
            reason,
            "It takes a benchmark (Edit details) and prices of all its members (mosychlos prices import FILE).",
        )
        return
    _waterfall(one, facts)
    for title, middle in (("By asset class", ""), ("By sector", "sector.")):
        with st.container(border=True):
            st.subheader(title, anchor=False)
            _segments(one, sheet, middle)
    with st.container(border=True):
        st.subheader("All facts of the attribution", anchor=False, help="The numbers that a model is told.")
        listings.facts(sheet.facts, alt="Facts of the attribution with definition, period and origin")
        missing(sheet.absent)


def _waterfall(one: OpenPortfolio, facts: dict[str, Fact]) -> None:
    total = facts[_TOTAL]
    steps = [(effect, facts[f"attribution.{effect}"]) for effect in _EFFECTS if f"attribution.{effect}" in facts]
    residual = facts.get("attribution.residual")
    if residual is not None and abs(residual.value) >= _SEEN:
        steps.append(("residual", residual))
    with st.container(border=True):
        st.subheader(
            "From the benchmark to the portfolio",
            anchor=False,
            help=text.escape(text.meaning(total.definition, total.version)),
        )
        origin(total.badge, text.period(total.period), "percentage points of return")
        bars = [(text.words(effect), fact.value) for effect, fact in steps]
        one.draw(
            "waterfall",
            f"Waterfall to an active return of {total.value:+.2f} percentage points: "
            + ", ".join(f"{name} {value:+.2f}" for name, value in bars),
            lambda colours: portfolio_charts.waterfall(bars, ("Active return", total.value), colours),
        )
        show.same_as_table(
            lambda: {
                "Effect": [*(name for name, _ in bars), "Active return"],
                "Percentage points": [*(f"{value:+.2f}" for _, value in bars), f"{total.value:+.2f}"],
                "Definition": [*(fact.definition for _, fact in steps), total.definition],
            },
            key="waterfall",
            alt="Effects and the active return",
        )


def _segments(one: OpenPortfolio, sheet: FactSheet, middle: str) -> None:
    """Of asset classes (`middle` is "") or of sectors ("sector.")."""
    effects: dict[str, dict[str, float]] = {}
    for effect in _EFFECTS:
        prefix = f"attribution.{effect}.{middle}"
        found = {
            text.words(fact.metric_id.removeprefix(prefix)): fact.value
            for fact in sheet.facts
            if fact.metric_id.startswith(prefix) and "." not in fact.metric_id.removeprefix(prefix)
        }
        if found:
            effects[text.words(effect)] = found
    names = list({name: None for found in effects.values() for name in found})
    if not names:
        reason = next(
            (
                absent.reason
                for absent in sheet.absent
                if absent.metric_id.startswith(f"attribution.allocation.{middle}")
            ),
            "Not computed: a member of the benchmark has no sector in the register, as funds have none.",
        )
        st.caption(text.escape(reason))
        return
    totals = {name: sum(found.get(name, 0.0) for found in effects.values()) for name in names}
    ranked = sorted(names, key=lambda name: -abs(totals[name]))
    seen = {effect: found for effect, found in effects.items() if any(abs(value) >= _SEEN for value in found.values())}
    one.draw(
        f"segments_{middle}",
        "Bars of the effects by segment: " + ", ".join(f"{name} {totals[name]:+.2f} pp" for name in ranked[:3]),
        lambda colours: portfolio_charts.segments(seen or effects, colours),
    )
    show.same_as_table(
        lambda: {
            "Segment": ranked,
            **{effect: [f"{found.get(name, 0.0):+.2f} pp" for name in ranked] for effect, found in effects.items()},
            "Together": [f"{totals[name]:+.2f} pp" for name in ranked],
        },
        key=f"segments_{middle}",
        alt="Effects by segment in percentage points",
    )
