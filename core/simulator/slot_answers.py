"""Answers with slots by plain rules, from the tables of a prompt that asks for them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from core.simulator.prompt_tables import Blocks, Row
from core.simulator.slot_words import SAYS

_MOST_RISKS = 5
_MOST_CLAIMS = 8
_MOST_LINES = 5
_MOST_PASSES = 10
_PERIODS = ("1m", "3m", "6m", "ytd", "1y", "3y", "5y", "si")
_LIKELIHOODS = {"none": "unlikely", "low": "unlikely", "moderate": "possible", "high": "likely", "critical": "likely"}
_MEASURES = {
    "concentration": ("top1_weight", "hhi"), "market": ("volatility", "asset_class.equity"),
    "tail": ("cvar_95_1d", "max_drawdown"), "interest_rate": ("asset_class.bond_fund", "asset_class.bond"),
    "liquidity": ("asset_class.private", "asset_class.real_estate"), "leverage": ("asset_class.derivative",),
    "inflation": ("asset_class.cash",), "currency": ("currency.",), "geopolitical": ("country.",),
    "factor": ("sector.",), "credit": ("asset_class.bond", "asset_class.bond_fund"),
}  # fmt: skip
"""What is cited beside each risk, the first that is there."""

_placeholder = re.compile(r"\b(?:ID|OTHER|FIRST|SECOND|KIND|HOLDING)\b")

Document = dict[str, Any]


class SlotVoice:
    """Speaks about one prompt in slots."""

    def __init__(self, blocks: Blocks) -> None:
        self.blocks = blocks
        self.numbers = blocks.numbers
        self.grades = {row["grade"]: row["value"] for row in blocks.table("GRADES")}
        lines = [(row["holding_id"], _number(row.get("weight", ""))) for row in blocks.table("HOLDINGS")]
        self.weights = dict(sorted(lines, key=lambda line: -line[1]))

    def say(self, key: str, **ids: str) -> str:
        """A sentence, its placeholders in capitals replaced by ids."""
        return _placeholder.sub(lambda match: ids.get(match[0], match[0]), SAYS[key][self.blocks.language])

    def claim(self, text: str, *basis: str, kind: str = "fact") -> Document:
        """A statement."""
        return {"text": text, "basis": list(basis), "kind": kind}

    def weigh(self, *metric_ids: str) -> str:
        """Advice to weigh something against the first of these facts that is there, else against the heaviest line."""
        wanted = (*metric_ids, *(f"weight.{name}" for name in self.weights), *self.numbers)
        found = next((name for name in wanted if name in self.numbers), None)
        return self.say("plain") if found is None else self.say("weigh", ID=found)

    def stated(self, *metric_ids: str) -> list[Document]:
        """A statement of each of these facts that is there."""
        return [self.claim(self.say("stands", ID=name)) for name in metric_ids if name in self.numbers]

    def lines(self) -> list[Document]:
        """What can be said of the largest lines: which is first, by how much, and what two make up."""
        names = [name for name in self.weights if self.weights[name] > 0.0]
        if len(names) < 2 or round(self.weights[names[0]], 2) <= round(self.weights[names[1]], 2):
            return []
        first, second = names[:2]
        return [
            self.claim(self.say("largest", ID=first)),
            self.claim(self.say("above", ID=first, OTHER=second)),
            self.claim(self.say("together", FIRST=first, SECOND=second)),
        ]

    def frame(self, kind: str, grade: str, claims: list[Document], own: Document) -> Document:
        """A whole answer around its own parts."""
        grade_slot = f"{{{{grade.{grade}}}}}" if grade in self.grades else "{{portfolio}}"
        stated = next((one["text"] for one in claims if "{{" in one["text"]), self.say("caveat"))
        words = SAYS["summary"][self.blocks.language].replace("{grade}", grade_slot).replace("{stated}", stated)
        headline = SAYS["headline"][self.blocks.language].replace("{grade}", grade_slot)
        return {
            "schema_version": "3",
            "analysis_type": kind,
            "portfolio_id": self.blocks.portfolio.get("portfolio_id", ""),
            "claims": claims or [self.claim(self.say("caveat"))],
            **own,
            "data_gaps": [
                {"ids": [row["id"]], "item": "", "effect": self.say("gap")}
                for row in self.blocks.absent
                if row.get("id")
            ],
            "caveats": [self.say("caveat")],
            "headline": headline,
            "summary": words,
        }


def risk(voice: SlotVoice) -> Document:
    """The risk page."""
    found = {name.removeprefix("severity."): value for name, value in voice.grades.items() if name[:9] == "severity."}
    order = list(_LIKELIHOODS)
    severities = sorted(found.items(), key=lambda one: -order.index(one[1]))
    numbers = voice.numbers
    tail = "var_95_1d" in numbers
    claims = voice.lines() + voice.stated("volatility", "max_drawdown", "cvar_95_1d", "hhi", "sharpe", "effective_n")
    if tail and "total_value" in numbers:
        claims.insert(0, voice.claim(voice.say("money")))
    own = {
        "risks": [made for kind, value in severities if (made := _risk(voice, kind, value))][:_MOST_RISKS],
        "stress_tests": [
            {"scenario_id": row["scenario_id"], "main_driver_ids": list(voice.weights)[:3],
             "comment": voice.say("stands", ID=row["metric_id"])}
            for row in voice.blocks.table("SCENARIOS")
            if row["metric_id"] in numbers
        ],
        "value_at_risk": voice.say("tail" if tail else "no_tail"),
    }  # fmt: skip
    return voice.frame("risk", "overall_level", claims[:_MOST_CLAIMS], own)


def _risk(voice: SlotVoice, kind: str, severity: str) -> Document | None:
    names = [name for want in _MEASURES[kind] for name in voice.numbers if _wanted(name, want)]
    if not names:
        return None
    return {
        "risk_type": kind,
        "likelihood": _LIKELIHOODS[severity],
        "driver_ids": names[:2],
        "explanation": voice.say("risk", KIND=kind, ID=names[0]),
        "mitigation": voice.weigh(*names),
    }


def _wanted(name: str, want: str) -> bool:
    """Whether a fact is the one that is wanted, or of the family that is."""
    return name.startswith(want) if want[-1] == "." else name == want


def performance(voice: SlotVoice) -> Document:
    """The performance page."""
    only = {row.get("period", "") for row in voice.blocks.table("PERIOD")}
    families = ("return", "benchmark_return", "excess_return")
    periods = [
        name
        for name in _PERIODS
        if (not only or name in only) and all(f"{family}.{name}" in voice.numbers for family in families)
    ]
    returns = [f"return.{name}" for name in _PERIODS]
    own = {
        "periods": [{"period": name.upper(), "comment": _excess(voice, f"excess_return.{name}")} for name in periods],
        "contributors": _contributions(voice, 1),
        "detractors": _contributions(voice, -1),
        "risk_adjusted": voice.stated("sharpe", "sortino", "information_ratio", "tracking_error", "beta"),
        "drawdown": voice.stated("max_drawdown"),
        "currency_effect": [],
        "cost_effect": [],
    }
    claims = voice.stated("twr.si", "volatility", *returns, "annual_return", "total_value")[:_MOST_CLAIMS]
    return voice.frame("performance", "verdict", claims, own)


def _excess(voice: SlotVoice, name: str) -> str:
    value = voice.numbers[name]
    size = round(value, 2)
    key = "ahead" if size > 0 else "behind" if size < 0 else "stands"
    return voice.say(key, ID=name)


def _contributions(voice: SlotVoice, sign: int) -> list[Document]:
    found = {name: value for name, value in voice.blocks.family("contribution.").items() if round(value * sign, 2) > 0}
    key = "gained" if sign > 0 else "cost"
    return [
        {"holding_id": name, "comment": voice.say(key, HOLDING=name, ID=f"contribution.{name}")}
        for name in sorted(found, key=lambda name: -abs(found[name]))[:_MOST_LINES]
    ]


def compliance(voice: SlotVoice) -> Document:
    """The compliance page."""
    rules = [row for row in voice.blocks.table("RULES") if row["measured_id"] in voice.numbers]
    chosen = [row for row in rules if row["status"] in {"breach", "near"}]
    chosen += [row for row in rules if row["status"] == "pass"][:_MOST_PASSES]
    bounds = [name for name in voice.numbers if name.startswith(("most.", "least.", "profile."))]
    own = {
        "findings": [
            {"rule_id": row["rule_id"], "explanation": _status(voice, row),
             "remediation": "" if row["status"] == "pass" else voice.weigh(row["measured_id"])}
            for row in chosen
        ],
        "suitability_reasons": voice.stated(*bounds[:1]) if voice.blocks.table("PROFILE") else [],
    }  # fmt: skip
    claims = [voice.claim(_status(voice, row)) for row in chosen[:_MOST_CLAIMS]] or voice.stated("total_value")
    return voice.frame("compliance", "overall_status", claims, own)


def _status(voice: SlotVoice, row: Row) -> str:
    return voice.say(row["status"], ID=row["rule_id"])


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


KINDS: dict[str, Callable[[SlotVoice], Document]] = {
    "risk": risk,
    "performance": performance,
    "compliance": compliance,
}
"""What answers which analysis."""
