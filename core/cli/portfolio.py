"""`mosychlos portfolio`: import, list, analyze."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated

import typer

from core.app import App
from core.cli import output
from core.cli.ask import ask
from core.cli.moments import moment
from core.cli.session import opened
from core.cli.wait import wait_for
from core.domain.actor import Actor
from core.domain.analysis import AnalysisRequest, Endpoint, Kind, Priority, Variant
from core.domain.cost import Estimate
from core.domain.job import JobState
from core.errors import BadInput, OverBudget

portfolio_app = typer.Typer(help="Portfolios: bring them in, look at them, have them analysed.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print exactly one JSON document.")]
DEFAULT_MODEL = "gpt-5.4-mini"


@portfolio_app.command("import")
def import_(
    paths: Annotated[list[Path], typer.Argument(help="Files or folders.")],
    format: Annotated[str, typer.Option(help="Reader, or auto to detect it.")] = "auto",  # noqa: A002  # the option's name
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Keep nothing.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Keep nothing if there is any problem.")] = False,
    base_currency: Annotated[str | None, typer.Option(help="Base currency instead of the derived one.")] = None,
    region: Annotated[str | None, typer.Option(help="Region code instead of the derived one.")] = None,
    columns: Annotated[
        list[str] | None,
        typer.Option(
            "--map", metavar="COLUMN=FIELD", help="Which column is which, for a table of your own; may be repeated."
        ),
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Bring in position files. Good rows are kept and every problem is shown; exit code 2 when there was any."""
    with opened() as (app, actor):
        report = app.imports.import_paths(
            actor,
            paths,
            format=format,
            base_currency=base_currency,
            region=region,
            columns=columns or (),
            dry_run=dry_run,
            strict=strict,
        )
    if as_json:
        output.document({"imported": report.imported, "problems": report.problems, "notes": report.notes})
    else:
        if report.imported:
            output.table(
                ("id", "name", "format", "as of", "lines", "value", "", "change"),
                (
                    (
                        one.portfolio_id,
                        one.name,
                        one.format,
                        one.as_of,
                        one.holdings,
                        "unknown" if one.total_value is None else f"{one.total_value:,.2f}",
                        one.currency,
                        "not kept" if not report.kept else one.change.value.replace("_", " "),
                    )
                    for one in report.imported
                ),
                right=("lines", "value"),
            )
        for note in report.notes:
            output.line(f"Note: {note}")
        for problem in report.problems:
            place = "".join(
                (f", row {problem.row}" if problem.row else "", f", column {problem.column}" if problem.column else "")
            )
            value = f" '{problem.value}'" if problem.value else ""
            output.aside(f"Problem: {problem.file}{place}{value}: {problem.message}")
        if report.problems and not report.kept and not dry_run:
            output.aside("Nothing was kept, because of --strict.")
    return 2 if report.problems else 0


@portfolio_app.command("list")
def list_(
    search: Annotated[str, typer.Option(help="Words in the name, account or id.")] = "",
    region: Annotated[str | None, typer.Option(help="Only this region.")] = None,
    tag: Annotated[str | None, typer.Option(help="Only those with this tag.")] = None,
    group: Annotated[str | None, typer.Option(help="Only those of this group.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many.")] = None,
    as_json: AsJson = False,
) -> int:
    """List portfolios by name."""
    with opened() as (app, actor):
        rows = app.portfolios.page(actor, search=search, region=region, tag=tag, group=group, limit=limit)
    if as_json:
        output.document({"portfolios": rows})
        return 0
    if not rows and (search or region or tag or group):
        output.line("No portfolio is like that. See all with: mosychlos portfolio list")
        return 0
    if not rows:
        output.line("There are no portfolios. Bring some in with: mosychlos portfolio import FILE")
        return 0
    output.table(
        ("id", "name", "region", "as of", "lines", "value", "", "days", "tags"),
        (
            (
                row.portfolio_id,
                row.name + (" (sample)" if row.is_sample else ""),
                row.region,
                row.as_of,
                row.holdings,
                "unknown" if row.total_value is None else f"{row.total_value:,.2f}",
                row.base_currency,
                row.snapshots,
                " ".join(row.tags),
            )
            for row in rows
        ),
        right=("lines", "value", "days"),
    )
    return 0


