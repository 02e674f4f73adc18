"""What was approved is bound to who carries it out: provider, organisation, project, region, simulated or not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from core.domain.actor import LOCAL
from core.domain.alert import AlertKind
from core.domain.batch import Hint
from core.domain.job import JobState, ShardState
from core.domain.provider import ProviderIdentity
from core.errors import Refused
from core.providers.openai_provider import OpenAIProvider
from core.worker import other_providers
from core.worker.cancel_duplicates import cancel_duplicates
from core.worker.context import Context
from core.worker.queue_plan import plan
from core.worker.reconcile_at_start import adopt_forgotten
from core.worker.remote_files import catch_up, orphans
from core.worker.steps import advance, run_once
from tests.faults.staging import KEY, MODEL, House
from tests.local_provider import LocalProvider

OTHERS = {
    "address": {"address": "https://elsewhere.example/v1"},
    "organisation": {"organisation": "org-2"},
    "project": {"project": "proj_2"},
    "region": {"region": "eu"},
    "simulated": {"simulated": False},
}
"""Everything in which two providers may differ."""


@pytest.fixture(scope="module")
def second(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalProvider]:
    """Another provider."""
    with LocalProvider(tmp_path_factory.mktemp("second")).start(speed=100_000) as running:
        yield running


@pytest.fixture
def elsewhere(house: House, second: LocalProvider) -> Iterator[Context]:
    """A worker's surroundings at the other provider."""
    second.set_faults()
    talking = OpenAIProvider(KEY, second.base_url, timeout_seconds=2)
    identity = replace(house.app.identity, address=second.base_url)
    yield house.context(provider=talking, identity=identity)
    talking.close()


def stopped(house: House, job_id: str) -> None:
    """Leave no job behind that has not ended."""
    house.service().cancel(LOCAL, job_id)
    house.run(job_id)


@pytest.mark.parametrize("differs", OTHERS)
def test_a_worker_takes_up_only_jobs_of_its_own_provider(house: House, differs: str) -> None:
    job_id = house.submit(2)
    other = replace(house.app.identity, **OTHERS[differs])
    context = house.context(identity=other)
    assert plan(context) == []
    assert run_once(context, owner="other", limit=99) == 0
    shard = house.shard(job_id)
    assert (shard.state, shard.fence, shard.admitted_at) == (ShardState.QUEUED, 0, None)
    assert house.run(job_id) is JobState.DONE
    house.check(job_id, batches=1)


def test_a_running_batch_is_never_looked_for_at_another_provider(
    house: House, elsewhere: Context, second: LocalProvider
) -> None:
    job_id = house.submit(2)
    house.run(job_id, to=ShardState.RUNNING)
    house.clock.leap(house.shard(job_id).next_due_at + timedelta(hours=2))
    assert run_once(elsewhere, owner="other", limit=99) == 0
    adopt_forgotten(elsewhere)
    cancel_duplicates(elsewhere)
    assert not [alert for alert in house.store.alerts.standing() if alert.kind is AlertKind.VANISHED]
    assert second.calls("GET /v1/batches/{id}") == 0
    assert house.run(job_id) is JobState.DONE
    house.check(job_id, batches=1)


def test_a_step_taken_up_before_the_provider_was_changed_is_not_done_at_the_new_one(
    house: House, elsewhere: Context, second: LocalProvider
) -> None:
    """The engine runs a cut-off step again when its process starts again, whatever its settings say then."""
    job_id = house.submit(2)
    plan(house.context())
    [claim] = house.store.shards.claim_due(owner="old", now=house.clock(), lease_seconds=60, limit=9)
    advance(elsewhere, claim)
    assert second.counts()["calls"].get("POST /v1/files", 0) == 0
    assert house.shard(job_id).state is ShardState.QUEUED
    house.clock.leap(house.clock() + timedelta(seconds=61))
    assert house.run(job_id) is JobState.DONE
    house.check(job_id, batches=1)


def test_a_stop_is_carried_out_by_any_worker_where_nobody_need_be_asked(
    house: House, elsewhere: Context, second: LocalProvider
) -> None:
    job_id = house.submit(2)
    house.service().cancel(LOCAL, job_id)
    assert house.run(job_id, context=elsewhere) is JobState.CANCELLED
    assert second.counts()["calls"] == {}
    house.check(job_id, batches=0)


