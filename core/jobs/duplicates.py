"""The last net under "paid once": a batch that showed up after its shard had been sent again is found and cancelled."""

from __future__ import annotations

import logging

from core.domain.alert import AlertKind
from core.domain.batch import ENDED, Batch
from core.domain.records import Shard
from core.errors import NotFound, ProviderRefused
from core.jobs.context import APP, Context, job_key

logger = logging.getLogger(__name__)


def cancel_duplicates(context: Context) -> int:
    """Cancel every unfinished batch that carries the key of a shard which has another batch.

    A shard that has none yet is left to its own steps, and keys of other installations are left alone.

    Returns:
        How many were found.

    Raises:
        ProviderError: The list could not be read, or the answer to a cancellation was lost; the next round repeats it.
    """
    found = 0
    for batch in context.provider.list_batches():
        if batch.status in ENDED or batch.status == "cancelling":
            continue
        shard = _shard_of(context, batch)
        if shard is None or shard.batch_id is None or shard.batch_id == batch.batch_id:
            continue
        found += 1
        logger.error("batch %s duplicates %s and is cancelled", batch.batch_id, shard.batch_id)
        note = f"{batch.batch_id} duplicates {shard.batch_id}; it was cancelled"
        try:
            context.provider.cancel(batch.batch_id)
        except ProviderRefused as refusal:
            note = f"{batch.batch_id} duplicates {shard.batch_id} and could not be cancelled: {refusal}"
        context.store.alerts.raise_(AlertKind.DUPLICATE, batch.batch_id, note, at=context.clock())
        context.store.jobs.note(shard.job_id, shard.shard_id, "duplicate", note, at=context.clock())
    return found


def _shard_of(context: Context, batch: Batch) -> Shard | None:
    key = batch.metadata.get("job_key", "")
    shard_id = key.removeprefix(f"{APP}-").rpartition("-")[0]
    try:
        shard = context.store.shards.get(shard_id)
        spec_hash = context.store.jobs.get(shard.job_id).spec_hash
    except NotFound:
        return None
    return shard if job_key(shard, spec_hash) == key else None
