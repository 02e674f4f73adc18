"""What every exchange passes through: the key, the request id, and the faults of the connection."""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import Callable
from typing import Any

import orjson
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.domain.provider import SIMULATED_HEADER
from core.simulator.faults import Faults

_IDS = re.compile(r"/(file-|batch_)[^/]+")
_PAGE = b"<html><head><title>502 Bad Gateway</title></head><body><h1>Bad Gateway</h1></body></html>"

_REFUSALS: dict[str, tuple[int, str, str, str | None]] = {
    "500_before": (500, "The server had an error while processing your request.", "server_error", None),
    "500_after": (500, "The server had an error while processing your request.", "server_error", None),
    "503_before": (503, "The engine is currently overloaded, please try again later.", "server_error", None),
    "400": (400, "Simulated bad request.", "invalid_request_error", "invalid_value"),
    "401": (401, "Incorrect API key provided.", "invalid_request_error", "invalid_api_key"),
    "403": (403, "Your project does not have access to this resource.", "invalid_request_error", None),
    "404": (404, "Simulated: no such object.", "invalid_request_error", None),
    "409": (409, "Simulated conflict.", "invalid_request_error", None),
    "429": (429, "Rate limit reached for requests. Please try again later.", "requests", "rate_limit_exceeded"),
    "quota": (
        429,
        "You exceeded your current quota, please check your plan and billing details.",
        "insufficient_quota",
        "insufficient_quota",
    ),
}
_AFTER = frozenset({"drop_after", "hang_after", "500_after", "html_after", "bad_json", "empty_json"})
_BODIES = frozenset({"slow_download", "cut_download", "short_download"})


