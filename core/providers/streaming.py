"""Puts a streamed answer together again, so that it reads like one that came whole, and reads one that did."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from typing import Any, Protocol, cast

import httpx2
import openai
import orjson

from core.domain.analysis import Endpoint
from core.llm.answers import read_line
from core.llm.error_words import error_words
from core.providers.shapes import Malformed

_BLANK = b" \t\r\n\xef\xbb\xbf"
_BEGINS_JSON = (b"{", b"[", b'"')


class _Peeked:
    """A response whose first bytes decide whether it is a stream of events, which never begins like JSON.

    What a server calls it is not asked: gateways give either under either name.
    """

    def __init__(self, response: httpx2.Response) -> None:
        self._response = response
        self.whole: bytes | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._response, name)

    def iter_bytes(self) -> Iterator[bytes]:
        """The bytes of a stream; none of an answer that came whole."""
        pieces, head = self._response.iter_bytes(), b""
        for piece in pieces:
            head += piece
            if head.strip(_BLANK):
                break
        if head.lstrip(_BLANK).startswith(_BEGINS_JSON):
            self.whole = head + b"".join(pieces)
            return
        yield head
        yield from pieces


class EventsOrWhole(openai.Stream[object]):
    """The events of a stream, or none and the whole answer in their place."""

    def __init__(self, *, response: httpx2.Response, **how: Any) -> None:
        self._peeked = _Peeked(response)
        super().__init__(response=cast("httpx2.Response", self._peeked), **how)

    @property
    def whole(self) -> bytes | None:
        """What came instead of events; known once they were read."""
        return self._peeked.whole


def whole_answer(document: object, assembler: Assembling) -> Generator[str, None, dict[str, Any]]:
    """An answer that came whole: yields its text and returns its body. A list is one of the events of a stream.

    Raises:
        Malformed: It is none.
    """
    if isinstance(document, list):
        for event in document:
            yield from assembler.add(event)
        return assembler.result()
    if not isinstance(document, Mapping):
        raise Malformed("what came is no answer")
    body = dict(document)
    if body.get("choices") is None and body.get("output") is None:
        words = error_words(body).message
        raise Malformed(f"what came is no answer but '{words[:300]}'" if words else "what came is no answer")
    text = read_line(orjson.dumps({"custom_id": "", "response": {"status_code": 200, "body": body}})).text
    if text:
        yield text
    return body


class Assembling(Protocol):
    """Takes the events of one stream in order."""

    endpoint: str
    options: Mapping[str, Any]

    def add(self, event: object) -> Iterator[str]:
        """Take an event; yields the text it brought."""

    def result(self) -> dict[str, Any]:
        """The response body as the same request would have returned it without streaming.

        Raises:
            Malformed: The stream ended before the answer did.
        """


class Assembler:
    """Chooses how a stream is put together."""

    @staticmethod
    def for_endpoint(endpoint: str) -> Assembling:
        """The assembler for "/v1/chat/completions" or "/v1/responses"."""
        return ResponseAssembler() if endpoint.endswith("/responses") else ChatAssembler()


class ChatAssembler:
    """Chat Completions: deltas of the first choice, then usage in a chunk without choices."""

    endpoint = Endpoint.CHAT.value
    options: Mapping[str, Any] = {"stream": True, "stream_options": {"include_usage": True}}

    def __init__(self) -> None:
        self._head: dict[str, Any] = {}
        self._text: list[str] = []
        self._refusal: list[str] = []
        self._calls: dict[int, dict[str, Any]] = {}
        self._finish: str | None = None
        self._usage: object = None

    def add(self, event: object) -> Iterator[str]:
        """Take a chunk; yields the text of its first choice."""
        if not isinstance(event, Mapping):
            return
        for name in ("id", "created", "model", "service_tier", "system_fingerprint"):
            if event.get(name) is not None:
                self._head[name] = event[name]
        self._usage = event.get("usage") or self._usage
        for choice in event.get("choices") or []:
            if choice.get("index", 0) != 0:
                continue
            delta = choice.get("delta") or {}
            self._finish = choice.get("finish_reason") or self._finish
            self._refusal.append(delta.get("refusal") or "")
            self._add_calls(delta.get("tool_calls") or [])
            if text := delta.get("content"):
                self._text.append(text)
                yield text

    def _add_calls(self, pieces: list[dict[str, Any]]) -> None:
        for piece in pieces:
            call = self._calls.setdefault(
                piece.get("index", 0), {"id": "", "type": "function", "function": {"name": "", "arguments": ""}}
            )
            call["id"] = piece.get("id") or call["id"]
            for name, value in (piece.get("function") or {}).items():
                call["function"][name] = call["function"].get(name, "") + (value or "")

    def result(self) -> dict[str, Any]:
        """The chat.completion."""
        if self._finish is None:
            raise Malformed("the stream ended before the answer did")
        message: dict[str, Any] = {
            "role": "assistant",
            "content": "".join(self._text) or None,
            "refusal": "".join(self._refusal) or None,
        }
        if self._calls:
            message["tool_calls"] = [call for _, call in sorted(self._calls.items())]
        return {
            **self._head,
            "object": "chat.completion",
            "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": self._finish}],
            "usage": self._usage,
        }


class ResponseAssembler:
    """Responses: the last event carries the whole response."""

    endpoint = Endpoint.RESPONSES.value
    options: Mapping[str, Any] = {"stream": True}

    def __init__(self) -> None:
        self._final: dict[str, Any] | None = None

    def add(self, event: object) -> Iterator[str]:
        """Take an event; yields the text of an output_text delta."""
        if not isinstance(event, Mapping):
            return
        kind = event.get("type")
        if kind == "response.output_text.delta" and isinstance(event.get("delta"), str):
            yield event["delta"]
        elif kind in {"response.completed", "response.incomplete", "response.failed"}:
            self._final = dict(event["response"]) if isinstance(event.get("response"), Mapping) else None

    def result(self) -> dict[str, Any]:
        """The response object."""
        if self._final is None:
            raise Malformed("the stream ended before the answer did")
        return self._final
