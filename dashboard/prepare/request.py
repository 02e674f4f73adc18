"""The first request of each job exactly as it will be sent, and what is known of each model."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import streamlit as st

from core.app import App
from core.desk.sets import SetPart, SetPreview
from core.domain.actor import Actor
from dashboard.widgets import listings, show, text


def first_request(found: SetPreview | None) -> None:
    """The first line of a batch, to read or as JSON."""
    parts = [part for part in found.parts if part.preview is not None and part.preview.first_line] if found else []
    if not parts:
        return
    with st.container(border=True):
        st.subheader("First request, exactly as it will be sent", anchor=False)
        part = _chosen(parts)
        line = json.loads(part.preview.first_line if part.preview else b"{}")
        st.caption(text.escape(f"{line.get('method', '')} {line.get('url', '')} · {line.get('custom_id', '')}"))
        readable, raw = st.tabs(("Readable", "JSON"), key="prepare_request_tab", on_change="rerun")
        if readable.open:
            with readable:
                for role, words in spoken(line.get("body", {})):
                    with st.expander(text.escape(text.words(role)), expanded=role == "user"):
                        show.code(words, height=380)
        if raw.open:
            with raw:
                show.document(line)


def _chosen(parts: Sequence[SetPart]) -> SetPart:
    if len(parts) == 1:
        return parts[0]
    names = {
        number: f"{text.words(part.request.kind)} · {part.request.model}"
        + (f" · {part.request.prompt_version}" if part.request.prompt_version else "")
        for number, part in enumerate(parts)
    }
    number = st.selectbox("Of which job", list(names), format_func=names.__getitem__, key="prepare_first_of")
    return parts[number or 0]


def spoken(body: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(role, text) of what a request says to the model, for either endpoint."""
    if body.get("instructions"):
        yield "system", str(body["instructions"])
    turns: str | Sequence[Mapping[str, Any]] = body.get("messages") or body.get("input") or []
    if isinstance(turns, str):
        yield "user", turns
        return
    for turn in turns:
        content = turn.get("content", "")
        if not isinstance(content, str):
            content = "\n\n".join(str(part.get("text", "")) for part in content)
        yield str(turn.get("role", "")), content


def remembered(app: App, actor: Actor, models: Sequence[str]) -> None:
    """Which parameters the chosen models took or refused so far."""
    rows = list({row: None for model in models for row in app.remembered(actor, model)})
    if not rows:
        return
    refused = sum(1 for row in rows if row.refused)
    label = "What these models took so far" + (f", {refused} refused" if refused else "")
    with st.expander(label, icon=":material/history_edu:"):
        listings.table(
            {
                "Model": [row.model or "every model" for row in rows],
                "Parameter": [row.parameter for row in rows],
                "Value": [row.value for row in rows],
                "API": [row.endpoint for row in rows],
                "Taken": [f"{row.accepted:,}" for row in rows],
                "Refused": [f"{row.refused:,}" for row in rows],
                "The server's words": [row.words for row in rows],
            },
            alt="Parameters that the chosen models took or refused",
        )
        away = {
            name: f"{name} ({api}): {meaning}"
            for model in models
            for (name, api), meaning in app.left_away(actor, model).items()
        }
        if away:
            each = "; ".join(text.escape(one) for one in away.values())
            st.caption(f"Left away because the provider refuses it. {each}.")
        if app.simulated:
            st.caption("Learned from the local stand-in; the provider itself may differ.")
