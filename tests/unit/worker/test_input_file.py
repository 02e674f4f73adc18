"""The input file at the provider: whole and ready before anything is paid for, and sent anew where it is of no use."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from core.domain.job import ShardState
from core.errors import ProviderRefused, ProviderUnfit
from core.worker.input_file import READY_WITHIN, TIMES, file_is_absent, file_is_worked_on, look_again_in
from core.worker.submit import PATIENCE
from tests.unit.worker.making import LINE, POLL, Bench


@pytest.mark.parametrize("status", ["processed", "uploaded", "", "a word never seen"])
def test_a_file_is_used_whatever_its_state_is_called_unless_it_is_known_to_be_of_no_use(
    bench: Bench, status: str
) -> None:
    bench.provider.files_are = {"status": status}
    bench.step(2)
    assert (bench.shard.state, bench.provider.calls["upload"]) == (ShardState.RUNNING, 1)


@pytest.mark.parametrize("status", ["pending", "processing", "uploading"])
def test_a_file_that_is_worked_on_is_waited_for_and_not_sent_again(bench: Bench, status: str) -> None:
    bench.provider.files_are = {"status": status}
    bench.step()
    assert [bench.step() for _ in range(6)] == [2, 4, 8, 16, 32, 40]
    assert (bench.shard.state, bench.provider.creates) == (ShardState.UPLOADING, 0)
    assert f"still at work on it (status '{status}')" in bench.shard.message
    bench.provider.files_are = {}
    bench.step()
    assert (bench.shard.state, bench.provider.calls["upload"]) == (ShardState.RUNNING, 1)


def test_a_file_that_is_worked_on_for_over_an_hour_is_a_persons_business(bench: Bench) -> None:
    bench.provider.files_are = {"status": "pending"}
    bench.step(2)
    bench.now += READY_WITHIN
    bench.step()
    assert bench.shard.state is ShardState.UPLOADING
    bench.now += timedelta(seconds=1)
    bench.step()
    assert bench.shard.state is ShardState.ATTENTION
    assert "has worked on" in bench.shard.message
    assert "for over 1 h" in bench.shard.message


@pytest.mark.parametrize("files_are", [{"status": "error"}, {"status": "deleted"}, {"bytes": len(LINE) - 1}])
def test_a_file_of_no_use_is_sent_three_times_and_then_a_person_is_asked(
    bench: Bench, files_are: dict[str, object]
) -> None:
    bench.provider.files_are = {**files_are, "details": "it broke"}
    bench.step()
    for times in range(1, TIMES):
        bench.step()
        assert (bench.shard.state, bench.shard.file_id, bench.shard.scans) == (ShardState.UPLOADING, None, times)
        assert bench.shard.message.endswith("it broke. It is sent again.")
    bench.step()
    assert (bench.shard.state, bench.provider.calls["upload"]) == (ShardState.ATTENTION, TIMES)
    assert bench.provider.all_files("batch") == []
    assert "It was sent 3 times." in bench.shard.message


def test_a_size_that_the_provider_does_not_say_is_no_wrong_size(bench: Bench) -> None:
    bench.provider.files_are = {"bytes": None}
    bench.step(2)
    assert bench.shard.state is ShardState.RUNNING


@pytest.mark.parametrize("files_are", [{}, {"bytes": len(LINE) + 1}, {"status": "failed"}])
def test_of_an_upload_whose_answer_was_lost_only_what_is_whole_and_of_use_is_taken(
    bench: Bench, files_are: dict[str, object]
) -> None:
    bench.step()
    bench.provider.next_call("upload", "lost_after")
    bench.step()
    [first] = bench.provider.all_files("batch")
    bench.provider.files_are = files_are
    bench.step()
    kept = first.file_id in {one.file_id for one in bench.provider.all_files("batch")}
    assert (kept, bench.provider.calls["upload"]) == ((True, 1) if not files_are else (False, 2))


def test_a_server_without_a_list_of_files_gets_a_second_copy(bench: Bench) -> None:
    bench.step()
    bench.provider.next_call("list_files", ProviderUnfit("no such place", status=404))
    bench.step()
    assert bench.shard.state is ShardState.RUNNING


def test_a_file_that_cannot_be_asked_for_is_used_and_the_create_tells(bench: Bench) -> None:
    bench.step()
    bench.provider.next_call("create_batch", "unsent")
    bench.step()
    bench.provider.next_call("check_file", ProviderRefused("no such route", status=405))
    bench.step()
    assert bench.shard.state is ShardState.RUNNING


@pytest.mark.parametrize(("status", "state"), [(429, ShardState.UPLOADING), (401, ShardState.ATTENTION)])
def test_a_refused_look_at_a_file_waits_or_asks_a_person_as_any_other(
    bench: Bench, status: int, state: ShardState
) -> None:
    bench.step()
    bench.provider.next_call("create_batch", "unsent")
    bench.step()
    bench.provider.next_call("check_file", ProviderRefused("no", status=status))
    bench.step()
    assert (bench.shard.state, bench.provider.creates) == (state, 0)


def test_a_file_that_the_provider_does_not_see_is_asked_for_sent_anew_and_at_last_told(bench: Bench) -> None:
    bench.step()
    uploads = []
    for _ in range(2 * PATIENCE):
        assert bench.shard.state is ShardState.UPLOADING
        bench.provider.next_call("create_batch", ProviderRefused("Cannot find file file-1", status=400))
        bench.step()
        uploads.append(bench.provider.calls["upload"])
    assert uploads == [1] * PATIENCE + [2] * PATIENCE
    assert bench.shard.state is ShardState.ATTENTION


def test_a_file_that_a_create_finds_worked_on_is_waited_for_and_never_sent_anew(bench: Bench) -> None:
    bench.step()
    waits = []
    for _ in range(2 * PATIENCE):
        bench.provider.next_call("create_batch", ProviderRefused("the file is not ready", status=409))
        waits.append(bench.step() / POLL)
    assert waits == [1, 2, 4, 8, 16, 16, 16, 16, 16, 0]
    assert (bench.shard.state, bench.provider.calls["upload"]) == (ShardState.ATTENTION, 1)


def test_a_wait_for_a_file_is_short_at_first_and_four_polls_at_most(bench: Bench) -> None:
    waits = [look_again_in(replace(bench.shard, quiet_polls=quiet), 300.0) for quiet in range(11)]
    assert waits == [2, 4, 8, 16, 32, 64, 128, 256, 512, 512, 512]
    assert look_again_in(replace(bench.shard, quiet_polls=99), 10.0) == 40


@pytest.mark.parametrize(
    ("words", "param", "status", "absent", "worked_on"),
    [
        ("Cannot find file file-1", "", 400, True, False),
        ("Not found", "input_file_id", 404, True, False),
        ("Not found", "", 404, False, False),
        ("No such file", "", 500, False, False),
        ("The file is still being processed", "", 409, False, True),
        ("status: pending", "input_file_id", 422, False, True),
        ("status: pending", "", 422, False, False),
        ("The file has a bad line", "", 400, False, False),
    ],
)
def test_a_refused_create_speaks_of_its_file_or_does_not(
    words: str, param: str, status: int, absent: bool, worked_on: bool
) -> None:
    refusal = ProviderRefused(words, status=status, param=param)
    assert (file_is_absent(refusal), file_is_worked_on(refusal)) == (absent, worked_on)
