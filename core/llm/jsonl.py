"""Provider input files: written in shards that the provider takes, read line by line without surprises."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Final, Self

from core.domain.batch import BatchRequest, ShardFile
from core.errors import BadInput, StorageTrouble

MAX_REQUESTS: Final = 50_000
MAX_BYTES: Final = 209_715_200
MAX_LINE_BYTES: Final = 64 * 1024 * 1024
"""A result line longer than this is cut: no model can answer so much, and memory must stay bounded."""

_BUFFER_BYTES = 1024 * 1024


class ShardWriter:
    """Writes requests into as few files as the provider's limits allow, in the order they come.

    The files appear all together at `close()`, complete and on disk, or not at all: until then they are `*.tmp`.
    They are named "<prefix>-1.jsonl", "<prefix>-2.jsonl", ... and readable by their owner only. As a context manager
    it closes at the end of the block and aborts when the block fails.

    Args:
        directory: Where the files go; must exist.
        prefix: Start of their names.
        max_requests: Lines a file may have.
        max_bytes: Size a file may have, line breaks included.
        max_input_tokens: Sum of input tokens a file may have (the provider's room for enqueued tokens); None: any.
    """

    def __init__(
        self,
        directory: Path,
        prefix: str,
        max_requests: int = MAX_REQUESTS,
        max_bytes: int = MAX_BYTES,
        max_input_tokens: int | None = None,
    ) -> None:
        self._directory = directory
        self._prefix = prefix
        self._max_requests = max_requests
        self._max_bytes = max_bytes
        self._max_tokens = max_input_tokens
        self._seen: set[str] = set()
        self._done: list[ShardFile] = []
        self._file: BinaryIO | None = None
        self._hash = hashlib.sha256()
        self._requests = self._bytes = self._tokens = 0
        self._closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            self.abort()
        elif not self._closed:
            self.close()

    def add(self, request: BatchRequest) -> int:
        """Write one request and return the number of its shard, counted from 0.

        Raises:
            BadInput: The custom_id is in the present file already, the line has a line break inside, or the request
                alone is over a limit. Nothing was written for it.
            StorageTrouble: The disk takes no more; call `abort()`.
        """
        if self._closed:
            raise ValueError("this writer is closed")
        size = len(request.line) + 1
        self._check(request, size)
        if self._file is not None and not self._fits(size, request.input_tokens):
            self._finish()
        try:
            if self._file is None:
                self._file = self._open(self._temporary(len(self._done)))
            self._file.write(request.line)
            self._file.write(b"\n")
        except OSError as error:
            raise self._trouble(error) from error
        self._hash.update(request.line)
        self._hash.update(b"\n")
        self._requests += 1
        self._bytes += size
        self._tokens += request.input_tokens
        self._seen.add(request.custom_id)
        return len(self._done)

    def close(self) -> list[ShardFile]:
        """Put the last file on disk, give all files their names, and return them in shard order.

        Raises:
            StorageTrouble: The disk takes no more; the temporary files are gone.
        """
        if self._closed:
            return list(self._done)
        try:
            if self._file is not None:
                self._finish()
            for index, shard in enumerate(self._done):
                self._temporary(index).replace(shard.path)
            self._sync_directory()
        except OSError as error:
            self.abort()
            raise self._trouble(error) from error
        except StorageTrouble:
            self.abort()
            raise
        self._closed = True
        return list(self._done)

    def abort(self) -> None:
        """Remove what was written and not yet named. Harmless after `close()` and when repeated."""
        if self._closed:
            return
        self._closed = True
        if self._file is not None:
            # Closing flushes what is buffered, which fails again on the full disk that brought us here.
            with suppress(OSError):
                self._file.close()
            self._file = None
        for index in range(len(self._done) + 1):
            self._temporary(index).unlink(missing_ok=True)
        self._done.clear()

    def _check(self, request: BatchRequest, size: int) -> None:
        who = f"Request '{request.custom_id}'"
        if size > self._max_bytes:
            raise BadInput(
                f"{who} is {size:,} bytes and the provider takes {self._max_bytes:,} per file. "
                "Shorten its holdings table or split the portfolio."
            )
        if self._max_tokens is not None and request.input_tokens > self._max_tokens:
            raise BadInput(
                f"{who} has {request.input_tokens:,} input tokens and the model's room for waiting batches is "
                f"{self._max_tokens:,}. Shorten its holdings table or raise the room if the provider grants more."
            )
        if request.custom_id in self._seen:
            raise BadInput(f"{who} was already written: a custom_id may be used once. Select each portfolio once.")
        if b"\n" in request.line:
            raise BadInput(f"{who} has a line break inside its line. Write it as compact JSON.")

    def _fits(self, size: int, tokens: int) -> bool:
        return (
            self._requests < self._max_requests
            and self._bytes + size <= self._max_bytes
            and (self._max_tokens is None or self._tokens + tokens <= self._max_tokens)
        )

    def _name(self, index: int) -> Path:
        return self._directory / f"{self._prefix}-{index + 1}.jsonl"

    def _temporary(self, index: int) -> Path:
        return self._directory / f"{self._prefix}-{index + 1}.jsonl.tmp"

    def _open(self, path: Path) -> BinaryIO:
        # A killed process may have left the same name behind, with whatever rights it had then.
        path.unlink(missing_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        return os.fdopen(descriptor, "wb", buffering=_BUFFER_BYTES)

    def _finish(self) -> None:
        file = self._file
        if file is None:
            return
        try:
            file.flush()
            os.fsync(file.fileno())
            file.close()
        except OSError as error:
            raise self._trouble(error) from error
        self._file = None
        path = self._name(len(self._done)).absolute()
        self._done.append(
            ShardFile(str(path), self._hash.hexdigest(), self._requests, self._bytes, self._tokens),
        )
        self._hash = hashlib.sha256()
        self._requests = self._bytes = self._tokens = 0
        self._seen.clear()  # unique in a file, as the provider wants it; in a job the database sees to it

    def _sync_directory(self) -> None:
        """A rename is on disk only when its folder is."""
        descriptor = os.open(self._directory, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def _trouble(self, error: OSError) -> StorageTrouble:
        return StorageTrouble(
            f"The batch file could not be written to {self._directory}: {error.strerror or error}. "
            "Make room or choose another folder, and start again; nothing was sent."
        )


def lines(path: Path, max_line_bytes: int = MAX_LINE_BYTES) -> Iterator[bytes]:
    r"""The lines of a JSONL file without their line ends; blank lines are left out.

    Only b"\n" ends a line: models put U+2028 inside JSON strings and providers pass it through. Of a line longer than
    `max_line_bytes` only the beginning is yielded, which no longer parses and so ends as a known outcome.
    """
    with path.open("rb", buffering=_BUFFER_BYTES) as file:
        while piece := file.readline(max_line_bytes + 1):
            line = piece
            if len(piece) > max_line_bytes and not piece.endswith(b"\n"):
                while piece and not piece.endswith(b"\n"):
                    piece = file.readline(_BUFFER_BYTES)
                line = line[:max_line_bytes]
            line = line.strip(b"\r\n \t")
            if line:
                yield line
