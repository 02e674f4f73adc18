"""Whether an answer says something at all, and whether its grades rest on something: checks of every analysis.

A grade whose every number is true and which cites none is an opinion in the clothes of a result.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from core.analyses.cells import cell
from core.analyses.checks import Analysis, parts_of, unlike
from core.analyses.time_limit import tick
from core.domain.analysis import Finding, FindingKind
from core.domain.facts import FactSheet

_WHOLE: Final[Mapping[str, frozenset[str]]] = {
    "overall_level": frozenset(),
    "diversification": frozenset(),
    "verdict": frozenset({"not_comparable"}),
    "overall_status": frozenset({"not_assessable"}),
    "recommendation": frozenset({"no_action", "no_trade", "wait", "defer"}),
}
"""Grades of a whole answer, and the words that claim nothing."""

_OF_PARTS: Final[Mapping[str, frozenset[str]]] = {
    "severity": frozenset({"none", "low"}),
    "strength": frozenset(),
    "phase": frozenset(),
    "direction": frozenset({"unchanged", "unclear", "on_target"}),
    "stance": frozenset({"neutral"}),
}
"""Grades of a part; only where the part has a place for references or claims."""

_TEXTS: Final = frozenset(
    {
        "headline", "summary", "text", "explanation", "rationale", "plain_language", "bull_case", "bear_case", "quote",
        "option", "question", "task", "item", "decision_requested",
    }
)  # fmt: skip
"""Texts without which their part says nothing; others may be empty where there is nothing to add."""


def said(analysis: Analysis, _sheet: FactSheet) -> Iterator[Finding]:
    """There is a claim, and no text that carries its part is empty."""
    if not analysis["claims"]:
        yield unlike("claims", "", "no claim", None, FindingKind.UNSUPPORTED)
    for path, part in parts_of(analysis):
        tick()
        for key in _TEXTS & part.keys():
            if isinstance(part[key], str) and not part[key].strip():
                yield unlike(f"{path}.{key}" if path else key, "", "empty", None, FindingKind.UNSUPPORTED)


def grades(analysis: Analysis, sheet: FactSheet) -> Iterator[Finding]:
    """Each grade has a reference beside it: in the claims for the whole, in the part itself for a part."""
    known, parts = _known(sheet), parts_of(analysis)
    cited = any(_cites(part, known) for _, part in parts if "text" in part)
    for key, nothing in _WHOLE.items():
        if key in analysis and analysis[key] not in nothing and not cited:
            yield unlike(key, "", analysis[key], None, FindingKind.GRADE)
    for path, part in parts:
        tick()
        if "metric_id" in part or not path:
            continue
        for key in _OF_PARTS.keys() & part.keys():
            if part[key] not in _OF_PARTS[key] and not _rests(part, known):
                yield unlike(f"{path}.{key}", "", part[key], None, FindingKind.GRADE)


def _known(sheet: FactSheet) -> frozenset[str]:
    names = {fact.metric_id for fact in sheet.facts} | {source.source_id for source in sheet.evidence.sources}
    names |= {one.analysis_id for one in sheet.evidence.analyses}
    return frozenset(names | {cell(name) for name in names})


def _rests(part: Mapping[str, Any], known: frozenset[str]) -> bool:
    if not {"metrics", "claims"} & part.keys():
        return True  # the figure stands in a field of its own
    return _cites(part, known) or any(_cites(one, known) for one in part.get("claims", ()))


def _cites(part: Mapping[str, Any], known: frozenset[str]) -> bool:
    return (
        any(metric["metric_id"] in known for metric in part.get("metrics", ()))
        or any(name in known for name in part.get("source_ids", ()))
        or any(cell(quote["source_id"]) in known for quote in part.get("quotes", ()))
    )
