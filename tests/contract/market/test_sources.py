"""Market data sources against the shapes they document, and against everything that goes wrong on the way."""

from __future__ import annotations

import io
import logging
import time
import zipfile
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from core.domain.market import SourceOffer
from core.errors import BadInput, BadSetting, NotFound, ProviderError, ProviderRefused, ProviderUnreachable, Refused
from core.market_sources.http_client import ATTEMPTS, HttpClient, TokenBucket
from core.market_sources.protocol import MarketData, NotOffered
from core.market_sources.sources import Sources
from core.settings import load
from tests.contract.market.conftest import CONTACT, KEY, Publisher, as_json, fmp, fred, sec, settings_for

FIRST, LAST = date(2026, 8, 1), date(2026, 10, 30)


class Naps(list[float]):
    """Waits that nobody waits for."""

    def __call__(self, seconds: float) -> None:
        self.append(seconds)


@pytest.fixture
def naps() -> Naps:
    return Naps()


@pytest.fixture
def sources(publisher: Publisher, naps: Naps) -> Sources:
    return Sources(settings_for(publisher.url), timeout_seconds=0.5, deadline_seconds=2, sleep=naps)


def test_closes_in_pence_come_out_in_pounds_oldest_first(publisher: Publisher, sources: Sources) -> None:
    fmp(publisher)
    closes = sources.open("fmp").history("AZN.L", FIRST, LAST)
    assert closes.currency == "GBP"
    assert closes.closes == ((date(2026, 10, 29), Decimal("116.555")), (date(2026, 10, 30), Decimal("116.6")))
    asked = publisher.seen[0].params
    assert (asked["from"], asked["to"], asked["apikey"]) == ("2026-08-01", "2026-10-30", KEY)


def test_a_quote_is_in_whole_units_with_its_moment(publisher: Publisher, sources: Sources) -> None:
    fmp(publisher)
    quote = sources.open("fmp").quotes(["AZN.L"])[0]
    assert (quote.price, quote.currency, quote.at) == (116.6, "GBP", datetime(2026, 10, 14, 18, tzinfo=UTC))


def test_a_profile_says_what_the_instrument_is(publisher: Publisher, sources: Sources) -> None:
    fmp(publisher)
    profile = sources.open("fmp").profile("AZN.L")
    assert (profile.isin, profile.currency, profile.country, profile.cik) == ("GB0009895292", "GBP", "GB", "0000901832")


def test_an_unknown_symbol_is_not_found(publisher: Publisher, sources: Sources) -> None:
    fmp(publisher)
    with pytest.raises(NotFound, match="NOPE"):
        sources.open("fmp").history("NOPE", FIRST, LAST)


def test_a_series_leaves_out_days_without_an_observation(publisher: Publisher, sources: Sources) -> None:
    fred(publisher)
    series = sources.open("fred").series("UNRATE", FIRST, LAST)
    assert (series.unit, series.frequency, series.values) == ("Percent", "monthly", (4.3, 4.4))
    assert series.may_prompt is False


def test_filings_come_newest_first_with_the_address_of_their_document(publisher: Publisher, sources: Sources) -> None:
    sec(publisher)
    filings = sources.open("sec").filings("aapl")
    assert [(one.form, one.filed, one.period) for one in filings] == [
        ("8-K", date(2026, 10, 30), None),
        ("10-Q", date(2026, 7, 31), date(2026, 6, 27)),
    ]
    assert filings[1].url.endswith("/Archives/edgar/data/320193/000032019326000070/aapl-20260627.htm")
    assert {one.headers["user-agent"] for one in publisher.seen} == {f"Mosychlos {CONTACT}"}


def test_reported_facts_come_with_their_period_and_form(publisher: Publisher, sources: Sources) -> None:
    sec(publisher)
    facts = sources.open("sec").reported("0000320193")
    assert [(one.concept, one.unit, one.value, one.end, one.form) for one in facts] == [
        ("us-gaap:Assets", "USD", 331e9, date(2026, 6, 27), "10-Q"),
        ("us-gaap:Assets", "USD", 359241e6, date(2025, 9, 27), "10-K"),
    ]


def test_a_share_class_is_found_however_it_is_written(publisher: Publisher, sources: Sources) -> None:
    sec(publisher)
    publisher.answers["/data/submissions/CIK0001067983.json"] = publisher.answers[
        "/data/submissions/CIK0000320193.json"
    ]
    assert sources.open("sec").filings("BRK.B")
    with pytest.raises(NotFound, match="CIK"):
        sources.open("sec").filings("NOSUCH")


