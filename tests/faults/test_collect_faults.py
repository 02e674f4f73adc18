"""What may go wrong while a batch is watched and its results are fetched: each request ends once, and none is lost.

Letters and numbers in names and test ids (D1, E2, ...) are rows of the fault table: a fault and what must follow.
"""

from __future__ import annotations

import logging
from collections import Counter
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from core.domain.actor import LOCAL
from core.domain.alert import AlertKind
from core.domain.analysis import ItemError, ResultStatus, Usage
from core.domain.batch import Batch, BatchProblem, Counted
from core.domain.job import JobState, ShardState
from core.drafts.fact_store import sheet_path
from core.drafts.job_files import job_folder
from core.errors import ProviderUnreachable
from core.guard.budgets import Budgets
from core.llm.pricing import cost, price
from core.providers.openai_provider import OpenAIProvider
from core.worker.late_results import fetch_lost
from core.worker.remote_files import INCOMPLETE, orphans, remove_files
from core.worker.result_files import TRIES
from tests.faults.staging import KEY, House, Meddler, Once, until
from tests.local_provider import LocalProvider

CONTENT, CHECK, CANCEL = "GET /v1/files/{id}/content", "GET /v1/batches/{id}", "POST /v1/batches/{id}/cancel"
OK, FAILED, INVALID, REFUSED, TRUNCATED, MISSING = (
    ResultStatus.SUCCEEDED,
    ResultStatus.FAILED,
    ResultStatus.INVALID,
    ResultStatus.REFUSED,
    ResultStatus.TRUNCATED,
    ResultStatus.MISSING,
)


class Crash(BaseException):
    """A process that ends here and now."""


EMPTY = ItemError("", "", transient=False)


def endings(house: House, job_id: str) -> dict[ResultStatus, int]:
    return dict(Counter(item.status for item in house.items(job_id).values()))


@pytest.mark.parametrize(
    ("fault", "state", "ended", "strays"),
    [
        pytest.param({"duplicate_lines": True}, JobState.DONE, {OK: 6}, 2, id="D4-a-line-twice"),
        pytest.param({"conflicting_lines": True}, JobState.DONE, {OK: 6}, 2, id="D4-two-answers-to-one-request"),
        pytest.param({"missing_lines": 0.01}, JobState.PARTIAL, {OK: 5, MISSING: 1}, 0, id="D5-a-line-missing"),
        pytest.param({"missing_lines": 1}, JobState.FAILED, {MISSING: 6}, 0, id="D5-all-lines-missing"),
        pytest.param({"unknown_custom_id": True}, JobState.DONE, {OK: 6}, 1, id="D6-somebody-elses-line"),
        pytest.param({"shuffle": True}, JobState.DONE, {OK: 6}, 0, id="D7-another-order"),
        pytest.param({"broken_line": True}, JobState.PARTIAL, {OK: 5, MISSING: 1}, 1, id="D8-a-broken-line"),
        pytest.param({"byte_order_mark": True}, JobState.DONE, {OK: 6}, 0, id="D8-a-byte-order-mark"),
        pytest.param({"blank_lines": True}, JobState.DONE, {OK: 6}, 0, id="D8-blank-lines"),
        pytest.param({"no_final_newline": True}, JobState.DONE, {OK: 6}, 0, id="D8-no-newline-at-the-end"),
        pytest.param({"unknown_status": "paused"}, JobState.DONE, {OK: 6}, 0, id="E1-a-status-never-seen"),
        pytest.param({"expire_after": 0.5}, JobState.PARTIAL, {OK: 3, FAILED: 3}, 0, id="E2-expired-half-way"),
        pytest.param({"expire_after": 0}, JobState.FAILED, {FAILED: 6}, 0, id="E2-expired-with-nothing-done"),
        pytest.param({"fail": "mismatched_model"}, JobState.FAILED, {FAILED: 6}, 0, id="E5-failed-at-validation"),
        pytest.param({"no_usage": True}, JobState.DONE, {OK: 6}, 0, id="E6-no-usage"),
        pytest.param({"empty_file_ids": True}, JobState.DONE, {OK: 6}, 0, id="an-empty-error-file-id"),
        pytest.param({"empty_file_ids": True, "fail": "x"}, JobState.FAILED, {FAILED: 6}, 0, id="only-empty-file-ids"),
        pytest.param({"no_output_file": True}, JobState.FAILED, {MISSING: 6}, 0, id="no-output-file-is-named"),
    ],
)
def test_whatever_the_result_files_look_like_each_request_ends_once(
    house: House,
    local: LocalProvider,
    fault: dict[str, Any],
    state: JobState,
    ended: dict[ResultStatus, int],
    strays: int,
) -> None:
    local.set_faults({"batches": {"*": fault}})
    job_id = house.submit(6)
    assert house.run(job_id) is state
    assert endings(house, job_id) == ended
    assert len(house.service().strays(LOCAL, job_id)) == strays
    house.check(job_id, batches=1)


