"""The tabs of a run behind its results: errors by cause, cost, files, history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final

import streamlit as st

from core.app import App
from core.domain.actor import Actor
from core.domain.analysis import UNREADABLE, ResultStatus
from core.domain.job import JobState
from core.domain.oversight import Cause, JobFile, Lasting, LedgerRow
from core.domain.records import AskedAgain, Job
from dashboard.run import actions
from dashboard.run import queries as run_queries
from dashboard.run import retry as run_retry
from dashboard.shell import session
from dashboard.widgets import listings, show, states, text

_LASTING: Final = {
    Lasting.TRANSIENT: states.StateLook("transient", ":material/sync_problem:", "blue"),
    Lasting.PERMANENT: states.StateLook("permanent", ":material/block:", "red"),
    Lasting.UNKNOWN: states.StateLook("not known", ":material/help:", "orange"),
}

_HASHED_AT_ONCE: Final = 64_000_000
"""Bytes of a run's files that are hashed without being asked: a fraction of a second."""


def errors(app: App, actor: Actor, job: Job) -> None:
    """Endings without an analysis by cause, each with an example in the server's own words and the retry that fits."""
    causes = app.oversight.causes(actor, job.row.job_id)
    strays = app.jobs.strays(actor, job.row.job_id)
    if not causes and not strays:
        st.caption("No request ended in an error.")
    if strays or any(cause.code in UNREADABLE for cause in causes):
        actions.reread(app, actor, job)
    for status in dict.fromkeys(cause.status for cause in causes):
        _ending(app, actor, job, status, [cause for cause in causes if cause.status is status])
    _flagged(app, actor, job)
    if strays:
        st.markdown(f"**{text.count(len(strays), 'result line')} that belong to no request**")
        listings.table(
            {"Id": [one.custom_id for one in strays], "Why": [one.reason for one in strays],
             "Line": [one.line for one in strays]},
            alt="Result lines that belong to no request",
        )  # fmt: skip


def _ending(app: App, actor: Actor, job: Job, status: ResultStatus, causes: Sequence[Cause]) -> None:
    """Everything that ended in one way: the same retry fits all of it."""
    number = sum(cause.requests for cause in causes)
    with st.container(border=True, gap="small"):
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            st.markdown(f"{states.ITEM[status].badge} **{text.count(number, 'request')}**", width="content")
            with st.container(horizontal=True, width="content"):
                if status is ResultStatus.INVALID:
                    _second_asking(app, actor, job)
                run_retry.button(app, actor, job, number, key=f"run_retry_{status.value}", only=(status,))
        for cause in causes:
            with st.container(gap="xsmall"):
                name = f"**{text.escape(cause.code)}** · " if cause.code else ""
                st.markdown(f"{name}{cause.requests:,} × {_LASTING[cause.lasting].badge} {text.escape(cause.remedy)}")
                show.code(cause.example or "no message")


def _second_asking(app: App, actor: Actor, job: Job) -> None:
    plan = run_retry.second_asking(app, actor, job, AskedAgain.INVALID)
    if plan is not None:
        run_retry.reask_button(app, actor, job, plan, AskedAgain.INVALID, key="run_reask_invalid")


