"""The App and the actor of one CLI call, and where its settings come from."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import replace
from pathlib import Path

from core import config_file, sdk_environment
from core.app import App, build
from core.cli import output
from core.domain.actor import LOCAL, Actor
from core.settings import Settings, load

_named: ContextVar[str] = ContextVar("named", default="")
_told: ContextVar[bool] = ContextVar("told", default=False)


def begin(config: Path | None) -> None:
    """One call of the program begins; `config` is the settings file that --config names."""
    _named.set("" if config is None else str(config.expanduser().absolute()))
    _told.set(False)


def environment() -> dict[str, str]:
    """The environment of this call and of processes that it starts: --config has become MOSYCHLOS_CONFIG."""
    named = _named.get()
    return {**os.environ, config_file.SETTING: named} if named else dict(os.environ)


def settings() -> Settings:
    """Settings of this process: the environment first, then the settings file. A file that was not meant is told of."""
    around = environment()
    file = config_file.find(around)
    if not _told.get():
        _told.set(True)
        say_unasked(file)
    found = load(around, file)
    os.environ.update(sdk_environment.settled(around))
    return found


def unasked(file: Path | None) -> str:
    """What to say of a settings file in the current folder that nobody named; "" where there is none."""
    with suppress(OSError):  # the current folder may be gone
        found = config_file.unasked(Path.cwd(), file)
        if found is not None:
            return (
                f"{found} is not read, because nobody named it: whoever fills a folder could send your key elsewhere. "
                f"If it is yours: --config {config_file.NAME}, or move it to {config_file.places()[0]}."
            )
    return ""


def say_unasked(file: Path | None) -> None:
    """Say it on stderr."""
    sentence = unasked(file)
    if sentence:
        output.aside(f"Note: {sentence}")


@contextmanager
def opened(*, as_worker: bool = False) -> Iterator[tuple[App, Actor]]:
    """The App for one call, closed at its end; a worker has a user of the database of its own where one is set."""
    found = settings()
    if as_worker and found.worker_database_url:
        found = replace(found, database_url=found.worker_database_url)
    app = build(found)
    try:
        yield app, LOCAL
    finally:
        app.close()
