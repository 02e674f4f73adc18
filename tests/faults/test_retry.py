"""Asking again: by itself what passes, on request what somebody bought, never the same request twice unasked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
import pytest

from core.domain.actor import LOCAL
from core.domain.analysis import ResultStatus
from core.domain.job import JobState, ShardState
from core.drafts.batch_room import Rooms
from core.errors import AlreadyOpen, BadInput, OverBudget, ProviderError, Refused, StaleMove
from core.guard.budgets import Budgets
from core.storage.jobs.job_moves import job_row
from core.storage.jobs.reservations import settle_job
from core.storage.jobs.retries import ASKING
from core.worker.context import Context
from core.worker.queue_order import Rules
from tests.faults.staging import House, Meddler
from tests.local_provider import LocalProvider

SYNC = "POST /v1/chat/completions"


def patient(house: House, retries: int = 2) -> Context:
    return replace(house.context(), retries=retries)


def statuses(house: House, job_id: str) -> set[ResultStatus]:
    return {item.status for item in house.items(job_id).values()}


def notes(house: House, job_id: str, event: str) -> list[str]:
    return [one.note for one in house.events(job_id) if one.event == event]


def failing(local: LocalProvider, kind: str, share: float = 1.0) -> None:
    local.set_faults({"answers": {kind: share}})


def healed(house: House, local: LocalProvider) -> Any:
    """The cause is gone once the first batch has been collected."""

    def crossing(point: str) -> None:
        if point == "before_settle":
            local.set_faults()

    return crossing


def sent(house: House, job_id: str, index: int) -> list[bytes]:
    """The lines of one of a job's batches."""
    return Path(house.shard(job_id, index).path).read_bytes().splitlines()


def test_what_failed_for_a_passing_reason_is_asked_again_by_itself(house: House, local: LocalProvider) -> None:
    failing(local, "server_error_rows", 0.5)
    job_id = house.submit(6)
    context = replace(patient(house), crossing=healed(house, local))
    assert house.run(job_id, context=context) is JobState.DONE
    shards = house.store.shards.of_job(job_id)
    assert [shard.retry_round for shard in shards] == [0, 1]
    assert shards[0].requests == 6 > shards[1].requests > 0
    assert sum(house.store.retries.attempts(job_id).values()) == shards[1].requests
    assert "asked again" in notes(house, job_id, "retry")[0]
    house.check(job_id, batches=2)


def test_what_goes_on_failing_is_asked_again_so_often_and_no_oftener(house: House, local: LocalProvider) -> None:
    failing(local, "server_error_rows")
    job_id = house.submit(2)
    assert house.run(job_id, context=patient(house, 2)) is JobState.FAILED
    assert [shard.retry_round for shard in house.store.shards.of_job(job_id)] == [0, 1, 2]
    assert statuses(house, job_id) == {ResultStatus.FAILED}
    house.check(job_id, batches=3)


def test_what_waits_already_is_not_bought_by_a_retry_nor_what_a_retry_asks_by_a_job(
    house: House, local: LocalProvider
) -> None:
    failing(local, "server_error_rows")
    job_id = house.submit(2)
    assert house.run(job_id, context=patient(house, 0)) is JobState.FAILED
    service = house.retry_service()
    other = house.submit(1)
    plan = service.plan(LOCAL, job_id)
    assert plan.requests == 1
    assert f"1 left out: they wait for an answer already, in job {other}." in plan.left_out
    assert service.plan(LOCAL, job_id, insists=True).requests == 2
    house.store.jobs.wish_cancel(other, actor="test", at=house.clock())
    service.retry(LOCAL, job_id)
    with pytest.raises(AlreadyOpen, match=f"This very request waits .* in job {job_id}"):
        house.service().submit(LOCAL, house.request(1))
    local.set_faults()
    assert house.run(job_id) is JobState.DONE
    assert house.run(other) is JobState.CANCELLED


