"""Lines of the provider's result files, read without ever holding more of one than can be checked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import orjson

from core import redaction
from core.domain.analysis import RawLine

MOST_LINE_BYTES: Final = 16 * 1024 * 1024
"""Read of one line at most. The longest answers of today's models are a tenth of it, also with every letter escaped;
parsed, a hostile line takes forty times its length in memory."""

_PIECE_BYTES: Final = 1024 * 1024
_HEAD_BYTES: Final = 4_096
_SHOWN_BYTES: Final = 10_000
_custom_id = re.compile(rb'"custom_id"\s{0,9}:\s{0,9}"([^"\\]{1,200})"').search


class Line(NamedTuple):
    """A line of a result file, or the beginning of one that is longer than what is read of it.

    Attributes:
        begin: The byte it begins at.
        length: In the file, without its end.
    """

    begin: int
    data: bytes
    length: int

    @property
    def whole(self) -> bool:
        """Whether `data` is all of it."""
        return len(self.data) == self.length


def lines_from(path: Path, start: int, most: int = MOST_LINE_BYTES) -> Iterator[Line]:
    """Lines that are not blank. Only b"\\n" ends a line: models put U+2028 inside strings."""
    with path.open("rb") as file:
        file.seek(start)
        begin = start
        while piece := file.readline(most + 1):
            size, bare = len(piece), piece.rstrip(b"\n")
            if len(bare) > most:
                while (more := file.readline(_PIECE_BYTES)) and not more.endswith(b"\n"):
                    size += len(more)
                size += len(more)
                yield Line(begin, bare[:most], size - more.endswith(b"\n"))
            elif bare.strip():
                yield Line(begin, bare, len(bare))
            begin += size


def name_in(line: bytes) -> str:
    """The custom id of a line that is not to be parsed, "" where none stands near its beginning."""
    found = _custom_id(line[:_HEAD_BYTES])
    return found[1].decode("utf-8", "replace").replace("\x00", "\ufffd") if found else ""


def shown_line(path: Path, raw: RawLine, *, unread: bool) -> dict[str, Any] | None:
    """A line as people look at it, or None when its file is gone.

    Args:
        unread: It was kept unread: what ended a worker would end this process too, so only its beginning is shown.
    """
    if not path.exists():
        return None
    with path.open("rb") as file:
        file.seek(raw.offset)
        line = file.read(_SHOWN_BYTES if unread else raw.length)
    if unread:
        found: Any = {"not read": line.decode(errors="replace"), "bytes": raw.length, "file": raw.file}
    else:
        try:
            found = orjson.loads(line)
        except orjson.JSONDecodeError:
            found = None
    shown = found if isinstance(found, dict) else {"unreadable": line.decode(errors="replace")}
    cleaned: dict[str, Any] = redaction.redacted_tree(shown)
    return cleaned
