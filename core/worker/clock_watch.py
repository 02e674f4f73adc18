"""Notices that somebody set this machine's clock, by the one clock that nobody can set."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

TOLERANCE: Final = timedelta(seconds=60)
"""Steps up to this much change nothing that matters: every wait is longer, or is repeated."""


class ClockWatch:
    """Compares the present moment with the seconds that have passed.

    A machine that slept counts as one whose clock was set ahead: its monotonic clock stood still meanwhile.

    Args:
        clock: The present moment, aware UTC.
        monotonic: Seconds that only ever go on.
    """

    def __init__(self, clock: Callable[[], datetime], monotonic: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._monotonic = monotonic
        self._last = (clock(), monotonic())

    def step(self) -> timedelta:
        """How far the clock was set since the last call, negative when it was set back; zero within the tolerance."""
        moment, seconds = self._clock(), self._monotonic()
        found = (moment - self._last[0]) - timedelta(seconds=seconds - self._last[1])
        self._last = (moment, seconds)
        return found if abs(found) > TOLERANCE else timedelta(0)
