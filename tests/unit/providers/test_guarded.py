"""The middleware: limits, pauses, few repetitions, circuit breakers. Time is a number that the tests set ahead."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from core.domain.batch import Batch, BatchCounts, RemoteFile
from core.domain.provider_state import CircuitState, ProviderState
from core.errors import ProviderAmbiguous, ProviderError, ProviderRefused, ProviderUnreachable
from core.providers.guarded import CircuitOpen, GuardedProvider, LocalLimit
from core.providers.throttle import Bucket, Limits

NOW = datetime(2026, 11, 24, tzinfo=UTC)
BATCH = Batch("batch_1", "in_progress", "", "", None, None, NOW, None, BatchCounts())
FILE = RemoteFile("file-1", "a.jsonl", 10, NOW, "processed")
BODY = {"model": "gpt-5.4-mini", "max_completion_tokens": 1_000, "messages": []}


class Time:
    """Seconds that pass only when somebody sleeps or a test says so."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


class Scripted:
    """A provider that fails as told, and counts what reached it."""

    def __init__(self, outcome: Callable[[str, int], ProviderError | None] = lambda _verb, _n: None) -> None:
        self.outcome = outcome
        self.calls: list[str] = []

    def _call(self, verb: str) -> None:
        self.calls.append(verb)
        error = self.outcome(verb, self.calls.count(verb))
        if error is not None:
            raise error

    def find_upload(self, name: str) -> RemoteFile | None:
        self._call("find_upload")
        return FILE

    def list_files(self, purpose: str) -> Iterator[RemoteFile]:
        self._call("list_files")
        yield FILE

    def check_file(self, file_id: str) -> RemoteFile:
        self._call("check_file")
        return FILE

    def upload(self, path: Path, name: str) -> RemoteFile:
        self._call("upload")
        return FILE

    def create_batch(self, file_id: str, endpoint: str, metadata: Mapping[str, str]) -> Batch:
        self._call("create")
        return BATCH

    def check(self, batch_id: str) -> Batch:
        self._call("check")
        return BATCH

    def list_batches(
        self, newer_than: datetime | None = None, *, of_file: str = "", whole: bool = False
    ) -> Iterator[Batch]:
        yield BATCH
        self._call("list_batches")
        yield BATCH

    def cancel(self, batch_id: str) -> Batch:
        self._call("cancel")
        return BATCH

    def download(self, file_id: str, to: Path) -> int:
        self._call("download")
        return 10

    def delete_file(self, file_id: str) -> None:
        self._call("delete_file")

    def stream(self, endpoint: str, body: Mapping[str, Any]) -> Iterator[str]:
        self._call("stream")
        yield "a"
        self._call("stream_middle")
        yield "b"
        return {"usage": {"total_tokens": 500}}  # a generator's value

    def probe(self) -> int | None:
        self._call("probe")
        return 3

    def models(self) -> dict[str, Any]:
        self._call("models")
        return {}


class Silent(Scripted):
    """Its answers do not say how many tokens they came to."""

    def __init__(self, usage: object) -> None:
        super().__init__()
        self._usage = usage

    def stream(self, endpoint: str, body: Mapping[str, Any]) -> Iterator[str]:
        yield "a"
        return {"usage": self._usage}  # a generator's value


def guarded(inner: Scripted, time: Time, **more: Any) -> GuardedProvider:
    return GuardedProvider(inner, clock=time, sleep=time.sleep, chance=lambda: 0.0, now=lambda: NOW, **more)


def limited(after: float | None = None) -> ProviderRefused:
    return ProviderRefused("Slow down.", status=429, code="rate_limit_exceeded", retry_after_seconds=after)


def read_all(pieces: Iterator[str]) -> list[str]:
    return list(pieces)


def test_a_read_that_is_asked_to_slow_down_waits_as_long_as_asked_and_is_repeated() -> None:
    time, inner = Time(), Scripted(lambda _, n: limited(after=3.0) if n == 1 else None)
    assert guarded(inner, time).check("batch_1") is BATCH
    assert inner.calls == ["check", "check"]
    assert sum(time.slept) == pytest.approx(3.0)


def test_a_read_is_not_repeated_for_ever() -> None:
    time, inner = Time(), Scripted(lambda _verb, _n: limited())
    with pytest.raises(ProviderRefused, match="Slow down"):
        guarded(inner, time).check("batch_1")
    assert len(inner.calls) == 4


