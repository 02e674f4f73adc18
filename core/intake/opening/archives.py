"""What a zip archive is by the names inside: a workbook, a document of another program, or a single file."""

from __future__ import annotations

import io
import zipfile
import zlib
from typing import Final

from core.errors import UnreadableFile
from core.intake.cells.names import display_name
from core.intake.opening.limits import MAX_FILE_BYTES, MAX_ZIP_MEMBERS, MAX_ZIP_RATIO, MAX_ZIP_SUM_BYTES

XLSX: Final = "xlsx"
OTHER_SHEETS: Final = "other sheets"
SINGLE: Final = "single"

_NUMBERS: Final = "a document of Apple's Numbers. In the program choose File, Export to, Excel, and import that."
_PROGRAMS: Final = {
    "data.portfolio": (
        "a binary file of Portfolio Performance. In the program choose File, Save as, XML, and import that."
    ),
    "index/document.iwa": _NUMBERS,
    "index.zip": _NUMBERS,
    "word/document.xml": "a Word document. Import the broker's table as CSV or XLSX.",
    "ppt/presentation.xml": "a presentation. Import the broker's table as CSV or XLSX.",
}
"""Files inside that show a program, and what its users can do."""

_LITTER: Final = ("__macosx/", ".ds_store", "thumbs.db", "desktop.ini")


def kind_of(name: str, data: bytes) -> str:
    """`XLSX`, `OTHER_SHEETS` or `SINGLE`.

    Raises:
        UnreadableFile: Damaged, of a program whose files are not read, or with several files.
    """
    members = _members(name, data)
    names = {member.filename.lower() for member in members}
    if "xl/workbook.xml" in names:
        return XLSX
    if "xl/workbook.bin" in names or ("content.xml" in names and "mimetype" in names):
        check_bomb(name, members)
        if any(entry.endswith("vbaproject.bin") or entry.startswith("basic/") for entry in names):
            raise UnreadableFile(f"'{name}' carries macros, which are refused. Save it as .xlsx or CSV.")
        return OTHER_SHEETS
    for shown, what in _PROGRAMS.items():
        if shown in names or any(entry.endswith("/" + shown) for entry in names):
            raise UnreadableFile(f"'{name}' is {what}")
    files = _files(members)
    if len(files) != 1 or name.lower().endswith((".xlsx", ".ods", ".xlsb")):
        check_bomb(name, members)
        inside = ", ".join(f"'{display_name(member.filename)}'" for member in files[:5])
        raise UnreadableFile(
            f"'{name}' is an archive but not an Excel workbook; it holds {len(files)} files"
            + (f" ({inside}{' …' if len(files) > 5 else ''})" if files else "")
            + ". Unpack it and import the files inside."
        )
    return SINGLE


def unpacked(name: str, data: bytes) -> tuple[str, bytes]:
    """The single file of an archive: its shown name and its bytes.

    Raises:
        UnreadableFile: A bomb, encrypted, damaged, or another archive inside.
    """
    (member,) = _files(_members(name, data))
    check_bomb(name, [member], MAX_FILE_BYTES)
    if member.flag_bits & 0x1:
        raise UnreadableFile(f"'{name}' is encrypted. Unpack it and import the file inside.")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive, archive.open(member) as file:
            inside = file.read(member.file_size + 1)
    except (zipfile.BadZipFile, zlib.error, ValueError, NotImplementedError, EOFError, OSError, RuntimeError) as error:
        raise UnreadableFile(f"'{name}' is a damaged archive ({error}). Download it again.") from None
    return display_name(member.filename), inside


def check_bomb(name: str, members: list[zipfile.ZipInfo], most: int = MAX_ZIP_SUM_BYTES) -> None:
    """Refuse an archive that unpacks to far more than it weighs.

    Raises:
        UnreadableFile: With both sizes.
    """
    size = sum(member.file_size for member in members)
    packed = max(1, sum(member.compress_size for member in members))
    if size > most or size > max(MAX_ZIP_RATIO * packed, 100_000):
        raise UnreadableFile(
            f"'{name}' unpacks from {packed:,} to {size:,} bytes; at most {most:,} bytes and {MAX_ZIP_RATIO} times its "
            "size are read. Save the positions alone, or export them as CSV."
        )


def _members(name: str, data: bytes) -> list[zipfile.ZipInfo]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, zlib.error, ValueError, NotImplementedError, EOFError, OSError) as error:
        raise UnreadableFile(f"'{name}' is a damaged archive ({error}). Save it again as .xlsx.") from None
    if len(members) > MAX_ZIP_MEMBERS:
        raise UnreadableFile(
            f"'{name}' holds {len(members):,} archive members and at most {MAX_ZIP_MEMBERS:,} are read."
        )
    return members


def _files(members: list[zipfile.ZipInfo]) -> list[zipfile.ZipInfo]:
    return [
        member
        for member in members
        if not member.is_dir() and not member.filename.lower().startswith(_LITTER[0])
        and not member.filename.lower().endswith(_LITTER[1:])
    ]  # fmt: skip
