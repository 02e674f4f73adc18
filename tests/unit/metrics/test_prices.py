from __future__ import annotations

import numpy as np
import pytest

from core.domain.units import Badge
from core.metrics.prices import BadPrices, PriceHistory, PriceSeries
from tests.unit.metrics.making import series, wobble

DAYS = np.array(["2026-10-29", "2026-10-30"], dtype="datetime64[D]")


def test_days_must_increase() -> None:
    with pytest.raises(BadPrices, match="'X' go from 2026-10-30 to 2026-10-29"):
        PriceSeries("X", "EUR", Badge.REAL, DAYS[::-1], np.array([1.0, 2.0]))
    with pytest.raises(BadPrices, match="keep each once"):
        PriceSeries("X", "EUR", Badge.REAL, DAYS[[0, 0]], np.array([1.0, 2.0]))


@pytest.mark.parametrize("wrong", [0.0, -1.0, np.nan, np.inf])
def test_a_close_must_be_a_number_above_zero(wrong: float) -> None:
    with pytest.raises(BadPrices, match="'X' on 2026-10-30"):
        PriceSeries("X", "EUR", Badge.REAL, DAYS, np.array([1.0, wrong]))


def test_there_is_one_close_a_day() -> None:
    with pytest.raises(BadPrices, match="one close a day"):
        PriceSeries("X", "EUR", Badge.REAL, DAYS, np.array([1.0]))


def test_a_missing_day_is_refused() -> None:
    with pytest.raises(BadPrices, match="no date"):
        PriceSeries("X", "EUR", Badge.REAL, np.array(["2026-10-30", "NaT"], "datetime64[D]"), np.array([1.0, 2.0]))


def test_a_series_cannot_be_changed_through_the_array_it_was_made_from() -> None:
    closes = np.array([1.0, 2.0])
    one = PriceSeries("X", "EUR", Badge.REAL, DAYS, closes)
    closes[0] = 9.0
    assert one.closes[0] == 1.0
    with pytest.raises(ValueError, match="read-only"):
        one.closes[0] = 9.0


def test_a_symbol_has_one_series() -> None:
    with pytest.raises(BadPrices, match="'X' has two"):
        PriceHistory.from_series([series("X", [0.1]), series("X", [0.2])])


def test_stored_bytes_read_back_exactly() -> None:
    history = PriceHistory.from_series(
        [
            series("AZN.L", wobble(300), currency="GBP", badge=Badge.SIMULATED),
            series("Ünï\u2028", wobble(7), badge=Badge.DERIVED),
            PriceSeries("EMPTY", "USD", Badge.REAL, np.array([], "datetime64[D]"), np.array([])),
        ]
    )
    back = PriceHistory.from_bytes(history.to_bytes())
    assert back == history
    assert list(back) == list(history)
    assert PriceHistory.from_bytes(PriceHistory({}).to_bytes()) == PriceHistory({})


def test_stored_bytes_are_smaller_than_the_numbers_in_them() -> None:
    history = PriceHistory.from_series(series(f"S{n}", wobble(750, n)) for n in range(20))
    assert len(history.to_bytes()) < 20 * 751 * 9


def test_damaged_bytes_are_refused_and_never_read_as_prices() -> None:
    good = PriceHistory.from_series([series("X", wobble(50))]).to_bytes()
    for bad in (b"", b"PK\x03\x04", good[:10], good[:-5], b"WRONGMAG" + good[8:], good[:25] + b"\xff" + good[26:]):
        with pytest.raises(BadPrices, match="load the prices again"):
            PriceHistory.from_bytes(bad)


def test_an_unknown_symbol_has_no_series() -> None:
    assert PriceHistory({}).get("X") is None
