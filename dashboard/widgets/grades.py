"""The headline grade of each analysis on screen: what it is called, and how each of its words looks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from core.desk.grades import BESIDES, GRADES
from core.domain.analysis import Kind
from dashboard.widgets import states, text
from dashboard.widgets.charts import Palette
from dashboard.widgets.states import StateLook

TITLES: Mapping[Kind, str] = {
    Kind.RISK: "Overall level",
    Kind.ALLOCATION: "Diversification",
    Kind.PERFORMANCE: "Verdict",
    Kind.ATTRIBUTION: "Active return",
    Kind.COMPLIANCE: "Overall status",
    Kind.REALLOCATION: "Recommendation",
    Kind.MARKET_RESEARCH: "Stance",
    Kind.INVESTMENT_RESEARCH: "Stance",
    Kind.COMMITTEE_BRIEF: "Recommendation",
}
"""What each analysis calls its grade."""

_GOOD, _EVEN, _BAD, _WORST = ":material/check_circle:", ":material/remove:", ":material/warning:", ":material/error:"
_UP, _DOWN = ":material/trending_up:", ":material/trending_down:"

LOOK: Mapping[str, StateLook] = {
    **states.LEVEL,
    "very_good": StateLook("very good", _GOOD, "green"),
    "good": StateLook("good", _GOOD, "green"),
    "fair": StateLook("fair", _EVEN, "yellow"),
    "poor": StateLook("poor", _BAD, "orange"),
    "outperformed": StateLook("outperformed", _UP, "green"),
    "in_line": StateLook("in line", ":material/trending_flat:", "blue"),
    "underperformed": StateLook("underperformed", _DOWN, "orange"),
    "not_comparable": StateLook("not comparable", ":material/help:", "violet"),
    "added": StateLook("added", _UP, "green"),
    "detracted": StateLook("detracted", _DOWN, "orange"),
    "compliant": StateLook("no breach found", _GOOD, "green"),
    "warning": StateLook("near limit", _BAD, "orange"),
    "breach": StateLook("breach", ":material/gpp_bad:", "red"),
    "not_assessable": StateLook("not assessable", ":material/help:", "violet"),
    "no_trade": StateLook("no trade", _EVEN, "green"),
    "wait": StateLook("wait", ":material/hourglass_empty:", "blue"),
    "trade_in_steps": StateLook("trade in steps", ":material/stacked_line_chart:", "yellow"),
    "trade": StateLook("trade", ":material/swap_horiz:", "orange"),
    "very_positive": StateLook("very positive", _UP, "green"),
    "positive": StateLook("positive", _UP, "green"),
    "neutral": StateLook("neutral", _EVEN, "gray"),
    "negative": StateLook("negative", _DOWN, "orange"),
    "very_negative": StateLook("very negative", _DOWN, "red"),
    "approve": StateLook("approve", _GOOD, "green"),
    "approve_with_conditions": StateLook("approve with conditions", ":material/rule:", "yellow"),
    "no_action": StateLook("no action", _EVEN, "gray"),
    "defer": StateLook("defer", ":material/schedule:", "orange"),
    "reject": StateLook("reject", _WORST, "red"),
}
"""How a grade looks, by its word; no two analyses mean different things by one word."""


def look(grade: str) -> StateLook:
    """How a grade looks; one that a newer version stored is shown as it is written."""
    return LOOK.get(grade) or StateLook(text.escape(grade.replace("_", " ")), ":material/help:", "gray")


def word(grade: str) -> str:
    """A grade as people say it; "" for none."""
    return LOOK[grade].word if grade in LOOK else grade.replace("_", " ")


def ordered(kind: Kind, present: Iterable[str] = ()) -> list[str]:
    """The grades of an analysis from calm to alarming, then those outside that order, then any that is not known."""
    known = [*GRADES[kind], *BESIDES.get(kind, ())]
    return [*known, *sorted({grade for grade in present if grade} - set(known))]


def colour(kind: Kind, grade: str, colours: Palette) -> str:
    """The colour of a grade in figures: its share of the way from calm to alarming, and a quiet one outside of it."""
    order = GRADES[kind]
    if grade not in order:
        return colours.line
    steps = colours.level
    share = order.index(grade) / max(1, len(order) - 1)
    return steps[round(share * (len(steps) - 1))]
