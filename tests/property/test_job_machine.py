"""Any sequence of events on a job's shards: only legal moves are stored, and the job follows from its shards."""

from __future__ import annotations

import shutil
import tempfile
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import product
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from core.domain.analysis import AnalysisRequest, ItemError, Kind
from core.domain.batch import ShardFile
from core.domain.cost import Estimate
from core.domain.job import (
    JOB_ENDED,
    JOB_MOVES,
    SHARD_ENDED,
    SHARD_MOVES,
    SHARD_WORKING,
    IllegalMove,
    JobEvent,
    JobState,
    ShardEvent,
    ShardState,
    job_event,
    next_job_state,
    next_shard_state,
)
from core.domain.records import RequestRow, ShardClaim
from core.errors import StaleMove
from core.storage.jobs.jobs import NewJob
from core.storage.store import Store
from tests.made_tables import made_database
from tests.unit.storage.making import let_go

JOB_ID = "261124-000000-aaaaaaaaaaaa"
BEGIN = datetime(2026, 11, 24, tzinfo=UTC)
ERROR = ItemError("refused", "no", transient=False)
ESTIMATE = Estimate(
    requests=6, shards=3, bytes=30, input_tokens=60, output_tokens=60, low_usd=Decimal(1), expected_usd=Decimal(2),
    high_usd=Decimal(3), sync_usd=Decimal(4), completion_time="2-8 h", model="m", model_class="standard",
    model_mix={"m": 6}, price_source="test",
)  # fmt: skip

shard_numbers = st.integers(min_value=0, max_value=2)
events = st.sampled_from(ShardEvent)
states = st.sampled_from(ShardState)


