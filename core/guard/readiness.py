"""Whether a dashboard can serve: what must hold before people, or a load balancer, are sent to it.

A worker is not among it: without one a dashboard reads, prepares and takes jobs, and says itself that they wait.
"""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from core.errors import StorageTrouble
from core.storage import probe
from core.storage.store import Store

LEAST_FREE_BYTES = 50_000_000
"""Below this even a small import may end in the middle."""


@dataclass(frozen=True, slots=True)
class Failing:
    """One thing that does not hold. The message goes to whoever asks, so it names no path, address or value."""

    check: str
    message: str


def failing(store: Store, home: Path) -> list[Failing]:
    """What keeps this installation from serving; empty when it is ready."""
    return [*_database(store), *_home(home)]


def _database(store: Store) -> list[Failing]:
    try:
        version = probe.schema_version(store.database)
    except StorageTrouble:
        return [Failing("database", "The database does not answer or cannot be written.")]
    if version != probe.NEWEST:
        return [Failing("migrations", f"The database has schema {version}, this program works with {probe.NEWEST}.")]
    return []


def _home(home: Path) -> list[Failing]:
    try:
        with tempfile.TemporaryFile(dir=home) as file:
            file.write(b"ready?")
            file.flush()
        free = shutil.disk_usage(home).free
    except OSError:
        return [Failing("home", "The data directory cannot be written.")]
    if free < LEAST_FREE_BYTES:
        return [Failing("disk", f"{free / 1e6:.0f} MB are free where the data directory lies.")]
    return []
