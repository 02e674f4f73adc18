"""Which column is which: the guess for a table with a header of its own, shown with its first rows, to be corrected."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from core.domain.portfolio import Intake
from core.intake.cells.numbers import NumberStyle
from core.intake.tables.column_guess import MAPPABLE
from core.intake.tables.column_mapping import ColumnMapping, faults_of
from core.intake.tables.surveying import Survey
from core.intake.transactions.moments import DayOrder
from dashboard.widgets import listings, text

_LABELS = {
    "symbol": "Symbol",
    "isin": "ISIN",
    "name": "Name",
    "asset_class": "Asset class",
    "quantity": "Quantity",
    "price": "Price of one",
    "currency": "Currency",
    "market_value": "Market value",
    "cost": "Cost",
    "date": "Date",
    "account": "Account",
    "sector": "Sector",
    "country": "Country",
}
_ORDERS = {
    DayOrder.UNKNOWN: "only days that can be read in one way",
    DayOrder.DAY_FIRST: "day first: 30/10/2026",
    DayOrder.MONTH_FIRST: "month first: 10/30/2026",
}
_STYLES: dict[NumberStyle | None, str] = {
    None: "as the numbers show",
    NumberStyle.POINT: "decimal point: 1,234.50",
    NumberStyle.COMMA: "decimal comma: 1.234,50",
}
_SHOWN_ROWS = 8


@dataclass(frozen=True, slots=True)
class WizardAnswer:
    """What the person says now.

    Attributes:
        mapping: None while it cannot be read.
        remember: Whether later files with this header are to be read alike.
    """

    mapping: ColumnMapping | None
    remember: bool


def ask(survey: Survey, start: ColumnMapping, key: str) -> WizardAnswer:
    """Select boxes for every field, filled with the guess or with what is remembered.

    Args:
        start: What the boxes show at first.
        key: Makes the widgets of this file its own.
    """
    st.markdown(f"**Which column is which in {text.escape(survey.name)}?**")
    st.caption(
        f"The header is in {text.escape(survey.block.place)}. Correct what was guessed wrong; "
        "symbol, ISIN or name, a currency, and a value (or quantity and price) are needed."
    )
    if survey.warning:
        st.warning(text.escape(survey.warning[:1].upper() + survey.warning[1:]), icon=":material/swap_horiz:")
    columns = _columns(survey, start, key)
    cells = iter(st.columns(3))
    fixed: tuple[tuple[str, str], ...] = ()
    if "currency" not in dict(columns):
        with next(cells):
            code = st.text_input(
                "Currency of all rows", value=dict(start.fixed).get("currency", ""), max_chars=4, key=f"{key}_fixed",
                placeholder="EUR", help="Needed where no column is the currency.",
            )  # fmt: skip
            fixed = (("currency", code.strip()),) if code and code.strip() else ()
    with next(cells):
        order = st.selectbox(
            "Days are written", list(_ORDERS), index=list(_ORDERS).index(start.day_order), key=f"{key}_order",
            format_func=_ORDERS.__getitem__,
        )  # fmt: skip
    with next(cells):
        style = st.selectbox(
            "Numbers are written", list(_STYLES), index=list(_STYLES).index(start.style), key=f"{key}_style",
            format_func=_STYLES.__getitem__,
        )  # fmt: skip
    remember = st.checkbox("Remember this for files with the same header", value=True, key=f"{key}_remember")
    positions = bool(survey.warning) and st.checkbox("The rows are positions all the same", key=f"{key}_positions")
    mapping = ColumnMapping(columns, fixed, order, style, positions=positions)
    faults = faults_of(mapping, len(survey.header))
    for fault in faults:
        st.error(text.escape(fault), icon=":material/view_column:")
    return WizardAnswer(None if faults else mapping, remember)


def _columns(survey: Survey, start: ColumnMapping, key: str) -> tuple[tuple[str, int], ...]:
    guessed = {guess.field: guess for guess in survey.guesses if guess.field}
    said = dict(start.columns)
    grid = st.columns(3)
    chosen: list[tuple[str, int]] = []
    for number, field in enumerate(MAPPABLE):
        place = said.get(field)
        guess = guessed.get(field)
        sure = f" · {guess.confidence * 100:.0f} % sure" if guess and survey.mapping.place(field) == place else ""
        with grid[number % 3]:
            answer = st.selectbox(
                f"{_LABELS[field]}{sure}",
                list(range(len(survey.header))),
                index=place if place is not None and place < len(survey.header) else None,
                placeholder="not in the file",
                format_func=lambda at: survey.header[at] or f"column {at + 1}",
                key=f"{key}_{field}",
                help=f"Guessed: {text.escape(guess.reason)}." if guess else None,
            )
        if answer is not None:
            chosen.append((field, int(answer)))
    return tuple(sorted(chosen, key=lambda pair: pair[1]))


def first_rows(survey: Survey, mapping: ColumnMapping | None, intake: Intake | None) -> None:
    """The first rows of the file under their meaning, with what is wrong in each beside it."""
    meant = {place: _LABELS[field] for field, place in mapping.columns} if mapping else {}
    wrong: dict[int, list[str]] = {}
    for problem in intake.problems if intake else ():
        if problem.row is not None:
            wrong.setdefault(problem.row, []).append(f"{problem.column}: {problem.message}" if problem.column
                                                     else problem.message)  # fmt: skip
    rows = survey.rows[:_SHOWN_ROWS]
    table: dict[str, list[str]] = {"Row": [str(number) for number, _ in rows]}
    for place, name in enumerate(survey.header):
        label = name or f"column {place + 1}"
        label = f"{label} → {meant[place]}" if place in meant else label
        while label in table:
            label += " "
        table[label] = [cells[place] if place < len(cells) else "" for _, cells in rows]
    if intake is not None:
        table["What is wrong"] = [" ".join(wrong.get(number, [])) for number, _ in rows]
    listings.table(table, alt=f"The first rows of {survey.name}")
