"""Results that were called lost and can be had after all: their files are asked for while the provider keeps them.

A result file that was not found, or never came whole, leaves requests missing that were answered and billed. The
provider's copy is never removed then, so every hour it is asked for once more, and what it holds takes the place of
the missing endings. Nothing is asked of a model and nothing is paid.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Final

from core.analyses.engines import engine_for
from core.domain.alert import AlertKind
from core.domain.analysis import Outcome, RawLine, ResultStatus
from core.domain.batch import ENDED
from core.domain.job import JOB_ENDED
from core.domain.records import Shard, ShardClaim
from core.drafts.fact_store import sheet_index, sheet_path
from core.drafts.job_files import job_folder
from core.errors import NotFound, ProviderError, StaleMove
from core.llm.answers import read_line
from core.storage.jobs.results import Stray
from core.worker.answered import tell
from core.worker.charging import Charges
from core.worker.collect import Reader, outcome_of, unnamed
from core.worker.context import Context, tariff_of
from core.worker.heartbeat import Heartbeat
from core.worker.in_hand import READING, InHand, leave_unread, tell_unread, unread
from core.worker.remote_files import remove_files
from core.worker.result_files import ResultFile, not_named, problem_of, result_files
from core.worker.result_layout import as_lines
from core.worker.result_lines import Line, lines_from

logger = logging.getLogger(__name__)

KEPT: Final = timedelta(days=30)
"""How long after a batch has ended its files are asked for: the longest that the provider keeps them for us."""

OWNER: Final = "late results"


def fetch_lost(context: Context) -> int:
    """Ask once more for every result file that never came whole. Returns how many batches are whole now.

    Left out are batches of jobs that are under way or another provider's, second askings, and answers with tools,
    whose calls nobody waits for any more.
    """
    done = 0
    for shard_id in sorted(context.store.alerts.ever(AlertKind.RESULT_LOST)):
        try:
            shard = context.store.shards.get(shard_id)
            job = context.store.jobs.get(shard.job_id)
        except NotFound:
            continue
        over = shard.ended_at is not None and context.clock() - shard.ended_at > KEPT
        if over or job.row.state not in JOB_ENDED or job.request.tools or not _lost(context, shard):
            continue
        if context.store.corrections.parents(shard.job_id, shard.index) or not context.serves(shard.job_id):
            continue
        now = context.clock()
        claim = context.store.shards.claim(shard_id, owner=OWNER, now=now, lease_seconds=context.pace.lease)
        if claim is None:
            continue
        try:
            with Heartbeat(context, claim):
                done += _fetch(context, claim, _named_by_now(context, claim, shard))
        except StaleMove as stale:
            logger.info("%s: %s", shard_id, stale)
        finally:
            context.store.shards.release(claim, due=now)
    return done


def _lost(context: Context, shard: Shard) -> list[ResultFile]:
    """Files that are marked as not whole, or not here."""
    return [one for one in result_files(context.home, shard) if one.marker.exists()]


def _named_by_now(context: Context, claim: ShardClaim, shard: Shard) -> Shard:
    """The shard as it stands once its batch was asked for files that it did not name when it ended."""
    if shard.batch_id is None or all(one.file_id for one in _lost(context, shard)):
        return shard
    try:
        batch = context.provider.check(shard.batch_id)
    except ProviderError as error:
        logger.info("result files of %s still are not named: %s", shard.shard_id, error)
        return shard
    if batch.status not in ENDED:
        return shard
    context.store.shards.seen(
        claim,
        batch,
        at=context.clock(),
        quiet_polls=shard.quiet_polls,
        message=shard.message,
        progress_at=shard.progress_at,
    )
    shard = context.store.shards.get(shard.shard_id)
    for one in result_files(context.home, shard):
        if one.file_id is not None and not one.path.exists():
            one.marker.touch(mode=0o600)
        elif one.file_id is None and not not_named(shard):
            one.marker.unlink(missing_ok=True)
    return shard


def _fetch(context: Context, claim: ShardClaim, shard: Shard) -> bool:
    lost = _lost(context, shard)
    for path, file_id, counted in lost:
        if file_id is None:
            return False
        temporary = path.with_suffix(f".{claim.fence}.tmp")
        try:
            context.provider.download(file_id, temporary)
            as_lines(temporary)
            problem = problem_of(temporary, counted)
        except ProviderError as error:
            problem = str(error)
        if problem:
            temporary.unlink(missing_ok=True)
            logger.info("result file %s of %s still cannot be had: %s", file_id, shard.shard_id, problem)
            return False
        # What was read from a file that was cut stands at the same places in the whole one.
        temporary.replace(path)
    files = [one.path for one in result_files(context.home, shard) if one.path.exists()]
    strays: list[Stray] = []
    outcomes, found = _outcomes(context, claim, shard, files, strays), 0
    while chunk := list(islice(outcomes, context.chunk)):
        context.store.results.found_late(claim, chunk, at=context.clock())
        job = context.store.jobs.get(shard.job_id)
        tell(context.store, job, shard.shard_id, shard.model, chunk, at=context.clock())
        tell_unread(context.store.alerts, claim, chunk, at=context.clock())
        context.crossing("after_chunk")
        found += len(chunk)
    # A line that was cut named nobody; whole, it does.
    context.store.rereading.replace_strays(claim, strays)
    note = f"{found:,} answers that were missing came after all; nothing was asked again"
    context.store.results.settle_late(claim, note=note, at=context.clock())
    for one in lost:
        one.marker.unlink(missing_ok=True)
    context.store.alerts.clear(shard.shard_id, AlertKind.RESULT_LOST, at=context.clock())
    logger.warning("%s: %s", shard.shard_id, note)
    remove_files(context, context.store.shards.get(shard.shard_id))
    return True


def _outcomes(
    context: Context, claim: ShardClaim, shard: Shard, files: Sequence[Path], strays: list[Stray]
) -> Iterator[Outcome]:
    """How the requests of a batch ended that are called missing and stand in these files.

    Args:
        strays: Takes up lines that name no request.
    """
    store, job = context.store, context.store.jobs.get(shard.job_id)
    missing = {
        item.custom_id
        for item in store.retries.unanswered(shard.job_id, [ResultStatus.MISSING])
        if item.shard_index == shard.index
    }
    expected = store.results.expected(shard.job_id, shard.index)
    with sheet_index(sheet_path(job_folder(context.home, shard.job_id)), missing) as sheets:
        reader = Reader(
            job=job,
            provider=context.identity.label,
            engine=engine_for(job.request.kind),
            sheets=sheets,
            charges=Charges(tariff_of(context, shard), expected, files, lambda: shard.counted),
            expected=expected,
            tools=None,
            parents={},
            endings=store.results,
        )
        for path in files:
            with InHand(path.parent, path.name, claim.fence) as hand:
                for line in lines_from(path, 0):
                    outcome = _outcome(line, reader, hand, path.name, missing, strays)
                    if outcome is not None:
                        missing.discard(outcome.custom_id)
                        yield outcome


def _outcome(
    line: Line, reader: Reader, hand: InHand, file: str, missing: AbstractSet[str], strays: list[Stray]
) -> Outcome | None:
    """How a request ended, if this line says so of one that is missing."""
    raw = RawLine(f"results/{file}", line.begin, line.length)
    code = hand.unread(line.begin, whole=line.whole)
    if code:
        read = leave_unread(line.data, code)
        strays.extend([] if read.custom_id else [unnamed(read)])
        found = reader.expected.get(read.custom_id)
        return (
            None
            if found is None or found.custom_id not in missing
            else unread(found.custom_id, found.portfolio_id, raw, code)
        )
    with READING:
        hand.take(line.begin)
        try:
            read = read_line(line.data)
            strays.extend([] if read.custom_id else [unnamed(read)])
            return outcome_of(read, reader, raw) if read.custom_id in missing else None
        finally:
            hand.drop()
