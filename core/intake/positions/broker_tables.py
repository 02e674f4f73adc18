"""What the tables of brokers have in common: a header somewhere, cells by name, totals and percentages to compare."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from core.intake.cells.headers import normal
from core.intake.cells.numbers import EMPTY, NotANumber, parse_number, parse_percent
from core.intake.findings import Findings


class Columns:
    """Cells of a row by our names for a broker's columns.

    Args:
        header: The header row as it stands in the file.
        names: For each of our names the broker's spellings over the years, normalised, newest first.
    """

    def __init__(self, header: list[str], names: Mapping[str, tuple[str, ...]]) -> None:
        found = {normal(cell): place for place, cell in reversed(list(enumerate(header)))}
        self._places: dict[str, int] = {}
        self.labels: dict[str, str] = {}
        for name, spellings in names.items():
            spelling = next((spelling for spelling in spellings if spelling in found), None)
            if spelling is not None:
                self._places[name] = found[spelling]
                self.labels[name] = header[found[spelling]].strip()

    def has(self, *names: str) -> bool:
        """Whether the file has all these columns."""
        return all(name in self._places for name in names)

    def cell(self, row: list[str], name: str) -> str:
        """The cell, "" where the row or the file has none."""
        place = self._places.get(name)
        return row[place] if place is not None and place < len(row) else ""


def amount(text: str) -> Decimal | None:
    """A stated amount that is only compared; None where there is none to compare."""
    try:
        return None if text.strip() in EMPTY else parse_number(text.strip())
    except NotANumber:
        return None


def percent(text: str) -> Decimal | None:
    """A stated percentage that is only compared; None where there is none to compare."""
    try:
        return None if text.strip() in EMPTY else parse_percent(text)
    except NotANumber:
        return None


def compare_total(findings: Findings, account: str, stated: Decimal, values: Iterable[Decimal], currency: str) -> None:
    """Note a stated total that the lines do not add up to, beyond a cent a line."""
    lines = list(values)
    total = sum(lines, Decimal(0))
    if abs(stated - total) > Decimal("0.01") * (len(lines) + 1):
        findings.note(
            f"The file states a total of {stated:,.2f} {currency} for '{account}' but its lines add up to "
            f"{total:,.2f}: {abs(stated - total):,.2f} {'is missing' if stated > total else 'too much'}. "
            "The file was probably cut or filtered; export all positions to be sure."
        )


def compare_percents(findings: Findings, account: str, percents: Iterable[Decimal]) -> None:
    """Note shares of an account that do not add up to it, beyond what rounding explains."""
    shares = list(percents)
    total = sum(shares, Decimal(0))
    if shares and abs(total - 100) > Decimal("0.01") * len(shares) + Decimal("0.5"):
        findings.note(
            f"By the file's own percentages, the lines of '{account}' are {total:.2f} % of the account. "
            "The file was probably cut or filtered; export all positions to be sure."
        )
