"""From queued to running, paying once: the two-phase submit.

The provider has no idempotency key. So the intent to create is committed before the paid call; a call whose answer
was lost leaves the shard `unknown`, and nobody creates again until the provider's own list has been searched for long
enough, the input file has been deleted (a fence against a late create) and the list searched once more.
"""

from __future__ import annotations

import logging
import shutil
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

from core.analyses.metadata import batch_metadata
from core.domain.alert import AlertKind
from core.domain.analysis import IN_DOUBT, ItemError
from core.domain.batch import Batch
from core.domain.job import JobState, ShardEvent, ShardState
from core.domain.records import Job, Shard, ShardClaim
from core.drafts.job_files import job_key
from core.errors import (
    OptionalRefused,
    ProviderAmbiguous,
    ProviderError,
    ProviderRefused,
    ProviderUnfit,
    ProviderUnreachable,
    StaleMove,
)
from core.storage.jobs.shards import QUEUE_AGAIN
from core.storage.store import Store
from core.worker.approved_file import InputChanged
from core.worker.confirm import confirmed
from core.worker.context import Context
from core.worker.input_file import FileNotReady, file_is_absent, file_is_worked_on, look_again_in, ready_file
from core.worker.queue_plan import FULL, no_room

logger = logging.getLogger(__name__)

MAX_UNKNOWN = 2
"""Creates with a lost answer after which a person decides."""

MIN_SCANS = 3
"""Complete look-ups of the list that must come up empty before a lost create counts as absent."""

ROOM_FACTOR, ROOM_BYTES = 2, 50_000_000
"""Free disk wanted before a batch is bought: twice its input, for the answers on disk and in the database, and some."""

UNKNOWN_TOO_LONG = timedelta(minutes=15)
"""How long a lost create may be looked for before a person should know."""

PATIENCE = 5
"""How often a create is put off because the provider does not see its own file yet, before the file is sent anew."""

NEVER_SENT = ItemError(
    "cancelled", "Cancelled before it ran: it was never sent, and nothing was paid for it.", transient=True
)
"""How the requests of a batch end that was called off in time."""

CALLED_OFF_IN_DOUBT = ItemError(
    IN_DOUBT,
    "The job was cancelled while nobody knew whether the provider had received this request: it may have been paid. "
    "Its cost is unknown, and what was reserved for it stays reserved.",
    transient=False,
)
"""How they end where a create had got no answer."""


def start(context: Context, claim: ShardClaim, shard: Shard) -> datetime:
    """queued: take it up, under a remote name of its own for this attempt."""
    now = context.clock()
    if shard.cancel_wish:
        _cancelled(context, claim, shard)
        return now
    spec_hash = context.store.jobs.get(shard.job_id).spec_hash
    name = f"{job_key(shard, spec_hash)}.a{shard.attempt + 1}.jsonl"
    context.crossing("before_start")
    context.store.shards.move(
        claim, shard.state, ShardEvent.START, at=now, remote_name=name, file_id=None, scans=0, place=0, quiet_polls=0
    )
    return now


def send(context: Context, claim: ShardClaim, shard: Shard) -> datetime:  # noqa: C901  # the steps before the paid call, in the order that makes them safe
    """uploading: bring the input file up, then create the batch."""
    now = context.clock()
    if shard.cancel_wish:
        _cancelled(context, claim, shard)
        if shard.file_id is not None and context.serves(shard.job_id):
            with suppress(ProviderError):  # what stays is removed later, or ends with its lifetime
                context.provider.delete_file(shard.file_id)
        return now
    short = _short_of_disk(context, shard)
    if short:
        return wait(context, claim, shard, short)
    try:
        file_id = ready_file(context, claim, shard)
    except FileNotReady as working:
        return wait(context, claim, shard, str(working), after=look_again_in(shard, context.pace.poll))
    except InputChanged as changed:
        return _rejected(context, claim, shard.state, ItemError("input_changed", str(changed), transient=False))
    except ProviderRefused as refusal:
        return _refused(context, claim, shard, refusal)
    except ProviderError as error:
        # An upload costs nothing; the next round looks for it by name before sending it again.
        return wait(context, claim, shard, str(error), after=_asked(error))
    job = context.store.jobs.get(shard.job_id)
    if shard.attempt > 0 or shard.fence > 1 or not context.reconciled():
        # Somebody was here before, or may have been: a batch may already exist.
        try:
            known = _ours(context, job, shard, file_id)
            if known:
                return adopt(context, claim, shard, known)
        except ProviderRefused as refusal:
            if refusal.needs_person:
                return _refused(context, claim, shard, refusal)
            # Being refused a look says nothing about the batch, so it must not fail the shard.
            return wait(context, claim, shard, str(refusal), after=refusal.retry_after_seconds)
        except ProviderError as error:
            return wait(context, claim, shard, str(error), after=_asked(error))
    return _create(context, claim, shard, job, file_id)


