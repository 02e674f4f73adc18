"""The App and the actor of one CLI call."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.app import App, build
from core.domain.actor import LOCAL, Actor
from core.settings import Settings, load

CONFIG_FILE = Path("mosychlos.toml")


def settings() -> Settings:
    """Settings of this process: the environment first, then mosychlos.toml in the current folder."""
    return load(os.environ, CONFIG_FILE)


@contextmanager
def opened() -> Iterator[tuple[App, Actor]]:
    """The App for one call, closed at its end."""
    app = build(settings())
    try:
        yield app, LOCAL
    finally:
        app.close()
