"""The one way in which a process of the dashboard gets its App: without keys. Pages, webhooks and probes share it."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import streamlit as st

from core.app import App, build
from core.settings import Settings, load, without_keys

_given: Settings | None = None


def settings() -> Settings:
    """Settings of this process; a key is left out before anything is parsed, so it stands nowhere in them.

    Raises:
        BadSetting: A setting has an impossible value.
    """
    return _given or load(without_keys(os.environ))


def keep(found: Settings) -> None:
    """Use these settings from now on, with paths as they are meant in the folder where the process was started."""
    global _given  # noqa: PLW0603  # one process, one set of settings
    scheme, _, file = found.database_url.partition(":///")
    if scheme == "sqlite" and file and not file.startswith((":", "file:")):
        found = replace(found, database_url=f"sqlite:///{Path(file).absolute()}")
    _given = replace(found, prompts=found.prompts.absolute())


@st.cache_resource(show_spinner=False)
def app() -> App:
    """The App of this process: pages write intents, only a worker pays.

    Raises:
        BadSetting: A setting has an impossible value.
        StorageTrouble: The data directory or the database cannot be used.
    """
    return build(settings())
