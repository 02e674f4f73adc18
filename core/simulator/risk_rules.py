"""A risk answer by plain rules, from the figures that the prompt states. It says of itself that it is simulated.

The overall level follows the yardsticks of the risk prompt; the severities follow the thresholds below, which are
round figures without a claim to be anybody's standard.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, replace
from typing import Any

from core.simulator.prompt_tables import Blocks
from core.simulator.risk_words import WORDS, Words

_SEVERITIES = ("none", "low", "moderate", "high", "critical")
_LIKELIHOODS = ("unlikely", "possible", "likely", "likely", "likely")
_LEVELS = ("very_low", "low", "moderate", "elevated", "high", "very_high")
_FEWEST, _MOST = 3, 6
_MOST_DRIVERS = 3
_MOST_CLAIMS = 7

_LEVEL_BY_VOLATILITY = (3, 8, 13, 18, 28)
_LEVEL_BY_RISKY_WEIGHT = (10, 30, 60, 90)
_SAFE = ("asset_class.cash", "asset_class.bond", "asset_class.bond_fund")
_LARGE_ISSUER, _DOMINANT_ISSUER, _MUCH_CRYPTO = 20, 40, 25
_NO_ISSUER = frozenset({"fund", "equity_fund", "bond_fund", "cash", ""})

_Steps = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class _Rule:
    """Metrics that are added up and graded: from these values on low, moderate, high, critical."""

    metric_ids: tuple[str, ...]
    steps: _Steps


_RULES: dict[str, tuple[_Rule, ...]] = {
    "concentration": (
        _Rule(("hhi",), (0.05, 0.10, 0.18, 0.40)),
        _Rule(("top1_weight",), (5, 10, 25, 50)),
        _Rule(("top5_weight",), (25, 50, 75, 95)),
    ),
    "market": (
        _Rule(("volatility",), (5, 12, 20, 35)),
        _Rule(("asset_class.equity", "asset_class.equity_fund", "asset_class.fund"), (20, 60, 95, 130)),
        _Rule(("asset_class.crypto",), (0.5, 3, 10, 30)),
    ),
    "tail": (
        _Rule(("var_95_1d",), (0.5, 1.2, 2.0, 3.5)),
        _Rule(("cvar_95_1d",), (0.8, 1.8, 3.0, 5.0)),
        _Rule(("max_drawdown",), (-5, -15, -30, -50)),
    ),
    "interest_rate": (_Rule(("asset_class.bond", "asset_class.bond_fund"), (15, 40, 75, 130)),),
    "liquidity": (_Rule(("asset_class.real_estate", "asset_class.private"), (5, 15, 35, 70)),),
    "leverage": (_Rule(("asset_class.derivative",), (1, 5, 15, 40)),),
    "inflation": (_Rule(("asset_class.cash",), (15, 35, 70, 130)),),
}
_SECTOR: _Steps = (15, 25, 40, 70)
_COUNTRY: _Steps = (40, 65, 85, 130)
_FOREIGN: _Steps = (10, 30, 60, 90)


@dataclass(frozen=True, slots=True)
class _Risk:
    kind: str
    grade: int
    cited: tuple[str, ...]
    drivers: tuple[str, ...]


def answer(blocks: Blocks, first_caveat: str = "", decimal: str = "") -> dict[str, Any]:
    """The whole analysis, with the keys of the risk schema. The caller fits it to the schema that was asked for.

    Args:
        first_caveat: A sentence that the instructions want word for word; "" for none.
        decimal: Decimal mark of the region; "" takes the language's usual one.
    """
    language = blocks.language if blocks.language in WORDS else "en"
    words = WORDS[language]
    words = replace(words, decimal=decimal or words.decimal)
    risks = _risks(blocks)
    place, decided, decided_by = _level(blocks, risks)
    level = _LEVELS[place]
    worst = words.kinds[risks[0].kind]
    others = words.both.join(words.kinds[risk.kind] for risk in risks[1:3])
    return {
        "schema_version": "1",
        "analysis_type": "risk",
        "portfolio_id": blocks.portfolio.get("portfolio_id", ""),
        "as_of_date": blocks.portfolio.get("as_of", ""),
        "base_currency": blocks.portfolio.get("base_currency", ""),
        "language": language,
        "claims": [*_claims(blocks, words), _reason(blocks, words, decided, decided_by)],
        "overall_level": level,
        "risks": [_stated(risk, blocks, words) for risk in risks],
        "stress_tests": _stress_tests(blocks, words),
        "var_statement": _value_at_risk(blocks, words),
        "limit_breaches": [],
        "data_gaps": [
            {
                "item": row.get("metric_id", ""),
                "effect": words.say(words.gap, reason=row.get("reason", "")),
                "affected_metric_ids": [row.get("metric_id", "")],
            }
            for row in blocks.absent
        ],
        "caveats": [first_caveat or words.no_advice, words.say(words.simulated)],
        "headline": words.say(words.headline, level=words.levels[level], kind=worst)[:120],
        "summary": words.say(
            words.summary,
            level=words.levels[level],
            kind=worst,
            others=words.others.format(others=others) if others else "",
        ),
    }


def _stress_tests(blocks: Blocks, words: Words) -> list[dict[str, Any]]:
    drivers = [name.removeprefix("weight.") for name in _largest(blocks, "weight.")]
    return [
        {
            "scenario_id": row["scenario_id"],
            "loss": blocks.cite(row["metric_id"])[0],
            "main_driver_ids": drivers,
            "comment": words.explanations["market"].format(grade=words.severities["moderate"]),
        }
        for row in blocks.table("SCENARIOS")
        if row["metric_id"] in blocks.numbers
    ]


def _risks(blocks: Blocks) -> list[_Risk]:
    base = blocks.portfolio.get("base_currency", "")
    candidates = [
        *(_graded(blocks, kind, rules) for kind, rules in _RULES.items()),
        _one(blocks, "currency", _largest(blocks, "currency.", but=f"currency.{base}")[:1], _FOREIGN),
        _one(blocks, "geopolitical", _largest(blocks, "country.", but="country.")[:1], _COUNTRY),
        _one(blocks, "factor", _largest(blocks, "sector.", but="sector.")[:1], _SECTOR),
    ]
    found = sorted((risk for risk in candidates if risk is not None), key=lambda risk: -risk.grade)
    chosen = [risk for risk in found if risk.grade >= 2][:_MOST]
    chosen += [risk for risk in found if risk not in chosen][: max(0, _FEWEST - len(chosen))]
    # A prompt that states next to nothing still gets an answer: what is not known is a risk of its own.
    return chosen or [_Risk("model", 1, (), ())]


def _graded(blocks: Blocks, kind: str, rules: tuple[_Rule, ...]) -> _Risk | None:
    cited = tuple(each for rule in rules for each in rule.metric_ids if each in blocks.numbers)
    if not cited:
        return None
    grade = max(_grade(sum(blocks.numbers.get(each, 0.0) for each in rule.metric_ids), rule.steps) for rule in rules)
    if kind == "concentration":
        drivers = tuple(each.removeprefix("weight.") for each in _largest(blocks, "weight."))
        return _Risk(kind, grade, cited, drivers or cited[:1])
    return _Risk(kind, grade, cited, cited[:_MOST_DRIVERS])


def _one(blocks: Blocks, kind: str, metric_ids: tuple[str, ...], steps: _Steps) -> _Risk | None:
    if not metric_ids:
        return None
    return _Risk(kind, _grade(blocks.numbers[metric_ids[0]], steps), metric_ids, metric_ids)


def _grade(value: float, steps: _Steps) -> int:
    if steps[0] < 0:
        return sum(value <= step for step in steps)
    return sum(abs(value) >= step for step in steps)


def _largest(blocks: Blocks, prefix: str, but: str = "") -> tuple[str, ...]:
    names = [each for each in blocks.numbers if each.startswith(prefix) and each != but]
    return tuple(heapq.nlargest(_MOST_DRIVERS, names, key=blocks.numbers.__getitem__))


def _level(blocks: Blocks, risks: list[_Risk]) -> tuple[int, str, tuple[str, ...]]:
    """Place among the levels, what decided, and the metrics that show it."""
    place, decided, shown = _base_level(blocks, risks)
    steps = _steps_of_issuer(blocks)
    if steps:
        return min(5, place + steps), "issuer", ("top1_weight",)
    if blocks.numbers.get("asset_class.crypto", 0.0) > _MUCH_CRYPTO:
        return min(5, place + 2), "crypto", ("asset_class.crypto",)
    return place, decided, shown


def _base_level(blocks: Blocks, risks: list[_Risk]) -> tuple[int, str, tuple[str, ...]]:
    volatility = blocks.numbers.get("volatility")
    if volatility is not None:
        return sum(volatility >= step for step in _LEVEL_BY_VOLATILITY), "volatility", ("volatility",)
    classes = tuple(each for each in blocks.numbers if each.startswith("asset_class."))
    if classes:
        risky = 100 - sum(blocks.numbers.get(each, 0.0) for each in _SAFE)
        return sum(risky >= step for step in _LEVEL_BY_RISKY_WEIGHT), "assets", classes[:3]
    return min(4, max(risk.grade for risk in risks)), "severity", risks[0].cited


def _steps_of_issuer(blocks: Blocks) -> int:
    largest = next(iter(_largest(blocks, "weight.")), "")
    if blocks.asset_class(largest.removeprefix("weight.")) in _NO_ISSUER:
        return 0
    weight = blocks.numbers.get(largest, 0.0)
    return (weight > _LARGE_ISSUER) + (weight > _DOMINANT_ISSUER)


def _reason(blocks: Blocks, words: Words, decided: str, decided_by: tuple[str, ...]) -> dict[str, Any]:
    return {
        "metrics": blocks.cite(*decided_by),
        "source_ids": [],
        "text": words.decided[decided],
        "kind": "interpretation",
        "confidence": "medium",
    }


def _stated(risk: _Risk, blocks: Blocks, words: Words) -> dict[str, Any]:
    return {
        "risk_type": risk.kind,
        "severity": _SEVERITIES[risk.grade],
        "likelihood": _LIKELIHOODS[risk.grade],
        "driver_ids": list(risk.drivers),
        "metrics": blocks.cite(*risk.cited),
        "explanation": words.say(words.explanations[risk.kind], grade=words.severities[_SEVERITIES[risk.grade]]),
        "mitigation": words.mitigations[risk.kind],
    }


def _claims(blocks: Blocks, words: Words) -> list[dict[str, Any]]:
    found = []
    for metric_id, sentence in words.claims.items():
        row = blocks.metrics.get(metric_id)
        if row is None or metric_id not in blocks.numbers:
            continue
        text = words.say(sentence, value=words.figure(row["value"]))
        found.append(
            {
                "metrics": blocks.cite(metric_id),
                "source_ids": [],
                "text": f"{text[:-1]} {words.simulated_figure}." if row.get("badge") == "simulated" else text,
                "kind": "fact",
                "confidence": "high",
            }
        )
    return found[:_MOST_CLAIMS]


def _value_at_risk(blocks: Blocks, words: Words) -> dict[str, Any]:
    metrics = blocks.cite("var_95_1d", "cvar_95_1d")
    row = blocks.metrics.get("var_95_1d")
    return {
        "method": "historical",
        "confidence_pct": 95,
        "horizon_days": 1,
        "metrics": metrics,
        "plain_language": words.say(words.var, value=words.figure(row["value"])) if row and metrics else words.no_var,
    }
