"""The pretended life of a batch, by a clock that the test holds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from core.llm.answers import read_line
from core.simulator import faults
from core.simulator.batches import Works
from core.simulator.store import BatchRecord, FileRecord, SimulatorStore
from tests.batch_lines import chat_body, line, write

CHAT = "/v1/chat/completions"


class Bench:
    """A server's inside without HTTP: time passes only when told."""

    def __init__(self, home: Path, document: dict[str, Any] | None = None, speed: float = 60) -> None:
        self.now = 1.79e9
        self.home = home
        self.store = SimulatorStore(home)
        self.works = Works(self.store, faults.from_document(document or {}), speed, lambda: self.now)

    def batch(self, requests: int = 14) -> BatchRecord:
        file_id = self.store.new_file_id()
        path = write(self.store.content(file_id), [line(f"r{number}", chat_body()) for number in range(requests)])
        self.store.save_file(FileRecord(file_id, "in.jsonl", "batch", path.stat().st_size, int(self.now)))
        return self.works.create(file_id, CHAT, None)

    def after(self, seconds: float) -> None:
        self.now += seconds
        while self.works.step():
            pass

    def lines(self, file_id: str | None) -> list[bytes]:
        return self.store.content(file_id).read_bytes().split(b"\n") if file_id else []


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_fourteen_requests_at_speed_60_take_twenty_seconds_and_show_progress(bench: Bench) -> None:
    record = bench.batch()
    bench.after(0)
    assert record.status == "validating"
    bench.after(0.1)
    assert (record.status, record.total, record.completed) == ("in_progress", 14, 0)
    seen = []
    for _ in range(20):
        bench.after(1)
        seen.append(record.completed)
    assert seen == sorted(seen)
    assert 5 <= seen[9] <= 8
    assert len(set(seen)) >= 12
    bench.after(0.5)
    bench.after(0.5)
    assert record.status == "completed"
    assert record.view()["usage"]["total_tokens"] > 0


def test_finalizing_shows_all_counts_but_no_files(tmp_path: Path) -> None:
    bench = Bench(tmp_path, speed=1)
    record = bench.batch(3)
    bench.after(4)
    bench.after(1204)
    view = record.view()
    assert (view["status"], view["request_counts"]["completed"]) == ("finalizing", 3)
    assert (view["output_file_id"], view["error_file_id"]) == (None, None)
    assert view["expires_at"] == view["created_at"] + 86_400


def test_a_cancelled_batch_keeps_what_was_finished(bench: Bench) -> None:
    record = bench.batch()
    bench.after(0.1)
    bench.after(10)
    finished = record.completed
    assert 0 < finished < 14
    bench.works.cancel(record)
    bench.after(0.1)
    assert record.status == "cancelling"
    bench.after(1)
    assert record.status == "cancelled"
    assert len([each for each in bench.lines(record.output_file_id) if each]) == finished
    left = [json.loads(each) for each in bench.lines(record.error_file_id) if each]
    assert [each["error"]["code"] for each in left] == ["batch_cancelled"] * (14 - finished)
    assert [each["custom_id"] for each in left] == [f"r{number}" for number in range(finished, 14)]


def test_a_batch_cancelled_in_validation_has_no_files(bench: Bench) -> None:
    record = bench.batch()
    bench.works.cancel(record)
    bench.after(1)
    assert (record.status, record.total, record.output_file_id, record.error_file_id) == ("cancelled", 0, None, None)


def test_another_process_goes_on_and_drops_what_was_half_written(bench: Bench) -> None:
    record = bench.batch()
    bench.after(0.1)
    bench.after(10)
    done = record.completed
    with bench.store.work(record.id, "output").open("ab") as out:
        out.write(b'{"half a li')
    again = Bench(bench.home)
    again.now = bench.now
    (same,) = again.store.batches.values()
    assert same.completed == done
    again.after(11)
    again.after(1)
    found = [read_line(each).custom_id for each in again.lines(same.output_file_id) if each]
    assert found == [f"r{number}" for number in range(14)]
    assert not list(bench.home.glob("batches/*.output"))


def finished(bench: Bench, requests: int = 14) -> BatchRecord:
    record = bench.batch(requests)
    for _ in range(4):
        bench.after(100)
    assert record.ended
    return record