def _cancelled(context: Context, claim: ShardClaim, shard: Shard) -> None:
    context.store.results.close(
        claim,
        shard.state,
        ShardEvent.CANCEL,
        NEVER_SENT,
        at=context.clock(),
        note="cancelled before it was sent",
    )


def _short_of_disk(context: Context, shard: Shard) -> str:
    """Results must find room when they come, so nothing is bought while the disk is too full to hold them."""
    free = shutil.disk_usage(context.home).free
    needed = ROOM_FACTOR * shard.bytes + ROOM_BYTES
    if free >= needed:
        return ""
    return (
        f"The data directory has {free / 1e6:,.0f} MB free and this batch wants {needed / 1e6:,.0f} MB for results. "
        "Nothing is sent until there is room; free some space."
    )


def _create(context: Context, claim: ShardClaim, shard: Shard, job: Job, file_id: str) -> datetime:  # noqa: C901  # every answer that a create can have
    shards, now = context.store.shards, context.clock()
    if context.store.jobs.state(shard.job_id) is JobState.PAUSED:
        return now + timedelta(seconds=context.pace.poll)  # until its person goes on, nobody claims it again
    context.crossing("before_intent")
    shards.move(
        claim, shard.state, ShardEvent.SEND, at=now, attempt=shard.attempt + 1, create_at=now, scans=0, message=""
    )
    context.crossing("after_intent")
    metadata = batch_metadata(
        job_key=job_key(shard, job.spec_hash),
        attempt=shard.attempt + 1,
        spec_hash=job.spec_hash,
        request=job.request,
        prompt_version=job.row.prompt_version,
        model_class=job.row.model_class,
        portfolios=shard.requests,
    )
    if not shards.holds(claim):
        raise StaleMove(f"Shard {shard.shard_id} was taken over right before it was sent.")
    try:
        batch = context.provider.create_batch(file_id, job.request.endpoint.path, metadata)
    except ProviderUnreachable as error:
        note, after = str(error), error.retry_after_seconds
    except OptionalRefused as refusal:
        return _unsent(context, claim, shard, str(refusal), after=0)
    except ProviderRefused as refusal:
        if file_is_absent(refusal) or file_is_worked_on(refusal):
            return _unseen(context, claim, shard, file_id, refusal)
        if refusal.code == FULL:
            full = replace(shard, state=ShardState.SUBMITTING)
            with suppress(ProviderError):  # it goes up again under the name of the next attempt
                context.provider.delete_file(file_id)
            return no_room(context, claim, full, str(refusal))
        if refusal.passing:
            return _unsent(context, claim, shard, str(refusal), after=refusal.retry_after_seconds)
        return _refused(context, claim, shard, refusal, state=ShardState.SUBMITTING)
    except ProviderAmbiguous as error:
        logger.warning("create of %s has an unknown outcome", shard.shard_id)
        shards.move(
            claim,
            ShardState.SUBMITTING,
            ShardEvent.AMBIGUOUS,
            at=context.clock(),
            note=str(error),
            message="Checking whether the provider received this batch.",
        )
        return context.clock()
    else:
        context.crossing("after_create")
        _run(context, claim, ShardState.SUBMITTING, ShardEvent.ACCEPTED, batch, note=batch.batch_id)
        context.crossing("after_batch_id")
        return context.clock() + timedelta(seconds=min(context.pace.poll, 5))
    return _unsent(context, claim, shard, note, after=after)


def _unseen(context: Context, claim: ShardClaim, shard: Shard, file_id: str, refusal: ProviderRefused) -> datetime:
    """The provider does not see a file that it took: ask again, send it anew, and at last ask a person.

    One that it sees and still works on is not sent anew.
    """
    again = shard.scans + 1
    if again >= 2 * PATIENCE:
        return _blocked(context, claim, shard, refusal, state=ShardState.SUBMITTING)
    if file_is_worked_on(refusal):
        after = context.pace.poll * 2 ** min(again - 1, 4)
        return _unsent(context, claim, shard, str(refusal), scans=again, after=after)
    if again != PATIENCE:
        return _unsent(context, claim, shard, str(refusal), scans=again)
    with suppress(ProviderError):  # what stays is removed later, or ends with its lifetime
        context.provider.delete_file(file_id)
    return _unsent(context, claim, shard, str(refusal), scans=again, file_id=None, file_created_at=None)


