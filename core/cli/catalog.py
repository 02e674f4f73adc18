"""`mosychlos models | prompts | config`: what there is to choose from, and whether it is set up right."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from core import config_file, sdk_environment
from core.analyses.prompt_requirements import definitions_in_prompt, expected_prompts, prompt_sizes
from core.app import ModelRow
from core.cli import output
from core.cli.session import environment, opened, settings, unasked
from core.errors import BadSetting, StorageTrouble
from core.llm.profiles import profile_ids
from core.llm.prompt_check import check as check_prompts
from core.llm.prompts import PromptPart
from core.llm.tokens import counter
from core.settings import SETTINGS, Setting, unknown_names

models_app = typer.Typer(help="Models: capabilities, limits, prices, shutdown dates.", no_args_is_help=True)
prompts_app = typer.Typer(help="Prompts: versions, overlays, checks.", no_args_is_help=True)
config_app = typer.Typer(help="Settings.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print exactly one JSON document.")]


@models_app.command("list")
def list_models(as_json: AsJson = False) -> int:
    """List known models with their batch prices in USD per million tokens."""
    with opened() as (app, _):
        rows = app.models()
    if as_json:
        output.document({"models": [_model(row) for row in rows]})
        return 0
    output.table(
        ("model", "class", "in", "out", "context", "shutdown", "replacement"),
        (
            (
                row.model.model_id,
                row.model.model_class,
                "unknown" if row.batch is None else f"{row.batch.input:.4g}",
                "unknown" if row.batch is None else f"{row.batch.output:.4g}",
                f"{row.model.context_window:,}" if row.model.context_window else "unknown",
                f"{row.model.shutdown}{' (gone)' if row.shut_down else ''}" if row.model.shutdown else "",
                row.model.replacement or "",
            )
            for row in rows
        ),
        right=("in", "out", "context"),
    )
    return 0


@models_app.command("show")
def show_model(model_id: str, as_json: AsJson = False) -> int:
    """Show what a model takes, costs, and how long it lives."""
    with opened() as (app, actor):
        row = app.model(model_id)
        remembered = app.remembered(actor, model_id)
        away = app.left_away(actor, model_id)
    described = _model(row)
    if as_json:
        rows = [{**output.plain(one), "left_away": (one.parameter, one.endpoint) in away} for one in remembered]
        output.document({**described, "remembered": rows})
        return 0
    if not row.model.known:
        output.line(f"{model_id} is not known: conservative parameters are assumed.")
    for name, value in output.plain(described).items():
        output.line(f"{name}: {value}")
    if not remembered:
        output.line("Nothing is known yet from its own answers.")
        return 0
    output.line()
    output.line("What its answers have shown, parameter by parameter:")
    output.table(
        ("parameter", "value", "api", "sent", "accepted", "refused", "last refusal"),
        (
            (
                one.parameter,
                one.value,
                one.endpoint,
                one.sent,
                one.accepted,
                one.refused,
                f"{one.refused_on}: {one.words}" if one.refused else "",
            )
            for one in remembered
        ),
        right=("sent", "accepted", "refused"),
    )
    for (parameter, api), meaning in away.items():
        output.line(f"{parameter} ({api}) is refused by this provider and left away: {meaning}.")
    return 0


def _model(row: ModelRow) -> dict[str, object]:
    return {
        **output.plain(row.model),
        "shut_down": row.shut_down,
        "batch_price": row.batch,
        "sync_price": row.sync,
    }


@prompts_app.command("list")
def list_prompts(as_json: AsJson = False) -> int:
    """List prompts with their versions, and the overlays and variants."""
    with opened() as (app, _):
        library = app.library
        kinds = [
            {"kind": kind, "version": file.text("version"), "released": file.released, "sha256": file.sha256}
            for kind in library.kinds()
            for file in library.versions(kind)
        ]
        regions = [file.text("code") for file in library.regions()]
        variants = [file.text("variant") for file in library.variants()]
        profiles = list(profile_ids())
    if as_json:
        output.document({"prompts": kinds, "regions": regions, "variants": variants, "profiles": profiles})
        return 0
    output.table(
        ("kind", "version", "released", "sha256"),
        ((one["kind"], one["version"], one["released"], str(one["sha256"])[:12]) for one in kinds),
    )
    output.line(f"Regions: {', '.join(regions)}. Variants: {', '.join(variants)}. Profiles: {', '.join(profiles)}.")
    return 0


@prompts_app.command("show")
def show_prompt(
    kind: str,
    region: Annotated[str | None, typer.Option(help="Overlay.")] = None,
    variant: Annotated[str, typer.Option("--variant", "--template", help="Temper.")] = "default",
    profile: Annotated[str | None, typer.Option(help="Investment profile.")] = None,
    version: Annotated[str | None, typer.Option(help="Version, e.g. v1; the newest released one by default.")] = None,
    as_json: AsJson = False,
) -> int:
    """Show a prompt as it is put together, part by part with the tokens that each contributed."""
    definitions = definitions_in_prompt(kind)
    with opened() as (app, _):
        prompt = app.library.compose(kind, region, variant, version, profile=profile, definitions=definitions)
    count = counter("o200k_base").count
    rows = [
        {"part": part.name, "file": part.file, "version": part.version, "tokens": count(part.text), "text": part.text}
        for part in (
            *prompt.parts,
            PromptPart("question", prompt.parts[0].file, prompt.parts[0].version, prompt.question),
        )
    ]
    if as_json:
        output.document({**output.plain(prompt), "parts": rows})
        return 0
    for warning in prompt.warnings:
        output.aside(f"Warning: {warning}")
    for row in rows[:-1]:
        output.line(f"--- {row['part']}: {row['file'] or 'computed'} ({row['tokens']} tokens) ---")
        output.line(str(row["text"]))
        output.line()
    output.line(f"--- after the data tables: question ({rows[-1]['tokens']} tokens) ---")
    output.line(prompt.question)
    output.line()
    output.table(
        ("part", "file", "version", "tokens"),
        ((row["part"], row["file"], row["version"], row["tokens"]) for row in rows),
        right=("tokens",),
    )
    return 0


@prompts_app.command("check")
def check_prompts_(as_json: AsJson = False) -> int:
    """Look for unknown variables, missing overlays, parts of a schema not spoken of, growth, changed releases."""
    with opened() as (app, _):
        problems = check_prompts(app.library, expected_prompts())
        sizes = [] if problems else prompt_sizes(app.library)
    if as_json:
        output.document({"problems": problems, "sizes": [{"with_slots": new, "before": old} for new, old in sizes]})
    else:
        for problem in problems:
            output.line(f"Problem: {problem.file}: {problem.message}")
        if not problems:
            output.line("All prompts are in order.")
            output.line("Tokens besides the data, of instructions with schema and of an expected answer:")
            output.table(
                ("prompt", "input", "output", "before", "input before", "output before"),
                (
                    (new.version, new.input_tokens, new.output_tokens, old.version, old.input_tokens, old.output_tokens)
                    for new, old in sizes
                ),
                right=("input", "output", "input before", "output before"),
            )
    return 2 if problems else 0


@config_app.command("check")
def check_config(as_json: AsJson = False) -> int:
    """Check every setting, the data directory and, when there is a key, the provider. Secrets are never shown."""
    around = environment()
    problems: list[str] = []
    file: Path | None = None
    in_file: dict[str, str] = {}
    try:
        file = config_file.find(around)
        in_file = config_file.values(file)
    except BadSetting as error:
        problems.append(str(error))
    foreign = sdk_environment.shown(around)
    rows = [_row(setting, around, in_file) for setting in SETTINGS]
    checks = [] if problems else _checks(problems)
    problems += [f"{name} is not a setting. Check its spelling." for name in unknown_names(around, in_file)]
    left = unasked(file)
    if left:
        checks.append({"name": "settings file", "state": "warning", "message": left})
    if as_json:
        document = {"settings": rows, "file": file, "environment": foreign, "checks": checks, "problems": problems}
        output.document(document)
    else:
        output.line(f"Settings file: {file or 'none'}")
        output.table(
            ("setting", "value", "default", "from"),
            ((row["name"], row["value"], row["default"], row["from"]) for row in rows),
        )
        for name, value in foreign.items():
            output.line(f"{name} (read by libraries): {value}")
        for one in checks:
            output.line(f"{one['state']}: {one['name']}: {one['message']}")
        for problem in problems:
            output.aside(f"Problem: {problem}")
    return 2 if problems else 0


def _row(setting: Setting, around: Mapping[str, str], in_file: Mapping[str, str]) -> dict[str, str | None]:
    given = around.get(setting.name) or None
    value = in_file.get(setting.name) if given is None else given
    return {
        "name": setting.name,
        "value": None if value is None else setting.shown(value),
        "from": "environment" if given is not None else "file" if value is not None else None,
        "default": setting.default,
        "meaning": setting.meaning,
    }


def _checks(problems: list[str]) -> list[dict[str, str]]:
    """What the App finds; what it cannot even begin with is added to the problems."""
    try:
        settings()
        with opened() as (app, actor):
            # The provider is asked here and now, so what was heard of it before says nothing more.
            found = [*(one for one in app.health(actor) if one.name != "provider"), app.provider_check()]
            found.append(app.sandbox_check())
    except (BadSetting, StorageTrouble) as error:
        problems.append(str(error))
        return []
    problems += [one.message for one in found if one.state == "error"]
    return [{"name": one.name, "state": one.state, "message": one.message} for one in found]