class Life(RuleBasedStateMachine):
    """A job of three shards in a real database; the model beside it is a list of states."""

    @initialize(count=st.integers(min_value=1, max_value=3))
    def build(self, count: int) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="life-"))
        self.store = Store(made_database(self.folder / "mosychlos.db"))
        self.now = BEGIN
        self.stands = [ShardState.QUEUED] * count
        self.fences = [0] * count
        self.closed: set[int] = set()
        self.approved = False
        rows = [
            RequestRow(f"r{number}", number // 2, "p", "2026-11-01", "US", 10, "h", None, None)
            for number in range(2 * count)
        ]
        self.store.jobs.add_requests(JOB_ID, rows)
        self.store.jobs.add_draft(
            NewJob(
                JOB_ID, AnalysisRequest(Kind.RISK, ("p",), "m"), ESTIMATE, "risk/v1", "spec", "nonce", simulated=True,
                created_by="ada", created_at=BEGIN,
            ),
            [ShardFile(f"/nowhere/{number}", "sha", 2, 10, 20) for number in range(count)],
            lambda index: f"name-{index}",
        )  # fmt: skip

    def teardown(self) -> None:
        if hasattr(self, "store"):
            self.store.close()
            shutil.rmtree(self.folder)

    @precondition(lambda self: not self.approved)
    @rule()
    def approve(self) -> None:
        self.store.jobs.approve(JOB_ID, "spec", lambda *_: None, actor="ada", at=self.now)
        self.approved = True

    @precondition(lambda self: self.approved)
    @rule(number=shard_numbers, event=events)
    def move(self, number: int, event: ShardEvent) -> None:
        """The worker's own move from where the shard stands: legal ones happen, others raise and change nothing."""
        number %= len(self.stands)
        state, claim = self.stands[number], ShardClaim(f"{JOB_ID}.{number}", self.fences[number])
        target = SHARD_MOVES.get((state, event))
        if target is None:
            with pytest.raises(IllegalMove):
                self.store.shards.move(claim, state, event, at=self.now)
            return
        assert self.store.shards.move(claim, state, event, at=self.now) is target
        self.stands[number] = target

    @precondition(lambda self: self.approved)
    @rule(number=shard_numbers, event=events, believed=states)
    def move_from_a_wrong_belief(self, number: int, event: ShardEvent, believed: ShardState) -> None:
        number %= len(self.stands)
        if believed is not self.stands[number]:
            with pytest.raises((IllegalMove, StaleMove)):
                self.store.shards.move(
                    ShardClaim(f"{JOB_ID}.{number}", self.fences[number]), believed, event, at=self.now
                )

    @precondition(lambda self: self.approved)
    @rule(number=shard_numbers, event=events)
    def move_with_a_lost_claim(self, number: int, event: ShardEvent) -> None:
        number %= len(self.stands)
        with pytest.raises((IllegalMove, StaleMove)):
            self.store.shards.move(
                ShardClaim(f"{JOB_ID}.{number}", self.fences[number] - 1), self.stands[number], event, at=self.now
            )

    @precondition(lambda self: self.approved)
    @rule()
    def somebody_claims_what_is_due(self) -> None:
        self.now += timedelta(minutes=1)
        let_go(self.store, self.now)
        claims = self.store.shards.claim_due(owner="w", now=self.now, lease_seconds=30, limit=9)
        working = {number for number, state in enumerate(self.stands) if state in SHARD_WORKING}
        assert {int(claim.shard_id.rpartition(".")[2]) for claim in claims} == working
        for claim in claims:
            self.fences[int(claim.shard_id.rpartition(".")[2])] = claim.fence

    @precondition(lambda self: self.approved)
    @rule(number=shard_numbers)
    def refuse_unsent(self, number: int) -> None:
        number %= len(self.stands)
        state, claim = self.stands[number], ShardClaim(f"{JOB_ID}.{number}", self.fences[number])
        if (state, ShardEvent.REJECTED) in SHARD_MOVES and number not in self.closed:
            self.store.results.close(claim, state, ShardEvent.REJECTED, ERROR, at=self.now, note="no")
            self.stands[number] = ShardState.FAILED
            self.closed.add(number)

    @precondition(lambda self: self.approved)
    @rule(number=shard_numbers)
    def a_person_resumes(self, number: int) -> None:
        number %= len(self.stands)
        if self.stands[number] is ShardState.ATTENTION:
            self.store.shards.resume(f"{JOB_ID}.{number}", actor="ada", at=self.now)
            self.stands[number] = ShardState.QUEUED
        else:
            with pytest.raises(StaleMove):
                self.store.shards.resume(f"{JOB_ID}.{number}", actor="ada", at=self.now)

    @precondition(lambda self: self.approved)
    @rule()
    def a_person_wishes_to_stop(self) -> None:
        before = self.store.jobs.get(JOB_ID).row.state
        assert self.store.jobs.wish_cancel(JOB_ID, actor="ada", at=self.now) is before

    @invariant()
    def the_shards_stand_where_the_model_says(self) -> None:
        if hasattr(self, "store"):
            assert [shard.state for shard in self.store.shards.of_job(JOB_ID)] == self.stands

    @invariant()
    def the_job_follows_from_its_shards(self) -> None:
        if not hasattr(self, "store"):
            return
        state = self.store.jobs.get(JOB_ID).row.state
        if not self.approved:
            assert state is JobState.DRAFT
            return
        assert f"now_{state}" == job_event(self.stands)

    @invariant()
    def the_history_leads_to_where_everything_stands(self) -> None:
        if not hasattr(self, "store"):
            return
        stands = [ShardState.QUEUED] * len(self.stands)
        job = JobState.DRAFT
        for event in self.store.jobs.events(JOB_ID, limit=10_000):
            if event.event in {"draft", "cancel_wish"}:
                continue
            if event.shard_id is None:
                job = next_job_state(job, JobEvent(event.event))
                assert event.to_state == job
            else:
                number = int(event.shard_id.rpartition(".")[2])
                assert event.from_state == stands[number]
                stands[number] = next_shard_state(stands[number], ShardEvent(event.event))
        assert stands == self.stands
        assert job is self.store.jobs.get(JOB_ID).row.state

    @invariant()
    def money_is_reserved_until_the_job_has_ended(self) -> None:
        if not hasattr(self, "store"):
            return
        spend = self.store.jobs.spend("2026-11")
        if self.approved and self.store.jobs.get(JOB_ID).row.state not in JOB_ENDED:
            assert spend.total_usd in {Decimal(2), Decimal(0)}
        elif not self.approved:
            assert spend.jobs == 0
        else:
            assert spend.open_usd == 0


TestLife = Life.TestCase
TestLife.settings = settings(
    max_examples=25, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
)


@given(st.lists(states, min_size=1, max_size=8))
def test_what_a_job_follows_to_does_not_depend_on_the_order_of_its_shards(found: list[ShardState]) -> None:
    assert job_event(found) is job_event(sorted(found)) is job_event(reversed(found))


@given(st.lists(st.sampled_from(sorted(SHARD_ENDED)), min_size=1, max_size=8))
def test_a_job_has_ended_exactly_when_all_its_shards_have(found: list[ShardState]) -> None:
    ended = {JobEvent.NOW_DONE, JobEvent.NOW_PARTIAL, JobEvent.NOW_FAILED, JobEvent.NOW_CANCELLED}
    assert job_event(found) in ended
    assert job_event([*found, ShardState.RUNNING]) is JobEvent.NOW_RUNNING
    assert job_event([*found, ShardState.ATTENTION]) is JobEvent.NOW_ATTENTION


def test_a_shard_that_has_ended_never_moves() -> None:
    assert not [move for move in SHARD_MOVES if move[0] in SHARD_ENDED]


def test_every_shard_state_can_be_reached_and_every_working_one_can_end() -> None:
    reached = {ShardState.QUEUED}
    while more := {to for (state, _), to in SHARD_MOVES.items() if state in reached} - reached:
        reached |= more
    assert reached == set(ShardState)
    ends = set(SHARD_ENDED)
    while more := {state for (state, _), to in SHARD_MOVES.items() if to in ends} - ends:
        ends |= more
    assert ends == set(ShardState)


def test_a_lost_create_is_left_only_by_looking() -> None:
    """From "unknown" there is no way to another paid call, save by proof of absence or a person's word."""
    assert {event for (state, event) in SHARD_MOVES if state is ShardState.UNKNOWN} == {
        ShardEvent.ADOPTED,
        ShardEvent.PROVEN_ABSENT,
        ShardEvent.TWICE_UNKNOWN,
    }
    assert {state for (state, event) in SHARD_MOVES if event is ShardEvent.SEND} == {ShardState.UPLOADING}


def test_a_draft_moves_only_by_a_person() -> None:
    assert {event for (state, event) in JOB_MOVES if state is JobState.DRAFT} == {JobEvent.APPROVE, JobEvent.DISCARD}
    for state, event in product(JobState, JobEvent):
        if (state, event) not in JOB_MOVES:
            with pytest.raises(IllegalMove, match=f"A job that is {state} cannot take '{event}'"):
                next_job_state(state, event)
