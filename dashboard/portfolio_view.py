"""Parts of the Portfolios page: the list, and one portfolio with its facts."""

from __future__ import annotations

from datetime import date

import streamlit as st

from core.app import App
from core.domain.actor import Actor
from core.domain.facts import Fact, FactSheet
from core.domain.portfolio import Portfolio
from dashboard import charts, imports, listings, navigation, queries, show, states, text

_FAMILIES = ("weight.", "asset_class.", "sector.", "country.", "currency.")
"""Facts that have a chart or a column of their own."""


def listing(app: App, actor: Actor) -> None:
    """Search and pages over all portfolios."""
    regions = app.portfolios.count_by_region(actor)
    if not regions:
        _none(app, actor)
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        search = st.text_input(
            "Search",
            type="search",
            placeholder="Name or account",
            key="portfolios_search",
            bind="query-params",
            width=320,
            icon=":material/search:",
        )
        region = st.selectbox(
            "Region", list(regions), index=None, placeholder="All regions", key="portfolios_region",
            bind="query-params", width=200,
        )  # fmt: skip
    total = app.portfolios.count(actor, search=search or "", region=region)
    if not total:
        with show.empty("No portfolio matches", "Shorten the search, or choose another region.", show.NO_MATCH):
            return
    st.caption(f"{text.count(total, 'portfolio')} · click a name to open it")
    place = st.container()
    offset = listings.paging(total, key="portfolios_page")
    rows = app.portfolios.page(actor, search=search or "", region=region, limit=listings.PAGE_ROWS, offset=offset)
    with place:
        clicked = listings.portfolios(rows, key="portfolios_table")
    if clicked:
        navigation.open_portfolio(clicked)


def _none(app: App, actor: Actor) -> None:
    with show.empty("No portfolio yet", "Import a positions file, or look around with the samples first."):
        st.button("Import a file", type="primary", icon=":material/upload:", on_click=imports.open_tab)
        if st.button("Load sample portfolios", icon=":material/science:", key="list_samples"):
            imports.load_samples(app, actor)
            st.rerun()


def detail(app: App, actor: Actor, portfolio_id: str) -> None:
    """One portfolio: what it holds, how concentrated it is, and what was said about it."""
    newest = app.portfolios.get(actor, portfolio_id)
    days = app.portfolios.days(actor, portfolio_id)
    st.page_link(navigation.page("portfolios"), label="All portfolios", icon=":material/arrow_back:")
    st.title(text.escape(newest.name), anchor=False)
    as_of = _day(days)
    portfolio = newest if as_of in (None, newest.as_of) else app.portfolios.get(actor, portfolio_id, as_of=as_of)
    sheet = queries.sheet(app, actor.subject, actor, portfolio_id, as_of, str(hash(portfolio)))
    _caption(portfolio, len(days))
    _headline(sheet)
    _holdings(sheet)
    _breakdown(sheet)
    _facts(sheet)
    _analyses(app, actor, portfolio_id)


def _day(days: list[date]) -> date | None:
    if len(days) < 2:
        return None
    chosen: date = st.selectbox(
        "Snapshot", list(reversed(days)), format_func=text.day, key="portfolio_day", width=200,
        help="Each imported day is kept; a newer one never replaces an older one.",
    )  # fmt: skip
    return chosen


def _caption(portfolio: Portfolio, days: int) -> None:
    derived = "" if portfolio.base_currency_given else " (derived)"
    badge = f"{states.SAMPLE.badge} " if portfolio.is_sample else ""
    parts = [
        f"as of {text.day(portfolio.as_of)}",
        f"base currency {portfolio.base_currency}{derived}",
        f"region {portfolio.region}",
        f"account {portfolio.account}" if portfolio.account else "",
        text.count(days, "day") + " stored",
    ]
    st.markdown(badge + text.escape(" · ".join(part for part in parts if part)))
    with st.container(horizontal=True):
        st.page_link(
            navigation.page("prepare"),
            label="Analyse this portfolio",
            icon=":material/edit_note:",
            query_params={"portfolio": portfolio.portfolio_id},
        )


def _headline(sheet: FactSheet) -> None:
    facts = sheet.by_id()

    def value(metric_id: str) -> tuple[str, str]:
        fact = facts.get(metric_id)
        return (text.escape(listings.shown(fact)), text.escape(fact.definition)) if fact else (text.NONE, "")

    show.metrics(
        [
            ("Total value", *value("total_value")),
            ("Holdings", *value("holdings_count")),
            ("Ten largest", *value("top10_weight")),
            ("Effective positions", *value("effective_n")),
        ]
    )


def _holdings(sheet: FactSheet) -> None:
    left, right = st.columns(2, gap="medium")
    with left, st.container(border=True, height="stretch"):
        st.subheader("Allocation", anchor=False, help="Asset class, sector, holding. Short lines are left out.")
        show.chart(
            charts.allocation(sheet, show.colours()),
            key="allocation",
            alt=f"Treemap of {text.count(len(sheet.holdings), 'holding')} by asset class and sector; "
            "the weights are in the table beside it",
        )
    with right, st.container(border=True, height="stretch"):
        st.subheader("Holdings", anchor=False)
        listings.holdings(sheet)


def _breakdown(sheet: FactSheet) -> None:
    with st.grid(3, min_column_width=300):
        for title, family in (("Sectors", "sector."), ("Countries", "country."), ("Currencies", "currency.")):
            rows = [(_label(fact, family), fact.value) for fact in sheet.facts if fact.metric_id.startswith(family)]
            with st.container(border=True, height="stretch"):
                st.subheader(title, anchor=False)
                if not rows:
                    st.caption("Not known for this portfolio.")
                    continue
                said = ", ".join(f"{name} {value:.1f} %" for name, value in sorted(rows, key=lambda row: -row[1])[:3])
                show.chart(
                    charts.shares(rows, show.colours(), largest=8),
                    key=f"bars_{family}",
                    alt=f"{title} by weight: {said}",
                )


def _label(fact: Fact, family: str) -> str:
    name = fact.metric_id.removeprefix(family)
    return name.upper() if family != "sector." and len(name) <= 3 else text.words(name)


def _facts(sheet: FactSheet) -> None:
    whole = [fact for fact in sheet.facts if not fact.metric_id.startswith(_FAMILIES)]
    with st.container(border=True):
        st.subheader("Facts", anchor=False, help="Computed here; these are the numbers that a model is told.")
        listings.facts(whole, alt="Facts of this portfolio with definition and origin")
        if sheet.absent:
            with st.expander(f"Not computed: {text.count(len(sheet.absent), 'fact')}", icon=":material/block:"):
                listings.absent(sheet.absent)


def _analyses(app: App, actor: Actor, portfolio_id: str) -> None:
    found = app.portfolios.analyses(actor, portfolio_id)
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
