"""What may go wrong while a batch is submitted, and that it is paid once all the same.

Letters and numbers in names and test ids (B1, C4, ...) are rows of the fault table: a fault and what must follow.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from core.domain.actor import LOCAL
from core.domain.analysis import ResultStatus
from core.domain.batch import Batch
from core.domain.job import JobState, ShardState
from core.drafts.job_files import job_key
from core.errors import ProviderUnreachable, Refused
from core.providers.openai_provider import OpenAIProvider
from core.worker.cancel_duplicates import cancel_duplicates
from core.worker.submit import PATIENCE
from tests.faults.staging import KEY, House, Meddler, Once, until
from tests.local_provider import LocalProvider

CREATE, UPLOAD, LIST = "POST /v1/batches", "POST /v1/files", "GET /v1/batches"


def trail(house: House, job_id: str) -> list[str]:
    """What happened to the first shard of a job."""
    return [event.event for event in house.events(job_id) if event.shard_id]


@pytest.fixture(scope="module")
def hasty(server: LocalProvider) -> Iterator[OpenAIProvider]:
    """A client that gives up early."""
    talking = OpenAIProvider(KEY, server.base_url, timeout_seconds=0.8)
    yield talking
    talking.close()


@pytest.mark.parametrize(
    ("fault", "way"),
    [
        pytest.param("drop_after", "adopted", id="B1-reset-after-the-work"),
        pytest.param("500_after", "adopted", id="B3-500-after-the-work"),
        pytest.param("500_before", "proven_absent", id="B4-500-before-the-work"),
        pytest.param("503_before", "proven_absent", id="B4-503-before-the-work"),
        pytest.param("drop_before", "proven_absent", id="B4-reset-before-the-work"),
        pytest.param("html", "proven_absent", id="B10-a-proxy-page"),
        pytest.param("html_after", "adopted", id="B10-a-proxy-page-with-status-200"),
        pytest.param("bad_json", "adopted", id="B10-half-a-document"),
        pytest.param("empty_json", "adopted", id="B10-an-empty-document"),
        pytest.param("409", "proven_absent", id="B10-a-conflict"),
    ],
)
def test_a_create_without_an_answer_is_paid_once(house: House, local: LocalProvider, fault: Any, way: str) -> None:
    local.set_faults({"http": {CREATE: {"1": fault}}})
    job_id = house.submit()
    assert house.run(job_id) is JobState.DONE
    assert way in trail(house, job_id)
    assert local.calls(CREATE) == (1 if way == "adopted" else 2)
    house.check(job_id, batches=1)


def test_b2_silence_after_the_work_is_paid_once(house: House, local: LocalProvider, hasty: OpenAIProvider) -> None:
    local.set_faults({"http": {CREATE: {"1": {"kind": "hang_after", "seconds": 3}}}})
    job_id = house.submit()
    assert house.run(job_id, context=house.context(provider=hasty)) is JobState.DONE
    assert "adopted" in trail(house, job_id)
    assert local.calls(CREATE) == 1
    house.check(job_id, batches=1)


def test_b4_two_creates_without_an_answer_wait_for_a_person_who_goes_on(house: House, local: LocalProvider) -> None:
    local.set_faults({"http": {CREATE: {"1": "500_before", "2": "drop_before"}}})
    job_id = house.submit()
    assert house.run(job_id) is JobState.ATTENTION
    message = house.shard(job_id).message
    assert "2 attempts to create this batch (about $" in message
    assert f"mosychlos portfolio batch retry {job_id}" in message
    house.check(job_id, batches=0)
    assert house.service().send_again(LOCAL, job_id) == 1
    assert house.run(job_id) is JobState.DONE
    house.check(job_id, batches=1)


def test_b5_a_rate_limit_waits_as_long_as_it_says_and_counts_as_no_attempt(house: House, local: LocalProvider) -> None:
    local.set_faults({"http": {CREATE: {"1": {"kind": "429", "retry_after": 45}}}})
    job_id = house.submit()
    house.round(house.context())
    shard = house.shard(job_id)
    assert (shard.state, shard.attempt) == (ShardState.UPLOADING, 0)
    assert timedelta(seconds=40) < shard.next_due_at - house.clock() < timedelta(seconds=46)
    assert "Rate limit" in shard.message
    assert house.run(job_id) is JobState.DONE
    assert house.shard(job_id).attempt == 1
    house.check(job_id, batches=1)


@pytest.mark.parametrize("route", [UPLOAD, CREATE])
@pytest.mark.parametrize(
    "fault",
    [pytest.param("quota", id="B6-empty-purse"), pytest.param("401", id="B7-wrong-key"), pytest.param("403", id="B7")],
)
def test_a_wrong_key_or_an_empty_purse_waits_for_a_person_and_goes_on_after_the_repair(
    house: House, local: LocalProvider, route: str, fault: str
) -> None:
    local.set_faults({"http": {route: {"*": fault}}})
    job_id = house.submit()
    assert house.run(job_id) is JobState.ATTENTION
    message = house.service().needs_attention(LOCAL, job_id)[0]
    assert f"mosychlos portfolio batch retry {job_id}" in message
    assert KEY not in message
    house.check(job_id, batches=0)
    calls = local.calls(route)
    assert calls == 1
    local.set_faults()
    house.service().send_again(LOCAL, job_id)
    assert house.run(job_id) is JobState.DONE
    house.check(job_id, batches=1)


@pytest.mark.parametrize("route", [UPLOAD, CREATE])
def test_b8_a_definite_no_ends_every_request_with_the_reason_and_frees_the_budget(
    house: House, local: LocalProvider, route: str
) -> None:
    local.set_faults({"http": {route: {"*": "400"}}})
    job_id = house.submit()
    assert house.run(job_id) is JobState.FAILED
    assert {(item.status, item.error and item.error.code) for item in house.items(job_id).values()} == {
        (ResultStatus.FAILED, "invalid_value")
    }
    assert "Simulated bad request" in house.job(job_id).row.message
    assert house.job(job_id).row.actual_usd == 0
    house.check(job_id, batches=0)


def test_b9_a_provider_that_cannot_be_reached_was_never_asked(house: House, local: LocalProvider) -> None:
    job_id = house.submit()
    nobody = OpenAIProvider(KEY, "http://127.0.0.1:9/v1", timeout_seconds=2)
    # The upload still works, so that it is the create that meets the closed door.
    closed = Meddler(house.provider, create_batch=nobody.create_batch)
    for _ in range(3):
        house.clock.leap(house.shard(job_id).next_due_at)
        house.round(house.context(provider=closed))
    shard = house.shard(job_id)
    assert (shard.state, shard.attempt) == (ShardState.UPLOADING, 0)
    assert "nothing was sent" in shard.message
    nobody.close()
    assert house.run(job_id) is JobState.DONE
    assert trail(house, job_id).count("unsent") == 3
    assert local.calls(UPLOAD) == local.calls(CREATE) == 1
    house.check(job_id, batches=1)


@pytest.mark.parametrize(
    ("fault", "uploads"),
    [("drop_after", 1), ("500_after", 1), ("bad_json", 1), ("drop_before", 2), ("500_before", 2), ("429", 2)],
    ids=lambda value: f"C1-{value}" if isinstance(value, str) else "",
)
def test_c1_an_upload_without_an_answer_is_looked_for_before_it_is_sent_again(
    house: House, local: LocalProvider, fault: str, uploads: int
) -> None:
    local.set_faults({"http": {UPLOAD: {"1": fault}}})
    job_id = house.submit()
    before = local.counts()["files"]
    house.run(job_id, to=ShardState.RUNNING)
    assert local.calls(UPLOAD) == uploads
    assert local.counts()["files"] - before >= 1
    name = house.shard(job_id).remote_name
    found = house.provider.find_upload(name)
    assert found is not None
    assert found.file_id == house.shard(job_id).file_id
    assert house.run(job_id) is JobState.DONE
    house.check(job_id, batches=1)


def test_c2_of_two_uploads_the_older_one_is_used(house: House, local: LocalProvider) -> None:
    job_id = house.submit()
    shard = house.shard(job_id)
    name = f"{job_key(shard, house.job(job_id).spec_hash)}.a1.jsonl"
    first = house.provider.upload(Path(shard.path), name)
    house.provider.upload(Path(shard.path), name)
    oldest = house.provider.find_upload(name)
    house.run(job_id, to=ShardState.RUNNING)
    assert oldest is not None
    assert house.shard(job_id).file_id == oldest.file_id
    assert first.created_at <= oldest.created_at
    assert local.calls(UPLOAD) == 2
    assert house.run(job_id) is JobState.DONE
    house.check(job_id, batches=1)


def test_c3_an_upload_of_another_size_is_replaced(house: House, local: LocalProvider, tmp_path: Path) -> None:
    job_id = house.submit()
    shard = house.shard(job_id)
    half = tmp_path / "half.jsonl"
    half.write_bytes(Path(shard.path).read_bytes().splitlines(keepends=True)[0])
    wrong = house.provider.upload(half, f"{job_key(shard, house.job(job_id).spec_hash)}.a1.jsonl")
    assert house.run(job_id) is JobState.DONE
    assert house.shard(job_id).file_id != wrong.file_id
    house.check(job_id, batches=1)


def test_c4_a_batch_that_the_list_shows_within_the_quarantine_is_adopted(house: House, local: LocalProvider) -> None:
    local.set_faults({"http": {CREATE: {"1": "drop_after"}}, "list_lag": 0.3})
    job_id = house.submit()
    quick = house.context(pace=replace(house.context().pace, poll=0.05))
    assert house.run(job_id, context=quick, leaping=False) is JobState.DONE
    assert local.calls(CREATE) == 1
    house.check(job_id, batches=1)


class Lagging:
    """A list that shows a job's batches only once it is told to, and with the dates of long ago."""

    def __init__(self, house: House) -> None:
        self._house = house
        self.shows = False

    def __call__(
        self, newer_than: datetime | None = None, of_file: str = "", *, whole: bool = False
    ) -> Iterator[Batch]:
        # The server lists the newest first and gives whole seconds, in which two creates may coincide here.
        for age, batch in enumerate(self._house.provider.list_batches()):
            old = replace(batch, created_at=batch.created_at - timedelta(hours=1, seconds=age))
            if self.shows and (newer_than is None or old.created_at >= newer_than):
                yield old

    def show(self) -> None:
        """From now on."""
        self.shows = True


