"""One answer in full: how it stands, what does not hold, what it says with each number marked, and where it is from."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import streamlit as st

from core.analyses.slots.reading import sentences_of
from core.analyses.slots.sentences import SEEN
from core.app import App
from core.domain.actor import Actor
from core.domain.analysis import Finding, FindingKind, Kind, Verification
from core.domain.records import Item
from dashboard.analysis import (
    committee as analysis_committee,
)
from dashboard.analysis import (
    figures as analysis_figures,
)
from dashboard.analysis import (
    origin as analysis_origin,
)
from dashboard.analysis import (
    research as analysis_research,
)
from dashboard.analysis import (
    risk as analysis_risk,
)
from dashboard.analysis import (
    rules as analysis_rules,
)
from dashboard.analysis.answer import AnswerPlaces, place_of
from dashboard.analysis.parts import claims, gaps_and_caveats, heading
from dashboard.widgets import grades, listings, marked_text, show, states, text

_BODIES: Mapping[Kind, Callable[[AnswerPlaces], None]] = {
    Kind.RISK: analysis_risk.draw,
    Kind.ALLOCATION: analysis_figures.allocation,
    Kind.PERFORMANCE: analysis_figures.performance,
    Kind.ATTRIBUTION: analysis_figures.attribution,
    Kind.COMPLIANCE: analysis_rules.compliance,
    Kind.REALLOCATION: analysis_rules.reallocation,
    Kind.MARKET_RESEARCH: analysis_research.market,
    Kind.INVESTMENT_RESEARCH: analysis_research.investment,
    Kind.COMMITTEE_BRIEF: analysis_committee.draw,
}


def show_item(app: App, actor: Actor, job_id: str, custom_id: str) -> None:
    """The chosen request: its analysis with marks, or why there is none, and what really went over the wire."""
    item = app.jobs.item(actor, job_id, custom_id)
    job = app.jobs.get(actor, job_id)
    with st.container(border=True):
        if item.analysis is None:
            _ending(item)
        else:
            answer = AnswerPlaces(item, job, app.jobs.facts(actor, job_id, custom_id))
            _head(answer)
            _score(answer)
            _does_not_hold(answer)
            _summary(answer)
            _BODIES[job.row.kind](answer)
            claims(answer, "claims", "Claims and their evidence")
            gaps_and_caveats(answer)
            _left(answer)
            _every_number(answer)
        analysis_origin.draw(app, actor, job, item)


def _ending(item: Item) -> None:
    look = states.ITEM[item.status]
    st.subheader(text.escape(item.portfolio_name), anchor=False)
    st.markdown(f"{look.badge} {text.escape(item.custom_id)}")
    if item.error is None:
        st.caption("There is no answer yet.")
        return
    again = "Asking again may help." if item.error.transient else "Asking again in the same way will not help."
    st.error(text.escape(item.error.message), title=text.escape(item.error.code), icon=":material/error:")
    st.caption(again)


def _head(answer: AnswerPlaces) -> None:
    item, row = answer.item, answer.job.row
    st.subheader(text.escape(item.headline or item.portfolio_name), anchor=False)
    badges = [grades.look(item.level).badge] if item.level else []
    if row.simulated or item.answered.simulated:
        badges.append(states.SIMULATED.badge)
    parts = [item.portfolio_name, f"as of {answer.words('as_of_date')}"]
    if answer.sheet is not None:
        parts += [text.words(name) for name in answer.sheet.evidence.scenarios]
        if answer.sheet.evidence.period:
            parts.append(f"period {answer.sheet.evidence.period}")
    st.markdown(" ".join([*badges, text.escape(" · ".join(parts))]))


def _score(answer: AnswerPlaces) -> None:
    checked = answer.item.verification
    if checked is None:
        return
    cards = [
        (
            "Numbers that hold",
            f"{checked.verified} of {checked.stated}",
            "Held against the facts that the prompt gave.",
        ),
        ("Mismatched", f"{checked.mismatched}", "The facts or the rule engine say otherwise."),
        ("Unsupported", f"{checked.unsupported}", "No fact carries it."),
    ]
    if checked.wanted:
        said = f"{checked.covered} of {checked.wanted}"
        cards.append(("Mandatory facts stated", said, "Those that this analysis must state and that were given."))
    if checked.rules:
        said = f"{checked.rules_agreeing} of {checked.rules}"
        cards.append(("Rules as the engine decided", said, "Of those that the answer names or had to name."))
    show.metrics(cards)


def _does_not_hold(answer: AnswerPlaces) -> None:
    """The findings, before a word of the answer is read."""
    found = answer.findings
    if not found:
        return
    with st.container(border=True):
        heading(f":material/error: {text.count(len(found), 'thing')} in this answer {_verb(len(found))} not hold")
        listings.table(
            {
                "What": [_kind(finding) for finding in found],
                "Where": [place_of(finding.path) for finding in found],
                "Stated": [finding.stated for finding in found],
                "Should be": [finding.true or "" for finding in found],
                "Fact": [finding.metric_id for finding in found],
                "Likely slip": [states.CAUSE[finding.kind] for finding in found],
            },
            alt="What does not hold in this answer, and the likely slip",
        )


def _verb(number: int) -> str:
    return "does" if number == 1 else "do"


def _kind(finding: Finding) -> str:
    return states.UNSUPPORTED.word if finding.kind is FindingKind.UNSUPPORTED else states.MISMATCHED.word


def _summary(answer: AnswerPlaces) -> None:
    if answer.sheet is None:
        st.caption(
            "The facts of this request are gone from the disk, so its numbers are not marked; what was found when they "
            "were checked is kept."
        )
    elif not _same(answer, answer.item.verification):
        st.caption("These numbers were checked by another version of the program, which counted differently.")
    answer.say(answer.words("summary"), "summary")
    answer.flags("headline")
    answer.flags("as_of_date")
    answer.flags("base_currency")
    marked_text.legend(one.mark for one in answer.marked)
    if said := text.shares(sentences_of(answer.item.analysis or {}), SEEN):
        st.caption(f"Sentences by what they rest on: {said}")


def _same(answer: AnswerPlaces, checked: Verification | None) -> bool:
    """Whether marking comes to what was stored when the answer was read."""
    stored = {(finding.path, finding.stated) for finding in checked.findings} if checked else set()
    now = {(one.finding.path, one.finding.stated) for one in answer.marked if one.finding}
    return now <= stored


def _left(answer: AnswerPlaces) -> None:
    """Findings that belong to no part of the page."""
    answer.flags("")


def _every_number(answer: AnswerPlaces) -> None:
    """The same as resting the pointer on each number, for those who read tables or cannot point."""
    if not answer.marked:
        return
    part = st.expander("Every number and its fact", icon=":material/table:", key="item_numbers", on_change="rerun")
    if not part.open:
        return
    with part:
        facts = [one.facts[0] if one.facts else None for one in answer.marked]
        listings.table(
            {
                "Mark": [marked_text.SIGNS[one.mark].word for one in answer.marked],
                "Where": [place_of(one.path) for one in answer.marked],
                "Stated": [one.stated for one in answer.marked],
                "Fact": [text.fact(fact.metric_id) if fact else "" for fact in facts],
                "Value": [marked_text.exact(fact) if fact else "" for fact in facts],
                "Difference": [marked_text.difference(one) for one in answer.marked],
                "Likely slip": [states.CAUSE[one.finding.kind] if one.finding else "" for one in answer.marked],
                "Period": [text.period(fact.period) if fact else "" for fact in facts],
                "Origin": [states.BADGE[fact.badge].word if fact else "" for fact in facts],
                "Definition": [text.meaning(fact.definition, fact.version) if fact else "" for fact in facts],
            },
            alt="Every number of the answer with its mark and its fact",
        )
