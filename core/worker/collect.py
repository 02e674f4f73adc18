"""collecting: bring the result files down whole, read and check every line, account for what is missing."""

from __future__ import annotations

import gc
import logging
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Protocol

import orjson

from core.analyses.engines import Engine, engine_for
from core.domain.alert import AlertKind
from core.domain.analysis import ItemError, Outcome, RawLine, Reading, ResultStatus, Usage
from core.domain.batch import ENDED, Batch, Counted, ResultLine
from core.domain.job import ShardEvent
from core.domain.records import Job, Shard, ShardClaim
from core.drafts.fact_store import SheetIndex, sheet_index, sheet_path
from core.drafts.job_files import job_folder
from core.errors import DownloadCut, ProviderError, ProviderRefused, ResultLost, StorageTrouble
from core.llm.answers import read_line
from core.llm.jsonl import lines
from core.llm.rebuild import sent_effort
from core.llm.sent import sent_parameters
from core.storage.jobs.results import Billed, ExpectedLine, Stray
from core.storage.jobs.retries import Retry
from core.worker.answered import stands_in, tell
from core.worker.bill import with_searches
from core.worker.charging import Charges
from core.worker.context import Context, tariff_of
from core.worker.cost_notes import tell_cost
from core.worker.in_hand import READING, UNSTORABLE, InHand, leave_unread, not_stored, tell_unread, unread
from core.worker.remote_files import INCOMPLETE, remove_files
from core.worker.result_lines import Line, lines_from
from core.worker.retries import automatic
from core.worker.submit import wait
from core.worker.tool_rounds import ToolReader, asked_for_tools, next_round

logger = logging.getLogger(__name__)

TRIES = 4
"""Downloads of the same size that do not look whole before the file is taken as it is: then it is the provider's. As
often a file is asked for that the provider does not name, or does not find, before it is called lost."""


class Endings(Protocol):
    """Where the endings of a shard's requests are kept: as results, or as second answers beside them."""

    def expected(self, job_id: str, shard_index: int) -> dict[str, ExpectedLine]:
        """Every request of the shard by custom id."""

    def ended(self, job_id: str, shard_index: int) -> set[str]:
        """Those whose ending is stored already."""

    def shard_counts(self, job_id: str, shard_index: int) -> dict[ResultStatus, int]:
        """How many ended in which way."""

    def came_to(self, job_id: str, shard_index: int) -> tuple[Usage, Decimal | None]:
        """Tokens of all of them together, and what they cost; None where that is not known of each."""

    def add(
        self,
        claim: ShardClaim,
        outcomes: Sequence[Outcome],
        strays: Sequence[Stray] = (),
        *,
        file: str = "",
        read_to: int = 0,
    ) -> None:
        """Store a chunk of endings and the place in the file, in one transaction."""


@dataclass(frozen=True, slots=True)
class Reader:
    """What is needed to read one shard's lines.

    Attributes:
        provider: Label of whoever was asked.
        parents: The first request of each second one; empty for a shard of first ones.
    """

    job: Job
    provider: str
    engine: Engine
    sheets: SheetIndex
    charges: Charges
    expected: dict[str, ExpectedLine]
    tools: ToolReader | None
    parents: Mapping[str, str]
    endings: Endings

    def request_of(self, custom_id: str) -> str:
        """The request that a line is about: itself, or the first one where it was asked once more."""
        return self.parents.get(custom_id, custom_id)


