"""Prompts on the command line: what each part contributed, and whether the library is whole."""

from __future__ import annotations

from core.domain.analysis import Kind
from tests.cli.conftest import Cli


def test_a_prompt_is_shown_part_by_part_with_its_tokens(cli: Cli) -> None:
    wish = ("--region", "FR", "--variant", "aggressive", "--profile", "moderate")
    shown = cli.json("prompts", "show", "allocation", *wish)
    parts = {part["part"]: part for part in shown["parts"]}
    assert list(parts) == ["task", "house_rules", "region", "variant", "profile", "definitions", "question"]
    assert parts["region"]["file"] == "_regions/FR.v3.md"
    assert all(part["tokens"] > 0 for part in parts.values())
    assert (shown["version"], shown["region"], shown["language"]) == ("allocation/v4", "FR", "fr")
    code, out, _ = cli("prompts", "show", "allocation", *wish)
    assert code == 0
    assert "--- profile: _profiles/moderate.md (" in out
    assert "--- definitions: computed (" in out


def test_an_older_version_is_still_shown(cli: Cli) -> None:
    assert cli.json("prompts", "show", "risk", "--version", "v1")["version"] == "risk/v1"
    assert cli.json("prompts", "show", "risk")["version"] == "risk/v4"


def test_the_library_that_comes_with_the_program_passes_its_check(cli: Cli) -> None:
    checked = cli.json("prompts", "check")
    assert checked["problems"] == []
    assert {one["with_slots"]["version"] for one in checked["sizes"]} == {f"{kind}/v4" for kind in Kind}
    for one in checked["sizes"]:
        assert one["with_slots"]["input_tokens"] <= one["before"]["input_tokens"]
        assert one["with_slots"]["output_tokens"] <= 0.75 * one["before"]["output_tokens"]
    listed = cli.json("prompts", "list")
    assert len({row["kind"] for row in listed["prompts"]}) == 9
    assert {"US", "DE", "DE_EN", "CH", "GLOBAL"} <= set(listed["regions"])
    assert listed["profiles"] == ["conservative", "moderate", "aggressive"]


def test_what_does_not_exist_is_named(cli: Cli) -> None:
    assert cli("prompts", "show", "astrology")[0] == 2
    code, _, err = cli("prompts", "show", "risk", "--profile", "reckless")
    assert code == 2
    assert "aggressive, conservative, moderate" in err