def test_c4_a_lost_batch_that_shows_up_after_the_quarantine_is_adopted_before_a_second_create(
    house: House, local: LocalProvider
) -> None:
    """However long ago it was created: by then its date lies well before that of the second input file."""
    local.set_faults({"http": {CREATE: {"1": "drop_after"}}})
    job_id, lagging = house.submit(), Lagging(house)
    shown = Once("before_upload", lagging.show, nth=2)
    context = house.context(crossing=shown, provider=Meddler(house.provider, list_batches=lagging))
    assert house.run(job_id, context=context) is JobState.DONE
    assert "proven_absent" in trail(house, job_id)
    assert local.calls(CREATE) == 1
    house.check(job_id, batches=1)


@pytest.mark.parametrize("cancelled", [True, False])
def test_c4_of_two_batches_that_show_up_late_the_older_is_collected_and_the_other_cancelled(
    house: House, local: LocalProvider, cancelled: bool
) -> None:
    """The residual risk, healed as far as it can be, even when the provider refuses to cancel the second one."""
    faults: dict[str, Any] = {CREATE: {"*": "drop_after"}}
    if not cancelled:
        faults["POST /v1/batches/{id}/cancel"] = {"*": "404"}
    local.set_faults({"http": faults, "batches": {"2": {"stuck": True}}})
    job_id, lagging = house.submit(), Lagging(house)
    shown = Once("before_fence", lagging.show, nth=2)
    context = house.context(crossing=shown, provider=Meddler(house.provider, list_batches=lagging))
    assert house.run(job_id, context=context) is JobState.DONE
    states = {batch.batch_id: batch.status for batch in house.batches(job_id)}
    assert states.pop(house.shard(job_id).batch_id or "") == "completed"
    assert set(states.values()) <= ({"cancelling", "cancelled"} if cancelled else {"in_progress"})
    notes = [event.note for event in house.events(job_id) if event.event == "duplicate"]
    assert len(notes) == 1
    assert ("it was cancelled" if cancelled else "could not be cancelled") in notes[0]
    if not cancelled:
        local.set_faults()
        assert cancel_duplicates(house.context()) == 1, "the next reconciliation tries again"
    house.check(job_id, batches=2)


