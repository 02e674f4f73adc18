"""Every decision about a table is told with its evidence, and what the file states stands beside what was read."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from core.cli.as_read import documents, sentences
from core.domain.portfolio import Intake
from core.domain.table_read import DecidedBy, Decision
from core.errors import UnreadableFile
from core.intake.opening.files import opened_again
from core.intake.opening.source import open_source
from core.intake.reading import read_bytes, read_file, survey_bytes
from core.intake.tables.choices import choices_of
from core.intake.tables.column_mapping import ColumnMapping
from core.intake.tables.mapping import mapping_from

TODAY = date(2026, 11, 24)
GERMAN = """Musterdepot
Stand: 30.10.2026
Depotgesamtwert in EUR;6.510,00
ISIN;Bezeichnung;Stück/Nominale;Kurs;Whg.;Kurswert;Gattung
US0378331005;Apple Inc.;10;250,00;EUR;2.500,00;Aktien
DE0007164600;SAP SE;20;200,50;EUR;4.010,00;Aktien
Summe;;;;;6.510,00;
"""
OURS = "symbol,quantity,price,currency,market_value,date\nA,2,10.50,USD,21.00,{}\nB,3,7,USD,21,{}\n"


def mapped(text: str, *pairs: str, name: str = "depot.csv") -> Intake:
    data = text.encode()
    return read_bytes(name, data, today=TODAY, columns=mapping_from(pairs, survey_bytes(name, data)))


def decided(intake: Intake) -> dict[str, Decision]:
    (table,) = intake.tables
    return {one.topic: one for one in table.decisions}


def test_each_column_is_told_with_its_evidence() -> None:
    told = decided(mapped(GERMAN))
    for field in ("quantity", "price", "market_value"):
        assert told[field].proof == "quantity × price = value in 2 of 2 rows"
    assert told["isin"].choice == "column 'ISIN'"
    assert told["decimal sign"].choice == "comma"
    assert told["decimal sign"].proof == "'250,00' can only be read so"
    assert told["day of the list"].proof == "row 2 says 'Stand: 30.10.2026'"
    assert told["asset classes"].choice == "2 equity"
    assert {one.by for one in told.values()} == {DecidedBy.FILE}


def test_the_table_is_kept_as_it_stands_beside_the_meaning_of_its_columns() -> None:
    (table,) = mapped(GERMAN).tables
    assert (table.header_row, table.place) == (4, "row 4")
    assert table.first[0] == (5, ("US0378331005", "Apple Inc.", "10", "250,00", "EUR", "2.500,00", "Aktien"))
    assert dict(table.fields)["market_value"] == 5
    assert (table.decimal, table.dates) == (",", "")


def test_totals_of_the_file_stand_beside_ours_and_say_whether_they_agree() -> None:
    (table,) = mapped(GERMAN).tables
    assert [(one.row, one.stated, one.ours, one.agrees) for one in table.comparisons] == [
        (7, Decimal("6510.00"), Decimal("6510.00"), True),
        (3, Decimal("6510.00"), Decimal("6510.00"), True),
    ]
    (wrong,) = mapped(GERMAN.replace("Euro", "EUR").replace(" EUR;6.510,00", " EUR;6.600,00")).tables
    (beside,) = [one for one in wrong.comparisons if one.row == 3]
    assert (beside.agrees, beside.difference) == (False, Decimal("-90.00"))


def test_a_total_that_nothing_can_be_held_against_says_why() -> None:
    text = GERMAN.replace("20;200,50;EUR", "20;200,50;USD")
    (table,) = mapped(text).tables
    assert {(one.agrees, one.why) for one in table.comparisons} == {(None, "the lines are in several currencies")}


def test_a_total_whose_word_stands_where_isins_do_is_left_out_and_compared() -> None:
    intake = mapped(GERMAN)
    assert not intake.problems
    assert len(intake.portfolios[0].holdings) == 2
    assert decided(intake)["left out"].proof == "row 7"


def test_what_a_person_says_is_told_as_theirs() -> None:
    told = decided(mapped(GERMAN, "Gattung=sector", "#5=", "=EUR=currency"))
    assert (told["sector"].by, told["currency"].by) == (DecidedBy.HAND, DecidedBy.HAND)
    data = OURS.format("04/03/2026", "04/03/2026").encode()
    intake = read_bytes("ours.csv", data, today=TODAY, choices=choices_of(None, None, "dmy", None, positions=False))
    told = decided(intake)
    assert (told["order of days"].choice, told["order of days"].by) == ("day first", DecidedBy.HAND)
    assert told["symbol"].proof == "its header is a column of the template"


def test_what_the_days_of_other_rows_prove_is_told() -> None:
    intake = read_bytes("ours.csv", OURS.format("04/03/2026", "30/03/2026").encode(), today=TODAY)
    told = decided(intake)
    assert told["order of days"].proof == "'30/03/2026' can only be read so"
    assert intake.tables[0].dates == "dmy"


def test_options_and_bonds_tell_what_their_price_is_for() -> None:
    rows = "A,2,10,USD,20,,\nAAPL 260116C00200000,1,5.20,USD,520,,\nBund 2.5% 2030,10000,98.4,EUR,9840,bond,\n"
    intake = read_bytes(
        "ours.csv", f"symbol,quantity,price,currency,market_value,asset_class,x\n{rows}".encode(), today=TODAY
    )
    proof = decided(intake)["quantity"].proof
    assert "in 1 of 3 rows" in proof
    assert "× 100 in 1" in proof
    assert "÷ 100 in 1" in proof
    assert {one.topic for one in intake.tables[0].decisions if one.noted} == {"units of a price"}


def test_the_command_line_prints_each_decision_once() -> None:
    intake = mapped(GERMAN)
    tables = [(intake.file, table) for table in intake.tables]
    lines = list(sentences(tables))
    assert lines[0] == "Read: depot.csv, row 4"
    assert "  row 3, 'Depotgesamtwert in EUR': EUR 6,510.00 stated, EUR 6,510.00 read: agrees" in lines
    assert not any("left out" in line for line in lines)
    (document,) = documents(tables)
    heading = "Rows with totals were left out; they agree with the lines"
    assert {"topic": "left out", "choice": heading, "proof": "row 7", "by": "file"} in document["decisions"]


def values(intake: Intake) -> list[Decimal]:
    return [line.market_value for portfolio in intake.portfolios for line in portfolio.holdings]


def test_rows_that_fit_both_decimal_signs_do_not_hide_the_one_that_tells() -> None:
    text = "Name;Stück;Kurs;Währung;Kurswert\nA AG;4,000;1;EUR;4,000\nB AG;85;1;EUR;85\nC AG;380;65;EUR;24,700\n"
    intake = mapped(text)
    assert values(intake) == [Decimal(4000), Decimal(85), Decimal(24700)]
    assert decided(intake)["decimal sign"].choice == "point"


def test_columns_are_guessed_in_the_decimal_sign_in_which_their_rows_multiply() -> None:
    text = (
        "Closing\tAmount\tProduct\tWorth\tCcy\n5.613\t1\tAlpha\t5.613\tUSD\n95\t529\tBeta\t50.255\tUSD\n"
        "129\t1\tGamma\t129\tUSD\n3\t318\tDelta\t954\tUSD\n"
    )
    assert values(mapped(text)) == [Decimal(5613), Decimal(50255), Decimal(129), Decimal(954)]


def test_a_total_above_that_may_be_two_numbers_is_the_one_that_the_lines_come_to() -> None:
    text = "Total value;24,531\nName;Stück;Kurs;Währung;Kurswert\nA AG;100;200,00;EUR;20.000,00\nB AG;1;4531;EUR;4531\n"
    intake = mapped(text)
    assert not intake.problems
    (table,) = intake.tables
    assert [(one.stated, one.agrees) for one in table.comparisons] == [(Decimal(24531), True)]


def test_what_is_remembered_for_a_header_goes_before_what_a_format_knows() -> None:
    text = "symbol,quantity,price,currency,market_value,gross\nA,2,10,USD,20,24\n"
    known = ColumnMapping((("symbol", 0), ("currency", 3), ("market_value", 5)))
    intake = read_bytes("ours.csv", text.encode(), today=TODAY, remembered=lambda _fingerprint: known)
    assert values(intake) == [Decimal(24)]
    assert decided(intake)["market_value"].by is DecidedBy.MEMORY
    assert any("as remembered for this header" in note for note in intake.notes)


def test_a_large_table_is_read_where_it_lies_and_refused_when_it_changes(tmp_path: Path) -> None:
    path = tmp_path / "large.csv"
    row = f"A,2,10,USD,20,{'x' * 9_000}\n"
    path.write_text("symbol,quantity,price,currency,market_value,remark\n" + row * 7_200, "utf-8")
    assert sum(values(read_file(path, today=TODAY))) == 7_200 * 20
    source = open_source("large.csv", path.read_bytes(), lambda: opened_again(path, 1))
    with pytest.raises(UnreadableFile, match="changed while it was read"):
        list(source.lines())
