"""Parts of the Overview: what runs, what waits for somebody, what it cost, and where to begin."""

from __future__ import annotations

import streamlit as st

from core.app import App
from core.domain.actor import Actor
from core.domain.job import JobState
from core.domain.records import JobRow
from dashboard import imports, listings, live, navigation, queries, session, states, text

_DAYS = 30
_HOW = {
    "Facts first": "Weights, concentration and, with prices, risk figures are computed from your holdings by plain "
    "formulas. Every fact has an id, a unit and a definition.",
    "One request a portfolio": "The facts and the holdings go to the model as tables, with a question and the form in "
    "which to answer.",
    "In one batch": "Requests travel together at about half the price of single ones and come back within hours. "
    "Nothing is sent before you have seen the price and said yes.",
    "Every number checked": "The model must name the fact behind each number. We compare: **verified**, "
    "**mismatched** with the likely slip, or **unsupported**. You see all three.",
    "Nothing lost": "Each request ends as a result, an error or missing. A stopped worker goes on where it was.",
}
_TROUBLED = (JobState.ATTENTION, JobState.FAILED, JobState.PARTIAL)


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
            f"{sum(by_state.get(state, 0) for state in (JobState.DONE, JobState.PARTIAL)):,}",
            f"{by_state.get(JobState.PARTIAL, 0):,} of them with failed requests",
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


def _card(label: str, value: str, note: str) -> None:
    with st.container(border=True, height="stretch", gap="xxsmall"):
        st.metric(label, text.escape(value))
        st.caption(text.escape(note))


def in_progress(app: App, actor: Actor) -> None:
    """A bar for each active run; follows them by itself."""
    active = app.jobs.page(actor, states=states.ACTIVE, limit=6)

    def draw() -> bool:
        rows = app.jobs.page(actor, states=states.ACTIVE, limit=6) if active else []
        if not rows:
            st.caption("Nothing is running.")
        for row in rows:
            bar(row)
        return bool(rows)

    with st.container(border=True):
        st.subheader("In progress", anchor=False, icon=":material/progress_activity:")
        live.follow(draw, active=bool(active))


def bar(row: JobRow) -> None:
    """One run's progress in words and as a bar."""
    done, total = max(row.provider_done, row.counts.total - row.counts.pending), row.counts.total
    label = text.escape(f"{text.words(row.kind)} · {row.model} · {min(done, total):,} of {total:,} requests")
    with st.container(horizontal=True, vertical_alignment="center"):
        st.progress(min(done / total, 1.0) if total else 0.0, text=f"{states.JOB[row.state].badge} {label}")
        st.page_link(
            navigation.page("run"), label="Open", icon=":material/open_in_new:", query_params={"run": row.job_id}
        )


def attention(app: App, actor: Actor) -> None:
    """What waits for a person, the newest first."""
    rows = app.jobs.page(actor, states=_TROUBLED, limit=4)
    _, budgets = app.jobs.spend(actor)
    with st.container(border=True):
        st.subheader("Needs attention", anchor=False, icon=":material/front_hand:")
        for sentence in budgets:
            st.warning(text.escape(sentence), icon=":material/account_balance_wallet:")
        for row in rows:
            _trouble(row)
        if not rows and not budgets:
            st.caption("Nothing waits for you.")


def _trouble(row: JobRow) -> None:
    look = states.JOB[row.state]
    failed = row.counts.failed + row.counts.missing
    sentence = row.message or f"{failed:,} of {row.counts.total:,} requests ended without an analysis."
    with st.container(gap="xxsmall"):
        st.page_link(
            navigation.page("run"),
            label=f"**{text.words(row.kind)}**, {text.moment(row.created_at, session.timezone())}",
            query_params={"run": row.job_id},
        )
        st.markdown(f"{look.badge} {text.escape(text.short(sentence, 240))}")


def latest(app: App, actor: Actor) -> None:
    """The newest runs."""
    rows = app.jobs.page(actor, limit=8)
    with st.container(border=True):
        st.subheader("Latest runs", anchor=False)
        if not rows:
            st.caption("There is no run yet.")
            if st.button("Prepare the first analysis", type="primary", icon=":material/edit_note:"):
                st.switch_page(navigation.page("prepare"))
            return
        clicked = listings.jobs(rows, key="latest_runs", now=app.now(), alt="The newest runs", brief=True)
    if clicked:
        navigation.open_run(clicked)


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
                "Each stated number is marked verified, mismatched or unsupported. Nothing is repaired in silence."
            )
            st.space("stretch")
            if st.button("Read how it works", icon=":material/menu_book:", width="stretch"):
                how_it_works()


@st.dialog("How it works", width="large", icon=":material/menu_book:")
def how_it_works() -> None:
    """The way from a file to a checked analysis."""
    for title, sentence in _HOW.items():
        st.markdown(f"**{title}.** {sentence}")
