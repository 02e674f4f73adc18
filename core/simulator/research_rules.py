"""Market research, investment research and the committee brief by plain rules, from what the prompt states."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Any

from core.simulator.phrases import Voice
from core.simulator.prompt_tables import Row

_MOST_WORDS = 30
_MOST_THESES = 6
_GOOD = re.compile(r"\b(?:rose|grew|growth|record|strong\w*|raised|beat|profit)\b", re.IGNORECASE)
_BAD = re.compile(r"\b(?:fell|declin\w+|loss\w*|weak\w*|cut|missed|warn\w*|lawsuit|impair\w+)\b", re.IGNORECASE)
_STRONG, _MODERATE = 0.6, 0.3


def market_research(voice: Voice, first_caveat: str) -> dict[str, Any]:
    """Indicators, relations, sectors and documents, each by its own figures or words."""
    sentiment = _sentiment(voice)
    stances = [one["stance"] for one in sentiment]
    grade = max(set(stances), key=stances.count) if stances else "neutral"
    largest = _heaviest(voice)[:3]
    own = {
        "claims": voice.claims("beta", "average_correlation", "volatility", *(f"weight.{name}" for name in largest)),
        "horizon": "3-12M",
        "themes": [
            {
                "title": voice.say("plain"),
                "stance": "neutral",
                "exposed_holding_ids": largest,
                "claims": voice.claims(*(f"weight.{name}" for name in largest[:1])),
                "counter_argument": voice.say("against"),
            }
        ],
        "indicators": _indicators(voice),
        "relations": _relations(voice),
        "sector_rotation": _sectors(voice),
        "sentiment": sentiment,
        "catalysts": [],
        "sources": _sources(voice, {quote["source_id"] for one in sentiment for quote in one["quotes"]}),
    }
    return voice.frame("market_research", grade, first_caveat, own)


def investment_research(voice: Voice, first_caveat: str) -> dict[str, Any]:
    """The heaviest lines, with what figures and documents say of them."""
    blocks = voice.blocks
    spoken = {one["holding_id"]: one for one in _sentiment(voice)}
    lines = list(dict.fromkeys([*_heaviest(voice)[:_MOST_THESES], *spoken]))
    theses = [
        {
            "holding_id": name,
            "metrics": blocks.cite(f"weight.{name}", f"risk_share.{name}", f"contribution.{name}"),
            "quotes": spoken[name]["quotes"] if name in spoken else [],
            "bull_case": voice.say("plain"),
            "bear_case": voice.say("against"),
            "what_would_change_it": voice.say("check"),
            "stance": spoken[name]["stance"] if name in spoken else "neutral",
            "conviction": "low",
        }
        for name in lines
    ]
    stances = [thesis["stance"] for thesis in theses]
    grade = max(set(stances), key=stances.count) if stances else "neutral"
    own = {
        "claims": voice.claims("total_value", "top1_weight", "hhi", "volatility", "beta"),
        "horizon": "1-3Y",
        "role_in_portfolio": voice.claims(*(f"weight.{name}" for name in lines[:3])),
        "theses": theses,
        "concerns": [
            {
                "holding_ids": lines[:1],
                "metrics": blocks.cite(*(f"weight.{name}" for name in lines[:1])),
                "concern": "concentration" if blocks.numbers.get("top1_weight", 0.0) > 20 else "information",
                "severity": "medium",
                "explanation": voice.say("plain"),
            }
        ],
        "catalysts": [],
        "proposals": [],
        "open_questions": [voice.say("check")],
        "sources": _sources(voice, {quote["source_id"] for thesis in theses for quote in thesis["quotes"]}),
    }
    return voice.frame("investment_research", grade, first_caveat, own)


def committee_brief(voice: Voice, first_caveat: str) -> dict[str, Any]:
    """What the finished analyses cite, one section each, and a recommendation by the rules' status."""
    blocks = voice.blocks
    analyses = blocks.table("ANALYSES")
    status = {row["status"] for row in blocks.table("RULES")}
    checked = sum(int(row["verified"]) for row in analyses)
    wrong = sum(int(row["mismatched"]) + int(row["unsupported"]) for row in analyses)
    grade = "approve_with_conditions" if "breach" in status else "no_action"
    if wrong > checked * 0.1:
        grade = "defer"
    cited: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
    about = {row["analysis_id"]: (row["kind"], row["portfolio_id"]) for row in analyses}
    for row in blocks.table("CONCLUSIONS"):
        kind, portfolio = about.get(row["analysis_id"], ("", ""))
        for name in row["metric_ids"].split():
            # In a brief about a group each metric and each rule stands under its portfolio.
            ids = (name, f"{portfolio}:{name}", name.replace("rule.", f"rule.{portfolio}:", 1))
            cited[kind] += [(one, row["analysis_id"]) for one in ids if one in blocks.numbers][:1]

    totals = [name for name in blocks.numbers if name.endswith(":total_value")]

    def section(kind: str) -> list[dict[str, Any]]:
        pairs = list(dict.fromkeys(cited[kind]))[:3]
        return [voice.claim(name, source_ids=(analysis,)) for name, analysis in pairs]

    own = {
        "claims": voice.claims("total_value", "holdings_count", "hhi", "top1_weight", "volatility", *totals)
        or [voice.claim()],
        "decision_requested": voice.say("decide"),
        "recommendation": grade,
        "recommendation_confidence": "low",
        "key_facts": voice.claims("total_value", *totals),
        "performance": section("performance"),
        "risk": section("risk"),
        "allocation": section("allocation"),
        "compliance": section("compliance"),
        "market": section("market_research"),
        "proposals": [],
        "alternatives": [
            {
                "option": voice.say("nothing"),
                "advantages": [voice.say("against")],
                "drawbacks": [voice.say("plain")],
                "why_not": voice.say("plain"),
            }
        ],
        "dissent": [voice.say("against")],
        "conditions": [voice.say("check")],
        "questions": [
            {"question": voice.say("check"), "why": voice.say("against"), "addressed_to": "portfolio_manager"}
        ],
        "follow_ups": [{"task": voice.say("check"), "owner_role": "risk", "due_date": None}],
        "chart_ids": [row["chart_id"] for row in blocks.table("CHARTS")][:4],
    }
    return voice.frame("committee_brief", grade, first_caveat, own)


