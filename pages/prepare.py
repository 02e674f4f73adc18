"""Prepare: who is looked at, by which model, and what it costs, before anything is sent."""

import streamlit as st

from dashboard import prepare, session

app, actor = session.current()

st.title("Prepare an analysis", anchor=False)
if not app.portfolios.count(actor):
    prepare.nothing_to_send()
else:
    left, right = st.columns([3, 2], gap="medium")
    with left:
        chosen = prepare.who(app, actor)
        request = prepare.what(app, chosen)
    with right:
        found = prepare.price(app, actor, request)
    prepare.first_request(found)
