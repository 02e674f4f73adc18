"""The headline grade of each analysis in its order, from calm to what needs a reader most."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from core.domain.analysis import Kind

_STANCES: Final = ("very_positive", "positive", "neutral", "negative", "very_negative")

GRADES: Final[Mapping[Kind, tuple[str, ...]]] = {
    Kind.RISK: ("very_low", "low", "moderate", "elevated", "high", "very_high"),
    Kind.ALLOCATION: ("very_good", "good", "fair", "poor"),
    Kind.PERFORMANCE: ("outperformed", "in_line", "underperformed"),
    Kind.ATTRIBUTION: ("added", "detracted"),
    Kind.COMPLIANCE: ("compliant", "warning", "breach"),
    Kind.REALLOCATION: ("no_trade", "wait", "trade_in_steps", "trade"),
    Kind.MARKET_RESEARCH: _STANCES,
    Kind.INVESTMENT_RESEARCH: _STANCES,
    Kind.COMMITTEE_BRIEF: ("approve", "approve_with_conditions", "no_action", "defer", "reject"),
}
"""Grades that stand in an order."""

BESIDES: Final[Mapping[Kind, tuple[str, ...]]] = {
    Kind.PERFORMANCE: ("not_comparable",),
    Kind.COMPLIANCE: ("not_assessable",),
}
"""Grades outside the order: nothing could be said."""

_FIELDS: Final[Mapping[Kind, str]] = {
    Kind.RISK: "overall_level",
    Kind.ALLOCATION: "diversification",
    Kind.PERFORMANCE: "verdict",
    Kind.COMPLIANCE: "overall_status",
    Kind.REALLOCATION: "recommendation",
    Kind.COMMITTEE_BRIEF: "recommendation",
}


def ranks(kind: Kind) -> dict[str, int]:
    """Each grade's place in its order, from 0."""
    return {grade: place for place, grade in enumerate(GRADES[kind])}


def grade_in(kind: Kind, document: Mapping[str, Any]) -> str:
    """The grade that an answer states in a field of its own; "" where it states none."""
    return str(document.get(_FIELDS.get(kind, ""), ""))
