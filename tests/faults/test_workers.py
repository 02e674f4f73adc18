"""Two workers at once, and one that was thought dead: never two at the same step, never a second payment."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import SQLModel

from core.domain.analysis import ItemError, Outcome, Reading, ResultStatus, Usage
from core.domain.job import JobState, ShardEvent, ShardState
from core.domain.records import ShardClaim
from core.errors import StaleMove
from core.storage.store import Store
from core.worker.context import Context, Pace
from core.worker.queue_plan import plan
from core.worker.steps import run_once
from tests.faults.staging import House, Meddler, Once, until
from tests.local_provider import LocalProvider

CREATE = "POST /v1/batches"


def test_f5_of_many_claimers_exactly_one_gets_each_shard(house: House, local: LocalProvider) -> None:
    job_id = house.submit(6, per_shard=1)
    gate = threading.Barrier(6)
    plan(house.context())
    now = house.clock()

    def claim(number: int) -> list[ShardClaim]:
        store = Store(house.store.database.url)
        gate.wait()
        found: list[ShardClaim] = []
        for _ in range(6):
            found += store.shards.claim_due(owner=f"w{number}", now=now, lease_seconds=60, limit=2)
        store.close()
        return found

    with ThreadPoolExecutor(6) as pool:
        claims = [one for part in pool.map(claim, range(6)) for one in part]
    assert Counter(one.shard_id for one in claims) == {f"{job_id}.{index}": 1 for index in range(6)}
    house.clock.leap(now + timedelta(seconds=61))
    assert house.run(job_id) is JobState.DONE
    house.check(job_id, batches=6)


def test_f5_two_workers_side_by_side_pay_each_shard_once(house: House, local: LocalProvider) -> None:
    job_id = house.submit(6, per_shard=1)
    context = house.context()
    stop = threading.Event()

    def work(name: str) -> int:
        done = 0
        while not stop.is_set():
            looked = run_once(context, owner=name, limit=2)
            done += looked
            if all(shard.state is ShardState.DONE for shard in house.store.shards.of_job(job_id)):
                stop.set()
            if not looked and name == "one":
                due = [shard.next_due_at for shard in house.store.shards.of_job(job_id) if not shard.ended_at]
                house.clock.leap(min(due, default=house.clock()))
        return done

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(work, ("one", "two"))
    assert first + second >= 12
    house.check(job_id, batches=6)


MOMENT = datetime(2026, 11, 24, tzinfo=UTC)
ERROR = ItemError("x", "y", transient=False)
READING = Reading(ResultStatus.FAILED, None, None, ERROR)

STALE: dict[str, Callable[[Store, ShardClaim, str], object]] = {
    "move": lambda store, claim, _: store.shards.move(
        claim, ShardState.COLLECTING, ShardEvent.COLLECTED_ALL, at=MOMENT
    ),
    "update": lambda store, claim, _: store.shards.update(claim, message="mine"),
    "record": lambda store, claim, job_id: store.shards.record(claim, job_id, "note", "mine", at=MOMENT),
    "add": lambda store, claim, job_id: store.results.add(
        claim,
        [Outcome(one, "p0000", READING, Usage(), Decimal(0)) for one in store.results.expected(job_id, 0)],
        file="f",
        read_to=9,
    ),
    "close": lambda store, claim, _: store.results.close(
        claim, ShardState.COLLECTING, ShardEvent.COLLECTED_NONE, ERROR, at=MOMENT, note=""
    ),
    "settle": lambda store, claim, _: store.results.settle(
        claim, ShardEvent.COLLECTED_ALL, kind="risk", effort="", at=MOMENT, message=""
    ),
}


def _dump(store: Store) -> dict[str, list[Any]]:
    with store.database.read() as connection:
        return {
            name: sorted(map(repr, connection.execute(text(f"SELECT * FROM {name}")).all()))
            for name in SQLModel.metadata.tables
        }


@pytest.mark.parametrize("verb", STALE)
def test_whoever_was_taken_over_can_change_nothing(house: House, local: LocalProvider, verb: str) -> None:
    local.set_faults({"http": {"GET /v1/files/{id}/content": {"1": "500_before", "2": "500_before"}}})
    job_id = house.submit(2)
    house.run(job_id, to=ShardState.COLLECTING)
    house.clock.leap(house.shard(job_id).next_due_at)
    (old,) = house.store.shards.claim_due(owner="old", now=house.clock(), lease_seconds=1, limit=1)
    house.clock.leap(house.clock() + timedelta(seconds=2))
    (new,) = house.store.shards.claim_due(owner="new", now=house.clock(), lease_seconds=1, limit=1)
    assert new == ShardClaim(old.shard_id, old.fence + 1)
    before = _dump(house.store)
    with pytest.raises(StaleMove):
        STALE[verb](house.store, old, job_id)
    assert not house.store.shards.renew(old, until=house.clock() + timedelta(hours=1))
    assert not house.store.shards.holds(old)
    house.store.shards.release(old, due=house.clock() + timedelta(hours=1))
    assert _dump(house.store) == before
    house.clock.leap(house.clock() + timedelta(seconds=2))
    assert house.run(job_id) is JobState.DONE
    house.check(job_id, batches=1)


def _taken_over(house: House) -> Callable[[], None]:
    def take() -> None:
        house.clock.leap(house.clock() + timedelta(seconds=60))
        assert house.store.shards.claim_due(owner="other", now=house.clock(), lease_seconds=1, limit=9)

    return take


def test_f6_a_worker_that_slept_past_its_lease_does_not_send(house: House, local: LocalProvider) -> None:
    job_id = house.submit()
    asleep = Once("after_intent", _taken_over(house))
    # Its heart must not beat on while it sleeps: a stopped machine stops as a whole.
    house.round(house.context(crossing=asleep, pace=_still(house.context())))
    assert asleep.reached
    assert local.calls(CREATE) == 0
    assert house.shard(job_id).state is ShardState.SUBMITTING
    house.clock.leap(house.clock() + timedelta(seconds=2))
    assert house.run(job_id) is JobState.DONE
    assert local.calls(CREATE) == 1
    house.check(job_id, batches=1)


def test_f6_a_create_that_wakes_up_after_everything_was_repeated_is_refused(house: House, local: LocalProvider) -> None:
    """The zombie: frozen between its last look at the lease and the paid call, while another worker starts over."""
    job_id = house.submit()
    zombie: list[tuple[Any, ...]] = []

    def freeze(*call: Any) -> Any:
        zombie.append(call)
        house.clock.leap(house.clock() + timedelta(seconds=60))
        assert house.run(job_id) is JobState.DONE
        return house.provider.create_batch(*call)

    frozen = house.context(provider=Meddler(house.provider, create_batch=freeze), pace=_still(house.context()))
    house.round(frozen)
    assert len(zombie) == 1
    assert local.calls(CREATE) == 2
    assert house.job(job_id).row.state is JobState.DONE
    house.check(job_id, batches=1)


def test_f6_a_create_that_wakes_up_while_it_is_looked_for_is_adopted(house: House, local: LocalProvider) -> None:
    job_id = house.submit()

    def freeze(*call: Any) -> Any:
        house.clock.leap(house.clock() + timedelta(seconds=2))
        house.run(job_id, to=ShardState.UNKNOWN)
        return house.provider.create_batch(*call)

    frozen = house.context(provider=Meddler(house.provider, create_batch=freeze), pace=_still(house.context()))
    house.round(frozen)
    assert house.run(job_id) is JobState.DONE
    assert local.calls(CREATE) == 1
    assert "adopted" in [event.event for event in house.events(job_id)]
    house.check(job_id, batches=1)


def test_a_long_step_keeps_its_lease_as_long_as_its_worker_lives(house: House, local: LocalProvider) -> None:
    job_id = house.submit()
    lost: list[ShardClaim] = []

    def slow() -> None:
        for _ in range(3):
            before = lease()
            until(lambda before=before: lease() > before, "the lease was renewed")
            lost.extend(house.store.shards.claim_due(owner="other", now=house.clock(), lease_seconds=1, limit=9))

    def lease() -> int:
        return int(house.scalar("SELECT lease_until FROM shard WHERE job_id = :job", job=job_id))

    quick = house.context(crossing=Once("before_upload", slow))
    assert house.run(job_id, context=quick) is JobState.DONE
    assert lost == []
    house.check(job_id, batches=1)


def _still(context: Context) -> Pace:
    """A pace at which no heart beats while a step sleeps."""
    return replace(context.pace, lease=3600)
