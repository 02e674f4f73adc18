"""From queued to running: what is asked first, who waits how long, and when a lost create counts as absent."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from core.domain.alert import AlertKind
from core.domain.analysis import ItemError
from core.domain.job import JobState, ShardEvent, ShardState
from core.errors import OptionalRefused, ProviderRefused, ProviderUnfit, ProviderUnreachable, StaleMove
from core.worker.submit import CALLED_OFF_IN_DOUBT, MAX_UNKNOWN, MIN_SCANS, NEVER_SENT, PATIENCE, UNKNOWN_TOO_LONG, wait
from tests.unit.worker.making import POLL, QUARANTINE, TIMEOUT, Bench


def test_a_shard_that_nobody_had_before_is_sent_without_a_look_at_the_list(bench: Bench) -> None:
    assert bench.step(2) == 5  # a first look soon, whatever the poll
    shard = bench.shard
    assert (shard.state, shard.attempt, bench.provider.calls["list_batches"]) == (ShardState.RUNNING, 1, 0)
    [batch] = bench.provider.all_batches()
    assert (batch.batch_id, batch.input_file_id) == (shard.batch_id, shard.file_id)
    assert batch.metadata.items() >= {"attempt": "1", "portfolio_count": "1", **bench.key}.items()
    assert shard.remote_name.endswith(".a1.jsonl")


@pytest.mark.parametrize("why", ["taken over", "tried before", "not reconciled"])
def test_where_somebody_may_have_been_before_the_batch_is_looked_for_first(bench: Bench, why: str) -> None:
    bench.step()
    if why == "taken over":
        later = bench.now + timedelta(hours=1)
        taken = bench.context.store.shards.claim(bench.claim.shard_id, owner="w", now=later, lease_seconds=60)
        assert taken is not None
        bench.claim = taken
    elif why == "tried before":
        bench.context.store.shards.update(bench.claim, attempt=1)
    else:
        bench.context = replace(bench.context, reconciled=lambda: False)
    made = bench.create()
    bench.step()
    assert (bench.shard.state, bench.shard.batch_id) == (ShardState.RUNNING, made)
    assert bench.provider.creates == 1


def test_of_several_batches_of_a_shard_the_oldest_is_taken_and_the_others_are_cancelled(bench: Bench) -> None:
    bench.until_lost()
    first = bench.create()
    bench.provider.pass_time(1)
    second = bench.create()
    bench.step()
    assert bench.shard.batch_id == first
    stopped = {one.batch_id for one in bench.provider.all_batches() if one.status in {"cancelling", "cancelled"}}
    assert stopped == {second}
    assert [alert.kind for alert in bench.context.store.alerts.of(second)] == [AlertKind.DUPLICATE]


def test_a_duplicate_that_cannot_be_cancelled_does_not_keep_the_first_from_being_taken(bench: Bench) -> None:
    bench.until_lost()
    first = bench.create()
    bench.provider.pass_time(1)
    second = bench.create()
    bench.provider.next_call("cancel", ProviderRefused("may not", status=403))
    bench.step()
    assert bench.shard.batch_id == first
    [alert] = bench.context.store.alerts.of(second)
    assert "could not be cancelled: may not" in alert.text


def test_a_batch_of_somebody_else_is_not_taken(bench: Bench) -> None:
    bench.until_lost()
    other = bench.provider.upload(Path(bench.shard.path), "other").file_id
    bench.provider.create_batch(other, "/v1/responses", {"job_key": "another"})
    bench.step()
    assert bench.shard.state is ShardState.UNKNOWN


def test_a_lost_create_counts_as_absent_after_the_quarantine_and_three_complete_scans(bench: Bench) -> None:
    bench.until_lost()
    bench.now += timedelta(seconds=TIMEOUT + QUARANTINE)
    for scans in range(1, MIN_SCANS):
        assert bench.step() == QUARANTINE / 4
        assert (bench.shard.state, bench.shard.scans) == (ShardState.UNKNOWN, scans)
    bench.step()
    assert (bench.shard.state, bench.shard.scans, bench.shard.create_at) == (ShardState.QUEUED, 0, None)
    assert bench.provider.all_files("batch") == []  # the fence: a create that comes late finds no file


def test_scans_alone_do_not_make_a_lost_create_absent_before_the_quarantine_is_over(bench: Bench) -> None:
    bench.until_lost()
    waits = [bench.step() for _ in range(2 * MIN_SCANS)]
    assert (bench.shard.state, bench.shard.scans) == (ShardState.UNKNOWN, 2 * MIN_SCANS)
    assert waits == [QUARANTINE / 4] * len(waits)
    bench.now += timedelta(seconds=TIMEOUT + QUARANTINE - 1)
    assert bench.step() == 1
    bench.now += timedelta(seconds=1)
    bench.step()
    assert bench.shard.state is ShardState.QUEUED


def test_a_scan_that_broke_off_is_no_scan(bench: Bench) -> None:
    bench.until_lost()
    bench.provider.next_call("list_batches", "unsent")
    bench.step()
    assert (bench.shard.state, bench.shard.scans) == (ShardState.UNKNOWN, 0)


def test_a_batch_that_appears_after_its_file_was_deleted_is_found_by_the_last_look(bench: Bench) -> None:
    bench.until_lost()
    bench.context.store.shards.update(bench.claim, scans=MIN_SCANS - 1)
    bench.now += timedelta(seconds=TIMEOUT + QUARANTINE)
    bench.provider.hide = 1
    made = bench.create()
    bench.step()
    assert (bench.shard.state, bench.shard.batch_id) == (ShardState.RUNNING, made)


def test_after_two_creates_without_an_answer_a_person_decides(bench: Bench) -> None:
    bench.until_lost()
    bench.context.store.shards.update(bench.claim, scans=MIN_SCANS - 1, attempt=MAX_UNKNOWN)
    bench.now += timedelta(seconds=TIMEOUT + QUARANTINE)
    bench.step()
    shard = bench.shard
    assert (shard.state, shard.file_id, shard.scans) == (ShardState.ATTENTION, None, 0)
    assert shard.message.startswith("2 attempts to create this batch (about $0.5000) got no answer")


def test_a_create_that_is_in_doubt_for_over_a_quarter_of_an_hour_is_told(bench: Bench) -> None:
    bench.until_lost()
    bench.now += UNKNOWN_TOO_LONG
    bench.step()
    assert bench.context.store.alerts.of(bench.claim.shard_id) == []
    bench.now += timedelta(seconds=1)
    bench.step()
    assert [alert.kind for alert in bench.context.store.alerts.of(bench.claim.shard_id)] == [AlertKind.UNKNOWN_SUBMIT]


def test_the_patience_of_a_wait_doubles_from_one_poll_to_sixteen(bench: Bench) -> None:
    found = []
    for quiet in range(7):
        due = wait(bench.context, bench.claim, replace(bench.shard, quiet_polls=quiet), f"{quiet}")
        found.append((due - bench.now).total_seconds() / POLL)
        assert (bench.shard.quiet_polls, bench.shard.message) == (quiet + 1, f"{quiet}")
    assert found == [1, 2, 4, 8, 16, 16, 16]
    assert wait(bench.context, bench.claim, bench.shard, "asked", after=3) == bench.now + timedelta(seconds=3)


def test_an_upload_that_fails_waits_and_goes_up_once(bench: Bench) -> None:
    bench.step()
    bench.provider.next_call("upload", "lost_after")
    assert bench.step() == POLL
    assert bench.shard.state is ShardState.UPLOADING
    bench.step()
    assert (bench.shard.state, len(bench.provider.all_files("batch"))) == (ShardState.RUNNING, 1)


def test_an_upload_waits_as_long_as_the_error_says(bench: Bench) -> None:
    bench.step()
    bench.provider.next_call("upload", ProviderUnreachable("tired", retry_after_seconds=7))
    assert bench.step() == 7
    bench.provider.next_call("upload", ProviderRefused("slow", status=429, retry_after_seconds=9))
    assert bench.step() == 9


def test_a_create_that_never_left_is_no_attempt(bench: Bench) -> None:
    bench.step()
    bench.provider.next_call("create_batch", ProviderUnreachable("no route", retry_after_seconds=4))
    assert bench.step() == 4
    shard = bench.shard
    assert (shard.state, shard.attempt, shard.create_at) == (ShardState.UPLOADING, 0, None)


def test_a_create_that_is_refused_for_its_pace_waits_and_is_no_attempt(bench: Bench) -> None:
    bench.step()
    bench.provider.next_call("create_batch", ProviderRefused("slow", status=429, retry_after_seconds=6))
    assert bench.step() == 6
    assert (bench.shard.state, bench.shard.attempt) == (ShardState.UPLOADING, 0)


@pytest.mark.parametrize("verb", ["upload", "create_batch"])
def test_a_wrong_key_waits_for_a_person(bench: Bench, verb: str) -> None:
    bench.step()
    bench.provider.next_call(verb, "wrong_key")
    assert bench.step() == 0
    assert bench.shard.state is ShardState.ATTENTION
    assert bench.shard.message.endswith(f"then: mosychlos portfolio batch retry {bench.shard.job_id}")


@pytest.mark.parametrize(("verb", "code"), [("upload", "bad_line"), ("create_batch", "bad_line"), ("upload", "")])
def test_a_definite_no_ends_the_requests(bench: Bench, verb: str, code: str) -> None:
    bench.step()
    bench.provider.next_call(verb, ProviderRefused("bad line", status=400, code=code))
    assert bench.step() == 0
    assert (bench.shard.state, bench.shard.message) == (ShardState.FAILED, "bad line")
    assert bench.context.store.jobs.state(bench.shard.job_id) is JobState.FAILED
    [item] = bench.context.store.items.each(bench.shard.job_id)
    assert item.error == ItemError(code or "rejected", "bad line", transient=False)


def test_what_was_never_sent_and_is_wanted_no_more_ends_without_doubt(bench: Bench) -> None:
    bench.step()
    bench.provider.next_call("upload", "wrong_key")
    bench.step()
    bench.context.store.jobs.wish_cancel(bench.shard.job_id, actor="ada", at=bench.now)
    assert bench.step() == 0
    [item] = bench.context.store.items.each(bench.shard.job_id)
    assert (bench.shard.state, item.error) == (ShardState.CANCELLED, NEVER_SENT)


def test_an_unfit_server_is_asked_again_before_a_person_is(bench: Bench) -> None:
    told: list[str] = []
    bench.context = replace(bench.context, unfit=told.append)
    bench.step()
    for _ in range(PATIENCE):
        bench.provider.next_call("create_batch", ProviderUnfit("no batches here", status=404))
        bench.step()
        assert bench.shard.state is ShardState.UPLOADING
    bench.provider.next_call("create_batch", ProviderUnfit("no batches here", status=404))
    bench.step()
    assert (bench.shard.state, told) == (ShardState.ATTENTION, ["no batches here"] * (PATIENCE + 1))


def test_being_refused_a_look_says_nothing_about_the_batch(bench: Bench) -> None:
    bench.step()
    bench.context.store.shards.update(bench.claim, attempt=1)
    bench.provider.next_call("list_batches", ProviderRefused("odd", status=400, retry_after_seconds=5))
    assert bench.step() == 5
    assert bench.shard.state is ShardState.UPLOADING
    bench.provider.next_call("list_batches", "wrong_key")
    bench.step()
    assert bench.shard.state is ShardState.ATTENTION


def test_a_look_that_got_no_answer_is_taken_again_before_anything_is_created(bench: Bench) -> None:
    bench.step()
    bench.context.store.shards.update(bench.claim, attempt=1)
    bench.provider.next_call("list_batches", "lost_before")
    assert bench.step() == POLL
    assert (bench.shard.state, bench.provider.creates) == (ShardState.UPLOADING, 0)


def test_a_job_that_was_paused_on_the_way_is_not_created(bench: Bench) -> None:
    bench.step()
    bench.context.store.jobs.pause(bench.shard.job_id, actor="ada", at=bench.now)
    assert bench.step() == POLL
    assert (bench.shard.state, bench.provider.creates) == (ShardState.UPLOADING, 0)


def test_nothing_is_created_by_whoever_lost_the_shard_right_before(bench: Bench) -> None:
    def taken_over(point: str) -> None:
        if point == "after_intent":
            later = bench.now + timedelta(hours=1)
            bench.context.store.shards.claim(bench.claim.shard_id, owner="v", now=later, lease_seconds=60)

    bench.context = replace(bench.context, crossing=taken_over)
    bench.step()
    with pytest.raises(StaleMove, match="taken over right before"):
        bench.step()
    assert bench.provider.creates == 0


@pytest.mark.parametrize("steps", [0, 1])
def test_a_shard_that_nobody_wants_any_more_is_not_sent(bench: Bench, steps: int) -> None:
    bench.step(steps)
    bench.context.store.jobs.wish_cancel(bench.shard.job_id, actor="ada", at=bench.now)
    assert bench.step() == 0
    assert (bench.shard.state, bench.provider.calls["upload"]) == (ShardState.CANCELLED, 0)


def test_the_file_of_a_shard_that_nobody_wants_any_more_is_removed(bench: Bench) -> None:
    bench.step()
    bench.provider.next_call("create_batch", "unsent")
    bench.step()
    assert len(bench.provider.all_files("batch")) == 1
    bench.context.store.jobs.wish_cancel(bench.shard.job_id, actor="ada", at=bench.now)
    bench.step()
    assert bench.provider.all_files("batch") == []


def test_nothing_is_bought_while_the_disk_has_no_room_for_the_results(bench: Bench) -> None:
    bench.step()
    bench.context.store.shards.update(bench.claim, bytes=10**15)
    assert bench.step() == POLL
    assert bench.shard.message.endswith(
        "2,000,000,050 MB for results. Nothing is sent until there is room; free some space."
    )
    assert bench.provider.calls["upload"] == 0


def test_a_shard_found_in_the_middle_of_its_create_is_never_created_from_there(bench: Bench) -> None:
    bench.step()
    bench.context.store.shards.move(
        bench.claim, ShardState.UPLOADING, ShardEvent.SEND, at=bench.now, create_at=bench.now, file_id="f"
    )
    assert bench.step() == 0
    assert (bench.shard.state, bench.provider.creates) == (ShardState.UNKNOWN, 0)


def test_a_create_without_a_parameter_that_was_refused_is_tried_at_once(bench: Bench) -> None:
    bench.step()
    bench.provider.next_call("create_batch", OptionalRefused("no such parameter", status=400))
    assert bench.step() == 0
    assert (bench.shard.state, bench.shard.attempt) == (ShardState.UPLOADING, 0)
    bench.step()
    assert bench.shard.state is ShardState.RUNNING


def test_a_lost_create_of_what_was_never_sent_is_a_mistake_and_proves_nothing(bench: Bench) -> None:
    bench.until_lost()
    bench.context.store.shards.update(bench.claim, file_id=None)
    with pytest.raises(StaleMove, match="is unknown but was never sent"):
        bench.step()


def test_a_batch_without_room_at_the_provider_goes_back_to_the_queue_and_its_file_with_it(bench: Bench) -> None:
    bench.step()
    full = ProviderRefused("Enqueued token limit reached", status=400, code="token_limit_exceeded")
    bench.provider.next_call("create_batch", full)
    assert bench.step() == 10 * POLL
    assert (bench.shard.state, bench.shard.attempt, bench.shard.file_id) == (ShardState.QUEUED, 0, None)
    assert bench.provider.all_files("batch") == []


def test_a_batch_that_failed_its_validation_is_no_batch_of_a_shard(bench: Bench) -> None:
    bench.until_lost()
    bench.provider.upload(Path(__file__), "bad")
    [bad] = [one for one in bench.provider.all_files("batch") if one.name == "bad"]
    bench.create(bad.file_id)
    bench.provider.pass_time(60)
    bench.step()
    assert [one.status for one in bench.provider.all_batches()] == ["failed"]
    assert bench.shard.state is ShardState.UNKNOWN


def test_what_may_have_been_sent_and_is_wanted_no_more_ends_in_doubt(bench: Bench) -> None:
    bench.until_lost()
    bench.context.store.shards.update(bench.claim, scans=MIN_SCANS - 1, attempt=MAX_UNKNOWN)
    bench.now += timedelta(seconds=TIMEOUT + QUARANTINE)
    bench.step()
    bench.context.store.jobs.wish_cancel(bench.shard.job_id, actor="ada", at=bench.now)
    assert bench.step() == 0
    assert bench.shard.state is ShardState.CANCELLED
    [item] = bench.context.store.items.each(bench.shard.job_id)
    assert item.error == CALLED_OFF_IN_DOUBT
