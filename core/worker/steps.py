"""One step of one shard, each safe to repeat: the state says which."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from core import private_files
from core.domain.job import ShardState
from core.domain.records import Shard, ShardClaim
from core.errors import MosychlosError, StaleMove, StorageTrouble
from core.storage.jobs.shards import UNASKED
from core.worker.collect import collect
from core.worker.context import Context
from core.worker.heartbeat import Heartbeat
from core.worker.queue_plan import plan
from core.worker.submit import doubt, give_up, reconcile, send, start
from core.worker.watch import WATCHING, look, take_running, watch

logger = logging.getLogger(__name__)

Step = Callable[[Context, ShardClaim, Shard], datetime]

STEPS: Mapping[ShardState, Step] = {
    ShardState.QUEUED: start,
    ShardState.UPLOADING: send,
    ShardState.SUBMITTING: doubt,
    ShardState.UNKNOWN: reconcile,
    ShardState.RUNNING: watch,
    ShardState.CANCELLING: watch,
    ShardState.COLLECTING: collect,
    ShardState.ATTENTION: give_up,
}
"""What to do with a shard in each state in which a worker may meet it; every function returns when to look again."""


ALONE = tuple(state for state in STEPS if state not in WATCHING)
"""States whose steps are done one shard at a time; running batches are looked at together (`watching.look`)."""


def claim_due(context: Context, *, owner: str, limit: int) -> list[ShardClaim]:
    """One sweep: plan the queue, then claim what is due for a step of its own."""
    plan(context)
    return context.store.shards.claim_due(
        owner=owner,
        now=context.clock(),
        lease_seconds=context.pace.lease,
        limit=limit,
        states=ALONE,
        providers=context.identity.accepts,
    )


def run_once(context: Context, *, owner: str, limit: int) -> int:
    """A whole round of a worker in one thread: look at what runs, then do what is due. Returns how many shards."""
    running = take_running(context, owner=owner)
    look(context, running)
    claims = claim_due(context, owner=owner, limit=limit)
    for claim in claims:
        advance(context, claim)
    return len(running) + len(claims)


def advance(context: Context, claim: ShardClaim) -> None:
    """Do whatever a shard can do now, until it has to wait or somebody else takes it over.

    An error of the house's own (a full disk, say) leaves the shard where it is, with the error as its message; the
    next round tries again. An unexpected one goes up to the worker; the claim then runs out and the shard is taken up
    again: work is never dropped.
    """
    due: datetime | None = None
    try:
        with Heartbeat(context, claim):
            due = _until_it_waits(context, claim)
    except StaleMove as stale:
        logger.info("%s: %s", claim.shard_id, stale)
        return
    except (MosychlosError, OSError) as error:
        logger.exception("step of %s failed", claim.shard_id)
        known = private_files.trouble(error) if isinstance(error, OSError) else None
        due = _later(context, claim, str(known or error))
    context.store.shards.release(claim, due=due)


def _until_it_waits(context: Context, claim: ShardClaim) -> datetime:
    while True:
        shard = context.store.shards.get(claim.shard_id)
        if shard.fence != claim.fence:
            raise StaleMove(f"Shard {claim.shard_id} was taken over by another worker.")
        if not context.serves(shard.job_id) and not (shard.cancel_wish and shard.state in UNASKED):
            # A worker that was started again for another provider meets steps that it had taken up for the first.
            raise StaleMove(f"Shard {claim.shard_id} belongs to another provider's worker.")
        waits_for_person = shard.state is ShardState.ATTENTION and not shard.cancel_wish
        if shard.state not in STEPS or waits_for_person:
            return context.clock()
        due = STEPS[shard.state](context, claim, shard)
        if due > context.clock():
            return due


def _later(context: Context, claim: ShardClaim, message: str) -> datetime:
    try:
        context.store.shards.update(claim, message=message)
    except (StaleMove, StorageTrouble):
        logger.warning("could not store the message of %s: %s", claim.shard_id, message)
    return context.clock() + timedelta(seconds=context.pace.poll)
