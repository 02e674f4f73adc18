"""Answers one request: refused by its parameters, or a text with its usage, cut at its cap, in the API's envelope."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import orjson

from core.llm.tokens import counter, framing
from core.simulator import answers, envelopes, odd_bodies, tool_answers
from core.simulator.catalog import Refusal, offer, refusal
from core.simulator.prompt_tables import user_text

_COUNTED_EXACTLY = 500
_CACHE_FROM, _CACHE_STEP = 1024, 128
_REASONED_SHARE = {"none": 0.0, "minimal": 0.05, "low": 0.3, "medium": 0.8, "high": 1.6, "xhigh": 3.0, "max": 5.0}


class Meter:
    """Counts tokens: exactly for the first texts, then by the characters per token seen so far, which is quicker."""

    def __init__(self) -> None:
        self._texts = 0
        self._characters = 0
        self._tokens = 0

    def count(self, text: str) -> int:
        """Tokens of a text."""
        if not text:
            return 0
        if self._texts < _COUNTED_EXACTLY:
            tokens = counter("o200k_base").count(text)
            self._texts += 1
            self._characters += len(text)
            self._tokens += tokens
            return tokens
        return max(1, round(len(text) * self._tokens / self._characters))


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer of the API.

    Attributes:
        body: None for the fault in which a line has no body at all.
        usage: Input, cached, output and reasoning tokens; zeros for a refusal.
    """

    status: int
    body: dict[str, Any] | None
    usage: tuple[int, int, int, int] = (0, 0, 0, 0)


class Responder:
    """Answers single requests. Keeps what prompt caching would know: which system texts came before."""

    def __init__(self) -> None:
        self._input, self._output = Meter(), Meter()
        self._seen: dict[bytes, int] = {}

    def reply(
        self, body: Mapping[str, Any], path: str, *, custom_id: str, fault: str | None, now: float, today: date
    ) -> Reply:
        """What the API answers to this body.

        Args:
            path: "/v1/chat/completions" or "/v1/responses".
            custom_id: Makes ids and faults repeatable.
            fault: A kind out of `faults.ANSWERS`, or None.
            now: Wall clock, seconds.
        """
        refused = _row_fault(fault) or refusal(body, path, today)
        if refused is not None:
            return Reply(refused.status, refused.body())
        if fault == "status_0":
            return Reply(0, None)
        found = offer(body["model"], today)
        if found is None:  # refusal() has said so already
            raise ValueError("no such model")
        given, cached = self._input_tokens(body)
        called = tool_answers.calls(body, custom_id, fault)
        searched = () if called else tool_answers.searches(body, path, custom_id)
        text = "" if called else answers.text(body, path, custom_id, fault)
        if called:
            fault = None  # what else may go wrong shows in the answer itself
        elif fault == "empty":
            text = ""
        elif fault == "refused":
            text = "I'm sorry, but I cannot assist with that request. (simulated refusal)"
        written = self._output.count(text) + sum(self._output.count(f"{one.name}{one.arguments}") for one in called)
        reasoned = round(written * _REASONED_SHARE.get(found.effort(envelopes.effort(body, path)), 0.8))
        cap = body.get("max_output_tokens") or body.get("max_completion_tokens") or body.get("max_tokens")
        cap = cap if isinstance(cap, int) else found.max_output
        if fault == "cut":
            cap = reasoned + max(1, written // 2)
        cut = fault != "refused" and reasoned + written > cap
        if cut:
            reasoned = min(reasoned, cap)
            text = text[: len(text) * (cap - reasoned) // max(1, written)]
            written = cap - reasoned
        usage = (given, cached, reasoned + written, reasoned)
        wrap = envelopes.response if path == "/v1/responses" else envelopes.chat
        written_down = envelopes.Written(
            text,
            usage,
            _identity(f"{custom_id}|{now:.3f}"),
            int(now),
            cut=cut,
            refused=fault == "refused",
            calls=() if cut else called,
            searches=searched,
        )
        return Reply(200, odd_bodies.bent(wrap(body, found, written_down), fault), usage)

    def _input_tokens(self, body: Mapping[str, Any]) -> tuple[int, int]:
        user = user_text(body)
        rest = {key: value for key, value in body.items() if key not in {"input", "messages"}}
        messages = body.get("messages") or body.get("input") or []
        if isinstance(messages, list):
            rest["system"] = [each for each in messages if isinstance(each, Mapping) and each.get("role") != "user"]
        prefix = orjson.dumps(rest)
        known = self._seen.get(prefix)
        if known is None:
            self._seen = {prefix: self._input.count(prefix.decode())}
        fixed = self._seen[prefix]
        total = fixed + self._input.count(user) + framing(len(messages) if isinstance(messages, list) else 1)
        # The cache holds prefixes of 1,024 tokens and more, in steps of 128; the first request fills it.
        cached = fixed // _CACHE_STEP * _CACHE_STEP if known is not None and fixed >= _CACHE_FROM else 0
        return total, cached


def _row_fault(fault: str | None) -> Refusal | None:
    if fault == "bad_request_rows":
        return Refusal(400, "Invalid prompt: simulated bad request.", "messages", "invalid_prompt")
    if fault == "server_error_rows":
        return Refusal(500, "The server had an error while processing your request. Sorry about that!", None, None)
    return None


def line(custom_id: str, batch_id: str, reply: Reply) -> bytes:
    """A line of an output or error file."""
    identity = _identity(f"{batch_id}|{custom_id}")
    return (
        orjson.dumps(
            {
                "id": f"batch_req_{identity}",
                "custom_id": custom_id,
                "response": {"status_code": reply.status, "request_id": f"{identity[::-1]}", "body": reply.body},
                "error": None,
            }
        )
        + b"\n"
    )


def unfinished_line(custom_id: str, batch_id: str, code: str, message: str) -> bytes:
    """An error line of a request that was never worked on."""
    identity = _identity(f"{batch_id}|{custom_id}")
    document = {
        "id": f"batch_req_{identity}",
        "custom_id": custom_id,
        "response": None,
        "error": {"code": code, "message": message},
    }
    return orjson.dumps(document) + b"\n"


def _identity(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=16).hexdigest()
