"""A risk answer by plain rules, from the figures that the prompt states. It says of itself that it is simulated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from core.providers.server.blocks import Blocks
from core.providers.server.risk_words import WORDS, Words

_SEVERITIES = ("none", "low", "moderate", "high", "critical")
_LIKELIHOODS = ("unlikely", "possible", "likely", "likely", "likely")
_LEVELS = ("very_low", "low", "moderate", "elevated", "high", "very_high")
_FEWEST, _MOST = 3, 6

_Steps = tuple[float, float, float, float]

_THRESHOLDS: dict[str, _Steps] = {
    # metric: from here low, moderate, high, critical
    "hhi": (0.05, 0.10, 0.18, 0.40),
    "top1_weight": (5, 10, 25, 50),
    "top5_weight": (25, 50, 75, 95),
    "volatility": (5, 12, 20, 35),
    "max_drawdown": (-5, -15, -30, -50),
    "var_95_1d": (0.5, 1.2, 2.0, 3.5),
    "cvar_95_1d": (0.8, 1.8, 3.0, 5.0),
    "sharpe": (1.0, 0.5, 0.2, -0.5),
    "asset_class.equity": (20, 60, 85, 101),
    "asset_class.bond": (20, 40, 70, 101),
    "asset_class.fixed_income": (20, 40, 70, 101),
    "asset_class.crypto": (0.5, 3, 10, 30),
    "asset_class.real_estate": (5, 15, 35, 101),
    "asset_class.alternative": (5, 15, 35, 101),
    "asset_class.commodity": (5, 15, 35, 101),
}
_SECTOR: _Steps = (15, 25, 40, 70)
_COUNTRY: _Steps = (40, 65, 85, 101)
_FOREIGN: _Steps = (10, 30, 60, 90)


@dataclass(frozen=True, slots=True)
class _Risk:
    kind: str
    grade: int
    cited: tuple[str, ...]
    drivers: tuple[str, ...] = ()


def answer(blocks: Blocks) -> dict[str, Any]:
    """The whole analysis, with the keys of the risk schema. The caller fits it to the schema that was asked for."""
    words = WORDS["fr" if blocks.french else "en"]
    risks = _risks(blocks)
    level = _LEVELS[_overall(risks)]
    worst = words.kinds[risks[0].kind]
    others = words.both.join(words.kinds[risk.kind] for risk in risks[1:3])
    return {
        "schema_version": "1",
        "analysis_type": "risk",
        "portfolio_id": blocks.portfolio.get("portfolio_id", ""),
        "as_of_date": blocks.portfolio.get("as_of", ""),
        "base_currency": blocks.portfolio.get("base_currency", ""),
        "language": "fr" if blocks.french else "en",
        "claims": _claims(blocks, words),
        "overall_level": level,
        "risks": [_stated(risk, blocks, words) for risk in risks],
        "stress_tests": [],
        "var_statement": _value_at_risk(blocks, words),
        "limit_breaches": [],
        "data_gaps": [
            {
                "item": row.get("metric_id", ""),
                "effect": words.gap.format(reason=row.get("reason", "")),
                "affected_metric_ids": [row.get("metric_id", "")],
            }
            for row in blocks.absent
        ],
        "caveats": [words.simulated, words.no_advice],
        "headline": words.headline.format(level=words.levels[level], kind=worst)[:120],
        "summary": words.summary.format(
            level=words.levels[level], kind=worst, others=words.others.format(others=others) if others else ""
        ),
    }


def _risks(blocks: Blocks) -> list[_Risk]:
    base = blocks.portfolio.get("base_currency", "")
    largest = _largest(blocks, "weight.")
    candidates = [
        _graded(blocks, "concentration", ("hhi", "top1_weight", "top5_weight"), (largest[7:],) if largest else ()),
        _graded(blocks, "market", ("volatility", "asset_class.equity", "asset_class.crypto")),
        _graded(blocks, "tail", ("var_95_1d", "cvar_95_1d", "max_drawdown")),
        _graded(blocks, "interest_rate", ("asset_class.bond", "asset_class.fixed_income")),
        _graded(blocks, "liquidity", ("asset_class.real_estate", "asset_class.alternative")),
        _graded(blocks, "inflation", ("asset_class.commodity", "asset_class.cash")),
        _one(blocks, "currency", _largest(blocks, "currency.", but=f"currency.{base}"), _FOREIGN),
        _one(blocks, "geopolitical", _largest(blocks, "country."), _COUNTRY),
        _one(blocks, "factor", _largest(blocks, "sector."), _SECTOR),
    ]
    found = sorted((risk for risk in candidates if risk is not None), key=lambda risk: -risk.grade)
    chosen = [risk for risk in found if risk.grade >= 2][:_MOST]
    chosen += [risk for risk in found if risk not in chosen][: max(0, _FEWEST - len(chosen))]
    # A prompt that states next to nothing still gets an answer: what is not known is a risk of its own.
    return chosen or [_Risk("model", 1, ())]


def _graded(blocks: Blocks, kind: str, metric_ids: tuple[str, ...], drivers: tuple[str, ...] = ()) -> _Risk | None:
    cited = tuple(each for each in metric_ids if blocks.number(each) is not None)
    grades = [_grade(blocks, each, _THRESHOLDS[each]) for each in cited if each in _THRESHOLDS]
    return _Risk(kind, max(grades), cited, drivers) if grades else None


def _one(blocks: Blocks, kind: str, metric_id: str, steps: _Steps) -> _Risk | None:
    if not metric_id:
        return None
    return _Risk(kind, _grade(blocks, metric_id, steps), (metric_id,))


def _grade(blocks: Blocks, metric_id: str, steps: _Steps) -> int:
    value = blocks.number(metric_id) or 0.0
    if steps[0] > steps[-1]:
        return sum(value <= step for step in steps)
    return sum(value >= step for step in steps)


def _largest(blocks: Blocks, prefix: str, but: str = "") -> str:
    names = [each for each in blocks.metrics if each.startswith(prefix) and each != but]
    return max(names, key=lambda each: blocks.number(each) or 0.0, default="")


def _overall(risks: list[_Risk]) -> int:
    grades = [risk.grade for risk in risks]
    # The worst risk leads; several bad ones together weigh as one step more.
    return min(5, max(grades) + (sum(grade >= 3 for grade in grades) >= 3))


def _stated(risk: _Risk, blocks: Blocks, words: Words) -> dict[str, Any]:
    return {
        "risk_type": risk.kind,
        "severity": _SEVERITIES[risk.grade],
        "likelihood": _LIKELIHOODS[risk.grade],
        "driver_ids": list(risk.drivers),
        "metrics": blocks.cite(*risk.cited),
        "explanation": words.explanations[risk.kind].format(grade=words.severities[_SEVERITIES[risk.grade]]),
        "mitigation": words.mitigations[risk.kind],
    }


def _claims(blocks: Blocks, words: Words) -> list[dict[str, Any]]:
    found = []
    for metric_id, sentence in words.claims.items():
        row = blocks.metrics.get(metric_id)
        if row is None or blocks.number(metric_id) is None:
            continue
        found.append(
            {
                "metrics": blocks.cite(metric_id),
                "source_ids": [],
                "text": sentence.format(value=words.figure(row["value"])),
                "kind": "fact",
                "confidence": "high",
            }
        )
    return found[:6]


def _value_at_risk(blocks: Blocks, words: Words) -> dict[str, Any]:
    metrics = blocks.cite("var_95_1d", "cvar_95_1d")
    row = blocks.metrics.get("var_95_1d")
    return {
        "method": "historical",
        "confidence_pct": 95,
        "horizon_days": 1,
        "metrics": metrics,
        "plain_language": words.var.format(value=words.figure(row["value"])) if row and metrics else words.no_var,
    }
