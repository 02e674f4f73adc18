"""What killed processes leave behind, removed once it is surely nobody's."""

from __future__ import annotations

import logging
import re
import shutil
from datetime import datetime, timedelta
from pathlib import Path

from core.storage.store import Store

logger = logging.getLogger(__name__)

LEFT_ALONE = timedelta(days=1)
"""Younger drafts may still be being built."""

TRIES_KEPT = timedelta(days=30)
"""Answers to single questions are kept so long; what they cost stays booked."""

_JOB_ID = re.compile(r"\d{6}-\d{6}-[0-9a-f]{12}")


def tidy(store: Store, home: Path, *, now: datetime) -> int:
    """Remove requests and files of drafts and exports that were cut off while they were built.

    Returns:
        How many folders and request rows were removed.
    """
    before = now - LEFT_ALONE
    store.tries.drop(before=now - TRIES_KEPT)
    rows = store.jobs.drop_orphans(before=before)
    oldest = f"{before:%y%m%d-%H%M%S}"
    folders = [
        path
        for place in ("jobs", "exports")
        if (home / place).is_dir()
        for path in (home / place).iterdir()
        if _JOB_ID.fullmatch(path.name) and path.name < oldest
    ]
    known = store.jobs.known(path.name for path in folders)
    orphans = [path for path in folders if path.name not in known]
    for path in orphans:
        shutil.rmtree(path, ignore_errors=True)
    if rows or orphans:
        logger.info("removed %d requests and %d folders of drafts that were never finished", rows, len(orphans))
    return rows + len(orphans)