def test_a_wait_that_is_too_long_is_left_to_the_caller() -> None:
    time, inner = Time(), Scripted(lambda _verb, _n: limited(after=90.0))
    guard = guarded(inner, time)
    with pytest.raises(ProviderRefused) as refused:
        guard.check("batch_1")
    assert refused.value.retry_after_seconds == 90.0
    with pytest.raises(LocalLimit) as local:
        guard.check("batch_1")
    assert local.value.passing
    assert local.value.retry_after_seconds == pytest.approx(90.0)
    assert (inner.calls, time.slept) == (["check"], [])
    time.now += 91
    inner.outcome = lambda _verb, _n: None
    assert guard.check("batch_1") is BATCH


@pytest.mark.parametrize(
    "error",
    [limited(after=1.0), ProviderUnreachable("No connection."), ProviderAmbiguous("The answer was lost.")],
    ids=["refused", "unsent", "lost"],
)
def test_a_paid_create_is_sent_once_whatever_happens(error: ProviderError) -> None:
    time, inner = Time(), Scripted(lambda _verb, _n: error)
    with pytest.raises(type(error)):
        guarded(inner, time).create_batch("file-1", "/v1/responses", {})
    assert (inner.calls, time.slept) == (["create"], [])


def test_a_create_is_refused_unsent_rather_than_held_back_after_its_right_was_checked() -> None:
    time, inner = Time(), Scripted()
    guard = guarded(inner, time, limits=Limits(requests={"*": 1}))
    guard.check("batch_1")
    with pytest.raises(LocalLimit, match="Nothing was sent"):
        guard.create_batch("file-1", "/v1/responses", {})
    assert (inner.calls, time.slept) == (["check"], [])


def test_an_answer_at_once_is_asked_again_after_a_definite_no_but_never_after_a_lost_one() -> None:
    time, inner = Time(), Scripted(lambda verb, n: limited(after=2.0) if (verb, n) == ("stream", 1) else None)
    assert read_all(guarded(inner, time).stream("/v1/chat/completions", BODY)) == ["a", "b"]
    assert inner.calls == ["stream", "stream", "stream_middle"]
    lost = Scripted(lambda verb, _n: ProviderAmbiguous("Cut.") if verb == "stream_middle" else None)
    with pytest.raises(ProviderAmbiguous):
        read_all(guarded(lost, time).stream("/v1/chat/completions", BODY))
    assert lost.calls == ["stream", "stream_middle"]


def test_a_list_that_breaks_in_the_middle_is_not_begun_again() -> None:
    time, inner = Time(), Scripted(lambda _verb, _n: limited())
    with pytest.raises(ProviderRefused):
        list(guarded(inner, time).list_batches())
    assert inner.calls == ["list_batches"]


def test_a_reader_who_stops_in_the_middle_is_no_failure() -> None:
    time, inner = Time(), Scripted()
    guard = guarded(inner, time)
    for _ in range(10):
        assert next(iter(guard.list_batches())) is BATCH
    assert guard.state().reads is CircuitState.CLOSED


def test_requests_and_tokens_a_minute_are_kept_to_for_each_model() -> None:
    time, inner = Time(), Scripted()
    guard = guarded(inner, time, limits=Limits(requests={"gpt-5.4-mini": 2}), longest_wait_seconds=100)
    for _ in range(4):
        read_all(guard.stream("/v1/chat/completions", BODY))
    assert sum(time.slept) == pytest.approx(60.0)
    read_all(guard.stream("/v1/chat/completions", BODY | {"model": "gpt-6-luna"}))
    assert sum(time.slept) == pytest.approx(60.0)


def test_tokens_are_counted_by_what_an_answer_came_to() -> None:
    time, inner = Time(), Scripted()
    guard = guarded(inner, time, limits=Limits(tokens={"*": 6_000}), longest_wait_seconds=100)
    for _ in range(10):  # expected at over 1,000 each, used 500
        read_all(guard.stream("/v1/chat/completions", BODY))
    assert sum(time.slept) == 0


