"""Where Streamlit and Plotly give signs in a text a meaning: the calls, and which of their arguments."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from typing import Final, Literal

Sink = Literal["markdown", "plotly", "html"]

_LABELS: Final = ("label", "body", "help", "title", "text", "caption")
_CHOICES: Final = frozenset({"radio", "pills", "segmented_control"})

MARKDOWN: Final[Mapping[str, tuple[object, ...]]] = {
    **dict.fromkeys(
        (
            "markdown", "caption", "title", "header", "subheader", "info", "warning", "error", "success", "toast",
            "button", "download_button", "link_button", "form_submit_button", "menu_button", "expander",
            "popover", "checkbox", "toggle", "selectbox", "multiselect", "text_input", "text_area", "number_input",
            "date_input", "datetime_input", "time_input", "color_picker", "file_uploader", "slider", "select_slider",
            "status", "spinner", "dialog", "chat_input", "camera_input", "audio_input", "feedback",
        ),
        (0, *_LABELS),
    ),
    **dict.fromkeys(_CHOICES, (0, 1, "options", "captions", *_LABELS)),
    "write": (*range(9),),
    "write_stream": (0, "stream"),
    "metric": (0, 1, 2, "value", "delta", "delta_description", *_LABELS),
    "tabs": (0, "tabs"),
    "page_link": _LABELS,
    "progress": (1, *_LABELS),
    "table": (0, "data"),
    "html": (0, "body"),
}  # fmt: skip
"""Calls of Streamlit by name, and the arguments in which it reads Markdown (or HTML, for `html`). `st.badge` is none of
them and must not be used: it adds backslashes of its own, which undo ours."""

SILENT: Final = frozenset(
    {
        "container", "rerun", "columns", "cache_data", "cache_resource", "dataframe", "switch_page", "grid", "empty",
        "space", "set_page_config", "plotly_chart", "pagination", "get_option", "fragment", "form", "code",
        "navigation", "logo", "json", "stop", "Page", "App", "data_editor",
    }
)  # fmt: skip
"""Calls of Streamlit that read no Markdown: what they show is shown as it is, or is no text."""

PLOTLY: Final = frozenset(
    {
        "hovertemplate", "texttemplate", "text", "ticktext", "labels", "hovertext", "title_text", "name", "x", "y",
        "theta", "customdata",
    }
)  # fmt: skip
"""Arguments of figures whose texts Plotly reads as HTML, with names of its own in "%{}"."""


def of_streamlit(name: str, call: ast.Call, keywords: Mapping[str, ast.expr]) -> Iterator[tuple[Sink, str, ast.expr]]:
    wanted = MARKDOWN[name]
    given: dict[object, ast.expr] = {**dict(enumerate(call.args)), **keywords}
    said = keywords.get("format_func")
    for place, value in given.items():
        if place not in wanted:
            continue
        if said is not None and name in _CHOICES and place in {1, "options"}:
            value = ast.Call(said, [value], [])
        yield (
            "html" if name == "html" else "markdown",
            f"st.{name}" if isinstance(place, int) else f"st.{name}({place}=)",
            value,
        )


def of_figure(keywords: Mapping[str, ast.expr]) -> Iterator[tuple[Sink, str, ast.expr]]:
    for key, value in keywords.items():
        if key == "customdata" and "customdata" not in ast.unparse(keywords.get("hovertemplate", ast.Constant(""))):
            continue
        if key in PLOTLY:
            yield "plotly", f"plotly {key}", value


def draws(receiver: str) -> bool:
    """Whether a method of this is one of Streamlit's: of the library itself, or of a place on the page."""
    return receiver not in {"", "logger", "log", "text", "re", "listings", "sys", "parser"}
