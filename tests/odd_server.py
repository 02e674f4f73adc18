"""A server that speaks its own dialect: it passes everything on to the local server and changes what is said.

with OddServer(local.base_url) as odd:
    odd.answers = lambda ask, document: {**document, "created_at": None} if ask.path == "/v1/batches" else document
    odd.refuses = lambda ask: said(404, {"detail": "Not Found"}) if ask.method == "POST" else None
    ... OpenAIProvider(KEY, odd.base_url) ...
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

import httpx2

_PASSED_ON = {"authorization", "content-type"}


@dataclass(frozen=True, slots=True)
class Ask:
    """One request as it came."""

    method: str
    path: str
    query: dict[str, str]
    body: bytes

    @property
    def json(self) -> dict[str, Any]:
        """Its body; empty where that is no JSON object."""
        try:
            found = json.loads(self.body)
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}

    def of(self, method: str, path: str) -> bool:
        """Whether it is this verb on this path; a path that ends with "/" stands for all that begin with it."""
        return self.method == method and (self.path.startswith(path) if path.endswith("/") else self.path == path)


@dataclass(frozen=True, slots=True)
class Said:
    """One answer."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


def said(status: int, document: object, **headers: str) -> Said:
    """An answer of JSON, or of text where `document` is bytes."""
    if isinstance(document, bytes):
        return Said(status, document, {"content-type": "text/plain", **headers})
    return Said(status, json.dumps(document).encode(), {"content-type": "application/json", **headers})


def page(status: int = 200, title: str = "Sign in") -> Said:
    """A web page."""
    return Said(status, f"<html><title>{title}</title></html>".encode(), {"content-type": "text/html"})


class OddServer:
    """One server on 127.0.0.1 before another one. What it does can be changed at any time.

    Attributes:
        refuses: Answers instead of the server behind; None passes the request on.
        answers: Changes a JSON answer of the server behind, errors excepted.
        lines: Changes what a file's content is.
        asked: Every request that came.
    """

    def __init__(self, behind: str) -> None:
        self._behind = behind.removesuffix("/v1")
        self.reset()
        self._client = httpx2.Client(trust_env=False, timeout=60)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    def reset(self) -> None:
        """Be like the server behind, and forget what was asked."""
        self.refuses: Callable[[Ask], Said | None] = lambda _ask: None
        self.answers: Callable[[Ask, Any], object] = lambda _ask, document: document
        self.lines: Callable[[bytes], bytes] = lambda content: content
        self.asked: list[Ask] = []

    @property
    def base_url(self) -> str:
        """What a client is given."""
        return f"{self.root}/v1"

    @property
    def root(self) -> str:
        """Its address without the version."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def calls(self, method: str, path: str) -> int:
        """How often this was asked."""
        return sum(ask.of(method, path) for ask in self.asked)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._client.close()

    def answer(self, ask: Ask, headers: dict[str, str]) -> Said:
        """What is said to a request."""
        self.asked.append(ask)
        own = self.refuses(ask)
        if own is not None:
            return own
        passed = {name: value for name, value in headers.items() if name.lower() in _PASSED_ON}
        url = f"{self._behind}{ask.path}"
        found = self._client.request(ask.method, url, params=ask.query, content=ask.body, headers=passed)
        kind = found.headers.get("content-type", "")
        body = found.content
        if found.status_code < 400 and ask.path.endswith("/content"):
            body = self.lines(body)
        elif found.status_code < 400 and "json" in kind:
            changed = self.answers(ask, json.loads(body))
            body = changed if isinstance(changed, bytes) else json.dumps(changed).encode()
        return Said(found.status_code, body, {"content-type": kind})

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        odd = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _serve(self) -> None:
                parts = urlsplit(self.path)
                query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                found = odd.answer(Ask(self.command, parts.path, query, body), dict(self.headers.items()))
                self.send_response(found.status)
                for name, value in found.headers.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(found.body)))
                self.end_headers()
                self.wfile.write(found.body)

            do_GET = do_POST = do_DELETE = _serve  # noqa: N815  # the library's own names

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the library's own name
                """Say nothing."""

        return Handler
