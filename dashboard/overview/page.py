"""Parts of the Overview: what waits for somebody, what runs, what it costs, what came back, and where to begin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from core.app import App
from core.domain.actor import Actor
from core.domain.alert import AlertKind
from core.domain.filters import JobFilter
from core.domain.job import JobState
from core.domain.oversight import BudgetLine, Notice, Waits
from core.domain.records import JobRow
from dashboard.portfolio import imports
from dashboard.run import charts as run_charts
from dashboard.run import list as run_list
from dashboard.run import list_page as runs
from dashboard.run import queries as run_queries
from dashboard.shell import navigation, queries, session
from dashboard.widgets import alert_notice, listings, live, show, states, text

_DAYS = 30
_HOW = {
    "Facts first": "Weights, concentration and, with prices, risk figures are computed from your holdings by plain "
    "formulas. Every fact has an id, a unit and a definition.",
    "One request a portfolio": "The facts and the holdings go to the model as tables, with a question and the form in "
    "which to answer.",
    "In one batch": "Requests travel together at about half the price of single ones and come back within hours. "
    "Nothing is sent before you have seen the price and said yes.",
    "Every number checked": "The model names facts and the program writes their numbers, computes what is derived and "
    "decides what is compared. What does not hold is **mismatched** or **unsupported**, with the likely slip.",
    "Nothing lost": "Each request ends as a result, an error or missing. A stopped worker goes on where it was.",
}
_WITHOUT_ANALYSIS = (JobState.FAILED, JobState.PARTIAL)
_ENDED = (JobState.DONE, JobState.PARTIAL, JobState.FAILED, JobState.CANCELLED)
_SHOWN = 5
_LATEST = 6
_LONGEST = 280


def attention(app: App, actor: Actor) -> None:
    """What needs a person, the newest first: alerts with their next step, then runs with failures."""
    notices = alert_notice.in_order(filter(_is_for_here, app.oversight.notices(actor)))
    told = {notice.job_id for notice in notices}
    broken = app.jobs.count(actor, JobFilter(states=_WITHOUT_ANALYSIS))
    page = app.jobs.page(actor, JobFilter(states=_WITHOUT_ANALYSIS), limit=_SHOWN) if broken else []
    failed = [row for row in page if row.job_id not in told]
    if not notices and not failed:
        st.markdown(":green[:material/check_circle:] Nothing waits for you.")
        return
    with st.container(border=True):
        st.subheader("Needs you", anchor=False, icon=":material/front_hand:")
        for place, notice in enumerate(notices[:_SHOWN]):
            whose = f" {_named(app, actor, notice.job_id)}." if notice.job_id else ""
            with alert_notice.row(app, actor, notice, place, whose=whose):
                if notice.job_id:
                    _open(notice.job_id)
        shown = failed[: max(1, _SHOWN - len(notices))]
        for row in shown:
            _failures(app, actor, row)
        hidden = max(0, len(notices) - _SHOWN)
        if hidden:
            st.caption(f"and {text.count(hidden, 'older alert')}")
        if broken - len(page) + len(failed) > len(shown):
            # By the words of the filter, as they stand in the address.
            words = [states.JOB[state].word for state in _WITHOUT_ANALYSIS]
            st.page_link(
                navigation.page("runs"), label=f"All {broken:,} runs with failures", icon=":material/table_rows:",
                query_params={"runs_state": words},
            )  # fmt: skip


def _is_for_here(notice: Notice) -> bool:
    """This month's budgets stand under their costs, with their marks."""
    return notice.alert.kind is not AlertKind.BUDGET or notice.dismissible


def _named(app: App, actor: Actor, job_id: str) -> str:
    row = app.jobs.get(actor, job_id).row
    return f"{text.words(row.kind)} by {row.model}, {text.count(row.counts.total, 'request')}"


def _failures(app: App, actor: Actor, row: JobRow) -> None:
    lost = row.counts.failed + row.counts.missing
    sentence = f"{lost:,} of {text.count(row.counts.total, 'request')} ended without an analysis"
    causes = run_queries.causes(app, actor.subject, actor, row.job_id, f"{row.state} {lost}")
    if causes:
        sentence += f": {causes[0].requests:,} × {states.ITEM[causes[0].status].word}. {causes[0].example}"
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        with st.container(gap="xxsmall"):
            st.markdown(f"{states.JOB[row.state].badge} **{text.words(row.kind)}** · {text.escape(row.model)}")
            said = text.short(sentence, _LONGEST).rstrip(".")
            st.caption(text.escape(f"{said}. Submitted {text.moment(row.created_at, session.timezone())}."))
        _open(row.job_id)


