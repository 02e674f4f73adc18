"""running and cancelling: look at the batch, pass on a wish to stop, notice the end."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from core.domain.batch import ENDED, KNOWN_STATUS, Batch
from core.domain.job import ShardEvent, ShardState
from core.domain.records import Claim, Shard
from core.errors import ProviderError, ProviderRefused, StaleMove
from core.jobs.context import Context
from core.jobs.planning import FULL, no_room
from core.jobs.submitting import wait

logger = logging.getLogger(__name__)

VANISHED = timedelta(hours=1)
"""How long after its deadline a batch that the provider no longer knows is given up."""


def watch(context: Context, claim: Claim, shard: Shard) -> datetime:
    """One look at a batch."""
    if shard.batch_id is None:
        raise StaleMove(f"Shard {shard.shard_id} is {shard.state} without a batch.")
    shards = context.store.shards
    try:
        batch = context.provider.check(shard.batch_id)
        if shard.cancel_wish and shard.state is ShardState.RUNNING and batch.status not in ENDED:
            context.crossing("before_cancel")
            batch = context.provider.cancel(shard.batch_id)
            shards.move(claim, shard.state, ShardEvent.CANCEL, at=context.clock(), note="asked the provider to stop")
            shard = shards.get(shard.shard_id)
    except ProviderRefused as refusal:
        if refusal.status == 404 and _given_up(shard, context.clock()):
            return _end(context, claim, shard, f"The provider no longer knows batch {shard.batch_id}.")
        return wait(context, claim, shard, f"The provider would not say how the batch stands: {refusal}")
    except ProviderError as error:
        return wait(context, claim, shard, f"No contact with the provider: {error}")
    if batch.status in ENDED:
        shards.seen(claim, batch, at=context.clock(), quiet_polls=0)
        context.crossing("after_end_seen")
        refused_for_room = batch.status == "failed" and any(problem.code == FULL for problem in batch.problems)
        if refused_for_room and shard.state is ShardState.RUNNING:
            return no_room(context, claim, shard, _words(batch))
        return _end(context, claim, shard, _words(batch))
    return _next_look(context, claim, shard, batch)


def _given_up(shard: Shard, now: datetime) -> bool:
    return shard.expires_at is not None and now > shard.expires_at + VANISHED


def _end(context: Context, claim: Claim, shard: Shard, note: str) -> datetime:
    context.store.shards.move(claim, shard.state, ShardEvent.ENDED, at=context.clock(), note=note, message=note)
    return context.clock()


def _words(batch: Batch) -> str:
    problems = "; ".join(
        f"{problem.code}{f' (line {problem.line})' if problem.line else ''}: {problem.message}"
        for problem in batch.problems[:3]
    )
    return f"{batch.status}: {problems}" if problems else batch.status


def _next_look(context: Context, claim: Claim, shard: Shard, batch: Batch) -> datetime:
    message = shard.message if shard.state is ShardState.CANCELLING else ""
    if batch.status not in KNOWN_STATUS:
        message = f"The provider says '{batch.status}', a word this program does not know; taken as still running."
        if shard.provider_status != batch.status:
            logger.warning("unknown provider status %r for %s", batch.status, shard.shard_id)
    unchanged = (batch.status, batch.counts) == (shard.provider_status, shard.counts)
    quiet = shard.quiet_polls + 1 if unchanged else 0
    now = context.clock()
    context.store.shards.seen(claim, batch, at=now, quiet_polls=quiet, message=message)
    return now + timedelta(seconds=context.pace.poll * min(1.5 ** min(quiet, 10), 6))
