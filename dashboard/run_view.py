"""Parts of the Run page around its results: heading, failures first, progress, errors, configuration, history."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Literal

import streamlit as st

from core.app import App
from core.domain.actor import Actor
from core.domain.job import JobState, ShardState
from core.domain.records import Job, Shard
from core.errors import MosychlosError
from dashboard import exports, listings, live, navigation, runs, session, show, states, text
from dashboard.prepare import pairs

TABS = ("Results", "Summary", "Errors", "Configuration", "Events")
_LONGEST_EXAMPLE = 600

StepState = Literal["running", "complete", "error"]


def none_chosen() -> None:
    """The page without a run in its address."""
    st.title("Run", anchor=False)
    with show.empty("No run was chosen", "Open one from the list of runs."):
        st.page_link(navigation.page("runs"), label="All runs", icon=":material/table_rows:")


def header(app: App, actor: Actor, job: Job) -> None:
    """What this run is, and what can be done with it."""
    row = job.row
    st.page_link(navigation.page("runs"), label="All runs", icon=":material/arrow_back:")
    st.title(f"{text.words(row.kind)} · {text.count(row.counts.total, 'portfolio')}", anchor=False)
    parts = (
        row.model,
        row.prompt_version,
        f"{row.variant} temper",
        f"submitted {text.moment(row.approved_at or row.created_at, session.timezone())} by {row.created_by}",
        row.job_id,
    )
    marked = f" {states.SIMULATED.badge}" if row.simulated else ""
    st.markdown(f"{states.JOB[row.state].badge}{marked} {text.escape(' · '.join(parts))}")
    ended = row.counts.total - row.counts.pending
    with st.container(horizontal=True, vertical_alignment="center"):
        if ended:
            st.page_link(
                navigation.page("explore"), label="Explore", icon=":material/query_stats:",
                query_params={"run": row.job_id},
            )  # fmt: skip
            _downloads(app, actor, row.job_id)
        if row.state in listings.STOPPABLE:
            if job.cancel_wish:
                st.caption(":material/cancel: asked to stop")
            elif st.button("Stop", icon=":material/cancel:", key="run_stop"):
                runs.stop(app, actor, row.job_id)


def _downloads(app: App, actor: Actor, job_id: str) -> None:
    st.download_button(
        "CSV", lambda: exports.items_csv(app.jobs.each_item(actor, job_id)), f"{job_id}.csv", "text/csv",
        icon=":material/download:", on_click="ignore", key="run_csv",
    )  # fmt: skip
    st.download_button(
        "JSON", lambda: exports.items_json(job_id, app.jobs.each_item(actor, job_id)), f"{job_id}.json",
        "application/json", icon=":material/download:", on_click="ignore", key="run_json",
    )  # fmt: skip


def trouble(app: App, actor: Actor, job: Job) -> None:
    """Failures first: what went wrong, with one example, and what to do about it."""
    waiting = app.jobs.needs_attention(actor, job.row.job_id)
    if waiting:
        st.error(
            text.escape(text.short(waiting[0], _LONGEST_EXAMPLE)),
            title=f"{text.count(len(waiting), 'batch waits', 'batches wait')} for you",
            icon=":material/front_hand:",
        )
        if st.button("Try again", type="primary", icon=":material/replay:", key="run_resume"):
            _resume(app, actor, job.row.job_id)
        return
    groups = app.jobs.errors(actor, job.row.job_id)
    if groups:
        status, code, number, example = groups[0]
        failed = sum(group[2] for group in groups)
        more = f" {failed - number:,} more ended otherwise." if failed > number else ""
        named = f"{text.words(status)}, {code}" if code else text.words(status)
        shown = st.error if job.row.state is JobState.FAILED else st.warning
        shown(
            text.escape(f"{number:,} × {named}: {text.short(example, _LONGEST_EXAMPLE)}{more}"),
            title=f"{failed:,} of {text.count(job.row.counts.total, 'request')} ended without an analysis",
            icon=":material/error:",
        )
    elif job.row.message and job.row.state in (JobState.FAILED, JobState.PARTIAL, JobState.CANCELLED):
        st.warning(text.escape(job.row.message), icon=":material/error:")


def _resume(app: App, actor: Actor, job_id: str) -> None:
    try:
        number = app.jobs.resume(actor, job_id)
    except MosychlosError as error:
        st.error(text.escape(error))
        return
    session.flash(f"{text.count(number, 'batch', 'batches')} sent again.", ":material/replay:")
    st.rerun()


def progress(app: App, actor: Actor, job: Job) -> None:
    """The bar and the steps; follow the run by themselves until it has ended."""
    active = job.row.state in states.ACTIVE

    def draw() -> bool:
        now = app.jobs.get(actor, job.row.job_id)
        shards = app.jobs.shards(actor, job.row.job_id)
        _figures(now, app.now())
        _bar(now)
        with st.expander("Steps", expanded=True, icon=":material/timeline:"):
            for label, state, note in steps(now, shards):
                st.status(label, expanded=True, state=state, type="step").caption(text.escape(note))
        return now.row.state in states.ACTIVE

    with st.container(border=True):
        live.follow(draw, active=active)


def _bar(job: Job) -> None:
    counts = job.row.counts
    ended = counts.total - counts.pending
    done = max(ended, min(job.row.provider_done, counts.total))
    words = f"{done:,} of {counts.total:,} requests answered, {ended:,} collected and checked"
    st.progress(done / counts.total if counts.total else 0.0, text=words)


def _figures(job: Job, now: datetime) -> None:
    row = job.row
    took = (row.ended_at or now) - row.approved_at if row.approved_at else None
    show.metrics(
        [
            ("Succeeded", f"{row.counts.succeeded:,}", ""),
            ("Failed or missing", f"{row.counts.failed + row.counts.missing:,}", ""),
            ("Cost so far" if row.ended_at is None else "Cost", text.escape(text.usd(row.actual_usd)),
             text.escape(f"Expected: {text.usd(row.expected_usd)}")),
            ("Took" if row.ended_at else "Running for", text.duration(took),
             text.escape(f"Expected: {job.estimate.completion_time}")),
        ]
    )  # fmt: skip


def steps(job: Job, shards: list[Shard]) -> Iterator[tuple[str, StepState, str]]:
    """The way of a run as (step, state, note), as far as it has come."""
    zone, row, many = session.timezone(), job.row, len(shards)
    if row.approved_at:
        yield "Submitted", "complete", f"{text.moment(row.approved_at, zone)} by {row.created_by}"
    accepted = [shard for shard in shards if shard.batch_id]
    stuck = [shard for shard in shards if shard.state in (ShardState.ATTENTION, ShardState.UNKNOWN)]
    refused = [shard for shard in shards if shard.state is ShardState.FAILED and not shard.batch_id]
    ended = row.ended_at is not None
    if stuck or refused:
        yield "Handed to the provider", "error", (stuck or refused)[0].message or "The provider did not take it."
    elif len(accepted) < many:
        if ended:
            yield "Handed to the provider", "error", f"{len(accepted)} of {text.count(many, 'batch', 'batches')}"
            return
        waiting = text.count(many - len(accepted), "batch", "batches")
        yield "Handed to the provider", "running", f"{waiting} to upload and submit"
        return
    else:
        yield "Handed to the provider", "complete", ", ".join(shard.batch_id or "" for shard in accepted[:4])
    if not accepted:
        return
    answered = sum(shard.counts.completed + shard.counts.failed for shard in accepted)
    working = [shard for shard in accepted if shard.state in (ShardState.RUNNING, ShardState.CANCELLING)]
    said = ", ".join(sorted({shard.provider_status or "not looked at yet" for shard in accepted}))
    yield (
        "Answered by the provider",
        "running" if working else "complete",
        f"{answered:,} of {row.counts.total:,}: {said}",
    )
    if working and len(working) == len(accepted):
        return
    collected = row.counts.total - row.counts.pending
    note = f"{collected:,} of {row.counts.total:,}; numbers held against the facts"
    yield "Collected and checked", "complete" if ended else "running", note
    if ended and row.ended_at:
        bad = row.state is JobState.FAILED
        yield f"Ended: {states.JOB[row.state].word}", "error" if bad else "complete", text.moment(row.ended_at, zone)


def errors(app: App, actor: Actor, job: Job) -> None:
    """Endings without an analysis, grouped by code, each with an example in the server's own words."""
    groups = app.jobs.errors(actor, job.row.job_id)
    strays = app.jobs.strays(actor, job.row.job_id)
    if not groups and not strays:
        st.caption("No request ended in an error.")
    for status, code, number, example in groups:
        with st.container(border=True, gap="xsmall"):
            look = next((states.ITEM[one] for one in states.ITEM if one.value == status), states.UNKNOWN)
            st.markdown(f"{look.badge} **{text.escape(code or status)}** · {text.count(number, 'request')}")
            st.code(example or "no message", language=None, wrap_lines=True)
    if strays:
        st.markdown(f"**{text.count(len(strays), 'result line')} that belong to no request**")
        listings.table(
            {"Id": [one.custom_id for one in strays], "Why": [one.reason for one in strays],
             "Line": [one.line for one in strays]},
            alt="Result lines that belong to no request",
        )  # fmt: skip