def _open(job_id: str) -> None:
    st.page_link(
        navigation.page("run"), label="Open", icon=":material/open_in_new:", query_params={"run": job_id},
        width="content",
    )  # fmt: skip


def headline(app: App, actor: Actor) -> None:
    """Four figures: active, finished, failed share, spend against the budget."""
    by_state = app.jobs.count_by_state(actor)
    recent = queries.totals(app, actor.subject, actor, _DAYS)
    spend, _ = app.jobs.spend(actor)
    ended = recent.total - recent.pending
    failed = (recent.failed + recent.missing) / ended if ended else None
    limit = app.settings.budget_month_usd
    with st.grid(4, min_column_width=150):
        _card("Active runs", str(sum(by_state.get(state, 0) for state in states.ACTIVE)), "queued, running or paused")
        _card(
            "Finished runs",
            f"{sum(by_state.get(state, 0) for state in _ENDED):,}",
            _in_what_ways(by_state),
        )
        _card(
            "Failed requests, 30 days",
            text.percent(failed),
            f"{recent.failed + recent.missing:,} of {ended:,} that ended",
        )
        _card(
            "Spend this month",
            text.usd(spend.total_usd),
            f"of {text.usd(limit)} budget" if limit is not None else "no monthly budget is set",
        )


def _in_what_ways(by_state: Mapping[JobState, int]) -> str:
    """How runs ended otherwise than whole."""
    otherwise = [
        f"{by_state[state]:,} {states.JOB[state].word}"
        for state in (JobState.PARTIAL, JobState.FAILED, JobState.CANCELLED)
        if by_state.get(state)
    ]
    return f"{', '.join(otherwise)} among them" if otherwise else "all of them whole" if by_state else "none yet"


def _card(label: str, value: str, note: str) -> None:
    with st.container(border=True, height="stretch", gap="xxsmall"):
        st.metric(label, text.escape(value))
        st.caption(text.escape(note))


def in_progress(app: App, actor: Actor) -> None:
    """A bar for each active run with what it waits for; follows them by itself."""
    active = app.jobs.count(actor, JobFilter(states=states.ACTIVE))

    def draw() -> bool:
        rows = app.jobs.page(actor, JobFilter(states=states.ACTIVE), limit=_SHOWN) if active else []
        if not rows:
            st.caption("Nothing is running.")
            return False
        waits = app.oversight.waits(actor, [row.job_id for row in rows])
        odd = runs.odd(app, actor)
        for row in rows:
            bar(app, row, waits.get(row.job_id), odd.get(row.job_id))
        return True

    with st.container(border=True):
        st.subheader("In progress", anchor=False, icon=":material/progress_activity:")
        live.follow(draw, active=bool(active))
        if active > _SHOWN:
            st.page_link(navigation.page("runs"), label=f"All {active:,} active runs", icon=":material/table_rows:")


