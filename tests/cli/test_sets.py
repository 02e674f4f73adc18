"""Several analyses and models from the command line, and what is known of a model."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Cli


@pytest.fixture(autouse=True)
def imported(cli: Cli, positions: Path) -> None:
    """Two portfolios."""
    cli.json("portfolio", "import", positions)


def test_two_analyses_by_two_models_are_one_submission(cli: Cli) -> None:
    done = cli.json(
        "portfolio",
        "analyze",
        "risk,allocation",
        "--batch",
        "--all",
        "--model",
        "gpt-5.4-mini",
        "--model",
        "gpt-6-luna",
    )
    assert done["comparison"] == "models"
    assert [(job["analysis"], job["model"], job["requests"]) for job in done["jobs"]] == [
        ("risk", "gpt-5.4-mini", 2),
        ("risk", "gpt-6-luna", 2),
        ("allocation", "gpt-5.4-mini", 2),
        ("allocation", "gpt-6-luna", 2),
    ]
    [listed] = cli.json("batch", "sets")["sets"]
    assert listed["set_id"] == done["set_id"]
    assert listed["states"] == {"queued": 4}
    shown = cli.json("batch", "sets", done["set_id"])
    assert {row["job_id"] for row in shown["rows"]} == {job["job_id"] for job in done["jobs"]}
    _, out, _ = cli("batch", "sets", done["set_id"])
    assert "risk, allocation with gpt-5.4-mini, gpt-6-luna" in out


def test_one_analysis_by_one_model_is_said_as_before(cli: Cli) -> None:
    done = cli.json("portfolio", "analyze", "risk", "--batch", "--all")
    assert {"job_id", "state", "requests", "shards", "model", "model_class", "estimate", "warnings"} <= set(done)
    assert done["set_id"] is None
    assert cli.json("batch", "sets")["sets"] == []


def test_a_dry_run_of_several_adds_up_and_sends_nothing(cli: Cli) -> None:
    said = cli.json("portfolio", "analyze", "risk,allocation", "--batch", "--all", "--dry-run")
    assert said["set_id"] is None
    assert said["estimate"]["expected_usd"] == pytest.approx(
        sum(job["estimate"]["expected_usd"] for job in said["jobs"])
    )
    assert 0 < said["jobs"][0]["cacheable_share"] < 1
    assert cli.json("batch", "list")["jobs"] == []


def test_a_dry_run_names_what_a_brief_lacks_for_every_portfolio(cli: Cli) -> None:
    said = cli.json("portfolio", "analyze", "risk,committee_brief", "--batch", "--all", "--dry-run", code=2)
    assert len(said["missing"]) == 2
    assert all(kinds == ["risk", "allocation", "performance", "compliance"] for kinds in said["missing"].values())


def test_a_cheaper_model_is_suggested_and_only_taken_when_asked(cli: Cli) -> None:
    said = cli.json("portfolio", "analyze", "risk", "--batch", "--all", "--model", "gpt-5.4", "--dry-run")
    cheaper = said["suggestion"]["model"]
    assert said["suggestion"]["after_usd"] < said["suggestion"]["before_usd"]
    assert cli.json("portfolio", "analyze", "risk", "--batch", "--all", "--model", "gpt-5.4")["model"] == "gpt-5.4"
    done = cli.json("portfolio", "analyze", "risk", "--batch", "--all", "--model", "gpt-5.4", "--optimise")
    assert done["model"] == cheaper
    assert done["taken"][0].startswith(f"{cheaper} would cost")
    code, _, err = cli("portfolio", "analyze", "risk", "--batch", "--all", "--optimise", "--force")
    assert (code, "Give one of them" in err) == (2, True)


def test_a_model_that_is_gone_needs_leave_to_be_replaced(cli: Cli) -> None:
    code, _, err = cli("portfolio", "analyze", "risk", "--batch", "--all", "--model", "gpt-4-turbo")
    assert code == 3
    assert "gpt-6-luna" in err
    shown = cli.json("portfolio", "analyze", "risk", "--all", "--model", "gpt-4-turbo", "--fallback", "--dry-run")
    assert shown["model"] == "gpt-6-luna"
    assert float(shown["fallback"]["after_usd"]) == pytest.approx(shown["estimate"]["expected_usd"])
    assert float(shown["fallback"]["before_usd"]) > float(shown["fallback"]["after_usd"])
    two = cli.json(
        "portfolio", "analyze", "risk", "--all", "--model", "gpt-4-turbo", "--model", "gpt-5.4", "--dry-run", code=2
    )
    assert two["jobs"][0]["fallback"]["model"] == "gpt-6-luna"
    done = cli.json("portfolio", "analyze", "risk", "--batch", "--all", "--model", "gpt-4-turbo", "--fallback")
    assert done["model"] == "gpt-6-luna"
    assert done["taken"][0].startswith("gpt-4-turbo is replaced by gpt-6-luna.")
    events = cli.json("batch", "logs", done["job_id"])["events"]
    assert [event["note"] for event in events if event["event"] == "fallback"] == done["taken"]


def test_an_unknown_analysis_among_several_is_named(cli: Cli) -> None:
    code, _, err = cli("portfolio", "analyze", "risk,fortune", "--batch", "--all")
    assert code == 2
    assert "no analysis 'fortune'" in err


def test_several_at_once_go_in_batches_only(cli: Cli) -> None:
    code, _, err = cli("portfolio", "analyze", "risk,allocation", "--all")
    assert code == 2
    assert "--batch" in err


def test_a_model_shows_what_is_remembered_of_it(cli: Cli) -> None:
    assert cli.json("models", "show", "gpt-5.4-mini")["remembered"] == []
    _, out, _ = cli("models", "show", "gpt-6-luna")
    assert "no_batch_in" in out
    assert "Nothing is known yet from its own answers." in out


def test_portfolios_that_cannot_be_asked_about_are_left_out_only_when_asked(cli: Cli, tmp_path: Path) -> None:
    fund = tmp_path / "fund.yaml"
    fund.write_text(
        "as_of: 2026-10-30\nname: Fund\nid: fund\nregimes: [ucits]\nholdings:\n"
        "  - {symbol: SAP.DE, name: SAP, asset_class: equity, currency: EUR, market_value: 95, country: DE}\n"
        "  - {symbol: CASH_EUR, asset_class: cash, currency: EUR, market_value: 5}\n"
    )
    cli.json("portfolio", "import", fund)
    asked = ("portfolio", "analyze", "compliance", "--batch", "--all")
    refused = cli.json(*asked, code=2)
    assert "leave the portfolio out" in refused["error"]["message"]
    code, _, said = cli(*asked, "--leave-out")
    assert code == 0
    assert said.count("Left out: The compliance of portfolio") == 2
    [job] = cli.json("batch", "list")["jobs"]
    assert job["counts"]["total"] == 1


def test_leaving_everything_out_is_no_submission(cli: Cli) -> None:
    said = cli.json("portfolio", "analyze", "compliance", "--batch", "--all", "--leave-out", code=2)
    assert said["error"]["message"].startswith("The compliance of portfolio")
    assert cli.json("batch", "list")["jobs"] == []
