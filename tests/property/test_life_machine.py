"""Two workers, a provider that fails, crashes between any two effects, a clock that jumps: paid once, nothing lost.

A real database, the worker's own steps, and the local server's batches without HTTP. Whatever the machine did, at
every moment there is at most one live batch a shard and one ledger row a batch (I1), no request ends twice or gets
lost (I2), every change of state is legal and has its event (I3), and what is reserved and spent keeps to the month's
limit (I4); it adds up whenever a job rests. At the end everything is healed, and every job must end.
"""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from core.domain.actor import LOCAL
from core.domain.analysis import ResultStatus
from core.domain.batch import Hint
from core.domain.job import JOB_ENDED, JobState, ShardState
from core.errors import MosychlosError, Refused
from core.guard.budgets import Budgets
from core.providers.openai_provider import OpenAIProvider
from core.worker.cancel_duplicates import cancel_duplicates
from core.worker.context import Context
from core.worker.reconcile_at_start import adopt_forgotten
from core.worker.steps import run_once
from tests.faults.staging import House, environment
from tests.inside_provider import FAULTS, InsideProvider

# A signal would end one example only: the next, tried to make the failure small, would wait where this one did.
pytestmark = pytest.mark.timeout(300, method="thread")

VERBS = ("upload", "list_files", "create_batch", "check", "list_batches", "cancel", "download", "delete_file")
LEASE = 60.0
PORTFOLIOS, A_SHARD = 4, 2

workers = st.sampled_from(["one", "two"])
nth_crossings = st.integers(1, 9)
"""Which point between two effects of a turn it is, counted: so nearly every draw meets one."""


class Killed(BaseException):
    """A worker that is gone: nothing of it runs on, not even what catches exceptions."""


@cache
def _stage() -> tuple[House, InsideProvider]:
    """One house for all lives; each life has jobs of its own."""
    folder = Path(tempfile.mkdtemp(prefix="life-"))
    provider = InsideProvider(folder / "provider")
    wishes = environment(folder, f"sqlite:///{folder / 'life.db'}", "http://127.0.0.1:9/v1")
    return House.open(wishes, cast("OpenAIProvider", provider), portfolios=PORTFOLIOS), provider