def bar(app: App, row: JobRow, waits: Waits | None, odd: AlertKind | None) -> None:
    """One run's progress in words and as a bar."""
    label = text.escape(
        f"{text.words(row.kind)} · {row.model} · {row.provider_done:,} of {row.counts.total:,} requests"
    )
    marks = states.JOB[row.state].badge + ("" if odd is None else f" {alert_notice.LOOKS[odd].badge}")
    said = run_list.note(row, waits, odd=None, now=app.now(), zone=session.timezone())
    with st.container(gap="xxsmall"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.progress(run_list.answered(row), text=f"{marks} {label}")
            _open(row.job_id)
        if said:
            icon = states.JOB[JobState.PAUSED if row.state is JobState.PAUSED else JobState.QUEUED].icon
            st.caption(f"{icon} {text.escape(text.short(said, _LONGEST))}")


def cost(app: App, actor: Actor) -> None:
    """What this month has committed, against every limit with its marks."""
    lines = app.oversight.budgets(actor)
    spend, notices = app.jobs.spend(actor)
    with st.container(border=True):
        st.subheader("Cost this month", anchor=False, icon=":material/account_balance_wallet:")
        for sentence in notices:
            st.warning(text.escape(sentence), icon=":material/account_balance_wallet:")
        if not lines:
            st.markdown(text.escape(f"{text.usd(spend.settled_usd)} spent, {text.usd(spend.open_usd)} reserved."))
            st.caption("No monthly budget is set. Set one with `MOSYCHLOS_BUDGET_MONTH_USD`.")
            return
        show.chart(run_charts.budgets(lines, show.colours()), key="budgets", alt=" ".join(map(_budget, lines)))
        for line in lines:
            st.caption(text.escape(_budget(line)))


def _budget(line: BudgetLine) -> str:
    spent, limit = line.spend.total_usd, line.limit_usd
    left = f"{text.usd(limit - spent)} left" if spent <= limit else f"{text.usd(spent - limit)} over"
    return (
        f"{line.name}: {text.usd(line.spend.settled_usd)} spent and {text.usd(line.spend.open_usd)} reserved of "
        f"{text.usd(limit)}, {line.share * 100:.0f} %, {left}."
    )


def latest(app: App, actor: Actor) -> None:
    """The newest results, with how many of their stated numbers held."""
    rows = app.jobs.latest(actor, JobFilter(states=_ENDED), limit=_LATEST)
    with st.container(border=True):
        st.subheader("Latest results", anchor=False, icon=":material/fact_check:")
        if not rows:
            st.caption("No run has ended yet.")
            if not app.jobs.count(actor) and st.button(
                "Prepare the first analysis", type="primary", icon=":material/edit_note:"
            ):
                st.switch_page(navigation.page("prepare"))
            return
        clicked = _results(rows, app.oversight.checked(actor, [row.job_id for row in rows]))
    if clicked:
        navigation.open_run(clicked)


def _results(rows: Sequence[JobRow], checked: Mapping[str, tuple[int, int]]) -> str:
    key, column, zone = "latest_runs", st.column_config, session.timezone()
    clicked = listings.opened(key, [row.job_id for row in rows])
    counted = [checked.get(row.job_id) for row in rows]
    st.dataframe(
        listings.frame(
            {
                "run": [run_list.title(row) for row in rows],
                "state": [[states.JOB[row.state].word] for row in rows],
                "verified": [one[0] / one[1] if one else None for one in counted],
                "numbers": [f"{one[0]:,} of {one[1]:,}" if one else "" for one in counted],
                "model": [row.model for row in rows],
                "ended": [None if row.ended_at is None else row.ended_at.astimezone(zone) for row in rows],
            }
        ),
        hide_index=True,
        height="content",
        key=key,
        alt="The newest results with the share of their numbers that were matched",
        placeholder=text.NONE,
        column_config={
            "run": listings.opener(key, "Run"),
            "state": listings.badges("State", states.JOB.values()),
            "verified": column.ProgressColumn("Matched", format="percent", min_value=0, max_value=1, width=95),
            "numbers": column.TextColumn(
                "Numbers",
                help="Matched or inserted, of those that answers state.",
                width=95,
            ),
            "model": column.TextColumn("Model", width=95),
            "ended": column.DatetimeColumn("Ended", format="D MMM, HH:mm", width=105),
        },
    )
    return clicked


def first_visit(app: App, actor: Actor) -> None:
    """Where to begin: three steps, each with its button."""
    st.title("Welcome to Mosychlos", anchor=False)
    st.markdown(
        "Mosychlos sends your portfolios to a language model as one cheap batch, and checks every number in the "
        "answers against figures it computed itself."
    )
    with st.grid(3, min_column_width=260):
        with st.container(border=True, height="stretch"):
            st.subheader("1 · Bring portfolios in", anchor=False, icon=":material/upload_file:")
            st.markdown("A broker's positions file, a table of your own, or the samples that come with the program.")
            st.space("stretch")
            if st.button("Import a file", type="primary", icon=":material/upload:", width="stretch"):
                imports.open_tab()
                st.switch_page(navigation.page("portfolios"))
            if st.button("Load sample portfolios", icon=":material/science:", width="stretch", key="first_samples"):
                imports.load_samples(app, actor)
                st.rerun()
        with st.container(border=True, height="stretch"):
            st.subheader("2 · Prepare an analysis", anchor=False, icon=":material/edit_note:")
            st.markdown(
                "Choose portfolios and a model, and see the price and the first request before anything is sent."
            )
            st.space("stretch")
            st.button("Prepare", icon=":material/edit_note:", width="stretch", disabled=True, help="Needs a portfolio.")
        with st.container(border=True, height="stretch"):
            st.subheader("3 · Read what came back", anchor=False, icon=":material/query_stats:")
            st.markdown(
                "Each part of a sentence says what it rests on: a fact, a formula, a decided comparison, or nothing. "
                "What does not hold is marked and never repaired in silence."
            )
            st.space("stretch")
            if st.button("Read how it works", icon=":material/menu_book:", width="stretch"):
                how_it_works()


@st.dialog("How it works", width="large", icon=":material/menu_book:")
def how_it_works() -> None:
    """The way from a file to a checked analysis."""
    for title, sentence in _HOW.items():
        st.markdown(f"**{title}.** {sentence}")
