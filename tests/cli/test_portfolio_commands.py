"""`mosychlos portfolio`: what scripts rely on."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from tests.cli.conftest import POSITIONS, Cli, Write


def test_an_import_says_what_came_in(cli: Cli, positions: Path) -> None:
    report = cli.json("portfolio", "import", positions)
    assert report["problems"] == []
    names = {one["name"]: one for one in report["imported"]}
    assert set(names) == {"Alpha", "Beta"}
    assert names["Alpha"]["holdings"] == 2
    assert names["Alpha"]["total_value"] == 10_000
    assert names["Alpha"]["currency"] == "USD"
    assert names["Beta"]["as_of"] == "2026-10-30"
    assert names["Beta"]["format"] == "canonical_csv"


def test_importing_the_same_file_again_changes_nothing(cli: Cli, positions: Path) -> None:
    cli.json("portfolio", "import", positions)
    before = cli.json("portfolio", "list")
    again = cli.json("portfolio", "import", positions)
    assert {one["change"] for one in again["imported"]} == {"unchanged"}
    assert cli.json("portfolio", "list") == before


def test_a_newer_date_adds_a_snapshot_and_the_old_one_stays(cli: Cli, positions: Path, write: Write) -> None:
    cli.json("portfolio", "import", positions)
    newer = write("positions_november.csv", POSITIONS.replace("2026-10-30", "2026-11-20").replace("5000.00", "6000.00"))
    cli.json("portfolio", "import", newer)
    alpha = next(one for one in cli.json("portfolio", "list")["portfolios"] if one["name"] == "Alpha")
    assert (alpha["snapshots"], alpha["as_of"], alpha["total_value"]) == (2, "2026-11-20", 12_000)
    assert cli.json("portfolio", "show", alpha["portfolio_id"])["days"] == ["2026-10-30", "2026-11-20"]


def test_good_rows_are_kept_and_the_exit_code_says_that_some_were_not(cli: Cli, write: Write) -> None:
    bad = write(
        "bad.csv", POSITIONS + "2026-10-30,Beta,X,,X,equity,1,oops,EUR,,,\n2026-10-30,Beta,Y,DE0000000000,,,,,EUR,5,,\n"
    )
    report = cli.json("portfolio", "import", bad, code=2)
    assert [one["holdings"] for one in report["imported"]] == [2, 3], "a line whose ISIN is none keeps its place"
    places = {(problem["row"], problem["column"]) for problem in report["problems"]}
    assert (6, "price") in places
    assert not any(row == 7 for row, _ in places)
    for problem in report["problems"]:
        assert problem["file"] == "bad.csv"
        assert problem["message"]
    assert len(cli.json("portfolio", "list")["portfolios"]) == 2


def test_strict_keeps_nothing_of_a_file_with_a_problem(cli: Cli, write: Write) -> None:
    bad = write("bad.csv", POSITIONS + "2026-10-30,Beta,X,,X,equity,1,oops,EUR,,,\n")
    cli.json("portfolio", "import", bad, "--strict", code=2)
    assert cli.json("portfolio", "list") == {"portfolios": []}


def test_a_dry_run_keeps_nothing(cli: Cli, positions: Path) -> None:
    assert len(cli.json("portfolio", "import", positions, "--dry-run")["imported"]) == 2
    assert cli.json("portfolio", "list") == {"portfolios": []}


def test_an_unreadable_file_is_a_problem_and_the_others_still_come_in(cli: Cli, positions: Path, write: Write) -> None:
    noise = write("noise.csv", "\x00\x01\x02 nothing of the kind")
    report = cli.json("portfolio", "import", noise, positions, code=2)
    assert len(report["imported"]) == 2
    assert [problem["file"] for problem in report["problems"]] == ["noise.csv"]


def test_a_missing_file_is_bad_usage(cli: Cli, tmp_path: Path) -> None:
    code, out, err = cli("portfolio", "import", tmp_path / "nowhere.csv")
    assert (code, out) == (2, "")
    assert "nowhere.csv" in err


def test_metrics_come_with_unit_period_and_badge_and_say_what_is_absent(cli: Cli, positions: Path) -> None:
    ids = {one["name"]: one["portfolio_id"] for one in cli.json("portfolio", "import", positions)["imported"]}
    sheet = cli.json("portfolio", "metrics", ids["Alpha"])
    facts = {fact["metric_id"]: fact for fact in sheet["metrics"]}
    assert facts["hhi"]["value"] == pytest.approx(0.5)
    assert facts["effective_n"]["value"] == pytest.approx(2)
    assert (facts["weight.AAPL"]["value"], facts["weight.AAPL"]["unit"]) == (pytest.approx(50), "pct")
    assert facts["total_value"]["currency"] == "USD"
    assert facts["hhi"]["period"] == "as of 2026-10-30"
    assert {fact["badge"] for fact in facts.values()} <= {"real", "derived"}
    absent = {one["metric_id"]: one["reason"] for one in sheet["absent"]}
    assert "volatility" in absent
    assert absent["volatility"]


def test_a_dry_run_prices_without_sending_and_writes_the_exact_input(cli: Cli, positions: Path, tmp_path: Path) -> None:
    cli.json("portfolio", "import", positions)
    target = tmp_path / "input.jsonl"
    told = cli.json("portfolio", "analyze", "risk", "--batch", "--all", "--dry-run", "--jsonl", target)
    assert told["job_id"] is None
    assert (told["requests"], told["shards"], told["model"]) == (2, 1, "gpt-5.4-mini")
    money = told["estimate"]
    assert 0 < money["low_usd"] < money["expected_usd"] < money["high_usd"]
    assert money["sync_usd"] == pytest.approx(2 * money["expected_usd"])
    assert money["savings_usd"] == pytest.approx(money["sync_usd"] - money["expected_usd"])
    lines = [orjson.loads(line) for line in target.read_bytes().splitlines()]
    assert [line["method"] for line in lines] == ["POST", "POST"]
    assert len({line["custom_id"] for line in lines}) == 2
    assert cli.json("batch", "list") == {"jobs": []}


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (["--model", "gpt-4-turbo"], 3, "gpt-6-luna"),
        (["--model", "no-such-model"], 2, "models list"),
        (["--max-cost", "0"], 3, "$0.00"),
        (["--max-cost", "a lot"], 2, "amount in USD"),
        (["--portfolio", "nobody"], 2, "not both"),
        (["--jsonl", "x.jsonl"], 2, "--dry-run"),
    ],
)
def test_what_cannot_be_submitted_is_refused_in_a_sentence(
    cli: Cli, positions: Path, options: list[str], code: int, words: str
) -> None:
    cli.json("portfolio", "import", positions)
    found, out, err = cli("portfolio", "analyze", "risk", "--batch", "--all", *options)
    assert (found, out) == (code, "")
    assert words in err
    assert "Traceback" not in err
    assert cli.json("batch", "list") == {"jobs": []}


def test_a_budget_of_zero_refuses_every_job(cli: Cli, positions: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cli.json("portfolio", "import", positions)
    monkeypatch.setenv("MOSYCHLOS_BUDGET_JOB_USD", "0")
    code, _, err = cli("portfolio", "analyze", "risk", "--batch", "--all", "--force")
    assert code == 3
    assert "MOSYCHLOS_BUDGET_JOB_USD" in err
    assert cli.json("batch", "list") == {"jobs": []}


def test_without_a_portfolio_nothing_is_asked(cli: Cli) -> None:
    assert cli("portfolio", "analyze", "risk", "--batch")[0] == 2
    code, _, err = cli("portfolio", "analyze", "risk", "--batch", "--all")
    assert code == 2
    assert "portfolio import" in err


def test_an_unknown_analysis_is_refused_with_those_there_are(cli: Cli, positions: Path) -> None:
    cli.json("portfolio", "import", positions)
    code, _, err = cli("portfolio", "analyze", "astrology", "--batch", "--all")
    assert code == 2
    assert "risk" in err


def test_responses_bodies_are_written_on_request(cli: Cli, positions: Path, tmp_path: Path) -> None:
    cli.json("portfolio", "import", positions)
    target = tmp_path / "input.jsonl"
    cli.json(
        "portfolio", "analyze", "risk", "--batch", "--all", "--dry-run", "--jsonl", target, "--endpoint", "responses"
    )
    line = orjson.loads(target.read_bytes().splitlines()[0])
    assert line["url"] == "/v1/responses"
    assert line["body"]["text"]["format"]["type"] == "json_schema"


def test_a_region_without_an_overlay_falls_back_with_a_warning(cli: Cli, positions: Path) -> None:
    cli.json("portfolio", "import", positions)
    told = cli.json("portfolio", "analyze", "risk", "--batch", "--all", "--dry-run", "--region", "ZZ")
    assert any("ZZ" in warning and "GLOBAL" in warning for warning in told["warnings"])


def test_the_french_overlay_is_in_french(cli: Cli, positions: Path, tmp_path: Path) -> None:
    cli.json("portfolio", "import", positions)
    target = tmp_path / "input.jsonl"
    cli.json("portfolio", "analyze", "risk", "--batch", "--all", "--dry-run", "--region", "FR", "--jsonl", target)
    body = orjson.loads(target.read_bytes().splitlines()[0])["body"]
    assert "language|fr" in body["messages"][1]["content"]
    assert "Rédigez" in body["messages"][0]["content"] or "français" in body["messages"][0]["content"]


def test_an_error_is_one_json_document_too(cli: Cli) -> None:
    code, out, _ = cli("portfolio", "show", "nobody", "--json")
    assert code == 2
    assert orjson.loads(out)["error"]["exit_code"] == 2


def test_show_tells_what_a_portfolio_is_under_and_called(cli: Cli, positions: Path) -> None:
    alpha = cli.json("portfolio", "import", positions)["imported"][0]["portfolio_id"]
    cli.json("portfolio", "tag", alpha, "+core")
    cli.json("portfolio", "group", "Families", "--add", alpha)
    shown = cli.json("portfolio", "show", alpha)
    assert (shown["tags"], shown["groups"], shown["revision"], shown["conflicts"]) == (["core"], ["Families"], 1, [])
    assert cli("portfolio", "show", alpha)[1].count("Tags: core") == 1


def test_show_and_metrics_tell_of_an_earlier_day(cli: Cli, positions: Path, write: Write) -> None:
    alpha = cli.json("portfolio", "import", positions)["imported"][0]["portfolio_id"]
    cli.json("portfolio", "import", write("later.csv", POSITIONS.replace("2026-10-30", "2026-11-20")))
    for command in ("show", "metrics", "check"):
        assert cli.json("portfolio", command, alpha, "--as-of", "2026-10-30")["as_of"] == "2026-10-30"
        assert cli.json("portfolio", command, alpha)["as_of"] == "2026-11-20"
        assert cli("portfolio", command, alpha, "--as-of", "2026-10-31")[0] == 2
        assert "such as 2026-10-30" in cli("portfolio", command, alpha, "--as-of", "yesterday")[2]


def test_every_group_of_metrics_is_there_for_the_asking(cli: Cli, positions: Path) -> None:
    alpha = cli.json("portfolio", "import", positions)["imported"][0]["portfolio_id"]
    some = cli.json("portfolio", "metrics", alpha, "--group", "liquidity", "--group", "stress")
    assert some["groups"] == ["stress", "liquidity"]
    assert {fact["metric_id"].partition(".")[0] for fact in some["metrics"]} == {"stress", "liquidity"}
    every = cli.json("portfolio", "metrics", alpha, "--group", "all")
    told = {one["metric_id"] for one in every["metrics"] + every["absent"]}
    assert {"hhi", "volatility", "beta", "twr.si", "diversification_ratio"} <= told
    assert "holdings, history" in cli("portfolio", "metrics", alpha, "--group", "mood")[2]
