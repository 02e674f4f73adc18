"""`mosychlos portfolio batch`: look at jobs, wait for them, read them, stop them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from core.analyses.slots.sentences import SEEN
from core.app import App
from core.cli import output
from core.cli.called import called
from core.cli.recipient import to_provider
from core.cli.second_answers import answered_by, second_asking
from core.cli.session import opened
from core.cli.usage import usage_of
from core.cli.wait import EXIT, MOVING, say_when_nobody_works, wait_for
from core.domain.actor import Actor
from core.domain.alert import AlertKind
from core.domain.analysis import Kind, ResultStatus
from core.domain.filters import JobFilter
from core.domain.job import JobState
from core.domain.provider import NOBODY
from core.domain.records import Item, Job
from core.errors import BadInput

batch_app = typer.Typer(help="Jobs: status, results, errors, logs, cancel, retry.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print exactly one JSON document.")]
JobId = Annotated[str, typer.Argument(metavar="JOB", help="Job id.")]


@batch_app.command("list")
def list_(
    state: Annotated[JobState | None, typer.Option(help="Only jobs in this state.")] = None,
    kind: Annotated[Kind | None, typer.Option(help="Only this analysis.")] = None,
    model: Annotated[str | None, typer.Option(help="Only this model.")] = None,
    since: Annotated[str | None, typer.Option(metavar="DATE", help="Only jobs made on or after this day.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")] = 50,
    after: Annotated[str | None, typer.Option(metavar="JOB", help="Go on behind this job.")] = None,
    as_json: AsJson = False,
) -> int:
    """List jobs, newest first."""
    with opened() as (app, actor):
        rows = app.jobs.page(
            actor,
            JobFilter(states=[state] if state else (), kind=kind, model=model, since=_day(since)),
            limit=limit,
            after=after,
        )
    if as_json:
        output.document({"jobs": [{**output.plain(row), "counts": _counts(row.counts)} for row in rows]})
        return 0
    if not rows:
        output.line("There are no jobs. Submit one with: mosychlos portfolio analyze risk --batch --all")
        return 0
    output.table(
        ("job", "analysis", "model", "state", "done", "of", "failed", "expected", "actual", "made"),
        (
            (
                row.job_id,
                row.kind.value,
                row.model,
                row.state.value,
                row.counts.succeeded,
                row.counts.total,
                row.counts.failed + row.counts.missing,
                output.money(row.expected_usd),
                output.money(row.actual_usd),
                f"{row.created_at:%Y-%m-%d %H:%M}Z",
            )
            for row in rows
        ),
        right=("done", "of", "failed", "expected", "actual"),
    )
    return 0


@batch_app.command()
def status(job_id: JobId, as_json: AsJson = False) -> int:
    """Say where a job stands."""
    with opened() as (app, actor):
        job = app.jobs.get(actor, job_id)
        shards = app.jobs.shards(actor, job_id)
        needs = app.jobs.needs_attention(actor, job_id)
        at_stake = app.oversight.needs_person(actor, job_id)
        waits = app.oversight.waits(actor, [job_id]).get(job_id)
        notices = app.oversight.notices_of(actor, job_id)
        # Of a job of another provider it is said below whom it waits for.
        own = job.row.provider_id in app.identity.accepts
        if job.row.state in MOVING and own and not as_json:
            say_when_nobody_works(app, actor)
    row = job.row
    if as_json:
        output.document(
            {
                "job_id": job_id,
                "state": row.state,
                "provider": row.meant_for,
                "simulated": row.simulated,
                "stopping": job.stopping,
                "provider_batches": [
                    {
                        "id": shard.batch_id,
                        "status": shard.provider_status,
                        "counts": shard.counts,
                        "state": shard.state,
                        "shard_id": shard.shard_id,
                        "expires_at": shard.expires_at,
                        "last_contact_at": shard.last_contact_at,
                        "message": shard.message,
                        "place": shard.place or None,
                        "hold": shard.hold or None,
                        "hold_until": shard.hold_until,
                    }
                    for shard in shards
                ],
                "counts": _counts(row.counts),
                "estimate_usd": row.expected_usd,
                "actual_usd": row.actual_usd,
                "needs_attention": needs,
                "at_stake": at_stake,
                "waits": waits,
                "alerts": [notice.alert for notice in notices],
                "message": row.message,
                "priority": row.priority,
                "needed_by": row.needed_by,
            }
        )
        return 0
    output.line(
        f"{job_id}: {row.state}. {row.kind} by {row.model}, {row.counts.succeeded} of {row.counts.total} succeeded, "
        f"{row.counts.failed} failed, {row.counts.missing} missing, {row.counts.pending} pending."
    )
    if job.stopping:
        output.line("It was asked to stop; what the provider has finished by then is kept.")
    output.line(f"Cost: {output.money(row.actual_usd)} so far, {output.money(row.expected_usd)} expected.")
    for shard in shards:
        counts = shard.counts
        output.line(
            f"  {shard.shard_id} {shard.state} {shard.batch_id or 'not at the provider'} {shard.provider_status} "
            f"{counts.completed + counts.failed}/{shard.requests} {shard.message}".rstrip()
        )
    if row.state is JobState.PAUSED:
        output.line(f"Paused: nothing more is sent until mosychlos portfolio batch resume {job_id}")
    elif waits is not None:
        output.line(f"Waits: {waits.said(lambda at: f'{at:%Y-%m-%d %H:%M}Z')}")
    for one in at_stake:
        output.line(f"Needs a person: {one.shard_id}. {one.exposure}")
    for notice in notices:
        if notice.alert.kind is not AlertKind.ATTENTION:
            output.line(f"{notice.alert.kind}, since {notice.alert.raised_at:%Y-%m-%d %H:%M}Z: {notice.alert.text}")
    return 0


@batch_app.command()
def wait(
    job_id: JobId,
    timeout: Annotated[float | None, typer.Option(min=0, metavar="SECONDS", help="Give up waiting after.")] = None,
    as_json: AsJson = False,
) -> int:
    """Wait until a job has ended. Exit code 5 when some requests have no analysis."""
    with opened() as (app, actor):
        code, state = wait_for(app, actor, job_id, timeout=timeout)
        job = app.jobs.get(actor, job_id)
    if as_json:
        output.document({"job_id": job_id, "state": state, "counts": _counts(job.row.counts)})
    return code


@batch_app.command()
def results(job_id: JobId, as_json: AsJson = False) -> int:
    """Show a job's summary and every request with how it ended."""
    with opened() as (app, actor):
        job = app.jobs.get(actor, job_id)
        summary = app.jobs.summary(actor, job_id)
        if as_json:
            output.document(
                {
                    "job_id": job_id,
                    "state": job.row.state,
                    "summary": {
                        "counts": _counts(summary.counts),
                        "statuses": summary.statuses,
                        "levels": summary.levels,
                        "top_risks": [{"risk_type": name, "portfolios": n} for name, n in summary.top_risks],
                        "concentration_outliers": summary.outliers,
                        "hhi_median": summary.hhi_median,
                        "hhi_fence": summary.hhi_fence,
                        "answered_by": {"models": dict(summary.models), "tiers": dict(summary.tiers)},
                    },
                    "restated": [
                        {"metric_id": one.key, "version": one.version, "today": one.today, "what": one.changes}
                        for one in app.results.methodology(actor, job_id)
                        if one.restated
                    ],
                    "items": [
                        _item(item, job) | (_called(app, actor, job_id, item) if job.request.tools else {})
                        for item in app.jobs.each_item(actor, job_id)
                    ],
                    "cost": {
                        "estimate_usd": summary.estimate_usd,
                        "actual_usd": summary.actual_usd,
                        "difference_usd": _difference(job),
                    },
                    "stats": {
                        "usage": summary.usage,
                        "checks": {**output.plain(summary.checks), "verified_share": summary.checks.verified_share},
                        "sentences": summary.sentences,
                        "errors": [{"code": code, "requests": n} for code, n in summary.errors],
                        "simulated": job.row.simulated,
                        "tools": app.tools.totals(actor, job_id),
                    },
                }
            )
        else:
            _say_results(app, actor, job)
    return EXIT.get(job.row.state, 0)


