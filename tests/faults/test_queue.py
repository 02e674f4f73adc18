"""Waiting for a turn: room, rate, pause and order, against the provider and on both databases. Row G6 and beyond."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from core.domain.actor import LOCAL
from core.domain.alert import AlertKind
from core.domain.analysis import Priority
from core.domain.job import JobState, ShardState
from core.drafts.batch_room import Rooms
from core.errors import ProviderRefused, Refused
from core.worker.queue_order import Rules
from core.worker.queue_plan import MAX_ALONE
from tests.faults.staging import House, Meddler, Once
from tests.local_provider import LocalProvider

CREATE = "POST /v1/batches"


def rules(room: int, an_hour: int = 2_000) -> Rules:
    return Rules(Rooms({"*": room, "small": room}), an_hour)


def test_g6_what_does_not_fit_waits_here_is_told_why_and_goes_when_there_is_room(
    house: House, local: LocalProvider
) -> None:
    local.set_faults({"batches": {"1": {"stuck": True}}})
    first = house.submit(2)
    tokens = house.shard(first).input_tokens
    context = house.context(rules=rules(tokens + 1))
    house.run(first, to=ShardState.RUNNING, context=context)
    second = house.submit(2)
    house.round(context)
    waits = house.shard(second)
    assert (waits.state, waits.hold, waits.place) == (ShardState.QUEUED, "room", 1)
    assert f"may have {tokens + 1:,} input tokens enqueued, 1 batch of ours" in waits.message
    assert waits.hold_until == house.shard(first).expires_at
    assert local.calls(CREATE) == 1
    house.service().cancel(LOCAL, first)
    assert house.run(first, context=context) is JobState.CANCELLED
    assert house.run(second, context=context) is JobState.DONE
    house.check(first, batches=1)
    house.check(second, batches=1)


def test_g6_a_refusal_teaches_the_room_and_the_batch_comes_back(house: House, local: LocalProvider) -> None:
    job_id = house.submit(2)
    tokens = house.shard(job_id).input_tokens
    local.set_faults({"enqueued_tokens": tokens // 2})
    context = house.context()
    house.run(job_id, to=ShardState.RUNNING, context=context)
    for _ in range(200):
        if house.shard(job_id).state is ShardState.QUEUED:
            break
        house.clock.leap(house.shard(job_id).next_due_at)
        house.round(context)
    assert house.store.queue.learned(house.clock())[house.shard(job_id).model] == tokens // 2
    assert house.shard(job_id).hold == "back_off"
    local.set_faults()
    house.clock.leap(house.clock() + timedelta(hours=25))  # a stated room is believed for a day
    assert house.store.queue.learned(house.clock()) == {}
    assert house.run(job_id, context=context) is JobState.DONE
    house.check(job_id, batches=2)


def test_g6_a_refusal_at_the_create_goes_back_to_the_queue_as_well(house: House, local: LocalProvider) -> None:
    refusals = [ProviderRefused("Limit: 3 enqueued tokens.", status=400, code="token_limit_exceeded")]

    def create(*call: object) -> object:
        if refusals:
            raise refusals.pop()
        return house.provider.create_batch(*call)  # type: ignore[arg-type]  # as it was called

    job_id = house.submit(2)
    context = house.context(provider=Meddler(house.provider, create_batch=create))
    assert house.run(job_id, context=context) is JobState.DONE
    assert [event.event for event in house.events(job_id)].count("requeued") == 1
    house.check(job_id, batches=1)


def test_g6_a_batch_that_can_never_fit_waits_for_a_person_after_some_patience(
    house: House, local: LocalProvider
) -> None:
    local.set_faults({"enqueued_tokens": 7})
    job_id = house.submit(2)
    assert house.run(job_id) is JobState.ATTENTION
    assert local.calls(CREATE) == MAX_ALONE
    assert "grants gpt-5.4-mini 7: it can never fit" in house.shard(job_id).message
    assert house.shard(job_id).shard_id in [alert.subject for alert in house.service().alerts(LOCAL)]
    local.set_faults()
    house.service().send_again(LOCAL, job_id)
    assert house.run(job_id) is JobState.DONE
    assert house.shard(job_id).shard_id not in [alert.subject for alert in house.service().alerts(LOCAL)]
    house.check(job_id, batches=MAX_ALONE + 1)


def test_no_more_batches_an_hour_than_allowed(house: House, local: LocalProvider) -> None:
    house.clock.leap(house.clock() + timedelta(hours=2))
    job_id = house.submit(3, per_shard=1)
    context = house.context(rules=rules(10**9, an_hour=2))
    for _ in range(3):
        house.round(context)
    shards = house.store.shards.of_job(job_id)
    assert [shard.state is ShardState.QUEUED for shard in shards] == [False, False, True], [
        (shard.state, shard.hold, shard.message) for shard in shards
    ]
    assert shards[2].hold == "rate"
    assert shards[2].hold_until is not None
    assert timedelta(minutes=59) < shards[2].hold_until - house.clock() <= timedelta(hours=1)
    assert house.run(job_id, context=context) is JobState.DONE
    house.check(job_id, batches=3)


def test_high_goes_before_low_and_a_deadline_before_both(house: House, local: LocalProvider) -> None:
    low = house.service().submit(LOCAL, house.request(1, priority=Priority.LOW), again=True).row.job_id
    high = house.service().submit(LOCAL, house.request(1, priority=Priority.HIGH), again=True).row.job_id
    soon = house.clock() + timedelta(hours=9)
    urgent = (
        house.service().submit(LOCAL, house.request(1, priority=Priority.LOW), needed_by=soon, again=True).row.job_id
    )
    one_at_a_time = house.context(rules=rules(1))
    started: list[str] = []
    jobs = (low, high, urgent)
    for _ in range(500):
        started += [one for one in jobs if house.shard(one).state is not ShardState.QUEUED and one not in started]
        if all(house.job(one).row.state is JobState.DONE for one in jobs):
            break
        if not house.round(one_at_a_time):
            house.clock.leap(min(house.shard(one).next_due_at for one in jobs if house.shard(one).ended_at is None))
    assert started == [urgent, high, low]
    assert house.job(urgent).row.needed_by == soon
    for one in jobs:
        house.check(one, batches=1)


def test_a_paused_job_sends_nothing_more_and_goes_on_when_resumed(house: House, local: LocalProvider) -> None:
    local.set_faults({"http": {CREATE: {"1": {"kind": "429", "retry_after": 1}}}})
    job_id = house.submit(2, per_shard=1)
    house.run(job_id, to=ShardState.UPLOADING)
    house.service().pause(LOCAL, job_id)
    with pytest.raises(Refused, match="is paused: there is nothing to pause"):
        house.service().pause(LOCAL, job_id)
    sent = local.calls(CREATE)
    for _ in range(5):
        house.clock.leap(house.clock() + timedelta(minutes=1))
        house.round(house.context())
    assert local.calls(CREATE) == sent
    assert house.job(job_id).row.state is JobState.PAUSED
    assert house.service().resume(LOCAL, job_id) >= 1
    assert house.run(job_id) is JobState.DONE
    house.check(job_id, batches=2)


def test_a_job_paused_while_one_batch_is_out_collects_it_and_keeps_the_rest(house: House, local: LocalProvider) -> None:
    job_id = house.submit(2, per_shard=1)
    tokens = house.shard(job_id).input_tokens
    context = house.context(rules=rules(tokens))
    house.run(job_id, to=ShardState.RUNNING, context=context)
    house.service().pause(LOCAL, job_id)
    for _ in range(100):
        house.clock.leap(house.clock() + timedelta(seconds=30))
        house.round(context)
        if house.shard(job_id).state is ShardState.DONE:
            break
    assert [shard.state for shard in house.store.shards.of_job(job_id)] == [ShardState.DONE, ShardState.QUEUED]
    assert house.shard(job_id, 1).message == f"The job is paused. Go on with: mosychlos portfolio batch resume {job_id}"
    assert house.job(job_id).row.state is JobState.PAUSED
    house.service().resume(LOCAL, job_id)
    assert house.run(job_id, context=context) is JobState.DONE
    house.check(job_id, batches=2)


def test_a_paused_job_can_be_cancelled(house: House, local: LocalProvider) -> None:
    job_id = house.submit(2)
    house.service().pause(LOCAL, job_id)
    house.service().cancel(LOCAL, job_id)
    assert house.run(job_id) is JobState.CANCELLED
    assert local.calls(CREATE) == 0
    house.check(job_id, batches=0)


def test_a_job_that_has_ended_cannot_be_paused(house: House, local: LocalProvider) -> None:
    job_id = house.submit(1)
    assert house.run(job_id) is JobState.DONE
    with pytest.raises(Refused, match="is done: there is nothing to pause"):
        house.service().pause(LOCAL, job_id)


def test_two_planners_at_once_do_not_both_see_the_last_room(house: House, local: LocalProvider) -> None:
    from concurrent.futures import ThreadPoolExecutor

    from core.worker.queue_plan import plan

    local.set_faults({"batches": {"*": {"stuck": True}}})
    first = house.submit(1)
    house.run(first, to=ShardState.RUNNING)
    tokens = house.shard(first).input_tokens
    jobs = [house.submit(1) for _ in range(6)]
    context = replace(house.context(), rules=rules(3 * tokens + 2))
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: plan(context), range(8)))
    admitted = [job for job in jobs if house.shard(job).admitted_at is not None]
    assert len(admitted) == 2
    local.set_faults()
    for job in (first, *jobs):
        house.service().cancel(LOCAL, job)
        house.run(job)


@pytest.mark.parametrize(("requests", "batches"), [(2, 1), (3, 1), (4, 2), (6, 2)])
def test_g5_a_job_is_split_at_the_limit_the_same_way_each_time_and_reserved_as_a_whole(
    house: House, local: LocalProvider, requests: int, batches: int
) -> None:
    first, second = (house.submit(requests, per_shard=3) for _ in range(2))
    files = [[shard.sha256 for shard in house.store.shards.of_job(job)] for job in (first, second)]
    assert files[0] == files[1]
    assert len(files[0]) == batches == house.job(first).estimate.shards
    reserved = house.scalar("SELECT amount_nano FROM commitment WHERE job_id = :job", job=first)
    assert reserved == int((house.job(first).row.expected_usd or 0) * 1_000_000_000)
    for job in (first, second):
        assert house.run(job) is JobState.DONE
        house.check(job, batches=batches)


def test_a_refusal_for_room_that_names_no_limit_is_said_after_some_patience(house: House) -> None:
    def create(*_call: object) -> object:
        raise ProviderRefused("Enqueued token limit reached.", status=400, code="token_limit_exceeded")

    job_id = house.submit(2)
    context = house.context(provider=Meddler(house.provider, create_batch=create))
    alerts, refusals = house.store.alerts, 0
    while refusals < MAX_ALONE:
        assert alerts.of(house.shard(job_id).shard_id) == [], f"after {refusals} refusals"
        house.clock.leap(house.shard(job_id).next_due_at)
        house.round(context)
        refusals = [event.event for event in house.events(job_id)].count("requeued")
    (alert,) = house.store.alerts.of(house.shard(job_id).shard_id)
    assert alert.kind is AlertKind.STUCK
    assert f"{MAX_ALONE} times in a row" in alert.text
    house.run(job_id, to=ShardState.RUNNING)
    (alert,) = house.store.alerts.of(house.shard(job_id).shard_id)
    assert alert.cleared_at is not None, "it has found room"
    assert house.run(job_id) is JobState.DONE
    house.check(job_id, batches=1)


def test_a_wish_to_stop_does_not_wait_behind_the_back_off(house: House) -> None:
    def create(*_call: object) -> object:
        raise ProviderRefused("Limit: 3 enqueued tokens.", status=400, code="token_limit_exceeded")

    job_id = house.submit(2)
    wish = Once("after_intent", lambda: house.store.jobs.wish_cancel(job_id, actor="ada", at=house.clock()))
    context = house.context(provider=Meddler(house.provider, create_batch=create), crossing=wish)
    begun = house.clock()
    assert house.run(job_id, context=context) is JobState.CANCELLED
    assert house.clock() - begun < timedelta(seconds=5)
    house.check(job_id, batches=0)
