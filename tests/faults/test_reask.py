"""Asking once more with the errors: priced, at most once, both answers kept, and the better one stands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
import pytest

from core.domain.actor import LOCAL
from core.domain.analysis import ResultStatus
from core.domain.batch import ShardFile
from core.domain.job import JobState
from core.domain.records import AskedAgain, Item
from core.drafts.batch_room import Rooms
from core.errors import BadInput, OverBudget, Refused, StaleMove
from core.guard.budgets import Budgets
from core.storage.jobs.corrections import CorrectionRequest
from core.storage.jobs.retries import Retry, RetryFile
from core.worker.queue_order import Rules
from tests.faults.staging import House
from tests.local_provider import LocalProvider


class Killed(Exception):
    """The process was killed here."""


def ended(house: House, local: LocalProvider, kind: str, requests: int = 3) -> str:
    """A job whose answers all have a fault, on a provider that has none any more."""
    local.set_faults({"answers": {kind: 1.0}})
    job_id = house.submit(requests)
    house.run(job_id)
    local.set_faults()
    return job_id


def findings(item: Item) -> int:
    assert item.verification is not None
    return item.verification.mismatched + item.verification.unsupported


def sent(house: House, job_id: str) -> list[dict[str, Any]]:
    last = house.store.shards.of_job(job_id)[-1]
    return [orjson.loads(line) for line in Path(last.path).read_bytes().splitlines()]


def test_an_answer_that_did_not_hold_is_replaced_by_one_that_does_and_kept_beside_it(
    house: House, local: LocalProvider
) -> None:
    job_id = ended(house, local, "wrong_value")
    before, counts = house.items(job_id), house.job(job_id).row.counts
    assert all(findings(item) for item in before.values())
    service = house.reask_service()
    plan = service.reask_preview(LOCAL, job_id)
    assert (plan.requests, plan.why, plan.over_budget) == (3, {"flagged": 3}, "")
    assert plan.expected_usd is not None
    assert plan.expected_usd > 0
    assert len(house.store.shards.of_job(job_id)) == 1, "a preview stores nothing"
    service.reask(LOCAL, job_id)
    assert house.job(job_id).row.state is JobState.RUNNING
    assert {item.again.ended for item in house.items(job_id).values() if item.again} == {ResultStatus.PENDING}
    assert house.run(job_id) is JobState.DONE
    for key, item in house.items(job_id).items():
        assert item.again is not None
        assert item.again.stands
        assert findings(item) == 0
        assert item.again.analysis == before[key].analysis
        assert item.again.verification == before[key].verification
        assert (item.usage, item.cost_usd) == (before[key].usage, before[key].cost_usd)
        assert item.again.cost_usd is not None
        assert item.again.cost_usd > 0
        line = service.other_line(LOCAL, job_id, item.custom_id)
        assert line is not None
        assert line["custom_id"] == item.custom_id
    assert house.job(job_id).row.counts == counts
    rollup = house.store.items.rollup(job_id)
    assert rollup["answers"] == {"clean": 3}
    house.check(job_id, batches=2)
    with pytest.raises(BadInput, match="Each answer holds, or was asked for again before"):
        service.reask_preview(LOCAL, job_id)


def test_the_second_request_shows_the_first_answer_and_its_errors(house: House, local: LocalProvider) -> None:
    job_id = ended(house, local, "wrong_value", 1)
    house.reask_service().reask(LOCAL, job_id)
    (line,) = sent(house, job_id)
    assert line["custom_id"].endswith("~2")
    first, second = line["body"]["messages"][2:]
    assert (first["role"], second["role"]) == ("assistant", "user")
    assert "These places do not hold" in second["content"]
    assert house.run(job_id) is JobState.DONE


@pytest.mark.parametrize(("kind", "only"), [("wrong_shape", AskedAgain.INVALID), ("wrong_sign", AskedAgain.FLAGGED)])
def test_only_what_was_named_is_asked_for_again(
    house: House, local: LocalProvider, kind: str, only: AskedAgain
) -> None:
    job_id = ended(house, local, kind)
    service = house.reask_service()
    other = next(one for one in AskedAgain if one is not only)
    with pytest.raises(BadInput, match="no answer of job"):
        service.reask_preview(LOCAL, job_id, only=[other])
    assert service.reask(LOCAL, job_id, only=[only]).why == {only.value: 3}
    assert house.run(job_id) is JobState.DONE
    assert all(item.status is ResultStatus.SUCCEEDED for item in house.items(job_id).values())
    assert house.job(job_id).row.counts.succeeded == 3
    house.check(job_id, batches=2)


@pytest.mark.parametrize("kind", ["wrong_value", "invalid_json", "server_error_rows", "bad_request_rows", "cut"])
def test_a_second_answer_that_is_no_better_leaves_the_first_standing(
    house: House, local: LocalProvider, kind: str
) -> None:
    job_id = ended(house, local, "wrong_value")
    before = house.items(job_id)
    house.reask_service().reask(LOCAL, job_id)
    local.set_faults({"answers": {kind: 1.0}})
    house.run(job_id)
    for key, item in house.items(job_id).items():
        assert item.again is not None
        assert not item.again.stands
        assert replace(item, again=None) == before[key]
        assert item.again.ended is not ResultStatus.PENDING
        assert item.again.status is item.again.ended
    assert len(house.store.shards.of_job(job_id)) == 2, "nobody is asked a third time"
    house.check(job_id, batches=2)


def test_lines_that_never_come_leave_the_first_answer_standing(house: House, local: LocalProvider) -> None:
    job_id = ended(house, local, "wrong_value")
    local.set_faults({"batches": {"*": {"missing_lines": 1.0}}})
    house.reask_service().reask(LOCAL, job_id)
    house.run(job_id)
    assert {item.again.ended for item in house.items(job_id).values() if item.again} == {ResultStatus.MISSING}
    assert {item.status for item in house.items(job_id).values()} == {ResultStatus.SUCCEEDED}
    house.check(job_id, batches=2)


def test_a_batch_that_is_refused_leaves_the_first_answer_standing(house: House, local: LocalProvider) -> None:
    job_id = ended(house, local, "wrong_value")
    local.set_faults({"http": {"POST /v1/batches": {"*": {"kind": "400"}}}})
    house.reask_service().reask(LOCAL, job_id)
    house.run(job_id)
    items = house.items(job_id).values()
    assert {item.again.ended for item in items if item.again} == {ResultStatus.FAILED}
    assert {item.status for item in items} == {ResultStatus.SUCCEEDED}
    house.check(job_id)


@pytest.mark.parametrize("point", ["after_create", "after_rename", "before_chunk", "after_chunk", "before_settle"])
def test_killed_anywhere_a_second_asking_is_paid_once_and_ends_once(
    house: House, local: LocalProvider, point: str
) -> None:
    job_id = ended(house, local, "wrong_value")
    house.reask_service().reask(LOCAL, job_id)
    with pytest.raises(Killed):
        house.run(job_id, context=replace(house.context(), chunk=2, crossing=_dying(point)))
    assert house.run(job_id, context=replace(house.context(), chunk=2)) is JobState.DONE
    assert all(item.again and item.again.stands for item in house.items(job_id).values())
    house.check(job_id, batches=2)


def _dying(point: str) -> Callable[[str], None]:
    def crossing(at: str) -> None:
        if at == point:
            raise Killed

    return crossing


def test_a_second_asking_keeps_to_the_budget(house: House, local: LocalProvider) -> None:
    job_id = ended(house, local, "wrong_value")
    service = house.reask_service(Budgets(month_usd=Decimal("0.000001")))
    assert "too little" in service.reask_preview(LOCAL, job_id).over_budget
    with pytest.raises(OverBudget):
        service.reask(LOCAL, job_id)
    assert all(item.again is None for item in house.items(job_id).values())
    assert house.job(job_id).row.state in {JobState.DONE, JobState.PARTIAL}
    house.check(job_id, batches=1)


def test_two_people_cannot_ask_the_same_again(house: House, local: LocalProvider) -> None:
    job_id = ended(house, local, "wrong_value")
    service = house.reask_service()
    found = house.store.corrections.candidates(job_id, 0, tuple(AskedAgain))
    assert len(found) == 3
    service.reask(LOCAL, job_id)
    with pytest.raises(Refused, match="once it has ended"):
        service.reask(LOCAL, job_id)
    asked = [CorrectionRequest(one.request.custom_id, f"{one.request.custom_id}~2", "p", one.why) for one in found]
    shard = house.shard(job_id, 1)
    file = ShardFile(shard.path, shard.sha256, 3, 1, 1)
    late = Retry(
        files=(RetryFile(file, tuple(one.again_id for one in asked)),),
        model=shard.model,
        round=0,
        expected_usd=None,
        check=lambda *_spend: None,
        remote_name=str,
        not_before=house.clock(),
        note="",
    )
    with pytest.raises(StaleMove, match="3 of 3 requests were asked again meanwhile"):
        house.store.corrections.start(job_id, [late], asked, actor="late", at=house.clock())
    assert house.run(job_id) is JobState.DONE
    assert house.store.corrections.candidates(job_id, 0, tuple(AskedAgain)) == []
    house.check(job_id, batches=2)


def test_a_second_asking_is_cut_into_batches_that_fit_the_models_room(house: House, local: LocalProvider) -> None:
    job_id = ended(house, local, "wrong_value")
    plan = house.reask_service().reask_preview(LOCAL, job_id)
    once = house.shard(job_id).input_tokens
    # A second question is longer than the first; two of them never fit into the room of the three first ones.
    rooms = Rooms({"*": once, "small": once})
    house.reask_service(rooms=rooms).reask(LOCAL, job_id)
    sizes = [shard.requests for shard in house.store.shards.of_job(job_id)]
    assert (sizes[0], sum(sizes[1:]), len(sizes) > 2) == (3, plan.requests, True)
    assert all(shard.input_tokens <= once for shard in house.store.shards.of_job(job_id))
    assert house.run(job_id, context=house.context(rules=Rules(rooms))) is JobState.DONE
    house.check(job_id, batches=len(sizes))