def test_an_expired_batch_goes_on_with_what_it_did_not_finish(house: House, local: LocalProvider) -> None:
    local.set_faults({"batches": {"1": {"expire_after": 0.5}}})
    job_id = house.submit(6)
    assert house.run(job_id, context=patient(house)) is JobState.DONE
    first, second = house.store.shards.of_job(job_id)
    assert (first.requests, second.requests) == (6, 3)
    house.check(job_id, batches=2)


@pytest.mark.parametrize("kind", ["bad_request_rows", "refused", "cut", "invalid_json", "wrong_shape"])
def test_what_does_not_pass_by_itself_is_not_bought_again_by_itself(
    house: House, local: LocalProvider, kind: str
) -> None:
    failing(local, kind)
    job_id = house.submit(2)
    assert house.run(job_id, context=patient(house)) is JobState.FAILED
    assert len(house.store.shards.of_job(job_id)) == 1
    house.check(job_id, batches=1)


def test_a_missing_line_may_have_been_paid_so_it_takes_a_person(house: House, local: LocalProvider) -> None:
    local.set_faults({"batches": {"1": {"missing_lines": 0.5}}})
    job_id = house.submit(6)
    assert house.run(job_id, context=patient(house)) is JobState.PARTIAL
    assert len(house.store.shards.of_job(job_id)) == 1
    service = house.retry_service()
    plan = service.plan(LOCAL, job_id)
    few = house.job(job_id).row.counts.missing
    assert plan.statuses == {"missing": few}
    assert f"{few} of them are missing: the provider may have answered" in plan.warnings[0]
    assert plan.expected_usd is not None
    assert plan.expected_usd > 0
    before = house.rows("SELECT count(*) AS n FROM shard WHERE job_id = :job", job=job_id)[0].n
    assert before == 1, "a plan stores nothing"
    service.retry(LOCAL, job_id)
    assert house.job(job_id).row.state is JobState.RUNNING
    assert house.run(job_id) is JobState.DONE
    house.check(job_id, batches=2)


def test_what_a_later_batch_says_of_its_own_requests_is_not_taken_for_the_jobs(
    house: House, local: LocalProvider
) -> None:
    failing(local, "invalid_json", 0.4)
    job_id = house.submit(6)
    assert house.run(job_id) is JobState.PARTIAL
    failing(local, "invalid_json")
    house.retry_service().retry(LOCAL, job_id)
    assert house.run(job_id) is JobState.PARTIAL
    few = house.job(job_id).row.counts.failed
    assert house.shard(job_id, 1).message == f"0 of {few} succeeded; {few} invalid."
    assert house.job(job_id).row.message == ""
    house.check(job_id, batches=2)


def test_a_retry_by_itself_keeps_to_what_was_approved(house: House, local: LocalProvider) -> None:
    failing(local, "server_error_rows")
    job_id = house.submit(2)
    context = replace(patient(house), budgets=Budgets(month_usd=Decimal("0.000001")))
    assert house.run(job_id, context=context) is JobState.FAILED
    assert "too little" in notes(house, job_id, "retry_refused")[0]
    house.check(job_id, batches=1)


def test_a_truncated_answer_is_asked_again_with_a_longer_cap(house: House, local: LocalProvider) -> None:
    failing(local, "cut")
    job_id = house.submit(2)
    assert house.run(job_id) is JobState.FAILED
    local.set_faults()
    (cut,) = {orjson.loads(line)["body"]["max_completion_tokens"] for line in sent(house, job_id, 0)}
    with pytest.raises(BadInput, match=rf"2 left out: their answers were cut at {cut:,} tokens already. Give --max"):
        house.retry_service().plan(LOCAL, job_id, max_output=cut)
    house.retry_service().retry(LOCAL, job_id, only=[ResultStatus.TRUNCATED])
    caps = [
        orjson.loads(Path(shard.path).read_bytes().splitlines()[0])["body"]["max_completion_tokens"]
        for shard in house.store.shards.of_job(job_id)
    ]
    assert caps[1] == 2 * caps[0]
    assert house.run(job_id) is JobState.DONE
    house.check(job_id, batches=2)


