"""Exchange rates as the rest of the house asks for them."""

from __future__ import annotations

from datetime import date
from typing import Protocol


class Rates(Protocol):
    """A source of exchange rates."""

    def factor(self, source: str, target: str, on: date) -> float | None:
        """How many units of `target` one unit of `source` is worth on a day.

        The last known rate on or before `on`; never interpolated, never from the future. None when either currency
        is unknown or has no rate yet. Equal currencies give 1.0.
        """
