"""Rows of the core as tables on a page. A click on the first column opens what the row is about."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import tzinfo
from decimal import Decimal
from typing import Any, Literal

import pandas as pd
import streamlit as st

from core.domain.analysis import Verification
from core.domain.facts import Fact
from core.domain.portfolio import PortfolioRow, Problem
from core.domain.readable_text import readable
from core.domain.records import Event, Item
from core.domain.units import Unit
from dashboard.widgets import grades, states, text

PAGE_ROWS = 25
"""Rows of a page of a list."""

_SIGNS = {Unit.PCT: " %", Unit.PP: " pp", Unit.BPS: " bps", Unit.X: " x", Unit.DAYS: " days", Unit.YEARS: " years"}

_COLUMN = st.column_config


def paging(total: int, key: str, rows: int = PAGE_ROWS, *, bind: bool = False) -> int:
    """A pager under a list that has more than one page; returns the offset of its first row.

    Args:
        bind: Whether the page's number stands in the address.
    """
    pages = max(1, -(-total // rows))
    if pages == 1:
        return 0
    chosen = st.pagination(pages, key=key, bind="query-params" if bind else None, width="stretch")
    return (min(chosen, pages) - 1) * rows


def opened(key: str, ids: Sequence[str]) -> str:
    """The id whose row was clicked since the last run, or ""."""
    place = st.session_state.pop(f"{key}_open", None)
    return ids[place] if place is not None and place < len(ids) else ""


def opener(key: str, label: str, *, pinned: bool = True) -> Any:
    """A column whose cells are buttons; `opened` then tells the row that was clicked."""
    click = f"{key}_click"

    def note() -> None:
        st.session_state[f"{key}_open"] = st.session_state[click].row

    return _COLUMN.ButtonColumn(label, type="tertiary", alignment="left", pinned=pinned, key=click, on_click=note)


def portfolios(rows: Sequence[PortfolioRow], *, key: str) -> tuple[str, list[int]]:
    """A table of portfolios; returns the id of the one that was clicked, or "", and the places of marked rows."""
    ids = [row.portfolio_id for row in rows]
    clicked = opened(key, ids)
    # A column that says the same of every row takes the room of those that differ.
    labelled = any(row.tags or row.groups for row in rows)
    several = any(row.snapshots > 1 for row in rows)
    accounts = any(row.account for row in rows)
    found = st.dataframe(
        frame(
            {
                "name": [row.name for row in rows],
                "region": [row.region for row in rows],
                "value": [None if row.total_value is None else _whole(float(row.total_value)) for row in rows],
                "currency": [row.base_currency for row in rows],
                "holdings": [row.holdings for row in rows],
                "as_of": [row.as_of for row in rows],
                **({"labels": [[*row.groups, *row.tags] for row in rows]} if labelled else {}),
                **({"days": [row.snapshots for row in rows]} if several else {}),
                **({"account": [row.account for row in rows]} if accounts else {}),
                "source": ["sample" if row.is_sample else text.words(row.source_format) for row in rows],
            }
        ),
        hide_index=True,
        height="content",
        key=key,
        on_select="rerun",
        selection_mode="multi-row",
        alt="Portfolios",
        placeholder=text.NONE,
        column_config={
            "name": opener(key, "Portfolio"),
            "region": "Region",
            "value": _COLUMN.NumberColumn("Value", format="localized"),
            "currency": "Currency",
            "holdings": _COLUMN.NumberColumn("Holdings", format="localized"),
            "as_of": _COLUMN.DateColumn("As of", format="D MMM YYYY"),
            "labels": _COLUMN.ListColumn("Groups and tags", width=190),
            "days": _COLUMN.NumberColumn("Days", help="Days of which there is a snapshot."),
            "account": "Account",
            "source": "Source",
        },
    )
    return clicked, list(found.selection.rows)


def facts(rows: Sequence[Fact], *, alt: str) -> None:
    """Facts with their unit, definition and badge."""
    st.dataframe(
        frame(
            {
                "metric": [text.fact(fact.metric_id) for fact in rows],
                "value": [shown(fact) for fact in rows],
                "badge": [[states.BADGE[fact.badge].word] for fact in rows],
                "period": [fact.period or "" for fact in rows],
                "definition": [text.meaning(fact.definition, fact.version) for fact in rows],
            }
        ),
        hide_index=True,
        alt=alt,
        column_config={
            "metric": _COLUMN.TextColumn("Fact", pinned=True),
            "value": _COLUMN.TextColumn("Value", alignment="right"),
            "badge": badges("Origin", states.BADGE.values()),
            "period": "Period",
            "definition": _COLUMN.TextColumn("Definition", width="large"),
        },
    )


def problems(rows: Sequence[Problem]) -> None:
    """Every problem of imported files: where, what, and the remedy."""
    table(
        {
            "File": [row.file for row in rows],
            "Row": ["" if row.row is None else str(row.row) for row in rows],
            "Column": [row.column for row in rows],
            "Value": [row.value for row in rows],
            "What is wrong, and what to do": [row.message for row in rows],
        },
        alt="Problems in the files",
    )


def items(rows: Sequence[Item], *, key: str, chosen: str) -> str:
    """A table of a run's requests; returns the custom id of the one that is chosen."""
    ids = [row.custom_id for row in rows]
    clicked = opened(key, ids)
    st.dataframe(
        frame(
            {
                "portfolio": [row.portfolio_name for row in rows],
                "status": [[states.ITEM[row.status].word] for row in rows],
                "grade": [[grades.look(row.level).word] if row.level else [] for row in rows],
                "checks": [checks(row.verification) for row in rows],
                "headline": [row.headline or (row.error.message if row.error else "") for row in rows],
                "region": [row.region for row in rows],
                "cost": [_float(row.cost_usd) for row in rows],
            }
        ),
        hide_index=True,
        height="content",
        key=key,
        alt="Requests of this run and how they ended",
        placeholder=text.NONE,
        column_config={
            "portfolio": opener(key, "Portfolio"),
            "status": badges("Status", states.ITEM.values()),
            "grade": badges(
                "Grade", {grades.word(row.level): grades.look(row.level) for row in rows if row.level}.values()
            ),
            "checks": _COLUMN.TextColumn(
                "Stated numbers", width=160, help="Held against the facts that the prompt gave."
            ),
            "headline": _COLUMN.TextColumn("Headline or error", width=335),
            "region": "Region",
            "cost": _COLUMN.NumberColumn("Cost", format="$%.4f"),
        },
    )
    return clicked or chosen


