"""Which currency a portfolio is expressed in, when neither a person nor the file said so."""

from __future__ import annotations

from collections.abc import Sequence

from core.domain.portfolio import Holding


def derived_base_currency(holdings: Sequence[Holding], sizes: Sequence[float]) -> str:
    """The currency that holds the most; the first of the alphabet where two hold the same.

    Args:
        holdings: At least one.
        sizes: How much each weighs (`core.intake.cells.weights`), all at or above 0.
    """
    held: dict[str, float] = {}
    for holding, size in zip(holdings, sizes, strict=True):
        held[holding.currency] = held.get(holding.currency, 0.0) + size
    return min(held, key=lambda currency: (-held[currency], currency))
