"""How far a run is: figures, a bar, what it waits for, and its steps with their times."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, tzinfo
from typing import Literal

import streamlit as st

from core.app import App
from core.desk.oversight import without_commands
from core.domain.actor import Actor
from core.domain.job import JobState, ShardState
from core.domain.oversight import Waits
from core.domain.records import Job, Shard
from dashboard.run import list as run_list
from dashboard.shell import session
from dashboard.widgets import live, show, states, text

StepState = Literal["running", "complete", "error"]

_STUCK = (ShardState.ATTENTION, ShardState.UNKNOWN)
_AT_WORK = (ShardState.RUNNING, ShardState.CANCELLING)
_NAMED = 3


def progress(app: App, actor: Actor, job: Job) -> None:
    """The bar and the steps; they follow the run by themselves until it has ended."""
    active = job.row.state in states.ACTIVE

    def draw() -> bool:
        now = app.jobs.get(actor, job.row.job_id)
        shards = app.jobs.shards(actor, job.row.job_id)
        going = now.row.state in states.ACTIVE
        waits = app.oversight.waits(actor, [job.row.job_id]).get(job.row.job_id) if going else None
        _figures(now, app.now())
        _bar(now)
        if going:
            _says(now, waits, app.now())
        done = now.row.ended_at is not None
        with st.expander(
            _headline(now),
            expanded=not done,
            icon=":material/timeline:",
            key="run_steps_done" if done else "run_steps",
        ):
            for label, state, note in steps(now, shards, waits):
                st.status(label, expanded=True, state=state, type="step").caption(text.escape(note))
        return going

    with st.container(border=True):
        live.follow(draw, active=active)


def _headline(job: Job) -> str:
    row, zone = job.row, session.timezone()
    if row.approved_at is None or row.ended_at is None:
        return "Steps"
    return f"Steps · ended {text.moment(row.ended_at, zone)} after {text.duration(row.ended_at - row.approved_at)}"


def _bar(job: Job) -> None:
    row, counts = job.row, job.row.counts
    if row.ended_at is not None and counts.succeeded < counts.total:
        lost = {"failed": counts.failed, "missing": counts.missing}
        others = ", ".join(f"{n:,} {word}" for word, n in lost.items() if n)
        words = f"{counts.succeeded:,} of {counts.total:,} requests have an analysis, {others}"
        st.progress(run_list.progress(row), text=words)
        return
    words = f"{row.provider_done:,} of {counts.total:,} requests answered, "
    st.progress(run_list.answered(row), text=f"{words}{counts.total - counts.pending:,} collected and checked")


def _says(job: Job, waits: Waits | None, now: datetime) -> None:
    """What keeps a run, in one sentence."""
    said = run_list.note(job.row, waits, odd=None, now=now, zone=session.timezone())
    if said:
        icon = ":material/pause_circle:" if job.row.state is JobState.PAUSED else ":material/hourglass_empty:"
        st.markdown(f"{icon} {text.escape(said)}")


def _figures(job: Job, now: datetime) -> None:
    row, found = job.row, job.estimate
    lost = row.counts.failed + row.counts.missing
    between = f"Expected {text.usd(row.expected_usd)}, between {text.usd(found.low_usd)} and {text.usd(found.high_usd)}"
    show.metrics(
        [
            ("Succeeded", f"{row.counts.succeeded:,} of {row.counts.total:,}", ""),
            ("Failed or missing", f"{lost:,}", ""),
            ("Cost so far" if row.ended_at is None else "Cost", text.escape(text.usd(row.actual_usd)),
             text.escape(between)),
            ("Took" if row.ended_at else "Running for", text.duration(run_list.took(row, now)),
             text.escape(f"Expected: {found.completion_time}")),
        ]
    )  # fmt: skip


def steps(job: Job, shards: Sequence[Shard], waits: Waits | None = None) -> Iterator[tuple[str, StepState, str]]:
    """The way of a run as (step, state, when and what), as far as it has come."""
    zone, row = session.timezone(), job.row
    if row.approved_at:
        yield "Submitted", "complete", f"{text.moment(row.approved_at, zone)} by {row.created_by}"
    yield _handed(job, shards, waits, zone)
    accepted = [shard for shard in shards if shard.batch_id]
    if not accepted:
        if row.ended_at:
            yield _ended(job, zone)
        return
    answered = _answered(accepted, zone)
    yield answered
    if answered[1] == "complete":
        collected = row.counts.total - row.counts.pending
        ends = [shard.ended_at for shard in shards if shard.ended_at]
        until = f"until {text.moment(max(ends), zone)} · " if ends else ""
        note = f"{until}{collected:,} of {row.counts.total:,}, their numbers held against the facts"
        yield "Collected and checked", "complete" if row.ended_at else "running", note
    again = [shard for shard in shards if shard.retry_round]
    if again:
        done = all(shard.ended_at for shard in again)
        number = sum(shard.requests for shard in again)
        note = f"{text.count(number, 'request')} in {text.count(len(again), 'batch', 'batches')}"
        yield "Asked again", "complete" if done else "running", note
    if row.ended_at:
        yield _ended(job, zone)


def _handed(job: Job, shards: Sequence[Shard], waits: Waits | None, zone: tzinfo) -> tuple[str, StepState, str]:
    label = "Handed to the provider"
    if not shards:
        return label, "complete", "Nothing had to be asked: every answer was there already."
    stuck = [shard for shard in shards if shard.state in _STUCK]
    refused = [shard for shard in shards if shard.state is ShardState.FAILED and not shard.batch_id]
    if stuck or refused:
        return label, "error", without_commands((stuck or refused)[0].message) or "The provider did not take it."
    accepted = [shard for shard in shards if shard.batch_id]
    if len(accepted) < len(shards):
        if job.row.ended_at:
            return label, "error", f"{len(accepted):,} of {text.count(len(shards), 'batch', 'batches')}"
        if waits is not None:
            return label, "running", run_list.waiting(waits, zone)
        return label, "running", f"{text.count(len(shards) - len(accepted), 'batch', 'batches')} to upload and submit"
    at = [shard.submitted_at for shard in accepted if shard.submitted_at]
    when = f"{text.moment(max(at), zone)} · " if at else ""
    more = f" and {len(accepted) - _NAMED:,} more" if len(accepted) > _NAMED else ""
    return label, "complete", when + ", ".join(shard.batch_id or "" for shard in accepted[:_NAMED]) + more


def _answered(accepted: Sequence[Shard], zone: tzinfo) -> tuple[str, StepState, str]:
    working = [shard for shard in accepted if shard.state in _AT_WORK]
    said = ", ".join(sorted({shard.provider_status or "not looked at yet" for shard in accepted}))
    number = sum(shard.counts.completed + shard.counts.failed for shard in accepted)
    asked = sum(shard.requests for shard in accepted)
    note = f"{number:,} of {asked:,} · the provider says {said}"
    if working:
        due = [shard.expires_at for shard in working if shard.expires_at]
        if due:
            note += f" · due by {text.moment(max(due), zone)}"
        return "Answered by the provider", "running", note
    moved = [shard.progress_at for shard in accepted if shard.progress_at]
    last = f"{text.moment(max(moved), zone)} · " if moved else ""
    return "Answered by the provider", "complete", last + note


def _ended(job: Job, zone: tzinfo) -> tuple[str, StepState, str]:
    row = job.row
    state: StepState = "error" if row.state is JobState.FAILED else "complete"
    return f"Ended: {states.JOB[row.state].word}", state, text.moment(row.ended_at, zone) if row.ended_at else ""
