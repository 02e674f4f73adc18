"""Compliance and reallocation by plain rules, from the rules and the profile that the prompt states."""

from __future__ import annotations

from typing import Any

from core.simulator.phrases import Voice
from core.simulator.prompt_tables import Row

_MOST_PASSES = 10
_OVERALL = (("breach", "breach"), ("near", "warning"), ("pass", "compliant"))
_BUYABLE = frozenset({"fund", "equity_fund", "bond_fund", "cash"})
_LEAST_TRADE = 0.5


def compliance(voice: Voice, first_caveat: str) -> dict[str, Any]:
    """What the rule engine decided, repeated."""
    rules = voice.blocks.table("RULES")
    status = {row["status"] for row in rules}
    overall = next((word for found, word in _OVERALL if found in status), "not_assessable")
    stated = [row for row in rules if row["measured_id"] in voice.blocks.numbers]
    chosen = [row for row in stated if row["status"] in {"breach", "near"}]
    chosen += [row for row in stated if row["status"] == "pass"][:_MOST_PASSES]
    own = {
        "claims": [voice.claim(row["measured_id"], source_ids=(row["rule_id"],)) for row in chosen[:8]]
        or voice.claims("total_value"),
        "regimes": list(dict.fromkeys(row["regime"] for row in rules)),
        "overall_status": overall,
        "findings": [_finding(voice, row) for row in chosen],
        "suitability": {"assessed": False, "profile_id": None, "result": "not_assessed", "reasons": []},
        "missing_data": [f"{row['rule_id']}: {row['missing']}" for row in rules if row["status"] == "not_assessable"],
    }
    return voice.frame("compliance", overall, first_caveat, own)


def _finding(voice: Voice, row: Row) -> dict[str, Any]:
    (measured,), (limit,) = voice.blocks.cite(row["measured_id"]), voice.blocks.cite(row["limit_id"])
    return {
        "rule_id": row["rule_id"],
        "citation_id": row["citation_id"],
        "status": row["status"],
        "measured": measured,
        "limit": limit,
        "headroom_pp": voice.blocks.numbers.get(f"rule.{row['rule_id']}.headroom"),
        "breach_type": row["breach_type"],
        "holding_ids": [name for name in row["holding_ids"].split(", ") if name],
        "explanation": voice.say("plain"),
        "remediation": "" if row["status"] == "pass" else row["cure"] or voice.say("check"),
        "cure_days": None,
    }


def reallocation(voice: Voice, first_caveat: str) -> dict[str, Any]:
    """Money from the bucket that is most above its band to the one that is most below."""
    numbers = voice.blocks.numbers
    trades = _trades(voice)
    turnover = round(sum(abs(trade["to_weight_pct"] - trade["from_weight_pct"]) for trade in trades) / 2, 2)
    grade = "trade" if trades else "no_trade"
    limits = [name for name in ("profile.max_turnover", "profile.max_position") if name in numbers]
    own = {
        "claims": voice.claims("total_value", "top1_weight", "hhi", "effective_n"),
        "constraints": [
            {"metrics": voice.blocks.cite(name), "source": "profile", "text": voice.stands(name)} for name in limits
        ],
        "trades": trades,
        "turnover_pct": turnover,
        "effects": [
            {
                "metrics": voice.blocks.cite("hhi"),
                "aspect": "concentration",
                "direction": "unclear",
                "explanation": voice.say("against"),
            }
        ],
        "do_nothing": voice.claims("top1_weight"),
        "alternatives": [
            {
                "option": voice.say("nothing"),
                "advantages": [voice.say("against")],
                "drawbacks": [voice.say("plain")],
                "why_not": voice.say("plain"),
            }
        ],
        "recommendation": grade,
    }
    return voice.frame("reallocation", grade, first_caveat, own)


def _trades(voice: Voice) -> list[dict[str, Any]]:
    numbers, holdings = voice.blocks.numbers, voice.blocks.table("HOLDINGS")
    classes = {row["key"]: frozenset(row["value"].split(", ")) for row in voice.blocks.table("PROFILE")}
    targets = {name: value for name, value in voice.blocks.family("target.").items() if name in classes}
    apart = {name: numbers.get(name, 0.0) - target for name, target in targets.items()}
    over = {name: value for name, value in apart.items() if numbers.get(name, 0.0) > numbers.get(f"most.{name}", 1e9)}
    under = {name: value for name, value in apart.items() if value < 0}
    if not over or not under:
        return []
    source, sink = max(over, key=over.__getitem__), min(under, key=under.__getitem__)
    sold = _largest(holdings, classes[source], numbers)
    if sold is None:
        return []
    held = numbers[f"weight.{sold}"]
    size = round(min(over[source], -under[sink], held, numbers.get("profile.max_turnover", 100.0)), 2)
    if size < _LEAST_TRADE:
        return []
    bought = _largest(holdings, classes[sink] & _BUYABLE, numbers)
    return [
        _trade(voice, sold, "sell", held, round(held - size, 2), [f"weight.{sold}", source, f"target.{source}"]),
        _trade(voice, sink, "open", 0.0, size, [f"target.{sink}"])
        if bought is None
        else _trade(
            voice,
            bought,
            "buy",
            numbers[f"weight.{bought}"],
            round(numbers[f"weight.{bought}"] + size, 2),
            [f"weight.{bought}", sink, f"target.{sink}"],
        ),
    ]


def _largest(holdings: list[Row], classes: frozenset[str], numbers: dict[str, float]) -> str | None:
    """The heaviest line of these asset classes."""
    names = [row["holding_id"] for row in holdings if row["asset_class"] in classes]
    known = [name for name in names if numbers.get(f"weight.{name}", 0.0) > 0]
    return max(known, key=lambda name: numbers[f"weight.{name}"], default=None)


def _trade(voice: Voice, target: str, action: str, before: float, after: float, cited: list[str]) -> dict[str, Any]:
    return {
        "target_id": target,
        "action": action,
        "metrics": voice.blocks.cite(*cited),
        "from_weight_pct": before,
        "to_weight_pct": after,
        "rationale": voice.say("plain"),
        "execution": voice.say("check"),
        "priority": "next_review",
    }
