"""How often and how much a provider is asked: requests and tokens a minute, and pauses that it asks for itself."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

MINUTE = 60.0


class Bucket:
    """So much a minute, a whole minute's worth at once after a pause. Shared by threads.

    What is not there yet is owed: whoever asks next waits behind whoever asked before. An amount larger than a
    minute's worth is let through once the bucket is full, because it could never pass otherwise.

    Args:
        a_minute: What runs in within a minute.
        clock: Monotonic seconds.
    """

    def __init__(self, a_minute: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = float(a_minute)
        self._clock = clock
        self._level = self._most
        self._at = clock()
        self._lock = threading.Lock()

    def wait_for(self, amount: float) -> float:
        """Seconds until so much could be taken; nothing is taken."""
        with self._lock:
            self._fill()
            return self._seconds(amount)

    def take(self, amount: float) -> float:
        """Take an amount; returns the seconds to wait before using it."""
        with self._lock:
            self._fill()
            wait = self._seconds(amount)
            self._level -= amount
            return wait

    def give_back(self, amount: float) -> None:
        """Return what was taken and not used; a negative amount takes what was used beyond."""
        with self._lock:
            self._fill()
            self._level = min(self._most, self._level + amount)

    def _fill(self) -> None:
        now = self._clock()
        self._level = min(self._most, self._level + (now - self._at) * self._most / MINUTE)
        self._at = now

    def _seconds(self, amount: float) -> float:
        missing = min(amount, self._most) - self._level
        return max(0.0, missing * MINUTE / self._most)


@dataclass(frozen=True, slots=True)
class Limits:
    """Requests and tokens a minute by model; "*" stands for every other one. What is not named has no limit."""

    requests: Mapping[str, int] = field(default_factory=dict)
    tokens: Mapping[str, int] = field(default_factory=dict)

    def of(self, model: str) -> tuple[int | None, int | None]:
        """Requests and tokens a minute of a model."""
        return (
            self.requests.get(model, self.requests.get("*")),
            self.tokens.get(model, self.tokens.get("*")),
        )


class Throttle:
    """Every model's buckets, and until when the provider wants none of its requests.

    It knows of this process only: several with one key share the provider's limits among them, and a refusal teaches
    each of them to pause.
    """

    def __init__(self, limits: Limits, clock: Callable[[], float] = time.monotonic) -> None:
        self._limits = limits
        self._clock = clock
        self._buckets: dict[str, tuple[Bucket | None, Bucket | None]] = {}
        self._paused: dict[str, float] = {}
        self._lock = threading.Lock()

    def wait_for(self, model: str, tokens: int) -> float:
        """Seconds until a request of so many tokens could go; nothing is taken."""
        requests, bucket = self._of(model)
        waits = [self._pause(model)]
        waits += [requests.wait_for(1)] if requests else []
        waits += [bucket.wait_for(tokens)] if bucket else []
        return max(waits)

    def take(self, model: str, tokens: int) -> float:
        """Count a request; returns the seconds to wait before it is sent."""
        requests, bucket = self._of(model)
        waits = [self._pause(model)]
        waits += [requests.take(1)] if requests else []
        waits += [bucket.take(tokens)] if bucket else []
        return max(waits)

    def used(self, model: str, expected: int, tokens: int) -> None:
        """Say what a request really came to."""
        _, bucket = self._of(model)
        if bucket is not None:
            bucket.give_back(expected - tokens)

    def pause(self, model: str, seconds: float) -> None:
        """Let nothing of a model go for a while: the provider asked for it."""
        with self._lock:
            until = self._clock() + seconds
            self._paused[model] = max(until, self._paused.get(model, until))

    def _pause(self, model: str) -> float:
        with self._lock:
            return max(0.0, self._paused.get(model, 0.0) - self._clock())

    def _of(self, model: str) -> tuple[Bucket | None, Bucket | None]:
        with self._lock:
            if model not in self._buckets:
                requests, tokens = self._limits.of(model)
                self._buckets[model] = (
                    Bucket(requests, self._clock) if requests else None,
                    Bucket(tokens, self._clock) if tokens else None,
                )
            return self._buckets[model]
