"""`mosychlos portfolio batch reask`: ask once more for answers that did not hold, with the list of what did not."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from core.cli import output
from core.cli.batch import AsJson, JobId
from core.cli.recipient import to_provider
from core.cli.session import opened
from core.desk.corrections import ReaskPlan
from core.domain.records import AskedAgain
from core.errors import OverBudget


def reask(
    job_id: JobId,
    only: Annotated[
        list[AskedAgain] | None,
        typer.Option(help="invalid (broke its schema) or flagged (something in it did not hold); may be repeated."),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Go on without being asked.")] = False,
    as_json: AsJson = False,
) -> int:
    """Ask once more for answers that did not hold, with their errors, once the price was shown."""
    with opened() as (app, actor):
        reasons = tuple(only or ())
        sent_to = to_provider(app)
        plan = app.reasks.reask_preview(actor, job_id, only=reasons)
        if not as_json:
            _say(plan)
        go_on = yes or (not as_json and sys.stdin.isatty() and typer.confirm("Ask again?", default=False))
        if plan.over_budget:
            raise OverBudget(plan.over_budget)
        if go_on:
            app.reasks.reask(actor, job_id, only=reasons)
        state = app.jobs.get(actor, job_id).row.state
    if as_json:
        output.document({**output.plain(plan), "started": go_on, "state": state, "sent_to": sent_to})
    elif go_on:
        output.line(f"Job {job_id} is {state}.")
    else:
        output.line("Nothing was sent. Go on with --yes.")
    return 0


def _say(plan: ReaskPlan) -> None:
    kinds = ", ".join(f"{n} {why}" for why, n in plan.why.items())
    models = ", ".join(plan.models)
    output.line(
        f"{plan.requests:,} answers of {plan.job_id} ({kinds}) would be asked for again of {models}, in a batch, with "
        "the list of what did not hold. Each is asked once; both answers are kept, and the better one stands."
    )
    output.line(
        f"Cost: {output.money(plan.expected_usd)} expected "
        f"({output.money(plan.low_usd)} to {output.money(plan.high_usd)})."
    )
    for sentence in (*plan.left_out, *(f"Warning: {warning}" for warning in plan.warnings)):
        output.line(sentence)


def add_commands(app: typer.Typer) -> None:
    """Put this command beside the others of `batch`."""
    app.command()(reask)
