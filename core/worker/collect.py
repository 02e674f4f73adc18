"""collecting: bring the result files down whole, read and check every line, account for what is missing."""

from __future__ import annotations

import gc
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Final, Protocol

from core.analyses.engines import Engine, engine_for
from core.domain.alert import AlertKind
from core.domain.analysis import IN_DOUBT, ItemError, Outcome, RawLine, Reading, ResultStatus, Usage
from core.domain.batch import ENDED, Counted, ResultLine
from core.domain.job import ShardEvent
from core.domain.records import Job, Shard, ShardClaim
from core.drafts.fact_store import SheetIndex, sheet_index, sheet_path
from core.drafts.job_files import job_folder
from core.errors import DownloadCut, ProviderError, ProviderRefused, StorageTrouble
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
from core.worker.remote_files import remove_files
from core.worker.result_files import fetched, take_late_files
from core.worker.result_lines import Line, lines_from
from core.worker.retries import automatic
from core.worker.submit import wait
from core.worker.tool_rounds import ToolReader, asked_for_tools, next_round

logger = logging.getLogger(__name__)


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
        files, whole = fetched(context, claim, shard)
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
        take_late_files(context, claim, shard, batch)
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
            entries.append((ending_of(line, code, reader, file, ended), line.begin + line.length + 1))
        hand.drop()
    return _Chunk(entries) if entries else None


def ending_of(line: Line, code: str, reader: Reader, file: str, ended: set[str]) -> Outcome | Stray:
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


def unnamed(line: ResultLine) -> Stray:
    """A line that names no request."""
    return Stray("", "unreadable line" if line.error is None else line.error.message, line.raw)


def _stray_reason(line: ResultLine, expected: dict[str, ExpectedLine], ended: set[str]) -> str:
    if not line.custom_id:
        return unnamed(line).reason
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
        reading = Reading(line.status, None, None, _plainly(line))
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
    """Every request that no file mentions ends as missing, or as failed when it is known not to have run."""
    status, error = _why_missing(shard, words, whole=whole)
    may_be_billed = error.code in _MAY_BE_BILLED
    charges = reader.charges
    absent = [one for custom_id, one in reader.expected.items() if custom_id not in ended]
    for begin in range(0, len(absent), context.chunk):
        outcomes = []
        for one in absent[begin : begin + context.chunk]:
            charge = (
                charges.nothing
                if shard.provider_status == "failed"
                else charges.of_missing(one.custom_id, may_be_billed=may_be_billed)
            )
            # What the provider counts beyond the lines that came has run, whatever else it says.
            ran = error is CANCELLED and charge.usage != Usage()
            outcomes.append(
                Outcome(
                    one.custom_id,
                    one.portfolio_id,
                    Reading(ResultStatus.MISSING, None, None, MAY_HAVE_RUN)
                    if ran
                    else Reading(status, None, None, error),
                    charge.usage,
                    charge.cost_usd,
                    usage_from=charge.usage_from,
                )
            )
        reader.endings.add(claim, outcomes)


CANCELLED: Final = ItemError("cancelled", "Cancelled before it ran: nothing was paid for it.", transient=True)
"""How a request ends of which the provider shows that it never got to it."""

MAY_HAVE_RUN: Final = ItemError(
    IN_DOUBT,
    "Cancelled, and it may have run before: no line of it came. Where its cost is unknown, what was reserved for it "
    "stays reserved.",
    transient=False,
)
"""How one ends of which the provider does not say whether it got to it."""

_MAY_BE_BILLED: Final = frozenset({"batch_vanished", "result_lost", MAY_HAVE_RUN.code})


def _why_missing(shard: Shard, words: str, *, whole: bool) -> tuple[ResultStatus, ItemError]:
    """How the requests of a batch end that no result file mentions."""
    if shard.provider_status == "failed":
        return ResultStatus.FAILED, ItemError("batch_failed", words, transient=False)
    if shard.provider_status not in ENDED:
        # It may have been worked on and paid: whoever asks again must know.
        return ResultStatus.MISSING, ItemError("batch_vanished", words, transient=False)
    if not whole:
        lost = "A result file could not be fetched whole. What was answered is billed: asked again, it is paid twice."
        return ResultStatus.MISSING, ItemError("result_lost", lost, transient=False)
    if shard.provider_status == "cancelled":
        # The files hold as many lines as it counts. Where it names answers and counts nothing, nobody knows.
        told = shard.counts.total or (shard.output_file_id is None and shard.error_file_id is None)
        return (ResultStatus.FAILED, CANCELLED) if told else (ResultStatus.MISSING, MAY_HAVE_RUN)
    silent = "The provider's files have no line for this request."
    return ResultStatus.MISSING, ItemError("missing", silent, transient=True)


def _plainly(line: ResultLine) -> ItemError | None:
    """Why a request has no answer; that it never ran stands in front of the provider's own words."""
    error = line.error
    if error is None or error.code != "batch_cancelled" or line.usage != Usage():
        return error
    return replace(error, message=f"Cancelled before it ran. {error.message}")
