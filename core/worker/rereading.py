"""Stored result lines read again with today's reader: nothing is asked of anybody, and nothing is paid.

A line that was not understood was paid for as a rule. Its file stays here and at the provider, so that a later program
may understand it. What it makes of the line takes the place of the ending; what was booked for it stays booked.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from core.analyses.engines import engine_for
from core.domain.alert import AlertKind
from core.domain.analysis import Outcome, ResultStatus, UsageFrom
from core.domain.job import JOB_ENDED
from core.domain.records import Item, Job, Shard, ShardClaim
from core.drafts.fact_store import sheet_index, sheet_path
from core.drafts.job_files import job_folder
from core.errors import NotFound, Refused, StaleMove
from core.storage.jobs.results import Stray
from core.worker.answered import tell
from core.worker.charging import Charges
from core.worker.collect import Reader, ending_of
from core.worker.context import Context, tariff_of
from core.worker.heartbeat import Heartbeat
from core.worker.in_hand import READING, InHand
from core.worker.result_files import result_files
from core.worker.result_lines import lines_from

logger = logging.getLogger(__name__)

OWNER: Final = "reading again"
AT_ONCE: Final = 5
"""Jobs that are read again in one round of the worker's."""

_NOT_READ: Final = frozenset({ResultStatus.INVALID, ResultStatus.MISSING})
"""Endings that any other reading of the same line betters; all others only an answer."""

_ENDINGS: Final = (
    ResultStatus.FAILED,
    ResultStatus.MISSING,
    ResultStatus.TRUNCATED,
    ResultStatus.INVALID,
    ResultStatus.REFUSED,
)


@dataclass(frozen=True, slots=True)
class ReadAgain:
    """What reading again came to.

    Attributes:
        requests: Without an analysis before; `understood` of them have another ending now, `answered` an analysis.
        left_out: Why batches were not read.
    """

    job_id: str
    requests: int
    understood: int
    answered: int
    left_out: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """The same for the history."""
        left = "".join(f" {why}" for why in self.left_out)
        return (
            f"The stored lines of {self.requests:,} requests without an analysis were read again: {self.answered:,} "
            f"have one now, {self.understood - self.answered:,} ended otherwise than was read before. Nothing was "
            f"asked and nothing was paid.{left}"
        )


def read_again(context: Context, job_id: str, *, actor: str) -> ReadAgain:
    """Read the stored result files of a job again. Safe to repeat: killed anywhere, it is done again.

    Raises:
        NotFound: No such job.
        Refused: It has not ended, went to another provider, or its answers called tools, whose calls nobody waits for.
    """
    store, job = context.store, context.store.jobs.get(job_id)
    _may_be_read(context, job)
    again = store.rereading.is_wished(job_id)  # and perhaps begun by a process that died
    store.rereading.wish(job_id, actor=actor, at=context.clock())
    requests = understood = answered = 0
    left: list[str] = []
    for shard in store.shards.of_job(job_id):
        why = _not_read(context, shard)
        if why:
            left.append(f"{shard.shard_id} was left out: {why}.")
        if why or shard.batch_id is None:
            continue
        claim = store.shards.claim(shard.shard_id, owner=OWNER, now=context.clock(), lease_seconds=context.pace.lease)
        if claim is None:
            left.append(f"{shard.shard_id} was left out: somebody works on it.")
            continue
        try:
            with Heartbeat(context, claim):
                found = _read_shard(context, claim, shard, job, again=again)
        finally:
            store.shards.release(claim, due=context.clock())
        requests, understood, answered = requests + found[0], understood + found[1], answered + found[2]
    done = ReadAgain(job_id, requests, understood, answered, tuple(left))
    store.rereading.done(job_id, actor=actor, note=done.sentence, at=context.clock())
    return done


def read_wished(context: Context) -> int:
    """Read again what people have asked for. Returns how many jobs were read."""
    wished = context.store.rereading.wished(limit=AT_ONCE, providers=context.identity.accepts)
    for job_id, actor in wished.items():
        try:
            logger.info("%s: %s", job_id, read_again(context, job_id, actor=actor).sentence)
        except (Refused, NotFound) as refusal:
            context.store.rereading.done(job_id, actor=actor, note=str(refusal), at=context.clock())
        except StaleMove as stale:
            logger.info("%s is read again later: %s", job_id, stale)
    return len(wished)


def _may_be_read(context: Context, job: Job) -> None:
    row = job.row
    if row.state not in JOB_ENDED:
        raise Refused(f"Job {row.job_id} is {row.state}: its lines can be read again once it has ended.")
    if not context.serves(row.job_id):
        raise Refused(
            f"Job {row.job_id} went to {row.meant_for}, and this installation is set to {context.identity.label}. "
            "Read it again from an installation that is set to the first."
        )
    if job.request.tools:
        raise Refused(
            f"The answers of job {row.job_id} could call tools, and nobody waits for their calls any more. Look at the "
            f"lines as they came: mosychlos portfolio batch errors {row.job_id}"
        )


