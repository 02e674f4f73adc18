# ruff: noqa: ARG001  # arguments without an underscore are the key under which an answer is kept
"""Readers of runs whose answers are kept between drawings of a page."""

from __future__ import annotations

from datetime import timedelta

import streamlit as st

from core.app import App
from core.desk.corrections import ReaskPlan
from core.desk.retries import RetryPlan
from core.domain.actor import Actor
from core.domain.analysis import ResultStatus
from core.domain.oversight import Cause
from core.domain.records import AskedAgain, JobSet
from core.errors import MosychlosError


@st.cache_data(ttl=timedelta(seconds=20), max_entries=32, show_spinner=False)
def models(_app: App, subject: str, _actor: Actor) -> list[str]:
    """Models that runs were asked of."""
    return _app.oversight.models(_actor)


@st.cache_data(ttl=timedelta(seconds=20), max_entries=32, show_spinner=False)
def sets(_app: App, subject: str, _actor: Actor, limit: int) -> list[JobSet]:
    """The newest sets."""
    return _app.sets.page(_actor, limit=limit)


@st.cache_data(ttl=timedelta(minutes=10), max_entries=64, show_spinner=False)
def retry_plan(
    _app: App, subject: str, _actor: Actor, job_id: str, version: str, only: tuple[ResultStatus, ...], model: str | None
) -> RetryPlan | str:
    """What asking again would cost, or why it cannot be done. `version` changes when the job does."""
    try:
        return _app.retries.plan(_actor, job_id, only=only, model=model)
    except MosychlosError as error:
        return str(error)


@st.cache_data(ttl=timedelta(minutes=10), max_entries=64, show_spinner=False)
def reask_plan(_app: App, subject: str, _actor: Actor, job_id: str, version: str, why: AskedAgain) -> ReaskPlan | str:
    """What asking for answers once more, with their errors, would cost; or why it cannot be done."""
    try:
        return _app.reasks.reask_preview(_actor, job_id, only=(why,))
    except MosychlosError as error:
        return str(error)


@st.cache_data(ttl=timedelta(minutes=10), max_entries=128, show_spinner=False)
def causes(_app: App, subject: str, _actor: Actor, job_id: str, version: str) -> list[Cause]:
    """Why requests of a run have no analysis; `version` changes with how many there are."""
    return _app.oversight.causes(_actor, job_id)


@st.cache_data(max_entries=256, show_spinner=False)
def sha256(_app: App, subject: str, _actor: Actor, job_id: str, name: str, size: int) -> str:
    """The hash of a job's file: it is written once and never changed, so its size tells one version from another."""
    return _app.oversight.sha256(_actor, job_id, name)
