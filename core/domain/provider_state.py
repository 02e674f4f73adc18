"""How the way to the provider stands, as people see it under health."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class CircuitState(StrEnum):
    """closed: calls go through. open: none does for a while. half_open: one goes through to see."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


@dataclass(frozen=True, slots=True)
class ProviderState:
    """What the processes that call the provider last found.

    Attributes:
        name: The provider's address.
        reads, paid: The circuits of all calls and of those that cost money.
        last_error: In a sentence, without any key; "" when there was none.
        last_error_at: When it happened; None when there was none.
        opens_at: When the next call is tried, where a circuit is open.
        seen_at: When this was written.
    """

    name: str
    reads: CircuitState
    paid: CircuitState
    last_error: str
    last_error_at: datetime | None
    opens_at: datetime | None
    seen_at: datetime
