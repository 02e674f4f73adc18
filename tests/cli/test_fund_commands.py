"""Fund holdings from a shell."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Cli
from tests.unit.funds.making import nport, security

ISIN = "US9229083632"


def test_a_filing_is_kept_listed_shown_bound_and_deleted(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "primary_doc.xml"
    path.write_bytes(nport(security("Invented Robots", "600"), security("Invented Brewery", "N/A")))
    assert cli("fund", "list")[1].startswith("Nothing is known")
    done = cli.json("fund", "import", path, "--isin", ISIN, code=2)
    assert [(one["fund_id"], one["codes"], one["change"]) for one in done["kept"]] == [
        ("S000000001", ["S000000001", ISIN], "added")
    ]
    assert [one["column"] for one in done["problems"]] == ["valUSD"]
    assert "60.00 %" in cli("fund", "list")[1]
    shown = cli.json("fund", "show", "S000000001")
    assert (shown["coverage_pct"], [one["name"] for one in shown["lines"]]) == (60.0, ["Invented Robots"])
    assert "Invented Robots" in cli("fund", "show", "S000000001", "--as-of", "2026-10-30")[1]
    assert cli("fund", "show", "S000000001", "--as-of", "2020-01-01")[0] == 2
    assert cli("fund", "bind", "S000000001", "VOO")[1] == f"S000000001 is known as S000000001, {ISIN}, VOO.\n"
    assert cli("fund", "delete", "S000000001")[0] == 0
    assert cli.json("fund", "list") == {"funds": []}


def test_a_portfolio_is_looked_through_where_its_funds_are_known(cli: Cli, positions: Path, tmp_path: Path) -> None:
    path = tmp_path / "primary_doc.xml"
    path.write_bytes(nport(security("Apple Inc", "600", isin="US0378331005"), security("Invented Brewery", "400")))
    cli("portfolio", "import", positions)
    alpha = cli.json("portfolio", "list")["portfolios"][0]["portfolio_id"]
    before = cli.json("portfolio", "metrics", alpha, "--group", "lookthrough")
    assert any("VOO: nothing is known of what it holds" in one["reason"] for one in before["absent"])
    cli("fund", "import", path, "--isin", ISIN)
    after = cli.json("portfolio", "metrics", alpha, "--group", "lookthrough")
    found = {fact["metric_id"]: fact["value"] for fact in after["metrics"]}
    assert (found["lookthrough.coverage"], found["lookthrough.issuer.apple_inc"]) == (100.0, 80.0)
