"""What can be done with a run that is under way: pause it, let it go on, stop it. Each asks once more."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from core.app import App
from core.domain.actor import Actor
from core.domain.job import JOB_ENDED, JobState
from core.domain.records import Job
from core.errors import MosychlosError
from core.guard.access import Permission, may
from dashboard.shell import session
from dashboard.widgets import confirm, states, text

_PAUSABLE = (JobState.QUEUED, JobState.RUNNING)


def controls(app: App, actor: Actor, job: Job) -> None:
    """Buttons for what the run's state and the reader's role allow."""
    row = job.row
    if job.stopping and row.state is not JobState.DRAFT:
        st.markdown(":gray-badge[:material/cancel: asked to stop]")
        return
    if row.state is JobState.PAUSED and may(actor, Permission.JOB_SUBMIT):
        if st.button("Resume", type="primary", icon=":material/play_circle:", key="run_unpause"):
            _go_on(lambda: app.jobs.resume(actor, row.job_id))
    elif row.state in _PAUSABLE and may(actor, Permission.JOB_CANCEL):
        sentence = "Nothing more of it is sent. What is at the provider already goes on and is collected."
        if confirm.asked("Pause", sentence, "Pause the run", key="run_pause", icon=":material/pause_circle:"):
            _pause(app, actor, row.job_id)
    # What waits for a person is given up where it says why it waits.
    stoppable = row.state in states.ACTIVE and may(actor, Permission.JOB_CANCEL)
    if stoppable and st.button("Stop", icon=":material/cancel:", key="run_stop"):
        stop(app, actor, row.job_id)


def reread(app: App, actor: Actor, job: Job) -> None:
    """Have a worker read stored lines again that were not understood: nothing is asked and nothing is paid."""
    job_id = job.row.job_id
    if job.row.state not in JOB_ENDED or not may(actor, Permission.JOB_SUBMIT):
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        if app.jobs.reread_is_wished(actor, job_id):
            st.caption("A worker reads the stored lines again within a minute or two.", width="content")
            return
        why = "For lines that were not understood, after the program was updated. Nothing is asked, nothing is paid."
        if st.button("Read the stored lines again", icon=":material/refresh:", key="run_reread", help=why):
            try:
                app.jobs.wish_reread(actor, job_id)
            except MosychlosError as error:
                st.error(text.escape(error))
                return
            session.flash("A worker reads the stored lines again; nothing is paid.", ":material/refresh:")
            st.rerun()


def send_again(app: App, actor: Actor, job_id: str) -> None:
    """Send what waits for a person, and draw the page anew."""
    paused = app.jobs.get(actor, job_id).row.state is JobState.PAUSED
    _go_on(lambda: app.jobs.send_again(actor, job_id), paused=paused)


def _go_on(act: Callable[[], int], *, paused: bool = False) -> None:
    try:
        number = act()
    except MosychlosError as error:
        st.error(text.escape(error))
        return
    batches = text.count(number, "batch", "batches")
    said = f"{batches} to send once the run is resumed." if paused else f"The run goes on: {batches} to send."
    session.flash(said, ":material/replay:")
    st.rerun()


def _pause(app: App, actor: Actor, job_id: str) -> None:
    try:
        app.jobs.pause(actor, job_id)
    except MosychlosError as error:
        st.error(text.escape(error))
        return
    session.flash("The run is paused.", ":material/pause_circle:")
    st.rerun()


@st.dialog("Stop this run?", icon=":material/cancel:")
def stop(app: App, actor: Actor, job_id: str) -> None:
    """Ask before stopping: what the provider has already answered is kept, and paid."""
    st.markdown("Answers that are already finished are kept and paid. The rest is not sent, or not finished.")
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button("Let it run", key="stop_no"):
            st.rerun()
        if st.button("Stop the run", type="primary", key="stop_yes"):
            try:
                app.jobs.cancel(actor, job_id)
            except MosychlosError as error:
                st.error(text.escape(error))
                return
            session.flash("The run is being stopped; finished answers are kept.", ":material/cancel:")
            st.rerun()
