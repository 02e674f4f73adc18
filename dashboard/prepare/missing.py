"""Portfolios that cannot be asked about yet, all of them with the reasons, and two ways on."""

from __future__ import annotations

import streamlit as st

from core.app import App
from core.desk.sets import SetPreview
from core.domain.analysis import Kind
from dashboard.prepare import link as prepare_link
from dashboard.widgets import listings, text

_SHOWN = 50


def show(app: App, found: SetPreview) -> None:
    """Say what is missing for which portfolio, and offer to prepare it or to go on without."""
    if found.missing:
        _brief(app, found)
    refused = {
        portfolio_id: reason
        for part in found.parts
        if part.preview is not None and not (found.missing and part.request.kind is Kind.COMMITTEE_BRIEF)
        for portfolio_id, reason in part.preview.refused.items()
    }
    if refused:
        st.warning(
            f"{text.count(len(refused), 'portfolio')} cannot be asked about. They are not in the price; nothing is "
            "sent until they are left out or completed.",
            icon=":material/rule:",
        )
        listings.table(
            {"Portfolio": list(refused)[:_SHOWN], "Why": list(refused.values())[:_SHOWN]},
            alt="Portfolios that cannot be asked about, and why",
        )
        _leave_out(found, set(refused))


def _brief(app: App, found: SetPreview) -> None:
    """A committee brief rests on finished analyses: name those that are missing, and offer to prepare them."""
    kinds = [kind for kind in app.kinds() if any(kind in lacking for lacking in found.missing.values())]
    st.warning(
        f"A committee brief rests on finished analyses. {text.count(len(found.missing), 'portfolio')} of "
        f"{len(found.wish.base.portfolio_ids):,} lack some: {', '.join(text.words(kind).lower() for kind in kinds)}.",
        title="Something is missing for the brief",
        icon=":material/playlist_add_check:",
    )
    shown = list(found.missing.items())[:_SHOWN]
    listings.table(
        {
            "Portfolio": [portfolio_id for portfolio_id, _ in shown],
            "Lacks": [", ".join(text.words(kind).lower() for kind in lacking) for _, lacking in shown],
        },
        alt="Analyses that are missing for a committee brief, by portfolio",
    )
    st.button(
        "Prepare what is missing", key="prepare_missing", type="primary", icon=":material/playlist_add:",
        on_click=prepare_link.choose, args=(kinds, list(found.missing)),
    )  # fmt: skip
    _leave_out(found, set(found.missing))


def _leave_out(found: SetPreview, without: set[str]) -> None:
    kept = [one for one in found.wish.base.portfolio_ids if one not in without]
    if kept:
        st.button(
            f"Leave {'it' if len(without) == 1 else f'the {len(without):,}'} out", key=f"prepare_leave_{len(without)}",
            icon=":material/playlist_remove:", on_click=prepare_link.keep, args=(kept,),
        )  # fmt: skip
