# ruff: noqa: ARG001  # arguments without an underscore are the key under which an answer is kept
"""Readers whose answers are kept between runs of a page. The actor is among the arguments of each, because what is
kept is shared by everybody in this process."""

from __future__ import annotations

from datetime import date, timedelta

import streamlit as st

from core.app import App, ModelRow
from core.domain.actor import Actor
from core.domain.analysis import AnalysisRequest
from core.domain.facts import FactSheet
from core.domain.records import ItemCounts
from core.jobs.aggregate import Summary
from core.jobs.service import Preview


@st.cache_data(ttl=timedelta(minutes=10), max_entries=64, show_spinner=False)
def preview(_app: App, subject: str, _actor: Actor, wish: str, version: str, _request: AnalysisRequest) -> Preview:
    """What a wish would cost.

    Args:
        wish: The request as text: the key under which the answer is kept.
        version: Changes when the portfolios do.
    """
    return _app.jobs.preview(_actor, _request)


@st.cache_data(ttl=timedelta(minutes=10), max_entries=64, show_spinner=False)
def sheet(_app: App, subject: str, _actor: Actor, portfolio_id: str, as_of: date | None, version: str) -> FactSheet:
    """The facts of a portfolio."""
    return _app.portfolios.sheet(_actor, portfolio_id, as_of=as_of)


@st.cache_data(ttl=timedelta(minutes=30), max_entries=128, show_spinner=False)
def summary(_app: App, subject: str, _actor: Actor, job_id: str, version: str) -> Summary:
    """A run taken together; `version` changes with its counts."""
    return _app.jobs.summary(_actor, job_id)


@st.cache_data(ttl=timedelta(seconds=10), max_entries=32, show_spinner=False)
def totals(_app: App, subject: str, _actor: Actor, days: int) -> ItemCounts:
    """The requests of the last days' runs, by how they stand: a sum over all of them, and no matter if seconds old."""
    return _app.jobs.totals(_actor, since=_app.now() - timedelta(days=days))


@st.cache_data(ttl=timedelta(minutes=5), max_entries=32, show_spinner=False)
def portfolio_ids(_app: App, subject: str, _actor: Actor, region: str | None, total: int) -> tuple[str, ...]:
    """Every portfolio's id, or those of one region; `total` changes when portfolios come in."""
    if region is None:
        return tuple(_app.portfolios.ids(_actor))
    return tuple(row.portfolio_id for row in _app.portfolios.page(_actor, region=region))


@st.cache_data(ttl=timedelta(minutes=5), max_entries=4, show_spinner=False)
def models(_app: App) -> list[ModelRow]:
    """Every known model with its prices today."""
    return _app.models()
