"""Tags, groups and the register from a shell."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Cli


def ids(cli: Cli, *filters: str) -> list[str]:
    return [row["portfolio_id"] for row in cli.json("portfolio", "list", *filters)["portfolios"]]


def test_tags_are_put_on_taken_off_and_asked_for(cli: Cli, positions: Path) -> None:
    cli("portfolio", "import", positions)
    alpha, beta = ids(cli)
    assert cli.json("portfolio", "tag", alpha, "+core", "+watch")["tags"] == ["core", "watch"]
    assert cli.json("portfolio", "tag", alpha, "-watch", "+income seekers")["tags"] == ["core", "income-seekers"]
    assert ids(cli, "--tag", "core") == [alpha]
    assert cli("portfolio", "tag", beta)[1] == f"{beta}: no tags\n"
    assert cli("portfolio", "list", "--tag", "nobody")[1].startswith("No portfolio is like that")
    code, _, err = cli("portfolio", "tag", alpha, "core")
    assert (code, "neither +TAG nor -TAG" in err) == (2, True)


def test_a_group_is_made_listed_and_forgotten(cli: Cli, positions: Path) -> None:
    cli("portfolio", "import", positions)
    alpha, beta = ids(cli)
    made = cli.json("portfolio", "group", "Family office", "--add", alpha, "--add", beta)
    assert made == {"name": "Family office", "portfolios": [alpha, beta]}
    assert cli("portfolio", "group", "family office", "--remove", alpha)[1] == "Family office: 1 portfolio\n"
    assert ids(cli, "--group", "Family office") == [beta]
    assert cli.json("portfolio", "groups") == {"groups": [{"name": "Family office", "portfolios": 1}], "tags": []}
    assert cli("portfolio", "group", "Family office", "--delete")[0] == 0
    assert cli("portfolio", "group", "Family office", "--delete")[0] == 2
    assert ids(cli) == [alpha, beta]


def test_an_instrument_is_added_corrected_and_deleted(cli: Cli) -> None:
    cells = ("symbol=ABC.L", "name=Abc plc", "asset_class=equity", "currency=GBX", "country=GB")
    assert cli.json("instruments", "add", *cells)["instrument"]["quote_unit"] == "100"
    assert cli.json("instruments", "correct", "ABC.L", "sector=Energy")["instrument"]["sector"] == "Energy"
    assert [row["symbol"] for row in cli.json("instruments", "list", "--search", "abc plc")["instruments"]] == ["ABC.L"]
    assert cli("instruments", "changes")[1].count("ABC.L") == 2
    refused = cli.json("instruments", "add", "symbol=X", code=2)
    assert {problem["column"] for problem in refused["problems"]} == {"name", "asset_class"}
    assert cli("instruments", "delete", "ABC.L")[0] == 0
    assert cli("instruments", "show", "ABC.L")[0] == 2
    assert cli.json("instruments", "show", "037833100")["symbol"] == "AAPL"


def test_lines_that_disagree_with_the_register_are_named(cli: Cli, write: object) -> None:
    path = write("p.csv", "symbol,name,currency,market_value\nAZN.L,Rolls Royce,GBP,1\nVOO,,USD,2\n")
    cli("portfolio", "import", path)
    (portfolio_id,) = ids(cli)
    (conflict,) = cli.json("instruments", "conflicts", portfolio_id)["conflicts"]
    assert (conflict["symbol"], conflict["field"], conflict["known"]) == ("AZN.L", "name", "AstraZeneca")