def _heaviest(voice: Voice) -> list[str]:
    """Lines that are no cash, the heaviest first."""
    cash = {row["holding_id"] for row in voice.blocks.table("HOLDINGS") if row["asset_class"] == "cash"}
    weights = voice.blocks.family("weight.")
    return sorted((name for name in weights if name not in cash), key=lambda name: -weights[name])


def _indicators(voice: Voice) -> list[dict[str, Any]]:
    numbers, found = voice.blocks.numbers, []
    for name in numbers:
        if not (name.startswith("indicator.") and name.endswith(".latest")):
            continue
        stem = name.removesuffix(".latest")
        changes = [numbers[f"{stem}.change_{span}"] for span in ("3m", "1y") if f"{stem}.change_{span}" in numbers]
        trend = "stable"
        if changes and (min(changes) > 0 or max(changes) < 0):
            trend = "rising" if changes[0] > 0 else "falling"
        found.append(
            {
                "indicator_id": stem.removeprefix("indicator."),
                "latest": voice.blocks.cite(name)[0],
                "trend": trend,
                "implication": voice.say("plain"),
            }
        )
    return found


def _relations(voice: Voice) -> list[dict[str, Any]]:
    pairs: defaultdict[str, list[str]] = defaultdict(list)
    for name in voice.blocks.numbers:
        if name.startswith("indicator.correlation."):
            pairs[name.rpartition(".")[0]].append(name)
    found = []
    for names in pairs.values():
        word = strength([voice.blocks.numbers[name] for name in names])
        found.append({"metrics": voice.blocks.cite(*names), "strength": word, "explanation": voice.say("plain")})
    return found


def strength(correlations: list[float]) -> str:
    """How closely two series moved together; unstable where the timeframes disagree."""
    if min(correlations) < 0 < max(correlations):
        return "unstable"
    size = max(map(abs, correlations))
    return "strong" if size >= _STRONG else "moderate" if size >= _MODERATE else "weak"


def _sectors(voice: Voice) -> list[dict[str, Any]]:
    spans: defaultdict[str, dict[str, float]] = defaultdict(dict)
    for rest, value in voice.blocks.family("indicator.sector.").items():
        sector, _, span = rest.rpartition(".strength_")
        spans[sector][span] = value
    found = []
    for sector, by_span in spans.items():
        word = phase(by_span)
        if word is None:
            continue
        cited = voice.blocks.cite(*(f"indicator.sector.{sector}.strength_{span}" for span in by_span))
        found.append({"sector_id": sector, "metrics": cited, "phase": word, "explanation": voice.say("plain")})
    return found


def phase(by_span: dict[str, float]) -> str | None:
    """A sector's place in the rotation from its strength over spans ("3m"); None where they are not known."""
    short, long = by_span.get("3m", by_span.get("1m")), by_span.get("12m", by_span.get("6m"))
    if short is None or long is None:
        return None
    return ("leading" if short > 0 else "weakening") if long > 0 else ("improving" if short > 0 else "lagging")


def _sentiment(voice: Voice) -> list[dict[str, Any]]:
    """One entry for each holding that a document speaks of, by the first words of its passages."""
    passages: defaultdict[str, list[str]] = defaultdict(list)
    for row in voice.blocks.table("PASSAGES"):
        passages[row["source_id"]].append(row.get("passage", ""))
    held = set(voice.blocks.family("weight."))
    by_holding: defaultdict[str, list[dict[str, str]]] = defaultdict(list)
    for source in voice.blocks.table("SOURCES"):
        for name in source["holding_ids"].split(", "):
            if name in held and passages[source["source_id"]]:
                by_holding[name].append(_quote(source["source_id"], passages[source["source_id"]]))
    return [
        {
            "holding_id": name,
            "quotes": quotes[:2],
            "stance": _stance(" ".join(quote["quote"] for quote in quotes[:2])),
            "comment": voice.say("plain"),
        }
        for name, quotes in by_holding.items()
    ]


def _quote(source_id: str, texts: list[str]) -> dict[str, str]:
    told = next((text for text in texts if _GOOD.search(text) or _BAD.search(text)), texts[0])
    return {"source_id": source_id, "quote": " ".join(told.split()[:_MOST_WORDS])}


def _stance(words: str) -> str:
    score = len(_GOOD.findall(words)) - len(_BAD.findall(words))
    return "positive" if score > 0 else "negative" if score < 0 else "neutral"


def _sources(voice: Voice, used: set[str]) -> list[dict[str, Any]]:
    return [_listed(row) for row in voice.blocks.table("SOURCES") if row["source_id"] in used]


def _listed(row: Row) -> dict[str, Any]:
    return {
        "source_id": row["source_id"],
        "title": row["title"],
        "publisher": row["publisher"],
        "published": row["published"] or None,
        "url": row["url"] or None,
    }
