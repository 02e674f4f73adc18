"""Portfolios: bring them in, find one, and see what it holds."""

import streamlit as st

from dashboard.portfolio import imports
from dashboard.portfolio import list as portfolio_list
from dashboard.portfolio import view as portfolio_view
from dashboard.shell import navigation, session

app, actor = session.current()

chosen = navigation.parameter("portfolio")
if chosen:
    portfolio_view.detail(app, actor, chosen)
else:
    st.title("Portfolios", anchor=False)
    listing, importing = st.tabs(imports.TABS, key=imports.TAB_KEY, on_change="rerun", bind="query-params")
    if listing.open:
        with listing:
            portfolio_list.listing(app, actor)
    if importing.open:
        with importing:
            imports.form(app, actor)
