"""How `batch results --json` tells who answered, and of an answer that was asked for again."""

from __future__ import annotations

from core.cli.usage import usage_of
from core.domain.analysis import ResultStatus
from core.domain.provider import NOBODY, AnsweredBy
from core.domain.records import SecondAsking


def answered_by(answered: AnsweredBy) -> dict[str, object] | None:
    """Who answered, in `batch results --json`; None where nobody did."""
    return None if answered == NOBODY else answered.document()


def second_asking(again: SecondAsking | None) -> dict[str, object] | None:
    """A second asking in `batch results --json`: `other` is the answer that does not stand."""
    if again is None:
        return None
    waits = again.ended is ResultStatus.PENDING
    return {
        "custom_id": again.custom_id,
        "why": again.why,
        "ended": again.ended,
        "stands": None if waits else "second" if again.stands else "first",
        **usage_of(again.usage, again.usage_from, waits=waits),
        "cost_usd": again.cost_usd,
        "other": None
        if waits
        else {
            "status": again.status,
            "analysis": again.analysis,
            "verification": again.verification,
            "error": again.error,
            "answered_by": answered_by(again.answered),
        },
    }
