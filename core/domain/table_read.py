"""How a table of a file was read: what was decided about it, each time with the evidence, and what the file itself
states to hold that against."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum


class DecidedBy(StrEnum):
    """Who decided."""

    FILE = "file"
    """What stands in the file."""
    FORMAT = "format"
    """What is known of the program that wrote it."""
    HAND = "hand"
    """A person, for this file."""
    MEMORY = "memory"
    """A person, for an earlier file with this header."""


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision about a table.

    Attributes:
        topic: What it is about: a field of a position ("quantity"), or a word such as "decimal sign".
        choice: What was decided, as a person would say it. Its words may be the file's: hostile until escaped.
        proof: The evidence in one short sentence, equally foreign.
        noted: It is among the notes of the file, too, as "choice: proof.".
    """

    topic: str
    choice: str
    proof: str
    by: DecidedBy = DecidedBy.FILE
    noted: bool = False


@dataclass(frozen=True, slots=True)
class Comparison:
    """Something that the file states about its lines, beside what the lines come to.

    Attributes:
        what: What the file calls it.
        row: Where it stands, as a spreadsheet counts; None where that is not known.
        stated: What the file says.
        ours: What was read; None where nothing could be compared.
        currency: Of both amounts, or "".
        agrees: None where nothing could be compared; `why` then says the reason.
    """

    what: str
    row: int | None
    stated: Decimal | date
    ours: Decimal | date | None
    currency: str = ""
    agrees: bool | None = None
    why: str = ""

    @property
    def difference(self) -> Decimal | None:
        """By how much what was read is more than what is stated; None for days, or where nothing was compared."""
        if isinstance(self.stated, Decimal) and isinstance(self.ours, Decimal):
            return self.ours - self.stated
        return None


@dataclass(frozen=True, slots=True)
class TableRead:
    """One table as it was read.

    Attributes:
        sheet: Title of its sheet, "" in a text.
        header_row: As a spreadsheet counts; 0 where the file is no table, such as XML.
        header: The cells of the header, one a column.
        fields: Pairs of a field of a position and its column from 0; one that is made up from others is not among them.
        fixed: Pairs of a field and what it is in every row.
        first: The first rows below the header as they stand in the file, with their numbers.
        decimal: The sign before decimals, or "" where that is not one question.
        dates: "dmy" or "mdy" where the order of days was decided, else "".
    """

    sheet: str
    header_row: int
    header: tuple[str, ...] = ()
    fields: tuple[tuple[str, int], ...] = ()
    fixed: tuple[tuple[str, str], ...] = ()
    first: tuple[tuple[int, tuple[str, ...]], ...] = ()
    decimal: str = ""
    dates: str = ""
    decisions: tuple[Decision, ...] = ()
    comparisons: tuple[Comparison, ...] = ()

    @property
    def place(self) -> str:
        """Where it stands, for a sentence; "" where the file is no table."""
        if not self.header_row:
            return ""
        return f"sheet '{self.sheet}', row {self.header_row}" if self.sheet else f"row {self.header_row}"
