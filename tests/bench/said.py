"""Sentences about random facts, as professionals write them, true or with one mistake in what they say of a number.

Written apart: nothing here knows how checking works. Each kind of mistake has its sentences in English, French and
German; the true form and the wrong one differ in one name, number or word.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from core.domain.evidence import Evidence
from core.domain.facts import Fact, FactSheet, HoldingFact
from core.domain.units import Badge, Unit

LANGUAGES: Final = ("en", "fr", "de")
_DAY, _HISTORY = "as of 2026-10-30", "2020-10-29..2026-10-30"
_SPANS: Final = {
    "1y": "2025-10-30..2026-10-30", "3y": "2023-10-30..2026-10-30", "5y": "2021-10-29..2026-10-30",
}  # fmt: skip
_NAMES: Final = ("Alvarin", "Bergholt", "Corvexa", "Dunmarre", "Estrellon", "Fjordane")

_SAID: Final[dict[str, dict[str, tuple[str, str]]]] = {
    "owner": {
        "en": ("{a} weighs {wa} and {b} {wb}.", "{b} weighs {wa} and {a} {wb}."),
        "fr": ("{a} pèse {wa} et {b} {wb}.", "{b} pèse {wa} et {a} {wb}."),
        "de": ("{a} ist mit {wa} gewichtet, {b} mit {wb}.", "{b} ist mit {wa} gewichtet, {a} mit {wb}."),
    },
    "contributor": {
        "en": ("Over the year {a} added {ca}, against {cb} from {b}.",
               "Over the year {b} added {ca}, against {cb} from {a}."),
        "fr": ("Sur un an, {a} a apporté {ca} et {b} {cb}.", "Sur un an, {b} a apporté {ca} et {a} {cb}."),
        "de": ("{a} trug über ein Jahr {ca} bei, {b} {cb}.", "{b} trug über ein Jahr {ca} bei, {a} {cb}."),
    },
    "benchmark": {
        "en": ("The portfolio returned {r1} over one year, the benchmark {q1}.",
               "The portfolio returned {q1} over one year, the benchmark {r1}."),
        "fr": ("Sur un an, le portefeuille a rendu {r1}, l'indice de référence {q1}.",
               "Sur un an, le portefeuille a rendu {q1}, l'indice de référence {r1}."),
        "de": ("Über ein Jahr brachte das Portfolio {r1}, die Benchmark {q1}.",
               "Über ein Jahr brachte das Portfolio {q1}, die Benchmark {r1}."),
    },
    "quantity": {
        "en": ("The one-day value at risk is {var}; the average loss beyond it is {cvar}.",
               "The one-day value at risk is {cvar}; the average loss beyond it is {var}."),
        "fr": ("La valeur en risque à un jour est de {var} ; la perte moyenne au-delà, de {cvar}.",
               "La valeur en risque à un jour est de {cvar} ; la perte moyenne au-delà, de {var}."),
        "de": ("Der Value at Risk eines Tages beträgt {var}, die Volatilität {vol}.",
               "Der Value at Risk eines Tages beträgt {vol}, die Volatilität {var}."),
    },
    "period": {
        "en": ("Over three years the portfolio made {r3} a year.", "Over three years the portfolio made {r5} a year."),
        "fr": ("Sur trois ans, le portefeuille affiche {r3} par an.",
               "Sur trois ans, le portefeuille affiche {r5} par an."),
        "de": ("Über drei Jahre liegt die Rendite bei {r3} pro Jahr.",
               "Über drei Jahre liegt die Rendite bei {r5} pro Jahr."),
    },
    "relation": {
        "en": ("Over one year the portfolio stayed {ahead} its benchmark.",
               "Over one year the portfolio stayed {behind} its benchmark."),
        "fr": ("Sur un an, le portefeuille termine {ahead} son indice de référence.",
               "Sur un an, le portefeuille termine {behind} son indice de référence."),
        "de": ("Über ein Jahr lag das Portfolio {ahead} der Benchmark.",
               "Über ein Jahr lag das Portfolio {behind} der Benchmark."),
    },
    "rank": {
        "en": ("{first} is the largest position.", "{last} is the largest position."),
        "fr": ("{first} est la plus grande position.", "{last} est la plus grande position."),
        "de": ("{first} ist die grösste Position.", "{last} ist die grösste Position."),
    },
    "second": {
        "en": ("{second} is the second-largest holding.", "{last} is the second-largest holding."),
        "fr": ("{second} est la deuxième ligne.", "{last} est la deuxième ligne."),
        "de": ("{second} ist die zweitgrösste Position.", "{last} ist die zweitgrösste Position."),
    },
    "comparison": {
        "en": ("{first} is larger than {last}.", "{last} is larger than {first}."),
        "fr": ("{last} pèse moins que {first}.", "{first} pèse moins que {last}."),
        "de": ("{last} wiegt weniger als {first}.", "{first} wiegt weniger als {last}."),
    },
    "size": {
        "en": ("About a third of the portfolio is in {third}.", "About a third of the portfolio is in {last}."),
        "fr": ("Environ un tiers du portefeuille est investi dans {third}.",
               "Environ un tiers du portefeuille est investi dans {last}."),
        "de": ("Rund ein Drittel des Portfolios steckt in {third}.",
               "Rund ein Drittel des Portfolios steckt in {last}."),
    },
    "count": {
        "en": ("The portfolio holds six positions.", "The portfolio holds nine positions."),
        "fr": ("Le portefeuille compte six lignes.", "Le portefeuille compte neuf lignes."),
        "de": ("Das Portfolio hat sechs Positionen.", "Das Portfolio hat neun Positionen."),
    },
    "date": {
        "en": ("Since October 29, 2020 volatility has been {vol}.",
               "Since October 29, 2017 volatility has been {vol}."),
        "fr": ("Depuis le 29 octobre 2020, la volatilité est de {vol}.",
               "Depuis le 29 octobre 2017, la volatilité est de {vol}."),
        "de": ("Seit dem 29.10.2020 beträgt die Volatilität {vol}.",
               "Seit dem 29.10.2017 beträgt die Volatilität {vol}."),
    },
    "ratio": {
        "en": ("The Sharpe ratio is {sharpe}.", "The Sharpe ratio is 3."),
        "fr": ("Le ratio de Sharpe est de {sharpe}.", "Le ratio de Sharpe est de 3."),
        "de": ("Die Sharpe Ratio beträgt {sharpe}.", "Die Sharpe Ratio beträgt 3."),
    },
    "direction": {
        "en": ("The deepest fall from a peak was {dd}.", "At best it gained {dd}."),
        "fr": ("La perte maximale a été de {dd}.", "Au mieux, il a gagné {dd}."),
        "de": ("Der grösste Wertverlust betrug {dd}.", "Im besten Fall gewann es {dd}."),
    },
}  # fmt: skip
KINDS: Final = tuple(_SAID)
_SIDES: Final = {
    "en": ("ahead of", "behind"), "fr": ("devant", "derrière"), "de": ("vor", "hinter"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence in an answer, what it speaks of, and whether it is true."""

    kind: str
    language: str
    wrong: bool
    text: str
    document: dict[str, Any]
    sheet: FactSheet


