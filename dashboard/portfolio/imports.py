"""Portfolios on their way in: read, look, ask, keep."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import streamlit as st

from core.app import App
from core.desk.imports import READABLE
from core.desk.portfolios import ImportReport
from core.domain.actor import Actor
from core.domain.portfolio import Intake, Problem
from core.errors import MosychlosError, UnreadableFile
from core.intake.reading import MAPPED
from core.intake.tables.choices import NeedsCurrency, TableChoices, Undecided
from core.intake.tables.column_mapping import ColumnMapping
from core.intake.tables.mapping import NeedsMapping
from core.intake.tables.surveying import Survey
from dashboard.portfolio import mapping_wizard
from dashboard.shell import navigation, queries, session
from dashboard.widgets import listings, text
from dashboard.widgets.download import CSV, download

TABS = ("Portfolios", "Import")
TAB_KEY = "portfolios_tab"
_OUTCOME = "import_outcome"
_ROUND = "import_round"
_CHANGING = "import_changing"


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
        _look(app, actor, [(file.name, file.getvalue()) for file in files], (currency or "").upper() or None, region)


@dataclass(frozen=True, slots=True)
class _Read:
    """One file as it stands now.

    Attributes:
        survey: Of a table whose columns are being mapped; else None.
        mapping: What the person says they are; None while it cannot be read.
        remember: Whether to keep the mapping with the portfolios.
    """

    intake: Intake
    survey: Survey | None = None
    mapping: ColumnMapping | None = None
    remember: bool = False


def _look(app: App, actor: Actor, files: Sequence[tuple[str, bytes]], currency: str | None, region: str | None) -> None:
    reads = [_read(app, actor, name, data, currency, region) for name, data in files]
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
    for note in dict.fromkeys(note for intake in intakes for note in intake.notes):
        st.caption(f":material/info: {text.escape(note)}")
    with st.container(horizontal=True):
        if rows or closes:
            label = f"Keep the {text.count(rows, 'good row')}" if problems else f"Keep {text.count(found, 'portfolio')}"
            if not rows:
                label = f"Keep {text.count(closes, 'daily close')}"
            st.button(label, type="primary", icon=":material/check:", on_click=_keep, args=(app, actor, reads))
        st.button("Discard", icon=":material/delete:", on_click=_clear, key="import_discard")


def _read(app: App, actor: Actor, name: str, data: bytes, currency: str | None, region: str | None) -> _Read:
    """Read a file; one whose columns are not known, or are to be changed, is asked about first."""
    digest = hashlib.sha256(data).hexdigest()
    key = f"map_{hashlib.sha256(name.encode()).hexdigest()[:8]}{digest[:8]}"
    changing: set[str] = st.session_state.setdefault(_CHANGING, set())
    if key not in changing:
        intake = _inspected(app, actor, (name, digest, currency, region, None), data)
        if intake is not None:
            if intake.format in (MAPPED, "canonical_csv", "canonical_xlsx") and st.button(
                f"Change the columns of {text.escape(name)}", icon=":material/view_column:", key=f"{key}_change"
            ):
                changing.add(key)
                st.rerun()
            return _Read(intake)
    return _asked(app, actor, name, data, digest, key, currency, region)


def _asked(
    app: App, actor: Actor, name: str, data: bytes, digest: str, key: str, currency: str | None, region: str | None
) -> _Read:
    surveys: dict[str, Survey] = st.session_state.setdefault("import_surveys", {})
    if key not in surveys:
        surveys[key] = app.imports.survey(actor, name, data)
    survey = surveys[key]
    with st.container(border=True):
        survey = _chosen_table(app, actor, data, survey, key)
        chosen = survey is not surveys[key]
        start = app.imports.remembered(actor, survey.fingerprint) or survey.mapping
        answer = mapping_wizard.ask(survey, start, f"{key}_{survey.block.place}" if chosen else key)
        if chosen and answer.mapping is not None:
            placed = replace(answer.mapping, sheet=survey.block.sheet, header_row=survey.header_row)
            answer = replace(answer, mapping=placed)
        intake: Intake | None = None
        if answer.mapping is not None:
            intake = _inspected(app, actor, (name, digest, currency, region, answer.mapping), data)
        mapping_wizard.first_rows(survey, answer.mapping, intake)
    return _Read(intake or Intake(name, ""), survey, answer.mapping, answer.remember)


def _chosen_table(app: App, actor: Actor, data: bytes, survey: Survey, key: str) -> Survey:
    """The table that is meant, where a file has several, and the row of its header."""
    tables = [survey, *survey.others]
    left, right = st.columns([3, 1])
    with left:
        if len(tables) > 1:
            at = st.selectbox(
                "Table", range(len(tables)), key=f"{key}_table",
                format_func=lambda at: f"{tables[at].block.place}: {', '.join(filter(None, tables[at].header[:4]))}",
            )  # fmt: skip
            survey = tables[at or 0]
    with right:
        row = st.number_input(
            "Header in row", min_value=1, value=survey.header_row, step=1, key=f"{key}_row_{survey.block.place}"
        )
    if int(row) == survey.header_row:
        return survey
    try:
        return app.imports.survey(actor, survey.name, data, TableChoices(survey.block.sheet, int(row)))
    except UnreadableFile as error:
        st.error(text.escape(error), icon=":material/table_rows:")
        return survey


_Key = tuple[str, str, str | None, str | None, ColumnMapping | None]


def _inspected(app: App, actor: Actor, key: _Key, data: bytes) -> Intake | None:
    """What is in a file; None where nobody has said yet which of its columns is which."""
    kept: dict[_Key, Intake | None] = st.session_state.setdefault("import_read", {})
    if key not in kept:
        name, _, currency, region, mapping = key
        try:
            kept[key] = app.portfolios.inspect(
                actor, name, data, base_currency=currency, region=region, columns=mapping
            )
        except NeedsMapping:
            kept[key] = None
        except NeedsCurrency as error:
            kept[key] = Intake(name, "", (), (Problem(name, None, "", "", str(error)),))
        except Undecided as error:
            # Asked about on this page, like a mapping; once it was answered, what is still open is a problem.
            undecided = Intake(name, "", (), (Problem(name, None, "", "", str(error)),))
            kept[key] = None if mapping is None else undecided
        except UnreadableFile as error:
            kept[key] = Intake(name, "", (), (Problem(name, None, "", "", str(error)),))
    return kept[key]


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


def _keep(app: App, actor: Actor, reads: Sequence[_Read]) -> None:
    try:
        for read in reads:
            if read.survey is not None and read.mapping is not None and read.remember:
                app.imports.remember(actor, read.survey, read.mapping)
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
    for name in ("import_read", "import_surveys", _CHANGING):
        st.session_state.pop(name, None)


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
