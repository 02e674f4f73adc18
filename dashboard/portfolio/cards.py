"""Facts as cards: the value in large ink, where it comes from below it, and its definition on hover."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import streamlit as st

from core.domain.facts import AbsentFact, Fact, FactSheet
from core.domain.units import Badge, Unit
from core.metrics.doubts import DOUBT
from core.metrics.thresholds import INTERVAL_LEVEL
from dashboard.widgets import listings, states, text

_SHORT = {
    "var_95_1d": "VaR 95 %",
    "cvar_95_1d": "Shortfall 95 %",
    "var_99_1d": "VaR 99 %",
    "cvar_99_1d": "Shortfall 99 %",
    "var_95_1d_normal": "VaR, normal",
    "cvar_95_1d_normal": "Shortfall, normal",
    "benchmark_correlation": "Correlation",
    "diversification_ratio": "Diversification",
    "average_correlation": "Mean correlation",
    "downside_deviation": "Downside dev.",
    "sharpe_over_short_rate": "Sharpe over rate",
    "sortino_over_short_rate": "Sortino over rate",
    "max_drawdown": "Max. drawdown",
    "lookthrough.fund_weight": "In funds",
    "lookthrough.coverage": "Looked through",
    "lookthrough.data_age": "Oldest report",
    "lookthrough.issuer_top1_weight": "Largest issuer",
    "lookthrough.issuer_effective_n": "Effective issuers",
}
"""Names that fit on a card; the definition is behind its question mark."""


def cards(sheet: FactSheet, metric_ids: Sequence[str], *, columns: int | None = None) -> None:
    """A card for each metric; one that could not be computed shows none, and why on hover.

    Args:
        columns: Of the grid, so that several rows have cards of one size; as many as there are cards where None.
    """
    facts = sheet.by_id()
    reasons = {absent.metric_id: absent.reason for absent in sheet.absent}
    with st.grid(columns or len(metric_ids), min_column_width=145 if columns else 165):
        for metric_id in metric_ids:
            fact = facts.get(metric_id)
            if fact is not None:
                low, high = facts.get(f"{metric_id}.low"), facts.get(f"{metric_id}.high")
                card(fact, (low, high) if low is not None and high is not None else None)
            else:
                reason = reasons.get(metric_id, "It was not asked for.")
                st.metric(
                    text.escape(_name(metric_id)), text.NONE, "not computed", delta_color="off", delta_arrow="off",
                    border=True, height="stretch", help=text.escape(reason),
                )  # fmt: skip


def card(fact: Fact, between: tuple[Fact, Fact] | None = None) -> None:
    """One fact.

    Args:
        between: The ends of its interval, where they are known.
    """
    look = states.BADGE[fact.badge]
    is_money = fact.unit is Unit.CCY
    shown = text.large(fact.value, fact.currency or "") if is_money else listings.shown(fact)
    more = (f" {listings.shown(fact)}" if is_money else "") + (f" ({text.period(fact.period)})" if fact.period else "")
    if between is not None:
        more += f" {100 * INTERVAL_LEVEL:g} % interval: {' to '.join(listings.shown(one) for one in between)}."
    st.metric(
        text.escape(_name(fact.metric_id)),
        text.escape(shown),
        look.word,
        delta_color=look.colour,
        delta_arrow="off",
        border=True,
        height="stretch",
        help=text.escape(f"{text.meaning(fact.definition, fact.version)}{more}"),
    )


def _name(metric_id: str) -> str:
    return _SHORT.get(metric_id) or text.fact(metric_id)


def missing(absent: Iterable[AbsentFact]) -> None:
    """Doubts about prices, and what could not be computed, by reason: many metrics often lack the same thing."""
    by_reason: dict[str, list[str]] = {}
    for one in absent:
        if one.metric_id.startswith(DOUBT):
            st.markdown(f":orange[:material/warning:] {text.escape(one.reason)}")
            continue
        by_reason.setdefault(one.reason, []).append(text.fact(one.metric_id))
    if not by_reason:
        return
    total = sum(len(names) for names in by_reason.values())
    with st.expander(f"Not computed: {text.count(total, 'figure')}", icon=":material/block:"):
        listings.table(
            {"Figures": [", ".join(names) for names in by_reason.values()], "Why": list(by_reason)},
            alt="Figures that could not be computed, and why",
        )


def why_not(title: str, reason: str, remedy: str = "") -> None:
    """One calm sentence in the place of a chart that cannot be drawn."""
    with st.container(border=True):
        st.markdown(f":material/block: **{title}**")
        st.markdown(text.escape(reason))
        if remedy:
            st.caption(text.escape(remedy))


def origin(badge: Badge, *more: str) -> None:
    """A line below a title: where the figures come from, and what else a reader must know of them."""
    st.markdown(f"{states.BADGE[badge].badge} {text.escape(' · '.join(part for part in more if part))}")
