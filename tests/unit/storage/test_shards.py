"""Shards as rows: what a look, a move, an ended batch and a person's word leave behind, and who is named first."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from core.domain.alert import AlertKind
from core.domain.analysis import Usage
from core.domain.batch import Batch, BatchCounts, Counted
from core.domain.job import JobState, ShardEvent, ShardState
from core.domain.queue import Hold
from core.domain.records import BatchLook, ShardClaim
from core.errors import NotFound, StaleMove
from core.storage.jobs.shards import QUEUE_AGAIN, check_fence
from core.storage.store import Store
from tests.unit.storage.making import NOW, STAND_IN, approved

LATER = NOW + timedelta(hours=1)
ID = "261124-12000{}-aaaaaaaaaaaa"


def job_of(claim: ShardClaim) -> str:
    return claim.shard_id.rpartition(".")[0]


def sent(store: Store, job: int = 0, **columns: object) -> ShardClaim:
    """The claim of a job's only shard, about to be created."""
    [claim] = approved(store, [1], job_id=ID.format(job))
    store.shards.move(claim, ShardState.QUEUED, ShardEvent.START, at=NOW)
    store.shards.move(claim, ShardState.UPLOADING, ShardEvent.SEND, at=NOW, create_at=NOW, **columns)
    return claim


def running(store: Store, job: int = 0) -> tuple[ShardClaim, Batch]:
    claim = sent(store, job, scans=2)
    store.shards.move(claim, ShardState.SUBMITTING, ShardEvent.ACCEPTED, at=NOW, batch_id="b-1")
    counts = BatchCounts(5, 3, 1)
    return claim, Batch("b-1", "in_progress", "/v1/responses", "f-1", None, None, NOW, LATER, counts)


def failed(store: Store, job: int = 0, *, minutes: float = 0, **columns: object) -> ShardClaim:
    claim = sent(store, job, **columns)
    at = NOW + timedelta(minutes=minutes)
    store.shards.move(claim, ShardState.SUBMITTING, ShardEvent.REJECTED, at=at)
    return claim


@pytest.mark.parametrize("taken_over", [False, True])
def test_a_look_is_stored_by_whoever_holds_the_shard_and_by_nobody_else(sqlite_store: Store, taken_over: bool) -> None:
    claim, batch = running(sqlite_store)
    if taken_over:
        sqlite_store.shards.claim_due(owner="v", now=LATER, lease_seconds=60, limit=9)
    look = BatchLook(claim, replace(batch, output_file_id="o-1"), NOW, 4, "slow", NOW, LATER)
    sqlite_store.shards.seen_many([look])
    shard = sqlite_store.shards.get(claim.shard_id)
    if taken_over:
        assert (shard.quiet_polls, shard.message, shard.output_file_id) == (0, "", None)
    else:
        assert (shard.counts, shard.output_file_id, shard.quiet_polls) == (BatchCounts(5, 3, 1), "o-1", 4)
        assert (shard.message, shard.next_due_at, shard.expires_at) == ("slow", LATER, LATER)


def test_no_looks_are_nothing_to_store(sqlite_store: Store) -> None:
    sqlite_store.shards.seen_many([])


def test_a_look_of_its_own_is_stored_with_what_the_batch_counted(sqlite_store: Store) -> None:
    claim, batch = running(sqlite_store)
    counted = Counted(Usage(10, 2, 3, 1), 4, "of the whole batch")
    seen = replace(batch, status="completed", error_file_id="e-1", counted=counted)
    sqlite_store.shards.seen(claim, seen, at=LATER, quiet_polls=2, message="quiet")
    shard = sqlite_store.shards.get(claim.shard_id)
    assert (shard.provider_status, shard.counts, shard.error_file_id) == ("completed", batch.counts, "e-1")
    assert (shard.counted, shard.last_contact_at, shard.progress_at) == (counted, LATER, LATER)
    sqlite_store.shards.seen(claim, batch, at=LATER, quiet_polls=0, progress_at=NOW)
    again = sqlite_store.shards.get(claim.shard_id)
    assert (again.counted, again.progress_at) == (counted, NOW)  # silence takes nothing back


def test_a_look_lets_go_of_the_shard_and_keeps_a_word_that_came_meanwhile(sqlite_store: Store) -> None:
    claim, batch = running(sqlite_store)
    sqlite_store.jobs.wish_cancel(job_of(claim), actor="ada", at=NOW)
    sqlite_store.shards.seen_many([BatchLook(claim, batch, NOW, 0, "", NOW, LATER)])
    found = sqlite_store.shards.claim_due(owner="v", now=NOW, lease_seconds=60, limit=9)
    assert found == [ShardClaim(claim.shard_id, claim.fence + 1)]