def _flagged(app: App, actor: Actor, job: Job) -> None:
    """Answers that are there, but with something in them that does not hold."""
    plan = run_retry.second_asking(app, actor, job, AskedAgain.FLAGGED)
    if plan is None:
        return
    with st.container(border=True, horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.markdown(
            f"{states.MISMATCHED.badge} **{text.count(plan.requests, 'answer')}** with something that does not hold",
            width="content",
        )
        run_retry.reask_button(app, actor, job, plan, AskedAgain.FLAGGED, key="run_reask_flagged")


def costs(app: App, actor: Actor, job: Job) -> None:
    """Planned against actual, and what each provider batch came to."""
    row, found, rows = job.row, job.estimate, app.oversight.ledger(actor, job.row.job_id)
    show.metrics(
        [
            ("Expected", text.escape(text.usd(found.expected_usd)), ""),
            ("Between", text.escape(f"{text.usd(found.low_usd)} – {text.usd(found.high_usd)}"), ""),
            ("Actual" if row.ended_at else "Actual so far", text.escape(text.usd(row.actual_usd)),
             "From the tokens that the provider counted."),
            ("Against expected", _difference(job, rows), "Of the first asking; asking again had its own price."),
        ]
    )  # fmt: skip
    st.markdown(text.escape(f"{_verdict(job, rows)} {_basis(job)}"))
    if not rows:
        st.caption("No provider batch has been settled yet.")
        return
    st.markdown(f"**Ledger** · {text.count(len(rows), 'entry', 'entries')}")
    _ledger(rows, {shard.shard_id: shard.requests for shard in app.jobs.shards(actor, row.job_id)})


def _first_asking(job: Job, rows: Sequence[LedgerRow]) -> Decimal | None:
    """What the batches came to that the estimate was about; None when some of it is not known.

    The estimate of a run with tools is about all its rounds, which are batches of their own.
    """
    if job.request.tools:
        return job.row.actual_usd
    first = {f"{job.row.job_id}.{number}" for number in range(job.estimate.shards)}
    # A synchronous answer stands under the batch that its request was in.
    costs = [row.cost_usd for row in rows if row.shard_id in first and not row.batch_id.startswith("sync:")]
    known = [one for one in costs if one is not None]
    return sum(known, Decimal(0)) if len(known) == len(costs) else None


def _difference(job: Job, rows: Sequence[LedgerRow]) -> str:
    expected, actual = job.estimate.expected_usd, _first_asking(job, rows)
    stopped = job.row.state is JobState.CANCELLED
    if expected is None or actual is None or not expected or not job.row.ended_at or stopped:
        return text.NONE
    share = float((actual - expected) / expected)
    return f"{'+' if share > 0 else '−' if share < 0 else ''}{abs(share) * 100:.1f} %"


def _verdict(job: Job, rows: Sequence[LedgerRow]) -> str:
    """Whether the interval has held, in words."""
    found, actual = job.estimate, _first_asking(job, rows)
    if not job.row.ended_at:
        return "The run has not ended."
    if job.row.state is JobState.CANCELLED:
        return "The run was stopped, so its cost says nothing about the estimate."
    if found.expected_usd is not None and (actual is None or job.row.actual_usd is None):
        return "What some of it cost is not known: it has no price, or nobody says what was billed for lost lines."
    if actual is None or found.low_usd is None or found.high_usd is None:
        return "The model has no known price, so nothing can be said about its cost."
    if actual > found.high_usd:
        return f"Above the expected range by {text.usd(actual - found.high_usd)}."
    if actual < found.low_usd:
        return f"Below the expected range by {text.usd(found.low_usd - actual)}."
    return "Inside the expected range."


def _basis(job: Job) -> str:
    basis = job.estimate.basis
    resting = f"The expectation rests on {basis}." if basis else "The expectation rests on assumed answer lengths."
    return f"{resting} Prices: {job.estimate.price_source}."


def _requests_of(row: LedgerRow, requests: Mapping[str, int]) -> str:
    """A synchronous entry is one request, whatever batch the request stood in."""
    number = 1 if row.batch_id.startswith("sync:") else requests.get(row.shard_id)
    return "" if number is None else f"{number:,}"


def _ledger(rows: Sequence[LedgerRow], requests: dict[str, int]) -> None:
    zone = session.timezone()
    known = [row.cost_usd for row in rows if row.cost_usd is not None]
    total = sum(known, start=Decimal(0)) if len(known) == len(rows) else None
    sums = [sum(getattr(row.usage, name) for row in rows) for name in _TOKENS]
    columns = {
        "Provider batch": [*(row.batch_id for row in rows), "Total"],
        "Model": [*(row.model for row in rows), ""],
        "Requests": [*(_requests_of(row, requests) for row in rows), ""],
        **{
            label: [*(f"{getattr(row.usage, name):,}" for row in rows), f"{sums[place]:,}"]
            for place, (name, label) in enumerate(_TOKENS.items())
        },
        "Cost": [*(text.usd(row.cost_usd) for row in rows), text.usd(total)],
        "Settled": [*(text.moment(row.at, zone) for row in rows), ""],
    }
    figures = ("Requests", *_TOKENS.values(), "Cost")
    st.dataframe(
        listings.frame(columns),
        hide_index=True,
        height="content",
        alt="What each provider batch of this run came to",
        column_config={name: st.column_config.TextColumn(name, alignment="right") for name in figures},
    )


_TOKENS = {
    "input_tokens": "Tokens in",
    "cached_tokens": "of them cached",
    "output_tokens": "Tokens out",
    "reasoning_tokens": "of them reasoning",
}


def files(app: App, actor: Actor, job: Job) -> None:
    """What was sent, what came back and the facts that were stated, each with its size and hash."""
    job_id, rows = job.row.job_id, app.oversight.files(actor, job.row.job_id)
    if not rows:
        st.caption("This run has no files.")
        return
    unknown = sum(file.bytes or 0 for file in rows if not file.sha256)
    hashing = unknown <= _HASHED_AT_ONCE or st.toggle(f"Compute the hashes of {text.size(unknown)}", key="run_hashes")

    def hashed(file: JobFile) -> str:
        if file.sha256 or file.bytes is None:
            return file.sha256
        if not hashing:
            return ""
        return run_queries.sha256(app, actor.subject, actor, job_id, file.name, file.bytes)

    zone = session.timezone()
    listings.table(
        {
            "File": [file.name for file in rows],
            "What": [_WHAT.get(file.what, file.what) for file in rows],
            "Size": ["gone" if file.bytes is None else text.size(file.bytes) for file in rows],
            "SHA-256": [hashed(file) for file in rows],
            "At the provider": [file.remote_id for file in rows],
            "Removed there": ["" if file.removed_at is None else text.moment(file.removed_at, zone) for file in rows],
        },
        alt="Files of this run with their sizes and hashes",
        widths={"SHA-256": 190},
    )
    st.caption("They stand in the data directory under jobs/" + text.escape(job_id) + ".")


_WHAT = {
    "sent": "requests as they were sent",
    "answers": "answers as they came",
    "errors": "error lines as they came",
    "facts": "facts that were stated",
    "index": "where in them each request's stand",
}


def events(app: App, actor: Actor, job: Job) -> None:
    """The run's history."""
    listings.events(app.jobs.events(actor, job.row.job_id), session.timezone())
