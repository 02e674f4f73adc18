"""The cards "Room and drift" and "Breaches on stored days" of the Rules tab."""

from __future__ import annotations

import streamlit as st

from core.compliance.forecast import HORIZON, drift_said
from core.compliance.room import Room, whole_units
from core.domain.compliance import RuleResult, RuleStatus
from core.drafts.rule_checks import RuleCheck
from core.drafts.rule_outlook import Outlook
from dashboard.portfolio.open import OpenPortfolio
from dashboard.widgets import listings, states, text

_URGENT = (RuleStatus.BREACH, RuleStatus.NEAR, RuleStatus.PASS)


def room_and_drift(one: OpenPortfolio, found: RuleCheck) -> None:
    """What each rule leaves, and when drift alone would pass it. Computed; nobody says that it will come so."""
    with st.expander(
        "Room in money and units, and where drift leads", icon=":material/straighten:", key="rules_room",
        on_change="rerun",
    ) as below:  # fmt: skip
        if not below.open:
            return
        outlook = one.outlook()
        rows = [
            result
            for status in _URGENT
            for result in found.results
            if result.status is status and _has(outlook, result)
        ]
        if not rows:
            st.caption("No rule here measures money or weights.")
            return
        st.markdown(text.escape(next_said(outlook, found)))
        rooms = [outlook.room(result.rule_id, result.reading) for result in rows]
        units = [_units(room) for room in rooms]
        listings.table(
            {
                "Rule": [result.title for result in rows],
                "Now": [states.RULE[result.status].word for result in rows],
                f"Room, {found.base_currency}": ["" if room is None else f"{room.money:,.0f}" for room in rooms],
                **({"In whole units": units} if any(units) else {}),
                "Beyond the limit, if drift went on": [_drift(outlook, result) for result in rows],
            },
            alt="Rules with the room they leave, and when drift alone would pass their limit",
        )
        for note in dict.fromkeys((*outlook.notes, *(drift.why for drift in outlook.drifts if drift.why))):
            st.caption(text.escape(note))


def past(one: OpenPortfolio, checked: RuleCheck) -> None:
    """Since when rules are breached, and when earlier breaches were cured."""
    with st.expander(
        "Breaches on stored days", icon=":material/history:", key="rules_past", on_change="rerun"
    ) as below:
        if not below.open:
            return
        found = one.breaches()
        if not found.runs:
            days = "the one stored day" if len(found.days) == 1 else f"the {len(found.days)} stored days"
            st.caption(f"No rule was breached on {days} that {'was' if len(found.days) == 1 else 'were'} looked at.")
        else:
            # Sentences, which a narrow page can break: a table would cut the day that they end with.
            titles = {result.rule_id: result.title for result in checked.results}
            for run in found.runs:
                # One that is over says nothing of how the rule stands now: never green.
                badge = states.RULE[RuleStatus.BREACH].badge if run.is_open else ":gray-badge[:material/history: over]"
                title = titles.get(run.rule_id, run.rule_id)
                reading = f" · reading: {text.words(run.reading)}" if run.reading else ""
                st.markdown(f"{badge} **{text.escape(title + reading)}**   \n{text.escape(run.sentence)}")
        for note in found.notes:
            st.caption(text.escape(note))


def next_said(outlook: Outlook, found: RuleCheck) -> str:
    """The first limit that drift would pass, as a condition and no promise."""
    if outlook.next is not None:
        title = next((one.title for one in found.results if one.rule_id == outlook.next.rule_id), outlook.next.rule_id)
        return (
            f"If drift went on as of late, the next limit to be passed would be “{title}”, {drift_said(outlook.next)}."
        )
    if any(not one.why for one in outlook.drifts):
        return f"If drift went on as of late, no limit would be passed within {HORIZON} trading days."
    return "Where drift leads is not known."


def _has(outlook: Outlook, result: RuleResult) -> bool:
    key = result.rule_id, result.reading
    return outlook.room(*key) is not None or outlook.drift(*key) is not None


def _units(room: Room | None) -> str:
    whole = None if room is None else whole_units(room)
    return "" if room is None or whole is None else f"{whole:,} {room.holding_id}"


def _drift(outlook: Outlook, result: RuleResult) -> str:
    drift = outlook.drift(result.rule_id, result.reading)
    if drift is None:
        return ""
    return "not known" if drift.why else drift_said(drift)
