"""The line that a worker reads at this moment, noted on disk: whoever comes after its sudden end knows what ended it.

A database or a disk that fails takes the note away. A kill, a crash, memory that ran out or an error that nobody
expected does not: then the line is one that has ended a worker, and after the second time it is set aside unread. One
line is read at a time in a process, because of two in hand nobody could tell which it was; reading keeps the
interpreter to itself anyway.
"""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from core.domain.alert import AlertKind
from core.domain.analysis import ItemError, Outcome, RawLine, Reading, ResultStatus
from core.domain.batch import ResultLine
from core.domain.records import ShardClaim
from core.errors import MosychlosError, ValueRefused
from core.storage.jobs.alerts import Alerts
from core.storage.jobs.results import Stray
from core.worker.charging import UNKNOWN, Charge
from core.worker.result_lines import MOST_LINE_BYTES, name_in

FATAL: Final = 2
"""So often a line may end a worker before it is set aside: the first time it may have been something else."""

SET_ASIDE: Final = "set_aside"
TOO_LONG: Final = "too_long"
NOT_STORED: Final = "not_stored"
UNREAD: Final = (SET_ASIDE, TOO_LONG, NOT_STORED)
"""Errors of answers that nobody has read, and that are not to be read by whoever comes later."""

READING: Final = threading.RLock()
"""One line is in hand at a time, so that a death of the process is told of the line that was. Who holds it and takes
over another shard in the same thread goes on: a plain lock would wait for itself, for ever."""

UNSTORABLE: Final = (ValueRefused, ValueError, TypeError, OverflowError)
"""What a database, or its driver, makes of a value that it takes in no form."""

_WIDTH: Final = 20
_NOTHING: Final = b" " * _WIDTH
_SHOWN_BYTES: Final = 2_000


class InHand:
    """The note about one result file.

    Args:
        folder: Where the results stand.
        file: The result file's name.
        fence: Of the claim: two workers that both think they hold a shard keep a note each.
    """

    def __init__(self, folder: Path, file: str, fence: int) -> None:
        self._folder = folder
        self._stem = file.removesuffix(".jsonl")
        self._path = folder / f"{self._stem}.{fence}.hand"
        self._ended: Counter[int] = Counter()
        self._descriptor = -1

    def __enter__(self) -> Self:
        notes = sorted(self._folder.glob(f"{self._stem}.*.hand"))
        for note in notes:
            in_hand, *before = note.read_bytes().split(b"\n")
            self._ended.update(int(place) for place in (in_hand, *before) if place.strip().isdigit())
        temporary = self._path.with_suffix(".hand.tmp")
        self._descriptor = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
        places = [b"%d" % place for place in self._ended.elements()]
        os.write(self._descriptor, b"\n".join([_NOTHING, *places]))
        # In this order nobody ever counts an end twice.
        for note in notes:
            note.unlink(missing_ok=True)
        temporary.replace(self._path)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        reading_failed = isinstance(error, Exception) and not isinstance(error, MosychlosError | OSError)
        if not reading_failed:
            self.drop()
        os.close(self._descriptor)
        if error is None or not (reading_failed or self._ended):
            self._path.unlink(missing_ok=True)

    def take(self, place: int) -> None:
        """Note that the line at this byte is read now."""
        os.pwrite(self._descriptor, b"%*d" % (_WIDTH, place), 0)

    def drop(self) -> None:
        """Note that nothing is read."""
        os.pwrite(self._descriptor, _NOTHING, 0)

    def unread(self, place: int, *, whole: bool) -> str:
        """Why the line at this byte is not to be read; "" for one that is.

        Args:
            whole: False for one that is longer than what is read of it.
        """
        if self._ended and self._ended[place] >= FATAL:
            return SET_ASIDE
        return "" if whole else TOO_LONG


def kept_unread(error: ItemError | None) -> bool:
    """Whether an ending says that nobody has read the answer, and nobody should."""
    return error is not None and error.code in UNREAD


def leave_unread(line: bytes, code: str) -> ResultLine:
    """A line that is not parsed: nothing of it but the custom id at its beginning."""
    error = ItemError(
        code, "a line that was set aside unread, and has no custom_id near its beginning", transient=False
    )
    beginning = line[:_SHOWN_BYTES].decode("utf-8", "replace").replace("\x00", "\ufffd")
    return ResultLine(name_in(line), ResultStatus.INVALID, None, error, None, beginning)


_WHY: Final = {
    SET_ASIDE: f"Reading this answer ended the worker {FATAL} times.",
    TOO_LONG: f"This answer is longer than the {MOST_LINE_BYTES:,} bytes that are read of one.",
    NOT_STORED: "The database refused what was read of this answer.",
}


def unread(custom_id: str, portfolio_id: str, raw: RawLine, code: str, charge: Charge = UNKNOWN) -> Outcome:
    """How a request ends whose line is kept as it came, and no more."""
    message = (
        f"{_WHY[code]} It was set aside and is kept as it came: {raw.length:,} bytes at byte {raw.offset:,} of "
        f"{raw.file}. Ask the request again to get another answer; that is paid again."
    )
    reading = Reading(ResultStatus.INVALID, None, None, ItemError(code, message, transient=False))
    return Outcome(custom_id, portfolio_id, reading, charge.usage, charge.cost_usd, raw, usage_from=charge.usage_from)


def not_stored(ending: Outcome | Stray) -> Outcome | Stray:
    """What is stored of a line that the database refuses."""
    if isinstance(ending, Stray) or ending.raw is None:
        return Stray("", "a line that the database refuses", "")
    charge = Charge(ending.usage, ending.usage_from, ending.cost_usd)
    return unread(ending.custom_id, ending.portfolio_id, ending.raw, NOT_STORED, charge)


def tell_unread(alerts: Alerts, claim: ShardClaim, outcomes: Sequence[Outcome], *, at: datetime) -> None:
    """Let a person know of answers that were kept unread."""
    for outcome in outcomes:
        error = outcome.reading.error
        if error is not None and kept_unread(error):
            alerts.raise_(AlertKind.SET_ASIDE, claim.shard_id, f"Request {outcome.custom_id}: {error.message}", at=at)