def events(rows: Sequence[Event], zone: tzinfo) -> None:
    """A run's history, the newest first."""
    newest = list(reversed(rows))
    table(
        {
            "When": [text.moment(row.at, zone) + row.at.astimezone(zone).strftime(":%S") for row in newest],
            "Who": [row.actor for row in newest],
            "What": [text.words(row.event) for row in newest],
            "From": [text.words(row.from_state) for row in newest],
            "To": [text.words(row.to_state) for row in newest],
            "Batch": [(row.shard_id or "").rsplit(".", 1)[-1] if row.shard_id else "" for row in newest],
            "Note": [row.note for row in newest],
        },
        alt="History of this run",
    )


def table(columns: Mapping[str, Sequence[Any]], *, alt: str, widths: Mapping[str, int] | None = None) -> None:
    """A plain table of texts, as wide as the page.

    Args:
        widths: Of columns whose texts may be cut, in pixels; the others are as wide as their texts.
    """
    given = widths or {}
    st.dataframe(
        frame(columns),
        hide_index=True,
        alt=alt,
        placeholder=text.NONE,
        column_config={
            name: _COLUMN.TextColumn(name, width=given.get(name) or _width(name, values))
            for name, values in columns.items()
        },
    )


def openable(columns: Mapping[str, Sequence[Any]], ids: Sequence[str], *, key: str, alt: str) -> str:
    """A plain table whose first column opens its row; returns the id of the row that was clicked, or ""."""
    clicked = opened(key, ids)
    first, *others = columns
    st.dataframe(
        frame(columns),
        hide_index=True,
        height="content",
        key=key,
        alt=alt,
        placeholder=text.NONE,
        column_config={
            first: opener(key, first),
            **{name: _COLUMN.TextColumn(name, width=_width(name, columns[name])) for name in others},
        },
    )
    return clicked


def shown(fact: Fact) -> str:
    """A fact's value with its unit, as people read it."""
    if fact.unit is Unit.CCY:
        return text.money(fact.value, fact.currency or "")
    return fact.shown + _SIGNS.get(fact.unit, "")


def checks(found: Verification | None) -> str:
    """What checking an answer's numbers came to, in words."""
    if found is None:
        return ""
    parts = [(found.mismatched, "mismatched"), (found.unsupported, "unsupported")]
    # What does not hold comes first: a narrow column cuts the end.
    return ", ".join([f"{n} {word}" for n, word in parts if n] + [f"{found.verified} hold"])


def badges(label: str, looks: Any) -> Any:
    """A column of coloured words, one a cell in a list."""
    known = list(looks)
    return _COLUMN.MultiselectColumn(
        label,
        options=[look.word for look in known],
        color=[look.colour for look in known],
        width=max([110, *(7 * len(look.word) + 30 for look in known)]),
    )


def frame(rows: Mapping[str, Sequence[Any]] | Sequence[Any], columns: Sequence[str] | None = None) -> pd.DataFrame:
    """Rows for any table of a page, each text in them as people may see it. No other place makes a table's rows."""
    # Cleaned first: a table takes no half of a surrogate pair.
    given = {name: _cell([*values]) for name, values in rows.items()} if isinstance(rows, Mapping) else _cell([*rows])
    return pd.DataFrame(given, columns=None if columns is None else [*columns])


def _cell(value: Any) -> Any:
    if isinstance(value, str):
        return readable(value)
    if isinstance(value, list):
        return [_cell(one) for one in value]
    return tuple(_cell(one) for one in value) if isinstance(value, tuple) else value


def _width(name: str, values: Sequence[Any]) -> Literal["large"] | None:
    longest = max((len(str(value)) for value in values), default=0)
    return "large" if longest > 60 and len(name) < 60 else None


def _whole(amount: float) -> float | None:
    """Without cents; None for what could not be computed."""
    return None if math.isnan(amount) else float(round(amount))


def _float(amount: Decimal | None) -> float | None:
    return None if amount is None else float(amount)
