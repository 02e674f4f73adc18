"""A result file on its way to the disk: whole, in time, and fast enough."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import IO, Final

import httpx2

from core.errors import DownloadCut
from core.providers.shapes import Malformed

_SLOW_START_SECONDS: Final = 10.0


class Downloads:
    """Saves files.

    Args:
        deadline_seconds: Longest time that one may take.
        min_rate: Slowest average rate in bytes per second, measured after its first ten seconds.
        clock: Monotonic seconds.
    """

    def __init__(self, deadline_seconds: float, min_rate: float, clock: Callable[[], float]) -> None:
        self._deadline_seconds = deadline_seconds
        self._min_rate = min_rate
        self._clock = clock

    def save(self, response: httpx2.Response, out: IO[bytes], file_id: str) -> int:
        """Write the body of a response, fsync it, and return its size in bytes.

        Raises:
            DownloadCut: It ended early, took too long, or went too slow.
            Malformed: A web page came in its place.
        """
        if "html" in response.headers.get("content-type", "").lower():
            raise Malformed("a web page came instead of the file")
        try:
            self._pour(response, out, file_id)
        except httpx2.HTTPError as error:
            # Raw, because the SDK does not wrap what happens while a body is read.
            raise DownloadCut(
                f"Result file {file_id} broke off after {out.tell():,} bytes ({type(error).__name__}). "
                "It will be fetched again from the start."
            ) from None
        announced = response.headers.get("content-length", "")
        if announced.isdigit() and int(announced) != response.num_bytes_downloaded:
            raise DownloadCut(
                f"Result file {file_id} has {response.num_bytes_downloaded:,} bytes and {int(announced):,} were "
                "announced. It will be fetched again from the start."
            )
        out.flush()
        os.fsync(out.fileno())
        return out.tell()

    def _pour(self, response: httpx2.Response, out: IO[bytes], file_id: str) -> None:
        start = self._clock()
        # Chunks as they arrive: a fixed chunk size would wait for its fill and never look at the clock.
        for chunk in response.iter_bytes():
            out.write(chunk)
            elapsed = self._clock() - start
            if elapsed > self._deadline_seconds:
                raise DownloadCut(
                    f"Result file {file_id} was not complete after {elapsed:.0f} s ({out.tell():,} bytes). "
                    "It will be fetched again."
                )
            if elapsed > _SLOW_START_SECONDS and response.num_bytes_downloaded < elapsed * self._min_rate:
                raise DownloadCut(
                    f"Result file {file_id} came at {response.num_bytes_downloaded / elapsed:,.0f} bytes per second; "
                    f"at least {self._min_rate:,.0f} are needed. It will be fetched again."
                )
