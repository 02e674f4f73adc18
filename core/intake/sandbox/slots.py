"""A few at once: every process of this installation takes one of the same slots before it starts a child."""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

AT_ONCE = 4
_LOOK_SECONDS = 0.05
_here = threading.BoundedSemaphore(AT_ONCE)


class NoSlot(Exception):
    """All slots were taken for as long as we were willing to wait."""


@contextmanager
def slot(seconds: float, folder: Path | None = None) -> Iterator[None]:
    """Hold one of the slots; a process that dies gives its own back.

    Args:
        seconds: How long to wait for one.
        folder: Where the slots are. None takes the one of this installation and user.

    Raises:
        NoSlot: None was free within `seconds`.
    """
    until = time.monotonic() + seconds
    if not _here.acquire(timeout=seconds):
        raise NoSlot
    try:
        held = _file_slot(folder or _folder(), until)
        try:
            yield
        finally:
            if held is not None:
                os.close(held)
    finally:
        _here.release()


def _folder() -> Path:
    """One a user and installation: another installation on the machine has slots, and a size, of its own."""
    root = str(Path(__file__).resolve().parents[3])
    mark = hashlib.sha256(root.encode("utf-8", "surrogateescape")).hexdigest()[:8]
    user = os.getuid() if hasattr(os, "getuid") else 0
    return Path(tempfile.gettempdir()) / f"mosychlos-{user}-{mark}"


def _file_slot(folder: Path, until: float) -> int | None:
    """An open file whose lock is ours; None where files cannot be locked, and this process counts alone."""
    try:
        import fcntl
    except ImportError:  # not on Windows
        return None
    if not _is_ours(folder):
        return None
    while True:
        for number in range(AT_ONCE):
            try:
                place = os.open(folder / f"slot-{number}", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
            except OSError:
                return None
            try:
                fcntl.flock(place, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                os.close(place)
                continue
            return place
        if time.monotonic() >= until:
            raise NoSlot
        time.sleep(_LOOK_SECONDS)


def _is_ours(folder: Path) -> bool:
    """Whether the folder is there, and nobody else could have made it or can write to it."""
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not found.st_mode & 0o022
