"""Tables with headers of people's own: what is guessed, corrected, refused and read."""

from __future__ import annotations

import io
from datetime import date
from decimal import Decimal

import openpyxl
import pytest

from core.errors import BadInput, UnreadableFile
from core.intake.reading import survey_bytes
from core.intake.tables.column_mapping import ColumnMapping, faults_of
from core.intake.tables.mapping import NeedsMapping, mapping_from
from core.intake.tables.surveying import fingerprint_of
from core.intake.transactions.moments import DayOrder

GERMAN = """Depotauszug;;;;;
Depot 4711;;;;;
ISIN;Bezeichnung;Stück/Nominale;Kurs;Whg.;Kurswert
US0378331005;Apple Inc.;10;250,00;USD;2.500,00
DE0007164600;SAP SE;20;200,50;EUR;4.010,00
DE0001102580;Bund 0 % 2032;5.000;0,855;EUR;4.275,00
Summe;;;;;10.785,00
Alle Angaben ohne Gewähr;;;;;
"""
FRENCH = """Libellé;Code ISIN;Quantité;Cours;Devise;Valorisation;Prix de revient;Poids %
LVMH;FR0000121014;3;600,10;EUR;1800,30;500,00;60,5
TotalEnergies;FR0000120271;20;58,25;EUR;1165,00;50,00;39,5
"""
JAPANESE = """銘柄コード,銘柄名,保有数量,現在値,通貨,評価額,取得単価
7203,トヨタ自動車,100,2500.5,JPY,250050,2000
6758,ソニーグループ,200,3100,JPY,620000,2900
"""
ENGLISH = """Security,Shares,Last Price (USD),Market Value (USD),Cost Basis Total,Weight
Apple Inc. Common,10,250.00,"2,500.00","1,900.00",50%
Microsoft Corp Common,5,500.00,"2,500.00","2,000.00",50%
"""
BARE = """X1;X2;X3;X4;X5
Apple Inc. common;12,5;250,00;3.125,00;USD
Microsoft common;5;500,10;2.500,50;USD
Nestlé registered;30;88,40;2.652,00;CHF
"""
OWN = "Papier,Wo,Wieviel,Wert heute\nAAPL,Bank A,10,2500\nMSFT,Bank B,5,2500\n"


def columns(text: str, name: str = "t.csv") -> dict[str, str]:
    found = survey_bytes(name, text.encode())
    return {field: found.header[place] for field, place in found.mapping.columns}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (GERMAN, {"isin": "ISIN", "name": "Bezeichnung", "quantity": "Stück/Nominale", "price": "Kurs",
                  "currency": "Whg.", "market_value": "Kurswert"}),
        (FRENCH, {"name": "Libellé", "isin": "Code ISIN", "quantity": "Quantité", "price": "Cours",
                  "currency": "Devise", "market_value": "Valorisation"}),
        (JAPANESE, {"symbol": "銘柄コード", "name": "銘柄名", "quantity": "保有数量", "price": "現在値",
                    "currency": "通貨", "market_value": "評価額"}),
        (ENGLISH, {"name": "Security", "quantity": "Shares", "price": "Last Price (USD)",
                   "market_value": "Market Value (USD)", "cost": "Cost Basis Total"}),
        (BARE, {"name": "X1", "quantity": "X2", "price": "X3", "market_value": "X4", "currency": "X5"}),
    ],
    ids=["german", "french", "japanese", "english", "bare"],
)  # fmt: skip
def test_columns_are_known_by_their_names_in_many_languages_and_by_their_cells(text, expected):
    assert columns(text) == expected


def test_a_header_is_found_below_titles():
    found = survey_bytes("t.csv", GERMAN.encode())
    assert found.header_row == 3
    assert [number for number, _ in found.rows] == [4, 5, 6, 7]


def test_a_currency_in_a_header_holds_for_the_file():
    assert survey_bytes("t.csv", ENGLISH.encode()).mapping.fixed == (("currency", "USD"),)


def test_one_word_means_what_its_cells_say():
    swiss = "Valor,Titel,Anzahl,Kurs,Währung\nNESN,Nestle SA,10,88.4,CHF\nROG,Roche AG,5,250.1,CHF\n"
    spanish = "Titulo,Valor,Divisa\nIberdrola SA,1500.50,EUR\nTelefonica SA,900.10,EUR\n"
    assert columns(swiss)["symbol"] == "Valor"
    assert columns(spanish)["market_value"] == "Valor"


def test_a_table_with_an_unknown_header_is_not_read_before_it_was_mapped(read):
    with pytest.raises(NeedsMapping, match=r"--map 'Kurswert=market_value'"):
        read(GERMAN)


