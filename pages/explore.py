"""Explore: one run's answers side by side, to see where to look."""

import streamlit as st

from dashboard.explore import page as explore
from dashboard.shell import session

app, actor = session.current()

st.title("Explore", anchor=False)
scope = explore.choose(app, actor)
if scope is not None:
    explore.headline(app, actor, scope)
    explore.spread(app, actor, scope)
    explore.matrix(app, actor, scope)
    explore.flagged(app, actor, scope)
    explore.concentration(app, actor, scope)
