"""How many input tokens a model may have waiting at the provider, and how much of that is free."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final


@dataclass(frozen=True, slots=True)
class Rooms:
    """Input tokens that may be enqueued at the provider, by model.

    Attributes:
        granted: By settings.
        otherwise: For a model that the settings do not name, by what the provider grants at this tier.
    """

    otherwise: Mapping[str, int]
    granted: Mapping[str, int] = field(default_factory=dict)

    def of(self, model: str, learned: Mapping[str, int]) -> int:
        """The room of a model: what settings say, lowered by what the provider said itself."""
        room = self.granted.get(model) or self.granted.get("*") or room_of_tier(self.otherwise, model)
        return min(room, learned.get(model, room))


TIERS: Final[Mapping[int, Mapping[str, int]]] = {
    1: {"*": 1_500_000, "small": 5_000_000},
    2: {"*": 3_000_000, "small": 20_000_000},
    3: {"*": 100_000_000, "small": 40_000_000},
    4: {"*": 200_000_000, "small": 1_000_000_000},
    5: {"*": 15_000_000_000, "small": 15_000_000_000},
}
"""Enqueued input tokens that the provider publishes by usage tier (model pages, August 2026), for large models and for
small ones. What an organisation really has stands only on its own settings page: set it."""

_SMALL = ("mini", "nano", "luna")


def room_of_tier(tier: Mapping[str, int], model: str) -> int:
    """The published room of a model at a tier."""
    return tier["small"] if any(word in model for word in _SMALL) else tier["*"]
