"""`mosychlos instruments`: the register that fills what files leave out."""

from __future__ import annotations

from typing import Annotated

import typer

from core.cli import output
from core.cli.session import opened
from core.desk.instruments import KeptInstrument
from core.errors import BadInput, NotFound
from core.intake.register.instruments import written_instrument

instruments_app = typer.Typer(help="Instruments: what is known about securities beyond files.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print exactly one JSON document.")]
Cells = Annotated[
    list[str], typer.Argument(metavar="COLUMN=TEXT", help="Columns and their text; an empty text blanks.")
]


@instruments_app.command("list")
def list_(
    search: Annotated[str, typer.Option(help="Words in the symbol, ISIN, name or issuer.")] = "",
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many.")] = None,
    as_json: AsJson = False,
) -> int:
    """List instruments by symbol."""
    with opened() as (app, actor):
        rows = app.register.page(actor, search=search, limit=limit)
    if as_json:
        output.document({"instruments": [written_instrument(row) for row in rows]})
        return 0
    output.table(
        ("symbol", "isin", "name", "class", "country", "currency", "source"),
        ((r.symbol, r.isin, r.name, r.asset_class.value, r.country, r.currency, r.source) for r in rows),
    )
    return 0


@instruments_app.command()
def show(symbol: str, as_json: AsJson = False) -> int:
    """Show everything that is known about an instrument, by its symbol, ISIN or CUSIP."""
    with opened() as (app, actor):
        code = symbol.upper()
        row = app.register.find(actor, isin=code, cusip=code, symbol=symbol)
    if row is None:
        raise NotFound(f"The register has no '{symbol}'. Look for it with: mosychlos instruments list --search WORDS")
    cells = {**written_instrument(row), **({"cusip": row.cusip} if row.cusip else {})}
    if as_json:
        output.document(cells)
    else:
        output.table(("column", "text"), cells.items())
    return 0


@instruments_app.command()
def add(cells: Cells, as_json: AsJson = False) -> int:
    """Add an instrument of your own: symbol=ABC.L name="Abc plc" asset_class=equity currency=GBX country=GB."""
    with opened() as (app, actor):
        kept = app.register.add(actor, _pairs(cells))
    return _told(kept, as_json=as_json)


@instruments_app.command()
def correct(symbol: str, cells: Cells, as_json: AsJson = False) -> int:
    """Change columns of an instrument; of one of ours this makes your copy, which comes first."""
    with opened() as (app, actor):
        kept = app.register.correct(actor, symbol, _pairs(cells))
    return _told(kept, as_json=as_json)


@instruments_app.command()
def delete(symbol: str, as_json: AsJson = False) -> int:
    """Delete an instrument of your own; ours of the same symbol counts again."""
    with opened() as (app, actor):
        app.register.delete(actor, symbol)
    if as_json:
        output.document({"deleted": symbol})
    else:
        output.line(f"Deleted {symbol}.")
    return 0


@instruments_app.command()
def changes(
    symbol: Annotated[str | None, typer.Argument(help="Only this one's.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 100,
    as_json: AsJson = False,
) -> int:
    """Show who changed what in the register, the newest first."""
    with opened() as (app, actor):
        found = app.register.changes(actor, symbol.upper() if symbol else None, limit=limit)
    if as_json:
        output.document({"changes": found})
        return 0
    output.table(
        ("when", "who", "what", "symbol", "columns"),
        (
            (
                one.at,
                one.actor,
                one.action.value,
                one.symbol,
                ", ".join(
                    name
                    for name in sorted(one.before.keys() | one.after.keys())
                    if one.before.get(name) != one.after.get(name)
                ),
            )
            for one in found
        ),
    )
    return 0


@instruments_app.command()
def conflicts(portfolio_id: str, as_json: AsJson = False) -> int:
    """Show where a portfolio's lines and the register disagree."""
    with opened() as (app, actor):
        found = app.register.describe(actor, portfolio_id).conflicts
    if as_json:
        output.document({"portfolio_id": portfolio_id, "conflicts": found})
    elif not found:
        output.line("No line disagrees with the register.")
    else:
        for one in found:
            output.line(f"{one.symbol}, {one.field}: {one.message}")
    return 0


def _pairs(cells: list[str]) -> dict[str, str]:
    wrong = next((cell for cell in cells if "=" not in cell), None)
    if wrong is not None:
        raise BadInput(f"'{wrong}' is no COLUMN=TEXT. For example: sector=Energy")
    return {cell.split("=", 1)[0].strip(): cell.split("=", 1)[1] for cell in cells}


def _told(kept: KeptInstrument, *, as_json: bool) -> int:
    if as_json:
        output.document(
            {
                "instrument": None if kept.instrument is None else written_instrument(kept.instrument),
                "problems": kept.problems,
            }
        )
    elif kept.instrument is not None:
        output.line(f"Kept {kept.instrument.symbol}: {kept.instrument.name}")
    for problem in kept.problems if not as_json else ():
        output.aside(f"Problem: {problem.column} '{problem.value}': {problem.message}")
    return 2 if kept.problems else 0