def collect(context: Context, claim: ShardClaim, shard: Shard) -> datetime:
    """One shard from ended to settled. Killed anywhere, it goes on where it was."""
    job = context.store.jobs.get(shard.job_id)
    engine = engine_for(job.request.kind)
    parents = context.store.corrections.parents(shard.job_id, shard.index)
    endings: Endings = context.store.corrections.endings(engine.tags) if parents else context.store.results
    if shard.provider_status not in ENDED:
        try:
            if _there_again(context, claim, shard, endings):
                return context.clock()
        except ProviderError as error:
            return wait(context, claim, shard, f"Looking once more for a batch that vanished: {error}")
    try:
        files, whole = _downloaded(context, claim, shard)
    except ProviderRefused as refusal:
        return wait(context, claim, shard, f"The results cannot be fetched: {refusal}")
    except (DownloadCut, ProviderError) as error:
        return wait(context, claim, shard, f"Fetching the results again: {error}")
    except OSError as error:
        raise StorageTrouble(
            f"The results of {shard.shard_id} could not be written ({error.strerror}). "
            "Free some space; they stay at the provider and are fetched again."
        ) from error
    expected = endings.expected(shard.job_id, shard.index)
    ended = endings.ended(shard.job_id, shard.index)
    requests = set(parents.values()) if parents else expected
    charges = Charges(
        tariff_of(context, shard),
        expected,
        files,
        _looking(context, claim, shard),
        whole=shard.counted,
        may_grow=bool(job.request.tools),
    )
    with sheet_index(sheet_path(job_folder(context.home, shard.job_id)), requests) as sheets:
        reader = Reader(
            job=job,
            provider=context.identity.label,
            engine=engine,
            sheets=sheets,
            charges=charges,
            expected=expected,
            tools=ToolReader(context, shard, list(requests)) if job.request.tools else None,
            parents=parents,
            endings=endings,
        )
        try:
            with _no_cycle_search():
                for file in files:
                    _read_file(context, claim, shard, reader, file, ended)
            if len(ended) < len(expected) or endings.shard_counts(shard.job_id, shard.index).get(ResultStatus.MISSING):
                charges.ask()
        except (DownloadCut, ProviderError) as error:
            return wait(context, claim, shard, f"Asking what became of lines that are missing: {error}")
    words = context.store.shards.last_note(shard.shard_id, ShardEvent.ENDED)
    _account_for_missing(context, claim, shard, reader, ended, words, whole=whole)
    billed, odd = _billed(shard, charges, *endings.came_to(shard.job_id, shard.index))
    tell_cost(context.store, shard.job_id, [*charges.notes(), odd], at=context.clock())
    context.crossing("before_settle")
    following = next_round(context, job, shard)
    asked = 0 if following is None else sum(len(part.custom_ids) for part in following.files)
    counts = endings.shard_counts(shard.job_id, shard.index)
    first = _first_line(shard)
    context.store.results.settle(
        claim,
        _ending(shard, counts, asked),
        # Answers with tools are longer and shorter by turns: they teach nothing about answers without.
        kind=job.request.kind.value + ("+tools" if job.request.tools else ""),
        effort="" if first is None else sent_effort(first),
        at=context.clock(),
        message=_said(shard, counts, words, asked),
        retries=[retry for retry in (_by_itself(context, job, shard, billed), following) if retry is not None],
        sent={} if first is None or parents else sent_parameters(first),
        billed=billed,
    )
    context.crossing("after_settle")
    remove_files(context, shard)
    return context.clock()


def _by_itself(context: Context, job: Job, shard: Shard, billed: Billed | None) -> Retry | None:
    """The retry that needs nobody. None while it is not known what the job has cost, although its model has a price:
    nobody could say then whether it stays within what was approved.
    """
    unknown = context.store.jobs.get(shard.job_id).row.actual_usd is None or (
        billed is not None and billed.cost_usd is None
    )
    if unknown and job.estimate.expected_usd is not None:
        return None
    return automatic(context, job, shard)


def _first_line(shard: Shard) -> bytes | None:
    """One of a shard's requests as it was sent, for what all of them have in common; None when the file is gone."""
    path = Path(shard.path)
    return next(lines(path), None) if path.exists() else None


