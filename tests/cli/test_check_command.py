"""`mosychlos portfolio check | rules | policy`: what scripts rely on."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Cli, Write

POLICY = "name: House policy\nas_of: 2026-01-01\nranges: [{bucket: equity, max: 60}]\n"
STATUSES = {"pass", "near", "breach", "not_assessable", "not_applicable"}


@pytest.fixture
def alpha(cli: Cli, positions: Path) -> str:
    report = cli.json("portfolio", "import", positions)
    return next(one["portfolio_id"] for one in report["imported"] if one["name"] == "Alpha")


def test_a_check_tells_each_rule_with_what_was_measured_and_its_limit(cli: Cli, alpha: str) -> None:
    found = cli.json("portfolio", "check", alpha, "--regime", "ucits")
    assert found["portfolio_id"] == alpha
    assert found["regimes"] == ["ucits"]
    assert {"rule_id", "jurisdiction", "status", "measured", "limit", "unit"} <= set(found["rules"][0])
    assert {one["status"] for one in found["rules"]} <= STATUSES
    issuer = next(one for one in found["rules"] if one["rule_id"] == "EU.UCITS.52.1-2")
    assert (issuer["status"], issuer["measured"], issuer["limit"], issuer["unit"]) == ("breach", 50.0, 10.0, "pct")
    assert issuer["holding_ids"] == ["AAPL"]
    assert found["counts"]["breach"] == sum(one["status"] == "breach" for one in found["rules"])


def test_a_breach_is_no_failure_of_the_command(cli: Cli, alpha: str) -> None:
    code, out, _ = cli("portfolio", "check", alpha, "--regime", "ucits")
    assert code == 0
    assert "BREACH" in out
    assert "Apple Inc. is 50.00 % of net assets; the rule says at most 10 %." in out


def test_rules_without_a_source_carry_their_mark(cli: Cli, alpha: str) -> None:
    _, out, _ = cli("portfolio", "check", alpha, "--regime", "mas_cis")
    assert "SG.MAS.CIS.App1-entity (M)" in out
    assert "(M) marks a rule whose text was not found in a source" in out


def test_both_readings_of_a_test_are_told(cli: Cli, alpha: str) -> None:
    found = cli.json("portfolio", "check", alpha, "--regime", "1940act_diversified", "--regime", "ric")
    readings = {(one["rule_id"], one["reading"]) for one in found["rules"] if one["reading"]}
    assert readings == {(rule, way) for rule in ("US.1940.5b1", "US.IRC.851b3A") for way in ("cap", "exclude")}


def test_without_a_rule_set_nothing_is_invented(cli: Cli, alpha: str) -> None:
    found = cli.json("portfolio", "check", alpha)
    assert (found["rules"], found["regimes"]) == ([], [])
    assert "No rule set is named" in found["notes"][0]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--regime", "moon"), "There is no rule set 'moon'"),
        (("--as-of", "30.10.2026"), "give a day such as 2026-10-30"),
        (("--as-of", "2020-01-01"), "on 2020-01-01"),
        (("--policy", "gone.yaml"), "cannot be read"),
    ],
)
def test_a_wrong_wish_is_bad_input(cli: Cli, alpha: str, more: tuple[str, ...], said: str) -> None:
    code, _, err = cli("portfolio", "check", alpha, *more)
    assert code == 2
    assert said in err


def test_a_policy_is_stored_shown_applied_and_removed(cli: Cli, alpha: str, write: Write) -> None:
    path = write("policy.yaml", POLICY)
    assert cli.json("portfolio", "policy", alpha)["policy"] is None
    stored = cli.json("portfolio", "policy", alpha, "--set", path)
    assert stored["policy"]["document"] == POLICY
    (limit,) = cli.json("portfolio", "check", alpha)["rules"]
    assert (limit["rule_id"], limit["jurisdiction"], limit["status"]) == (
        "CLIENT.IPS.range.equity.max",
        "CLIENT",
        "breach",
    )
    assert cli.json("portfolio", "policy", alpha, "--remove")["policy"] is None
    assert cli.json("portfolio", "check", alpha)["rules"] == []


def test_a_policy_is_tried_before_it_is_stored(cli: Cli, alpha: str, write: Write) -> None:
    path = write("policy.yaml", POLICY)
    assert cli.json("portfolio", "check", alpha, "--policy", path)["counts"]["breach"] == 1
    assert cli.json("portfolio", "check", alpha)["rules"] == []


def test_rule_sets_are_listed_and_shown_with_sources_and_dates(cli: Cli) -> None:
    listed = {one["regime"]: one for one in cli.json("portfolio", "rules")["rule_sets"]}
    assert listed["ucits"]["jurisdiction"] == "EU"
    shown = cli.json("portfolio", "rules", "ucits")
    assert len(shown["rules"]) == listed["ucits"]["rules"]
    assert all(one["as_of"] and (one["source"] or not one["confirmed"]) for one in shown["rules"])
    assert "crypto" in shown["asset_types"]["restricted"]
    code, out, _ = cli("portfolio", "rules", "ucits")
    assert code == 0
    assert "May not be held: crypto" in out
