"""Prepare: who is looked at, by which models, and what it costs, before anything is sent."""

import streamlit as st

from dashboard.prepare import page as prepare
from dashboard.shell import session

st.title("Prepare an analysis", anchor=False)
prepare.prepare(*session.current())