@pytest.mark.parametrize(
    ("kind", "ended"),
    [
        ("refused", REFUSED),
        ("cut", TRUNCATED),
        ("invalid_json", INVALID),
        ("wrong_shape", INVALID),
        ("empty", FAILED),
        ("status_0", FAILED),
        ("bad_request_rows", FAILED),
        ("server_error_rows", FAILED),
        ("line_separator", OK),
        ("wrong_number", OK),
        ("unsupported", OK),
    ],
    ids=lambda value: f"D9-{value}" if isinstance(value, str) else "",
)
def test_whatever_an_answer_is_it_ends_its_request_as_what_it_is(
    house: House, local: LocalProvider, kind: str, ended: ResultStatus
) -> None:
    local.set_faults({"answers": {kind: 1.0}})
    job_id = house.submit(4)
    house.run(job_id)
    found = endings(house, job_id)
    assert sum(found.values()) == 4
    assert set(found) <= ({ended, INVALID} if kind == "empty" else {ended})
    flagged = [item for item in house.items(job_id).values() if item.verification and item.verification.findings]
    assert len(flagged) == (4 if kind in {"wrong_number", "unsupported"} else 0)
    house.check(job_id, batches=1)


def test_failures_of_a_mixed_batch_are_read_from_the_error_file(house: House, local: LocalProvider) -> None:
    """Success and failure in one batch: reading the output file alone would lose the failures silently."""
    local.set_faults({"seed": 3, "answers": {"bad_request_rows": 0.25, "server_error_rows": 0.25}})
    job_id = house.submit(6)
    house.run(job_id)
    found = endings(house, job_id)
    assert sum(found.values()) == 6
    codes = {item.error.message for item in house.items(job_id).values() if item.error}
    assert codes, "the seed gives at least one failing row"
    house.check(job_id, batches=1)


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param("cut_download", id="D1-cut-although-announced"),
        pytest.param("short_download", id="D2-cut-and-closed-as-if-complete"),
        pytest.param("html_after", id="a-proxy-page-instead-of-the-file"),
        pytest.param("drop_before", id="a-reset"),
        pytest.param("429", id="a-rate-limit"),
        pytest.param("403", id="a-refusal-that-passes"),
        pytest.param("404", id="D11-not-found-for-a-moment"),
    ],
)
def test_a_download_that_fails_is_begun_again(house: House, local: LocalProvider, fault: str) -> None:
    local.set_faults({"http": {CONTENT: {"1": fault, "2": fault}}})
    job_id = house.submit(6)
    assert house.run(job_id) is JobState.DONE
    assert endings(house, job_id) == {OK: 6}
    house.check(job_id, batches=1)
    assert {path.suffix for path in (job_folder(house.app.settings.home, job_id) / "results").iterdir()} == {".jsonl"}


