"""Compare: two runs of one analysis side by side, to see what another model, prompt or day changes."""

import streamlit as st

from dashboard.compare import page as compare
from dashboard.shell import session

app, actor = session.current()

st.title("Compare", anchor=False)
found = compare.choose(app, actor)
if found is not None:
    compare.headline(found)
    compare.asked(found)
    compare.grades_moved(found)
    compare.changed(app, actor, found)
    compare.numbers(found)
