"""Where lines of a large file stand, by the name each begins with: a small file beside it, searched and never loaded.

A name's hash and the place of its line, ordered by hash. The index counts only for a file of exactly the size it was
written for; for any other, as for a file without an index, the file itself has to be read.
"""

from __future__ import annotations

import os
from array import array
from collections.abc import Iterable
from hashlib import blake2b
from pathlib import Path
from typing import Final

import numpy as np

from core.errors import StorageTrouble

_MAGIC: Final = 0x3130_5844_494C_534D
"""First word of the file; a later form of it begins with another one."""

_HEAD: Final = 3
"""Words before the hashes: what this is, the size of the indexed file, how many lines it has."""


class LineIndexWriter:
    """Collects places of lines; sixteen bytes a line are held."""

    def __init__(self) -> None:
        self._hashes = array("Q")
        self._places = array("Q")

    def add(self, name: str, place: int) -> None:
        """A line's name, and the byte at which it begins."""
        self._hashes.append(_hash(name))
        self._places.append(place)

    def write(self, path: Path, size: int) -> None:
        """Put the index of a file of so many bytes on disk, readable by its owner only.

        Raises:
            StorageTrouble: The disk takes no more; nothing is left of it.
        """
        hashes, places = (np.frombuffer(words, dtype=np.uint64) for words in (self._hashes, self._places))
        order = np.argsort(hashes, kind="stable")
        temporary = path.with_name(path.name + ".tmp")
        head = np.array([_MAGIC, size, len(hashes)], dtype=np.uint64)
        try:
            temporary.unlink(missing_ok=True)
            with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                for words in (head, hashes[order], places[order]):
                    file.write(words.astype("<u8").tobytes())
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        except OSError as error:
            temporary.unlink(missing_ok=True)
            raise StorageTrouble(
                f"The index {path.name} could not be written: {error.strerror or error}. Make room and start again; "
                "nothing was sent."
            ) from error


def index_path(path: Path) -> Path:
    """Where the index of a file stands."""
    return path.with_name(path.name + ".index")


def places(path: Path, names: Iterable[str]) -> dict[str, list[int]] | None:
    """Where the lines of some names begin.

    Two names may share a hash: whoever reads a line makes sure that it begins with the right one.

    Returns:
        Candidates by name, names without any left out; None when the file has no index that counts.
    """
    index = index_path(path)
    try:
        words = np.memmap(index, dtype="<u8", mode="r")
    except (FileNotFoundError, ValueError):  # numpy maps no empty file
        return None
    if len(words) < _HEAD:
        return None
    magic, size, count = (int(word) for word in words[:_HEAD])
    if magic != _MAGIC or size != path.stat().st_size or len(words) != _HEAD + 2 * count:
        return None
    hashes, starts = words[_HEAD : _HEAD + count], words[_HEAD + count :]
    wanted = list(names)
    keys = np.array([_hash(name) for name in wanted], dtype=np.uint64)
    first, last = (np.searchsorted(hashes, keys, side=side).tolist() for side in ("left", "right"))
    return {name: starts[low:high].tolist() for name, low, high in zip(wanted, first, last, strict=True) if low < high}


def _hash(name: str) -> int:
    return int.from_bytes(blake2b(name.encode(), digest_size=8).digest(), "little")
