"""Who goes next, decided in one place and said in words.

1. Level. A job's priority is its level: high, normal, low. Waiting raises a shard by one level each `AGEING` hours, up
   to high, so that low work is late but never forgotten. Work that somebody needs within the provider's own window of
   24 hours is high at once.
2. Within a level the earliest "needed by" goes first, then whatever has waited longest. What nobody needs by a moment
   is overdue once it has waited two days, or a stream of work with deadlines would keep it for ever.
3. A shard goes when its model has room: what is enqueued at the provider already and the shard together must fit into
   the tokens that the provider grants the model. The first shard that does not fit keeps the later ones of its model
   behind it, or a stream of small ones would starve a large one. With nothing of ours enqueued for the model, the
   first goes whatever its size: only the provider can say no then.
4. No more batches an hour than the provider takes.
5. A paused job waits for its person. What the provider refused for lack of room waits out its back-off and keeps
   nobody behind it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from core.domain.analysis import Priority
from core.domain.queue import Decision, Enqueued, Hold, Snapshot, Waiting
from core.drafts.batch_room import Rooms

AGEING: Final = timedelta(hours=4)
"""Waiting time that is worth one level."""

WINDOW: Final = timedelta(hours=24)
"""The provider promises an answer within it, so work needed sooner must go at once."""

PATIENCE: Final = timedelta(hours=48)
"""How long work without a "needed by" may wait until it counts as overdue."""

_NEVER = datetime.max.replace(tzinfo=UTC)
_LEVEL = {Priority.HIGH: 0, Priority.NORMAL: 1, Priority.LOW: 2}


@dataclass(frozen=True, slots=True)
class Rules:
    """What a plan must keep to."""

    rooms: Rooms
    batches_per_hour: int = 2_000


def level(one: Waiting, now: datetime) -> int:
    """0 is high, 1 normal, 2 low; age and a near "needed by" raise it."""
    if one.needed_by is not None and one.needed_by - now <= WINDOW:
        return 0
    return max(0, _LEVEL[one.priority] - int(max(now - one.since, timedelta(0)) / AGEING))


def in_order(waiting: Iterable[Waiting], now: datetime) -> list[Waiting]:
    """The queue as it goes: level, needed by, age; the id last, so that the order is always the same."""

    def key(one: Waiting) -> tuple[int, datetime, datetime, str, str]:
        overdue = one.since + PATIENCE
        needed = one.needed_by or (overdue if overdue <= now else _NEVER)
        # Shards of a job go in the order of their numbers, and "x.10" must not stand before "x.2".
        return level(one, now), needed, one.since, one.job_id, one.shard_id.rpartition(".")[2].rjust(8, "0")

    return sorted(waiting, key=key)


def decide(snapshot: Snapshot, rules: Rules, now: datetime) -> list[Decision]:
    """Who of the queue goes now, and why the others wait. In the order of the queue."""
    held: defaultdict[str, list[Enqueued]] = defaultdict(list)
    for batch in snapshot.enqueued:
        held[batch.model].append(batch)
    left = rules.batches_per_hour - snapshot.sent
    blocked: dict[str, str] = {}
    decisions = []
    for place, one in enumerate(in_order(snapshot.waiting, now), start=1):
        said = _waits(one, held[one.model], blocked, snapshot, rules, left, now)
        if said is None:
            left -= 1
            held[one.model].append(Enqueued(one.model, one.tokens, now + WINDOW))
            decisions.append(Decision(one.shard_id, place))
            continue
        hold, reason, until = said
        if hold is Hold.ROOM:
            blocked[one.model] = one.shard_id
        decisions.append(Decision(one.shard_id, place, hold, reason, until))
    return decisions


def _waits(
    one: Waiting,
    held: list[Enqueued],
    blocked: Mapping[str, str],
    snapshot: Snapshot,
    rules: Rules,
    left: int,
    now: datetime,
) -> tuple[Hold, str, datetime | None] | None:
    if one.paused:
        return Hold.PAUSED, f"The job is paused. Go on with: mosychlos portfolio batch resume {one.job_id}", None
    if one.not_before is not None and one.not_before > now:
        why = f"The provider had no room for {one.model}; asked again from {_clock(one.not_before)} on."
        return Hold.BACK_OFF, why, one.not_before
    if left <= 0:
        until = (snapshot.oldest_sent or now) + timedelta(hours=1)
        why = f"{rules.batches_per_hour:,} batches were created within an hour, which is what the provider takes."
        return Hold.RATE, why, until
    if one.model in blocked:
        return Hold.TURN, f"Waits behind {blocked[one.model]}, which is next for {one.model}.", None
    room, taken = rules.rooms.of(one.model, snapshot.learned), sum(batch.tokens for batch in held)
    if not held or taken + one.tokens <= room:
        return None
    # No thousand numbers that change with every look: this sentence is stored whenever it is another one.
    batches = f"{len(held)} batch{'es' if len(held) != 1 else ''}"
    why = (
        f"Waits for room: {one.model} may have {room:,} input tokens enqueued, {batches} of ours hold {taken:,} and "
        f"this one needs {one.tokens:,}."
    )
    return Hold.ROOM, why, _room_by(held, room, one.tokens)


def _room_by(held: list[Enqueued], room: int, tokens: int) -> datetime | None:
    """When enough of what is enqueued must have ended."""
    taken = sum(batch.tokens for batch in held)
    for batch in sorted(held, key=lambda each: each.ends_by):
        taken -= batch.tokens
        if taken + tokens <= room or taken == 0:
            return batch.ends_by
    return None


def _clock(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M}Z"
