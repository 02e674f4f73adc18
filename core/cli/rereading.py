"""`mosychlos portfolio batch reread`: read stored result lines again, with today's reader."""

from __future__ import annotations

import typer

from core.cli import output
from core.cli.batch import AsJson, JobId
from core.cli.session import opened


def reread(job_id: JobId, as_json: AsJson = False) -> int:
    """Read the provider's stored lines of a job again: no call, no money. Answers that are read stand from now on."""
    with opened() as (app, actor):
        done = app.read_again(actor, job_id)
        job = app.jobs.get(actor, job_id)
    if as_json:
        output.document({**output.plain(done), "state": job.row.state, "actual_usd": job.row.actual_usd})
        return 0
    output.line(done.sentence)
    output.line(f"Job {job_id} is {job.row.state}. Cost: {output.money(job.row.actual_usd)}, as before.")
    return 0


def add_commands(app: typer.Typer) -> None:
    """Put this command beside the others of `batch`."""
    app.command()(reread)
