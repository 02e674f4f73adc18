"""Parts of the Runs page: filters that live in the address, the list, and stopping a run."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from core.app import App
from core.domain.actor import Actor
from core.domain.analysis import Kind
from core.domain.job import JobState
from core.errors import MosychlosError
from dashboard import listings, navigation, session, show, states, text


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which runs to show."""

    search: str
    states: tuple[JobState, ...]
    kind: Kind | None

    @property
    def any(self) -> bool:
        """True when some filter is set."""
        return bool(self.search or self.states or self.kind)


def filters(app: App, actor: Actor) -> Wanted:
    """Search, states and the analysis; all of it in the address, so that a link keeps it."""
    counts = app.jobs.count_by_state(actor)
    present = [state for state in states.JOB if counts.get(state)]
    if not present:
        return Wanted("", (), None)
    kinds = app.kinds()
    with st.container(horizontal=True, vertical_alignment="top"):
        search = st.text_input(
            "Search", type="search", key="runs_search", bind="query-params", width=280, icon=":material/search:",
            placeholder="Id, model, person, region",
        )  # fmt: skip
        kind = None
        if len(kinds) > 1:
            kind = st.selectbox(
                "Analysis", kinds, index=None, key="runs_kind", bind="query-params", width=200,
                placeholder="All analyses", format_func=text.words,
            )  # fmt: skip
        # The address holds the words as they are shown, so no count may stand in them.
        chosen = st.pills(
            "State", [states.JOB[state].word for state in present], selection_mode="multi", key="runs_state",
            bind="query-params",
        )  # fmt: skip
    wanted = tuple(state for state in present if states.JOB[state].word in chosen)
    return Wanted(search or "", wanted, kind)


def listing(app: App, actor: Actor, wanted: Wanted) -> None:
    """One page of runs, read from the database as one page."""
    total = app.jobs.count(actor, states=wanted.states, kind=wanted.kind, search=wanted.search)
    if not total:
        _none(searched=wanted.any)
        return
    st.caption(f"{text.count(total, 'run')} · click one to open it")
    place = st.container()
    offset = listings.paging(total, key="runs_page")
    rows = app.jobs.page(
        actor, states=wanted.states, kind=wanted.kind, search=wanted.search, limit=listings.PAGE_ROWS, offset=offset
    )
    stopped = listings.opened(listings.stop_key("runs_table"), [row.job_id for row in rows])
    with place:
        clicked = listings.jobs(rows, key="runs_table", now=app.now(), alt="Runs, newest first")
    if clicked:
        navigation.open_run(clicked)
    if stopped:
        stop(app, actor, stopped)


def _none(*, searched: bool) -> None:
    if searched:
        with show.empty("No run matches", "Shorten the search, or take a state away.", show.NO_MATCH):
            return
    with show.empty("No run yet", "A run is one analysis of your portfolios, sent as one job."):
        if st.button("Prepare the first analysis", type="primary", icon=":material/edit_note:"):
            st.switch_page(navigation.page("prepare"))


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
