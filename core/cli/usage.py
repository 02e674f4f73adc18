"""How JSON tells what an answer came to: tokens, and where they are known from; what is not known is null."""

from __future__ import annotations

from core.domain.analysis import Usage, UsageFrom


def usage_of(usage: Usage, usage_from: UsageFrom, *, waits: bool = False) -> dict[str, object]:
    """The two fields.

    Args:
        waits: It has not been answered yet.
    """
    known = not waits and usage_from is not UsageFrom.UNKNOWN
    return {"usage": usage if known else None, "usage_from": usage_from if known else None}
