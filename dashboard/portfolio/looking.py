"""Files on their way in, each as it stands now: as it was read, or as a person says it is to be read."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import streamlit as st

from core.app import App
from core.domain.actor import Actor
from core.domain.portfolio import Intake, Problem
from core.errors import UnreadableFile
from core.intake.reading import FORMATS, MAPPED
from core.intake.tables.choices import NOTHING_SAID, NeedsCurrency, TableChoices, Undecided
from core.intake.tables.column_mapping import ColumnMapping, faults_of
from core.intake.tables.mapping import NeedsMapping
from core.intake.tables.surveying import Survey
from core.intake.transactions.moments import DayOrder
from dashboard.portfolio import reading_card
from dashboard.widgets import text

_CARDS = 3
"""Files that are shown in full together; of more, one is chosen."""
_READ, _SURVEYS, _SAID, _AGAIN = "import_read", "import_surveys", "import_said", "import_again"


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it was uploaded, and what was said beside it."""

    name: str
    data: bytes
    currency: str | None
    region: str | None

    @property
    def digest(self) -> str:
        """Of its bytes."""
        return hashlib.sha256(self.data).hexdigest()

    @property
    def key(self) -> str:
        """Makes its boxes its own."""
        return f"map_{hashlib.sha256(self.name.encode()).hexdigest()[:8]}{self.digest[:8]}"


@dataclass(frozen=True, slots=True)
class Said:
    """What a person said of a file.

    Attributes:
        mapping: Which column is which; None where the file's own reading stands.
        choices: How numbers and days are written, where its own reading stands otherwise.
        survey: Of the table that a mapping is of.
        remember: Whether to keep the mapping with the portfolios.
        readable: Whether what is said so far is enough to read it.
    """

    mapping: ColumnMapping | None = None
    choices: TableChoices = NOTHING_SAID
    survey: Survey | None = None
    remember: bool = False
    readable: bool = True


@dataclass(frozen=True, slots=True)
class Read:
    """One file as it stands now."""

    intake: Intake
    said: Said = Said()


def forget() -> None:
    """Drop all that was read and said: the files are kept, or discarded."""
    for name in (_READ, _SURVEYS, _SAID, _AGAIN):
        st.session_state.pop(name, None)


def looked_at(app: App, actor: Actor, files: Sequence[Upload]) -> list[Read]:
    """Every file as it stands now, the first ones or the chosen one shown with a way to change how it is read."""
    if len(files) <= _CARDS:
        return [_card(app, actor, file) for file in files]
    reads = [_quietly(app, actor, file) for file in files]
    asking = [place for place, read in enumerate(reads) if not read.intake.portfolios] or [0]
    chosen = st.selectbox(
        "Look into", range(len(files)), index=asking[0], format_func=lambda at: text.plain(files[at].name),
        key="import_look_into",
    )  # fmt: skip
    reads[chosen or 0] = _card(app, actor, files[chosen or 0])
    return reads


def _quietly(app: App, actor: Actor, file: Upload) -> Read:
    said: Said = st.session_state.get(_SAID, {}).get(file.key, Said())
    intake = _inspected(app, actor, file, said)
    if intake is None:
        message = "It is not known which of its columns is which. Choose the file above and say it."
        intake = Intake(file.name, "", (), (Problem(file.name, None, "", "", message),))
    return Read(intake, said)


def _card(app: App, actor: Actor, file: Upload) -> Read:
    """Read a file and show it; one whose columns are not known is asked about."""
    first = _inspected(app, actor, file, Said())
    shown = None if first is None or not first.tables else reading_card.shown_as_read(first.tables[0])
    with st.container(border=True):
        head = st.container()
        if (
            first is not None
            and shown is None
            and (first.tables or first.portfolios or not _is_table(app, actor, file))
        ):
            _heading(head, file, first, None)
            _as_it_was_read(first)
            return Read(first)
        as_it_stands = st.container()
        said = _asked(app, actor, file, first, shown)
        intake = _inspected(app, actor, file, said) if said.readable else None
        known = intake if intake is not None else Intake(file.name, "")
        _heading(head, file, first, intake)
        with as_it_stands:
            for problem in known.problems if not known.portfolios else ():
                if problem.row is None:
                    st.error(text.escape(problem.message), icon=":material/block:")
            _table(file, known, shown, said)
            for table in known.tables[:1]:
                reading_card.comparisons(table.comparisons)
        for table in known.tables[:1]:
            reading_card.decisions(table.decisions, without=reading_card.boxed())
    st.session_state.setdefault(_SAID, {})[file.key] = said
    return Read(known, said)