def configuration(app: App, actor: Actor, job: Job) -> None:
    """Everything that decides what was asked and where it went."""
    row, request = job.row, job.request
    pairs(
        {
            "Job": row.job_id,
            "Analysis": f"{row.kind}, prompt {row.prompt_version}, {row.variant} temper",
            "Model": f"{row.model} ({row.model_class})",
            "Endpoint": request.endpoint.path,
            "Regional rules": row.region_mode,
            "Parameters": ", ".join(f"{name} = {value}" for name, value in request.parameters.items()) or "none given",
            "Priority": row.priority,
            "Specification hash": job.spec_hash,
            "Estimate": f"{text.usd(job.estimate.low_usd)} to {text.usd(job.estimate.high_usd)}, "
            f"prices from {job.estimate.price_source}",
            "Tokens": f"{job.estimate.input_tokens:,} in, {job.estimate.output_tokens:,} out expected",
            "Cost limit of the job": text.usd(request.max_cost_usd) if request.max_cost_usd is not None else "none",
        },
        alt="Configuration of this run",
    )
    shards = app.jobs.shards(actor, row.job_id)
    st.markdown("**Provider batches**")
    listings.table(
        {
            "Batch": [shard.batch_id or text.NONE for shard in shards],
            "State": [shard.state.value for shard in shards],
            "Provider says": [shard.provider_status or text.NONE for shard in shards],
            "Requests": [f"{shard.requests:,}" for shard in shards],
            "Size": [text.size(shard.bytes) for shard in shards],
            "Attempt": [str(shard.attempt) for shard in shards],
            "Input file": [shard.file_id or text.NONE for shard in shards],
            "SHA-256": [shard.sha256 for shard in shards],
            "Message": [shard.message for shard in shards],
        },
        alt="Provider batches of this run",
    )
    metadata, warnings = st.columns(2, gap="medium")
    with metadata:
        st.markdown("**Metadata at the provider**")
        pairs(app.jobs.metadata(actor, row.job_id), alt="Metadata of the first batch at the provider")
    with warnings:
        st.markdown("**Warnings at submission**")
        if not job.estimate.warnings:
            st.caption("None.")
        for sentence in job.estimate.warnings:
            st.markdown(f":material/warning: {text.escape(sentence)}")


def events(app: App, actor: Actor, job: Job) -> None:
    """The run's history."""
    listings.events(app.jobs.events(actor, job.row.job_id), session.timezone())
