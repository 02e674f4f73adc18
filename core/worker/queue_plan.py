"""The queue put to work: makes the plan when something waits, and takes back what the provider had no room for."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Final

from core.domain.alert import AlertKind
from core.domain.job import ShardEvent, ShardState
from core.domain.queue import Decision, Hold, Snapshot
from core.domain.records import Shard, ShardClaim
from core.worker.context import Context
from core.worker.queue_order import decide

FULL: Final = "token_limit_exceeded"
"""The provider's code for "too much is enqueued already": said at the create, or by a batch that fails later."""

MAX_ALONE: Final = 6
"""Refusals in a row, the last of them with nothing else of ours enqueued, after which a batch that is larger than the
room that the provider states waits for a person: it can never fit."""

LONGEST: Final = timedelta(hours=1)
"""Longest back-off after a refusal for lack of room."""

_LIMIT = re.compile(r"limit:\s*([\d,]+)\s*enqueued", re.IGNORECASE)


def plan(context: Context) -> list[Decision]:
    """Decide on everything that waits, if anything is due for a decision."""
    now = context.clock()
    mine = context.identity.accepts
    if not context.store.queue.is_due(now, mine):
        return []

    def decided(seen: Snapshot) -> list[Decision]:
        return decide(seen, context.rules, now)

    again = timedelta(seconds=context.pace.poll)
    return context.store.queue.plan(decided, now=now, look_again=again, providers=mine)


def stated_room(message: str) -> int | None:
    """The room that a refusal states: "Limit: 2,000,000 enqueued tokens" is 2000000. None where it states none."""
    found = _LIMIT.search(message)
    return int(found.group(1).replace(",", "")) if found else None


def no_room(context: Context, claim: ShardClaim, shard: Shard, said: str) -> datetime:
    """Back to the queue: nothing ran and nothing was paid. What the refusal says about the room is remembered.

    A batch that was refused again and again although nothing else of ours was enqueued, and that is larger than the
    room the provider states, can never fit and waits for a person.
    """
    now = context.clock()
    room = stated_room(said)
    if room is not None:
        context.store.queue.learn(shard.model, room, at=now, provider_id=context.identity.fingerprint)
    times = context.store.shards.count_since(shard.shard_id, ShardEvent.REQUEUED, since=ShardEvent.RESUME) + 1
    until = now + min(LONGEST, timedelta(seconds=context.pace.poll * 10 * 2 ** min(times - 1, 6)))
    why = f"The provider had no room for {shard.model} ({said}); asked again from {until:%Y-%m-%d %H:%M}Z on."
    context.store.shards.move(
        claim,
        shard.state,
        ShardEvent.REQUEUED,
        at=now,
        note=said,
        message=why,
        batch_id=None,
        file_id=None,
        file_created_at=None,
        create_at=None,
        attempt=0,  # the answer was definite, so it is no step towards "twice unknown"
        quiet_polls=0,
        admitted_at=None,
        hold=Hold.BACK_OFF.value,
        hold_until=until,
    )
    if shard.cancel_wish:
        return now  # nobody wants it any more: it is called off at once
    if times >= MAX_ALONE and (room is None or shard.input_tokens <= room):
        context.store.alerts.raise_(
            AlertKind.STUCK,
            shard.shard_id,
            f"The provider had no room for a batch of {shard.input_tokens:,} input tokens of {shard.model}, {times} "
            "times in a row. It is asked again every hour; other work of the account may hold the room.",
            at=now,
        )
    if room is not None and shard.input_tokens > room and times >= MAX_ALONE:
        message = (
            f"This batch has {shard.input_tokens:,} input tokens and the provider grants {shard.model} {room:,}: it "
            "can never fit. Ask the provider for more room and then: mosychlos portfolio batch retry "
            f"{shard.job_id}, or cancel it and submit fewer portfolios at once."
        )
        context.store.shards.move(claim, ShardState.QUEUED, ShardEvent.BLOCKED, at=now, note=said, message=message)
    return until
