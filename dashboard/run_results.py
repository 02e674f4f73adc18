"""The Results and Summary tabs of a run."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from core.app import App
from core.domain.actor import Actor
from core.domain.analysis import ResultStatus
from core.domain.records import Job
from core.jobs.aggregate import Summary
from dashboard import analysis_view, charts, listings, navigation, queries, show, states, text


def results(app: App, actor: Actor, job: Job) -> None:
    """Requests with level, headline and checks; the chosen one is shown in full below."""
    job_id = job.row.job_id
    counts = summary_of(app, actor, job).statuses
    with st.container(horizontal=True, vertical_alignment="bottom"):
        search = st.text_input(
            "Search", type="search", key="run_search", width=260, icon=":material/search:", placeholder="Portfolio"
        )
        chosen = _statuses(counts)
        flagged = st.toggle("Only with numbers that do not hold", key="run_flagged")
    total = app.jobs.count_items(actor, job_id, statuses=chosen, search=search or "", only_mismatched=flagged)
    if not total:
        st.caption("No request matches.")
        return
    place = st.container()
    offset = listings.paging(total, key="run_items_page")
    rows = app.jobs.items(
        actor, job_id, statuses=chosen, search=search or "", only_mismatched=flagged, with_analysis=False,
        limit=listings.PAGE_ROWS, offset=offset,
    )  # fmt: skip
    linked = navigation.parameter("item")
    with place:
        custom_id = listings.items(rows, key="run_items", chosen=linked)
    if custom_id != linked:
        st.query_params["item"] = custom_id
    if custom_id:
        analysis_view.show_item(app, actor, job_id, custom_id)
    elif job.row.counts.succeeded:
        st.caption(":material/arrow_upward: Click a portfolio to read its analysis.")


def _statuses(counts: Mapping[str, int]) -> list[ResultStatus]:
    """The statuses to show; nothing to choose where all requests ended alike."""
    present = [status for status in ResultStatus if counts.get(status.value)]
    if len(present) < 2:
        return []
    return st.pills(
        "Status",
        present,
        selection_mode="multi",
        key="run_status",
        format_func=lambda one: f"{states.ITEM[one].word} {counts[one.value]:,}",
    )


def summary_of(app: App, actor: Actor, job: Job) -> Summary:
    """The run taken together, read again only when something has changed."""
    counts, cost = job.row.counts, job.row.actual_usd
    version = f"{job.row.state} {counts.succeeded} {counts.failed} {counts.missing} {cost}"
    return queries.summary(app, actor.subject, actor, job.row.job_id, version)


def summary(app: App, actor: Actor, job: Job) -> None:
    """Levels, top risks, outliers, checks and cost of the whole run."""
    found = summary_of(app, actor, job)
    if not found.counts.succeeded:
        st.caption("There is no answer to sum up yet.")
        return
    _checks(found)
    left, right = st.columns(2, gap="medium")
    with left, st.container(border=True, height="stretch"):
        levels(found, key="summary_levels")
    with right, st.container(border=True, height="stretch"):
        top_risks(found, key="summary_risks")
    _outliers(found)
    _cost(found)


def levels(found: Summary, *, key: str) -> None:
    """How many answers stand at each level, as bars and in words."""
    answers = sum(found.levels.values())
    st.subheader("Overall level", anchor=False)
    st.caption(f"{answers:,} answers of {text.count(found.counts.total, 'request')}")
    said = ", ".join(f"{states.LEVEL[name].word} {found.levels.get(name, 0):,}" for name in states.LEVELS)
    show.chart(charts.levels(found.levels, show.colours()), key=key, alt=f"Answers by overall level: {said}")


def top_risks(found: Summary, *, key: str) -> None:
    """The risks that are at least moderate in most portfolios."""
    answers = sum(found.levels.values())
    st.subheader("Top risks", anchor=False, help="Portfolios in which the risk is at least moderate.")
    st.caption(f"of {text.count(answers, 'portfolio')} with an answer")
    if not found.top_risks:
        st.caption("No risk is moderate or worse.")
        return
    said = ", ".join(f"{text.words(name)} {number:,}" for name, number in found.top_risks[:5])
    show.chart(
        charts.ranking(found.top_risks[:8], show.colours(), of=answers), key=key, alt=f"Risks by portfolios: {said}"
    )


def _checks(found: Summary) -> None:
    checks = found.checks
    share = text.percent(checks.verified_share) if checks.verified_share is not None else text.NONE
    show.metrics(
        [
            ("Verified numbers", f"{checks.verified:,} of {checks.stated:,}", f"{share} of all stated numbers"),
            ("Mismatched", f"{checks.mismatched:,}", "The fact says otherwise."),
            ("Unsupported", f"{checks.unsupported:,}", "No fact carries the number."),
            ("Answers without a finding", f"{checks.clean_answers:,} of {found.counts.succeeded:,}", ""),
        ]
    )


def _outliers(found: Summary) -> None:
    with st.container(border=True):
        st.subheader(
            "Concentration outliers", anchor=False,
            help="Beyond Tukey's fence: the upper quartile plus 1.5 interquartile ranges of this run's HHI.",
        )  # fmt: skip
        if found.hhi_fence is None:
            st.caption("Fewer than four portfolios: too few to call any of them an outlier.")
        elif not found.outliers:
            st.caption(f"None: no HHI above {found.hhi_fence:.4f}.")
        else:
            listings.table(
                {
                    "Portfolio": [one.name for one in found.outliers],
                    "HHI": [f"{one.hhi:.4f}" for one in found.outliers],
                    "Largest position": [f"{one.top1_pct:.2f} %" for one in found.outliers],
                },
                alt="Portfolios far more concentrated than the others",
            )
            st.caption(f"Median HHI {found.hhi_median:.4f}, fence {found.hhi_fence:.4f}")


def _cost(found: Summary) -> None:
    usage = found.usage
    with st.container(border=True):
        st.subheader("Cost", anchor=False)
        show.metrics(
            [
                ("Expected", text.escape(text.usd(found.estimate_usd)), ""),
                ("Actual", text.escape(text.usd(found.actual_usd)), "From the tokens that the provider counted."),
                ("Tokens in", f"{usage.input_tokens:,}", f"{usage.cached_tokens:,} of them cached"),
                ("Tokens out", f"{usage.output_tokens:,}", f"{usage.reasoning_tokens:,} of them for reasoning"),
            ]
        )
