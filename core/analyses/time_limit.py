"""How long the checks of one answer may take. Processor time of the thread, so that a busy machine changes no verdict.

Loops over what an answer says call `tick`; outside `limited` it does nothing. Asking for processor time costs more than
a whole answer's checks on some machines, so that it is asked for only once half of the time has passed on the wall.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from math import inf
from typing import Final

CHECK_SECONDS: Final = 10.0
"""An honest answer takes thousandths of a second."""

_EVERY: Final = 60
"""Calls of `tick` for one look at the clock, which costs more than many a check."""


class TookTooLong(Exception):
    """The checks were not done within their limit."""


class _Limit(threading.local):
    seconds = inf
    waits = inf
    until = inf


_limit = _Limit()
_left = _EVERY


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Let what runs inside take so long at most, and never less than half of it.

    Raises:
        TookTooLong: Raised by `tick`, once it has taken longer.
    """
    _limit.seconds, _limit.waits, _limit.until = seconds, time.monotonic() + seconds / 2, inf
    try:
        yield
    finally:
        _limit.seconds = _limit.waits = _limit.until = inf


def tick() -> None:
    """One step of a check.

    Raises:
        TookTooLong: The limit has passed.
    """
    global _left  # noqa: PLW0603  # shared by all threads: it only says how often the clock is looked at
    _left -= 1
    if _left <= 0:
        _left = _EVERY
        if time.monotonic() > _limit.waits:
            _spent()


def _spent() -> None:
    """Half of the time has passed on the wall, and no more of it on the processor: the other half is left."""
    used = time.thread_time()
    if _limit.until == inf:
        _limit.until = used + _limit.seconds / 2
    elif used > _limit.until:
        raise TookTooLong
