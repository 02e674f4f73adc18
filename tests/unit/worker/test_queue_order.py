"""Who goes next: level, deadline, age, room and rate, each as a claim about a queue."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.analysis import Priority
from core.domain.queue import Enqueued, Hold, Snapshot, Waiting
from core.drafts.batch_room import TIERS, Rooms
from core.worker.queue_order import AGEING, Rules, decide, in_order, level
from core.worker.queue_plan import stated_room

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
MODEL = "gpt-5.4"
ROOM = 1_000
RULES = Rules(Rooms({"*": ROOM, "small": ROOM}))


def waiting(
    name: str, tokens: int = 100, priority: Priority = Priority.NORMAL, hours: float = 0, **more: object
) -> Waiting:
    one = Waiting(f"{name}.0", name, MODEL, tokens, priority, NOW - timedelta(hours=hours))
    return replace(one, **more)  # type: ignore[arg-type]  # fields by name


def seen(*found: Waiting, held: int = 0, **more: object) -> Snapshot:
    enqueued = (Enqueued(MODEL, held, NOW + timedelta(hours=3)),) if held else ()
    return replace(Snapshot(tuple(found), enqueued, {}), **more)  # type: ignore[arg-type]  # fields by name


def names(found: list[Waiting]) -> str:
    return " ".join(one.job_id for one in found)


def test_levels_come_before_age_and_age_before_the_name() -> None:
    queue = [
        waiting("low", priority=Priority.LOW, hours=1),
        waiting("b", hours=1),
        waiting("a", hours=1),
        waiting("old", hours=2),
        waiting("high", priority=Priority.HIGH),
    ]
    assert names(in_order(queue, NOW)) == "high old a b low"


def test_four_hours_of_waiting_are_worth_a_level_and_nobody_waits_for_ever() -> None:
    low = waiting("low", priority=Priority.LOW)
    assert [level(low, NOW + AGEING * n) for n in (0, 0.99, 1, 2, 9)] == [2, 2, 1, 0, 0]
    always_new = waiting("high", priority=Priority.HIGH, hours=-9)
    assert names(in_order([always_new, low], NOW + timedelta(hours=9))) == "low high"


def test_the_earliest_needed_by_goes_first_within_a_level() -> None:
    later, sooner = (
        waiting(name, needed_by=NOW + timedelta(days=days)) for name, days in (("later", 5), ("sooner", 3))
    )
    assert names(in_order([waiting("whenever", hours=1), later, sooner], NOW)) == "sooner later whenever"


def test_what_is_needed_within_the_providers_own_window_is_high_at_once() -> None:
    low = waiting("low", priority=Priority.LOW, needed_by=NOW + timedelta(hours=23))
    assert names(in_order([waiting("normal", hours=3), low], NOW)) == "low normal"


def test_shards_of_a_job_go_in_the_order_of_their_numbers() -> None:
    queue = [replace(waiting("a"), shard_id=f"a.{number}") for number in (10, 2, 0)]
    assert [one.shard_id for one in in_order(queue, NOW)] == ["a.0", "a.2", "a.10"]


@pytest.mark.parametrize(("tokens", "goes"), [(399, True), (400, True), (401, False)])
def test_a_shard_goes_when_it_fits_beside_what_is_enqueued(tokens: int, goes: bool) -> None:
    (decision,) = decide(seen(waiting("a", tokens), held=600), RULES, NOW)
    assert decision.goes is goes
    if not goes:
        assert decision.hold is Hold.ROOM
        assert decision.reason == (
            "Waits for room: gpt-5.4 may have 1,000 input tokens enqueued, 1 batch of ours hold 600 "
            "and this one needs 401."
        )
        assert decision.until == NOW + timedelta(hours=3)


def test_a_large_one_that_waits_for_room_is_not_starved_by_small_ones_behind_it() -> None:
    other = replace(waiting("other"), model="gpt-5.4-mini")
    found = decide(seen(waiting("large", 900, hours=1), waiting("small", 10), other, held=600), RULES, NOW)
    assert [(one.shard_id, one.hold) for one in found] == [
        ("large.0", Hold.ROOM),
        ("other.0", None),
        ("small.0", Hold.TURN),
    ]
    assert "Waits behind large.0" in found[2].reason


def test_with_nothing_enqueued_the_first_goes_whatever_its_size_and_alone() -> None:
    found = decide(seen(waiting("huge", 5_000, hours=1), waiting("small", 10)), RULES, NOW)
    assert [one.hold for one in found] == [None, Hold.ROOM]


def test_what_the_provider_stated_lowers_the_room_and_never_raises_it() -> None:
    rooms = Rooms(TIERS[5], {"gpt-5.4": 500, "*": 300})
    assert rooms.of("gpt-5.4", {}) == 500
    assert rooms.of("gpt-5.4", {"gpt-5.4": 90}) == 90
    assert rooms.of("gpt-5.4", {"gpt-5.4": 900}) == 500
    assert rooms.of("o3", {}) == 300
    assert Rooms(TIERS[1]).of("gpt-5.4-mini", {}) == 5_000_000


def test_no_more_batches_an_hour_than_the_provider_takes() -> None:
    oldest = NOW - timedelta(minutes=50)
    found = decide(seen(waiting("a"), waiting("b"), sent=1_999, oldest_sent=oldest), RULES, NOW)
    assert [one.hold for one in found] == [None, Hold.RATE]
    assert found[1].until == oldest + timedelta(hours=1)


def test_a_paused_job_and_a_back_off_keep_nobody_behind_them() -> None:
    refused = waiting("refused", hours=2, not_before=NOW + timedelta(minutes=5))
    found = decide(seen(waiting("paused", hours=3, paused=True), refused, waiting("c")), RULES, NOW)
    assert [one.hold for one in found] == [Hold.PAUSED, Hold.BACK_OFF, None]
    assert found[0].reason.endswith("mosychlos portfolio batch resume paused")
    assert found[1].until == NOW + timedelta(minutes=5)


@pytest.mark.parametrize(
    ("words", "room"),
    [
        (
            "Enqueued token limit reached for gpt-4o-mini in organization org-x. Limit: 2,000,000 enqueued tokens.",
            2_000_000,
        ),
        ("Too much is enqueued.", None),
    ],
)
def test_the_room_is_read_from_the_providers_words(words: str, room: int | None) -> None:
    assert stated_room(words) == room


QUEUES = st.lists(
    st.builds(
        lambda number, tokens, priority, hours, needed, paused: waiting(
            f"j{number}",
            tokens,
            priority,
            hours,
            needed_by=None if needed is None else NOW + timedelta(hours=needed),
            paused=paused,
        ),
        st.integers(0, 10**6),
        st.integers(1, 1_500),
        st.sampled_from(Priority),
        st.floats(0, 100),
        st.none() | st.integers(-5, 200),
        st.booleans(),
    ),
    max_size=12,
    unique_by=lambda one: one.shard_id,
)


@given(QUEUES, st.integers(0, 2_000), st.integers(0, 2_000))
def test_whatever_waits_the_room_and_the_rate_are_kept_and_everybody_is_told(
    queue: list[Waiting], held: int, sent: int
) -> None:
    found = decide(seen(*queue, held=held, sent=sent), RULES, NOW)
    assert sorted(one.shard_id for one in found) == sorted(one.shard_id for one in queue)
    assert [one.place for one in found] == list(range(1, len(queue) + 1))
    tokens = {one.shard_id: one.tokens for one in queue}
    going = [tokens[one.shard_id] for one in found if one.goes]
    assert sum(going) + held <= ROOM or not going or (held == 0 and len(going) == 1)
    assert sent + len(going) <= max(sent, RULES.batches_per_hour)
    assert all(bool(one.reason) is not one.goes for one in found)
    assert decide(seen(*reversed(queue), held=held, sent=sent), RULES, NOW) == found


def test_work_without_a_deadline_is_not_kept_for_ever_by_a_stream_of_work_with_one() -> None:
    soon = [waiting(f"n{number}", needed_by=NOW + timedelta(hours=3)) for number in range(3)]
    assert names(in_order([waiting("old", hours=40), *soon], NOW)) == "n0 n1 n2 old"
    assert names(in_order([waiting("old", hours=50), *soon], NOW)) == "old n0 n1 n2"
