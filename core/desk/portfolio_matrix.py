"""What a page compares across portfolios: one row a portfolio, one column a risk, a period, an effect, a rule set …

What an answer does not speak of has no cell. It is never a zero and never a low one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from core.analyses.fact_selection import applicable
from core.analyses.risk import SEVERITIES
from core.desk.grades import GRADES, grade_in
from core.domain.analysis import Kind
from core.domain.compliance import RuleStatus
from core.domain.facts import FactSheet
from core.domain.records import Item

Analysis = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Cell:
    """One value of a row.

    Attributes:
        place: Its step on the matrix' scale from 0, or the number itself where the scale has no steps; None for a
            word outside the scale ("not assessable").
        shown: As people read it.
    """

    place: float | None
    shown: str


@dataclass(frozen=True, slots=True)
class Row:
    """What one answer says in each column that it speaks of."""

    custom_id: str
    portfolio_id: str
    name: str
    grade: str
    cells: Mapping[str, Cell]


@dataclass(frozen=True, slots=True)
class Subject:
    """What a kind's matrix shows.

    Attributes:
        title: Of the figure.
        column: What a column is.
        steps: Words of the scale from calm to alarming; empty where cells are numbers, of which above zero is good.
        unit: Of numbers.
        unsaid: What an empty cell means.
        needs_facts: Its cells are read from the facts of the request and not from the answer alone.
    """

    title: str
    column: str
    unsaid: str
    steps: tuple[str, ...] = ()
    unit: str = ""
    needs_facts: bool = False


@dataclass(frozen=True, slots=True)
class Matrix:
    """Rows and columns, the most frequent column first."""

    subject: Subject
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    unread: int = field(default=0)


Cells = Iterator[tuple[str, Cell]]

_UNSAID: Final = "The answer does not speak of it."

_RULE_STEPS: Final = ("none", "not assessable", "near limit", "breach")
_CALM: Final = ("calm", "watch", "act")

SUBJECTS: Final[Mapping[Kind, Subject]] = {
    Kind.RISK: Subject("Severity by portfolio and risk", "risk", _UNSAID, SEVERITIES),
    Kind.ALLOCATION: Subject("Distance from target by portfolio", "bucket", _UNSAID, unit="pp", needs_facts=True),
    Kind.PERFORMANCE: Subject("Difference to the benchmark by portfolio and period", "period", _UNSAID, unit="pp"),
    Kind.ATTRIBUTION: Subject("Effects by portfolio", "effect", _UNSAID, unit="pp"),
    Kind.COMPLIANCE: Subject(
        "Verdicts of the rule engine by portfolio, in numbers of rules",
        "verdict",
        "The portfolio is under no rule.",
        _RULE_STEPS,
        needs_facts=True,
    ),
    Kind.REALLOCATION: Subject(
        "What the trades would change, by portfolio", "aspect", _UNSAID, ("better", "unchanged", "unclear", "worse")
    ),
    Kind.MARKET_RESEARCH: Subject(
        "Sectors by portfolio", "sector", _UNSAID, ("leading", "improving", "weakening", "lagging")
    ),
    Kind.INVESTMENT_RESEARCH: Subject("Concerns by portfolio", "concern", _UNSAID, ("low", "medium", "high")),
    Kind.COMMITTEE_BRIEF: Subject(
        "Grades of the analyses that each brief rests on", "analysis", "The brief does not rest on it.", _CALM,
        needs_facts=True,
    ),
}  # fmt: skip
"""What is compared, by analysis."""


def _risk(analysis: Analysis, _sheet: FactSheet | None) -> Cells:
    worst: dict[str, int] = {}
    for risk in analysis.get("risks") or []:
        kind, severity = str(risk.get("risk_type", "")), str(risk.get("severity", ""))
        if severity in SEVERITIES:
            worst[kind] = max(worst.get(kind, -1), SEVERITIES.index(severity))
    for kind, place in worst.items():
        yield kind, Cell(place, SEVERITIES[place])


def _signed(value: float) -> Cell:
    return Cell(value, f"{value:+.1f}")


def _allocation(analysis: Analysis, sheet: FactSheet | None) -> Cells:
    facts = sheet.by_id() if sheet else {}
    for one in analysis.get("deviations") or []:
        bucket = str((one.get("portfolio") or {}).get("metric_id", ""))
        weight, target = facts.get(bucket), facts.get(f"target.{bucket}")
        if weight is not None and target is not None:
            yield bucket.partition(".")[2] or bucket, _signed(weight.value - target.value)


def _performance(analysis: Analysis, _sheet: FactSheet | None) -> Cells:
    for one in analysis.get("periods") or []:
        yield str(one.get("period", "")), _signed(float(one["excess"]["value"]))


def _attribution(analysis: Analysis, _sheet: FactSheet | None) -> Cells:
    totals = analysis.get("totals") or {}
    for name in ("active_return", "allocation", "selection", "interaction", "currency"):
        if name in totals:
            yield name, Cell(float(totals[name]["value"]), f"{float(totals[name]['value']):+.2f}")


_VERDICTS: Final = (
    (RuleStatus.BREACH, "breach"),
    (RuleStatus.NEAR, "near limit"),
    (RuleStatus.NOT_ASSESSABLE, "not assessable"),
    (RuleStatus.PASS, "kept"),
)


def _compliance(_analysis: Analysis, sheet: FactSheet | None) -> Cells:
    """How many rules have each verdict; here a zero is a zero."""
    rules = applicable(sheet.rules) if sheet else []
    for status, word in _VERDICTS if rules else ():
        number = sum(rule.status is status for rule in rules)
        place = _RULE_STEPS.index(word) if number and word in _RULE_STEPS else 0
        yield word, Cell(place, str(number))


def _reallocation(analysis: Analysis, _sheet: FactSheet | None) -> Cells:
    yield from _stepped(analysis.get("effects") or [], "aspect", "direction", SUBJECTS[Kind.REALLOCATION].steps)


def _market(analysis: Analysis, _sheet: FactSheet | None) -> Cells:
    steps = SUBJECTS[Kind.MARKET_RESEARCH].steps
    yield from _stepped(analysis.get("sector_rotation") or [], "sector_id", "phase", steps)


def _investment(analysis: Analysis, _sheet: FactSheet | None) -> Cells:
    steps = SUBJECTS[Kind.INVESTMENT_RESEARCH].steps
    yield from _stepped(analysis.get("concerns") or [], "concern", "severity", steps)


def _stepped(parts: Sequence[Analysis], column: str, value: str, steps: tuple[str, ...]) -> Cells:
    """The most alarming value of each column."""
    worst: dict[str, int] = {}
    for part in parts:
        word = str(part.get(value, ""))
        if word in steps:
            name = str(part.get(column, ""))
            worst[name] = max(worst.get(name, -1), steps.index(word))
    for name, place in worst.items():
        yield name, Cell(place, steps[place])


def _brief(_analysis: Analysis, sheet: FactSheet | None) -> Cells:
    for one in sheet.evidence.analyses if sheet else ():
        try:
            kind = Kind(one.kind)
        except ValueError:
            continue  # an analysis of a newer version
        grade = grade_in(kind, one.document)
        order = GRADES[kind]
        if grade in order:
            share = order.index(grade) / max(1, len(order) - 1)
            yield kind.value, Cell(round(share * (len(_CALM) - 1)), grade.replace("_", " "))
        elif grade:
            yield kind.value, Cell(None, grade.replace("_", " "))


_READERS: Final[Mapping[Kind, Callable[[Analysis, FactSheet | None], Cells]]] = {
    Kind.RISK: _risk,
    Kind.ALLOCATION: _allocation,
    Kind.PERFORMANCE: _performance,
    Kind.ATTRIBUTION: _attribution,
    Kind.COMPLIANCE: _compliance,
    Kind.REALLOCATION: _reallocation,
    Kind.MARKET_RESEARCH: _market,
    Kind.INVESTMENT_RESEARCH: _investment,
    Kind.COMMITTEE_BRIEF: _brief,
}


_ORDERED: Final = (Kind.ATTRIBUTION, Kind.PERFORMANCE, Kind.COMPLIANCE)
"""Analyses whose columns have an order of their own, which readers expect."""


def cells_of(kind: Kind, analysis: Analysis, sheet: FactSheet | None = None) -> dict[str, Cell]:
    """What one answer says in each column that it speaks of."""
    return dict(_READERS[kind](analysis, sheet))


def matrix(kind: Kind, items: Sequence[Item], sheets: Mapping[str, FactSheet]) -> Matrix:
    """Answers beside each other.

    Args:
        items: With their analyses; in the order of the rows.
        sheets: Their facts by custom id, where the subject needs them.
    """
    subject = SUBJECTS[kind]
    rows = tuple(
        Row(
            item.custom_id, item.portfolio_id, item.portfolio_name, item.level,
            cells_of(kind, item.analysis or {}, sheets.get(item.custom_id)),
        )
        for item in items
    )  # fmt: skip
    counts = Counter(column for row in rows for column in row.cells)
    columns = tuple(sorted(counts, key=lambda column: (-counts[column], column)))
    if kind in _ORDERED:
        columns = tuple(dict.fromkeys(column for row in rows for column in row.cells))
    unread = sum(item.custom_id not in sheets for item in items) if subject.needs_facts else 0
    return Matrix(subject, columns, rows, unread)
