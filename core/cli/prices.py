"""`mosychlos prices`: closes that files bring, and what is stored of them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from core.cli import output
from core.cli.session import opened
from core.domain.market import StoredConflict
from core.domain.portfolio import Problem
from core.intake.market.price_table import JUMP_PCT, PriceOptions

prices_app = typer.Typer(help="Price histories: bring real ones in, see what is stored.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print exactly one JSON document.")]
SHOWN = 20
"""So many lines of a long list are printed; --json has them all."""


@prices_app.command("import")
def import_prices(
    paths: Annotated[list[Path], typer.Argument(help="CSV or Excel files with daily closes.")],
    currency: Annotated[str | None, typer.Option(help="Currency where the file has none (GBX: pence).")] = None,
    symbol: Annotated[str | None, typer.Option(help="Symbol of a file that names none.")] = None,
    jump: Annotated[float, typer.Option(min=0.1, help="Report moves beyond so many percent.")] = JUMP_PCT,
    accept_jumps: Annotated[
        bool, typer.Option("--accept-jumps", help="Let closes in that look a hundredfold off.")
    ] = False,
    replace: Annotated[bool, typer.Option("--replace", help="Newer closes win over stored ones that differ.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Keep nothing.")] = False,
    as_json: AsJson = False,
) -> int:
    """Bring in daily closes. Exit code 2 when a row did not come in or differs from what is stored."""
    options = PriceOptions(currency, symbol, jump, accept_jumps)
    with opened() as (app, actor):
        report = app.prices.import_paths(actor, paths, options, replace=replace, dry_run=dry_run)
    code = 2 if report.problems or report.conflicts else 0
    if as_json:
        output.document(report)
        return code
    if report.imported:
        output.table(
            ("symbol", "", "first", "last", "added", "same", "replaced", "conflicts"),
            (
                (
                    one.symbol,
                    one.currency,
                    one.first_day,
                    one.last_day,
                    one.added,
                    one.same,
                    one.replaced,
                    one.conflicts,
                )
                for one in report.imported
            ),
            right=("added", "same", "replaced", "conflicts"),
        )
    for note in report.notes:
        output.line(f"Note: {note}")
    for odd in report.anomalies[:SHOWN]:
        output.line(f"{odd.kind.value.capitalize()}: {odd.symbol} {odd.day}: {odd.message}")
    more(len(report.anomalies))
    conflicts(report.conflicts)
    problems(report.problems)
    if dry_run:
        output.line("Nothing was kept, because of --dry-run.")
    return code


@prices_app.command("list")
def list_prices(
    search: Annotated[str, typer.Option(help="Part of the symbol.")] = "",
    as_json: AsJson = False,
) -> int:
    """List stored price histories, with their badge and source."""
    with opened() as (app, actor):
        rows = app.prices.rows(actor, search=search)
    if as_json:
        output.document({"prices": rows})
        return 0
    if not rows:
        output.line("There are no prices. Bring some in with: mosychlos prices import FILE")
        return 0
    output.table(
        ("symbol", "", "badge", "first", "last", "closes", "source"),
        (
            (row.symbol, row.currency, row.badge.value, row.first_day, row.last_day, row.closes, row.source)
            for row in rows
        ),
        right=("closes",),
    )
    return 0


@prices_app.command("show")
def show_prices(symbol: str, as_json: AsJson = False) -> int:
    """Show the closes of a symbol."""
    with opened() as (app, actor):
        found = app.prices.series(actor, symbol)
    if as_json:
        output.document(
            {
                "symbol": symbol,
                "series": [
                    {
                        "currency": one.currency,
                        "badge": one.badge,
                        "closes": [
                            {"day": str(day), "close": float(close)}
                            for day, close in zip(one.days, one.closes, strict=True)
                        ],
                    }
                    for one in found
                ],
            }
        )
        return 0
    for one in found:
        output.line(f"{symbol}, {one.currency}, {one.badge.value}: {len(one.days):,} closes, the last ones")
        last = list(zip(one.days, one.closes, strict=True))[-SHOWN:]
        output.table(("day", "close"), ((str(day), f"{close:,.4f}") for day, close in last), right=("close",))
    return 0


@prices_app.command("remove")
def remove_prices(symbol: str, as_json: AsJson = False) -> int:
    """Forget the imported prices of a symbol; simulated ones stay."""
    with opened() as (app, actor):
        app.prices.remove(actor, symbol)
    if as_json:
        output.document({"removed": symbol})
    else:
        output.line(f"The imported prices of {symbol} are gone.")
    return 0


def problems(found: tuple[Problem, ...]) -> None:
    """Print each problem of a file with its place."""
    for problem in found:
        row = f", row {problem.row}" if problem.row else ""
        column = f", column {problem.column}" if problem.column else ""
        value = f" '{problem.value}'" if problem.value else ""
        output.aside(f"Problem: {problem.file}{row}{column}{value}: {problem.message}")


def conflicts(found: tuple[StoredConflict, ...]) -> None:
    """Print days that differ from what is stored."""
    for one in found[:SHOWN]:
        output.aside(f"Conflict: {one.name} {one.day}: stored {one.stored:g}, new {one.new:g}. The stored one stays.")
    more(len(found))
    if found:
        output.aside("To let the newer ones win: --replace")


def more(count: int) -> None:
    """Say how many of a list were not printed."""
    if count > SHOWN:
        output.aside(f"... and {count - SHOWN:,} more; --json lists them.")
