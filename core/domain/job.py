"""Two machines: a shard lives at the provider, a job lives with people. Nothing else assigns a state."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum


class ShardState(StrEnum):
    """Where one provider batch stands."""

    QUEUED = "queued"
    UPLOADING = "uploading"
    SUBMITTING = "submitting"
    UNKNOWN = "unknown"
    RUNNING = "running"
    COLLECTING = "collecting"
    CANCELLING = "cancelling"
    DONE = "done"
    PARTIAL = "partial"
    FAILED = "failed"
    CANCELLED = "cancelled"
    ATTENTION = "attention"


class ShardEvent(StrEnum):
    """What happened to a shard."""

    START = "start"
    SEND = "send"
    ACCEPTED = "accepted"
    UNSENT = "unsent"
    REJECTED = "rejected"
    BLOCKED = "blocked"
    AMBIGUOUS = "ambiguous"
    ADOPTED = "adopted"
    PROVEN_ABSENT = "proven_absent"
    TWICE_UNKNOWN = "twice_unknown"
    ENDED = "ended"
    REQUEUED = "requeued"
    REAPPEARED = "reappeared"
    COLLECTED_ALL = "collected_all"
    COLLECTED_SOME = "collected_some"
    COLLECTED_NONE = "collected_none"
    COLLECTED_CANCELLED = "collected_cancelled"
    CANCEL = "cancel"
    RESUME = "resume"


S, E = ShardState, ShardEvent

SHARD_MOVES: Mapping[tuple[ShardState, ShardEvent], ShardState] = {
    (S.QUEUED, E.START): S.UPLOADING,
    (S.QUEUED, E.BLOCKED): S.ATTENTION,
    (S.QUEUED, E.CANCEL): S.CANCELLED,
    (S.UPLOADING, E.SEND): S.SUBMITTING,
    (S.UPLOADING, E.ADOPTED): S.RUNNING,
    (S.UPLOADING, E.REJECTED): S.FAILED,
    (S.UPLOADING, E.BLOCKED): S.ATTENTION,
    (S.UPLOADING, E.CANCEL): S.CANCELLED,
    (S.SUBMITTING, E.ACCEPTED): S.RUNNING,
    (S.SUBMITTING, E.UNSENT): S.UPLOADING,
    (S.SUBMITTING, E.REQUEUED): S.QUEUED,
    (S.SUBMITTING, E.REJECTED): S.FAILED,
    (S.SUBMITTING, E.BLOCKED): S.ATTENTION,
    (S.SUBMITTING, E.AMBIGUOUS): S.UNKNOWN,
    (S.UNKNOWN, E.ADOPTED): S.RUNNING,
    (S.UNKNOWN, E.PROVEN_ABSENT): S.QUEUED,
    (S.UNKNOWN, E.TWICE_UNKNOWN): S.ATTENTION,
    (S.RUNNING, E.ENDED): S.COLLECTING,
    (S.RUNNING, E.REQUEUED): S.QUEUED,
    (S.RUNNING, E.CANCEL): S.CANCELLING,
    (S.CANCELLING, E.ENDED): S.COLLECTING,
    (S.COLLECTING, E.REAPPEARED): S.RUNNING,
    (S.COLLECTING, E.COLLECTED_ALL): S.DONE,
    (S.COLLECTING, E.COLLECTED_SOME): S.PARTIAL,
    (S.COLLECTING, E.COLLECTED_NONE): S.FAILED,
    (S.COLLECTING, E.COLLECTED_CANCELLED): S.CANCELLED,
    (S.ATTENTION, E.RESUME): S.QUEUED,
    (S.ATTENTION, E.ADOPTED): S.RUNNING,
    (S.ATTENTION, E.CANCEL): S.CANCELLED,
}
"""Every legal move of a shard. UNKNOWN cannot be cancelled: whether there is something to cancel is not known yet;
the wish is kept and carried out once the batch is found or proven absent."""

SHARD_ENDED = frozenset({S.DONE, S.PARTIAL, S.FAILED, S.CANCELLED})
"""States a shard never leaves."""

SHARD_WORKING = frozenset({S.QUEUED, S.UPLOADING, S.SUBMITTING, S.UNKNOWN, S.RUNNING, S.COLLECTING, S.CANCELLING})
"""States in which the worker has something to do."""


class JobState(StrEnum):
    """Where a job stands for the person who submitted it."""

    DRAFT = "draft"
    QUEUED = "queued"
    RUNNING = "running"
    PAUSED = "paused"
    DONE = "done"
    PARTIAL = "partial"
    FAILED = "failed"
    CANCELLED = "cancelled"
    ATTENTION = "attention"


class JobEvent(StrEnum):
    """What happened to a job. The `now_` events follow from its shards (`job_event`)."""

    APPROVE = "approve"
    DISCARD = "discard"
    PAUSE = "pause"
    RESUME = "resume"
    NOW_QUEUED = "now_queued"
    NOW_RUNNING = "now_running"
    NOW_DONE = "now_done"
    NOW_PARTIAL = "now_partial"
    NOW_FAILED = "now_failed"
    NOW_CANCELLED = "now_cancelled"
    NOW_ATTENTION = "now_attention"


J, V = JobState, JobEvent

_FOLLOWS: Mapping[JobEvent, JobState] = {
    V.NOW_QUEUED: J.QUEUED,
    V.NOW_RUNNING: J.RUNNING,
    V.NOW_DONE: J.DONE,
    V.NOW_PARTIAL: J.PARTIAL,
    V.NOW_FAILED: J.FAILED,
    V.NOW_CANCELLED: J.CANCELLED,
    V.NOW_ATTENTION: J.ATTENTION,
}

JOB_ENDED = frozenset({J.DONE, J.PARTIAL, J.FAILED, J.CANCELLED})
"""States in which nothing more happens unless a person asks for a retry."""

JOB_MOVES: Mapping[tuple[JobState, JobEvent], JobState] = {
    (J.DRAFT, V.APPROVE): J.QUEUED,
    (J.DRAFT, V.DISCARD): J.CANCELLED,
    (J.QUEUED, V.PAUSE): J.PAUSED,
    (J.RUNNING, V.PAUSE): J.PAUSED,
    (J.PAUSED, V.RESUME): J.RUNNING,
    # While shards are out, the job follows them; a retry adds shards to an ended job and takes it back to running.
    # A paused job stays paused while its shards at the provider go on; it follows them again once they have ended.
    **{
        (state, event): to
        for state in J
        if state is not J.DRAFT
        for event, to in _FOLLOWS.items()
        if to is not state and not (state is J.PAUSED and to in {J.QUEUED, J.RUNNING})
    },
}
"""Every legal move of a job."""


class IllegalMove(ValueError):
    """An event that the table of moves does not allow in this state."""


def next_shard_state(state: ShardState, event: ShardEvent) -> ShardState:
    """Where `event` takes a shard.

    Raises:
        IllegalMove: The table has no such move.
    """
    try:
        return SHARD_MOVES[state, event]
    except KeyError:
        raise IllegalMove(f"A shard that is {state} cannot take '{event}'.") from None


def next_job_state(state: JobState, event: JobEvent) -> JobState:
    """Where `event` takes a job.

    Raises:
        IllegalMove: The table has no such move.
    """
    try:
        return JOB_MOVES[state, event]
    except KeyError:
        raise IllegalMove(f"A job that is {state} cannot take '{event}'.") from None


def job_event(shards: Iterable[ShardState], *, all_succeeded: bool = False) -> JobEvent:
    """What the states of all its shards mean for a job.

    While any shard works, the job runs (or is queued, when none has started). A shard that waits for a person makes
    the job wait only once nothing else moves. When all have ended: done if all are done, cancelled if any was
    cancelled, failed if all failed, else partial.

    Args:
        all_succeeded: Every request has its answer, be it from a later shard: then the job is done, whatever became
            of the shards that its requests were asked in first.
    """
    states = list(shards)
    working = [state for state in states if state in SHARD_WORKING]
    if working:
        untouched = all(state is ShardState.QUEUED for state in states)
        return JobEvent.NOW_QUEUED if untouched else JobEvent.NOW_RUNNING
    if all_succeeded:
        return JobEvent.NOW_DONE
    for state, event in (
        (ShardState.ATTENTION, JobEvent.NOW_ATTENTION),
        (ShardState.CANCELLED, JobEvent.NOW_CANCELLED),
    ):
        if state in states:
            return event
    if all(state is ShardState.DONE for state in states):
        return JobEvent.NOW_DONE
    if all(state is ShardState.FAILED for state in states):
        return JobEvent.NOW_FAILED
    return JobEvent.NOW_PARTIAL