@batch_app.command()
def errors(job_id: JobId, as_json: AsJson = False) -> int:
    """Group what has no analysis by cause, with an example of each."""
    with opened() as (app, actor):
        causes = app.oversight.causes(actor, job_id)
        strays = app.jobs.strays(actor, job_id)
        needs = app.jobs.needs_attention(actor, job_id)
        at_stake = app.oversight.needs_person(actor, job_id)
    if as_json:
        output.document(
            {
                "job_id": job_id,
                "errors": [
                    {**output.plain(cause), "lasting": cause.lasting, "remedy": cause.remedy} for cause in causes
                ],
                "strays": strays,
                "needs_attention": needs,
                "at_stake": at_stake,
            }
        )
        return 0
    if not causes and not needs and not strays:
        output.line("No errors.")
    for cause in causes:
        code = f"{cause.code}, " if cause.code else ""
        output.line(f"{cause.requests} {cause.status} ({code}{cause.lasting}): {cause.example}")
        output.line(f"  {cause.remedy}")
    for stray in strays:
        output.line(f"A result line belongs to no request: {stray.reason} {stray.custom_id}")
    for sentence, one in zip(needs, at_stake, strict=True):
        output.line(f"Needs a person: {sentence}")
        output.line(f"  {one.exposure}")
    return 0


