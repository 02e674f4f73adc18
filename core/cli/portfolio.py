"""`mosychlos portfolio`: import, list, analyze."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from core.cli import as_read, output
from core.cli.session import opened
from core.domain.filters import PortfolioFilter
from core.intake.tables.choices import choices_of

portfolio_app = typer.Typer(help="Portfolios: bring them in, look at them, have them analysed.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print exactly one JSON document.")]


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
    sheet: Annotated[str | None, typer.Option(help="Only this sheet of a workbook; the way to a hidden one.")] = None,
    header_row: Annotated[
        int | None, typer.Option("--header-row", help="Row of the header, where a file has several tables.")
    ] = None,
    dates: Annotated[
        str | None, typer.Option(metavar="dmy|mdy", help="How 04/03/2026 is meant, where the column does not prove it.")
    ] = None,
    decimal: Annotated[
        str | None, typer.Option(metavar=",|.", help="Sign before the decimals, where the numbers do not show it.")
    ] = None,
    positions: Annotated[
        bool, typer.Option("--positions", help="The rows are positions although they look like transactions.")
    ] = False,
    as_json: AsJson = False,
) -> int:
    """Bring in position files. Good rows are kept and every problem is shown; exit code 2 when there was any."""
    choices = choices_of(sheet, header_row, dates, decimal, positions=positions)
    with opened() as (app, actor):
        report = app.imports.import_paths(
            actor,
            paths,
            format=format,
            base_currency=base_currency,
            region=region,
            columns=columns or (),
            choices=choices,
            dry_run=dry_run,
            strict=strict,
        )
    if as_json:
        document = {"imported": report.imported, "problems": report.problems, "notes": report.notes}
        # Only a preview says how each table was read: an import that is kept prints what it always did.
        output.document({**document, "tables": as_read.documents(report.tables)} if dry_run else document)
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
        for sentence in as_read.sentences(report.tables):
            output.line(sentence)
        for note in report.notes:
            output.line(f"Note: {note}")
        output.problems(report.problems)
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
    wanted = PortfolioFilter(search=search, region=region or "", tag=tag or "", group=group or "")
    with opened() as (app, actor):
        rows = app.portfolios.page(actor, wanted, limit=limit)
    if as_json:
        output.document({"portfolios": rows})
        return 0
    if not rows and not wanted.all:
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
