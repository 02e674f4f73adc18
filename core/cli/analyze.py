"""`mosychlos portfolio analyze`: one or several analyses by one or several models, priced, asked or submitted."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated, Any

import typer

from core.app import App
from core.cli import output
from core.cli.ask import ask
from core.cli.moments import moment
from core.cli.recipient import to_provider
from core.cli.session import opened
from core.cli.wait import say_when_nobody_works, wait_for
from core.desk.jobs import Preview
from core.desk.sets import SetPreview, SetWish, Submitted
from core.domain.actor import Actor
from core.domain.analysis import AnalysisRequest, Endpoint, Kind, Priority, Variant
from core.domain.cost import Estimate
from core.domain.filters import PortfolioFilter
from core.domain.job import JobState
from core.domain.trial import TRY, in_words
from core.errors import AlreadyOpen, BadInput, OverBudget, Refused
from core.llm.surcharges import UPLIFT

AsJson = Annotated[bool, typer.Option("--json", help="Print exactly one JSON document.")]
DEFAULT_MODEL = "gpt-5.4-mini"


def analyze(  # noqa: C901  # one command with many options, each looked at once
    kind: Annotated[str, typer.Argument(metavar="TYPE[,TYPE…]", help=f"One or several of: {', '.join(Kind)}.")],
    batch: Annotated[bool, typer.Option("--batch", help="Submit one batch at half price.")] = False,
    portfolio: Annotated[list[str] | None, typer.Option(help="Portfolio id; may be repeated.")] = None,
    all_: Annotated[bool, typer.Option("--all", help="All portfolios.")] = False,
    group: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="The portfolios of a group; a committee_brief is about all together."),
    ] = None,
    model: Annotated[list[str] | None, typer.Option(help=f"Model id ({DEFAULT_MODEL}); may be repeated.")] = None,
    regional: Annotated[bool, typer.Option("--regional", help="Overlay by each portfolio's own region.")] = False,
    region: Annotated[str | None, typer.Option(help="Overlay for all, e.g. FR.")] = None,
    template: Annotated[Variant, typer.Option(help="Temper of the prompt.")] = Variant.DEFAULT,
    profile: Annotated[str | None, typer.Option(help="Investment profile, e.g. moderate.")] = None,
    prompt: Annotated[
        list[str] | None, typer.Option(metavar="VERSION", help="Prompt version, e.g. v1; may be repeated to compare.")
    ] = None,
    scenario: Annotated[list[str] | None, typer.Option(help="Market scenario of a risk analysis; repeatable.")] = None,
    tool: Annotated[
        list[str] | None, typer.Option(help="Tool that the model may call, such as risk_calculator; repeatable.")
    ] = None,
    period: Annotated[list[str] | None, typer.Option(help="Period of a performance analysis; repeatable.")] = None,
    batch_priority: Annotated[Priority, typer.Option(help="Place in the queue.")] = Priority.NORMAL,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count and price only; send nothing.")] = False,
    jsonl: Annotated[Path | None, typer.Option(help="With --dry-run: write the exact provider input here.")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Let --jsonl replace a file that is there.")] = False,
    max_cost: Annotated[str | None, typer.Option(metavar="USD", help="Refuse above this expected cost.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Go on past warnings; never past a budget.")] = False,
    optimise: Annotated[
        bool, typer.Option("--optimise", help="Take a suggested cheaper model; fold the smallest holdings to fit.")
    ] = False,
    fallback: Annotated[
        bool, typer.Option("--fallback", help="Take the replacement of a model that cannot be asked.")
    ] = False,
    if_not_open: Annotated[
        bool,
        typer.Option("--if-not-open", help="With --batch: what is under way already is named and not submitted again."),
    ] = False,
    leave_out: Annotated[
        bool, typer.Option("--leave-out", help="Leave out portfolios that cannot be asked about, and name them.")
    ] = False,
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
    """Analyse portfolios: in batches, or (without --batch) one by one at once, streaming the answers."""
    if jsonl is not None and not dry_run:
        raise BadInput("--jsonl goes with --dry-run.")
    if if_not_open and not batch:
        raise BadInput("--if-not-open goes with --batch.")
    if optimise and force:
        raise BadInput("--optimise takes another model and --force keeps the one chosen. Give one of them.")
    wished = {"temperature": temperature, "reasoning_effort": effort, "max_output_tokens": max_output_tokens}
    with opened() as (app, actor):
        wish = SetWish(
            kinds=_kinds(kind),
            models=tuple(model or [DEFAULT_MODEL]),
            versions=tuple(prompt or ()),
            base=AnalysisRequest(
                kind=Kind.RISK,
                portfolio_ids=_chosen(app, actor, portfolio or [], group, all_=all_),
                model="",
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
                trim=optimise,
                group=" ".join(group.split()) if group and Kind.COMMITTEE_BRIEF in _kinds(kind) else "",
            ),
        )
        if leave_out:
            wish = _without_unfit(app, actor, wish)
        requests = wish.requests()
        if dry_run:
            return _dry_run(
                app, actor, wish, jsonl, overwrite=overwrite, suggest=not force, fallback=fallback, as_json=as_json
            )
        if not batch:
            if len(requests) > 1:
                raise BadInput("Several analyses, models or prompt versions at once go in batches. Add --batch.")
            return ask(app, actor, requests[0], force=force, as_json=as_json)
        sent_to = to_provider(app)
        done = _done(
            app,
            actor,
            wish,
            force=force,
            again=force and not if_not_open,
            if_not_open=if_not_open,
            needed_by=moment(needed_by, "--needed-by"),
            optimise=optimise,
            fallback=fallback,
        )
        described = {**_submitted(done), "sent_to": sent_to}
        if not as_json:
            _say_submitted(done)
        if not wait:
            if as_json:
                output.document(described)
            else:
                say_when_nobody_works(app, actor)
            return 0
        ended = [wait_for(app, actor, job.row.job_id) for job in done.jobs]
        if as_json:
            if len(ended) == 1:
                described["state"] = ended[0][1]
            else:
                described["states"] = {job.row.job_id: state for job, (_, state) in zip(done.jobs, ended, strict=True)}
            output.document(described)
        return max(code for code, _ in ended)


def _done(app: App, actor: Actor, wish: SetWish, **how: Any) -> Submitted:
    try:
        return app.sets.submit(actor, wish, **how)
    except AlreadyOpen as open_:
        jobs = [*open_.places.values(), *(job_id for waiting in open_.parts.values() for job_id in waiting.values())]
        seen = next((one for one in jobs if not one.startswith(TRY)), "")
        see = f"See it with: mosychlos portfolio batch status {seen}. " if seen else "Its answer comes in minutes. "
        raise Refused(
            f"{open_} {see}Submit it once more with --force, or let --if-not-open take the open run and submit only "
            "what waits nowhere."
        ) from None


def _without_unfit(app: App, actor: Actor, wish: SetWish) -> SetWish:
    wish, left = app.sets.leave_out(actor, wish)
    for sentence in left.values():
        output.aside(f"Left out: {sentence}")
    return wish


def _submitted(done: Submitted) -> dict[str, object]:
    jobs = [
        {
            **_described(job.row.job_id, job.row.state, job.estimate),
            "analysis": job.request.kind,
            "prompt_version": job.row.prompt_version,
            "set_id": job.row.set_id or None,
            "taken": list(done.taken),
            "already_open": job.row.job_id in done.open,
            "waits_elsewhere": dict(done.elsewhere),
        }
        for job in done.jobs
    ]
    if done.job_set is None:
        return jobs[0] if len(jobs) == 1 else {"set_id": None, "taken": list(done.taken), "jobs": jobs}
    return {
        "set_id": done.job_set.set_id,
        "name": done.job_set.name,
        "comparison": done.job_set.comparison or None,
        "expected_usd": done.job_set.expected_usd,
        "taken": list(done.taken),
        "jobs": jobs,
    }


def _say_submitted(done: Submitted) -> None:
    for sentence in done.taken:
        output.line(f"Taken: {sentence}")
    for portfolio_id, waits_in in done.elsewhere.items():
        output.line(f"Left out: {portfolio_id} waits for its answer in {in_words(waits_in)} already.")
    for job in done.jobs:
        if done.job_set is not None:
            output.line(f"{job.request.kind} ({job.row.prompt_version}):")
        _say(job.estimate)
        job_id = job.row.job_id
        if job_id in done.open:
            output.line(f"Under way already as {job_id} ({job.row.state}); nothing was submitted for it.")
            continue
        output.line(f"Submitted as {job_id}. Follow it: mosychlos portfolio batch wait {job_id}")
    if done.job_set is not None:
        output.line(
            f"Together they are set {done.job_set.set_id}, {output.money(done.job_set.expected_usd)} expected. "
            f"Follow it: mosychlos portfolio batch sets {done.job_set.set_id}"
        )


def _dry_run(
    app: App,
    actor: Actor,
    wish: SetWish,
    jsonl: Path | None,
    *,
    overwrite: bool,
    suggest: bool,
    fallback: bool,
    as_json: bool,
) -> int:
    requests = wish.requests()
    if len(requests) > 1:
        return _dry_run_of_many(app, actor, wish, jsonl, fallback=fallback, as_json=as_json)
    request, stand_in = requests[0], None
    if fallback:
        [part] = app.sets.preview(actor, wish, suggest=False, fallback=True).parts
        request, stand_in = part.request, part.fallback
    preview = app.jobs.preview(actor, request, suggest=suggest)
    files = app.jobs.export(actor, request, jsonl, overwrite=overwrite) if jsonl is not None else []
    described = _described(None, None, preview.estimate) | _told(preview)
    described["warnings"] = [*preview.estimate.warnings, *preview.blockers, *_alike(app, actor, preview)]
    if as_json:
        replaced = None if stand_in is None else stand_in.document()
        output.document({**described, "fallback": replaced, "files": [str(file) for file in files]})
    else:
        if stand_in is not None:
            output.line(stand_in.sentence)
        _say(preview.estimate)
        _say_preview(preview, _alike(app, actor, preview))
        for file in files:
            output.line(f"Written: {file}")
        output.line("Nothing was sent.")
    if preview.over_budget:
        output.aside(f"Error: {preview.over_budget}")
        return OverBudget.exit_code
    return BadInput.exit_code if preview.refused else 0


def _dry_run_of_many(
    app: App, actor: Actor, wish: SetWish, jsonl: Path | None, *, fallback: bool, as_json: bool
) -> int:
    if jsonl is not None:
        raise BadInput("--jsonl writes the input of one analysis by one model. Ask for each by itself.")
    found = app.sets.preview(actor, wish, fallback=fallback)
    if as_json:
        output.document(_set_described(found))
    else:
        for part in found.parts:
            output.line(f"{part.request.kind} with {part.request.model}:")
            if part.preview is None:
                output.line(f"  Cannot be asked: {part.problem}")
                if part.fallback is not None:
                    output.line(f"  Could be taken (--fallback): {part.fallback.sentence}")
                continue
            if part.fallback is not None:
                output.line(f"  {part.fallback.sentence}")
            _say(part.preview.estimate)
            _say_preview(part.preview, _alike(app, actor, part.preview))
        output.line(
            f"Together: {found.requests:,} requests, {output.money(found.expected_usd)} expected "
            f"({output.money(found.low_usd)} to {output.money(found.high_usd)}); "
            f"{output.money(found.savings_usd)} less than synchronous. Nothing was sent."
        )
    if found.over_budget:
        output.aside(f"Error: {found.over_budget}")
        return OverBudget.exit_code
    return 0 if found.whole else BadInput.exit_code


def _set_described(found: SetPreview) -> dict[str, object]:
    return {
        "set_id": None,
        "name": found.wish.name,
        "comparison": found.wish.comparison or None,
        "estimate": {
            "expected_usd": found.expected_usd,
            "low_usd": found.low_usd,
            "high_usd": found.high_usd,
            "uplift_usd": found.uplift_usd,
            "sync_usd": found.sync_usd,
            "savings_usd": found.savings_usd,
            "input_tokens": found.input_tokens,
            "output_tokens": found.output_tokens,
            "completion_time": found.completion_time,
            "model_mix": found.model_mix,
        },
        "warnings": [*found.warnings, *found.blockers],
        "missing": {name: list(kinds) for name, kinds in found.missing.items()},
        "jobs": [
            {"analysis": part.request.kind, "model": part.request.model, "problem": part.problem or None}
            | ({"fallback": part.fallback.document()} if part.fallback else {})
            | (_described(None, None, part.preview.estimate) | _told(part.preview) if part.preview else {})
            for part in found.parts
        ],
    }


def _told(preview: Preview) -> dict[str, object]:
    suggestion = preview.suggestion
    tokens = preview.estimate.input_tokens
    return {
        "refused": preview.refused,
        "changes": preview.changes,
        "cacheable_share": preview.cacheable_tokens / tokens if tokens else None,
        "suggestion": None
        if suggestion is None
        else {
            "model": suggestion.model,
            "before_usd": suggestion.before_usd,
            "after_usd": suggestion.after_usd,
            "saving_usd": suggestion.saving_usd,
            "reasons": suggestion.reasons,
            "changes": suggestion.changes,
        },
    }


def _alike(app: App, actor: Actor, preview: Preview) -> list[str]:
    """Sentences about open jobs that ask the same."""
    return [one.said(actor.subject, app.now()) for one in app.jobs.alike(actor, [preview])]


def _say_preview(preview: Preview, alike: Sequence[str]) -> None:
    for sentence in preview.refused.values():
        output.line(f"Cannot be asked: {sentence}")
    if preview.cacheable_tokens:
        share = preview.cacheable_tokens / preview.estimate.input_tokens
        output.line(f"{share:.0%} of the input is the same in many requests and may be charged at the cached rate.")
    if preview.suggestion is not None:
        output.line(f"Suggestion (--optimise): {preview.suggestion.sentence}")
    for sentence in preview.blockers:
        output.line(f"Would stop a submission: {sentence}")
    for one in alike:
        output.line(f"Would stop a submission: {one}")


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
            "uplift_usd": estimate.uplift_usd,
            "sync_usd": estimate.sync_usd,
            "savings_usd": estimate.savings_usd,
            "input_tokens": estimate.input_tokens,
            "output_tokens": estimate.output_tokens,
            "completion_time": estimate.completion_time,
            "model_mix": estimate.model_mix,
            "price_source": estimate.price_source,
            "basis": estimate.basis or estimate.assumption or None,
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
    output.line(f"The interval rests on {estimate.basis or estimate.assumption}.")
    if estimate.uplift_usd is not None:
        where = estimate.region.upper()
        output.line(f"Of it {output.money(estimate.uplift_usd)} for data residency in {where} (+{UPLIFT:.0%})")
    output.line(f"Usually done in {estimate.completion_time}")
    for warning in estimate.warnings:
        output.line(f"Warning: {warning}")


def _chosen(app: App, actor: Actor, ids: list[str], group: str | None, *, all_: bool) -> tuple[str, ...]:
    if group is not None:
        if ids or all_:
            raise BadInput("Give one of --group, --all and --portfolio.")
        members = app.portfolios.page(actor, PortfolioFilter(group=group))
        if not members:
            raise BadInput(
                f"There is no portfolio in a group '{group[:60]}'. See the groups with: mosychlos portfolio groups"
            )
        return tuple(row.portfolio_id for row in members)
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


def _kinds(text: str) -> tuple[Kind, ...]:
    names = [name.strip() for name in text.split(",") if name.strip()]
    unknown = [name for name in names if name not in set(Kind)]
    if unknown or not names:
        raise BadInput(f"There is no analysis '{(unknown or [text])[0]}'. Choose from: {', '.join(Kind)}.")
    return tuple(Kind(name) for name in names)


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