def test_d2_a_long_outage_does_not_make_a_cut_file_believable(house: House, local: LocalProvider) -> None:
    plan: dict[str, Any] = {str(call): "403" for call in range(1, 2 * TRIES)}
    local.set_faults({"http": {CONTENT: {**plan, str(2 * TRIES): "short_download"}}})
    job_id = house.submit(6)
    assert house.run(job_id) is JobState.DONE
    assert endings(house, job_id) == {OK: 6}
    house.check(job_id, batches=1)


def test_d2_a_file_that_stays_cut_is_taken_as_it_is_and_the_rest_is_missing(house: House, local: LocalProvider) -> None:
    local.set_faults({"http": {CONTENT: {"*": "short_download"}}})
    job_id = house.submit(5)  # half of their bytes ends within a line
    assert house.run(job_id) is JobState.PARTIAL
    assert local.calls(CONTENT) == TRIES
    found = endings(house, job_id)
    assert found[OK] >= 2
    assert found[OK] + found[MISSING] == 5
    assert len(house.service().strays(LOCAL, job_id)) == 1
    assert house.job(job_id).row.actual_usd == billed(house, job_id), "what was answered was paid, here or not"
    assert AlertKind.RESULT_LOST in {alert.kind for alert in house.store.alerts.of(house.shard(job_id).shard_id)}
    # The provider's copy is the only whole one, so nobody removes it.
    assert remove_files(house.context(keep_remote=False), house.shard(job_id))
    assert house.shard(job_id).output_file_id in {file.file_id for file in house.provider.list_files("batch_output")}
    house.check(job_id, batches=1)


def test_a_file_that_is_whole_after_a_crash_is_not_taken_for_a_cut_one(house: House, local: LocalProvider) -> None:
    local.set_faults({"http": {CONTENT: {str(call): "short_download" for call in range(1, TRIES + 1)}}})
    job_id = house.submit(6)

    def killed() -> None:
        raise Crash

    with pytest.raises(Crash):
        house.run(job_id, context=house.context(crossing=Once("after_download", killed)))
    folder = job_folder(house.app.settings.home, job_id) / "results"
    assert [path.name for path in folder.glob(f"*{INCOMPLETE}")] == [f"0000.output{INCOMPLETE}"]
    house.clock.leap(house.clock() + timedelta(seconds=5))
    assert house.run(job_id) is JobState.DONE
    assert endings(house, job_id) == {OK: 6}
    assert not list(folder.glob(f"*{INCOMPLETE}"))


def test_lines_that_never_came_and_whose_price_nobody_says_leave_the_cost_unknown(
    house: House, local: LocalProvider
) -> None:
    local.set_faults({"http": {CONTENT: {"*": "404"}}, "batches": {"*": {"no_usage": True}}})
    job_id = house.submit(2)
    assert house.run(job_id) is JobState.FAILED
    assert house.job(job_id).row.actual_usd is None
    (paid,) = house.app.oversight.ledger(LOCAL, job_id)
    assert paid.cost_usd is None
    house.check_on_the_way(job_id)


@pytest.mark.parametrize("looks", [1, 3])
def test_a_file_that_the_provider_names_late_is_fetched(house: House, local: LocalProvider, looks: int) -> None:
    job_id = house.submit(3)
    left = looks

    def check(one: str) -> Batch:
        nonlocal left
        batch = house.provider.check(one)
        if batch.status != "completed" or left == 0:
            return batch
        left -= 1
        return replace(batch, output_file_id=None)

    assert house.run(job_id, context=house.context(provider=Meddler(house.provider, check=check))) is JobState.DONE
    assert left == 0
    house.check(job_id, batches=1)


