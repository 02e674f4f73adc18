"""What a parameter's value must look like, and which parameters exist where: the published API document as tables."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

CAPS = ("max_output_tokens", "max_completion_tokens", "max_tokens")
"""Names of the one cap on output tokens."""

Check = Callable[[Any], bool]
"""True when a value may be sent."""


def number(low: float, high: float) -> Check:
    return lambda v: isinstance(v, int | float) and not isinstance(v, bool) and math.isfinite(v) and low <= v <= high


def whole(low: int, high: int) -> Check:
    return lambda v: isinstance(v, int) and not isinstance(v, bool) and low <= v <= high


def _text(longest: int) -> Check:
    return lambda v: isinstance(v, str) and 0 < len(v) <= longest


def truth(value: object) -> bool:
    return isinstance(value, bool)


def _stop(value: object) -> bool:
    words = [value] if isinstance(value, str) else value
    return isinstance(words, list) and 1 <= len(words) <= 4 and all(isinstance(w, str) and w for w in words)


def _bias(value: object) -> bool:
    return isinstance(value, dict) and all(
        isinstance(key, str) and whole(-100, 100)(weight) for key, weight in value.items()
    )


def _texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) and one for one in value)


def _labels(value: object) -> bool:
    return (
        isinstance(value, dict)
        and len(value) <= 16
        and all(_text(64)(key) and isinstance(label, str) and len(label) <= 512 for key, label in value.items())
    )


SAMPLING: dict[str, tuple[Check, str]] = {
    "temperature": (number(0, 2), "a number from 0 to 2"),
    "top_p": (number(0, 1), "a number from 0 to 1"),
}

# Chat Completions only, and only of models that sample freely: the others reject them whatever the effort.
CHAT_STANDARD: dict[str, tuple[Check, str]] = {
    "presence_penalty": (number(-2, 2), "a number from -2 to 2"),
    "frequency_penalty": (number(-2, 2), "a number from -2 to 2"),
    "stop": (_stop, "one to four texts"),
    "logit_bias": (_bias, "whole numbers from -100 to 100 by token"),
    "logprobs": (truth, "true or false"),
    "top_logprobs": (whole(0, 20), "a whole number from 0 to 20"),
    "seed": (whole(-(2**63), 2**63 - 1), "a whole number"),
    "n": (whole(1, 128), "a whole number from 1 to 128"),
}

BOTH: dict[str, tuple[Check, str]] = {
    "metadata": (_labels, "at most 16 texts by name"),
    "store": (truth, "true or false"),
    "prompt_cache_key": (_text(64), "a text of at most 64 characters"),
    "safety_identifier": (_text(64), "a text of at most 64 characters"),
    "user": (_text(64), "a text of at most 64 characters"),
}

RESPONSES_ONLY: dict[str, tuple[Check, str]] = {
    "truncation": (lambda v: v in ("auto", "disabled"), "'auto' or 'disabled'"),
    "max_tool_calls": (whole(1, 1000), "a whole number from 1"),
    "include": (_texts, "a list of texts"),
}

NOT_OURS = {
    "stream": "a batch is not streamed, and a single question is streamed by itself",
    "stream_options": "a batch is not streamed, and a single question is streamed by itself",
    "background": "a batch already runs in the background",
    "service_tier": "a batch has its own way of processing",
    "model": "it is chosen beside the parameters",
    "messages": "the prompt library writes it",
    "input": "the prompt library writes it",
    "instructions": "the prompt library writes it",
}

NAMES = sorted(
    {*CAPS, *SAMPLING, *CHAT_STANDARD, *BOTH, *RESPONSES_ONLY}
    | {"reasoning_effort", "verbosity", "response_format", "tools", "tool_choice", "parallel_tool_calls"}
)
