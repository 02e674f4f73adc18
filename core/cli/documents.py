"""`mosychlos documents`: texts that market research may quote."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from core.cli import output
from core.cli.prices import AsJson, problems
from core.cli.session import opened
from core.domain.market import DocumentKind
from core.errors import BadInput
from core.intake.market.documents import About

documents_app = typer.Typer(help="Documents that market research may quote.", no_args_is_help=True)


@documents_app.command("add")
def add(
    files: Annotated[list[Path], typer.Argument(help="Text, web pages (HTML) or PDFs, up to 5 MB each.")],
    kind: Annotated[DocumentKind, typer.Option(help="What they are.")],
    symbol: Annotated[str, typer.Option(help="Whom they are about, as holdings write it; none: the market.")] = "",
    title: Annotated[str, typer.Option(help="Title instead of the document's own.")] = "",
    publisher: Annotated[str, typer.Option(help="Who published it.")] = "",
    published: Annotated[str | None, typer.Option(help="Day of publication, such as 2026-10-30.")] = None,
    url: Annotated[str, typer.Option(help="Where it was published; shown, never opened.")] = "",
    as_json: AsJson = False,
) -> int:
    """Keep the text of documents in numbered passages. Exit code 2 when one could not be read."""
    try:
        day = None if published is None else date.fromisoformat(published)
    except ValueError:
        raise BadInput(f"--published is '{published}': write the day as 2026-10-30.") from None
    with opened() as (app, actor):
        report = app.research.add_paths(actor, files, About(kind, symbol, title, publisher, day, url))
    if as_json:
        output.document(report)
    else:
        for one in report.added:
            already = " (was there already)" if one.known else ""
            count = "1 passage" if one.passages == 1 else f"{one.passages} passages"
            output.line(f"{one.source_id}: {one.title}, {count}{already}")
        problems(report.problems)
    return 2 if report.problems else 0


@documents_app.command("list")
def list_documents(
    symbol: Annotated[str | None, typer.Option(help="Only about this symbol.")] = None,
    kind: Annotated[DocumentKind | None, typer.Option(help="Only of this kind.")] = None,
    as_json: AsJson = False,
) -> int:
    """List documents, newest publication first."""
    with opened() as (app, actor):
        rows = app.research.rows(actor, symbol=symbol, kind=kind)
    if as_json:
        output.document({"documents": rows})
        return 0
    if not rows:
        output.line("There are no documents. Add some with: mosychlos documents add FILE --kind news")
        return 0
    output.table(
        ("id", "kind", "symbol", "published", "title", "publisher", "passages"),
        (
            (row.source_id, row.kind.value, row.symbol, row.published, row.title, row.publisher, row.passages)
            for row in rows
        ),
        right=("passages",),
    )
    return 0


@documents_app.command("show")
def show(source_id: str, as_json: AsJson = False) -> int:
    """Show a document's passages."""
    with opened() as (app, actor):
        document = app.research.get(actor, source_id)
    if as_json:
        output.document(document)
        return 0
    output.line(f"{document.source_id}: {document.title}")
    about = (document.kind.value, document.symbol, document.publisher, document.published, document.url)
    output.line(", ".join(str(one) for one in about if one))
    for passage in document.passages:
        output.line(f"[{passage.number}] {passage.text}")
    return 0


@documents_app.command("remove")
def remove(source_id: str, as_json: AsJson = False) -> int:
    """Forget a document."""
    with opened() as (app, actor):
        app.research.remove(actor, source_id)
    if as_json:
        output.document({"removed": source_id})
    else:
        output.line(f"{source_id} is gone.")
    return 0
