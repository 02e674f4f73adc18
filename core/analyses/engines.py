"""The analyses that can be asked for, by kind."""

from __future__ import annotations

from core.analyses import (
    allocation,
    attribution,
    committee_brief,
    compliance,
    investment_research,
    market_research,
    performance,
    reallocation,
    risk,
)
from core.analyses.engine import Engine
from core.domain.analysis import Kind
from core.errors import BadInput

__all__ = ["Engine", "available", "engine_for"]

_ENGINES: dict[Kind, Engine] = {
    one.ENGINE.kind: one.ENGINE
    for one in (
        risk,
        allocation,
        performance,
        attribution,
        compliance,
        reallocation,
        market_research,
        investment_research,
        committee_brief,
    )
}


def available() -> tuple[Kind, ...]:
    """The analyses that have an engine, in the order people see them."""
    return tuple(_ENGINES)


def engine_for(kind: Kind | str) -> Engine:
    """The engine of an analysis.

    Raises:
        BadInput: There is no such analysis; the message names those that can be asked for.
    """
    try:
        return _ENGINES[Kind(kind)]
    except (ValueError, KeyError):
        raise BadInput(f"There is no analysis '{str(kind)[:60]}'. Available: {', '.join(available())}.") from None
