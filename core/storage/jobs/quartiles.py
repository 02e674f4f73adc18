"""Quartiles of an indexed column, found by walking its index: no value but those that decide leaves the database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median, quantiles
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select

FENCE = 1.5
"""Tukey's fence: a value beyond the upper quartile by this many interquartile ranges stands out (Tukey 1977)."""

_LEAST = 4
"""Fewer values have no quartiles worth the name."""


@dataclass(frozen=True, slots=True)
class Quartiles:
    """How values are spread, by the inclusive method (Hyndman and Fan 1996, type 7): least and largest are part of it.

    Attributes:
        known: How many values there are; at least one.
        lower, upper: The first and third quartile; None for fewer than four values.
    """

    known: int
    median: float
    lower: float | None
    upper: float | None

    @classmethod
    def of(cls, values: Sequence[float]) -> Quartiles | None:
        """Of values at hand, in any order; None of no values."""
        if not values:
            return None
        if len(values) < _LEAST:
            return cls(len(values), float(median(values)), None, None)
        lower, middle, upper = quantiles(values, n=4, method="inclusive")
        return cls(len(values), middle, lower, upper)

    @property
    def fence(self) -> float | None:
        """From where on a high value stands out; None for fewer than four values."""
        if self.lower is None or self.upper is None:
            return None
        return self.upper + FENCE * (self.upper - self.lower)


def quartiles(connection: Connection, column: ColumnElement[Any], *where: ColumnElement[bool]) -> Quartiles | None:
    """Quartiles of a column that is never null among the rows; None when there are no rows."""
    known = int(connection.execute(select(func.count(column)).where(*where)).scalar_one())
    if not known:
        return None

    def at(place: int) -> list[float]:
        """The values at a place and behind it, counted from the nearer end."""
        last = known - 1
        if place <= last - place:
            query = select(column).where(*where).order_by(column).limit(2).offset(place)
            return [float(value) for value in connection.execute(query).scalars()]
        # From the other end the value behind comes first.
        start, count = (last - place - 1, 2) if place < last else (0, 1)
        query = select(column).where(*where).order_by(column.desc()).limit(count).offset(start)
        return [float(value) for value in connection.execute(query).scalars()][::-1]

    def quartile(number: int) -> float:
        place, quarters = divmod(number * (known - 1), 4)
        values = at(place)
        return values[0] if not quarters else (values[0] * (4 - quarters) + values[1] * quarters) / 4

    enough = known >= _LEAST
    return Quartiles(known, quartile(2), quartile(1) if enough else None, quartile(3) if enough else None)
