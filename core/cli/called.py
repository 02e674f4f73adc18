"""Calls of tools and cited web pages as commands print them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from core.domain.readable_text import readable_line
from core.domain.tools import Citation, ToolUse


def called(uses: Sequence[ToolUse], citations: Sequence[Citation]) -> dict[str, Any]:
    """What a document says of a request's tools."""
    return {"tools": [_call(use) for use in uses], "citations": list(citations)}


def page(one: Citation) -> str:
    """A cited page on one line."""
    return readable_line(f"{one.title} {one.url}")


def _call(use: ToolUse) -> dict[str, Any]:
    return {
        "number": use.number,
        "round": use.round,
        "tool": use.call.name,
        "arguments": use.call.arguments,
        "result": use.result,
        "error": use.error,
        "source": use.source,
        "cost_usd": use.cost_usd,
    }
