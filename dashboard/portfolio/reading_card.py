"""One file as it was read: its first rows, the evidence of each decision, and a select box to change any of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import streamlit as st

from core.domain.portfolio import Intake
from core.domain.table_read import Comparison, DecidedBy, Decision, TableRead
from core.intake.cells.numbers import NumberStyle
from core.intake.tables.choices import DATES, DECIMALS
from core.intake.tables.column_guess import MAPPABLE
from core.intake.tables.column_mapping import ColumnMapping, faults_of
from core.intake.tables.surveying import Survey
from core.intake.transactions.moments import DayOrder
from dashboard.widgets import listings, text

LABELS = {
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
    NumberStyle.POINT: "point: 1,234.50",
    NumberStyle.COMMA: "comma: 1.234,50",
}
_NAMING = ("isin", "symbol", "name")
_USUAL = ("quantity", "price", "market_value", "currency")
"""Fields whose boxes are always open; the others are where the file has them."""
_DECIMAL, _DAYS = "decimal sign", "order of days"
_BY = {DecidedBy.HAND: "by hand", DecidedBy.MEMORY: "remembered"}


@dataclass(frozen=True, slots=True)
class Shown:
    """A table as its boxes show it at first.

    Attributes:
        header: Its columns.
        rows: Its first rows as they stand.
        mapping: What each column is taken for, and how numbers and days are read.
        proofs: For each field or other topic the evidence.
    """

    header: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]
    mapping: ColumnMapping
    proofs: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a person says now.

    Attributes:
        mapping: None while it cannot be read.
        changed: What differs from how it was shown at first, in words of the file: hostile until escaped.
        remember: Whether later files with this header are to be read alike.
    """

    mapping: ColumnMapping | None
    changed: tuple[str, ...]
    remember: bool


def shown_of(survey: Survey, mapping: ColumnMapping, read: Intake | None) -> Shown:
    """A table that nobody has said yet how to read, by its guess or by what is remembered.

    Args:
        read: What it comes to so, whose evidence is better than that of the first look.
    """
    proofs = {guess.field: guess.reason for guess in survey.guesses if guess.field}
    for table in read.tables[:1] if read is not None else ():
        for one in table.decisions:
            # Their boxes say "as the numbers show"; which it is stands below.
            found = f"{one.choice}: " if one.topic in (_DECIMAL, _DAYS) else ""
            proofs |= {one.topic: found + _proof(one)} if one.by is DecidedBy.FILE else {}
    return Shown(survey.header, survey.rows, mapping, proofs)


def shown_as_read(table: TableRead) -> Shown | None:
    """A table that was read; None where its columns cannot be said in other words, as those of a history."""
    if not table.header_row or not {field for field, _ in table.fields} <= set(MAPPABLE):
        return None
    fixed = tuple((field, value) for field, value in table.fixed if field == "currency")
    order = DATES.get(table.dates, DayOrder.UNKNOWN)
    mapping = ColumnMapping(table.fields, fixed, order, DECIMALS.get(table.decimal))
    return Shown(table.header, table.first, mapping, {one.topic: _proof(one) for one in table.decisions})


Place = st.delta_generator.DeltaGenerator


def ask(shown: Shown, key: str, *, beside: Sequence[Place], warning: str, remember: bool) -> Answer:
    """A box for each decision with its evidence below, filled as the table was read or guessed.

    Args:
        key: Makes the boxes of this table its own.
        beside: Two places for how numbers and days are written.
        warning: What speaks against its being positions, or "".
        remember: Whether it is remembered unless somebody says otherwise.
    """
    style, order = _style(shown, key, beside[0]), _order(shown, key, beside[1])
    columns, fixed = _columns(shown, key)
    keep = st.checkbox("Remember this for files with the same header", value=remember, key=f"{key}_remember")
    positions = bool(warning) and st.checkbox("The rows are positions all the same", key=f"{key}_positions")
    mapping = ColumnMapping(columns, fixed, order, style, positions=positions)
    faults = faults_of(mapping, len(shown.header))
    for fault in faults:
        st.error(text.escape(fault), icon=":material/view_column:")
    return Answer(None if faults else mapping, tuple(_changes(shown, mapping)), keep)


