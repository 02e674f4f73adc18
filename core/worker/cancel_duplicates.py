"""The last net under "paid once": a batch that showed up after its shard had been sent again is found and cancelled."""

from __future__ import annotations

import logging

from core.domain.alert import AlertKind
from core.domain.batch import ENDED, Batch
from core.domain.records import Shard
from core.errors import ProviderRefused
from core.worker.confirm import is_as_listed
from core.worker.context import Context
from core.worker.reconcile_at_start import shard_of
from core.worker.remote_files import given_up

logger = logging.getLogger(__name__)


def cancel_duplicates(context: Context) -> int:
    """Cancel every unfinished batch that carries the key of a shard which has another batch.

    One that ended before it was found cannot be called off: what it answered is billed, so a person is told, once.
    A shard that has none yet is left to its own steps, unless it has ended: cancelled or given up while its create was
    in doubt, it wants no batch any more; nor does one that gave its batch up when the provider did not know it, and
    whose batch is there again. Keys of other installations are left alone.

    Returns:
        How many were found that nobody knew of.

    Raises:
        ProviderError: The list could not be read, or the answer to a cancellation was lost; the next round repeats it.
    """
    found = 0
    for batch in context.provider.list_batches():
        if batch.status == "cancelling" or (batch.status in ENDED and not batch.counts.completed):
            continue
        shard = shard_of(context, batch)
        if shard is None or not context.serves(shard.job_id):
            continue
        if shard.batch_id is None and shard.ended_at is None:
            continue
        if shard.batch_id == batch.batch_id and not given_up(shard):
            continue
        if batch.status in ENDED and context.store.alerts.of(batch.batch_id):
            continue
        if is_as_listed(context.provider, batch) is False:
            continue  # it may be anybody's
        found += 1
        note = _called_off(context, shard, batch)
        logger.error("%s", note)
        context.store.alerts.raise_(AlertKind.DUPLICATE, batch.batch_id, note, at=context.clock())
        context.store.jobs.note(shard.job_id, shard.shard_id, "duplicate", note, at=context.clock())
    return found


def _called_off(context: Context, shard: Shard, batch: Batch) -> str:
    """Cancel a duplicate that still can be; what to say of it."""
    known = f"{batch.batch_id} duplicates {shard.batch_id}"
    if shard.batch_id is None:
        known = f"{batch.batch_id} was made for {shard.shard_id}, which is {shard.state}"
    elif shard.batch_id == batch.batch_id:
        known = f"{batch.batch_id} of {shard.shard_id}, which was given up as unknown to the provider, is there again"
    if batch.status in ENDED:
        return (
            f"{known} and ended as {batch.status} before it was found: the provider bills its "
            f"{batch.counts.completed:,} answers, which stand in no ledger here"
        )
    try:
        context.provider.cancel(batch.batch_id)
    except ProviderRefused as refusal:
        return f"{known} and could not be cancelled: {refusal}"
    return f"{known}; it was cancelled"
