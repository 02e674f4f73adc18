"""The Funds tab: what the funds of a portfolio hold, with the day and the coverage of every report."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.desk.portfolio_figures import FundsSeen
from core.domain.facts import FactSheet
from core.domain.units import Badge
from core.metrics.definitions import MetricGroup
from core.metrics.lookthrough import FundSeen
from dashboard.portfolio.cards import cards, missing, origin
from dashboard.portfolio.open import OpenPortfolio
from dashboard.shell import navigation
from dashboard.widgets import charts, fund_words, listings, show, text

_FIGURES = (
    "lookthrough.fund_weight",
    "lookthrough.coverage",
    "lookthrough.data_age",
    "lookthrough.issuer_top1_weight",
    "lookthrough.issuer_effective_n",
)
_BREAKDOWNS = (
    ("Largest issuers", "lookthrough.issuer."),
    ("Largest groups of issuers", "lookthrough.group."),
    ("Sectors", "lookthrough.sector."),
    ("Countries", "lookthrough.country."),
    ("Currencies", "lookthrough.currency."),
)
_LARGEST_ONLY = ("lookthrough.issuer.", "lookthrough.group.")
_BARS = 10


def tab(one: OpenPortfolio) -> None:
    """Everything about funds looked through."""
    looked = one.funds()
    if looked is None:
        with show.empty("No fund to look through", text.escape(_why_none(one)), ":material/account_tree:"):
            pass
        return
    sheet = one.sheet(MetricGroup.LOOKTHROUGH)
    if not looked.statement:
        with show.empty("Nothing is known of what the funds hold", _what_to_import(looked), ":material/account_tree:"):
            st.page_link(
                navigation.page("data"), label="Import fund holdings", icon=":material/upload_file:",
                query_params={"tab": "Funds"},
            )  # fmt: skip
    else:
        _figures(one, looked, sheet)
    with st.container(border=True):
        st.subheader("Funds", anchor=False, help="By the newest report up to the portfolio's day, else the next one.")
        _funds(looked.funds)
    missing(sheet.absent)


def _why_none(one: OpenPortfolio) -> str:
    reasons = {absent.reason for absent in one.sheet(MetricGroup.LOOKTHROUGH).absent}
    return next(iter(sorted(reasons)), "No line is a fund.")


def _what_to_import(looked: FundsSeen) -> str:
    names = ", ".join(one.holding_id for one in looked.funds[:5])
    return text.escape(
        f"Import the form N-PORT of {names} from the SEC, or the list of holdings that the fund house publishes, under "
        "Data, Funds, with the ISIN or symbol that your holdings have."
    )


def _figures(one: OpenPortfolio, looked: FundsSeen, sheet: FactSheet) -> None:
    with st.container(border=True):
        st.subheader(
            "Looked through", anchor=False,
            help="Every fund replaced by what its report says it holds. Figures of the lines alone stay in Holdings.",
        )  # fmt: skip
        badge = Badge.SIMULATED if sheet.is_sample else Badge.DERIVED
        known = f"{looked.identified:.0f} % of the issuers' value told by LEI" if not looked.why_not else ""
        origin(badge, looked.statement, known)
        cards(sheet, _FIGURES)
        if looked.why_not:
            st.warning(text.escape(looked.why_not), title="Too little is looked through", icon=":material/block:")
        else:
            _breakdowns(one, sheet)
    if any(fact.metric_id.startswith("lookthrough.issuer.") for fact in sheet.facts):
        with st.container(border=True):
            st.subheader("All figures of the look-through", anchor=False, help="No model is told these.")
            listings.facts(sheet.facts, alt="Looked-through figures with definition, period and origin")


def _breakdowns(one: OpenPortfolio, sheet: FactSheet) -> None:
    with st.grid(2, min_column_width=330, gap="medium"):
        for title, family in _BREAKDOWNS:
            rows = [
                (_label(fact.metric_id.removeprefix(family)), fact.value)
                for fact in sheet.facts
                if fact.metric_id.startswith(family)
            ]
            with st.container(height="stretch"):
                st.markdown(f"**{title}**")
                if rows:
                    _bars(one, title, family, rows)
                    continue
                reason = next((row.reason for row in sheet.absent if row.metric_id == f"{family}*"), "")
                st.caption(text.escape(reason or "Not known for this portfolio."))


def _bars(one: OpenPortfolio, title: str, family: str, rows: Sequence[tuple[str, float]]) -> None:
    ranked = sorted(rows, key=lambda row: -abs(row[1]))
    # Not all issuers are among the rows, so those that do not fit are not summed up as "others".
    drawn = ranked[:_BARS] if family in _LARGEST_ONLY else ranked
    said = ", ".join(f"{name} {value:.1f} %" for name, value in ranked[:3])
    one.draw(
        f"bars_{family}",
        f"{title} by weight, funds looked through: {said}",
        lambda colours: charts.shares(drawn, colours, largest=_BARS),
    )
    show.same_as_table(
        lambda: {title: [name for name, _ in ranked], "Weight": [f"{value:.2f} %" for _, value in ranked]},
        key=f"bars_{family}",
        alt=f"{title} and their weights, funds looked through",
    )


def _label(key: str) -> str:
    return key.upper() if len(key) <= 3 else text.words(key)


def _funds(funds: Sequence[FundSeen]) -> None:
    listings.table(
        {
            "Fund": [f"{one.holding_id}: {one.name}" if one.name != one.holding_id else one.name for one in funds],
            "Weight": [f"{one.weight:.2f} %" for one in funds],
            "Holdings of": [text.day(one.as_of) if one.as_of else None for one in funds],
            "Coverage": [f"{one.covered:.2f} %" if one.as_of else None for one in funds],
            "Source": [fund_words.source(one.source) for one in funds],
            "Not looked through because": [one.why_not for one in funds],
        },
        alt="Funds with the day and the coverage of their holdings",
    )
