"""`mosychlos portfolio check`: room in money and units, where drift leads, and since when breaches are there."""

from __future__ import annotations

from typing import Any

from core.cli import output
from core.compliance.forecast import HORIZON, drift_said
from core.compliance.room import Room, whole_units
from core.domain.compliance import RuleResult
from core.drafts.rule_checks import RuleCheck
from core.drafts.rule_outlook import BreachPast, Outlook


def of_rule(result: RuleResult, outlook: Outlook) -> dict[str, Any]:
    """What a rule's JSON has besides its result."""
    room = outlook.room(result.rule_id, result.reading)
    drift = outlook.drift(result.rule_id, result.reading)
    return {
        "headroom_money": None if room is None else room.money,
        "headroom_line": None if room is None else room.holding_id or None,
        "headroom_units": None if room is None else room.units,
        "headroom_whole_units": None if room is None or (whole := whole_units(room)) is None else int(whole),
        "drift": None if drift is None else {"days": drift.days, "within": HORIZON, "why": drift.why or None},
    }


def as_json(outlook: Outlook, past: BreachPast) -> dict[str, Any]:
    """The keys that the whole document has besides."""
    return {
        "next_breach": None if outlook.next is None else output.plain(outlook.next),
        "outlook_notes": outlook.notes,
        "breaches": [{**output.plain(one), "sentence": one.sentence} for one in past.runs],
        "breach_days": past.days,
        "breach_notes": past.notes,
    }


def show(done: RuleCheck, outlook: Outlook, past: BreachPast) -> None:
    """Room and drift of what is near or broken, the next limit that drift would pass, and breaches of stored days."""
    rows = [row for result in done.results if (row := _row(result, outlook)) is not None]
    if rows:
        output.line()
        output.table(
            ("rule", f"room, {done.base_currency}", "in units", "of", "if drift goes on, beyond the limit"),
            rows,
            right=(f"room, {done.base_currency}", "in units"),
        )
    if outlook.drifts:
        output.line(_next(outlook))
    if past.runs:
        output.line()
        output.line("Breaches on stored days:")
        for one in past.runs:
            output.line(f"  {one.rule_id}{f' ({one.reading})' if one.reading else ''}: {one.sentence}")
        for note in past.notes:
            output.line(f"  Note: {note}")


def notes(outlook: Outlook) -> tuple[str, ...]:
    """What must be said of room and drift."""
    return outlook.notes if outlook.rooms else ()


def _row(result: RuleResult, outlook: Outlook) -> tuple[str, ...] | None:
    room = outlook.room(result.rule_id, result.reading)
    drift = outlook.drift(result.rule_id, result.reading)
    if room is None and drift is None:
        return None
    reading = f" ({result.reading})" if result.reading else ""
    told = "" if drift is None else "not known" if drift.why else drift_said(drift)
    money = "" if room is None else f"{room.money:,.2f}"
    return f"{result.rule_id}{reading}", money, _units(room), room.holding_id if room and room.units else "", told


def _units(room: Room | None) -> str:
    whole = None if room is None else whole_units(room)
    return "" if whole is None else f"{whole:,}"


def _next(outlook: Outlook) -> str:
    if outlook.next is not None:
        limit = f"{outlook.next.rule_id} {drift_said(outlook.next)}"
        return f"If drift went on, the next limit to be passed would be that of {limit}."
    known = [one for one in outlook.drifts if not one.why]
    if known:
        return f"If drift went on, no limit would be passed within {HORIZON} trading days."
    return f"Where drift leads is not known. {outlook.drifts[0].why}"
