"""Answers with errors planted in them, to measure checking with. Written apart: nothing here knows how that works.

Facts are drawn at random; sentences and number notations are this file's own, for four places: English (US), French,
German (Germany) and German (Switzerland). An answer states many true numbers, in references and in sentences, rounded
and restated as people do; at most one of them is then made wrong, and the place is remembered.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from core.domain.evidence import Evidence
from core.domain.facts import AbsentFact, Fact, FactSheet, HoldingFact
from core.domain.units import Badge, Unit

SLIPS = ("value", "scale", "percent", "bps", "sign", "period", "wrong_id")
PLACES = ("en", "fr", "de", "ch")

_DAY = "as of 2026-10-30"
_YEAR = "2025-10-30..2026-10-30"
_HISTORY = "2020-10-29..2026-10-30"
_OTHER_PERIODS = ("2024-10-30..2025-10-30", "as of 2026-09-30", "2021-10-29..2026-10-30", "2026-07-30..2026-10-30")
_MARK = {"en": ".", "fr": ",", "de": ",", "ch": "."}
_GROUP = {"en": ",", "fr": "\u202f", "de": ".", "ch": "\u2019"}
_MINUS = {"en": "-", "fr": "\u2212", "de": "-", "ch": "\u2212"}
_LANGUAGE = {"en": "en", "fr": "fr", "de": "de", "ch": "de"}
_CURRENCY = {"en": "USD", "fr": "EUR", "de": "EUR", "ch": "CHF"}

_SAYS = {
    "en": (
        "The {name} stands at {n}.",
        "With {n}, the {name} is where it was.",
        "At {n} ({name}), nothing is unusual.",
    ),
    "fr": ("Le niveau de {name} est de {n}.", "Avec {n}, {name} ne surprend pas.", "On relève {n} pour {name}."),
    "de": ("Der Wert für {name} beträgt {n}.", "Mit {n} überrascht {name} nicht.", "Für {name} stehen {n} zu Buche."),
}
_PERCENT = {"en": "percent", "fr": "pour cent", "de": "Prozent"}
_RANGE = {
    "en": "Between {n} and {m} lie the {name} and the {other}.",
    "fr": "Entre {n} et {m} se situent {name} et {other}.",
    "de": "Zwischen {n} und {m} liegen {name} und {other}.",
}
_BOTH = {
    "en": "The {name} is {n}, next to {m} for the {other}.",
    "fr": "{name} est à {n}, à côté de {m} pour {other}.",
    "de": "{name} liegt bei {n}, neben {m} für {other}.",
}
_ROSE = {
    "en": ("The {name} gained {n} over the period.", "It rose {n} ({name})."),
    "fr": ("{name} : une hausse de {n} sur la période.", "La valeur a progressé de {n} ({name})."),
    "de": ("{name}: ein Zuwachs von {n} im Zeitraum.", "Der Wert ist um {n} gestiegen ({name})."),
}
_FELL = {
    "en": ("The {name} lost {n} over the period.", "It fell {n} ({name})."),
    "fr": ("{name} : une baisse de {n} sur la période.", "La valeur a perdu {n} ({name})."),
    "de": ("{name}: ein Rückgang von {n} im Zeitraum.", "Der Wert ist um {n} gefallen ({name})."),
}
_MONEY = {
    "en": ("The portfolio is worth {c} {n}.", "Its value is {c} {k} million."),
    "fr": ("Le portefeuille vaut {n} {c}.", "Sa valeur est de {k} millions {c}."),
    "de": ("Das Portfolio ist {n} {c} wert.", "Sein Wert beträgt {k} Mio. {c}."),
}
_APART = {
    "en": "Between {name} and {other} lie {n} percentage points.",
    "fr": "Entre {name} et {other}, l'écart est de {n} points de pourcentage.",
    "de": "Zwischen {name} und {other} liegen {n} Prozentpunkte.",
}


@dataclass(frozen=True, slots=True)
class Planted:
    """An answer, what it speaks of, and what was made wrong in it.

    Attributes:
        slip: One of `SLIPS`, or "" for an answer that is true throughout.
        path: Where the wrong number stands ("claims[2].metrics[0]"), "" in a true answer.
        true_numbers: Numbers in it that are true.
    """

    document: dict[str, Any]
    sheet: FactSheet
    place: str
    slip: str
    path: str
    true_numbers: int


@dataclass
class _Draft:
    """An answer that is being written."""

    claims: list[dict[str, Any]] = field(default_factory=list)
    texts: list[tuple[str, list[Fact], str]] = field(default_factory=list)
    numbers: int = 0


def answers(count: int, seed: int = 20261124) -> Iterator[Planted]:
    """So many answers, every kind of slip and every place equally often, one in eight without any slip."""
    chance = random.Random(seed)
    for number in range(count):
        place = PLACES[number % len(PLACES)]
        slip = (*SLIPS, "")[number // len(PLACES) % (len(SLIPS) + 1)]
        yield _answer(chance, place, slip)


def withheld(count: int, seed: int = 7) -> Iterator[Planted]:
    """True answers whose sheet then lost one fact that they state: each statement of it is unsupported."""
    chance = random.Random(seed)
    for number in range(count):
        made = _answer(chance, PLACES[number % len(PLACES)], "")
        stated = [
            (f"claims[{at}].metrics[{place}]", metric["metric_id"])
            for at, claim in enumerate(made.document["claims"])
            for place, metric in enumerate(claim["metrics"])
        ]
        path, metric_id = stated[chance.randrange(len(stated))]
        facts = tuple(fact for fact in made.sheet.facts if fact.metric_id != metric_id)
        gone = AbsentFact(metric_id, "It was withheld.")
        yield replace(made, sheet=replace(made.sheet, facts=facts, absent=(gone,)), slip="withheld", path=path)


def _answer(chance: random.Random, place: str, slip: str) -> Planted:
    sheet = _sheet(chance, place)
    draft = _Draft()
    for fact in chance.sample(sheet.facts, 9):
        _claim(chance, draft, place, [fact])
    pair = chance.sample([fact for fact in sheet.facts if fact.unit is Unit.PCT and fact.value > 0], 2)
    _claim(chance, draft, place, pair)
    path = _plant(chance, draft, sheet, place, slip) if slip else ""
    summary = " ".join(
        claim["text"] for at, claim in enumerate(draft.claims[:3]) if not path.startswith(f"claims[{at}]")
    )
    numbers = draft.numbers + sum(len(claim["_said"]) for claim in draft.claims[:3] if claim["text"] in summary)
    claims = [{key: value for key, value in claim.items() if key != "_said"} for claim in draft.claims]
    document = _document(sheet, place, claims, summary)
    return Planted(document, sheet, place, slip, path, numbers - bool(slip))


_NOT_MEASURED = {
    "en": (
        "Since 30 October 2026 the S&P 500 fund is unchanged.",
        "In Q3 2025, rule 5/10/40 applied to 3 of 12 lines.",
    ),
    "fr": (
        "Depuis le 30 octobre 2026, le fonds CAC 40 est inchangé.",
        "En 2025, la règle 5/10/40 valait pour 3 lignes.",
    ),
    "de": (
        "Seit dem 30. Oktober 2026 ist der DAX 40 Fonds gleich.",
        "Im Jahr 2025 galt die Regel 5/10/40 für 3 Linien.",
    ),
}
"""Sentences whose digits date, name or count something: none of them is a figure of the portfolio."""


def _claim(chance: random.Random, draft: _Draft, place: str, facts: list[Fact]) -> None:
    text, said = _sentence(chance, place, facts)
    if chance.random() < 0.2:
        text = f"{text} {chance.choice(_NOT_MEASURED[_LANGUAGE[place]])}"
    metrics = [_reference(chance, fact) for fact in facts]
    draft.numbers += len(metrics) + len(said)
    claim = {"metrics": metrics, "source_ids": [], "text": text, "kind": "fact", "confidence": "high", "_said": said}
    draft.claims.append(claim)


def _reference(chance: random.Random, fact: Fact) -> dict[str, Any]:
    value = float(fact.shown)
    if fact.unit is Unit.PCT and fact.decimals == 2 and chance.random() < 0.2:
        value = round(fact.value, 1)
    return {
        "metric_id": fact.metric_id,
        "value": value,
        "unit": fact.unit.value,
        "currency": fact.currency,
        "period": fact.period,
    }


def _sentence(chance: random.Random, place: str, facts: list[Fact]) -> tuple[str, list[str]]:
    """A true sentence about one or two facts, and the numbers in it as they are written."""
    language, fact = _LANGUAGE[place], facts[0]
    if len(facts) == 2:
        name, other = _name(facts[0]), _name(facts[1])
        if chance.random() < 0.5:
            apart = _written(abs(float(facts[0].shown) - float(facts[1].shown)), 2, place)
            return _APART[language].format(name=name, other=other, n=apart), [apart]
        shown = [_with_unit(one, one.value, place) for one in facts]
        words = chance.choice((_BOTH, _RANGE))
        return words[language].format(name=name, other=other, n=shown[0], m=shown[1]), shown
    if fact.unit is Unit.CCY:
        full, short = _MONEY[language]
        if chance.random() < 0.5:
            number = _written(fact.value, 2, place)
            return full.format(c=fact.currency, n=number), [number]
        millions = _written(fact.value / 1e6, 2, place)
        return short.format(c=fact.currency, k=millions), [millions]
    if _moves(fact):
        if chance.random() < 0.4:
            number = _with_unit(fact, fact.value, place)
            return chance.choice(_SAYS[language]).format(name=_name(fact), n=number), [number]
        moved = _ROSE if fact.value > 0 else _FELL
        number = _with_unit(fact, abs(fact.value), place)
        return chance.choice(moved[language]).format(name=_name(fact), n=number), [number]
    if fact.unit is Unit.PCT and chance.random() < 0.2:
        # The same number in the smaller unit, or with its unit as a word.
        if chance.random() < 0.5:
            number = f"{_written(round(fact.value * 100), 0, place)} bps"
        else:
            number = f"{_written(fact.value, fact.decimals, place)} {_PERCENT[language]}"
        return chance.choice(_SAYS[language]).format(name=_name(fact), n=number), [number]
    decimals = fact.decimals - 1 if fact.unit is Unit.PCT and chance.random() < 0.25 else fact.decimals
    number = _with_unit(fact, fact.value, place, decimals)
    return chance.choice(_SAYS[language]).format(name=_name(fact), n=number), [number]


def _plant(chance: random.Random, draft: _Draft, sheet: FactSheet, place: str, slip: str) -> str:
    """Make one number wrong; returns its path."""
    facts = sheet.by_id()
    suited = [
        (at, facts[claim["metrics"][0]["metric_id"]])
        for at, claim in enumerate(draft.claims)
        if len(claim["metrics"]) == 1 and _suits(slip, facts[claim["metrics"][0]["metric_id"]])
    ]
    at, fact = suited[chance.randrange(len(suited))]
    claim = draft.claims[at]
    in_text = slip != "period" and chance.random() < 0.5
    if slip == "period":
        claim["metrics"][0]["period"] = chance.choice(_OTHER_PERIODS)
        return f"claims[{at}].metrics[0]"
    wrong = _wrong(chance, slip, fact, sheet)
    if not in_text:
        claim["metrics"][0]["value"] = wrong
        return f"claims[{at}].metrics[0]"
    language = _LANGUAGE[place]
    if slip == "sign" and _moves(fact) and chance.random() < 0.5:
        words = _FELL if fact.value > 0 else _ROSE
        number = _with_unit(fact, abs(fact.value), place)
        claim["text"] = chance.choice(words[language]).format(name=_name(fact), n=number)
    elif slip == "bps":
        # The percentage is called basis points.
        number = f"{_written(fact.value, fact.decimals, place)} bps"
        claim["text"] = _SAYS[language][0].format(name=_name(fact), n=number)
    else:
        decimals = max(fact.decimals, 2 if slip != "percent" else 4)
        claim["text"] = _SAYS[language][0].format(name=_name(fact), n=_with_unit(fact, wrong, place, decimals))
    return f"claims[{at}].text"


def _suits(slip: str, fact: Fact) -> bool:
    if slip in {"percent", "bps"}:
        return fact.unit is Unit.PCT and abs(fact.value) >= 1
    if slip == "sign":
        return fact.value > 0 or _moves(fact)
    if slip == "scale":
        return abs(fact.value) >= 0.05
    return fact.unit is not Unit.COUNT or slip in {"period", "value"}


def _wrong(chance: random.Random, slip: str, fact: Fact, sheet: FactSheet) -> float:
    value = float(fact.shown)
    if slip == "scale":
        return round(value * chance.choice((1e3, 1e6, 1e-3)), 6)
    if slip == "percent":
        return round(value * chance.choice((0.01, 100.0)), 6)
    if slip == "bps":
        return round(value * chance.choice((1e4, 1e-4)), 8)
    if slip == "sign":
        return -value
    if slip == "wrong_id":
        others = [one for one in sheet.facts if one.unit is fact.unit and abs(one.value - fact.value) > 0.11]
        return float(chance.choice(others).shown) if others else value * 1.31 + 1.7
    least = {Unit.CCY: abs(value) * 0.008, Unit.COUNT: 1.0, Unit.RATIO: 0.02, Unit.BPS: 2.0}.get(fact.unit, 0.11)
    moved = max(least, abs(value) * chance.uniform(0.001, 0.2))
    moved = float(round(moved)) if fact.unit is Unit.COUNT else moved
    return round(value + chance.choice((-1, 1)) * moved, fact.decimals)


def _moves(fact: Fact) -> bool:
    return fact.metric_id.startswith(("return.", "contribution.", "excess_return."))


def _name(fact: Fact) -> str:
    """A name without digits, so that a sentence's numbers are those that are meant."""
    return "".join(character for character in fact.metric_id if not character.isdigit()).replace("_", " ").strip(". ")


