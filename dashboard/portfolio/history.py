"""The History tab: value on each stored day, outside money, who changed what when, and earlier analyses."""

from __future__ import annotations

import streamlit as st

from core.desk.portfolio_figures import DayRow
from core.desk.replication.pack import name_of
from core.desk.replication.writing import zipped
from dashboard.portfolio import charts as portfolio_charts
from dashboard.portfolio.open import OpenPortfolio
from dashboard.shell import navigation, session
from dashboard.widgets import listings, states, text
from dashboard.widgets.download import ZIP, download


def tab(one: OpenPortfolio) -> None:
    """Everything about the past of the record itself."""
    rows = one.stored_days()
    with st.container(border=True):
        _values(one, rows)
    left, right = st.columns(2, gap="medium")
    with left, st.container(border=True, height="stretch"):
        _revisions(one)
    with right, st.container(border=True, height="stretch"):
        _flows(one)
    _analyses(one)
    with st.container(border=True):
        _replication(one)


def _replication(one: OpenPortfolio) -> None:
    st.subheader("Replication pack", anchor=False)
    st.caption(
        "All that the figures and verdicts of this day are made of, with a script that makes them again without this "
        "program. For an auditor: README.txt in it says how."
    )
    download(
        "Download as ZIP",
        f"{name_of(one.portfolio_id, one.as_of)}.zip",
        ZIP,
        lambda: [zipped(one.app.replication.pack(one.actor, one.portfolio_id, as_of=one.as_of))],
        actor=one.actor,
        key="replication",
    )


def _values(one: OpenPortfolio, rows: list[DayRow]) -> None:
    st.subheader("Value on stored days", anchor=False)
    currency = rows[-1].base_currency
    known = [
        (row.day, float(row.total_value))
        for row in rows
        if row.total_value is not None and row.base_currency == currency
    ]
    if len(known) > 1:
        first, last = known[0], known[-1]
        one.draw(
            "values",
            f"Line of the total value: {text.money(first[1], currency)} on {text.day(first[0])}, "
            f"{text.money(last[1], currency)} on {text.day(last[0])}",
            lambda colours: portfolio_charts.values_over_days(known, currency, colours),
        )
    else:
        st.caption("One day is stored so far. Import a later file of the same account, and its value is drawn here.")
    listings.table(
        {
            "Day": [text.day(row.day) for row in reversed(rows)],
            "Value": [
                "no exchange rate" if row.total_value is None else text.money(row.total_value, row.base_currency)
                for row in reversed(rows)
            ],
            "Holdings": [f"{row.holdings:,}" for row in reversed(rows)],
            "Revisions": [f"{row.revisions:,}" for row in reversed(rows)],
        },
        alt="Stored days with value, holdings and revisions",
    )


def _revisions(one: OpenPortfolio) -> None:
    st.subheader(
        "Revisions of this day", anchor=False, help="Every import, edit, undo and redo is kept; nothing is overwritten."
    )
    found = one.app.editor.history(one.actor, one.portfolio_id, as_of=one.as_of)
    zone = session.timezone()
    listings.table(
        {
            "No.": [str(row.number) for row in found],
            "When": [text.moment(row.at, zone) for row in found],
            "Who": [row.actor for row in found],
            "What": [row.note or text.words(row.kind) for row in found],
        },
        alt="Revisions of this day, the newest first",
    )


def _flows(one: OpenPortfolio) -> None:
    st.subheader("Outside money", anchor=False, help="Paid in or taken out, as far as the source tells; no trades.")
    flows = one.portfolio.flows
    if not flows:
        st.caption("The source names none.")
        return
    listings.table(
        {
            "Day": [text.day(flow.day) for flow in reversed(flows)],
            "Amount": [text.money(flow.amount, flow.currency) for flow in reversed(flows)],
            "": ["paid in" if flow.amount > 0 else "taken out" for flow in reversed(flows)],
        },
        alt="Outside money, the newest first",
    )


def _analyses(one: OpenPortfolio) -> None:
    found = one.app.portfolios.analyses(one.actor, one.portfolio_id)
    with st.container(border=True):
        st.subheader("Earlier analyses", anchor=False)
        if not found:
            st.caption("No run has analysed this portfolio yet.")
            return
        for job_id, item in found:
            level = states.LEVEL.get(item.level)
            badge = level.badge if level else states.ITEM[item.status].badge
            with st.container(horizontal=True, vertical_alignment="center"):
                st.markdown(f"{badge} {text.escape(item.headline or listings.checks(item.verification))}")
                st.page_link(
                    navigation.page("run"),
                    label="Open",
                    icon=":material/open_in_new:",
                    query_params={"run": job_id, "item": item.custom_id},
                )
