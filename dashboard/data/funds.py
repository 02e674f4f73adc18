"""Fund holdings: what funds hold, each day with its coverage, brought in and taken away; and registers of issuers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date

import streamlit as st

from core.app import App
from core.desk.funds import FundImport
from core.desk.legal_entities import EntityImport
from core.domain.actor import Actor
from core.domain.portfolio import Problem
from core.errors import MosychlosError
from core.guard.access import Permission, may
from core.storage.portfolios.funds import FundDay
from dashboard.data import files
from dashboard.shell import navigation, session
from dashboard.widgets import confirm, fund_words, listings, show, text

_KEY = "data_funds"
_OUTCOME = f"{_KEY}_outcome"
_ROUND = f"{_KEY}_round"
_LINES = 200
_SAY_DAY, _DAY = "--as-of 2026-10-30", "in “Day of a list that says none”"


def tab(app: App, actor: Actor) -> None:
    """One fund where the address names one, else all of them."""
    fund_id = navigation.parameter("fund")
    if fund_id:
        _detail(app, actor, fund_id)
        return
    _outcome()
    rows = app.funds.rows(actor)
    importer = may(actor, Permission.PORTFOLIO_IMPORT)
    if not rows:
        sentence = "Import the first." if importer else "Somebody who may import can add them."
        with show.empty(
            "Nothing is known of what funds hold",
            "With a fund's form N-PORT from the SEC, or the list of holdings that iShares, SSGA or Vanguard publish, "
            f"portfolios are looked through. {sentence}",
            ":material/account_tree:",
        ):
            pass
    if importer:
        with st.expander(
            "Import fund holdings", icon=":material/upload_file:", expanded=not rows, key=f"{_KEY}_add"
        ):  # fmt: skip
            _adding(app, actor)
    if rows:
        _listing(rows)
    _issuers(app, actor, importer=importer)


def _listing(rows: Sequence[FundDay]) -> None:
    st.caption(f"{text.count(len(rows), 'fund')} · click a name to see what it holds")
    clicked = listings.openable(
        {
            "Fund": [row.name for row in rows],
            "Holdings of": [text.day(row.as_of) for row in rows],
            "Coverage": [f"{row.coverage_pct:.2f} %" for row in rows],
            "Lines": [f"{row.lines:,}" for row in rows],
            "Days": [f"{row.days:,}" for row in rows],
            "Source": [fund_words.source(row.source) for row in rows],
            "Known as": [fund_words.known_as(row.fund_id, row.codes) for row in rows],
        },
        [row.fund_id for row in rows],
        key="funds_table",
        alt="Funds with the newest day of their holdings",
    )
    if clicked:
        st.query_params["fund"] = clicked
        st.rerun()


def _detail(app: App, actor: Actor, fund_id: str) -> None:
    if st.button("All funds", icon=":material/arrow_back:", key=f"{_KEY}_back"):
        _back()
    days = app.funds.days(actor, fund_id)
    if not days:
        with show.empty("No such fund", "It may have been deleted.", show.NO_MATCH):
            return
    newest = days[0]
    st.subheader(text.escape(newest.name), anchor=False)
    chosen = days[0]
    if len(days) > 1:
        named = {text.day(one.as_of): one for one in days}
        chosen = named[st.selectbox("Holdings of", list(named), key=f"{_KEY}_day_{fund_id}", width=200)]
    report = app.funds.report(actor, fund_id, chosen.as_of)
    st.caption(
        text.escape(
            f"{text.day(chosen.as_of)} · {fund_words.source(report.source)} · {chosen.file} · {len(report.lines):,} "
            f"lines add up to {report.stated_pct:.2f} % and cover {report.coverage_pct:.2f} % of net assets · known as "
            f"{fund_words.known_as(fund_id, newest.codes)}"
        )
    )
    if may(actor, Permission.PORTFOLIO_IMPORT):
        _changing(app, actor, newest)
    lines = report.lines[:_LINES]
    listings.table(
        {
            "Name": [one.name for one in lines],
            "Weight": [f"{one.weight_pct:.3f} %" for one in lines],
            "Class": [text.words(one.asset_class.value) for one in lines],
            "Sector": [one.sector for one in lines],
            "Country": [one.country for one in lines],
            "Currency": [one.currency for one in lines],
            "ISIN": [one.isin for one in lines],
            "LEI": [one.lei for one in lines],
        },
        alt="What the fund holds, the heaviest first",
    )
    if len(report.lines) > len(lines):
        st.caption(f"The {len(lines):,} heaviest of {len(report.lines):,} lines.")


def _changing(app: App, actor: Actor, fund: FundDay) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        codes = st.text_input(
            "ISINs and symbols", placeholder="US0000000000 TICKER", key=f"{_KEY}_codes_{fund.fund_id}", width=320,
            help="By which holdings name this fund; each share class has its own.",
        )  # fmt: skip
        if st.button("Bind", icon=":material/link:", key=f"{_KEY}_bind", disabled=not (codes or "").strip()):
            _try(lambda: app.funds.bind(actor, fund.fund_id, (codes or "").split()), "The codes are kept.")
        sentence = f"'{fund.name}' is forgotten with all its days. There is no undo: import its files again."
        if may(actor, Permission.PORTFOLIO_EDIT) and confirm.asked(
            "Delete", sentence, "Delete this fund", key=f"{_KEY}_delete", icon=":material/delete:"
        ):
            _try(lambda: app.funds.delete(actor, fund.fund_id), "The fund is deleted.", back=True)


def _try(act: Callable[[], None], done: str, *, back: bool = False) -> None:
    try:
        act()
    except MosychlosError as error:
        st.error(text.escape(error))
        return
    session.flash(done, ":material/check:")
    if back:
        _back()
    st.rerun()


def _back() -> None:
    st.query_params.pop("fund", None)
    st.rerun()


def _adding(app: App, actor: Actor) -> None:
    number = st.session_state.get(_ROUND, 0)
    left, right = st.columns([3, 2], gap="medium")
    with left:
        uploads = st.file_uploader(
            "Files", type=["xml", "csv", "tsv", "xlsx", "xls", "zip"], accept_multiple_files=True,
            key=f"{_KEY}_files_{number}",
            help="Form N-PORT as the SEC publishes it (primary_doc.xml), or a list of iShares, SSGA or Vanguard.",
        )  # fmt: skip
    with right:
        codes = st.text_input(
            "ISINs and symbols", placeholder="US0000000000 TICKER", key=f"{_KEY}_new_codes_{number}",
            help="By which your holdings name the fund. A filing names neither, so say them; for one file at a time.",
        )  # fmt: skip
        day = st.date_input(
            "Day of a list that says none", None, max_value=app.now().date(), format="YYYY-MM-DD",
            key=f"{_KEY}_as_of_{number}",
        )  # fmt: skip
    words = (codes or "").split()
    several = len(uploads) > 1 and bool(words)
    if several:
        st.caption(":material/info: Codes name one fund: import its file alone.")
    label = f"Keep {text.count(len(uploads), 'file')}" if uploads else "Keep"
    if st.button(label, type="primary", icon=":material/check:", disabled=not uploads or several, key=f"{_KEY}_keep"):
        _keep(app, actor, [(one.name, one.getvalue()) for one in uploads], words, day)


def _keep(app: App, actor: Actor, uploads: Sequence[tuple[str, bytes]], codes: Sequence[str], day: date | None) -> None:
    whole = FundImport()
    for name, data in uploads:
        try:
            done = app.funds.keep(actor, app.funds.inspect(actor, name, data, as_of=day), codes)
        except MosychlosError as error:
            done = FundImport(problems=(Problem(name, None, "", "", str(error)),))
        whole = FundImport(whole.kept + done.kept, whole.problems + done.problems, whole.notes + done.notes)
    if whole.kept:
        st.session_state[_ROUND] = st.session_state.get(_ROUND, 0) + 1
    st.session_state[_OUTCOME] = whole
    st.rerun()


def _outcome() -> None:
    done: FundImport | EntityImport | None = st.session_state.pop(_OUTCOME, None)
    if done is None:
        return
    if isinstance(done, FundImport) and done.kept:
        st.success(
            "  \n".join(
                f"{text.escape(one.name)} of {text.day(one.as_of)}: {one.change.value.replace('_', ' ')}"
                for one in done.kept
            ),
            title=f"{text.count(len(done.kept), 'fund')} kept",
            icon=":material/check_circle:",
        )
    if isinstance(done, EntityImport) and done.kept:
        st.success(
            "  \n".join(f"{text.escape(one.file)}: {one.kept:,} of {one.rows:,} rows" for one in done.kept),
            title="What the registers say is kept",
            icon=":material/check_circle:",
        )
    problems = [replace(one, message=one.message.replace(_SAY_DAY, _DAY)) for one in done.problems]
    files.problems(problems, len({one.file for one in problems}))
    files.notes(done.notes)


def _issuers(app: App, actor: Actor, *, importer: bool) -> None:
    counts = app.entities.counts(actor)
    with st.container(border=True):
        st.subheader("Issuers and their groups", anchor=False, help="One issuer in three spellings is one by its LEI.")
        if counts.updated_at is None:
            st.markdown(
                "No register is stored: issuers are told apart by LEI where a file states it, else by name, and groups "
                "are not known. GLEIF publishes ISIN-to-LEI, relationships (level 2) and names (level 1) for free."
            )
        else:
            zone = session.timezone()
            st.markdown(
                f"{counts.isins:,} ISINs with their LEI, {counts.parents:,} ultimate parents, {counts.names:,} legal "
                f"names; the newest of {text.moment(counts.updated_at, zone)}. Source: GLEIF (CC0)."
            )
        if not importer:
            return
        number = st.session_state.get(_ROUND, 0)
        uploads = st.file_uploader(
            "Files of GLEIF", type=["csv", "xml", "zip"], accept_multiple_files=True, key=f"{_KEY}_gleif_{number}",
            help="Larger files: mosychlos fund issuers FILE.",
        )  # fmt: skip
        if st.button("Keep what they say", icon=":material/check:", disabled=not uploads, key=f"{_KEY}_gleif_keep"):
            _keep_registers(app, actor, [(one.name, one.getvalue()) for one in uploads])


def _keep_registers(app: App, actor: Actor, uploads: Sequence[tuple[str, bytes]]) -> None:
    whole = EntityImport()
    for name, data in uploads:
        try:
            done = app.entities.add(actor, name, data)
        except MosychlosError as error:
            done = EntityImport(problems=(Problem(name, None, "", "", str(error)),))
        whole = EntityImport(whole.kept + done.kept, whole.problems + done.problems, whole.notes + done.notes)
    st.session_state[_ROUND] = st.session_state.get(_ROUND, 0) + 1
    st.session_state[_OUTCOME] = whole
    st.rerun()