@pytest.mark.parametrize("usage", [None, {}, {"total_tokens": 0}, {"total_tokens": None}, "many"])
def test_an_answer_that_does_not_say_what_it_came_to_counts_as_expected(usage: object) -> None:
    time, inner = Time(), Silent(usage)
    guard = guarded(inner, time, limits=Limits(tokens={"*": 6_000}), longest_wait_seconds=100)
    for _ in range(10):
        read_all(guard.stream("/v1/chat/completions", BODY))
    assert sum(time.slept) > 0, "ten of over 1,000 each do not fit into a minute of 6,000"


def test_a_request_larger_than_a_minute_goes_when_the_bucket_is_full_and_is_owed() -> None:
    time = Time()
    bucket = Bucket(1_000, time)
    assert bucket.take(5_000) == 0.0
    assert bucket.wait_for(1_000) == pytest.approx(300.0)


def test_an_outage_of_an_hour_is_met_with_few_calls_and_ends_with_the_first_answer() -> None:
    time, inner = Time(), Scripted(lambda _verb, _n: ProviderUnreachable("No connection to api.example."))
    guard = guarded(inner, time)
    began, calls_by_minute = time.now, [0] * 60
    while time.now - began < 3600:
        before = len(inner.calls)
        with pytest.raises(ProviderUnreachable):
            guard.check("batch_1")
        calls_by_minute[int((time.now - began) // 60)] += len(inner.calls) - before
        time.now += 1.0
    assert max(calls_by_minute) <= 6
    assert sum(calls_by_minute) <= 25
    inner.outcome = lambda _verb, _n: None
    time.now += 301
    assert guard.check("batch_1") is BATCH
    assert guard.state().reads is CircuitState.CLOSED
    assert guard.check("batch_1") is BATCH


def test_only_one_call_goes_ahead_as_a_probe() -> None:
    time = Time()
    inner = Scripted(lambda verb, _n: ProviderAmbiguous("HTTP 500.") if verb == "check" else None)
    guard = guarded(inner, time)
    for _ in range(5):
        with pytest.raises(ProviderAmbiguous):
            guard.check("batch_1")
    time.now += 31
    probe = guard.list_batches()
    next(probe)
    with pytest.raises(CircuitOpen, match=r"HTTP 500"):
        guard.check("batch_1")
    assert inner.calls == ["check"] * 5
    next(probe)
    probe.close()
    inner.outcome = lambda _verb, _n: None
    assert guard.check("batch_1") is BATCH


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_key_closes_the_way_at_once_and_says_so_without_the_key(status: int) -> None:
    time, inner = Time(), Scripted(lambda _verb, _n: ProviderRefused("The key was refused.", status=status))
    told: list[ProviderState] = []
    guard = guarded(inner, time, changed=told.append)
    with pytest.raises(ProviderRefused):
        guard.create_batch("file-1", "/v1/responses", {})
    with pytest.raises(CircuitOpen, match="The key was refused"):
        guard.check("batch_1")
    assert inner.calls == ["create"]
    assert (told[-1].reads, told[-1].last_error) == (CircuitState.OPEN, "The key was refused.")


def test_an_empty_purse_stops_what_costs_money_and_nothing_else() -> None:
    time = Time()
    quota = ProviderRefused("You exceeded your quota.", status=429, code="insufficient_quota")
    inner = Scripted(lambda verb, _n: quota if verb == "create" else None)
    guard = guarded(inner, time)
    with pytest.raises(ProviderRefused, match="quota"):
        guard.create_batch("file-1", "/v1/responses", {})
    with pytest.raises(CircuitOpen, match="Nothing that costs money is sent"):
        guard.create_batch("file-1", "/v1/responses", {})
    assert guard.check("batch_1") is BATCH
    assert guard.download("file-2", Path("nowhere")) == 10
    assert inner.calls == ["create", "check", "download"]
    assert (guard.state().reads, guard.state().paid) == (CircuitState.CLOSED, CircuitState.OPEN)
    inner.outcome = lambda _verb, _n: None
    time.now += 31
    assert guard.create_batch("file-1", "/v1/responses", {}) is BATCH
    assert guard.state().paid is CircuitState.CLOSED


def test_refusals_of_single_requests_do_not_close_the_way() -> None:
    time, inner = Time(), Scripted(lambda _verb, _n: ProviderRefused("No such file.", status=404))
    guard = guarded(inner, time)
    for _ in range(20):
        with pytest.raises(ProviderRefused):
            guard.check("batch_1")
    assert guard.state().reads is CircuitState.CLOSED
