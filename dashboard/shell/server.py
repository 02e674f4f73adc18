"""`python -m dashboard.shell.server`: serves the pages on this machine, with a content policy and a health route."""

from __future__ import annotations

import argparse
import gc
import logging
import os
import secrets
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import streamlit as st
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.errors import MosychlosError
from core.settings import KEYS, LOOPBACK
from dashboard.shell.webhooks import webhook
from dashboard.widgets import text

log = logging.getLogger("mosychlos.dashboard")

ROOT = Path(__file__).resolve().parents[2]

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
}


class SafeHeaders:
    """Adds `HEADERS` to every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything through; headers are added where an answer starts."""

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
            await send(message)

        await self.app(scope, receive, with_headers if scope["type"] == "http" else send)


async def healthz(_request: Request) -> JSONResponse:
    """Says that this process answers, and nothing else: the route is open to whoever reaches the port."""
    return JSONResponse({"status": "ok"})


def on_script_error(error: Exception) -> bool:
    """Write the details to the log under an id, and show a calm sentence with that id."""
    if isinstance(error, MosychlosError):
        st.error(text.escape(error), title="This could not be done", icon=":material/error:")
        return True
    error_id = secrets.token_hex(4)
    log.error("error %s", error_id, exc_info=error)
    st.error(
        f"Nothing was lost. Reload the page; if it happens again, the log has the details under **{error_id}**.",
        title="Something went wrong on this page",
        icon=":material/error:",
    )
    return True


@asynccontextmanager
async def lifespan(_app: st.App) -> AsyncIterator[dict[str, Any] | None]:
    """Load what pages need before the first visitor waits for it."""
    for module in (
        "pandas",
        "plotly.graph_objects",
        "numpy",
        "core.app",
        "dashboard.widgets.charts",
        "dashboard.widgets.listings",
    ):
        import_module(module)
    if st.get_option("server.fileWatcherType") == "none":
        # Streamlit collects garbage after every run of a page; walking the libraries' objects each time costs far
        # more than the page. With a file watcher on, frozen modules would never be freed.
        gc.collect()
        gc.freeze()
    yield None


app = st.App(
    ROOT / "dashboard" / "app.py",
    lifespan=lifespan,
    routes=[Route("/healthz", healthz), Route("/webhooks/openai", webhook, methods=["POST"])],
    middleware=[
        Middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost"], www_redirect=False),
        Middleware(SafeHeaders),
    ],
    on_script_error=on_script_error,
)


def main() -> int:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(prog="dashboard.shell.server", description=__doc__)
    parser.add_argument("--address", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8501)
    given = parser.parse_args()
    if given.address not in LOOPBACK:
        parser.error(f"--address {given.address}: there is no sign-in, so only this machine is served (127.0.0.1).")
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    for name in KEYS:
        os.environ.pop(name, None)
    os.chdir(ROOT)  # Streamlit reads its settings from .streamlit in the current folder
    app.run(config={"server.address": given.address, "server.port": given.port})
    return 0


if __name__ == "__main__":
    sys.exit(main())
