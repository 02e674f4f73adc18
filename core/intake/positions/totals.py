"""Rows of a list that are no line of their own but the sum of others: found by their word, or by the sum itself."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from functools import lru_cache
from typing import Final

from core.domain.portfolio import AssetClass, Holding
from core.domain.table_read import Comparison
from core.intake.cells.asset_classes import folded, is_cash_name
from core.intake.cells.numbers import NotANumber, NumberStyle, parse_number
from core.intake.findings import Findings, shortened
from core.intake.positions.lines import PositionCells
from core.intake.tables.stated import StatedTotal

_WORD: Final = re.compile(
    r"sum|(?:grand |account |portfolio |sub-?)?totals?\b(?! s[ae]\b).{0,60}|(?:zwischen|gesamt|end)?summen?\b.{0,40}|"
    r"(?:total )?net assets?\b.{0,40}|net asset value\b.{0,20}|nav|(?:netto|fonds)vermogen\b.{0,20}|actif net|"
    r"patrimonio net[to]o|fondformogenhet|(?:gesamt|netto|rein|brutto)vermogen(?:swert)?\b.{0,30}|"
    r"(?:patrimoine|patrimonio|avoirs?|vermogen)(?: tota(?:l|le|ux))?|"
    r"depot(?:gesamt)?(?:wert|summe|bestand)\b.{0,40}|"
    r"gesamt(?:wert|betrag|bestand|depotwert)?\b.{0,40}|total[ei]\b.{0,40}|(?:sous-total|somme)\b.{0,40}|"
    r"suma(?: total)?|summa\b.{0,40}|totalt|totaal|i alt|sammanlagt|yhteensa|razem|"
    r".{1,60}[ :-](?:gesamt|insgesamt|sub-?totals?|totals?|totaal|totalt|totale|summe)|"
    r"(?:итого|всего|разом|всього|общо|общая сумма)\b.{0,40}|(?:celkem|soucet|mezisoucet)\b.{0,40}|"
    r"(?:mind)?osszesen\b.{0,40}|reszosszeg|(?:genel |ara )?toplami?\b.{0,40}|(?:γενικο |μερικο )?συνολο\b.{0,40}|"
    r"(?:lacznie|ogolem|razem)\b.{0,40}|(?:sve)?ukupno\b.{0,40}|jumlah|tong(?: cong)?|"
    r"합계|총계|소계|총합계?|المجموع|الاجمالي|סה\W?כ|"
    r"合計|小計|総合計|总计|合计|小计|總計"
)
_NET: Final = re.compile(
    r"\b(?:net assets?|net asset value|nav|nettovermogen|fondsvermogen|actif net|patrimonio net[to]o)\b"
)
_BARE: Final = re.compile(
    r"(?:grand |sub-?)?totals?|(?:gesamt|zwischen|end)?summen?|gesamt|insgesamt|totale?|sous-total|somme|suma|"
    r"summa|totalt|totaal|sum|i alt|yhteensa|razem|lacznie|ogolem|итого|всего|celkem|(?:mind)?osszesen|"
    r"(?:genel |ara )?toplam|συνολο|ukupno|"
    r"total general|subtotal|合計|小計|総合計|总计|合计|小计|總計|합계|총계|소계"
)
"""Words that name a sum and no company: a row with units and a price is one, too."""
_STARTS: Final = frozenset(
    re.findall(r"\S+", "su to gr ac po zw ge en de so i sa yh ra la og ce me os mi re ar uk sv ju in ne na fo pa")
)
_ENDS: Final = ("gesamt", "total", "otals", "otaal", "otalt", "otale", "summe")
LEFT_OUT: Final = "left out"
_NEAR: Final = Decimal("0.0005")
_CENT: Final = Decimal("0.005")
_LONGEST: Final = 120


def may_be_total(text: str) -> bool:
    """Whether a cell may name a sum, by its first letters or its last word: a look that a million rows can take."""
    start = text.lstrip()[:2].casefold()
    return start in _STARTS or not start.isascii() or text.rstrip()[-6:].casefold().endswith(_ENDS)


def is_total_word(text: str) -> bool:
    """Whether a cell names a sum and nothing else: "Total", "Summe Fonds", "Gesamtvermögen"."""
    return len(text) <= _LONGEST and _is_total_word(text)


@lru_cache(maxsize=4096)  # a list of many accounts names the same securities again and again
def _is_total_word(text: str) -> bool:
    return may_be_total(text) and bool(_WORD.fullmatch(" ".join(folded(text).split()).strip(" :.")))


class Totals:
    """Sums of the lines read so far, against which a row without units is held.

    A row that calls itself a total is left out and compared; a row that does not, but whose value is the sum of at
    least two lines above it, is left out too and told, because a list that counts its total is worth twice as much.
    """

    def __init__(self, findings: Findings, style: NumberStyle) -> None:
        self._findings = findings
        self._style = style
        self._all = self._group = Decimal(0)
        self._count = self._count_group = self._known = self._money = 0
        self._cents = Decimal(0)
        self._currencies: set[str] = set()

    def add(self, line: Holding) -> None:
        """Count one line that was read."""
        self._all += line.market_value
        self._group += line.market_value
        self._count += 1
        self._count_group += 1
        self._known += _is_known(line)
        self._money += not _is_known(line) and line.asset_class is AssetClass.CASH
        self._currencies.add(line.currency)

    def is_sum_with_units(self, row: int, raw: PositionCells, first_cell: str, *, product: bool) -> bool:
        """Whether a row that calls itself a total has units or a price, too, which are of nothing; told and compared.

        Args:
            product: Its value is quantity × price, as that of a line: then only the sum itself makes it a total.
        """
        words = [
            " ".join(folded(word).split()).strip(" :.") for word in (raw.symbol, raw.name, first_cell, raw.isin) if word
        ]
        if not any(_WORD.fullmatch(word) for word in words):
            return False
        value = self._value(raw.market_value)
        fits = value is not None and (self._is(value, self._all, self._count) or self._is_group(value))
        if not fits and (product or not any(_BARE.fullmatch(word) for word in words)):
            return False
        return self.is_total(row, raw._replace(isin=""), first_cell)

    def is_total(self, row: int, raw: PositionCells, first_cell: str) -> bool:
        """Whether a row without units is a total; it is told and compared here."""
        words = [raw.symbol, raw.name, raw.isin, first_cell]
        named = any(_WORD.fullmatch(" ".join(folded(word).split()).strip(" :.")) for word in words if word.strip())
        # A list may begin with its ISINs and write "Summe" there: only what could be a code speaks against a total.
        if any(map(str.isdigit, raw.isin)) or (not named and any(is_cash_name(word) for word in words if word.strip())):
            return False
        value = self._value(raw.market_value)
        fits = value is not None and (self._is(value, self._all, self._count) or self._is_group(value))
        # Without its word a sum is a total only where it alone has no units and no ISIN: values may agree by chance.
        only_it = self._known >= 2 and self._known + self._money == self._count
        if not named and not (fits and value and only_it):
            return False
        label = next((word for word in words if word.strip()), "sum")
        self._tell(row, value, label, fits=fits, named=named)
        self._group, self._count_group = Decimal(0), 0
        return True

    def without_sums(self, lines: list[Holding]) -> list[Holding]:
        """One account's lines without sums that stand above what they add up: of all, or of each group; they are told.

        A line that has neither units nor an ISIN and is no money may be one. Each of them must be the sum of the lines
        below it, up to the next of them or to the end, and at least two lines must be known.
        """
        heads = [place for place, line in enumerate(lines) if not _is_known(line) and not _is_money(line)]
        if not heads or len(lines) - len(heads) < 2 or sum(map(_is_known, lines)) < 2:
            return lines
        ends = [*heads[1:], len(lines)]
        whole = sum((line.market_value for place, line in enumerate(lines) if place not in heads), Decimal(0))
        for place, end in zip(heads, ends, strict=True):
            below = lines[place + 1 : end]
            group = sum((line.market_value for line in below), Decimal(0))
            alone = len(heads) == 1 and self._is(lines[place].market_value, whole, len(lines) - 1)
            if not lines[place].market_value or not (alone or self._is(lines[place].market_value, group, len(below))):
                return lines
        for place in heads:
            heading = "Rows without units whose value is the sum of lines below were left out"
            self._findings.tally(heading, f"'{(lines[place].name or lines[place].symbol)[:60]}'", LEFT_OUT)
            self._all -= lines[place].market_value
            self._count -= 1
        return [line for place, line in enumerate(lines) if place not in heads]

    def tell_lots(self, lines: Iterable[Holding]) -> None:
        """Tell where one line of a symbol is the sum of its other lines: a list of lots may state their sum, too."""
        by_symbol: dict[str, list[Holding]] = {}
        for line in lines:
            by_symbol.setdefault(line.isin or line.symbol, []).append(line)
        for symbol, alike in by_symbol.items():
            if len(alike) < 3 or any(line.quantity is None for line in alike):
                continue
            largest = max(alike, key=lambda line: abs(line.quantity or Decimal(0)))
            units = sum((line.quantity or Decimal(0) for line in alike), Decimal(0))
            worth = sum((line.market_value for line in alike), Decimal(0))
            if units == 2 * (largest.quantity or 0) and self._is(largest.market_value * 2, worth, len(alike)):
                heading = "One line is the sum of the other lines of its symbol; if it states their sum, remove it"
                self._findings.tally(heading, f"'{symbol[:60]}'")

    def _tell(self, row: int, value: Decimal | None, label: str, *, fits: bool, named: bool) -> None:
        ours = self._group if value is not None and self._is_group(value) else self._all
        if not named:
            heading = "Rows without units whose value is the sum of lines above were left out"
            self._findings.tally(heading, f"row {row}", LEFT_OUT)
            self._compared(label, row, value, ours, agrees=True)
        elif (why := self._incomparable(value)) or value is None:
            self._findings.tally("Rows with totals were left out; nothing compared them", f"row {row}", LEFT_OUT)
            self._compared(label, row, value, None, why=why)
        elif fits:
            self._findings.tally("Rows with totals were left out; they agree with the lines", f"row {row}", LEFT_OUT)
            self._compared(label, row, value, ours, agrees=True)
        elif _NET.search(folded(label)):
            heading = f"Net assets below the lines differ from them ({self._all:,.2f})"
            self._findings.tally(heading, f"row {row}, {value:,.2f}", LEFT_OUT)
            self._compared(label, row, value, ours, agrees=False)
        else:
            message = (
                f"The total does not agree with the lines above it, which come to {self._all:,.2f}"
                + (f" ({self._group:,.2f} since the last total)" if self._group != self._all else "")
                + ". Something is missing or read wrong; look at the columns and export again."
            )
            self._findings.problem(row, "", f"{value:,.2f}", message)
            self._compared(label, row, value, ours, agrees=False)

    def _incomparable(self, value: Decimal | None) -> str:
        """Why a total cannot be held against the lines; "" where it can."""
        if value is None:
            return "no amount can be read there"
        if not self._count:
            return "no line was read above it"
        if self._findings.problem_count:
            return "some rows did not come in"
        return "the lines are in several currencies" if len(self._currencies) > 1 else ""

    def _compared(
        self, label: str, row: int, value: Decimal | None, ours: Decimal | None, *, agrees: bool | None = None,
        why: str = "", currency: str = "",
    ) -> None:  # fmt: skip
        if value is not None:
            code = currency or (next(iter(self._currencies)) if len(self._currencies) == 1 else "")
            self._findings.compared(Comparison(shortened(label, 60), row, value, ours, code, agrees, why))

    def compare(self, stated: Iterable[StatedTotal], *, whole: bool) -> None:
        """Hold totals that stand beside the table against all its lines.

        Args:
            whole: The lines are one portfolio on one day; the total of several is not one sum.
        """
        for total in stated:
            if total.other is not None and self._is(total.other, self._all, self._count):
                # "24,531" alone may be two numbers: the lines say which.
                total = replace(total, value=total.other)
            shown = f"row {total.row}, '{total.label[:60]}' {total.value:,.2f}"
            why = self._unlike(total) or ("" if whole else "the lines are several portfolios")
            agrees = None if why else self._is(total.value, self._all, self._count)
            self._compared(
                total.label, total.row, total.value, None if why else self._all, agrees=agrees, why=why,
                currency=total.currency,
            )  # fmt: skip
            if why:
                self._findings.tally("Totals beside the table were read; nothing compared them", shown)
            elif agrees:
                self._findings.tally("Totals beside the table agree with the lines", shown)
            elif total.net:
                self._findings.tally(f"Net assets beside the table differ from the lines ({self._all:,.2f})", shown)
            else:
                message = (
                    f"The total beside the table does not agree with its lines, which come to {self._all:,.2f}. "
                    "Something is missing or read wrong; look at the columns and export again."
                )
                self._findings.problem(total.row, total.label, f"{total.value:,.2f}", message)

    def _unlike(self, total: StatedTotal) -> str:
        """Why a total beside the table cannot be held against the lines; "" where it can."""
        if not self._currencies:
            return "no line was read"
        if (why := self._incomparable(total.value)) or total.currency in ("", *self._currencies):
            return why
        return f"it is in {total.currency}, and the lines are in {next(iter(self._currencies))}"

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


def _is_known(line: Holding) -> bool:
    """Whether a line says what and how much it is: a sum does not."""
    return line.quantity is not None or bool(line.isin)


def _is_money(line: Holding) -> bool:
    return line.asset_class is AssetClass.CASH