def _with_unit(fact: Fact, value: float, place: str, decimals: int | None = None) -> str:
    number = _written(value, fact.decimals if decimals is None else decimals, place)
    if fact.unit is Unit.PCT:
        return f"{number}%" if place == "en" else f"{number}\u00a0%"
    if fact.unit is Unit.PP:
        return f"{number} {'percentage points' if place == 'en' else 'pp'}"
    if fact.unit is Unit.BPS:
        return f"{number} bps"
    return number


def _written(value: float, decimals: int, place: str) -> str:
    """A number as the place writes it."""
    plain = f"{abs(value):,.{decimals}f}"
    whole, _, fraction = plain.partition(".")
    text = whole.replace(",", _GROUP[place]) + (_MARK[place] + fraction if fraction else "")
    return (_MINUS[place] if value < 0 else "") + text


def _sheet(chance: random.Random, place: str) -> FactSheet:
    currency = _CURRENCY[place]
    symbols = [f"{chance.choice('BCDFGHKLM')}{chance.choice('AEIO')}{chance.choice('NRST')}X" for _ in range(6)]
    weights = {symbol: chance.uniform(1.0, 40.0) for symbol in symbols}
    facts = [
        Fact("total_value", chance.uniform(2e5, 9e8), Unit.CCY, currency, _DAY, "", Badge.DERIVED, 2),
        Fact("holdings_count", float(chance.randint(13, 90)), Unit.COUNT, None, _DAY, "", Badge.DERIVED, 0),
        Fact("hhi", chance.uniform(0.03, 0.6), Unit.RATIO, None, _DAY, "", Badge.DERIVED, 4),
        Fact("effective_n", chance.uniform(1.5, 30.0), Unit.RATIO, None, _DAY, "", Badge.DERIVED, 2),
        Fact("volatility", chance.uniform(2.0, 35.0), Unit.PCT, None, _HISTORY, "", Badge.DERIVED, 2),
        Fact("sharpe", chance.uniform(0.1, 2.0), Unit.RATIO, None, _HISTORY, "", Badge.DERIVED, 2),
        Fact("max_drawdown", chance.uniform(-55.0, -4.0), Unit.PCT, None, _HISTORY, "", Badge.DERIVED, 2),
        Fact("var_95_1d", chance.uniform(0.2, 4.0), Unit.PCT, None, _HISTORY, "", Badge.DERIVED, 2),
        Fact("cvar_95_1d", chance.uniform(0.4, 6.0), Unit.PCT, None, _HISTORY, "", Badge.DERIVED, 2),
        Fact("top1_weight", max(weights.values()), Unit.PCT, None, _DAY, "", Badge.DERIVED, 2),
        Fact("asset_class.equity", chance.uniform(10.0, 95.0), Unit.PCT, None, _DAY, "", Badge.DERIVED, 2),
        Fact("return.ytd", _either(chance, 1.0, 25.0), Unit.PCT, None, _YEAR, "", Badge.DERIVED, 2),
        Fact("excess_return.ytd", _either(chance, 0.3, 9.0), Unit.PP, None, _YEAR, "", Badge.DERIVED, 2),
        Fact("spread", chance.uniform(20.0, 400.0), Unit.BPS, None, _DAY, "", Badge.DERIVED, 0),
    ]  # fmt: skip
    for symbol, weight in weights.items():
        facts.append(Fact(f"weight.{symbol}", weight, Unit.PCT, None, _DAY, "", Badge.DERIVED, 2))
        facts.append(
            Fact(f"contribution.{symbol}", _either(chance, 0.2, 6.0), Unit.PP, None, _YEAR, "", Badge.DERIVED, 2)
        )
    unique = {fact.metric_id: fact for fact in facts}
    return FactSheet(
        portfolio_id="planted",
        name="Planted",
        as_of=date(2026, 10, 30),
        base_currency=currency,
        region=place.upper(),
        facts=tuple(unique.values()),
        absent=(),
        holdings=tuple(
            HoldingFact(symbol, symbol, f"{symbol} Holding", "equity", "", "US", currency, weight, weight * 1e4)
            for symbol, weight in weights.items()
        ),
        evidence=Evidence(decimal_mark=_MARK[place]),
    )


