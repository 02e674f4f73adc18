"""The form of a register row: fields as text, what is wrong with them, and what would change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum

import streamlit as st

from core.app import App
from core.domain.actor import Actor
from core.domain.instrument import FundKind, InstrumentType, Liquidity
from core.domain.portfolio import AssetClass, Problem
from core.errors import MosychlosError
from core.intake.register.instruments import OWN_FIELDS, USER, Instrument, read_instrument, written_instrument
from core.intake.register.terms import TERM_FIELDS
from dashboard.shell import session
from dashboard.widgets import confirm, listings, text

_KEY = "data_instrument"
_YES_NO = ("yes", "no")
_CHOICES: Mapping[str, tuple[str, ...]] = {
    "asset_class": tuple(AssetClass),
    "quote_unit": ("1", "100"),
    "instrument_type": tuple(InstrumentType),
    "fund_kind": tuple(FundKind),
    "liquidity": tuple(Liquidity),
    "listed": _YES_NO,
    "related_party": _YES_NO,
    "index_tracker": _YES_NO,
    "fair_value_level": ("1", "2", "3"),
}
_LABELS = {
    "isin": "ISIN",
    "cusip": "CUSIP",
    "lei": "LEI",
    "asset_class": "Class",
    "quote_unit": "Quoted units in one",
    "votes_pct": "Votes, %",
    "esg_flags": "ESG flags",
    "duration_years": "Duration, years",
    "source": "Row from",
}
_HELP = {
    "symbol": "The ticker with its exchange, such as AZN.L.",
    "isin": "Leave it blank where it is not known.",
    "country": "Of the issuer, two letters.",
    "currency": "Of the listing: ISO 4217, or GBX for pence.",
    "quote_unit": "100 for shares that are quoted in pence and the like.",
    "leverage": "Multiple of its index that a leveraged fund aims at each day: 3, 2, -1.",
    "sector": "As GICS names it.",
    "issuer_group": "The group that the issuer consolidates into; limits are summed over it.",
    "domicile": "Of a fund: its legal seat, two letters.",
    "esg_flags": "Words with spaces between: tobacco coal.",
    "rating": "Long-term, in S&P's letters.",
}


def label(name: str) -> str:
    """What people call a column."""
    return _LABELS.get(name) or text.words(name)


def difference(before: Mapping[str, str], after: Mapping[str, str]) -> str:
    """What changed, column by column: "Sector: Energy → Utilities"."""
    names = [name for name in (*OWN_FIELDS, *TERM_FIELDS) if before.get(name, "") != after.get(name, "")]
    return "; ".join(
        f"{label(name)}: {before.get(name) or text.NONE} → {after.get(name) or text.NONE}"
        if before and after
        else f"{label(name)}: {before.get(name) or after.get(name)}"
        for name in names
    )


def adding(app: App, actor: Actor) -> None:
    """A new row: fill in, see what is wrong, confirm."""
    key = f"{_KEY}_new_{_round()}"
    cells = {name: value for name, value in _fields(key, {"quote_unit": "1"}, locked=False).items() if value}
    untouched = set(cells) <= {"quote_unit"}
    wrong = () if untouched else read_instrument(cells, USER)[1]
    if untouched:
        st.caption("Symbol, name and class are needed. What is not known stays blank.")
    _faults(wrong)
    sentence = f"A row for {cells.get('symbol', '')}, {cells.get('name', '')}. It stands before ours in every look-up."
    if confirm.asked("Add", sentence, "Add this instrument", key=f"{key}_yes", icon=":material/check:",
                     disabled=untouched or bool(wrong)):  # fmt: skip
        _kept(app, actor, None, cells)


def correcting(app: App, actor: Actor, row: Instrument) -> None:
    """Change a row: the form with what is known, then what would change, then the question."""
    key = f"{_KEY}_{row.symbol}_{_round()}"
    before = written_instrument(row)
    cells = _fields(key, before, locked=True)
    changed = {name: value for name, value in cells.items() if value != before.get(name, "")}
    merged = {**{name: value for name, value in before.items() if name != "source"}, **changed}
    wrong = read_instrument({name: value for name, value in merged.items() if value}, USER)[1] if changed else ()
    if changed:
        listings.table(
            {
                "What changes": [label(name) for name in changed],
                "Now": [before.get(name, "") for name in changed],
                "Then": list(changed.values()),
            },
            alt="What would change",
        )
    _faults(wrong)
    copy = "" if row.source == USER else " A copy of yours is made, which stands before ours."
    many = text.count(len(changed), "column")
    sentence = f"{many} of {row.symbol} {'changes' if len(changed) == 1 else 'change'}.{copy} It stays in the history."
    if confirm.asked("Correct", sentence, f"Change {many}", key=f"{key}_yes", icon=":material/check:",
                     disabled=not changed or bool(wrong)):  # fmt: skip
        _kept(app, actor, row.symbol, changed)


def _faults(problems: Sequence[Problem]) -> None:
    for problem in problems:
        st.caption(f":red[:material/error: {text.escape(label(problem.column))}]: {text.escape(problem.message)}")


def _kept(app: App, actor: Actor, symbol: str | None, cells: Mapping[str, str]) -> None:
    try:
        kept = app.register.add(actor, cells) if symbol is None else app.register.correct(actor, symbol, cells)
    except MosychlosError as error:
        st.error(text.escape(error))
        return
    for problem in kept.problems:
        st.error(f"{text.escape(label(problem.column))}: {text.escape(problem.message)}", icon=":material/error:")
    if kept.instrument is not None:
        st.session_state[f"{_KEY}_round"] = _round() + 1
        done = "added" if symbol is None else "corrected"
        session.flash(f"{text.escape(kept.instrument.symbol)} {done}.")
        st.query_params["instrument"] = kept.instrument.symbol
        st.rerun()


def _round() -> int:
    number: int = st.session_state.get(f"{_KEY}_round", 0)
    return number


def _fields(key: str, known: Mapping[str, str], *, locked: bool) -> dict[str, str]:
    """Every column as a box; returns their texts, "" for an empty one."""
    cells: dict[str, str] = {}
    with st.grid(3, min_column_width=170):
        for name in OWN_FIELDS:
            if name != "symbol" or not locked:
                cells[name] = _field(f"{key}_{name}", name, known.get(name, ""))
    with (
        st.expander("Issuer, terms and flags", icon=":material/tune:", key=f"{key}_terms"),
        st.grid(3, min_column_width=170),
    ):
        for name in TERM_FIELDS:
            cells[name] = _field(f"{key}_{name}", name, known.get(name, ""))
    return cells


def _field(key: str, name: str, known: str) -> str:
    choices = _CHOICES.get(name)
    if choices is None:
        return (st.text_input(label(name), known, max_chars=200, key=key, help=_HELP.get(name)) or "").strip()
    values = [str(one.value) if isinstance(one, Enum) else one for one in choices]
    place = values.index(known) if known in values else None
    chosen = st.selectbox(
        label(name), values, index=place, placeholder="not known", key=key, help=_HELP.get(name),
        format_func=text.words,
    )  # fmt: skip
    return chosen or ""
