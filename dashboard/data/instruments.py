"""The instruments register: our rows and yours, who changed what, and where portfolios disagree with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from core.app import App
from core.domain.actor import Actor
from core.domain.filters import PortfolioFilter
from core.errors import MosychlosError
from core.guard.access import Permission, may
from core.intake.register.instruments import FIELDS, SAMPLE, USER, Instrument, written_instrument
from core.storage.portfolios.instruments import InstrumentChange, RegisterAction
from dashboard.data import instrument_form as data_instrument_form
from dashboard.prepare.page import pairs
from dashboard.shell import navigation, session
from dashboard.widgets import confirm, listings, show, states, text

_KEY = "data_instruments"
_CHOICES = 500
"""Portfolios that the chooser offers at once; beyond that a search narrows them down."""

YOURS = states.StateLook("yours", ":material/person:", "blue")
OURS = states.StateLook("ours", ":material/inventory_2:", "gray")
STAND_IN = states.StateLook("stand-in", ":material/science:", "orange")
ORIGINS = (YOURS, OURS, STAND_IN)
_ORIGIN_HELP = (
    "Ours come with the program and are never changed. Yours stand before ours in every look-up. Stand-ins exist in "
    "the sample portfolios only."
)
_ACTIONS = {RegisterAction.ADDED: "added", RegisterAction.CORRECTED: "corrected", RegisterAction.DELETED: "deleted"}


def tab(app: App, actor: Actor) -> None:
    """One instrument where the address names one, else all of them."""
    symbol = navigation.parameter("instrument")
    if symbol:
        _detail(app, actor, symbol)
        return
    if may(actor, Permission.PORTFOLIO_EDIT):
        with st.expander("Add an instrument", icon=":material/add:", key=f"{_KEY}_add"):
            data_instrument_form.adding(app, actor)
    _listing(app, actor)
    _conflicts(app, actor)
    _history(app.register.changes(actor), "Changes of the register")


def origin(row: Instrument) -> states.StateLook:
    """Whose row it is."""
    if row.source == USER:
        return YOURS
    return STAND_IN if row.source == SAMPLE else OURS


def _listing(app: App, actor: Actor) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        search = st.text_input(
            "Search", type="search", placeholder="Symbol, ISIN, name or issuer", key="instruments_search",
            bind="query-params", width=300, icon=":material/search:",
        )  # fmt: skip
        matches = app.register.page(actor, search=search or "")
        classes = list(dict.fromkeys(row.asset_class.value for row in app.register.page(actor)))
        kind = st.selectbox(
            "Class", sorted(classes), index=None, placeholder="All classes", format_func=text.words,
            key="instruments_class", bind="query-params", width=200,
        )  # fmt: skip
        whose = st.pills("Whose", [look.word for look in ORIGINS], selection_mode="multi", key="instruments_whose",
                         bind="query-params", help=_ORIGIN_HELP)  # fmt: skip
    found = [
        row
        for row in sorted(matches, key=lambda row: (row.source != USER, row.symbol))
        if (kind is None or row.asset_class.value == kind) and (not whose or origin(row).word in whose)
    ]
    if not found:
        with show.empty("No instrument matches", "Shorten the search, or add a row of your own.", show.NO_MATCH):
            return
    yours = sum(row.source == USER for row in found)
    st.caption(f"{text.count(len(found), 'instrument')}, {yours:,} of them yours · click a symbol to see all of it")
    place = st.container()
    offset = listings.paging(len(found), key="instruments_page")
    with place:
        clicked = _table(found[offset : offset + listings.PAGE_ROWS])
    if clicked:
        st.query_params["instrument"] = clicked
        st.rerun()


def _table(rows: Sequence[Instrument]) -> str:
    key = "instruments_table"
    ids = [row.symbol for row in rows]
    clicked = listings.opened(key, ids)
    columns: dict[str, list[Any]] = {
        "symbol": ids,
        "name": [row.name for row in rows],
        "whose": [[origin(row).word] for row in rows],
        "isin": [row.isin for row in rows],
        "class": [text.words(row.asset_class.value) for row in rows],
        "sector": [text.words(row.sector) for row in rows],
        "country": [row.country for row in rows],
        "currency": [row.currency for row in rows],
        "issuer": [row.terms.issuer for row in rows],
        "group": [row.terms.issuer_group for row in rows],
        "source": [row.source for row in rows],
    }
    column = st.column_config
    st.dataframe(
        listings.frame(columns),
        hide_index=True,
        height="content",
        key=key,
        alt="Instruments of the register",
        placeholder=text.NONE,
        column_config={
            "symbol": listings.opener(key, "Symbol"),
            "name": column.TextColumn("Name", width=230),
            "whose": listings.badges("Whose", ORIGINS),
            "isin": column.TextColumn("ISIN", width=130, help="Blank where it is not known; none is ever invented."),
            "class": "Class",
            "sector": column.TextColumn("Sector", width=150),
            "country": "Country",
            "currency": "Currency",
            "issuer": "Issuer",
            "group": "Issuer group",
            "source": column.TextColumn("From", help="Where the ISIN was found; curated: none is known."),
        },
    )
    return clicked


def _back() -> None:
    st.query_params.pop("instrument", None)


def _detail(app: App, actor: Actor, symbol: str) -> None:
    st.button("All instruments", icon=":material/arrow_back:", type="tertiary", on_click=_back, key=f"{_KEY}_back")
    wanted = symbol.strip().upper()
    row = next((one for one in app.register.page(actor) if one.symbol == wanted), None)
    changes = app.register.changes(actor, wanted)
    if row is None:
        st.error(
            f"The register has no {text.escape(wanted)}. Look for it in the list, or add it.", icon=":material/error:"
        )
        _history(changes, "History", expanded=True)
        return
    st.subheader(f"{text.escape(row.symbol)} · {text.escape(row.name)}", anchor=False)
    look = origin(row)
    st.markdown(f"{look.badge} {text.words(row.asset_class.value)} · {_HOW[look]}")
    left, right = st.columns([2, 3], gap="medium")
    with left:
        _known(row)
    with right:
        if may(actor, Permission.PORTFOLIO_EDIT):
            data_instrument_form.correcting(app, actor, row)
            if row.source == USER:
                _deleting(app, actor, row)
        else:
            st.caption("You may look at the register; people who may edit can correct it.")
    _history(changes, "History", expanded=bool(changes))


_HOW: Mapping[states.StateLook, str] = {
    YOURS: "stands before ours of the same symbol, if there is one",
    OURS: "comes with the program; a correction makes a copy of yours that stands before it",
    STAND_IN: "exists in sample portfolios only",
}


def _known(row: Instrument) -> None:
    cells = written_instrument(row)
    if row.cusip:
        cells.setdefault("cusip", row.cusip)
    named = [name for name in FIELDS if name in cells]
    pairs({data_instrument_form.label(name): cells[name] for name in named}, alt=f"What is known of {row.symbol}")


def _deleting(app: App, actor: Actor, row: Instrument) -> None:
    sentence = (
        f"Your row of {row.symbol} is taken away. Ours of that symbol, if there is one, counts again. The change stays "
        "in the history."
    )
    if not confirm.asked("Delete", sentence, "Delete your row", key=f"{_KEY}_delete", icon=":material/delete:"):
        return
    try:
        app.register.delete(actor, row.symbol)
    except MosychlosError as error:
        st.error(text.escape(error))
        return
    session.flash(f"Your row of {text.escape(row.symbol)} deleted.", ":material/delete:")
    st.rerun()


def _conflicts(app: App, actor: Actor) -> None:
    total = app.portfolios.count(actor)
    if not total:
        return
    linked = navigation.parameter("conflicts")
    with st.expander("Where a portfolio and the register disagree", icon=":material/compare_arrows:",
                     expanded=bool(linked), key=f"{_KEY}_conflicts"):  # fmt: skip
        left, right = st.columns(2)
        search = ""
        if total > _CHOICES:
            with left:
                search = (
                    st.text_input("Portfolios with", type="search", key=f"{_KEY}_of", placeholder="Name or account")
                    or ""
                )
        rows = {
            row.portfolio_id: row.name
            for row in app.portfolios.page(actor, PortfolioFilter(search=search), limit=_CHOICES)
        }
        with right if total > _CHOICES else left:
            chosen = st.selectbox(
                "Portfolio", list(rows), index=list(rows).index(linked) if linked in rows else None,
                placeholder="Choose one", key=f"{_KEY}_portfolio_{linked}", format_func=lambda one: rows.get(one, one),
            )  # fmt: skip
        if not chosen:
            st.caption("What a file says is kept; the register only fills what it leaves out. Where both say "
                       "something and differ, it is shown here and nothing is merged.")  # fmt: skip
            return
        found = app.register.describe(actor, chosen).conflicts
        if not found:
            st.success("No line disagrees with the register.", icon=":material/check_circle:")
            return
        listings.table(
            {
                "Symbol": [one.symbol for one in found],
                "About": [data_instrument_form.label(one.field) for one in found],
                "The file says": [one.stated for one in found],
                "The register says": [one.known for one in found],
                "What was done": [one.message for one in found],
            },
            alt="Where the portfolio and the register disagree",
        )


def _history(rows: Sequence[InstrumentChange], title: str, *, expanded: bool = False) -> None:
    if not rows:
        return
    zone = session.timezone()
    with st.expander(f"{title}: {len(rows):,}", icon=":material/history:", expanded=expanded):
        listings.table(
            {
                "When": [text.moment(row.at, zone) for row in rows],
                "Who": [row.actor for row in rows],
                "What": [_ACTIONS[row.action] for row in rows],
                "Symbol": [row.symbol for row in rows],
                "Columns": [data_instrument_form.difference(row.before, row.after) for row in rows],
            },
            alt=title,
        )