def test_a_permanent_failure_is_asked_again_only_of_another_model(house: House, local: LocalProvider) -> None:
    failing(local, "bad_request_rows")
    job_id = house.submit(2)
    assert house.run(job_id) is JobState.FAILED
    local.set_faults()
    service = house.retry_service()
    with pytest.raises(BadInput, match=r"2 left out: nothing about them has changed.*another --model"):
        service.plan(LOCAL, job_id)
    plan = service.plan(LOCAL, job_id, model="gpt-5.4")
    assert plan.models == {"gpt-5.4": 2}
    service.retry(LOCAL, job_id, model="gpt-5.4")
    assert house.run(job_id) is JobState.DONE
    ledger = house.rows("SELECT model FROM ledger WHERE job_id = :job ORDER BY shard_id", job=job_id)
    assert [row.model for row in ledger] == ["gpt-5.4-mini", "gpt-5.4"]
    house.check(job_id, batches=2)


def test_a_refusal_is_asked_again_when_a_person_insists(house: House, local: LocalProvider) -> None:
    failing(local, "refused")
    job_id = house.submit(2)
    assert house.run(job_id) is JobState.FAILED
    local.set_faults()
    service = house.retry_service()
    with pytest.raises(BadInput, match="the model declined"):
        service.plan(LOCAL, job_id)
    service.retry(LOCAL, job_id, only=[ResultStatus.REFUSED])
    assert house.run(job_id) is JobState.DONE
    house.check(job_id, batches=2)


def test_the_same_failures_are_bought_once_by_two_who_ask_at_once(house: House, local: LocalProvider) -> None:
    failing(local, "invalid_json")
    job_id = house.submit(2)
    assert house.run(job_id) is JobState.FAILED
    local.set_faults()
    service = house.retry_service()
    service.retry(LOCAL, job_id)
    with pytest.raises(Refused, match="can be asked again once it has ended"):
        service.retry(LOCAL, job_id)
    assert house.run(job_id) is JobState.DONE
    house.check(job_id, batches=2)


def test_a_retry_that_the_budget_does_not_allow_says_by_how_much_and_changes_nothing(
    house: House, local: LocalProvider
) -> None:
    failing(local, "invalid_json")
    job_id = house.submit(2)
    assert house.run(job_id) is JobState.FAILED
    service = house.retry_service(Budgets(job_usd=Decimal("0.0001")))
    assert "too little" in service.plan(LOCAL, job_id).over_budget
    with pytest.raises(OverBudget, match=r"\$0\.0\d+ too little"):
        service.retry(LOCAL, job_id)
    assert house.job(job_id).row.state is JobState.FAILED
    house.check(job_id, batches=1)


def test_a_cancelled_job_is_not_revived_by_itself_and_may_be_on_request(house: House, local: LocalProvider) -> None:
    local.set_faults({"batches": {"1": {"stuck": True}}})
    job_id = house.submit(2)
    house.run(job_id, to=ShardState.RUNNING)
    house.service().cancel(LOCAL, job_id)
    assert house.run(job_id, context=patient(house)) is JobState.CANCELLED
    house.check(job_id, batches=1)
    house.retry_service().retry(LOCAL, job_id)
    assert house.run(job_id) is JobState.DONE
    house.check(job_id, batches=2)


def test_stragglers_are_finished_synchronously_and_paid_as_such(house: House, local: LocalProvider) -> None:
    failing(local, "invalid_json", 0.4)
    job_id = house.submit(6)
    assert house.run(job_id) is JobState.PARTIAL
    local.set_faults()
    few = house.job(job_id).row.counts.failed
    plan = house.retry_service().finish_now(LOCAL, job_id, house.provider)
    assert (plan.requests, plan.sync) == (few, True)
    assert local.calls(SYNC) == few
    assert house.job(job_id).row.state is JobState.DONE
    assert house.scalar("SELECT count(*) FROM ledger WHERE job_id = :job AND batch_id LIKE 'sync:%'", job=job_id) == few
    house.check(job_id, batches=1)


