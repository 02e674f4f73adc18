"""What the rest of the house may ask of a provider. Every verb says what each failure means for money."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any, Protocol

from core.domain.batch import Batch, RemoteFile


class Provider(Protocol):
    """A batch API.

    Every verb may raise `ProviderUnreachable` (proven unsent), `ProviderRefused` (a definite no) or
    `ProviderAmbiguous` (the answer was lost; for a read that only means "ask again").
    """

    def find_upload(self, name: str) -> RemoteFile | None:
        """The oldest batch input file of this name, or None. Reads the whole list."""

    def list_files(self, purpose: str) -> Iterator[RemoteFile]:
        """Every file of a purpose ("batch", "batch_output"), all pages."""

    def check_file(self, file_id: str) -> RemoteFile:
        """The provider's present view of a file."""

    def upload(self, path: Path, name: str) -> RemoteFile:
        """Send a JSONL file under `name`. Not retried: after `ProviderAmbiguous`, look with `find_upload` first."""

    def create_batch(self, file_id: str, endpoint: str, metadata: Mapping[str, str]) -> Batch:
        """Start a batch: the paid call. Exactly one HTTP request is made, whatever happens."""

    def check(self, batch_id: str) -> Batch:
        """The provider's present view of a batch."""

    def list_batches(
        self, newer_than: datetime | None = None, *, of_file: str = "", whole: bool = False
    ) -> Iterator[Batch]:
        """Every batch created at or after `newer_than`, all pages. The order is the provider's.

        One of somebody else that cannot be read is left out.

        Args:
            of_file: An input file of ours that is looked for.
            whole: Something is concluded from what is not in the list.

        Raises:
            ProviderUnreadable: One that may be ours, or of that file, cannot be read: nothing is known of the list. Or
                it is wanted whole, and the provider says that there is more and does not show it.
        """

    def cancel(self, batch_id: str) -> Batch:
        """Ask for a batch to stop. A batch that has already ended is returned as it is, without an error."""

    def download(self, file_id: str, to: Path) -> int:
        """Stream a file to `to` (replaced), fsync it, and return its size in bytes.

        Raises:
            DownloadCut: It ended early or went slower than the minimum rate; call again to start over.
            ResultLost: The provider no longer has it.
        """

    def delete_file(self, file_id: str) -> None:
        """Remove a remote file; one that is already gone is fine."""

    def stream(self, endpoint: str, body: Mapping[str, Any]) -> Iterator[str]:
        """Ask once, synchronously: yields pieces of the answer's text and returns (StopIteration.value) the final
        response body as a dict. Paid at the synchronous price; not retried."""

    def close(self) -> None:
        """Give back connections; nothing can be asked afterwards."""

    def probe(self) -> int | None:
        """Whether batches can be made here: asks for the lists of batches and models, and nothing that costs.

        Returns:
            How many models are offered; None where the server has no list of them.

        Raises:
            ProviderUnfit: The address leads elsewhere, or the server has no batches.
            ProviderRefused: The key, or its project, may not.
        """

    def models(self) -> dict[str, date | None]:
        """Model ids this key may use, each with its announced shutdown date or None."""
