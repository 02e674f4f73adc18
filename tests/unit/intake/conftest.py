"""Files of our own in the shape of the brokers' exports."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from core.domain.portfolio import Intake
from core.intake.reading import read_bytes

TODAY = date(2026, 11, 24)


class FixedRates:
    """Rates that never change: euros for one unit of each."""

    def __init__(self, **euros: float) -> None:
        self._euros = {"EUR": 1.0, **euros}

    def factor(self, source: str, target: str, on: date) -> float | None:
        if source not in self._euros or target not in self._euros:
            return None
        return self._euros[source] / self._euros[target]


@pytest.fixture(scope="session")
def fixtures() -> Path:
    return Path(__file__).parent / "fixtures"


@pytest.fixture(scope="session")
def read() -> Callable[..., Intake]:
    """Read text or bytes on a fixed day."""

    def _read(data: str | bytes, name: str = "positions.csv", **options: object) -> Intake:
        raw = data.encode() if isinstance(data, str) else data
        return read_bytes(name, raw, **{"today": TODAY, **options})

    return _read


@pytest.fixture(scope="session")
def rates() -> FixedRates:
    return FixedRates(USD=0.9, GBP=1.2, CHF=1.05, JPY=0.006, CAD=0.65)
