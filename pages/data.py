"""Data: the prices, series, documents, instruments and funds behind the figures, and the sources they come from."""

import streamlit as st

from dashboard.data import (
    documents as data_documents,
)
from dashboard.data import (
    funds as data_funds,
)
from dashboard.data import (
    instruments as data_instruments,
)
from dashboard.data import (
    prices as data_prices,
)
from dashboard.data import (
    series as data_series,
)
from dashboard.data import (
    sources as data_sources,
)
from dashboard.shell import session

app, actor = session.current()

BODIES = {
    "Prices": data_prices.tab,
    "Series": data_series.tab,
    "Documents": data_documents.tab,
    "Instruments": data_instruments.tab,
    "Funds": data_funds.tab,
    "Sources": data_sources.tab,
}

st.title("Data", anchor=False)
tabs = st.tabs(list(BODIES), key="tab", on_change="rerun", bind="query-params")
for tab, body in zip(tabs, BODIES.values(), strict=True):
    if tab.open:
        with tab:
            body(app, actor)