@pytest.mark.parametrize(("fault", "proven"), [("400", True), ("drop_before", False), ("500_before", False)])
def test_a_synchronous_call_without_an_answer_leaves_what_stood_and_says_whether_it_may_be_billed(
    house: House, local: LocalProvider, fault: str, proven: bool
) -> None:
    failing(local, "invalid_json")
    job_id = house.submit(1)
    assert house.run(job_id) is JobState.FAILED
    local.set_faults({"http": {SYNC: {"*": fault}}})
    before = house.store.jobs.spend(f"{house.clock():%Y-%m}").total_usd
    service = house.retry_service()
    with pytest.raises(ProviderError):
        service.finish_now(LOCAL, job_id, house.provider)
    assert statuses(house, job_id) == {ResultStatus.INVALID}
    assert len(notes(house, job_id, "ask")) == 1
    assert len(notes(house, job_id, "ask_failed" if proven else "ask_lost")) == 1
    reserved = house.store.jobs.spend(f"{house.clock():%Y-%m}").total_usd - before
    assert reserved == (0 if proven else service.plan(LOCAL, job_id, sync=True).expected_usd)
    warned = [text for text in service.plan(LOCAL, job_id).warnings if "may have been billed" in text]
    assert len(warned) == (0 if proven else 1)
    house.check(job_id, batches=1)


def test_a_model_that_nobody_knows_is_not_asked_again(house: House, local: LocalProvider) -> None:
    failing(local, "invalid_json")
    job_id = house.submit(1)
    assert house.run(job_id) is JobState.FAILED
    for ask in (house.retry_service().plan, house.retry_service().retry):
        with pytest.raises(BadInput, match=r"'gpt-nope' is not known.*mosychlos models list"):
            ask(LOCAL, job_id, model="gpt-nope")
    house.check(job_id, batches=1)


def test_what_another_model_answered_is_not_reused_for_the_first_question(house: House, local: LocalProvider) -> None:
    house.clock.leap(house.clock() + timedelta(days=8))  # past every answer that other tests left
    failing(local, "invalid_json")
    first = house.submit(1, reuse=timedelta(days=7))
    assert house.run(first) is JobState.FAILED
    local.set_faults()
    house.retry_service().retry(LOCAL, first, model="gpt-5.4-nano")
    assert house.run(first) is JobState.DONE
    second = house.submit(1, reuse=timedelta(days=7))
    assert house.run(second) is JobState.DONE
    assert not any(item.reused_from for item in house.items(second).values())
    house.check(second, batches=1)
    house.clock.leap(house.clock() + timedelta(days=8))


class Meanwhile(Meddler):
    """Something is done while a synchronous call is under way."""

    def __init__(self, house: House, act: Callable[[], object]) -> None:
        super().__init__(house.provider, stream=self._streamed)
        self._house, self._act = house, act

    def _streamed(self, url: str, body: dict[str, Any]) -> Any:
        self._act()
        return self._house.provider.stream(url, body)


def test_what_is_being_asked_synchronously_nobody_else_asks_meanwhile(house: House, local: LocalProvider) -> None:
    failing(local, "invalid_json")
    job_id = house.submit(1)
    assert house.run(job_id) is JobState.FAILED
    local.set_faults()
    service, refusals = house.retry_service(), 0

    def others() -> None:
        nonlocal refusals
        for ask in (
            lambda: service.finish_now(LOCAL, job_id, house.provider),
            lambda: service.retry(LOCAL, job_id),
            lambda: house.reask_service().reask(LOCAL, job_id),
        ):
            with pytest.raises(Refused, match="is being asked right now"):
                ask()
            refusals += 1

    service.finish_now(LOCAL, job_id, Meanwhile(house, others))
    assert refusals == 3
    assert local.calls(SYNC) == 1
    assert house.job(job_id).row.state is JobState.DONE
    with pytest.raises(BadInput, match="Every request has its analysis"):
        service.finish_now(LOCAL, job_id, house.provider)
    house.check(job_id, batches=1)


