"""Stands before Streamlit: own host, own origin, a known browser, a path that exists; for HTTP and WebSocket alike."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from http.cookies import CookieError, SimpleCookie
from typing import Final
from urllib.parse import parse_qsl, urlencode

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from dashboard.shell import closed_door
from dashboard.shell.addresses import Addresses
from dashboard.shell.downloads import PATH as DOWNLOADS
from dashboard.shell.sessions import Sessions

HEALTH: Final = "/healthz"
READY: Final = "/readyz"
WEBHOOK: Final = "/webhooks/openai"
START: Final = "/overview"
"""The first page by its name; Streamlit knows it by "/" alone."""
STREAM: Final = "/_stcore/stream"
UPLOADS: Final = "/_stcore/upload_file/"

_AT_ROOT = frozenset({HEALTH, READY, WEBHOOK})
_READING = frozenset({"GET", "HEAD"})
_ASKED = frozenset({"/_stcore/health", "/_stcore/host-config"})
"""What Streamlit's page asks its server for, beside files. Metrics, the agent's routes and media are not among it: our
pictures travel inside pages, and what is taken along has a route of its own."""


class PathKind(Enum):
    """What lies at a path, so far as the gate must tell."""

    PAGE = "page"
    FILE = "file"
    UPLOAD = "upload"


class Gate:
    """ASGI middleware that lets through what may reach Streamlit and answers everything else itself.

    Args:
        own: Serves probes, webhooks and downloads, which Streamlit has nothing to do with.
        pages: Paths of the pages, "/" among them.
        files: Paths of the files that Streamlit's pages load, which would else answer for whatever is not there.
        redeem: Takes a one-time token; True when it opens the door.
        refused: Told each name that was asked for and is not ours.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        own: ASGIApp,
        addresses: Addresses,
        pages: frozenset[str],
        files: frozenset[str],
        sessions: Sessions,
        redeem: Callable[[str], bool],
        refused: Callable[[str], None],
    ) -> None:
        self._app = app
        self._own = own
        self._addresses = addresses
        self._pages = pages
        self._files = files | _ASKED
        self._sessions = sessions
        self._redeem = redeem
        self._refused = refused

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, refuse, or pass on."""
        if scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
        elif scope["type"] == "http":
            answer = self._open(scope) or self._closed(scope)
            if answer is None and self._path(scope).startswith(DOWNLOADS):
                answer = self._own
            if answer is self._own and scope["path"] not in _AT_ROOT:
                scope["root_path"] = self._addresses.base
            await (answer or self._app)(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _path(self, scope: Scope) -> str:
        """The path below the base; "" for one that is nobody's."""
        path = scope["path"]
        if path in _AT_ROOT:
            return str(path)  # probes and webhooks come to the port itself as well
        return self._addresses.below_base(path) or ""

    def _open(self, scope: Scope) -> ASGIApp | None:
        """What needs neither a host of ours nor a session: two probes, and the webhook that is signed."""
        path, method = self._path(scope), scope["method"]
        if path == WEBHOOK:
            return self._own if method == "POST" else _only("POST")
        if path not in {HEALTH, READY}:
            return None
        if method not in _READING:
            return _only("GET, HEAD")
        # Answered here and at once: the process lives if its event loop turns.
        return JSONResponse({"status": "ok"}, headers=_NOT_KEPT) if path == HEALTH else self._own

    def _closed(self, scope: Scope) -> ASGIApp | None:
        """The answer to whoever may not pass; None for a request that may."""
        headers, path, method = Headers(scope=scope), self._path(scope), scope["method"]
        if not self._host_is_ours(headers):
            return PlainTextResponse("This is not the name of this dashboard. See: mosychlos health", 400)
        if path == START or (path == "/" and not scope["path"].endswith("/")):
            query = scope["query_string"].decode("latin-1")
            return RedirectResponse(f"{self._addresses.base}/?{query}".rstrip("?"), 307, _NOT_KEPT)
        kind = self._kind(path)
        if kind is None:
            return closed_door.not_found()
        if method not in _READING and kind is not PathKind.UPLOAD:
            return _only("GET, HEAD")
        if kind is PathKind.PAGE and (query := scope["query_string"]) and b"token=" in query:
            return self._exchange(scope, headers)
        session = self._session(headers)
        if not session:
            return closed_door.refused(headers, page=kind is PathKind.PAGE)
        if not self._origin_is_ours(headers, needed=method not in _READING):
            return PlainTextResponse("Asked from another page.", 403)
        scope["mosychlos.session"] = session
        return None

    def _kind(self, path: str) -> PathKind | None:
        """What lies at a path; None where there is nothing."""
        if not path or "//" in path:  # "" lies outside the base
            return None
        if (path.rstrip("/") or "/") in self._pages:
            return PathKind.PAGE
        if path in self._files or path.startswith(DOWNLOADS):
            return PathKind.FILE
        return PathKind.UPLOAD if path.startswith(UPLOADS) else None

    def _exchange(self, scope: Scope, headers: Headers) -> Response:
        """A token becomes a cookie, and the address a clean one with everything else in it."""
        query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        clean = f"{scope['path']}?{urlencode([(name, value) for name, value in query if name != 'token'])}".rstrip("?")
        if "prefetch" in headers.get("sec-purpose", headers.get("purpose", "")):
            return PlainTextResponse("Not ahead of time.", 503, _NOT_KEPT)
        answer = RedirectResponse(clean, 303, {**_NOT_KEPT})
        if self._session(headers):
            return answer
        if scope["method"] != "GET" or not self._redeem(dict(query).get("token", "")):
            return closed_door.refused(headers, page=True, spent=True)
        answer.set_cookie(
            self._sessions.cookie,
            self._sessions.begin(),
            max_age=30 * 86_400,
            path=self._addresses.base or "/",
            secure=self._addresses.secure,
            httponly=True,
            samesite="strict",
        )
        return answer

    def _session(self, headers: Headers) -> str:
        """The session of the browser that asks; "" for one that is not known."""
        try:
            cookie = SimpleCookie("; ".join(headers.getlist("cookie"))).get(self._sessions.cookie)
        except CookieError:
            return ""
        return self._sessions.find(cookie.value) if cookie is not None else ""

    def _host_is_ours(self, headers: Headers) -> bool:
        named = headers.getlist("host")
        if len(named) == 1 and self._addresses.host_is_ours(named[0]):
            return True
        self._refused(", ".join(named))
        return False

    def _origin_is_ours(self, headers: Headers, *, needed: bool) -> bool:
        """Whether a page of ours asks. A browser names the origin of every page that opens a WebSocket or changes
        something, so there a missing one is no browser's."""
        origins = headers.getlist("origin")
        if origins or needed:
            return len(origins) == 1 and origins[0] in self._addresses.origins
        # Another page may link to ours, and may use nothing of it.
        foreign = headers.get("sec-fetch-site") in {"cross-site", "same-site"}
        return not foreign or headers.get("sec-fetch-mode") == "navigate"

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        ours = (
            self._host_is_ours(headers)
            and self._addresses.below_base(scope["path"]) == STREAM
            and self._origin_is_ours(headers, needed=True)
            and self._session(headers)
        )
        if not ours:
            await receive()
            await send({"type": "websocket.close", "code": 1008})
            return
        # Streamlit compares origin and host again, and where they differ (behind a proxy that names us by another
        # host) it asks a server on the internet for this machine's address. Here they are known to belong together.
        inner = {**scope, "headers": list(scope["headers"])}
        MutableHeaders(scope=inner)["host"] = headers["origin"].partition("://")[2]
        await self._app(inner, receive, send)


_NOT_KEPT = {"cache-control": "no-store"}


def _only(methods: str) -> Response:
    return PlainTextResponse("Method not allowed", 405, {"allow": methods})
