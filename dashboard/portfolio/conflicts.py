"""Where lines and the instruments register disagree: both values, and a choice. Nothing is merged silently."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from core.domain.facts import FactSheet
from core.errors import MosychlosError
from core.intake.register.describing import RegisterConflict
from dashboard.portfolio import editor as portfolio_editor
from dashboard.portfolio import edits as portfolio_edits
from dashboard.portfolio.open import OpenPortfolio
from dashboard.shell import session
from dashboard.widgets import listings, text

_TROUBLE = "conflict_trouble"
_SHOWN = 10

_LINE_TAKES = frozenset({"isin", "name", "asset_class", "country"})
"""Fields where the register's value can go into the line as it is."""

_REGISTER_TAKES = frozenset({"name", "asset_class", "country"})
"""Fields where the line's value can go into the register: of codes and currencies it may be another instrument."""


def card(one: OpenPortfolio, sheet: FactSheet, conflicts: Sequence[RegisterConflict]) -> None:
    """Every disagreement with what may be done about it; nothing where there is none."""
    if not conflicts:
        return
    with st.container(border=True):
        st.subheader(
            f"Differs from the register: {text.count(len(conflicts), 'fact')}", anchor=False,
            help="What the file says stays until somebody decides. Such a line takes nothing from the register.",
        )  # fmt: skip
        trouble = st.session_state.pop(_TROUBLE, None)
        if trouble:
            st.error(text.escape(trouble), icon=":material/error:")
        listings.table(
            {
                "Holding": [found.symbol for found in conflicts],
                "Field": [portfolio_editor.label(found.field) for found in conflicts],
                "The file says": [found.stated for found in conflicts],
                "The register says": [found.known for found in conflicts],
                "What was done": [found.message for found in conflicts],
            },
            alt="Where this portfolio and the instruments register disagree",
        )
        if not one.may_edit:
            return
        for number, found in enumerate(conflicts[:_SHOWN]):
            _choice(one, sheet, found, number)
        if len(conflicts) > _SHOWN:
            st.caption(f"Decide these first; {len(conflicts) - _SHOWN} more follow.")


def _choice(one: OpenPortfolio, sheet: FactSheet, found: RegisterConflict, number: int) -> None:
    holding_id = _line_of(one, sheet, found)
    with st.container(horizontal=True, vertical_alignment="center"):
        name = portfolio_editor.label(found.field).lower()
        st.markdown(f"**{text.escape(found.symbol)}**, {text.escape(name)}:", width="content")
        if found.field in _LINE_TAKES and found.known and holding_id:
            st.button(
                text.escape(f"Take '{_short(found.known)}' from the register"), key=f"conflict_{number}_line",
                on_click=_decide, args=(_take, one, holding_id, found, one.standing.revision),
            )  # fmt: skip
        if found.field in _REGISTER_TAKES and found.stated:
            st.button(
                text.escape(f"'{_short(found.stated)}' is right: correct the register"),
                key=f"conflict_{number}_register", on_click=_decide, args=(_correct, one, holding_id, found, 0),
                help="Your copy of the register's row then says so, for all portfolios.",
            )  # fmt: skip
        if holding_id:
            st.button(
                "Open the holding", key=f"conflict_{number}_open", type="tertiary",
                on_click=portfolio_editor.choose, args=(holding_id,),
            )  # fmt: skip


def _line_of(one: OpenPortfolio, sheet: FactSheet, found: RegisterConflict) -> str:
    """The id of the first line that the disagreement is about."""
    for fact, line in zip(sheet.holdings, one.portfolio.holdings, strict=True):
        if line.symbol == found.symbol and found.stated in (line.isin, line.name, line.currency, line.country,
                                                            line.asset_class.value, line.terms.cusip):  # fmt: skip
            return fact.holding_id
    return ""


def _decide(
    what: Callable[[OpenPortfolio, str, RegisterConflict, int], str],
    one: OpenPortfolio,
    holding_id: str,
    found: RegisterConflict,
    revision: int,
) -> None:
    try:
        done = what(one, holding_id, found, revision)
    except MosychlosError as error:
        st.session_state[_TROUBLE] = str(error)
        return
    portfolio_edits.forget()
    session.flash(text.escape(done))


def _take(one: OpenPortfolio, holding_id: str, found: RegisterConflict, revision: int) -> str:
    edited = one.app.editor.change_line(
        one.actor, one.portfolio_id, holding_id, {found.field: found.known}, expected=revision, as_of=one.as_of
    )
    if edited.standing is None:
        return " ".join(problem.message for problem in edited.problems)
    return f"{edited.standing.undo_note}."


def _correct(one: OpenPortfolio, holding_id: str, found: RegisterConflict, _revision: int) -> str:
    line = next(line for line in one.portfolio.holdings if line.symbol == found.symbol)
    row = one.app.register.find(
        one.actor, isin=line.isin, cusip=line.terms.cusip, symbol=line.symbol, currency=line.currency
    )
    if row is None:
        return f"The register has no row for {holding_id or found.symbol} any more."
    kept = one.app.register.correct(one.actor, row.symbol, {found.field: found.stated})
    if kept.instrument is None:
        return " ".join(problem.message for problem in kept.problems)
    return f"The register now says {found.stated} for {row.symbol}."


def _short(words: str) -> str:
    return text.short(words, 32)
