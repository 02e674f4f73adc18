"""What looks wrong about prices: moves like those after a split, and lines priced far from their last close.

Nothing is corrected: whoever knows says whether it is a split or a loss. Until then every figure that the prices touch
says so, and a model is told beside the figures that are absent.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from functools import lru_cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from core.domain.portfolio import AssetClass, Holding, Portfolio
from core.domain.units import Badge
from core.metrics.prices import PriceHistory
from core.metrics.thresholds import MAX_STALE_DAYS

Floats = NDArray[np.float64]
Days = NDArray[np.datetime64]

DOUBT: Final = "price_check."
"""Before the symbol: under this name a sheet's absent facts tell of a doubt."""

SPLIT_NEAR: Final = 0.06
"""How far a price may move by itself on the day of a split."""

FAR: Final = 0.2
"""Relative difference from which a line's own price is far from the last close."""

_LARGE: Final = 0.45
"""Moves of a day from which a split is thought of: the smallest, 1 for 2, is one of a half."""

_SPLITS: Final = (2, 3, 4, 5, 6, 8, 10, 15, 20, 25, 50, 100)


def split_like(moves: Floats, days: Days) -> dict[int, str]:
    """By row: what a move looks like that is as large as a split, in words.

    Args:
        moves: Simple daily returns, shape (n_rows, n_days - 1).
        days: Shape (n_days,).
    """
    found: dict[int, str] = {}
    for row, at, ratio, times in _splits(moves):
        found.setdefault(row, _sentence(ratio, times, days[at + 1]))
    return found


def _splits(moves: Floats) -> Iterator[tuple[int, int, float, int]]:
    """Row, place, ratio of the closes and the split that it looks like."""
    for row, at in np.argwhere(np.abs(moves) > _LARGE).tolist():
        ratio = 1.0 + float(moves[row, at])
        times = next((n for n in _SPLITS if _near(ratio * n) or _near(ratio / n)), 0)
        if times:
            yield row, at, ratio, times


def _near(ratio: float) -> bool:
    return abs(ratio - 1.0) <= SPLIT_NEAR


def _sentence(ratio: float, times: int, day: Any) -> str:
    said = f"{times} for 1" if ratio < 1.0 else f"1 for {times}"
    return (
        f"closed on {day} at {ratio:.3g} times the close before, as after a split of {said} that its prices are not "
        "adjusted for: if it is one, this figure is wrong, and adjusted closes have to be loaded."
    )


class Doubts:
    """Doubts about one price history; remembers what portfolios ask for alike."""

    def __init__(self, prices: PriceHistory) -> None:
        self._prices = dict(prices)
        self._split = lru_cache(maxsize=65_536)(self._split_of)

    def of(self, portfolio: Portfolio) -> dict[str, str]:
        """By symbol, as sentences that go on after it."""
        found: dict[str, str] = {}
        for line in portfolio.holdings:
            if line.symbol not in found and line.asset_class is not AssetClass.CASH:
                said = " ".join(self._about(line, portfolio.as_of))
                if said:
                    found[line.symbol] = said
        return found

    def far(self, portfolio: Portfolio) -> tuple[str, ...]:
        """Lines that are priced far from their last close, each as a sentence."""
        return tuple(
            f"{line.symbol} {said}" for line in portfolio.holdings if (said := self._far(line, portfolio.as_of))
        )

    def _about(self, line: Holding, as_of: date) -> Iterator[str]:
        yield from (said for day, said in self._split(line.symbol)[:1] if day <= as_of)
        if far := self._far(line, as_of):
            yield far

    def between(self, symbols: Iterable[str], first: date, last: date) -> tuple[str, ...]:
        """Moves like those after a split in a window, each as a sentence."""
        return tuple(
            f"{symbol} {said}"
            for symbol in dict.fromkeys(symbols)
            for day, said in self._split(symbol)
            if first < day <= last
        )

    def _split_of(self, symbol: str) -> tuple[tuple[date, str], ...]:
        series = self._prices.get(symbol)
        if series is None or series.closes.size < 2:
            return ()
        moves = (series.closes[1:] / series.closes[:-1] - 1.0)[np.newaxis]
        return tuple(
            (series.days[at + 1].item(), _sentence(ratio, times, series.days[at + 1]))
            for _, at, ratio, times in _splits(moves)
        )

    def _far(self, line: Holding, as_of: date) -> str:
        stated = _price_of(line)
        series = self._prices.get(line.symbol) if stated is not None else None
        # Simulated closes are of an invented market, and a sample's own prices are not.
        if series is None or stated is None or series.badge is Badge.SIMULATED or series.currency != line.currency:
            return ""
        place = int(np.searchsorted(series.days, np.datetime64(as_of), side="right")) - 1
        if place < 0 or (np.datetime64(as_of) - series.days[place]).astype(int) > MAX_STALE_DAYS:
            return ""
        close = float(series.closes[place])
        if abs(stated / close - 1.0) <= FAR:
            return ""
        return (
            f"is priced at {stated:.6g} {line.currency} and its last close, of {series.days[place]}, is {close:.6g}: "
            "one of them is wrong, of another unit or of another instrument, and so are figures that rest on both."
        )


def _price_of(line: Holding) -> float | None:
    """What the line's source says a unit costs; None of derivatives, and where it does not say."""
    if line.asset_class in {AssetClass.CASH, AssetClass.DERIVATIVE}:
        return None
    if line.price is not None:
        return float(line.price) or None
    if line.quantity and line.asset_class is not AssetClass.BOND:
        return float(line.market_value / line.quantity) or None
    return None
