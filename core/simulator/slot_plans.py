"""Answers with slots of the analyses that propose, explain effects or read documents, by plain rules."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from core.simulator.prompt_tables import Row
from core.simulator.research_rules import phase, strength
from core.simulator.slot_answers import Document, SlotVoice

_MOST = 5
_LEAST_TRADE = 0.5
_EFFECTS = ("allocation", "selection", "interaction", "currency")
_QUOTE_WORDS = 30


def allocation(voice: SlotVoice) -> Document:
    """Weights against the profile's bands."""
    numbers = voice.numbers
    buckets = [name for name in voice.blocks.family("target.") if name in numbers]
    buckets.sort(key=lambda name: -abs(numbers[name] - numbers[f"target.{name}"]))
    own = {
        "deviations": [{"bucket_id": name, "comment": voice.say("stands", ID=name)} for name in buckets],
        "overlaps": [],
        "proposals": [
            {"action": "reduce" if numbers[name] > numbers[f"target.{name}"] else "increase", "target_id": name,
             "to_weight_pct": round(numbers[f"target.{name}"], 2),
             "rationale": voice.say("stands", ID=f"target.{name}"), "priority": "next_review"}
            for name in buckets[:_MOST]
            if round(numbers[name], 2) != round(numbers[f"target.{name}"], 2)
        ],
        "turnover_comment": voice.weigh("top1_weight"),
    }  # fmt: skip
    claims = voice.lines() + voice.stated(
        "effective_n", "hhi", "top1_weight", "issuer_top1_weight", "top5_weight", "diversification_ratio"
    )
    return voice.frame("allocation", "diversification", claims, own)


def attribution(voice: SlotVoice) -> Document:
    """The effects, largest first."""
    effects = {
        (effect, segment): value
        for effect in _EFFECTS
        for segment, value in voice.blocks.family(f"attribution.{effect}.").items()
        if value
    }
    largest = sorted(effects, key=lambda key: -abs(effects[key]))[: 2 * _MOST]
    own = {
        "segments": [
            {"segment_id": segment, "effect": effect,
             "explanation": voice.say("stands", ID=f"attribution.{effect}.{segment}")}
            for effect, segment in largest
        ],
        "persistence": "unclear",
        "evidence_limits": voice.weigh("attribution.active_return"),
    }  # fmt: skip
    claims = voice.stated("attribution.active_return", *(f"attribution.{name}" for name in _EFFECTS))
    return voice.frame("attribution", "active_return", claims, own)


def reallocation(voice: SlotVoice) -> Document:
    """Money from the heaviest line that is no fund to cash, where the profile caps single lines."""
    numbers = voice.numbers
    limits = [name for name in ("profile.max_turnover", "profile.max_position") if name in numbers]
    trades = _trades(voice)
    own = {
        "constraints": [{"fact_id": name, "text": voice.say("stands", ID=name)} for name in limits],
        "trades": trades,
        "effects": [{"aspect": "concentration", "direction": "unclear", "explanation": voice.weigh("hhi")}],
        "do_nothing": voice.stated("top1_weight"),
        "alternatives": _alternatives(voice),
        "recommendation": "trade" if trades else "no_trade",
    }
    return voice.frame("reallocation", "recommendation", voice.lines() + voice.stated("hhi"), own)


def _trades(voice: SlotVoice) -> list[Document]:
    rows = voice.blocks.table("HOLDINGS")
    classes = {row["holding_id"]: row["asset_class"] for row in rows}
    most = voice.numbers.get("profile.max_position")
    cash = next((name for name in voice.weights if classes[name] == "cash"), None)
    single = next((name for name in voice.weights if classes[name] == "equity"), None)
    if most is None or cash is None or single is None:
        return []
    size = round(min(voice.weights[single] - most, voice.numbers.get("profile.max_turnover", 100.0)), 2)
    if size < _LEAST_TRADE:
        return []
    return [
        _trade(voice, single, "sell", round(voice.weights[single] - size, 2)),
        _trade(voice, cash, "buy", round(voice.weights[cash] + size, 2)),
    ]


def _trade(voice: SlotVoice, name: str, action: str, weight: float) -> Document:
    return {
        "target_id": name, "action": action, "to_weight_pct": weight,
        "rationale": voice.say("stands", ID=f"weight.{name}"), "execution": voice.weigh("profile.max_turnover"),
        "priority": "next_review",
    }  # fmt: skip


def _alternatives(voice: SlotVoice) -> list[Document]:
    plain = voice.weigh("top1_weight", "total_value")
    return [{"option": voice.say("nothing"), "advantages": [plain], "drawbacks": [plain], "why_not": plain}]


def _quotes(voice: SlotVoice) -> list[tuple[str, str, str]]:
    """A holding, a document about it, and the first words of one of its passages."""
    held = set(voice.weights)
    passages: dict[str, str] = {}
    for row in voice.blocks.table("PASSAGES"):
        passages.setdefault(row["source_id"], " ".join(row["passage"].split()[:_QUOTE_WORDS]))
    return [
        (name, row["source_id"], passages[row["source_id"]])
        for row in voice.blocks.table("SOURCES")
        for name in row["holding_ids"].split(", ")
        if name in held and row["source_id"] in passages
    ][:_MOST]


def _quote(source_id: str, words: str) -> list[Document]:
    return [{"source_id": source_id, "quote": words}]


