"""`mosychlos prices | series | market | documents`: what scripts rely on."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.cli.conftest import Cli, Write

PRICES = "date,VTI (USD),AZN.L (GBX)\n2026-10-28,320,11600\n2026-10-29,321,116.5\n2026-10-30,322,11655\n"
SERIES = "date,series_id,value,unit,source,licence\n2026-09-01,CPI,3.1,percent,BLS,public domain\n"
KEY = "CANARYKEY0123456789"


def test_good_closes_come_in_and_every_problem_is_shown(cli: Cli, write: Write) -> None:
    report = cli.json("prices", "import", write("p.csv", PRICES), code=2)
    assert {one["symbol"]: one["added"] for one in report["imported"]} == {"VTI": 3, "AZN.L": 2}
    assert [(one["row"], one["column"], one["value"]) for one in report["problems"]] == [(3, "AZN.L (GBX)", "116.5")]
    rows = {one["symbol"]: one for one in cli.json("prices", "list")["prices"]}
    assert (rows["AZN.L"]["currency"], rows["AZN.L"]["badge"], rows["AZN.L"]["closes"]) == ("GBP", "real", 2)
    shown = cli.json("prices", "show", "AZN.L")["series"][0]
    assert shown["closes"][-1] == {"day": "2026-10-30", "close": 116.55}


def test_a_close_that_differs_is_a_conflict_until_replacing_is_asked_for(cli: Cli, write: Write) -> None:
    cli.json("prices", "import", write("p.csv", PRICES), code=2)
    newer = write("q.csv", "date,VTI (USD)\n2026-10-29,321\n2026-10-30,323\n")
    report = cli.json("prices", "import", newer, code=2)
    assert report["conflicts"] == [{"name": "VTI", "day": "2026-10-30", "stored": 322, "new": 323}]
    assert cli.json("prices", "show", "VTI")["series"][0]["closes"][-1]["close"] == 322
    assert cli.json("prices", "import", newer, "--replace")["imported"][0]["replaced"] == 1
    assert cli.json("prices", "show", "VTI")["series"][0]["closes"][-1]["close"] == 323


def test_a_trial_keeps_nothing_and_removing_forgets(cli: Cli, write: Write) -> None:
    file = write("p.csv", PRICES)
    assert cli.json("prices", "import", file, "--dry-run", "--accept-jumps")["kept"] is False
    assert cli.json("prices", "list") == {"prices": []}
    cli.json("prices", "import", file, code=2)
    assert cli.json("prices", "remove", "VTI") == {"removed": "VTI"}
    assert cli("prices", "show", "VTI")[0] == 2


def test_real_prices_give_a_real_portfolio_its_risk_figures(cli: Cli, positions: Path, write: Write) -> None:
    ids = {one["name"]: one["portfolio_id"] for one in cli.json("portfolio", "import", positions)["imported"]}

    def volatility() -> dict[str, object] | None:
        metrics = cli.json("portfolio", "metrics", ids["Alpha"])["metrics"]
        return next((one for one in metrics if one["metric_id"] == "volatility"), None)

    assert volatility() is None
    day, rows = date(2025, 1, 1), ["date,VOO,AAPL"]
    while day < date(2026, 10, 31):
        if day.weekday() < 5:
            rows.append(f"{day},{500 + day.toordinal() % 7},{250 + day.toordinal() % 11}")
        day += timedelta(days=1)
    cli.json("prices", "import", write("h.csv", "\n".join(rows)), "--currency", "USD")
    found = volatility()
    assert found is not None
    assert found["badge"] != "simulated"


def test_series_come_in_with_publisher_and_licence(cli: Cli, write: Write) -> None:
    report = cli.json("series", "import", write("s.csv", SERIES))
    assert (report["imported"][0]["publisher"], report["imported"][0]["may_prompt"]) == ("BLS", True)
    assert cli.json("series", "list")["series"][0]["licence"] == "public domain"
    assert cli.json("series", "show", "CPI")["observations"] == [{"day": "2026-09-01", "value": 3.1}]
    assert cli("series", "show", "NONE")[0] == 2


def test_sources_are_listed_with_their_terms_and_are_off(cli: Cli) -> None:
    found = {one["source_id"]: one for one in cli.json("market", "sources")["sources"]}
    assert set(found) == {"fmp", "fred", "sec", "ecb"}
    assert not any(one["enabled"] for one in found.values())
    assert (found["fred"]["may_store"], found["fred"]["may_prompt"]) == (False, False)
    text = cli("market", "sources")[1]
    assert "forbid storing" in text
    assert "MOSYCHLOS_FRED_API_KEY" in text
    assert cli("market", "fetch", "fred", "UNRATE")[0] == 3
    assert cli("market", "fetch", "nobody", "UNRATE")[0] == 2
    assert cli("market", "fetch", "fmp")[0] == 2


def test_a_source_that_cannot_be_reached_ends_with_its_exit_code_and_shows_no_key(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOSYCHLOS_FMP_API_KEY", KEY)
    monkeypatch.setenv("MOSYCHLOS_FMP_BASE_URL", "http://127.0.0.1:9")
    code, out, err = cli("market", "fetch", "fmp", "VTI", "--from", "2026-01-01", "--to", "2026-10-30")
    assert code == 4
    assert "Financial Modeling Prep" in err
    shown = out + err + str(cli("market", "sources")) + str(cli("config", "check"))
    assert KEY not in shown
    assert cli("market", "fetch", "fmp", "VTI", "--from", "soon")[0] == 2


def test_documents_are_added_listed_shown_and_removed(cli: Cli, write: Write) -> None:
    file = write("call.txt", "Margins will hold.")
    about = ("--kind", "earnings_call", "--symbol", "ACME", "--published", "2026-10-20", "--publisher", "Acme")
    added = cli.json("documents", "add", file, *about)["added"][0]
    row = cli.json("documents", "list", "--symbol", "ACME")["documents"][0]
    assert (row["source_id"], row["kind"], row["published"]) == (added["source_id"], "earnings_call", "2026-10-20")
    shown = cli.json("documents", "show", row["source_id"])
    assert shown["passages"] == [{"number": 1, "text": "Margins will hold."}]
    assert cli.json("documents", "remove", row["source_id"]) == {"removed": row["source_id"]}
    assert cli("documents", "show", row["source_id"])[0] == 2
    assert cli("documents", "add", file, "--kind", "gossip")[0] == 2
