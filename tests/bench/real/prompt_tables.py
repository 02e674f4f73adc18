"""A fact sheet from the tables of a prompt, as far as they tell: what answers to kept prompts are checked against."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from core.domain.compliance import BreachType, RuleResult, RuleStatus
from core.domain.evidence import Evidence
from core.domain.facts import AbsentFact, Fact, FactSheet, HoldingFact
from core.domain.units import Badge, Unit

Row = dict[str, str]
_OPERATORS: Final = {"at most": "<=", "at least": ">=", "below": "<", "above": ">", "exactly": "=="}
_MARKS: Final = {"FR": ",", "DE": ",", "EU": ",", "GLOBAL": "."}


def sheet_of(body: Mapping[str, Any]) -> FactSheet:
    """What a request told its model.

    Raises:
        ValueError: It holds no PORTFOLIO table.
    """
    text = "\n".join(message["content"] for message in body["messages"])
    about = dict(line.split("|", 1) for line in _block(text, "PORTFOLIO"))
    if not about:
        raise ValueError("The prompt holds no PORTFOLIO table.")
    facts = tuple(map(_fact, _rows(text, "METRICS")))
    known = {fact.metric_id: fact for fact in facts}
    return FactSheet(
        portfolio_id=about["portfolio_id"],
        name=about["name"],
        as_of=date.fromisoformat(about["as_of"]),
        base_currency=about["base_currency"],
        region=about["region"],
        facts=facts,
        absent=tuple(AbsentFact(row["metric_id"], row["reason"]) for row in _rows(text, "ABSENT")),
        holdings=tuple(map(_holding, _rows(text, "HOLDINGS"))),
        rules=tuple(_rule(row, known) for row in _rows(text, "RULES")),
        evidence=Evidence(decimal_mark=_MARKS.get(about["region"], "."), language=about["language"]),
    )


def _block(text: str, name: str) -> list[str]:
    begin, end = text.rfind(f"<{name}>\n"), text.rfind(f"</{name}>")
    return text[begin + len(name) + 3 : end].splitlines() if 0 <= begin < end else []


def _rows(text: str, name: str) -> list[Row]:
    lines = _block(text, name)
    head = lines[0].split("|") if lines else []
    return [dict(zip(head, line.split("|"), strict=True)) for line in lines[1:]]


def _fact(row: Row) -> Fact:
    value = row["value"]
    return Fact(
        row["metric_id"], float(value), Unit(row["unit"]), row["currency"] or None, row["period"] or None, "",
        Badge(row["badge"]), len(value.partition(".")[2]),
    )  # fmt: skip


def _holding(row: Row) -> HoldingFact:
    line = row["holding_id"]
    return HoldingFact(
        line, re.sub(r"#\d+$", "", line), row["name"], row["asset_class"], row["sector"], row["country"],
        row["currency"], _number(row["weight_pct"]), _number(row["value"]),
    )  # fmt: skip


def _number(text: str) -> float:
    return float(text) if text else float("nan")


def _rule(row: Row, known: Mapping[str, Fact]) -> RuleResult:
    rule_id, _, reading = row["rule_id"].partition("#")
    measured, limit = known.get(row["measured_id"]), known.get(row["limit_id"])
    headroom = known.get(f"rule.{row['rule_id']}.headroom")
    breach = row["breach_type"]
    return RuleResult(
        rule_id=rule_id,
        jurisdiction=row["jurisdiction"],
        regime=row["regime"],
        title=row["title"],
        citation=row["citation_id"],
        source_url="",
        as_of=date(2026, 10, 30),
        confirmed=row["confirmed"] == "yes",
        status=RuleStatus(row["status"]),
        operator=_OPERATORS.get(row["operator"], row["operator"]),
        measured=measured.value if measured else None,
        limit=limit.value if limit else None,
        unit=measured.unit if measured else Unit.PCT,
        headroom=headroom.value if headroom else None,
        holding_ids=tuple(name for name in row["holding_ids"].split(", ") if name),
        reading=reading,
        breach_type=BreachType(breach) if breach not in {"", "none"} else None,
        missing=tuple(name for name in row["missing"].split(", ") if name),
        cure=row["cure"],
    )