def test_a_remembered_mapping_is_used_and_said(read):
    found = survey_bytes("t.csv", GERMAN.encode())
    kept = {found.fingerprint: found.mapping}
    intake = read(GERMAN, remembered=kept.get)
    book = intake.portfolios[0]
    assert intake.format == "mapped_table"
    assert [holding.symbol for holding in book.holdings] == ["US0378331005", "DE0007164600", "DE0001102580"]
    assert [holding.market_value for holding in book.holdings] == [2500, 4010, 4275]
    assert any("read as remembered for this header" in note for note in intake.notes)


def test_totals_and_remarks_below_a_table_are_left_out_with_a_note(read):
    intake = read(GERMAN, columns=survey_bytes("t.csv", GERMAN.encode()).mapping)
    assert not [problem for problem in intake.problems if problem.row != 7]
    assert any("single cell were left out as remarks: row 8" in note for note in intake.notes)


def test_a_person_corrects_the_guess_by_name_and_by_number(read):
    found = survey_bytes("t.csv", OWN.encode())
    mapping = mapping_from(["Papier=symbol", "#2=account", "Wieviel=", "#4=market_value", "=EUR=currency"], found)
    intake = read(OWN, columns=mapping)
    assert {book.account: book.holdings[0].market_value for book in intake.portfolios} == {
        "Bank A": 2500,
        "Bank B": 2500,
    }
    assert {book.holdings[0].quantity for book in intake.portfolios} == {None}
    assert {book.base_currency for book in intake.portfolios} == {"EUR"}


@pytest.mark.parametrize(
    ("pairs", "message"),
    [
        (["nonsense"], "is no mapping"),
        (["Nothing=symbol"], "has no column 'Nothing'. It has: 'Papier'"),
        (["Papier=colour", "=EUR=currency"], "'colour' is no field"),
        (["#9=symbol", "=EUR=currency"], "There is no column 9"),
        (["Papier=symbol"], "No column is the currency"),
        (["Papier=symbol", "=EURO=currency"], "currency 'EURO' is not known"),
        (["Papier=", "=EUR=currency"], "No column names the positions"),
        (["Papier=symbol", "Wert heute=", "=EUR=currency"], "No column is the value"),
        (["=EUR=currency", "=5=price"], "cannot be the same for all rows"),
    ],
)
def test_a_mapping_that_cannot_work_says_why(pairs, message):
    with pytest.raises(BadInput, match=message.replace(".", r"\.")):
        mapping_from(pairs, survey_bytes("t.csv", OWN.encode()))


def test_all_faults_of_a_mapping_are_named_at_once():
    assert len(faults_of(ColumnMapping((("sector", 0), ("sector", 0))), 1)) == 5


def test_days_are_read_as_a_person_said_they_are_written(read):
    text = "Titel,Stichtag,Wert,Währung\nApple Inc.,04/03/2026,100,USD\nSAP SE,04/03/2026,50,EUR\n"
    mapping = survey_bytes("t.csv", text.encode()).mapping
    assert mapping.place("date") == 1
    refused = read(text, columns=mapping)
    assert "could be two days" in refused.problems[0].message
    said = ColumnMapping(mapping.columns, mapping.fixed, DayOrder.DAY_FIRST)
    assert read(text, columns=said).portfolios[0].as_of == date(2026, 3, 4)


def test_a_workbook_is_mapped_alike(read):
    book = openpyxl.Workbook()
    book.active.append(["Libellé", "Code ISIN", "Quantité", "Cours", "Devise"])
    book.active.append(["LVMH", "FR0000121014", 3, 600.1, "EUR"])
    data = io.BytesIO()
    book.save(data)
    found = survey_bytes("t.xlsx", data.getvalue())
    with pytest.raises(NeedsMapping):
        read(data.getvalue(), "t.xlsx")
    holding = read(data.getvalue(), "t.xlsx", columns=found.mapping).portfolios[0].holdings[0]
    assert (holding.isin, holding.market_value) == ("FR0000121014", Decimal("1800.3"))


def test_a_list_of_transactions_is_warned_about(read):
    text = "Datum;Typ;ISIN;Stück;Kurs;Währung\n2026-01-02;Kauf;US0378331005;1;250;USD\n"
    assert "looks like a list of transactions" in survey_bytes("t.csv", text.encode()).warning
    with pytest.raises(NeedsMapping, match="looks like a list of transactions"):
        read(text)


@pytest.mark.parametrize("text", ["just words\nand more words\n", "a,b\n", "1,2\n3,4\n", "x\n1\n2\n", "{}"])
def test_what_is_no_table_is_refused_as_before(read, text):
    with pytest.raises(UnreadableFile) as refusal:
        read(text)
    assert not isinstance(refusal.value, NeedsMapping)


def test_a_fingerprint_survives_case_spaces_and_empty_columns():
    assert fingerprint_of(["ISIN", "Kurs wert", ""]) == fingerprint_of([" isin", "kurs_wert"])
    assert fingerprint_of(["a", "b"]) != fingerprint_of(["b", "a"])
    assert fingerprint_of(["a b"]) != fingerprint_of(["a", "b"])
