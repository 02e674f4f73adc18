"""Many batches looked at with one call; what is stuck, late, gone or strange is said. Rows E1, E8, F8 and beyond."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from core.domain.actor import LOCAL
from core.domain.alert import AlertKind
from core.domain.analysis import ResultStatus
from core.domain.batch import Batch, Hint
from core.domain.job import JobState, ShardState
from core.errors import ProviderRefused
from core.worker.cancel_duplicates import cancel_duplicates
from core.worker.context import Context
from core.worker.remote_files import catch_up, orphans, remove_orphan
from core.worker.watch import look, take_running
from tests.faults.staging import House, Meddler, until
from tests.local_provider import LocalProvider

LIST, CHECK = "GET /v1/batches", "GET /v1/batches/{id}"


def standing(house: House, job_id: str) -> set[AlertKind]:
    subject = house.shard(job_id).shard_id
    return {alert.kind for alert in house.store.alerts.of(subject) if alert.cleared_at is None}


def stuck(house: House, local: LocalProvider, shards: int) -> str:
    """A job whose batches all run and none of which ends."""
    local.set_faults({"batches": {"*": {"stuck": True}}})
    job_id = house.submit(shards, per_shard=1)
    for _ in range(200):
        found = house.store.shards.of_job(job_id)
        if all(shard.state is ShardState.RUNNING for shard in found):
            return job_id
        house.round(house.context())
        house.clock.leap(house.clock() + timedelta(seconds=1))
    raise AssertionError([shard.state for shard in found])


def ended(house: House, job_id: str) -> None:
    house.service().cancel(LOCAL, job_id)
    assert house.run(job_id) is JobState.CANCELLED
    house.check(job_id)


def test_one_list_serves_all_batches_that_are_due(house: House, local: LocalProvider) -> None:
    job_id = stuck(house, local, 6)
    local.set_faults({"batches": {"*": {"stuck": True}}})
    house.clock.leap(max(shard.next_due_at for shard in house.store.shards.of_job(job_id)))
    before = [shard.last_contact_at for shard in house.store.shards.of_job(job_id)]
    claims = take_running(house.context(), owner="w")
    assert len(claims) == 6
    look(house.context(), claims)
    after = house.store.shards.of_job(job_id)
    assert all(shard.last_contact_at != contact for shard, contact in zip(after, before, strict=True))
    assert (local.calls(LIST), local.calls(CHECK)) == (1, 0)
    assert all(shard.next_due_at > house.clock() for shard in after)
    ended(house, job_id)


def test_a_batch_alone_is_asked_for_and_not_listed(house: House, local: LocalProvider) -> None:
    job_id = stuck(house, local, 1)
    local.set_faults({"batches": {"*": {"stuck": True}}})
    house.clock.leap(house.shard(job_id).next_due_at)
    look(house.context(), take_running(house.context(), owner="w"))
    assert (local.calls(LIST), local.calls(CHECK)) == (0, 1)
    ended(house, job_id)


@pytest.mark.parametrize("fault", ["500_before", "429", "404"])
def test_a_list_that_cannot_be_read_is_replaced_by_asking_for_each(
    house: House, local: LocalProvider, fault: str
) -> None:
    job_id = stuck(house, local, 3)
    local.set_faults({"http": {LIST: {"*": fault}}, "batches": {"*": {"stuck": True}}})
    house.clock.leap(max(shard.next_due_at for shard in house.store.shards.of_job(job_id)))
    look(house.context(), take_running(house.context(), owner="w"))
    assert local.calls(CHECK) == 3
    assert {shard.message for shard in house.store.shards.of_job(job_id)} == {""}
    local.set_faults()
    ended(house, job_id)


def test_a_list_of_strangers_is_not_read_for_longer_than_asking_would_take(house: House, local: LocalProvider) -> None:
    job_id = stuck(house, local, 2)
    read: list[Batch] = []

    def strangers(newer_than: Any = None) -> Iterator[Batch]:
        one = next(iter(house.provider.list_batches()))
        for number in range(10_000):
            read.append(one)
            yield Batch(f"batch_{number}", "completed", "", "", None, None, one.created_at, None, one.counts)

    house.clock.leap(max(shard.next_due_at for shard in house.store.shards.of_job(job_id)))
    context = house.context(provider=Meddler(house.provider, list_batches=strangers))
    look(context, take_running(context, owner="w"))
    assert len(read) == 200, "two pages are what two questions cost"
    assert all(shard.next_due_at > house.clock() for shard in house.store.shards.of_job(job_id))
    ended(house, job_id)


def test_a_page_of_the_list_that_has_come_is_read_to_its_end(house: House, local: LocalProvider) -> None:
    job_id = stuck(house, local, 3)
    mine = list(house.provider.list_batches())
    stranger = Batch("batch_other", "completed", "", "", None, None, mine[0].created_at, None, mine[0].counts)

    def crowded(newer_than: Any = None) -> Iterator[Batch]:
        yield mine[0]
        yield from [stranger] * 148
        yield mine[1]
        yield from [stranger] * 48
        yield mine[2]

    local.set_faults({"batches": {"*": {"stuck": True}}})
    house.clock.leap(max(shard.next_due_at for shard in house.store.shards.of_job(job_id)))
    context = house.context(provider=Meddler(house.provider, list_batches=crowded))
    look(context, take_running(context, owner="w"))
    assert local.calls(CHECK) == 0, "the last one stood on a page that was paid for"
    ended(house, job_id)


def test_looks_back_off_while_nothing_changes_and_never_stop(house: House, local: LocalProvider) -> None:
    job_id = stuck(house, local, 2)
    waits = []
    for _ in range(14):
        house.clock.leap(max(shard.next_due_at for shard in house.store.shards.of_job(job_id)))
        now = house.clock()
        look(house.context(), take_running(house.context(), owner="w"))
        waits.append((house.shard(job_id).next_due_at - now).total_seconds())
    poll = house.context().pace.poll
    assert waits[0] < waits[4] < waits[-1]
    assert waits[-1] == pytest.approx(6 * poll, abs=1)
    ended(house, job_id)


def test_a_batch_without_progress_for_hours_is_said_once_and_over_when_it_moves_or_ends(
    house: House, local: LocalProvider
) -> None:
    job_id = stuck(house, local, 1)
    house.clock.leap(house.shard(job_id).next_due_at)
    house.round(house.context())  # work has begun: the last there is of progress
    for hours, said in ((5, False), (1.1, True), (1, True)):
        house.clock.leap(house.clock() + timedelta(hours=hours))
        house.round(house.context())
        assert (AlertKind.STUCK in standing(house, job_id)) is said, f"after {hours} more hours"
    (alert,) = [one for one in house.store.alerts.of(house.shard(job_id).shard_id) if one.kind is AlertKind.STUCK]
    assert "has made no progress for 6 hours: 0 of 1 requests done" in alert.text
    assert f"mosychlos portfolio batch cancel {job_id}" in alert.text
    ended(house, job_id)
    assert standing(house, job_id) == set()


def test_a_batch_near_its_deadline_is_late(house: House, local: LocalProvider) -> None:
    job_id = stuck(house, local, 1)
    house.expire(job_id, house.clock() + timedelta(hours=24))
    shown: Any = house.provider.check
    shard = house.shard(job_id)
    assert shard.submitted_at is not None
    assert shard.create_at is not None
    # As the provider states it: by its own clock, which the house's may be days ahead of.
    late = shard.submitted_at + (house.clock() + timedelta(hours=1.9) - shard.create_at)
    view = shown(shard.batch_id)
    moved = Batch(
        view.batch_id, view.status, view.endpoint, view.input_file_id, None, None, house.clock(), late, view.counts
    )
    context = house.context(provider=Meddler(house.provider, check=lambda _id: moved))
    house.clock.leap(house.shard(job_id).next_due_at)
    house.round(context)
    assert AlertKind.LATE in standing(house, job_id)
    ended(house, job_id)


def test_e1_a_word_nobody_knows_is_said_after_an_hour_and_polling_goes_on(house: House, local: LocalProvider) -> None:
    job_id = stuck(house, local, 1)
    view = house.provider.check(house.shard(job_id).batch_id or "")
    strange = Batch(
        view.batch_id, "paused", view.endpoint, view.input_file_id, None, None, view.created_at, None, view.counts
    )
    context = house.context(provider=Meddler(house.provider, check=lambda _id: strange))
    for hours, said in ((0.5, False), (0.6, False), (0.6, True)):
        house.clock.leap(house.clock() + timedelta(hours=hours))
        house.round(context)
        assert (AlertKind.UNKNOWN_STATUS in standing(house, job_id)) is said
    assert "a word this program does not know" in house.shard(job_id).message
    ended(house, job_id)


def test_a_lost_create_that_is_not_found_for_long_is_said(house: House, local: LocalProvider) -> None:
    local.set_faults({"http": {"POST /v1/batches": {"1": "500_before"}, LIST: {"*": "500_before"}}})
    job_id = house.submit(1)
    house.run(job_id, to=ShardState.UNKNOWN)
    for minutes, said in ((8, False), (8, True), (8, True)):
        house.clock.leap(house.clock() + timedelta(minutes=minutes))
        house.round(house.context())
        assert (AlertKind.UNKNOWN_SUBMIT in standing(house, job_id)) is said
    assert house.shard(job_id).state is ShardState.UNKNOWN
    local.set_faults()
    assert house.run(job_id) is JobState.DONE
    assert AlertKind.UNKNOWN_SUBMIT not in standing(house, job_id)
    house.check(job_id, batches=1)


def test_files_go_once_the_results_are_stored_and_not_before(house: House, local: LocalProvider) -> None:
    local.set_faults({"http": {"GET /v1/files/{id}/content": {"1": "cut_download"}}})
    job_id = house.submit(2)
    context = house.context(keep_remote=False)
    house.run(job_id, to=ShardState.COLLECTING, context=context)
    kept = house.shard(job_id)
    held = {file.file_id for purpose in ("batch", "batch_output") for file in house.provider.list_files(purpose)}
    assert {kept.file_id, kept.output_file_id} <= held
    assert house.run(job_id, context=context) is JobState.DONE
    left = {file.file_id for purpose in ("batch", "batch_output") for file in house.provider.list_files(purpose)}
    assert not left & {kept.file_id, kept.output_file_id, kept.error_file_id}
    assert house.shard(job_id).files_gone_at is not None
    house.check(job_id, batches=1)


def test_files_that_could_not_be_removed_are_removed_later(house: House, local: LocalProvider) -> None:
    local.set_faults({"http": {"DELETE /v1/files/{id}": {"*": "500_before"}}})
    job_id = house.submit(2)
    context = house.context(keep_remote=False)
    assert house.run(job_id, context=context) is JobState.DONE
    assert house.shard(job_id).files_gone_at is None
    local.set_faults()
    just_now, later = house.clock() - timedelta(seconds=1), house.clock() + timedelta(hours=2)
    left = house.store.shards
    assert house.shard(job_id) not in left.with_files(ended_before=just_now - timedelta(minutes=59), limit=10_000)
    assert house.shard(job_id) in left.with_files(ended_before=later, limit=10_000)
    while house.shard(job_id).files_gone_at is None:
        house.clock.leap(later)
        assert catch_up(context)
    assert house.shard(job_id) not in left.with_files(ended_before=later, limit=10_000)
    house.check(job_id, batches=1)


def test_what_nobody_knows_any_more_is_found_and_can_be_removed(house: House, local: LocalProvider) -> None:
    local.set_faults({"batches": {"*": {"stuck": True}}})
    job_id = house.submit(1)
    house.run(job_id, to=ShardState.RUNNING)
    shard = house.shard(job_id)
    stranger = house.provider.upload(Path(shard.path), f"mosychlos-260101-000000-{'a' * 12}.0-{'b' * 12}.a1.jsonl")
    batch = house.provider.create_batch(
        stranger.file_id,
        "/v1/chat/completions",
        {"app": "mosychlos", "job_key": f"mosychlos-260101-000000-{'a' * 12}.0-{'b' * 12}"},
    )
    found = {one.remote_id: one for one in orphans(house.store, house.provider)}
    assert found[stranger.file_id].what == "input file"
    assert found[batch.batch_id].what == "batch"
    assert "no job here knows it" in found[batch.batch_id].why
    assert shard.file_id not in found
    assert shard.batch_id not in found
    assert cancel_duplicates(house.context()) == 0, "what no shard here knows is not ours to cancel unasked"
    for one in (found[batch.batch_id], found[stranger.file_id]):
        remove_orphan(house.provider, one)
    left = {one.remote_id for one in orphans(house.store, house.provider)}
    assert stranger.file_id not in left
    assert house.provider.check(batch.batch_id).status in {"cancelling", "cancelled"}
    ended(house, job_id)


def _meanwhile(house: House, act: Callable[[], object]) -> Context:
    """A worker whose look at a batch is answered only after something else has happened."""

    def check(batch_id: str) -> Batch:
        found = house.provider.check(batch_id)
        act()
        return found

    def listed(newer_than: Any = None) -> Iterator[Batch]:
        found = list(house.provider.list_batches())
        act()
        yield from found

    return house.context(provider=Meddler(house.provider, check=check, list_batches=listed))


@pytest.mark.parametrize("batches", [1, 2], ids=["alone", "together"])
@pytest.mark.parametrize("what", ["wish", "webhook"])
def test_what_comes_while_a_batch_is_looked_at_makes_it_due_again(
    house: House, local: LocalProvider, batches: int, what: str
) -> None:
    job_id = stuck(house, local, batches)
    shards = house.store.shards.of_job(job_id)
    house.clock.leap(max(shard.next_due_at for shard in shards))

    def act() -> None:
        if what == "wish":
            house.store.jobs.wish_cancel(job_id, actor="ada", at=house.clock())
        else:
            for shard in shards:
                hint = Hint(f"wh-{shard.shard_id}", "batch.completed", shard.batch_id or "")
                house.store.webhooks.take(hint, at=house.clock())

    context = _meanwhile(house, act)
    look(context, take_running(context, owner="w"))
    due = [shard.next_due_at for shard in house.store.shards.of_job(job_id)]
    assert max(due) <= house.clock(), "it was put off although nobody has seen why it was made due"
    look(house.context(), take_running(house.context(), owner="w"))
    assert min(shard.next_due_at for shard in house.store.shards.of_job(job_id)) > house.clock() or what == "wish"
    ended(house, job_id)


def _gone(house: House, job_id: str) -> Context:
    def check(_batch_id: str) -> Batch:
        raise ProviderRefused("No batch found with that id", status=404, code="not_found")

    return house.context(provider=Meddler(house.provider, check=check, cancel=check))


def test_a_person_may_give_up_a_batch_that_vanished_but_not_at_the_first_miss(
    house: House, local: LocalProvider
) -> None:
    job_id = stuck(house, local, 1)
    gone = _gone(house, job_id)
    house.clock.leap(house.shard(job_id).next_due_at)
    house.round(house.context())
    house.service().cancel(LOCAL, job_id)
    house.round(gone)
    assert house.shard(job_id).state is ShardState.RUNNING, "one answer may be wrong"
    assert AlertKind.VANISHED in standing(house, job_id)
    house.clock.leap(house.clock() + timedelta(seconds=house.context().pace.quarantine + 1))
    assert house.run(job_id, context=gone) is JobState.FAILED
    assert {item.status for item in house.items(job_id).values()} == {ResultStatus.MISSING}
    (orphan,) = [one for one in orphans(house.store, house.provider) if one.remote_id == house.shard(job_id).batch_id]
    assert "gave it up when the provider did not know it" in orphan.why
    assert cancel_duplicates(house.context()) == 1, "it is there again and nobody wants it"
    (alert,) = house.store.alerts.of(house.shard(job_id).batch_id or "")
    assert alert.text.endswith("is there again; it was cancelled")
    assert cancel_duplicates(house.context()) == 0
    house.check(job_id)


def test_one_miss_after_a_long_silence_does_not_give_up_a_batch_that_is_to_stop(
    house: House, local: LocalProvider
) -> None:
    """No worker ran for an hour, a person has asked to stop, and the first answer is a wrong 404."""
    job_id = house.submit(3)
    house.run(job_id, to=ShardState.RUNNING)
    batch_id = house.shard(job_id).batch_id or ""
    until(lambda: house.provider.check(batch_id).status == "completed", "completed")
    house.clock.leap(house.clock() + timedelta(hours=1))
    house.service().cancel(LOCAL, job_id)
    house.round(_gone(house, job_id))
    assert house.shard(job_id).state is ShardState.RUNNING
    assert house.run(job_id) is JobState.DONE
    house.check(job_id, batches=1)


def _answering(house: House, *plan: int | None) -> Context:
    """A worker whose looks at a batch are refused with these statuses, one after the other (None answers)."""
    left = list(plan)

    def check(batch_id: str) -> Batch:
        status = left.pop(0) if left else None
        if status is not None:
            raise ProviderRefused("No batch found with that id", status=status, code="refused")
        return house.provider.check(batch_id)

    return house.context(provider=Meddler(house.provider, check=check))


def _given_up(house: House, job_id: str, *then: int | None) -> None:
    """A batch past its deadline that is not found twice; then the step that collects it asks once more."""
    house.expire(job_id, house.clock() - timedelta(hours=2))
    context = _answering(house, 404, 404, *then)
    for _ in range(2):
        house.clock.leap(house.shard(job_id).next_due_at)
        house.round(context)
        house.clock.leap(house.clock() + timedelta(seconds=house.context().pace.quarantine + 1))


@pytest.mark.parametrize("status", ["completed", "in_progress"])
def test_a_batch_that_was_given_up_and_is_there_again_is_watched_and_collected(
    house: House, local: LocalProvider, status: str
) -> None:
    local.set_faults({} if status == "completed" else {"batches": {"*": {"stuck": True}}})
    job_id = house.submit(3)
    house.run(job_id, to=ShardState.RUNNING)
    batch_id = house.shard(job_id).batch_id or ""
    until(lambda: house.provider.check(batch_id).status == status, status)
    _given_up(house, job_id)
    assert "reappeared" in [event.event for event in house.events(job_id)]
    assert AlertKind.VANISHED not in standing(house, job_id)
    if status == "in_progress":
        assert house.shard(job_id).state is ShardState.RUNNING
        house.service().cancel(LOCAL, job_id)
        assert house.run(job_id) is JobState.CANCELLED
    else:
        assert house.run(job_id) is JobState.DONE
    house.check(job_id, batches=1)


@pytest.mark.parametrize("refusal", [400, 401, 403])
def test_only_not_found_writes_a_batch_off(house: House, local: LocalProvider, refusal: int) -> None:
    job_id = house.submit(3)
    house.run(job_id, to=ShardState.RUNNING)
    batch_id = house.shard(job_id).batch_id or ""
    until(lambda: house.provider.check(batch_id).status == "completed", "completed")
    _given_up(house, job_id, refusal)
    assert house.shard(job_id).state is ShardState.COLLECTING
    assert house.run(job_id) is JobState.DONE
    house.check(job_id, batches=1)


def test_nothing_is_called_missing_before_the_last_question_was_answered(house: House, local: LocalProvider) -> None:
    job_id = house.submit(3)
    house.run(job_id, to=ShardState.RUNNING)
    batch_id = house.shard(job_id).batch_id or ""
    until(lambda: house.provider.check(batch_id).status == "completed", "completed")
    _given_up(house, job_id, 404, 429)  # the bill cannot be asked for; by then the provider is well again
    assert house.run(job_id) is JobState.DONE
    assert {item.status for item in house.items(job_id).values()} == {ResultStatus.SUCCEEDED}
    house.check(job_id, batches=1)


@pytest.mark.parametrize("status", [400, 404])
def test_a_refusal_to_stop_says_nothing_about_whether_the_batch_is_there(
    house: House, local: LocalProvider, status: int
) -> None:
    job_id = stuck(house, local, 1)

    def cancel(_batch_id: str) -> Batch:
        raise ProviderRefused("cannot cancel", status=status, code="refused")

    context = house.context(provider=Meddler(house.provider, cancel=cancel))
    house.service().cancel(LOCAL, job_id)
    for _ in range(3):
        house.clock.leap(house.clock() + timedelta(minutes=5))
        house.round(context)
    assert house.shard(job_id).state is ShardState.RUNNING
    assert house.shard(job_id).message.startswith("The batch could not be stopped yet: cannot cancel")
    assert AlertKind.VANISHED not in standing(house, job_id)
    ended(house, job_id)


@pytest.mark.parametrize("batches", [1, 2], ids=["alone", "together"])
def test_a_good_look_ends_the_alarm_whatever_was_killed_before(
    house: House, local: LocalProvider, batches: int
) -> None:
    job_id = stuck(house, local, batches)
    # As a worker leaves it that died between the alarm and the message.
    house.store.alerts.raise_(AlertKind.VANISHED, house.shard(job_id).shard_id, "It is gone.", at=house.clock())
    house.clock.leap(max(shard.next_due_at for shard in house.store.shards.of_job(job_id)))
    house.round(house.context())
    assert AlertKind.VANISHED not in standing(house, job_id)
    ended(house, job_id)


def test_a_vanished_batch_without_a_stated_deadline_is_given_up_after_its_window(
    house: House, local: LocalProvider
) -> None:
    job_id = stuck(house, local, 1)
    with house.store.database.write() as connection:
        connection.execute(text("UPDATE shard SET expires_at = NULL WHERE job_id = :job"), {"job": job_id})
    house.clock.leap(house.clock() + timedelta(hours=24))
    gone = _gone(house, job_id)
    house.round(gone)
    assert house.shard(job_id).state is ShardState.RUNNING
    house.clock.leap(house.clock() + timedelta(hours=1.1))
    assert house.run(job_id, context=gone) is JobState.FAILED
    assert cancel_duplicates(house.context()) == 1
    house.check(job_id)


def test_a_batch_that_is_found_again_has_not_vanished_any_more(house: House, local: LocalProvider) -> None:
    job_id = stuck(house, local, 1)
    house.clock.leap(house.shard(job_id).next_due_at)
    house.round(_gone(house, job_id))
    assert AlertKind.VANISHED in standing(house, job_id)
    house.clock.leap(house.shard(job_id).next_due_at)
    house.round(house.context())
    assert AlertKind.VANISHED not in standing(house, job_id)
    assert house.shard(job_id).message == ""
    ended(house, job_id)
