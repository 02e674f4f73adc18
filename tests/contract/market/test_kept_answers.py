"""What of a source's answers is kept, how old it may be, and what its terms forbid."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from core.app import App, build
from core.desk.market_sources import Contact
from core.domain.actor import LOCAL
from core.domain.units import Badge
from core.errors import ProviderError, Refused
from core.metrics.fx import EcbRates
from core.settings import Settings, load
from tests.contract.market.conftest import KEY, Publisher, fmp, fred, sec

FIRST, LAST = date(2026, 8, 1), date(2026, 10, 30)


class Clock:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 20, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def settings(tmp_path: Path, publisher: Publisher, **more: str) -> Settings:
    return load(
        {
            "MOSYCHLOS_HOME": str(tmp_path),
            "MOSYCHLOS_HTTP_TIMEOUT_SECONDS": "2",
            "MOSYCHLOS_FMP_API_KEY": KEY,
            "MOSYCHLOS_FMP_BASE_URL": f"{publisher.url}/stable",
            "MOSYCHLOS_FRED_API_KEY": KEY,
            "MOSYCHLOS_FRED_BASE_URL": f"{publisher.url}/fred",
            "MOSYCHLOS_SEC_CONTACT": "Tests tests@mosychlos.example",
            "MOSYCHLOS_SEC_DATA_URL": f"{publisher.url}/data",
            "MOSYCHLOS_SEC_FILES_URL": f"{publisher.url}/files-host",
            **more,
        }
    )


def test_prices_of_a_source_are_kept_badged_real(tmp_path: Path, publisher: Publisher, clock: Clock) -> None:
    fmp(publisher)
    app = build(settings(tmp_path, publisher), clock=clock)
    found, report = app.market.history(LOCAL, "fmp", "AZN.L", FIRST, LAST)
    assert report is not None
    assert [(one.symbol, one.added) for one in report.imported] == [("AZN.L", 2)]
    row = app.prices.rows(LOCAL)[0]
    assert (row.badge, row.currency, row.source) == (Badge.REAL, "GBP", "fmp")
    assert (found.as_of, found.stored, found.stale) == (date(2026, 10, 30), True, True)
    app.close()


def everything_stored(tmp_path: Path) -> bytes:
    return b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())


def test_a_series_whose_terms_forbid_storing_is_shown_and_left_nowhere(
    tmp_path: Path, publisher: Publisher, clock: Clock
) -> None:
    fred(publisher)
    app = build(settings(tmp_path, publisher), clock=clock)
    found = app.market.series(LOCAL, "fred", "UNRATE", FIRST, LAST)
    assert found.value.values == (4.3, 4.4)
    assert not found.stored
    assert "forbid storing" in found.note
    assert app.series.rows(LOCAL) == []
    app.close()
    assert b"UNRATE" not in everything_stored(tmp_path)
    assert KEY.encode() not in everything_stored(tmp_path)


def test_a_server_whose_terms_allow_it_is_stored_and_may_still_be_kept_from_prompts(
    tmp_path: Path, publisher: Publisher, clock: Clock
) -> None:
    fred(publisher)
    app = build(settings(tmp_path, publisher, MOSYCHLOS_FRED_MAY_STORE="yes"), clock=clock)
    assert app.market.series(LOCAL, "fred", "UNRATE", FIRST, LAST).stored
    facts, absent = app.series.indicators(LOCAL, date(2026, 10, 30))
    assert facts == ()
    assert "keep it out of prompts" in absent[0].reason
    app.close()
    app = build(
        settings(tmp_path, publisher, MOSYCHLOS_FRED_MAY_STORE="yes", MOSYCHLOS_FRED_MAY_PROMPT="yes"), clock=clock
    )
    app.market.series(LOCAL, "fred", "UNRATE", FIRST, LAST)
    facts, _ = app.series.indicators(LOCAL, date(2026, 10, 30))
    assert {fact.metric_id: fact.value for fact in facts}["indicator.UNRATE.latest"] == 4.4
    app.close()


def test_filings_are_asked_for_once_a_day_unless_that_is_wanted(
    tmp_path: Path, publisher: Publisher, clock: Clock
) -> None:
    sec(publisher)
    app = build(settings(tmp_path, publisher), clock=clock)
    first = app.market.filings(LOCAL, "sec", "AAPL")
    asked = len(publisher.seen)
    clock.now += timedelta(hours=5)
    again = app.market.filings(LOCAL, "sec", "aapl")
    assert len(publisher.seen) == asked
    assert again.value == first.value
    assert (again.fetched_at, again.as_of) == (first.fetched_at, date(2026, 10, 30))
    app.market.filings(LOCAL, "sec", "AAPL", refresh=True)
    assert len(publisher.seen) > asked
    app.close()


def test_an_old_answer_is_shown_as_such_when_the_source_fails(
    tmp_path: Path, publisher: Publisher, clock: Clock
) -> None:
    sec(publisher)
    app = build(settings(tmp_path, publisher), clock=clock)
    first = app.market.filings(LOCAL, "sec", "AAPL")
    clock.now += timedelta(days=3)
    publisher.answers["/data/submissions/CIK0000320193.json"] = lambda _: (403, {}, b'{"message": "who are you"}')
    old = app.market.filings(LOCAL, "sec", "AAPL")
    assert (old.value, old.stale, old.fetched_at) == (first.value, True, first.fetched_at)
    assert "who are you" in old.note
    with pytest.raises(ProviderError):
        app.market.filings(LOCAL, "sec", "320194")
    app.close()


def test_quotes_and_profiles_survive_being_stored(tmp_path: Path, publisher: Publisher, clock: Clock) -> None:
    fmp(publisher)
    app = build(settings(tmp_path, publisher), clock=clock)
    for _ in range(2):
        assert app.market.quotes(LOCAL, "fmp", ["AZN.L"]).value[0].price == 116.6
        assert app.market.profile(LOCAL, "fmp", "AZN.L").value.isin == "GB0009895292"
    assert sum(one.path == "/stable/quote" for one in publisher.seen) == 1
    app.close()


def newer_rates(factor: float = 1.0) -> bytes:
    rates = EcbRates()
    day, last = rates.last_day, []
    for currency in ("USD", "CHF"):
        dated = rates.dated_factor("EUR", currency, day)
        assert dated is not None
        last.append(dated[0] * factor)
    text = f"Date,USD,CHF,\n2026-11-20,1.5,0.9,\n{day},{last[0]!r},{last[1]!r},\n"
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr("x.csv", text)
    return packed.getvalue()


def test_newer_reference_rates_are_used_from_the_next_start_on(
    tmp_path: Path, publisher: Publisher, clock: Clock
) -> None:
    publisher.answers["/hist.zip"] = lambda _: (200, {}, newer_rates())
    ours = settings(tmp_path, publisher, MOSYCHLOS_ECB_RATES=f"{publisher.url}/hist.zip")
    app = build(ours, clock=clock)
    found = app.market.rates(LOCAL).value
    assert (found.days, found.last_day) == (1, date(2026, 11, 20))
    assert app.market.rates(LOCAL).value.days == 0
    app.close()
    rates = EcbRates(tmp_path / "eurofxref-hist.zip")
    assert rates.factor("EUR", "USD", date(2026, 11, 20)) == 1.5
    for currency in ("USD", "GBP", "JPY"):
        assert rates.factor("EUR", currency, date(2020, 3, 2)) == EcbRates().factor("EUR", currency, date(2020, 3, 2))


def test_rates_that_contradict_the_known_ones_are_refused(tmp_path: Path, publisher: Publisher, clock: Clock) -> None:
    publisher.answers["/hist.zip"] = lambda _: (200, {}, newer_rates(1.01))
    app: App = build(settings(tmp_path, publisher, MOSYCHLOS_ECB_RATES=f"{publisher.url}/hist.zip"), clock=clock)
    with pytest.raises(ProviderError, match="differ from the known ones"):
        app.market.rates(LOCAL)
    assert not (tmp_path / "eurofxref-hist.zip").exists()
    app.close()


def test_out_of_the_box_no_source_is_asked(tmp_path: Path) -> None:
    app = build(load({"MOSYCHLOS_HOME": str(tmp_path)}))
    with pytest.raises(Refused, match="MOSYCHLOS_FMP_API_KEY"):
        app.market.quotes(LOCAL, "fmp", ["VTI"])
    app.close()


def test_the_last_kept_answer_of_a_source_is_told_and_of_others_nothing(
    tmp_path: Path, publisher: Publisher, clock: Clock
) -> None:
    fmp(publisher)
    fred(publisher)
    app = build(settings(tmp_path, publisher), clock=clock)
    assert app.market.contacts(LOCAL) == {}
    app.market.profile(LOCAL, "fmp", "AZN.L")
    clock.now += timedelta(hours=1)
    app.market.history(LOCAL, "fmp", "AZN.L", FIRST, LAST)
    app.market.series(LOCAL, "fred", "UNRATE", FIRST, LAST)
    assert app.market.contacts(LOCAL) == {"fmp": Contact(clock.now, 2)}
    app.close()
