"""Requests that a dashboard refused because they named a host that is not its own, counted for `health`.

A proxy that keeps the Host header looks from outside like a dashboard that is down; the count says what to set.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

FILE = "refused_hosts.json"
RECENT = timedelta(days=1)
_MOST = 20
"""Names kept; more than that are somebody's scan and not a proxy."""
_LONGEST = 100


@dataclass(slots=True)
class Refusals:
    """How often one host name was refused, and when last."""

    count: int
    last_at: datetime


class RefusedHosts:
    """The counts of one data directory."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        self._hosts = _read(self._path)

    def add(self, host: str, at: datetime) -> None:
        """Count one; a name comes from outside, so only what a host name may hold is kept."""
        name = re.sub(r"[^A-Za-z0-9.:\[\]-]", "?", host)[:_LONGEST] or "(none)"
        if name not in self._hosts and len(self._hosts) >= _MOST:
            del self._hosts[min(self._hosts, key=lambda one: self._hosts[one].last_at)]
        known = self._hosts.setdefault(name, Refusals(0, at))
        known.count += 1
        known.last_at = at

    def save(self) -> None:
        """Write the counts.

        Raises:
            OSError: They cannot be written.
        """
        told = {name: [one.count, one.last_at.timestamp()] for name, one in self._hosts.items()}
        draft = self._path.with_suffix(f".{os.getpid()}")
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii") as file:
            json.dump(told, file)
        draft.replace(self._path)

    def notice(self, now: datetime) -> str:
        """What a person should know of the last day, with the remedy; "" when nothing was refused."""
        lately = {name: one for name, one in self._hosts.items() if now - one.last_at < RECENT}
        if not lately:
            return ""
        names = sorted(lately, key=lambda name: lately[name].count, reverse=True)
        named = ", ".join(f"{name} ({lately[name].count:,})" for name in names[:3])
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        last = max(one.last_at for one in lately.values())
        return (
            f"Requests for another host were refused: {named}{more}, last {last:%Y-%m-%d %H:%M}Z. If people or a "
            "proxy reach the dashboard under that name, set MOSYCHLOS_PUBLIC_URL to it."
        )


def _read(path: Path) -> dict[str, Refusals]:
    try:
        told = json.loads(path.read_text("ascii"))
        return {str(name): Refusals(int(count), datetime.fromtimestamp(at, UTC)) for name, (count, at) in told.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}
