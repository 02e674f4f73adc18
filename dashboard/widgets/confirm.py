"""One more question before something is changed or taken away."""

from __future__ import annotations

import streamlit as st

from dashboard.widgets import text


def asked(label: str, sentence: str, yes: str, *, key: str, icon: str, disabled: bool = False) -> bool:
    """A button that opens a question; True on the run after it was answered with yes.

    Args:
        label: Of the button that opens it.
        sentence: What will happen, and what will not; shown as it is.
        yes: Of the button that does it: a verb and what it is done to.
    """
    # Without a key of its own, one that closes for good leaves the next one on the page open in its place.
    with st.popover(label, icon=icon, disabled=disabled, key=f"{key}_question"):
        st.markdown(text.escape(sentence))
        return st.button(yes, type="primary", key=key, disabled=disabled)
