"""What people send is opened for what it is: spreadsheets, pages named like workbooks, archives, encodings."""

from __future__ import annotations

import io
import zipfile
from datetime import date
from decimal import Decimal

import openpyxl
import pytest

from core.errors import UnreadableFile
from core.intake.opening.encodings import proven
from core.intake.reading import survey_bytes
from core.intake.tables.choices import TableChoices, Undecided
from core.intake.tables.mapping import mapping_from

GOOD = "symbol,currency,market_value\nAAA,EUR,1000\n"
EXCEL_XML = (
    '<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?><Workbook '
    'xmlns="urn:schemas-microsoft-com:office:spreadsheet" xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet" '
    'xmlns:x="urn:schemas-microsoft-com:office:excel">{}</Workbook>'
)
ODS_CONTENT = (
    '<?xml version="1.0"?><office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
    'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:spreadsheet>'
    '<table:table table:name="Depot">{}</table:table></office:spreadsheet></office:body></office:document-content>'
)


def total(intake) -> Decimal:
    return sum((line.market_value for portfolio in intake.portfolios for line in portfolio.holdings), Decimal(0))


def archive(**members: str | bytes) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in members.items():
            packed.writestr(name, content)
    return data.getvalue()


def ods(rows: list[list[object]]) -> bytes:
    def cell(value: object) -> str:
        if isinstance(value, str):
            return f'<table:table-cell office:value-type="string"><text:p>{value}</text:p></table:table-cell>'
        return f'<table:table-cell office:value-type="float" office:value="{value}"/>'

    body = "".join(f"<table:table-row>{''.join(map(cell, row))}</table:table-row>" for row in rows)
    return open_document(body)


def open_document(body: str) -> bytes:
    manifest = '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>'
    return archive(
        **{
            "mimetype": "application/vnd.oasis.opendocument.spreadsheet",
            "content.xml": ODS_CONTENT.format(body),
            "META-INF/manifest.xml": manifest,
        }
    )


def page(*rows: list[str], before: str = "<html><body>") -> str:
    return (
        before
        + "<table>"
        + "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
        + "</table>"
    )


def test_an_old_workbook_is_read_without_its_hidden_sheet(read, fixtures):
    data = (fixtures / "positions.xls").read_bytes()
    intake = read(data, "positions.xls")
    assert (total(intake), intake.portfolios[0].as_of) == (4005, date(2026, 10, 30))
    assert any("Hidden sheets were not read: 'alt'" in note for note in intake.notes)
    assert total(read(data, "positions.xls", choices=TableChoices(sheet="alt"))) == 7


def test_an_open_document_is_read(read):
    assert total(read(ods([["symbol", "currency", "market_value"], ["AAA", "EUR", 1500]]), "positions.ods")) == 1500


@pytest.mark.full
def test_a_small_sheet_that_claims_to_be_enormous_ends_its_own_process_alone(read):
    far = (
        '<table:table-row table:number-rows-repeated="999000"><table:table-cell '
        'table:number-columns-repeated="16383"/><table:table-cell office:value-type="float" office:value="1"/>'
        "</table:table-row>"
    )
    data = open_document(far)
    with pytest.raises(UnreadableFile, match=r"save it as \.xlsx or CSV"):
        read(data, "far.ods")


def test_a_page_of_tables_named_like_a_workbook_is_its_tables(read):
    text = page(["symbol", "currency", "market_value"], ["AAA", "EUR", "1000"])
    assert total(read(text, "export.xls")) == 1000
    assert (
        total(read("<meta charset='utf-8'><style>td{}</style>" + page(["a"], before="") + text, "export.xls")) == 1000
    )


def test_numbers_of_a_page_are_texts_in_its_own_style(read):
    header = ["symbol", "currency", "quantity", "market_value"]
    assert total(read(page(header, ["AAA", "EUR", "1.500", "15.000,00"]), "export.xls")) == 15_000
    with pytest.raises(Undecided, match="--decimal"):
        read(page(header, ["AAA", "EUR", "1.500", "15.000"]), "export.xls")


def test_cells_of_a_page_that_span_others_keep_the_columns(read):
    text = (
        "<table><tr><td colspan=3>My depot</td></tr><tr><th>symbol</th><th>currency</th><th>market_value</th></tr>"
        "<tr><td>A</td><td rowspan=2>EUR</td><td>1</td></tr><tr><td>B</td><td>2</td></tr></table>"
    )
    intake = read(text, "x.xls")
    assert total(intake) == 1
    assert intake.problems[0].column == "currency"


def test_a_page_without_a_table_is_called_so(read):
    with pytest.raises(UnreadableFile, match="web page without a table"):
        read("<!DOCTYPE html><html><body><p>Login</p></body></html>", "export.xls")


