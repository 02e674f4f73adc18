"""Submitting under limits, twice at once, cut off, on a full disk: at most what was meant, and no trace otherwise."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from core.domain.actor import LOCAL, Actor, Role
from core.domain.analysis import Outcome, Reading, ResultStatus, Usage
from core.domain.filters import JobFilter
from core.domain.job import JobState
from core.drafts.drafting import Drafter
from core.errors import BadInput, MosychlosError, NotPermitted, OverBudget, Refused, StorageTrouble
from core.guard.budgets import Budgets
from core.metrics.fx import EcbRates
from core.providers.openai_provider import OpenAIProvider
from core.worker.orphan_files import tidy
from tests.faults.staging import MODEL, House, environment, portfolio
from tests.local_provider import LocalProvider
from tests.made_tables import made_database
from tests.postgres import Postgres

BUYERS = 16


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def empty_house(
    request: pytest.FixtureRequest, server: LocalProvider, client: OpenAIProvider, tmp_path: Path
) -> Iterator[House]:
    """A house of this test's own: nothing is committed in it yet."""
    if request.param == "postgresql":
        postgres: Postgres = request.getfixturevalue("postgres")
        url = postgres.made_url()
    else:
        url = made_database(tmp_path / "own.db")
    opened = House.open(environment(tmp_path / "home", url, server.base_url), client)
    yield opened
    opened.close()


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


def snapshot(house: House) -> tuple[Any, ...]:
    """What a refused submission must leave as it was."""
    counted = tuple(
        house.scalar(f"SELECT count(*) FROM {name}") for name in ("job", "shard", "request", "commitment", "event")
    )
    folders = sorted(path.name for path in (house.app.settings.home / "jobs").glob("*"))
    return counted, folders


def test_j1_of_sixteen_approvals_at_once_only_as_many_pass_as_the_month_can_pay(empty_house: House) -> None:
    house = empty_house
    price = house.service().preview(LOCAL, house.request(2)).estimate.expected_usd
    assert price is not None
    limit = price * Decimal("5.5")
    service = house.service(budgets=Budgets(month_usd=limit))
    found = at_once([lambda: service.submit(LOCAL, house.request(2), again=True)] * BUYERS)
    refused = [one for one in found if isinstance(one, OverBudget)]
    assert len(refused) == BUYERS - 5
    spend = house.store.jobs.spend(f"{house.clock():%Y-%m}")
    assert spend.open_usd == price * 5 <= limit
    assert house.store.jobs.count(JobFilter(states=[JobState.QUEUED])) == 5


def test_a_persons_limit_is_that_persons(empty_house: House) -> None:
    house = empty_house
    price = house.service().preview(LOCAL, house.request(2)).estimate.expected_usd
    assert price is not None
    service = house.service(budgets=Budgets(person_usd=price * Decimal("1.5")))
    ada, ben = (Actor(name, name, frozenset(Role)) for name in ("ada", "ben"))
    assert service.submit(ada, house.request(2), again=True).row.state is JobState.QUEUED
    with pytest.raises(OverBudget, match="MOSYCHLOS_BUDGET_PERSON_USD"):
        service.submit(ada, house.request(2), again=True)
    assert service.submit(ben, house.request(2), again=True).row.state is JobState.QUEUED


@pytest.mark.parametrize(
    ("budgets", "more", "says"),
    [
        (Budgets(month_usd=Decimal(0)), {}, r"the limit this month .* is \$0\.00"),
        (Budgets(job_usd=Decimal(0)), {}, r"the limit per job .* is \$0\.00"),
        (Budgets(), {"max_cost_usd": Decimal(0)}, r"this job's own limit is \$0\.00"),
        (Budgets(month_usd=Decimal(9)), {"model": "gpt-6.2-sol"}, "price of this model is not known"),
    ],
    ids=["month-0", "job-0", "own-0", "J2-unknown-price"],
)
def test_a_limit_that_cannot_be_kept_refuses_and_leaves_no_trace(
    house: House, budgets: Budgets, more: dict[str, Any], says: str
) -> None:
    before = snapshot(house)
    with pytest.raises(OverBudget, match=says):
        house.service(budgets=budgets).submit(LOCAL, house.request(2, **more), force=True, again=True)
    assert snapshot(house) == before


def test_j2_an_unknown_price_without_a_limit_needs_force_and_stays_unknown(house: House) -> None:
    wish = house.request(2, model="gpt-6.2-sol")
    with pytest.raises(Refused, match=r"price of gpt-6\.2-sol is not known"):
        house.service().submit(LOCAL, wish)
    job = house.service().submit(LOCAL, wish, force=True, again=True)
    assert job.row.expected_usd is None
    house.service().cancel(LOCAL, job.row.job_id)
    assert house.run(job.row.job_id) is JobState.CANCELLED
    assert house.job(job.row.job_id).row.actual_usd is None


def test_j7_one_wish_sent_twice_at_once_is_one_job(empty_house: House) -> None:
    house = empty_house
    service = house.service()
    found = at_once([lambda: service.submit(LOCAL, house.request(3), nonce="the same wish", again=True)] * 4)
    refused = [one for one in found if isinstance(one, Refused)]
    assert len(refused) == 3
    assert all("already stored" in str(one) for one in refused)
    (counts, folders) = snapshot(house)
    assert counts == (1, 1, 3, 1, 2)
    assert len(folders) == 1


