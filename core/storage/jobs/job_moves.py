"""How a job moves, in the transaction that moves it: approved, following its shards, each move a line of history."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select, update

from core.domain.batch import ShardFile
from core.domain.job import JOB_ENDED, JOB_MOVES, JobEvent, JobState, ShardState, job_event, next_job_state
from core.errors import NotFound, Refused, StaleMove
from core.storage.jobs.reservations import BudgetCheck, reserve, settle_job
from core.storage.sql import table
from core.storage.tables import EventTable, JobTable, ShardTable

_J = table(JobTable)
_S = table(ShardTable)
_E = table(EventTable)


def approve_job(
    connection: Connection, job_id: str, spec_hash: str, check: BudgetCheck, *, actor: str, at: datetime
) -> None:
    """The approval of one job inside a transaction that holds `lock_money`. Raises as `Jobs.approve` does."""
    row = job_row(connection, job_id)
    if row.spec_hash != spec_hash:
        raise Refused(f"Job {job_id} changed since it was shown. Look at it again before approving.")
    if row.state != JobState.DRAFT.value:
        raise StaleMove(f"Job {job_id} is already {row.state}; it was not submitted again.")
    reserve(connection, row, row.expected_nano or 0, check, actor=actor, at=at)
    move_job(connection, job_id, row.state, JobEvent.APPROVE, actor=actor, at=at, approved_at=at)
    connection.execute(update(_S).where(_S.c.job_id == job_id).values(next_due_at=at))
    if row.shards == 0:
        follow(connection, job_id, actor=actor, at=at)  # every answer was there already


def follow(connection: Connection, job_id: str, *, actor: str, at: datetime) -> None:
    """Bring a job's state in line with its shards, in the transaction that moved one of them."""
    row = job_row(connection, job_id)
    shards = connection.execute(select(_S.c.state, _S.c.message).where(_S.c.job_id == job_id)).all()
    event = job_event((ShardState(shard.state) for shard in shards), all_succeeded=row.succeeded == row.total)
    target = JOB_MOVES.get((JobState(row.state), event))
    if target is None:
        return
    ended = target in JOB_ENDED
    message = _told(target, shards)
    move_job(connection, job_id, row.state, event, actor=actor, at=at, ended_at=at if ended else None, message=message)
    if ended:
        settle_job(connection, row, at=at)


def _told(target: JobState, shards: Sequence[Any]) -> str:
    """What a job says of itself: why it waits for a person, or why nothing of it succeeded.

    A batch counts its own requests, so what one of several says of them would contradict the job's counts.
    """
    if target is JobState.ATTENTION:
        return next((shard.message for shard in shards if shard.state == ShardState.ATTENTION.value), "")
    said = {shard.message for shard in shards if shard.state == ShardState.FAILED.value}
    return str(said.pop()) if len(said) == 1 and (target is JobState.FAILED or len(shards) == 1) else ""


def job_row(connection: Connection, job_id: str) -> Any:
    """A job's row, locked until the transaction ends; SQLite ignores that: its writers hold the whole database already.

    Raises:
        NotFound: No such job.
    """
    return _found(connection, select(_J).where(_J.c.job_id == job_id).with_for_update(), job_id)


def read_job(connection: Connection, job_id: str) -> Any:
    """A job's row as it stands.

    Raises:
        NotFound: No such job.
    """
    return _found(connection, select(_J).where(_J.c.job_id == job_id), job_id)


def lock_shards(connection: Connection, which: Any) -> None:
    """Hold shards until the transaction ends, in the order in which everybody locks several of them: by their ids.

    An UPDATE takes them in the order in which it happens to find them, and two such orders deadlock on PostgreSQL.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(select(_S.c.shard_id).where(which).order_by(_S.c.shard_id).with_for_update()).all()


def lock_job(connection: Connection, job_id: str) -> None:
    """Hold a job's row until the transaction ends."""
    connection.execute(select(_J.c.job_id).where(_J.c.job_id == job_id).with_for_update())


def record_event(
    connection: Connection,
    job_id: str,
    shard_id: str | None,
    at: datetime,
    actor: str,
    event: str,
    note: str,
    *,
    from_state: str = "",
    to_state: str = "",
) -> None:
    """A line of history; without states one that moves nothing."""
    connection.execute(
        _E.insert().values(
            job_id=job_id,
            shard_id=shard_id,
            at=at,
            actor=actor,
            event=event,
            from_state=from_state,
            to_state=to_state,
            note=note,
        )
    )


def new_shard(job_id: str, index: int, file: ShardFile, remote_name: str, model: str, at: datetime) -> dict[str, Any]:
    """The row of a shard that nobody has approved yet."""
    return {
        "shard_id": f"{job_id}.{index}",
        "job_id": job_id,
        "shard_index": index,
        "state": ShardState.QUEUED.value,
        "fence": 0,
        "attempt": 0,
        "path": file.path,
        "sha256": file.sha256,
        "requests": file.requests,
        "bytes": file.bytes,
        "input_tokens": file.input_tokens,
        "remote_name": remote_name,
        "scans": 0,
        "provider_status": "",
        "provider_total": 0,
        "provider_completed": 0,
        "provider_failed": 0,
        "next_due_at": at + timedelta(days=36500),  # not due until somebody approves
        "quiet_polls": 0,
        "cancel_wish": False,
        "nudged": False,
        "part": 0,
        "message": "",
        "model": model,
        "retry_round": 0,
        "place": 0,
        "hold": "",
    }


def move_job(
    connection: Connection, job_id: str, state: str, event: JobEvent, *, actor: str, at: datetime, **values: Any
) -> None:
    """Move a job from the state in which it was read, with other columns of it, and write the line of history.

    Raises:
        IllegalMove: There is no such move.
        StaleMove: It stands elsewhere meanwhile.
    """
    target = next_job_state(JobState(state), event)
    changed = connection.execute(
        update(_J).where(_J.c.job_id == job_id, _J.c.state == state).values(state=target.value, **values)
    )
    if changed.rowcount != 1:
        raise StaleMove(f"Job {job_id} is no longer {state}.")
    note = values.get("message") or ""
    record_event(connection, job_id, None, at, actor, event.value, note, from_state=state, to_state=target.value)


def _found(connection: Connection, query: Any, job_id: str) -> Any:
    row = connection.execute(query).first()
    if row is None:
        raise no_job(job_id)
    return row


def no_job(job_id: str) -> NotFound:
    """What to raise where there is no such job."""
    return NotFound(f"There is no job '{job_id}'. See the ids with: mosychlos portfolio batch list")
