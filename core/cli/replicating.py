"""`mosychlos portfolio replicate`: everything that a portfolio's figures and verdicts are made of, to be made again."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from core.cli import output
from core.cli.moments import day
from core.cli.session import opened
from core.desk.replication.pack import MANIFEST, SCRIPT
from core.desk.replication.writing import write_folder, write_zip


def replicate(
    portfolio_id: str,
    to: Annotated[Path, typer.Option("--to", metavar="DIR", help="Folder to write; the file's name with --zip.")],
    as_zip: Annotated[bool, typer.Option("--zip", help="Write one zip file instead of a folder.")] = False,
    regime: Annotated[
        list[str] | None, typer.Option(help="Rule set instead of the portfolio's own; may be repeated.")
    ] = None,
    as_of: Annotated[
        str | None, typer.Option(metavar="DATE", help="Day of the snapshot instead of the newest.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print exactly one JSON document.")] = False,
) -> int:
    """Write what every figure and verdict is made of, with a script that recomputes them without this program."""
    on = day(as_of, "--as-of")
    with opened() as (app, actor):
        pack = app.replication.pack(actor, portfolio_id, as_of=on, regimes=regime or None)
    if as_zip:
        write_zip(pack, to)
    else:
        write_folder(pack, to)
    run = f"python {SCRIPT}" if as_zip else f"python {shlex.quote(str(to / SCRIPT))}"
    if as_json:
        output.document(
            {
                "portfolio_id": pack.portfolio_id,
                "as_of": pack.as_of,
                "path": to,
                "zip": as_zip,
                "files": len(pack.files),
                "bytes": sum(map(len, pack.files.values())),
                "figures": pack.figures,
                "verdicts": pack.verdicts,
                "run": run,
            }
        )
        return 0
    output.line(f"Replication pack of {pack.portfolio_id}, {pack.as_of}: {to}")
    output.line(f"{pack.figures} figures and {pack.verdicts} verdicts; {len(pack.files)} files, hashed in {MANIFEST}.")
    unpack = "Unpack it and recompute them in its folder with" if as_zip else "Recompute them with"
    output.line(f"{unpack}: {run} (Python 3.11 or later and numpy; README.txt says more)")
    return 0
