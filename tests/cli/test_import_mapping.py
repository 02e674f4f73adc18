"""`mosychlos portfolio import --map`: a table of one's own."""

from __future__ import annotations

from tests.cli.conftest import Cli, Write

OWN = "Papier,Wo,Wieviel,Wert heute\nAAPL,Bank A,10,2500\nMSFT,Bank B,5,2500\n"
SAID = ("--map", "Papier=symbol", "--map", "Wo=account", "--map", "Wieviel=quantity", "--map", "#4=market_value")


def test_an_unknown_table_is_a_problem_that_shows_how_to_map_it(cli: Cli, write: Write) -> None:
    report = cli.json("portfolio", "import", write("own.csv", OWN), code=2)
    assert report["imported"] == []
    assert "--map" in report["problems"][0]["message"]


def test_a_mapping_is_used_and_remembered_for_the_next_file(cli: Cli, write: Write) -> None:
    first = cli.json("portfolio", "import", write("own.csv", OWN), *SAID, "--map", "=EUR=currency")
    assert {(one["name"], one["total_value"], one["currency"]) for one in first["imported"]} == {
        ("Bank A", 2500, "EUR"),
        ("Bank B", 2500, "EUR"),
    }
    second = cli.json("portfolio", "import", write("own.csv", OWN.replace("2500", "2600")))
    assert {one["change"] for one in second["imported"]} == {"revised"}
    assert any("remembered" in note for note in second["notes"])


def test_a_mapping_that_cannot_work_ends_with_its_reasons(cli: Cli, write: Write) -> None:
    report = cli.json("portfolio", "import", write("own.csv", OWN), *SAID, code=2)
    assert "No column is the currency" in report["error"]["message"]