def test_a_stop_on_the_way_deletes_nothing_at_another_provider(
    house: House, elsewhere: Context, second: LocalProvider, local: LocalProvider
) -> None:
    job_id = house.submit(2)
    local.set_faults({"http": {"POST /v1/batches": {"*": "429"}}})
    house.run(job_id, to=ShardState.UPLOADING)
    for _ in range(20):
        house.round(house.context())
        if house.shard(job_id).file_id is not None:
            break
        house.clock.leap(house.shard(job_id).next_due_at)
    assert house.shard(job_id).state is ShardState.UPLOADING
    local.set_faults()
    house.service().cancel(LOCAL, job_id)
    assert house.run(job_id, context=elsewhere) is JobState.CANCELLED
    assert second.counts()["calls"] == {}


def test_files_and_webhooks_of_another_provider_are_left_alone(
    house: House, elsewhere: Context, second: LocalProvider
) -> None:
    job_id = house.submit(2)
    house.run(job_id, to=ShardState.RUNNING)
    before = house.shard(job_id).next_due_at
    hint = Hint(f"wh-{job_id}", "batch.completed", house.shard(job_id).batch_id or "")
    house.store.webhooks.take(hint, at=house.clock(), providers=elsewhere.identity.accepts)
    assert house.shard(job_id).next_due_at == before
    assert house.run(job_id) is JobState.DONE
    house.clock.leap(house.clock() + timedelta(hours=2))
    catch_up(replace(elsewhere, keep_remote=False))
    assert second.counts()["calls"].get("DELETE /v1/files/{id}", 0) == 0
    assert house.shard(job_id).files_gone_at is None
    names = {one.why for one in orphans(house.store, house.provider, elsewhere.identity)}
    assert not any(job_id in why for why in names)


def test_who_waits_for_another_provider_says_for_whom_and_who_is_there(house: House) -> None:
    job_id = house.submit(2)
    now, other = house.clock(), replace(house.app.identity, project="proj_2")
    house.store.workers.beat("w", started_at=now, now=now, provider=other.label, accepts=other.accepts)
    try:
        found = other_providers.waits(house.store, other, now, [job_id])[job_id]
        assert house.app.identity.label in found.reason
        assert other.label in found.reason
        assert "Nothing is lost" in found.reason
        assert house.app.oversight.waits(LOCAL, [job_id])[job_id].reason == found.reason
        assert house.app.idle(LOCAL).startswith("No worker runs for")
        checks = {one.name: one for one in house.app.health(LOCAL)}
        assert job_id in checks["other provider"].message
        assert other_providers.tell(house.store, other, now=now) == 1
        assert other_providers.tell(house.store, other, now=now) == 0
        [alert] = [one for one in house.store.alerts.standing() if one.kind is AlertKind.OTHER_PROVIDER]
        assert job_id in alert.text
        mine = house.app.identity
        house.store.workers.beat("v", started_at=now, now=now, provider=mine.label, accepts=mine.accepts)
        assert other_providers.waits(house.store, other, now, [job_id]) == {}
        other_providers.tell(house.store, other, now=now)
        assert not [one for one in house.store.alerts.standing() if one.kind is AlertKind.OTHER_PROVIDER]
    finally:
        for name in ("w", "v"):
            house.store.workers.leave(name)
    assert house.run(job_id) is JobState.DONE


def test_asking_again_stays_with_the_provider_that_was_approved(house: House, local: LocalProvider) -> None:
    local.set_faults({"answers": {"server_error_rows": 1.0}})
    job_id = house.submit(1)
    house.run(job_id)
    local.set_faults()
    for differs in OTHERS.values():
        service = house.retry_service()
        service._identity = replace(house.app.identity, **differs)
        with pytest.raises(Refused, match="was approved for"):
            service.retry(LOCAL, job_id)
    house.retry_service().retry(LOCAL, job_id)
    assert house.run(job_id) is JobState.DONE


def test_a_job_from_before_providers_were_kept_goes_to_workers_of_its_kind_alone(house: House) -> None:
    job_id = house.submit(1)
    with house.store.database.write() as connection:
        connection.execute(
            text("UPDATE job SET provider_id = 'unknown-simulated', provider = '' WHERE job_id = :job"),
            {"job": job_id},
        )
    real = house.context(identity=replace(house.app.identity, simulated=False))
    assert run_once(real, owner="other", limit=99) == 0
    assert "not written down" in house.job(job_id).row.meant_for
    assert house.run(job_id) is JobState.DONE


