"""Waiting for a job, with a progress bar where there is a terminal."""

from __future__ import annotations

import sys
import time

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from core.app import App
from core.cli import output
from core.domain.actor import Actor
from core.domain.job import JobState
from core.domain.records import JobRow

EXIT = {JobState.DONE: 0, JobState.PARTIAL: 5, JobState.FAILED: 5, JobState.CANCELLED: 5, JobState.ATTENTION: 5}
"""Exit codes of ended jobs: 5 says that some requests have no analysis, or that a person is needed."""


MOVING = frozenset({JobState.QUEUED, JobState.RUNNING})
"""States in which something happens by itself, if a worker runs."""


def say_when_nobody_works(app: App, actor: Actor) -> None:
    """That a job waits, where no worker of its provider runs or nothing is asked of the provider now."""
    idle = app.idle(actor)
    if idle:
        output.aside(f"{idle.rstrip('.')}, so the job waits. Start one with: mosychlos worker")
    elif trouble := app.provider_trouble(actor):
        output.aside(trouble)


def wait_for(app: App, actor: Actor, job_id: str, *, timeout: float | None = None) -> tuple[int, JobState]:
    """Wait until a job has ended or needs a person; returns the exit code and the state.

    Without a terminal nothing is drawn. After `timeout` seconds the job goes on and the exit code is 5.
    """
    started = time.monotonic()
    console = Console(file=sys.stderr)
    told_no_worker = False
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed}/{task.total}"),
        TimeElapsedColumn(),
        console=console,
        disable=not console.is_terminal,
        transient=True,
    ) as progress:
        bar = progress.add_task(job_id, total=None)
        while True:
            row = app.jobs.get(actor, job_id).row
            progress.update(bar, description=f"{job_id} {row.state}", completed=_done(row), total=row.counts.total)
            if app.jobs.is_ended(actor, job_id):
                break
            if timeout is not None and time.monotonic() - started > timeout:
                output.aside(f"Job {job_id} is still {row.state} after {timeout:g} s; it goes on without us.")
                say_when_nobody_works(app, actor)
                return 5, row.state
            if not told_no_worker and time.monotonic() - started > 5:
                say_when_nobody_works(app, actor)
                told_no_worker = True
            time.sleep(0.5)
    counts = row.counts
    output.aside(
        f"Job {job_id} is {row.state}: {counts.succeeded} of {counts.total} succeeded, {counts.failed} failed, "
        f"{counts.missing} missing. {row.message}".rstrip()
    )
    return EXIT[row.state], row.state


def _done(row: JobRow) -> int:
    return max(row.counts.total - row.counts.pending, min(row.provider_done, row.counts.total))
