"""Who may work on a shard: nobody while it is held, waits in the queue, is paused or waits for a person."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from core.domain.job import ShardEvent, ShardState
from core.domain.records import ShardClaim
from core.errors import StaleMove
from core.storage.store import Store
from tests.unit.storage.making import NOW, STAND_IN, approved, draft, let_go

LEASE = 60
LATER = NOW + timedelta(hours=1)


def claimed(store: Store, now: datetime = LATER, **more: object) -> list[ShardClaim]:
    """What a worker gets that asks now."""
    wish = {"owner": "w", "now": now, "lease_seconds": LEASE, "limit": 9} | more
    return store.shards.claim_due(**wish)  # type: ignore[arg-type]  # the same keywords


def taken_up(store: Store, **more: object) -> ShardClaim:
    """The claim of an approved job's only shard that was taken up from the queue and let go of."""
    [claim] = approved(store, [1], **more)
    store.shards.move(claim, ShardState.QUEUED, ShardEvent.START, at=NOW)
    store.shards.release(claim, due=NOW)
    return claim


def job_of(claim: ShardClaim) -> str:
    return claim.shard_id.rpartition(".")[0]


def test_a_shard_that_somebody_holds_is_not_claimed_before_the_lease_is_over(sqlite_store: Store) -> None:
    [first] = approved(sqlite_store, [1])
    until = NOW + timedelta(seconds=LEASE)
    assert claimed(sqlite_store, until) == []
    assert claimed(sqlite_store, until + timedelta(milliseconds=1)) == [ShardClaim(first.shard_id, first.fence + 1)]


def test_one_shard_is_not_claimed_by_its_id_while_somebody_holds_it(sqlite_store: Store) -> None:
    [first] = approved(sqlite_store, [1])
    until = NOW + timedelta(seconds=LEASE)
    assert sqlite_store.shards.claim(first.shard_id, owner="v", now=until, lease_seconds=LEASE) is None
    later = until + timedelta(milliseconds=1)
    second = sqlite_store.shards.claim(first.shard_id, owner="v", now=later, lease_seconds=LEASE)
    assert second == ShardClaim(first.shard_id, first.fence + 1)
    assert claimed(sqlite_store, later + timedelta(seconds=LEASE)) == []


def test_whoever_lost_a_claim_can_change_nothing_any_more(sqlite_store: Store) -> None:
    [old] = approved(sqlite_store, [1])
    shards = sqlite_store.shards
    [new] = claimed(sqlite_store)
    assert not shards.holds(old)
    assert shards.holds(new)
    assert shards.held([old]) == {}
    assert list(shards.held([new])) == [new]
    with pytest.raises(StaleMove, match="taken over"):
        shards.update(old, scans=7)
    with pytest.raises(StaleMove, match="taken over"):
        shards.record(old, job_of(old), "looked", "", at=LATER)
    with pytest.raises(StaleMove, match="another worker took it over"):
        shards.move(old, ShardState.QUEUED, ShardEvent.START, at=LATER)
    shards.release(old, due=LATER)
    assert not shards.renew(old, until=LATER)
    assert shards.get(old.shard_id).state is ShardState.QUEUED
    assert claimed(sqlite_store) == []  # the new claim was not let go of


def test_a_claim_that_was_let_go_of_cannot_be_renewed(sqlite_store: Store) -> None:
    [claim] = approved(sqlite_store, [1])
    assert sqlite_store.shards.renew(claim, until=LATER)
    assert claimed(sqlite_store, LATER) == []
    sqlite_store.shards.release(claim, due=LATER)
    assert not sqlite_store.shards.renew(claim, until=LATER + timedelta(hours=1))
    assert len(claimed(sqlite_store, LATER)) == 1


def test_what_a_paused_job_has_not_sent_yet_is_left_alone_until_it_goes_on(sqlite_store: Store) -> None:
    claim = taken_up(sqlite_store)
    sqlite_store.jobs.pause(job_of(claim), actor="ada", at=NOW)
    assert claimed(sqlite_store) == []
    sqlite_store.jobs.unpause(job_of(claim), actor="ada", at=NOW)
    assert [one.shard_id for one in claimed(sqlite_store)] == [claim.shard_id]


def test_a_paused_job_is_followed_where_it_was_sent(sqlite_store: Store) -> None:
    claim = taken_up(sqlite_store)
    sqlite_store.shards.move(claim, ShardState.UPLOADING, ShardEvent.SEND, at=NOW)
    sqlite_store.jobs.pause(job_of(claim), actor="ada", at=NOW)
    assert [one.shard_id for one in claimed(sqlite_store)] == [claim.shard_id]


def test_a_wish_to_stop_reaches_what_is_paused(sqlite_store: Store) -> None:
    claim = taken_up(sqlite_store)
    sqlite_store.jobs.pause(job_of(claim), actor="ada", at=NOW)
    sqlite_store.jobs.wish_cancel(job_of(claim), actor="ada", at=NOW)
    assert [one.shard_id for one in claimed(sqlite_store)] == [claim.shard_id]


def test_what_waits_for_a_person_is_left_alone_until_it_has_decided(sqlite_store: Store) -> None:
    claim = taken_up(sqlite_store)
    sqlite_store.shards.move(claim, ShardState.UPLOADING, ShardEvent.BLOCKED, at=NOW)
    assert claimed(sqlite_store) == []
    sqlite_store.shards.resume(claim.shard_id, actor="ada", at=NOW)
    let_go(sqlite_store)
    assert [one.shard_id for one in claimed(sqlite_store)] == [claim.shard_id]