def _columns(shown: Shown, key: str) -> tuple[tuple[tuple[str, int], ...], tuple[tuple[str, str], ...]]:
    """Which column is which, and what is the same in every row."""
    start = shown.mapping
    named = any(start.place(field) is not None for field in _NAMING)
    open_ = [field for field in MAPPABLE
             if start.place(field) is not None or field in _USUAL or (field in _NAMING and not named)]  # fmt: skip
    open_.sort(key=lambda field: (start.place(field) is None, start.place(field) or 0))
    cells = _cells()
    chosen = {field: _box(shown, field, key, next(cells)) for field in open_}
    rest = [field for field in MAPPABLE if field not in open_]
    if rest:
        with st.expander(f"Not in the file: {', '.join(LABELS[field] for field in rest)}"):
            more = _cells()
            chosen |= {field: _box(shown, field, key, next(more)) for field in rest}
    found = ((field, at) for field, at in chosen.items() if at is not None)
    columns = tuple(sorted(found, key=lambda pair: pair[1]))
    fixed = () if "currency" in dict(columns) else _currency(shown, key, next(cells))
    return columns, fixed


def _cells() -> Iterator[Place]:
    """Places in rows of three, so that a narrow window stacks them in their order."""
    while True:
        yield from st.columns(3)


def _style(shown: Shown, key: str, place: Place) -> NumberStyle | None:
    with place, st.container(gap=None):
        answer = st.selectbox(
            "Decimal sign", list(_STYLES), index=list(_STYLES).index(shown.mapping.style), key=f"{key}_style",
            format_func=_STYLES.__getitem__,
        )  # fmt: skip
        _evidence(shown.proofs.get(_DECIMAL, ""), changed=answer is not shown.mapping.style)
    return answer


def _order(shown: Shown, key: str, place: Place) -> DayOrder:
    with place, st.container(gap=None):
        answer = st.selectbox(
            "Days are written", list(_ORDERS), index=list(_ORDERS).index(shown.mapping.day_order), key=f"{key}_order",
            format_func=_ORDERS.__getitem__,
        )  # fmt: skip
        _evidence(shown.proofs.get(_DAYS, ""), changed=answer is not shown.mapping.day_order)
    return answer


def _box(shown: Shown, field: str, key: str, place: Place) -> int | None:
    at = shown.mapping.place(field)
    with place, st.container(gap=None):
        answer = st.selectbox(
            LABELS[field],
            list(range(len(shown.header))),
            index=at if at is not None and at < len(shown.header) else None,
            placeholder="not in the file",
            format_func=lambda column: text.plain(_column(shown.header, column)),
            key=f"{key}_{field}",
        )
        _evidence(shown.proofs.get(field, "") if at is not None else "", changed=answer != at)
    return None if answer is None else int(answer)


def _currency(shown: Shown, key: str, place: Place) -> tuple[tuple[str, str], ...]:
    value = dict(shown.mapping.fixed).get("currency", "")
    with place, st.container(gap=None):
        code = (
            st.text_input(
                "Currency of all rows", value=value, max_chars=4, key=f"{key}_fixed", placeholder="EUR",
                help="Needed where no column is the currency.",
            )
            or ""
        ).strip()  # fmt: skip
        _evidence(shown.proofs.get("currency", "") if value else "", changed=code != value)
    return (("currency", code),) if code else ()


def _evidence(proof: str, *, changed: bool) -> None:
    proof = "changed by hand" if changed else proof
    if proof:
        st.caption(text.escape(_sentence(proof)))


def _column(header: Sequence[str], place: int | None) -> str:
    if place is None:
        return "no column"
    return (header[place] if place < len(header) else "") or f"column {place + 1}"


