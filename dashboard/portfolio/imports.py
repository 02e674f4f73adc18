"""Portfolios on their way in: read, look, ask, keep."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.app import App
from core.desk.imports import READABLE
from core.desk.portfolios import ImportReport
from core.domain.actor import Actor
from core.domain.portfolio import Intake
from core.errors import MosychlosError
from dashboard.portfolio import looking
from dashboard.portfolio.looking import Read, Upload, looked_at
from dashboard.shell import navigation, queries, session
from dashboard.widgets import listings, text
from dashboard.widgets.download import CSV, download

TABS = ("Portfolios", "Import")
TAB_KEY = "portfolios_tab"
_OUTCOME = "import_outcome"
_ROUND = "import_round"


def open_tab(name: str = "Import") -> None:
    """Let the Portfolios page open at a tab."""
    st.session_state[TAB_KEY] = name


def load_samples(app: App, actor: Actor) -> None:
    """Bring the sample portfolios in and say so."""
    report = app.portfolios.add_samples(actor)
    _forget()
    session.flash(f"{text.count(len(report.imported), 'sample portfolio')} loaded, marked as samples.")


def form(app: App, actor: Actor) -> None:
    """Choose files, see what is in them, and keep it or not."""
    _outcome()
    left, right = st.columns([3, 2], gap="medium")
    with left:
        files = st.file_uploader(
            "Files",
            type=sorted(ending.lstrip(".") for ending in READABLE),
            accept_multiple_files=True,
            key=f"import_files_{st.session_state.get(_ROUND, 0)}",
            help="Files from brokers and programs, filings with the SEC, or a table of your own. What a file is, is "
            "found out from its content; of a table with unknown columns you are asked which is which.",
        )
    with right:
        currency = st.text_input(
            "Base currency",
            max_chars=3,
            placeholder="as in the file",
            key="import_currency",
            help="Three letters, such as EUR. Left empty: as the file says, else the currency that holds most value.",
        )
        regions = [file.text("code") for file in app.library.regions()]
        region = st.selectbox(
            "Region", regions, index=None, placeholder="from the holdings", key="import_region",
            help="Decides which regional rules a prompt adds. Left empty: from where most holdings are listed.",
        )  # fmt: skip
    with st.container(horizontal=True):
        download(
            "Download the template", "positions-template.csv", CSV, lambda: [app.portfolios.template()],
            actor=actor, key="import_template",
        )  # fmt: skip
        if st.button("Load sample portfolios", icon=":material/science:", key="import_samples"):
            load_samples(app, actor)
            open_tab("Portfolios")
            st.rerun()
    if files:
        base = (currency or "").upper() or None
        _look(app, actor, [Upload(file.name, file.getvalue(), base, region) for file in files])


def _look(app: App, actor: Actor, files: Sequence[Upload]) -> None:
    reads = looked_at(app, actor, files)
    intakes = [read.intake for read in reads]
    rows = sum(len(portfolio.holdings) for intake in intakes for portfolio in intake.portfolios)
    found = sum(len(intake.portfolios) for intake in intakes)
    problems = [problem for intake in intakes for problem in intake.problems]
    if problems:
        st.warning(
            "Correct the file and import it again, or keep what is good.",
            title=f"{text.count(len(problems), 'problem')} in {text.count(len(files), 'file')}",
            icon=":material/rule:",
        )
        listings.problems(problems)
    if found:
        st.markdown(f"**Found: {text.count(found, 'portfolio')}, {text.count(rows, 'good row')}**")
        _found(intakes)
    closes = sum(len(series.closes) for intake in intakes for series in intake.prices)
    if closes:
        st.caption(f":material/show_chart: {text.count(closes, 'daily close')} will be kept with them.")
    told = {f"{one.choice}: {one.proof}." for intake in intakes for table in intake.tables for one in table.decisions}
    for note in dict.fromkeys(note for intake in intakes for note in intake.notes if note not in told):
        st.caption(f":material/info: {text.escape(note)}")
    with st.container(horizontal=True):
        if rows or closes:
            label = f"Keep the {text.count(rows, 'good row')}" if problems else f"Keep {text.count(found, 'portfolio')}"
            if not rows:
                label = f"Keep {text.count(closes, 'daily close')}"
            st.button(label, type="primary", icon=":material/check:", on_click=_keep, args=(app, actor, reads))
        st.button("Discard", icon=":material/delete:", on_click=_clear, key="import_discard")


def _found(intakes: Sequence[Intake]) -> None:
    found = [(intake, portfolio) for intake in intakes for portfolio in intake.portfolios]
    listings.table(
        {
            "Portfolio": [portfolio.name for _, portfolio in found],
            "Account": [portfolio.account for _, portfolio in found],
            "As of": [text.day(portfolio.as_of) for _, portfolio in found],
            "Rows": [f"{len(portfolio.holdings):,}" for _, portfolio in found],
            "Base currency": [
                portfolio.base_currency + ("" if portfolio.base_currency_given else " (derived)")
                for _, portfolio in found
            ],
            "Region": [portfolio.region for _, portfolio in found],
            "Format": [text.words(intake.format) for intake, _ in found],
            "File": [intake.file for intake, _ in found],
        },
        alt="Portfolios found in the files",
    )


def _keep(app: App, actor: Actor, reads: Sequence[Read]) -> None:
    try:
        for read in reads:
            said = read.said
            if said.survey is not None and said.mapping is not None and said.remember:
                app.imports.remember(actor, said.survey, said.mapping)
        report = app.imports.keep(actor, [read.intake for read in reads])
    except MosychlosError as error:
        session.flash(text.escape(error), ":material/error:")
        return
    _clear()
    _forget()
    # Notes on the file were on the screen before; what keeping it found out is new.
    seen = {note for read in reads for note in read.intake.notes}
    seen |= {problem.message for read in reads for problem in read.intake.problems}
    news = [*report.notes, *(f"{problem.column}: {problem.message}" for problem in report.problems
                             if problem.message not in seen)]  # fmt: skip
    st.session_state[_OUTCOME] = (report, [note for note in news if note not in seen])


def _clear() -> None:
    """An uploader is emptied by giving it another key."""
    st.session_state[_ROUND] = st.session_state.get(_ROUND, 0) + 1
    looking.forget()


def _forget() -> None:
    queries.sheet.clear()
    queries.preview.clear()


def _outcome() -> None:
    outcome: tuple[ImportReport, list[str]] | None = st.session_state.pop(_OUTCOME, None)
    if outcome is None:
        return
    report, news = outcome
    words = {"added": "new", "new_snapshot": "newer day added", "revised": "same day revised", "unchanged": "unchanged"}
    st.success(
        "  \n".join(
            f"{text.escape(one.name)}: {words.get(one.change.value, one.change.value)}, "
            f"{text.count(one.holdings, 'row')}, {text.day(one.as_of)}"
            for one in report.imported[:20]
        ),
        title=f"{text.count(len(report.imported), 'portfolio')} kept",
        icon=":material/check_circle:",
    )
    for note in news:
        st.caption(f":material/info: {text.escape(note)}")
    only = {"portfolio": report.imported[0].portfolio_id} if len(report.imported) == 1 else None
    st.page_link(
        navigation.page("prepare"), label="Prepare an analysis", icon=":material/edit_note:", query_params=only
    )