def test_a_wish_to_stop_reaches_what_waits_for_a_person(sqlite_store: Store) -> None:
    claim = taken_up(sqlite_store)
    sqlite_store.shards.move(claim, ShardState.UPLOADING, ShardEvent.BLOCKED, at=NOW)
    sqlite_store.jobs.wish_cancel(job_of(claim), actor="ada", at=NOW)
    assert [one.shard_id for one in claimed(sqlite_store)] == [claim.shard_id]


def test_what_waits_in_the_queue_is_left_alone_until_the_plan_lets_it_go(sqlite_store: Store) -> None:
    job_id = draft(sqlite_store, [1])
    sqlite_store.jobs.approve(job_id, "spec", lambda *_: None, actor="ada", at=NOW)
    assert claimed(sqlite_store) == []
    let_go(sqlite_store)
    assert len(claimed(sqlite_store)) == 1


def test_a_wish_to_stop_does_not_wait_for_the_plan(sqlite_store: Store) -> None:
    job_id = draft(sqlite_store, [1])
    sqlite_store.jobs.approve(job_id, "spec", lambda *_: None, actor="ada", at=NOW)
    sqlite_store.jobs.wish_cancel(job_id, actor="ada", at=NOW)
    assert len(claimed(sqlite_store)) == 1


def test_a_worker_takes_its_own_providers_shards_only(sqlite_store: Store) -> None:
    claim = taken_up(sqlite_store)
    assert claimed(sqlite_store, providers=["somebody else"]) == []
    [mine] = claimed(sqlite_store, providers=STAND_IN.accepts)
    assert mine.shard_id == claim.shard_id


def test_only_what_needs_no_provider_is_called_off_by_the_worker_of_another(sqlite_store: Store) -> None:
    unsent = taken_up(sqlite_store)
    sent = taken_up(sqlite_store, job_id="261124-120001-bbbbbbbbbbbb")
    sqlite_store.shards.move(sent, ShardState.UPLOADING, ShardEvent.SEND, at=NOW)
    for claim in (unsent, sent):
        sqlite_store.jobs.wish_cancel(job_of(claim), actor="ada", at=NOW)
    [found] = claimed(sqlite_store, providers=["somebody else"])
    assert found.shard_id == unsent.shard_id


def test_nothing_is_claimed_before_it_is_due_and_what_is_nearly_due_goes_along(sqlite_store: Store) -> None:
    claims = approved(sqlite_store, [1, 1])
    for minutes, claim in enumerate(claims):
        sqlite_store.shards.release(claim, due=NOW + timedelta(minutes=minutes))
    minute = timedelta(minutes=1)
    assert claimed(sqlite_store, NOW - minute, ahead=2 * minute) == []
    [first] = claimed(sqlite_store, NOW, ahead=minute - timedelta(seconds=1), limit=1)
    sqlite_store.shards.release(first, due=NOW)
    assert [one.shard_id for one in claimed(sqlite_store, NOW, ahead=minute)] == [one.shard_id for one in claims]


def test_only_shards_in_the_states_that_were_asked_for_are_claimed(sqlite_store: Store) -> None:
    claim = taken_up(sqlite_store)
    assert claimed(sqlite_store, states=[ShardState.QUEUED, ShardState.RUNNING]) == []
    assert [one.shard_id for one in claimed(sqlite_store, states=[ShardState.UPLOADING])] == [claim.shard_id]


def test_a_wish_that_came_while_a_shard_was_held_makes_it_due_whatever_its_holder_says(sqlite_store: Store) -> None:
    [claim] = approved(sqlite_store, [1])
    sqlite_store.jobs.wish_cancel(job_of(claim), actor="ada", at=NOW)
    sqlite_store.shards.release(claim, due=NOW + timedelta(days=9))
    [again] = claimed(sqlite_store, NOW)
    # Whoever took it over has seen the wish: it is due now when its new holder says.
    sqlite_store.shards.release(again, due=NOW + timedelta(days=9))
    assert claimed(sqlite_store) == []


def test_only_what_is_queued_waits_for_the_plan(sqlite_store: Store) -> None:
    claim = taken_up(sqlite_store)
    sqlite_store.shards.update(claim, admitted_at=None)
    assert [one.shard_id for one in claimed(sqlite_store)] == [claim.shard_id]


def test_what_is_queued_or_waits_for_a_person_needs_no_provider_to_be_called_off(sqlite_store: Store) -> None:
    blocked = taken_up(sqlite_store)
    sqlite_store.shards.move(blocked, ShardState.UPLOADING, ShardEvent.BLOCKED, at=NOW)
    queued = f"{draft(sqlite_store, [1], job_id='261124-120001-bbbbbbbbbbbb')}.0"
    sqlite_store.jobs.approve(queued[:-2], "spec", lambda *_: None, actor="ada", at=NOW)
    for job_id in (job_of(blocked), queued[:-2]):
        sqlite_store.jobs.wish_cancel(job_id, actor="ada", at=NOW)
    found = claimed(sqlite_store, providers=["somebody else"])
    assert {one.shard_id for one in found} == {blocked.shard_id, queued}
