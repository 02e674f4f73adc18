"""`mosychlos portfolio batch sets`: jobs that were submitted together."""

from __future__ import annotations

from typing import Annotated

import typer

from core.cli import output
from core.cli.session import opened
from core.domain.records import JobSet

AsJson = Annotated[bool, typer.Option("--json", help="Print exactly one JSON document.")]


def add_commands(batch_app: typer.Typer) -> None:
    """Put the command in its group."""
    batch_app.command("sets")(sets)


def sets(
    set_id: Annotated[str | None, typer.Argument(metavar="SET", help="Show this set and its jobs.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")] = 50,
    as_json: AsJson = False,
) -> int:
    """List sets of jobs that were submitted together, newest first, or show one of them."""
    if set_id is not None:
        return _show(set_id, as_json=as_json)
    with opened() as (app, actor):
        rows = app.sets.page(actor, limit=limit)
    if as_json:
        output.document({"sets": [_plain(row) for row in rows]})
        return 0
    if not rows:
        output.line(
            "There are no sets. Submit one with: mosychlos portfolio analyze risk,compliance --batch --all "
            "--model gpt-5.4-mini --model gpt-6-luna"
        )
        return 0
    output.table(
        ("set", "what", "compares", "jobs", "states", "done", "of", "expected", "actual"),
        (
            (
                row.set_id,
                row.name,
                row.comparison,
                row.jobs,
                _states(row),
                row.counts.succeeded,
                row.counts.total,
                output.money(row.expected_usd),
                output.money(row.actual_usd),
            )
            for row in rows
        ),
        right=("jobs", "done", "of", "expected", "actual"),
    )
    return 0


def _show(set_id: str, *, as_json: bool) -> int:
    with opened() as (app, actor):
        found, jobs = app.sets.get(actor, set_id)
    if as_json:
        output.document({**_plain(found), "rows": jobs})
        return 0
    output.line(
        f"{found.set_id}: {found.name}. {_states(found)}; {found.counts.succeeded} of {found.counts.total} succeeded."
    )
    output.line(f"Cost: {output.money(found.actual_usd)} so far, {output.money(found.expected_usd)} expected.")
    output.table(
        ("job", "analysis", "prompt", "model", "state", "done", "of", "failed", "expected", "actual"),
        (
            (
                row.job_id,
                row.kind.value,
                row.prompt_version,
                row.model,
                row.state.value,
                row.counts.succeeded,
                row.counts.total,
                row.counts.failed + row.counts.missing,
                output.money(row.expected_usd),
                output.money(row.actual_usd),
            )
            for row in jobs
        ),
        right=("done", "of", "failed", "expected", "actual"),
    )
    return 0


def _states(row: JobSet) -> str:
    return ", ".join(f"{count} {state}" for state, count in sorted(row.states.items()))


def _plain(row: JobSet) -> dict[str, object]:
    return {
        "set_id": row.set_id,
        "name": row.name,
        "comparison": row.comparison or None,
        "created_at": row.created_at,
        "created_by": row.created_by,
        "jobs": row.jobs,
        "states": {state.value: count for state, count in row.states.items()},
        "counts": {
            "total": row.counts.total,
            "succeeded": row.counts.succeeded,
            "failed": row.counts.failed,
            "missing": row.counts.missing,
            "pending": row.counts.pending,
        },
        "expected_usd": row.expected_usd,
        "actual_usd": row.actual_usd,
    }
