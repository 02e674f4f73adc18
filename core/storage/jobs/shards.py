"""Shards in the database: who may work on which, and every move as a compare-and-swap with its event."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import Connection, bindparam, case, func, literal, or_, select, update

from core.domain.alert import AlertKind
from core.domain.analysis import Usage
from core.domain.batch import Batch, BatchCounts, Counted
from core.domain.job import SHARD_ENDED, SHARD_WORKING, JobState, ShardEvent, ShardState, next_shard_state
from core.domain.queue import Hold
from core.domain.records import BatchLook, Shard, ShardClaim
from core.errors import NotFound, StaleMove
from core.storage.database import Database
from core.storage.jobs.alerts import clear_alert, raise_alert
from core.storage.jobs.job_moves import follow, lock_job, lock_shards, record_event
from core.storage.jobs.unread_lines import unread
from core.storage.sql import dump, table
from core.storage.tables import EventTable, JobTable, ShardTable

_S = table(ShardTable)
_J = table(JobTable)
_E = table(EventTable)

_WORKING = [state.value for state in SHARD_WORKING]
QUEUE_AGAIN: dict[str, Any] = {"admitted_at": None, "place": 0, "hold": "", "hold_until": None}
"""What a shard that goes back to the queue knows of the plan: nothing."""

_ALERTING = {ShardState.ATTENTION: AlertKind.ATTENTION, ShardState.UNKNOWN: AlertKind.UNKNOWN_SUBMIT}
"""What is over when a shard leaves a state."""

WATCHED = (AlertKind.STUCK, AlertKind.LATE, AlertKind.VANISHED, AlertKind.UNKNOWN_STATUS)
"""Alerts about a running batch, which are over when it has ended."""

_GOT_ON = frozenset({ShardEvent.ACCEPTED, ShardEvent.ADOPTED, ShardEvent.RESUME, ShardEvent.BLOCKED})
"""Moves after which a shard that found no room is not stuck any more, or waits for a person instead."""

UNASKED = (ShardState.QUEUED, ShardState.UPLOADING, ShardState.ATTENTION)
"""States in which a shard that nobody wants any more is called off without asking its provider anything."""

_UNSENT = [ShardState.QUEUED.value, ShardState.UPLOADING.value]


class Shards:
    """Reads, claims and moves shards."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def claim_due(
        self,
        *,
        owner: str,
        now: datetime,
        lease_seconds: float,
        limit: int,
        states: Iterable[ShardState] = (),
        ahead: timedelta = timedelta(0),
        providers: Sequence[str] | None = None,
    ) -> list[ShardClaim]:
        """Take over shards that are due and that nobody holds (or whose holder has shown no life).

        What waits in the queue is left alone until the plan lets it go, what a paused job has not sent yet until the
        job goes on, and what waits for a person until it has decided; a wish to stop opens all three. Each claim
        raises the shard's fence, so whoever held it before can change nothing any more.

        Args:
            states: Only shards in these; all in which there is something to do when empty.
            ahead: When anything is due now, also what will be within this time.
            providers: Only shards of jobs that were approved for one of these, and what can be called off without
                asking anybody; None for those of every provider.
        """
        wanted = [state.value for state in states] or [*_WORKING, ShardState.ATTENTION.value]
        free = or_(_S.c.lease_until.is_(None), _S.c.lease_until < now)
        admitted = or_(_S.c.state != ShardState.QUEUED.value, _S.c.admitted_at.is_not(None), _S.c.cancel_wish)
        unpaused = or_(_J.c.state != JobState.PAUSED.value, _S.c.state.not_in(_UNSENT), _S.c.cancel_wish)
        undecided = or_(_S.c.state != ShardState.ATTENTION.value, _S.c.cancel_wish)
        query = (
            select(_S.c.shard_id, _S.c.fence)
            .join(_J, _J.c.job_id == _S.c.job_id)
            .where(
                _S.c.state.in_(wanted),
                _J.c.approved_at.is_not(None),
                free,
                admitted,
                unpaused,
                undecided,
                *_own(providers),
            )
            .order_by(_S.c.place, _S.c.next_due_at)
            .limit(limit)
        )
        with self._database.read() as connection:
            if connection.execute(query.where(_S.c.next_due_at <= now).limit(1)).first() is None:
                return []  # the usual case: a look that takes no write lock
        query = query.where(_S.c.next_due_at <= now + ahead)
        with self._database.write() as connection:
            if not self._database.is_sqlite:
                query = query.with_for_update(of=_S, skip_locked=True)
            found = connection.execute(query).all()
            if found:
                # The rows are locked (on SQLite, the database), so nobody changes them between the two statements.
                connection.execute(
                    update(_S)
                    .where(_S.c.shard_id == bindparam("of_shard"), _S.c.fence == bindparam("of_fence"))
                    .values(
                        fence=bindparam("raised"),
                        lease_owner=owner,
                        lease_until=now + timedelta(seconds=lease_seconds),
                        nudged=False,
                    ),
                    [{"of_shard": one.shard_id, "of_fence": one.fence, "raised": one.fence + 1} for one in found],
                )
        return [ShardClaim(one.shard_id, one.fence + 1) for one in found]

    def claim(self, shard_id: str, *, owner: str, now: datetime, lease_seconds: float) -> ShardClaim | None:
        """Take over one shard, due or not; None while somebody holds it."""
        free = or_(_S.c.lease_until.is_(None), _S.c.lease_until < now)
        with self._database.write() as connection:
            query = select(_S.c.fence).where(_S.c.shard_id == shard_id, free).with_for_update()
            fence = connection.execute(query).scalar_one_or_none()
            if fence is None:
                return None
            connection.execute(
                update(_S)
                .where(_S.c.shard_id == shard_id)
                .values(
                    fence=fence + 1, lease_owner=owner, lease_until=now + timedelta(seconds=lease_seconds), nudged=False
                )
            )
        return ShardClaim(shard_id, fence + 1)

    def clock_was_set(self, *, now: datetime, lease_seconds: float) -> None:
        """Put right what was written by a clock that was set since. Safe to repeat.

        What would be due in a future that is far off now is due at once, a lease lasts no longer than a lease, and a
        lost create is looked for as long as if it had just been lost: how long ago it was is not known any more.
        """
        longest = now + timedelta(seconds=lease_seconds)
        working = _S.c.state.in_(_WORKING)
        with self._database.write() as connection:
            lock_shards(connection, working)
            connection.execute(update(_S).where(working, _S.c.next_due_at > now).values(next_due_at=now))
            connection.execute(update(_S).where(working, _S.c.lease_until > longest).values(lease_until=longest))
            backing_off = working & (_S.c.hold == Hold.BACK_OFF.value) & (_S.c.hold_until > now)
            connection.execute(update(_S).where(backing_off).values(hold_until=now))
            connection.execute(
                update(_S)
                .where(_S.c.state == ShardState.UNKNOWN.value, _S.c.create_at.is_not(None))
                .values(create_at=now, scans=0)
            )

    def renew(self, *claims: ShardClaim, until: datetime) -> bool:
        """Show life; False when every claim was taken over or let go: stop at once and change nothing."""
        held = False
        with self._database.write() as connection:
            for claim in sorted(claims, key=lambda claim: claim.shard_id):  # the order of `lock_shards`
                changed = connection.execute(
                    update(_S)
                    .where(_S.c.shard_id == claim.shard_id, _S.c.fence == claim.fence, _S.c.lease_until.is_not(None))
                    .values(lease_until=until)
                )
                held |= changed.rowcount == 1
        return held

    def held(self, claims: Sequence[ShardClaim]) -> dict[ShardClaim, Shard]:
        """The shards of those claims that still hold."""
        found: dict[ShardClaim, Shard] = {}
        by_id = {claim.shard_id: claim for claim in claims}
        ids = list(by_id)
        with self._database.read() as connection:
            for start in range(0, len(ids), 400):
                for row in connection.execute(select(_S).where(_S.c.shard_id.in_(ids[start : start + 400]))):
                    claim = by_id[row.shard_id]
                    if row.fence == claim.fence:
                        found[claim] = _to_shard(row)
        return found

    def seen_many(self, looks: Sequence[BatchLook]) -> None:
        """Store what looks at running batches have shown, and let go of them, in one transaction.

        Claims that were taken over meanwhile are left alone.
        """
        if not looks:
            return
        # One statement with many rows: a thousand of their own would cost more than the looks.
        mine = (_S.c.shard_id == bindparam("of_shard")) & (_S.c.fence == bindparam("of_fence"))
        rows = [
            {
                "of_shard": one.claim.shard_id,
                "of_fence": one.claim.fence,
                "provider_status": one.batch.status,
                "provider_total": one.batch.counts.total,
                "provider_completed": one.batch.counts.completed,
                "provider_failed": one.batch.counts.failed,
                "output_file_id": one.batch.output_file_id,
                "error_file_id": one.batch.error_file_id,
                "expires_at": one.batch.expires_at,
                "last_contact_at": one.at,
                "quiet_polls": one.quiet_polls,
                "message": one.message,
                "progress_at": one.progress_at,
                "lease_until": None,
                "lease_owner": None,
                "due": one.due,
            }
            for one in sorted(looks, key=lambda one: one.claim.shard_id)  # the order of `lock_shards`
        ]
        with self._database.write() as connection:
            due = bindparam("due", type_=_S.c.next_due_at.type)
            connection.execute(update(_S).where(mine).values(next_due_at=_unless_nudged(due)), rows)

    def release(self, claim: ShardClaim, *, due: datetime) -> None:
        """Let go of a shard and say when it should be looked at next. A claim already lost is left alone.

        A wish to stop or a webhook that came while it was held was not seen by whoever held it: it stays due then.
        """
        with self._database.write() as connection:
            connection.execute(
                update(_S)
                .where(_S.c.shard_id == claim.shard_id, _S.c.fence == claim.fence)
                .values(
                    lease_until=None,
                    lease_owner=None,
                    next_due_at=_unless_nudged(literal(due, _S.c.next_due_at.type)),
                )
            )

    def holds(self, claim: ShardClaim) -> bool:
        """True while nobody has taken the claim over; asked right before anything that costs money."""
        with self._database.read() as connection:
            fence = connection.execute(select(_S.c.fence).where(_S.c.shard_id == claim.shard_id)).scalar_one_or_none()
            return fence == claim.fence

    def get(self, shard_id: str) -> Shard:
        """A shard.

        Raises:
            NotFound: No such shard.
        """
        with self._database.read() as connection:
            row = connection.execute(select(_S).where(_S.c.shard_id == shard_id)).first()
        if row is None:
            raise NotFound(f"There is no shard '{shard_id}'.")
        return _to_shard(row)

    def of_job(self, job_id: str) -> list[Shard]:
        """A job's shards in order."""
        with self._database.read() as connection:
            rows = connection.execute(select(_S).where(_S.c.job_id == job_id).order_by(_S.c.shard_index)).all()
        return [_to_shard(row) for row in rows]

    def move(
        self, claim: ShardClaim, state: ShardState, event: ShardEvent, *, at: datetime, note: str = "", **values: Any
    ) -> ShardState:
        """Move a shard by the table, with its event and whatever follows for the job, in one transaction.

        Args:
            state: Where the caller believes it stands.
            values: Further columns to set.

        Raises:
            IllegalMove: The table has no such move.
            StaleMove: The shard is elsewhere, or the claim was taken over. Nothing was changed.
        """
        with self._database.write() as connection:
            return move(connection, claim, state, event, at=at, note=note, **values)

    def update(self, claim: ShardClaim, **values: Any) -> None:
        """Set columns that are not a move.

        Raises:
            StaleMove: The claim was taken over. Nothing was changed.
        """
        with self._database.write() as connection:
            _change(connection, claim, values)

    def record(self, claim: ShardClaim, job_id: str, event: str, note: str, *, at: datetime) -> None:
        """A line of history about a shard that moves nothing.

        Raises:
            StaleMove: The claim was taken over. Nothing was changed.
        """
        with self._database.write() as connection:
            check_fence(connection, claim)
            record_event(connection, job_id, claim.shard_id, at, "worker", event, note)

    def seen(
        self,
        claim: ShardClaim,
        batch: Batch,
        *,
        at: datetime,
        quiet_polls: int,
        message: str = "",
        progress_at: datetime | None = None,
    ) -> None:
        """Store the provider's view after a look at a batch. A result file that it named once stays known."""
        counted = {} if batch.counted is None else {"counted": dump(asdict(batch.counted))}
        files = {"output_file_id": batch.output_file_id, "error_file_id": batch.error_file_id}
        self.update(
            claim,
            **counted,
            **{name: file_id for name, file_id in files.items() if file_id is not None},
            provider_status=batch.status,
            provider_total=batch.counts.total,
            provider_completed=batch.counts.completed,
            provider_failed=batch.counts.failed,
            expires_at=batch.expires_at,
            last_contact_at=at,
            quiet_polls=quiet_polls,
            message=message,
            progress_at=progress_at or at,
        )

    def resume(self, shard_id: str, *, actor: str, at: datetime) -> None:
        """A person says: the cause is repaired, try again. Takes a shard from attention back to the queue.

        Raises:
            StaleMove: It no longer waits for a person.
        """
        with self._database.write() as connection:
            lock_job(connection, shard_id.rsplit(".", 1)[0])
            row = connection.execute(select(_S).where(_S.c.shard_id == shard_id).with_for_update()).first()
            if row is None or row.state != ShardState.ATTENTION.value:
                raise StaleMove(f"Shard {shard_id} does not wait for a person any more.")
            move(
                connection,
                ShardClaim(shard_id, row.fence),
                ShardState.ATTENTION,
                ShardEvent.RESUME,
                at=at,
                actor=actor,
                attempt=0,
                scans=0,
                create_at=None,
                next_due_at=at,
                message="",
                **QUEUE_AGAIN,
            )

    def last_note(self, shard_id: str, event: ShardEvent) -> str:
        """What was noted when something last happened to a shard; "" when it never did."""
        query = (
            select(_E.c.note)
            .where(_E.c.shard_id == shard_id, _E.c.event == event.value)
            .order_by(_E.c.event_id.desc())
            .limit(1)
        )
        job = _E.c.job_id == shard_id.rsplit(".", 1)[0]  # the column with the index
        with self._database.read() as connection:
            return str(connection.execute(query.where(job)).scalar_one_or_none() or "")

    def count_since(self, shard_id: str, event: ShardEvent, *, since: ShardEvent) -> int:
        """How often something happened to a shard after `since` last happened, or ever when that never did."""
        mine = (_E.c.job_id == shard_id.rsplit(".", 1)[0]) & (_E.c.shard_id == shard_id)
        last = (
            select(func.coalesce(func.max(_E.c.event_id), 0)).where(mine, _E.c.event == since.value).scalar_subquery()
        )
        query = select(func.count()).where(mine, _E.c.event == event.value, _E.c.event_id > last)
        with self._database.read() as connection:
            return int(connection.execute(query).scalar_one())

    def files_are_gone(self, shard_id: str, *, at: datetime) -> None:
        """Note that an ended shard has no files at the provider any more."""
        with self._database.write() as connection:
            connection.execute(
                update(_S).where(_S.c.shard_id == shard_id, _S.c.ended_at.is_not(None)).values(files_gone_at=at)
            )

    def with_files(self, *, ended_before: datetime, limit: int, providers: Sequence[str] | None = None) -> list[Shard]:
        """Ended shards whose files at the provider were not removed yet, the oldest first.

        Left out are those with lines that were not understood: their files stay.

        Args:
            providers: Only of jobs that were approved for one of these; None for all.
        """
        query = (
            select(_S)
            .join(_J, _J.c.job_id == _S.c.job_id)
            .where(
                *([] if providers is None else [_J.c.provider_id.in_(list(providers))]),
                _S.c.ended_at < ended_before,
                _S.c.files_gone_at.is_(None),
                ~unread(),
                or_(_S.c.file_id.is_not(None), _S.c.output_file_id.is_not(None), _S.c.error_file_id.is_not(None)),
            )
            .order_by(_S.c.ended_at)
            .limit(limit)
        )
        with self._database.read() as connection:
            return [_to_shard(row) for row in connection.execute(query)]

    def of_file(self, file_id: str) -> Shard | None:
        """The shard that a result file belongs to, or None."""
        query = select(_S).where(or_(_S.c.output_file_id == file_id, _S.c.error_file_id == file_id))
        with self._database.read() as connection:
            row = connection.execute(query).first()
        return None if row is None else _to_shard(row)

    def attention(self, *, limit: int = 50) -> list[Shard]:
        """Shards that wait for a person, of all jobs."""
        with self._database.read() as connection:
            rows = connection.execute(
                select(_S)
                .where(_S.c.state == ShardState.ATTENTION.value)
                .order_by(_S.c.next_due_at.desc())
                .limit(limit)
            ).all()
        return [_to_shard(row) for row in rows]


