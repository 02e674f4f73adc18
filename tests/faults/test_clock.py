"""This machine's clock is a day off, or is set by a day in the middle of everything. Row F9 of the fault table."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from core.domain.actor import LOCAL
from core.domain.job import JobState, ShardState
from core.errors import ProviderRefused
from core.providers.openai_provider import OpenAIProvider
from core.worker.clock_watch import TOLERANCE, ClockWatch
from tests.faults.staging import House, Meddler, environment
from tests.local_provider import LocalProvider

DAY = timedelta(days=1)
CREATE, LIST = "POST /v1/batches", "GET /v1/batches"


@pytest.fixture
def own(
    database_url: str, tmp_path: Path, local: LocalProvider, server: LocalProvider, client: OpenAIProvider
) -> Iterator[House]:
    """A house whose clock may be set back without confusing others."""
    opened = House.open(environment(tmp_path, database_url, server.base_url), client)
    yield opened
    opened.close()


def was_set(house: House, by: timedelta) -> None:
    """Somebody sets the clock, and the worker notices."""
    seconds = 0.0
    watch = ClockWatch(house.clock, lambda: seconds)
    house.clock.set_by(by)
    assert abs(watch.step() - by) < timedelta(seconds=5)
    house.store.shards.clock_was_set(now=house.clock(), lease_seconds=house.context().pace.lease)


@pytest.mark.parametrize("skew", [DAY, -DAY], ids=["F9-a-day-ahead", "F9-a-day-behind"])
def test_a_clock_that_is_a_day_off_raises_no_false_alarm_and_keeps_the_providers_deadline(
    own: House, local: LocalProvider, skew: timedelta
) -> None:
    own.clock.set_by(skew)
    local.set_faults({"batches": {"*": {"stuck": True}}})
    job_id = own.submit()
    own.run(job_id, to=ShardState.RUNNING)
    for _ in range(3):
        own.clock.leap(own.shard(job_id).next_due_at)
        own.round(own.context())
    shard = own.shard(job_id)
    batch = own.provider.check(shard.batch_id or "")
    assert (shard.submitted_at, shard.expires_at) == (batch.created_at, batch.expires_at)
    assert own.store.alerts.standing() == []
    own.service().cancel(LOCAL, job_id)
    assert own.run(job_id) is JobState.CANCELLED
    own.check(job_id, batches=1)


@pytest.mark.parametrize("by", [DAY, -DAY], ids=["F9-set-ahead", "F9-set-back"])
@pytest.mark.parametrize("state", [ShardState.QUEUED, ShardState.RUNNING, ShardState.COLLECTING])
def test_a_clock_that_is_set_in_the_middle_keeps_nothing_waiting(
    own: House, local: LocalProvider, state: ShardState, by: timedelta
) -> None:
    if state is ShardState.COLLECTING:
        local.set_faults({"http": {"GET /v1/files/{id}/content": {"1": "403"}}})
    job_id = own.submit()
    if state is not ShardState.QUEUED:
        own.run(job_id, to=state)
    was_set(own, by)
    assert own.shard(job_id).next_due_at <= own.clock()
    begun = own.clock()
    assert own.run(job_id) is JobState.DONE
    assert own.clock() - begun < timedelta(hours=1)
    own.check(job_id, batches=1)


def test_f9_a_lease_of_a_dead_worker_lasts_no_longer_after_the_clock_was_set_back(own: House) -> None:
    job_id = own.submit()
    own.round(own.context())
    own.clock.leap(own.shard(job_id).next_due_at)
    assert own.store.shards.claim_due(owner="dead", now=own.clock(), lease_seconds=1, limit=9)
    was_set(own, -DAY)
    own.clock.leap(own.clock() + timedelta(seconds=2))
    assert own.run(job_id) is JobState.DONE
    own.check(job_id, batches=1)


def test_f9_a_back_off_lasts_no_longer_after_the_clock_was_set_back(own: House) -> None:
    refusals = [ProviderRefused("Limit: 3 enqueued tokens.", status=400, code="token_limit_exceeded")]

    def create(*call: object) -> object:
        if refusals:
            raise refusals.pop()
        return own.provider.create_batch(*call)  # type: ignore[arg-type]  # as it was called

    job_id = own.submit()
    context = own.context(provider=Meddler(own.provider, create_batch=create))
    while refusals:
        own.round(context)
    assert own.shard(job_id).hold == "back_off"
    was_set(own, -DAY)
    begun = own.clock()
    assert own.run(job_id, context=context) is JobState.DONE
    assert own.clock() - begun < timedelta(hours=1)
    own.check(job_id, batches=1)


def test_f9_what_was_sent_in_a_future_that_was_none_does_not_count_for_the_hour(own: House) -> None:
    own.clock.set_by(DAY)
    job_id = own.submit()
    assert own.run(job_id) is JobState.DONE
    assert own.store.queue.snapshot(own.clock()).sent == 1
    was_set(own, -DAY)
    assert own.store.queue.snapshot(own.clock()).sent == 0


def test_f9_a_clock_that_is_set_ahead_does_not_cut_the_quarantine_short(own: House, local: LocalProvider) -> None:
    """A lost create whose batch shows up late, after a day that never passed."""
    local.set_faults({"http": {CREATE: {"1": "drop_after"}}, "list_lag": 3600.0})
    job_id = own.submit()
    own.run(job_id, to=ShardState.UNKNOWN)
    was_set(own, DAY)
    for _ in range(3):
        own.round(own.context())
    assert own.shard(job_id).state is ShardState.UNKNOWN
    assert local.calls(CREATE) == 1
    local.set_faults()  # from now on the list shows it; calls are counted anew
    assert own.run(job_id, leaping=False) is JobState.DONE
    assert local.calls(CREATE) == 0
    own.check(job_id, batches=1)


def test_f9_a_watch_tells_a_set_clock_from_time_that_passes() -> None:
    moment, seconds = datetime(2026, 10, 25, 0, 30, tzinfo=UTC), 100.0
    watch = ClockWatch(lambda: moment, lambda: seconds)
    for passed in (0.0, 3600.0, 86_400.0, 0.5):  # the hour in which summer time ends is an hour like any other
        moment, seconds = moment + timedelta(seconds=passed), seconds + passed
        assert watch.step() == timedelta(0)
    for step in (DAY, -DAY, 2 * TOLERANCE, -2 * TOLERANCE):
        moment, seconds = moment + step + timedelta(seconds=1), seconds + 1
        assert watch.step() == step
        assert watch.step() == timedelta(0), "each step is told once"
    moment += TOLERANCE / 2
    assert watch.step() == timedelta(0)
