"""What was sent to a model, as names and plain values, and which of it an error of the provider speaks about."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

import orjson

_FREE: Final = frozenset(
    {
        "max_output_tokens",
        "max_completion_tokens",
        "max_tokens",
        "metadata",
        "prompt_cache_key",
        "safety_identifier",
        "user",
        "seed",
        "stop",
        "logit_bias",
    }
)
"""Parameters of which only the name matters: a model takes any of their sensible values, or none."""

_CONTENT: Final = frozenset({"model", "messages", "input", "instructions"})

_SAYS_NO: Final = re.compile(r"unsupported|not supported|unknown parameter|unrecognized|invalid value|not compatible")

GIVEN: Final = "given"
"""The value of a parameter of which only the name is remembered."""


def sent_parameters(line: bytes) -> dict[str, str]:
    """The parameters in a line of an input file, by the name the endpoint has for them.

    {"reasoning.effort": "low", "text.format": "json_schema", "max_output_tokens": "given"}

    Nested ones have their path as name. Caps and labels stand as "given", tools as their types.
    """
    return parameters_of(orjson.loads(line).get("body") or {})


def parameters_of(body: Mapping[str, Any]) -> dict[str, str]:
    """The same of a request's body."""
    return dict(_plain({name: value for name, value in body.items() if name not in _CONTENT}))


def _plain(body: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in body.items():
        if value is None:
            continue
        if name in _FREE:
            yield name, GIVEN
        elif name == "tools":
            yield name, ", ".join(sorted({str(tool.get("type", "function")) for tool in value}))
        elif name == "tool_choice":
            yield name, value if isinstance(value, str) else "one function"
        elif name == "response_format":
            yield name, str(value.get("type", ""))
        elif name in {"reasoning", "text"} and isinstance(value, Mapping):
            for inner, one in value.items():
                shown = one.get("type", "") if isinstance(one, Mapping) else one
                yield f"{name}.{inner}", _word(shown)
        else:
            yield name, _word(value)


def _word(value: object) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()[:100]


def blamed(message: str, names: Collection[str]) -> str:
    """The one of these parameters that an error message of the provider refuses; "" when it speaks of none.

    "Unsupported value: 'temperature' does not support 0.2 with this model." speaks of temperature. Where it names
    several that were sent ("Function tools with reasoning_effort are not supported"), the first one counts.
    """
    if not _SAYS_NO.search(message.lower()):
        return ""
    found: list[tuple[int, int, str]] = []
    for name in names:
        # A nested one is spoken of by its path, or by the flat name that the other endpoint has for it.
        for spelling in {
            name,
            name.replace(".", "_"),
            name.rpartition(".")[2] if name.startswith("reasoning.") else name,
        }:
            match = re.search(rf"(?<![\w.]){re.escape(spelling)}(?![\w])", message)
            if match:
                found.append((match.start(), -len(spelling), name))
    return min(found)[2] if found else ""