def _not_read(context: Context, shard: Shard) -> str:
    if shard.batch_id is None:
        return ""  # it never was at the provider
    if context.store.corrections.parents(shard.job_id, shard.index):
        return "what was asked once more is not read again"
    return "" if any(one.path.exists() for one in result_files(context.home, shard)) else "its result files are gone"


def _read_shard(context: Context, claim: ShardClaim, shard: Shard, job: Job, *, again: bool) -> tuple[int, int, int]:
    """(requests without an analysis, those that ended otherwise, those that have one) of one batch.

    Args:
        again: It may have been begun before, so that costs have to be settled whatever is found now.
    """
    store, now = context.store, context.clock()
    open_ = {
        item.custom_id for item in store.retries.unanswered(shard.job_id, _ENDINGS) if item.shard_index == shard.index
    }
    if not open_ and not again and not store.rereading.not_understood(shard.shard_id):
        return 0, 0, 0
    before = store.items.some(shard.job_id, sorted(open_))
    strays: list[Stray] = []
    understood = answered = 0
    chunk: list[Outcome] = []
    for ending in _endings(context, claim, shard, job, before):
        if isinstance(ending, Stray):
            strays.extend([] if ending.custom_id else [ending])
        elif _betters(ending, before[ending.custom_id]):
            chunk.append(_booked(ending, before[ending.custom_id]))
            understood += 1
            answered += ending.reading.status is ResultStatus.SUCCEEDED
        if len(chunk) >= context.chunk:
            _store(context, claim, shard, job, chunk)
            chunk = []
    _store(context, claim, shard, job, chunk)
    store.rereading.replace_strays(claim, strays)
    if understood or again:
        note = f"{understood:,} lines that were not understood were read again; nothing was asked again"
        store.results.settle_late(claim, note=note, at=now)
    if not store.rereading.not_understood(shard.shard_id):
        store.alerts.clear(shard.shard_id, AlertKind.STRAY, AlertKind.SET_ASIDE, at=now)
    return len(open_), understood, answered


def _endings(
    context: Context, claim: ShardClaim, shard: Shard, job: Job, open_: Mapping[str, Item]
) -> Iterator[Outcome | Stray]:
    """How the lines of a batch read today that are about these requests, or about none."""
    files = [one.path for one in result_files(context.home, shard) if one.path.exists()]
    expected = context.store.results.expected(shard.job_id, shard.index)
    with sheet_index(sheet_path(job_folder(context.home, shard.job_id)), set(open_)) as sheets:
        reader = Reader(
            job=job,
            provider=context.identity.label,
            engine=engine_for(job.request.kind),
            sheets=sheets,
            charges=Charges(tariff_of(context, shard), expected, files, lambda: shard.counted),
            expected={custom_id: one for custom_id, one in expected.items() if custom_id in open_},
            tools=None,
            parents={},
            endings=context.store.results,
        )
        ended: set[str] = set()
        for path in files:
            yield from _lines(reader, path, claim, ended)


def _lines(reader: Reader, path: Path, claim: ShardClaim, ended: set[str]) -> Iterator[Outcome | Stray]:
    """The lines of one file. One that ends this process twice is left as it is, as when it was read first."""
    with InHand(path.parent, path.name, claim.fence) as hand:
        for line in lines_from(path, 0):
            with READING:
                code = hand.unread(line.begin, whole=line.whole)
                if not code:
                    hand.take(line.begin)
                ending = ending_of(line, code, reader, path.name, ended)
                hand.drop()
            yield ending


def _betters(found: Outcome, before: Item) -> bool:
    """Whether today's reading says more than the ending that stands."""
    status = found.reading.status
    return status is ResultStatus.SUCCEEDED or (before.status in _NOT_READ and status not in _NOT_READ)


def _booked(found: Outcome, before: Item) -> Outcome:
    """With what was booked for it, where that was known: it was paid once, however often it is read."""
    if before.status is ResultStatus.MISSING or before.usage_from is UsageFrom.UNKNOWN:
        return found
    return replace(found, usage=before.usage, cost_usd=before.cost_usd, usage_from=before.usage_from)


def _store(context: Context, claim: ShardClaim, shard: Shard, job: Job, chunk: Sequence[Outcome]) -> None:
    if chunk:
        context.store.results.found_late(claim, chunk, at=context.clock())
        tell(context.store, job, shard.shard_id, shard.model, chunk, at=context.clock())
        context.crossing("after_chunk")