def move(
    connection: Connection,
    claim: ShardClaim,
    state: ShardState,
    event: ShardEvent,
    *,
    at: datetime,
    note: str = "",
    actor: str = "worker",
    **values: Any,
) -> ShardState:
    """`Shards.move` inside a transaction of the caller's."""
    target = next_shard_state(state, event)
    if target in SHARD_ENDED:
        values.setdefault("ended_at", at)
    job_id = claim.shard_id.rsplit(".", 1)[0]
    # The job's row is locked before the shard's, everywhere: two orders would deadlock on PostgreSQL.
    lock_job(connection, job_id)
    changed = connection.execute(
        update(_S)
        .where(_S.c.shard_id == claim.shard_id, _S.c.fence == claim.fence, _S.c.state == state.value)
        .values(state=target.value, **values)
    )
    if changed.rowcount != 1:
        raise StaleMove(f"Shard {claim.shard_id} is no longer {state}, or another worker took it over.")
    connection.execute(
        _E.insert().values(
            job_id=job_id,
            shard_id=claim.shard_id,
            at=at,
            actor=actor,
            event=event.value,
            from_state=state.value,
            to_state=target.value,
            note=note,
        )
    )
    if target is ShardState.ATTENTION:
        raise_alert(connection, AlertKind.ATTENTION, claim.shard_id, str(values.get("message") or note), at=at)
    elif state in _ALERTING:
        clear_alert(connection, _ALERTING[state], claim.shard_id, at=at)
    over = WATCHED if target in SHARD_ENDED else (AlertKind.STUCK,) if event in _GOT_ON else ()
    for kind in over:
        clear_alert(connection, kind, claim.shard_id, at=at)
    follow(connection, job_id, actor=actor, at=at)
    return target


