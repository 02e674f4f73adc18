"""One list, written in any order of columns, language, marks and totals: the same portfolio or a refusal."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings

from core.domain.portfolio import Intake
from core.errors import MosychlosError
from core.intake.reading import read_bytes, survey_bytes
from core.intake.tables.mapping import mapping_from
from tests.property.written_lists import Written, written

TODAY = date(2026, 11, 24)


def read(text: str) -> Intake | None:
    data = text.encode()
    try:
        return read_bytes("list.csv", data, today=TODAY, columns=mapping_from((), survey_bytes("list.csv", data)))
    except MosychlosError:
        return None


def check(one: Written) -> bool:
    """Whether the list was read; it fails where it was read as something else."""
    intake = read(one.text)
    if intake is None or intake.problems:
        return False
    if any("could be read in two ways" in note for note in intake.notes):
        # "1,000" at 1 is 1,000 whichever number that is: no row tells, and so the person is told how to say it.
        return False
    sums: dict[str, Decimal] = {}
    for portfolio in intake.portfolios:
        for line in portfolio.holdings:
            sums[line.currency] = sums.get(line.currency, Decimal(0)) + line.market_value
    assert sums == one.values
    assert not one.day or [str(portfolio.as_of) for portfolio in intake.portfolios] == [one.day]
    assert [len(portfolio.holdings) for portfolio in intake.portfolios] == [one.lines]
    return True


@settings(max_examples=50, suppress_health_check=[HealthCheck.too_slow])
@given(written())
def test_a_list_is_the_same_portfolio_however_it_is_written_or_is_refused(one: Written) -> None:
    check(one)


@pytest.mark.full
@settings(max_examples=3_000, suppress_health_check=[HealthCheck.too_slow])
@given(written())
def test_thousands_of_ways_to_write_a_list_are_the_same_portfolio_or_a_refusal(one: Written) -> None:
    check(one)


@pytest.mark.full
def test_nearly_every_way_to_write_a_list_is_read() -> None:
    seen: list[bool] = []

    @settings(max_examples=40, database=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
    @given(written())
    def count(one: Written) -> None:
        seen.append(check(one))

    count()
    assert sum(seen) >= 0.8 * len(seen)
