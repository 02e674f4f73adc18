"""The Results and Summary tabs of a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from core.analyses.slots.sentences import SEEN
from core.app import App
from core.desk.job_summary import Summary
from core.domain.actor import Actor
from core.domain.analysis import Kind, ResultStatus
from core.domain.filters import ItemFilter
from core.domain.records import Job
from dashboard.analysis import view as analysis_view
from dashboard.explore import charts as explore_charts
from dashboard.shell import navigation, queries
from dashboard.widgets import charts, grades, listings, show, states, text


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
    wanted = ItemFilter(statuses=chosen, search=search or "", only_mismatched=flagged)
    total = app.jobs.count_items(actor, job_id, wanted)
    if not total:
        st.caption("No request matches.")
        return
    place = st.container()
    offset = listings.paging(total, key="run_items_page")
    rows = app.jobs.items(actor, job_id, wanted, with_analysis=False, limit=listings.PAGE_ROWS, offset=offset)
    linked = navigation.parameter("item")
    # With an answer to read, the list steps aside; the key makes each choice a part of its own, folded at first.
    listed = place.expander(
        text.count(total, "request"), expanded=not linked, icon=":material/list:", key=f"run_list_{linked}"
    )
    with listed:
        custom_id = listings.items(rows, key="run_items", chosen=linked)
    if custom_id != linked:
        st.query_params["item"] = custom_id
        st.rerun()
    if custom_id:
        _neighbours([row.custom_id for row in rows], custom_id)
        analysis_view.show_item(app, actor, job_id, custom_id)
    elif job.row.counts.succeeded:
        st.caption(":material/arrow_upward: Click a portfolio to read its analysis.")


def _neighbours(ids: Sequence[str], custom_id: str) -> None:
    """The ways to the answers before and after this one in the list."""
    if custom_id not in ids or len(ids) < 2:
        return
    at = ids.index(custom_id)
    with st.container(horizontal=True, vertical_alignment="center"):
        for label, icon, step in (
            ("Previous", ":material/chevron_left:", at - 1),
            ("Next", ":material/chevron_right:", at + 1),
        ):
            if st.button(label, icon=icon, disabled=not 0 <= step < len(ids), key=f"item_{label.lower()}"):
                st.query_params["item"] = ids[step]
                st.rerun()
        st.caption(f"{at + 1} of the {len(ids)} on this page")


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


def version_of(job: Job) -> str:
    """Changes whenever something about a run's results does."""
    counts = job.row.counts
    return f"{job.row.state} {counts.succeeded} {counts.failed} {counts.missing} {job.row.actual_usd}"


def summary_of(app: App, actor: Actor, job: Job) -> Summary:
    """The run taken together, read again only when something has changed."""
    return queries.summary(app, actor.subject, actor, job.row.job_id, version_of(job))


def summary(app: App, actor: Actor, job: Job) -> None:
    """Grades, what is most common, outliers, checks and cost of the whole run."""
    found = summary_of(app, actor, job)
    if not found.counts.succeeded:
        st.caption("There is no answer to sum up yet.")
        return
    _checks(found)
    left, right = st.columns(2, gap="medium")
    with left, st.container(border=True, height="stretch"):
        grade_bars(job.row.kind, dict(found.grades), key="summary_grades", of=found.counts.total)
    with right, st.container(border=True, height="stretch"):
        most_common(job.row.kind, found, key="summary_common")
    _outliers(found)
    _cost(found)


def grade_bars(kind: Kind, counts: Mapping[str, int], *, key: str, of: int) -> None:
    """How many answers have each grade, as bars and in words."""
    answers = sum(counts.values())
    st.subheader(grades.TITLES[kind], anchor=False)
    st.caption(f"{answers:,} answers of {text.count(of, 'request')}")
    said = ", ".join(f"{grades.word(grade)} {counts.get(grade, 0):,}" for grade in grades.ordered(kind, counts))
    figure = explore_charts.grade_bars(kind, counts, show.colours())
    show.chart(figure, key=key, alt=f"Answers by {grades.TITLES[kind].lower()}: {said}")


