"""A request made good: the same question with its parameters cleaned again, a longer cap, or another model."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final

import orjson

from core.domain.analysis import Endpoint
from core.errors import BadInput
from core.llm.models import Model
from core.llm.parameters import clean

_CAPS: Final = ("max_output_tokens", "max_completion_tokens", "max_tokens")
_NOT_PARAMETERS: Final = frozenset({"model", "messages", "input"})


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """A line to send instead of an earlier one.

    Attributes:
        changed: False when it is the same request word for word.
        cap: Output tokens that it may use; None where it sets none.
    """

    line: bytes
    changed: bool
    cap: int | None
    effort: str
    warnings: tuple[str, ...]


def rebuild(line: bytes, model: Model, *, max_output: int | None = None, without: Collection[str] = ()) -> Rebuilt:
    """Write a line of an input file again for a model, with its parameters cleaned by what is known today.

    The facts, the instructions and the custom id stay as they were.

    Args:
        max_output: New cap of the answer; None keeps the present one.
        without: Parameters that the provider refuses and the request can do without.

    Raises:
        BadInput: The line is not one of ours.
    """
    try:
        document: dict[str, Any] = orjson.loads(line)
        body: dict[str, Any] = document["body"]
        endpoint = next(each for each in Endpoint if each.path == document["url"])
    except (orjson.JSONDecodeError, KeyError, TypeError, StopIteration):
        raise BadInput("The stored request cannot be read; submit its portfolio again.") from None
    refused = sorted(set(without) & body.keys())
    wished = {name: value for name, value in body.items() if name not in _NOT_PARAMETERS and name not in refused}
    if max_output is not None:
        wished = {name: value for name, value in wished.items() if name not in _CAPS}
        wished["max_output_tokens"] = min(max_output, model.max_output or max_output)
    cleaned = clean(wished, model, endpoint)
    place = "messages" if endpoint is Endpoint.CHAT else "input"
    messages = [dict(message) for message in body[place]]
    if messages and messages[0].get("role") in {"system", "developer"}:
        messages[0]["role"] = model.role
        addition = cleaned.prompt_addition
        if addition and addition not in messages[0]["content"]:
            messages[0]["content"] = f"{messages[0]['content']}\n\n{addition}"
    fresh = {**document, "body": {"model": model.model_id, **cleaned.params, place: messages}}
    cap = next((cleaned.params[name] for name in _CAPS if name in cleaned.params), None)
    same = fresh == document
    warnings = (*(f"{name} is left out: the provider refuses it." for name in refused), *cleaned.warnings)
    return Rebuilt(line if same else orjson.dumps(fresh), not same, cap, _effort(cleaned.params), warnings)


def sent_effort(line: bytes) -> str:
    """The reasoning effort in a line of an input file; "" for none."""
    return _effort(orjson.loads(line)["body"])


def _effort(body: dict[str, Any]) -> str:
    reasoning = body.get("reasoning")
    found = body.get("reasoning_effort") or (reasoning.get("effort") if isinstance(reasoning, dict) else None)
    return found if isinstance(found, str) else ""
