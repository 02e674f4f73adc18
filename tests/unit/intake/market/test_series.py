"""Economic series: read from files, kept with their terms, and spoken of only where they may be."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.desk.portfolios import PortfolioService
from core.desk.series import SeriesService
from core.domain.actor import LOCAL
from core.domain.facts import FactSheet, HoldingFact
from core.domain.market import EconomicSeries
from core.domain.units import Badge, Unit
from core.drafts.indicators import rotation_of
from core.errors import NotFound, UnreadableFile
from core.intake.market.series_files import SeriesIntake, frequency_of, read_series
from core.market_sources.terms import FRED, fred_terms
from core.metrics.fx import EcbRates
from core.metrics.prices import PriceSeries
from core.metrics.series import (
    WINDOWS_MONTHS,
    change,
    correlation,
    indicator_facts,
    last_known,
    months_before,
    reading,
    sector_rotation,
)
from core.metrics.simulated_series import simulated_series
from core.storage.store import Store

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
AS_OF = date(2026, 10, 30)
HEAD = "date,series_id,value,unit,source,url,licence\n"


def read(text: str, **more: str) -> SeriesIntake:
    return read_series("series.csv", text.encode(), fred=FRED, today=NOW.date(), **more)


def monthly(
    values: list[float], *, name: str = "CPI", unit: str = "percent", end: date = AS_OF, badge: Badge = Badge.REAL
) -> EconomicSeries:
    days = tuple(months_before(end, back) for back in range(len(values) - 1, -1, -1))
    return EconomicSeries(name, name, unit, "monthly", "Office", "CC0", "", "file", badge, True, days, tuple(values))


def test_a_file_is_read_by_series_with_publisher_licence_and_frequency() -> None:
    rows = "".join(f"2026-{month:02d}-01,CPI_US,{3 + month / 10},percent,BLS,https://www.bls.gov/cpi,public domain\n"
                   for month in range(1, 9))  # fmt: skip
    one = read(HEAD + rows + "2026-01-05,OIL,71.5,USD a barrel,EIA,,public domain\n").series[0]
    assert (one.series_id, one.unit, one.frequency, one.publisher) == ("CPI_US", "percent", "monthly", "BLS")
    assert (one.licence, one.url, one.may_prompt, one.badge) == (
        "public domain", "https://www.bls.gov/cpi", True, Badge.REAL,
    )  # fmt: skip
    assert one.values[0] == 3.1


def test_a_series_without_a_licence_is_kept_out_of_prompts_until_one_is_stated() -> None:
    text = "date;series_id;value;unit;source\n2026-01;CPI;3,1;percent;Office\n2026-02;CPI;3,2;percent;Office\n"
    silent = read(text)
    assert (silent.series[0].may_prompt, silent.series[0].licence) == (False, "not stated")
    assert silent.series[0].values == (3.1, 3.2)
    assert any("stay out of prompts" in note for note in silent.notes)
    assert read(text, licence="CC BY 4.0").series[0].may_prompt


@pytest.mark.parametrize(("source", "url"), [("FRED", ""), ("BLS", "https://fred.stlouisfed.org/series/UNRATE")])
def test_what_was_downloaded_from_fred_is_bound_by_its_terms_whoever_measured_it(source: str, url: str) -> None:
    text = HEAD + f"2026-01-01,UNRATE,4.1,percent,{source},{url},public domain\n"
    refused = read(text)
    assert refused.series == ()
    assert "forbid storing" in refused.problems[0].message
    allowed = read_series("s.csv", text.encode(), fred=fred_terms(may_store=True, may_prompt=False), today=NOW.date())
    assert allowed.series[0].may_prompt is False


def test_all_problems_of_a_file_are_shown_at_once() -> None:
    found = read(
        HEAD + "2026-13-01,A,1,percent,X,,x\n2026-01-01,bad id!,1,percent,X,,x\n2026-01-01,A,one,percent,X,,x\n"
        "2027-01-01,A,1,percent,X,,x\n2026-01-01,B,1,,X,,x\n2026-01-01,C,1,percent,,,x\n2026-02-01,A,.,percent,X,,x\n"
        "2026-03-01,A,1,percent,X,,x\n2026-03-01,A,2,percent,X,,x\n"
    )
    assert [(one.row, one.column) for one in found.problems] == [
        (None, "unit"), (None, "source"), (2, "date"), (3, "series_id"), (4, "value"), (5, "date"), (9, "value"),
        (10, "value"),
    ]  # fmt: skip
    with pytest.raises(UnreadableFile, match="date, series_id and value"):
        read("a,b\n1,2\n")


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=200))
def test_any_text_ends_in_a_result_or_a_reason(body: str) -> None:
    try:
        found = read(HEAD + body)
    except UnreadableFile:
        return
    for one in found.series:
        assert list(one.days) == sorted(set(one.days))
        assert all(np.isfinite(one.values))


def test_an_address_that_is_none_is_left_out() -> None:
    found = read(HEAD + "2026-01-01,A,1,percent,X,javascript:alert(1),x\n")
    assert found.series[0].url == ""
    assert any("https or http" in note for note in found.notes)


def test_how_often_a_series_is_observed_is_seen_from_its_days() -> None:
    start = date(2026, 1, 1)
    for step, name in ((1, "daily"), (7, "weekly"), (30, "monthly"), (91, "quarterly"), (365, "annual")):
        assert frequency_of(tuple(start + timedelta(days=step * place) for place in range(5))) == name
    assert frequency_of((start,)) == "irregular"


def test_units_say_how_values_change() -> None:
    assert reading("Percent").change is Unit.PP
    assert (reading("USD a barrel").unit, reading("USD a barrel").currency) == (Unit.CCY, "USD")
    assert reading("Index 2015=100").unit is Unit.SCORE
    assert reading("basis points").change is Unit.BPS
    assert reading("Thousands of Persons").unit is Unit.COUNT


def test_a_month_back_from_the_last_of_a_long_month_is_the_last_of_the_short_one() -> None:
    assert months_before(date(2026, 3, 31), 1) == date(2026, 2, 28)
    assert months_before(date(2026, 1, 15), 12) == date(2025, 1, 15)
    assert months_before(date(2026, 1, 15), 13) == date(2024, 12, 15)


def test_rates_change_in_points_and_levels_in_percent() -> None:
    rate, level = monthly([2.0, 2.1, 2.25]), monthly([100, 110, 121], unit="index")
    latest = rate.days[-1], rate.values[-1]
    assert change(rate, latest, 2) == pytest.approx(0.25)
    assert change(level, (level.days[-1], 121.0), 2) == pytest.approx(21)
    assert change(rate, latest, 12) is None


def test_nothing_after_the_day_asked_for_is_looked_at() -> None:
    series = monthly([1, 2, 3, 4])
    assert last_known(series, date(2026, 9, 29)) == (date(2026, 8, 30), 2)
    facts, _ = indicator_facts([series], date(2026, 9, 29))
    assert {fact.metric_id: fact.value for fact in facts}["indicator.CPI.latest"] == 2


def test_an_observation_that_is_too_old_is_no_present_state() -> None:
    facts, absent = indicator_facts([monthly([1, 2], end=date(2026, 1, 31))], AS_OF)
    assert facts == ()
    assert "2026-01-31, 272 days before" in absent[0].reason


def test_facts_of_an_indicator_carry_unit_period_and_badge() -> None:
    facts, absent = indicator_facts([monthly([float(value) for value in range(14)])], AS_OF)
    by_id = {fact.metric_id: fact for fact in facts}
    assert set(by_id) == {f"indicator.CPI.{name}" for name in ("latest", "change_1m", "change_3m", "change_1y")}
    assert (by_id["indicator.CPI.latest"].badge, by_id["indicator.CPI.latest"].period) == (
        Badge.REAL, "as of 2026-10-30",
    )  # fmt: skip
    yearly = by_id["indicator.CPI.change_1y"]
    assert (yearly.value, yearly.unit, yearly.badge, yearly.period) == (
        12, Unit.PP, Badge.DERIVED, "2025-10-30..2026-10-30",
    )  # fmt: skip
    assert absent == ()


def test_a_correlation_is_that_of_monthly_changes_over_a_whole_window() -> None:
    generator = np.random.default_rng(7)
    moves = generator.standard_normal((40, 2))
    first, second = (monthly(list(np.cumsum(moves[:, place])), name=f"S{place}") for place in (0, 1))
    found = correlation(first, second, AS_OF, 36)
    assert found.value == pytest.approx(np.corrcoef(moves[-36:].T)[0, 1])
    assert (found.sample, found.last) == (36, AS_OF)
    short = correlation(first, second, AS_OF, 60)
    assert short.value is None
    assert "needs 60 monthly changes in a row and has 39" in short.reason


def test_a_hole_in_the_window_or_a_series_that_stands_still_gives_no_correlation() -> None:
    one, other = monthly([float(place % 5) for place in range(20)], name="A"), monthly([1.0] * 20, name="B")
    assert correlation(one, other, AS_OF, 12).reason == "one of the series did not move"
    holed = EconomicSeries("C", "C", "percent", "monthly", "O", "x", "", "file", Badge.REAL, True,
                           other.days[:-6] + other.days[-5:], (*one.values[:-6], *one.values[-5:]))  # fmt: skip
    assert "in a row" in correlation(one, holed, AS_OF, 12).reason


def test_a_month_that_is_not_over_does_not_count() -> None:
    one = monthly([float(place**2) for place in range(15)], end=date(2026, 10, 15))
    found = correlation(one, monthly([float(place) ** 3 for place in range(15)], end=date(2026, 10, 15), name="B"),
                        date(2026, 10, 16), 12)  # fmt: skip
    assert found.last == date(2026, 9, 15)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.floats(-50, 50), st.floats(-50, 50)), min_size=14, max_size=14),
    st.floats(0.1, 10),
    st.floats(-20, 20),
)
def test_correlation_is_symmetric_bounded_and_blind_to_scale(
    pairs: list[tuple[float, float]], scale: float, shift: float
) -> None:
    one, other = monthly([a for a, _ in pairs], name="A"), monthly([b for _, b in pairs], name="B")
    scaled = monthly([a * scale + shift for a, _ in pairs], name="A")
    there, back = correlation(one, other, AS_OF, 12).value, correlation(other, one, AS_OF, 12).value
    if there is None or back is None:
        return
    assert there == pytest.approx(back)
    assert -1.0000001 <= there <= 1.0000001
    moved = correlation(scaled, other, AS_OF, 12).value
    spread = min(np.ptp(np.diff([a for a, _ in pairs])), np.ptp(np.diff([b for _, b in pairs])))
    if moved is not None and spread > 1e-3:
        assert moved == pytest.approx(there, abs=1e-6)


def prices(symbol: str, *closes: float, badge: Badge = Badge.REAL) -> PriceSeries:
    days = [months_before(AS_OF, back) for back in range(len(closes) - 1, -1, -1)]
    return PriceSeries(symbol, "USD", badge, np.array(days, dtype="datetime64[D]"), np.array(closes))


def test_sectors_are_ranked_by_their_return_against_all() -> None:
    members = {"energy": {"XOM": 1.0, "CVX": 1.0}, "tech": {"MSFT": 2.0}}
    held = {"XOM": prices("XOM", 100, 110), "CVX": prices("CVX", 100, 130), "MSFT": prices("MSFT", 100, 90)}
    found, left_out = sector_rotation(members, held, AS_OF, 1)
    assert [one.sector for one in found] == ["energy", "tech"]
    assert found[0].sector_return == pytest.approx(0.20)
    assert found[0].relative == pytest.approx(1.2 / 1.05 - 1)
    assert found[1].relative == pytest.approx(0.9 / 1.05 - 1)
    assert left_out == ()


def test_a_sector_without_enough_prices_is_not_stated() -> None:
    members = {"energy": {"XOM": 1.0, "CVX": 3.0}, "tech": {"MSFT": 2.0}, "health": {"PFE": 1.0}}
    held = {"XOM": prices("XOM", 100, 110), "MSFT": prices("MSFT", 100, 90), "PFE": prices("PFE", 100, 100)}
    found, left_out = sector_rotation(members, held, AS_OF, 1)
    assert {one.sector for one in found} == {"tech", "health"}
    assert "cover 25%" in dict(left_out)["energy"]
    assert sector_rotation(members, held, AS_OF, 6)[0] == ()


def test_rotation_of_a_portfolio_leaves_out_cash_and_lines_without_a_sector() -> None:
    def line(symbol: str, sector: str, weight: float) -> HoldingFact:
        return HoldingFact(symbol, symbol, symbol, "equity", sector, "US", "USD", weight, 1.0)

    sheet = FactSheet(
        "p", "P", AS_OF, "USD", "US", (), (),
        (line("XOM", "Energy", 40), line("MSFT", "Information Technology", 40), line("USD", "cash", 10),
         line("X", "", 5), line("S", "Energy", -5)),
    )  # fmt: skip
    held = {"XOM": prices("XOM", 100, 110), "MSFT": prices("MSFT", 100, 90)}
    facts, absent = rotation_of(sheet, held)
    assert {fact.metric_id for fact in facts} == {
        "indicator.sector.energy.strength_1m",
        "indicator.sector.information_technology.strength_1m",
    }
    assert {one.metric_id.rsplit("_", 1)[1] for one in absent} == {"3m", "6m", "12m"}


def test_the_demos_series_are_simulated_seeded_and_over_ten_years() -> None:
    series = simulated_series(AS_OF)
    assert {one.series_id for one in series} == {
        f"demo.{name}"
        for name in ("inflation", "policy_rate", "yield_10y", "unemployment", "equity", "volatility", "oil", "gold")
    }
    for one in series:
        assert one.badge is Badge.SIMULATED
        assert one.title.startswith("Simulated")
        assert one.days[-1] <= AS_OF
        assert (one.days[-1] - one.days[0]).days > 3_600
        assert all(np.isfinite(one.values))
        assert min(one.values) >= 0
    assert series == simulated_series(AS_OF)
    assert series != simulated_series(AS_OF, seed=1)
    later = {one.series_id: dict(zip(one.days, one.values, strict=True)) for one in simulated_series(date(2027, 3, 31))}
    for one in series[:4]:
        assert all(
            later[one.series_id].get(day, value) == value for day, value in zip(one.days, one.values, strict=True)
        )


def test_the_demos_series_give_every_indicator_and_correlation() -> None:
    series = simulated_series(AS_OF)
    facts, absent = indicator_facts(series, AS_OF, reference="demo.equity")
    assert absent == ()
    assert len(facts) == 4 * len(series) + len(WINDOWS_MONTHS) * (len(series) - 1)
    assert {fact.badge for fact in facts} == {Badge.SIMULATED}


@pytest.fixture
def service(store: Store) -> SeriesService:
    return SeriesService(store, lambda: NOW, FRED)


def write(folder: Path, *rows: str) -> Path:
    path = folder / "s.csv"
    path.write_text(HEAD + "\n".join(rows) + "\n", "utf-8")
    return path


def test_a_revision_is_a_conflict_until_it_is_asked_for(service: SeriesService, tmp_path: Path) -> None:
    service.import_paths(
        LOCAL, [write(tmp_path, "2026-08-01,GDP,1.1,percent,BEA,,pd", "2026-09-01,GDP,1.2,percent,BEA,,pd")]
    )
    revised = write(tmp_path, "2026-09-01,GDP,1.4,percent,BEA,,pd", "2026-10-01,GDP,1.5,percent,BEA,,pd")
    first = service.import_paths(LOCAL, [revised])
    assert [(one.day, one.stored, one.new) for one in first.conflicts] == [(date(2026, 9, 1), 1.2, 1.4)]
    assert service.get(LOCAL, "GDP").values == (1.1, 1.2, 1.5)
    second = service.import_paths(LOCAL, [revised], replace_values=True)
    assert (second.imported[0].replaced, second.conflicts) == (1, ())
    assert service.get(LOCAL, "GDP").values == (1.1, 1.4, 1.5)


def test_an_update_keeps_what_an_earlier_file_said_of_the_series(service: SeriesService, tmp_path: Path) -> None:
    rows = [f"2026-{month:02d}-01,CPI,3.{month},percent,BLS,https://www.bls.gov,public domain" for month in range(1, 9)]
    service.import_paths(LOCAL, [write(tmp_path, *rows)])
    report = service.import_paths(LOCAL, [write(tmp_path, "2026-09-01,CPI,3.9,percent,BLS,,")])
    one = service.get(LOCAL, "CPI")
    assert (one.licence, one.may_prompt, one.frequency, one.url) == (
        "public domain", True, "monthly", "https://www.bls.gov",
    )  # fmt: skip
    assert report.imported[0].may_prompt


def test_another_series_under_the_same_id_is_refused(service: SeriesService, tmp_path: Path) -> None:
    service.import_paths(LOCAL, [write(tmp_path, "2026-08-01,GDP,1.1,percent,BEA,,pd")])
    report = service.import_paths(LOCAL, [write(tmp_path, "2026-09-01,GDP,23000,USD billions,BEA,,pd")])
    assert "unit 'percent'" in report.problems[0].message
    assert service.get(LOCAL, "GDP").values == (1.1,)
    with pytest.raises(NotFound, match="series list"):
        service.get(LOCAL, "NONE")


def test_real_and_simulated_series_are_never_spoken_of_together(
    service: SeriesService, store: Store, tmp_path: Path
) -> None:
    PortfolioService(store, EcbRates(), lambda: NOW).add_samples(LOCAL)
    service.import_paths(LOCAL, [write(tmp_path, "2026-10-01,CPI,3.1,percent,BLS,,public domain")])
    for simulated in (True, False):
        facts, _ = service.indicators(LOCAL, AS_OF, simulated=simulated)
        assert facts
        assert {fact.badge is Badge.SIMULATED for fact in facts} == {simulated}
    row = next(row for row in service.rows(LOCAL) if row.series_id == "CPI")
    assert (row.publisher, row.licence, row.observations, row.fetched_at) == ("BLS", "public domain", 1, NOW)


def test_a_series_is_read_on_the_day_of_its_newest_value_and_said_to_be_stale(store: Store) -> None:
    service = SeriesService(store, lambda: NOW, FRED)
    old = monthly([3.0 + step / 10 for step in range(14)], end=date(2025, 10, 30), name="OLD")
    service.keep(LOCAL, [SeriesIntake("file", (monthly([2.0, 2.5], name="NEW"), old))])
    found = service.readings(LOCAL, ["NEW", "OLD", "NONE"])
    assert sorted(found) == ["NEW", "OLD"]
    assert {fact.metric_id.rsplit(".", 1)[1]: round(fact.value, 6) for fact in found["OLD"].facts} == {
        "latest": 4.3,
        "change_1m": 0.1,
        "change_3m": 0.3,
        "change_1y": 1.2,
    }
    assert "386 days before" in found["OLD"].stale
    assert found["NEW"].stale == ""
    assert {one.metric_id.rsplit(".", 1)[1] for one in found["NEW"].absent} == {"change_3m", "change_1y"}


def test_correlations_end_where_the_older_of_two_series_ends(store: Store) -> None:
    service = SeriesService(store, lambda: NOW, FRED)
    waves = [float(np.sin(step)) for step in range(40)]
    older = monthly(waves, name="B", end=date(2024, 10, 30))
    service.keep(LOCAL, [SeriesIntake("file", (monthly(waves, name="A"), older))])
    short, middle, long = service.correlations(LOCAL, "A", "B")
    assert (short.months, middle.months, long.months) == WINDOWS_MONTHS
    assert short.value is not None
    assert short.last == date(2024, 10, 30)
    assert long.value is None
    assert "needs 60" in long.reason
    with pytest.raises(NotFound):
        service.correlations(LOCAL, "A", "NONE")


def test_an_uploaded_file_is_looked_at_without_being_kept(store: Store) -> None:
    service = SeriesService(store, lambda: NOW, FRED)
    text = "date,series_id,value,unit\n2026-01,CPI,3.1,percent\n2026-02,CPI,3.2,percent\n"
    assert "publisher is missing" in service.inspect(LOCAL, "s.csv", text.encode()).problems[0].message
    assert service.inspect(LOCAL, "s.csv", text.encode(), publisher="Office", licence="CC0").series[0].may_prompt
    assert service.rows(LOCAL) == []
