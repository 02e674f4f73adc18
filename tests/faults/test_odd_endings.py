"""Batches that end oddly: without files, without counts, in another layout, cancelled. Nothing is lost, all is told."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from core.domain.actor import LOCAL
from core.domain.alert import AlertKind
from core.domain.analysis import ResultStatus, UsageFrom
from core.domain.batch import Batch, BatchCounts
from core.domain.job import JobState, ShardState
from core.worker.context import Context
from core.worker.late_results import fetch_lost
from core.worker.result_files import TRIES
from tests.faults.staging import House, Meddler, until
from tests.local_provider import LocalProvider
from tests.odd_server import OddServer

CREATE = "POST /v1/batches"
NOTHING = {"output_file_id": None, "error_file_id": None}


def without_files(batch: Batch, **more: Any) -> Batch:
    """As a server shows an ended batch that names no files of it."""
    return replace(batch, **NOTHING, counted=None, **more) if batch.status == "completed" else batch


def seen(house: House, change: Callable[[Batch], Batch], *, listed: bool = False) -> Context:
    """A worker to whom batches (or only their list) are shown otherwise."""

    def check(batch_id: str) -> Batch:
        found = house.provider.check(batch_id)
        return found if listed else change(found)

    def list_batches(newer_than: Any = None, *, of_file: str = "", whole: bool = False) -> Iterator[Batch]:
        yield from map(change, house.provider.list_batches(newer_than, of_file=of_file))

    return house.context(provider=Meddler(house.provider, check=check, list_batches=list_batches))


def alerts(house: House, job_id: str) -> set[AlertKind]:
    return {one.kind for one in house.store.alerts.of(house.shard(job_id).shard_id) if one.cleared_at is None}


def test_a_list_that_shows_another_batch_under_an_id_is_not_taken_at_its_word(house: House) -> None:
    def anothers(batch: Batch) -> Batch:
        return replace(
            batch,
            status="completed",
            input_file_id="file-of-another",
            output_file_id="file-gone",
            counts=BatchCounts(3, 3),
        )

    jobs = [house.submit(3), house.submit(3)]
    poorly = seen(house, anothers, listed=True)
    for job_id in jobs:
        assert house.run(job_id, context=poorly) is JobState.DONE
        assert not alerts(house, job_id)


@pytest.mark.parametrize("counts", [BatchCounts(), BatchCounts(3, 3, 0)])
def test_a_list_that_shows_an_ended_batch_without_files_is_not_taken_at_its_word(
    house: House, counts: BatchCounts
) -> None:
    jobs = [house.submit(3), house.submit(3)]  # of two the list is asked
    poorly = seen(house, lambda batch: without_files(batch, counts=counts), listed=True)
    for job_id in jobs:
        assert house.run(job_id, context=poorly) is JobState.DONE
        assert not alerts(house, job_id)
        house.check(job_id, batches=1)


@pytest.mark.parametrize("counts", [BatchCounts(), BatchCounts(3, 0, 0), BatchCounts(3, 3, 0)])
def test_a_completed_batch_without_files_costs_an_unknown_sum_is_told_and_is_asked_for_its_files_until_it_names_them(
    house: House, counts: BatchCounts
) -> None:
    job_id = house.submit(3)
    bare = seen(house, lambda batch: without_files(batch, counts=counts))
    assert house.run(job_id, context=bare) is JobState.FAILED
    assert alerts(house, job_id) == {AlertKind.RESULT_LOST}
    for item in house.items(job_id).values():
        assert (item.status, item.cost_usd, item.usage_from) == (ResultStatus.MISSING, None, UsageFrom.UNKNOWN)
        assert item.error is not None
        assert item.error.code == "result_lost"
    assert house.job(job_id).row.actual_usd is None
    assert fetch_lost(bare) == 0
    assert fetch_lost(house.context()) == 1
    assert {item.status for item in house.items(job_id).values()} == {ResultStatus.SUCCEEDED}
    assert house.job(job_id).row.actual_usd is not None
    assert not alerts(house, job_id)
    house.check(job_id, batches=1)
    assert fetch_lost(house.context()) == 0


def test_files_that_are_named_late_are_waited_for(house: House) -> None:
    job_id = house.submit(3)
    looks: list[Batch] = []

    def slow(batch: Batch) -> Batch:
        looks.extend([batch] if batch.status == "completed" else [])
        return batch if len(looks) > TRIES - 1 else without_files(batch, counts=BatchCounts())

    assert house.run(job_id, context=seen(house, slow)) is JobState.DONE
    assert not alerts(house, job_id)
    house.check(job_id, batches=1)


def test_a_batch_whose_requests_all_failed_needs_no_file_to_be_believed(house: House) -> None:
    job_id = house.submit(3)
    refused = seen(house, lambda batch: without_files(batch, counts=BatchCounts(3, 0, 3)))
    assert house.run(job_id, context=refused) is JobState.FAILED
    assert AlertKind.RESULT_LOST not in alerts(house, job_id)
    assert house.job(job_id).row.actual_usd == Decimal(0)


def as_array(content: bytes) -> bytes:
    return json.dumps([json.loads(line) for line in content.splitlines()], indent=2).encode()


def test_a_result_file_that_is_one_array_is_read_like_lines_and_said(house: House, odd: OddServer, oddly: Any) -> None:
    odd.lines = as_array
    job_id = house.submit(3)
    assert house.run(job_id, context=house.context(provider=oddly)) is JobState.DONE
    assert [event.note for event in house.events(job_id) if event.event == "odd_file"] == [
        "The provider's result file is one JSON array in place of lines; its 3 documents were read as lines."
    ]
    assert not alerts(house, job_id)
    custom_id = next(iter(house.items(job_id).values())).custom_id
    raw = house.app.jobs.raw_answer(LOCAL, job_id, custom_id)
    assert raw is not None
    assert raw["custom_id"] == custom_id
    house.check(job_id, batches=1)


def cancelled(batch: Batch, counts: BatchCounts, **more: Any) -> Batch:
    return replace(batch, status="cancelled", counts=counts, counted=None, **more)


def stopped(house: House, local: LocalProvider, change: Callable[[Batch], Batch]) -> str:
    """A job that was stopped while its batch was at the provider, as this worker sees it then."""
    local.set_faults({"batches": {"*": {"stuck": True}}})
    job_id = house.submit(3)
    house.run(job_id, to=ShardState.RUNNING)
    house.service().cancel(LOCAL, job_id)
    batch_id = house.shard(job_id).batch_id or ""
    house.provider.cancel(batch_id)
    until(lambda: house.provider.check(batch_id).status == "cancelled", "the batch is cancelled")
    assert house.run(job_id, context=seen(house, change)) is JobState.CANCELLED
    return job_id


@pytest.mark.parametrize("counts", [BatchCounts(), BatchCounts(3, 0, 0)])
def test_what_was_cancelled_before_it_ran_says_so_and_cost_nothing(
    house: House, local: LocalProvider, counts: BatchCounts
) -> None:
    job_id = stopped(house, local, lambda batch: cancelled(batch, counts, **NOTHING))
    for item in house.items(job_id).values():
        assert (item.status, item.cost_usd) == (ResultStatus.FAILED, Decimal(0))
        assert item.error is not None
        assert (item.error.code, item.error.transient) == ("cancelled", True)
        assert item.error.message.startswith("Cancelled before it ran")
    assert house.job(job_id).row.actual_usd == Decimal(0)
    assert house.scalar("SELECT amount_nano FROM commitment WHERE job_id = :job", job=job_id) == 0
    house.check(job_id, batches=1)


def test_a_line_that_says_so_says_first_that_it_never_ran(house: House, local: LocalProvider) -> None:
    job_id = stopped(house, local, lambda batch: batch)
    for item in house.items(job_id).values():
        assert item.error is not None
        assert item.error.code == "batch_cancelled"
        assert item.error.message.startswith("Cancelled before it ran. ")
    assert house.job(job_id).row.actual_usd == Decimal(0)


def test_what_may_have_run_before_it_was_cancelled_has_an_unknown_cost_and_its_reservation_stays(
    house: House, local: LocalProvider, tmp_path: Path
) -> None:
    def half(batch: Batch) -> Batch:
        return cancelled(batch, BatchCounts(), output_file_id=batch.error_file_id, error_file_id=None)

    def download(_file_id: str, to: Path) -> int:
        to.write_bytes(b"")
        return 0

    local.set_faults({"batches": {"*": {"stuck": True}}})
    job_id = house.submit(3)
    reserved = house.scalar("SELECT amount_nano FROM commitment WHERE job_id = :job", job=job_id)
    house.run(job_id, to=ShardState.RUNNING)
    house.service().cancel(LOCAL, job_id)
    batch_id = house.shard(job_id).batch_id or ""
    house.provider.cancel(batch_id)
    until(lambda: house.provider.check(batch_id).status == "cancelled", "the batch is cancelled")
    verbs = {"check": lambda one: half(house.provider.check(one)), "download": download}
    assert house.run(job_id, context=house.context(provider=Meddler(house.provider, **verbs))) is JobState.CANCELLED
    for item in house.items(job_id).values():
        assert (item.status, item.cost_usd, item.usage_from) == (ResultStatus.MISSING, None, UsageFrom.UNKNOWN)
        assert item.error is not None
        assert "it may have run" in item.error.message
    assert house.job(job_id).row.actual_usd is None
    assert house.scalar("SELECT amount_nano FROM commitment WHERE job_id = :job", job=job_id) == reserved > 0


def test_what_is_called_off_in_doubt_has_an_unknown_cost_and_its_reservation_stays(
    house: House, local: LocalProvider
) -> None:
    local.set_faults({"http": {CREATE: {"1": "500_before", "2": "drop_before"}}})
    job_id = house.submit()
    reserved = house.scalar("SELECT amount_nano FROM commitment WHERE job_id = :job", job=job_id)
    assert house.run(job_id) is JobState.ATTENTION
    house.service().cancel(LOCAL, job_id)
    assert house.job(job_id).row.state is JobState.CANCELLED
    for item in house.items(job_id).values():
        assert (item.cost_usd, item.usage_from) == (None, UsageFrom.UNKNOWN)
        assert item.error is not None
        assert "Its cost is unknown" in item.error.message
    assert house.job(job_id).row.actual_usd is None
    assert house.scalar("SELECT amount_nano FROM commitment WHERE job_id = :job", job=job_id) == reserved > 0
    house.check(job_id, batches=0)
