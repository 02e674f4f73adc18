"""The list of portfolios: filters in the address, pages from the database, and what can be done with many at once."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import streamlit as st

from core.app import App
from core.domain.actor import Actor
from core.domain.filters import PortfolioFilter
from core.errors import MosychlosError
from core.guard.access import Permission, may
from dashboard.portfolio import imports
from dashboard.shell import navigation, session
from dashboard.widgets import listings, show, text

_SEARCH, _REGION, _TAG, _GROUP = "portfolios_search", "portfolios_region", "portfolios_tag", "portfolios_group"
_PAGE = "portfolios_page"
_SCOPE = "portfolios_scope"
_TROUBLE = "portfolios_trouble"
_ROWS, _MATCHING = "chosen rows", "all that match"


def listing(app: App, actor: Actor) -> None:
    """Filters, a page of portfolios, and the actions on many."""
    regions = app.portfolios.count_by_region(actor)
    if not regions:
        _none(app, actor)
        return
    wish = _filters(app, actor, regions)
    total = app.portfolios.count(actor, wish)
    if not total:
        with show.empty("No portfolio matches", "Shorten the search, or take a filter away.", show.NO_MATCH):
            st.button("Show all portfolios", icon=":material/filter_alt_off:", on_click=_clear)
        return
    st.caption(f"{text.count(total, 'portfolio')} · click a name to open it, mark rows to act on them")
    place = st.container()
    offset = listings.paging(total, key=_PAGE, bind=True)
    rows = app.portfolios.page(actor, wish, limit=listings.PAGE_ROWS, offset=offset)
    with place:
        # Rows are marked by their place: another page, or another filter, is another table.
        shown = zlib.crc32("\n".join(row.portfolio_id for row in rows).encode())
        clicked, marked = listings.portfolios(rows, key=f"portfolios_table_{shown}")
    if clicked:
        navigation.open_portfolio(clicked)
    _actions(app, actor, wish, [rows[number].portfolio_id for number in marked], total)


def _none(app: App, actor: Actor) -> None:
    with show.empty("No portfolio yet", "Import a positions file, or look around with the samples first."):
        if not may(actor, Permission.PORTFOLIO_IMPORT):
            st.caption("An analyst can bring some in.")
            return
        st.button("Import a file", type="primary", icon=":material/upload:", on_click=imports.open_tab)
        if st.button("Load sample portfolios", icon=":material/science:", key="list_samples"):
            imports.load_samples(app, actor)
            st.rerun()


def _filters(app: App, actor: Actor, regions: dict[str, int]) -> PortfolioFilter:
    tags = app.labels.tags(actor)
    groups = {group.name: group.portfolios for group in app.labels.groups(actor)}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        search = st.text_input(
            "Search", type="search", placeholder="Name, account or id", key=_SEARCH, bind="query-params", width=300,
            icon=":material/search:", on_change=_first_page,
        )  # fmt: skip
        region = _one_of("Region", regions, _REGION, "All regions")
        tag = _one_of("Tag", tags, _TAG, "All tags") if tags else None
        group = _one_of("Group", groups, _GROUP, "All groups") if groups else None
    return PortfolioFilter(search=(search or "").strip(), region=region or "", tag=tag or "", group=group or "")


def _one_of(label: str, options: dict[str, int], key: str, every: str) -> str | None:
    # The option is the wire form in the address, so counts are not part of it.
    return st.selectbox(
        label, list(options), index=None, placeholder=every, key=key, bind="query-params", width=190,
        on_change=_first_page, help=f"{text.count(len(options), label.lower())} in use." if len(options) > 1 else None,
    )  # fmt: skip


def _first_page() -> None:
    st.session_state[_PAGE] = 1


def _clear() -> None:
    st.session_state[_SEARCH] = ""
    for key in (_REGION, _TAG, _GROUP):
        st.session_state[key] = None
    _first_page()


def _actions(app: App, actor: Actor, wish: PortfolioFilter, marked: Sequence[str], total: int) -> None:
    """What can be done with the marked rows, or with everything that matches."""
    may_edit, may_prepare = may(actor, Permission.PORTFOLIO_EDIT), may(actor, Permission.JOB_PREPARE)
    if not may_edit and not may_prepare:
        return
    trouble = st.session_state.pop(_TROUBLE, None)
    if trouble:
        st.error(text.escape(trouble), icon=":material/error:")
    names = {
        _ROWS: f"Marked rows ({len(marked)})",
        _MATCHING: f"All {total:,} that match" if not wish.all else f"All {total:,}",
    }
    with st.container(border=True, horizontal=True, vertical_alignment="bottom"):
        scope = st.segmented_control(
            "Do this with", list(names), default=_ROWS, required=True, key=_SCOPE, format_func=names.__getitem__
        )
        nobody = scope == _ROWS and not marked
        if may_prepare and st.button(
            "Analyse", type="primary", icon=":material/edit_note:", disabled=nobody, key="portfolios_analyse",
            help="Mark rows in the table first." if nobody else "Opens Prepare with these portfolios.",
        ):  # fmt: skip
            _prepare(_ids(app, actor, wish, marked, scope), everything=scope == _MATCHING and wish.all)
        if may_edit:
            _tagging(app, actor, wish, marked, scope, nobody=nobody)
            _grouping(app, actor, wish, marked, scope, nobody=nobody)


def _ids(app: App, actor: Actor, wish: PortfolioFilter, marked: Sequence[str], scope: str | None) -> list[str]:
    if scope == _MATCHING:
        return [row.portfolio_id for row in app.portfolios.page(actor, wish)]
    return list(marked)


def _tagging(
    app: App, actor: Actor, wish: PortfolioFilter, marked: Sequence[str], scope: str | None, *, nobody: bool
) -> None:
    with st.popover("Tag", icon=":material/label:", disabled=nobody, key="portfolios_tagging"):
        tags = st.multiselect(
            "Tags", list(app.labels.tags(actor)), accept_new_options=True, key="bulk_tags",
            placeholder="Choose, or type a new one",
        )  # fmt: skip
        with st.container(horizontal=True):
            put_on = st.button("Put on", type="primary", disabled=not tags, key="bulk_tag_add")
            take_off = st.button("Take off", disabled=not tags, key="bulk_tag_remove")
        if put_on or take_off:
            ids = _ids(app, actor, wish, marked, scope)
            try:
                app.labels.tag(actor, ids, add=tags if put_on else (), remove=tags if take_off else ())
            except MosychlosError as error:
                st.error(text.escape(error), icon=":material/error:")
                return
            word = "put on" if put_on else "taken off"
            _done(f"{', '.join(tags)} {word} {text.count(len(ids), 'portfolio')}.")


def _grouping(
    app: App, actor: Actor, wish: PortfolioFilter, marked: Sequence[str], scope: str | None, *, nobody: bool
) -> None:
    with st.popover("Group", icon=":material/folder:", disabled=nobody, key="portfolios_grouping"):
        group = st.selectbox(
            "Group", [group.name for group in app.labels.groups(actor)], index=None, accept_new_options=True,
            key="bulk_group", placeholder="Choose, or type a new one",
        )  # fmt: skip
        with st.container(horizontal=True):
            put_in = st.button("Put in", type="primary", disabled=not group, key="bulk_group_add")
            take_out = st.button("Take out", disabled=not group, key="bulk_group_remove")
        if group and (put_in or take_out):
            ids = _ids(app, actor, wish, marked, scope)
            try:
                app.labels.change_group(actor, group, add=ids if put_in else (), remove=ids if take_out else ())
            except MosychlosError as error:
                st.error(text.escape(error), icon=":material/error:")
                return
            _done(f"{text.count(len(ids), 'portfolio')} {'put into' if put_in else 'taken out of'} {group}.")


def _done(words: str) -> None:
    session.flash(text.escape(words))
    st.rerun()


def _prepare(ids: Sequence[str], *, everything: bool) -> None:
    """Go to Prepare with portfolios chosen there."""
    if everything:
        for key in ("prepare_which", "prepare_chosen"):
            st.session_state.pop(key, None)
        st.switch_page(navigation.page("prepare"))
    st.session_state["prepare_which"] = "Chosen"
    st.session_state["prepare_chosen"] = list(ids)
    st.switch_page(navigation.page("prepare"), query_params={"portfolio": ids[0]})
