"""What is refused before it is parsed, and how the refusal reads."""

from __future__ import annotations

import io
import zipfile
from datetime import date

import openpyxl
import pytest

from core.errors import BadInput, NotFound, UnreadableFile
from core.intake.opening import limits, source
from core.intake.reading import FORMATS, read_bytes, read_file

GOOD = "symbol,currency,market_value\nVOO,USD,5\n"
FLEX = b"<FlexQueryResponse></FlexQueryResponse>"


def workbook_bytes(rows, keep=None):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    data = io.BytesIO()
    book.save(data)
    return data.getvalue()


def archive(**members):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in members.items():
            packed.writestr(name.replace("__", "/"), content)
    return data.getvalue()


def test_a_file_over_the_byte_cap_is_refused_before_it_is_read(tmp_path):
    path = tmp_path / "huge.csv"
    with path.open("wb") as file:
        file.truncate(limits.MAX_FILE_BYTES + 1)
    with pytest.raises(UnreadableFile, match="200,000,001 bytes and at most 200,000,000"):
        read_file(path)


def test_rows_beyond_the_cap_are_refused_with_the_limit(read, monkeypatch):
    monkeypatch.setattr(source, "MAX_ROWS", 5)
    with pytest.raises(UnreadableFile, match="more than 5 rows"):
        read(GOOD + "VOO,USD,5\n" * 10)
    assert read(GOOD + "VOO,USD,5\n" * 3).portfolios


def test_an_archive_bomb_is_refused_from_its_directory(read):
    bomb = archive(xl__workbook_xml="x", xl__sheet="0" * (limits.MAX_ZIP_SUM_BYTES + 1))
    assert len(bomb) < 100_000
    with pytest.raises(UnreadableFile, match="unpacks from"):
        read(bomb, "bomb.xlsx")
    with pytest.raises(UnreadableFile, match="200 times"):
        read(archive(a="0" * 5_000_000), "ratio.xlsx")


def test_a_directory_that_lies_about_sizes_gains_nothing(read):
    honest = archive(**{"xl/workbook.xml": "0" * 1_000_000})
    with zipfile.ZipFile(io.BytesIO(honest)) as packed:
        real = packed.infolist()[0].file_size.to_bytes(4, "little")
    with pytest.raises(UnreadableFile):
        read(honest.replace(real, (100).to_bytes(4, "little")), "lie.xlsx")


def test_macros_other_archives_and_old_workbooks_are_refused(read):
    with pytest.raises(UnreadableFile, match="macros"):
        read(archive(**{"xl/workbook.xml": "x", "xl/vbaProject.bin": "x"}), "a.xlsx")
    with pytest.raises(UnreadableFile, match="may carry macros"):
        read(workbook_bytes([["symbol"]]), "a.xlsm")
    with pytest.raises(UnreadableFile, match="not an Excel workbook"):
        read(archive(**{"positions.csv": GOOD}), "a.xlsx")
    with pytest.raises(UnreadableFile, match="damaged spreadsheet or another Office document"):
        read(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "a.xls")


def test_entities_inside_a_workbook_are_refused(read):
    plain = workbook_bytes([["symbol", "currency", "market_value"], ["VOO", "USD", 5]])
    laughs = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>'
    data = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(plain)) as old, zipfile.ZipFile(data, "w") as new:
        for member in old.namelist():
            content = old.read(member)
            if member == "xl/workbook.xml":
                content = laughs.encode() + content.split(b"?>", 1)[-1]
            new.writestr(member, content)
    with pytest.raises(UnreadableFile, match="damaged workbook"):
        read(data.getvalue(), "laughs.xlsx")


def test_the_library_that_reads_workbooks_is_defused():
    assert openpyxl.DEFUSEDXML


@pytest.mark.parametrize(
    "head",
    [
        b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>',
        b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
        b'<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">',
    ],
)
def test_document_types_and_entities_in_xml_are_refused(read, head):
    with pytest.raises(UnreadableFile, match="document type or entities"):
        read(head + FLEX, "flex.xml")


def test_deep_nesting_is_refused_in_every_tree(read):
    deep = b"<FlexQueryResponse>" + b"<a>" * 50 + b"</a>" * 50 + b"</FlexQueryResponse>"
    with pytest.raises(UnreadableFile, match="deeper than 32"):
        read(deep, "flex.xml")
    with pytest.raises(UnreadableFile, match="deeper than 32"):
        read("holdings: " + "[" * 200_000, "deep.yaml")
    for depth in (60, 200_000):
        with pytest.raises(UnreadableFile, match="deeper than 32"):
            read('{"as_of": "2026-10-30", "holdings": ' + "[" * depth + "]" * depth + "}", "deep.json")


def test_yaml_aliases_tags_and_twice_given_keys_are_refused_or_plain(read):
    with pytest.raises(UnreadableFile, match="alias"):
        read("a: &a [1]\nholdings: [*a, *a]\n", "alias.yaml")
    with pytest.raises(UnreadableFile, match="twice"):
        read("as_of: 2026-10-30\nas_of: 2026-10-29\nholdings: []\n", "twice.yaml")
    intake = read("as_of: 2026-10-30\nholdings: [!!python/object/apply:os.abort []]\n", "tag.yaml")
    assert "A holding is a mapping" in intake.problems[0].message


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"MZ\x90\x00" + b"\0" * 200, "Windows program"),
        (b"\x7fELF" + b"\0" * 200, "Linux program"),
        (b"%PDF-1.7 ...", "PDF"),
        (b"<!DOCTYPE html><html></html>", "web page"),
        (b"\x1f\x8b\x08", "gzip"),
    ],
)
def test_content_that_is_not_what_the_name_says_is_refused(read, data, words):
    with pytest.raises(UnreadableFile, match=words):
        read(data, "positions.csv")


