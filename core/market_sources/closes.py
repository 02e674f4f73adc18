"""Closes of a source put in order."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from math import isfinite

from core.domain.portfolio import DailyCloses
from core.errors import ProviderError


def daily_closes(symbol: str, currency: str, rows: Iterable[tuple[date, float]], name: str) -> DailyCloses:
    """Closes by day, oldest first.

    Raises:
        ProviderError: A close is not above zero, or a day has two different ones.
    """
    found: dict[date, Decimal] = {}
    for day, close in rows:
        # Through repr: 14.55 stays 14.55 and does not become 14.550000000000000710.
        value = Decimal(repr(close))
        if not isfinite(close) or close <= 0 or found.get(day, value) != value:
            raise ProviderError(
                f"{name} states {close} as close of '{symbol}' on {day}, which cannot be, or differs from another one "
                "of that day. Import a file instead."
            )
        found[day] = value
    return DailyCloses(symbol, currency, tuple(sorted(found.items())))
