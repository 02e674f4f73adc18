"""Jobs in the database: what was asked comes back, lists are complete, urgent ones go first."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import text

from core.domain.analysis import Kind, Priority
from core.domain.filters import JobFilter
from core.domain.job import JobState
from core.drafts.batch_room import TIERS, Rooms
from core.errors import NotFound, Refused, StaleMove
from core.storage.store import Store
from core.worker.queue_order import Rules, decide
from tests.unit.storage.making import NOW, approved, draft


def job_ids(count: int) -> list[str]:
    return [f"2611{day + 1:02d}-120000-{day:012x}" for day in range(count)]


def test_what_was_asked_and_estimated_comes_back_as_it_was(store: Store) -> None:
    job = store.jobs.get(draft(store, [2, 1]))
    assert (job.request.kind, job.request.parameters, job.request.max_cost_usd) == (
        Kind.RISK,
        {"temperature": 0.2},
        Decimal("1.50"),
    )
    assert job.estimate.expected_usd == Decimal("0.5")
    assert job.estimate.warnings == ("mind this",)
    assert (job.row.counts.total, job.row.shards, job.row.state) == (3, 2, JobState.DRAFT)


def test_a_draft_is_nobodys_work(store: Store) -> None:
    draft(store, [1])
    assert store.shards.claim_due(owner="w", now=NOW + timedelta(days=365), lease_seconds=1, limit=9) == []


def test_a_nonce_is_good_for_one_job(store: Store) -> None:
    draft(store, [1], nonce="once")
    with pytest.raises(Refused, match="already stored"):
        draft(store, [1], job_id="261124-120001-bbbbbbbbbbbb", nonce="once")
    assert store.jobs.count() == 1


def test_an_approval_binds_to_what_was_shown_and_happens_once(store: Store) -> None:
    job_id = draft(store, [1])
    with pytest.raises(Refused, match="changed since it was shown"):
        store.jobs.approve(job_id, "another spec", lambda *_: None, actor="ada", at=NOW)
    store.jobs.approve(job_id, "spec", lambda *_: None, actor="ada", at=NOW)
    with pytest.raises(StaleMove, match="already queued"):
        store.jobs.approve(job_id, "spec", lambda *_: None, actor="ada", at=NOW)
    assert store.jobs.spend("2026-11").jobs == 1


def test_a_discarded_draft_says_so_of_each_shard(store: Store) -> None:
    job_id = draft(store, [1, 1])
    store.jobs.discard(job_id, actor="ada", at=NOW)
    assert store.jobs.get(job_id).row.state is JobState.CANCELLED
    moves = [(event.shard_id, event.from_state, event.to_state) for event in store.jobs.events(job_id)][1:]
    assert moves == [
        (None, "draft", "cancelled"),
        (f"{job_id}.0", "queued", "cancelled"),
        (f"{job_id}.1", "queued", "cancelled"),
    ]


def test_urgent_jobs_are_claimed_first_and_then_the_oldest(store: Store) -> None:
    ids = job_ids(4)
    wanted = (Priority.LOW, Priority.NORMAL, Priority.HIGH, Priority.NORMAL)
    for job_id, priority in zip(ids, wanted, strict=True):
        draft(store, [1], job_id=job_id, priority=priority)
        at = NOW + timedelta(minutes=ids.index(job_id))
        store.jobs.approve(job_id, "spec", lambda *_: None, actor="ada", at=at)
    now = NOW + timedelta(hours=1)
    store.queue.plan(lambda seen: decide(seen, Rules(Rooms(TIERS[5])), now), now=now, look_again=timedelta(seconds=1))
    order = [
        claim.shard_id[:-2]
        for _ in ids
        for claim in store.shards.claim_due(owner="w", now=now, lease_seconds=60, limit=1)
    ]
    assert order == [ids[2], ids[1], ids[3], ids[0]]


def test_jobs_are_listed_newest_first_without_gaps(store: Store) -> None:
    ids = job_ids(25)
    for number, job_id in enumerate(ids):
        # Pairs share their moment, so that the list must go on by id.
        draft(store, [1], job_id=job_id, created_at=NOW + timedelta(minutes=number // 2), created_by=f"P{number % 3}")
    seen: list[str] = []
    after: str | None = None
    while page := store.jobs.page(limit=4, after=after):
        seen += [row.job_id for row in page]
        after = page[-1].job_id
    assert seen == [row.job_id for row in store.jobs.page(limit=99)]
    assert sorted(seen) == ids
    assert store.jobs.count(JobFilter(search="p1")) == len(store.jobs.page(JobFilter(search="p1"), limit=99)) == 8
    assert store.jobs.count(JobFilter(since=NOW + timedelta(minutes=12))) == 1
    assert store.jobs.count(JobFilter(search="100%")) == 0
    assert store.jobs.count(JobFilter(states=[JobState.DRAFT], kind=Kind.RISK, model="gpt-5.4-mini")) == 25
    assert store.jobs.count_by_state() == {JobState.DRAFT: 25}
    with pytest.raises(NotFound, match="no job 'nothing'"):
        store.jobs.page(after="nothing")


def test_what_ended_last_is_found_first_by_an_index(store: Store) -> None:
    ids = [f"261124-12000{number}-aaaaaaaaaaaa" for number in range(4)]
    for number, job_id in enumerate(ids):
        draft(store, [1], job_id=job_id, created_at=NOW + timedelta(seconds=number))
    for minutes, job_id in enumerate((ids[1], ids[3], ids[0])):
        store.jobs.discard(job_id, at=NOW + timedelta(minutes=minutes), actor="ada")
    assert [row.job_id for row in store.jobs.page(by_end=True)] == [ids[0], ids[3], ids[1]]
    assert [row.job_id for row in store.jobs.page(by_end=True, limit=1)] == [ids[0]]
    if store.database.is_sqlite:
        sql = "SELECT job_id FROM job WHERE ended_at IS NOT NULL ORDER BY ended_at DESC, job_id DESC LIMIT 6"
        with store.database.read() as connection:
            plan = connection.execute(text(f"EXPLAIN QUERY PLAN {sql}")).all()
        assert "ix_job_ended" in str(plan[0])


def test_progress_before_results_is_the_providers_own_count(store: Store) -> None:
    (claim,) = approved(store, [8])
    store.shards.update(claim, provider_completed=3, provider_failed=1)
    job_id = claim.shard_id[:-2]
    assert store.jobs.get(job_id).row.provider_done == store.jobs.page()[0].provider_done == 4


def test_what_a_settled_batch_answered_is_counted_by_its_endings(store: Store) -> None:
    (claim,) = approved(store, [8])
    store.shards.update(claim, provider_completed=8, ended_at=NOW)
    job_id = claim.shard_id[:-2]
    assert store.jobs.get(job_id).row.provider_done == store.jobs.page()[0].provider_done == 0


def test_a_wish_to_stop_reaches_every_open_shard_and_no_ended_job(store: Store) -> None:
    claims = approved(store, [1, 1])
    job_id = claims[0].shard_id[:-2]
    assert store.jobs.wish_cancel(job_id, actor="ada", at=NOW) is JobState.QUEUED
    assert all(shard.cancel_wish for shard in store.shards.of_job(job_id))
    assert store.jobs.get(job_id).cancel_wish
    other = draft(store, [1], job_id="261124-130000-cccccccccccc")
    store.jobs.discard(other, actor="ada", at=NOW)
    assert store.jobs.wish_cancel(other, actor="ada", at=NOW) is JobState.CANCELLED
    assert not store.jobs.get(other).cancel_wish


def test_an_unknown_price_stays_unknown(store: Store) -> None:
    (claim,) = approved(store, [1], expected_usd=None)
    row = store.jobs.get(claim.shard_id[:-2]).row
    assert row.expected_usd is None
    assert row.actual_usd is None


def test_workers_that_were_silent_for_a_day_are_forgotten(store: Store) -> None:
    store.workers.beat("old", started_at=NOW, now=NOW, provider="x")
    store.workers.beat("new", started_at=NOW, now=NOW + timedelta(days=2), provider="x")
    assert [one.worker_id for one in store.workers.alive()] == ["new"]
    store.workers.leave("new")
    assert store.workers.alive() == []
