"""A link that takes something along: made when it is pressed, for the browser that sees it, and for nobody else."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from typing import Literal

import streamlit as st

from core.domain.actor import Actor
from dashboard.shell import session
from dashboard.shell.downloads import OFFERS, PATH, Offer

CSV = "text/csv; charset=utf-8"
JSON = "application/json"
ZIP = "application/zip"
HTML = "text/html; charset=utf-8"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def download(
    label: str,
    name: str,
    media_type: str,
    chunks: Callable[[], Iterable[bytes]],
    *,
    actor: Actor,
    key: str,
    kind: Literal["primary", "secondary", "tertiary"] = "secondary",
) -> None:
    """Offer a file under a link.

    Args:
        name: What it is called; a part of its content's hash is put before the ending.
        chunks: Makes the content piece by piece once somebody asks, outside any run of a page.
        key: Unique on the page.
    """
    # What stands at the same key on another page, or in another tab, is another offer.
    place = f"{_tab()}|{key}|{name}"
    word = OFFERS.put(session.browser(), place, Offer(name, media_type, chunks, actor.label))
    base = str(st.get_option("server.baseUrlPath")).strip("/")
    st.link_button(
        label, f"/{base}{PATH}{word}" if base else f"{PATH}{word}", icon=":material/download:", type=kind, key=key
    )


def _tab() -> str:
    found: str = st.session_state.setdefault("_downloads", secrets.token_hex(8))
    return found