def _heading(place: st.delta_generator.DeltaGenerator, file: Upload, first: Intake | None, now: Intake | None) -> None:
    with place:
        name = text.escape(file.name)
        if first is None:
            st.markdown(f"**Which column is which in {name}?**")
            st.caption(
                "Correct what was guessed wrong; symbol, ISIN or name, a currency, and a value (or quantity and price) "
                "are needed."
            )
            return
        read = now or first
        kind = FORMATS[read.format].description if read.format in FORMATS else "not read"
        where = f" · {read.tables[0].place}" if read.tables and read.tables[0].place else ""
        st.markdown(f"**{name}**  \n:small[{text.escape(kind + where)}]")


def _as_it_was_read(intake: Intake) -> None:
    """A file that is no table of positions: its first rows where it has any, and what the file says of itself."""
    for table in intake.tables[:1]:
        if table.header_row:
            reading_card.first_rows(intake.file, table.header, table.first, dict(table.fields), intake)
        reading_card.comparisons(table.comparisons)
        columns = [field for field, _ in table.fields]
        reading_card.decisions(table.decisions, without=columns)


def _table(file: Upload, intake: Intake, shown: reading_card.Shown | None, said: Said) -> None:
    """The first rows as they stand: of the table as it was read now, else as it was surveyed."""
    if intake.tables:
        table = intake.tables[0]
        reading_card.first_rows(file.name, table.header, table.first, dict(table.fields), intake)
        return
    survey = said.survey
    if survey is not None:
        meant = dict(said.mapping.columns) if said.mapping is not None else {}
        reading_card.first_rows(file.name, survey.header, survey.rows, meant, intake)
    elif shown is not None:
        reading_card.first_rows(file.name, shown.header, shown.rows, dict(shown.mapping.columns), intake)


def _asked(
    app: App, actor: Actor, file: Upload, first: Intake | None, shown: reading_card.Shown | None
) -> Said:  # fmt: skip
    """What the boxes say."""
    found = _survey(app, actor, file)
    again: dict[str, int] = st.session_state.setdefault(_AGAIN, {})
    key = f"{file.key}_{again.get(file.key, 0)}"
    survey, beside = _chosen_table(app, actor, file, found, first, key)
    other = survey is not None
    survey = survey or found
    remembered = app.imports.remembered(actor, survey.fingerprint)
    as_read = None if other else shown
    start = as_read or _guessed(app, actor, file, survey, remembered or survey.mapping, other=other)
    if survey.warning and as_read is None:
        st.warning(text.escape(survey.warning[:1].upper() + survey.warning[1:]), icon=":material/swap_horiz:")
    answer = reading_card.ask(
        start, f"{key}_{survey.block.place}" if other else key, beside=beside,
        warning="" if as_read else survey.warning, remember=first is None or first.format == MAPPED,
    )  # fmt: skip
    changed = [*((f"Table: {survey.block.place}",) if other else ()), *answer.changed]
    if changed:
        _tell_changed(file, changed, first)
    refused = first is not None and as_read is None and not other and not answer.changed
    all_the_same = refused and st.checkbox("Read it by these columns all the same", key=f"{key}_all_the_same")
    if (as_read is not None and not answer.changed) or (refused and not all_the_same):
        return Said(survey=survey)
    return _said(answer, start, survey, remembered, other=other, as_read=as_read is not None)


def _guessed(
    app: App, actor: Actor, file: Upload, survey: Survey, mapping: ColumnMapping, *, other: bool
) -> reading_card.Shown:
    read = None
    if not faults_of(mapping, len(survey.header)):
        placed = replace(mapping, sheet=survey.block.sheet, header_row=survey.header_row) if other else mapping
        read = _inspected(app, actor, file, Said(placed))
    return reading_card.shown_of(survey, mapping, read)


def _said(
    answer: reading_card.Answer, start: reading_card.Shown, survey: Survey, remembered: ColumnMapping | None, *,
    other: bool, as_read: bool,
) -> Said:  # fmt: skip
    """What the boxes say, as far as it differs from how the file is read by itself."""
    now = answer.mapping
    if now is None:
        return Said(survey=survey, readable=False)
    if as_read and not answer.remember and (now.columns, now.fixed) == (start.mapping.columns, start.mapping.fixed):
        # Only how numbers or days are written: whatever else is known of the format stands.
        style = now.style if now.style is not start.mapping.style else None
        order = now.day_order if now.day_order is not start.mapping.day_order else DayOrder.UNKNOWN
        return Said(None, TableChoices(style=style, day_order=order), survey)
    if as_read:
        before = remembered or replace(now, style=None, day_order=DayOrder.UNKNOWN)
        now = replace(
            now,
            style=now.style if now.style is not start.mapping.style else before.style,
            day_order=now.day_order if now.day_order is not start.mapping.day_order else before.day_order,
        )
    if other:
        now = replace(now, sheet=survey.block.sheet, header_row=survey.header_row)
    return Said(now, NOTHING_SAID, survey, answer.remember)