def _either(chance: random.Random, least: float, most: float) -> float:
    return chance.choice((-1, 1)) * chance.uniform(least, most)


def _level(sheet: FactSheet) -> str:
    """The level that the prompt's yardstick gives the sheet's volatility."""
    volatility = next((fact.value for fact in sheet.facts if fact.metric_id == "volatility"), 10.0)
    levels = ((3, "very_low"), (8, "low"), (13, "moderate"), (18, "elevated"), (28, "high"))
    return next((name for bound, name in levels if volatility < bound), "very_high")


def _document(sheet: FactSheet, place: str, claims: list[dict[str, Any]], summary: str) -> dict[str, Any]:
    """A whole risk answer around the claims."""
    return {
        "schema_version": "1",
        "analysis_type": "risk",
        "portfolio_id": sheet.portfolio_id,
        "as_of_date": sheet.as_of.isoformat(),
        "base_currency": sheet.base_currency,
        "language": _LANGUAGE[place],
        "claims": claims,
        "overall_level": _level(sheet),
        "risks": [],
        "stress_tests": [],
        "var_statement": {
            "method": "historical",
            "confidence_pct": 95,
            "horizon_days": 1,
            "metrics": [],
            "plain_language": "No value at risk is stated.",
        },
        "limit_breaches": [],
        "data_gaps": [],
        "caveats": [],
        "headline": "Planted",
        "summary": summary,
    }
