"""A file's bytes opened far enough to know what they are: an archive, XML, JSON or text, and nothing else."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from functools import partial
from typing import IO

from core.errors import UnreadableFile
from core.intake.opening.archives import SINGLE, XLSX, kind_of, unpacked
from core.intake.opening.encodings import BOMS, proven, western
from core.intake.opening.limits import MAX_COLUMNS, MAX_ROWS, MAX_XML_BYTES
from core.intake.opening.sheets import (
    UNREAD,
    VISIBLE,
    Sheet,
    read_other_sheets,
    read_page_tables,
    read_sheets,
    read_xml_sheets,
)

_MAGIC = {
    b"MZ": "a Windows program",
    b"\x7fELF": "a Linux program",
    b"\xcf\xfa\xed\xfe": "a macOS program",
    b"\xca\xfe\xba\xbe": "a program",
    b"%PDF": "a PDF document",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"GIF8": "a picture",
    b"\x1f\x8b": "a gzip archive",
    b"7z\xbc\xaf": "a 7-Zip archive",
    b"Rar!": "a RAR archive",
    b"SQLite format 3\x00": "a database",
}
_PROGRAM_FILES = {
    b"PPPBV1": "a binary file of Portfolio Performance. In the program choose File, Save as, XML, and import that.",
    b"PORTFOLIO": "an encrypted file of Portfolio Performance. In the program choose File, Save as, XML, without a "
    "password, and import that.",
}
"""First bytes of files that a program can write in a form that is read."""

_ZIP = b"PK\x03\x04"
_OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_PAGE = re.compile(
    r"(?:<\?xml[^>]*+>\s*+)?+(?:<!--(?:[^-]++|-(?!->))*+-->\s*+)*+"
    r"<(?:!doctype html|(?:html|head|body|table|meta|style|title|div|font|center)[\s>/])",
)
_CHARSET = re.compile(rb"charset\s*=\s*[\"']?([A-Za-z0-9_-]{2,20})", re.IGNORECASE)
_CONTROL = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f]")
_WIDE_BOMS = tuple(bom for bom, encoding in BOMS if encoding != "utf-8")
_BEGINNING = 1_000_000
"""Characters of a large text in which its kind and its delimiter are looked for."""
_LINE = re.compile(r"[^\r\n]*+(?:\r\n?|\n)|[^\r\n]++")
DELIMITERS = (",", ";", "\t", "|")
_HEAD_CHARS = 60_000


class Container(Enum):
    """What the bytes are."""

    ARCHIVE = "archive"
    XML = "XML"
    JSON = "JSON"
    TEXT = "text"


Again = Callable[[], IO[bytes]]


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file on its way to a reader.

    Attributes:
        name: Display name.
        data: Its bytes; of a large TEXT none, because only readers of tables take one, and they read its lines.
        text: Decoded text of JSON and TEXT, of a large TEXT its beginning; "" for the others.
        note: How the text was decoded or what of a workbook was not read, where that is worth saying; else "".
        sheets: The visible ones of a workbook, which is the one ARCHIVE that is opened.
        hidden: The others, which are never read unasked.
        texts: Whether the sheets hold texts alone, as the tables of a page do, and not numbers.
        unpacked: How many bytes it has, where `data` is not kept.
        again: Opens the bytes of a large TEXT in UTF-8 once more, so that it is in memory at no time as a whole.
    """

    name: str
    data: bytes
    container: Container
    text: str = ""
    note: str = ""
    sheets: tuple[Sheet, ...] = ()
    hidden: tuple[Sheet, ...] = ()
    texts: bool = False
    unpacked: int = 0
    again: Again | None = None

    @property
    def size(self) -> int:
        """How many bytes it has."""
        return self.unpacked or len(self.data)

    def lines(self) -> Iterator[str]:
        """The lines of JSON and TEXT, each with its end."""
        if self.again is None:
            yield from lines_of(self.text)
            return
        with self.again() as raw, io.TextIOWrapper(raw, "utf-8-sig", newline="") as text:
            yield from text


def open_source(name: str, data: bytes, again: Again | None = None) -> SourceFile:
    """What the bytes are, by content. An archive with a single file is that file.

    Args:
        again: Opens the same bytes once more where they lie.

    Raises:
        UnreadableFile: A program, picture, other archive or page without tables; NUL or control characters; mixed
            encodings; a workbook that is a bomb, carries macros or is damaged.
    """
    if not data.startswith(_ZIP) or kind_of(name, data) != SINGLE:
        return _opened(name, data, again)
    inside, unpacked_data = unpacked(name, data)
    if not unpacked_data:
        raise UnreadableFile(f"'{inside}' in '{name}' is empty. Export it again.")
    if unpacked_data.startswith(_ZIP) and kind_of(inside, unpacked_data) == SINGLE:
        raise UnreadableFile(f"'{name}' is an archive in an archive. Unpack it and import the file inside.")
    return _opened(inside, unpacked_data)


