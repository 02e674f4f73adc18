"""Batch files: exact limits, whole or absent, and read on newlines only."""

from __future__ import annotations

import hashlib
import stat
from pathlib import Path

import pytest

from core.domain.batch import BatchRequest
from core.errors import BadInput, StorageTrouble
from core.llm.jsonl import ShardWriter, lines


def _request(number: int, size: int = 40, tokens: int = 10) -> BatchRequest:
    """A request whose line, with its newline, is `size` bytes."""
    line = f'{{"custom_id":"r{number}"'.encode()
    line += b',"x":"' + b"y" * (size - len(line) - len(b',"x":""}') - 1) + b'"}'
    assert len(line) + 1 == size
    return BatchRequest(f"r{number}", f"p{number}", line, tokens, 100, "risk/v1", "0" * 64, "US")


def test_a_shard_says_exactly_what_is_on_disk(tmp_path: Path) -> None:
    requests = [_request(number, 40 + number, number) for number in range(5)]
    with ShardWriter(tmp_path, "job-a") as writer:
        assert [writer.add(request) for request in requests] == [0] * 5
        (shard,) = writer.close()
    data = Path(shard.path).read_bytes()
    assert data == b"".join(request.line + b"\n" for request in requests)
    assert shard.sha256 == hashlib.sha256(data).hexdigest()
    assert (shard.requests, shard.bytes, shard.input_tokens) == (5, len(data), 10)
    assert Path(shard.path) == tmp_path / "job-a-1.jsonl"
    assert stat.S_IMODE(Path(shard.path).stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("limit", "per_shard"), [(79, [1, 1, 1]), (80, [2, 1]), (81, [2, 1]), (119, [2, 1]), (120, [3]), (121, [3])]
)
def test_a_file_is_filled_to_the_byte_and_not_beyond(tmp_path: Path, limit: int, per_shard: list[int]) -> None:
    writer = ShardWriter(tmp_path, "j", max_bytes=limit)
    for number in range(3):
        writer.add(_request(number, 40))
    assert [shard.requests for shard in writer.close()] == per_shard


@pytest.mark.parametrize(("count", "per_shard"), [(2, [2]), (3, [3]), (4, [3, 1]), (7, [3, 3, 1])])
def test_a_file_has_at_most_so_many_requests(tmp_path: Path, count: int, per_shard: list[int]) -> None:
    writer = ShardWriter(tmp_path, "j", max_requests=3)
    indexes = [writer.add(_request(number)) for number in range(count)]
    shards = writer.close()
    assert [shard.requests for shard in shards] == per_shard
    assert indexes == [number // 3 for number in range(count)]
    assert [Path(shard.path).name for shard in shards] == [f"j-{n + 1}.jsonl" for n in range(len(per_shard))]


def test_a_file_stays_within_the_room_for_enqueued_tokens(tmp_path: Path) -> None:
    writer = ShardWriter(tmp_path, "j", max_input_tokens=25)
    for number in range(5):
        writer.add(_request(number, tokens=10))
    assert [shard.input_tokens for shard in writer.close()] == [20, 20, 10]
    with pytest.raises(BadInput, match="26 input tokens"):
        ShardWriter(tmp_path, "k", max_input_tokens=25).add(_request(0, tokens=26))


@pytest.mark.parametrize("size", [99, 100])
def test_a_request_up_to_the_limit_is_written(tmp_path: Path, size: int) -> None:
    writer = ShardWriter(tmp_path, "j", max_bytes=100)
    writer.add(_request(0, size))
    assert writer.close()[0].bytes == size


def test_a_request_over_the_limit_is_refused_with_both_sizes(tmp_path: Path) -> None:
    writer = ShardWriter(tmp_path, "j", max_bytes=2_000)
    writer.add(_request(0))
    with pytest.raises(BadInput, match=r"^Request 'r1' is 2,001 bytes and the provider takes 2,000 per file\. Shorten"):
        writer.add(_request(1, 2_001))
    writer.add(_request(2))
    assert writer.close()[0].requests == 2


def test_a_custom_id_is_used_once_in_a_file(tmp_path: Path) -> None:
    with ShardWriter(tmp_path, "j", max_requests=2) as writer:
        writer.add(_request(0))
        with pytest.raises(BadInput, match="'r0' was already written"):
            writer.add(_request(0))


def test_a_line_break_inside_a_line_is_refused(tmp_path: Path) -> None:
    broken = BatchRequest("r", "p", b'{"a":\n1}', 1, 1, "risk/v1", "0" * 64, "US")
    with pytest.raises(BadInput, match="line break"):
        ShardWriter(tmp_path, "j").add(broken)


def test_until_closed_no_file_has_its_name(tmp_path: Path) -> None:
    writer = ShardWriter(tmp_path, "j", max_requests=1)
    for number in range(3):
        writer.add(_request(number))
    assert not list(tmp_path.glob("*.jsonl"))
    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {0o600}
    writer.close()
    assert len(list(tmp_path.glob("*.jsonl"))) == 3
    assert not list(tmp_path.glob("*.tmp"))


def test_abort_leaves_nothing(tmp_path: Path) -> None:
    writer = ShardWriter(tmp_path, "j", max_requests=1)
    for number in range(3):
        writer.add(_request(number))
    writer.abort()
    writer.abort()
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(ValueError, match="closed"):
        writer.add(_request(9))


def test_a_failing_block_leaves_nothing(tmp_path: Path) -> None:
    def fail() -> None:
        with ShardWriter(tmp_path, "j") as writer:
            writer.add(_request(0))
            raise RuntimeError("power cut")

    with pytest.raises(RuntimeError):
        fail()
    assert list(tmp_path.iterdir()) == []


def test_abort_after_close_keeps_the_files(tmp_path: Path) -> None:
    writer = ShardWriter(tmp_path, "j")
    writer.add(_request(0))
    first = writer.close()
    writer.abort()
    assert writer.close() == first
    assert Path(first[0].path).is_file()


def test_what_a_killed_process_left_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "j-1.jsonl.tmp").write_bytes(b"half a li")
    writer = ShardWriter(tmp_path, "j")
    writer.add(_request(0))
    assert writer.close()[0].bytes == 40


