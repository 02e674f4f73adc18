"""One portfolio: what it is, and tabs of which only the open one is computed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import streamlit as st

from core.app import App
from core.domain.actor import Actor
from core.metrics.definitions import MetricGroup
from dashboard.portfolio import (
    attribution as portfolio_attribution,
)
from dashboard.portfolio import (
    head as portfolio_head,
)
from dashboard.portfolio import (
    history as portfolio_history,
)
from dashboard.portfolio import (
    holdings as portfolio_holdings,
)
from dashboard.portfolio import (
    look_through as portfolio_look_through,
)
from dashboard.portfolio import (
    performance as portfolio_performance,
)
from dashboard.portfolio import (
    risk as portfolio_risk,
)
from dashboard.portfolio import (
    rules as portfolio_rules,
)
from dashboard.portfolio.cards import cards
from dashboard.portfolio.open import OpenPortfolio, open_portfolio
from dashboard.shell import navigation
from dashboard.widgets import text

DAY = "day"
"""Name of the stored day in the address."""

TAB = "portfolio_tab"

_PICKER = "portfolio_day"
_HEADLINE = ("total_value", "holdings_count", "top10_weight", "effective_n")
_TABS: dict[str, Callable[[OpenPortfolio], None]] = {
    "Holdings": portfolio_holdings.tab,
    "Funds": portfolio_look_through.tab,
    "Performance": portfolio_performance.tab,
    "Risk": portfolio_risk.tab,
    "Attribution": portfolio_attribution.tab,
    "Rules": portfolio_rules.tab,
    "History": portfolio_history.tab,
}


def detail(app: App, actor: Actor, portfolio_id: str) -> None:
    """A portfolio on the day in the address, or on its newest."""
    days = app.portfolios.days(actor, portfolio_id)
    st.page_link(navigation.page("portfolios"), label="All portfolios", icon=":material/arrow_back:")
    place = st.container()
    wanted = _wanted(days)
    one = open_portfolio(app, actor, portfolio_id, wanted, days)
    with place:
        portfolio_head.head(one, pick_day=lambda: _pick(days, one.as_of))
    if not one.is_newest:
        st.info(
            f"This is the snapshot of {text.day(one.as_of)}. The newest is of {text.day(days[-1])}.",
            icon=":material/history:",
        )
    cards(one.sheet(MetricGroup.HOLDINGS), _HEADLINE)
    for tab, (_, draw) in zip(
        st.tabs(list(_TABS), key=TAB, on_change="rerun", bind="query-params"), _TABS.items(), strict=True
    ):
        if tab.open:
            with tab:
                draw(one)


def _wanted(days: list[date]) -> date | None:
    """The day in the address; the newest where there is none, or where none is stored."""
    said = navigation.parameter(DAY)
    if not said:
        return None
    found = next((day for day in days if day.isoformat() == said), None)
    if found is None and days:
        st.warning(
            f"No snapshot of {text.escape(text.short(said, 20))} is stored; the newest is shown.",
            icon=":material/event_busy:",
        )
    return found


def _pick(days: list[date], shown: date) -> None:
    """A picker of stored days, where there are several; a choice goes into the address."""
    if len(days) < 2:
        return
    options = list(reversed(days))
    st.session_state[_PICKER] = shown

    def note() -> None:
        chosen = st.session_state[_PICKER]
        if chosen == days[-1]:
            st.query_params.pop(DAY, None)
        else:
            st.query_params[DAY] = chosen.isoformat()

    st.selectbox(
        "Snapshot", options, format_func=text.day, key=_PICKER, width=180, on_change=note,
        help="Each imported day is kept; a newer one never replaces an older one.",
    )  # fmt: skip