def _opened(name: str, data: bytes, again: Again | None = None) -> SourceFile:
    if data.startswith(_ZIP):
        is_xlsx = kind_of(name, data) == XLSX
        return _workbook(name, data, read_sheets(name, data) if is_xlsx else read_other_sheets(name, data))
    if data.startswith(_OLD_OFFICE):
        return _workbook(name, data, read_other_sheets(name, data))
    for magic, kind in _MAGIC.items():
        if data.startswith(magic):
            raise UnreadableFile(f"'{name}' is {kind}, whatever its name says. Export the positions as CSV or XLSX.")
    for magic, remedy in _PROGRAM_FILES.items():
        # A table may start with the word; what follows it here is no text.
        if data.startswith(magic) and any(byte < 9 for byte in data[:200]):
            raise UnreadableFile(f"'{name}' is {remedy}")
    start = _start(data)
    if start.startswith("<"):
        return _markup(name, data, start)
    if start.startswith("MIME-Version:"):
        raise UnreadableFile(f"'{name}' is a web archive (.mht). Open it in a spreadsheet and save it as .xlsx or CSV.")
    return _as_text(name, data, start, again)


def _as_text(name: str, data: bytes, start: str, again: Again | None) -> SourceFile:
    """JSON or a table; of a large table in UTF-8 the beginning alone, because its lines are read where they lie."""
    text, note = decoded(name, data)
    container = Container.JSON if start.startswith(("{", "[")) else Container.TEXT
    if container is Container.TEXT and len(data) > MAX_XML_BYTES:
        in_utf8 = not note and not data.startswith(_WIDE_BOMS)
        if not in_utf8:
            return SourceFile(name, b"", container, text, note, unpacked=len(data))
        again = again or partial(io.BytesIO, data)
        return SourceFile(name, b"", container, text[:_BEGINNING], note, unpacked=len(data), again=again)
    return SourceFile(name, data, container, text, note)


_XML_BOOK = re.compile(r"<(?:[a-z]{1,8}:)?workbook[\s>]")
"""Fund houses write the name space before each element: <ss:Workbook>."""


def _markup(name: str, data: bytes, start: str) -> SourceFile:
    """XML, or what brokers give the name .xls: the tables of a page, and Excel's XML of 2003."""
    lowered = start.lower()
    if "urn:schemas-microsoft-com:office:spreadsheet" in lowered and _XML_BOOK.search(lowered):
        return _workbook(name, data, read_xml_sheets(name, data))
    if _PAGE.match(lowered):
        return _workbook(name, data, read_page_tables(name, _page(name, data)), texts=True)
    return SourceFile(name, data, Container.XML)


def _page(name: str, data: bytes) -> str:
    """The text of a page, in the encoding that it names if its bytes agree."""
    said = _CHARSET.search(data[:4_000])
    if said is not None and not data.startswith(codecs.BOM_UTF8):
        try:
            return data.decode(said[1].decode("ascii"))
        except (LookupError, UnicodeDecodeError):
            pass
    return decoded(name, data)[0]


def _workbook(name: str, data: bytes, sheets: tuple[Sheet, ...], *, texts: bool = False) -> SourceFile:
    """A workbook with its visible sheets, each content once: a copy of a sheet is no second account."""
    visible: dict[bytes, Sheet] = {}
    shown = [sheet for sheet in sheets if sheet.state == VISIBLE]
    copies = [sheet.title for sheet in shown if visible.setdefault(sheet.lines, sheet) is not sheet and sheet.lines]
    hidden = tuple(sheet for sheet in sheets if sheet.state not in (VISIBLE, UNREAD))
    unread = [sheet.title for sheet in sheets if sheet.state == UNREAD]
    notes = [
        f"{what}: {', '.join(map(repr, titles[:5]))}{' and more' if len(titles) > 5 else ''}."
        for what, titles in (
            ("Sheets that say the same as another were read once", copies),
            ("Only the first 20 sheets were read. Not read, save them as another workbook", unread),
        )
        if titles
    ]
    shown_once = tuple(visible.values())
    return SourceFile(
        name, data, Container.ARCHIVE, note=" ".join(notes), sheets=shown_once, hidden=hidden, texts=texts
    )


def _start(data: bytes) -> str:
    """The first visible characters, for telling XML and JSON from text."""
    for bom, encoding in BOMS:
        if data.startswith(bom):
            return data[len(bom) : 2_000].decode(encoding, "ignore").lstrip()
    return data[:2_000].decode("utf-8", "ignore").lstrip()


def decoded(name: str, data: bytes) -> tuple[str, str]:
    """The text of a file and a note on its encoding.

    UTF-8, UTF-16 and the encodings of Asia by mark or by their bytes, else Windows-1252, which older exports use. Lines
    that end as on an old Macintosh end as all others do.

    Raises:
        UnreadableFile: Naming row and column of a NUL, a control character or bytes in a second encoding.
    """
    note = ""
    for bom, encoding in BOMS:
        if data.startswith(bom):
            try:
                text = data[len(bom) :].decode(encoding)
            except UnicodeDecodeError as error:
                raise UnreadableFile(
                    f"'{name}' is damaged: {error.reason} at byte {error.start}. Export it again."
                ) from None
            break
    else:
        text, note = _decoded_without_mark(name, data)
    if found := _CONTROL.search(text):
        row, column = _place(text, found.start())
        shown = "a NUL character" if found[0] == "\x00" else f"the control character U+{ord(found[0]):04X}"
        raise UnreadableFile(f"'{name}' has {shown} in row {row}, column {column}. Save it as plain UTF-8 text.")
    return (text.replace("\r", "\n") if "\r" in text and "\n" not in text else text), note