@pytest.mark.parametrize(
    ("ids", "error"),
    [(("p0000", "p0001", "nobody"), "There is no portfolio 'nobody'"), (("p0000", "p0000"), "Select each portfolio")],
)
def test_a_draft_that_fails_while_it_is_built_leaves_nothing(house: House, ids: tuple[str, ...], error: str) -> None:
    before = snapshot(house)
    wish = house.request(1)
    with pytest.raises(BadInput, match=error):
        house.service().submit(LOCAL, type(wish)(wish.kind, ids, MODEL))
    assert snapshot(house) == before


def test_what_a_killed_draft_leaves_is_removed_after_a_day_and_nothing_else(house: House) -> None:
    home = house.app.settings.home
    job_id = house.submit(2)
    house.service().cancel(LOCAL, job_id)
    house.run(job_id)
    cut_off = f"{house.clock():%y%m%d-%H%M%S}-{'c' * 12}"
    drafter = Drafter(house.store, EcbRates(), house.app.library)
    drafter.write(cut_off, house.request(2), home / "jobs" / cut_off, house.clock())
    (home / "jobs" / "notes").mkdir(exist_ok=True)
    assert tidy(house.store, home, now=house.clock() + timedelta(hours=23)) == 0
    assert tidy(house.store, home, now=house.clock() + timedelta(hours=25)) == 3
    assert not (home / "jobs" / cut_off).exists()
    assert (home / "jobs" / job_id).exists()
    assert (home / "jobs" / "notes").exists()
    assert len(house.items(job_id)) == 2
    house.check(job_id, batches=0)


def test_who_may_not_submit_leaves_no_trace(house: House) -> None:
    before = snapshot(house)
    with pytest.raises(NotPermitted, match=r"job\.submit"):
        house.service().submit(Actor("eve", "Eve", frozenset({Role.VIEWER})), house.request(1))
    assert snapshot(house) == before


@contextmanager
def full(house: House, *, spare_pages: int) -> Iterator[None]:
    """A SQLite database that cannot grow by more than some pages."""
    engine = house.store.database.engine
    pages = int(house.scalar("PRAGMA page_count"))

    def limit(connection: Any, _record: Any) -> None:
        connection.execute(f"PRAGMA max_page_count={pages + spare_pages}")

    event.listen(engine, "connect", limit)
    engine.dispose()
    try:
        yield
    finally:
        event.remove(engine, "connect", limit)
        engine.dispose()


@pytest.fixture
def sqlite_house(server: LocalProvider, client: OpenAIProvider, tmp_path: Path) -> Iterator[House]:
    url = f"sqlite:///{tmp_path / 'own.db'}"
    opened = House.open(environment(tmp_path / "home", url, server.base_url), client)
    yield opened
    opened.close()


def test_f2_a_full_database_keeps_what_it_has_and_says_so(sqlite_house: House, local: LocalProvider) -> None:
    house = sqlite_house
    before = house.store.portfolios.ids()
    with full(house, spare_pages=4), pytest.raises(StorageTrouble, match=r"full.*nothing stored was harmed"):
        house.store.portfolios.save(
            [portfolio(number) for number in range(1000, 3000)], lambda _: None, actor="test", at=house.clock()
        )
    assert house.store.portfolios.ids() == before
    assert house.scalar("PRAGMA integrity_check") == "ok"
    job_id = house.submit(2)
    assert house.run(job_id) is JobState.DONE
    house.check(job_id, batches=1)


def test_f2_results_that_do_not_fit_are_stored_once_there_is_room(sqlite_house: House, local: LocalProvider) -> None:
    house = sqlite_house
    job_id = house.submit(6)
    context = house.context(store=house.store, chunk=2)
    with full(house, spare_pages=3):
        for _ in range(60):
            house.clock.leap(house.shard(job_id).next_due_at)
            house.round(context)
            if "full" in house.shard(job_id).message:
                break
        shard = house.shard(job_id)
        assert "The disk that holds the database is full" in shard.message
    stored = house.scalar("SELECT count(*) FROM result WHERE job_id = :job", job=job_id)
    assert 0 <= stored < 6
    assert house.run(job_id, context=context) is JobState.DONE
    house.check(job_id, batches=1)


def test_a_chunk_that_fails_half_way_stores_none_of_it(house: House, local: LocalProvider) -> None:
    job_id = house.submit(3)
    reading = Reading(ResultStatus.MISSING, None, None, None)
    ids = list(house.store.results.expected(job_id, 0))
    house.round(house.context())
    house.clock.leap(house.shard(job_id).next_due_at)
    (claim,) = house.store.shards.claim_due(owner="x", now=house.clock(), lease_seconds=1, limit=1)
    twice = [Outcome(one, "p", reading, Usage(), Decimal(0)) for one in (*ids, ids[0])]
    with pytest.raises(Exception, match=r"(?i)unique"):
        house.store.results.add(claim, twice, file="f", read_to=7)
    assert house.store.results.ended(job_id, 0) == set()
    assert house.store.results.read_to(claim.shard_id, "f") == 0
    house.store.shards.release(claim, due=house.clock())
    assert house.run(job_id) is JobState.DONE
    house.check(job_id, batches=1)
