"""Parts of the Runs page: filters that live in the address, and one page of runs at a time."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import streamlit as st

from core.app import App
from core.domain.actor import Actor
from core.domain.alert import AlertKind
from core.domain.filters import EVERY_JOB, JobFilter
from core.domain.records import JobSet
from core.guard.access import Permission, may
from dashboard.run import actions as run_actions
from dashboard.run import list as run_list
from dashboard.run import queries as run_queries
from dashboard.shell import navigation, session
from dashboard.widgets import listings, show, states, text

_SINCE = {"Today": 0, "7 days": 7, "30 days": 30, "90 days": 90}
_SETS = 30
_LONGEST_NAME = 48


def set_label(row: JobSet) -> str:
    """A set's name in the filter and in the address; its id tells sets of one name apart."""
    return f"{text.short(row.name, _LONGEST_NAME)} · {row.set_id}"


def filters(app: App, actor: Actor) -> JobFilter:
    """Search, states, analysis, model, age and set; all of it in the address, so that a link keeps it."""
    counts = app.jobs.count_by_state(actor)
    present = [state for state in states.JOB if counts.get(state)]
    if not present:
        return EVERY_JOB
    with st.container(horizontal=True, vertical_alignment="bottom"):
        search = st.text_input(
            "Search", type="search", key="runs_search", bind="query-params", width=260, icon=":material/search:",
            placeholder="Id, model, person, region",
        )  # fmt: skip
        kind = _select("Analysis", "runs_kind", app.kinds(), "All analyses", width=180, format_func=text.words)
        model = _select("Model", "runs_model", run_queries.models(app, actor.subject, actor), "All models", width=170)
        since = _select("Submitted", "runs_since", tuple(_SINCE), "Any time", width=130, few=1)
        job_set = _select("Set", "runs_set", _sets(app, actor), "All sets", width=260, few=1)
    # The address holds the words as they are shown, so no count may stand in them.
    chosen = st.pills(
        "State", [states.JOB[state].word for state in present], selection_mode="multi", key="runs_state",
        bind="query-params", label_visibility="collapsed",
    )  # fmt: skip
    return JobFilter(
        states=tuple(state for state in present if states.JOB[state].word in chosen),
        kind=kind,
        model=model,
        since=None if since is None else _since(app, since),
        search=search or "",
        set_id="" if job_set is None else job_set.rpartition(" · ")[2],
    )


def _select(label: str, key: str, options: Any, none: str, *, width: int, few: int = 2, **more: Any) -> Any:
    """A filter, where there is a choice to make."""
    if len(options) < few:
        return None
    return st.selectbox(label, options, index=None, key=key, bind="query-params", width=width, placeholder=none, **more)


def _sets(app: App, actor: Actor) -> list[str]:
    return [set_label(row) for row in run_queries.sets(app, actor.subject, actor, _SETS)]


def _since(app: App, word: str) -> datetime:
    """The beginning of the reader's day, so many days ago."""
    midnight = app.now().astimezone(session.timezone()).replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight - timedelta(days=_SINCE[word])


def listing(app: App, actor: Actor, wanted: JobFilter) -> None:
    """One page of runs, read from the database as one page."""
    total = app.jobs.count(actor, wanted)
    if not total:
        _none(searched=not wanted.all)
        return
    # Not to the right: the tools of the table below open there.
    head = st.container(horizontal=True, vertical_alignment="center")
    place = st.container()
    offset = listings.paging(total, key="runs_page", bind=True)
    rows = app.jobs.page(actor, wanted, limit=listings.PAGE_ROWS, offset=offset)
    ids = [row.job_id for row in rows]
    stopped = listings.opened(run_list.stop_key("runs_table"), ids)
    active = [row.job_id for row in rows if row.state in states.ACTIVE]
    with place:
        clicked, marked = run_list.table(
            rows, key="runs_table", now=app.now(), alt="Runs, newest first",
            waits=app.oversight.waits(actor, active), odd=odd(app, actor) if active else {},
            stop=may(actor, Permission.JOB_CANCEL),
        )  # fmt: skip
    with head:
        st.caption(f"{text.count(total, 'run')} · click one to open it, mark two to compare them", width="content")
        _compare(marked)
    if clicked:
        navigation.open_run(clicked)
    if stopped:
        run_actions.stop(app, actor, stopped)


def odd(app: App, actor: Actor) -> dict[str, AlertKind]:
    """Runs with a batch that takes too long or is gone, and the most urgent of what is odd about them."""
    found: dict[str, AlertKind] = {}
    urgency = list(run_list.ODD)
    for alert in app.jobs.alerts(actor):
        if alert.kind in run_list.ODD:
            job_id = alert.subject.rpartition(".")[0]
            found[job_id] = min(found.get(job_id, alert.kind), alert.kind, key=urgency.index)
    return found


def _compare(marked: list[str]) -> None:
    """Two marked runs side by side, the older one first."""
    if st.button(
        "Compare",
        icon=":material/compare_arrows:",
        key="runs_compare",
        disabled=len(marked) != 2,
        help=None if len(marked) == 2 else "Mark two runs in the table.",
    ):
        newer, older = marked
        st.switch_page(navigation.page("compare"), query_params={"base": older, "new": newer})


def _none(*, searched: bool) -> None:
    if searched:
        with show.empty("No run matches", "Shorten the search, or take a filter away.", show.NO_MATCH):
            return
    with show.empty("No run yet", "A run is one analysis of your portfolios, sent as one job."):
        if st.button("Prepare the first analysis", type="primary", icon=":material/edit_note:"):
            st.switch_page(navigation.page("prepare"))
