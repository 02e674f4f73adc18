"""How long the checks of one answer may take. Processor time of the thread, so that a busy machine changes no verdict.

Loops over what an answer says call `tick`; outside `limited` it does nothing.
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
    until = inf


_limit = _Limit()
_left = _EVERY


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Let what runs inside take so long at most.

    Raises:
        TookTooLong: Raised by `tick`, once it has taken longer.
    """
    _limit.until = time.thread_time() + seconds
    try:
        yield
    finally:
        _limit.until = inf


def tick() -> None:
    """One step of a check.

    Raises:
        TookTooLong: The limit has passed.
    """
    global _left  # noqa: PLW0603  # shared by all threads: it only says how often the clock is looked at
    _left -= 1
    if _left <= 0:
        _left = _EVERY
        if time.thread_time() > _limit.until:
            raise TookTooLong