class ProviderDoor:
    """ASGI middleware.

    Args:
        faults: The faults in force; asked anew for each exchange.
    """

    def __init__(self, app: ASGIApp, faults: Callable[[], Faults]) -> None:
        self._app = app
        self._faults = faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One exchange."""
        if scope["type"] != "http" or not scope["path"].startswith("/v1/"):
            await self._app(scope, receive, send)
            return
        route = f"{scope['method']} {_IDS.sub('/{id}', scope['path'])}"
        fault = self._faults().next_http(route)
        answering = _Answering(send)
        if fault is not None:
            await self._faulty(fault, scope, receive, answering)
        elif (refusal := _key_refusal(scope)) is not None:
            await _drain(receive)
            await answering.error(*refusal)
        else:
            await self._app(scope, receive, answering)

    async def _faulty(self, fault: dict[str, Any], scope: Scope, receive: Receive, send: _Answering) -> None:
        kind = fault["kind"]
        if kind in _AFTER:
            # The work is done in full and its answer thrown away.
            await self._app(scope, receive, _nowhere)
        elif kind in _BODIES:
            await self._app(scope, receive, _Body(fault, scope, send))
            return
        elif kind != "drop_before":
            await _drain(receive)
        if kind.startswith("drop"):
            await _abort(scope)
        elif kind.startswith("hang"):
            await asyncio.sleep(float(fault.get("seconds", 3600)))
            await _abort(scope)
        elif kind == "html":
            await send.whole(502, _PAGE, b"text/html")
        elif kind == "html_after":
            await send.whole(200, _PAGE, b"text/html")
        elif kind == "bad_json":
            await send.whole(200, b'{"id": "batch_', b"application/json")
        elif kind == "empty_json":
            await send.whole(200, b"{}", b"application/json")
        else:
            wait = fault.get("retry_after", 1 if kind == "429" else None)
            await send.error(*_REFUSALS[kind], retry_after=wait)


class _Answering:
    """Adds the headers that every answer of the API has."""

    def __init__(self, send: Send) -> None:
        self._send = send

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            extra = [
                (b"x-request-id", b"req_" + secrets.token_hex(16).encode()),
                (b"openai-version", b"2020-10-01"),
                (b"openai-processing-ms", b"7"),
                (SIMULATED_HEADER.encode(), b"true"),
            ]
            message["headers"] = [*message.get("headers", []), *extra]
        await self._send(message)

    async def whole(
        self, status: int, body: bytes, content_type: bytes, headers: list[tuple[bytes, bytes]] | None = None
    ) -> None:
        """A complete answer."""
        length = (b"content-length", str(len(body)).encode())
        start = [(b"content-type", content_type), length, *(headers or [])]
        await self({"type": "http.response.start", "status": status, "headers": start})
        await self({"type": "http.response.body", "body": body})

    async def error(
        self, status: int, message: str, kind: str, code: str | None, retry_after: float | None = None
    ) -> None:
        """An error document."""
        document = {"error": {"message": message, "type": kind, "param": None, "code": code}}
        headers = [] if retry_after is None else [(b"retry-after", str(retry_after).encode())]
        await self.whole(status, orjson.dumps(document), b"application/json", headers)


class _Body:
    """Damages the body of an answer on its way out."""

    def __init__(self, fault: dict[str, Any], scope: Scope, send: _Answering) -> None:
        self._kind = fault["kind"]
        self._rate = float(fault.get("rate", 1000))
        self._scope = scope
        self._send = send
        self._left = 0
        self._closed = False

    async def __call__(self, message: Message) -> None:
        if self._closed:
            return
        if message["type"] == "http.response.start":
            length = int(dict(message["headers"]).get(b"content-length", b"0"))
            self._left = length // 2
            if self._kind == "short_download":
                transport = self._scope["transport"]
                transport.write(
                    b"HTTP/1.1 200 OK\r\ncontent-type: application/octet-stream\r\nconnection: close\r\n\r\n"
                )
                return
            await self._send(message)
        elif self._kind == "slow_download":
            await self._slowly(message)
        else:
            await self._half(message)

    async def _slowly(self, message: Message) -> None:
        body = message.get("body", b"")
        step = max(1, int(self._rate / 20))
        for start in range(0, len(body), step):
            await self._send({"type": "http.response.body", "body": body[start : start + step], "more_body": True})
            await asyncio.sleep(step / self._rate)
        if not message.get("more_body"):
            await self._send({"type": "http.response.body", "body": b""})

    async def _half(self, message: Message) -> None:
        part = message.get("body", b"")[: self._left]
        self._left -= len(part)
        if self._kind == "short_download":
            self._scope["transport"].write(part)
        else:
            await self._send({"type": "http.response.body", "body": part, "more_body": True})
        if self._left == 0:
            self._closed = True
            await _close(self._scope)


def _key_refusal(scope: Scope) -> tuple[int, str, str, str | None] | None:
    header = dict(scope["headers"]).get(b"authorization", b"").decode("latin-1")
    scheme, _, key = header.partition(" ")
    if scheme.lower() != "bearer" or not key.strip():
        message = (
            "You didn't provide an API key. You need to provide your API key in an Authorization header using "
            "Bearer auth (i.e. Authorization: Bearer YOUR_KEY)."
        )
        return 401, message, "invalid_request_error", None
    if "invalid" in key:
        shown = f"{key[:3]}{'*' * max(0, len(key) - 7)}{key[-4:]}"
        message = (
            f"Incorrect API key provided: {shown}. You can find your API key at "
            "https://platform.openai.com/account/api-keys."
        )
        return 401, message, "invalid_request_error", "invalid_api_key"
    return None


async def _nowhere(_: Message) -> None:
    return


async def _drain(receive: Receive) -> None:
    # An answer before the whole request was read would reach some clients as a reset.
    while (message := await receive())["type"] == "http.request" and message.get("more_body"):
        pass


async def _abort(scope: Scope) -> None:
    scope["transport"].abort()
    await _settled()


async def _close(scope: Scope) -> None:
    scope["transport"].close()
    await _settled()


async def _settled() -> None:
    # Until the event loop has told the protocol that the connection is gone, it would try to answer itself.
    for _ in range(3):
        await asyncio.sleep(0.01)
