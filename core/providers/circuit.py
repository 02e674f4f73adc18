"""A circuit breaker: after a row of failures nothing is asked for a while, then one call goes ahead to see."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from core.domain.provider_state import CircuitState

PROBE_SECONDS = 5.0
"""After so long a probe has mostly come back, so that it is worth asking again."""

LOST_PROBE_SECONDS = 600.0
"""A probe that has not come back for so long is given up, and the next call is one."""


class Circuit:
    """Closed until `threshold` failures in a row, or one that only a person can cure; then open for a while.

    After that while the next call is let through as a probe, alone. If it succeeds the circuit closes, if it fails it
    opens again for twice as long, up to `longest_seconds`. Each while is stretched by up to a fifth at random, so that
    several workers do not all probe at once.

    Args:
        threshold: Failures in a row that open it.
        first_seconds, longest_seconds: How long it stays open at first and at most.
        clock: Monotonic seconds.
        chance: A number in [0, 1).
    """

    def __init__(
        self,
        *,
        threshold: int = 5,
        first_seconds: float = 30.0,
        longest_seconds: float = 300.0,
        clock: Callable[[], float] = time.monotonic,
        chance: Callable[[], float] = lambda: 0.0,
    ) -> None:
        self._threshold = threshold
        self._first = first_seconds
        self._longest = max(longest_seconds, first_seconds)
        self._clock = clock
        self._chance = chance
        self._lock = threading.Lock()
        self._failures = 0
        self._openings = 0
        self._state = CircuitState.CLOSED
        self._until = 0.0
        self._probe_at = 0.0

    @property
    def state(self) -> CircuitState:
        """As it stands; an open one whose time is over stays open until somebody asks."""
        with self._lock:
            return self._state

    def seconds_left(self) -> float:
        """How long nothing goes through, about; 0 when something may."""
        with self._lock:
            now = self._clock()
            if self._state is CircuitState.OPEN:
                return max(0.0, self._until - now)
            return PROBE_SECONDS if self._state is CircuitState.HALF_OPEN else 0.0

    def enter(self) -> bool:
        """Whether a call may be made now. In half-open only one caller is told yes."""
        with self._lock:
            now = self._clock()
            if self._state is CircuitState.CLOSED:
                return True
            if self._state is CircuitState.OPEN and now < self._until:
                return False
            if self._state is CircuitState.HALF_OPEN and now - self._probe_at < LOST_PROBE_SECONDS:
                return False
            self._state, self._probe_at = CircuitState.HALF_OPEN, now
            return True

    def succeeded(self) -> None:
        """The provider answered, be it with a no."""
        with self._lock:
            self._failures = self._openings = 0
            self._state = CircuitState.CLOSED

    def unused(self) -> None:
        """The call that was let through was not made after all: the next one may be."""
        with self._lock:
            if self._state is CircuitState.HALF_OPEN:
                self._state, self._until = CircuitState.OPEN, self._clock()

    def failed(self, *, at_once: bool = False) -> None:
        """No answer came, or (`at_once`) one that no repetition can change."""
        with self._lock:
            self._failures += 1
            if self._state is CircuitState.HALF_OPEN or at_once or self._failures >= self._threshold:
                self._open()

    def _open(self) -> None:
        length = min(self._first * 2**self._openings, self._longest)
        self._openings = min(self._openings + 1, 16)
        self._state = CircuitState.OPEN
        self._until = self._clock() + length * (1 + 0.2 * self._chance())
