"""What a provider does with an input file between its upload and the create, and that no request ends for it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from core.domain.actor import LOCAL
from core.domain.analysis import ResultStatus
from core.domain.job import JobState, ShardState
from core.drafts.parameter_lessons import StoredRefusals
from core.errors import BadInput
from core.providers.guarded import GuardedProvider
from core.providers.openai_provider import OpenAIProvider
from core.worker.context import Context
from tests.faults.staging import KEY, House, Meddler
from tests.local_provider import LocalProvider
from tests.odd_server import Ask, OddServer, Said, said

UPLOAD, CREATE = "POST /v1/files", "POST /v1/batches"


def at(odd: OddServer, house: House, oddly: OpenAIProvider) -> Context:
    return house.context(provider=GuardedProvider(oddly, name=odd.base_url))


def files_are(words: Callable[[], dict[str, Any]]) -> Callable[[Ask, Any], object]:
    """Let every answer about a file say this of it."""

    def changed(ask: Ask, document: Any) -> object:
        if not ask.path.startswith("/v1/files") or not isinstance(document, dict):
            return document
        if "data" in document:
            return {**document, "data": [{**one, **words()} for one in document["data"]]}
        return {**document, **words()}

    return changed


def test_a_file_that_is_pending_is_waited_for_before_anything_is_created(house: House, local: LocalProvider) -> None:
    local.set_faults({"file_lag": 2})
    job_id = house.submit()
    assert house.run(job_id, leaping=False) is JobState.DONE
    assert (local.calls(UPLOAD), local.calls(CREATE)) == (1, 1)
    house.check(job_id, batches=1)


@pytest.mark.parametrize("state", ["pending", "running", "processing", "queued", "NotRunning"])
def test_a_state_in_which_the_provider_works_on_the_file_is_waited_for(
    house: House, local: LocalProvider, odd: OddServer, oddly: OpenAIProvider, state: str
) -> None:
    done: list[bool] = []
    odd.answers = files_are(lambda: {"status": "processed" if done else state})
    job_id = house.submit()
    house.round(at(odd, house, oddly))
    shard = house.shard(job_id)
    assert (shard.state, shard.attempt) == (ShardState.UPLOADING, 0)
    assert f"still at work on it (status '{state.lower()}')" in shard.message
    done.append(True)
    assert house.run(job_id, context=at(odd, house, oddly)) is JobState.DONE
    assert (local.calls(UPLOAD), local.calls(CREATE)) == (1, 1)
    house.check(job_id, batches=1)


@pytest.mark.parametrize("state", ["uploaded", "processed", "", None, "ready", "active"])
def test_a_state_that_does_not_say_otherwise_is_good_enough(
    house: House, local: LocalProvider, odd: OddServer, oddly: OpenAIProvider, state: str | None
) -> None:
    odd.answers = files_are(lambda: {"status": state})
    job_id = house.submit()
    assert house.run(job_id, context=at(odd, house, oddly)) is JobState.DONE
    assert (local.calls(UPLOAD), local.calls(CREATE)) == (1, 1)
    house.check(job_id, batches=1)


def test_a_file_that_stays_pending_waits_for_a_person_who_goes_on(
    house: House, odd: OddServer, oddly: OpenAIProvider
) -> None:
    odd.answers = files_are(lambda: {"status": "pending"})
    job_id = house.submit()
    house.round(at(odd, house, oddly))
    house.clock.leap(house.clock() + timedelta(hours=1, minutes=1))
    assert house.run(job_id, context=at(odd, house, oddly)) is JobState.ATTENTION
    message = house.service().needs_attention(LOCAL, job_id)[0]
    assert "for over 1 h" in message
    assert "is still 'pending'" in message
    assert {item.status for item in house.items(job_id).values()} == {ResultStatus.PENDING}
    house.check(job_id, batches=0)
    odd.reset()
    house.service().send_again(LOCAL, job_id)
    assert house.run(job_id, context=at(odd, house, oddly)) is JobState.DONE
    house.check(job_id, batches=1)


@pytest.mark.parametrize("details", ["Line 3 is no JSON.", {"code": "bad", "message": "Line 3 is no JSON."}, None])
@pytest.mark.parametrize("healed", [True, False])
def test_a_file_that_cannot_be_used_is_sent_again_and_then_waits_for_a_person_with_the_reason(
    house: House, local: LocalProvider, odd: OddServer, oddly: OpenAIProvider, details: Any, healed: bool
) -> None:
    uses: list[int] = []

    def words() -> dict[str, Any]:
        uses.append(1)
        return {} if healed and len(uses) > 2 else {"status": "error", "status_details": details}

    odd.answers = lambda ask, document: files_are(words)(ask, document) if ask.of("POST", "/v1/files") else document
    job_id = house.submit()
    state = house.run(job_id, context=at(odd, house, oddly))
    assert local.calls(UPLOAD) == 3
    if healed:
        assert state is JobState.DONE
        house.check(job_id, batches=1)
        return
    assert state is JobState.ATTENTION
    message = house.service().needs_attention(LOCAL, job_id)[0]
    assert "(file status 'error'" in message
    assert ("Line 3 is no JSON." in message) == (details is not None)
    house.check(job_id, batches=0)
    odd.reset()
    house.service().send_again(LOCAL, job_id)
    assert house.run(job_id, context=at(odd, house, oddly)) is JobState.DONE
    house.check(job_id, batches=1)


STATES = [
    "The file with ID 'file-1' has not been processed yet. Status: pending. Please wait until the file is processed.",
    "input file is still being processed",
    "File file-1 is not ready",
    "Batch input file is pending",
]


@pytest.mark.parametrize("words", STATES)
@pytest.mark.parametrize("status", [400, 422])
def test_a_create_that_is_refused_for_the_state_of_its_file_passes(
    house: House, local: LocalProvider, odd: OddServer, oddly: OpenAIProvider, words: str, status: int
) -> None:
    def refuses(ask: Ask) -> Said | None:
        early = ask.of("POST", "/v1/batches") and odd.calls("POST", "/v1/batches") < 4
        return said(status, {"detail": words}) if early else None

    odd.refuses = refuses
    job_id = house.submit()
    assert house.run(job_id, context=at(odd, house, oddly)) is JobState.DONE
    assert local.calls(UPLOAD) == 1, "what is worked on is not sent anew"
    house.check(job_id, batches=1)


def test_a_file_whose_state_is_refused_for_ever_waits_for_a_person(
    house: House, local: LocalProvider, odd: OddServer, oddly: OpenAIProvider
) -> None:
    odd.refuses = lambda ask: said(400, {"detail": STATES[0]}) if ask.of("POST", "/v1/batches") else None
    job_id = house.submit()
    assert house.run(job_id, context=at(odd, house, oddly)) is JobState.ATTENTION
    house.check(job_id, batches=0)
    odd.reset()
    house.service().send_again(LOCAL, job_id)
    assert house.run(job_id, context=at(odd, house, oddly)) is JobState.DONE
    house.check(job_id, batches=1)


@pytest.mark.parametrize("status", [404, 405, 501])
def test_a_server_that_shows_no_single_file_is_used_all_the_same(
    house: House, local: LocalProvider, odd: OddServer, oddly: OpenAIProvider, status: int
) -> None:
    local.set_faults({"http": {CREATE: {"1": "429"}}})  # so that the shard comes back to its file
    odd.refuses = lambda ask: (
        said(status, {"detail": "no"})
        if ask.method == "GET" and ask.path.startswith("/v1/files/") and not ask.path.endswith("/content")
        else None
    )
    job_id = house.submit()
    assert house.run(job_id, context=at(odd, house, oddly)) is JobState.DONE
    assert local.calls(UPLOAD) == 1
    house.check(job_id, batches=1)


@pytest.mark.parametrize("size", [None, 0, "many"])
def test_a_server_that_does_not_say_how_large_a_file_is_takes_it_all_the_same(
    house: House, local: LocalProvider, odd: OddServer, oddly: OpenAIProvider, size: object
) -> None:
    odd.answers = files_are(lambda: {"bytes": size})
    job_id = house.submit()
    assert house.run(job_id, context=at(odd, house, oddly)) is JobState.DONE
    assert local.calls(UPLOAD) == 1
    house.check(job_id, batches=1)


def test_a_server_that_holds_another_size_again_and_again_waits_for_a_person(
    house: House, local: LocalProvider, odd: OddServer, oddly: OpenAIProvider
) -> None:
    odd.answers = files_are(lambda: {"bytes": 17})
    job_id = house.submit()
    assert house.run(job_id, context=at(odd, house, oddly)) is JobState.ATTENTION
    assert "17 of " in house.shard(job_id).message
    assert local.calls(UPLOAD) == 3
    house.check(job_id, batches=0)
    house.service().cancel(LOCAL, job_id)
    assert house.job(job_id).row.state is JobState.CANCELLED


def test_a_pending_file_of_a_run_that_is_stopped_costs_nothing(house: House, local: LocalProvider) -> None:
    local.set_faults({"file_lag": 3600})
    job_id = house.submit()
    house.round(house.context())
    house.service().cancel(LOCAL, job_id)
    house.round(house.context())
    assert house.job(job_id).row.state is JobState.CANCELLED
    house.check(job_id, batches=0)


@pytest.mark.parametrize(
    "change", [lambda path: path.write_bytes(path.read_bytes().replace(b"House", b"Mouse")), Path.unlink]
)
def test_a_file_that_is_not_the_approved_one_is_never_sent_and_costs_nothing(
    house: House, local: LocalProvider, change: Callable[[Path], object]
) -> None:
    job_id = house.submit()
    change(Path(house.shard(job_id).path))
    assert house.run(job_id) is JobState.FAILED
    assert (local.calls(UPLOAD), local.calls(CREATE)) == (0, 0)
    for item in house.items(job_id).values():
        assert (item.status, item.cost_usd) == (ResultStatus.FAILED, Decimal(0))
        assert item.error is not None
        assert (item.error.code, item.error.transient) == ("input_changed", False)
        assert "Nothing was sent and nothing was paid" in item.error.message
    assert house.job(job_id).row.actual_usd == Decimal(0)
    house.check(job_id, batches=0)
    with pytest.raises(BadInput, match="gone, or was changed"):
        house.retry_service().plan(LOCAL, job_id, insists=True)


def test_a_file_that_is_changed_while_it_is_uploaded_is_taken_away_again(house: House, local: LocalProvider) -> None:
    job_id = house.submit()
    path = Path(house.shard(job_id).path)

    def upload(sent: Path, name: str) -> Any:
        remote = house.provider.upload(sent, name)
        path.write_bytes(path.read_bytes().replace(b"House", b"Mouse"))
        return remote

    assert house.run(job_id, context=house.context(provider=Meddler(house.provider, upload=upload))) is JobState.FAILED
    assert local.calls(CREATE) == 0
    assert local.calls("DELETE /v1/files/{id}") == 1
    house.check(job_id, batches=0)


def test_a_batch_is_made_without_what_the_server_refuses_once_and_that_is_remembered(
    house: House, local: LocalProvider, odd: OddServer
) -> None:
    def refuses(ask: Ask) -> Said | None:
        if ask.of(*CREATE.split()) and "output_expires_after" in ask.json:
            return said(
                422, {"detail": [{"loc": ["body", "output_expires_after"], "msg": "Extra inputs are not permitted"}]}
            )
        return None

    odd.refuses = refuses
    memory = StoredRefusals(house.store, house.app.identity, house.clock)
    talking = OpenAIProvider(KEY, odd.base_url, timeout_seconds=2, file_lifetime_seconds=86_400, memory=memory)
    with closing(talking):
        for creates in (2, 3):  # the second job knows
            job_id = house.submit()
            assert house.run(job_id, context=at(odd, house, talking)) is JobState.DONE
            assert (odd.calls(*CREATE.split()), house.shard(job_id).attempt) == (creates, 1)
            house.check(job_id, batches=1)
    away = house.app.left_away(LOCAL, "gpt-5.4-mini")
    assert set(away) == {("output_expires_after", "batches")}
