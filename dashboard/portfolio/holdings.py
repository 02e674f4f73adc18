"""The Holdings tab: what is held, by whom it was issued, how concentrated it is, and the way to change it."""

from __future__ import annotations

import streamlit as st

from core.domain.facts import Fact, FactSheet
from core.metrics.definitions import MetricGroup
from dashboard.portfolio import conflicts as portfolio_conflicts
from dashboard.portfolio import editor as portfolio_editor
from dashboard.portfolio import tables as portfolio_tables
from dashboard.portfolio.cards import cards, missing
from dashboard.portfolio.open import OpenPortfolio
from dashboard.widgets import charts, listings, show, text

_CONCENTRATION = ("hhi", "top1_weight", "top5_weight", "issuer_hhi", "issuer_top1_weight")
_BREAKDOWNS = (
    ("Asset classes", "asset_class."),
    ("Sectors", "sector."),
    ("Countries", "country."),
    ("Currencies", "currency."),
)
_BARS = 8


def tab(one: OpenPortfolio) -> None:
    """Everything about the lines."""
    sheet = one.sheet(MetricGroup.HOLDINGS)
    described = one.described()
    left, right = st.columns([5, 6], gap="medium")
    with left, st.container(border=True, height="stretch"):
        st.subheader("Allocation", anchor=False, help="Asset class, sector, holding. Short lines are left out.")
        _allocation(one, sheet)
    with right, st.container(border=True, height="stretch"):
        st.subheader("Holdings", anchor=False, help="A click on a symbol opens the holding below.")
        clicked = portfolio_tables.holdings(sheet, described.portfolio, key="holdings")
    if clicked:
        portfolio_editor.choose(clicked)
    portfolio_editor.panel(one, sheet, described.portfolio)
    portfolio_conflicts.card(one, sheet, described.conflicts)
    with st.container(border=True):
        st.subheader("Concentration", anchor=False)
        cards(sheet, _CONCENTRATION)
        _breakdowns(one, sheet)
        missing(sheet.absent)
    liquidity = one.sheet(MetricGroup.LIQUIDITY)
    with st.container(border=True):
        st.subheader("All facts of the holdings", anchor=False, help="The numbers that a model is told.")
        whole = [fact for fact in sheet.facts if "." not in fact.metric_id]
        listings.facts([*whole, *liquidity.facts], alt="Facts of the holdings with definition and origin")
        if liquidity.absent:
            missing(liquidity.absent)


def _allocation(one: OpenPortfolio, sheet: FactSheet) -> None:
    if not any(line.weight_pct > 0 for line in sheet.holdings):
        st.caption(text.escape(_reason(sheet, "weight.") or "No line has a weight above zero."))
        return
    one.draw(
        "allocation",
        f"Treemap of {text.count(len(sheet.holdings), 'holding')} by asset class and sector; "
        "the weights are in the table beside it",
        lambda colours: charts.allocation(sheet, colours),
    )


def _reason(sheet: FactSheet, family: str) -> str:
    return next((absent.reason for absent in sheet.absent if absent.metric_id.startswith(family)), "")


def _breakdowns(one: OpenPortfolio, sheet: FactSheet) -> None:
    if not any(fact.metric_id.startswith(family) for fact in sheet.facts for _, family in _BREAKDOWNS):
        st.caption(text.escape(_reason(sheet, _BREAKDOWNS[0][1]) or "No line can be weighed."))
        return
    with st.grid(2, min_column_width=330, gap="medium"):
        for title, family in _BREAKDOWNS:
            rows = [(_label(fact, family), fact.value) for fact in sheet.facts if fact.metric_id.startswith(family)]
            with st.container(height="stretch"):
                st.markdown(f"**{title}**")
                if not rows:
                    st.caption("Not known for this portfolio.")
                    continue
                ranked = sorted(rows, key=lambda row: -abs(row[1]))
                said = ", ".join(f"{name} {value:.1f} %" for name, value in ranked[:3])
                one.draw(
                    f"bars_{family}",
                    f"{title} by weight: {said}",
                    lambda colours, rows=rows: charts.shares(rows, colours, largest=_BARS),  # type: ignore[misc]
                )
                show.same_as_table(
                    lambda ranked=ranked, title=title: {  # type: ignore[misc]  # bound here, or all show the last one
                        title: [name for name, _ in ranked],
                        "Weight": [f"{value:.2f} %" for _, value in ranked],
                    },
                    key=f"bars_{family}",
                    alt=f"{title} and their weights",
                )


def _label(fact: Fact, family: str) -> str:
    name = fact.metric_id.removeprefix(family)
    return name.upper() if family in {"country.", "currency."} and len(name) <= 3 else text.words(name)
