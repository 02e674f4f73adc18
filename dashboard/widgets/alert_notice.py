"""An alert as a person meets it, on the Overview and on its run's page: its word, what happened, and what to do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

import streamlit as st

from core.app import App
from core.domain.actor import Actor
from core.domain.alert import AlertKind
from core.domain.job import JobState
from core.domain.oversight import Notice
from core.errors import MosychlosError
from core.guard.access import Permission, may
from dashboard.shell import session
from dashboard.widgets import states, text

_LONGEST = 280

LOOKS: Mapping[AlertKind, states.StateLook] = {
    AlertKind.ATTENTION: states.JOB[JobState.ATTENTION],
    AlertKind.UNFIT_PROVIDER: states.StateLook("no batches there", ":material/link_off:", "red"),
    AlertKind.DUPLICATE: states.StateLook("duplicate", ":material/content_copy:", "red"),
    AlertKind.RESULT_LOST: states.StateLook("result lost", ":material/error:", "red"),
    AlertKind.VANISHED: states.StateLook("vanished", ":material/visibility_off:", "red"),
    AlertKind.UNKNOWN_SUBMIT: states.StateLook("in doubt", ":material/help:", "orange"),
    AlertKind.STUCK: states.StateLook("stuck", ":material/hourglass_disabled:", "orange"),
    AlertKind.LATE: states.StateLook("late", ":material/schedule:", "orange"),
    AlertKind.UNKNOWN_STATUS: states.StateLook("new word", ":material/help:", "orange"),
    AlertKind.STRAY: states.StateLook("stray line", ":material/warning:", "orange"),
    AlertKind.SET_ASIDE: states.StateLook("set aside", ":material/report:", "orange"),
    AlertKind.UNKNOWN_BATCH: states.StateLook("unknown batches", ":material/help:", "orange"),
    AlertKind.COST: states.StateLook("cost", ":material/receipt_long:", "orange"),
    AlertKind.SIMULATED: states.SIMULATED,
    AlertKind.OTHER_MODEL: states.StateLook("other model", ":material/swap_horiz:", "orange"),
    AlertKind.OTHER_PROVIDER: states.StateLook("other provider", ":material/link_off:", "orange"),
    AlertKind.BUDGET: states.StateLook("budget", ":material/account_balance_wallet:", "orange"),
}
"""How alerts look, the most urgent first."""


def in_order(notices: Iterable[Notice]) -> list[Notice]:
    """What waits for a person before what a person should only know."""
    return sorted(notices, key=lambda notice: list(LOOKS).index(notice.alert.kind))


@contextmanager
def row(app: App, actor: Actor, notice: Notice, place: int, *, whose: str = "") -> Iterator[None]:
    """One alert; what is drawn inside stands at its end, before the button that closes what is past.

    Args:
        place: Its number on the page.
        whose: Which run it is about, where the page does not say so.
    """
    alert = notice.alert
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        with st.container(gap="xxsmall"):
            at = text.moment(alert.raised_at, session.timezone())
            st.markdown(f"{LOOKS[alert.kind].badge} {text.escape(text.short(alert.text, _LONGEST))}")
            st.caption(text.escape(f"{notice.next_step}{whose} Since {at}."))
        with st.container(horizontal=True, vertical_alignment="center", width="content"):
            yield
            closable = notice.dismissible and may(actor, Permission.JOB_CANCEL)
            if closable and st.button("Dismiss", key=f"dismiss_{place}", type="tertiary", icon=":material/done:"):
                _dismiss(app, actor, notice)


def _dismiss(app: App, actor: Actor, notice: Notice) -> None:
    try:
        app.oversight.dismiss(actor, notice.alert.kind, notice.alert.subject)
    except MosychlosError as error:
        st.error(text.escape(error))
        return
    session.flash("The alert is closed.")
    st.rerun()
