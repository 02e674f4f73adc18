"""Fund holdings are kept apart from portfolios, each day once, and found by what a holding is known by."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from core.desk.funds import FundService
from core.domain.actor import LOCAL, Actor, Role
from core.domain.fund import FundShelf
from core.errors import BadInput, NotFound, NotPermitted
from core.storage.portfolios.portfolios import ImportOutcome
from core.storage.store import Store
from tests.unit.funds.making import OCTOBER, nport, security

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
ISIN = "IE00B4L5Y983"
VIEWER = Actor("v", "Vera", frozenset({Role.VIEWER}))


def service(store: Store) -> FundService:
    return FundService(store, lambda: NOW)


def put(store: Store, data: bytes, *codes: str) -> tuple[str, ImportOutcome]:
    funds = service(store)
    (kept,) = funds.keep(LOCAL, funds.inspect(LOCAL, "fund.xml", data), codes).kept
    return kept.fund_id, kept.change


def test_a_newer_day_leaves_the_older_and_the_same_file_changes_nothing(store: Store) -> None:
    july, october = nport(security("A", "900"), day="2026-07-31"), nport(security("A", "800"))
    assert put(store, july, ISIN) == ("S000000001", ImportOutcome.ADDED)
    assert put(store, october)[1] is ImportOutcome.NEW_SNAPSHOT
    assert put(store, october)[1] is ImportOutcome.UNCHANGED
    assert put(store, nport(security("A", "700")))[1] is ImportOutcome.REVISED
    days = service(store).days(LOCAL, "S000000001")
    assert [(one.as_of, one.revision, one.days) for one in days] == [(OCTOBER, 2, 2), (date(2026, 7, 31), 1, 2)]
    assert days[0].codes == (ISIN, "S000000001")
    shelf = FundShelf(*store.funds.load([ISIN]))
    fund_id = shelf.fund_of(isin=ISIN, symbol="OTHER")
    for on, weight in ((date(2026, 11, 30), 70), (date(2026, 8, 1), 90), (date(2025, 1, 1), 90)):
        found = shelf.report(fund_id, on)
        assert found is not None
        assert found.lines[0].weight_pct == weight
    assert store.portfolios.count() == 0


def test_what_is_read_back_is_what_was_read(sqlite_store: Store) -> None:
    funds = service(sqlite_store)
    reading = funds.inspect(LOCAL, "f.xml", nport(security("A", "900", country="GB", currency="GBP"), cash="50"))
    funds.keep(LOCAL, reading, ["VTI"])
    found = funds.report(LOCAL, "S000000001")
    assert reading.report is not None
    assert set(found.lines) == set(reading.report.lines)
    assert (found.net_assets, found.source, found.file) == (1000, "sec_nport", "f.xml")


def test_a_line_is_of_a_fund_by_its_isin_and_by_its_symbol_only_without_one(sqlite_store: Store) -> None:
    put(sqlite_store, nport(security("A", "1")), ISIN, "vti")
    shelf = FundShelf(*sqlite_store.funds.load([ISIN]))
    assert shelf.fund_of(isin=ISIN) == shelf.fund_of(symbol="VTI") == "S000000001"
    assert shelf.fund_of(isin="US9229087690", symbol="VTI") == ""


def test_codes_of_two_funds_are_refused_and_nothing_is_stored(sqlite_store: Store) -> None:
    put(sqlite_store, nport(security("A", "1")), ISIN)
    put(sqlite_store, nport(security("B", "1"), series="S000000002"), "VTI")
    with pytest.raises(BadInput, match="several funds"):
        put(sqlite_store, nport(security("C", "1"), series="S000000002"), ISIN)
    assert [len(service(sqlite_store).days(LOCAL, f"S00000000{n}")) for n in (1, 2)] == [1, 1]
    with pytest.raises(BadInput, match="'S000000001' already"):
        service(sqlite_store).bind(LOCAL, "S000000002", [ISIN])


def test_a_fund_that_no_holding_can_be_of_is_told_of_and_bound_later(sqlite_store: Store) -> None:
    funds = service(sqlite_store)
    done = funds.keep(LOCAL, funds.inspect(LOCAL, "f.xml", nport(security("A", "1"))))
    assert "No holding is known to be of" in done.notes[-1]
    funds.bind(LOCAL, "S000000001", [ISIN, "vwra"])
    assert funds.rows(LOCAL)[0].codes == (ISIN, "S000000001", "VWRA")


@pytest.mark.parametrize("code", ["IE00B4L5Y984", "", "two words", "X" * 41])
def test_a_code_that_is_none_is_refused(sqlite_store: Store, code: str) -> None:
    with pytest.raises(BadInput):
        put(sqlite_store, nport(security("A", "1")), code)
    assert service(sqlite_store).rows(LOCAL) == []


def test_a_fund_can_be_taken_away(sqlite_store: Store) -> None:
    put(sqlite_store, nport(security("A", "1")), ISIN)
    service(sqlite_store).delete(LOCAL, "S000000001")
    assert service(sqlite_store).rows(LOCAL) == []
    assert sqlite_store.funds.load([ISIN]) == ([], {})
    with pytest.raises(NotFound, match="fund list"):
        service(sqlite_store).delete(LOCAL, "S000000001")
    with pytest.raises(NotFound):
        service(sqlite_store).report(LOCAL, "S000000001")


def test_a_file_that_cannot_be_read_is_a_problem_and_the_others_come_in(sqlite_store: Store, tmp_path: Path) -> None:
    good, bad = tmp_path / "good.xml", tmp_path / "bad.xml"
    good.write_bytes(nport(security("A", "1")))
    bad.write_bytes(b"<html><p>moved</p></html>")
    done = service(sqlite_store).import_paths(LOCAL, [bad, good])
    assert [one.file for one in done.problems] == ["bad.xml"]
    assert [one.file for one in done.kept] == ["good.xml"]
    with pytest.raises(BadInput, match="one fund"):
        service(sqlite_store).import_paths(LOCAL, [bad, good], codes=[ISIN])
    assert service(sqlite_store).import_paths(LOCAL, [good], dry_run=True).kept == ()


def test_a_viewer_looks_and_brings_nothing_in(sqlite_store: Store) -> None:
    funds = service(sqlite_store)
    reading = funds.inspect(LOCAL, "f.xml", nport(security("A", "1")))
    for act in (
        lambda: funds.inspect(VIEWER, "f.xml", b"x"),
        lambda: funds.keep(VIEWER, reading),
        lambda: funds.bind(VIEWER, "x", ["VTI"]),
        lambda: funds.delete(VIEWER, "x"),
    ):
        with pytest.raises(NotPermitted):
            act()
    assert funds.rows(VIEWER) == []