def sentences(count: int, seed: int = 20261130) -> Iterator[Said]:
    """So many sheets, each with the true and the wrong sentence of every kind in one language."""
    chance = random.Random(seed)
    for number in range(count):
        language = LANGUAGES[number % len(LANGUAGES)]
        sheet, parts = _sheet(chance, language)
        for kind, said in _SAID.items():
            for wrong, text in zip((False, True), said[language], strict=True):
                written = text.format_map(parts)
                yield Said(kind, language, wrong, written, _document(sheet, language, written), sheet)


def _sheet(chance: random.Random, language: str) -> tuple[FactSheet, dict[str, str]]:
    weights = [33.0 + chance.uniform(-1.5, 1.5), 24.0 + chance.uniform(-3, 3), 16.0 + chance.uniform(-3, 3),
               11.0 + chance.uniform(-1, 1), 8.0 + chance.uniform(-1, 1), 5.0 + chance.uniform(-1, 1)]  # fmt: skip
    names = chance.sample(_NAMES, 6)
    held = dict(zip(names, weights, strict=True))
    added = {name: 6.0 - 0.9 * place + chance.uniform(-0.3, 0.3) for place, name in enumerate(names)}
    r1, r3, r5 = (chance.uniform(low, low + 3) for low in (4.0, 8.0, 12.0))
    q1 = r1 + chance.choice((-1, 1)) * chance.uniform(0.8, 2.5)
    var = chance.uniform(0.8, 1.8)
    facts = [
        _fact("holdings_count", 6.0, Unit.COUNT, decimals=0),
        _fact("volatility", chance.uniform(16.0, 24.0), period=_HISTORY),
        _fact("sharpe", chance.uniform(0.2, 1.4), Unit.RATIO, _HISTORY), _fact("var_95_1d", var, period=_HISTORY),
        _fact("cvar_95_1d", var * 1.45, period=_HISTORY),
        _fact("max_drawdown", -chance.uniform(26, 45), period=_HISTORY),
        _fact("return.1y", r1, period=_SPANS["1y"]), _fact("return.3y", r3, period=_SPANS["3y"]),
        _fact("return.5y", r5, period=_SPANS["5y"]), _fact("benchmark_return.1y", q1, period=_SPANS["1y"]),
        _fact("excess_return.1y", r1 - q1, Unit.PP, _SPANS["1y"]),
        *(_fact(f"weight.{name.upper()}", weight) for name, weight in held.items()),
        *(_fact(f"contribution.{name.upper()}", value, Unit.PP, _SPANS["1y"]) for name, value in added.items()),
    ]  # fmt: skip
    known = {fact.metric_id: fact for fact in facts}
    ahead, behind = _SIDES[language] if r1 > q1 else _SIDES[language][::-1]
    parts = {"first": names[0], "third": names[0], "second": names[1], "last": names[5], "a": names[1], "b": names[3],
             "ahead": ahead, "behind": behind}  # fmt: skip
    for key, name in (
        ("wa", f"weight.{names[1].upper()}"), ("wb", f"weight.{names[3].upper()}"),
        ("ca", f"contribution.{names[1].upper()}"), ("cb", f"contribution.{names[3].upper()}"), ("r1", "return.1y"),
        ("r3", "return.3y"), ("r5", "return.5y"), ("q1", "benchmark_return.1y"), ("vol", "volatility"),
        ("var", "var_95_1d"), ("cvar", "cvar_95_1d"), ("sharpe", "sharpe"), ("dd", "max_drawdown"),
    ):  # fmt: skip
        parts[key] = _written(known[name], language)
    holdings = tuple(
        HoldingFact(name.upper(), name.upper(), name, "equity", "", "US", "EUR", weight, weight * 1e4)
        for name, weight in held.items()
    )
    mark = "." if language == "en" else ","
    return FactSheet("said", "Said", date(2026, 10, 30), "EUR", "EU", tuple(facts), (), holdings,
                     evidence=Evidence(decimal_mark=mark)), parts  # fmt: skip


def _fact(name: str, value: float, unit: Unit = Unit.PCT, period: str = _DAY, decimals: int = 2) -> Fact:
    return Fact(name, value, unit, None, period, "", Badge.DERIVED, decimals)


def _written(fact: Fact, language: str) -> str:
    text = f"{abs(fact.value):.2f}"
    text = text if language == "en" else text.replace(".", ",")
    points = {"en": "percentage points", "fr": "points de pourcentage", "de": "Prozentpunkte"}
    return f"{text} %" if fact.unit is Unit.PCT else f"{text} {points[language]}" if fact.unit is Unit.PP else text


def _document(sheet: FactSheet, language: str, text: str) -> dict[str, Any]:
    """A claim that cites every fact, so that only the words can tell."""
    metrics = [
        {"metric_id": f.metric_id, "value": float(f.shown), "unit": f.unit.value, "currency": None, "period": f.period}
        for f in sheet.facts
    ]
    claim = {"metrics": metrics, "source_ids": [], "text": text, "kind": "fact", "confidence": "high"}
    return {"language": language, "claims": [claim]}