def test_the_xml_of_an_older_excel_is_a_workbook(read):
    def cell(value: object, more: str = "") -> str:
        kind = "String" if isinstance(value, str) else "Number"
        return f'<Cell{more}><Data ss:Type="{kind}">{value}</Data></Cell>'

    rows = "".join(f"<Row>{''.join(map(cell, row))}</Row>" for row in (["symbol", "currency", "market_value"],))
    rows += f"<Row ss:Index='4'>{cell('AAA')}{cell('EUR')}{cell(1500.5)}</Row>"
    hidden = '<Worksheet ss:Name="b"><WorksheetOptions xmlns="urn:schemas-microsoft-com:office:excel"><Visible>'
    hidden += f"SheetHidden</Visible></WorksheetOptions><Table>{rows}</Table></Worksheet>"
    intake = read(EXCEL_XML.format(f'<Worksheet ss:Name="a"><Table>{rows}</Table></Worksheet>{hidden}'), "x.xls")
    assert total(intake) == Decimal("1500.5")
    assert any("'b'" in note for note in intake.notes)


def test_texts_of_a_workbook_that_may_be_two_numbers_are_refused(read):
    book = openpyxl.Workbook()
    for row in (["symbol", "currency", "market_value"], ["1.500", "EUR", 7], ["B", "EUR", "1.500"]):
        book.active.append(row)
    data = io.BytesIO()
    book.save(data)
    intake = read(data.getvalue(), "x.xlsx")
    assert [line.symbol for line in intake.portfolios[0].holdings] == ["1.500"]
    assert "may be two numbers" in intake.problems[0].message


def test_an_archive_with_one_file_is_that_file(read):
    packed = archive(**{"Depot-2026-10-30.csv": GOOD, "__MACOSX/._Depot.csv": b"\0\0"})
    intake = read(packed, "export.zip")
    plain = read(GOOD, "Depot-2026-10-30.csv")
    assert total(intake) == 1000
    assert [one.portfolio_id for one in intake.portfolios] == [one.portfolio_id for one in plain.portfolios]


@pytest.mark.parametrize(
    ("members", "says"),
    [
        (
            {"data.portfolio": b"PPPBV1\0\1"},
            "binary file of Portfolio Performance. In the program choose File, Save as",
        ),
        ({"Index/Document.iwa": b"x", "preview.jpg": b"x"}, "Apple's Numbers"),
        ({"word/document.xml": b"<x/>", "[Content_Types].xml": b"<x/>"}, "Word document"),
        ({"a.csv": GOOD, "b.csv": GOOD}, "holds 2 files .'a.csv', 'b.csv'."),
        ({"inner.zip": archive(**{"a.csv": GOOD})}, "archive in an archive"),
        ({"a.csv": "0" * 5_000_000}, "200 times"),
    ],
)
def test_other_archives_are_called_what_they_are(read, members, says):
    with pytest.raises(UnreadableFile, match=says):
        read(archive(**members), "export.zip")


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("銘柄,数量,評価額\nアルファ株式ファンド,26231,29911\n", "cp932"),
        ("证券代码,证券名称,持仓,市值\n600519,贵州茅台,100,150000\n", "gbk"),
        ("股票名稱,股數,市值\n台積電,1000,950000\n", "big5"),
        ("종목명,수량,평가금액\n삼성전자,10,700000\n", "cp949"),
        ("Bezeichnung;Stück;Währung\nSüdzucker AG;10;EUR\n", "cp1252"),
        ("Libellé;Quantité;Société\nL'Oréal;10;€\n", "cp1252"),
        ("Namn;Antal;Värde\nÅF Pöyry;10;På\n", "cp1252"),
        ("Nombre;Títulos;Año\nBBVA;10;º\n", "cp1252"),
        ("Bezeichnung;Stück\nAlpha;1\n", "utf-16-le"),
        ("Bezeichnung;Stück\nAlpha;1\n", "utf-16-be"),
    ],
)
def test_the_encoding_is_found_out(read, text, encoding):
    found = survey_bytes("list.csv", text.encode(encoding))
    assert found.header == tuple(text.partition("\n")[0].replace(",", ";").split(";"))


def test_a_file_of_an_old_macintosh_keeps_its_lines_and_umlauts(read):
    text = "Bezeichnung;Stück;Kurs;Währung\rSüdzucker;10;1,50;EUR\rBeta;20;2,50;EUR\r"
    data = text.encode("mac_roman")
    intake = read(data, "list.csv", columns=mapping_from((), survey_bytes("list.csv", data)))
    assert (total(intake), intake.portfolios[0].holdings[0].name) == (65, "Südzucker")


def test_plain_text_needs_no_proof():
    assert proven(GOOD.encode()) == (GOOD, "")
