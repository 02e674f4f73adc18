"""The Prepare page: who is looked at, by which analyses and models, and what it costs before anything is sent."""

from __future__ import annotations

import streamlit as st

from core.app import App
from core.domain.actor import Actor
from core.guard.access import Permission, may
from dashboard.prepare import link as prepare_link
from dashboard.prepare import open as prepare_open
from dashboard.prepare.check import check
from dashboard.prepare.confirm import sets
from dashboard.prepare.jobs import job_by_job
from dashboard.prepare.request import first_request, remembered
from dashboard.prepare.what import DEFAULT_MODEL, what
from dashboard.prepare.who import nothing_to_send, who
from dashboard.run.trying import try_one
from dashboard.shell import navigation
from dashboard.widgets import show
from dashboard.widgets.pairs import pairs

__all__ = ["DEFAULT_MODEL", "pairs", "prepare"]


def prepare(app: App, actor: Actor) -> None:
    """Draw the page."""
    if not may(actor, Permission.JOB_PREPARE):
        _only_reading()
    elif not app.portfolios.count(actor):
        nothing_to_send()
    else:
        prepare_open.follow(app, actor)
        prepare_link.follow(app)
        left, right = st.columns([3, 2], gap="medium")
        with left:
            wish, needed_by = what(app, who(app, actor))
            remembered(app, actor, wish.models)
            sets(app, actor)
        with right:
            found = check(app, actor, wish, needed_by)
            try_one(app, actor, found)
        job_by_job(found)
        first_request(found)


def _only_reading() -> None:
    with show.empty(
        "You may read, not prepare", "Preparing an analysis takes the role analyst or approver.", ":material/lock:"
    ):
        if st.button("Go to Runs", type="primary", icon=":material/table_rows:"):
            st.switch_page(navigation.page("runs"))
