"""Parts of the Brief page: which run and portfolios, the page itself, and the file to print or send."""

from __future__ import annotations

import streamlit as st

from core.app import App
from core.desk.committee_page import Brief
from core.domain.actor import Actor
from core.domain.analysis import Kind
from core.domain.filters import JobFilter, PortfolioFilter
from core.domain.records import JobRow
from core.errors import NotFound
from dashboard.brief import document as brief_document
from dashboard.explore import page as explore
from dashboard.run import names as run_names
from dashboard.shell import navigation
from dashboard.widgets import show, text
from dashboard.widgets.download import HTML, download

_OFFERED = 200
_PORTFOLIOS = 500
"""Portfolios to choose from; more are found on the run's own page."""
_ICON = ":material/article:"


def choose(app: App, actor: Actor) -> Brief | None:
    """The run of the address, or the newest brief; then one of its portfolios, or all of a group, tag or region."""
    rows = [
        row for row in app.jobs.page(actor, JobFilter(states=explore.FINISHED), limit=_OFFERED) if row.counts.succeeded
    ]
    linked = navigation.parameter("run")
    if linked and linked not in {row.job_id for row in rows}:
        rows.insert(0, app.jobs.get(actor, linked).row)
    if not rows:
        with show.empty("No brief yet", "A committee page can be made as soon as a run has answers.", _ICON):
            if st.button("Prepare a committee brief", type="primary", icon=":material/edit_note:"):
                st.switch_page(navigation.page("prepare"))
        return None
    group = navigation.parameter("brief_group")
    wanted = (
        linked or (app.briefs.newest_of(actor, PortfolioFilter(group=group)) if group else None) or _newest(rows).job_id
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        job_id = _run(rows, wanted)
        about_group = bool(app.jobs.get(actor, job_id).request.group)
        portfolio_id = "" if about_group else _portfolio(app, actor, job_id)
        among = PortfolioFilter() if about_group or portfolio_id else explore.narrowing(app, actor, key="brief")
    try:
        return app.briefs.page(actor, job_id, at=app.now(), portfolio_id=portfolio_id, among=among)
    except NotFound as error:
        with show.empty("Nothing to show", text.escape(error), show.NO_MATCH):
            pass
        return None


def _newest(rows: list[JobRow]) -> JobRow:
    """The newest committee brief, or the newest run where there is none."""
    return next((row for row in rows if row.kind is Kind.COMMITTEE_BRIEF), rows[0])


def _run(rows: list[JobRow], wanted: str) -> str:
    names = run_names.runs(rows)
    ids = list(names)
    job_id = st.selectbox(
        "Run", ids, index=ids.index(wanted) if wanted in names else 0, format_func=names.__getitem__, key="brief_run",
        width=400,
    )  # fmt: skip
    if navigation.parameter("run") != job_id:
        st.query_params["run"] = job_id
    return job_id


def _portfolio(app: App, actor: Actor, job_id: str) -> str:
    """One of the run's portfolios, or "" for all of them."""
    names = run_names.distinct(dict(app.results.answered(actor, job_id, limit=_PORTFOLIOS)))
    linked = navigation.parameter("portfolio")
    if linked and linked not in names and app.results.about(actor, job_id, linked):
        names[linked] = linked
    ids = list(names)
    chosen = st.selectbox(
        "Portfolio", ids, index=ids.index(linked) if linked in names else (0 if len(ids) == 1 else None),
        format_func=names.__getitem__, key=f"brief_portfolio_{job_id}", placeholder="All portfolios", width=320,
    )  # fmt: skip
    if chosen and chosen != linked:
        st.query_params["portfolio"] = chosen
    elif not chosen and linked:
        del st.query_params["portfolio"]
    return chosen or ""


def show_page(actor: Actor, brief: Brief) -> None:
    """The page as it will print, and the ways to take it along."""
    with st.container(horizontal=True, vertical_alignment="center"):
        download(
            "Download to print or send", brief_document.file_name(brief), HTML,
            lambda: [brief_document.document(brief).encode()], actor=actor, key="brief_download", kind="primary",
        )  # fmt: skip
        st.page_link(
            navigation.page("run"), label="The run behind it", icon=":material/receipt_long:",
            query_params={"run": brief.job.row.job_id},
        )  # fmt: skip
        st.caption("One sheet of A4; opens in any browser, without a network.", width="content")
    # Escaped by its template, and cleaned once more by Streamlit.
    st.html(brief_document.fragment(brief))
