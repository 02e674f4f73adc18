"""What the local server remembers: files and batches, each as a small JSON document beside the data itself.

Writes are atomic (a new file, then a rename), so a killed server finds its last complete state. They are not
forced to the disk: a power cut may lose the last of them, which a stand-in can afford.
"""

from __future__ import annotations

import secrets
import string
import threading
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import orjson

_LETTERS = string.ascii_letters + string.digits
_BATCH_DAY = 86_400


@dataclass(slots=True)
class FileRecord:
    """A stored file; its content is `<home>/files/<id>.data`."""

    id: str
    filename: str
    purpose: str
    bytes: int
    created_at: int
    expires_at: int | None = None

    def view(self) -> dict[str, Any]:
        """As the API shows it."""
        return {"object": "file", **asdict(self), "status": "processed", "status_details": None}


@dataclass(slots=True)
class BatchRecord:
    """A batch: what the API shows of it, and how far its work has come.

    Attributes:
        born: Wall clock of its creation, with fractions.
        started: Wall clock at which its requests began to be worked on.
        turned: Wall clock at which finalizing or cancelling began.
        read_offset: Bytes of the input file that are done.
        output_bytes: Bytes of the output file that count; anything behind them is from a killed server.
        outcome: What the fault file wants of this batch.
        ends_as: The status that finalizing leads to.
    """

    id: str
    endpoint: str
    input_file_id: str
    metadata: dict[str, str] | None
    born: float
    outcome: dict[str, Any] = field(default_factory=dict)
    status: str = "validating"
    model: str | None = None
    problems: list[dict[str, Any]] = field(default_factory=list)
    total: int = 0
    completed: int = 0
    failed: int = 0
    input_tokens: int = 0
    started: float = 0.0
    turned: float = 0.0
    read_offset: int = 0
    output_bytes: int = 0
    error_bytes: int = 0
    output_file_id: str | None = None
    error_file_id: str | None = None
    ends_as: str = "completed"
    usage: list[int] = field(default_factory=lambda: [0, 0, 0, 0])
    times: dict[str, int] = field(default_factory=dict)

    @property
    def done(self) -> int:
        """Requests worked on."""
        return self.completed + self.failed

    @property
    def ended(self) -> bool:
        """True once nothing changes any more."""
        return self.status in {"completed", "failed", "expired", "cancelled"}

    def view(self) -> dict[str, Any]:
        """As the API shows it."""
        created = int(self.born)
        names = (
            "in_progress_at", "finalizing_at", "completed_at", "failed_at", "expired_at", "cancelling_at",
            "cancelled_at",
        )  # fmt: skip
        view: dict[str, Any] = {
            "id": self.id,
            "object": "batch",
            "endpoint": self.endpoint,
            "model": self.model,
            "errors": {"object": "list", "data": self.problems} if self.problems else None,
            "input_file_id": self.input_file_id,
            "completion_window": "24h",
            "status": self.status,
            "output_file_id": self.output_file_id,
            "error_file_id": self.error_file_id,
            "created_at": created,
            **{name: self.times.get(name) for name in names},
            "expires_at": created + _BATCH_DAY,
            "request_counts": {"total": self.total, "completed": self.completed, "failed": self.failed},
            "metadata": self.metadata,
        }
        if self.ended:
            given, cached, written, reasoned = self.usage
            view["usage"] = {
                "input_tokens": given,
                "input_tokens_details": {"cached_tokens": cached},
                "output_tokens": written,
                "output_tokens_details": {"reasoning_tokens": reasoned},
                "total_tokens": given + written,
            }
        return view


class SimulatorStore:
    """Everything under one folder. Safe to use from several threads; one process at a time."""

    def __init__(self, home: Path) -> None:
        self.lock = threading.RLock()
        self._files_dir = home / "files"
        self._batches_dir = home / "batches"
        for folder in (self._files_dir, self._batches_dir):
            folder.mkdir(parents=True, exist_ok=True)
        self.files = {record.id: record for record in map(_read_file, sorted(self._files_dir.glob("*.json")))}
        self.batches = {record.id: record for record in map(_read_batch, sorted(self._batches_dir.glob("*.json")))}

    def new_file_id(self) -> str:
        """An unused file id of the API's form."""
        return "file-" + "".join(secrets.choice(_LETTERS) for _ in range(22))

    def new_batch_id(self) -> str:
        """An unused batch id of the API's form."""
        return "batch_" + secrets.token_hex(16)

    def content(self, file_id: str) -> Path:
        """Where a file's bytes are."""
        return self._files_dir / f"{file_id}.data"

    def work(self, batch_id: str, kind: str) -> Path:
        """Where a batch's output or errors grow."""
        return self._batches_dir / f"{batch_id}.{kind}"

    def save_file(self, record: FileRecord) -> None:
        """Remember a file whose content is in place."""
        with self.lock:
            self.files[record.id] = record
            _write(self._files_dir / f"{record.id}.json", asdict(record))

    def delete_file(self, file_id: str) -> bool:
        """Forget a file; False when there was none. A batch whose work has begun goes on with its content."""
        with self.lock:
            if self.files.pop(file_id, None) is None:
                return False
            (self._files_dir / f"{file_id}.json").unlink(missing_ok=True)
            at_work = (batch for batch in self.batches.values() if not batch.ended and batch.status != "validating")
            if all(batch.input_file_id != file_id for batch in at_work):
                self.content(file_id).unlink(missing_ok=True)
            return True

    def save_batch(self, record: BatchRecord) -> None:
        """Remember a batch as it stands."""
        with self.lock:
            self.batches[record.id] = record
            _write(self._batches_dir / f"{record.id}.json", asdict(record))


def _write(path: Path, document: dict[str, Any]) -> None:
    fresh = path.with_suffix(".new")
    fresh.write_bytes(orjson.dumps(document))
    fresh.replace(path)


def _read_file(path: Path) -> FileRecord:
    return FileRecord(**orjson.loads(path.read_bytes()))


def _read_batch(path: Path) -> BatchRecord:
    return BatchRecord(**orjson.loads(path.read_bytes()))
