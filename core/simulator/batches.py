"""The life of a batch: validated, worked on, finalized; expired or cancelled; at a pretended pace.

Pace at speed 1: 4 s of validation, then 20 minutes and one second more for each request, then 20 s of finalizing;
cancelling takes 30 s. A speed of 60 divides all of it by 60. What is shown follows from the clock alone, and requests
are answered no earlier than shown, so a killed server goes on where it stood.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import orjson

from core.simulator import replies, validation
from core.simulator.faults import Faults
from core.simulator.outputs import publish
from core.simulator.store import BatchRecord, FileRecord, SimulatorStore

_LOG = logging.getLogger(__name__)

VALIDATING_SECONDS = 4.0
WORKING_SECONDS = 1200.0
REQUEST_SECONDS = 1.0
FINALIZING_SECONDS = 20.0
CANCELLING_SECONDS = 30.0

_TURN_SECONDS = 0.25
_LONGEST_REST = 0.1
_OUTPUT_LIFETIME = 30 * 86_400


class Works:
    """Moves every batch forward, in one background thread.

    Args:
        speed: Pretended seconds per real second.
        clock: Wall clock, seconds.
    """

    def __init__(
        self, store: SimulatorStore, faults: Faults, speed: float, clock: Callable[[], float] = time.time
    ) -> None:
        self._store = store
        self.faults = faults
        self._speed = speed
        self._clock = clock
        self._responder = replies.Responder()
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="batches", daemon=True)

    def start(self) -> None:
        """Begin to work."""
        self._thread.start()

    def stop(self) -> None:
        """Finish the present slice of work and stop."""
        self._stopping.set()
        self._wake.set()
        self._thread.join()

    def create(self, file_id: str, endpoint: str, metadata: dict[str, str] | None) -> BatchRecord:
        """A new batch, remembered before this returns."""
        with self._store.lock:
            record = BatchRecord(
                id=self._store.new_batch_id(),
                endpoint=endpoint,
                input_file_id=file_id,
                metadata=metadata,
                born=self._clock(),
                outcome=self.faults.next_batch(),
            )
            self._store.save_batch(record)
        self._wake.set()
        return record

    def cancel(self, record: BatchRecord) -> None:
        """Begin to cancel a batch that has not ended."""
        with self._store.lock:
            if record.status not in {"cancelling", "cancelled"}:
                self._turn(record, "cancelling")
        self._wake.set()

    def step(self) -> bool:
        """Move each batch as far as the clock and one turn allow; True when there is more to do at once."""
        busy = False
        for record in list(self._store.batches.values()):
            if not record.ended and not self._stopping.is_set():
                busy |= self._advance(record)
        return busy

    def _run(self) -> None:
        rest = min(_LONGEST_REST, max(0.005, 5 / self._speed))
        while not self._stopping.is_set():
            self._wake.clear()
            try:
                busy = self.step()
            except OSError:
                _LOG.exception("the disk does not take the results; trying again")
                busy = False
            if not busy:
                self._wake.wait(rest if self._open() else None)

    def _open(self) -> bool:
        return any(not record.ended for record in list(self._store.batches.values()))

    def _advance(self, record: BatchRecord) -> bool:
        now = self._clock()
        if record.status == "validating":
            if (now - record.born) * self._speed < VALIDATING_SECONDS:
                return False
            self._validate(record)
            return True
        if record.status == "in_progress":
            return self._work(record, now)
        pause = CANCELLING_SECONDS if record.status == "cancelling" else FINALIZING_SECONDS
        if (now - record.turned) * self._speed < pause:
            return False
        self._finish(record)
        return True

    def _validate(self, record: BatchRecord) -> None:
        found = validation.validate(
            self._store.content(record.input_file_id), record.endpoint, self._today(), record.outcome.get("fail")
        )
        with self._store.lock:
            if record.status != "validating":
                return
            problems = found.problems or self._room_problems(record, found)
            record.model, record.input_tokens = found.model, found.input_tokens
            if problems:
                record.problems = problems
                self._turn(record, "failed")
                return
            record.total = found.total
            record.started = self._clock()
            self._turn(record, "in_progress")

    def _room_problems(self, record: BatchRecord, found: validation.InputScan) -> list[dict[str, Any]]:
        others = sum(
            each.input_tokens
            for each in self._store.batches.values()
            if each is not record and each.model == found.model and not each.ended
        )
        room = self.faults.enqueued_tokens
        return [] if others + found.input_tokens <= room else [validation.no_room(found.model or "", room)]

    def _work(self, record: BatchRecord, now: float) -> bool:
        length = WORKING_SECONDS + REQUEST_SECONDS * record.total
        share = min(1.0, (now - record.started) * self._speed / length)
        if record.outcome.get("stuck"):
            share = 0.0
        last = record.total
        if (expires := record.outcome.get("expire_after")) is not None:
            last = int(record.total * expires)
        target = min(last, int(record.total * share))
        if record.done < target:
            self._answer(record, target)
        with self._store.lock:
            if record.status == "in_progress" and record.done >= last and share >= last / max(1, record.total):
                record.ends_as = "completed" if expires is None else "expired"
                self._turn(record, "finalizing")
        return record.done < target

    def _answer(self, record: BatchRecord, target: int) -> None:
        # Slices keep several batches moving and bound what a killed server does again.
        until = time.monotonic() + _TURN_SECONDS
        output, errors = self._store.work(record.id, "output"), self._store.work(record.id, "error")
        today = self._today()
        completed, failed, offset = record.completed, record.failed, record.read_offset
        usage = list(record.usage)
        with (
            self._store.content(record.input_file_id).open("rb") as lines,
            output.open("ab") as good,
            errors.open("ab") as bad,
        ):
            good.truncate(record.output_bytes)
            bad.truncate(record.error_bytes)
            lines.seek(offset)
            while completed + failed < target and time.monotonic() < until:
                raw = lines.readline()
                offset += len(raw)
                if not raw.strip():
                    continue
                custom_id, reply = self._reply(record, raw, today)
                if reply.status == 200 or reply.body is None:
                    completed += 1
                    good.write(replies.line(custom_id, record.id, reply))
                else:
                    failed += 1
                    bad.write(replies.line(custom_id, record.id, reply))
                usage = [total + more for total, more in zip(usage, reply.usage, strict=True)]
            good.flush()
            bad.flush()
            sizes = good.seek(0, 2), bad.seek(0, 2)
        with self._store.lock:
            record.completed, record.failed, record.read_offset, record.usage = completed, failed, offset, usage
            record.output_bytes, record.error_bytes = sizes
            self._store.save_batch(record)

    def _reply(self, record: BatchRecord, raw: bytes, today: date) -> tuple[str, replies.Reply]:
        request = orjson.loads(raw)
        custom_id = request["custom_id"]
        reply = self._responder.reply(
            request["body"],
            record.endpoint,
            custom_id=custom_id,
            fault=self.faults.answer(custom_id),
            now=self._clock(),
            today=today,
        )
        return custom_id, reply

    def _finish(self, record: BatchRecord) -> None:
        ends_as = "cancelled" if record.status == "cancelling" else record.ends_as
        expires_at = int(self._clock()) + _OUTPUT_LIFETIME
        made = publish(self._store, record, ends_as)
        with self._store.lock:
            for kind, (file_id, size) in made.items():
                name = f"{record.id}_{kind}.jsonl"
                created = int(self._clock())
                self._store.save_file(FileRecord(file_id, name, "batch_output", size, created, expires_at))
            none = "" if record.outcome.get("empty_file_ids") else None
            record.output_file_id = made["output"][0] if "output" in made else none
            record.error_file_id = made["error"][0] if "error" in made else none
            self._turn(record, ends_as)
        for kind in ("output", "error"):
            self._store.work(record.id, kind).unlink(missing_ok=True)

    def _turn(self, record: BatchRecord, status: str) -> None:
        record.status = status
        record.turned = self._clock()
        record.times[f"{status}_at"] = int(record.turned)
        self._store.save_batch(record)

    def _today(self) -> date:
        return datetime.fromtimestamp(self._clock(), UTC).date()

    def view(self, record: BatchRecord) -> dict[str, Any]:
        """A batch as the API shows it, with the oddities that the fault file wants."""
        with self._store.lock:
            view = record.view()
        word = record.outcome.get("unknown_status")
        if word and record.status == "in_progress":
            length = WORKING_SECONDS + REQUEST_SECONDS * record.total
            share = (self._clock() - record.started) * self._speed / length
            if 0.25 <= share < 0.75:
                view["status"] = word
        if record.outcome.get("no_usage"):
            view.pop("usage", None)
        return view

    def vanished(self, record: BatchRecord) -> bool:
        """True for a batch that the fault file makes disappear."""
        return bool(record.outcome.get("vanish")) and record.status != "validating"
