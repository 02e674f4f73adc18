"""The days that a fact's period names, and how long it is."""

from __future__ import annotations

from datetime import date


def ends_of(period: str) -> list[date]:
    """The days that a period names: one of "as of 2026-10-30", two of a span."""
    found = []
    for part in period.removeprefix("as of ").split(".."):
        try:
            found.append(date.fromisoformat(part))
        except ValueError:
            continue
    return found


def days_of(period: str | None) -> int | None:
    """Days between the two ends of a period; None where it has only one."""
    ends = ends_of(period or "")
    return (ends[1] - ends[0]).days if len(ends) == 2 else None


def years_of(period: str | None) -> float | None:
    """The same in years."""
    days = days_of(period)
    return None if days is None else days / 365.25