def test_a_file_that_the_provider_does_not_name_is_lost_and_its_cost_unknown(
    house: House, local: LocalProvider
) -> None:
    job_id = house.submit(3)

    def check(one: str) -> Batch:
        return replace(house.provider.check(one), output_file_id=None, counted=None)

    house.run(job_id, context=house.context(provider=Meddler(house.provider, check=check)))
    assert endings(house, job_id) == {MISSING: 3}
    assert house.job(job_id).row.actual_usd is None
    assert "counts 3 answers and names no file" in next(
        event.note for event in house.events(job_id) if event.event == "result_lost"
    )
    reserved = house.job(job_id).estimate.expected_usd
    (part,) = house.rows("SELECT settled, amount_nano FROM commitment WHERE job_id = :job", job=job_id)
    assert (bool(part.settled), Decimal(part.amount_nano) / 10**9) == (True, reserved), (
        "it stands for what is not known"
    )
    house.check(job_id, batches=1)


def test_what_is_billed_for_missing_lines_is_never_less_than_what_came(house: House, local: LocalProvider) -> None:
    local.set_faults({"batches": {"*": {"missing_lines": 0.01}}})
    job_id = house.submit(6)

    def check(one: str) -> Batch:
        return replace(house.provider.check(one), counted=Counted(Usage(1, 0, 1, 0)))

    house.run(job_id, context=house.context(provider=Meddler(house.provider, check=check)))
    assert endings(house, job_id) == {OK: 5, MISSING: 1}
    came = sum((item.cost_usd or Decimal(0) for item in house.items(job_id).values()), Decimal(0))
    assert house.job(job_id).row.actual_usd == came > 0
    house.check(job_id, batches=1)


def test_being_refused_a_look_at_the_bill_keeps_no_results_waiting(house: House, local: LocalProvider) -> None:
    local.set_faults({"batches": {"*": {"missing_lines": 0.01}}})
    job_id = house.submit(6)

    def refused(_point: str) -> None:
        local.set_faults({"http": {CHECK: {"*": "403"}}})

    context = house.context(crossing=Once("before_settle", lambda: refused("")))
    house.run(job_id, to=ShardState.COLLECTING)
    house.run(job_id, context=context)
    assert endings(house, job_id) == {OK: 5, MISSING: 1}
    house.check(job_id, batches=1)


def test_nothing_is_bought_by_itself_while_it_is_not_known_what_was_spent(house: House, local: LocalProvider) -> None:
    local.set_faults(
        {
            "seed": 3,
            "answers": {"server_error_rows": 0.5},
            "http": {CONTENT: {"*": {"kind": "404"}}},
            "batches": {"*": {"no_usage": True}},
        }
    )
    job_id = house.submit(6)
    house.run(job_id, context=house.context(retries=2))
    assert house.job(job_id).row.actual_usd is None
    assert len(house.store.shards.of_job(job_id)) == 1
    assert house.store.retries.spent(job_id) == house.job(job_id).estimate.expected_usd, "never nothing"


def test_what_is_not_known_stays_reserved_beside_what_is(house: House, local: LocalProvider) -> None:
    local.set_faults({"http": {CONTENT: {"*": "404"}}, "batches": {"*": {"no_usage": True}}})
    job_id = house.submit(3)
    assert house.run(job_id) is JobState.FAILED
    reserved = house.job(job_id).estimate.expected_usd
    assert reserved is not None
    local.set_faults()
    service = house.retry_service(Budgets(job_usd=reserved))
    assert f"on top of ${reserved:,.4f}" in service.plan(LOCAL, job_id).over_budget
    house.retry_service().retry(LOCAL, job_id)
    assert house.run(job_id) is JobState.DONE
    paid = [row.cost_usd for row in house.app.oversight.ledger(LOCAL, job_id)]
    assert paid[0] is None
    assert paid[1] is not None
    parts = house.rows("SELECT amount_nano FROM commitment WHERE job_id = :job ORDER BY part", job=job_id)
    assert [Decimal(part.amount_nano) / 10**9 for part in parts] == [reserved, paid[1]]
    assert house.store.retries.spent(job_id) == reserved + paid[1]
    house.check(job_id, batches=2)


