"""Since when a rule is breached, and when earlier breaches were cured, as far as stored days tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from core.domain.compliance import RuleStatus

Key = tuple[str, str]
"""A rule's id and its reading."""

Verdicts = Mapping[Key, RuleStatus]

_SOUND = frozenset({RuleStatus.PASS, RuleStatus.NEAR, RuleStatus.NOT_APPLICABLE})
"""Verdicts of a day on which there surely was no breach."""


@dataclass(frozen=True, slots=True)
class BreachRun:
    """A breach on stored days without a better one between them. What lay between two stored days is not known.

    Attributes:
        first_seen: First stored day on which the rule was breached.
        kept_before: The stored day before it, where the rule was kept then; None where no earlier day is stored, or
            nobody could assess the rule on it.
        last_seen: Last stored day on which it was breached.
        cured_by: The stored day after it, where the rule was kept then; None while it is breached, or where nobody
            could assess it.
        is_open: Whether `last_seen` is the newest of the days that were looked at.
        days_seen: On how many stored days it was breached.
    """

    rule_id: str
    reading: str
    first_seen: date
    kept_before: date | None
    last_seen: date
    cured_by: date | None
    is_open: bool
    days_seen: int

    @property
    def sentence(self) -> str:
        """Since when, until when, and what is not known of it."""
        began = began_said(self.first_seen, self.kept_before)
        if self.is_open:
            return f"Breached {began}."
        if self.cured_by is None:
            return f"Breached {began}, last seen on {self.last_seen}; whether and when it was cured is not known."
        return f"Breached {began}, cured between {self.last_seen} and {self.cured_by}."


def began_said(first_seen: date, kept_before: date | None) -> str:
    """ "since a day between 2026-09-30 (kept) and 2026-10-30", or since when at the latest."""
    if kept_before is None:
        return f"since {first_seen} or before (nothing earlier shows it kept)"
    return f"since a day between {kept_before} (kept) and {first_seen}"


def runs(days: Sequence[tuple[date, Verdicts]]) -> tuple[BreachRun, ...]:
    """Every breach of every rule, the newest first.

    Args:
        days: Stored days with the verdicts of all rules, the oldest first. A rule without a verdict on a day is as one
            that nobody could assess.
    """
    keys = dict.fromkeys(key for _, verdicts in days for key, one in verdicts.items() if one is RuleStatus.BREACH)
    found = [run for key in keys for run in _of_rule(key, [(day, verdicts.get(key)) for day, verdicts in days])]
    return tuple(sorted(found, key=lambda one: (not one.is_open, -one.last_seen.toordinal(), one.rule_id)))


def _of_rule(key: Key, days: Sequence[tuple[date, RuleStatus | None]]) -> list[BreachRun]:
    found: list[BreachRun] = []
    begin: int | None = None
    for place, (_, status) in enumerate((*days, (date.max, None))):
        if status is RuleStatus.BREACH:
            begin = place if begin is None else begin
        elif begin is not None:
            found.append(_run(key, days, begin, place - 1))
            begin = None
    return found


def _run(key: Key, days: Sequence[tuple[date, RuleStatus | None]], begin: int, end: int) -> BreachRun:
    before = days[begin - 1] if begin else None
    after = days[end + 1] if end + 1 < len(days) else None
    return BreachRun(
        *key,
        first_seen=days[begin][0],
        kept_before=before[0] if before is not None and before[1] in _SOUND else None,
        last_seen=days[end][0],
        cured_by=after[0] if after is not None and after[1] in _SOUND else None,
        is_open=after is None,
        days_seen=end - begin + 1,
    )