def test_each_move_is_an_event_with_who_why_and_between_which_states(sqlite_store: Store) -> None:
    [claim] = approved(sqlite_store, [1])
    sqlite_store.shards.move(claim, ShardState.QUEUED, ShardEvent.START, at=LATER, note="why")
    event = next(one for one in sqlite_store.jobs.events(job_of(claim)) if one.event == "start")
    assert (event.at, event.shard_id, event.actor, event.note) == (LATER, claim.shard_id, "worker", "why")
    assert (event.from_state, event.to_state) == ("queued", "uploading")


def test_a_move_from_where_a_shard_is_not_changes_nothing(sqlite_store: Store) -> None:
    [claim] = approved(sqlite_store, [1])
    with pytest.raises(StaleMove, match="is no longer uploading"):
        sqlite_store.shards.move(claim, ShardState.UPLOADING, ShardEvent.SEND, at=NOW)
    assert sqlite_store.shards.get(claim.shard_id).state is ShardState.QUEUED


def test_the_job_follows_its_shards_in_the_same_step(sqlite_store: Store) -> None:
    claim = sent(sqlite_store)
    assert sqlite_store.jobs.state(job_of(claim)) is JobState.RUNNING
    sqlite_store.shards.move(claim, ShardState.SUBMITTING, ShardEvent.REJECTED, at=LATER)
    assert sqlite_store.jobs.state(job_of(claim)) is JobState.FAILED
    assert sqlite_store.shards.get(claim.shard_id).ended_at == LATER


def test_only_an_ended_shard_has_an_end_and_one_that_is_given_is_kept(sqlite_store: Store) -> None:
    claim = sent(sqlite_store)
    assert sqlite_store.shards.get(claim.shard_id).ended_at is None
    sqlite_store.shards.move(claim, ShardState.SUBMITTING, ShardEvent.REJECTED, at=LATER, ended_at=NOW)
    assert sqlite_store.shards.get(claim.shard_id).ended_at == NOW


def alerts(store: Store, claim: ShardClaim) -> set[AlertKind]:
    return {one.kind for one in store.alerts.standing() if one.subject == claim.shard_id}


def test_a_shard_that_waits_for_a_person_is_an_alert_until_it_does_not(sqlite_store: Store) -> None:
    claim = sent(sqlite_store)
    move = sqlite_store.shards.move
    move(claim, ShardState.SUBMITTING, ShardEvent.BLOCKED, at=NOW, note="a note", message="Repair the key.")
    [alert] = sqlite_store.alerts.standing()
    assert (alert.kind, alert.text) == (AlertKind.ATTENTION, "Repair the key.")
    sqlite_store.shards.resume(claim.shard_id, actor="ada", at=NOW)
    assert sqlite_store.alerts.standing() == []


def test_the_alert_of_a_lost_create_is_over_when_it_is_found_or_proven_absent(sqlite_store: Store) -> None:
    claim = sent(sqlite_store)
    move = sqlite_store.shards.move
    move(claim, ShardState.SUBMITTING, ShardEvent.AMBIGUOUS, at=NOW)
    for kind in (AlertKind.UNKNOWN_SUBMIT, AlertKind.STUCK, AlertKind.LATE):
        sqlite_store.alerts.raise_(kind, claim.shard_id, "?", at=NOW)
    move(claim, ShardState.UNKNOWN, ShardEvent.ADOPTED, at=NOW, batch_id="b")
    assert alerts(sqlite_store, claim) == {AlertKind.LATE}  # found room, and may be late all the same


def test_what_was_told_of_a_running_batch_is_over_when_it_has_ended(sqlite_store: Store) -> None:
    claim, _ = running(sqlite_store)
    watched = {AlertKind.STUCK, AlertKind.LATE, AlertKind.VANISHED, AlertKind.UNKNOWN_STATUS}
    for kind in (*watched, AlertKind.RESULT_LOST):
        sqlite_store.alerts.raise_(kind, claim.shard_id, "?", at=NOW)
    sqlite_store.shards.move(claim, ShardState.RUNNING, ShardEvent.ENDED, at=NOW)
    assert alerts(sqlite_store, claim) == {*watched, AlertKind.RESULT_LOST}
    sqlite_store.shards.move(claim, ShardState.COLLECTING, ShardEvent.COLLECTED_NONE, at=NOW)
    assert alerts(sqlite_store, claim) == {AlertKind.RESULT_LOST}


def test_a_person_takes_a_shard_back_to_the_queue_as_if_it_were_new(sqlite_store: Store) -> None:
    claim = sent(sqlite_store, attempt=2, scans=3, place=7, hold=Hold.ROOM.value, hold_until=LATER)
    sqlite_store.shards.move(claim, ShardState.SUBMITTING, ShardEvent.BLOCKED, at=NOW, message="Repair it.")
    sqlite_store.shards.resume(claim.shard_id, actor="ada", at=LATER)
    shard = sqlite_store.shards.get(claim.shard_id)
    assert (shard.state, shard.attempt, shard.scans, shard.create_at) == (ShardState.QUEUED, 0, 0, None)
    assert {name: getattr(shard, name) for name in QUEUE_AGAIN} == QUEUE_AGAIN
    assert (shard.next_due_at, shard.message) == (LATER, "")
    last = sqlite_store.jobs.events(job_of(claim))
    assert ("ada", "resume") in {(event.actor, event.event) for event in last}