def test_a_model_without_a_price_leaves_the_cost_unknown_and_never_nothing(house: House, local: LocalProvider) -> None:
    local.set_faults({"batches": {"*": {"missing_lines": 0.5}}})
    job_id = house.service().submit(LOCAL, house.request(6, model="gpt-6.2-sol"), force=True).row.job_id
    house.run(job_id)
    assert {item.cost_usd for item in house.items(job_id).values()} == {None}
    assert house.job(job_id).row.actual_usd is None
    (paid,) = house.app.oversight.ledger(LOCAL, job_id)
    assert (paid.cost_usd, paid.usage.output_tokens > 0) == (None, True)
    house.check_on_the_way(job_id)


def billed(house: House, job_id: str) -> Decimal:
    """What the provider's own count of a job's one batch costs."""
    shard = house.shard(job_id)
    counted, known = (
        house.provider.check(shard.batch_id or "").counted,
        price(shard.model, batch=True, at=house.clock()),
    )
    assert counted is not None
    assert known is not None
    return cost(known, counted.usage)


def test_d11_results_that_are_gone_are_missing_and_said_so(
    house: House, local: LocalProvider, caplog: pytest.LogCaptureFixture
) -> None:
    local.set_faults({"http": {CONTENT: {"*": "404"}}})
    job_id = house.submit(3)
    with caplog.at_level(logging.CRITICAL):
        assert house.run(job_id) is JobState.FAILED
    assert endings(house, job_id) == {MISSING: 3}
    assert "no longer has result file" in next(e.note for e in house.events(job_id) if e.event == "result_lost")
    assert house.job(job_id).row.actual_usd == billed(house, job_id) > 0
    assert local.calls(CONTENT) == TRIES + 1, "one answer may be wrong"
    assert {item.error.code for item in house.items(job_id).values() if item.error} == {"result_lost"}
    house.check(job_id, batches=1)
    local.set_faults()
    kept = house.shard(job_id).output_file_id
    assert remove_files(house.context(keep_remote=False), house.shard(job_id))
    (found,) = [one for one in orphans(house.store, house.provider) if one.remote_id == kept]
    assert (found.keep, "never got all of it: kept" in found.why) == (True, True)


def test_e3_a_batch_cancelled_midway_keeps_and_pays_what_was_finished(
    house: House, tmp_path_factory: pytest.TempPathFactory
) -> None:
    # Slow enough that the wish arrives long before the last of six answers, a second after the first.
    with (
        LocalProvider(tmp_path_factory.mktemp("slow")).start(speed=200) as slow,
        closing(OpenAIProvider(KEY, slow.base_url, timeout_seconds=2)) as talking,
    ):
        _cancel_midway(replace(house, provider=talking))


def _cancel_midway(at_slow: House) -> None:
    job_id = at_slow.submit(6)
    context = at_slow.context()
    while not at_slow.shard(job_id).counts.completed:
        at_slow.clock.leap(at_slow.shard(job_id).next_due_at)
        at_slow.round(context)
    at_slow.service().cancel(LOCAL, job_id)
    assert at_slow.run(job_id) is JobState.CANCELLED
    found = endings(at_slow, job_id)
    assert found[OK] >= 1
    assert found[OK] + found[FAILED] == 6
    assert {item.error.code for item in at_slow.items(job_id).values() if item.error} == {"batch_cancelled"}
    paid = at_slow.job(job_id).row.actual_usd
    assert paid is not None
    assert paid > 0
    at_slow.check(job_id, batches=1)


def test_e4_a_wish_to_stop_that_comes_too_late_leaves_a_finished_job(house: House, local: LocalProvider) -> None:
    job_id = house.submit(3)
    house.run(job_id, to=ShardState.RUNNING)
    house.service().cancel(LOCAL, job_id)
    batch_id = house.shard(job_id).batch_id or ""
    # The look still says "in progress"; by the time the wish arrives, the batch has completed.
    stale = Meddler(house.provider, check=lambda one: replace(house.provider.check(one), status="in_progress"))
    completed = Once(
        "before_cancel", lambda: until(lambda: house.provider.check(batch_id).status == "completed", "completed")
    )
    house.round(house.context(provider=stale, crossing=completed))
    assert completed.reached
    assert house.run(job_id) is JobState.DONE
    house.check(job_id, batches=1)