@pytest.mark.parametrize(
    ("outcome", "check"),
    [
        ({"blank_lines": True}, lambda lines: sum(not each.strip() for each in lines) > 3),
        ({"shuffle": True}, lambda lines: [read_line(each).custom_id for each in lines[:3]] != ["r0", "r1", "r2"]),
        ({"duplicate_lines": True}, lambda lines: len(lines) == 14 + 3 + 1 and lines[0] == lines[1]),
        ({"conflicting_lines": True}, lambda lines: len(lines) == 14 + 3 + 1 and lines[0] != lines[1]),
        ({"unknown_custom_id": True}, lambda lines: read_line(lines[14]).custom_id == "somebody-else"),
        ({"missing_lines": 0.3}, lambda lines: 5 < len(lines) < 14 and read_line(lines[0]).custom_id != "r0"),
        ({"no_final_newline": True}, lambda lines: len(lines) == 14 and lines[-1].endswith(b"}")),
        ({"broken_line": True}, lambda lines: read_line(lines[1]).custom_id == ""),
        ({"byte_order_mark": True}, lambda lines: lines[0].startswith(b"\xef\xbb\xbf{")),
    ],
)
def test_the_output_is_damaged_as_asked(tmp_path: Path, outcome: dict[str, Any], check: Any) -> None:
    bench = Bench(tmp_path, {"batches": {"1": outcome}})
    record = finished(bench)
    assert check(bench.lines(record.output_file_id))
    file = bench.store.files[record.output_file_id or ""]
    assert file.bytes == bench.store.content(file.id).stat().st_size
    assert finished(bench).output_file_id
    undamaged = bench.lines(finished(bench).output_file_id)
    assert [read_line(each).custom_id for each in undamaged if each] == [f"r{number}" for number in range(14)]


def test_ids_can_be_empty_and_files_unnamed(tmp_path: Path) -> None:
    bench = Bench(tmp_path, {"batches": {"1": {"empty_file_ids": True}, "2": {"no_output_file": True}}})
    assert finished(bench).error_file_id == ""
    unnamed = finished(bench)
    assert (unnamed.completed, unnamed.output_file_id) == (14, None)


def test_oddities_of_status_are_shown_as_asked(tmp_path: Path) -> None:
    plan = {"1": {"unknown_status": "paused"}, "2": {"stuck": True}, "3": {"vanish": True}, "4": {"no_usage": True}}
    bench = Bench(tmp_path, {"batches": plan})
    paused, stuck, gone, plain = (bench.batch(2) for _ in range(4))
    bench.after(0.1)
    bench.after(10)
    assert bench.works.view(paused)["status"] == "paused"
    assert bench.works.vanished(gone)
    bench.after(100)
    bench.after(100)
    assert bench.works.view(paused)["status"] == "completed"
    assert (stuck.status, stuck.completed) == ("in_progress", 0)
    assert "usage" not in bench.works.view(plain)


def test_a_batch_can_be_made_to_fail_or_expire(tmp_path: Path) -> None:
    plan = {"1": {"fail": "token_limit_exceeded"}, "2": {"expire_after": 0.5}, "3": {"expire_after": 0}}
    bench = Bench(tmp_path, {"batches": plan})
    failed, expired, nothing = (finished(bench) for _ in range(3))
    assert (failed.status, failed.problems[0]["code"]) == ("failed", "token_limit_exceeded")
    assert (expired.status, expired.completed, expired.total) == ("expired", 7, 14)
    assert (nothing.status, nothing.output_file_id) == ("expired", None)
    assert len([each for each in bench.lines(nothing.error_file_id) if each]) == 14


def test_two_batches_share_the_room_of_a_model(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    first = bench.batch()
    bench.after(0.1)
    bench.works.faults.enqueued_tokens = first.input_tokens + 10
    second = bench.batch()
    bench.after(0.1)
    assert (first.status, second.status) == ("in_progress", "failed")
    assert second.problems[0]["code"] == "token_limit_exceeded"


def test_a_deleted_input_file_fails_the_batch(bench: Bench) -> None:
    record = bench.batch()
    bench.store.delete_file(record.input_file_id)
    bench.after(1)
    assert (record.status, record.problems[0]["param"]) == ("failed", "file_id")
