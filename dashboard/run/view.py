"""Head of the Run page, the runs of its set, and its configuration."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from core.app import App
from core.domain.actor import Actor
from core.domain.records import Job, JobRow
from core.metrics.restatements import Versioned
from dashboard.run import actions as run_actions
from dashboard.run import list_page as runs
from dashboard.shell import navigation, session
from dashboard.widgets import exports, show, states, text
from dashboard.widgets.download import CSV, JSON, XLSX, download
from dashboard.widgets.listings import table
from dashboard.widgets.pairs import pairs

TABS = ("Results", "Summary", "Errors", "Cost", "Configuration", "Files", "Events")
_SIBLINGS = 6


def none_chosen() -> None:
    """The page without a run in its address."""
    st.title("Run", anchor=False)
    with show.empty("No run was chosen", "Open one from the list of runs."):
        st.page_link(navigation.page("runs"), label="All runs", icon=":material/table_rows:")


def header(app: App, actor: Actor, job: Job) -> None:
    """What this run is, and what can be done with it."""
    row = job.row
    st.page_link(navigation.page("runs"), label="All runs", icon=":material/arrow_back:")
    st.title(f"{text.words(row.kind)} · {text.count(row.counts.total, 'request')}", anchor=False)
    parts = [
        row.model,
        f"prompt {row.prompt_version}",
        f"{row.variant} temper",
        f"submitted {text.moment(row.approved_at or row.created_at, session.timezone())} by {row.created_by}",
    ]
    if row.needed_by is not None:
        parts.append(f"needed by {text.moment(row.needed_by, session.timezone())}")
    marked = f" {states.SIMULATED.badge}" if row.simulated else ""
    st.markdown(f"{states.JOB[row.state].badge}{marked} {text.escape(' · '.join([*parts, row.job_id]))}")
    ended = row.counts.total - row.counts.pending
    with st.container(horizontal=True, vertical_alignment="center"):
        run_actions.controls(app, actor, job)
        if ended:
            _downloads(app, actor, row.job_id)
            st.page_link(
                navigation.page("explore"), label="Explore", icon=":material/query_stats:",
                query_params={"run": row.job_id},
            )  # fmt: skip
            st.page_link(
                navigation.page("brief"), label="Committee page", icon=":material/article:",
                query_params={"run": row.job_id},
            )  # fmt: skip


def _downloads(app: App, actor: Actor, job_id: str) -> None:
    def versions() -> list[Versioned]:
        return app.results.methodology(actor, job_id)

    for label, media_type, chunks in (
        ("CSV", CSV, lambda: exports.items_csv(app.jobs.each_item(actor, job_id))),
        ("XLSX", XLSX, lambda: exports.items_xlsx(app.jobs.each_item(actor, job_id), versions())),
        ("JSON", JSON, lambda: exports.items_json(job_id, app.jobs.each_item(actor, job_id), versions())),
    ):
        ending = label.lower()
        download(label, f"{job_id}.{ending}", media_type, chunks, actor=actor, key=f"run_{ending}")


def siblings(app: App, actor: Actor, job: Job) -> None:
    """The other runs of its set, and the way to see two of them side by side."""
    if not job.row.set_id:
        return
    found, rows = app.sets.get(actor, job.row.set_id)
    others = [row for row in rows if row.job_id != job.row.job_id]
    if not others:
        return
    with st.container(border=True, gap="xsmall"):
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            st.markdown(
                f":material/stacks: **{text.escape(found.name)}** · {text.count(found.jobs, 'run')} submitted together",
                width="content",
            )
            with st.container(horizontal=True, width="content"):
                if found.comparison:
                    st.page_link(
                        navigation.page("compare"), label="Compare", icon=":material/compare_arrows:",
                        query_params={"base": others[0].job_id, "new": job.row.job_id},
                    )  # fmt: skip
                st.page_link(
                    navigation.page("runs"), label="All of the set", icon=":material/table_rows:",
                    query_params={"runs_set": runs.set_label(found)},
                )  # fmt: skip
        with st.container(horizontal=True, vertical_alignment="center"):
            for row in others[:_SIBLINGS]:
                # A link to the page that one is on would look as if it were chosen.
                if st.button(_sibling(row, found.comparison), type="tertiary", key=f"sibling_{row.job_id}"):
                    navigation.open_run(row.job_id)
            if len(others) > _SIBLINGS:
                st.caption(f"and {len(others) - _SIBLINGS:,} more", width="content")


def _sibling(row: JobRow, comparison: str) -> str:
    named = {"models": row.model, "prompts": f"prompt {row.prompt_version}"}.get(comparison, text.words(row.kind))
    return f"{states.JOB[row.state].badge} {text.escape(named)}"


def _counted(counts: Mapping[str, int]) -> str:
    ranked = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    return ", ".join(f"{name} ({n:,})" for name, n in ranked) or "not said yet"


def configuration(app: App, actor: Actor, job: Job) -> None:
    """Everything that decides what was asked and where it went."""
    row, request = job.row, job.request
    zone = session.timezone()
    models, tiers = app.jobs.answered_by(actor, row.job_id)
    pairs(
        {
            "Job": row.job_id,
            "Analysis": f"{row.kind}, prompt {row.prompt_version}, {row.variant} temper",
            "Model": f"{row.model} ({row.model_class})",
            "Endpoint": request.endpoint.path,
            "Regional rules": row.region_mode,
            "Parameters": ", ".join(f"{name} = {value}" for name, value in request.parameters.items()) or "none given",
            "Priority": row.priority,
            "Needed by": "not said" if row.needed_by is None else text.moment(row.needed_by, zone),
            "Approved for": row.meant_for,
            "Answered by": _counted(models),
            "Service tier": _counted(tiers),
            "Charged to": row.desk or "no desk",
            "Specification hash": job.spec_hash,
            "Tokens": f"{job.estimate.input_tokens:,} in, {job.estimate.output_tokens:,} out expected",
            "Expected cost rests on": job.estimate.basis or job.estimate.assumption or "an assumption",
            **(
                {f"Data residency in {job.estimate.region.upper()} adds": text.usd(job.estimate.uplift_usd)}
                if job.estimate.uplift_usd is not None
                else {}
            ),
            "Cost limit of the job": text.usd(request.max_cost_usd) if request.max_cost_usd is not None else "none",
        },
        alt="Configuration of this run",
    )
    shards = app.jobs.shards(actor, row.job_id)
    st.markdown("**Provider batches**")
    table(
        {
            "Batch": [shard.batch_id or text.NONE for shard in shards],
            "State": [shard.state.value for shard in shards],
            "Provider says": [shard.provider_status or text.NONE for shard in shards],
            "Model": [shard.model for shard in shards],
            "Requests": [f"{shard.requests:,}" for shard in shards],
            "Asked again": [str(shard.retry_round) if shard.retry_round else "" for shard in shards],
            "Attempt": [str(shard.attempt) for shard in shards],
            "Due by": [text.moment(shard.expires_at, zone) if shard.expires_at else text.NONE for shard in shards],
            "Last contact": [
                text.moment(shard.last_contact_at, zone) if shard.last_contact_at else text.NONE for shard in shards
            ],
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