def test_e5_the_providers_words_reach_every_request_whatever_else_was_said_since(
    house: House, local: LocalProvider, caplog: pytest.LogCaptureFixture
) -> None:
    local.set_faults({"batches": {"*": {"fail": "duplicate_custom_id"}}})
    job_id = house.submit(3)

    sheets = sheet_path(job_folder(house.app.settings.home, job_id))
    away = sheets.rename(sheets.with_suffix(".away"))
    with caplog.at_level(logging.CRITICAL):
        house.run(job_id, to=ShardState.COLLECTING)
    assert "facts.jsonl" in house.shard(job_id).message
    away.rename(sheets)
    assert house.run(job_id) is JobState.FAILED
    assert all("duplicate_custom_id" in (item.error or EMPTY).message for item in house.items(job_id).values())
    assert "duplicate_custom_id" in house.shard(job_id).message
    house.check(job_id, batches=1)


def test_e7_a_view_that_goes_backwards_changes_no_state(house: House, local: LocalProvider) -> None:
    local.set_faults({"batches": {"*": {"stuck": True}}})
    job_id = house.submit(3)
    house.run(job_id, to=ShardState.RUNNING)
    words = iter(["finalizing", "validating", "in_progress", "completed"])
    batch_id = house.shard(job_id).batch_id or ""
    until(lambda: house.provider.check(batch_id).status == "in_progress", "the batch is at work")

    def look(one: str) -> Any:
        return replace(house.provider.check(one), status=next(words))

    before = len(house.events(job_id))
    context = house.context(provider=Meddler(house.provider, check=look))
    for _ in range(3):
        house.clock.leap(house.shard(job_id).next_due_at)
        house.round(context)
        assert house.shard(job_id).state is ShardState.RUNNING
    assert len(house.events(job_id)) == before
    house.service().cancel(LOCAL, job_id)
    assert house.run(job_id) is JobState.CANCELLED


def test_f8_a_provider_out_of_reach_changes_no_state_and_is_said(house: House, local: LocalProvider) -> None:
    job_id = house.submit(3)
    house.run(job_id, to=ShardState.RUNNING)

    def unreachable(_: str) -> Any:
        raise ProviderUnreachable("no route")

    seen = house.shard(job_id).last_contact_at
    partition = house.context(provider=Meddler(house.provider, check=unreachable))
    begin = house.clock()
    rounds = 0
    while house.clock() - begin < timedelta(hours=2) and rounds < 50:
        house.clock.leap(house.shard(job_id).next_due_at)
        rounds += house.round(partition)
    shard = house.shard(job_id)
    assert (shard.state, shard.last_contact_at) == (ShardState.RUNNING, seen)
    assert "No contact with the provider: no route" in shard.message
    assert rounds == 50, "with a patience of at most 16 polls"
    assert house.run(job_id) is JobState.DONE
    house.check(job_id, batches=1)


def test_a_batch_that_vanished_is_given_up_an_hour_after_its_deadline(house: House, local: LocalProvider) -> None:
    local.set_faults({"batches": {"*": {"vanish": True}}})
    job_id = house.submit(3)
    house.run(job_id, to=ShardState.RUNNING)
    house.expire(job_id, house.clock() + timedelta(hours=24))
    house.clock.leap(house.clock() + timedelta(hours=23))
    house.round(house.context())
    assert house.shard(job_id).state is ShardState.RUNNING
    assert house.shard(job_id).shard_id in {alert.subject for alert in house.store.alerts.standing()}
    house.clock.leap(house.clock() + timedelta(hours=3))
    assert house.run(job_id) is JobState.FAILED
    assert endings(house, job_id) == {MISSING: 3}
    house.check(job_id)


