"""What this browser's session works with: the App, who is signed in, the reader's clock, and messages between pages."""

from __future__ import annotations

import secrets
from datetime import UTC, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st

from core.app import App
from core.domain.actor import LOCAL, Actor
from dashboard.shell import wiring
from dashboard.shell.sessions import cookie_name, key_of


def current() -> tuple[App, Actor]:
    """The App and the person in front of it.

    Raises:
        BadSetting: A setting has an impossible value.
        StorageTrouble: The data directory or the database cannot be used.
    """
    return wiring.app(), LOCAL


def browser() -> str:
    """The session of the browser that shows this page, as the gate knows it; "" outside a server."""
    cookie = st.context.cookies.get(cookie_name(st.get_option("server.port")))
    return key_of(cookie) if isinstance(cookie, str) else ""


def timezone() -> tzinfo:
    """The reader's time zone, or UTC where the browser tells none."""
    try:
        return ZoneInfo(st.context.timezone or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        return UTC


def is_dark() -> bool:
    """Whether the reader looks at the dark theme."""
    return st.context.theme.type == "dark"


def flash(message: str, icon: str = ":material/check_circle:") -> None:
    """Keep a message for the next run of a page: one shown before a rerun would vanish with it."""
    st.session_state["flash"] = (message, icon)


def show_flash() -> None:
    """Show the kept message once."""
    kept = st.session_state.pop("flash", None)
    if kept is not None:
        message, icon = kept
        st.toast(message, icon=icon, duration="long")


def nonce(wish: object) -> str:
    """One random word for as long as the wish stays the same, so that a repeated click submits once."""
    kept = st.session_state.get("nonce")
    if kept is None or kept[0] != wish:
        kept = (wish, secrets.token_hex(16))
        st.session_state["nonce"] = kept
    word: str = kept[1]
    return word


def new_nonce() -> None:
    """Forget the word: the next wish is another one, even when it reads the same."""
    st.session_state.pop("nonce", None)