def test_c6_a_batch_whose_metadata_was_stripped_is_found_by_its_input_file(house: House, local: LocalProvider) -> None:
    def stripped(newer_than: Any = None, of_file: str = "", *, whole: bool = False) -> Iterator[Batch]:
        return (replace(batch, metadata={}) for batch in house.provider.list_batches(newer_than))

    local.set_faults({"http": {CREATE: {"1": "drop_after"}}})
    job_id = house.submit()
    context = house.context(provider=Meddler(house.provider, list_batches=stripped))
    assert house.run(job_id, context=context) is JobState.DONE
    assert local.calls(CREATE) == 1
    house.check(job_id, batches=1)


def test_a_file_that_the_provider_forgot_is_sent_anew(house: House, local: LocalProvider) -> None:
    job_id = house.submit()

    def forget() -> None:
        house.provider.delete_file(house.shard(job_id).file_id or "")

    assert house.run(job_id, context=house.context(crossing=Once("before_intent", forget))) is JobState.DONE
    assert local.calls(CREATE) == PATIENCE + 1
    assert local.calls(UPLOAD) == 2
    house.check(job_id, batches=1)


def test_a_provider_that_never_sees_its_own_files_waits_for_a_person(house: House, local: LocalProvider) -> None:
    job_id = house.submit()

    def forget(point: str) -> None:
        if point == "before_intent":
            house.provider.delete_file(house.shard(job_id).file_id or "")

    assert house.run(job_id, context=house.context(crossing=forget)) is JobState.ATTENTION
    assert local.calls(CREATE) == 2 * PATIENCE
    house.check(job_id, batches=0)
    house.service().send_again(LOCAL, job_id)
    assert house.run(job_id) is JobState.DONE
    house.check(job_id, batches=1)


