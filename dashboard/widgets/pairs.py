"""A short list of names and values."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from dashboard.widgets import text


def pairs(shown: Mapping[str, str], *, alt: str) -> None:
    """Draw them as a table without a head."""
    st.table(
        {text.escape(name): text.escape(value) for name, value in shown.items()},
        border="horizontal",
        hide_header=True,
        alt=alt,
    )