def _unsent(
    context: Context,
    claim: ShardClaim,
    shard: Shard,
    note: str,
    *,
    after: float | None = None,
    scans: int = 0,
    **values: None,
) -> datetime:
    # Proven to have had no effect, so it does not count as an attempt.
    now = context.clock()
    context.store.shards.move(
        claim,
        ShardState.SUBMITTING,
        ShardEvent.UNSENT,
        at=now,
        note=note,
        attempt=shard.attempt,
        create_at=None,
        message=note,
        scans=scans,
        **values,
    )
    return now + timedelta(seconds=after if after is not None else context.pace.poll)


def _unfit(
    context: Context,
    claim: ShardClaim,
    shard: Shard,
    refusal: ProviderUnfit,
    *,
    state: ShardState = ShardState.UPLOADING,
) -> datetime:
    """The address or the server cannot do this at all: that says nothing about the requests, and nothing was done.

    It is tried again with growing patience, since a server may be in the middle of its own repair, and then waits for
    a person.
    """
    context.unfit(str(refusal))
    if shard.quiet_polls >= PATIENCE:
        return _blocked(context, claim, shard, refusal, state=state)
    if state is ShardState.SUBMITTING:
        _unsent(context, claim, shard, str(refusal))
    return wait(context, claim, shard, str(refusal))


def _refused(
    context: Context,
    claim: ShardClaim,
    shard: Shard,
    refusal: ProviderRefused,
    *,
    state: ShardState = ShardState.UPLOADING,
) -> datetime:
    if isinstance(refusal, ProviderUnfit):
        return _unfit(context, claim, shard, refusal, state=state)
    if refusal.passing:
        return wait(context, claim, shard, str(refusal), after=refusal.retry_after_seconds)
    if refusal.needs_person:
        return _blocked(context, claim, shard, refusal, state=state)
    return _rejected(context, claim, state, ItemError(refusal.code or "rejected", str(refusal), transient=False))


def _rejected(context: Context, claim: ShardClaim, state: ShardState, error: ItemError) -> datetime:
    """The end of a batch that never was one: each of its requests fails, and nothing was paid."""
    now, why = context.clock(), error.message
    context.store.results.close(claim, state, ShardEvent.REJECTED, error, at=now, note=why, message=why)
    return now


def _blocked(
    context: Context, claim: ShardClaim, shard: Shard, refusal: ProviderRefused, *, state: ShardState
) -> datetime:
    now = context.clock()
    message = f"{refusal} Repair the cause, then: mosychlos portfolio batch retry {shard.job_id}"
    context.store.shards.move(claim, state, ShardEvent.BLOCKED, at=now, note=str(refusal), message=message)
    return now


def give_up(context: Context, claim: ShardClaim, shard: Shard) -> datetime:
    """attention, with a wish to stop that came on its way there: nobody has to decide any more."""
    context.store.results.close(
        claim,
        shard.state,
        ShardEvent.CANCEL,
        given_up_as(context.store, shard),
        at=context.clock(),
        note="cancelled before a person had decided",
    )
    return context.clock()


def given_up_as(store: Store, shard: Shard) -> ItemError:
    """How the requests of a batch end that waited for a person and is wanted no more."""
    return CALLED_OFF_IN_DOUBT if store.job_views.unanswered_creates(shard.job_id).get(shard.shard_id) else NEVER_SENT


def doubt(context: Context, claim: ShardClaim, shard: Shard) -> datetime:
    """submitting, found at the start of a step: whoever was about to create is gone. Never create from here."""
    now = context.clock()
    context.store.shards.move(
        claim,
        shard.state,
        ShardEvent.AMBIGUOUS,
        at=now,
        note="the process that was creating it ended",
        message="Checking whether the provider received this batch.",
    )
    return now


def reconcile(context: Context, claim: ShardClaim, shard: Shard) -> datetime:
    """unknown: find the batch, or prove that there is none."""
    job = context.store.jobs.get(shard.job_id)
    if shard.file_id is None or shard.create_at is None:
        raise StaleMove(f"Shard {shard.shard_id} is unknown but was never sent.")
    try:
        found = _ours(context, job, shard, shard.file_id, whole=True)
        if found:
            return adopt(context, claim, shard, found)
        now = context.clock()
        _say_in_doubt(context, shard)
        until = shard.create_at + timedelta(seconds=context.pace.http_timeout + context.pace.quarantine)
        if now < until or shard.scans + 1 < MIN_SCANS:
            context.store.shards.update(claim, scans=shard.scans + 1, last_contact_at=now)
            step = timedelta(seconds=min(context.pace.poll, max(context.pace.quarantine / 4, 0.2)))
            return min(now + step, until) if now < until else now + step
        context.crossing("before_fence")
        context.provider.delete_file(shard.file_id)
        context.crossing("after_fence")
        found = _ours(context, job, shard, shard.file_id, whole=True)
        if found:
            return adopt(context, claim, shard, found)
    except ProviderError as error:
        _say_in_doubt(context, shard)
        return wait(context, claim, shard, f"Checking whether the provider received this batch: {error}")
    return _absent(context, claim, shard, job)