@pytest.mark.parametrize("fault", ["400", "404", "429"])
def test_being_refused_a_look_at_the_list_fails_nothing(house: House, local: LocalProvider, fault: str) -> None:
    local.set_faults({"http": {CREATE: {"1": "429"}, LIST: {"1": fault, "2": fault, "3": fault}}})
    job_id = house.submit()
    assert house.run(job_id) is JobState.DONE
    assert local.calls(CREATE) == 2
    house.check(job_id, batches=1)


def test_g6_too_much_enqueued_goes_back_to_the_queue_and_in_when_there_is_room(
    house: House, local: LocalProvider
) -> None:
    local.set_faults({"enqueued_tokens": 1, "http": {CREATE: {"3": "500_before"}}})
    job_id = house.submit()
    context = house.context(crossing=Once("before_intent", local.set_faults, nth=4))
    assert house.run(job_id, context=context) is JobState.DONE
    assert trail(house, job_id).count("requeued") == 2
    assert "twice_unknown" not in trail(house, job_id), "a definite refusal counted as a lost answer"
    house.check(job_id, batches=3)


def test_g6_a_wish_to_stop_that_meets_a_full_provider_ends_the_job(house: House, local: LocalProvider) -> None:
    local.set_faults({"enqueued_tokens": 1})
    job_id = house.submit()
    house.run(job_id, to=ShardState.RUNNING)
    house.service().cancel(LOCAL, job_id)
    still_validating = Meddler(
        house.provider,
        check=lambda batch_id: replace(house.provider.check(batch_id), status="validating"),
        cancel=lambda batch_id: replace(house.provider.check(batch_id), status="cancelling"),
    )
    house.run(job_id, to=ShardState.CANCELLING, context=house.context(provider=still_validating))
    assert house.run(job_id) is JobState.FAILED
    house.check(job_id, batches=1)


