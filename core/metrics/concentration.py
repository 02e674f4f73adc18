"""Concentration of positions."""

from __future__ import annotations

from collections.abc import Sequence
from heapq import nlargest
from math import fsum


def hhi(values: Sequence[float]) -> float | None:
    """Herfindahl index: sum of squared shares in gross value, between 1/n and 1.

    0.25 reads: as concentrated as four equal positions. A short position counts by its size.

    Args:
        values: Market values in one currency, one a position, any sign.

    Returns:
        None when there is nothing to share out (no position, or all are zero).
    """
    gross = fsum(map(abs, values))
    if not gross:
        return None
    return fsum((value / gross) ** 2 for value in values)


def top_share(values: Sequence[float], total: float, count: int) -> float:
    """The `count` largest positions by size, as a fraction of `total`; above 1 when there is leverage."""
    return fsum(nlargest(count, map(abs, values))) / total
