"""Explore: one run's answers side by side, to see where the risks lie."""

import streamlit as st

from dashboard import explore, session

app, actor = session.current()

st.title("Explore", anchor=False)
job = explore.choose(app, actor)
if job is not None:
    explore.levels_and_risks(app, actor, job)
    explore.heat_map(app, actor, job)
    explore.concentration(app, actor, job)