def test_f3_a_full_disk_keeps_the_results_at_the_provider_until_there_is_room(
    house: House, local: LocalProvider, caplog: pytest.LogCaptureFixture
) -> None:
    job_id = house.submit(3)
    folder = job_folder(house.app.settings.home, job_id) / "results"

    def fill_the_disk(point: str) -> None:
        if point == "before_download":
            # What the download is written to leads to the device that is always full.
            (folder / f"0000.output.{house.shard(job_id).fence}.tmp.part").symlink_to("/dev/full")

    full = house.context(crossing=fill_the_disk)
    with caplog.at_level(logging.CRITICAL):
        house.run(job_id, to=ShardState.COLLECTING, context=full)
        house.clock.leap(house.shard(job_id).next_due_at)
        house.round(full)
    shard = house.shard(job_id)
    assert shard.state is ShardState.COLLECTING
    assert "could not be written" in shard.message
    assert "No space left on device" in shard.message
    assert local.counts()["calls"].get("DELETE /v1/files/{id}", 0) == 0
    assert house.run(job_id) is JobState.DONE
    assert [path.name for path in folder.iterdir()] == ["0000.output.jsonl"]
    house.check(job_id, batches=1)


def test_results_are_read_on_from_the_byte_at_which_they_were_left(house: House, local: LocalProvider) -> None:
    """Interrupted after each chunk in turn, with blank lines and duplicates between: nothing twice, nothing lost."""
    local.set_faults({"batches": {"*": {"blank_lines": True, "duplicate_lines": True}}})
    job_id = house.submit(6)
    rounds = 0

    class Cut(Exception):
        pass

    def cut(point: str) -> None:
        if point in {"before_chunk", "after_chunk"} and rounds % 2 == (point == "after_chunk"):
            raise Cut

    while house.shard(job_id).state is not ShardState.DONE:
        rounds += 1
        assert rounds < 200
        house.clock.leap(max(house.shard(job_id).next_due_at, house.clock() + timedelta(seconds=2)))
        try:
            house.round(house.context(chunk=2, crossing=cut))
        except Cut:
            continue
    assert endings(house, job_id) == {OK: 6}
    assert len(house.service().strays(LOCAL, job_id)) == 2
    house.check(job_id, batches=1)


def test_the_providers_own_line_of_a_request_is_found_again(house: House, local: LocalProvider) -> None:
    local.set_faults({"batches": {"*": {"blank_lines": True, "shuffle": True}}})
    job_id = house.submit(6)
    house.run(job_id)
    for item in house.items(job_id).values():
        line = house.service().raw_answer(LOCAL, job_id, item.custom_id)
        assert line is not None
        assert line["custom_id"] == item.custom_id
        asked = house.service().raw_request(LOCAL, job_id, item.custom_id)
        assert asked is not None
        assert asked["custom_id"] == item.custom_id
        sheet = house.service().facts(LOCAL, job_id, item.custom_id)
        assert sheet is not None
        assert sheet.portfolio_id == item.portfolio_id
    assert Path(house.shard(job_id).path).exists()


def test_d2_a_file_that_is_cut_behind_an_inner_brace_is_not_taken_for_whole(house: House, local: LocalProvider) -> None:
    cut: list[int] = []

    def download(file_id: str, to: Path) -> int:
        size = house.provider.download(file_id, to)
        if not cut:
            # The last byte of what is left is a closing brace, as that of a whole line is.
            whole = to.read_bytes()
            to.write_bytes(whole[: whole.rstrip(b"}\n").rindex(b"}") + 1])
            cut.append(to.stat().st_size)
        return size

    job_id = house.submit(3)
    assert (
        house.run(job_id, context=house.context(provider=Meddler(house.provider, download=download))) is JobState.DONE
    )
    assert cut
    assert endings(house, job_id) == {OK: 3}
    house.check(job_id, batches=1)


