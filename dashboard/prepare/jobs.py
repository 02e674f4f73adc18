"""The jobs that a wish makes, one by one, and what is sent otherwise than it was wished."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.desk.sets import SetPart, SetPreview
from core.llm.parameters import ParameterChange
from dashboard.widgets import listings, text


def job_by_job(found: SetPreview | None) -> None:
    """Tables as wide as the page; nothing where there is nothing to tell apart."""
    if found is None or not found.found:
        return
    if len(found.parts) > 1:
        with st.container(border=True):
            st.subheader("Job by job", anchor=False)
            _by_job(found)
    _changes(found.parts)


def _by_job(found: SetPreview) -> None:
    rows = [(part, part.preview) for part in found.parts]
    listings.table(
        {
            "Analysis": [text.words(part.request.kind) for part, _ in rows],
            "Model": [part.request.model for part, _ in rows],
            "Prompt": [one.prompt_version if one else text.NONE for _, one in rows],
            "Requests": [f"{one.estimate.requests:,}" if one else "cannot be sent" for _, one in rows],
            "Expected": [text.usd(one.estimate.expected_usd) if one else text.NONE for _, one in rows],
            "Between": [
                f"{text.usd(one.estimate.low_usd)} – {text.usd(one.estimate.high_usd)}" if one else text.NONE
                for _, one in rows
            ],
            "Back within": [one.estimate.completion_time if one else text.NONE for _, one in rows],
        },
        alt="Each job of the set with its price",
    )


def _changes(parts: Sequence[SetPart]) -> None:
    """Wishes that a model does not take as they are, and what is sent instead."""
    rows = list(
        dict.fromkeys((part.request.model, change) for part in parts if part.preview for change in part.preview.changes)
    )
    if not rows:
        return
    with st.container(border=True):
        st.subheader("Sent otherwise than wished", anchor=False)
        _changed(rows)


def _changed(rows: Sequence[tuple[str, ParameterChange]]) -> None:
    listings.table(
        {
            "Model": [model for model, _ in rows],
            "Parameter": [change.parameter for _, change in rows],
            "Wished": [change.wished for _, change in rows],
            "Sent": [change.sent or "nothing" for _, change in rows],
            "Why": [change.reason for _, change in rows],
        },
        alt="Parameters that a model does not take as they were wished",
    )
