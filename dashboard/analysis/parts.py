"""Parts that several analyses have in common: claims, proposals, alternatives, quotations, gaps and caveats."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from core.analyses.checks import Passages
from core.domain.evidence import SourceDocument
from dashboard.analysis.answer import AnswerPlaces, Part
from dashboard.widgets import listings, marked_text, states, text
from dashboard.widgets.states import StateLook

_LONGEST_PASSAGE = 1200

CONFIDENCE = {"low": "low confidence", "medium": "medium confidence", "high": "high confidence"}


def heading(words: str) -> None:
    """A heading inside an answer; the words are ours."""
    st.markdown(f"##### {words}", anchors=False)


def badge(word: str, looks: Mapping[str, StateLook]) -> str:
    """A word of the answer as a badge; one that is not known is shown as it is written."""
    look = looks.get(word)
    return look.badge if look else f":gray-badge[{text.escape(text.words(word) or 'none')}]"


def claims(answer: AnswerPlaces, name: str, title: str) -> None:
    """Sentences with the numbers and sources they rest on."""
    found = answer.parts(name)
    if not found:
        return
    heading(title)
    with st.container(border=True, gap="xsmall"):
        marked_text.bullets([_claim(answer, claim, f"{name}[{place}]") for place, claim in enumerate(found)])
        answer.flags(f"{name}[")


def _claim(answer: AnswerPlaces, claim: Part, path: str) -> str:
    chips = answer.chips_html(claim.get("metrics") or [], f"{path}.metrics")
    lines = [answer.html(claim.get("text"), f"{path}.text"), chips, marked_text.small(_basis(answer, claim))]
    return "<br>".join(line for line in lines if line)


def _basis(answer: AnswerPlaces, claim: Part) -> str:
    parts = [str(claim.get("kind", "")), CONFIDENCE.get(str(claim.get("confidence", "")), "")]
    sources = answer.sources(claim.get("source_ids") or [])
    if sources:
        parts.append(f"rests on {sources}")
    return " · ".join(part for part in parts if part)


_ACTIONS = {
    "increase": StateLook("increase", ":material/add:", "green"),
    "open": StateLook("open", ":material/add_circle:", "green"),
    "buy": StateLook("buy", ":material/add:", "green"),
    "reduce": StateLook("reduce", ":material/remove:", "orange"),
    "sell": StateLook("sell", ":material/remove:", "orange"),
    "close": StateLook("close", ":material/do_not_disturb_on:", "red"),
    "hedge": StateLook("hedge", ":material/shield:", "blue"),
    "hold": StateLook("hold", ":material/pause:", "gray"),
    "review": StateLook("review", ":material/visibility:", "violet"),
}
_PRIORITIES = {"now": "now", "next_review": "at the next review", "opportunistic": "when there is a good moment"}


def proposals(answer: AnswerPlaces, name: str = "proposals", title: str = "Proposals") -> None:
    """What could be done about single holdings or buckets, each with its weights and reason."""
    found = answer.parts(name)
    if not found:
        return
    heading(title)
    for place, one in enumerate(found):
        path = f"{name}[{place}]"
        with st.container(border=True, gap="xsmall"):
            when = _PRIORITIES.get(str(one.get("priority", "")), str(one.get("priority", "")))
            said = [
                badge(str(one.get("action", "")), _ACTIONS),
                f"**{text.escape(answer.names([one.get('target_id', '')]))}**",
            ]
            said += [text.escape(part) for part in (_weights(one), when) if part]
            st.markdown(" ".join(said))
            answer.say(one.get("rationale"), f"{path}.rationale")
            answer.chips(one.get("metrics") or [], f"{path}.metrics")
            answer.say(one.get("execution"), f"{path}.execution", label="How:")
            answer.flags(path)


def _weights(one: Part) -> str:
    before, after = one.get("from_weight_pct"), one.get("to_weight_pct")
    if before is None and after is None:
        return ""
    shown = [text.NONE if value is None else f"{value:.2f} %" for value in (before, after)]
    return " → ".join(shown)


def alternatives(answer: AnswerPlaces) -> None:
    """What else could be decided, and why it was not proposed."""
    found = answer.parts("alternatives")
    if not found:
        return
    heading("Alternatives")
    for place, one in enumerate(found):
        path = f"alternatives[{place}]"
        with st.container(border=True, gap="xsmall"):
            answer.say(one.get("option"), f"{path}.option", label="Option:")
            left, right = st.columns(2, gap="medium")
            with left:
                st.caption("For")
                answer.listed(one.get("advantages") or [], f"{path}.advantages")
            with right:
                st.caption("Against")
                answer.listed(one.get("drawbacks") or [], f"{path}.drawbacks")
            answer.say(one.get("why_not"), f"{path}.why_not", label="Why not:")
            answer.flags(path)


def strings(answer: AnswerPlaces, name: str, title: str) -> None:
    """A list of sentences under a heading."""
    found = answer.analysis.get(name) or []
    if found:
        heading(title)
        answer.listed(found, name)


def sources_by_id(answer: AnswerPlaces) -> dict[str, SourceDocument]:
    """Documents that the prompt gave, by their id."""
    return {source.source_id: source for source in answer.sheet.evidence.sources} if answer.sheet else {}


def quotations(answer: AnswerPlaces, quotes: Sequence[Part], path: str) -> None:
    """Quotations with their source, and whether they stand there word for word."""
    given = sources_by_id(answer)
    passages = Passages(answer.sheet) if answer.sheet else None
    for place, one in enumerate(quotes):
        source_id, words = str(one.get("source_id", "")), str(one.get("quote", ""))
        holds = passages is not None and passages.holds(source_id, words)
        look = StateLook("word for word", ":material/format_quote:", "green") if holds else states.MISMATCHED
        source = given.get(source_id)
        title = f"{source.title}, {source.publisher}" if source else source_id
        marked_text.paragraphs([f"“{marked_text.escaped(words)}”"])
        st.markdown(f"{look.badge} {text.escape(title)} {text.escape(f'({source_id})')}")
        answer.flags(f"{path}[{place}]")


def listed_sources(answer: AnswerPlaces) -> None:
    """Documents that were given, with the passages that were shown; those the answer lists come first."""
    given = sources_by_id(answer)
    listed = [str(one.get("source_id", "")) for one in answer.parts("sources")]
    heading("Sources")
    if not given:
        st.caption("No document was given.")
        return
    order = [one for one in listed if one in given] + [one for one in given if one not in listed]
    for source_id in order:
        source = given[source_id]
        parts = [source.publisher, source.published or "undated", source.kind.replace("_", " ")]
        used = "used" if source_id in listed else "given, not used"
        label = text.escape(f"{source.title} · {' · '.join(part for part in parts if part)} · {used}")
        with st.expander(label, icon=":material/description:"):
            if source.url:
                st.caption(text.escape(source.url))
            for number, passage in enumerate(source.passages, start=1):
                st.caption(f"Passage {number}")
                marked_text.paragraphs([marked_text.escaped(text.short(passage, _LONGEST_PASSAGE))])
    answer.flags("sources")


def catalysts(answer: AnswerPlaces) -> None:
    """What may move prices, when, and where that is said."""
    found = answer.parts("catalysts")
    if not found:
        return
    heading("Catalysts")
    listings.table(
        {
            "Date": [str(one.get("date") or "not dated") for one in found],
            "Event": [str(one.get("event", "")) for one in found],
            "Probability": [str(one.get("probability", "")) for one in found],
            "Impact": [str(one.get("impact", "")) for one in found],
            "Holdings": [", ".join(map(str, one.get("holding_ids") or [])) for one in found],
            "Sources": [", ".join(map(str, one.get("source_ids") or [])) for one in found],
        },
        alt="Events that may move prices",
    )
    answer.flags("catalysts")


def gaps_and_caveats(answer: AnswerPlaces) -> None:
    """What was missing, gaps with the same effect together, and what the reader should bear in mind."""
    gaps = answer.parts("data_gaps")
    if gaps:
        heading("Data gaps")
        together: dict[str, list[int]] = {}
        for place, gap in enumerate(gaps):
            together.setdefault(str(gap.get("effect", "")), []).append(place)
        lines = []
        for effect, places in together.items():
            items = ", ".join(answer.html(gaps[place].get("item"), f"data_gaps[{place}].item") for place in places)
            lines.append(f"<strong>{items}</strong>: {answer.html(effect, f'data_gaps[{places[0]}].effect')}")
        marked_text.bullets(lines)
        answer.flags("data_gaps")
    strings(answer, "caveats", "Caveats")
