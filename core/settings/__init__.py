"""Settings: declared once, parsed, checked together. Read once by `core.app` and the CLI, nowhere else."""

from core.settings.addresses import LOOPBACK, checked_base_url
from core.settings.declared import GOES_TO, KEYS, SETTINGS, Setting
from core.settings.loading import MarketSettings, Settings, load, unknown_names, without_keys

__all__ = [
    "GOES_TO",
    "KEYS",
    "LOOPBACK",
    "SETTINGS",
    "MarketSettings",
    "Setting",
    "Settings",
    "checked_base_url",
    "load",
    "unknown_names",
    "without_keys",
]
