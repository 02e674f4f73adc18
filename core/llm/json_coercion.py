"""Values inside a body that others wrote, whatever its shape: of the type that is asked for, or empty."""

from __future__ import annotations

from typing import Any


def object_of(value: object) -> dict[str, Any]:
    """A JSON object; an empty one in place of anything else."""
    return value if isinstance(value, dict) else {}


def items_of(value: object) -> list[Any]:
    """A JSON list; an empty one in place of anything else."""
    return value if isinstance(value, list) else []


def text_of(value: object) -> str:
    """A string; "" in place of anything else."""
    return value if isinstance(value, str) else ""
