"""What is about to be submitted and is under way already: said before the question, and found again after a reload."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.app import App
from core.desk.sets import SetPreview
from core.domain.actor import Actor
from core.domain.records import OpenJob
from dashboard.shell import navigation
from dashboard.widgets import text

SENT = "sent"
"""Query parameter with the nonce of the open question: whoever loads the page again behind it finds the run."""


def follow(app: App, actor: Actor) -> None:
    """Go to the run that this page had submitted when it was loaded again."""
    nonce = navigation.parameter(SENT)
    found = app.jobs.of_nonce(actor, nonce) if nonce else None
    if found is None:
        return
    if found.set_id:
        st.switch_page(navigation.page("runs"))
    navigation.open_run(found.job_id)


def alike(app: App, actor: Actor, found: SetPreview) -> list[OpenJob]:
    """Open jobs that ask the very same as a part of this, or some of its requests."""
    return app.jobs.alike(actor, found.found)


def notice(app: App, actor: Actor, jobs: Sequence[OpenJob], *, key: str) -> None:
    """Who submitted the very same, when, and the way there; nothing where nobody did."""
    for one in jobs:
        st.warning(text.escape(one.said(actor.subject, app.now())), icon=":material/content_copy:")
        if st.button("Open it", icon=":material/open_in_new:", key=f"{key}_{one.job_id}"):
            navigation.open_run(one.job_id)


def was_told(jobs: Sequence[OpenJob], nonce: str) -> bool:
    """Whether the reader had seen of each of these that it is open before this run of the page.

    One that came in the moment of the click was not seen, and sending it again is not what the click meant.
    """
    now, key = {one.job_id for one in jobs}, f"told_{nonce}"
    before = st.session_state.get(key, frozenset[str]())
    st.session_state[key] = frozenset(now)
    return bool(now) and now <= before
