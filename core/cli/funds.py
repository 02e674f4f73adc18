"""`mosychlos fund`: what funds hold, for looking through them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from core.cli import output
from core.cli.moments import day
from core.cli.session import opened

fund_app = typer.Typer(help="Funds: what they hold, so that portfolios are looked through.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print exactly one JSON document.")]


@fund_app.command("import")
def import_(
    paths: Annotated[list[Path], typer.Argument(help="Filings of form N-PORT, or lists of a fund house.")],
    isin: Annotated[list[str] | None, typer.Option(help="ISIN of the fund; one for each share class.")] = None,
    symbol: Annotated[list[str] | None, typer.Option(help="Symbol by which holdings name it; may be repeated.")] = None,
    as_of: Annotated[str | None, typer.Option("--as-of", metavar="DATE", help="Day of a list that says none.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Keep nothing.")] = False,
    as_json: AsJson = False,
) -> int:
    """Keep what funds hold. Good lines are kept and every problem is shown; exit code 2 when there was any."""
    on = day(as_of, "--as-of")
    with opened() as (app, actor):
        done = app.funds.import_paths(
            actor, paths, codes=[*(isin or ()), *(symbol or ())], as_of=on, dry_run=dry_run
        )  # fmt: skip
    if as_json:
        output.document(done)
        return 2 if done.problems else 0
    if done.kept:
        output.table(
            ("fund", "name", "as of", "known as", "change"),
            ((k.fund_id, k.name, k.as_of, " ".join(k.codes), k.change.value.replace("_", " ")) for k in done.kept),
        )
    for note in done.notes:
        output.line(f"Note: {note}")
    for one in done.kept:
        if set(one.codes) <= {one.fund_id}:
            output.line(f"Say it with: mosychlos fund bind {one.fund_id} ISIN")
    output.problems(done.problems)
    return 2 if done.problems else 0


@fund_app.command("list")
def list_(as_json: AsJson = False) -> int:
    """List funds with the newest day that is known of each."""
    with opened() as (app, actor):
        rows = app.funds.rows(actor)
    if as_json:
        output.document({"funds": rows})
        return 0
    if not rows:
        output.line("Nothing is known of what funds hold. Bring some in with: mosychlos fund import FILE --isin ISIN")
        return 0
    output.table(
        ("fund", "name", "as of", "lines", "coverage", "days", "source", "known as"),
        (
            (r.fund_id, r.name, r.as_of, r.lines, f"{r.coverage_pct:.2f} %", r.days, r.source, " ".join(r.codes))
            for r in rows
        ),
        right=("lines", "coverage", "days"),
    )
    return 0


@fund_app.command()
def show(
    fund_id: str,
    as_of: Annotated[str | None, typer.Option("--as-of", metavar="DATE", help="Another day than the newest.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many lines; --json has all.")] = 20,
    as_json: AsJson = False,
) -> int:
    """Show what a fund held, the heaviest first."""
    on = day(as_of, "--as-of")
    with opened() as (app, actor):
        report = app.funds.report(actor, fund_id, on)
        days = app.funds.days(actor, fund_id)
    if as_json:
        told = {"coverage_pct": report.coverage_pct, "stated_pct": report.stated_pct, "days": days}
        output.document({**output.plain(report), **told})
        return 0
    output.line(f"{report.name} ({fund_id}) on {report.as_of}, from {report.source}, {report.file}")
    output.line(
        f"{len(report.lines):,} lines add up to {report.stated_pct:.2f} % and cover {report.coverage_pct:.2f} % of net "
        "assets."
    )
    output.line(f"Days: {', '.join(str(one.as_of) for one in days)}")
    output.table(
        ("name", "class", "weight", "sector", "country", "currency", "isin"),
        (
            (
                one.name,
                one.asset_class.value,
                f"{one.weight_pct:.2f} %",
                one.sector,
                one.country,
                one.currency,
                one.isin,
            )
            for one in report.lines[:limit]
        ),
        right=("weight",),
    )
    if len(report.lines) > limit:
        output.line(f"{len(report.lines) - limit:,} more lines; see them with --limit or --json.")
    return 0


@fund_app.command()
def bind(
    fund_id: str,
    codes: Annotated[list[str], typer.Argument(metavar="ISIN|SYMBOL", help="By which holdings name the fund.")],
    as_json: AsJson = False,
) -> int:
    """Say by which ISINs or symbols holdings name a fund; each share class has its own."""
    with opened() as (app, actor):
        app.funds.bind(actor, fund_id, codes)
        known = app.funds.days(actor, fund_id)[0].codes
    if as_json:
        output.document({"fund_id": fund_id, "codes": known})
    else:
        output.line(f"{fund_id} is known as {', '.join(known)}.")
    return 0


@fund_app.command()
def delete(fund_id: str, as_json: AsJson = False) -> int:
    """Delete a fund with all its days."""
    with opened() as (app, actor):
        app.funds.delete(actor, fund_id)
    if as_json:
        output.document({"deleted": fund_id})
    else:
        output.line(f"Deleted {fund_id}.")
    return 0


@fund_app.command()
def issuers(
    paths: Annotated[list[Path] | None, typer.Argument(help="Files of GLEIF; none: say how much is kept.")] = None,
    as_json: AsJson = False,
) -> int:
    """Keep what GLEIF says of issuers: ISIN to LEI, ultimate parents (level 2), legal names (level 1)."""
    with opened() as (app, actor):
        done = app.entities.import_paths(actor, paths or [])
        counts = app.entities.counts(actor)
    if as_json:
        output.document({**output.plain(done), "stored": counts})
        return 2 if done.problems else 0
    if done.kept:
        output.table(
            ("file", "says", "rows", "kept"),
            ((one.file, one.kind, f"{one.rows:,}", f"{one.kept:,}") for one in done.kept),
            right=("rows", "kept"),
        )
    for note in done.notes:
        output.line(f"Note: {note}")
    output.line(f"Stored: {counts.isins:,} ISINs with LEI, {counts.parents:,} parents, {counts.names:,} names.")
    output.problems(done.problems)
    return 2 if done.problems else 0
