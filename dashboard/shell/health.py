"""The health report: whether everything that runs need is there."""

from __future__ import annotations

import streamlit as st

from core.app import App
from core.domain.actor import Actor
from dashboard.widgets import text

_LOOKS = {
    "ok": ":green-badge[:material/check_circle: ok]",
    "warning": ":orange-badge[:material/warning: look]",
    "error": ":red-badge[:material/error: broken]",
}


@st.dialog("System health", icon=":material/monitor_heart:")
def dialog(app: App, actor: Actor) -> None:
    """One line a check, with what to do where something is missing."""
    for check in app.health(actor):
        with st.container(horizontal=True, vertical_alignment="top", gap="small", wrap=False):
            st.markdown(_LOOKS.get(check.state, text.escape(check.state)), width=90)
            st.markdown(f"**{text.escape(text.words(check.name))}** · {text.escape(check.message)}")
