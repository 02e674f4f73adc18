"""Calls of tools in an answer's body, and the next request that carries their results. Both endpoints' shapes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from core.domain.analysis import Endpoint
from core.domain.readable_text import readable_line
from core.domain.tools import Citation, ToolCall, ToolUse
from core.llm.json_coercion import items_of, object_of, text_of

ENCRYPTED = "reasoning.encrypted_content"
"""What has to be asked for so that a model's reasoning can be sent back where the provider stores nothing."""

_MOST_CITATIONS = 200
_LONGEST = 2_000


def tool_calls(body: object) -> tuple[ToolCall, ...]:
    """Functions that an answer asks for, in its order; none in an answer that asks for none, whatever its shape.

    An answer that was cut off asks for nothing: its last arguments may be half of what was meant.
    """
    fields = object_of(body)
    if items_of(fields.get("choices")):
        choice = object_of(items_of(fields["choices"])[0])
        if choice.get("finish_reason") == "length":
            return ()
        return tuple(_chat_calls(object_of(choice.get("message"))))
    if fields.get("status") not in {None, "completed"}:
        return ()
    return tuple(
        ToolCall(text_of(item.get("call_id")), text_of(item.get("name")), text_of(item.get("arguments")))
        for item in map(object_of, items_of(fields.get("output")))
        if item.get("type") == "function_call"
    )


def searches(body: object) -> tuple[str, ...]:
    """What the provider's web search was asked, once a search; "" where it does not say. Opening a page is none."""
    return tuple(
        text_of(object_of(item.get("action")).get("query"))
        for item in map(object_of, items_of(object_of(body).get("output")))
        if item.get("type") == "web_search_call" and object_of(item.get("action")).get("type", "search") == "search"
    )


def citations(body: object) -> tuple[Citation, ...]:
    """Web pages that an answer cites, with the characters of its text that each stands for."""
    return tuple(_citations(object_of(body)))[:_MOST_CITATIONS]


def continued(
    request: Mapping[str, Any], answer: object, uses: Sequence[ToolUse], endpoint: Endpoint, *, last: bool
) -> dict[str, Any]:
    """The request to send next: as before, then what the model said, then the results of its calls.

    Args:
        request: The body that was answered.
        answer: The body of the answer.
        uses: A result for each of the answer's calls.
        last: The model must not ask again.
    """
    said = object_of(answer)
    body = dict(request)
    if endpoint is Endpoint.CHAT:
        message = object_of(object_of(items_of(said.get("choices"))[0]).get("message"))
        spoken = {"role": "assistant", "content": message.get("content"), "tool_calls": _plain_calls(message)}
        results = [{"role": "tool", "tool_call_id": use.call.call_id, "content": use.result} for use in uses]
        body["messages"] = [*body["messages"], spoken, *results]
    else:
        items = [_sent_back(item) for item in map(object_of, items_of(said.get("output"))) if _may_go_back(item)]
        outputs = [{"type": "function_call_output", "call_id": use.call.call_id, "output": use.result} for use in uses]
        body["input"] = [*body["input"], *items, *outputs]
    if last:
        body["tool_choice"] = "none"
    return body


def _chat_calls(message: Mapping[str, Any]) -> Iterator[ToolCall]:
    for call in map(object_of, items_of(message.get("tool_calls"))):
        function = object_of(call.get("function"))
        yield ToolCall(text_of(call.get("id")), text_of(function.get("name")), text_of(function.get("arguments")))


def _plain_calls(message: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The calls in the shape that a request takes; streams and servers add fields of their own."""
    return [
        {"id": call.call_id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
        for call in _chat_calls(message)
    ]


def _may_go_back(item: Mapping[str, Any]) -> bool:
    # Nothing is stored at the provider, so reasoning that did not come whole cannot be referred to.
    return item.get("type") != "reasoning" or bool(item.get("encrypted_content"))


def _sent_back(item: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in item.items() if value is not None and name != "status"}


def _citations(fields: Mapping[str, Any]) -> Iterator[Citation]:
    before = 0
    for item in map(object_of, items_of(fields.get("output"))):
        if item.get("type") != "message":
            continue
        for part in map(object_of, items_of(item.get("content"))):
            if part.get("type") != "output_text":
                continue
            for note in map(object_of, items_of(part.get("annotations"))):
                if note.get("type") == "url_citation" and text_of(note.get("url")):
                    # Indices count within a part; what we read is all parts joined.
                    yield Citation(
                        text_of(note["url"])[:_LONGEST],
                        readable_line(text_of(note.get("title")))[:_LONGEST],
                        before + _whole(note.get("start_index")),
                        before + _whole(note.get("end_index")),
                    )
            before += len(text_of(part.get("text")))


def _whole(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**9 else 0
