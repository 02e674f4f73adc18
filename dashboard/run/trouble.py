"""Failures first: what went wrong, how often, in the server's own words, and the two buttons that help."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.app import App
from core.domain.actor import Actor
from core.domain.alert import AlertKind
from core.domain.job import JOB_ENDED, JobState
from core.domain.oversight import Cause, Lasting, WaitsForPerson
from core.domain.records import Job
from core.guard.access import Permission, may
from dashboard.run import actions as run_actions
from dashboard.run import retry as run_retry
from dashboard.widgets import alert_notice, states, text

_LONGEST = 280
_SHOWN = 3
_BAD = (JobState.FAILED, JobState.PARTIAL, JobState.CANCELLED)
TAB_KEY = "run_tab"


def trouble(app: App, actor: Actor, job: Job) -> None:
    """Nothing where nothing went wrong."""
    waiting = app.oversight.needs_person(actor, job.row.job_id) if job.row.state not in JOB_ENDED else []
    if waiting:
        _needs_person(app, actor, job, waiting)
        if job.row.state is JobState.ATTENTION:
            return
    causes = app.oversight.causes(actor, job.row.job_id) if job.row.counts.failed + job.row.counts.missing else []
    if causes:
        _failed(app, actor, job, causes)
    elif job.row.message and job.row.state in _BAD:
        st.warning(text.escape(text.short(job.row.message, _LONGEST)), icon=":material/error:")


def alerts(app: App, actor: Actor, job: Job) -> None:
    """What a person should know of this run beside its failures: late, stuck, in doubt, vanished, twice there."""
    told = app.oversight.notices_of(actor, job.row.job_id)
    notices = alert_notice.in_order(one for one in told if one.alert.kind is not AlertKind.ATTENTION)
    if not notices:
        return
    with st.container(border=True):
        for place, notice in enumerate(notices[:_SHOWN]):
            with alert_notice.row(app, actor, notice, place):
                pass
        if len(notices) > _SHOWN:
            st.caption(f"and {text.count(len(notices) - _SHOWN, 'more alert')} of its batches")


def _needs_person(app: App, actor: Actor, job: Job, waiting: Sequence[WaitsForPerson]) -> None:
    first, *others = waiting
    st.error(
        f"{text.escape(text.short(first.why, _LONGEST))}  \n{text.escape(first.exposure)}",
        title=f"{text.count(len(waiting), 'batch waits', 'batches wait')} for you",
        icon=":material/front_hand:",
    )
    if may(actor, Permission.JOB_SUBMIT):
        with st.container(horizontal=True):
            with st.popover("Send again", type="primary", icon=":material/replay:", key="run_resume_question"):
                st.markdown(text.escape(_before_sending(waiting)))
                yes = f"Send {text.count(len(waiting), 'batch', 'batches')} again"
                if st.button(yes, type="primary", key="run_resume"):
                    run_actions.send_again(app, actor, job.row.job_id)
            whole = job.row.state is JobState.ATTENTION  # what still runs is stopped by the run's own button
            if (
                whole
                and may(actor, Permission.JOB_CANCEL)
                and st.button("Give it up", icon=":material/cancel:", key="run_give_up")
            ):
                run_actions.stop(app, actor, job.row.job_id)
    else:
        st.caption("Somebody who may submit can send it again.")
    if others:
        with st.expander(f"{len(others):,} more", icon=":material/front_hand:"):
            for one in others:
                st.markdown(f"**{text.escape(one.shard_id)}** · {text.escape(one.why)} {text.escape(one.exposure)}")


def _before_sending(waiting: Sequence[WaitsForPerson]) -> str:
    prices = [one.again_usd for one in waiting]
    known = [price for price in prices if price is not None]
    price = (
        "an unknown amount" if len(known) < len(prices) else f"about {text.usd(sum(known, start=type(known[0])(0)))}"
    )
    unanswered = sum(one.unanswered for one in waiting)
    sentence = f"Is the cause repaired? {sum(one.requests for one in waiting):,} requests go out again for {price}."
    if unanswered:
        sentence += " Look at the provider's list of batches first: what it received after all would be paid twice."
    return sentence


def _failed(app: App, actor: Actor, job: Job, causes: Sequence[Cause]) -> None:
    first, failed = causes[0], sum(cause.requests for cause in causes)
    named = states.ITEM[first.status].word + (f", {first.code}" if first.code else "")
    others = failed - first.requests
    more = f" {others:,} more ended otherwise." if others else ""
    shown = st.error if job.row.state is JobState.FAILED else st.warning
    shown(
        text.escape(f"{first.requests:,} × {named}: {text.short(first.example, _LONGEST)}{more}")
        + f"  \n{text.escape(first.remedy)}",
        title=f"{failed:,} of {text.count(job.row.counts.total, 'request')} ended without an analysis",
        icon=":material/error:",
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        run_retry.button(app, actor, job, failed, key="run_retry_all", first=first.lasting is Lasting.TRANSIENT)
        st.button("See the errors", icon=":material/list:", key="run_see_errors", on_click=_open_errors)
        if job.row.state not in JOB_ENDED:
            st.caption("What failed can be asked again once the run has ended.", width="content")


def _open_errors() -> None:
    st.session_state[TAB_KEY] = "Errors"