def check_fence(connection: Connection, claim: ShardClaim) -> None:
    """Go on only while a claim holds; the shard's row stays locked until the transaction ends.

    Raises:
        StaleMove: It was taken over.
    """
    fence = connection.execute(
        select(_S.c.fence).where(_S.c.shard_id == claim.shard_id).with_for_update()
    ).scalar_one_or_none()
    if fence != claim.fence:
        raise StaleMove(f"Shard {claim.shard_id} was taken over by another worker.")


def _own(providers: Sequence[str] | None) -> list[Any]:
    """Conditions under which a worker of these providers may take a shard."""
    if providers is None:
        return []
    by_itself = _S.c.cancel_wish & _S.c.state.in_([state.value for state in UNASKED])
    return [or_(_J.c.provider_id.in_(list(providers)), by_itself)]


def _unless_nudged(due: Any) -> Any:
    return case((_S.c.nudged, _S.c.next_due_at), else_=due)


def _change(connection: Connection, claim: ShardClaim, values: dict[str, Any]) -> None:
    changed = connection.execute(
        update(_S).where(_S.c.shard_id == claim.shard_id, _S.c.fence == claim.fence).values(**values)
    )
    if changed.rowcount != 1:
        raise StaleMove(f"Shard {claim.shard_id} was taken over by another worker.")