def _decoded_without_mark(name: str, data: bytes) -> tuple[str, str]:
    found = proven(data)
    if found is None:
        _check_one_encoding(name, data)
        try:
            found = western(data)
        except UnicodeDecodeError as error:
            row, column = _place(data[: error.start].decode("cp1252", "replace"), None)
            raise UnreadableFile(
                f"'{name}' has an unreadable character in row {row}, column {column}. Save it as UTF-8."
            ) from None
    text, encoding = found
    return text, f"The text is not UTF-8 and was read as {encoding}." if encoding else ""


def _check_one_encoding(name: str, data: bytes) -> None:
    """Refuse a file of which one row is in another encoding than the rest."""
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        bad = error.start
    else:
        return
    line_start = data.rfind(b"\n", 0, bad) + 1
    row, column = _place(data[:bad].decode("utf-8", "replace"), None)
    line_end = data.find(b"\n", bad)
    others = data[:line_start] + (data[line_end:] if line_end >= 0 else b"")
    # Characters beyond ASCII that are right in UTF-8 elsewhere prove that this row was pasted from another file.
    if any(character > "\x7f" for character in others.decode("utf-8", "ignore")):
        raise UnreadableFile(
            f"'{name}' mixes encodings: row {row}, column {column} is not UTF-8 like the rest. Save it as UTF-8."
        )


def _place(text: str, position: int | None) -> tuple[int, int]:
    """Row and column, both from 1, of a position in text laid out as a table (None: its end)."""
    before = text if position is None else text[:position]
    line = before[before.rfind("\n") + 1 :]
    delimiter = delimiter_of(text)
    return before.count("\n") + 1, line.count(delimiter) + 1


def delimiter_of(text: str) -> str:
    """The sign that parts the columns: the one that splits the first lines into the most equal columns."""
    lines = [line for line in text[:_HEAD_CHARS].split("\n")[:40] if line.strip()]
    best, best_score = ",", 0
    for delimiter in DELIMITERS:
        counts = [len(row) for row in _peek(lines, delimiter)]
        widths = [count for count in counts if count > 1]
        score = sum(min(width, 30) for width in widths)
        if score > best_score:
            best, best_score = delimiter, score
    return best


def _peek(lines: list[str], delimiter: str) -> list[list[str]]:
    try:
        return list(csv.reader(lines, delimiter=delimiter))
    except csv.Error:
        return []


def head_rows(text: str, limit: int = 40) -> list[list[str]]:
    """The first rows, for detection; fewer where a row cannot be split."""
    rows: list[list[str]] = []
    reader = csv.reader(io.StringIO(text[:_HEAD_CHARS], newline=""), delimiter=delimiter_of(text))
    try:
        for row in reader:
            rows.append(row)
            if len(rows) >= limit:
                break
    except csv.Error:
        return rows
    return rows


def has_header(source: SourceFile, is_header: Callable[[list[str]], bool], within: int) -> bool:
    """Whether a text has a certain header among its first rows."""
    return source.container is Container.TEXT and any(map(is_header, head_rows(source.text, within)))


def lines_of(text: str) -> Iterator[str]:
    """Its lines, each with its end. Not a file in memory: that takes four bytes a character once more."""
    return (found[0] for found in _LINE.finditer(text))


def table_rows(
    name: str, lines: Iterable[str], delimiter: str, max_columns: int = MAX_COLUMNS
) -> Iterator[tuple[int, list[str]]]:
    """Every row with its number as a spreadsheet counts; blank rows are counted but not given.

    Raises:
        UnreadableFile: Over 1,000,000 rows or `max_columns` columns, or a field so long that a quotation mark must be
            missing.
    """
    reader = csv.reader(lines, delimiter=delimiter)
    number = 0
    try:
        for row in reader:
            number += 1
            if number > MAX_ROWS:
                raise UnreadableFile(
                    f"'{name}' has more than {MAX_ROWS:,} rows, the most one file may have. Split it by account."
                )
            if not row:
                continue
            if len(row) > max_columns:
                while row and not row[-1].strip():
                    row.pop()
                if len(row) > max_columns:
                    raise UnreadableFile(
                        f"'{name}' has {len(row):,} columns in row {number} and at most {max_columns:,} are read. "
                        "Remove the columns that are no positions."
                    )
            yield number, row
    except csv.Error as error:
        raise UnreadableFile(
            f"'{name}' breaks in row {number + 1}: {error}. A quotation mark is probably missing there."
        ) from None
    except UnicodeDecodeError:
        raise UnreadableFile(f"'{name}' changed while it was read. Import it again.") from None
