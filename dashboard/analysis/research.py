"""What is particular to research: themes and theses with the words of documents they rest on, series, sentiment."""

from __future__ import annotations

import streamlit as st

from dashboard.analysis.answer import AnswerPlaces
from dashboard.analysis.parts import badge, catalysts, claims, heading, listed_sources, proposals, quotations, strings
from dashboard.widgets import grades, listings, text
from dashboard.widgets.states import StateLook

_GRADE = {
    "low": StateLook("low", ":material/signal_cellular_1_bar:", "green"),
    "medium": StateLook("medium", ":material/signal_cellular_2_bar:", "yellow"),
    "high": StateLook("high", ":material/signal_cellular_4_bar:", "orange"),
}
_TREND = {"falling": "↓ falling", "stable": "→ stable", "rising": "↑ rising"}


def market(answer: AnswerPlaces) -> None:
    """Themes, sentiment in documents' own words, series and how they move together, sectors, catalysts, sources."""
    st.caption(f"Horizon {text.escape(answer.words('horizon'))}")
    _themes(answer)
    _sentiment(answer)
    _indicators(answer)
    _relations(answer)
    _sectors(answer)
    catalysts(answer)
    listed_sources(answer)


def _themes(answer: AnswerPlaces) -> None:
    found = answer.parts("themes")
    if found:
        heading("Themes")
    for place, one in enumerate(found):
        path = f"themes[{place}]"
        with st.container(border=True, gap="small"):
            st.markdown(badge(str(one.get("stance", "")), grades.LOOK))
            answer.say(one.get("title"), f"{path}.title")
            for number, claim in enumerate(one.get("claims") or []):
                inside = f"{path}.claims[{number}]"
                answer.say(claim.get("text"), f"{inside}.text")
                answer.chips(claim.get("metrics") or [], f"{inside}.metrics")
                sources = answer.sources(claim.get("source_ids") or [])
                if sources:
                    st.caption(text.escape(f"rests on {sources}"))
            exposed = ", ".join(map(str, one.get("exposed_holding_ids") or []))
            if exposed:
                st.caption(text.escape(f"Exposed: {exposed}"))
            answer.say(one.get("counter_argument"), f"{path}.counter_argument", label="Against it:")
            answer.flags(path)


def _sentiment(answer: AnswerPlaces) -> None:
    found = answer.parts("sentiment")
    if found:
        heading("How documents speak of holdings")
    for place, one in enumerate(found):
        path = f"sentiment[{place}]"
        with st.container(border=True, gap="xsmall"):
            name = text.escape(one.get("holding_id", ""))
            st.markdown(f"**{name}** {badge(str(one.get('stance', '')), grades.LOOK)}")
            quotations(answer, one.get("quotes") or [], f"{path}.quotes")
            answer.say(one.get("comment"), f"{path}.comment")
            answer.flags(path)


def _indicators(answer: AnswerPlaces) -> None:
    rows = answer.parts("indicators")
    if not rows:
        return
    heading("Economic series")
    listings.table(
        {
            "Series": [text.words(str(row.get("indicator_id", "")).replace(".", " ")) for row in rows],
            "Latest": [answer.cell(row.get("latest") or {}, f"indicators[{place}].latest")
                       for place, row in enumerate(rows)],
            "Trend": [_TREND.get(str(row.get("trend", "")), str(row.get("trend", ""))) for row in rows],
            "What it means": [str(row.get("implication", "")) for row in rows],
        },
        alt="Economic series with their latest value and trend",
    )  # fmt: skip
    answer.flags("indicators")


def _relations(answer: AnswerPlaces) -> None:
    rows = answer.parts("relations")
    if not rows:
        return
    heading("How series move together")
    for place, row in enumerate(rows):
        path = f"relations[{place}]"
        with st.container(border=True, gap="xsmall"):
            strength = text.escape(row.get("strength", ""))
            st.markdown(f"**{text.words(strength)}**")
            answer.say(row.get("explanation"), f"{path}.explanation")
            answer.chips(row.get("metrics") or [], f"{path}.metrics")
            answer.flags(path)


def _sectors(answer: AnswerPlaces) -> None:
    rows = answer.parts("sector_rotation")
    if not rows:
        return
    heading("Sector rotation")
    for place, row in enumerate(rows):
        path = f"sector_rotation[{place}]"
        with st.container(border=True, gap="xsmall"):
            name = text.words(str(row.get("sector_id", "")))
            st.markdown(f"**{text.escape(name)}** {text.escape(row.get('phase', ''))}")
            answer.say(row.get("explanation"), f"{path}.explanation")
            answer.chips(row.get("metrics") or [], f"{path}.metrics")
            answer.flags(path)


def investment(answer: AnswerPlaces) -> None:
    """Theses with their counter-theses and quotations, concerns, proposals, open questions, sources."""
    st.caption(f"Horizon {text.escape(answer.words('horizon'))}")
    claims(answer, "role_in_portfolio", "Role in the portfolio")
    _theses(answer)
    _concerns(answer)
    catalysts(answer)
    proposals(answer)
    strings(answer, "open_questions", "Open questions")
    listed_sources(answer)


def _theses(answer: AnswerPlaces) -> None:
    found = answer.parts("theses")
    if found:
        heading("Theses")
    for place, one in enumerate(found):
        path = f"theses[{place}]"
        with st.container(border=True, gap="small"):
            conviction = str(one.get("conviction", ""))
            st.markdown(
                f"**{text.escape(one.get('holding_id', ''))}** {badge(str(one.get('stance', '')), grades.LOOK)} "
                f"{text.escape(conviction)} conviction"
            )
            answer.chips(one.get("metrics") or [], f"{path}.metrics")
            left, right = st.columns(2, gap="medium")
            with left:
                answer.say(one.get("bull_case"), f"{path}.bull_case", label="For it:")
            with right:
                answer.say(one.get("bear_case"), f"{path}.bear_case", label="Against it:")
            answer.say(one.get("what_would_change_it"), f"{path}.what_would_change_it", label="What would change it:")
            quotations(answer, one.get("quotes") or [], f"{path}.quotes")
            answer.flags(path)


def _concerns(answer: AnswerPlaces) -> None:
    found = answer.parts("concerns")
    if found:
        heading("Concerns")
    for place, one in enumerate(found):
        path = f"concerns[{place}]"
        with st.container(border=True, gap="xsmall"):
            name = text.escape(text.words(str(one.get("concern", ""))))
            holdings = text.escape(", ".join(map(str, one.get("holding_ids") or [])))
            st.markdown(f"**{name}** {badge(str(one.get('severity', '')), _GRADE)} {holdings}")
            answer.say(one.get("explanation"), f"{path}.explanation")
            answer.chips(one.get("metrics") or [], f"{path}.metrics")
            answer.flags(path)
