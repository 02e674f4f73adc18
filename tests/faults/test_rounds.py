"""Tools in batches: each round is a shard of the same job; killed anywhere, nothing is looked up or paid twice."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from core.domain.actor import LOCAL
from core.domain.analysis import Endpoint, Kind, ResultStatus
from core.domain.job import JobState, ShardState
from core.guard.budgets import Budgets
from core.market_sources.sources import Sources
from core.metrics.fx import EcbRates
from core.providers.openai_provider import OpenAIProvider
from core.settings import load
from core.worker.context import Context
from core.worker.tool_context import Around, ToolRoom
from core.worker.tool_rounds import AT_ONCE
from tests.faults.staging import KEY, House, environment
from tests.local_provider import LocalProvider

TOOLS = ("risk_calculator", "correlation_analyzer")


class Killed(BaseException):
    """What a killed process looks like from within: nothing after it is done."""


class CountingRoom(ToolRoom):
    """Counts how often surroundings were made for a call, and can die on the way."""

    def __init__(self, house: House) -> None:
        super().__init__(house.store, EcbRates(), Sources(load({}).market))
        self.asked: list[str] = []

    def around_each(self, wanted: Any) -> dict[tuple[str, str], Around]:
        self.asked += [portfolio_id for portfolio_id, _ in wanted]
        return super().around_each(wanted)


def submitted(house: House, portfolios: int = 3, **more: Any) -> str:
    request = house.request(portfolios, tools=TOOLS, **more)
    return house.service().submit(LOCAL, request, again=True).row.job_id


def crossing_that_kills(at: str, nth: int) -> Callable[[str], None]:
    seen = 0

    def cross(point: str) -> None:
        nonlocal seen
        seen += point == at
        if point == at and seen == nth:
            raise Killed(point)

    return cross


def run_to_the_end(house: House, job_id: str, context: Context) -> int:
    """Turn the crank through every kill; returns how many there were."""
    kills = 0
    while True:
        try:
            house.run(job_id, context=context)
        except Killed:
            kills += 1
            continue
        return kills


@pytest.mark.parametrize("endpoint", list(Endpoint))
def test_calls_are_answered_in_a_second_shard_of_the_same_job(house: House, endpoint: Endpoint) -> None:
    job_id = submitted(house, endpoint=endpoint)
    assert house.run(job_id) is JobState.DONE
    shards = house.store.shards.of_job(job_id)
    assert [shard.state for shard in shards] == [ShardState.PARTIAL, ShardState.DONE]
    assert "3 called tools and are asked again" in shards[0].message
    for item in house.items(job_id).values():
        assert item.status is ResultStatus.SUCCEEDED
        assert item.verification is not None
        assert (item.verification.mismatched, item.verification.unsupported) == (0, 0)
        uses = house.app.tools.tool_calls(LOCAL, job_id, item.custom_id)
        assert [(use.number, use.round, use.call.name) for use in uses] == [(1, 1, TOOLS[0]), (2, 1, TOOLS[1])]
        assert uses[0].error == ""
        assert "price" in uses[1].error.lower()  # these portfolios have no price history
        stated = {one["metric_id"] for one in (item.analysis or {})["claims"][-1]["metrics"]}
        facts = house.app.jobs.facts(LOCAL, job_id, item.custom_id)
        assert facts is not None
        assert stated
        assert stated <= {name for name in facts.by_id() if name.startswith("tool.1.")}
    house.check(job_id, batches=2)


def test_every_round_is_paid_and_counted_once(house: House) -> None:
    job_id = submitted(house)
    house.run(job_id)
    ledger = [
        Decimal(row.cost_nano) for row in house.rows("SELECT cost_nano FROM ledger WHERE job_id = :id", id=job_id)
    ]
    assert len(ledger) == 2
    actual = house.job(job_id).row.actual_usd
    assert actual is not None
    assert actual == sum(ledger) / 10**9
    booked = house.rows("SELECT amount_nano, settled FROM commitment WHERE job_id = :id", id=job_id)
    assert all(row.settled for row in booked)
    assert sum(Decimal(row.amount_nano) for row in booked) / 10**9 == actual


def test_the_next_request_carries_what_was_called_and_told_under_the_same_id(house: House) -> None:
    job_id = submitted(house, 1)
    house.run(job_id)
    first, second = (json.loads(Path(shard.path).read_bytes()) for shard in house.store.shards.of_job(job_id))
    assert first["custom_id"] == second["custom_id"]
    before, after = first["body"]["messages"], second["body"]["messages"]
    assert after[: len(before)] == before
    assert [message["role"] for message in after[len(before) :]] == ["assistant", "tool", "tool"]
    calls = [call["id"] for call in after[len(before)]["tool_calls"]]
    assert [message["tool_call_id"] for message in after[len(before) + 1 :]] == calls
    assert "tool_choice" not in second["body"]


def test_calls_without_end_stop_at_the_round_cap_with_an_answer(house: House, local: LocalProvider) -> None:
    local.set_faults({"answers": {"endless_tools": 1.0}})
    job_id = submitted(house, 2)
    assert house.run(job_id) is JobState.DONE
    shards = house.store.shards.of_job(job_id)
    assert len(shards) == 4
    assert json.loads(Path(shards[-1].path).read_bytes().splitlines()[0])["body"]["tool_choice"] == "none"
    custom_id = next(iter(house.items(job_id).values())).custom_id
    uses = house.app.tools.tool_calls(LOCAL, job_id, custom_id)
    assert [use.number for use in uses] == list(range(1, 7))
    assert [use.round for use in uses] == [1, 1, 2, 2, 3, 3]
    house.check(job_id, batches=4)


def test_a_bad_call_costs_a_round_and_not_the_answer(house: House, local: LocalProvider) -> None:
    local.set_faults({"answers": {"bad_arguments": 1.0}})
    job_id = submitted(house, 1)
    assert house.run(job_id) is JobState.DONE
    (item,) = house.items(job_id).values()
    uses = house.app.tools.tool_calls(LOCAL, job_id, item.custom_id)
    assert "cannot be used" in uses[0].error
    assert len(house.store.shards.of_job(job_id)) == 3


def test_what_fails_for_a_passing_reason_in_a_later_round_is_asked_again_with_what_was_told(
    house: House, local: LocalProvider
) -> None:
    job_id = submitted(house, 2)
    context = house.context(retries=1)
    house.run(job_id, context=context, to=ShardState.PARTIAL)
    local.set_faults({"answers": {"server_error_rows": 1.0}})
    while len(house.store.shards.of_job(job_id)) < 3:
        house.round(context)
        house.clock.leap(house.clock())
    local.set_faults()
    assert house.run(job_id, context=context) is JobState.DONE
    last = json.loads(Path(house.store.shards.of_job(job_id)[2].path).read_bytes().splitlines()[0])
    assert any(message["role"] == "tool" for message in last["body"]["messages"])
    house.check(job_id, batches=3)


@pytest.mark.parametrize(
    ("point", "nth"),
    [
        ("before_settle", 1),
        ("after_settle", 1),
        ("before_upload", 2),
        ("after_upload", 2),
        ("before_intent", 2),
        ("after_intent", 2),
        ("after_create", 2),
        ("after_batch_id", 2),
        ("before_chunk", 2),
        ("after_chunk", 2),
        ("before_settle", 2),
    ],
)
def test_killed_between_rounds_nothing_is_paid_or_looked_up_twice(house: House, point: str, nth: int) -> None:
    room = CountingRoom(house)
    job_id = submitted(house)
    context = house.context(tools=room, crossing=crossing_that_kills(point, nth))
    assert run_to_the_end(house, job_id, context) == 1
    assert house.job(job_id).row.state is JobState.DONE
    assert len(room.asked) == 3
    uses = house.rows("SELECT custom_id, number FROM tool_call WHERE job_id = :id", id=job_id)
    assert len(uses) == 6
    assert len(house.store.shards.of_job(job_id)) == 2
    house.check(job_id)


class DyingRoom(CountingRoom):
    """Dies at the second chunk of portfolios, when the calls of the first are stored already."""

    def around_each(self, wanted: Any) -> dict[tuple[str, str], Around]:
        if len(self.asked) == AT_ONCE:
            self.asked.append("died")
            raise Killed("while looking up")
        return super().around_each(wanted)


def test_killed_while_looking_up_what_was_told_before_is_not_looked_up_again(
    tmp_path: Path, local: LocalProvider
) -> None:
    settings = environment(tmp_path, f"sqlite:///{tmp_path / 'own.db'}", local.base_url)
    with closing(OpenAIProvider(KEY, local.base_url, timeout_seconds=5)) as client:
        house = House.open(settings, client, portfolios=AT_ONCE + 20)
        try:
            room = DyingRoom(house)
            job_id = submitted(house, AT_ONCE + 20)
            assert run_to_the_end(house, job_id, house.context(tools=room)) == 1
            assert house.job(job_id).row.state is JobState.DONE
            assert len(room.asked) == AT_ONCE + len(["died"]) + 20
            calls = house.rows("SELECT custom_id FROM tool_call WHERE job_id = :id", id=job_id)
            assert len(calls) == 2 * (AT_ONCE + 20)
            house.check(job_id, batches=2)
        finally:
            house.close()


def test_a_round_that_a_limit_forbids_is_not_made_and_says_so(house: House) -> None:
    job_id = submitted(house)
    state = house.run(job_id, context=house.context(budgets=Budgets(job_usd=Decimal(0))))
    assert state is JobState.PARTIAL
    assert {item.status for item in house.items(job_id).values()} == {ResultStatus.INVALID}
    assert all(item.error is not None and item.error.code == "tool_calls" for item in house.items(job_id).values())
    assert any(event.event == "retry_refused" for event in house.events(job_id))
    house.check(job_id, batches=1)


def test_a_synchronous_retry_answers_from_what_tools_have_told(house: House, local: LocalProvider) -> None:
    job_id = submitted(house, 2)
    house.run(job_id, context=house.context(budgets=Budgets(job_usd=Decimal(0))))
    local.set_faults()
    house.retry_service().finish_now(LOCAL, job_id, house.provider)
    assert {item.status for item in house.items(job_id).values()} == {ResultStatus.SUCCEEDED}
    assert local.calls("POST /v1/chat/completions") == 2


def test_a_round_is_reserved_only_beyond_what_the_job_reserved_for_it(house: House) -> None:
    job_id = submitted(house)
    house.run(job_id, to=ShardState.PARTIAL)
    first, *more = house.rows("SELECT amount_nano FROM commitment WHERE job_id = :id ORDER BY part", id=job_id)
    assert len(more) == 1
    assert Decimal(first.amount_nano) / 10**9 == house.job(job_id).estimate.expected_usd
    assert more[0].amount_nano < first.amount_nano / 2
    house.run(job_id)


def test_a_job_that_was_called_off_while_it_was_collected_makes_no_further_round(house: House) -> None:
    job_id = submitted(house)

    def call_off(point: str) -> None:
        if point == "before_settle":
            house.service().cancel(LOCAL, job_id)

    house.run(job_id, context=house.context(crossing=call_off))
    assert len(house.store.shards.of_job(job_id)) == 1
    assert {item.status for item in house.items(job_id).values()} == {ResultStatus.INVALID}


def test_searches_and_citations_of_a_batch_are_kept_and_priced(house: House, local: LocalProvider) -> None:
    request = replace(house.request(2, tools=("web_search",), endpoint=Endpoint.RESPONSES), kind=Kind.MARKET_RESEARCH)
    job_id = house.service().submit(LOCAL, request, again=True).row.job_id
    assert house.run(job_id) is JobState.DONE
    for item in house.items(job_id).values():
        (use,) = house.app.tools.tool_calls(LOCAL, job_id, item.custom_id)
        assert use.cost_usd == Decimal("0.01")
        assert len(house.app.tools.citations(LOCAL, job_id, item.custom_id)) == 2
        assert item.cost_usd is not None
        assert item.cost_usd > Decimal("0.01")
    (total,) = house.app.tools.totals(LOCAL, job_id)
    assert (total.tool, total.calls, total.errors, total.cost_usd) == ("web_search", 2, 0, Decimal("0.02"))
    house.check(job_id, batches=1)
