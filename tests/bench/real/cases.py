"""Sentences that were tried from outside, each about the same portfolio: those that must be flagged and those that must
not."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any, Final

from core.analyses import value_at_risk
from core.analyses.typed.aspects import aspect_of
from core.analyses.typed.naming import Naming
from core.analyses.typed.reading import read
from core.analyses.verify import verify
from core.domain.evidence import Evidence
from core.domain.facts import Fact, FactSheet, HoldingFact
from core.domain.units import Badge, Unit
from tests.bench.real.scores import Score, Wanted

DAY, YEAR, HISTORY = "as of 2026-10-30", "2025-10-30..2026-10-30", "2020-10-29..2026-10-30"
_QUOTED: Final = re.compile(r'"([^"]{9,})"')
_FRENCH: Final = re.compile(r"\b(?:le|la|les|un|est|soit|des|du)\b", re.IGNORECASE)
_GERMAN: Final = re.compile(r"\b(?:der|die|das|den|betrug|wiegt|um|Prozentpunkte)\b")
_SENTENCES: Final = range(50, 70)
_OF_FIELDS: Final = (61, 62, 63)
"""Their mistakes stand in fields and rules; `written` and the unit tests measure those."""


def _fact(name: str, value: float, unit: Unit = Unit.PCT, period: str = DAY, decimals: int = 2) -> Fact:
    return Fact(name, value, unit, "EUR" if unit is Unit.CCY else None, period, "", Badge.DERIVED, decimals)


HOLDINGS: Final = {
    "MSFT": ("Microsoft", "USD", 18.34),
    "BUND": ("Bundesrepublik 2.20% 02/2034", "EUR", 16.40),
    "NESN.SW": ("Nestlé", "CHF", 15.22),
    "SAP.DE": ("SAP", "EUR", 11.95),
    "ASML.AS": ("ASML Holding", "EUR", 10.48),
    "MMM": ("3M", "USD", 9.73),
    "AAPL": ("Apple Inc.", "USD", 8.43),
    "ROG.SW": ("Roche Holding", "CHF", 2.80),
    "CASH_EUR": ("Cash EUR", "EUR", 6.65),
}
_RISK: Final = {"MSFT": 24.11, "NESN.SW": 9.38, "SAP.DE": 17.02, "ASML.AS": 27.61, "MMM": 8.9, "AAPL": 12.98}
_ADDED: Final = {"MSFT": 3.42, "NESN.SW": 0.85, "SAP.DE": 2.61, "ASML.AS": 1.93, "MMM": -1.02, "AAPL": 0.74}

SHEET: Final = FactSheet(
    portfolio_id="cases",
    name="Cases",
    as_of=date(2026, 10, 30),
    base_currency="EUR",
    region="EU",
    facts=(
        _fact("total_value", 12_345_678.90, Unit.CCY),
        _fact("holdings_count", 9.0, Unit.COUNT, decimals=0),
        _fact("effective_n", 7.28, Unit.RATIO),
        _fact("volatility", 12.345, period=HISTORY),
        _fact("sharpe", 0.6247, Unit.RATIO, HISTORY),
        _fact("beta", 0.8412, Unit.RATIO, HISTORY),
        _fact("max_drawdown", -23.47, period=HISTORY),
        _fact("var_95_1d", 1.2842, period=HISTORY),
        _fact("cvar_95_1d", 1.93, period=HISTORY),
        _fact("return.1y", 9.8412, period=YEAR),
        _fact("benchmark_return.1y", 11.0231, period=YEAR),
        _fact("excess_return.1y", -1.1819, Unit.PP, YEAR),
        _fact("currency.EUR", 38.83),
        _fact("currency.USD", 36.50),
        _fact("currency.CHF", 24.67),
        _fact("asset_class.equity", 76.95),
        _fact("asset_class.cash", 6.65),
        _fact("stress.equity_down_20", -13.85),
        *(_fact(f"weight.{name}", weight) for name, (_, _, weight) in HOLDINGS.items()),
        *(_fact(f"risk_share.{name}", share, period=HISTORY) for name, share in _RISK.items()),
        *(_fact(f"contribution.{name}", added, Unit.PP, YEAR) for name, added in _ADDED.items()),
    ),
    absent=(),
    holdings=tuple(
        HoldingFact(symbol, symbol, name, "cash" if "CASH" in symbol else "equity", "", "", currency, weight,
                    weight * 123_456.789)
        for symbol, (name, currency, weight) in HOLDINGS.items()
    ),
    evidence=Evidence(scenarios=("equity_down_20",)),
)  # fmt: skip


def run(folder: Path) -> tuple[list[Score], list[Wanted]]:
    """Each quoted sentence of each case, in a claim that cites the portfolio's figures and those of whom it names."""
    score = Score("cases: sentences", "sentence")
    for path in sorted(folder.glob("*.md")):
        number = int(path.name[:2]) if path.name[:2].isdigit() else 0
        if number not in _SENTENCES or number in _OF_FIELDS:
            continue
        text = path.read_text("utf-8")
        given, right = _part(text, "Input"), _part(text, "Right")
        for sentence in _QUOTED.findall(given):
            document = answer(sentence)
            found = [*verify(document, SHEET).findings, *value_at_risk.words(document, SHEET)]
            wrong = not right.startswith("No finding")
            score.add(wrong=wrong, flagged=bool(found), example=f"{path.name[:2]} {sentence} {found[:1]}")
    right_ones = score.caught + score.right - score.flagged
    return [score], [Wanted("sentences of the cases judged rightly", right_ones, score.wrong + score.right, 1.0)]


def _part(text: str, title: str) -> str:
    return text.partition(f"## {title}\n")[2].partition("\n## ")[0].strip()


def _named(sentence: str) -> set[str]:
    found = {one.value for part in read(sentence, "en", Naming(SHEET)) for one in part.of("subject")}
    return found | ({f"currency.{name}" for name in ("EUR", "USD")} if "dollar" in sentence else set())


def answer(sentence: str) -> dict[str, Any]:
    """A claim in the language of its sentence."""
    language = "fr" if _FRENCH.search(sentence) else "de" if _GERMAN.search(sentence) else "en"
    metrics = [
        {"metric_id": f.metric_id, "value": float(f.shown), "unit": f.unit.value, "currency": f.currency,
         "period": f.period}
        for f in SHEET.facts
        if not (aspect := aspect_of(f.metric_id)).subject or aspect.subject in _named(sentence)
    ]  # fmt: skip
    claim = {"metrics": metrics, "source_ids": [], "text": sentence, "kind": "fact", "confidence": "high"}
    return {"language": language, "claims": [claim]}