def test_a_request_whose_asker_was_killed_can_be_asked_again_soon(house: House, local: LocalProvider) -> None:
    failing(local, "invalid_json")
    job_id = house.submit(1)
    assert house.run(job_id) is JobState.FAILED
    local.set_faults()
    service = house.retry_service()

    def killed() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        service.finish_now(LOCAL, job_id, Meanwhile(house, killed))
    with pytest.raises(Refused, match=r"can be asked again from \d\d:\d\dZ on"):
        service.finish_now(LOCAL, job_id, house.provider)
    assert house.store.retries.end_lost(at=house.clock()) == 0
    house.clock.leap(house.clock() + ASKING)
    assert house.store.retries.end_lost(at=house.clock()) == 1
    assert "whether it was billed is not known" in notes(house, job_id, "ask_lost")[0]
    still = house.rows("SELECT amount_nano FROM commitment WHERE job_id = :job AND NOT settled", job=job_id)
    assert list(still) == [], "the reservation stands as spent"
    service.finish_now(LOCAL, job_id, house.provider)
    assert house.job(job_id).row.state is JobState.DONE
    house.check(job_id, batches=1)


def test_a_synchronous_answer_that_comes_too_late_is_left_aside_and_its_cost_counts(
    house: House, local: LocalProvider
) -> None:
    failing(local, "invalid_json")
    job_id = house.submit(1)
    assert house.run(job_id) is JobState.FAILED
    local.set_faults()
    service = house.retry_service()

    def much_later() -> None:
        house.clock.leap(house.clock() + ASKING)
        service.finish_now(LOCAL, job_id, house.provider)

    with pytest.raises(StaleMove, match="was asked again meanwhile"):
        service.finish_now(LOCAL, job_id, Meanwhile(house, much_later))
    assert house.scalar("SELECT count(*) FROM ledger WHERE job_id = :job AND batch_id LIKE 'sync:%'", job=job_id) == 2
    assert "left aside" in notes(house, job_id, "asked")[-1]
    house.check(job_id, batches=1)


def test_an_answer_settles_its_own_reservation_and_nobody_elses(house: House, local: LocalProvider) -> None:
    failing(local, "invalid_json")
    job_id = house.submit(2)
    assert house.run(job_id) is JobState.FAILED
    asked, now = sorted(item.custom_id for item in house.items(job_id).values()), house.clock()
    parts = [
        house.store.retries.intend(job_id, one, Decimal("0.01"), lambda *_spend: None, note="asked", actor=who, at=now)
        for one, who in zip(asked, ("ada", "bob"), strict=True)
    ]
    house.store.retries.call_off(job_id, asked[0], parts[0], "no answer", proven=True, actor="ada", at=now)
    still = house.rows("SELECT person, amount_nano FROM commitment WHERE job_id = :job AND NOT settled", job=job_id)
    assert [tuple(row) for row in still] == [("bob", 10_000_000)]
    with pytest.raises(Refused, match="being asked right now"):
        house.retry_service().retry(LOCAL, job_id)
    house.store.retries.call_off(job_id, asked[1], parts[1], "no answer", proven=True, actor="bob", at=now)
    house.check(job_id, batches=1)