@contextmanager
def _no_cycle_search() -> Iterator[None]:
    """Answers are trees and free themselves; looking for cycles among thousands of them is a quarter of the work.

    What else runs in this process goes on making cycles: `_read_file` looks for those between two chunks.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _ending(shard: Shard, counts: dict[ResultStatus, int], asked: int) -> ShardEvent:
    succeeded = counts.get(ResultStatus.SUCCEEDED, 0)
    if shard.provider_status == "cancelled":
        return ShardEvent.COLLECTED_CANCELLED
    if succeeded == shard.requests:
        return ShardEvent.COLLECTED_ALL
    return ShardEvent.COLLECTED_SOME if succeeded or asked else ShardEvent.COLLECTED_NONE


def _said(shard: Shard, counts: dict[ResultStatus, int], words: str, asked: int) -> str:
    left = {**counts, ResultStatus.INVALID: counts.get(ResultStatus.INVALID, 0) - asked}
    parts = [f"{n} {status.value}" for status, n in sorted(left.items()) if status is not ResultStatus.SUCCEEDED and n]
    others = ", ".join([f"{asked} called tools and are asked again", *parts] if asked else parts)
    if not others:
        return ""
    provider = "" if shard.provider_status == "completed" else f" The provider's word: {words.rstrip('.!')}."
    return f"{counts.get(ResultStatus.SUCCEEDED, 0)} of {shard.requests} succeeded; {others}.{provider}"


def _there_again(context: Context, claim: ShardClaim, shard: Shard, endings: Endings) -> bool:
    """Whether a batch that was given up as unknown to the provider is known again: then it is watched as before.

    Raises:
        ProviderError: The provider did not say.
    """
    if shard.batch_id is None or ResultStatus.MISSING in endings.shard_counts(shard.job_id, shard.index):
        return False  # its requests have been told to be missing; should it come back, it is called off
    try:
        context.provider.check(shard.batch_id)
    except ProviderRefused as refusal:
        if refusal.status != 404:
            raise
        context.provider.probe()  # at a wrong address nothing is known either
        return False
    now, note = context.clock(), "the provider knows the batch again"
    context.store.shards.move(claim, shard.state, ShardEvent.REAPPEARED, at=now, note=note, message="")
    return True


def _looking(context: Context, claim: ShardClaim, shard: Shard) -> Callable[[], Counted | None]:
    """What the provider counts for a batch, asked at most once; None where it does not say, or nobody may look."""

    @cache
    def look() -> Counted | None:
        if shard.batch_id is None:
            return None
        try:
            batch = context.provider.check(shard.batch_id)
        except ProviderRefused as refusal:
            if refusal.passing or refusal.needs_person:
                raise
            context.provider.probe()  # at a wrong address nothing is known either
            return None  # whoever finds nothing will not know more tomorrow
        _take_late_files(context, claim, shard, batch)
        return batch.counted

    return look


def _billed(shard: Shard, charges: Charges, came_to: Usage, spent: Decimal | None) -> tuple[Billed | None, str]:
    """What the provider bills where it counts other tokens than its lines say, and that it does: the dearer counts."""
    whole = charges.whole
    if whole is None or shard.batch_id is None:
        return None, ""
    said = whole.usage
    if (said.input_tokens, said.cached_tokens, said.output_tokens) == (
        came_to.input_tokens,
        came_to.cached_tokens,
        came_to.output_tokens,
    ):
        return None, ""
    if spent is None:
        return Billed(said, None), ""
    odd = (
        f"The provider counts {said.input_tokens:,} tokens in ({said.cached_tokens:,} cached) and "
        f"{said.output_tokens:,} out for {shard.batch_id}, its lines {came_to.input_tokens:,} "
        f"({came_to.cached_tokens:,}) and {came_to.output_tokens:,}: the dearer of both counts."
    )
    return Billed(said, charges.at_least(Counted(came_to), spent)), odd


def _take_late_files(context: Context, claim: ShardClaim, shard: Shard, batch: Batch) -> None:
    """A batch can be seen to have ended before it names its files.

    Raises:
        DownloadCut: It names one now that it did not name before; the shard knows it from now on.
    """
    late = {batch.output_file_id, batch.error_file_id} - {None, shard.output_file_id, shard.error_file_id}
    if late and batch.status in ENDED:
        context.store.shards.seen(claim, batch, at=context.clock(), quiet_polls=shard.quiet_polls)
        raise DownloadCut(f"The provider names result file {', '.join(sorted(map(str, late)))} only now.")


def _downloaded(context: Context, claim: ShardClaim, shard: Shard) -> tuple[list[Path], bool]:
    """The shard's result files on disk, and whether each came, and whole."""
    folder = job_folder(context.home, shard.job_id) / "results"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for leftover in folder.glob(f"{shard.index:04d}.*.tmp*"):
        leftover.unlink(missing_ok=True)  # of a process that was killed while it wrote
    present: list[Path] = []
    whole = True
    for role, file_id, counted in (
        ("output", shard.output_file_id, shard.counts.completed),
        ("error", shard.error_file_id, shard.counts.failed),
    ):
        if file_id is None:
            if counted and role == "output":
                _ask_for_files(context, claim, shard, counted)
                _say_lost(context, claim, shard, f"The provider counts {counted:,} answers and names no file of them.")
                whole = False
            continue
        path = folder / f"{shard.index:04d}.{role}.jsonl"
        if not path.exists():
            context.crossing("before_download")
            temporary = path.with_suffix(f".{claim.fence}.tmp")
            try:
                context.provider.download(file_id, temporary)
                taken = _check_whole(temporary, counted, path.with_suffix(".short"))
                # Of a process that was killed after an earlier one.
                path.with_suffix(INCOMPLETE).unlink(missing_ok=True)
                if taken:
                    path.with_suffix(INCOMPLETE).touch(mode=0o600)
                    told = f"{taken} What it lacks counts as missing; {file_id} stays there and is asked for again."
                    context.store.alerts.raise_(AlertKind.RESULT_LOST, shard.shard_id, told, at=context.clock())
            except ResultLost as lost:
                temporary.unlink(missing_ok=True)
                if shard.quiet_polls < TRIES:
                    raise DownloadCut(f"{lost} It is asked for again before it is given up.") from None
                context.provider.probe()  # at a wrong address no file is found either
                path.with_suffix(INCOMPLETE).touch(mode=0o600)
                logger.exception("result file %s of %s is gone", file_id, shard.shard_id)
                _say_lost(context, claim, shard, f"{lost} It is asked for again every hour.")
                whole = False
                continue
            except (ProviderError, OSError):
                temporary.unlink(missing_ok=True)
                raise
            context.crossing("after_download")
            temporary.replace(path)
            _sync(folder)
            context.crossing("after_rename")
        whole &= not path.with_suffix(INCOMPLETE).exists()
        present.append(path)
    return present, whole


