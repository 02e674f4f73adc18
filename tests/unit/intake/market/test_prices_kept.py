"""Prices in the database: real beside simulated, and nothing replaced unsaid."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from core.desk.portfolios import PortfolioService
from core.desk.price_merge import merge
from core.desk.prices import PriceService
from core.domain.actor import LOCAL, Actor, Role
from core.domain.portfolio import DailyCloses
from core.domain.units import Badge
from core.drafts.fact_sheets import sheets_of
from core.errors import NotFound, NotPermitted
from core.metrics.fx import EcbRates
from core.metrics.prices import PriceSeries
from core.storage.store import Store

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
DAYS = [date(2026, 1, day) for day in (5, 6, 7, 8)]


def closes(*values: str, days: list[date] = DAYS, currency: str = "USD") -> DailyCloses:
    return DailyCloses("VTI", currency, tuple(zip(days, map(Decimal, values), strict=False)))


def stored(*values: float, days: list[date] = DAYS, badge: Badge = Badge.REAL) -> PriceSeries:
    return PriceSeries("VTI", "USD", badge, np.array(days[: len(values)], dtype="datetime64[D]"), np.array(values))


@pytest.fixture
def service(store: Store) -> PriceService:
    return PriceService(store, lambda: NOW)


def write(folder: Path, text: str, name: str = "prices.csv") -> Path:
    path = folder / name
    path.write_text("date,symbol,close,currency\n" + text, "utf-8")
    return path


def test_new_days_are_added_and_known_ones_are_counted() -> None:
    done = merge(stored(300, 301), closes("300", "301", "302", "303"), Badge.REAL, replace=False)
    assert (done.added, done.same, done.replaced, done.conflicts) == (2, 2, 0, ())
    assert done.series is not None
    assert done.series.closes.tolist() == [300, 301, 302, 303]


def test_a_close_that_differs_stays_and_is_shown_as_a_conflict() -> None:
    done = merge(stored(300, 301), closes("300", "305", "306"), Badge.REAL, replace=False)
    assert [(one.day, one.stored, one.new) for one in done.conflicts] == [(DAYS[1], 301, 305)]
    assert done.series is not None
    assert done.series.closes.tolist() == [300, 301, 306]


def test_the_newer_close_wins_where_that_was_asked_for() -> None:
    done = merge(stored(300, 301), closes("300", "305", "306"), Badge.REAL, replace=True)
    assert (done.replaced, done.conflicts) == (1, ())
    assert done.series is not None
    assert done.series.closes.tolist() == [300, 305, 306]


def test_closes_adjusted_for_a_split_are_not_joined_to_unadjusted_ones() -> None:
    halved = closes("150.5", "151", "151.5", days=DAYS[1:])
    for replace in (False, True):
        done = merge(stored(300, 301, 302), halved, Badge.REAL, replace=replace)
        assert done.series is None
        assert "0.5 times" in done.refusal
    whole = merge(stored(300, 301, 302), closes("150", "150.5", "151", "151.5"), Badge.REAL, replace=True)
    assert whole.series is not None
    assert (whole.added, whole.replaced) == (1, 3)


def test_closes_in_another_unit_than_the_stored_ones_are_refused() -> None:
    done = merge(stored(300, 301), closes("3.02", "3.03", days=DAYS[2:]), Badge.REAL, replace=False)
    assert "301 to 3.02 on 2026-01-07, a factor of about a hundred" in done.refusal
    assert merge(stored(300, 301), closes("3.02", days=DAYS[2:]), Badge.REAL, replace=False, accept_jumps=True).series


def test_closes_in_two_units_are_refused_wherever_they_come_from(service: PriceService) -> None:
    report = service.keep_closes(LOCAL, "x.xml", [closes("14.5", "0.1455", "14.6", "14.7")])
    assert "14.5 to 0.1455 on 2026-01-06" in report.problems[0].message
    assert service.rows(LOCAL) == []


def test_another_currency_is_refused_or_replaces_everything() -> None:
    new = closes("270", "271", currency="EUR")
    assert "stored in USD" in merge(stored(300, 301, 302), new, Badge.REAL, replace=False).refusal
    done = merge(stored(300, 301, 302), new, Badge.REAL, replace=True)
    assert done.series is not None
    assert (done.series.currency, done.series.days.size) == ("EUR", 2)


def test_an_import_is_kept_badged_real_and_can_be_repeated(service: PriceService, tmp_path: Path) -> None:
    path = write(tmp_path, "2026-01-05,VTI,300,USD\n2026-01-06,VTI,301,USD\n")
    first = service.import_paths(LOCAL, [path])
    again = service.import_paths(LOCAL, [path])
    assert [(one.added, one.same) for one in (*first.imported, *again.imported)] == [(2, 0), (0, 2)]
    row = service.rows(LOCAL, search="vt")[0]
    assert (row.badge, row.closes, row.source, row.updated_at) == (Badge.REAL, 2, "prices.csv", NOW)
    service.remove(LOCAL, "VTI")
    with pytest.raises(NotFound, match="prices import"):
        service.series(LOCAL, "VTI")


def test_a_trial_keeps_nothing(service: PriceService, tmp_path: Path) -> None:
    report = service.import_paths(LOCAL, [write(tmp_path, "2026-01-05,VTI,300,USD\n")], dry_run=True)
    assert [one.added for one in report.imported] == [1]
    assert service.rows(LOCAL) == []


def test_a_file_that_cannot_be_read_is_a_problem_and_the_others_come_in(service: PriceService, tmp_path: Path) -> None:
    good = write(tmp_path, "2026-01-05,VTI,300,USD\n")
    bad = tmp_path / "x.csv"
    bad.write_text("nothing", "utf-8")
    report = service.import_paths(LOCAL, [bad, tmp_path / "missing.csv", good])
    assert [one.symbol for one in report.imported] == ["VTI"]
    assert [problem.file for problem in report.problems] == ["x.csv", "missing.csv"]


def test_real_and_simulated_prices_of_a_symbol_stand_side_by_side(store: Store, service: PriceService) -> None:
    store.prices.save([stored(1, 2, badge=Badge.SIMULATED)])
    service.keep_closes(LOCAL, "x.xml", [closes("300", "301", "302")])
    assert store.prices.load(["VTI"])["VTI"].badge is Badge.REAL
    assert store.prices.load(["VTI"], simulated_first=True)["VTI"].badge is Badge.SIMULATED
    assert {one.badge for one in service.series(LOCAL, "VTI")} == {Badge.REAL, Badge.SIMULATED}
    service.remove(LOCAL, "VTI")
    assert [one.badge for one in service.series(LOCAL, "VTI")] == [Badge.SIMULATED]


def test_a_real_portfolio_never_sees_simulated_prices_and_a_sample_keeps_them(store: Store, tmp_path: Path) -> None:
    portfolios = PortfolioService(store, EcbRates(), lambda: NOW)
    portfolios.add_samples(LOCAL)
    sample = next(one for one in store.portfolios.load(store.portfolios.ids()) if one.is_sample)
    symbol = next(line.symbol for line in sample.holdings if line.symbol in store.prices.load([line.symbol]))
    file = tmp_path / "mine.csv"
    file.write_text(f"symbol,currency,market_value,date\n{symbol},USD,100,2026-10-30\n", "utf-8")
    mine = portfolios.keep(LOCAL, [portfolios.inspect(LOCAL, file.name, file.read_bytes())]).imported[0].portfolio_id
    sheet = sheets_of(store, EcbRates(), store.portfolios.load([mine]))[0]
    assert Badge.SIMULATED not in {fact.badge for fact in sheet.facts}
    PriceService(store, lambda: NOW).keep_closes(LOCAL, "p.csv", [DailyCloses(symbol, "USD", ((DAYS[0], Decimal(9)),))])
    shown = sheets_of(store, EcbRates(), [sample])[0]
    assert Badge.SIMULATED in {fact.badge for fact in shown.facts}


def test_prices_of_the_first_release_survive_the_migration(store: Store) -> None:
    from sqlalchemy import text

    from core.metrics.prices import PriceHistory

    body = PriceHistory.from_series([stored(1, 2, badge=Badge.SIMULATED)]).to_bytes()
    blob = "BLOB" if store.database.is_sqlite else "BYTEA"
    with store.database.write() as connection:
        for name in ("economic_series", "market_answer", "research_document", "research_passage", "price_series"):
            connection.execute(text(f"DROP TABLE {name}"))
        connection.execute(
            text(
                "CREATE TABLE price_series (symbol VARCHAR PRIMARY KEY, currency VARCHAR NOT NULL, "
                f"badge VARCHAR NOT NULL, first_day VARCHAR NOT NULL, last_day VARCHAR NOT NULL, body {blob} NOT NULL)"
            )
        )
        connection.execute(
            text("INSERT INTO price_series VALUES ('VTI', 'USD', 'simulated', '2026-01-05', '2026-01-06', :body)"),
            {"body": body},
        )
        connection.execute(text("DELETE FROM schema_migration WHERE version = 5"))
    assert store.upgrade() == ["m0005_market_data"]
    assert store.prices.load(["VTI"])["VTI"].closes.tolist() == [1, 2]
    assert store.prices.rows()[0].closes is None


def test_a_viewer_sees_prices_and_brings_none_in(service: PriceService, tmp_path: Path) -> None:
    viewer = Actor("v", "Vera", frozenset({Role.VIEWER}))
    assert service.rows(viewer) == []
    with pytest.raises(NotPermitted):
        service.import_paths(viewer, [tmp_path])