@portfolio_app.command()
def analyze(
    kind: Annotated[str, typer.Argument(metavar="TYPE", help=f"One of: {', '.join(Kind)}.")],
    batch: Annotated[bool, typer.Option("--batch", help="Submit one batch at half price.")] = False,
    portfolio: Annotated[list[str] | None, typer.Option(help="Portfolio id; may be repeated.")] = None,
    all_: Annotated[bool, typer.Option("--all", help="All portfolios.")] = False,
    model: Annotated[str, typer.Option(help="Model id.")] = DEFAULT_MODEL,
    regional: Annotated[bool, typer.Option("--regional", help="Overlay by each portfolio's own region.")] = False,
    region: Annotated[str | None, typer.Option(help="Overlay for all, e.g. FR.")] = None,
    template: Annotated[Variant, typer.Option(help="Temper of the prompt.")] = Variant.DEFAULT,
    profile: Annotated[str | None, typer.Option(help="Investment profile, e.g. moderate.")] = None,
    scenario: Annotated[list[str] | None, typer.Option(help="Market scenario of a risk analysis; repeatable.")] = None,
    tool: Annotated[
        list[str] | None, typer.Option(help="Tool that the model may call, such as risk_calculator; repeatable.")
    ] = None,
    period: Annotated[list[str] | None, typer.Option(help="Period of a performance or attribution; repeatable.")] = None,
    batch_priority: Annotated[Priority, typer.Option(help="Place in the queue.")] = Priority.NORMAL,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count and price only; send nothing.")] = False,
    jsonl: Annotated[Path | None, typer.Option(help="With --dry-run: write the exact provider input here.")] = None,
    max_cost: Annotated[str | None, typer.Option(metavar="USD", help="Refuse above this expected cost.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Go on past warnings; never past a budget.")] = False,
    wait: Annotated[bool, typer.Option("--wait", help="Wait until it has ended.")] = False,
    endpoint: Annotated[Endpoint, typer.Option(help="API to write the requests for.")] = Endpoint.CHAT,
    temperature: Annotated[float | None, typer.Option(help="Sampling temperature, where the model takes it.")] = None,
    effort: Annotated[str | None, typer.Option(help="Reasoning effort, where the model takes it.")] = None,
    max_output_tokens: Annotated[int | None, typer.Option(min=1, help="Cap of one answer.")] = None,
    needed_by: Annotated[
        str | None, typer.Option(metavar="WHEN", help="When the answers are needed, e.g. 2026-11-25T09:00 (UTC).")
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Analyse portfolios: in one batch, or (without --batch) one by one at once, streaming the answers."""
    if jsonl is not None and not dry_run:
        raise BadInput("--jsonl goes with --dry-run.")
    wished = {"temperature": temperature, "reasoning_effort": effort, "max_output_tokens": max_output_tokens}
    with opened() as (app, actor):
        request = AnalysisRequest(
            kind=_kind(kind),
            portfolio_ids=_chosen(app, actor, portfolio or [], all_=all_),
            model=model,
            endpoint=endpoint,
            variant=template,
            regional=regional,
            region=region.upper() if region else None,
            priority=batch_priority,
            parameters={name: value for name, value in wished.items() if value is not None},
            max_cost_usd=_usd(max_cost),
            scenarios=tuple(scenario or ()),
            tools=tuple(dict.fromkeys(tool or ())),
            periods=tuple(one.lower() for one in period or ()),
            profile=profile,
        )
        if dry_run:
            return _dry_run(app, actor, request, jsonl, as_json=as_json)
        if not batch:
            return ask(app, actor, request, force=force, as_json=as_json)
        job = app.jobs.submit(actor, request, force=force, needed_by=moment(needed_by, "--needed-by"))
        described = _described(job.row.job_id, job.row.state, job.estimate)
        if not wait:
            if as_json:
                output.document(described)
            else:
                _say(job.estimate)
                output.line(
                    f"Submitted as {job.row.job_id}. Follow it: mosychlos portfolio batch wait {job.row.job_id}"
                )
                if not app.worker_is_alive(actor):
                    output.aside("No worker runs, so it waits. Start one with: mosychlos worker")
            return 0
        if not as_json:
            _say(job.estimate)
            output.line(f"Submitted as {job.row.job_id}.")
        code, state = wait_for(app, actor, job.row.job_id)
        if as_json:
            output.document({**described, "state": state})
        return code


def _dry_run(app: App, actor: Actor, request: AnalysisRequest, jsonl: Path | None, *, as_json: bool) -> int:
    preview = app.jobs.preview(actor, request)
    files = app.jobs.export(actor, request, jsonl) if jsonl is not None else []
    described = _described(None, None, preview.estimate)
    described["warnings"] = [*preview.estimate.warnings, *preview.blockers]
    if as_json:
        output.document({**described, "files": [str(file) for file in files]})
    else:
        _say(preview.estimate)
        for sentence in preview.blockers:
            output.line(f"Would stop a submission: {sentence}")
        for file in files:
            output.line(f"Written: {file}")
        output.line("Nothing was sent.")
    if preview.over_budget:
        output.aside(f"Error: {preview.over_budget}")
        return OverBudget.exit_code
    return 0


def _described(job_id: str | None, state: JobState | None, estimate: Estimate) -> dict[str, object]:
    return {
        "job_id": job_id,
        "state": state,
        "requests": estimate.requests,
        "shards": estimate.shards,
        "model": estimate.model,
        "model_class": estimate.model_class,
        "estimate": {
            "expected_usd": estimate.expected_usd,
            "low_usd": estimate.low_usd,
            "high_usd": estimate.high_usd,
            "sync_usd": estimate.sync_usd,
            "savings_usd": estimate.savings_usd,
            "input_tokens": estimate.input_tokens,
            "output_tokens": estimate.output_tokens,
            "completion_time": estimate.completion_time,
            "model_mix": estimate.model_mix,
            "price_source": estimate.price_source,
        },
        "warnings": list(estimate.warnings),
    }


def _say(estimate: Estimate) -> None:
    output.line(
        f"{estimate.requests:,} requests to {estimate.model} ({estimate.model_class}) in {estimate.shards} "
        f"batch{'es' if estimate.shards != 1 else ''}, {estimate.bytes / 1e6:,.1f} MB"
    )
    output.line(f"Tokens: {estimate.input_tokens:,} in (counted), about {estimate.output_tokens:,} out")
    output.line(
        f"Cost: {output.money(estimate.expected_usd)} expected "
        f"({output.money(estimate.low_usd)} to {output.money(estimate.high_usd)}); "
        f"{output.money(estimate.savings_usd)} less than synchronous. Prices: {estimate.price_source}"
    )
    output.line(f"Usually done in {estimate.completion_time}")
    for warning in estimate.warnings:
        output.line(f"Warning: {warning}")


def _chosen(app: App, actor: Actor, ids: list[str], *, all_: bool) -> tuple[str, ...]:
    if all_:
        if ids:
            raise BadInput("Give either --all or --portfolio, not both.")
        found = app.portfolios.ids(actor)
        if not found:
            raise BadInput("There are no portfolios yet. Bring some in with: mosychlos portfolio import FILE")
        return tuple(found)
    if not ids:
        raise BadInput("No portfolio was chosen. Name some with --portfolio ID, or take all with --all.")
    return tuple(dict.fromkeys(ids))


def _kind(text: str) -> Kind:
    try:
        return Kind(text)
    except ValueError:
        raise BadInput(f"There is no analysis '{text}'. Choose one of: {', '.join(Kind)}.") from None


def _usd(text: str | None) -> Decimal | None:
    if text is None:
        return None
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise BadInput(f"--max-cost is '{text}': give an amount in USD such as 2.50.") from None
    if not value.is_finite() or value < 0:
        raise BadInput(f"--max-cost is '{text}': give an amount of 0 or more.")
    return value
