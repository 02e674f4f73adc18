"""Turns what a batch has worked out into its output and error files, with the damage that the fault file wants."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from core.simulator import replies
from core.simulator.faults import draw
from core.simulator.store import BatchRecord, SimulatorStore

_CHUNK = 1 << 20
_EXPIRED = "This request could not be executed before the completion window expired."
_CANCELLED = "This request was not executed because the batch was cancelled."
_DAMAGE = frozenset(
    {
        "blank_lines", "shuffle", "duplicate_lines", "conflicting_lines", "unknown_custom_id", "missing_lines",
        "no_final_newline", "broken_line", "byte_order_mark",
    }
)  # fmt: skip


def publish(store: SimulatorStore, record: BatchRecord, ends_as: str) -> dict[str, tuple[str, int]]:
    """Put the result files in place; safe to repeat until their records are saved.

    Returns:
        "output" and "error", as far as there is something in them: file id and size in bytes.
    """
    made = {}
    output, errors = store.work(record.id, "output"), store.work(record.id, "error")
    if record.completed:
        file_id = store.new_file_id()
        target = store.content(file_id)
        # Copied, not moved: a server killed in between finds the work where it was.
        with output.open("rb") as source, target.open("wb") as out:
            if _DAMAGE & {kind for kind, wanted in record.outcome.items() if wanted}:
                _damaged(source, record.output_bytes, out, record.outcome)
            else:
                _copy(source, record.output_bytes, out)
        if not record.outcome.get("no_output_file"):
            made["output"] = (file_id, target.stat().st_size)
    unfinished = ends_as in {"expired", "cancelled"} and record.done < record.total
    if record.failed or unfinished:
        file_id = store.new_file_id()
        target = store.content(file_id)
        with target.open("wb") as out:
            if record.failed:
                with errors.open("rb") as source:
                    _copy(source, record.error_bytes, out)
            if unfinished:
                out.writelines(_unfinished(store.content(record.input_file_id), record, ends_as))
        made["error"] = (file_id, target.stat().st_size)
    return made


def _unfinished(path: Path, record: BatchRecord, ends_as: str) -> Iterator[bytes]:
    code, message = ("batch_expired", _EXPIRED) if ends_as == "expired" else ("batch_cancelled", _CANCELLED)
    with path.open("rb") as lines:
        lines.seek(record.read_offset)
        for raw in lines:
            if raw.strip():
                yield replies.unfinished_line(orjson.loads(raw)["custom_id"], record.id, code, message)


def _copy(source: BinaryIO, size: int, out: BinaryIO) -> None:
    left = size
    while left > 0 and (chunk := source.read(min(left, _CHUNK))):
        out.write(chunk)
        left -= len(chunk)


def _damaged(source: BinaryIO, size: int, out: BinaryIO, outcome: dict[str, Any]) -> None:
    starts = [0]
    while starts[-1] < size and (raw := source.readline()):
        starts.append(starts[-1] + len(raw))
    order = list(range(len(starts) - 1))
    if outcome.get("shuffle"):
        random.Random(len(order)).shuffle(order)  # noqa: S311 -- the same disorder every time, nothing secret
    if outcome.get("byte_order_mark"):
        out.write(b"\xef\xbb\xbf")
    for place, number in enumerate(order):
        source.seek(starts[number])
        raw = source.readline()
        last = place == len(order) - 1
        out.writelines(_damaged_lines(raw, number, place, outcome))
        if last and outcome.get("unknown_custom_id"):
            out.write(_renamed(raw, "somebody-else"))
    if outcome.get("no_final_newline"):
        out.truncate(out.tell() - 1)


def _damaged_lines(raw: bytes, number: int, place: int, outcome: dict[str, Any]) -> Iterator[bytes]:
    missing = outcome.get("missing_lines") or 0
    if draw(f"missing|{number}") < missing or (missing and number == 0):
        return
    if outcome.get("blank_lines") and place % 3 == 0:
        yield b"\n" if place % 2 else b"  \n"
    if outcome.get("broken_line") and place == 1:
        yield raw[: len(raw) // 2] + b"\n"
        return
    yield raw
    if place % 5 == 0:
        if outcome.get("duplicate_lines"):
            yield raw
        if outcome.get("conflicting_lines"):
            yield raw.replace(b"imulated", b"IMULATED")


def _renamed(raw: bytes, custom_id: str) -> bytes:
    document = orjson.loads(raw)
    document["custom_id"] = custom_id
    return orjson.dumps(document) + b"\n"
