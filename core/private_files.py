"""Files that only their owner may read, and what is said when a disk takes no more.

The folder alone is no protection: it may have been there before with other rights, and files are copied out of it.
"""

from __future__ import annotations

import errno
import logging
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from core.errors import BadInput, BadSetting, StorageTrouble

logger = logging.getLogger(__name__)

FOLDER, FILE = 0o700, 0o600
OTHERS = stat.S_IRWXG | stat.S_IRWXO

_MOST_FILES = 20_000
"""So many files of a data directory are looked at; whatever writes them makes the others alike."""

_SAID = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "your quota on the disk is used up",
    errno.EROFS: "the disk is read-only",
    errno.EIO: "the disk reported an error",
    errno.EFBIG: "the file would be larger than is allowed here",
    errno.EMFILE: "this process has as many files open as it may (see: ulimit -n)",
    errno.ENFILE: "this machine has as many files open as it may",
    errno.ENOMEM: "there is no memory left",
    errno.ENAMETOOLONG: "the name is too long",
}


def begin_process() -> None:
    """Whatever this process writes from now on is for its owner alone. First thing in every process."""
    os.umask(OTHERS)


def trouble(error: OSError) -> StorageTrouble | None:
    """What an error of the operating system's means for a person; None for one that this house must have caused."""
    said = _SAID.get(error.errno or 0)
    if said is None:
        return None
    where = f" at '{error.filename}'" if error.filename else ""
    return StorageTrouble(f"Nothing more could be written{where}: {said}. Make room or repair it, and start again.")


def make_private(home: Path) -> None:
    """Make a data directory, or take the rights of others from one that is there, with a word about it.

    Raises:
        BadSetting: It belongs to somebody else, who could read whatever is stored there.
        StorageTrouble: It cannot be made.
    """
    try:
        home.mkdir(parents=True, exist_ok=True, mode=FOLDER)
        found = home.stat()
    except OSError as error:
        raise StorageTrouble(
            f"The data directory '{home}' cannot be made ({error.strerror}). Set MOSYCHLOS_HOME to another."
        ) from error
    if os.geteuid() not in {0, found.st_uid}:
        raise BadSetting(
            f"The data directory '{home}' belongs to another user (number {found.st_uid}), who could read whatever is "
            "stored there. Set MOSYCHLOS_HOME to a folder of your own."
        )
    tighten([home, *home.iterdir()])


def tighten(paths: list[Path]) -> None:
    """Take the rights of others from files and folders that are ours, with a word about it."""
    changed = [path for path in paths if _tightened(path)]
    if changed:
        more = f" and {len(changed) - 1} more" if len(changed) > 1 else ""
        logger.warning("other users could read '%s'%s; now only you can", changed[0], more)


def _tightened(path: Path) -> bool:
    with suppress(OSError):  # what is not ours stays as it is and is reported by `open_to_others`
        found = path.lstat()
        if not stat.S_ISLNK(found.st_mode) and found.st_mode & OTHERS:
            path.chmod(stat.S_IMODE(found.st_mode) & ~OTHERS)
            return True
    return False


def open_to_others(places: list[Path]) -> list[Path]:
    """Files and folders, with all that is in them, that other users may read or write."""
    return [path for path in _walked(places) if path.lstat().st_mode & OTHERS]


def _walked(places: list[Path]) -> Iterator[Path]:
    left, waiting = _MOST_FILES, list(places)
    while waiting and left:
        path = waiting.pop()
        left -= 1
        with suppress(OSError):  # gone meanwhile, or not ours to look into
            mode = path.lstat().st_mode
            if stat.S_ISLNK(mode):
                continue
            if stat.S_ISDIR(mode):
                waiting += path.iterdir()
            yield path


def create(path: Path) -> None:
    """An empty file for its owner alone, unless there is one."""
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE))


def hand_out(source: Path, target: Path, *, overwrite: bool) -> None:
    """Copy a file of ours to where the caller wants it, for its owner alone; what stands there is not followed.

    Raises:
        BadInput: Something stands there that may not be replaced, or it cannot be written.
        StorageTrouble: The disk takes no more; nothing is left of the copy.
    """
    into = target.with_name(f".{target.name}.{os.getpid()}.part") if overwrite else target
    if overwrite and target.exists() and not target.is_file():
        raise BadInput(f"'{target}' is no ordinary file and is left as it is. Choose another name.")
    try:
        descriptor = os.open(into, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, FILE)
    except FileExistsError:
        raise BadInput(f"'{target}' exists and is left as it is. Choose another name, or add --overwrite.") from None
    except OSError as error:
        raise _unwritable(target, error) from error
    try:
        with os.fdopen(descriptor, "wb") as out, source.open("rb") as content:
            shutil.copyfileobj(content, out)
            out.flush()
            os.fsync(out.fileno())
        if overwrite:
            into.replace(target)  # a link is replaced, never what it points to
    except OSError as error:
        into.unlink(missing_ok=True)
        raise _unwritable(target, error) from error


def _unwritable(target: Path, error: OSError) -> BadInput | StorageTrouble:
    return trouble(error) or BadInput(f"'{target}' cannot be written: {error.strerror}. Choose another file.")
