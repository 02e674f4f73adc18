"""The last question before money moves, and the submission."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime

import streamlit as st

from core.app import App
from core.desk.sets import SetPreview
from core.domain.actor import Actor
from core.errors import MosychlosError
from dashboard.prepare import open as prepare_open
from dashboard.shell import navigation, session
from dashboard.widgets import listings, text
from dashboard.widgets.pairs import pairs


@dataclass(frozen=True, slots=True)
class _How:
    """What the reader has said about sending."""

    nonce: str
    fallback: bool
    force: bool
    again: bool
    if_not_open: bool


def review(
    app: App, actor: Actor, found: SetPreview, needed_by: datetime | None, *, fallback: bool, force: bool | None
) -> None:
    """The button that asks once more.

    Args:
        force: None when nothing stops the submission, else whether the reader insists.
    """
    open_ = prepare_open.alike(app, actor, found)
    prepare_open.notice(app, actor, open_, key="prepare_open")
    stopped = bool(found.over_budget) or not found.whole or force is False
    if st.button(
        "Review and submit",
        type="primary",
        icon=":material/send:",
        width="stretch",
        disabled=stopped,
        key="prepare_review",
    ):
        confirm(app, actor, found, needed_by, secrets.token_hex(16), fallback=fallback, force=bool(force))


@st.dialog("Send this to the provider?", icon=":material/send:")
def confirm(
    app: App,
    actor: Actor,
    found: SetPreview,
    needed_by: datetime | None,
    nonce: str,
    *,
    fallback: bool,
    force: bool,
) -> None:
    """Repeat what matters. One opening of the dialog submits at most once."""
    wish, open_ = found.wish, prepare_open.alike(app, actor, found)
    st.query_params[prepare_open.SENT] = nonce
    prepare_open.notice(app, actor, open_, key="confirm_open")
    again = prepare_open.was_told(open_, nonce)
    pairs(
        {
            "Requests": f"{found.requests:,} about {text.count(len(wish.base.portfolio_ids), 'portfolio')}",
            "Analyses": ", ".join(text.words(kind) for kind in wish.kinds),
            "Models": ", ".join(dict.fromkeys(part.request.model for part in found.parts)),
            "Prompt": f"{', '.join(dict.fromkeys(one.prompt_version for one in found.found))} ({wish.base.variant})",
            "Expected cost": text.usd(found.expected_usd),
            "Between": f"{text.usd(found.low_usd)} and {text.usd(found.high_usd)}",
            "Back within": found.completion_time,
        },
        alt="What will be sent",
    )
    if len(found.parts) > 1:
        st.caption(f"{len(found.parts)} jobs are submitted together: all of them or none.")
    for part in found.parts:
        if part.fallback is not None:
            st.caption(text.escape(part.fallback.sentence))
    leave = False
    if found.waiting:
        many = text.count(found.waiting, "request")
        leave = st.checkbox(
            f"Leave out {many} that {'waits' if found.waiting == 1 else 'wait'} for an answer already",
            value=found.waiting < found.requests,
            key="prepare_leave_waiting",
        )
    if app.simulated:
        st.caption("Simulated: it goes to the local stand-in and costs nothing.")
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button("Cancel", key="prepare_cancel"):
            st.query_params.pop(prepare_open.SENT, None)
            st.rerun()
        verb = "Send again:" if open_ and not leave else "Submit"
        asked = found.requests - found.waiting if leave else found.requests
        if st.button(
            f"{verb} {text.count(asked, 'request')}", type="primary", key="prepare_submit", disabled=not asked
        ):
            how = _How(nonce, fallback=fallback, force=force, again=again and not leave, if_not_open=leave)
            _submit(app, actor, found, needed_by, how, asked)


def _submit(
    app: App,
    actor: Actor,
    found: SetPreview,
    needed_by: datetime | None,
    how: _How,
    asked: int,
) -> None:
    nonce = how.nonce
    done: dict[str, list[str]] = st.session_state.setdefault("submitted", {})
    if nonce not in done:
        try:
            jobs = app.sets.submit(
                actor,
                found.wish,
                nonce=nonce,
                force=how.force,
                needed_by=needed_by,
                fallback=how.fallback,
                again=how.again,
                if_not_open=how.if_not_open,
            ).jobs
        except MosychlosError as error:
            st.error(text.escape(error), title="Nothing was sent", icon=":material/block:")
            return
        done[nonce] = [job.row.job_id for job in jobs]
    session.flash(f"{text.count(asked, 'request')} submitted.")
    if len(done[nonce]) > 1:
        st.switch_page(navigation.page("runs"))
    navigation.open_run(done[nonce][0])


def sets(app: App, actor: Actor) -> None:
    """Jobs that were submitted together lately, and how far each set is."""
    rows = app.sets.page(actor, limit=5)
    if not rows:
        return
    with st.expander("Submitted together lately", icon=":material/stacks:"):
        listings.table(
            {
                "Set": [row.name for row in rows],
                "Compares": [row.comparison or text.NONE for row in rows],
                "Stands": [", ".join(f"{n} {state}" for state, n in row.states.items()) for row in rows],
                "Done": [f"{row.counts.succeeded:,} of {row.counts.total:,}" for row in rows],
                "Expected": [text.usd(row.expected_usd) for row in rows],
                "Spent": [text.usd(row.actual_usd) for row in rows],
            },
            alt="Sets of jobs that were submitted together",
        )
