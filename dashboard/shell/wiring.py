"""The one way in which a process of the dashboard gets its App: without keys. Pages, webhooks and probes share it."""

from __future__ import annotations

import os

import streamlit as st

from core.app import App, build
from core.settings import Settings, load, without_keys


def settings() -> Settings:
    """Settings of this process; a key is left out before anything is parsed, so it stands nowhere in them.

    Raises:
        BadSetting: A setting has an impossible value.
    """
    return load(without_keys(os.environ))


@st.cache_resource(show_spinner=False)
def app() -> App:
    """The App of this process: pages write intents, only a worker pays.

    Raises:
        BadSetting: A setting has an impossible value.
        StorageTrouble: The data directory or the database cannot be used.
    """
    return build(settings())
