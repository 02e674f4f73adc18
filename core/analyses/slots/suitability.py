"""Whether a portfolio lies within its profile: every bound that was given against the fact that it bounds."""

from __future__ import annotations

from typing import Final

from core.analyses.slots.form import Grade
from core.domain.facts import FactSheet

_CEILINGS: Final = {"profile.max_volatility": "volatility", "profile.max_drawdown": "max_drawdown"}
"""What an investor bears; outside it a portfolio is unsuitable and not only out of its bands."""


def judged(sheet: FactSheet) -> Grade:
    """The result, with what lies outside."""
    if sheet.evidence.profile is None:
        return Grade("suitability", "not_assessed", "no profile was given")
    facts = sheet.by_id()
    outside: list[str] = []
    unbearable = False
    for name, fact in facts.items():
        bound, _, bucket = name.partition(".")
        measured = facts.get(bucket) if bound in {"least", "most"} else facts.get(_CEILINGS.get(name, ""))
        if measured is None:
            continue
        size = abs(measured.value) if name in _CEILINGS else measured.value
        if size < fact.value if bound == "least" else size > fact.value:
            outside.append(f"{measured.metric_id} {measured.shown} against {name} {fact.shown}")
            unbearable = unbearable or name in _CEILINGS
    if not outside:
        return Grade("suitability", "suitable", "within every bound that was given")
    return Grade("suitability", "unsuitable" if unbearable else "suitable_with_conditions", "; ".join(outside))
