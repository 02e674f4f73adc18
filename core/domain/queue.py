"""What waits to be sent, what the provider already holds for us, and who may go: values of the queue."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from core.domain.analysis import Priority


class Hold(StrEnum):
    """Why a shard waits its turn."""

    PAUSED = "paused"
    BACK_OFF = "back_off"
    RATE = "rate"
    ROOM = "room"
    TURN = "turn"


@dataclass(frozen=True, slots=True)
class Waiting:
    """A shard in the queue.

    Attributes:
        tokens: Counted input tokens, which the provider holds against the model's room until the batch has ended.
        since: When it was approved: waiting makes it older, and age raises its level.
        needed_by: When a person needs the job's answers; None where nobody said.
        not_before: Back-off after a refusal for lack of room; None where there was none.
        paused: A person has paused its job.
    """

    shard_id: str
    job_id: str
    model: str
    tokens: int
    priority: Priority
    since: datetime
    needed_by: datetime | None = None
    not_before: datetime | None = None
    paused: bool = False


@dataclass(frozen=True, slots=True)
class Enqueued:
    """A batch of ours that takes up room at the provider, or is on its way there.

    Attributes:
        ends_by: When it must have ended at the latest.
    """

    model: str
    tokens: int
    ends_by: datetime


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The queue at one moment.

    Attributes:
        learned: Room of a model as the provider itself stated it in a refusal, while that is believed.
        sent: Creates of the last hour, with those that are about to be made; `oldest_sent` is the first of them.
    """

    waiting: tuple[Waiting, ...]
    enqueued: tuple[Enqueued, ...]
    learned: Mapping[str, int]
    sent: int = 0
    oldest_sent: datetime | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """What the plan says about one shard.

    Attributes:
        place: Its place in the order, from 1.
        hold: Why it waits; None when it goes now.
        reason: The same for a person; "" when it goes.
        until: When that changes at the latest, as far as anybody can say.
    """

    shard_id: str
    place: int
    hold: Hold | None = None
    reason: str = ""
    until: datetime | None = None

    @property
    def goes(self) -> bool:
        """True when it may be sent now."""
        return self.hold is None
