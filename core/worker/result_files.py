"""The provider's result files of an ended batch on this disk: asked for, brought down, and shown to be whole."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

import orjson

from core.domain.alert import AlertKind
from core.domain.batch import ENDED, Batch
from core.domain.records import Shard, ShardClaim
from core.drafts.job_files import job_folder
from core.errors import DownloadCut, ProviderError, ProviderRefused, ResultLost
from core.worker.context import Context
from core.worker.remote_files import INCOMPLETE
from core.worker.result_layout import as_lines
from core.worker.result_lines import lines_from

logger = logging.getLogger(__name__)

TRIES: Final = 4
"""Downloads of the same size that do not look whole before the file is taken as it is: then it is the provider's. As
often a file is asked for that the provider does not name, or does not find, before it is called lost."""


class ResultFile(NamedTuple):
    """One of the two files of a batch.

    Attributes:
        path: Where it stands here, or will.
        file_id: At the provider; None where it names none.
        counted: Lines of it that the provider counts.
    """

    path: Path
    file_id: str | None
    counted: int

    @property
    def marker(self) -> Path:
        """There while the file is known not to be whole, or not to be here."""
        return self.path.with_suffix(INCOMPLETE)


def result_files(home: Path, shard: Shard) -> Iterator[ResultFile]:
    """The file of answers and the file of errors."""
    folder = job_folder(home, shard.job_id) / "results"
    for role, file_id, counted in (
        ("output", shard.output_file_id, shard.counts.completed),
        ("error", shard.error_file_id, shard.counts.failed),
    ):
        yield ResultFile(folder / f"{shard.index:04d}.{role}.jsonl", file_id, counted)


def not_named(shard: Shard) -> str:
    """Why a batch must have a result file that it does not name; "" where it need not have one.

    What a batch that was stopped before it began, or that nobody got to in time, need not have.
    """
    counts = shard.counts
    if counts.completed and shard.output_file_id is None:
        return f"The provider counts {counts.completed:,} answers and names no file of them"
    if shard.output_file_id is not None or shard.error_file_id is not None:
        return ""
    unsaid = (shard.provider_status == "completed" and counts.failed < shard.requests) or (
        shard.provider_status == "expired" and not counts.total
    )
    return f"The provider calls the batch {shard.provider_status} and names no result file" if unsaid else ""


def fetched(context: Context, claim: ShardClaim, shard: Shard) -> tuple[list[Path], bool]:
    """The shard's result files on disk, and whether each came, and whole.

    Raises:
        ProviderError: One could not be had now.
        DownloadCut: It came and was not whole, or there may be more to come.
    """
    folder = job_folder(context.home, shard.job_id) / "results"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for leftover in folder.glob(f"{shard.index:04d}.*.tmp*"):
        leftover.unlink(missing_ok=True)  # of a process that was killed while it wrote
    present: list[Path] = []
    whole = True
    for one in result_files(context.home, shard):
        if one.file_id is None:
            if one.path.name.endswith(".output.jsonl") and (why := not_named(shard)):
                _ask_for_files(context, claim, shard, why)
                one.marker.touch(mode=0o600)
                _say_lost(context, claim, shard, f"{why}. It is asked for one every hour.")
                whole = False
            continue
        if one.path.exists() or _fetch(context, claim, shard, one, one.file_id):
            whole &= not one.marker.exists()
            present.append(one.path)
        else:
            whole = False
    return present, whole


def _fetch(context: Context, claim: ShardClaim, shard: Shard, one: ResultFile, file_id: str) -> bool:
    """Bring one file down; False for one that is lost."""
    context.crossing("before_download")
    temporary = one.path.with_suffix(f".{claim.fence}.tmp")
    try:
        context.provider.download(file_id, temporary)
        odd = as_lines(temporary)
        taken = _check_whole(temporary, one.counted, one.path.with_suffix(".short"))
    except ResultLost as lost:
        temporary.unlink(missing_ok=True)
        if shard.quiet_polls < TRIES:
            raise DownloadCut(f"{lost} It is asked for again before it is given up.") from None
        context.provider.probe()  # at a wrong address no file is found either
        one.marker.touch(mode=0o600)
        logger.exception("result file %s of %s is gone", file_id, shard.shard_id)
        _say_lost(context, claim, shard, f"{lost} It is asked for again every hour.")
        return False
    except (ProviderError, OSError):
        temporary.unlink(missing_ok=True)
        raise
    one.marker.unlink(missing_ok=True)  # of a process that was killed after an earlier one
    if taken:
        one.marker.touch(mode=0o600)
        told = f"{taken} What it lacks counts as missing; {file_id} stays there and is asked for again."
        context.store.alerts.raise_(AlertKind.RESULT_LOST, shard.shard_id, told, at=context.clock())
    if odd:
        logger.warning("%s of %s: %s", file_id, shard.shard_id, odd)
        context.store.shards.record(claim, shard.job_id, "odd_file", odd, at=context.clock())
    context.crossing("after_download")
    temporary.replace(one.path)
    _sync(one.path.parent)
    context.crossing("after_rename")
    return True


def take_late_files(context: Context, claim: ShardClaim, shard: Shard, batch: Batch) -> None:
    """A batch can be seen to have ended before it names its files.

    Raises:
        DownloadCut: It names one now that it did not name before; the shard knows it from now on.
    """
    late = {batch.output_file_id, batch.error_file_id} - {None, shard.output_file_id, shard.error_file_id}
    if late and batch.status in ENDED:
        context.store.shards.seen(claim, batch, at=context.clock(), quiet_polls=shard.quiet_polls)
        raise DownloadCut(f"The provider names result file {', '.join(sorted(map(str, late)))} only now.")


def _ask_for_files(context: Context, claim: ShardClaim, shard: Shard, why: str) -> None:
    """Look a few times more for a file that there must be.

    Raises:
        ProviderError: It could not be asked.
        DownloadCut: It was asked, and not often enough yet to be believed, or has more to say now.
    """
    if shard.batch_id is None or shard.quiet_polls >= TRIES:
        return
    try:
        batch = context.provider.check(shard.batch_id)
        take_late_files(context, claim, shard, batch)
        if batch.status in ENDED and batch.counts.total:
            # It may count now what it did not before, and that may be no answer at all.
            context.store.shards.seen(claim, batch, at=context.clock(), quiet_polls=shard.quiet_polls)
    except ProviderRefused as refusal:
        if refusal.status != 404:
            raise
    raise DownloadCut(f"{why} yet.")


def _say_lost(context: Context, claim: ShardClaim, shard: Shard, words: str) -> None:
    if context.store.alerts.raise_(AlertKind.RESULT_LOST, shard.shard_id, words, at=context.clock()):
        context.store.shards.record(claim, shard.job_id, "result_lost", words, at=context.clock())


def _check_whole(path: Path, at_least: int, marker: Path) -> str:
    """A close-delimited answer can be cut without any error, so the file itself must show that it is whole.

    Args:
        marker: Remembers the size of a file that was not, and how often it came like that.

    Returns:
        What is wrong with a file that is taken all the same; "" for a whole one.

    Raises:
        DownloadCut: It does not look whole, and has not come at this very size often enough to be believed.
    """
    problem = problem_of(path, at_least)
    if problem:
        size = str(path.stat().st_size)
        before = marker.read_text("ascii").split() if marker.exists() else []
        times = before.count(size) + 1
        if times < TRIES:
            marker.write_text(" ".join([size] * times), "ascii")
            raise DownloadCut(problem)
        logger.warning("%s is taken as it is after %d downloads: %s", path.name, times, problem)
    marker.unlink(missing_ok=True)
    return problem


def problem_of(path: Path, at_least: int) -> str:
    """What is wrong with a result file; "" for one that is whole.

    Args:
        at_least: Lines that the provider counts.
    """
    size = path.stat().st_size
    if size == 0:
        return f"The result file is empty; the provider counts {at_least} lines." if at_least else ""
    lines = sum(1 for _ in lines_from(path, 0))
    with path.open("rb") as file:
        file.seek(max(0, size - (1 << 22)))
        tail = file.read()
    last = tail.rstrip(b"\r\n").rsplit(b"\n", 1)[-1]
    if not tail.endswith(b"\n") and not _is_json(last):
        return f"The result file ends in the middle of line {lines}."
    if lines < at_least:
        return f"The result file has {lines} of the {at_least} lines that the provider counts."
    return ""


def _is_json(line: bytes) -> bool:
    """Whether a line is whole: one that was cut behind an inner brace looks so and is not."""
    try:
        orjson.loads(line)
    except orjson.JSONDecodeError:
        return False
    return True


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
