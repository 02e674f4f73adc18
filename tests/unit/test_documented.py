"""What is not documented does not exist: commands, options and roles stand in the docs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main

from core.cli.main import app
from core.domain.actor import LOCAL, Actor, Role
from core.errors import NotPermitted
from core.guard.access import GRANTS, Permission, may, require

DOCS = Path(__file__).resolve().parents[2] / "docs"


def _commands(group: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from _commands(command, (*path, name))
        else:
            yield (*path, name), command


COMMANDS = [pair for pair in _commands(typer.main.get_command(app)) if pair[0][0] != "batch"]
EACH = pytest.mark.parametrize(("path", "command"), COMMANDS, ids=[" ".join(path) for path, _ in COMMANDS])


@pytest.mark.parametrize(
    ("path", "command"), COMMANDS, ids=lambda value: " ".join(value) if isinstance(value, tuple) else ""
)
def test_every_command_and_option_stands_in_the_docs(path: tuple[str, ...], command: Any) -> None:
    text = (DOCS / "commands.md").read_text("utf-8")
    *groups, name = path
    assert any(f"mosychlos {' '.join(groups)}".strip() in line and name in line for line in text.splitlines()), (
        f"{' '.join(path)} is not documented"
    )
    for parameter in command.params:
        for option in parameter.opts:
            if option.startswith("--") and option not in {"--help", "--json"}:
                assert option in text, f"{' '.join(path)} {option} is not documented"


@pytest.mark.parametrize(
    ("path", "command"), COMMANDS, ids=lambda value: " ".join(value) if isinstance(value, tuple) else ""
)
def test_every_command_that_tells_something_tells_it_as_json_too(path: tuple[str, ...], command: Any) -> None:
    runs_on = path[-1] in {"demo", "serve", "worker", "provider"}
    assert runs_on or any("--json" in parameter.opts for parameter in command.params), " ".join(path)


def test_a_viewer_reads_and_does_nothing_else() -> None:
    viewer = Actor("v", "Vera", frozenset({Role.VIEWER}))
    allowed = {permission for permission in Permission if may(viewer, permission)}
    assert allowed == {Permission.PORTFOLIO_READ, Permission.JOB_READ}
    with pytest.raises(NotPermitted, match=r"Vera.*job\.submit.*analyst"):
        require(viewer, Permission.JOB_SUBMIT)


def test_an_administrator_reads_no_portfolio() -> None:
    assert Permission.PORTFOLIO_READ not in GRANTS[Role.ADMIN]


def test_the_local_user_may_do_everything() -> None:
    assert all(may(LOCAL, permission) for permission in Permission)
