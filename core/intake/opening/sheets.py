"""The sheets of an Excel workbook, taken from a stranger's archive in a sandbox."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from core.errors import UnreadableFile
from core.intake.opening.limits import check_workbook_archive
from core.intake.sandbox.runner import Work, decoded, run

WIDEST = 2_002
"""Most cells of a row that any reader takes: a day and 2,000 symbols, and one more to tell that there are more."""

VISIBLE = "visible"
UNREAD = "unread"
"""Of sheets after the first twenty, of which only the titles are known."""

_WORK = Work(
    "core.intake.opening.workbook_parser:sheets",
    "workbook",
    "Save the positions sheet alone, or export it as CSV.",
    # A workbook at the cap of its size takes about a minute of computing.
    cpu_seconds=180,
    seconds=600,
    without=("numpy", "PIL"),
)
_ROW = msgspec.json.Decoder(tuple[int, list[str]])
_TITLE = msgspec.json.Decoder(dict[str, str])
_NEXT_SHEET = re.compile(rb"^(?=\{)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet.

    Attributes:
        file: Shown name of the file, for errors.
        title: As the workbook calls it.
        lines: Its rows as lines of JSON; they are many, and unpacked when they are read.
        state: VISIBLE, what the workbook calls another state ("hidden"), or UNREAD.
    """

    file: str
    title: str
    lines: bytes
    state: str = VISIBLE

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Rows that say anything, with their numbers from 1; cells at the end that are empty are left out.

        Raises:
            UnreadableFile: Something else came out of the sandbox.
        """
        return decoded(_ROW, self.file, io.BytesIO(self.lines))


def read_sheets(name: str, data: bytes) -> tuple[Sheet, ...]:
    """The sheets of a workbook, at most the first twenty; of others the titles.

    Raises:
        UnreadableFile: A bomb, macros, damage, too much of anything, or an archive that is no workbook.
    """
    if name.lower().endswith((".xlsm", ".xltm", ".xlsb", ".xlam")):
        raise UnreadableFile(f"'{name}' is a workbook type that may carry macros. Save it as .xlsx or CSV.")
    check_workbook_archive(name, data)
    found = run(_WORK, name, data, widest=WIDEST)
    return tuple(_sheet(name, part) for part in _NEXT_SHEET.split(found) if part)


def _sheet(name: str, lines: bytes) -> Sheet:
    head, _, rows = lines.partition(b"\n")
    (title,) = decoded(_TITLE, name, [head])
    return Sheet(name, title.get("title", ""), rows, title.get("state", VISIBLE))
