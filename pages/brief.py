"""Brief: what a committee is asked to decide, on one page that prints."""

import streamlit as st

from dashboard.brief import page as brief
from dashboard.shell import session

app, actor = session.current()

st.title("Committee brief", anchor=False)
page = brief.choose(app, actor)
if page is not None:
    brief.show_page(actor, page)