@batch_app.command()
def logs(job_id: JobId, as_json: AsJson = False) -> int:
    """Show everything that happened to a job."""
    with opened() as (app, actor):
        events = app.jobs.events(actor, job_id)
    if as_json:
        output.document({"job_id": job_id, "events": events})
        return 0
    for event in events:
        move = f"{event.from_state} -> {event.to_state}" if event.to_state else ""
        who = event.shard_id or job_id
        output.line(f"{event.at:%Y-%m-%d %H:%M:%S}Z {who} {event.event} {move} {event.note} [{event.actor}]")
    return 0


@batch_app.command()
def cancel(job_id: JobId, as_json: AsJson = False) -> int:
    """Ask for a job to stop. Finished answers are kept and paid; it may take minutes."""
    with opened() as (app, actor):
        before = app.jobs.cancel(actor, job_id)
        job = app.jobs.get(actor, job_id)
        after = job.row.state
        if job.stopping:
            say_when_nobody_works(app, actor)
    if as_json:
        output.document({"job_id": job_id, "state": after, "was": before, "stopping": job.stopping})
    else:
        asked = before in {JobState.QUEUED, JobState.RUNNING, JobState.ATTENTION, JobState.PAUSED}
        output.line(
            f"Job {job_id} was asked to stop; finished answers are kept." if asked else f"Job {job_id} is {after}."
        )
    return 0


@batch_app.command()
def pause(job_id: JobId, as_json: AsJson = False) -> int:
    """Send nothing more of a job until it is resumed; what is at the provider goes on."""
    with opened() as (app, actor):
        app.jobs.pause(actor, job_id)
        after = app.jobs.get(actor, job_id).row.state
    if as_json:
        output.document({"job_id": job_id, "state": after})
    else:
        output.line(f"Job {job_id} is paused. Go on with: mosychlos portfolio batch resume {job_id}")
    return 0


@batch_app.command()
def resume(job_id: JobId, as_json: AsJson = False) -> int:
    """Let a paused job go on. What waits for a person is sent again with `batch retry`."""
    with opened() as (app, actor):
        sent_to = to_provider(app)
        n = app.jobs.resume(actor, job_id)
        after = app.jobs.get(actor, job_id).row.state
    if as_json:
        output.document({"job_id": job_id, "state": after, "resumed_shards": n, "sent_to": sent_to})
    else:
        output.line(f"Job {job_id} goes on: {n} batch{'es' if n != 1 else ''} to send.")
    return 0