@pytest.mark.parametrize("state", [ShardState.QUEUED, ShardState.UPLOADING, ShardState.UNKNOWN, ShardState.RUNNING])
def test_a_wish_to_stop_is_carried_out_wherever_the_batch_is(
    house: House, local: LocalProvider, state: ShardState
) -> None:
    faults: dict[str, Any] = {"batches": {"*": {"stuck": True}}}
    if state is ShardState.UPLOADING:
        faults["http"] = {CREATE: {"1": "429"}}
    if state is ShardState.UNKNOWN:
        faults |= {"http": {CREATE: {"1": "drop_after"}, LIST: {"1": "500_before", "2": "500_before"}}}
    local.set_faults(faults)
    job_id = house.submit()
    house.run(job_id, to=state)
    house.service().cancel(LOCAL, job_id)
    assert house.run(job_id) is JobState.CANCELLED
    sent = state in {ShardState.UNKNOWN, ShardState.RUNNING}
    codes = {item.error.code for item in house.items(job_id).values() if item.error}
    assert codes == {"batch_cancelled" if sent else "cancelled"}
    house.check(job_id, batches=int(sent))
    batches = house.batches(job_id)
    assert all(batch.status == "cancelled" for batch in batches)


def test_a_job_that_waits_for_a_person_can_be_cancelled(house: House, local: LocalProvider) -> None:
    local.set_faults({"http": {CREATE: {"*": "401"}}})
    job_id = house.submit()
    assert house.run(job_id) is JobState.ATTENTION
    house.service().cancel(LOCAL, job_id)
    assert house.job(job_id).row.state is JobState.CANCELLED
    house.check(job_id, batches=0)


def test_c4_a_batch_that_shows_up_after_its_shard_was_called_off_is_cancelled(
    house: House, local: LocalProvider
) -> None:
    local.set_faults({"batches": {"*": {"stuck": True}}})
    first = house.submit()
    house.run(first, to=ShardState.RUNNING)
    made = house.provider.check(house.shard(first).batch_id or "")
    job_id = house.submit()
    house.service().cancel(LOCAL, job_id)
    assert house.run(job_id) is JobState.CANCELLED
    shard, job = house.shard(job_id), house.job(job_id)
    assert shard.batch_id is None
    metadata = {**made.metadata, "job_key": job_key(shard, job.spec_hash)}
    late = house.provider.create_batch(made.input_file_id, job.request.endpoint.path, metadata)
    assert cancel_duplicates(house.context()) == 1
    assert house.provider.check(late.batch_id).status in {"cancelling", "cancelled"}
    [alert] = house.store.alerts.of(late.batch_id)
    assert f"was made for {shard.shard_id}, which is cancelled" in alert.text
    house.service().cancel(LOCAL, first)
    assert house.run(first) is JobState.CANCELLED


def test_c4_a_second_batch_that_ended_before_it_was_found_is_told_of_once(house: House, local: LocalProvider) -> None:
    job_id = house.submit()
    house.run(job_id, to=ShardState.RUNNING)
    shard = house.shard(job_id)
    running = house.provider.check(shard.batch_id or "")
    path = house.job(job_id).request.endpoint.path
    late = house.provider.create_batch(shard.file_id or "", path, dict(running.metadata))
    assert house.run(job_id) is JobState.DONE
    until(lambda: house.provider.check(late.batch_id).status == "completed", "the second batch ends")
    assert cancel_duplicates(house.context()) == 1
    [alert] = house.store.alerts.of(late.batch_id)
    assert f"bills its {shard.requests} answers" in alert.text
    assert cancel_duplicates(house.context()) == 0, "it was said"


def test_c4_a_second_batch_that_shows_up_much_later_is_found_and_cancelled(house: House, local: LocalProvider) -> None:
    """Only that one: not a batch of a shard that is being looked for, nor one of another installation."""
    local.set_faults({"batches": {"*": {"stuck": True}}})
    job_id = house.submit()
    house.run(job_id, to=ShardState.RUNNING)
    shard = house.shard(job_id)
    metadata = dict(house.provider.check(shard.batch_id or "").metadata)
    path = house.job(job_id).request.endpoint.path
    late = house.provider.create_batch(shard.file_id or "", path, metadata)
    foreign = {**metadata, "job_key": "mosychlos-251124-000000-0123456789ab.0-0123456789ab"}
    other = house.provider.create_batch(shard.file_id or "", path, foreign)
    assert cancel_duplicates(house.context()) == 1
    assert house.provider.check(late.batch_id).status in {"cancelling", "cancelled"}
    for left_alone in (shard.batch_id or "", other.batch_id):
        assert house.provider.check(left_alone).status not in {"cancelling", "cancelled"}
    assert [event.note for event in house.events(job_id) if event.event == "duplicate"] == [
        f"{late.batch_id} duplicates {shard.batch_id}; it was cancelled"
    ]
    assert cancel_duplicates(house.context()) == 0
    house.provider.cancel(other.batch_id)
    house.service().cancel(LOCAL, job_id)
    assert house.run(job_id) is JobState.CANCELLED
    house.check(job_id, batches=2)


