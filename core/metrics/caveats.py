"""What must be said beside every figure of a sample: histories that were left out, and prices that look wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from core.metrics.plans import Plan

Floats = NDArray[np.float64]
Days = NDArray[np.datetime64]

_LARGE: Final = 0.45
"""Moves of a day from which a split is thought of: the smallest, 1 for 2, is one of a half."""

_SPLITS: Final = (2, 3, 4, 5, 6, 8, 10, 15, 20, 25, 50, 100)
SPLIT_NEAR: Final = 0.06
"""How far a price may move by itself on the day of a split."""

_NAMED: Final = 3


def notes(plans: Sequence[Plan], moves: Floats, days: Days, place: Mapping[str, int]) -> tuple[str, ...]:
    """For each portfolio of a sample what must be said of its figures, as sentences; "" mostly.

    Args:
        moves: Simple daily returns of each symbol, shape (n_symbols, n_days - 1).
        place: Row of each symbol.
    """
    splits = _split_like(moves, days)
    by_symbol = {symbol: splits[row] for symbol, row in place.items() if row in splits}
    return tuple(" ".join([*_left_out(one), *_suspected(one, by_symbol)]) for one in plans)


def _left_out(one: Plan) -> list[str]:
    if not one.left_out:
        return []
    named = [f"{symbol} ({100 * share:.1f} % of gross value)" for symbol, share in one.left_out.items()]
    more = f" and {len(named) - _NAMED} more" if len(named) > _NAMED else ""
    return [f"Left out for its short history: {', '.join(named[:_NAMED])}{more}; the others are scaled up for it."]


def _suspected(one: Plan, splits: Mapping[str, str]) -> list[str]:
    return [f"{symbol} {splits[symbol]}" for symbol in one.weights if symbol in splits]


def _split_like(moves: Floats, days: Days) -> dict[int, str]:
    """By row: what a move looks like that is as large as a split, in words."""
    found: dict[int, str] = {}
    for row, at in np.argwhere(np.abs(moves) > _LARGE).tolist():
        ratio = 1.0 + float(moves[row, at])
        times = next((n for n in _SPLITS if _near(ratio * n) or _near(ratio / n)), 0)
        if times and row not in found:
            found[row] = _sentence(ratio, times, days[at + 1])
    return found


def _near(ratio: float) -> bool:
    return abs(ratio - 1.0) <= SPLIT_NEAR


def _sentence(ratio: float, times: int, day: Any) -> str:
    said = f"{times} for 1" if ratio < 1.0 else f"1 for {times}"
    return (
        f"closed on {day} at {ratio:.3g} times the close before, as after a split of {said} that its prices are not "
        "adjusted for: if it is one, this figure is wrong, and adjusted closes have to be loaded."
    )
