"""Limits that an answer speaks of: only those that were shown, each with its own numbers and what follows from them.

Rules bring "rule.<key>.measured" and "rule.<key>.limit"; a profile brings its bands and its ceilings.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from core.analyses.cells import cell
from core.analyses.checks import Analysis, unlike
from core.analyses.fact_selection import applicable, rule_key
from core.domain.analysis import Finding, FindingKind
from core.domain.compliance import RuleStatus
from core.domain.facts import Fact, FactSheet

_WITHIN: Final = {RuleStatus.PASS: "within", RuleStatus.NEAR: "near", RuleStatus.BREACH: "breach"}

_OF_PROFILE: Final = {
    "profile.max_volatility": "volatility",
    "profile.max_drawdown": "max_drawdown",
    "profile.max_position": "top1_weight",
}
"""What each ceiling of a profile is held against."""

_BOUNDS: Final = ("least.", "most.")


@dataclass(frozen=True, slots=True)
class _Limit:
    """A limit that was shown: the ids of its two facts, and what follows from them."""

    measured: str
    limit: str
    status: str


def stated(analysis: Analysis, sheet: FactSheet) -> Iterator[Finding]:
    """Each limit exists, carries its own two numbers, and has the status that follows from them."""
    known = _known(sheet) if analysis["limit_breaches"] else {}
    for place, one in enumerate(analysis["limit_breaches"]):
        path, limit = f"limit_breaches[{place}]", known.get(cell(one["limit_id"]))
        if limit is None:
            # Without the limit, neither its number nor its verdict can be anything but made up.
            yield unlike(f"{path}.limit_id", "", one["limit_id"], None, FindingKind.UNSUPPORTED)
            yield unlike(f"{path}.limit", one["limit"]["metric_id"], one["limit"]["value"], None, FindingKind.RULE)
            yield unlike(f"{path}.status", "", one["status"], None, FindingKind.RULE)
            continue
        for part, wanted in (("measured", limit.measured), ("limit", limit.limit)):
            cited = one[part]["metric_id"]
            if cell(cited) != cell(wanted):
                yield unlike(f"{path}.{part}.metric_id", wanted, cited, wanted, FindingKind.RULE)
        if one["status"] != limit.status and not (limit.status == "within" and one["status"] == "near"):
            yield unlike(f"{path}.status", limit.limit, one["status"], limit.status, FindingKind.RULE)


def _known(sheet: FactSheet) -> dict[str, _Limit]:
    found: dict[str, _Limit] = {}
    facts = sheet.by_id()
    for rule in applicable(sheet.rules):
        if rule.status in _WITHIN and f"rule.{rule_key(rule)}.limit" in facts:
            key = rule_key(rule)
            one = _Limit(f"rule.{key}.measured", f"rule.{key}.limit", _WITHIN[rule.status])
            found[cell(key)] = found[cell(one.limit)] = one
            found.setdefault(cell(rule.rule_id), one)
    for name, fact in facts.items():
        measured = facts.get(_OF_PROFILE.get(name, "")) or facts.get(_bucket(name))
        if measured is not None:
            found[cell(name)] = _Limit(measured.metric_id, name, _status(name, measured, fact))
    return found


def _bucket(name: str) -> str:
    return next((name.removeprefix(bound) for bound in _BOUNDS if name.startswith(bound)), "")


def _status(name: str, measured: Fact, limit: Fact) -> str:
    if name.startswith("least."):
        outside = measured.value < limit.value
    else:
        # A drawdown is stated as a loss, its ceiling as a size.
        outside = (abs(measured.value) if name == "profile.max_drawdown" else measured.value) > limit.value
    return "breach" if outside else "within"