_COMMON: Mapping[Kind, tuple[str, str, str]] = {
    Kind.RISK: ("risk_type", "Top risks", "Portfolios in which the risk is at least moderate."),
    Kind.ALLOCATION: ("action", "Proposed actions", "Portfolios for which the action is proposed."),
    Kind.PERFORMANCE: ("return_basis", "How returns were measured", "Answers by the basis of their returns."),
    Kind.ATTRIBUTION: ("main_effect", "Largest effect", "The effect that made most of the difference."),
    Kind.COMPLIANCE: ("breach", "Rules said to be broken", "Portfolios in whose report the rule is a breach."),
    Kind.REALLOCATION: ("action", "Proposed trades", "Portfolios for which such a trade is proposed."),
    Kind.MARKET_RESEARCH: ("stance", "Stances", "Answers in which some theme or holding has this stance."),
    Kind.INVESTMENT_RESEARCH: ("concern", "Concerns", "Portfolios in which the concern is raised."),
    Kind.COMMITTEE_BRIEF: ("action", "Proposed actions", "Portfolios for which the action is proposed."),
}
"""What is counted across portfolios, by analysis: the dimension of the roll-up, its title, what a count means."""


def most_common(kind: Kind, found: Summary, *, key: str, narrowed: bool = False) -> None:
    """What most of the answers have in common."""
    dimension, title, meaning = _COMMON[kind]
    answers = sum(number for _, number in found.grades)
    rows = found.tags.get(dimension, ())
    st.subheader(title, anchor=False, help=meaning)
    whole = "; of the whole run, not only of the chosen portfolios" if narrowed else ""
    st.caption(f"of {text.count(answers, 'answer')}{whole}")
    if not rows:
        st.caption("Nothing to count: no answer names any.")
        return
    shown = [(name if any(map(str.isupper, name)) else text.words(name), number) for name, number in rows[:8]]
    said = ", ".join(f"{name} {number:,}" for name, number in shown[:5])
    show.chart(charts.ranking(shown, show.colours(), of=answers), key=key, alt=f"{title} by number of answers: {said}")


def _checks(found: Summary) -> None:
    checks = found.checks
    share = text.percent(checks.verified_share) if checks.verified_share is not None else text.NONE
    cards = [
        ("Numbers that hold", f"{checks.verified:,} of {checks.stated:,}", f"{share} of all stated numbers and checks"),
        ("Mismatched", f"{checks.mismatched:,}", "The facts or the rule engine say otherwise."),
        ("Unsupported", f"{checks.unsupported:,}", "No fact carries it."),
        ("Answers without a finding", f"{checks.clean_answers:,} of {found.counts.succeeded:,}", ""),
    ]
    if checks.wanted:
        said = f"{checks.covered:,} of {checks.wanted:,}"
        cards.append(("Mandatory facts stated", said, "Those that this analysis must state and that were given."))
    if checks.rules:
        said = f"{checks.rules_agreeing:,} of {checks.rules:,}"
        cards.append(("Rules as the engine decided", said, "Of those that the answers name or had to name."))
    show.metrics(cards)
    if said := text.shares(found.sentences, SEEN):
        st.caption(f"Sentences by what they rest on: {said}")


def _outliers(found: Summary) -> None:
    if found.hhi_median is None:
        return  # an analysis that does not look at concentration
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
            left_out = found.outlier_count - len(found.outliers)
            more = f". {text.count(left_out, 'more portfolio')} beyond it, less concentrated" if left_out else ""
            st.caption(f"Median HHI {found.hhi_median:.4f}, fence {found.hhi_fence:.4f}{more}")


def _cost(found: Summary) -> None:
    usage, as_known = found.usage, ", as far as is known" if found.actual_usd is None else ""
    with st.container(border=True):
        st.subheader("Cost", anchor=False)
        show.metrics(
            [
                ("Expected", text.escape(text.usd(found.estimate_usd)), ""),
                ("Actual", text.escape(text.usd(found.actual_usd)), "From the tokens that the provider counted."),
                ("Tokens in", f"{usage.input_tokens:,}", f"{usage.cached_tokens:,} of them cached{as_known}"),
                (
                    "Tokens out",
                    f"{usage.output_tokens:,}",
                    f"{usage.reasoning_tokens:,} of them for reasoning{as_known}",
                ),
            ]
        )