def test_a_shard_that_waits_for_nobody_cannot_be_resumed(sqlite_store: Store) -> None:
    claim = sent(sqlite_store)
    for shard_id in (claim.shard_id, "no-such-job.0"):
        with pytest.raises(StaleMove, match="does not wait for a person any more"):
            sqlite_store.shards.resume(shard_id, actor="ada", at=NOW)


def test_an_unknown_shard_is_not_found(sqlite_store: Store) -> None:
    with pytest.raises(NotFound, match=r"no shard 'x\.0'"):
        sqlite_store.shards.get("x.0")


def test_the_last_note_of_an_event_is_the_shards_own_and_the_newest(sqlite_store: Store) -> None:
    first, second = sent(sqlite_store, 0), sent(sqlite_store, 1)
    for claim, note in ((first, "one"), (first, "two"), (second, "other")):
        sqlite_store.shards.move(claim, ShardState.SUBMITTING, ShardEvent.UNSENT, at=NOW, note=note)
        sqlite_store.shards.move(claim, ShardState.UPLOADING, ShardEvent.SEND, at=NOW, note="sent")
    assert sqlite_store.shards.last_note(first.shard_id, ShardEvent.UNSENT) == "two"
    assert sqlite_store.shards.last_note(second.shard_id, ShardEvent.UNSENT) == "other"
    assert sqlite_store.shards.last_note(first.shard_id, ShardEvent.ENDED) == ""


def test_events_are_counted_from_the_last_of_another_kind_on(sqlite_store: Store) -> None:
    first, second = approved(sqlite_store, [1, 1])
    for claim, turns in ((second, 1), (first, 3)):
        for _ in range(turns):
            sqlite_store.shards.move(claim, ShardState.QUEUED, ShardEvent.START, at=NOW)
            sqlite_store.shards.move(claim, ShardState.UPLOADING, ShardEvent.SEND, at=NOW)
            sqlite_store.shards.move(claim, ShardState.SUBMITTING, ShardEvent.REQUEUED, at=NOW)
    count = sqlite_store.shards.count_since
    assert count(first.shard_id, ShardEvent.REQUEUED, since=ShardEvent.RESUME) == 3
    sqlite_store.shards.move(first, ShardState.QUEUED, ShardEvent.BLOCKED, at=NOW)
    sqlite_store.shards.resume(first.shard_id, actor="ada", at=NOW)
    assert count(first.shard_id, ShardEvent.REQUEUED, since=ShardEvent.RESUME) == 0
    assert count(second.shard_id, ShardEvent.REQUEUED, since=ShardEvent.RESUME) == 1
    assert count(first.shard_id, ShardEvent.REQUEUED, since=ShardEvent.START) == 1


def test_a_line_of_history_moves_nothing_and_is_written_by_the_holder_only(sqlite_store: Store) -> None:
    claim = sent(sqlite_store)
    sqlite_store.shards.record(claim, job_of(claim), "duplicate", "b-2", at=LATER)
    [event] = [one for one in sqlite_store.jobs.events(job_of(claim)) if one.event == "duplicate"]
    assert (event.note, event.shard_id, event.at, event.actor) == ("b-2", claim.shard_id, LATER, "worker")
    old = ShardClaim(claim.shard_id, claim.fence - 1)
    with sqlite_store.database.write() as connection, pytest.raises(StaleMove, match="taken over"):
        check_fence(connection, old)


def test_files_at_the_provider_are_named_once_their_shard_has_ended_the_oldest_first(sqlite_store: Store) -> None:
    late, early = (failed(sqlite_store, job, minutes=minutes, file_id="f") for job, minutes in ((0, 5), (1, 1)))
    failed(sqlite_store, 2)  # has none there
    sent(sqlite_store, 3, file_id="f")  # has not ended
    output, error = failed(sqlite_store, 4, minutes=9, output_file_id="o"), failed(sqlite_store, 5, error_file_id="e")
    found = sqlite_store.shards.with_files

    def names(**more: object) -> list[str]:
        return [one.shard_id for one in found(**({"ended_before": LATER, "limit": 9} | more))]  # type: ignore[arg-type]  # the same keywords

    assert names() == [one.shard_id for one in (error, early, late, output)]
    assert names(limit=1) == [error.shard_id]
    assert names(ended_before=NOW + timedelta(minutes=5)) == [error.shard_id, early.shard_id]
    assert names(providers=["somebody else"]) == []
    assert len(names(providers=STAND_IN.accepts)) == 4
    sqlite_store.shards.files_are_gone(early.shard_id, at=LATER)
    assert early.shard_id not in names()
    assert sqlite_store.shards.get(early.shard_id).files_gone_at == LATER
    assert len(names()) == 3


