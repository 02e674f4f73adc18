"""`mosychlos db upgrade | roles` and `mosychlos health`."""

from __future__ import annotations

from typing import Annotated

import typer

from core.app import build
from core.cli import output
from core.cli.session import opened, settings

db_app = typer.Typer(help="The database.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print exactly one JSON document.")]


@db_app.command()
def upgrade(as_json: AsJson = False) -> int:
    """Apply the migrations that are still missing, and give the roles that are set their rights on what is new."""
    app = build(settings(), migrate=False)
    try:
        applied = app.upgrade()
        roles = app.make_roles() if app.has_roles else []
    finally:
        app.close()
    if as_json:
        output.document({"applied": applied, "roles": roles})
    else:
        output.line(f"Applied: {', '.join(applied)}." if applied else "The database is up to date.")
        if roles:
            output.line(f"Roles: {', '.join(roles)}.")
    return 0


@db_app.command()
def roles(
    sql: Annotated[bool, typer.Option("--sql", help="Print the statements for an administrator; run nothing.")] = False,
    as_json: AsJson = False,
) -> int:
    """Make the dashboard's and the workers' users of a PostgreSQL database, each with what it needs and no more."""
    app = build(settings())
    try:
        said = app.role_statements() if sql else app.make_roles()
    finally:
        app.close()
    if as_json:
        output.document({"statements" if sql else "roles": said})
    elif sql:
        for one in said:
            output.line(f"{one};")
    else:
        output.line(f"Roles: {', '.join(said)}.")
    return 0


@db_app.callback()
def _group() -> None:
    """The database."""


def health(as_json: AsJson = False) -> int:
    """Say whether everything that jobs need is there. Exit code 1 when something is broken.

    Where there is a key, the provider is asked; otherwise what was last heard of it is said.
    """
    with opened() as (app, actor):
        checks = app.health(actor)
        if app.settings.api_key:
            asked = app.provider_check()
            checks = [asked if one.name == "provider" else one for one in checks]
    if as_json:
        output.document({"checks": checks})
    else:
        for check in checks:
            output.line(f"{check.state}: {check.name}: {check.message}")
    return 1 if any(check.state == "error" for check in checks) else 0