def market_research(voice: SlotVoice) -> Document:
    """Series as they stand, and what documents say of holdings."""
    series = [name.removeprefix("indicator.") for name in voice.numbers if name.endswith(".latest")]
    names = [name.removesuffix(".latest") for name in series]
    claims = voice.stated(*(f"indicator.{name}.latest" for name in names[:_MOST]), "total_value")
    own = {
        "horizon": "3-12M",
        "themes": [
            {"title": voice.say("caveat"), "stance": "neutral", "exposed_holding_ids": list(voice.weights)[:3],
             "claims": claims[:1], "counter_argument": voice.weigh("total_value")}
        ],
        "indicators": [
            {"indicator_id": name, "implication": voice.say("stands", ID=f"indicator.{name}.latest")} for name in names
        ],
        "relations": _relations(voice),
        "sector_rotation": _sectors(voice),
        "sentiment": [
            {"holding_id": name, "quotes": _quote(source_id, words), "stance": "neutral",
             "comment": voice.weigh(f"weight.{name}")}
            for name, source_id, words in _quotes(voice)
        ],
        "catalysts": [],
    }  # fmt: skip
    return voice.frame("market_research", "stance", claims, own)


def _relations(voice: SlotVoice) -> list[Document]:
    """How series moved together, by the figures over the longest time."""
    pairs: dict[str, list[str]] = {}
    for name in voice.blocks.family("indicator.correlation."):
        pairs.setdefault(name.rpartition(".")[0], []).append(f"indicator.correlation.{name}")
    return [
        {
            "strength": strength([voice.numbers[name] for name in names]),
            "explanation": voice.say("stands", ID=names[-1]),
        }
        for names in pairs.values()
    ]


def _sectors(voice: SlotVoice) -> list[Document]:
    """Each sector's place, from how strong it was lately and over a year."""
    spans: dict[str, dict[str, float]] = {}
    for name, value in voice.blocks.family("indicator.sector.").items():
        sector, _, span = name.rpartition(".strength_")
        spans.setdefault(sector, {})[span] = value
    return [
        {"sector_id": sector, "phase": found,
         "explanation": voice.say("stands", ID=f"indicator.sector.{sector}.strength_{next(iter(by_span))}")}
        for sector, by_span in spans.items()
        if (found := phase(by_span)) is not None
    ]  # fmt: skip


def investment_research(voice: SlotVoice) -> Document:
    """A thesis of each large line, with what documents say of it."""
    quotes: dict[str, list[Document]] = {}
    for name, source_id, words in _quotes(voice):
        quotes.setdefault(name, _quote(source_id, words))
    lines = [name for name in voice.weights if voice.weights[name] > 0][:_MOST]
    own = {
        "horizon": "1-3Y",
        "role_in_portfolio": [voice.claim(voice.say("stands", ID=f"weight.{name}")) for name in lines[:3]],
        "theses": [
            {"holding_id": name, "quotes": quotes.get(name, []), "bull_case": voice.say("plain"),
             "bear_case": voice.weigh(f"risk_share.{name}", "top1_weight"),
             "what_would_change_it": voice.weigh(f"contribution.{name}", f"weight.{name}"), "stance": "neutral",
             "conviction": "low"}
            for name in lines
        ],
        "concerns": [
            {"holding_ids": lines[:1], "concern": "information", "severity": "low",
             "explanation": voice.say("stands", ID=f"weight.{lines[0]}")}
        ] if lines else [],
        "catalysts": [],
        "proposals": [],
        "open_questions": [voice.weigh("top1_weight")],
    }  # fmt: skip
    return voice.frame("investment_research", "stance", voice.stated("top1_weight") + voice.lines(), own)


def committee_brief(voice: SlotVoice) -> Document:
    """One decision: whether to act on the finished analyses."""
    analyses = voice.blocks.table("ANALYSES")
    breached = [row for row in voice.blocks.table("RULES") if row["status"] == "breach"]
    word = "approve_with_conditions" if breached else "no_action"
    rules = [row for row in breached if row["measured_id"] in voice.numbers]
    totals = [name for name in voice.numbers if name.rpartition(":")[2] == "total_value"]
    dissent = voice.say("stands", ID=totals[0]) if totals else voice.say("caveat")
    own: Document = {
        "decision_requested": voice.say("decide"),
        "recommendation": word,
        "recommendation_confidence": "low",
        "key_facts": voice.stated(*totals, "holdings_count"),
        **{part: _from(voice, analyses, part) for part in ("performance", "risk", "allocation")},
        "compliance": [voice.claim(voice.say("breach", ID=row["rule_id"])) for row in rules[:4]],
        "market": _from(voice, analyses, "market_research"),
        "proposals": [],
        "alternatives": _alternatives(voice),
        "dissent": [dissent],
        "conditions": [voice.weigh(*totals)],
        "questions": [
            {
                "question": voice.say("decide"),
                "why": voice.weigh("holdings_count", *totals),
                "addressed_to": "portfolio_manager",
            }
        ],
        "follow_ups": [
            {"task": voice.weigh(row["measured_id"]), "owner_role": "compliance", "rule_id": row["rule_id"]}
            for row in breached[:3]
        ],
    }
    return voice.frame("committee_brief", "overall_status", voice.stated(*totals), own)


def _from(voice: SlotVoice, analyses: list[Row], kind: str) -> list[Any]:
    """A claim that rests on the finished analysis of a kind."""
    found = next((row["analysis_id"] for row in analyses if row["kind"] == kind), None)
    return [voice.claim(voice.weigh(), found, kind="interpretation")] if found else []


KINDS: dict[str, Callable[[SlotVoice], Document]] = {
    "allocation": allocation,
    "attribution": attribution,
    "reallocation": reallocation,
    "market_research": market_research,
    "investment_research": investment_research,
    "committee_brief": committee_brief,
}
"""What answers which analysis."""
