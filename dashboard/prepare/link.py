"""What a link to the Prepare page asks for, and what its own buttons change: written before the inputs are drawn.

`/prepare?kind=risk,compliance&model=gpt-5.4-mini&portfolio=ID` chooses all three; each may be left out. The list of
portfolios hands over its choice in the session under `WHICH` and `CHOSEN`.
"""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.app import App
from core.domain.analysis import Kind
from dashboard.shell import navigation

WHICH, CHOSEN = "prepare_which", "prepare_chosen"
KINDS, MODELS = "prepare_kinds", "prepare_models"
FALLBACK = "prepare_fallback"

_SEEN = "prepare_link"


def follow(app: App) -> None:
    """Take up a link, once: what the reader changes afterwards stays."""
    asked = {name: navigation.parameter(name) for name in ("portfolio", "kind", "model")}
    if not any(asked.values()) or st.session_state.get(_SEEN) == asked:
        return
    st.session_state[_SEEN] = asked
    if asked["portfolio"]:
        named = asked["portfolio"].split(",")
        kept = st.session_state.get(CHOSEN, [])
        # Chosen on the Portfolios page: the address carries only the first of them.
        if not (st.session_state.get(WHICH) == "Chosen" and kept[:1] == named):
            st.session_state[WHICH], st.session_state[CHOSEN] = "Chosen", named
    known = set(app.kinds())
    kinds = [Kind(name) for name in asked["kind"].split(",") if name in known]
    if kinds:
        st.session_state[KINDS] = kinds
    if asked["model"]:
        st.session_state[MODELS] = asked["model"].split(",")


def choose(kinds: Sequence[Kind], portfolio_ids: Sequence[str]) -> None:
    """Ask for other analyses of some portfolios; for a button."""
    st.session_state[KINDS] = list(kinds)
    keep(portfolio_ids)


def keep(portfolio_ids: Sequence[str]) -> None:
    """Ask about these portfolios alone; for a button."""
    st.session_state[WHICH], st.session_state[CHOSEN] = "Chosen", list(portfolio_ids)


def exchange(asked: str, model: str) -> None:
    """Ask one model in place of another; for a button."""
    models = [model if one == asked else one for one in st.session_state.get(MODELS, [])]
    st.session_state[MODELS] = list(dict.fromkeys(models))
