"""One holding: what is known of it, and the form that adds, changes or deletes a line. Everything can be undone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import streamlit as st

from core.desk.portfolio_edits import LINE_FIELDS, Edited, line_cells
from core.domain.facts import FactSheet
from core.domain.instrument import FundKind, InstrumentType, Liquidity
from core.domain.portfolio import AssetClass, Holding, Portfolio
from core.errors import MosychlosError
from core.storage.portfolios.edits import Standing
from dashboard.portfolio import edits as portfolio_edits
from dashboard.portfolio.open import OpenPortfolio
from dashboard.shell import session
from dashboard.widgets import listings, text

_CHOSEN = "holding_chosen"
_ADDING = "holding_adding"
_NEXT = "holding_next"
_TROUBLE = "holding_trouble"

_YES_NO = ("yes", "no")
_WORDS: Mapping[str, Sequence[str]] = {
    "asset_class": tuple(AssetClass),
    "instrument_type": tuple(InstrumentType),
    "fund_kind": tuple(FundKind),
    "liquidity": tuple(Liquidity),
    "listed": _YES_NO,
    "related_party": _YES_NO,
    "index_tracker": _YES_NO,
    "fair_value_level": ("1", "2", "3"),
}
"""Fields that take one of a few words."""

_LABELS = {
    "isin": "ISIN",
    "cusip": "CUSIP",
    "lei": "LEI",
    "market_value": "Market value",
    "cost": "Cost, fees included",
    "quantity": "Quantity",
    "price": "Price of one",
    "esg_flags": "ESG flags",
    "votes_pct": "Votes, %",
    "duration_years": "Duration, years",
    "listed": "Listed",
    "fund_kind": "Kind of fund",
    "instrument_type": "Legal kind",
    "liquidity": "Liquidity",
    "issuer_category": "Issuer category",
    "fair_value_level": "Fair value level",
}
_HELP = {
    "market_value": "In the line's currency. Left empty: quantity × price.",
    "esg_flags": "Words with spaces between, such as tobacco coal.",
    "notional": "Of a derivative, in the line's currency, without a sign.",
    "exposure": "What it really carries, where the quote currency says something else.",
    "rating": "In S&P's letters: AA-, BB+, NR.",
}
_MAIN = ("symbol", "name", "isin", "asset_class", "quantity", "price", "currency", "market_value", "cost", "sector",
         "country")  # fmt: skip
_TERMS = tuple(field for field in LINE_FIELDS if field not in _MAIN)


@dataclass(frozen=True, slots=True)
class _Chosen:
    """The line in the form: None adds a new one."""

    holding_id: str | None
    line: Holding | None
    described: Holding | None


def choose(holding_id: str) -> None:
    """Open a holding at the next drawing of the panel."""
    st.session_state[_CHOSEN] = holding_id
    _close()


def panel(one: OpenPortfolio, sheet: FactSheet, described: Portfolio) -> None:
    """Choose a holding, see it whole, and change it where that is allowed."""
    ids = [line.holding_id for line in sheet.holdings]
    if _NEXT in st.session_state:
        st.session_state[_CHOSEN] = st.session_state.pop(_NEXT)
    with st.container(border=True):
        _toolbar(one, sheet, ids)
        trouble = st.session_state.pop(_TROUBLE, None)
        if trouble:
            st.error(text.escape(trouble), icon=":material/error:")
        holding_id = st.session_state.get(_CHOSEN)
        if one.may_edit and st.session_state.get(_ADDING):
            _form(one, _Chosen(None, None, None))
        elif holding_id in ids:
            place = ids.index(holding_id)
            chosen = _Chosen(holding_id, one.portfolio.holdings[place], described.holdings[place])
            _known(chosen, expanded=not one.may_edit)
            if one.may_edit:
                _form(one, chosen)


def _toolbar(one: OpenPortfolio, sheet: FactSheet, ids: Sequence[str]) -> None:
    names = {line.holding_id: f"{line.holding_id} · {line.name}" if line.name else line.holding_id
             for line in sheet.holdings}  # fmt: skip
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.selectbox(
            "Holding", ids, index=None, key=_CHOSEN, format_func=lambda found: names.get(found, found), width=340,
            placeholder="Choose one to see or change it" if one.may_edit else "Choose one to see it", on_change=_close,
        )  # fmt: skip
        if not one.may_edit:
            return
        standing = one.standing
        st.button("Add a holding", icon=":material/add:", key="holding_add", on_click=_add)
        for label, icon, what, note, possible in (
            ("Undo", ":material/undo:", one.app.editor.undo, standing.undo_note, standing.can_undo),
            ("Redo", ":material/redo:", one.app.editor.redo, standing.redo_note, standing.can_redo),
        ):
            # The revision is that which is on the screen, not the one that stands when the button is clicked.
            st.button(
                label, icon=icon, key=f"holding_{label.lower()}", disabled=not possible,
                help=text.escape(note) if possible else f"There is nothing to {label.lower()}.",
                on_click=_step, args=(one, what, standing.revision, label),
            )  # fmt: skip


def _add() -> None:
    st.session_state[_CHOSEN] = None
    portfolio_edits.forget()
    st.session_state[_ADDING] = True


def _close() -> None:
    st.session_state.pop(_ADDING, None)
    portfolio_edits.forget()


def _step(one: OpenPortfolio, what: Callable[..., Standing], revision: int, label: str) -> None:
    try:
        what(one.actor, one.portfolio_id, expected=revision, as_of=one.as_of)
    except MosychlosError as error:
        st.session_state[_TROUBLE] = str(error)
        return
    portfolio_edits.forget()
    session.flash(f"{label} done.", ":material/undo:" if label == "Undo" else ":material/redo:")


def _known(chosen: _Chosen, *, expanded: bool) -> None:
    """What the file and the register say of the line, each marked with where it comes from."""
    if chosen.line is None or chosen.described is None:
        return
    terms = chosen.described.terms
    parts = (
        f"Issuer {terms.issuer}" if terms.issuer else "Issuer not known",
        f"group {terms.issuer_group}" if terms.issuer_group and terms.issuer_group != terms.issuer else "",
        text.words(terms.instrument_type).lower() if terms.instrument_type else "",
        f"rated {terms.rating}" if terms.rating else "",
        chosen.described.isin,
    )
    st.markdown(text.escape(" · ".join(part for part in parts if part)))
    own, known = line_cells(chosen.line), line_cells(chosen.described)
    rows = [(field, words) for field, words in known.items() if field not in ("symbol", "quantity", "price", "cost")]
    with st.expander(f"What is known of {text.escape(chosen.holding_id)}", icon=":material/info:", expanded=expanded):
        listings.table(
            {
                "Field": [label(field) for field, _ in rows],
                "Value": [words if _is_free(field) else text.words(words) for field, words in rows],
                "From": ["the file" if own.get(field) == words else "the register" for field, words in rows],
            },
            alt="What is known of this holding, and where it comes from",
        )


def label(field: str) -> str:
    """What a form calls a field of a line."""
    return _LABELS.get(field) or text.words(field)


def _is_free(field: str) -> bool:
    return field not in _WORDS or _WORDS[field] == _YES_NO


def _form(one: OpenPortfolio, chosen: _Chosen) -> None:
    """The fields of a line. What is wrong with one is said below it, and nothing is saved then."""
    portfolio_edits.changed_meanwhile(one)
    expected = portfolio_edits.expected(one)
    start = line_cells(chosen.line) if chosen.line else {}
    hints = line_cells(chosen.described) if chosen.described else {}
    key = f"line_{chosen.holding_id or 'new'}_{one.as_of}_{expected}"
    places: dict[str, portfolio_edits.Place] = {}
    said: dict[str, str] = {}

    def ask(fields: Sequence[str]) -> None:
        with st.grid(4, min_column_width=200):
            for field in fields:
                with st.container():
                    said[field] = _field(field, start.get(field, ""), hints.get(field, ""), f"{key}_{field}")
                    places[field] = st.empty()

    with st.form(f"{key}_form"):
        st.markdown(f"**Change {text.escape(chosen.holding_id)}**" if chosen.holding_id else "**New holding**")
        ask(_MAIN)
        with st.expander("Terms that rules and risk ask about", icon=":material/article:"):
            ask(_TERMS)
        rest = st.empty()
        with st.container(horizontal=True, horizontal_alignment="right"):
            cancelled = st.form_submit_button("Cancel", key="line_cancel")
            saved = st.form_submit_button(
                "Save changes" if chosen.holding_id else "Add holding", type="primary", key="line_save"
            )
    if chosen.holding_id:
        _delete(one, chosen.holding_id, expected)
    if cancelled:
        _done(None)
    if saved:
        changed = {field: words for field, words in said.items() if words != start.get(field, "")}
        _save(one, chosen, changed, expected, places, rest)


def _field(field: str, value: str, hint: str, key: str) -> str:
    if field in _WORDS:
        words = [*_WORDS[field], *([value] if value and value not in _WORDS[field] else [])]
        found = st.selectbox(
            label(field), words, index=words.index(value) if value else None, key=key,
            format_func=str if _WORDS[field] == _YES_NO else text.words, placeholder=_hint(hint, value),
            help=_HELP.get(field),
        )  # fmt: skip
        return str(found) if found else ""
    typed = st.text_input(
        label(field), value, key=key, placeholder=_hint(hint, value), help=_HELP.get(field), max_chars=500
    )
    return (typed or "").strip()


def _hint(hint: str, value: str) -> str:
    return f"register: {hint}" if hint and not value else ""


def _save(
    one: OpenPortfolio,
    chosen: _Chosen,
    cells: Mapping[str, str],
    expected: int,
    places: Mapping[str, portfolio_edits.Place],
    rest: portfolio_edits.Place,
) -> None:
    if not cells:
        rest.info("Nothing was changed, so there is nothing to save.")
        return
    editor = one.app.editor
    try:
        if chosen.holding_id is None:
            edited = editor.add_line(one.actor, one.portfolio_id, cells, expected=expected, as_of=one.as_of)
        else:
            edited = editor.change_line(
                one.actor, one.portfolio_id, chosen.holding_id, cells, expected=expected, as_of=one.as_of
            )
    except MosychlosError as error:
        rest.error(text.escape(error), icon=":material/error:")
        return
    if edited.standing is None:
        portfolio_edits.say(((one.column, one.message) for one in edited.problems), places, rest)
        return
    _done(edited, chosen.holding_id or cells.get("symbol", ""))


def _delete(one: OpenPortfolio, holding_id: str, expected: int) -> None:
    """The question before a line goes."""
    with st.popover("Delete this holding", icon=":material/delete:", key="line_delete"):
        st.markdown(f"Delete **{text.escape(holding_id)}**? Undo brings it back.")
        if st.button("Delete it", type="primary", key="line_delete_yes"):
            try:
                edited = one.app.editor.delete_line(
                    one.actor, one.portfolio_id, holding_id, expected=expected, as_of=one.as_of
                )
            except MosychlosError as error:
                st.error(text.escape(error), icon=":material/error:")
                return
            if edited.standing is None:
                for problem in edited.problems:
                    st.error(text.escape(problem.message), icon=":material/error:")
                return
            _done(edited)


def _done(edited: Edited | None, opened: str = "") -> None:
    """Close the form; say what was done and what a person should know of it."""
    if edited is not None and edited.standing is not None:
        notes = " ".join(edited.notes)
        session.flash(text.escape(f"{edited.standing.undo_note or 'Nothing changed'}. {notes}".strip()))
    _close()
    # The select box is drawn already in this run: what it shows can only be set before it is drawn in the next.
    st.session_state[_NEXT] = opened or None
    st.rerun()
