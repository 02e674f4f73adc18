"""How large a file may be, and the checks made before a single byte of it is parsed.

The table caps allow one import of 20,000 portfolios with 50 holdings each (1,000,000 rows, about 100 MB of text): a
positions row takes about 0.4 kB of memory once read, so such a file stays below 600 MB.
A workbook or an XML or YAML file costs far more work a byte than a CSV, so these caps are lower.
"""

from __future__ import annotations

import io
import zipfile
import zlib

from core.errors import UnreadableFile

MB = 1_000_000
MAX_FILE_BYTES = 200 * MB
MAX_XML_BYTES = 64 * MB
MAX_JSON_BYTES = 64 * MB
MAX_YAML_BYTES = 16 * MB
MAX_ROWS = 1_048_576
"""As many as a sheet of a spreadsheet has."""
MAX_COLUMNS = 200
MAX_CELL_CHARS = 500
MAX_DEPTH = 32
MAX_ELEMENTS = 2_000_000
MAX_ZIP_SUM_BYTES = 64 * MB
MAX_ZIP_RATIO = 200
MAX_ZIP_MEMBERS = 2_000


def check_size(name: str, size: int, limit: int = MAX_FILE_BYTES) -> None:
    """Refuse an empty file or one beyond its limit.

    Raises:
        UnreadableFile: With both sizes and what to do.
    """
    if size == 0:
        raise UnreadableFile(f"'{name}' is empty. Export it again and check that it has a header row and positions.")
    if size > limit:
        raise UnreadableFile(
            f"'{name}' is {size:,} bytes and at most {limit:,} are read. Split it by account and import the parts."
        )


def check_workbook_archive(name: str, data: bytes) -> None:
    """Refuse archives that are no plain workbook, or that unpack to far more than they weigh.

    Only the zip directory is read. A directory that lies about sizes is harmless: unpacking stops at the size it
    states and the checksum then fails.

    Raises:
        UnreadableFile: Not a zip, macros inside, no workbook inside, or an archive bomb.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, zlib.error, ValueError, NotImplementedError, EOFError, OSError) as error:
        raise UnreadableFile(f"'{name}' is a damaged archive ({error}). Save it again as .xlsx.") from None
    if len(members) > MAX_ZIP_MEMBERS:
        raise UnreadableFile(
            f"'{name}' holds {len(members):,} archive members and at most {MAX_ZIP_MEMBERS:,} are read."
        )
    unpacked = sum(member.file_size for member in members)
    packed = max(1, sum(member.compress_size for member in members))
    if unpacked > MAX_ZIP_SUM_BYTES or unpacked > MAX_ZIP_RATIO * packed:
        raise UnreadableFile(
            f"'{name}' unpacks from {packed:,} to {unpacked:,} bytes; at most {MAX_ZIP_SUM_BYTES:,} bytes and "
            f"{MAX_ZIP_RATIO} times its size are read. Save the positions sheet alone, or export it as CSV."
        )
    names = {member.filename.lower() for member in members}
    if any(entry.endswith("vbaproject.bin") for entry in names):
        raise UnreadableFile(f"'{name}' carries macros, which are refused. Save it as a plain workbook (.xlsx) or CSV.")
    if any(member.flag_bits & 0x1 for member in members):
        raise UnreadableFile(f"'{name}' is encrypted. Remove the password and save it again.")
    if "xl/workbook.xml" not in names:
        raise UnreadableFile(
            f"'{name}' is an archive but not an Excel workbook. Unpack it and import the files inside."
        )
