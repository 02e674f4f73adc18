"""`mosychlos portfolio tag | group | groups`."""

from __future__ import annotations

from typing import Annotated

import typer

from core.cli import output
from core.cli.session import opened
from core.domain.filters import PortfolioFilter
from core.errors import BadInput

AsJson = Annotated[bool, typer.Option("--json", help="Print exactly one JSON document.")]


def tag(
    portfolio_id: str,
    words: Annotated[
        list[str] | None, typer.Argument(metavar="[+TAG] [-TAG]", help="Tags to put on or take off.")
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Put tags on a portfolio (+tag) and take others off (-tag); without any, show those it has."""
    given = words or []
    wrong = next((word for word in given if word[:1] not in ("+", "-") or word.startswith("--")), None)
    if wrong is not None:
        raise BadInput(f"'{wrong}' is neither +TAG nor -TAG. To put the tag 'core' on: +core")
    with opened() as (app, actor):
        app.labels.tag(
            actor,
            [portfolio_id],
            add=[word[1:] for word in given if word.startswith("+")],
            remove=[word[1:] for word in given if word.startswith("-")],
        )
        tags = app.labels.tags_of(actor, portfolio_id)
    if as_json:
        output.document({"portfolio_id": portfolio_id, "tags": tags})
    else:
        output.line(f"{portfolio_id}: {', '.join(tags) if tags else 'no tags'}")
    return 0


def group(
    name: str,
    add: Annotated[list[str] | None, typer.Option(metavar="ID", help="Portfolio to put in; may be repeated.")] = None,
    remove: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="Portfolio to take out; may be repeated.")
    ] = None,
    delete: Annotated[bool, typer.Option("--delete", help="Forget the group; its portfolios stay.")] = False,
    as_json: AsJson = False,
) -> int:
    """Make a group, put portfolios into it and take others out, or forget it."""
    if delete and (add or remove):
        raise BadInput("--delete goes without --add and --remove.")
    with opened() as (app, actor):
        if delete:
            app.labels.delete_group(actor, name)
            if as_json:
                output.document({"deleted": name})
            else:
                output.line(f"The group '{name}' is forgotten; its portfolios stay.")
            return 0
        changed = app.labels.change_group(actor, name, add=add or (), remove=remove or ())
        members = app.portfolios.page(actor, PortfolioFilter(group=name))
    if as_json:
        output.document({"name": changed.name, "portfolios": [row.portfolio_id for row in members]})
    else:
        output.line(f"{changed.name}: {changed.portfolios:,} portfolio{'' if changed.portfolios == 1 else 's'}")
    return 0


def groups(as_json: AsJson = False) -> int:
    """List groups and tags with how many portfolios each has."""
    with opened() as (app, actor):
        found, tags = app.labels.groups(actor), app.labels.tags(actor)
    if as_json:
        output.document({"groups": found, "tags": [{"tag": name, "portfolios": n} for name, n in tags.items()]})
        return 0
    if not found and not tags:
        output.line("There are no groups and no tags. Make some with: mosychlos portfolio group NAME --add ID")
        return 0
    rows = [("group", one.name, one.portfolios) for one in found] + [("tag", name, n) for name, n in tags.items()]
    output.table(("kind", "name", "portfolios"), rows, right=("portfolios",))
    return 0
