"""The documents that the API wraps an answer in: a chat completion or a response."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.domain.provider import SIMULATED_MARK
from core.simulator import tool_answers
from core.simulator.catalog import ModelOffer
from core.simulator.tool_answers import FunctionCall, Search


@dataclass(frozen=True, slots=True)
class Written:
    """An answer before it is wrapped.

    Attributes:
        usage: Input, cached, output and reasoning tokens.
        identity: 32 hex digits that the ids are made of.
        now: Unix time.
        cut: It stopped at its cap.
        refused: The text is a refusal.
        calls: Functions that are called instead of an answer.
        searches: Web searches that were made for the answer.
    """

    text: str
    usage: tuple[int, int, int, int]
    identity: str
    now: int
    cut: bool
    refused: bool
    calls: tuple[FunctionCall, ...] = ()
    searches: tuple[Search, ...] = ()


def effort(body: Mapping[str, Any], path: str) -> str | None:
    """The reasoning effort that a body asks for."""
    reasoning = body.get("reasoning")
    if path == "/v1/responses":
        return reasoning.get("effort") if isinstance(reasoning, Mapping) else None
    return body.get("reasoning_effort")


def chat(body: Mapping[str, Any], _found: ModelOffer, answer: Written) -> dict[str, Any]:
    """A chat.completion."""
    given, cached, written, reasoned = answer.usage
    return {
        "id": f"chatcmpl-{answer.identity[:29]}",
        "object": "chat.completion",
        "created": answer.now,
        "model": body["model"],
        "choices": [
            {
                "index": 0,
                "message": {
                    "role": "assistant",
                    "content": None
                    if answer.refused or answer.calls or (answer.cut and not answer.text)
                    else answer.text,
                    "refusal": answer.text if answer.refused else None,
                    "annotations": [],
                    **({"tool_calls": list(map(tool_answers.chat_call, answer.calls))} if answer.calls else {}),
                },
                "logprobs": None,
                "finish_reason": "length" if answer.cut else "tool_calls" if answer.calls else "stop",
            }
        ],
        "usage": {
            "prompt_tokens": given,
            "completion_tokens": written,
            "total_tokens": given + written,
            "prompt_tokens_details": {"cached_tokens": cached, "audio_tokens": 0, "cache_write_tokens": 0},
            "completion_tokens_details": {
                "reasoning_tokens": reasoned,
                "audio_tokens": 0,
                "accepted_prediction_tokens": 0,
                "rejected_prediction_tokens": 0,
            },
        },
        "service_tier": "default",
        "system_fingerprint": SIMULATED_MARK,
    }


def response(body: Mapping[str, Any], found: ModelOffer, answer: Written) -> dict[str, Any]:
    """A response."""
    given, cached, written, reasoned = answer.usage
    status = "incomplete" if answer.cut else "completed"
    notes = tool_answers.cited(answer.text) if answer.searches else []
    content = {"type": "refusal", "refusal": answer.text} if answer.refused else _output_text(answer.text, notes)
    output: list[dict[str, Any]] = []
    if found.efforts:
        output.append({"id": f"rs_{answer.identity}", "type": "reasoning", "summary": []})
        if "reasoning.encrypted_content" in (body.get("include") or []):
            output[-1]["encrypted_content"] = f"simulated-{answer.identity}"
    output += [*map(tool_answers.search_item, answer.searches), *map(tool_answers.call_item, answer.calls)]
    if answer.text or not (answer.cut or answer.calls):
        output.append(
            {
                "id": f"msg_{answer.identity}",
                "type": "message",
                "status": status,
                "role": "assistant",
                "content": [content],
            }
        )
    return {
        "id": f"resp_{answer.identity}",
        "object": "response",
        "created_at": answer.now,
        "completed_at": None if answer.cut else answer.now,
        "status": status,
        "background": False,
        "billing": {"payer": "developer"},
        "error": None,
        "incomplete_details": {"reason": "max_output_tokens"} if answer.cut else None,
        "instructions": body.get("instructions"),
        "max_output_tokens": body.get("max_output_tokens"),
        "max_tool_calls": None,
        "metadata": body.get("metadata") or {},
        "model": body["model"],
        "output": output,
        "parallel_tool_calls": body.get("parallel_tool_calls", True),
        "previous_response_id": None,
        "prompt_cache_key": None,
        "prompt_cache_retention": None,
        "reasoning": {"effort": effort(body, "/v1/responses") or found.default_effort or None, "summary": None},
        "safety_identifier": None,
        "service_tier": "default",
        "store": body.get("store", True),
        # No field of a response, but servers may add some: whoever reads it must know who answered.
        "system_fingerprint": SIMULATED_MARK,
        "temperature": body.get("temperature", 1.0),
        "text": body.get("text") or {"format": {"type": "text"}},
        "tool_choice": body.get("tool_choice", "auto"),
        "tools": body.get("tools", []),
        "top_logprobs": 0,
        "top_p": body.get("top_p", 1.0),
        "truncation": "disabled",
        "usage": {
            "input_tokens": given,
            "input_tokens_details": {"cached_tokens": cached, "cache_write_tokens": 0},
            "output_tokens": written,
            "output_tokens_details": {"reasoning_tokens": reasoned},
            "total_tokens": given + written,
        },
        "user": None,
    }


def _output_text(text: str, annotations: list[dict[str, Any]]) -> dict[str, Any]:
    return {"type": "output_text", "text": text, "annotations": annotations, "logprobs": []}
