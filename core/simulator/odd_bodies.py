"""Whole answers whose body is odd in what it says of itself: how many tokens it came to, and who served it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

Body = dict[str, Any]

OTHER_MODEL: Final = "gpt-5.4"
"""Who answers in place of whoever was asked."""


def bent(body: Body, fault: str | None) -> Body:
    """The body as the fault wants it."""
    bend = _BENDS.get(fault or "")
    return body if bend is None else {**body, **bend(body)}


def _counts(usage: Mapping[str, Any], write: Callable[[int], object]) -> Body:
    """The same usage with every count written in another way."""
    return {name: write(value) if isinstance(value, int) else _counts(value, write) for name, value in usage.items()}


def _contradiction(body: Body) -> Body:
    usage = dict(body["usage"])
    name = "prompt_tokens" if "prompt_tokens" in usage else "input_tokens"
    return {"usage": {**usage, f"{name}_details": {"cached_tokens": usage[name] + 1}}}


_BENDS: Final[Mapping[str, Callable[[Body], Body]]] = {
    "usage_missing": lambda _body: {"usage": None},
    "usage_empty": lambda _body: {"usage": {}},
    "usage_zero": lambda body: {"usage": _counts(body["usage"], lambda _count: 0)},
    "usage_total": lambda body: {"usage": {"total_tokens": body["usage"]["total_tokens"]}},
    "usage_float": lambda body: {"usage": _counts(body["usage"], float)},
    "usage_text": lambda body: {"usage": _counts(body["usage"], str)},
    "usage_contradicts": _contradiction,
    "served_priority": lambda _body: {"service_tier": "priority"},
    "served_scale": lambda _body: {"service_tier": "scale"},
    "served_other": lambda _body: {"model": OTHER_MODEL},
}
