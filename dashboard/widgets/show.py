"""Charts and cards on a page: one way to place them, with the alternative text and without tool bars."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Literal

import plotly.graph_objects as go
import streamlit as st

from core.domain.readable_text import as_escapes
from dashboard.shell import session
from dashboard.widgets import charts, listings

NO_MATCH = ":material/search_off:"
"""Icon of a search that found nothing."""

_CONFIG = {"displayModeBar": False, "displaylogo": False, "responsive": True}


def colours() -> charts.Palette:
    """The palette of the theme that the reader looks at."""
    return charts.palette(dark=session.is_dark())


def chart(figure: go.Figure, *, key: str, alt: str) -> None:
    """A figure of `charts`."""
    st.plotly_chart(figure, key=key, alt=alt, theme=None, config=_CONFIG)


def clickable(figure: go.Figure, *, key: str, alt: str) -> str:
    """The same, and the `customdata` of the point that was clicked, "" for none."""
    event = st.plotly_chart(
        figure, key=key, alt=alt, theme=None, config=_CONFIG, on_select="rerun", selection_mode="points"
    )
    for point in event.selection.points:
        found = point.get("customdata")
        # Streamlit hands a single value over as it is or in a list, as the trace has it.
        return str(found[0] if isinstance(found, list) else found or "")
    return ""


def same_as_table(
    columns: Callable[[], Mapping[str, Sequence[Any]]],
    *,
    key: str,
    alt: str,
    label: str = "The same as a table",
    icon: str = ":material/table:",
) -> None:
    """What a chart shows, for those who cannot see it or want the figures; made only when somebody opens it."""
    below = st.expander(label, icon=icon, key=f"{key}_table", on_change="rerun")
    if below.open:
        with below:
            listings.table(columns(), alt=alt)


def metrics(cards: Sequence[tuple[str, str, str]]) -> None:
    """A row of equal cards: (label, value, help or "")."""
    with st.grid(len(cards), min_column_width=150):
        for label, value, more in cards:
            st.metric(label, value, help=more or None, border=True, height="stretch")


def code(words: str, *, language: str | None = None, height: int | Literal["content"] = "content") -> None:
    """Words as they came, what is not seen in them written as escapes."""
    st.code(as_escapes(words), language=language, wrap_lines=True, height=height)


def document(value: Any) -> None:
    """A JSON document as it came, what is not seen in its texts written as escapes."""
    st.json(_with_escapes(value), expanded=2)


def _with_escapes(value: Any) -> Any:
    if isinstance(value, str):
        return as_escapes(value)
    if isinstance(value, Mapping):
        return {as_escapes(str(key)): _with_escapes(one) for key, one in value.items()}
    return [_with_escapes(one) for one in value] if isinstance(value, list | tuple) else value


@contextmanager
def empty(title: str, sentence: str, icon: str = ":material/inbox:") -> Iterator[None]:
    """What a page says while it has nothing to show; the buttons drawn inside say what to do next."""
    with st.container(border=True, horizontal_alignment="center"):
        st.space("small")
        st.markdown(f"#### {icon} {title}", text_alignment="center", anchors=False)
        st.markdown(sentence, text_alignment="center")
        with st.container(horizontal=True, horizontal_alignment="center"):
            yield
        st.space("small")