def test_the_files_of_a_shard_that_has_not_ended_are_not_called_gone(sqlite_store: Store) -> None:
    claim = sent(sqlite_store, file_id="f")
    sqlite_store.shards.files_are_gone(claim.shard_id, at=LATER)
    assert sqlite_store.shards.get(claim.shard_id).files_gone_at is None


def test_a_result_file_leads_to_its_shard(sqlite_store: Store) -> None:
    first = failed(sqlite_store, 0, output_file_id="o")
    second = failed(sqlite_store, 1, error_file_id="e")
    of_file = sqlite_store.shards.of_file
    found = [None if (shard := of_file(name)) is None else shard.shard_id for name in ("o", "e", "f")]
    assert found == [first.shard_id, second.shard_id, None]


def test_those_that_wait_for_a_person_are_named_the_latest_first(sqlite_store: Store) -> None:
    claims = [sent(sqlite_store, job) for job in range(3)]
    for hours, claim in enumerate(claims[:2]):
        sqlite_store.shards.move(
            claim, ShardState.SUBMITTING, ShardEvent.BLOCKED, at=NOW, next_due_at=NOW + timedelta(hours=hours)
        )
    assert [one.shard_id for one in sqlite_store.shards.attention()] == [claims[1].shard_id, claims[0].shard_id]
    assert len(sqlite_store.shards.attention(limit=1)) == 1


def test_a_jobs_shards_come_in_the_order_of_their_numbers_and_no_others(sqlite_store: Store) -> None:
    approved(sqlite_store, [1, 1, 1], job_id=ID.format(0))
    approved(sqlite_store, [1], job_id=ID.format(1))
    assert [one.index for one in sqlite_store.shards.of_job(ID.format(0))] == [0, 1, 2]


def test_a_clock_that_was_set_back_leaves_nothing_due_in_a_far_future(sqlite_store: Store) -> None:
    held, waiting, lost = approved(sqlite_store, [1, 1, 1])
    shards = sqlite_store.shards
    shards.renew(held, until=NOW + timedelta(days=9))
    shards.update(waiting, hold=Hold.BACK_OFF.value, hold_until=NOW + timedelta(days=9))
    shards.release(waiting, due=NOW + timedelta(days=9))
    for state, event in (
        (ShardState.QUEUED, ShardEvent.START),
        (ShardState.UPLOADING, ShardEvent.SEND),
        (ShardState.SUBMITTING, ShardEvent.AMBIGUOUS),
    ):
        shards.move(lost, state, event, at=NOW, create_at=NOW + timedelta(days=9), scans=2)
    shards.clock_was_set(now=NOW, lease_seconds=60)
    assert shards.claim(held.shard_id, owner="v", now=NOW + timedelta(seconds=60), lease_seconds=60) is None
    assert shards.claim(held.shard_id, owner="v", now=NOW + timedelta(seconds=61), lease_seconds=60) is not None
    after = shards.get(waiting.shard_id)
    assert (after.next_due_at, after.hold_until) == (NOW, NOW)
    again = shards.get(lost.shard_id)
    assert (again.create_at, again.scans) == (NOW, 0)


def test_a_clock_that_was_set_changes_nothing_that_is_not_far_off(sqlite_store: Store) -> None:
    held, waiting, other = approved(sqlite_store, [1, 1, 1])
    shards, before = sqlite_store.shards, NOW - timedelta(hours=1)
    shards.renew(held, until=NOW + timedelta(seconds=30))
    shards.update(waiting, hold=Hold.BACK_OFF.value, hold_until=before)
    shards.update(other, hold=Hold.ROOM.value, hold_until=LATER, create_at=before, scans=2)
    shards.release(waiting, due=before)
    shards.clock_was_set(now=NOW, lease_seconds=60)
    assert shards.claim(held.shard_id, owner="v", now=NOW + timedelta(seconds=31), lease_seconds=60) is not None
    after = shards.get(waiting.shard_id)
    assert (after.next_due_at, after.hold_until) == (before, before)
    kept = shards.get(other.shard_id)
    assert (kept.hold_until, kept.create_at, kept.scans) == (LATER, before, 2)


def test_one_of_several_claims_that_holds_is_enough_to_show_life(sqlite_store: Store) -> None:
    first, second = approved(sqlite_store, [1, 1])
    sqlite_store.shards.release(first, due=LATER)
    assert sqlite_store.shards.renew(first, second, until=LATER)
    assert not sqlite_store.shards.renew(first, until=LATER)
