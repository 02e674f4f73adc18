"""Returns by calendar year."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.units import Badge
from core.metrics.calendar_years import calendar_years
from core.metrics.tools import ReturnSeries


def made(first: str, returns: list[float]) -> ReturnSeries:
    """A close each calendar day."""
    days = np.datetime64(first) + np.arange(len(returns) + 1)
    return ReturnSeries(days, np.array(returns), Badge.DERIVED)


def test_a_return_belongs_to_the_year_of_the_close_it_ends_on() -> None:
    (old, new) = calendar_years(made("2025-12-30", [0.1, 0.2, 0.3]))
    assert (old.year, old.value, old.last) == (2025, pytest.approx(0.1), date(2025, 12, 31))
    assert (new.year, new.value, new.first) == (2026, pytest.approx(1.2 * 1.3 - 1), date(2026, 1, 1))


def test_a_year_that_is_not_covered_to_its_ends_is_not_whole() -> None:
    found = calendar_years(made("2024-03-01", [0.001] * 800))
    assert [(one.year, one.whole) for one in found] == [(2024, False), (2025, True), (2026, False)]


def test_no_returns_have_no_years() -> None:
    assert calendar_years(made("2026-01-01", [])) == ()


@given(st.lists(st.floats(-0.2, 0.2), min_size=1, max_size=1500))
def test_years_compound_to_the_whole(returns: list[float]) -> None:
    series = made("2022-06-15", returns)
    years = calendar_years(series)
    assert np.prod([1 + one.value for one in years]) - 1 == pytest.approx(series.cumulative()[-1], abs=1e-9)
    assert [one.year for one in years] == list(range(years[0].year, years[-1].year + 1))
