"""What the tables of a file look like before they are read: headers, guesses, and what speaks against them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from core.intake.cells.codes import currency_code
from core.intake.cells.headers import normal
from core.intake.cells.money_marks import currency_named, hundredths_named, marks_of
from core.intake.cells.names import one_line
from core.intake.opening.source import SourceFile
from core.intake.positions.dealings import dealings_in
from core.intake.tables.blocks import Block, blocks_in, delimiter_in, filled
from core.intake.tables.choices import NOTHING_SAID, TableChoices
from core.intake.tables.column_guess import LEAST, NUMERIC, Guess, guess_columns
from core.intake.tables.column_mapping import ColumnMapping, faults_of

_SHOWN = 20
_MONEY = ("price", "market_value", "cost")
_CURRENCY_IN_HEADER = re.compile(r"(?<![A-Za-z])([A-Z]{3})(?![A-Za-z])|([€£]|US\$|\b[Ee]uro\b)")


@dataclass(frozen=True, slots=True)
class Survey:
    """What a table looks like before it is read.

    Attributes:
        header_row: Row of the header, as a spreadsheet counts.
        header: Its cells.
        guesses: One a column.
        rows: The first rows below, with their numbers.
        mapping: The guesses as a mapping that can be read or corrected.
        fingerprint: The same for every file with this header.
        warning: What speaks against this being a table of positions; "" when nothing does.
        block: Where it stands in the file.
        others: The other tables of the file.
    """

    name: str
    header_row: int
    header: tuple[str, ...]
    guesses: tuple[Guess, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]
    mapping: ColumnMapping
    fingerprint: str
    block: Block
    warning: str = ""
    others: tuple[Survey, ...] = ()

    @property
    def readable(self) -> bool:
        """Whether the guess alone makes it a table of positions."""
        return not self.warning and not faults_of(self.mapping, len(self.header))


def fingerprint_of(header: Sequence[str]) -> str:
    """The same for headers that differ in case, spaces or empty columns at the end: 32 hexadecimal digits."""
    names = [normal(cell) for cell in header]
    while names and not names[-1]:
        names.pop()
    return hashlib.sha256("\0".join(names).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def surveys_of(source: SourceFile, choices: TableChoices = NOTHING_SAID) -> list[Survey]:
    """Every table of the file that has at least two columns, as it stands.

    Raises:
        UnreadableFile: The sheet or the header row that was said is not there.
    """
    delimiter = delimiter_in(source)
    found = (survey_of(source.name, block, delimiter) for block in blocks_in(source, choices))
    return [one for one in found if one is not None]


def survey_of(name: str, block: Block, delimiter: str) -> Survey | None:
    """What one table looks like; None where it has fewer than two columns or no rows."""
    header = [one_line(cell)[:60] for cell in block.header]
    while header and not header[-1]:
        header.pop()
    below = [(number, row) for number, row in block.first if filled(row) > 1]
    if len(header) < 2 or not below:
        return None
    guesses = guess_columns(header, [row for _, row in below], delimiter)
    return Survey(
        name,
        block.header_row,
        tuple(header),
        tuple(guesses),
        tuple((number, tuple(row[: len(header)])) for number, row in below[:_SHOWN]),
        _mapping(header, guesses, [row for _, row in below]),
        fingerprint_of(header),
        block,
        dealings_in(header, below),
    )


def _marked(amounts: Sequence[str]) -> set[str]:
    """The currency that most amounts carry as a sign; a bare dollar is guessed to be that of the United States."""
    marks = [found for amount in amounts if (found := marks_of(amount)) is not None]
    common = frozenset[str]().union(*marks[:1]).intersection(*marks) if marks else frozenset[str]()
    if not common or len(marks) < len([amount for amount in amounts if amount.strip()]) / 2:
        return set()
    return {"USD"} if "USD" in common else set(common)


def label(header: Sequence[str], place: int) -> str:
    """What a person calls a column: its name, or its number where it has none."""
    return (header[place] if 0 <= place < len(header) and header[place] else "") or f"#{place + 1}"


def _mapping(header: Sequence[str], guesses: Sequence[Guess], rows: Sequence[Sequence[str]]) -> ColumnMapping:
    columns = tuple((guess.field, place) for place, guess in enumerate(guesses) if guess.confidence >= LEAST)
    fixed: tuple[tuple[str, str], ...] = ()
    if "currency" not in dict(columns):
        said = {
            known[0]
            for field, place in columns
            if field in NUMERIC
            for code, sign in _CURRENCY_IN_HEADER.findall(header[place])
            if (known := currency_code(code) or currency_code(currency_named(sign) or "")) is not None
        }
        said |= {
            currency for field, place in columns if field in _MONEY and (currency := hundredths_named(header[place]))
        }
        # "Kurswert in EUR" says it for the file, unless another column says something else.
        said = said or _marked([row[place] for row in rows for field, place in columns if field in _MONEY
                                if place < len(row)])  # fmt: skip
        if len(said) == 1:
            fixed = (("currency", said.pop()),)
    return ColumnMapping(columns, fixed)