@pytest.mark.parametrize("how", ["asked", "automatic"])
def test_a_retry_is_cut_into_batches_that_fit_the_models_room(house: House, local: LocalProvider, how: str) -> None:
    """A retry larger than what may be enqueued could never be sent."""
    failing(local, "invalid_json" if how == "asked" else "server_error_rows")
    job_id = house.submit(4)
    each = house.shard(job_id).input_tokens // 4
    rooms = Rooms({"*": 2 * each + each // 2, "small": 2 * each + each // 2})
    context = house.context(rules=Rules(rooms), retries=0 if how == "asked" else 1)
    while house.job(job_id).row.state is not JobState.FAILED and len(house.store.shards.of_job(job_id)) == 1:
        house.run(job_id, to=None, context=context) if how == "asked" else house.round(context)
        house.clock.leap(min(shard.next_due_at for shard in house.store.shards.of_job(job_id)))
    local.set_faults()
    if how == "asked":
        house.retry_service(rooms=rooms).retry(LOCAL, job_id)
    assert [shard.requests for shard in house.store.shards.of_job(job_id)] == [4, 2, 2]
    assert house.run(job_id, context=context) is JobState.DONE
    house.check(job_id, batches=3)


def test_the_end_of_a_job_leaves_a_call_that_is_under_way_its_reservation(house: House, local: LocalProvider) -> None:
    failing(local, "invalid_json")
    job_id = house.submit(2)
    assert house.run(job_id) is JobState.FAILED
    local.set_faults()
    asked, now = sorted(item.custom_id for item in house.items(job_id).values()), house.clock()
    part = house.store.retries.intend(
        job_id, asked[0], Decimal("0.01"), lambda *_spend: None, note="asked", actor="ada", at=now
    )
    with house.store.database.write() as connection:
        settle_job(connection, job_row(connection, job_id), at=house.clock())
    still = house.rows("SELECT part, amount_nano FROM commitment WHERE job_id = :job AND NOT settled", job=job_id)
    assert [tuple(row) for row in still] == [(part, 10_000_000)]
    house.store.retries.call_off(job_id, asked[0], part, "no answer", proven=True, actor="ada", at=now)
    house.check(job_id, batches=1)


def test_a_retry_of_several_models_is_bought_whole_or_not_at_all(house: House, local: LocalProvider) -> None:
    failing(local, "invalid_json", 0.5)
    job_id = house.submit(6)
    assert house.run(job_id) is JobState.PARTIAL
    failing(local, "invalid_json")
    service = house.retry_service()
    left = [item.custom_id for item in house.items(job_id).values() if item.status is ResultStatus.INVALID]
    assert len(left) > 1
    # One of them goes to another model, so that the next retry has two.
    items = house.store.retries.unanswered
    house.store.retries.unanswered = lambda *wanted: items(*wanted)[:1]  # type: ignore[method-assign]
    try:
        service.retry(LOCAL, job_id, model="gpt-5.4")
    finally:
        house.store.retries.unanswered = items  # type: ignore[method-assign]
    assert house.run(job_id) is JobState.PARTIAL
    plan = service.plan(LOCAL, job_id)
    assert len(plan.models) == 2
    assert plan.expected_usd is not None
    spent = house.job(job_id).row.actual_usd
    assert spent is not None
    almost = house.retry_service(Budgets(job_usd=spent + plan.expected_usd * Decimal("0.99")))
    shards = len(house.store.shards.of_job(job_id))
    with pytest.raises(OverBudget):
        almost.retry(LOCAL, job_id)
    assert len(house.store.shards.of_job(job_id)) == shards
    assert house.job(job_id).row.state is JobState.PARTIAL
    house.check(job_id, batches=2)


def test_the_very_same_question_is_answered_from_what_is_stored(house: House, local: LocalProvider) -> None:
    def ask(portfolios: int = 3) -> str:
        # No other job of this house asks with little effort.
        wish = house.request(portfolios, parameters={"reasoning_effort": "low"})
        return house.service(reuse=timedelta(days=7)).submit(LOCAL, wish, again=True).row.job_id

    first = ask()
    assert house.run(first) is JobState.DONE
    calls = local.calls("POST /v1/batches")
    same = ask()
    assert house.job(same).row.state is JobState.DONE
    assert local.calls("POST /v1/batches") == calls
    assert {item.reused_from for item in house.items(same).values()} == {first}
    assert house.job(same).row.actual_usd == 0
    assert [item.analysis for item in house.items(same).values()] == [
        item.analysis for item in house.items(first).values()
    ]
    house.check(same, batches=0)
    wider = ask(4)
    assert house.run(wider) is JobState.DONE
    assert house.shard(wider).requests == 1
    assert house.job(wider).row.counts.total == 4
    house.check(wider, batches=1)
    house.clock.leap(house.clock() + timedelta(days=8))
    asked = ask()
    assert house.shard(asked).requests == 3
    house.run(asked)
    house.check(asked, batches=1)
