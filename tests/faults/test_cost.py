"""Money: estimates learn from what was paid, reservations never overspend, thresholds are said. Rows J1 to J5."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from core.domain.actor import LOCAL, Actor, Role
from core.domain.analysis import ResultStatus
from core.domain.job import JobState
from core.errors import MosychlosError, OverBudget
from core.guard.budgets import Budgets
from core.providers.openai_provider import OpenAIProvider
from core.worker.budget_alerts import tell_budgets
from tests.faults.staging import KEY, House, environment
from tests.local_provider import LocalProvider
from tests.made_tables import made_database
from tests.postgres import Postgres

JOBS = 3
"""Jobs after which an estimate must be good."""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[LocalProvider]:
    """A server of this test's own: one that has counted tokens for others counts the rest less exactly."""
    with LocalProvider(tmp_path / "provider").start(speed=100_000) as running:
        yield running


@pytest.fixture
def client(server: LocalProvider) -> Iterator[OpenAIProvider]:
    """A client of it."""
    talking = OpenAIProvider(KEY, server.base_url, timeout_seconds=2)
    yield talking
    talking.close()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def own_house(
    request: pytest.FixtureRequest, server: LocalProvider, client: OpenAIProvider, local: LocalProvider, tmp_path: Path
) -> Iterator[House]:
    """A house of this test's own, with a hundred portfolios and nothing committed."""
    if request.param == "postgresql":
        postgres: Postgres = request.getfixturevalue("postgres")
        url = postgres.made_url()
    else:
        url = made_database(tmp_path / "own.db")
    opened = House.open(environment(tmp_path / "home", url, server.base_url), client, portfolios=100)
    yield opened
    opened.close()


def test_after_three_jobs_an_estimate_is_within_a_tenth_and_its_interval_holds(own_house: House) -> None:
    house = own_house
    assumed = house.service().preview(LOCAL, house.request(40)).estimate
    assert assumed.basis == ""
    for begin in range(0, 60, 20):
        wish = house.request(portfolios=20)
        ids = tuple(f"p{number:04d}" for number in range(begin, begin + 20))
        job_id = house.service().submit(LOCAL, type(wish)(wish.kind, ids, wish.model), again=True).row.job_id
        assert house.run(job_id) is JobState.DONE
        house.check(job_id, batches=1)
    held = 0
    for begin in range(60, 100, 4):
        wish = house.request(1)
        ids = tuple(f"p{number:04d}" for number in range(begin, begin + 4))
        job = house.service().submit(LOCAL, type(wish)(wish.kind, ids, wish.model), again=True)
        assert house.run(job.row.job_id) is JobState.DONE
        expected, actual = job.row.expected_usd, house.job(job.row.job_id).row.actual_usd
        assert expected is not None
        assert actual is not None
        assert "answers of" in job.estimate.basis
        assert abs(expected / actual - 1) < Decimal("0.1"), f"{expected} expected, {actual} paid"
        assert job.estimate.low_usd is not None
        assert job.estimate.high_usd is not None
        held += job.estimate.low_usd <= actual <= job.estimate.high_usd
    assert held >= 9, f"the interval held {held} of 10 times"


def at_once(calls: list[Callable[[], Any]]) -> list[Any]:
    """Results, or the house's own errors, of calls that all begin at the same moment."""
    gate = threading.Barrier(len(calls))

    def run(call: Callable[[], Any]) -> Any:
        gate.wait()
        try:
            return call()
        except MosychlosError as error:
            return error

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


@pytest.mark.parametrize("scope", ["month_usd", "person_usd", "desk_usd"])
def test_j1_of_sixteen_approvals_at_once_only_as_many_pass_as_the_limit_can_pay(own_house: House, scope: str) -> None:
    house = own_house
    price = house.service().preview(LOCAL, house.request(2)).estimate.expected_usd
    assert price is not None
    limit = price * Decimal("3.5")
    service = house.service(budgets=Budgets(**{scope: limit}), desk="credit")
    found = at_once([lambda: service.submit(LOCAL, house.request(2), again=True)] * 16)
    refused = [one for one in found if isinstance(one, OverBudget)]
    assert len(refused) == 13
    assert all("too little" in str(one) for one in refused)
    month = f"{house.clock():%Y-%m}"
    assert house.store.jobs.spend(month).total_usd == price * 3 <= limit
    assert house.store.jobs.spend(month, desk="credit").total_usd == price * 3


def test_a_desks_limit_is_that_desks(own_house: House) -> None:
    house = own_house
    price = house.service().preview(LOCAL, house.request(2)).estimate.expected_usd
    assert price is not None
    budgets = Budgets(desk_usd=price * Decimal("1.5"))
    house.service(budgets=budgets, desk="credit").submit(LOCAL, house.request(2), again=True)
    with pytest.raises(OverBudget, match=r"the desk's limit this month \(MOSYCHLOS_BUDGET_DESK_USD\)"):
        house.service(budgets=budgets, desk="credit").submit(LOCAL, house.request(2), again=True)
    house.service(budgets=budgets, desk="equities").submit(LOCAL, house.request(2), again=True)


def test_j3_each_threshold_is_said_once_by_whom_it_concerns(own_house: House) -> None:
    house = own_house
    price = house.service().preview(LOCAL, house.request(2)).estimate.expected_usd
    assert price is not None
    budgets = Budgets(month_usd=price * 4, person_usd=price * 2, desk_usd=price * 10)
    ada, ben = (Actor(name, name.title(), frozenset(Role)) for name in ("ada", "ben"))
    said: list[set[str]] = []
    for actor in (ada, ben, ada, ben):
        house.service(desk="credit").submit(actor, house.request(2), again=True)
        tell_budgets(house.store, budgets, now=house.clock())
        said.append({alert.subject for alert in house.store.alerts.standing()} - set().union(*said))
    month = f"{house.clock():%Y-%m}"
    assert said == [
        {f"person ada {month} 50 %"},
        {f"month {month} 50 %", f"person ben {month} 50 %"},
        {f"person ada {month} 100 %"},
        {f"month {month} 100 %", f"person ben {month} 100 %"},
    ]
    assert tell_budgets(house.store, budgets, now=house.clock()) == 0


def test_j4_two_who_settle_at_once_enter_one_ledger_row(own_house: House) -> None:
    house = own_house
    job_id = house.submit(4, per_shard=1)
    context = house.context()
    deadline = house.clock() + timedelta(hours=1)
    while house.job(job_id).row.state is not JobState.DONE:
        assert house.clock() < deadline
        at_once([lambda: house.round(context)] * 2)
        due = [one.next_due_at for one in house.store.shards.of_job(job_id) if one.ended_at is None]
        house.clock.leap(min(due, default=house.clock()))
    house.check(job_id, batches=4)


def test_j5_nothing_is_entered_before_the_end(own_house: House, local: LocalProvider) -> None:
    house = own_house
    local.set_faults({"batches": {"1": {"stuck": True}}})
    job_id = house.submit(2)
    month = f"{house.job(job_id).row.created_at:%Y-%m}"
    for _ in range(5):
        house.round(house.context())
        house.clock.leap(house.clock() + timedelta(minutes=5))
    assert house.rows("SELECT * FROM ledger WHERE job_id = :job", job=job_id) == []
    assert house.store.jobs.spend(month).open_usd == house.job(job_id).row.expected_usd
    house.service().cancel(LOCAL, job_id)
    assert house.run(job_id) is JobState.CANCELLED
    assert {item.status for item in house.items(job_id).values()} == {ResultStatus.FAILED}
    house.check(job_id, batches=1)
