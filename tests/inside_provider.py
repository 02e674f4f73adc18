"""The local server's own batches without HTTP or threads, so that a test decides on every moment and every fault.

provider = InsideProvider(tmp_path)
provider.next_call("create_batch", "lost_after")    # the work is done and its answer is lost
"""

from __future__ import annotations

import shutil
import time
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any, TypeVar

from core.domain.batch import Batch, RemoteFile
from core.errors import (
    DownloadCut,
    ProviderAmbiguous,
    ProviderError,
    ProviderRefused,
    ProviderUnreachable,
    ResultLost,
)
from core.providers import shapes
from core.simulator.batches import Works
from core.simulator.faults import from_document
from core.simulator.store import BatchRecord, FileRecord, SimulatorStore

T = TypeVar("T")

FAULTS = ("unsent", "lost_before", "lost_after", "slow_down", "wrong_key", "cut")
"""What may go wrong with a call. "cut" means something for downloads only."""

A_CALL = 0.4
"""Seconds of the provider's own clock that each look at it takes; a small batch needs about three."""


class InsideProvider:
    """A `Provider` over the local server's store and works."""

    def __init__(self, home: Path) -> None:
        self._seconds = time.time()
        self._store = SimulatorStore(home)
        self._works = Works(self._store, from_document({}), 1000, clock=lambda: self._seconds)
        self._faults: dict[str, deque[str | ProviderError]] = defaultdict(deque)
        self._hidden: dict[str, int] = {}
        self.hide = 0
        """In how many lists a new batch is missing at first."""
        self.creates = 0
        self.calls: Counter[str] = Counter()
        """How often each verb was called."""
        self.files_are: dict[str, Any] = {}
        """What is said of every file instead of what is true."""

    def next_call(self, verb: str, fault: str | ProviderError) -> None:
        """Let the next call of a verb that has no fault yet go wrong, or be answered with an error of its own."""
        self._faults[verb].append(fault)

    def heal(self) -> None:
        """Nothing goes wrong any more."""
        self._faults.clear()
        self._hidden.clear()
        self.hide = 0

    def pass_time(self, seconds: float) -> None:
        """Let the provider's clock go on."""
        self._seconds += seconds

    def close(self) -> None:
        """Nothing is open."""

    def find_upload(self, name: str) -> RemoteFile | None:
        """See `Provider`."""
        found = [one for one in self.list_files("batch") if one.name == name]
        return min(found, key=lambda one: (one.created_at, one.file_id), default=None)

    def list_files(self, purpose: str) -> Iterator[RemoteFile]:
        """See `Provider`."""
        records = [one for one in self._store.files.values() if one.purpose == purpose]
        yield from self._call("list_files", lambda: [self._shown(one) for one in records])

    def check_file(self, file_id: str) -> RemoteFile:
        """See `Provider`."""

        def done() -> RemoteFile:
            if file_id not in self._store.files:
                raise ProviderRefused(f"No file {file_id}", status=404)
            return self._shown(self._store.files[file_id])

        return self._call("check_file", done)

    def upload(self, path: Path, name: str) -> RemoteFile:
        """See `Provider`."""

        def done() -> RemoteFile:
            file_id = self._store.new_file_id()
            shutil.copyfile(path, self._store.content(file_id))
            record = FileRecord(file_id, name, "batch", path.stat().st_size, int(self._seconds))
            self._store.save_file(record)
            return self._shown(record)

        return self._call("upload", done)

    def create_batch(self, file_id: str, endpoint: str, metadata: Mapping[str, str]) -> Batch:
        """See `Provider`."""

        def done() -> Batch:
            if file_id not in self._store.files:
                raise ProviderRefused(f"Cannot find file {file_id}", status=400)
            record = self._works.create(file_id, endpoint, dict(metadata))
            self._hidden[record.id] = self.hide
            self.creates += 1
            return shapes.batch(self._works.view(record))

        return self._call("create_batch", done)

    def check(self, batch_id: str) -> Batch:
        """See `Provider`."""
        return self._call("check", lambda: shapes.batch(self._works.view(self._record(batch_id))))

    def list_batches(
        self, newer_than: datetime | None = None, *, of_file: str = "", whole: bool = False
    ) -> Iterator[Batch]:
        """See `Provider`."""

        def shown() -> list[Batch]:
            found = []
            for record in reversed(list(self._store.batches.values())):
                left = self._hidden.get(record.id, 0)
                self._hidden[record.id] = max(0, left - 1)
                if not left:
                    found.append(shapes.batch(self._works.view(record)))
            return found

        for batch in self._call("list_batches", shown):
            if newer_than is None or batch.created_at >= newer_than:
                yield batch

    def all_batches(self) -> list[Batch]:
        """Every batch there is, whatever the list shows; for whoever checks."""
        return [shapes.batch(self._works.view(record)) for record in self._store.batches.values()]

    def all_files(self, purpose: str) -> list[RemoteFile]:
        """Every file of a purpose; for whoever checks."""
        return [shapes.remote_file(one.view()) for one in self._store.files.values() if one.purpose == purpose]

    def cancel(self, batch_id: str) -> Batch:
        """See `Provider`."""

        def done() -> Batch:
            record = self._record(batch_id)
            if not record.ended:
                self._works.cancel(record)
            return shapes.batch(self._works.view(record))

        return self._call("cancel", done)

    def download(self, file_id: str, to: Path) -> int:
        """See `Provider`."""

        def done() -> int:
            if file_id not in self._store.files:
                raise ResultLost(f"The provider no longer has result file {file_id}")
            shutil.copyfile(self._store.content(file_id), to)
            return to.stat().st_size

        return self._call("download", done)

    def delete_file(self, file_id: str) -> None:
        """See `Provider`."""
        self._call("delete_file", lambda: self._store.delete_file(file_id))

    def stream(self, endpoint: str, body: Mapping[str, Any]) -> Iterator[str]:
        """Batches only: whoever comes here took a wrong turn."""
        raise AssertionError(f"a batch life asks nothing at once, and asked {endpoint}")

    def probe(self) -> int | None:
        """It has batches and no list of models."""
        return self._call("probe", lambda: None)

    def models(self) -> dict[str, date | None]:
        """None are looked up here."""
        return {}

    def _shown(self, record: FileRecord) -> RemoteFile:
        return replace(shapes.remote_file(record.view()), **self.files_are)

    def _record(self, batch_id: str) -> BatchRecord:
        record = self._store.batches.get(batch_id)
        if record is None:
            raise ProviderRefused(f"No batch {batch_id}", status=404)
        return record

    def _call(self, verb: str, done: Callable[[], T]) -> T:
        self._seconds += A_CALL
        self.calls[verb] += 1
        while self._works.step():
            pass
        fault = self._faults[verb].popleft() if self._faults[verb] else ""
        if isinstance(fault, ProviderError):
            raise fault
        if fault == "unsent":
            raise ProviderUnreachable("no route")
        if fault == "lost_before":
            raise ProviderAmbiguous("reset before anything was done")
        if fault == "slow_down":
            raise ProviderRefused("slow down", status=429)
        if fault == "wrong_key":
            raise ProviderRefused("wrong key", status=401)
        if fault == "cut":
            raise DownloadCut("broke off")
        answer = done()
        if fault == "lost_after":
            raise ProviderAmbiguous("reset after the work")
        return answer
