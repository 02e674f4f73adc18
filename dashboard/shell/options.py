"""Streamlit's options as this program sets them. No file and no environment variable changes them."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from streamlit import config

from core.errors import BadSetting

_LIGHT = {
    "primaryColor": "#0B5C8C",
    "backgroundColor": "#FFFFFF",
    "secondaryBackgroundColor": "#F3F6F9",
    "textColor": "#0A1118",
    "borderColor": "#D5DDE5",
    "dataframeHeaderBackgroundColor": "#EEF2F6",
    "greenColor": "#1B7F4B",
    "redColor": "#B3261E",
    "orangeColor": "#B25E09",
    "yellowColor": "#8A6A00",
    "blueColor": "#0B5C8C",
    "grayColor": "#5B6B7B",
    "chartCategoricalColors": [
        "#0B5C8C", "#D98324", "#2E8B6F", "#8B5FBF", "#B3435A", "#6B8E23", "#4F6D7A", "#C2A83E",
    ],
    "chartSequentialColors": [
        "#EAF2F8", "#D0E3F0", "#B0D0E5", "#8DBAD8", "#69A3CA", "#488BBA", "#2C74A8", "#185E92", "#0B4A78", "#06365B",
    ],
    "chartDivergingColors": [
        "#8C1D18", "#B3443C", "#D37A6F", "#EAB1A8", "#F6E0DB", "#DDEBE4", "#A9D1BF", "#6FB096", "#3C8D70", "#166B4E",
    ],
    "sidebar.backgroundColor": "#F9FAFB",
    "sidebar.secondaryBackgroundColor": "#E6ECF2",
}  # fmt: skip

_DARK = {
    "primaryColor": "#2478AE",
    "linkColor": "#5BB0E0",
    "backgroundColor": "#0F161D",
    "secondaryBackgroundColor": "#18222C",
    "textColor": "#E6ECF1",
    "borderColor": "#2C3945",
    "dataframeHeaderBackgroundColor": "#18222C",
    "greenColor": "#4FBF86",
    "redColor": "#F0776C",
    "orangeColor": "#E8A455",
    "yellowColor": "#E3C35A",
    "blueColor": "#5BB0E0",
    "grayColor": "#9AA9B7",
    "chartCategoricalColors": [
        "#5BB0E0", "#E8A455", "#5CC1A0", "#B79AE0", "#E07F93", "#A9C66C", "#8FA9B5", "#E0CB73",
    ],
    "chartSequentialColors": [
        "#12293A", "#153A53", "#184B6C", "#1D5D86", "#2570A0", "#3484B7", "#4B99CB", "#6AAEDA", "#90C5E7", "#BDDDF2",
    ],
    "chartDivergingColors": [
        "#F0776C", "#D9635A", "#B3524B", "#80413D", "#4B3434", "#2E4440", "#2F6453", "#38866A", "#45A681", "#5FC79B",
    ],
    "sidebar.backgroundColor": "#0B1117",
    "sidebar.secondaryBackgroundColor": "#18222C",
}  # fmt: skip

OPTIONS: Mapping[str, Any] = {
    "server.address": "127.0.0.1",  # unset, Streamlit listens everywhere and asks the network for its own address
    "server.headless": True,
    # An upload stays in this process's memory until its page is left. 25 MB is about 250,000 positions;
    # larger files come in through the command line, which reads up to 200 MB.
    "server.maxUploadSize": 25,
    "server.enableStaticServing": False,
    "server.enableAgentApi": False,
    "server.enableCORS": True,
    "server.corsAllowedOrigins": [],
    "server.allowedHosts": [],  # the gate looks at hosts before Streamlit does, for HTTP as well
    "server.enableXsrfProtection": True,
    "server.xsrfCookieSameSite": "strict",
    "server.trustedUserHeaders": {},
    "server.scriptHealthCheckEnabled": False,
    "server.fileWatcherType": "none",  # a watcher would pin old modules and cost CPU
    "server.runOnSave": False,
    "server.disconnectedSessionTTL": 120,
    "browser.gatherUsageStats": False,  # the page then sends nothing beyond this machine
    "client.showErrorDetails": "type",  # details go to the log under an error id, never onto a page
    "client.showErrorLinks": "false",
    "client.toolbarMode": "minimal",
    "client.disableDataExport": True,  # the built-in export leaves formulas as they are; our downloads escape them
    "client.allowedOrigins": [],
    "runner.magicEnabled": False,
    "logger.level": "warning",
    "logger.hideWelcomeMessage": True,  # the address it prints has no token
    "global.developmentMode": False,
    "secrets.files": [],  # else keys in ~/.streamlit/secrets.toml would become environment variables of this process
    "theme.baseFontSize": 15,
    "theme.baseRadius": "6px",
    "theme.buttonRadius": "6px",
    "theme.headingFontSizes": ["1.75rem", "1.35rem", "1.1rem", "1rem", "0.9rem", "0.85rem"],
    "theme.headingFontWeights": [650, 600, 600, 600, 600, 600],
    "theme.metricValueFontSize": "1.7rem",
    "theme.metricValueFontWeight": 600,
    "theme.linkUnderline": False,
    "theme.showWidgetBorder": True,
    "theme.showSidebarBorder": True,
    "theme.paddingTop": "1.5rem",
    **{f"theme.light.{name}": value for name, value in _LIGHT.items()},
    **{f"theme.dark.{name}": value for name, value in _DARK.items()},
}
"""What differs from Streamlit's defaults, and the defaults on which safety rests. Everything else is its default."""


def planned(**more: Any) -> dict[str, Any]:
    """All options for one start; `more` names them with a double underscore: `server__port=8501`."""
    return {**OPTIONS, **{name.replace("__", "."): value for name, value in more.items()}}


def alone(folder: Path) -> Callable[[], None]:
    """Let Streamlit find no file and no variable of its own while it starts: not in this folder, nor in the person's.

    A theme of theirs could make it ask another server, and a file of secrets would become environment variables.

    Args:
        folder: One in which nobody else writes.

    Returns:
        What puts current folder and home back, to be called once Streamlit has read its options.
    """
    for name in [name for name in os.environ if name.startswith("STREAMLIT_")]:
        del os.environ[name]
    here, homes = Path.cwd(), {name: os.environ.get(name) for name in ("HOME", "USERPROFILE")}
    os.chdir(folder)
    os.environ.update(dict.fromkeys(homes, str(folder)))

    def put_back() -> None:
        os.chdir(here)
        for name, value in homes.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value

    return put_back


def insist(plan: Mapping[str, Any]) -> None:
    """Refuse to go on unless Streamlit's options in effect are the planned ones.

    Raises:
        BadSetting: Names the options that are not.
    """
    differing = [
        f"{name} ({option.where_defined})"
        for name, option in config.get_config_options().items()
        if (option.value != plan[name] if name in plan else option.where_defined != option.DEFAULT_DEFINITION)
    ]
    if differing:
        raise BadSetting(
            f"Streamlit's options are not those of this program: {', '.join(differing)}. "
            "Start the dashboard with: mosychlos serve"
        )