def _to_shard(row: Any) -> Shard:
    return Shard(
        shard_id=row.shard_id,
        job_id=row.job_id,
        index=row.shard_index,
        state=ShardState(row.state),
        fence=row.fence,
        attempt=row.attempt,
        path=row.path,
        sha256=row.sha256,
        requests=row.requests,
        bytes=row.bytes,
        input_tokens=row.input_tokens,
        remote_name=row.remote_name,
        file_id=row.file_id,
        file_created_at=row.file_created_at,
        create_at=row.create_at,
        scans=row.scans,
        batch_id=row.batch_id,
        provider_status=row.provider_status,
        counts=BatchCounts(row.provider_total, row.provider_completed, row.provider_failed),
        output_file_id=row.output_file_id,
        error_file_id=row.error_file_id,
        submitted_at=row.submitted_at,
        expires_at=row.expires_at,
        last_contact_at=row.last_contact_at,
        next_due_at=row.next_due_at,
        quiet_polls=row.quiet_polls,
        cancel_wish=row.cancel_wish,
        ended_at=row.ended_at,
        message=row.message,
        model=row.model,
        retry_round=row.retry_round,
        admitted_at=row.admitted_at,
        place=row.place,
        hold=row.hold,
        hold_until=row.hold_until,
        progress_at=row.progress_at,
        files_gone_at=row.files_gone_at,
        counted=_counted(row.counted),
    )


def _counted(document: str | None) -> Counted | None:
    if document is None:
        return None
    fields = orjson.loads(document)
    return Counted(Usage(**fields["usage"]), fields["cache_write_tokens"], fields["note"])
