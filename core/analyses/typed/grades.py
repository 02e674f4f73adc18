"""Grades that follow from yardsticks which the prompt states: an answer may weigh, but not past them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from core.analyses.checks import unlike
from core.domain.analysis import Finding, FindingKind
from core.domain.facts import FactSheet

_LEVELS: Final = ("very_low", "low", "moderate", "elevated", "high", "very_high")
_BELOW: Final = (3.0, 8.0, 13.0, 18.0, 28.0)
"""Volatility in percent below which each level but the last lies."""

_DOWN, _UP = 1, 2
"""Levels that judgement and concentration may move it: the prompt moves it up by two at most, and never down."""


_OF_SEVERITY: Final[Mapping[str, int]] = {"none": 0, "low": 1, "moderate": 2, "elevated": 3, "high": 4, "critical": 5}
"""The level that the gravest single risk comes to."""

_ABOVE_THE_GRAVEST: Final = 2
"""Levels that the whole may stand above its gravest risk: risks add up. Below it may stand, since one may be small."""


def gravest_risk(analysis: Mapping[str, Any]) -> Iterator[Finding]:
    """What holds low risks only is not of a very high one."""
    known = [_OF_SEVERITY[one["severity"]] for one in analysis["risks"] if one["severity"] in _OF_SEVERITY]
    if not known or analysis["overall_level"] not in _LEVELS:
        return
    gravest = max(known)
    if _LEVELS.index(analysis["overall_level"]) > gravest + _ABOVE_THE_GRAVEST:
        worst = next(name for name, level in _OF_SEVERITY.items() if level == gravest)
        yield unlike("overall_level", "", analysis["overall_level"], f"gravest risk: {worst}", FindingKind.GRADE)


def level_of_risk(analysis: Mapping[str, Any], sheet: FactSheet) -> Iterator[Finding]:
    """The overall level is near the one that volatility alone gives."""
    volatility = sheet.by_id().get("volatility")
    if volatility is None or analysis["overall_level"] not in _LEVELS:
        return
    base = sum(volatility.value >= bound for bound in _BELOW)
    said = _LEVELS.index(analysis["overall_level"])
    if not base - _DOWN <= said <= base + _UP:
        yield unlike("overall_level", "volatility", analysis["overall_level"], _LEVELS[base], FindingKind.GRADE)
