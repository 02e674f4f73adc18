"""The queue in the database: what waits, what the provider holds, and the plan that follows, in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func, or_, select, update

from core.domain.analysis import Priority
from core.domain.job import JobState, ShardEvent, ShardState
from core.domain.queue import Decision, Enqueued, Hold, Snapshot, Waiting
from core.storage.database import Database
from core.storage.sql import insert_or_replace, table
from core.storage.tables import EventTable, JobTable, RoomTable, ShardTable

_S, _J, _E, _ROOM = table(ShardTable), table(JobTable), table(EventTable), table(RoomTable)

_QUEUE_LOCK = 7_402_118_530_469
"""PostgreSQL advisory lock under which a plan is made: two workers must not both see the last room."""

_AT_THE_PROVIDER = [
    state.value
    for state in (
        ShardState.UPLOADING,
        ShardState.SUBMITTING,
        ShardState.UNKNOWN,
        ShardState.RUNNING,
        ShardState.CANCELLING,
    )
]
_ON_THE_WAY = frozenset({ShardState.QUEUED.value, ShardState.UPLOADING.value})
_DAY = timedelta(hours=24)
_HOUR = timedelta(hours=1)

BELIEVED = timedelta(hours=24)
"""How long a room that the provider stated is believed: grants rise with usage, and nobody tells us."""


class Queue:
    """Reads the queue and writes the plan."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def is_due(self, now: datetime, providers: Sequence[str] | None = None) -> bool:
        """True when some shard waits for a decision now. A look that takes no lock.

        Args:
            providers: Only shards of jobs that were approved for one of these; None for all.
        """
        query = (
            select(_S.c.shard_id)
            .join(_J, _J.c.job_id == _S.c.job_id)
            .where(
                _S.c.ended_at.is_(None),
                _S.c.state == ShardState.QUEUED.value,
                _S.c.admitted_at.is_(None),
                _S.c.cancel_wish.is_(False),
                _S.c.next_due_at <= now,
                _J.c.approved_at.is_not(None),
                *_of(providers),
            )
            .limit(1)
        )
        with self._database.read() as connection:
            return connection.execute(query).first() is not None

    def snapshot(self, now: datetime, providers: Sequence[str] | None = None) -> Snapshot:
        """The queue as it stands: before and at these providers; None for all of them."""
        with self._database.read() as connection:
            return _snapshot(connection, now, providers)

    def plan(
        self,
        decide: Callable[[Snapshot], Sequence[Decision]],
        *,
        now: datetime,
        look_again: timedelta,
        providers: Sequence[str] | None = None,
    ) -> list[Decision]:
        """Let `decide` see the queue and store what it says, while nobody else plans.

        Args:
            look_again: When a waiting shard is decided on next, unless something frees it earlier.
            providers: Whose queue it is; None for all of them together.
        """
        with self._database.write() as connection:
            if not self._database.is_sqlite:
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_QUEUE_LOCK})")
            decisions = list(decide(_snapshot(connection, now, providers)))
            for decision in sorted(decisions, key=lambda one: one.shard_id):  # the order of `lock_shards`
                connection.execute(
                    update(_S)
                    # Its claim may be held for a moment by whoever put it back; the state says whether it still waits.
                    .where(
                        _S.c.shard_id == decision.shard_id,
                        _S.c.state == ShardState.QUEUED.value,
                        _S.c.admitted_at.is_(None),
                    )
                    .values(**_written(decision, now, look_again))
                )
        return decisions

    def learn(self, model: str, tokens: int, *, at: datetime, provider_id: str = "") -> None:
        """Remember the room of a model as a provider stated it."""
        with self._database.write() as connection:
            connection.execute(
                insert_or_replace(connection, RoomTable, ["provider_id", "model"]),
                {"provider_id": provider_id, "model": model, "tokens": tokens, "learned_at": at},
            )

    def learned(self, now: datetime, providers: Sequence[str] | None = None) -> dict[str, int]:
        """Rooms by model as these providers stated them lately; None for every provider."""
        with self._database.read() as connection:
            return _learned(connection, now, providers)


