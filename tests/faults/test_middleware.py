"""Rate limits, an empty purse, a refused key and an outage of an hour, met by jobs behind the middleware."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from core.domain.actor import LOCAL
from core.domain.job import JobState, ShardState
from core.domain.provider_state import CircuitState
from core.providers.guarded import GuardedProvider
from core.providers.openai_provider import OpenAIProvider
from core.worker.context import Context
from tests.faults.staging import KEY, House, environment
from tests.local_provider import LocalProvider


class Counting:
    """A provider that counts the calls that reached it, by verb."""

    def __init__(self, inner: OpenAIProvider) -> None:
        self._inner = inner
        self.calls: Counter[str] = Counter()

    def __getattr__(self, verb: str) -> Any:
        found = getattr(self._inner, verb)

        def call(*arguments: Any, **named: Any) -> Any:
            self.calls[verb] += 1
            return found(*arguments, **named)

        return call


@pytest.fixture
def own(tmp_path: Path, local: LocalProvider) -> Iterator[House]:
    """A house of its own: what the middleware learns must not reach other tests."""
    settings = environment(tmp_path, f"sqlite:///{tmp_path / 'own.db'}", local.base_url)
    with closing(OpenAIProvider(KEY, local.base_url, timeout_seconds=2)) as client:
        house = House.open(settings, client, portfolios=12)
        yield house
        house.close()


def guarded(house: House) -> tuple[Context, GuardedProvider, Counting]:
    """A worker's surroundings behind the middleware, on the house's clock: to wait is to set it ahead."""
    counting = Counting(house.provider)
    guard = GuardedProvider(
        counting,  # type: ignore[arg-type]  # it hands every verb on
        name=house.app.identity.fingerprint,
        clock=lambda: house.clock().timestamp(),
        now=house.clock,
        sleep=lambda seconds: None,
        chance=lambda: 0.0,
        changed=house.store.provider_states.save,
    )
    return house.context(provider=guard), guard, counting


def health(house: House) -> tuple[str, str]:
    return next((check.state, check.message) for check in house.app.health(LOCAL) if check.name == "provider")


def test_b5_a_rate_limited_create_waits_as_long_as_asked_and_counts_as_no_attempt(
    own: House, local: LocalProvider
) -> None:
    job_id = own.submit(2)
    context, _, counting = guarded(own)
    local.set_faults({"http": {"POST /v1/batches": {1: {"kind": "429", "retry_after": 40}}}})
    own.run(job_id, context=context, to=ShardState.UPLOADING)
    while not counting.calls["create_batch"]:
        own.round(context)
    shard = own.shard(job_id)
    assert (shard.state, shard.attempt) == (ShardState.UPLOADING, 0)
    assert (shard.next_due_at - own.clock()).total_seconds() == pytest.approx(40, abs=3)
    assert own.run(job_id, context=context) is JobState.DONE
    assert counting.calls["create_batch"] == 2
    own.check(job_id, batches=1)


def test_b6_an_empty_purse_stops_creates_turns_health_red_and_other_jobs_wait(own: House, local: LocalProvider) -> None:
    jobs = [own.submit(1) for _ in range(4)]
    context, guard, counting = guarded(own)
    local.set_faults({"http": {"POST /v1/batches": {"*": "quota"}}})
    for _ in range(20):
        own.round(context)
    assert counting.calls["create_batch"] == 1
    states = [own.shard(job_id).state for job_id in jobs]
    assert states.count(ShardState.ATTENTION) == 1
    assert guard.state().paid is CircuitState.OPEN
    red, words = health(own)
    assert red == "error"
    assert "Nothing that costs money is sent" in words
    waiting = [own.shard(job_id) for job_id in jobs if own.shard(job_id).state is not ShardState.ATTENTION]
    assert all("Nothing that costs money is sent" in shard.message for shard in waiting if shard.message)
    local.set_faults()
    for job_id in jobs:
        if own.shard(job_id).state is ShardState.ATTENTION:
            own.service().send_again(LOCAL, job_id)
    for job_id in jobs:
        assert own.run(job_id, context=context) is JobState.DONE
        own.check(job_id, batches=1)
    assert health(own)[0] != "error"


@pytest.mark.parametrize("status", ["401", "403"])
def test_b7_a_refused_key_is_not_tried_again_and_again_and_nobody_reads_it(
    own: House, local: LocalProvider, status: str
) -> None:
    jobs = [own.submit(1) for _ in range(3)]
    context, guard, counting = guarded(own)
    local.set_faults({"http": {"GET /v1/files": {"*": status}}})
    for _ in range(20):
        own.round(context)
    assert counting.calls["find_upload"] == 1
    assert guard.state().reads is CircuitState.OPEN
    said = [health(own)[1], *(own.shard(job_id).message for job_id in jobs)]
    assert not [words for words in said if KEY in words]
    assert any("401" in words or "403" in words for words in said)
    assert [own.shard(job_id).state for job_id in jobs].count(ShardState.ATTENTION) == 1


def test_b11_an_outage_of_an_hour_costs_few_calls_and_every_job_goes_on_after_it(
    own: House, local: LocalProvider
) -> None:
    jobs = [own.submit(1) for _ in range(5)]
    context, guard, counting = guarded(own)
    local.set_faults({"http": {"GET /v1/files": {"*": "503_before"}, "POST /v1/files": {"*": "503_before"}}})
    began, by_minute = own.clock(), [0] * 61
    deadline = time.monotonic() + 60
    while (passed := (own.clock() - began).total_seconds()) < 3600:
        assert time.monotonic() < deadline
        before = sum(counting.calls.values())
        own.round(context)
        by_minute[int(passed // 60)] += sum(counting.calls.values()) - before
        working = [own.shard(job_id) for job_id in jobs]
        own.clock.leap(min(shard.next_due_at for shard in working))
    assert max(by_minute) <= 12
    assert sum(by_minute) <= 60
    assert guard.state().reads is not CircuitState.CLOSED
    assert health(own)[0] == "error"
    local.set_faults()
    for job_id in jobs:
        assert own.run(job_id, context=context) is JobState.DONE
        own.check(job_id, batches=1)
    assert health(own)[0] != "error"


def test_a_create_that_the_open_circuit_stops_is_unsent_and_comes_back_when_a_probe_may_go(
    own: House, local: LocalProvider
) -> None:
    job_id, other = own.submit(1), own.submit(1)
    context, _, counting = guarded(own)
    local.set_faults({"http": {"POST /v1/batches": {"*": "quota"}}})
    for _ in range(12):
        own.round(context)
    held = next(own.shard(one) for one in (job_id, other) if own.shard(one).state is ShardState.UPLOADING)
    assert held.attempt == 0
    wait = (held.next_due_at - own.clock()).total_seconds()
    assert 1 < wait <= 31
    moves = [event for event in own.events(held.job_id) if event.event == "unsent"]
    assert len(moves) == 1, "one move for the whole pause, not one a poll"
    assert counting.calls["create_batch"] == 1
