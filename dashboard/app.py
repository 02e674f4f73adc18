"""The frame around every page: navigation, what everybody must know, messages, and who is signed in."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from core.app import App
from core.domain.actor import Actor
from core.errors import MosychlosError
from dashboard.shell import health, navigation, session
from dashboard.widgets import text

MARK = Path(__file__).with_name("images") / "mark.svg"


def notices(app: App, actor: Actor) -> None:
    """What a reader must know on every page."""
    if app.simulated:
        st.markdown(
            ":orange-badge[:material/science: Simulated] Answers come from the local stand-in on this machine, "
            "not from a model."
        )
    idle = app.idle(actor)
    if idle:
        st.warning(
            f"**{text.escape(idle)}** Nothing that is submitted moves until you start one: `mosychlos worker`",
            icon=":material/pause_circle:",
        )
    trouble = app.provider_trouble(actor)
    if trouble:
        st.warning(text.escape(trouble), icon=":material/cloud_off:")


def footer(app: App, actor: Actor) -> None:
    """Who is signed in, and the way to the health report."""
    st.space("medium")
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.caption(f"Signed in as {text.escape(actor.label)} · this machine only", width="content")
        if st.button("System health", icon=":material/monitor_heart:", type="tertiary", key="health"):
            health.dialog(app, actor)


def frame() -> None:
    """Draw one run of the asked-for page."""
    # Before the navigation: a page's own icon would be fetched from a font server as the browser tab's icon.
    st.set_page_config(page_icon=str(MARK), layout="wide")
    page = navigation.choose()
    st.set_page_config(page_title=f"{page.title} · Mosychlos")
    st.logo(str(MARK), size="large")
    session.show_flash()
    try:
        app, actor = session.current()
        notices(app, actor)
        page.run()
        footer(app, actor)
    except MosychlosError as error:
        st.error(text.escape(error), title="This could not be done", icon=":material/error:")


frame()
