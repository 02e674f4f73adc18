"""The browsers that came in with an address of ours, known by a cookie for as long as this process lives."""

from __future__ import annotations

import hashlib
import secrets

_MOST = 1_000
"""Browsers remembered; the one that came in first is forgotten first."""


class Sessions:
    """Cookies given out, as hashes: what reads this process's memory cannot act as somebody's browser."""

    def __init__(self, port: int) -> None:
        self.cookie = cookie_name(port)
        self._known: dict[str, None] = {}

    def begin(self) -> str:
        """A new session; returns the cookie's value."""
        value = secrets.token_urlsafe(32)
        self._known[key_of(value)] = None
        while len(self._known) > _MOST:
            del self._known[next(iter(self._known))]
        return value

    def find(self, value: str) -> str:
        """The session's own key for a cookie's value; "" for one that is not known."""
        key = key_of(value)
        return key if key in self._known else ""


def cookie_name(port: int) -> str:
    """Cookies are shared by all ports of a host, so two dashboards need two names."""
    return f"mosychlos_{port}"


def key_of(value: str) -> str:
    """What a session is called inside this process."""
    return hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()