def _ask_for_files(context: Context, claim: ShardClaim, shard: Shard, counted: int) -> None:
    """Look a few times more for the file of answers that the provider counts.

    Raises:
        ProviderError: It could not be asked.
        DownloadCut: It was asked, and not often enough yet to be believed.
    """
    if shard.batch_id is None or shard.quiet_polls >= TRIES:
        return
    try:
        _take_late_files(context, claim, shard, context.provider.check(shard.batch_id))
    except ProviderRefused as refusal:
        if refusal.status != 404:
            raise
    raise DownloadCut(f"The provider counts {counted:,} answers and names no file of them yet.")


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


def _read_file(context: Context, claim: ShardClaim, shard: Shard, reader: Reader, path: Path, ended: set[str]) -> None:
    """Store a file from where it was left, a chunk a transaction."""
    coming = lines_from(path, context.store.results.read_to(shard.shard_id, path.name))
    with InHand(path.parent, path.name, claim.fence) as hand:
        while chunk := _read_chunk(context, islice(coming, context.chunk), reader, hand, path.name, ended):
            _store_calls(context, shard, reader)
            _store(context, claim, shard, reader, chunk, path.name)
            gc.collect(1)


@dataclass(frozen=True, slots=True)
class _Chunk:
    """Lines of a result file that were read: how a request ended, or what belongs to none, and where the next is."""

    entries: list[tuple[Outcome | Stray, int]]

    @property
    def outcomes(self) -> list[Outcome]:
        return [one for one, _ in self.entries if isinstance(one, Outcome)]

    @property
    def strays(self) -> list[Stray]:
        return [one for one, _ in self.entries if isinstance(one, Stray)]

    @property
    def read_to(self) -> int:
        return self.entries[-1][1]


def _read_chunk(
    context: Context, lines: Iterable[Line], reader: Reader, hand: InHand, file: str, ended: set[str]
) -> _Chunk | None:
    """Read lines, each noted while it is in hand; None when there are none left."""
    entries: list[tuple[Outcome | Stray, int]] = []
    with READING:
        for line in lines:
            code = hand.unread(line.begin, whole=line.whole)
            if not code:
                hand.take(line.begin)
                context.crossing("line_in_hand")
            entries.append((_ending_of(line, code, reader, file, ended), line.begin + line.length + 1))
        hand.drop()
    return _Chunk(entries) if entries else None


def _ending_of(line: Line, code: str, reader: Reader, file: str, ended: set[str]) -> Outcome | Stray:
    """How a line's request ended, or why it has none.

    Args:
        code: Why it is not to be read; "" for one that is.
    """
    read = leave_unread(line.data, code) if code else read_line(line.data)
    reason = _stray_reason(read, reader.expected, ended)
    if reason:
        return Stray(read.custom_id, reason, read.raw)
    ended.add(read.custom_id)
    raw = RawLine(f"results/{file}", line.begin, line.length)
    if not code:
        return outcome_of(read, reader, raw)
    of = reader.expected[read.custom_id]
    return unread(of.custom_id, of.portfolio_id, raw, code, reader.charges.of(read))


def _store_calls(context: Context, shard: Shard, reader: Reader) -> None:
    """Searches and citations of a chunk, ahead of its endings: repeated, they change nothing."""
    if reader.tools is not None and reader.tools.found:
        context.store.tool_calls.add_many(shard.job_id, reader.tools.found)
        reader.tools.found.clear()