def _tell_changed(file: Upload, changed: Sequence[str], first: Intake | None) -> None:
    known = FORMATS[first.format].description if first is not None and first.format in FORMATS else ""
    more = f" It is read as a plain table now: what is known of {text.escape(known)} is left aside." if (
        known and first is not None and first.format not in _PLAIN
    ) else ""  # fmt: skip
    with st.container(horizontal=True, vertical_alignment="center"):
        st.info(
            f"Changed by hand: {'; '.join(map(text.escape, changed))}.{more}", icon=":material/front_hand:",
            width="stretch",
        )  # fmt: skip
        st.button("As the file says", icon=":material/undo:", on_click=_undo, args=(file.key,), key=f"{file.key}_undo")


_PLAIN = (MAPPED, "canonical_csv", "canonical_xlsx")


def _undo(key: str) -> None:
    """Boxes are emptied by giving them another key."""
    again: dict[str, int] = st.session_state.setdefault(_AGAIN, {})
    again[key] = again.get(key, 0) + 1


def _survey(app: App, actor: Actor, file: Upload) -> Survey:
    surveys: dict[str, Survey] = st.session_state.setdefault(_SURVEYS, {})
    if file.key not in surveys:
        surveys[file.key] = app.imports.survey(actor, file.name, file.data)
    return surveys[file.key]


def _is_table(app: App, actor: Actor, file: Upload) -> bool:
    """Whether a file that was refused is a table all the same, which may be read another way."""
    try:
        _survey(app, actor, file)
    except UnreadableFile:
        return False
    return True


def _chosen_table(
    app: App, actor: Actor, file: Upload, survey: Survey, first: Intake | None, key: str
) -> tuple[Survey | None, list[reading_card.Place]]:
    """The table that is meant, where it is another than the file's own reading takes; and two places beside its row."""
    tables = [survey, *survey.others]
    read = [table for table in (first.tables if first is not None else ()) if table.header_row]
    started = (read[0].sheet, read[0].header_row) if read else (survey.block.sheet, survey.header_row)
    at = next((place for place, one in enumerate(tables) if (one.block.sheet, one.header_row) == started), 0)
    chosen = tables[at]
    if len(tables) > 1:
        label = f"Sheet and table (read: {len(read)})" if len(read) > 1 else "Sheet and table"
        place = st.selectbox(
            label, range(len(tables)), index=at, key=f"{key}_table",
            format_func=lambda one: text.plain(
                f"{tables[one].block.place}: {', '.join(filter(None, tables[one].header[:4]))}"
            ),
        )  # fmt: skip
        chosen = tables[at if place is None else place]
    left, *beside = st.columns(3)
    with left:
        row = int(
            st.number_input("Header in row", min_value=1, value=chosen.header_row, step=1,
                            key=f"{key}_row_{chosen.block.place}")
        )  # fmt: skip
    if row != chosen.header_row:
        try:
            again = app.imports.survey(actor, file.name, file.data, TableChoices(chosen.block.sheet, row))
        except UnreadableFile as error:
            st.error(text.escape(error), icon=":material/table_rows:")
        else:
            return again, beside
    return None if chosen is tables[at] else chosen, beside


_Key = tuple[str, str, str | None, str | None, ColumnMapping | None, TableChoices]


def _inspected(app: App, actor: Actor, file: Upload, said: Said) -> Intake | None:
    """What is in a file; None where nobody has said yet which of its columns is which."""
    kept: dict[_Key, Intake | None] = st.session_state.setdefault(_READ, {})
    key = (file.name, file.digest, file.currency, file.region, said.mapping, said.choices)
    if key not in kept:
        try:
            kept[key] = app.portfolios.inspect(
                actor, file.name, file.data, base_currency=file.currency, region=file.region, columns=said.mapping,
                choices=said.choices,
            )  # fmt: skip
        except NeedsMapping:
            kept[key] = None
        except NeedsCurrency as error:
            kept[key] = _refused(file.name, error)
        except Undecided as error:
            # Asked about on this page, like a mapping; once it was answered, what is still open is a problem.
            kept[key] = None if said.mapping is None else _refused(file.name, error)
        except UnreadableFile as error:
            kept[key] = _refused(file.name, error)
    return kept[key]


def _refused(name: str, error: Exception) -> Intake:
    return Intake(name, "", (), (Problem(name, None, "", "", str(error)),))