def _written(decision: Decision, now: datetime, look_again: timedelta) -> dict[str, Any]:
    if decision.goes:
        return {
            "admitted_at": now,
            "next_due_at": now,
            "place": decision.place,
            "hold": "",
            "hold_until": None,
            "message": "",
        }
    return {
        "next_due_at": _next_look(decision, now, look_again),
        "place": decision.place,
        "hold": str(decision.hold),
        "hold_until": decision.until,
        "message": decision.reason,
    }


def _next_look(decision: Decision, now: datetime, look_again: timedelta) -> datetime:
    if decision.hold is Hold.PAUSED:
        return now + _HOUR  # going on makes it due at once
    if decision.until is None or decision.until <= now:
        return now + look_again
    # Room may come free long before it must, so it is looked for; a back-off and the hourly rate have their own end.
    return min(now + look_again, decision.until) if decision.hold is Hold.ROOM else decision.until


def _of(providers: Sequence[str] | None) -> list[Any]:
    return [] if providers is None else [_J.c.provider_id.in_(list(providers))]


def _snapshot(connection: Connection, now: datetime, providers: Sequence[str] | None) -> Snapshot:
    open_shards = connection.execute(
        select(
            _S.c.shard_id,
            _S.c.job_id,
            _S.c.state,
            _S.c.model,
            _S.c.input_tokens,
            _S.c.admitted_at,
            _S.c.expires_at,
            _S.c.hold,
            _S.c.hold_until,
            _J.c.priority,
            _J.c.approved_at,
            _J.c.needed_by,
            _J.c.state.label("job_state"),
        )
        .join(_J, _J.c.job_id == _S.c.job_id)
        .where(
            _S.c.ended_at.is_(None),
            _S.c.state.in_([ShardState.QUEUED.value, *_AT_THE_PROVIDER]),
            or_(_S.c.state != ShardState.QUEUED.value, _S.c.cancel_wish.is_(False)),
            _J.c.approved_at.is_not(None),
            *_of(providers),
        )
    ).all()
    sent, oldest = connection.execute(
        select(func.count(), func.min(_E.c.at))
        .select_from(_E if providers is None else _E.join(_J, _J.c.job_id == _E.c.job_id))
        .where(
            *_of(providers),
            # Not what a clock that was set since dates into the future: it would count for longer than an hour.
            _E.c.event == ShardEvent.SEND.value,
            _E.c.at.between(now - _HOUR, now),
        )
    ).one()
    return Snapshot(
        waiting=tuple(_waiting(row) for row in open_shards if _waits(row)),
        enqueued=tuple(
            Enqueued(row.model, row.input_tokens, row.expires_at or now + _DAY)
            for row in open_shards
            if not _waits(row)
        ),
        learned=_learned(connection, now, providers),
        sent=int(sent) + sum(row.state in _ON_THE_WAY and not _waits(row) for row in open_shards),
        oldest_sent=oldest,
    )


def _waits(row: Any) -> bool:
    return row.state == ShardState.QUEUED.value and row.admitted_at is None


def _waiting(row: Any) -> Waiting:
    return Waiting(
        shard_id=row.shard_id,
        job_id=row.job_id,
        model=row.model,
        tokens=row.input_tokens,
        priority=Priority(row.priority),
        since=row.approved_at,
        needed_by=row.needed_by,
        not_before=row.hold_until if row.hold == Hold.BACK_OFF.value else None,
        paused=row.job_state == JobState.PAUSED.value,
    )


def _learned(connection: Connection, now: datetime, providers: Sequence[str] | None) -> dict[str, int]:
    query = select(_ROOM).where(_ROOM.c.learned_at > now - BELIEVED)
    if providers is not None:
        query = query.where(_ROOM.c.provider_id.in_(list(providers)))
    rows = connection.execute(query)
    return {row.model: int(row.tokens) for row in rows}
