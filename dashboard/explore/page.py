"""Parts of the Explore page: one run's answers side by side, narrowed by group, tag and region."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from core.app import App
from core.desk.portfolio_matrix import Matrix
from core.domain.actor import Actor
from core.domain.analysis import Kind
from core.domain.filters import JobFilter, PortfolioFilter
from core.domain.job import JobState
from core.domain.records import Job
from dashboard.explore import charts as explore_charts
from dashboard.run import names as run_names
from dashboard.run import results as run_results
from dashboard.shell import navigation, queries
from dashboard.widgets import grades, listings, show, text

FINISHED = (JobState.DONE, JobState.PARTIAL, JobState.RUNNING, JobState.CANCELLED)
"""States in which a run may have answers."""

_OFFERED = 200
_ICON = ":material/query_stats:"
_ROWS = 30
"""Portfolios of one page of the matrix."""
_POINTS = 5000
"""Portfolios in the scatter at most; more are not told apart on a screen."""
_FLAGGED = 10


@dataclass(frozen=True, slots=True)
class ExploreScope:
    """What the page looks at.

    Attributes:
        answers: Answers about the chosen portfolios.
        version: Changes when results come in: the key under which figures are kept.
    """

    job: Job
    among: PortfolioFilter
    answers: int
    version: str


def choose(app: App, actor: Actor) -> ExploreScope | None:
    """The run in the address, or the newest one with answers, and which of its portfolios."""
    rows = [row for row in app.jobs.page(actor, JobFilter(states=FINISHED), limit=_OFFERED) if row.counts.succeeded]
    linked = navigation.parameter("run")
    if linked and linked not in {row.job_id for row in rows}:
        rows.insert(0, app.jobs.get(actor, linked).row)
    if not rows:
        with show.empty("Nothing to explore yet", "Charts appear as soon as a run has answers.", _ICON):
            if st.button("Prepare an analysis", type="primary", icon=":material/edit_note:"):
                st.switch_page(navigation.page("prepare"))
        return None
    names = run_names.runs(rows)
    ids = list(names)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        job_id = st.selectbox(
            "Run", ids, index=ids.index(linked) if linked in names else 0, format_func=names.__getitem__,
            key="explore_run", width=560,
        )  # fmt: skip
        if job_id != linked:
            st.query_params["run"] = job_id
        among = narrowing(app, actor, key="explore")
    job = app.jobs.get(actor, job_id)
    if not job.row.counts.succeeded:
        with show.empty("This run has no answer yet", "Follow it on its own page.", ":material/hourglass_empty:"):
            st.page_link(
                navigation.page("run"), label="Open the run", icon=":material/receipt_long:",
                query_params={"run": job_id},
            )  # fmt: skip
        return None
    version = run_results.version_of(job)
    counts = queries.grades(app, actor.subject, actor, job_id, among, version)
    answers = sum(counts.values())
    if not answers:
        with show.empty("No portfolio matches", "None of this run's answers is about such a portfolio.", show.NO_MATCH):
            pass
        return None
    return ExploreScope(job, among, answers, version)


def narrowing(app: App, actor: Actor, *, key: str) -> PortfolioFilter:
    """Group, tag and region, of those that exist; all of it in the address, so that a link keeps it."""
    groups = [group.name for group in app.labels.groups(actor)]
    tags = list(app.labels.tags(actor))
    regions = list(app.portfolios.count_by_region(actor))
    found: dict[str, str] = {}
    for name, options in (("group", groups), ("tag", tags), ("region", regions)):
        if len(options) > (name == "region"):
            chosen = st.selectbox(
                text.words(name), options, index=None, key=f"{key}_{name}", bind="query-params", width=180,
                placeholder=f"All {name}s",
            )  # fmt: skip
            found[name] = chosen or ""
    return PortfolioFilter(**found)


def headline(app: App, actor: Actor, scope: ExploreScope) -> None:
    """How many answers the page stands on, and how well they hold."""
    row = scope.job.row
    tally = queries.tally(app, actor.subject, actor, row.job_id, scope.among, scope.version)
    spread = queries.spread(app, actor.subject, actor, row.job_id, scope.among, scope.version)
    share = text.percent(tally.verified / tally.stated) if tally.stated else text.NONE
    of = f"of {row.counts.succeeded:,} in this run" if not scope.among.all else f"of {row.counts.total:,} requests"
    cards = [
        ("Answers", f"{scope.answers:,}", of),
        ("Numbers that hold", share, f"{tally.verified:,} of {tally.stated:,} stated numbers and checks."),
        ("Mismatched or unsupported", f"{tally.mismatched + tally.unsupported:,}", "Over all these answers."),
    ]
    if spread.fence is not None:
        out = f"{spread.beyond:,} of {spread.known:,}"
        cards.append(("Unusually concentrated", out, f"Beyond an HHI of {spread.fence:.4f} (Tukey's fence)."))
    show.metrics(cards)


def spread(app: App, actor: Actor, scope: ExploreScope) -> None:
    """How the answers spread over the grades, and what is most common among them."""
    row = scope.job.row
    counts = queries.grades(app, actor.subject, actor, row.job_id, scope.among, scope.version)
    left, right = st.columns(2, gap="medium")
    with left, st.container(border=True, height="stretch"):
        run_results.grade_bars(row.kind, counts, key="explore_grades", of=row.counts.total)
    with right, st.container(border=True, height="stretch"):
        found = run_results.summary_of(app, actor, scope.job)
        run_results.most_common(row.kind, found, key="explore_common", narrowed=not scope.among.all)


def matrix(app: App, actor: Actor, scope: ExploreScope) -> None:
    """Portfolios beside each other; what nothing is said of is hatched, and a click opens the answer."""
    row = scope.job.row
    with st.container(border=True):
        place = st.container()
        offset = listings.paging(scope.answers, key="explore_page", rows=_ROWS)
        found = queries.matrix(app, actor.subject, actor, row.job_id, scope.among, scope.version, _ROWS, offset)
        with place:
            _draw(row.kind, row.job_id, scope, found, offset)


def _draw(kind: Kind, job_id: str, scope: ExploreScope, found: Matrix, offset: int) -> None:
    st.subheader(text.escape(found.subject.title), anchor=False)
    last = offset + len(found.rows)
    narrowed = "" if scope.among.all else " of the chosen portfolios"
    unsaid = found.subject.unsaid[:1].lower() + found.subject.unsaid[1:]
    st.caption(
        f"{offset + 1:,} to {last:,} of {scope.answers:,} answers{narrowed}, by name. "
        f"Hatched: {text.escape(f'{unsaid} {_scale(found)}')} "
        "Click a cell to read the answer."
    )
    if found.unread:
        st.caption(f"The facts of {text.count(found.unread, 'request')} are gone: their rows stay empty.")
    if not found.columns:
        st.caption(f"None of these answers names a {text.escape(found.subject.column)}.")
    else:
        spoken = sum(len(row.cells) for row in found.rows)
        clicked = show.clickable(
            explore_charts.heat(found, show.colours()),
            key="explore_heat",
            alt=f"Heat map of {text.count(len(found.rows), 'portfolio')} by "
            f"{text.count(len(found.columns), found.subject.column)}: {spoken:,} of "
            f"{len(found.rows) * len(found.columns):,} cells have a value; the table below has the same",
        )
        if clicked:
            navigation.open_item(job_id, clicked)
    below = st.expander("The same as a table", icon=":material/table:", key="explore_matrix", on_change="rerun")
    if below.open:
        with below:
            _table(kind, job_id, found)


def _scale(found: Matrix) -> str:
    """What the colours mean, in words."""
    steps = found.subject.steps
    if steps:
        return f"From faint to strong: {', '.join(steps)}."
    return f"In {found.subject.unit or 'numbers'}: red is below zero, blue above."


def _table(kind: Kind, job_id: str, found: Matrix) -> None:
    opened = listings.openable(
        {
            "Portfolio": [row.name for row in found.rows],
            grades.TITLES[kind]: [grades.word(row.grade) for row in found.rows],
            **{
                text.words(name): [row.cells[name].shown if name in row.cells else "" for row in found.rows]
                for name in found.columns
            },
        },
        [row.custom_id for row in found.rows],
        key="explore_rows",
        alt=f"{found.subject.title}, as words",
    )
    if opened:
        navigation.open_item(job_id, opened)


def flagged(app: App, actor: Actor, scope: ExploreScope) -> None:
    """The answers with most numbers that do not hold: to be read before any other."""
    job_id = scope.job.row.job_id
    rows = queries.flagged(app, actor.subject, actor, job_id, scope.among, scope.version, _FLAGGED)
    with st.container(border=True):
        st.subheader("Read these first", anchor=False, help="Answers with the most numbers that do not hold.")
        if not rows:
            st.caption(f"Every number of these {text.count(scope.answers, 'answer')} holds.")
            return
        opened = listings.openable(
            {
                "Portfolio": [row.name for row in rows],
                grades.TITLES[scope.job.row.kind]: [grades.word(row.grade) for row in rows],
                "Mismatched": [f"{row.mismatched:,}" for row in rows],
                "Unsupported": [f"{row.unsupported:,}" for row in rows],
                "Matched": [f"{row.verified:,}" for row in rows],
            },
            [row.custom_id for row in rows],
            key="explore_flagged",
            alt="Answers with numbers that do not hold, the worst first",
        )
        if opened:
            navigation.open_item(job_id, opened)


def concentration(app: App, actor: Actor, scope: ExploreScope) -> None:
    """Whether the concentrated portfolios are the ones called risky, and which of them stand out."""
    row = scope.job.row
    points = queries.points(app, actor.subject, actor, row.job_id, scope.among, scope.version, _POINTS)
    found = queries.spread(app, actor.subject, actor, row.job_id, scope.among, scope.version)
    if not points:
        return  # an analysis that does not look at concentration
    with st.container(border=True):
        st.subheader(f"Concentration and {grades.TITLES[row.kind].lower()}", anchor=False)
        known = f"The concentration of {found.known:,} of {text.count(scope.answers, 'answer')} is known"
        drawn = f"; the {len(points):,} most concentrated are drawn" if found.known > len(points) else ""
        st.caption(f"{known}{drawn}.")
        clicked = show.clickable(
            explore_charts.concentration(row.kind, points, show.colours()),
            key="explore_scatter",
            alt=f"Scatter of {text.count(len(points), 'portfolio')}: Herfindahl index by "
            f"{grades.TITLES[row.kind].lower()}; the table below has the same values",
        )
        if clicked:
            navigation.open_item(row.job_id, clicked)
        if found.fence is not None:
            names = ", ".join(point.name for point in points[: min(5, found.beyond)])
            more = f" and {found.beyond - 5:,} more" if found.beyond > 5 else ""
            said = f"{text.count(found.beyond, 'portfolio')}: {names}{more}" if found.beyond else "none"
            st.caption(text.escape(f"Beyond Tukey's fence of {found.fence:.4f} (median {found.median:.4f}): {said}."))
        show.same_as_table(
            lambda: {
                "Portfolio": [point.name for point in points],
                "HHI": [f"{point.hhi:.4f}" for point in points],
                grades.TITLES[row.kind]: [grades.word(point.grade) for point in points],
            },
            key="explore_scatter",
            alt="Concentration and grade by portfolio, the most concentrated first",
        )