class Life(RuleBasedStateMachine):
    """What may happen to jobs."""

    @initialize()
    def begin(self) -> None:
        logging.disable(logging.CRITICAL)
        self.house, self.provider = _stage()
        self.provider.heal()
        # Lives share one house: without this, clocks set back would add up to a year in which no model had a price.
        self.house.clock.set_by(datetime.now(UTC) - self.house.clock())
        spent = self.house.store.jobs.spend(f"{self.house.clock():%Y-%m}").total_usd
        self.limit = spent + Decimal(5)
        self.lives = [self._submit()]

    def _submit(self, limit: Decimal | None = None) -> str:
        service = self.house.service(per_shard=A_SHARD, budgets=Budgets(month_usd=limit or self.limit))
        return service.submit(LOCAL, self.house.request(PORTFOLIOS), again=True).row.job_id

    def _context(self, crossing: Callable[[str], None] = lambda _: None) -> Context:
        context = self.house.context(crossing=crossing, chunk=1)
        # No heart beats within a test: who is slow is taken over exactly when the clock says so.
        return replace(context, pace=replace(context.pace, lease=LEASE))

    def _turn(self, worker: str, crossing: Callable[[str], None] = lambda _: None) -> None:
        run_once(self._context(crossing), owner=worker, limit=2)

    @rule(worker=workers)
    def a_worker_works(self, worker: str) -> None:
        self._leap()
        self._turn(worker)

    @rule(worker=workers, nth=nth_crossings)
    def a_worker_is_killed(self, worker: str, nth: int) -> None:
        left = nth

        def bomb(_point: str) -> None:
            nonlocal left
            left -= 1
            if left == 0:
                raise Killed

        self._leap()
        try:
            self._turn(worker, bomb)
        except Killed:
            return

    @rule(nth=nth_crossings)
    def a_worker_sleeps_and_the_other_takes_over(self, nth: int) -> None:
        left = nth

        def sleep(_point: str) -> None:
            nonlocal left
            left -= 1
            if left == 0:
                self.house.clock.leap(self.house.clock() + timedelta(seconds=LEASE + 1))
                self._turn("two")

        self._leap()
        self._turn("one", sleep)

    @rule(worker=workers, nth=nth_crossings, what=st.sampled_from(["webhook", "webhook", "webhook", "wish"]))
    def something_comes_in_the_middle_of_a_turn(self, worker: str, nth: int, what: str) -> None:
        left = nth

        def come(_point: str) -> None:
            nonlocal left
            left -= 1
            if left:
                return
            if what == "wish":
                self.house.service().cancel(LOCAL, self.lives[-1])
            for shard in self._shards() if what == "webhook" else ():
                hint = Hint(f"{shard.shard_id}-{self.house.clock()}", "batch.completed", shard.batch_id or "")
                self.house.store.webhooks.take(hint, at=self.house.clock())

        self._leap()
        self._turn(worker, come)

    @rule(verb=st.sampled_from(VERBS), fault=st.sampled_from(FAULTS))
    def the_provider_will_fail(self, verb: str, fault: str) -> None:
        if fault != "cut" or verb == "download":
            self.provider.next_call(verb, fault)

    @rule(lists=st.integers(0, 2))
    def new_batches_will_be_missing_from_the_list(self, lists: int) -> None:
        self.provider.hide = lists

    @rule(seconds=st.sampled_from([1, 61, 3600, 90_000]))
    def time_passes(self, seconds: int) -> None:
        self.house.clock.leap(self.house.clock() + timedelta(seconds=seconds))
        self.provider.pass_time(min(seconds, 60))

    @rule(step=st.sampled_from([-86_400, -3600, 86_400]))
    def somebody_sets_the_clock(self, step: int) -> None:
        self.house.clock.set_by(timedelta(seconds=step))
        self.house.store.shards.clock_was_set(now=self.house.clock(), lease_seconds=LEASE)

    @rule()
    def a_worker_reconciles(self) -> None:
        try:
            adopt_forgotten(self._context(), telling=False)
            cancel_duplicates(self._context())
        except MosychlosError:
            return

    @precondition(lambda self: len(self.lives) < 2)
    @rule()
    def somebody_submits_another(self) -> None:
        self.lives.append(self._submit())

    @rule()
    def somebody_wants_more_than_the_month_allows(self) -> None:
        spent = self.house.store.jobs.spend(f"{self.house.clock():%Y-%m}").total_usd
        with pytest.raises(Refused):
            self._submit(spent + Decimal("0.000001"))

    @rule(number=st.integers(0, 1))
    def a_person_goes_on(self, number: int) -> None:
        job_id = self.lives[number % len(self.lives)]
        if self.house.job(job_id).row.state is JobState.ATTENTION:
            self.house.service().send_again(LOCAL, job_id)

    @rule(number=st.integers(0, 1), sure=st.sampled_from([False, False, False, True]))
    def a_person_stops_a_job(self, number: int, sure: bool) -> None:
        job_id = self.lives[number % len(self.lives)]
        if sure and self.house.job(job_id).row.state not in JOB_ENDED:
            self.house.service().cancel(LOCAL, job_id)

    def _leap(self) -> None:
        due = [shard.next_due_at for shard in self._shards() if shard.ended_at is None]
        if due:
            self.house.clock.leap(min(due))

    def _shards(self) -> list[Any]:
        return [shard for job_id in self.lives for shard in self.house.store.shards.of_job(job_id)]

    @invariant()
    def paid_once_and_nothing_lost(self) -> None:
        if not hasattr(self, "lives"):
            return
        for job_id in self.lives:
            self._check(job_id)
        assert self.house.store.jobs.spend(f"{self.house.clock():%Y-%m}").total_usd <= self.limit

    def _check(self, job_id: str) -> None:
        # The checker sees every batch, also those which the list does not show yet, and meets no faults.
        looking = replace(self.house, provider=cast("OpenAIProvider", _Seeing(self.provider)))
        if looking.job(job_id).row.state in JOB_ENDED | {JobState.ATTENTION}:
            looking.check(job_id)
        else:
            looking.check_on_the_way(job_id)

    def teardown(self) -> None:
        if not hasattr(self, "lives"):
            return
        self.provider.heal()
        for _ in range(400):
            waiting = [one for one in self.lives if self.house.job(one).row.state not in JOB_ENDED]
            if not waiting:
                break
            for job_id in waiting:
                if self.house.job(job_id).row.state is JobState.ATTENTION:
                    self.house.service().send_again(LOCAL, job_id)
            self.house.clock.leap(self.house.clock() + timedelta(seconds=LEASE + 1))
            self._turn("one")
        else:
            raise AssertionError(f"these never end: {[(one.state, one.message) for one in self._shards()]}")
        for job_id in self.lives:
            self._check(job_id)
            self._ended_well(job_id)
        logging.disable(logging.NOTSET)

    def _ended_well(self, job_id: str) -> None:
        """Nothing here makes a request fail for good, so who was not called off has all answers."""
        shards = self.house.store.shards.of_job(job_id)
        if not any(shard.cancel_wish for shard in shards):
            assert self.house.job(job_id).row.state is JobState.DONE
            assert {shard.state for shard in shards} == {ShardState.DONE}
            assert {item.status for item in self.house.items(job_id).values()} == {ResultStatus.SUCCEEDED}


class _Seeing:
    """The provider as somebody sees it who only looks."""

    def __init__(self, provider: InsideProvider) -> None:
        self._provider = provider

    def list_batches(self) -> list[Any]:
        """Every batch there is."""
        return self._provider.all_batches()

    def list_files(self, purpose: str) -> list[Any]:
        """Every file of a purpose."""
        return self._provider.all_files(purpose)


BOUNDS = settings(
    max_examples=10, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True
)

TestLife = Life.TestCase
TestLife.settings = BOUNDS


class _LongLife(Life):
    """The same for longer."""


# Four to five seconds a life: the limit of one test is not meant for a hundred of them.
TestLongLife = pytest.mark.full(pytest.mark.timeout(1800)(_LongLife.TestCase))
TestLongLife.settings = settings(BOUNDS, max_examples=100, stateful_step_count=50)
