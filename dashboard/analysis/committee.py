"""What is particular to a committee brief: the decision first, then what speaks for and against it."""

from __future__ import annotations

import streamlit as st

from dashboard.analysis.answer import AnswerPlaces
from dashboard.analysis.parts import CONFIDENCE, alternatives, badge, claims, heading, proposals, strings
from dashboard.shell import navigation
from dashboard.widgets import grades, listings, text

_SECTIONS = (
    ("key_facts", "Key facts"),
    ("performance", "Performance"),
    ("risk", "Risk"),
    ("allocation", "Allocation"),
    ("compliance", "Compliance"),
    ("market", "Market"),
)


def draw(answer: AnswerPlaces) -> None:
    """The decision, its grounds, proposals, alternatives, dissent, conditions, questions, and what is to be done."""
    _decision(answer)
    for name, title in _SECTIONS:
        claims(answer, name, title)
    proposals(answer)
    alternatives(answer)
    strings(answer, "dissent", "Against the recommendation")
    strings(answer, "conditions", "Conditions")
    _questions(answer)
    _follow_ups(answer)
    answer.flags("chart_ids")


def _decision(answer: AnswerPlaces) -> None:
    with st.container(border=True, gap="small"):
        heading("Decision asked for")
        answer.say(answer.words("decision_requested"), "decision_requested")
        confidence = answer.words("recommendation_confidence")
        st.markdown(
            f"Recommendation: {badge(answer.words('recommendation'), grades.LOOK)} "
            f"{text.escape(CONFIDENCE.get(confidence, confidence))}"
        )
        st.page_link(
            navigation.page("brief"), label="Open the committee page", icon=":material/article:",
            query_params={"run": answer.job.row.job_id, "portfolio": answer.item.portfolio_id},
        )  # fmt: skip


def _questions(answer: AnswerPlaces) -> None:
    rows = answer.parts("questions")
    if not rows:
        return
    heading("Questions to ask")
    listings.table(
        {
            "Question": [str(row.get("question", "")) for row in rows],
            "Why": [str(row.get("why", "")) for row in rows],
            "To": [str(row.get("addressed_to", "")).replace("_", " ") for row in rows],
        },
        alt="Questions a member of the committee should ask",
    )


def _follow_ups(answer: AnswerPlaces) -> None:
    rows = answer.parts("follow_ups")
    if not rows:
        return
    heading("What is to be done")
    listings.table(
        {
            "Task": [str(row.get("task", "")) for row in rows],
            "By": [str(row.get("owner_role", "")).replace("_", " ") for row in rows],
            "Until": [str(row.get("due_date") or "not dated") for row in rows],
        },
        alt="Tasks with their owners and dates",
    )
