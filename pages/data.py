"""Data: the prices, series, documents and instruments behind the figures, and the sources they come from."""

import streamlit as st

from dashboard import data_documents, data_instruments, data_prices, data_series, data_sources
from dashboard.shell import session

app, actor = session.current()

BODIES = {
    "Prices": data_prices.tab,
    "Series": data_series.tab,
    "Documents": data_documents.tab,
    "Instruments": data_instruments.tab,
    "Sources": data_sources.tab,
}

st.title("Data", anchor=False)
tabs = st.tabs(list(BODIES), key="tab", on_change="rerun", bind="query-params")
for tab, body in zip(tabs, BODIES.values(), strict=True):
    if tab.open:
        with tab:
            body(app, actor)