def _store(context: Context, claim: ShardClaim, shard: Shard, reader: Reader, chunk: _Chunk, file: str) -> None:
    context.crossing("before_chunk")
    try:
        reader.endings.add(claim, chunk.outcomes, chunk.strays, file=file, read_to=chunk.read_to)
    except UNSTORABLE:
        logger.exception("the database refuses something in %d lines of %s", len(chunk.entries), file)
        chunk = _store_each(claim, reader, chunk, file)
    tell(context.store, reader.job, shard.shard_id, shard.model, chunk.outcomes, at=context.clock())
    if chunk.strays:
        first = chunk.strays[0]
        text = f"A result file has lines that belong to no request, such as: {first.reason} {first.custom_id}"
        context.store.alerts.raise_(AlertKind.STRAY, claim.shard_id, text.strip(), at=context.clock())
    tell_unread(context.store.alerts, claim, chunk.outcomes, at=context.clock())
    context.crossing("after_chunk")


def _store_each(claim: ShardClaim, reader: Reader, chunk: _Chunk, file: str) -> _Chunk:
    """Store lines one by one, and of one that is refused only that it was. Returns them as they are stored."""
    stored: list[tuple[Outcome | Stray, int]] = []
    for ending, read_to in chunk.entries:
        one = _Chunk([(ending, read_to)])
        try:
            reader.endings.add(claim, one.outcomes, one.strays, file=file, read_to=read_to)
        except UNSTORABLE:
            one = _Chunk([(not_stored(ending), read_to)])
            reader.endings.add(claim, one.outcomes, one.strays, file=file, read_to=read_to)
        stored += one.entries
    return _Chunk(stored)


def _stray_reason(line: ResultLine, expected: dict[str, ExpectedLine], ended: set[str]) -> str:
    if not line.custom_id:
        return "unreadable line" if line.error is None else line.error.message
    if line.custom_id not in expected:
        return "no request has this custom_id"
    return "a second line for this custom_id; the first one counts" if line.custom_id in ended else ""


def outcome_of(line: ResultLine, reader: Reader, raw: RawLine) -> Outcome:
    """How a request ended, its answer read and held against the facts."""
    answered = replace(line.answered, provider=reader.provider)
    charge = reader.charges.of(line)
    spent, asks = None if stands_in(reader.job, answered) else charge.cost_usd, None
    if reader.tools is not None and not reader.parents:  # whoever is asked once more may call none
        asks, looked = reader.tools.ending(line)
        spent = with_searches(spent, looked)
    if asks is not None:
        reading = asked_for_tools(asks)
    elif line.status is ResultStatus.SUCCEEDED and line.text is not None:
        request = reader.request_of(line.custom_id)
        sheet = reader.sheets.get(request)
        reading = reader.engine.read(line.text, reader.tools.sheet(request, sheet) if reader.tools else sheet)
    else:
        reading = Reading(line.status, None, None, line.error)
    return Outcome(
        custom_id=line.custom_id,
        portfolio_id=reader.expected[line.custom_id].portfolio_id,
        reading=reading,
        usage=charge.usage,
        usage_from=charge.usage_from,
        cost_usd=spent,
        raw=raw,
        answered=answered,
    )


def _account_for_missing(
    context: Context, claim: ShardClaim, shard: Shard, reader: Reader, ended: set[str], words: str, *, whole: bool
) -> None:
    """Every request that no file mentions ends as missing, or as failed when the whole batch was refused."""
    failed = shard.provider_status == "failed"
    if failed:
        error = ItemError("batch_failed", words, transient=False)
    elif shard.provider_status not in ENDED:
        # It may have been worked on and paid: whoever asks again must know.
        error = ItemError("batch_vanished", words, transient=False)
    elif not whole:
        lost = "A result file could not be fetched whole. What was answered is billed: asked again, it is paid twice."
        error = ItemError("result_lost", lost, transient=False)
    else:
        error = ItemError("missing", "The provider's files have no line for this request.", transient=True)
    status = ResultStatus.FAILED if failed else ResultStatus.MISSING
    reading = Reading(status, None, None, error)
    charges, may_be_billed = reader.charges, not failed and (not whole or shard.provider_status not in ENDED)
    absent = [one for custom_id, one in reader.expected.items() if custom_id not in ended]
    for begin in range(0, len(absent), context.chunk):
        outcomes = []
        for one in absent[begin : begin + context.chunk]:
            charge = charges.nothing if failed else charges.of_missing(one.custom_id, may_be_billed=may_be_billed)
            outcomes.append(
                Outcome(
                    one.custom_id,
                    one.portfolio_id,
                    reading,
                    charge.usage,
                    charge.cost_usd,
                    usage_from=charge.usage_from,
                )
            )
        reader.endings.add(claim, outcomes)
