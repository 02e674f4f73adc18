"""Imports for a person: mappings are confirmed once, price histories come along, nothing is kept half."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from core.desk.imports import ImportService
from core.desk.portfolios import PortfolioService
from core.desk.prices import PriceService
from core.domain.actor import LOCAL, Actor, Role
from core.domain.portfolio import DailyCloses, Intake
from core.domain.units import Badge
from core.errors import BadInput, NotFound, NotPermitted
from core.intake.tables.column_mapping import ColumnMapping
from core.metrics.fx import EcbRates
from core.storage.store import Store
from tests.made_tables import made_database

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
OWN = "Papier,Wo,Wieviel,Wert heute\nAAPL,Bank A,10,2500\nMSFT,Bank B,5,2500\n"
SAID = ["Papier=symbol", "Wo=account", "Wieviel=quantity", "Wert heute=market_value", "=EUR=currency"]
GOOD = "symbol,currency,market_value\nVOO,USD,5\n"


@pytest.fixture
def lite(tmp_path: Path) -> Iterator[Store]:
    """A store on SQLite: what is kept where is proved on both engines by the tests of storage."""
    opened = Store(made_database(tmp_path / "m.db"))
    yield opened
    opened.close()


@pytest.fixture
def imports(lite: Store) -> ImportService:
    portfolios = PortfolioService(lite, EcbRates(), lambda: NOW)
    return ImportService(lite, portfolios, PriceService(lite, lambda: NOW), lambda: NOW)


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_mapping_said_once_needs_no_question_the_next_month(imports: ImportService, tmp_path: Path) -> None:
    first = imports.import_paths(LOCAL, [write(tmp_path, "mine-2026-09-30.csv", OWN)], columns=SAID)
    assert len(first.imported) == 2
    assert not first.problems
    kept = imports.mappings(LOCAL)
    assert [(one.header, one.confirmed_by) for one in kept] == [
        (("Papier", "Wo", "Wieviel", "Wert heute"), LOCAL.subject)
    ]
    second = imports.import_paths(LOCAL, [write(tmp_path, "mine-2026-10-30.csv", OWN)])
    assert [one.portfolio_id for one in second.imported] == [one.portfolio_id for one in first.imported]
    assert any("read as remembered" in note for note in second.notes)


def test_a_forgotten_mapping_is_asked_for_again(imports: ImportService, tmp_path: Path) -> None:
    path = write(tmp_path, "mine.csv", OWN)
    imports.import_paths(LOCAL, [path], columns=SAID)
    fingerprint = imports.mappings(LOCAL)[0].fingerprint
    imports.forget(LOCAL, fingerprint)
    assert "Say once which column is which" in imports.import_paths(LOCAL, [path]).problems[0].message
    with pytest.raises(NotFound):
        imports.forget(LOCAL, fingerprint)


@pytest.mark.parametrize("wish", [{"dry_run": True}, {"strict": True}])
def test_what_is_not_kept_is_not_remembered(imports: ImportService, tmp_path: Path, lite: Store, wish) -> None:
    path = write(tmp_path, "mine.csv", OWN + "TSLA,Bank A,1,soon\n")
    report = imports.import_paths(LOCAL, [path], columns=SAID, **wish)
    assert not report.kept
    assert [problem.row for problem in report.problems] == [4]
    assert bool(report.imported) is ("dry_run" in wish)
    assert imports.mappings(LOCAL) == []
    assert lite.portfolios.count() == 0


def test_a_mapping_that_cannot_work_keeps_nothing(imports: ImportService, tmp_path: Path, lite: Store) -> None:
    with pytest.raises(BadInput, match="No column is the currency"):
        imports.import_paths(LOCAL, [write(tmp_path, "mine.csv", OWN)], columns=SAID[:-1])
    survey = imports.survey(LOCAL, "mine.csv", OWN.encode())
    with pytest.raises(BadInput, match="No column names the positions"):
        imports.remember(LOCAL, survey, ColumnMapping(()))
    assert lite.portfolios.count() == 0


def test_price_histories_of_a_file_are_kept_as_real_and_replace_nothing(imports: ImportService, lite: Store) -> None:
    days = (date(2026, 10, 29), date(2026, 10, 30))
    closes = DailyCloses("VOO", "USD", tuple(zip(days, (Decimal(600), Decimal(601)), strict=True)))
    report = imports.keep(LOCAL, [Intake("client.xml", "x", prices=(closes,))])
    assert any("brought 2 new daily closes of 1 symbols" in note for note in report.notes)
    assert lite.prices.load(["VOO"])["VOO"].badge is Badge.REAL
    other = DailyCloses("VOO", "USD", ((days[1], Decimal(602)),))
    again = imports.keep(LOCAL, [Intake("other.xml", "x", prices=(other,))])
    assert any("1 closes of 'other.xml' differ from stored ones" in note for note in again.notes)
    assert float(lite.prices.load(["VOO"])["VOO"].closes[-1]) == 601


def test_a_folder_is_read_without_what_its_links_lead_to_and_says_so(imports: ImportService, tmp_path: Path) -> None:
    folder, elsewhere = tmp_path / "in", tmp_path / "elsewhere"
    (elsewhere / "more").mkdir(parents=True)
    folder.mkdir()
    write(folder, "mine.csv", GOOD)
    write(elsewhere, "theirs.csv", GOOD)
    (folder / "same.csv").symlink_to("mine.csv")
    (folder / "theirs.csv").symlink_to(elsewhere / "theirs.csv")
    (folder / "up.csv").symlink_to(Path("..", "elsewhere", "theirs.csv"))
    (folder / "more").symlink_to(elsewhere)
    (folder / "round").symlink_to(folder)
    (folder / "lost.csv").symlink_to(tmp_path / "nowhere.csv")
    report = imports.import_paths(LOCAL, [folder], dry_run=True)
    told = {problem.file: problem.message for problem in report.problems}
    assert set(told) == {"theirs.csv", "up.csv", "more", "round"}
    assert "leads out of the folder" in told["up.csv"]
    assert "link to a folder" in told["more"]
    assert len(report.imported) == 2
    # A link that somebody names is meant.
    assert imports.import_paths(LOCAL, [folder / "theirs.csv"], dry_run=True).problems == ()


def test_a_folder_gives_its_readable_files_and_a_bad_one_is_a_problem(imports: ImportService, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    write(folder, "a.csv", GOOD)
    write(folder, "b.csv", "nothing here")
    write(folder, "c.bin", "skipped")
    report = imports.import_paths(LOCAL, [folder])
    assert len(report.imported) == 1
    assert [problem.file for problem in report.problems] == ["b.csv"]
    with pytest.raises(BadInput, match="There is no file"):
        imports.import_paths(LOCAL, [tmp_path / "missing.csv"])
    (tmp_path / "empty").mkdir()
    with pytest.raises(BadInput, match="holds no file that could be read"):
        imports.import_paths(LOCAL, [tmp_path / "empty"])


def test_a_viewer_may_neither_import_nor_see_mappings(imports: ImportService, tmp_path: Path) -> None:
    viewer = Actor("vic", "Vic", frozenset({Role.VIEWER}))
    for ask in (
        lambda: imports.import_paths(viewer, [tmp_path]),
        lambda: imports.survey(viewer, "a.csv", OWN.encode()),
        lambda: imports.mappings(viewer),
        lambda: imports.forget(viewer, "x"),
        lambda: imports.keep(viewer, []),
    ):
        with pytest.raises(NotPermitted):
            ask()
