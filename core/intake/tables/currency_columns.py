"""Which of several columns of currencies a table's lines are in: the one beside their values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Currencies:
    """What is beside what.

    Attributes:
        place: Column of the lines' currency; None where the guess may stay.
        foreign_price: Whether the price stands in another currency in some row, and says nothing in this one.
    """

    place: int | None = None
    foreign_price: bool = False


def beside(value: int | None, price: int | None, columns: Mapping[int, Sequence[str]]) -> Currencies:
    """Look right of the value, then left of it, for the currency of the lines.

    Args:
        value: Column of the market values.
        price: Column of the prices.
        columns: Columns of currencies with their cells.
    """
    if value is None or len({tuple(cells) for cells in columns.values()}) < 2:
        return Currencies()
    own = _beside(value, price, columns)
    if own is None:
        return Currencies()
    priced = None if price is None else _beside(price, value, columns)
    other = priced is not None and priced != own and list(columns[priced]) != list(columns[own])
    return Currencies(own, other)


def _beside(place: int, other: int | None, columns: Mapping[int, Sequence[str]]) -> int | None:
    """The column of currencies right of a column, else left of it where it does not belong to the one before."""
    if place + 1 in columns:
        return place + 1
    return place - 1 if place - 1 in columns and place - 2 != other else None
