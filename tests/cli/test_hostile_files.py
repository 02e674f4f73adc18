"""Files made to harm whoever imports them, by every way in that the command line has."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import POSITIONS, Cli, Write
from tests.unit.intake.market.test_hostile_pdfs import CATALOG, PAGE, pdf
from tests.unit.intake.test_workbook_bounds import row, workbook

FAR = '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'


def ledger(mark: Path) -> str:
    """A ledger whose plugin makes a file in Beancount, even while it is only looked at."""
    return f"""option "operating_currency" "EUR"
plugin "beancount.plugins.commodity_attr" "__import__('os').system('touch {mark}') or {{}}"
2020-01-01 open Assets:Broker
2020-01-02 * "buy"
  Assets:Broker  10 ABC {{5 EUR}}
  Equity:Open
2026-11-01 price ABC 6 EUR
"""


@pytest.mark.parametrize("option", ["--dry-run", "--strict", "--format=beancount", "--format=auto"])
def test_a_plugin_in_a_ledger_is_never_run(
    cli: Cli, write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, option: str
) -> None:
    # Beancount's own tools are among this environment's programs; nothing may start them.
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    mark = tmp_path / "mark"
    evil = write("evil.beancount", ledger(mark))
    report = cli.json("portfolio", "import", evil, option, code=2)
    assert report["imported"] == []
    assert "'plugin' in line 2" in report["problems"][0]["message"]
    assert not mark.exists()


def test_in_a_folder_hostile_files_are_problems_and_the_good_one_comes_in(cli: Cli, tmp_path: Path) -> None:
    folder, mark = tmp_path / "folder", tmp_path / "mark"
    folder.mkdir()
    (folder / "a.beancount").write_text(ledger(mark))
    (folder / "b.txt").write_text(ledger(mark))
    (folder / "c.yaml").write_text(f"holdings: !!python/object/apply:os.system ['touch {mark}']\nas_of: 2026-10-30\n")
    (folder / "d.xml").write_text(
        '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><FlexQueryResponse>&a;</FlexQueryResponse>'
    )
    (folder / "e.xlsx").write_bytes(workbook(row(1, "symbol", "currency", "market_value") + FAR))
    (folder / "f.csv").write_text(POSITIONS)
    report = cli.json("portfolio", "import", folder, code=2)
    assert {one["name"] for one in report["imported"]} == {"Alpha", "Beta"}
    assert {one["file"] for one in report["problems"]} == {"a.beancount", "b.txt", "c.yaml", "d.xml", "e.xlsx"}
    assert "root:" not in str(report)
    assert not mark.exists()


def test_prices_and_series_in_a_workbook_without_end_are_problems(cli: Cli, tmp_path: Path) -> None:
    prices, series = tmp_path / "prices.xlsx", tmp_path / "series.xlsx"
    prices.write_bytes(workbook(row(1, "date", "symbol", "close") + row(2, "2026-11-02", "VOO", "5") + FAR))
    series.write_bytes(workbook(row(1, "date", "series_id", "value") + row(2, "2026-11-02", "CPI", "5") + FAR))
    for command, path in (("prices", prices), ("series", series)):
        report = cli.json(command, "import", path, code=2)
        assert "columns in row 1048576" in report["problems"][0]["message"]


def test_a_document_that_loops_is_a_problem(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "loop.pdf"
    path.write_bytes(pdf(CATALOG, b"<< /Type /Pages /Kids [2 0 R 2 0 R] /Count 2 >>", PAGE))
    report = cli.json("documents", "add", path, "--kind", "news", code=2)
    assert "loop.pdf" in str(report["problems"])
