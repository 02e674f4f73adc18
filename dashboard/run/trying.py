"""Try one now: one portfolio's answer, streamed, checked and priced, before many are bought.

The page stores a wish and reads along; a worker asks. No page ever holds a key or makes a paid call.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from core.app import App
from core.desk.sets import SetPart, SetPreview
from core.domain.actor import Actor
from core.domain.trial import TRY, TRY_ENDED, Try, TryPrice, TryState
from core.errors import AlreadyOpen, MosychlosError
from core.guard.access import Permission, may
from core.llm.surcharges import STANDARD_TIER
from dashboard.run import tool_calls
from dashboard.shell import session
from dashboard.widgets import listings, show, states, text

EVERY_SECONDS = 0.6
"""How often the text is read anew while it comes; a worker writes it four times a second."""

_CHOICES = 200
_KEPT = "try_id"
_SHOWN = "try_shown"
_ALIKE = "try_alike"
_LOOKS = {
    TryState.WAITING: states.StateLook("waiting for a worker", ":material/hourglass_empty:", "gray"),
    TryState.ASKING: states.StateLook("answering", ":material/progress_activity:", "blue"),
    TryState.DONE: states.StateLook("answered", ":material/check_circle:", "green"),
    TryState.FAILED: states.StateLook("failed", ":material/error:", "red"),
    TryState.CANCELLED: states.StateLook("called off", ":material/block:", "gray"),
}


def try_one(app: App, actor: Actor, found: SetPreview | None) -> None:
    """The offer, and the last try of this session."""
    if not may(actor, Permission.JOB_SUBMIT):
        return
    parts = [part for part in found.parts if part.preview is not None] if found else []
    kept = st.session_state.get(_KEPT)
    if not parts and kept is None:
        return
    with st.container(border=True):
        st.subheader("Try one now", anchor=False)
        if parts:
            _offer(app, actor, parts)
        if kept is not None:
            _follow(app, actor, kept)


def _offer(app: App, actor: Actor, parts: Sequence[SetPart]) -> None:
    part = _part(parts)
    portfolio_id = _portfolio(app, actor, part)
    try:
        price = app.tries.price(actor, part.request, portfolio_id)
    except MosychlosError as error:
        st.caption(text.escape(error))
        return
    # Who clicks has read the run before this one: that is what is approved.
    shown = st.session_state.get(_SHOWN, price)
    st.session_state[_SHOWN] = price
    st.caption(text.escape(_said(price)))
    if st.button("Try one now", icon=":material/play_arrow:", width="stretch", key="try_start"):
        _ask(app, actor, part, portfolio_id, shown, again=False)
    question, alike = st.session_state.get(_ALIKE, ("", ""))
    if question == shown.question:
        st.warning(text.escape(alike), icon=":material/content_copy:")
        if st.button("Ask it once more", icon=":material/replay:", width="stretch", key="try_again"):
            _ask(app, actor, part, portfolio_id, shown, again=True)


def _ask(app: App, actor: Actor, part: SetPart, portfolio_id: str, approved: TryPrice, *, again: bool) -> None:
    st.session_state.pop(_ALIKE, None)
    try:
        force = bool(st.session_state.get("prepare_force"))
        tried = app.tries.ask(actor, part.request, portfolio_id, approved=approved, force=force, again=again)
        st.session_state[_KEPT] = tried.try_id
    except AlreadyOpen as alike:
        _point_at(app, actor, alike, approved.question)
    except MosychlosError as error:
        st.error(text.escape(error), title="Nothing was sent", icon=":material/block:")
        return
    st.rerun()


def _point_at(app: App, actor: Actor, alike: AlreadyOpen, question: str) -> None:
    """A second click, or another tab: both read the one answer. What waits in a job or was lost is said first."""
    found = alike.places[0]
    if found.startswith(TRY):
        st.session_state[_KEPT] = found
        if app.tries.get(actor, found).state is not TryState.FAILED:
            session.flash(text.escape(alike), ":material/info:")
            return
    st.session_state[_ALIKE] = (question, str(alike))


def _part(parts: Sequence[SetPart]) -> SetPart:
    if len(parts) == 1:
        return parts[0]
    names = {number: f"{text.words(one.request.kind)} · {one.request.model}" for number, one in enumerate(parts)}
    return parts[st.selectbox("With", list(names), format_func=names.__getitem__, key="try_part") or 0]


def _portfolio(app: App, actor: Actor, part: SetPart) -> str:
    ids = part.request.portfolio_ids
    names = {row.portfolio_id: row.name for row in app.portfolios.page(actor, limit=_CHOICES)}
    offered = ids[:_CHOICES]
    chosen = st.selectbox("Portfolio", offered, format_func=lambda one: names.get(one, one), key="try_portfolio")
    return chosen or offered[0]


def _said(price: TryPrice) -> str:
    if price.expected_usd is None:
        return "Asked at once, at the synchronous price, which is not known for this model."
    return f"Asked at once, at the synchronous price: about {text.usd(price.expected_usd)}. {STANDARD_TIER}"


def _follow(app: App, actor: Actor, try_id: str) -> None:
    try:
        tried = app.tries.get(actor, try_id)
    except MosychlosError:
        st.session_state.pop(_KEPT, None)
        return
    active = tried.state not in TRY_ENDED

    @st.fragment(run_every=EVERY_SECONDS if active else None)
    def part() -> None:
        now = app.tries.get(actor, try_id)
        _state(app, actor, now)
        if active and now.state in TRY_ENDED:
            st.rerun()

    part()
    if not active:
        _result(app, actor, tried)


def _state(app: App, actor: Actor, tried: Try) -> None:
    look = _LOOKS[tried.state]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"{look.badge} {text.escape(f'{tried.portfolio_id} · {tried.request.model}')}")
        if tried.state not in TRY_ENDED and st.button(
            "Stop", icon=":material/stop:", key="try_stop", disabled=tried.cancel_wish
        ):
            app.tries.cancel(actor, tried.try_id)
    idle = app.idle(actor) if tried.state is TryState.WAITING else ""
    if idle:
        st.caption(text.escape(f"{idle} Start one: mosychlos worker"))
    if tried.state is TryState.ASKING and tried.text:
        show.code(tried.text[-4_000:], language="json", height=260)


def _result(app: App, actor: Actor, tried: Try) -> None:
    cost = "not known" if tried.cost_usd is None else text.usd(tried.cost_usd)
    rounds = f", asked {tried.rounds} times" if tried.rounds > 1 else ""
    st.caption(
        text.escape(f"Cost {cost} at the synchronous price{rounds}. Expected was {text.usd(tried.expected_usd)}.")
    )
    if tried.error is not None:
        st.error(text.escape(tried.error.message), title=text.escape(tried.error.code), icon=":material/error:")
    if tried.analysis is not None:
        _answer(tried, tried.analysis)
    tool_calls.show(app.tries.tool_calls(actor, tried.try_id), app.tries.citations(actor, tried.try_id), key="try")
    if tried.simulated:
        st.caption("Simulated: the local stand-in answered, and it cost nothing.")


def _answer(tried: Try, analysis: Mapping[str, Any]) -> None:
    """The answer's head, what checking found, and the whole of it one click away."""
    st.markdown(f"**{text.escape(tried.headline)}**")
    checked = tried.verification
    if checked is not None:
        show.metrics(
            [
                (
                    "Numbers that hold",
                    f"{checked.verified} of {checked.stated}",
                    "Held against what it was told.",
                ),
                ("Mismatched", f"{checked.mismatched}", "The facts or the rule engine say otherwise."),
                ("Unsupported", f"{checked.unsupported}", "No fact carries it."),
            ]
        )
    for paragraph in str(analysis.get("summary", "")).split("\n"):
        if paragraph.strip():
            st.markdown(text.escape(paragraph))
    if checked is not None and checked.findings:
        listings.table(
            {
                "Where": [finding.path for finding in checked.findings],
                "Stated": [finding.stated for finding in checked.findings],
                "Should be": [finding.true or "" for finding in checked.findings],
                "Likely slip": [states.CAUSE[finding.kind] for finding in checked.findings],
            },
            alt="What does not hold in this answer, and the likely slip",
        )
    whole = st.expander("The whole answer", icon=":material/data_object:", key="try_answer", on_change="rerun")
    if whole.open:
        with whole:
            show.document(analysis)
