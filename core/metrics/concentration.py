"""Concentration of positions."""

from __future__ import annotations

from collections.abc import Sequence
from heapq import nlargest
from math import fsum


def hhi(sizes: Sequence[float], total: float) -> float:
    """Herfindahl index: sum of squared shares of a total.

    0.25 reads: as concentrated as four equal positions that are the whole. A short position counts by its size; what
    the sizes do not add up to (cash) is no position. Above 1 when there is leverage.

    Args:
        sizes: Of the positions in one currency, any sign.
        total: What they are shares of, above zero.
    """
    return fsum((size / total) ** 2 for size in sizes)


def effective_number(sizes: Sequence[float]) -> float | None:
    """How many equally large positions would be as concentrated: 1 / sum of squared shares of the positions' own sum.

    Between 1 and their number, whatever is held beside them; None when there is nothing to share out.
    """
    gross = fsum(map(abs, sizes))
    return 1.0 / hhi(sizes, gross) if gross else None


def top_share(values: Sequence[float], total: float, count: int) -> float:
    """The `count` largest positions by size, as a fraction of `total`; above 1 when there is leverage."""
    return fsum(nlargest(count, map(abs, values))) / total
