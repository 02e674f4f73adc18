"""Receives a multipart upload straight onto the disk, whatever its size."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import BinaryIO, cast

from python_multipart.multipart import MultipartParser, parse_options_header

MAX_FILE_BYTES = 512 * 1024 * 1024
_MAX_FIELD_BYTES = 4096


class BadUpload(ValueError):
    """The form cannot be used; the message is in the API's words."""


class Upload:
    """One form with fields and one file.

    Attributes:
        fields: Small text fields by name.
        filename: Of the file part; "" when there was none.
        size: Bytes of the file part.
    """

    def __init__(self, target: Path) -> None:
        self.fields: dict[str, str] = {}
        self.filename = ""
        self.size = 0
        self._target = target
        self._out: BinaryIO | None = None
        self._header = b""
        self._value = b""
        self._disposition = b""
        self._name = ""
        self._text = b""

    async def receive(self, content_type: str, stream: AsyncIterator[bytes]) -> None:
        """Read the whole body.

        Raises:
            BadUpload: Not a multipart form, or too large.
        """
        kind, options = parse_options_header(content_type)
        if kind != b"multipart/form-data" or b"boundary" not in options:
            raise BadUpload("Expected a multipart/form-data body.")
        callbacks: dict[str, Callable[..., None]] = {
            "on_part_begin": self._part_begin,
            "on_header_field": self._header_field,
            "on_header_value": self._header_value,
            "on_header_end": self._header_end,
            "on_headers_finished": self._headers_finished,
            "on_part_data": self._part_data,
            "on_part_end": self._part_end,
        }
        parser = MultipartParser(options[b"boundary"], cast("dict[str, object]", callbacks))  # type: ignore[arg-type]  # callbacks of one part kind or another share one table
        try:
            async for chunk in stream:
                parser.write(chunk)
            parser.finalize()
        except BadUpload:
            raise
        except ValueError as error:
            raise BadUpload(f"The form could not be read: {error}") from None
        finally:
            if self._out is not None:
                self._out.close()

    def _part_begin(self) -> None:
        self._disposition = self._header = self._value = self._text = b""
        self._name = ""

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header_end(self) -> None:
        if self._header.lower() == b"content-disposition":
            self._disposition = self._value
        self._header = self._value = b""

    def _headers_finished(self) -> None:
        _, options = parse_options_header(self._disposition)
        self._name = options.get(b"name", b"").decode("utf-8", "replace")
        if self._name == "file":
            self.filename = options.get(b"filename", b"").decode("utf-8", "replace")
            self._out = self._target.open("wb")

    def _part_data(self, data: bytes, start: int, end: int) -> None:
        if self._name == "file" and self._out is not None:
            self.size += end - start
            if self.size > MAX_FILE_BYTES:
                raise BadUpload("File is too large.")
            self._out.write(data[start:end])
        elif len(self._text) + end - start <= _MAX_FIELD_BYTES:
            self._text += data[start:end]

    def _part_end(self) -> None:
        if self._name != "file":
            self.fields[self._name] = self._text.decode("utf-8", "replace")
