"""The reconciliation at a worker's start: batches at the provider that the database does not remember.

A database that was restored from an older copy takes what was sent since for not yet sent. So before anything is
created after a start, the provider's list is read once: a batch that carries the key of a shard which stands here as
not sent is taken up for it, and batches of jobs that the copy does not hold at all are told to a person. Until the
list was read, each create is preceded by a look of its own (`Context.reconciled`).
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from core.domain.alert import AlertKind
from core.domain.batch import Batch
from core.domain.job import ShardEvent, ShardState
from core.domain.records import Shard
from core.drafts.job_files import APP, job_key
from core.errors import NotFound, StaleMove
from core.worker.context import Context
from core.worker.submit import adopt

logger = logging.getLogger(__name__)

UNSENT: Final = frozenset({ShardState.QUEUED, ShardState.UPLOADING, ShardState.ATTENTION})
"""States that say "nothing was sent". The others are on the way and look for their batch themselves."""

RECENT: Final = timedelta(hours=48)
"""Batches of unknown jobs are told about for so long; older ones are history of another installation."""

OWNER: Final = "reconcile"
_NAMED = 3


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What the provider's list held that the database did not.

    Attributes:
        adopted: Shards whose batch was taken up.
        unknown: Batches of the last 48 hours with this program's mark that belong to no job here.
        left: Shards that somebody held at that moment, so that the list must be read again.
    """

    adopted: int
    unknown: int
    left: int


def adopt_forgotten(context: Context, *, telling: bool = True) -> Reconciled:
    """Take up every batch that was created for a shard which stands here as not sent.

    A job that stands here as a draft is not begun: that is for a person to say. Whoever sends it then looks first.

    Args:
        telling: Raise an alert about batches of unknown jobs.

    Raises:
        ProviderError: The list could not be read to its end. Nothing is known then, and it must be read again.
    """
    found: dict[str, list[Batch]] = {}
    strangers: list[Batch] = []
    for batch in context.provider.list_batches():
        if batch.metadata.get("app") != APP or batch.status == "failed":
            continue
        shard = shard_of(context, batch)
        if shard is not None and not context.serves(shard.job_id):
            continue  # of a job that was approved for another provider, or for this one under another name
        if shard is None:
            strangers.append(batch)
        elif shard.batch_id is None and shard.state in UNSENT:
            found.setdefault(shard.shard_id, []).append(batch)
    outcomes = [_take_up(context, shard_id, batches) for shard_id, batches in found.items()]
    recent = [batch for batch in strangers if context.clock() - batch.created_at < RECENT]
    if telling:
        _tell(context, recent)
    return Reconciled(adopted=outcomes.count("adopted"), unknown=len(recent), left=outcomes.count("held"))


def _take_up(context: Context, shard_id: str, batches: list[Batch]) -> str:
    store, now = context.store, context.clock()
    claim = store.shards.claim(shard_id, owner=OWNER, now=now, lease_seconds=context.pace.lease)
    if claim is None:
        return "held"
    batches = sorted(batches, key=lambda one: (one.created_at, one.batch_id))
    # Raising the fence was the essential part: from now on nobody creates for this shard without a look.
    try:
        shard = store.shards.get(shard_id)
        if shard.batch_id is not None or shard.state not in UNSENT:
            return "moved"
        if store.jobs.get(shard.job_id).row.approved_at is None:
            return "draft"
        note = "the provider has a batch of this shard that the database does not remember"
        logger.warning("%s: %s; it is taken up", shard_id, note)
        if shard.state is ShardState.QUEUED:
            store.shards.move(claim, shard.state, ShardEvent.START, at=now, note=note, place=0)
            shard = store.shards.get(shard_id)
        if shard.file_id is None:
            # So that the file is removed with the others once its results are stored.
            store.shards.update(claim, file_id=batches[0].input_file_id)
        adopt(context, claim, shard, batches)
    except StaleMove as stale:
        logger.info("%s: %s", shard_id, stale)
        return "held"
    finally:
        store.shards.release(claim, due=now)
    return "adopted"


def _tell(context: Context, unknown: list[Batch]) -> None:
    alerts, now = context.store.alerts, context.clock()
    if not unknown:
        return
    names = ", ".join(batch.batch_id for batch in unknown[:_NAMED]) + (", ..." if len(unknown) > _NAMED else "")
    text = (
        f"{len(unknown):,} batches of the last 48 hours at the provider carry this program's mark and belong to no "
        f"job here ({names}). Either another installation uses the same key, or this database is older than they "
        "are: then restore a newer copy. To see them: mosychlos portfolio batch orphans"
    )
    logger.warning("%s", text)
    alerts.raise_(AlertKind.UNKNOWN_BATCH, unknown[0].batch_id, text, at=now)


def shard_of(context: Context, batch: Batch) -> Shard | None:
    """The shard whose key a batch carries; None for one of another installation, or that this database never knew."""
    key = batch.metadata.get("job_key", "")
    try:
        shard = context.store.shards.get(key.removeprefix(f"{APP}-").rpartition("-")[0])
        spec_hash = context.store.jobs.get(shard.job_id).spec_hash
    except NotFound:
        return None
    return shard if job_key(shard, spec_hash) == key else None
