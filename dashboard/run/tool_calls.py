"""What a model called while it answered, what it was told, and the web pages it cites. All of it is data: escaped."""

from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import Decimal

import streamlit as st

from core.domain.tools import WEB_SEARCH, Citation, ToolUse
from dashboard.widgets import listings, text
from dashboard.widgets.show import code


def show(uses: Sequence[ToolUse], citations: Sequence[Citation], *, key: str) -> None:
    """A closed part of the page; nothing where no tool was called."""
    if not uses and not citations:
        return
    searches = sum(use.call.name == WEB_SEARCH for use in uses)
    label = text.count(len(uses), "tool call")
    label += f", {text.count(len(citations), 'web page')} cited" if citations else ""
    part = st.expander(label, icon=":material/build:", key=f"{key}_tools", on_change="rerun")
    if not part.open:
        return
    with part:
        for use in uses:
            _call(use)
        if searches:
            st.caption(text.escape(_price(uses)))
        _pages(citations)


def _call(use: ToolUse) -> None:
    outcome = f"error: {use.error}" if use.error else f"{text.count(len(use.facts), 'figure')}; {use.source}"
    st.markdown(f"**{use.number}. {text.escape(use.call.name)}** · {text.escape(outcome)}")
    code(_indented(use.call.arguments), language="json")
    if use.facts:
        listings.table(
            {
                "Figure": [fact.metric_id for fact in use.facts],
                "Value": [listings.shown(fact) for fact in use.facts],
                "Period": [text.period(fact.period) for fact in use.facts],
                "What it is": [fact.definition for fact in use.facts],
            },
            alt=f"What {use.call.name} told the model",
        )


def _price(uses: Sequence[ToolUse]) -> str:
    prices = [use.cost_usd for use in uses if use.call.name == WEB_SEARCH]
    known = [price for price in prices if price is not None]
    said = text.count(len(prices), "web search", "web searches")
    if len(known) < len(prices):
        return f"{said}; their price is not known, so the cost shown is without them."
    return f"{said} for {text.usd(sum(known, Decimal(0)))}, part of the cost shown."


def _pages(citations: Sequence[Citation]) -> None:
    shown = list(dict.fromkeys((one.title, one.url) for one in citations))
    if shown:
        # Addresses are shown and never links: a model chose them.
        listings.table(
            {"Title": [title for title, _ in shown], "Address": [url for _, url in shown]},
            alt="Web pages that the answer cites",
        )


def _indented(arguments: str) -> str:
    try:
        return json.dumps(json.loads(arguments), indent=1, ensure_ascii=False)
    except ValueError:
        return arguments
