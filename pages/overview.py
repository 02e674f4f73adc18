"""Overview: what needs somebody, what runs, what it costs, what came back, and where to begin."""

import streamlit as st

from dashboard.overview import page as overview
from dashboard.shell import session

app, actor = session.current()

if not app.jobs.count(actor) and not app.portfolios.count(actor):
    overview.first_visit(app, actor)
else:
    st.title("Overview", anchor=False)
    overview.attention(app, actor)
    overview.headline(app, actor)
    left, right = st.columns([2, 1], gap="medium")
    with left:
        overview.in_progress(app, actor)
        overview.latest(app, actor)
    with right:
        overview.cost(app, actor)
