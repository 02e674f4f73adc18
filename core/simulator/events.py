"""Server-sent events: a whole answer taken apart as the API streams it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import orjson

_PIECE = 24
_EMPTY: dict[str, dict[str, Any]] = {"output_text": {"text": ""}, "refusal": {"refusal": ""}}


_BEGUN_CALL: dict[str, Any] = {"status": "in_progress", "arguments": ""}


def pieces(text: str) -> list[str]:
    """A text in the pieces that a stream brings."""
    return [text[start : start + _PIECE] for start in range(0, len(text), _PIECE)]


def chat_events(body: Mapping[str, Any], reply: Mapping[str, Any]) -> Iterator[bytes]:
    """The server-sent events of a streamed chat completion, made from the whole one."""
    head = {name: reply[name] for name in ("id", "created", "model", "service_tier", "system_fingerprint")}
    head["object"] = "chat.completion.chunk"
    choice = reply["choices"][0]
    message = choice["message"]
    kind = "refusal" if message["refusal"] else "content"
    options = body.get("stream_options")
    with_usage = isinstance(options, Mapping) and options.get("include_usage") is True
    usage = {"usage": None} if with_usage else {}

    def chunk(delta: dict[str, Any], finish: str | None) -> bytes:
        choices = [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}]
        return b"data: " + orjson.dumps({**head, "choices": choices, **usage}) + b"\n\n"

    yield chunk({"role": "assistant", "content": "", "refusal": None}, None)
    for piece in pieces(message[kind] or ""):
        yield chunk({kind: piece}, None)
    for place, call in enumerate(message.get("tool_calls") or []):
        named = {"name": call["function"]["name"], "arguments": ""}
        yield chunk({"tool_calls": [{"index": place, "id": call["id"], "type": "function", "function": named}]}, None)
        for piece in pieces(call["function"]["arguments"]):
            yield chunk({"tool_calls": [{"index": place, "function": {"arguments": piece}}]}, None)
    yield chunk({}, choice["finish_reason"])
    if with_usage:
        yield b"data: " + orjson.dumps({**head, "choices": [], "usage": reply["usage"]}) + b"\n\n"
    yield b"data: [DONE]\n\n"


def response_events(reply: Mapping[str, Any]) -> Iterator[bytes]:
    """The server-sent events of a streamed response, made from the whole one."""
    number = 0

    def event(kind: str, **fields: Any) -> bytes:
        nonlocal number
        document = {"type": kind, "sequence_number": number, **fields}
        number += 1
        return b"event: " + kind.encode() + b"\ndata: " + orjson.dumps(document) + b"\n\n"

    begun = {**reply, "status": "in_progress", "output": [], "usage": None, "completed_at": None}
    yield event("response.created", response=begun)
    yield event("response.in_progress", response=begun)
    for index, item in enumerate(reply["output"]):
        if item["type"] == "function_call":
            yield event("response.output_item.added", output_index=index, item={**item, **_BEGUN_CALL})
            place = {"item_id": item["id"], "output_index": index}
            for piece in pieces(item["arguments"]):
                yield event("response.function_call_arguments.delta", **place, delta=piece)
            arguments = {"name": item["name"], "arguments": item["arguments"]}
            yield event("response.function_call_arguments.done", **place, **arguments)
            yield event("response.output_item.done", output_index=index, item=item)
            continue
        if item["type"] == "web_search_call":
            yield event("response.output_item.added", output_index=index, item={**item, "status": "in_progress"})
            for step in ("in_progress", "searching", "completed"):
                yield event(f"response.web_search_call.{step}", item_id=item["id"], output_index=index)
            yield event("response.output_item.done", output_index=index, item=item)
            continue
        yield event("response.output_item.added", output_index=index, item={**item, "content": []})
        where = {"item_id": item["id"], "output_index": index, "content_index": 0}
        for part in item.get("content", []):
            yield event("response.content_part.added", **where, part=part | _EMPTY.get(part["type"], {}))
            name = "refusal" if part["type"] == "refusal" else "text"
            kind = f"response.{part['type']}"
            extra: dict[str, Any] = {"logprobs": []} if name == "text" else {}
            for piece in pieces(part[name]):
                yield event(f"{kind}.delta", **where, delta=piece, **extra)
            for number_of, note in enumerate(part.get("annotations", [])):
                yield event(f"{kind}.annotation.added", **where, annotation_index=number_of, annotation=note)
            yield event(f"{kind}.done", **where, **{name: part[name]}, **extra)
            yield event("response.content_part.done", **where, part=part)
        yield event("response.output_item.done", output_index=index, item=item)
    yield event(f"response.{reply['status']}", response=reply)