def test_nothing_written_is_no_file(tmp_path: Path) -> None:
    assert ShardWriter(tmp_path, "j").close() == []
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_gone_is_a_clear_sentence(tmp_path: Path) -> None:
    writer = ShardWriter(tmp_path / "gone", "j")
    with pytest.raises(StorageTrouble, match=r"could not be written to .*gone.*nothing was sent"):
        writer.add(_request(0))
    writer.abort()


def test_a_full_disk_is_a_clear_sentence_and_leaves_nothing(tmp_path: Path) -> None:
    import resource
    import signal

    # A limit on file size is the disk that every test machine has: the write fails in the same place.
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    writer = ShardWriter(tmp_path, "j")
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (4_096, before[1]))
        writer.add(_request(0, 9_000))
        with pytest.raises(StorageTrouble, match="Make room"):
            writer.close()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert list(tmp_path.iterdir()) == []


def test_only_a_newline_ends_a_line(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    texts = ['{"t":"a\u2028b"}', '{"t":"c\u0085d\x0be"}', '{"t":"f\\ng"}']
    path.write_bytes("\n".join(texts).encode())
    assert [line.decode() for line in lines(path)] == texts


def test_blank_lines_and_windows_line_ends_are_no_lines(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    path.write_bytes(b'\n{"a":1}\r\n\r\n   \n{"b":2}\n\n')
    assert list(lines(path)) == [b'{"a":1}', b'{"b":2}']
    path.write_bytes(b"")
    assert list(lines(path)) == []


@pytest.mark.parametrize("end", [b"\n", b""])
@pytest.mark.parametrize(("length", "kept"), [(9, 9), (10, 10), (11, 10), (3_000_000, 10)])
def test_a_giant_line_is_cut_and_the_next_one_is_whole(tmp_path: Path, length: int, kept: int, end: bytes) -> None:
    path = tmp_path / "out.jsonl"
    path.write_bytes(b"first\n" + b"z" * length + b"\nlast" + end)
    assert list(lines(path, max_line_bytes=10)) == [b"first", b"z" * kept, b"last"]


def test_reading_needs_memory_for_one_line_only(tmp_path: Path) -> None:
    import tracemalloc

    path = tmp_path / "out.jsonl"
    with path.open("wb") as file:
        for _ in range(16):
            file.write(b"z" * 1_000_000 + b"\n")
        file.write(b"y" * 30_000_000)
    tracemalloc.start()
    sizes = [len(line) for line in lines(path, max_line_bytes=2_000_000)]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert sizes == [1_000_000] * 16 + [2_000_000]
    assert peak < 10_000_000
