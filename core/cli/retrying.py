"""`mosychlos portfolio batch retry | orphans | alerts`: what was left unfinished, and what to do about it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import closing
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any

import typer

from core.app import App
from core.cli import output
from core.cli.batch import AsJson, JobId
from core.cli.recipient import to_provider
from core.cli.session import opened
from core.cli.wait import say_when_nobody_works
from core.desk.retries import RetryPlan
from core.domain.actor import Actor
from core.domain.analysis import Outcome, ResultStatus
from core.domain.job import JobState
from core.domain.oversight import WaitsForPerson
from core.errors import BadInput, OverBudget, ProviderError, Refused


class RetryChoice(StrEnum):
    """Endings that can be asked again."""

    FAILED = ResultStatus.FAILED.value
    MISSING = ResultStatus.MISSING.value
    TRUNCATED = ResultStatus.TRUNCATED.value
    INVALID = ResultStatus.INVALID.value
    REFUSED = ResultStatus.REFUSED.value


def retry(
    job_id: JobId,
    only: Annotated[
        list[RetryChoice] | None, typer.Option(help="Ask again only what ended like this; may be repeated.")
    ] = None,
    model: Annotated[str | None, typer.Option(help="Ask another model.")] = None,
    max_output: Annotated[
        int | None, typer.Option("--max-output", min=1, help="Cap of one answer; a cut one gets twice its own.")
    ] = None,
    anyway: Annotated[
        bool,
        typer.Option("--anyway", help="Ask the same again also where it failed for good: the server was repaired."),
    ] = False,
    sync: Annotated[bool, typer.Option("--sync", help="Ask a few at once, at the synchronous price.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Go on without being asked.")] = False,
    as_json: AsJson = False,
) -> int:
    """Ask again what has no analysis, once its price was shown; or send again what waits for a person."""
    with opened() as (app, actor):
        waiting = app.oversight.needs_person(actor, job_id)
        if waiting:
            if only or model or max_output or sync or anyway:
                raise BadInput(
                    f"{len(waiting)} of the batches of {job_id} wait for a person and are sent again as they are. "
                    "Leave --only, --model, --max-output, --anyway and --sync away."
                )
            return _send_again(app, actor, job_id, waiting, yes=yes, as_json=as_json)
        if app.jobs.get(actor, job_id).row.state is JobState.PAUSED:
            raise Refused(f"Job {job_id} is paused. Go on with: mosychlos portfolio batch resume {job_id}")
        statuses = tuple(ResultStatus(one.value) for one in only or ())
        sent_to = to_provider(app)
        how: dict[str, Any] = {"only": statuses, "model": model, "max_output": max_output, "insists": anyway}
        plan = app.retries.plan(actor, job_id, sync=sync, **how)
        if not as_json:
            _say(plan)
        go_on = yes or (not as_json and sys.stdin.isatty() and typer.confirm("Ask again?", default=False))
        if plan.over_budget:
            raise OverBudget(plan.over_budget)
        if go_on and sync:
            _finish_now(app, actor, job_id, plan, **how)
        elif go_on:
            app.retries.retry(actor, job_id, **how)
            say_when_nobody_works(app, actor)
        state = app.jobs.get(actor, job_id).row.state
    if as_json:
        output.document({**output.plain(plan), "started": go_on, "state": state, "sent_to": sent_to})
    elif go_on:
        output.line(f"Job {job_id} is {state}.")
    else:
        output.line("Nothing was sent. Go on with --yes.")
    return 0


def _finish_now(app: App, actor: Actor, job_id: str, plan: RetryPlan, **how: Any) -> None:
    answered: list[str] = []

    def told(outcome: Outcome) -> None:
        answered.append(outcome.custom_id)
        output.aside(f"{outcome.custom_id}: {outcome.reading.status}")

    try:
        with closing(app.provider()) as provider:
            app.retries.finish_now(actor, job_id, provider, told=told, **how)
    except ProviderError:
        left = plan.requests - len(answered)
        output.aside(f"{len(answered)} of {plan.requests} were asked and stored; {left} have no new answer.")
        raise


def _send_again(
    app: App, actor: Actor, job_id: str, waiting: Sequence[WaitsForPerson], *, yes: bool, as_json: bool
) -> int:
    """Send what waits for a person: it was approved and its price is reserved.

    Only where a create got no answer it takes one word more, because what the provider received would be paid twice.
    """
    requests = sum(one.requests for one in waiting)
    prices = [one.again_usd for one in waiting if one.again_usd is not None]
    expected = sum(prices, Decimal(0)) if len(prices) == len(waiting) else None
    batches = f"{len(waiting)} batch{'es' if len(waiting) != 1 else ''}"
    sent_to = to_provider(app)
    doubt = any(one.unanswered for one in waiting)
    if not as_json:
        for one in waiting:
            output.line(f"{one.shard_id}: {one.why}")
            output.line(f"  {one.exposure}")
        output.line(f"{batches} with {requests:,} requests to send again. Cost: {output.money(expected)} expected.")
        if doubt:
            output.line("Warning: look at the provider's list of batches first; what it received would be paid twice.")
    go_on = yes or not doubt or (not as_json and sys.stdin.isatty() and typer.confirm("Send again?", default=False))
    if go_on:
        app.jobs.send_again(actor, job_id)
    state = app.jobs.get(actor, job_id).row.state
    if as_json:
        output.document(
            {
                "job_id": job_id, "requests": requests, "expected_usd": expected, "waiting": waiting,
                "resumed_shards": len(waiting) if go_on else 0, "started": go_on, "state": state,
                "sent_to": sent_to,
            }
        )  # fmt: skip
    elif go_on:
        output.line(f"{batches} of {job_id} will be sent again.")
        if state is JobState.PAUSED:
            output.line(f"The job is paused: nothing goes out before mosychlos portfolio batch resume {job_id}")
    else:
        output.line("Nothing was sent. Go on with --yes.")
    return 0


def _say(plan: RetryPlan) -> None:
    kinds = ", ".join(f"{n} {status}" for status, n in plan.statuses.items())
    models = ", ".join(plan.models)
    way = "one by one at the synchronous price" if plan.sync else "in a batch"
    output.line(f"{plan.requests:,} requests of {plan.job_id} ({kinds}) would be asked again of {models}, {way}.")
    output.line(
        f"Cost: {output.money(plan.expected_usd)} expected "
        f"({output.money(plan.low_usd)} to {output.money(plan.high_usd)})."
    )
    for stand_in in plan.replaced:
        output.line(stand_in.sentence)
    for sentence in (*plan.left_out, *(f"Warning: {warning}" for warning in plan.warnings)):
        output.line(sentence)


def orphans(
    delete: Annotated[bool, typer.Option("--delete", help="Delete these files and cancel these batches.")] = False,
    as_json: AsJson = False,
) -> int:
    """List files and batches of ours at the provider that no job here needs."""
    with opened() as (app, actor):
        to_provider(app)
        found = app.orphans(actor, delete=delete)
    if as_json:
        output.document({"orphans": found, "deleted": delete})
        return 0
    if not found:
        output.line("Nothing of ours is left at the provider.")
        return 0
    output.table(
        ("what", "id", "name", "bytes", "why"),
        ((one.what, one.remote_id, one.name, "" if one.bytes is None else f"{one.bytes:,}", one.why) for one in found),
        right=("bytes",),
    )
    kept = sum(one.keep for one in found)
    output.line("Deleted." if delete else "Delete them with --delete.")
    if kept:
        output.line(f"{kept} of them hold answers that are not stored here and are kept until their lifetime ends.")
    return 0


def alerts(as_json: AsJson = False) -> int:
    """List what a person should know now: stuck, late and vanished batches, doubts, budgets."""
    with opened() as (app, actor):
        standing = app.jobs.alerts(actor)
    if as_json:
        output.document({"alerts": standing})
        return 0
    if not standing:
        output.line("No alerts.")
    for one in standing:
        output.line(f"{one.raised_at:%Y-%m-%d %H:%M}Z {one.kind} {one.subject}: {one.text}")
    return 0


def add_commands(app: typer.Typer) -> None:
    """Put these commands beside the others of `batch`."""
    for command in (retry, orphans, alerts):
        app.command()(command)