def _say_results(app: App, actor: Actor, job: Job) -> None:
    summary = app.jobs.summary(actor, job.row.job_id)
    mark = " Answers are simulated." if job.row.simulated else ""
    output.line(
        f"{job.row.job_id}: {job.row.state}, {summary.counts.succeeded} of {summary.counts.total} succeeded.{mark}"
    )
    output.line("Levels: " + ", ".join(f"{level.replace('_', ' ')} {n}" for level, n in summary.levels.items()))
    if summary.top_risks:
        output.line("Top risks: " + ", ".join(f"{name} ({n})" for name, n in summary.top_risks[:5]))
    checks = summary.checks
    output.line(f"Numbers: {checks.verified} hold, {checks.mismatched} mismatched, {checks.unsupported} unsupported.")
    if of := sum(summary.sentences.values()):
        said = ", ".join(
            f"{100 * summary.sentences[key] / of:.0f} % {name}"
            for key, name in SEEN.items()
            if key in summary.sentences
        )
        output.line(f"Sentences: {said}.")
    if restated := [one for one in app.results.methodology(actor, job.row.job_id) if one.restated]:
        output.line(f"Restated since: {', '.join(one.key for one in restated)} would be computed otherwise today.")
    output.line(f"Cost: {output.money(summary.actual_usd)}, expected {output.money(summary.estimate_usd)}.")
    if summary.models:
        named = ", ".join(f"{name} ({n:,})" for name, n in summary.models)
        tiers = ", ".join(f"{name} ({n:,})" for name, n in summary.tiers) or "not said"
        output.line(f"Answered by: {named}; service tier: {tiers}. Approved for: {job.row.meant_for}.")
    for total in app.tools.totals(actor, job.row.job_id):
        price = "" if total.cost_usd == 0 else f", {output.money(total.cost_usd)}"
        output.line(f"Tool {total.tool}: {total.calls:,} calls, {total.errors:,} with an error{price}.")
    output.table(
        ("portfolio", "status", "level", "hold", "mismatched", "unsupported", "headline"),
        (
            (
                item.portfolio_name,
                item.status.value,
                item.level,
                item.verification.verified if item.verification else "",
                item.verification.mismatched if item.verification else "",
                item.verification.unsupported if item.verification else "",
                (item.headline or (item.error.message if item.error else ""))[:90],
            )
            for item in app.jobs.each_item(actor, job.row.job_id)
        ),
        right=("hold", "mismatched", "unsupported"),
    )


def _called(app: App, actor: Actor, job_id: str, item: Item) -> dict[str, object]:
    uses = app.tools.tool_calls(actor, job_id, item.custom_id)
    return called(uses, app.tools.citations(actor, job_id, item.custom_id))


def _item(item: Item, job: Job) -> dict[str, object]:
    return {
        "custom_id": item.custom_id,
        "portfolio_id": item.portfolio_id,
        "portfolio_name": item.portfolio_name,
        "region": item.region,
        "status": item.status,
        "level": item.level or None,
        "analysis": item.analysis,
        "verification": item.verification,
        "error": item.error,
        **usage_of(item.usage, item.usage_from, waits=item.status is ResultStatus.PENDING),
        "reused_from": item.reused_from or None,
        "cost_usd": item.cost_usd,
        "again": second_asking(item.again),
        "answered_by": answered_by(item.answered),
        "simulated": item.answered.simulated or (job.row.meant_simulated and item.answered != NOBODY),
    }


def _counts(counts: object) -> dict[str, object]:
    plain = output.plain(counts)
    return {**plain, "pending": getattr(counts, "pending", 0)}


def _difference(job: Job) -> object:
    if job.row.actual_usd is None or job.row.expected_usd is None:
        return None
    return job.row.actual_usd - job.row.expected_usd


def _day(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    except ValueError:
        raise BadInput(f"--since is '{text}': give a day such as 2026-11-24.") from None