def _say_in_doubt(context: Context, shard: Shard) -> None:
    now = context.clock()
    if shard.create_at is not None and now - shard.create_at > UNKNOWN_TOO_LONG:
        text = f"It is not known yet whether the provider received {shard.shard_id}; nothing is sent again before."
        context.store.alerts.raise_(AlertKind.UNKNOWN_SUBMIT, shard.shard_id, text, at=now)


def _absent(context: Context, claim: ShardClaim, shard: Shard, job: Job) -> datetime:
    now = context.clock()
    cleared = {"file_id": None, "file_created_at": None, "create_at": None, "scans": 0}
    if shard.attempt >= MAX_UNKNOWN:
        exposure = "" if job.row.expected_usd is None else f" (about ${job.row.expected_usd / job.row.shards:.4f})"
        context.store.shards.move(
            claim,
            shard.state,
            ShardEvent.TWICE_UNKNOWN,
            at=now,
            note=f"{shard.attempt} creates without an answer",
            message=(
                f"{shard.attempt} attempts to create this batch{exposure} got no answer, and the provider lists "
                f"none of them. Check the provider's batch list for '{job_key(shard, job.spec_hash)}', then: "
                f"mosychlos portfolio batch retry {shard.job_id}"
            ),
            **cleared,
        )
    else:
        context.store.shards.move(
            claim,
            shard.state,
            ShardEvent.PROVEN_ABSENT,
            at=now,
            note="not at the provider",
            message="",
            **cleared,
            **QUEUE_AGAIN,
        )
    return now


def _ours(context: Context, job: Job, shard: Shard, file_id: str, *, whole: bool = False) -> list[Batch]:
    """Batches of this shard at the provider, oldest first. One that failed validation costs nothing and is no match.

    However old they are: the lost create of an earlier attempt is dated long before the present attempt's file.
    """
    key = job_key(shard, job.spec_hash)
    return sorted(
        (
            batch
            for batch in context.provider.list_batches(of_file=file_id, whole=whole)
            if batch.status != "failed" and (batch.metadata.get("job_key") == key or batch.input_file_id == file_id)
        ),
        key=lambda batch: (batch.created_at, batch.batch_id),
    )


def adopt(context: Context, claim: ShardClaim, shard: Shard, found: list[Batch]) -> datetime:
    """Take up the first of a shard's batches, and cancel the others.

    Raises:
        ProviderError: It is not certain which they are; nothing was taken up.
    """
    first, *others = confirmed(context.provider, found)
    for extra in others:
        if extra.batch_id == first.batch_id:
            continue
        logger.error("batch %s duplicates %s and is cancelled", extra.batch_id, first.batch_id)
        note = f"{extra.batch_id} duplicates {first.batch_id}; it was cancelled"
        try:
            context.provider.cancel(extra.batch_id)
        except ProviderRefused as refusal:
            # The first one must be adopted all the same, or nobody would ever collect it.
            note = f"{extra.batch_id} duplicates {first.batch_id} and could not be cancelled: {refusal}"
        context.store.shards.record(claim, shard.job_id, "duplicate", note, at=context.clock())
        context.store.alerts.raise_(AlertKind.DUPLICATE, extra.batch_id, note, at=context.clock())
    _run(context, claim, shard.state, ShardEvent.ADOPTED, first, note=f"found {first.batch_id} at the provider")
    return context.clock()


def _run(context: Context, claim: ShardClaim, state: ShardState, event: ShardEvent, batch: Batch, *, note: str) -> None:
    now = context.clock()
    context.store.shards.move(
        claim,
        state,
        event,
        at=now,
        note=note,
        batch_id=batch.batch_id,
        provider_status=batch.status,
        provider_total=batch.counts.total,
        provider_completed=batch.counts.completed,
        provider_failed=batch.counts.failed,
        output_file_id=batch.output_file_id,
        error_file_id=batch.error_file_id,
        submitted_at=batch.created_at,
        expires_at=batch.expires_at,
        last_contact_at=now,
        quiet_polls=0,
        progress_at=now,
        message="",
    )


def _asked(error: ProviderError) -> float | None:
    """How long it is no use to try again, where an error knows."""
    return error.retry_after_seconds if isinstance(error, ProviderUnreachable) else None


def wait(context: Context, claim: ShardClaim, shard: Shard, message: str, *, after: float | None = None) -> datetime:
    """Stay where it is, say why, and come back with growing patience (at most sixteen polls)."""
    quiet = shard.quiet_polls + 1
    context.store.shards.update(claim, message=message, quiet_polls=quiet)
    seconds = after if after is not None else context.pace.poll * min(2 ** min(quiet - 1, 4), 16)
    return context.clock() + timedelta(seconds=seconds)
