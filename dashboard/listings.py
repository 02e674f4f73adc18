"""Rows of the core as tables on a page. A click on the first column opens what the row is about."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo
from decimal import Decimal
from typing import Any, Literal

import pandas as pd
import streamlit as st

from core.domain.analysis import Verification
from core.domain.facts import Fact, Unit
from core.domain.job import JobState
from core.domain.portfolio import PortfolioRow, Problem
from core.domain.records import Event, Item, JobRow
from dashboard import session, states, text

STOPPABLE = (*states.ACTIVE, JobState.ATTENTION)
"""States in which a run can be asked to stop."""

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


def stop_key(key: str) -> str:
    """Where a click on a row's Stop is noted."""
    return f"{key}_stop"


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


def jobs(rows: Sequence[JobRow], *, key: str, now: datetime, alt: str, brief: bool = False) -> str:
    """A table of runs; returns the id of the run that was clicked, or ""."""
    zone = session.timezone()
    ids = [row.job_id for row in rows]
    clicked = opened(key, ids)
    columns: dict[str, list[Any]] = {
        "run": [f"{text.words(row.kind)} · {text.count(row.counts.total, 'portfolio')}" for row in rows],
        "state": [[states.JOB[row.state].word] for row in rows],
        "progress": [_progress(row) for row in rows],
        "created": [row.created_at.astimezone(zone) for row in rows],
        "model": [row.model for row in rows],
        "failed": [_failed_share(row) for row in rows],
        "expected": [_float(row.expected_usd) for row in rows],
        "actual": [_float(row.actual_usd) for row in rows],
        "took": [text.duration(_took(row, now)) for row in rows],
        "id": ids,
    }
    if any(row.state in STOPPABLE for row in rows):
        columns["stop"] = ["Stop" if row.state in STOPPABLE else None for row in rows]
    if brief:
        columns = {name: columns[name] for name in ("run", "state", "progress", "created", "model")}
    st.dataframe(
        pd.DataFrame(columns),
        hide_index=True,
        height="content",
        key=key,
        alt=alt,
        placeholder=text.NONE,
        column_config={
            "run": opener(key, "Run"),
            "state": badges("State", states.JOB.values()),
            "progress": _COLUMN.ProgressColumn("Progress", format="percent", min_value=0, max_value=1, width=130),
            "created": _COLUMN.DatetimeColumn("Submitted", format="D MMM, HH:mm"),
            "model": "Model",
            "failed": _COLUMN.NumberColumn("Failed", format="percent", help="Share of requests without an analysis."),
            "expected": _COLUMN.NumberColumn("Expected", format="$%.4f"),
            "actual": _COLUMN.NumberColumn("Actual", format="$%.4f"),
            "took": _COLUMN.TextColumn("Took", alignment="right"),
            "id": "Id",
            "stop": opener(stop_key(key), "", pinned=False),
        },
    )
    return clicked


def portfolios(rows: Sequence[PortfolioRow], *, key: str) -> tuple[str, list[int]]:
    """A table of portfolios; returns the id of the one that was clicked, or "", and the places of marked rows."""
    ids = [row.portfolio_id for row in rows]
    clicked = opened(key, ids)
    # A column that says the same of every row takes the room of those that differ.
    labelled = any(row.tags or row.groups for row in rows)
    several = any(row.snapshots > 1 for row in rows)
    accounts = any(row.account for row in rows)
    found = st.dataframe(
        pd.DataFrame(
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
        pd.DataFrame(
            {
                "metric": [text.fact(fact.metric_id) for fact in rows],
                "value": [shown(fact) for fact in rows],
                "badge": [[states.BADGE[fact.badge].word] for fact in rows],
                "period": [fact.period or "" for fact in rows],
                "definition": [fact.definition for fact in rows],
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
        pd.DataFrame(
            {
                "portfolio": [row.portfolio_name for row in rows],
                "status": [[states.ITEM[row.status].word] for row in rows],
                "level": [[states.LEVEL.get(row.level, states.UNKNOWN).word] if row.level else [] for row in rows],
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
            "level": badges("Level", states.LEVEL.values()),
            "checks": _COLUMN.TextColumn("Stated numbers", help="Held against the facts that the prompt gave."),
            "headline": _COLUMN.TextColumn("Headline or error", width="large"),
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


def table(columns: Mapping[str, Sequence[Any]], *, alt: str) -> None:
    """A plain table of texts, as wide as the page."""
    st.dataframe(
        pd.DataFrame(dict(columns)),
        hide_index=True,
        alt=alt,
        placeholder=text.NONE,
        column_config={name: _COLUMN.TextColumn(name, width=_width(name, values)) for name, values in columns.items()},
    )


def shown(fact: Fact) -> str:
    """A fact's value with its unit, as people read it."""
    if fact.unit is Unit.CCY:
        return text.money(fact.value, fact.currency or "")
    return fact.shown + _SIGNS.get(fact.unit, "")


def checks(found: Verification | None) -> str:
    """What checking an answer's numbers came to, in words."""
    if found is None:
        return ""
    parts = [f"{found.verified} verified"]
    if found.mismatched:
        parts.append(f"{found.mismatched} mismatched")
    if found.unsupported:
        parts.append(f"{found.unsupported} unsupported")
    return ", ".join(parts)


def badges(label: str, looks: Any) -> Any:
    """A column of coloured words: each cell is a list of them."""
    """A column of coloured words, one a cell in a list."""
    known = list(looks)
    return _COLUMN.MultiselectColumn(
        label, options=[look.word for look in known], color=[look.colour for look in known], width=110
    )


def _width(name: str, values: Sequence[Any]) -> Literal["large"] | None:
    longest = max((len(str(value)) for value in values), default=0)
    return "large" if longest > 60 and len(name) < 60 else None


def _progress(row: JobRow) -> float:
    done = row.counts.total - row.counts.pending
    return max(done, min(row.provider_done, row.counts.total)) / row.counts.total if row.counts.total else 0.0


def _failed_share(row: JobRow) -> float | None:
    done = row.counts.total - row.counts.pending
    return (row.counts.failed + row.counts.missing) / done if done else None


def _took(row: JobRow, now: datetime) -> Any:
    if row.approved_at is None:
        return None
    return (row.ended_at or now) - row.approved_at


def _whole(amount: float) -> float | None:
    """Without cents; None for what could not be computed."""
    return None if math.isnan(amount) else float(round(amount))


def _float(amount: Decimal | None) -> float | None:
    return None if amount is None else float(amount)