def test_a_wish_to_stop_that_comes_on_the_way_to_a_person_is_carried_out(house: House, local: LocalProvider) -> None:
    local.set_faults({"http": {CREATE: {"1": "500_before", "2": "drop_before"}}})
    job_id = house.submit()
    wish = Once("after_fence", lambda: house.service().cancel(LOCAL, job_id), nth=2)
    assert house.run(job_id, context=house.context(crossing=wish)) is JobState.CANCELLED
    assert wish.reached
    assert "twice_unknown" in trail(house, job_id)
    (cause,) = house.app.oversight.causes(LOCAL, job_id)
    assert (cause.code, cause.transient) == ("cancelled_in_doubt", False)
    assert "They may have been paid" in cause.remedy
    house.check(job_id, batches=0)


def test_a_wish_to_stop_that_comes_before_a_refusal_is_carried_out(house: House, local: LocalProvider) -> None:
    local.set_faults({"http": {CREATE: {"*": "401"}}})
    job_id = house.submit()
    wish = Once("after_intent", lambda: house.service().cancel(LOCAL, job_id))
    assert house.run(job_id, context=house.context(crossing=wish)) is JobState.CANCELLED
    house.check(job_id, batches=0)


def test_a_wish_to_stop_reaches_a_batch_that_waits_for_a_person_through_any_worker(
    house: House, local: LocalProvider
) -> None:
    local.set_faults({"http": {CREATE: {"*": "401"}}})
    job_id = house.submit()
    assert house.run(job_id) is JobState.ATTENTION
    # As a web process writes it that dies before it carries the wish out itself.
    house.store.jobs.wish_cancel(job_id, actor="ada", at=house.clock())
    assert house.job(job_id).stopping
    house.round(house.context())
    assert house.job(job_id).row.state is JobState.CANCELLED
    assert not house.job(job_id).stopping
    house.check(job_id, batches=0)


def test_what_waits_for_a_person_is_sent_again_while_other_batches_of_the_job_run(
    house: House, local: LocalProvider
) -> None:
    local.set_faults({"http": {CREATE: {"1": "401"}}, "batches": {"*": {"stuck": True}}})
    job_id = house.submit(2, per_shard=1)
    for _ in range(50):
        states = {shard.state for shard in house.store.shards.of_job(job_id)}
        if states == {ShardState.ATTENTION, ShardState.RUNNING}:
            break
        house.round(house.context())
        house.clock.leap(house.clock() + timedelta(seconds=1))
    assert (states, house.job(job_id).row.state) == ({ShardState.ATTENTION, ShardState.RUNNING}, JobState.RUNNING)
    (waiting,) = house.app.oversight.needs_person(LOCAL, job_id)
    assert (waiting.requests, waiting.unanswered) == (1, 0)
    with pytest.raises(Refused, match=r"is not paused; it is running\. Send what waits for you with"):
        house.service().resume(LOCAL, job_id)
    assert house.service().send_again(LOCAL, job_id) == 1
    with pytest.raises(Refused, match=r"Nothing of job .* waits for a person"):
        house.service().send_again(LOCAL, job_id)
    house.service().cancel(LOCAL, job_id)
    local.set_faults()
    assert house.run(job_id) is JobState.CANCELLED
    house.check(job_id)


def test_what_was_never_sent_is_called_off_although_the_provider_cannot_be_reached(house: House) -> None:
    job_id = house.submit()

    def away(*_call: object) -> object:
        raise ProviderUnreachable("cannot connect")

    context = house.context(provider=Meddler(house.provider, create_batch=away, delete_file=away))
    for _ in range(3):
        house.round(context)
    assert house.shard(job_id).state is ShardState.UPLOADING
    assert house.shard(job_id).file_id is not None
    house.service().cancel(LOCAL, job_id)
    house.round(context)
    assert house.job(job_id).row.state is JobState.CANCELLED
    house.check(job_id, batches=0)
