"""The bytes of a file on disk, after its kind and its size were looked at."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import IO

from core.errors import NotFound, UnreadableFile
from core.intake.cells.names import display_name
from core.intake.opening.limits import check_size


def bytes_of(path: Path, check: Callable[[str, int], None] = check_size) -> bytes:
    """A file's bytes, after its kind and size were checked.

    Args:
        check: Refuses a file by its shown name and its size in bytes.

    Raises:
        NotFound: No such file.
        UnreadableFile: Of another size than `check` lets pass, a folder, a device, or not permitted.
    """
    shown = display_name(path.name)
    try:
        if not path.exists():
            raise NotFound(f"There is no file '{path}'. Check the spelling.")
        # A device or a pipe has no size to check and may never end.
        if not path.is_file():
            raise UnreadableFile(f"'{shown}' is not a regular file. Give the path of a file.")
        check(shown, path.stat().st_size)
        return path.read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UnreadableFile(f"'{shown}' cannot be opened: {reason}. Check the path and its permissions.") from None


def opened_again(path: Path, size: int) -> IO[bytes]:
    """A file that was read before, from its beginning.

    Raises:
        UnreadableFile: It is gone, or another one.
    """
    try:
        file = path.open("rb")
    except OSError:
        raise UnreadableFile(f"'{display_name(path.name)}' went away while it was read. Import it again.") from None
    if os.fstat(file.fileno()).st_size != size:
        file.close()
        raise UnreadableFile(f"'{display_name(path.name)}' changed while it was read. Import it again.")
    return file
