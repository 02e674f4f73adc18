"""Rows of a list that are no line of their own but the sum of others: found by their word, or by the sum itself."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Final

from core.domain.portfolio import AssetClass, Holding
from core.intake.cells.asset_classes import folded, is_cash_name
from core.intake.cells.numbers import NotANumber, NumberStyle, parse_number
from core.intake.findings import Findings
from core.intake.positions.lines import PositionCells
from core.intake.tables.stated import StatedTotal

_WORD: Final = re.compile(
    r"(?:grand |account |portfolio |sub-?)?totals?\b(?! s[ae]\b).{0,60}|(?:zwischen|gesamt|end)?summen?\b.{0,40}|"
    r"depot(?:gesamt)?(?:wert|summe|bestand)\b.{0,40}|"
    r"gesamt(?:wert|betrag|bestand|depotwert)?\b.{0,40}|total[ei]\b.{0,40}|(?:sous-total|somme)\b.{0,40}|"
    r"suma(?: total)?|summa\b.{0,40}|totalt|totaal|i alt|sammanlagt|yhteensa|razem|"
    r"合計|小計|総合計|总计|合计|小计|總計"
)
_NEAR: Final = Decimal("0.0005")
_CENT: Final = Decimal("0.005")


class Totals:
    """Sums of the lines read so far, against which a row without units is held.

    A row that calls itself a total is left out and compared; a row that does not, but whose value is the sum of at
    least two lines above it, is left out too and told, because a list that counts its total is worth twice as much.
    """

    def __init__(self, findings: Findings, style: NumberStyle) -> None:
        self._findings = findings
        self._style = style
        self._all = self._group = Decimal(0)
        self._count = self._count_group = self._with_units = self._money = 0
        self._cents = Decimal(0)
        self._currencies: set[str] = set()

    def add(self, line: Holding) -> None:
        """Count one line that was read."""
        self._all += line.market_value
        self._group += line.market_value
        self._count += 1
        self._count_group += 1
        self._with_units += line.quantity is not None
        self._money += line.quantity is None and line.asset_class is AssetClass.CASH
        self._currencies.add(line.currency)

    def is_total(self, row: int, raw: PositionCells, first_cell: str) -> bool:
        """Whether a row without units is a total; it is told and compared here."""
        words = [raw.symbol, raw.name, first_cell]
        named = any(_WORD.fullmatch(" ".join(folded(word).split()).strip(" :.")) for word in words if word.strip())
        if raw.isin.strip() or (not named and any(is_cash_name(word) for word in words if word.strip())):
            return False
        value = self._value(raw.market_value)
        fits = value is not None and (self._is(value, self._all, self._count) or self._is_group(value))
        # Without its word a sum is a total only where it alone has no units: values may agree by chance.
        only_it = self._with_units >= 2 and self._with_units + self._money == self._count
        if not named and not (fits and value and only_it):
            return False
        self._tell(row, value, fits=fits, named=named)
        self._group, self._count_group = Decimal(0), 0
        return True

    def without_sums(self, lines: list[Holding]) -> list[Holding]:
        """One account's lines without a sum of all the others, which stands above them in some lists; it is told."""
        whole = sum((line.market_value for line in lines), Decimal(0))
        bare = [line for line in lines if line.quantity is None and line.asset_class is not AssetClass.CASH]
        if len(bare) != 1 or len(lines) < 3 or bare[0].isin or not bare[0].market_value:
            return lines
        others = [line for line in lines if line is not bare[0]]
        held = sum(line.quantity is not None for line in others)
        if held < 2 or not self._is(bare[0].market_value, whole - bare[0].market_value, len(others)):
            return lines
        heading = "Rows without units whose value is the sum of all other lines were left out"
        self._findings.tally(heading, f"'{(bare[0].name or bare[0].symbol)[:60]}'")
        self._all -= bare[0].market_value
        self._count -= 1
        return others

    def _tell(self, row: int, value: Decimal | None, *, fits: bool, named: bool) -> None:
        if not named:
            self._findings.tally("Rows without units whose value is the sum of lines above were left out", f"row {row}")
        elif value is None or not self._count or self._findings.problem_count or len(self._currencies) > 1:
            self._findings.tally("Rows with totals were left out; nothing compared them", f"row {row}")
        elif fits:
            self._findings.tally("Rows with totals were left out; they agree with the lines", f"row {row}")
        else:
            message = (
                f"The total does not agree with the lines above it, which come to {self._all:,.2f}"
                + (f" ({self._group:,.2f} since the last total)" if self._group != self._all else "")
                + ". Something is missing or read wrong; look at the columns and export again."
            )
            self._findings.problem(row, "", f"{value:,.2f}", message)

    def compare(self, stated: Iterable[StatedTotal], *, whole: bool) -> None:
        """Hold totals that stand beside the table against all its lines.

        Args:
            whole: The lines are one portfolio on one day; the total of several is not one sum.
        """
        currency = next(iter(self._currencies)) if len(self._currencies) == 1 else ""
        for total in stated:
            shown = f"row {total.row}, '{total.label[:60]}' {total.value:,.2f}"
            if not currency or not whole or self._findings.problem_count or total.currency not in ("", currency):
                self._findings.tally("Totals beside the table were read; nothing compared them", shown)
            elif self._is(total.value, self._all, self._count):
                self._findings.tally("Totals beside the table agree with the lines", shown)
            elif total.net:
                self._findings.tally(f"Net assets beside the table differ from the lines ({self._all:,.2f})", shown)
            else:
                message = (
                    f"The total beside the table does not agree with its lines, which come to {self._all:,.2f}. "
                    "Something is missing or read wrong; look at the columns and export again."
                )
                self._findings.problem(total.row, total.label, f"{total.value:,.2f}", message)

    def _is_group(self, value: Decimal) -> bool:
        return bool(self._count_group) and self._is(value, self._group, self._count_group)

    @staticmethod
    def _is(value: Decimal, total: Decimal, lines: int) -> bool:
        return bool(lines) and abs(value - total) <= max(_CENT * (lines + 1), abs(total) * _NEAR / 10)

    def _value(self, text: str) -> Decimal | None:
        try:
            return parse_number(text, self._style)
        except NotANumber:
            return None
