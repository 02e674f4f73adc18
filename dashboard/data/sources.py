"""Sources of market data: what each offers, whether it is on and why, what its terms allow, when it last answered."""

from __future__ import annotations

from datetime import datetime

import streamlit as st

from core.app import App
from core.desk.market_sources import Contact
from core.domain.actor import Actor
from core.domain.market import SourceOffer, SourceState
from core.settings import KEYS
from dashboard.shell import session
from dashboard.widgets import states, text

ON = states.StateLook("on", ":material/power:", "green")
OFF = states.StateLook("off", ":material/power_off:", "gray")
KEYED = states.StateLook("key not seen here", ":material/key_off:", "gray")

_OFFERS = {
    SourceOffer.QUOTES: "quotes",
    SourceOffer.HISTORY: "daily closes",
    SourceOffer.PROFILE: "profiles",
    SourceOffer.SERIES: "economic series",
    SourceOffer.FILINGS: "filings and reported facts",
    SourceOffer.FX: "reference rates",
}
_SET = ("MOSYCHLOS_", "https://")
"""What is to be copied as it is begins with this."""
_EXAMPLES = {
    "fmp": "mosychlos market fetch fmp AZN.L",
    "fred": "mosychlos market fetch fred UNRATE",
    "sec": "mosychlos market fetch sec AAPL",
    "ecb": "mosychlos market fetch ecb",
}


def tab(app: App, actor: Actor) -> None:
    """Every source as a card."""
    found = app.market.sources(actor)
    contacts = app.market.contacts(actor)
    st.info(
        "Nothing is asked until you switch a source on, and then by the command line only: this page's process is "
        "never given a key. How the command line sees them: `mosychlos market sources`",
        icon=":material/key_off:",
    )
    with st.grid(2, min_column_width=380):
        for one in found:
            with st.container(border=True, height="stretch"):
                _card(one, contacts.get(one.terms.source_id), app.now())
    st.caption(
        "A command keeps below the source's rate, waits as long as the source asks, tries three times and gives up. "
        "There is no circuit between commands: each starts anew, and an older stored answer is then shown as stale."
    )


def look(one: SourceState) -> states.StateLook:
    """Whether it is on, as far as a process without keys can tell."""
    if any(key in one.remedy for key in KEYS):
        return KEYED
    return ON if one.enabled else OFF


def _card(one: SourceState, contact: Contact | None, now: datetime) -> None:
    state = look(one)
    terms = one.terms
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.subheader(text.escape(terms.name), anchor=False)
        st.markdown(state.badge, width="content")
    st.caption(f"Offers {', '.join(_OFFERS[offer] for offer in one.offers)}")
    st.markdown(f"{_allowed('stored', terms.may_store)} {_allowed('in prompts', terms.may_prompt)}")
    st.markdown(text.escape(terms.terms))
    # The address is ours, not from outside: it may be a link.
    st.markdown(f"[Terms]({terms.url}) as their owner publishes them")
    st.markdown(f"**{_why(one, state)}**" if state is ON else _why(one, state))
    st.caption(_last(contact, now, may_store=terms.may_store))
    st.code(_EXAMPLES.get(terms.source_id, f"mosychlos market fetch {terms.source_id}"), language=None)


def _allowed(what: str, yes: bool) -> str:
    return f":green-badge[:material/check: {what}]" if yes else f":gray-badge[:material/block: never {what}]"


def _why(one: SourceState, state: states.StateLook) -> str:
    if state is ON:
        return f"On. Requests go to {text.escape(one.address)}"
    words = one.remedy.removesuffix(".").removeprefix("Set ").split()
    remedy = " ".join(text.code(word) if word.startswith(_SET) else text.escape(word) for word in words)
    if state is KEYED:
        return f"On where {remedy} is set, which only the command line reads."
    return f"Off. To switch it on, set {remedy}."


def _last(contact: Contact | None, now: datetime, *, may_store: bool) -> str:
    if contact is None:
        return (
            "No stored answer yet."
            if may_store
            else "Its answers are shown once and leave no trace, so nobody can say when it last answered."
        )
    ago = text.duration(now - contact.at)
    return (
        f"Last stored answer {text.moment(contact.at, session.timezone())} ({ago} ago), "
        f"{text.count(contact.items, 'item')} stored."
    )
