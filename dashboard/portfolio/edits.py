"""What forms that change a portfolio share: the revision they were opened on, and what is said when that is gone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard.portfolio.open import OpenPortfolio
from dashboard.shell import session
from dashboard.widgets import text

Place = DeltaGenerator
"""An empty place below a field, for what is wrong with it."""

_SEEN = "edits_seen"


def expected(one: OpenPortfolio) -> int:
    """The revision that the open form was filled from: what the person saw, and not what stands by now."""
    day = (one.portfolio_id, one.as_of)
    kept = st.session_state.get(_SEEN)
    if kept is None or kept[0] != day:
        kept = (day, one.standing.revision)
        st.session_state[_SEEN] = kept
    number: int = kept[1]
    return number


def forget() -> None:
    """The next form is filled from what stands then."""
    st.session_state.pop(_SEEN, None)


def changed_meanwhile(one: OpenPortfolio) -> None:
    """Say who changed what since the form was opened, before a save is refused; what was typed stays."""
    seen = expected(one)
    if one.standing.revision == seen:
        return
    later = [found for found in one.app.editor.history(one.actor, one.portfolio_id, as_of=one.as_of)
             if found.number > seen]  # fmt: skip
    zone = session.timezone()
    told = "; ".join(
        f"{found.note or found.kind} ({found.actor}, {text.moment(found.at, zone)})" for found in reversed(later)
    )
    with st.container(border=True):
        st.warning(
            text.escape(f"{told}. Your form still shows revision {seen}, and saving it is refused."),
            title="Changed by somebody else meanwhile",
            icon=":material/group:",
        )
        st.button("Look at it again", icon=":material/refresh:", key="edits_again", on_click=forget)


def say(faults: Iterable[tuple[str, str]], places: Mapping[str, Place], rest: Place) -> None:
    """Put each (field, message) below its field, and those without one into `rest`."""
    by_place: dict[str, list[str]] = {}
    for field, message in faults:
        by_place.setdefault(field if field in places else "", []).append(message)
    for field, messages in by_place.items():
        if field:
            places[field].markdown(":red[:material/error: " + text.escape(" ".join(messages)) + "]")
        else:
            rest.error("\n".join(f"- {text.escape(message)}" for message in messages))
