"""What tests of portfolio pages share: a page for somebody else than the local user, and files to import."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st
from streamlit.testing.v1 import AppTest

from core.domain.actor import Actor, Role
from tests.pages.world import POSITIONS, World

VIEWER = Actor("v", "Vera", frozenset({Role.VIEWER}))

CONFLICTING = POSITIONS.replace("Apple Inc.", "Orange Growers Cooperative")
"""Says another name than the register for an ISIN that it knows."""


def drawn(view: str, portfolio_id: str) -> None:
    """The script of a page for a viewer; it runs with a source of its own, so it imports for itself."""
    from dashboard.portfolio import list as portfolio_list
    from dashboard.portfolio import view as portfolio_view
    from dashboard.shell import navigation, session
    from tests.pages.portfolio_pages import VIEWER

    app, _ = session.current()
    navigation.choose()
    if view == "detail":
        portfolio_view.detail(app, VIEWER, portfolio_id)
    else:
        portfolio_list.listing(app, VIEWER)


@contextmanager
def viewing(world: World, view: str, portfolio_id: str = "", **query: str) -> Iterator[AppTest]:
    """A portfolio's page, or the list, as somebody sees it who may only read."""
    from dashboard.shell import session

    st.cache_resource.clear()
    st.cache_data.clear()
    test = AppTest.from_function(drawn, default_timeout=30, args=(view, portfolio_id))
    for key, value in query.items():
        test.query_params[key] = value
    try:
        yield test.run()
    finally:
        session.current()[0].close()
        st.cache_resource.clear()