def archive(text: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr("eurofxref-hist.csv", text)
    return packed.getvalue()


XML = b"""<?xml version="1.0"?><gesmes:Envelope xmlns:gesmes="http://www.gesmes.org/xml/2002-08-01"
 xmlns="http://www.ecb.int/vocabulary/2002-08-01/eurofxref"><Cube><Cube time="2026-11-20"><Cube currency="USD"
 rate="1.1532"/><Cube currency="CHF" rate="0.9321"/></Cube></Cube></gesmes:Envelope>"""


@pytest.mark.parametrize("body", [archive("Date,USD,CHF,\n2026-11-20,1.1532,0.9321,\n2026-11-19,1.15,N/A,\n"), XML])
def test_reference_rates_come_from_the_archive_or_the_daily_file(
    publisher: Publisher, sources: Sources, body: bytes
) -> None:
    publisher.answers["/eurofxref/hist.zip"] = lambda _: (200, {}, body)
    rates = sources.open("ecb").fx()
    assert {(one.currency, one.per_euro) for one in rates if one.day == date(2026, 11, 20)} == {
        ("USD", 1.1532),
        ("CHF", 0.9321),
    }


@pytest.mark.parametrize("body", [b"", b"<html/>", b"PK\x03\x04rubbish", b"Date,USD\n2026-11-20,-1\n", b"\xff\xfe\x00"])
def test_what_are_no_reference_rates_is_refused(publisher: Publisher, sources: Sources, body: bytes) -> None:
    publisher.answers["/eurofxref/hist.zip"] = lambda _: (200, {}, body)
    with pytest.raises(ProviderError):
        sources.open("ecb").fx()


Ask = Callable[[MarketData], object]
ASKS: dict[str, tuple[str, Ask]] = {
    "prices": ("fmp", lambda source: source.history("AZN.L", FIRST, LAST)),
    "series": ("fred", lambda source: source.series("UNRATE", FIRST, LAST)),
    "filings": ("sec", lambda source: source.filings("AAPL")),
}
EACH = pytest.mark.parametrize(("source_id", "ask"), ASKS.values(), ids=ASKS)


def all_answers(publisher: Publisher) -> None:
    fmp(publisher)
    fred(publisher)
    sec(publisher)


@EACH
def test_a_rate_limit_is_waited_out_as_long_as_the_source_asks(
    publisher: Publisher, sources: Sources, naps: Naps, source_id: str, ask: Ask
) -> None:
    all_answers(publisher)
    publisher.faults = [as_json(429, {"error_message": "Too Many Requests."}, retry_after="7")]
    assert ask(sources.open(source_id))
    assert naps == [7.0]


@EACH
def test_a_rate_limit_that_lasts_is_said_and_not_hammered(
    publisher: Publisher, sources: Sources, naps: Naps, source_id: str, ask: Ask
) -> None:
    all_answers(publisher)
    publisher.faults = [as_json(429, {"message": "slow down"}, retry_after="3600")] * 9
    with pytest.raises(ProviderRefused, match="slow down") as caught:
        ask(sources.open(source_id))
    assert caught.value.retry_after_seconds == 3600
    assert len(publisher.seen) == 1
    assert naps == []


@EACH
def test_a_passing_server_error_is_tried_again_and_a_lasting_one_reported(
    publisher: Publisher, sources: Sources, source_id: str, ask: Ask
) -> None:
    all_answers(publisher)
    publisher.faults = [(500, {}, b"oops"), (503, {}, b"<html>later</html>")]
    assert ask(sources.open(source_id))
    publisher.seen.clear()
    publisher.faults = [(500, {}, b"oops")] * 9
    with pytest.raises(ProviderRefused, match="HTTP 500"):
        ask(sources.open(source_id))
    assert len(publisher.seen) == ATTEMPTS


@EACH
@pytest.mark.parametrize("body", [b"{", b"<html>welcome</html>", b"[1, 2, 3]", b'{"a": NaN}', b"null", b"[" * 100_000])
def test_an_answer_of_another_shape_is_an_error_that_quotes_nothing(
    publisher: Publisher, sources: Sources, source_id: str, ask: Ask, body: bytes
) -> None:
    all_answers(publisher)
    publisher.faults = [(200, {}, body)]
    with pytest.raises(ProviderError, match="Could not"):
        ask(sources.open(source_id))


@EACH
def test_a_slow_answer_is_given_up(publisher: Publisher, sources: Sources, source_id: str, ask: Ask) -> None:
    all_answers(publisher)
    publisher.faults = [1.0]
    started = time.monotonic()
    assert ask(sources.open(source_id))  # the second attempt is answered
    assert time.monotonic() - started < 5
    publisher.faults = [1.0, 1.0, 1.0, 1.0]
    with pytest.raises(ProviderError, match="in time"):
        ask(sources.open(source_id))


@EACH
def test_a_redirect_is_not_followed(publisher: Publisher, sources: Sources, source_id: str, ask: Ask) -> None:
    publisher.faults = [(302, {"location": f"{publisher.url}/elsewhere"}, b"")]
    with pytest.raises(ProviderError, match="redirect"):
        ask(sources.open(source_id))
    assert [one.path for one in publisher.seen if one.path == "/elsewhere"] == []


@pytest.mark.parametrize("source_id", ["fmp", "fred"])
def test_a_wrong_key_is_refused_once_and_the_key_is_shown_nowhere(
    publisher: Publisher, sources: Sources, caplog: pytest.LogCaptureFixture, source_id: str
) -> None:
    fmp(publisher, key="another")
    fred(publisher, key="another")
    caplog.set_level(logging.DEBUG)
    source = sources.open(source_id)
    ask = ASKS["prices" if source_id == "fmp" else "series"][1]
    with pytest.raises(ProviderRefused) as caught:
        ask(source)
    assert len(publisher.seen) == 1
    assert publisher.seen[0].params["apikey" if source_id == "fmp" else "api_key"] == KEY
    shown = [str(caught.value), repr(caught.value), repr(source), repr(vars(source)), caplog.text]
    shown += [str(record.args) + record.getMessage() for record in caplog.records]
    assert caplog.records
    assert KEY not in " ".join(shown)


def test_the_key_is_shown_nowhere_when_all_goes_well_or_no_connection_is_made(
    publisher: Publisher, sources: Sources, caplog: pytest.LogCaptureFixture
) -> None:
    fmp(publisher)
    caplog.set_level(logging.DEBUG)
    assert sources.open("fmp").history("AZN.L", FIRST, LAST)
    nobody = Sources(settings_for("http://127.0.0.1:9"), timeout_seconds=0.5)
    with pytest.raises(ProviderUnreachable) as caught:
        nobody.open("fmp").profile("AZN.L")
    assert KEY not in caplog.text + str(caught.value)
    assert KEY not in " ".join(str(state) for state in sources.states())


def test_a_source_that_is_off_says_how_to_switch_it_on() -> None:
    off = Sources(load({"MOSYCHLOS_HOME": "/nowhere"}).market)
    assert not any(state.enabled for state in off.states())
    for state in off.states():
        with pytest.raises(Refused, match="MOSYCHLOS_"):
            off.open(state.terms.source_id)
    with pytest.raises(BadInput, match="fmp, fred, sec, ecb"):
        off.open("yahoo")


def test_a_source_is_asked_only_for_what_it_offers(sources: Sources) -> None:
    with pytest.raises(NotOffered, match="quotes, history, profile"):
        sources.open("fmp").filings("AAPL")
    asked: dict[SourceOffer, Ask] = {
        SourceOffer.QUOTES: lambda source: source.quotes(["X"]),
        SourceOffer.HISTORY: lambda source: source.history("X", FIRST, LAST),
        SourceOffer.PROFILE: lambda source: source.profile("X"),
        SourceOffer.SERIES: lambda source: source.series("X", FIRST, LAST),
        SourceOffer.FX: lambda source: source.fx(),
    }
    for ask in asked.values():
        with pytest.raises(NotOffered):
            ask(sources.open("sec"))


@pytest.mark.parametrize("url", ["http://example.com/x", "ftp://example.com", "https://user:word@example.com"])
def test_an_address_that_is_not_safe_to_send_a_key_to_is_refused(url: str) -> None:
    with pytest.raises(BadSetting, match="MOSYCHLOS_FMP_BASE_URL"):
        load({"MOSYCHLOS_FMP_BASE_URL": url})
    with pytest.raises(BadSetting, match="SOME_SETTING"):
        HttpClient("Test", "SOME_SETTING", url, TokenBucket(1, 1))


def test_an_answer_that_never_ends_is_cut(publisher: Publisher, naps: Naps, monkeypatch: pytest.MonkeyPatch) -> None:
    publisher.answers["/x"] = lambda _: (200, {}, b"x" * 200_000)
    now = iter(range(0, 1_000_000, 100))
    door = HttpClient("Test", "T", publisher.url, TokenBucket(9, 9), sleep=naps, clock=lambda: float(next(now)))
    with pytest.raises(ProviderError, match="longer than"):
        door.body("/x", doing="read it")
    door.close()


def test_a_bucket_lets_a_burst_through_and_then_its_rate() -> None:
    now, naps = [0.0], Naps()
    bucket = TokenBucket(2.0, 3, clock=lambda: now[0], sleep=naps)
    for _ in range(3):
        bucket.take()
    assert naps == []
    bucket.take()
    bucket.take()
    assert naps == [0.5, 1.0]
    now[0] = 10.0
    bucket.take()
    assert naps == [0.5, 1.0]


def test_reference_rates_are_read_from_a_file_too(tmp_path: Path) -> None:
    file = tmp_path / "rates.xml"
    file.write_bytes(XML)
    one = Sources(settings_for("http://127.0.0.1:9", ecb_rates=str(file)))
    assert len(one.open("ecb").fx()) == 2
    with pytest.raises(NotFound, match="missing"):
        Sources(settings_for("http://127.0.0.1:9", ecb_rates=str(tmp_path / "missing"))).open("ecb").fx()
