"""Which portfolios are looked at: all, a region, a group, a tag, what a search finds, or chosen ones."""

from __future__ import annotations

import streamlit as st

from core.app import App
from core.domain.actor import Actor
from core.domain.filters import PortfolioFilter
from dashboard.prepare.link import CHOSEN, WHICH
from dashboard.shell import navigation, queries
from dashboard.widgets import show, text

_WAYS = ("All", "Region", "Group", "Tag", "Search", "Chosen")
_CHOICES = 500
"""Portfolios that the chooser offers at once; beyond that a search narrows them down."""


def nothing_to_send() -> None:
    """The page while there is no portfolio."""
    with show.empty("No portfolio yet", "An analysis needs at least one. Import a file, or load the samples."):
        if st.button("Go to Portfolios", type="primary", icon=":material/pie_chart:"):
            st.switch_page(navigation.page("portfolios"))


def who(app: App, actor: Actor) -> tuple[str, ...]:
    """Choose portfolios; returns their ids."""
    total = app.portfolios.count(actor)
    groups = [group.name for group in app.labels.groups(actor) if group.portfolios]
    tags = app.labels.tags(actor)
    ways = [way for way in _WAYS if (way != "Group" or groups) and (way != "Tag" or tags)]
    st.session_state.setdefault(WHICH, "All")
    with st.container(border=True):
        st.subheader("Portfolios", anchor=False)
        which = st.segmented_control("Which", ways, required=True, key=WHICH)
        if which == "Region":
            chosen = _of_region(app, actor, total)
        elif which == "Group":
            name = st.selectbox("Group", groups, key="prepare_group")
            chosen = tuple(row.portfolio_id for row in app.portfolios.page(actor, PortfolioFilter(group=name)))
        elif which == "Tag":
            tag = st.pills(
                "Tag", list(tags), default=next(iter(tags)), required=True, key="prepare_tag",
                format_func=lambda one: f"{text.escape(one)} ({tags[one]:,})",
            )  # fmt: skip
            chosen = tuple(row.portfolio_id for row in app.portfolios.page(actor, PortfolioFilter(tag=tag)))
        elif which == "Search":
            words = (
                st.text_input("Name, account or id", type="search", key="prepare_words", placeholder="pension") or ""
            )
            chosen = (
                tuple(row.portfolio_id for row in app.portfolios.page(actor, PortfolioFilter(search=words)))
                if words
                else ()
            )
        elif which == "Chosen":
            chosen = _by_hand(app, actor, total)
        else:
            chosen = queries.portfolio_ids(app, actor.subject, actor, None, total)
        st.caption(f"{text.count(len(chosen), 'portfolio')} of {total:,}")
    return chosen


def _of_region(app: App, actor: Actor, total: int) -> tuple[str, ...]:
    regions = app.portfolios.count_by_region(actor)
    region = st.pills(
        "Region", list(regions), default=next(iter(regions)), required=True, key="prepare_of_region",
        format_func=lambda code: f"{text.escape(code)} ({regions[code]:,})",
    )  # fmt: skip
    return queries.portfolio_ids(app, actor.subject, actor, region, total)


def _by_hand(app: App, actor: Actor, total: int) -> tuple[str, ...]:
    kept = st.session_state.get(CHOSEN, [])
    if len(kept) > _CHOICES:
        # A list of thousands of chips helps nobody: it was chosen elsewhere and can be changed there.
        st.markdown(f"{len(kept):,} portfolios were chosen on the Portfolios page.")
        st.button("Choose anew", key="prepare_anew", on_click=lambda: st.session_state.pop(CHOSEN, None))
        return tuple(kept)
    search = ""
    if total > _CHOICES:
        search = st.text_input(
            "Search", type="search", key="prepare_search", placeholder="Name or account",
            help=f"The list below offers the first {_CHOICES} that match.",
        ) or ""  # fmt: skip
    rows = app.portfolios.page(actor, PortfolioFilter(search=search), limit=_CHOICES)
    names = {row.portfolio_id: f"{row.name} · {row.region}" for row in rows}
    options = [*names, *(one for one in kept if one not in names)]
    chosen = st.multiselect(
        "Portfolios", options, key=CHOSEN, format_func=lambda one: names.get(one, one),
        placeholder="Choose portfolios",
    )  # fmt: skip
    return tuple(chosen)