def _changes(shown: Shown, now: ColumnMapping) -> Iterable[str]:
    """What differs from how the table was shown at first."""
    before = shown.mapping
    for field in MAPPABLE:
        old, new = before.place(field), now.place(field)
        if old != new:
            yield f"{LABELS[field]}: {_column(shown.header, new)} instead of {_column(shown.header, old)}"
    if "currency" not in dict(now.columns) and before.fixed != now.fixed:
        old_code, new_code = (dict(one.fixed).get("currency", "none") for one in (before, now))
        yield f"Currency of all rows: {new_code} instead of {old_code}"
    if before.style is not now.style:
        yield f"Decimal sign: {_STYLES[now.style]} instead of {_STYLES[before.style]}"
    if before.day_order is not now.day_order:
        yield f"Days are written: {_ORDERS[now.day_order]} instead of {_ORDERS[before.day_order]}"


def first_rows(
    name: str, header: Sequence[str], rows: Iterable[tuple[int, Sequence[str]]], meant: Mapping[str, int],
    intake: Intake | None,
) -> None:  # fmt: skip
    """The first rows of a file as they stand, each column under its meaning, with what is wrong in each row.

    Args:
        meant: For each field its column.
    """
    meanings: dict[int, str] = {}
    for field, place in meant.items():
        label = LABELS.get(field, text.words(field))
        meanings[place] = f"{meanings[place]}, {label}" if place in meanings else label
    wrong: dict[int, list[str]] = {}
    for problem in intake.problems if intake else ():
        if problem.row is not None:
            message = f"{problem.column}: {problem.message}" if problem.column else problem.message
            wrong.setdefault(problem.row, []).append(message)
    shown = list(rows)[:8]
    table: dict[str, list[str]] = {"In row": [str(number) for number, _ in shown]}
    for place in range(len(header)):
        label = _column(header, place)
        label = f"{label} → {meanings[place]}" if place in meanings else f"{label} (not read)"
        while label in table:
            label += " "
        table[label] = [cells[place] if place < len(cells) else "" for _, cells in shown]
    if intake is not None and wrong:
        table["What is wrong"] = [" ".join(wrong.get(number, [])) for number, _ in shown]
    listings.table(table, alt=f"The first rows of {name}")


def decisions(found: Iterable[Decision], *, without: Iterable[str] = ()) -> None:
    """Decisions that no box shows, each with its evidence."""
    told = [one for one in found if one.topic not in set(without)]
    for one in told:
        by = f" · {_BY[one.by]}" if one.by in _BY else ""
        topic = text.escape(text.words(LABELS.get(one.topic, one.topic)))
        with st.container(gap=None):
            st.markdown(f"**{topic}**: {text.escape(one.choice)}")
            st.caption(f"{text.escape(_sentence(one.proof))}{by}")


def boxed() -> set[str]:
    """Topics that `ask` shows."""
    return {*MAPPABLE, _DECIMAL, _DAYS}


def comparisons(found: Sequence[Comparison]) -> None:
    """What the file states about its lines, beside what the lines come to."""
    if not found:
        return
    listings.table(
        {
            "The file states": [one.what for one in found],
            "In row": ["" if one.row is None else f"{one.row:,}" for one in found],
            "Stated": [_amount(one.stated, one.currency) for one in found],
            "Read": [_amount(one.ours, one.currency) for one in found],
            "Result": [_result(one) for one in found],
        },
        alt="What the file states, and what was read",
    )


def _result(one: Comparison) -> str:
    if one.agrees is None:
        return f"not compared: {one.why}"
    if one.agrees:
        return "agrees"
    return f"differs by {one.difference:+,.2f}" if one.difference is not None else "differs"


def _amount(value: Decimal | date | None, currency: str) -> str:
    if value is None:
        return ""
    return f"{currency} {value:,.2f}".strip() if isinstance(value, Decimal) else text.day(value)


def _proof(one: Decision) -> str:
    return f"{one.proof} · {_BY[one.by]}" if one.by in _BY else one.proof


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:]
