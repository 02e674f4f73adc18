"""Runs as a table: how each stands, and in one sentence what it waits for or what went wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta, tzinfo
from decimal import Decimal
from typing import Any

import streamlit as st

from core.desk.oversight import without_commands
from core.domain.alert import AlertKind
from core.domain.job import JOB_ENDED, JobState
from core.domain.oversight import Waits
from core.domain.records import JobRow
from dashboard.shell import session
from dashboard.widgets import listings, states, text

STOPPABLE = (*states.ACTIVE, JobState.ATTENTION)
"""States in which a run can be asked to stop."""

_COLUMN = st.column_config
_LONGEST_NOTE = 160


def title(row: JobRow) -> str:
    """What a run is called: its analysis and its size."""
    return f"{text.words(row.kind)} · {text.count(row.counts.total, 'request')}"


ODD = {
    AlertKind.VANISHED: "Vanished: the provider does not know one of its batches any more.",
    AlertKind.STUCK: "Stuck: one of its batches gets no further.",
    AlertKind.LATE: "Late: it takes longer than it should.",
}
"""What may be odd about a run that is under way, the most urgent first."""


def note(row: JobRow, waits: Waits | None, *, odd: AlertKind | None, now: datetime, zone: tzinfo) -> str:
    """What a run waits for, or what went wrong with it, in one sentence; "" when nothing is to be said."""
    if row.state is JobState.PAUSED:
        return "Paused: nothing more is sent until somebody resumes it."
    if row.state in states.ACTIVE:
        said = "" if odd is None else f"{ODD[odd]} "
        if row.needed_by is not None and row.needed_by < now:
            said = f"Needed by {text.moment(row.needed_by, zone)}, which is past. "
        return said + (waiting(waits, zone) if waits is not None else "")
    lost = row.counts.failed + row.counts.missing
    if row.message and (row.state is not JobState.PARTIAL or not lost):
        return without_commands(row.message)
    return f"{lost:,} of {row.counts.total:,} without an analysis." if lost else ""


def waiting(waits: Waits, zone: tzinfo) -> str:
    """Why batches have not reached the provider, and until when."""
    plain = replace(waits, reason=without_commands(waits.reason))
    return plain.said(lambda at: text.moment(at, zone))


def table(
    rows: Sequence[JobRow],
    *,
    key: str,
    now: datetime,
    alt: str,
    waits: Mapping[str, Waits],
    odd: Mapping[str, AlertKind],
    stop: bool,
) -> tuple[str, list[str]]:
    """A page of runs.

    Args:
        odd: What is odd about runs that are under way, by their ids.
        stop: Whether the reader may stop runs.

    Returns:
        The id of the run that was clicked, or "", and the ids of those that are marked.
    """
    zone = session.timezone()
    ids = [row.job_id for row in rows]
    clicked = listings.opened(key, ids)
    notes = [note(row, waits.get(row.job_id), odd=odd.get(row.job_id), now=now, zone=zone) for row in rows]
    columns: dict[str, list[Any]] = {
        "run": [title(row) for row in rows],
        "state": [[states.JOB[row.state].word] for row in rows],
        "created": [row.created_at.astimezone(zone) for row in rows],
        "model": [row.model for row in rows],
        "progress": [progress(row) for row in rows],
    }
    # A column in which nothing stands takes the room of those that say something.
    if any(notes):
        columns["note"] = [text.short(sentence, _LONGEST_NOTE) for sentence in notes]
    if stop and any(row.state in STOPPABLE for row in rows):
        columns["stop"] = ["Stop" if row.state in STOPPABLE else None for row in rows]
    columns |= {
        "failed": [_failed_share(row) for row in rows],
        "expected": [_float(row.expected_usd) for row in rows],
        "actual": [_float(row.actual_usd) for row in rows],
        "took": [text.duration(took(row, now)) for row in rows],
        "id": ids,
    }
    found = st.dataframe(
        listings.frame(columns),
        hide_index=True,
        height="content",
        key=key,
        on_select="rerun",
        selection_mode="multi-row",
        alt=alt,
        placeholder=text.NONE,
        column_config={
            "run": listings.opener(key, "Run"),
            "state": listings.badges("State", states.JOB.values()),
            "created": _COLUMN.DatetimeColumn("Submitted", format="D MMM, HH:mm", width=105),
            "model": _COLUMN.TextColumn("Model", width=95),
            "progress": _COLUMN.ProgressColumn(
                "Progress",
                format="percent",
                min_value=0,
                max_value=1,
                width=95,
                help="Share of requests that are answered; of a run that has ended, those with an analysis.",
            ),
            "note": _COLUMN.TextColumn("Waits for, or what went wrong", width=230),
            "failed": _COLUMN.NumberColumn("Failed", format="percent", help="Share of requests without an analysis."),
            "expected": _COLUMN.NumberColumn("Expected", format="$%.4f"),
            "actual": _COLUMN.NumberColumn("Actual", format="$%.4f"),
            "took": _COLUMN.TextColumn("Took", alignment="right"),
            "id": "Id",
            "stop": listings.opener(stop_key(key), "", pinned=False),
        },
    )
    return clicked, [ids[place] for place in found.selection.rows if place < len(ids)]


def stop_key(key: str) -> str:
    """Where a click on a row's Stop is noted."""
    return f"{key}_stop"


def answered(row: JobRow) -> float:
    """How much of a run is answered, a fraction."""
    return row.provider_done / row.counts.total if row.counts.total else 0.0


def progress(row: JobRow) -> float:
    """How far a run has come: a fraction. Of one that has ended, how much of it has an analysis."""
    if row.state not in JOB_ENDED:
        return answered(row)
    return row.counts.succeeded / row.counts.total if row.counts.total else 0.0


def took(row: JobRow, now: datetime) -> timedelta | None:
    """How long a run took, or has been running; None before it was submitted."""
    return None if row.approved_at is None else (row.ended_at or now) - row.approved_at


def _failed_share(row: JobRow) -> float | None:
    done = row.counts.total - row.counts.pending
    return (row.counts.failed + row.counts.missing) / done if done else None


def _float(amount: Decimal | None) -> float | None:
    return None if amount is None else float(amount)
