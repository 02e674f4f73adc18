"""What must be said beside every figure of a sample: histories that were left out, and prices that look wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.metrics.doubts import split_like
from core.metrics.plans import Plan

Floats = NDArray[np.float64]
Days = NDArray[np.datetime64]

_NAMED: Final = 3


def notes(plans: Sequence[Plan], moves: Floats, days: Days, place: Mapping[str, int]) -> tuple[str, ...]:
    """For each portfolio of a sample what must be said of its figures, as sentences; "" mostly.

    Args:
        moves: Simple daily returns of each symbol, shape (n_symbols, n_days - 1).
        place: Row of each symbol.
    """
    splits = split_like(moves, days)
    by_symbol = {symbol: splits[row] for symbol, row in place.items() if row in splits}
    return tuple(" ".join([*_left_out(one), *one.said, *_suspected(one, by_symbol)]) for one in plans)


def _left_out(one: Plan) -> list[str]:
    if not one.left_out:
        return []
    named = [f"{symbol} ({100 * share:.1f} % of gross value)" for symbol, share in one.left_out.items()]
    more = f" and {len(named) - _NAMED} more" if len(named) > _NAMED else ""
    return [f"Left out for its short history: {', '.join(named[:_NAMED])}{more}; the others are scaled up for it."]


def _suspected(one: Plan, splits: Mapping[str, str]) -> list[str]:
    return [f"{symbol} {splits[symbol]}" for symbol in one.weights if symbol in splits]