def test_a_batch_that_ran_out_of_room_midway_is_collected_and_not_bought_again(
    house: House, local: LocalProvider
) -> None:
    job_id = house.submit(3)
    house.run(job_id, to=ShardState.RUNNING)
    batch_id = house.shard(job_id).batch_id or ""
    until(lambda: house.provider.check(batch_id).status == "completed", "completed")

    def check(one: str) -> Batch:
        said = BatchProblem("token_limit_exceeded", "Enqueued token limit reached.")
        return replace(house.provider.check(one), status="failed", problems=(said,))

    house.run(job_id, context=house.context(provider=Meddler(house.provider, check=check)))
    assert endings(house, job_id) == {OK: 3}
    assert "requeued" not in {event.event for event in house.events(job_id)}
    house.check(job_id, batches=1)


def incomplete(house: House, job_id: str) -> list[str]:
    folder = job_folder(house.app.settings.home, job_id) / "results"
    return [path.name for path in folder.glob(f"*{INCOMPLETE}")]


@pytest.mark.parametrize("fault", ["404", "short_download"])
@pytest.mark.parametrize("usage", [True, False], ids=["billed", "bill-unknown"])
def test_results_that_were_lost_are_taken_when_the_provider_has_them_after_all(
    house: House, local: LocalProvider, fault: str, usage: bool
) -> None:
    fetch_lost(house.context())  # what other tests have left
    local.set_faults({"http": {CONTENT: {"*": fault}}, "batches": {"*": {} if usage else {"no_usage": True}}})
    job_id = house.submit(6)
    house.run(job_id)
    assert endings(house, job_id)[MISSING] > 0
    assert house.job(job_id).row.actual_usd == (billed(house, job_id) if usage else None)
    context = house.context(keep_remote=False)
    assert fetch_lost(context) == 0, "it still cannot be had"
    assert incomplete(house, job_id)
    local.set_faults()
    assert fetch_lost(context) == 1
    assert fetch_lost(context) == 0
    assert endings(house, job_id) == {OK: 6}
    assert house.job(job_id).row.state is JobState.DONE
    assert house.job(job_id).row.actual_usd == sum(
        (item.cost_usd or Decimal(0) for item in house.items(job_id).values()), Decimal(0)
    )
    assert incomplete(house, job_id) == []
    assert AlertKind.RESULT_LOST not in {
        alert.kind for alert in house.store.alerts.of(house.shard(job_id).shard_id) if alert.cleared_at is None
    }
    assert house.shard(job_id).files_gone_at is not None, "now that everything is here"
    house.check(job_id, batches=1)


def test_killed_while_late_results_are_stored_nothing_is_counted_twice(house: House, local: LocalProvider) -> None:
    fetch_lost(house.context())  # what other tests have left
    local.set_faults({"http": {CONTENT: {"*": "404"}}})
    job_id = house.submit(6)
    house.run(job_id)
    local.set_faults()

    def killed() -> None:
        raise Crash

    with pytest.raises(Crash):
        fetch_lost(house.context(chunk=2, crossing=Once("after_chunk", killed, nth=2)))
    assert endings(house, job_id) == {OK: 4, MISSING: 2}
    house.clock.leap(house.clock() + timedelta(seconds=2))
    assert fetch_lost(house.context(chunk=2)) == 1
    assert endings(house, job_id) == {OK: 6}
    house.check(job_id, batches=1)


def test_what_was_asked_again_meanwhile_is_left_as_it_is(house: House, local: LocalProvider) -> None:
    fetch_lost(house.context())  # what other tests have left
    local.set_faults({"http": {CONTENT: {"*": "404"}}})
    job_id = house.submit(3)
    house.run(job_id)
    local.set_faults({"batches": {"*": {"stuck": True}}})
    house.retry_service().retry(LOCAL, job_id)
    local.set_faults()
    assert fetch_lost(house.context()) == 0, "not while the job goes on"
    assert house.run(job_id) is JobState.DONE
    before = house.job(job_id).row.actual_usd
    assert fetch_lost(house.context()) == 1
    assert house.job(job_id).row.actual_usd == before
    house.check(job_id, batches=2)