def test_what_is_learned_of_one_provider_is_not_believed_of_another(house: House) -> None:
    mine, other = house.app.identity, replace(house.app.identity, project="proj_2")
    history, track, parameters = house.store.history, house.store.track, house.store.parameters

    def answered_through_responses() -> int:
        found = history.batches("risk", MODEL, "", provider_id=mine.fingerprint, endpoint="responses")
        return sum(batch.answers for batch in found)

    before = answered_through_responses()
    job_id = house.submit(2)
    house.run(job_id)
    request = house.job(job_id).request
    asked = (request.kind.value, request.model)
    endpoint = request.endpoint.value
    effort = house.scalar("SELECT effort FROM calibration WHERE shard_id = :shard", shard=f"{job_id}.0")
    assert history.batches(*asked, effort, provider_id=mine.fingerprint, endpoint=endpoint)
    assert not history.batches(*asked, effort, provider_id=other.fingerprint, endpoint=endpoint)
    assert answered_through_responses() == before
    assert track.of(*asked, identity=mine).answers
    assert not track.of(*asked, identity=other).answers
    assert parameters.of(request.model, provider_id=mine.fingerprint)
    assert not parameters.of(request.model, provider_id=other.fingerprint)
    house.store.queue.learn(request.model, 7, at=house.clock(), provider_id=mine.fingerprint)
    assert house.store.queue.learned(house.clock(), mine.accepts) == {request.model: 7}
    assert house.store.queue.learned(house.clock(), other.accepts) == {}


def test_a_stored_answer_is_reused_of_the_same_provider_and_model_alone(house: House) -> None:
    week = timedelta(days=7)
    first = house.service(reuse=week).submit(LOCAL, house.request(1, parameters={"temperature": 0.31})).row.job_id
    house.run(first)

    def again(**differs: str) -> int:
        service = house.service(reuse=week)
        service._drafter.identity = replace(house.app.identity, **differs)
        preview = service.preview(LOCAL, house.request(1, parameters={"temperature": 0.31}))
        return sum("answered from stored results" in one for one in preview.estimate.warnings)

    assert again() == 1
    assert again(address="http://127.0.0.1:9/v1") == 0
    assert again(project="proj_2") == 0
    with house.store.database.write() as connection:
        connection.execute(text("UPDATE result SET answered_model = 'gpt-4o' WHERE job_id = :job"), {"job": first})
    assert again() == 0


def test_the_approval_hash_names_the_provider_and_the_desk(house: House) -> None:
    ids = [house.service(desk=desk).submit(LOCAL, house.request(1), again=True).row.job_id for desk in ("", "rates")]
    assert len({house.job(job_id).spec_hash for job_id in ids}) == 2
    for job_id in ids:
        stopped(house, job_id)


def test_identities_that_differ_in_anything_have_other_fingerprints() -> None:
    one = ProviderIdentity("https://api.openai.com/v1", "org", "proj", "uk", simulated=True)
    all_ = [one, *(replace(one, **differs) for differs in OTHERS.values())]
    assert len({each.fingerprint for each in all_}) == len(all_)


def test_a_stand_ins_answer_to_a_real_job_is_simulated_and_costs_nobody_knows_what(
    house: House, local: LocalProvider
) -> None:
    real = replace(house.app.identity, simulated=False)
    service = house.service()
    service.submission._identity = real
    job_id = service.submit(LOCAL, house.request(3)).row.job_id
    assert not house.job(job_id).row.simulated
    context = house.context(identity=real, chunk=1)
    assert house.run(job_id, context=context) is JobState.DONE
    row = house.job(job_id).row
    assert row.simulated
    assert not row.meant_simulated
    assert row.actual_usd is None
    items = house.items(job_id).values()
    assert all(item.answered.simulated and item.cost_usd is None for item in items)
    [alert] = house.store.alerts.of(f"{job_id}.0")
    assert alert.kind is AlertKind.SIMULATED
    assert real.label in alert.text
    request = house.job(job_id).request
    assert not house.store.track.of(request.kind.value, request.model, identity=real).answers
    taught = "SELECT count(*) FROM calibration WHERE provider_id = :provider"
    assert house.scalar(taught, provider=real.fingerprint) == 0
    assert not house.store.parameters.of(request.model, provider_id=real.fingerprint)
