"""Headers that every answer carries, whoever wrote it."""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# Scripts from this server only. Styles are written into the page by Streamlit itself; Plotly draws into canvases from
# blobs. Images never come from elsewhere: a model's text must not be able to make a browser call out.
SOURCES = {
    "default-src": "'self'",
    "script-src": "'self' 'unsafe-inline' 'wasm-unsafe-eval'",
    "style-src": "'self' 'unsafe-inline'",
    "img-src": "'self' data: blob:",
    "font-src": "'self' data:",
    "connect-src": "'self'",
    "worker-src": "'self' blob:",
    "frame-src": "'self' blob:",
    "object-src": "'none'",
    "base-uri": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
}

HEADERS = {
    "content-security-policy": "; ".join(f"{name} {sources}" for name, sources in SOURCES.items()),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}


class SafeHeaders:
    """Adds `HEADERS` to every answer, and `Secure` to every cookie where browsers come over https."""

    def __init__(self, app: ASGIApp, *, secure: bool) -> None:
        self._app = app
        self._secure = secure

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything through; headers are added where an answer starts."""

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
                if self._secure:
                    message["headers"] = [_secured(name, value) for name, value in message["headers"]]
            await send(message)

        await self._app(scope, receive, with_headers if scope["type"] == "http" else send)


def _secured(name: bytes, value: bytes) -> tuple[bytes, bytes]:
    insecure = name.lower() == b"set-cookie" and b"; secure" not in value.lower()
    return name, value + b"; Secure" if insecure else value
