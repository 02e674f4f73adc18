"""Rows that sum up a list without being its sum: averages, medians, extremes, counts of its lines."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Final

from core.intake.cells.asset_classes import folded
from core.intake.cells.numbers import NotANumber, NumberStyle, parse_number
from core.intake.findings import Findings
from core.intake.positions.lines import PositionCells
from core.intake.positions.totals import LEFT_OUT

_WORD: Final = re.compile(
    r"(?:(?:simple|weighted|arithmetic|portfolio|overall|gewichteter?|ungewichteter?|arithmetisches?) )?"
    r"(?:averages?|avg|means?|median[aeo]?|durchschnitt|mittelwert|mittel|schnitt|moyennes?|media|mediane|promedio|"
    r"mediaan|gemiddelde|genomsnitt|medelvarde|medel|gjennomsnitt|gennemsnit|keskiarvo|mediaani|srednia|prumer|priemer|"
    r"atlag|prosjek|medie|ortalama|ortanca|среднее|медиана|средно|середнє|μεσος ορος|διαμεσος|平均|中央値|中位数|평균|"
    r"min|minimum|minimo|kleinster(?: wert)?|minimalwert|max|maximum|maximo|massimo|grosster(?: wert)?|maximalwert|"
    r"мин|минимум|макс|максимум|最小|最大|최소|최대|"
    r"std\.? ?dev\.?|stdev|standard deviation|standardabweichung|ecart[- ]type|varianz|variance|"
    r"(?:number|count|anzahl|nombre|numero|aantal|antal|antall|pocet|liczba|количество)(?: of| der| de| van| av)?"
    r" (?:positions?|positionen|posten|lines?|holdings|titres|lignes|titoli|titulos|posiciones|posities|innehav|"
    r"pozycji)|"
    r"(?:in )?(?:%|percent|prozent|pct|pourcent)(?: (?:of|von|vom|des|du|del) .{1,30})?|"
    r"(?:anteil|share|weight|gewicht|poids|peso)(?: in)? %)"
    r"(?: (?:of|der|des|du|von|aller|all|price|kurs|value|wert|positions?|positionen|holdings)){0,3}"
)
_STARTS: Final = frozenset(
    re.findall(
        r"\S+",
        "av me mi ma du sc mo pr ge gj ke sr pe at or st ec va nu co an no aa po li in % pc sh we gr kl si ar ov un",
    )
)
_NEAR: Final = Decimal("0.005")
_LONGEST: Final = 120


def may_be_statistic(text: str) -> bool:
    """Whether a cell may name a statistic, by its first two letters: a look that a million rows can take."""
    start = text.lstrip()[:2].casefold().rstrip()
    return start in _STARTS or not start.isascii()


def is_statistic(text: str) -> bool:
    """Whether a cell names a statistic and nothing else: "Average", "Durchschnitt", "Moyenne", "% of total"."""
    return len(text) <= _LONGEST and _is_statistic(text)


@lru_cache(maxsize=4096)  # a list of many accounts names the same securities again and again
def _is_statistic(text: str) -> bool:
    return may_be_statistic(text) and bool(_WORD.fullmatch(" ".join(folded(text).split()).strip(" :.=()")))


@dataclass(slots=True)
class Statistics:
    """Rows of a list that are statistics of others."""

    findings: Findings
    style: NumberStyle

    def is_row(self, row: int, raw: PositionCells, first_cell: str) -> bool:
        """Whether a row names a statistic and says nothing else that a line would: no code, no name, no product."""
        words = [raw.name] if raw.name.strip() else [raw.symbol, first_cell]
        if any(map(str.isdigit, raw.isin)) or not any(is_statistic(word) for word in words):
            return False
        if is_product(raw, self.style):
            return False
        self.findings.tally(
            "Rows that are statistics of the lines (averages, extremes, counts) were left out",
            f"row {row} '{next(word for word in words if is_statistic(word)).strip()[:40]}'",
            LEFT_OUT,
        )
        return True


def is_product(raw: PositionCells, style: NumberStyle) -> bool:
    """Whether a row's value is quantity × price, as a line's is even where its name is a word for a sum."""
    try:
        quantity, price, value = (parse_number(text, style) for text in (raw.quantity, raw.price, raw.market_value))
    except NotANumber:
        return False
    return bool(value) and abs(quantity * price - value) <= abs(value) * _NEAR
