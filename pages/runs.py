"""Runs: every job, found by search and state, with progress and cost."""

import streamlit as st

from dashboard.run import list_page as runs
from dashboard.shell import session

app, actor = session.current()

st.title("Runs", anchor=False)
wanted = runs.filters(app, actor)
runs.listing(app, actor, wanted)