def test_a_nul_and_control_characters_are_named_by_place(read):
    with pytest.raises(UnreadableFile, match="NUL character in row 3, column 2"):
        read(GOOD + "X,U\0SD,5\n")
    with pytest.raises(UnreadableFile, match=r"U\+0007 in row 1, column 1"):
        read("\a" + GOOD)


def test_mixed_encodings_are_named_by_place(read):
    mixed = "symbol,name,currency,market_value\nA,Société,USD,1\n".encode() + "B,Société,USD,1\n".encode("latin-1")
    with pytest.raises(UnreadableFile, match="row 3, column 2 is not UTF-8"):
        read(mixed)


def test_windows_text_is_read_with_a_note(read):
    intake = read("symbol,name,currency,market_value\nA,Société,USD,1\n".encode("cp1252"))
    assert intake.portfolios[0].holdings[0].name == "Société"
    assert any("Windows-1252" in note for note in intake.notes)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_marks_and_line_endings_do_not_matter(read, encoding, ending):
    assert read(GOOD.replace("\n", ending).encode(encoding)).portfolios[0].holdings[0].symbol == "VOO"


def test_tabs_and_bars_part_columns_too(read):
    for delimiter in "\t|;":
        assert read(GOOD.replace(",", delimiter)).portfolios[0].holdings[0].market_value == 5


def test_a_huge_field_is_named_by_row(read):
    with pytest.raises(UnreadableFile, match=r"breaks in row 3.*quotation mark"):
        read(GOOD + '"' + "x" * 200_000)
    intake = read("symbol,currency,market_value,name\nX,USD,1," + "n" * 5_000 + "\n")
    assert (intake.problems[0].row, intake.problems[0].column) == (2, "name")
    assert len(intake.problems[0].value) == 80


def test_ten_thousand_columns_are_refused(read):
    with pytest.raises(UnreadableFile, match="10,003 columns in row 1"):
        read("symbol,currency,market_value" + ",x" * 10_000 + "\nVOO,USD,5\n")
    with pytest.raises(UnreadableFile, match="more than 200 columns"):
        read(workbook_bytes([["symbol", "currency", "market_value"] + ["x"] * 300]), "wide.xlsx")


def test_a_shifted_row_is_a_problem(read):
    intake = read(GOOD + "VOO,USD,1,234.50\n")
    assert (intake.problems[0].row, intake.problems[0].value) == (3, "234.50")


def test_what_is_not_understood_names_what_is(read):
    with pytest.raises(UnreadableFile) as caught:
        read("hello, world\n", "notes.txt")
    assert all(entry.description in str(caught.value) for entry in FORMATS.values())


def test_the_extension_decides_nothing(read):
    assert read(GOOD, "positions.xlsx").format == "canonical_csv"
    assert (
        read(workbook_bytes([["symbol", "currency", "market_value"], ["VOO", "USD", 5]]), "x.csv").format
        == "canonical_xlsx"
    )


def test_a_format_that_is_asked_for_is_used_and_must_fit(read):
    assert read(GOOD, format="canonical_csv").portfolios
    for name in FORMATS.keys() - {"canonical_csv"}:
        with pytest.raises(UnreadableFile):
            read(GOOD, format=name)
    with pytest.raises(BadInput, match="no format 'qif'"):
        read(GOOD, format="qif")


def test_options_that_are_not_known_are_refused(read):
    with pytest.raises(BadInput, match="base currency 'GBX'"):
        read(GOOD, base_currency="GBX")
    with pytest.raises(BadInput, match="region 'IT'"):
        read(GOOD, region="IT")


def test_an_empty_missing_or_special_file_is_refused_in_words(tmp_path):
    (tmp_path / "empty.csv").touch()
    with pytest.raises(UnreadableFile, match="is empty"):
        read_file(tmp_path / "empty.csv")
    with pytest.raises(NotFound, match="no file"):
        read_file(tmp_path / "gone.csv")
    with pytest.raises(UnreadableFile, match="not a regular file"):
        read_file(tmp_path)
    with pytest.raises(UnreadableFile, match="not a regular file"):
        read_file("/dev/zero")
    with pytest.raises((UnreadableFile, NotFound)):
        read_file("nul\0byte.csv")


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../etc/passwd.csv", "passwd.csv"),
        ("C:\\Users\\me\\pos.csv", "pos.csv"),
        ("po\x00s\n.csv", "po s .csv"),
        ("\u202evsc.exe", "vsc.exe"),
        ("", "file"),
        ("..", "file"),
    ],
)
def test_names_are_shown_without_folders_and_tricks(name, shown):
    intake = read_bytes(name, (GOOD + "X,USD,bad\n").encode(), today=date(2026, 11, 24))
    assert intake.file == intake.problems[0].file == shown


def test_a_long_name_keeps_its_extension():
    intake = read_bytes("a" * 300 + ".csv", GOOD.encode(), today=date(2026, 11, 24))
    assert len(intake.file) == 120
    assert intake.file.endswith("….csv")
