"""Allocation, performance and attribution by plain rules, from the figures that the prompt states."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from core.simulator.phrases import Voice
from core.simulator.prompt_tables import Blocks

_DIVERSIFIED = ((30, "very_good"), (12, "good"), (5, "fair"))
_NEAR_PCT = 2.0
_MOST = 5
_PERIODS = ("1m", "3m", "6m", "ytd", "1y", "3y", "5y", "si")
_IN_LINE = 0.25
_EFFECTS = ("allocation", "selection", "interaction", "currency")


def allocation(voice: Voice, first_caveat: str) -> dict[str, Any]:
    """Weights against the profile's bands."""
    blocks = voice.blocks
    count = blocks.numbers.get("effective_n", 0.0)
    grade = next((word for least, word in _DIVERSIFIED if count >= least), "poor")
    deviations = [_deviation(voice, bucket) for bucket in blocks.family("target.") if bucket in blocks.numbers]
    deviations.sort(key=lambda one: -abs(one["portfolio"]["value"] - one["target"]["value"]))
    own = {
        "claims": voice.claims(
            "total_value", "effective_n", "hhi", "top1_weight", "top5_weight", "diversification_ratio",
            "issuer_top1_weight",
        ),
        "diversification": grade,
        "deviations": deviations,
        "overlaps": _overlaps(voice),
        "proposals": [
            {
                "action": "reduce" if one["direction"] == "over" else "increase",
                "target_id": one["portfolio"]["metric_id"],
                "from_weight_pct": one["portfolio"]["value"],
                "to_weight_pct": one["target"]["value"],
                "rationale": voice.say("plain"),
                "metrics": [one["portfolio"], one["target"]],
                "priority": "next_review",
            }
            for one in deviations
            if one["status"] == "breach"
        ][:_MOST],
        "turnover_comment": voice.say("check"),
    }  # fmt: skip
    return voice.frame("allocation", grade, first_caveat, own)


def _deviation(voice: Voice, bucket: str) -> dict[str, Any]:
    numbers = voice.blocks.numbers
    weight, target = numbers[bucket], numbers[f"target.{bucket}"]
    least, most = numbers.get(f"least.{bucket}", -1e9), numbers.get(f"most.{bucket}", 1e9)
    status = "within"
    if not least <= weight <= most:
        status = "breach"
    elif min(weight - least, most - weight) < _NEAR_PCT:
        status = "near"
    family, _, name = bucket.partition(".")
    (measured,), (wanted,) = voice.blocks.cite(bucket), voice.blocks.cite(f"target.{bucket}")
    return {
        "dimension": "asset_class" if family == "asset_group" else family,
        "bucket_id": name,
        "portfolio": measured,
        "target": wanted,
        "status": status,
        "direction": "over" if weight > target else "under" if weight < target else "on_target",
        "comment": voice.say("plain"),
    }


def _overlaps(voice: Voice) -> list[dict[str, Any]]:
    alike: defaultdict[tuple[str, ...], list[str]] = defaultdict(list)
    for row in voice.blocks.table("HOLDINGS"):
        key = tuple(row.get(name, "") for name in ("asset_class", "sector", "country"))
        if "unclassified" not in key and "" not in key:
            alike[key].append(row["holding_id"])
    groups = sorted((ids for ids in alike.values() if len(ids) > 1), key=len, reverse=True)[:2]
    return [
        {
            "holding_ids": ids[:_MOST],
            "metrics": voice.blocks.cite(*(f"weight.{name}" for name in ids[:_MOST])),
            "comment": voice.say("plain"),
        }
        for ids in groups
    ]


def performance(voice: Voice, first_caveat: str) -> dict[str, Any]:
    """Returns by period, and who made them."""
    blocks = voice.blocks
    only = {row.get("period", "") for row in blocks.table("PERIOD")}
    periods = [_period(voice, name) for name in _PERIODS if (not only or name in only) and _whole(blocks, name)]
    excess = [row["excess"]["value"] for row in periods]
    ahead = sum((value > _IN_LINE) - (value < -_IN_LINE) for value in excess)
    verdict = "outperformed" if ahead > 0 else "underperformed" if ahead < 0 else "in_line"
    if not periods:
        verdict = "not_comparable"
    returns = [name for name in blocks.numbers if name.startswith("return.")]
    simulated = any(blocks.metrics[name].get("badge") == "simulated" for name in returns)
    own = {
        "claims": voice.claims(*(f"return.{name}" for name in _PERIODS), "annual_return", "volatility", "total_value")[
            :10
        ],
        "return_basis": "simulated" if simulated else "price_only",
        "verdict": verdict,
        "periods": periods,
        "contributors": _contributions(voice, sign=1),
        "detractors": _contributions(voice, sign=-1),
        "risk_adjusted": voice.claims("sharpe", "sortino", "information_ratio", "tracking_error", "beta"),
        "drawdown": voice.claims("max_drawdown"),
        "currency_effect": [],
        "cost_effect": [],
    }
    return voice.frame("performance", verdict, first_caveat, own)


def _whole(blocks: Blocks, period: str) -> bool:
    return all(f"{family}.{period}" in blocks.numbers for family in ("return", "benchmark_return", "excess_return"))


def _period(voice: Voice, name: str) -> dict[str, Any]:
    cited = voice.blocks.cite(f"return.{name}", f"benchmark_return.{name}", f"excess_return.{name}")
    return {
        "period": name.upper(),
        **dict(zip(("portfolio", "benchmark", "excess"), cited, strict=True)),
        "comment": voice.say("plain"),
    }


def _contributions(voice: Voice, *, sign: int) -> list[dict[str, Any]]:
    found = {name: value for name, value in voice.blocks.family("contribution.").items() if value * sign > 0}
    largest = sorted(found, key=lambda name: -abs(found[name]))[:_MOST]
    return [
        {
            "holding_id": name,
            "contribution": voice.blocks.cite(f"contribution.{name}")[0],
            "comment": voice.say("plain"),
        }
        for name in largest
    ]


def attribution(voice: Voice, first_caveat: str) -> dict[str, Any]:
    """The effects, largest first."""
    blocks = voice.blocks
    totals = {
        name: cited[0]
        for name in ("active_return", *_EFFECTS, "residual")
        if (cited := blocks.cite(f"attribution.{name}"))
    }
    effects = {
        (effect, segment): value
        for effect in _EFFECTS
        for segment, value in blocks.family(f"attribution.{effect}.").items()
        if value
    }
    largest = sorted(effects, key=lambda key: -abs(effects[key]))[: 2 * _MOST]
    active = blocks.numbers.get("attribution.active_return", 0.0)
    grade = "added" if active >= 0 else "detracted"
    own = {
        "claims": voice.claims("attribution.active_return", *(f"attribution.{name}" for name in _EFFECTS)),
        "method": "brinson_fachler",
        "linking": "carino",
        "period": blocks.metrics.get("attribution.active_return", {}).get("period", ""),
        "totals": totals,
        "segments": [
            {
                "segment_id": segment,
                "effect": effect,
                "direction": "added" if effects[effect, segment] > 0 else "detracted",
                "metrics": blocks.cite(f"attribution.{effect}.{segment}"),
                "explanation": voice.say("plain"),
            }
            for effect, segment in largest
        ],
        "persistence": "unclear",
        "evidence_limits": voice.say("against"),
    }
    return voice.frame("attribution", grade, first_caveat, own)
