"""Parts of the Explore page: one run's answers side by side."""

from __future__ import annotations

import streamlit as st

from core.app import App
from core.domain.actor import Actor
from core.domain.analysis import ResultStatus
from core.domain.job import JobState
from core.domain.records import Item, Job
from dashboard import charts, listings, navigation, run_results, session, show, states, text

_FINISHED = (JobState.DONE, JobState.PARTIAL, JobState.RUNNING, JobState.CANCELLED)
_OFFERED = 200
_ICON = ":material/query_stats:"
_ROWS = 30
"""Portfolios of one page of the heat map."""
_POINTS = 5000
"""Portfolios in the scatter at most; more are not told apart on a screen."""


def choose(app: App, actor: Actor) -> Job | None:
    """The run in the address, or the newest one with answers."""
    rows = [row for row in app.jobs.page(actor, states=_FINISHED, limit=_OFFERED) if row.counts.succeeded]
    linked = navigation.parameter("run")
    if linked and linked not in {row.job_id for row in rows}:
        rows.insert(0, app.jobs.get(actor, linked).row)
    if not rows:
        with show.empty("Nothing to explore yet", "Charts appear as soon as a run has answers.", _ICON):
            if st.button("Prepare an analysis", type="primary", icon=":material/edit_note:"):
                st.switch_page(navigation.page("prepare"))
        return None
    zone = session.timezone()
    names = {
        row.job_id: f"{text.words(row.kind)} · {text.moment(row.created_at, zone)} · {row.model} · "
        f"{row.counts.succeeded:,} of {text.count(row.counts.total, 'portfolio')} answered"
        for row in rows
    }
    ids = list(names)
    job_id = st.selectbox(
        "Run", ids, index=ids.index(linked) if linked in names else 0, format_func=names.__getitem__, key="explore_run"
    )
    if job_id != linked:
        st.query_params["run"] = job_id
    job = app.jobs.get(actor, job_id)
    if not job.row.counts.succeeded:
        with show.empty("This run has no answer yet", "Follow it on its own page.", ":material/hourglass_empty:"):
            st.page_link(
                navigation.page("run"), label="Open the run", icon=":material/receipt_long:",
                query_params={"run": job_id},
            )  # fmt: skip
        return None
    return job


def levels_and_risks(app: App, actor: Actor, job: Job) -> None:
    """How the answers spread over the levels, and the risks most of them share."""
    found = run_results.summary_of(app, actor, job)
    left, right = st.columns(2, gap="medium")
    with left, st.container(border=True, height="stretch"):
        run_results.levels(found, key="explore_levels")
    with right, st.container(border=True, height="stretch"):
        run_results.top_risks(found, key="explore_risks")


def heat_map(app: App, actor: Actor, job: Job) -> None:
    """Portfolio by risk type; what an answer does not speak of stays empty."""
    total = job.row.counts.succeeded
    with st.container(border=True):
        st.subheader("Severity by portfolio and risk", anchor=False)
        place = st.container()
        offset = listings.paging(total, key="explore_page", rows=_ROWS)
        rows = app.jobs.items(actor, job.row.job_id, statuses=[ResultStatus.SUCCEEDED], limit=_ROWS, offset=offset)
        found = {row.custom_id: _severities(row) for row in rows}
        risks = _risk_types(list(found.values()))
        with place:
            st.caption(
                f"Portfolios {offset + 1:,} to {offset + len(rows):,} of {total:,} with an answer. "
                "Empty: the answer does not speak of this risk."
            )
            show.chart(
                charts.severities(
                    [row.portfolio_name for row in rows],
                    risks,
                    [[_place(found[row.custom_id].get(risk)) for risk in risks] for row in rows],
                    show.colours(),
                ),
                key="explore_heat",
                alt=f"Heat map of {text.count(len(rows), 'portfolio')} by {len(risks)} risk types; "
                "the table below has the same severities",
            )
            with st.expander("The same as a table", icon=":material/table:"):
                listings.table(
                    {
                        "Portfolio": [row.portfolio_name for row in rows],
                        "Level": [states.LEVEL.get(row.level, states.UNKNOWN).word for row in rows],
                        **{text.words(risk): [found[row.custom_id].get(risk, "") for row in rows] for risk in risks},
                    },
                    alt="Severity of each risk by portfolio",
                )


def concentration(app: App, actor: Actor, job: Job) -> None:
    """Whether the concentrated portfolios are the ones called risky."""
    rows = app.jobs.items(actor, job.row.job_id, statuses=[ResultStatus.SUCCEEDED], with_analysis=False, limit=_POINTS)
    level = {row.portfolio_id: row.level for row in rows}
    known = app.jobs.concentration(actor, job.row.job_id)
    points = [(name, hhi, level[one]) for one, name, hhi, _ in known if level.get(one)]
    with st.container(border=True):
        st.subheader("Concentration and level", anchor=False)
        st.caption(f"{len(points):,} of {text.count(job.row.counts.succeeded, 'answer')} have a known concentration")
        if not points:
            return
        show.chart(
            charts.concentration(points, show.colours()),
            key="explore_scatter",
            alt=f"Scatter of {text.count(len(points), 'portfolio')}: Herfindahl index against overall level; "
            "the table below has the same values",
        )
        with st.expander("The same as a table", icon=":material/table:"):
            ranked = sorted(points, key=lambda point: -point[1])
            listings.table(
                {
                    "Portfolio": [name for name, _, _ in ranked],
                    "HHI": [f"{hhi:.4f}" for _, hhi, _ in ranked],
                    "Level": [states.LEVEL.get(found, states.UNKNOWN).word for _, _, found in ranked],
                },
                alt="Concentration and level by portfolio, the most concentrated first",
            )


def _severities(item: Item) -> dict[str, str]:
    """The worst severity that an answer gives to each risk type."""
    worst: dict[str, str] = {}
    for risk in (item.analysis or {}).get("risks") or []:
        kind, severity = str(risk.get("risk_type", "")), str(risk.get("severity", ""))
        if severity in states.SEVERITIES and _rank(worst.get(kind)) < _rank(severity):
            worst[kind] = severity
    return worst


def _risk_types(found: list[dict[str, str]]) -> list[str]:
    """Every risk type that some answer speaks of, the most frequent first."""
    counts: dict[str, int] = {}
    for one in found:
        for risk in one:
            counts[risk] = counts.get(risk, 0) + 1
    return sorted(counts, key=lambda risk: (-counts[risk], risk))


def _place(severity: str | None) -> int | None:
    return states.SEVERITIES.index(severity) if severity in states.SEVERITIES else None


def _rank(severity: str | None) -> int:
    found = _place(severity)
    return -1 if found is None else found
