"""How the work on a text grows with the text: measured in processor time, so that a busy machine does not matter."""

from __future__ import annotations

import gc
import re
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tests.linear.adversary import Recipe, recipes, repeats

SIZE = 4_000
TRIFLE_SECONDS = 0.0015
"""Work on a text of `SIZE` characters that is done sooner grows with the text, or is too little to grow otherwise: to
look at each pair of places alone takes longer."""

LIMIT_SECONDS = 0.25
STEP = 4
TOO_MUCH, SURELY_TOO_MUCH = 9.0, 13.0
"""Four times the text is four times the work; sixteen times where every place is looked at from every other."""


class TooLong(Exception):
    """The work was not done within its limit."""


def slow(pattern: re.Pattern[Any], ways: frozenset[str]) -> str:
    """A text on which the work grows faster than the text, in words; "" when there is none."""
    if not repeats(pattern):
        return ""
    for recipe in recipes(pattern):
        for way in sorted(ways):
            grown = growth(
                lambda text, way=way: _use(pattern, way, text), recipe, bytes_=isinstance(pattern.pattern, bytes)
            )
            if grown > TOO_MUCH:
                return f"{way}: {STEP} times the text is {grown:.0f} times the work on {recipe}"
    return ""


def growth(
    work: Callable[[Any], object],
    recipe: Recipe,
    *,
    size: int = SIZE,
    bytes_: bool = False,
    longest: float = LIMIT_SECONDS,
) -> float:
    """How many times longer the work on `STEP` times the text takes; 0 where there is too little of it to say.

    Args:
        size: Of the shorter text, in characters.
        longest: Seconds after which the work on it is called endless.
    """

    def made(times: int) -> Any:
        text = recipe.text(times * size)
        return text.encode("utf-8", "surrogatepass") if bytes_ else text

    short, trifle = made(1), TRIFLE_SECONDS * size / SIZE
    base = seconds(work, short, longest)
    if base >= longest:
        return float("inf")
    if base <= trifle or (base := min(base, seconds(work, short, longest))) <= trifle:
        return 0.0
    long = made(STEP)
    found = 0.0
    for rounds in (1, 3, 5):
        base = min(base, *(seconds(work, short, longest) for _ in range(rounds)))
        limit = max(LIMIT_SECONDS, SURELY_TOO_MUCH * base)
        found = min(seconds(work, long, limit) for _ in range(rounds)) / base
        if found <= TOO_MUCH or found >= 0.99 * SURELY_TOO_MUCH:
            break
    return found


def seconds(work: Callable[[Any], object], text: Any, limit: float = LIMIT_SECONDS) -> float:
    """Processor time of the work, cut at the limit.

    Without the garbage collector: what it costs goes by the objects of the whole process and not by the text.
    """
    collects = gc.isenabled()
    gc.disable()
    begun = time.thread_time()
    try:
        with _limit(limit):
            work(text)
    except TooLong:
        return limit
    else:
        return time.thread_time() - begun
    finally:
        if collects:
            gc.enable()


@contextmanager
def _limit(seconds: float) -> Iterator[None]:
    """The matcher looks for signals now and then, so that even one that would never end is stopped."""
    before = signal.signal(signal.SIGVTALRM, _stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def _stop(*_: object) -> None:
    raise TooLong


def _use(pattern: re.Pattern[Any], way: str, text: Any) -> None:
    if way == "scan":
        for _ in pattern.finditer(text):
            pass
    else:
        getattr(pattern, way)(text)
